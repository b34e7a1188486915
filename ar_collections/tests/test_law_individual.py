from datetime import date

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .legal_common import LegalCommon
from .test_law_provisions import ProvisionCommon


@tagged('post_install', '-at_install')
class TestProvisionIndividual(ProvisionCommon, LegalCommon):
    """Claim by claim, without VAT, up and down."""

    def claim(self, amount=1000, tax=20, due='2025-10-01'):
        name = f"VAT {tax}"
        rate = self.env['account.tax'].search([
            ('name', '=', name), ('company_id', '=', self.company.id)]) or self.env[
                'account.tax'].create({
            'name': name, 'amount': tax, 'company_id': self.company.id,
            'country_id': self.company.account_fiscal_country_id.id,
            'tax_group_id': self.env['account.tax.group'].search(
                [('company_id', '=', self.company.id)], limit=1).id
            or self.env['account.tax.group'].create(
                {'name': "VAT", 'company_id': self.company.id,
                 'country_id': self.company.account_fiscal_country_id.id}).id})
        bill = self.invoice(amount, due=due, post=False)
        bill.invoice_line_ids.tax_ids = rate
        bill.action_post()
        return bill

    def value(self, bill, day='2025-12-31', rate=50.0, **vals):
        proof = self.env['ir.attachment'].with_user(self.boss).create({
            'name': "judgment.pdf", 'raw': b'proof',
            'res_model': 'ar.provision.individual'})
        return self.env['ar.provision.individual'].with_user(self.boss).create({
            'move_line_id': self.items(bill).id, 'date': day, 'rate': rate,
            'explanation': "Receivership opened", 'event_date': '2025-11-15',
            'attachment_ids': [Command.set(proof.ids)], **vals})

    def test_vat_is_left_out_of_the_provision(self):
        bill = self.claim()
        self.assertEqual(bill.amount_total, 1200)
        claim = self.value(bill)
        self.assertEqual((claim.amount_open, claim.amount_net, claim.amount), (1200, 1000, 500))

    def test_up_down_and_paid(self):
        bill = self.claim()
        first = self.value(bill)
        first.action_confirm()
        first.action_book()
        first.move_id.sudo().action_post()
        self.assertEqual(self.balances()['491000'], -500)
        self.assertEqual(self.balances()['681740'], 500)
        claims = self.env['ar.provision.individual']
        # A part comes in, the rest looks worse.
        self.pay(bill, 600, date='2026-03-01')
        [second] = claims._carry_forward(self.company, date(2026, 12, 31))
        self.assertFalse(claims._carry_forward(self.company, date(2026, 12, 31)))
        second.rate = 80
        self.assertEqual((second.amount_net, second.amount, second.amount_change), (500, 400, -100))
        second.action_confirm()
        second.with_user(self.boss).action_book()
        second.move_id.sudo().action_post()
        self.assertEqual(self.balances()['491000'], -400)
        self.assertEqual(self.balances()['781740'], -100)
        # Paid: all of it comes back, once.
        self.pay(bill, 600, date='2027-02-01')
        [third] = claims._carry_forward(self.company, date(2027, 12, 31))
        self.assertEqual((third.amount_net, third.amount_change), (0, -400))
        third.action_confirm()
        third.with_user(self.boss).action_book()
        third.move_id.sudo().action_post()
        self.assertEqual(self.balances()['491000'], 0)
        self.assertFalse(claims._carry_forward(self.company, date(2028, 12, 31)))

    def test_one_valuation_stands_at_a_time_whatever_the_order(self):
        bill = self.claim()
        one, two = self.value(bill), self.value(bill, day='2026-03-31', rate=80)
        (one | two).action_confirm()
        one.action_book()
        with self.assertRaisesRegex(UserError, "2025-12-31"):
            two.action_book()
        one.move_id.sudo().action_post()
        two.action_book()
        two.move_id.sudo().action_post()
        self.assertEqual(self.balances()['491000'], -800)
        between = self.value(bill, day='2026-01-31', rate=20)
        between.action_confirm()
        with self.assertRaisesRegex(UserError, "2026-03-31"):
            between.action_book()
        two.move_id.sudo()._reverse_moves([{'date': '2026-03-31'}]).action_post()
        between.action_book()
        between.move_id.sudo().action_post()
        self.assertEqual(self.balances()['491000'], -200)
        two.action_cancel()
        self.assertEqual(two.state, 'cancelled')

    def test_a_closing_in_the_past_reads_the_ledger_of_that_day(self):
        bill = self.claim()
        self.pay(bill, 600, date='2026-01-15')
        self.assertEqual(self.value(bill).amount_open, 1200)

    def test_a_provision_needs_a_fact_and_a_proof(self):
        bill = self.claim()
        for missing in ({'explanation': False}, {'event_date': False}, {'attachment_ids': False}):
            claim = self.value(bill, **missing)
            with self.assertRaises(UserError):
                claim.action_confirm()
            claim.action_cancel()
        with self.assertRaises(UserError):
            self.value(bill, event_date='2026-02-01')

    def test_the_proof_can_be_read_by_whoever_reads_the_valuation(self):
        first = self.provide(self.value(self.claim()))
        auditor, clerk = self.user('auditor', 'proof_auditor'), self.user('collector', 'proof_not')
        self.assertEqual(first.with_user(auditor).attachment_ids.raw, b'proof')
        with self.assertRaises(AccessError):
            first.attachment_ids.with_user(clerk).read(['raw'])
        [second] = self.carry(2026)
        first.sudo().move_id.button_draft()
        first.with_user(self.boss).action_cancel()
        first.with_user(self.boss).unlink()
        self.assertEqual(second.with_user(auditor).attachment_ids.raw, b'proof')

    def test_a_collector_makes_none(self):
        bill = self.claim()
        collector = self.user('collector', 'prov_none')
        with self.assertRaises(AccessError):
            self.env['ar.provision.individual'].with_user(collector).create(
                {'move_line_id': self.items(bill).id})

    def test_list_for_vat_recovery(self):
        self.company.country_id = self.env.ref('base.fr')
        bill = self.claim()
        report = self.env['report.ar_collections.report_vat_recovery']
        values = report._get_report_values(bill.ids)
        [document] = values['docs']
        self.assertIn('1,000', document['totals'][0]['net'])
        self.assertIn('200', document['totals'][0]['tax'])
        loss = self.entry(-1200, '2026-01-31')
        self.match(bill, loss)
        self.assertEqual(report._get_unpaid(bill), {bill.id: 1200})
        html = self.env['ir.actions.report']._render_qweb_html(
            'ar_collections.report_vat_recovery', bill.ids)[0].decode()
        self.assertIn("cannot be deducted", html)
        paid = self.claim()
        self.pay(paid, date='2026-01-31')
        with self.assertRaises(UserError):
            report._get_report_values(paid.ids)

    # === MOVED TO THE DOUBTFUL ACCOUNT === #

    def provide(self, claims):
        """Confirm, make the entry and post it."""
        claims.with_user(self.boss).action_confirm()
        claims.with_user(self.boss).action_book()
        claims.sudo().move_id.action_post()
        return claims

    def carry(self, year):
        """Value the claims again at the end of a year."""
        return self.env['ar.provision.individual']._carry_forward(
            self.company, date(year, 12, 31))

    def in_books(self, day):
        """Return what the books hold against the buyer at the end of a day, as Odoo sums it."""
        [(total,)] = self.env['account.move.line']._read_group([
            ('account_id', 'in', (self.receivable | self.doubtful).ids), ('date', '<=', day),
            ('parent_state', '=', 'posted'), ('partner_id', '=', self.buyer.id)],
            [], ['balance:sum'])
        return round(total or 0.0, 2)

    def test_a_provision_stays_when_the_claim_is_moved(self):
        bill = self.claim()
        first = self.provide(self.value(bill))
        moved = self.to_doubtful(bill).line_ids.doubtful_line_id
        self.assertTrue(self.items(bill).reconciled)
        [second] = self.carry(2026)
        self.assertRecordValues(second, [{
            'previous_id': first.id, 'amount_open': 1200, 'amount_net': 1000, 'amount': 500,
            'amount_change': 0, 'move_id_origin': bill.id}])
        second.rate = 80
        self.provide(second)
        self.assertEqual(self.balances()['491000'], -800)
        # Partly paid where it stands now: the provision follows.
        self.pay_doubtful(moved, 600, '2027-02-01')
        [third] = self.carry(2027)
        self.assertRecordValues(third, [{
            'amount_open': self.in_books('2027-12-31'), 'amount_net': 500, 'amount': 400,
            'amount_change': -400}])
        self.provide(third)
        self.pay_doubtful(moved, 600, '2028-02-01')
        [last] = self.carry(2028)
        self.assertRecordValues(last, [{'amount_open': 0, 'amount': 0, 'amount_change': -400}])
        self.provide(last)
        self.assertEqual(self.balances()['491000'], 0)
        self.assertFalse(self.carry(2029))

    def test_a_closing_without_a_change_is_the_one_to_go_on_from(self):
        """Half paid, and twice as probably lost: the same amount, but a new rate and fact."""
        bill = self.claim()
        self.provide(self.value(bill))
        self.pay(bill, 600, date='2026-03-01')
        again = self.value(
            bill, day='2026-12-31', rate=100, explanation="Closed for lack of assets",
            event_date='2026-10-01').with_user(self.boss)
        again.action_confirm()
        again.action_book()
        self.assertRecordValues(again, [{'state': 'booked', 'amount': 500, 'amount_change': 0}])
        self.assertFalse(again.move_id)
        [new] = self.carry(2027)
        self.assertRecordValues(new, [{
            'rate': 100, 'explanation': "Closed for lack of assets", 'amount': 500,
            'event_date': date(2026, 10, 1), 'amount_change': 0}])

    def test_a_claim_worth_all_of_it_is_looked_at_again_after_a_move(self):
        bill = self.claim()
        self.provide(self.value(bill))
        second = self.value(bill, day='2026-03-31', rate=0)
        self.provide(second)
        self.assertEqual(self.balances()['491000'], 0)
        self.to_doubtful(bill)
        self.assertEqual(self.carry(2026).previous_id, second)

    def test_a_doubtful_item_is_valued_as_the_claim_of_its_invoice(self):
        bill = self.claim()
        item = self.items(bill)
        transfer = self.to_doubtful(bill)
        moved = transfer.line_ids.doubtful_line_id
        Claim = self.env['ar.provision.individual'].with_user(self.boss)
        self.assertEqual(
            self.env['account.move.line'].with_user(self.boss).search(
                Claim.fields_get(['move_line_id'])['move_line_id']['domain']),
            moved, "the one that can be chosen")
        form = Form(Claim)
        form.move_line_id = moved
        self.assertEqual(form.move_line_id, item)
        claim = self.value(bill, day='2026-06-30', move_line_id=moved.id)
        self.assertRecordValues(claim, [{
            'move_line_id': item.id, 'move_id_origin': bill.id, 'partner_id': self.buyer.id,
            'amount_open': 1200, 'amount_net': 1000, 'amount': 500}])
        with self.assertRaises(UniqueViolation), mute_logger('odoo.sql_db'):
            with self.env.cr.savepoint():
                self.value(bill, day='2026-06-30')
        self.provide(claim)
        # Partly paid there, the rest comes back as an item of its own: the claim is one still.
        self.pay_doubtful(moved, 600, '2026-07-01')
        transfer.with_user(self.boss).action_back()
        transfer.back_move_id.action_post()
        back = transfer.line_ids.back_line_id
        again = self.value(bill, day='2026-07-31', move_line_id=back.id)
        self.assertRecordValues(again, [{
            'move_line_id': item.id, 'previous_id': claim.id, 'amount_net': 500,
            'amount_change': -250}])
        self.company.ar_doubtful_account_ids = False
        again.sudo()._fill()
        self.assertEqual(again.amount_open, 600, "whatever the settings call doubtful")

    def test_at_every_day_a_claim_owes_what_the_books_say(self):
        bill = self.claim()
        self.go('2026-06-02')
        first = self.to_doubtful(bill)
        self.go('2026-06-03')
        first.with_user(self.boss).action_back()
        first.back_move_id.action_post()
        self.assertFalse(self.items(bill).reconciled)
        self.go('2026-06-04')
        second = self.to_doubtful(bill)
        self.pay_doubtful(second.line_ids.doubtful_line_id, 200, '2026-06-05')
        self.go('2026-06-06')
        second.with_user(self.boss).action_back()
        second.back_move_id.action_post()
        money = self.pay(self.buyer, 100, '2026-06-07', match=False)
        self.match(money.move_id, second.back_move_id)
        self.go('2026-06-08')
        third = self.to_doubtful(second.back_move_id).line_ids.doubtful_line_id
        self.go('2026-06-09')
        self.book(self.write_off(None, items=third, amount=400, date='2026-06-09'))
        item, found = self.items(bill), {}
        for number in range(1, 12):
            day = date(2026, 6, number)
            opened = self.env['ar.provision.individual']._read_open(item, day)
            found[day] = float(opened.get(item.id, 0))
            self.assertEqual(found[day], self.in_books(day), day)
        self.assertEqual(sorted(set(found.values())), [500, 900, 1000, 1200])

    def test_list_for_vat_recovery_of_doubtful_claims(self):
        """Lost is what nobody paid, on whichever account."""
        report = self.env['report.ar_collections.report_vat_recovery']
        bill, paid, collected = self.claim(), self.claim(600), self.claim(100)
        moved, gone = (self.to_doubtful(one).line_ids.doubtful_line_id for one in (bill, paid))
        self.assertEqual(report._get_unpaid(bill | paid), {bill.id: 1200, paid.id: 720})
        self.pay_doubtful(moved, 700)
        self.pay_doubtful(gone, 720)
        self.assertEqual(report._get_unpaid(bill | paid), {bill.id: 500, paid.id: 0})
        with self.assertRaisesRegex(UserError, "it was paid"):
            report._get_report_values(paid.ids)
        self.book(self.write_off(None, items=moved))
        [document] = report._get_report_values(bill.ids)['docs']
        self.assertIn('416.67', document['totals'][0]['net'])
        self.assertIn('83.33', document['totals'][0]['tax'])
        # What the agency had from the customer was paid, whatever journal says so.
        case = self.case(collected)
        self.hand_over(case)
        payment = self.env['ar.agency.payment'].create({
            'case_id': case.id, 'gross_amount': 90, 'fee_amount': 10})
        payment.action_propose()
        payment.move_id.action_post()
        self.assertEqual(report._get_unpaid(collected), {collected.id: 30})

    def test_list_for_vat_recovery_without_what_was_set_off(self):
        """What the customer paid by our debt to it is no loss: no VAT of it comes back."""
        self.company.country_id = self.france
        report = self.env['report.ar_collections.report_vat_recovery']
        bill, whole = self.claim(), self.claim(600)
        self.match(bill, self.settled(bill, {self.payable: 720}))
        self.match(whole, self.settled(whole, {self.payable: 720}))
        self.assertEqual(report._get_unpaid(bill | whole), {bill.id: 480, whole.id: 0})
        [document] = report._get_report_values(bill.ids)['docs']
        self.assertIn('400.00', document['totals'][0]['net'])
        self.assertIn('80.00', document['totals'][0]['tax'])

    def test_a_write_off_prints_its_list_and_keeps_the_copy(self):
        self.company.country_id = self.france
        bill, other = self.claim(), self.claim(600)
        record = self.write_off(bill | other, recover_tax=True)
        with self.assertRaises(AccessError):
            record.action_vat_list()
        record = self.book(record).with_user(self.boss)
        self.assertTrue(record.has_vat_list)
        action = record.action_vat_list()
        [copy] = record.message_ids.attachment_ids
        self.assertIn(str(copy.id), action['url'])
        text = copy.raw.decode()
        for words in (bill.name, other.name, "1,600", "320", "cannot be deducted (art. 272 CGI)"):
            self.assertIn(words, text)
        self.assertFalse(self.write_off(self.claim()).has_vat_list, "no VAT is asked for")

    def test_list_for_vat_recovery_leaves_out_vat_that_was_never_due(self):
        """On payment: BOI-TVA-DED-40-10-20, paragraph 20."""
        report = self.env['report.ar_collections.report_vat_recovery']
        bill = self.claim()
        mixed, service = bill.copy(), bill.copy()
        waits = self.tax_on_payment()[0]
        service.invoice_line_ids.tax_ids = waits
        mixed.write({'invoice_line_ids': [Command.create({
            'name': "Service", 'price_unit': 500, 'tax_ids': [Command.set(waits.ids)]})]})
        (service | mixed).invoice_date = bill.invoice_date
        (service | mixed).action_post()
        with self.assertRaisesRegex(UserError, "none was declared"):
            report._get_report_values(service.ids)
        [document] = report._get_report_values(mixed.ids)['docs']
        self.assertIn('1,500', document['totals'][0]['net'])
        self.assertIn('200', document['totals'][0]['tax'])

    def test_the_matrix_knows_what_was_paid_on_the_doubtful_account(self):
        """Of three claims moved 20 days late one was paid 75 days late, one is written off."""
        moved = []
        for month in (2, 3, 4):
            bill = self.invoice(1000, due=f'2024-0{month}-01')
            self.go(f'2024-0{month}-21')
            moved += self.to_doubtful(bill).line_ids.doubtful_line_id
        agency = self.invoice(1000, due='2024-05-01')
        self.go('2024-06-05')
        self.pay_doubtful(moved[1], 1000, '2024-05-15')
        case = self.case(agency)
        self.hand_over(case)
        payment = self.env['ar.agency.payment'].create({'case_id': case.id, 'gross_amount': 1000})
        payment.action_propose()
        payment.move_id.action_post()
        self.go('2024-10-01')
        self.book(self.write_off(None, items=moved[0], date='2024-10-01'))
        self.go('2026-06-01')
        rows = self.run_at('2026-06-01').rate_ids.sorted('bucket')
        # The agency had its claim 35 days late.
        self.assertEqual(rows.mapped('reached'), [4000, 4000, 4000, 3000, 2000, 2000])
        self.assertEqual(set(rows.mapped('lost')), {2000})
