from decimal import Decimal

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .law_common import LawCommon


@tagged('post_install', '-at_install')
class TestClaims(LawCommon):
    """Claiming once, waiving with a reason, documents outside VAT."""

    def test_a_claim_makes_a_draft_document_outside_vat(self):
        self.invoice(3650, due='2026-04-22')
        claim = self.draft()
        self.assertEqual(
            (claim.amount_interest, claim.amount_compensation, claim.amount_total),
            (48.60, 40, 88.60))
        claim.with_user(self.boss).action_claim()
        move = claim.move_id
        self.assertEqual((move.state, move.amount_total, move.amount_tax), ('draft', 88.60, 0))
        self.assertEqual(
            move.invoice_line_ids.account_id, self.company.ar_interest_account_id)
        self.assertFalse(move.invoice_line_ids.tax_ids)

    def test_accounts_and_journal_are_those_of_the_settings(self):
        own = self.env['account.account'].create({
            'name': "Compensation", 'code': '758000', 'account_type': 'income_other',
            'company_ids': [Command.set(self.company.ids)]})
        journal = self.journal('sale').copy({'name': "Late interest", 'code': "LATE"})
        self.company.write({
            'ar_compensation_account_id': own.id, 'ar_claim_journal_id': journal.id})
        self.invoice(3650, due='2026-04-22')
        claim = self.draft()
        claim.with_user(self.boss).action_claim()
        self.assertEqual(claim.move_id.journal_id, journal)
        self.assertEqual(
            {line.account_id: line.price_subtotal for line in claim.move_id.invoice_line_ids},
            {self.company.ar_interest_account_id: 48.60, own: 40})

    def test_what_was_claimed_is_not_claimed_again(self):
        bill = self.invoice(3650, due='2026-04-22')
        self.draft().with_user(self.boss).action_claim()
        self.assertFalse(self.draft())
        later = self.draft('2026-06-11')
        self.assertEqual((later.amount_interest, later.amount_compensation), (12.15, 0))
        self.assertEqual(later.line_ids.prior_interest, 48.60)
        self.assertEqual((bill.ar_late_interest, bill.ar_late_compensation), (12.15, 0))

    def test_two_drafts_of_the_same_days_claim_once(self):
        self.invoice(3650, due='2026-04-22')
        one = self.draft()
        other = one.copy({'date': one.date, 'customer_id': one.customer_id.id})
        other._fill()
        one.with_user(self.boss).action_claim()
        with self.assertRaises(UserError):
            other.with_user(self.boss).action_claim()

    def test_interest_bears_no_interest(self):
        self.invoice(3650, due='2026-04-22')
        claim = self.draft()
        claim.with_user(self.boss).action_claim()
        claim.move_id.action_post()
        self.assertNotIn(claim.move_id.name, [row[0] for row in self.amounts(day='2026-10-01')])

    def test_a_waiver_needs_a_reason_and_counts(self):
        self.invoice(3650, due='2026-04-22')
        claim = self.draft().with_user(self.boss)
        with self.assertRaises(UserError):
            claim.action_waive()
        claim.waive_reason = "Delivery was late"
        claim.action_waive()
        self.assertEqual(claim.state, 'waived')
        self.assertFalse(claim.move_id)
        self.assertFalse(self.draft())

    def test_cancelling_deletes_the_draft_and_the_amounts_are_owed_again(self):
        self.invoice(3650, due='2026-04-22')
        claim = self.draft().with_user(self.boss)
        claim.action_claim()
        move = claim.move_id
        claim.action_cancel()
        self.assertFalse(move.exists())
        self.assertEqual(self.draft().amount_total, 88.60)

    def test_a_posted_document_must_be_credited_first(self):
        self.invoice(3650, due='2026-04-22')
        claim = self.draft().with_user(self.boss)
        claim.action_claim()
        claim.sudo().move_id.action_post()
        with self.assertRaises(UserError):
            claim.action_cancel()

    def test_the_statement_of_one_invoice(self):
        one = self.invoice(3650, due='2026-04-22')
        self.invoice(3650, due='2026-04-22')
        collector = self.user('collector', 'one_collector')
        action = one.with_user(collector).action_ar_new_claim()
        claim = self.env['ar.claim'].browse(action['res_id'])
        self.assertEqual((claim.line_ids.move_id, claim.amount_total), (one, 88.60))

    def test_one_statement_per_currency(self):
        dollar = self.env.ref('base.USD')
        dollar.active = True
        self.invoice(3650, due='2026-04-22')
        self.invoice(3650, due='2026-04-22', currency=dollar)
        claims = self.draft()
        self.assertEqual(sorted(claims.currency_id.mapped('name')), ['EUR', 'USD'])
        self.assertIn("EUR", claims.filtered(lambda c: c.currency_id == dollar).warning)

    def test_the_statement_adds_up_and_stays_as_it_was(self):
        bill = self.invoice(10000, due='2025-11-30')
        self.pay(bill, 4000, date='2026-03-02')
        claim = self.draft()
        line = claim.line_ids
        segments = line._get_segments()
        self.assertEqual(
            sum(segment['amount'] for segment in segments), Decimal(str(line.interest_total)))
        claim.with_user(self.boss).action_claim()
        self.pay(bill, 1000, date='2026-01-15')
        self.assertEqual(claim.line_ids._get_segments(), segments)
        with self.assertRaises(UserError):
            claim.with_user(self.boss).action_refresh()

    def test_the_account_of_the_french_chart_or_an_error(self):
        self.company.ar_interest_account_id = False
        self.assertEqual(self.company._get_ar_interest_account().code, '763000')
        self.company.country_id = self.env.ref('base.de')
        with self.assertRaises(UserError):
            self.company._get_ar_interest_account()

    def test_roles(self):
        self.invoice(3650, due='2026-04-22')
        claim = self.draft()
        for role in ('own', 'collector'):
            user = self.user(role, f'claim_{role}')
            self.assertTrue(self.account_of().with_user(user).action_new_claim())
            claim = self.env['ar.claim'].search([('state', '=', 'draft')])
            for button in ('action_claim', 'action_waive', 'action_cancel'):
                with self.assertRaises(AccessError, msg=button):
                    getattr(claim.with_user(user), button)()
            for vals in ({'state': 'claimed'}, {'move_id': False},
                         {'customer_id': self.account_of(self.customer("Elsewhere")).id},
                         {'currency_id': self.env.ref('base.CHF').id}):
                with self.assertRaises(AccessError):
                    claim.with_user(user).write(vals)
            with self.assertRaises(AccessError):
                claim.line_ids.with_user(user).write({'interest_amount': 1})
        auditor = self.user('auditor', 'claim_auditor')
        self.assertTrue(claim.with_user(auditor).amount_total)
        with self.assertRaises(AccessError):
            self.account_of().with_user(auditor).action_new_claim()
        stranger = self.user('own', 'claim_stranger')
        self.account_of().collector_id = self.boss
        self.assertFalse(self.env['ar.claim'].with_user(stranger).search([]))
        self.assertFalse(self.env['ar.claim.line'].with_user(stranger).search([]))

    def test_another_company_sees_nothing(self):
        self.invoice(3650, due='2026-04-22')
        self.draft()
        other = self.make_company("Other House")
        alien = self.user('manager', 'alien')
        alien.write({'company_id': other.id, 'company_ids': [(6, 0, other.ids)]})
        self.assertFalse(self.env['ar.claim'].with_user(alien).with_context(
            allowed_company_ids=other.ids).search([]))

    def test_the_form_changes_a_draft(self):
        bill = self.invoice(3650, due='2026-01-31')
        self.pay(bill, date='2026-02-10')
        self.invoice(3650, due='2026-04-22')
        claim = self.draft().with_user(self.boss)
        with Form(claim) as form:
            form.paid_since = '2026-01-01'
        self.assertEqual(claim.amount_interest, 60.75)

    # === COSTS ON PROOF === #

    def spend(self, claim, amount, moves=None, proof=True):
        bill = self.env['ir.attachment'].with_user(self.boss).create(
            {'name': "bailiff.pdf", 'raw': b'paid'})
        return self.env['ar.claim.cost'].with_user(self.boss).create({
            'claim_id': claim.id, 'date': '2026-05-20', 'name': "Bailiff", 'amount': amount,
            'move_ids': [Command.set(moves.ids)] if moves else False,
            'attachment_ids': [Command.set(bill.ids)] if proof else False})

    def test_costs_count_beyond_the_flat_sum_and_with_their_proof(self):
        """L441-10 II: flat sums and the rest on proof make what was spent, and not a cent more."""
        self.env.ref('ar_collections.regime_fr_business').proven_costs = True
        bills = self.invoice(3650, due='2026-04-22') | self.invoice(3650, due='2026-04-22')
        claim = self.draft()
        cost = self.spend(claim, 200, proof=False)
        self.assertEqual(cost.move_ids, bills)
        self.assertEqual(claim.amount_compensation + claim.amount_cost, 200)
        self.assertEqual(claim.amount_total, 2 * 48.60 + 200)
        with self.assertRaises(UserError):
            claim.with_user(self.boss).action_claim()
        cost.attachment_ids = self.env['ir.attachment'].with_user(self.boss).create(
            {'name': "bill.pdf", 'raw': b'x'})
        claim.with_user(self.boss).action_claim()
        self.assertEqual((claim.move_id.amount_total, claim.move_id.amount_tax), (297.20, 0))
        self.assertIn("bill.pdf", self.env['ir.attachment'].search([
            ('res_model', '=', 'account.move'), ('res_id', '=', claim.move_id.id)]).mapped('name'))
        with self.assertRaises(UserError):
            cost.amount = 300
        with self.assertRaises(UserError):
            cost.unlink()
        # The flat sums were taken off once: what is spent later is claimed whole.
        later = self.draft('2026-06-11')
        self.spend(later, 50, moves=bills[0])
        self.assertEqual((later.amount_flat, later.amount_cost), (0, 50))

    def test_costs_within_the_flat_sum_add_nothing(self):
        self.env.ref('ar_collections.regime_fr_business').proven_costs = True
        first = self.invoice(3650, due='2026-04-22')
        self.invoice(3650, due='2026-04-22')
        claim = self.draft()
        cost = self.spend(claim, 30, moves=first)
        self.assertEqual((claim.amount_flat, claim.amount_cost), (40, 0))
        cost.amount = 45
        self.assertEqual(claim.amount_cost, 5)
        # A flat sum that an earlier statement claimed is taken off all the same.
        cost.unlink()
        self.assertEqual((claim.amount_spent, claim.amount_cost), (0, 0))
        claim.with_user(self.boss).action_claim()
        later = self.draft('2026-06-11')
        self.spend(later, 100, moves=first)
        self.assertEqual((later.amount_compensation, later.amount_cost), (0, 60))

    def test_costs_are_claimed_only_where_the_law_was_read_and_are_not_lost(self):
        rule = self.env.ref('ar_collections.regime_fr_business')
        rule.proven_costs = False
        self.invoice(3650, due='2026-04-22')
        claim = self.draft()
        self.spend(claim, 200)
        self.assertEqual((claim.amount_cost, claim.amount_total), (0, 88.60))
        rule.proven_costs = True
        # Preparing the statement again keeps what a person typed.
        self.assertEqual(self.draft('2026-06-02'), claim)
        self.assertEqual((str(claim.date), claim.amount_cost), ('2026-06-02', 160))
        with self.assertRaises(ValidationError):
            self.spend(claim, 10, moves=self.invoice(
                10, due='2026-01-31', partner=self.customer("Other")))
