from datetime import date
from decimal import Decimal

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .law_common import LawCommon


@tagged('post_install', '-at_install')
class TestLateInterest(LawCommon):
    """From the ledger to what lateness costs."""

    def test_one_invoice_over_three_half_years(self):
        """The example of the reference: 12,000 due on 31 May 2025, 260 days, ECB + 10."""
        bill = self.invoice(12000, due='2025-05-31')
        self.assertEqual(
            self.amounts(day='2026-02-15'), [(bill.name, '1048.44', '40.00', None)])

    def test_part_payments_and_credit_notes_come_from_the_ledger(self):
        bill = self.invoice(10000, due='2026-01-31')
        self.pay(bill, 4000, date='2026-03-02')
        note = self.credit_note(1000, '2026-04-01')
        self.match(bill, note)
        [claim] = self.items_of(day='2026-05-01', allocation='principal')
        self.assertEqual(
            [(str(s.date_from), s.days, s.base, str(s.amount)) for s in claim.statement.segments],
            [('2026-02-01', 30, 10000, '99.86'), ('2026-03-03', 30, 6000, '59.92'),
             ('2026-04-02', 30, 5000, '49.93')])
        # 5,000 is what Odoo says is left.
        self.assertEqual(claim.statement.principal_due, Decimal(str(bill.amount_residual)))

    def test_french_payments_pay_interest_first(self):
        bill = self.invoice(10000, due='2026-01-31')
        self.pay(bill, 4000, date='2026-03-02')
        [claim] = self.items_of(day='2026-04-01')
        self.assertEqual(claim.statement.allocations[0].to_interest, Decimal('99.86'))
        self.assertEqual(claim.statement.segments[1].base, Decimal('6099.86'))

    def test_the_rate_of_an_invoice_beats_the_customers_and_is_flagged_never_altered(self):
        plain = self.invoice(10000, due='2026-01-31')
        special = self.invoice(10000, due='2026-01-31')
        customer = self.account_of()
        customer.write({'has_contract_rate': True, 'contract_rate': 12})
        rate = self.env['ar.contract.rate'].create({
            'customer_id': customer.id, 'move_id': special.id, 'rate': 20, 'clause': "Article 7"})
        self.assertFalse(rate.warning)
        amounts = {claim.name: claim.interest for claim in self.items_of(day='2026-03-02')}
        # 30 days: 10,000 × 12 % and 20 % × 30 / 365.
        self.assertEqual(
            {name: str(amount) for name, amount in amounts.items()},
            {plain.name: '98.63', special.name: '164.38'})
        rate.rate = 1
        self.assertIn("below the lawful floor", rate.warning)
        amounts = {claim.name: claim.interest for claim in self.items_of(day='2026-03-02')}
        self.assertEqual(str(amounts[special.name]), '8.22')
        with self.assertRaises(ValidationError):
            self.env['ar.contract.rate'].create({
                'customer_id': customer.id, 'rate': 20, 'clause': "x",
                'move_id': self.invoice(10, due='2026-01-31', partner=self.customer("Other")).id})

    def test_a_disputed_part_is_not_claimed_until_it_is_settled(self):
        bill = self.invoice(10000, due='2026-01-31')
        whole = self.invoice(500, due='2026-01-31')
        before = dict(self.amounts_by_name('2026-03-02'))
        reason = self.env['ar.dispute.reason'].search([], limit=1)
        customer = self.account_of()
        disputes = self.env['ar.dispute'].create([{
            'customer_id': customer.id, 'reason_id': reason.id, 'currency_id':
            self.company.currency_id.id, 'line_ids': [Command.create(
                {'move_line_id': self.items(move).id, 'amount': amount})]}
            for move, amount in ((bill, 4000), (whole, 500))])
        claims = {claim.name: claim for claim in self.items_of(day='2026-03-02')}
        self.assertEqual(claims[bill.name].statement.segments[0].base, 6000)
        self.assertEqual(claims[whole.name].reason, 'disputed')
        self.assertIn("Disputed", self.env['ar.interest.engine']._describe_reason(
            claims[whole.name]))
        disputes._settle('withdrawn', "All of it is owed")
        self.assertEqual(dict(self.amounts_by_name('2026-03-02')), before)

    def amounts_by_name(self, day):
        return [(claim.name, claim.interest) for claim in self.items_of(day=day)]

    def test_paid_in_time_or_today_owes_nothing(self):
        bill = self.invoice(1000, due='2026-05-31')
        self.pay(bill, date='2026-05-31')
        self.invoice(1000, due='2026-06-01')
        self.assertEqual(self.amounts(), [])

    def test_paid_late_in_full_can_be_claimed_too(self):
        bill = self.invoice(3650, due='2026-01-31')
        self.pay(bill, date='2026-02-10')
        self.assertEqual(self.amounts(), [])
        self.assertEqual(
            self.amounts(paid_since=date(2026, 1, 1)), [(bill.name, '12.15', '40.00', None)])

    def test_what_was_never_paid_was_not_paid_late(self):
        """An invoice that a credit note took back, or that was written off, is no late payment."""
        credited, written = (self.invoice(3650, due='2026-01-31') for _number in range(2))
        self.match(credited, self.credit_note(3650, '2026-02-10'))
        self.match(written, self.entry(-3650, '2026-02-10'))
        part = self.invoice(3650, due='2026-01-31')
        self.pay(part, 1825, date='2026-02-10')
        self.match(part, self.credit_note(1825, '2026-02-05'))
        self.assertEqual([row[0] for row in self.amounts(paid_since=date(2026, 1, 1))], [part.name])

    def test_forty_euros_per_invoice_not_per_instalment(self):
        bill = self.invoice(3000, date='2026-01-01', terms=[(10, 50), (20, 50)])
        found = self.amounts(day='2026-03-01')
        self.assertEqual([row[0] for row in found], [bill.name, bill.name])
        self.assertEqual([row[2] for row in found], ['40.00', '0.00'])

    def test_no_compensation_in_a_currency_the_law_does_not_name(self):
        dollar = self.env.ref('base.USD')
        dollar.active = True
        bill = self.invoice(3650, due='2026-01-31', currency=dollar)
        self.assertEqual(self.amounts(day='2026-02-10'), [(bill.name, '12.15', '0.00', None)])

    def test_excluded_items_and_manual_entries_bear_nothing(self):
        self.entry(5000, '2026-01-01')
        bill = self.invoice(1000, due='2026-01-31')
        bill.no_followup = True
        self.assertEqual(self.amounts(), [])

    def test_insolvency_and_stays_of_the_customer(self):
        self.invoice(3650, due='2026-01-31')
        self.invoice(3650, due='2026-03-31')
        customer = self.account_of()
        customer.write({
            'insolvency_date': '2026-03-03',
            'stay_ids': [(0, 0, {'date_from': '2026-02-11', 'date_to': '2026-02-20',
                                 'reason': "Agreed by mail"})]})
        found = self.amounts()
        # 30 days from 1 February to 2 March, ten of them stayed: 20 days of 1.215 a day.
        self.assertEqual([row[1:3] for row in found], [('24.30', '40.00'), ('0.00', '0.00')])

    def test_a_missing_rate_is_told_and_claims_nothing(self):
        self.invoice(1000, due='2026-12-01')
        [claim] = self.items_of(day='2027-01-15')
        self.assertEqual(claim.reason, 'rate')
        self.go('2027-01-15')
        customer = self.account_of()
        self.assertEqual(customer.late_interest_amount, 0)
        self.assertIn("2027", customer.late_claim_note)

    def test_memo_figures_on_customer_and_invoice(self):
        bill = self.invoice(3650, due='2026-04-22')
        self.invoice(7300, due='2026-05-22')
        customer = self.account_of()
        self.assertEqual(
            (customer.late_interest_amount, customer.late_compensation_amount), (72.90, 80))
        self.assertEqual((bill.ar_late_interest, bill.ar_late_compensation), (48.60, 40))
        # Nothing is booked for it.
        self.assertFalse(self.env['account.move.line'].search(
            [('account_id', '=', self.company.ar_interest_account_id.id)]))

    def test_memo_figures_on_items_and_in_the_aged_balance(self):
        """The items say what the invoices say; the ageing adds up to both, when asked."""
        bill = self.invoice(3650, date='2026-03-23', terms=[(30, 50), (60, 50)])
        paid = self.invoice(100, due='2026-05-31')
        self.pay(paid, date='2026-06-01')
        alone = self.customer("Alone", is_company=False, country_id=self.france.id)
        self.account_of()
        self.account_of(alone)
        silent = self.items(self.invoice(3650, due='2026-04-22', partner=alone))
        items = self.items(bill)
        self.assertAlmostEqual(sum(items.mapped('ar_late_interest')), bill.ar_late_interest)
        self.assertEqual(items.mapped('ar_late_compensation'), [40, 0])
        # 1,825 × 12.15 % × 40 / 365 and × 10 / 365.
        self.assertEqual(items.mapped('ar_late_interest'), [24.30, 6.08])
        self.assertFalse(self.items(paid).ar_late_interest)
        self.assertEqual((silent.ar_late_interest, silent.ar_late_compensation), (0, 0))
        self.assertIn("nothing shows that this customer is a business", silent.ar_late_note)
        Balance = self.env['ar.aged.balance']
        [[plain]] = Balance._read_group([], [], ['late_amount:sum'])
        self.assertFalse(plain)
        [[total]] = Balance.with_context(ar_late=True)._read_group([], [], ['late_amount:sum'])
        self.assertAlmostEqual(total, 30.38)
        with self.assertRaises(UserError):
            Balance.with_context(ar_late=True, ar_date='2026-05-01')._read_group(
                [], [], ['late_amount:sum'])
        default = Balance.get_views([(False, 'list'), (False, 'pivot')])
        self.assertNotIn('late_amount', default['models']['ar.aged.balance']['fields'])
        dialogue = self.env['ar.aged.options'].create({'date': '2026-06-01', 'late': True})
        action = dialogue.action_show()
        [[view_id, kind]] = action['views']
        shown = Balance.get_views([(view_id, kind)])
        self.assertIn('late_amount', shown['models']['ar.aged.balance']['fields'])
        self.assertIn('name="late_amount"', shown['views']['list']['arch'])
        self.assertTrue(action['context']['ar_late'])

    def test_a_constant_number_of_queries(self):
        def count(partners):
            customers = self.env['ar.customer']._get_or_create(partners, self.company)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env['ar.interest.engine']._get_item_claims(customers, date(2026, 6, 1))
            return self.env.cr.sql_log_count - before
        partners = self.env['res.partner']
        for number in range(12):
            partner = self.customer(f"Late {number}", country_id=self.france.id)
            self.invoice(100, due='2026-04-01', partner=partner)
            partners |= partner
        self.assertLessEqual(count(partners), count(partners[:1]) + 2)


@tagged('post_install', '-at_install')
class TestWhichLaw(LawCommon):
    """When in doubt, no claim by law."""

    def law(self, partner, **vals):
        customer = self.account_of(partner)
        customer.write(vals)
        rule = customer.effective_regime_id
        return rule and rule.get_external_id()[rule.id].removeprefix('ar_collections.regime_')

    def person(self, **vals):
        return self.customer("Someone", is_company=False, **vals)

    def test_a_company_is_a_business_under_the_law_of_the_seller(self):
        self.assertEqual(self.law(self.buyer), 'fr_business')
        german = self.customer("German", country_id=self.env.ref('base.de').id)
        self.assertEqual(self.law(german), 'fr_business')

    def test_unknown_country_gives_nothing(self):
        self.assertFalse(self.law(self.customer("Nowhere")))

    def test_a_person_is_not_a_proven_business(self):
        someone = self.person(country_id=self.france.id)
        self.assertFalse(self.law(someone))
        self.assertIn("business", self.account_of(someone).law_reason)
        self.assertEqual(self.law(someone, debtor_kind='business'), 'fr_business')

    def test_a_tax_number_shows_a_business_but_not_that_of_a_spaniard(self):
        trader = self.person(country_id=self.france.id, vat='FR23334175221')
        self.assertEqual(self.law(trader), 'fr_business')
        spaniard = self.person(country_id=self.env.ref('base.es').id, vat='ES12345678Z')
        self.assertFalse(self.law(spaniard))

    def test_a_consumer_keeps_the_law_of_home(self):
        german = self.person(country_id=self.env.ref('base.de').id)
        self.assertEqual(self.law(german, debtor_kind='consumer'), 'de_consumer')

    def test_a_french_consumer_owes_nothing_before_somebody_has_read_the_law(self):
        someone = self.person(country_id=self.france.id)
        self.assertFalse(self.law(someone, debtor_kind='consumer'))
        self.invoice(1000, due='2026-01-31', partner=someone)
        [claim] = self.items_of(someone)
        self.assertEqual((claim.reason, claim.interest, claim.compensation), ('law', 0, 0))

    def test_a_french_consumer_owes_the_legal_rate_after_a_notice_and_no_forty_euros(self):
        """Code civil 1231-6: no rate of a contract, none between businesses, no flat sum."""
        self.env.ref('ar_collections.regime_fr_consumer').action_confirm()
        someone = self.person(country_id=self.france.id)
        account = self.account_of(someone)
        account.write({'debtor_kind': 'consumer', 'has_contract_rate': True, 'contract_rate': 15})
        self.invoice(3650, due='2026-01-31', partner=someone)
        self.assertEqual(self.amounts(someone, '2026-03-12')[0][1:], ('0.00', '0.00', 'notice'))
        account.notice_date = '2026-03-02'
        # 2.62 % for ten days of 3,650.
        self.assertEqual(self.amounts(someone, '2026-03-12')[0][1:], ('2.62', '0.00', None))
        self.assertEqual(self.draft('2026-03-12', someone).amount_total, 2.62)

    def test_public_bodies(self):
        town = self.customer("Town", country_id=self.france.id)
        self.assertEqual(self.law(town, debtor_kind='public'), 'fr_public')
        stadt = self.customer("Stadt", country_id=self.env.ref('base.de').id)
        self.assertEqual(self.law(stadt, debtor_kind='public'), 'de_business')

    def test_a_consumer_needs_a_notice_and_owes_no_forty_euros(self):
        german = self.person(country_id=self.env.ref('base.de').id)
        self.account_of(german).debtor_kind = 'consumer'
        self.invoice(3650, due='2026-01-31', partner=german)
        self.assertEqual(self.amounts(german, '2026-03-12')[0][3], 'notice')
        self.account_of(german).notice_date = '2026-03-02'
        # 1.27 + 5 = 6.27 % for ten days of 3,650.
        self.assertEqual(self.amounts(german, '2026-03-12')[0][1:3], ('6.27', '0.00'))

    def test_a_notice_is_about_what_was_due_by_then(self):
        """§ 286 BGB: a reminder counts when it comes after the claim fell due."""
        german = self.person(country_id=self.env.ref('base.de').id)
        self.account_of(german).write({'debtor_kind': 'consumer', 'notice_date': '2026-03-02'})
        self.invoice(3650, due='2026-01-31', partner=german)
        self.invoice(3650, due='2026-03-02', partner=german)
        found = self.items_of(german, '2026-03-12')
        self.assertEqual([(c.reason, str(c.interest)) for c in found],
                         [(None, '6.27'), ('later', '0')])
        self.assertIn("03/02/2026", self.env['ar.interest.engine']._describe_reason(found[1]))

    def test_the_contract_beats_the_law_and_is_flagged_not_altered(self):
        customer = self.account_of()
        self.invoice(3650, due='2026-01-31')
        customer.write({'has_contract_rate': True, 'contract_rate': 6.0})
        self.assertIn("7.86", customer.contract_rate_warning)
        self.assertEqual(self.amounts(day='2026-02-10')[0][1], '6.00')
        customer.contract_rate = 15
        self.assertFalse(customer.contract_rate_warning)
        self.assertEqual(self.amounts(day='2026-02-10')[0][1], '15.00')

        # Above a cap: told on the customer and on each line, and claimed as it was agreed.
        customer.effective_regime_id.cap_rate = 10
        customer.invalidate_recordset()
        self.assertIn("above the lawful cap of 10 %", customer.contract_rate_warning)
        claim = self.draft('2026-02-10')
        self.assertEqual(claim.amount_interest, 15)
        self.assertIn(customer.contract_rate_warning, claim.warning)
        [block] = self.env['report.ar_collections.report_ar_claim']._get_document(claim)['blocks']
        self.assertEqual([row['flag'] for row in block['rows']],
                         ["above the lawful cap of 10.00 %"])

    def test_a_contract_may_follow_an_index(self):
        """ECB + 12 points: 16.25 % in December 2024 and 15.15 % from January 2025 on."""
        account = self.account_of()
        account.write({'has_contract_rate': True, 'contract_kind': 'indexed',
                       'contract_reference': 'ecb', 'contract_margin': 12})
        self.invoice(10000, due='2024-11-30')
        # 10,000 × 16.25 % × 31 / 365 and 10,000 × 15.15 % × 90 / 365.
        self.assertEqual(self.amounts(day='2025-03-31')[0][1], '511.57')
        self.assertFalse(account.contract_rate_warning)
        claim = self.draft('2025-03-31')
        segments = claim.line_ids._get_segments()
        self.assertEqual([str(one['rate']) for one in segments], ['16.25', '15.15'])
        report = self.env['report.ar_collections.report_ar_claim']
        document = report._get_document(claim)
        self.assertIn("+ 12.00 points", document['contract_rate'])
        self.assertEqual([row[2:4] for row in document['sources']],
                         [("4.25", "16.25"), ("3.15", "15.15")])
        # Below the floor of 2024 only: flagged line by line, in the statement too, never altered.
        account.contract_margin = 10
        claim = self.draft('2025-03-31')
        self.assertEqual(
            [row['flag'] for row in report._get_document(claim)['blocks'][0]['rows']],
            ["below the lawful floor of 14.76 %", ""])
        self.assertIn("14.25 % is below the lawful floor of 14.76 %", claim.warning)

    def test_an_index_of_an_invoice_and_a_rate_that_is_missing(self):
        account = self.account_of()
        bill = self.invoice(3650, due='2024-05-31')
        row = self.env['ar.contract.rate'].create({
            'customer_id': account.id, 'move_id': bill.id, 'rate': 0, 'clause': "Order 7",
            'contract_kind': 'indexed', 'contract_reference': 'fr_legal', 'contract_factor': 3})
        # The published floors of 2024: 15.21 for thirty days, 14.76 for ten.
        self.assertEqual(self.amounts(day='2024-07-10')[0][1], '60.39')
        self.assertFalse(row.warning)
        self.go('2026-06-01')
        self.env['ar.reference.rate'].search([
            ('reference', '=', 'fr_legal'), ('date_from', '=', '2026-01-01')]).action_withdraw()
        self.assertEqual(self.amounts(day='2026-02-01')[0][3], 'rate')
        row.invalidate_recordset()
        self.assertIn("not known today", row.warning)
        with self.assertRaises(ValidationError):
            row.contract_reference = False
        self.assertIn('fr_legal', self.company._get_ar_ending_references(date(2026, 6, 1)))

    def test_nobody_charges_a_consumer_a_contract_rate(self):
        german = self.person(country_id=self.env.ref('base.de').id)
        self.account_of(german).write({
            'debtor_kind': 'consumer', 'notice_date': '2026-03-02', 'has_contract_rate': True,
            'contract_rate': 15})
        self.invoice(3650, due='2026-01-31', partner=german)
        self.assertEqual(self.amounts(german, '2026-03-12')[0][1], '6.27')

    def test_a_belgian_letter_counts_from_the_third_working_day(self):
        """Book XIX: fourteen days, from the day after an e-mail or that working day."""
        rule = self.env.ref('ar_collections.regime_be_consumer')
        rule.letter_days = 3
        rule.action_confirm()
        jan = self.customer("Jan", is_company=False, country_id=self.env.ref('base.be').id)
        self.invoice(3650, due='2026-04-01', partner=jan)
        # Tuesday; the Thursday after it is Ascension Day, so that Monday the 18th is the third.
        self.account_of(jan).write({'debtor_kind': 'consumer', 'notice_date': '2026-05-12'})
        self.assertEqual(self.amounts(jan, '2026-05-31')[0][3], 'wait')
        # 65 and 5 % of what exceeds 500.
        self.assertEqual(self.amounts(jan, '2026-06-01')[0][1:3], ('0.00', '222.50'))
        self.account_of(jan).notice_channel = 'email'
        self.assertEqual(self.amounts(jan, '2026-05-26')[0][3], 'wait')
        self.assertEqual(self.amounts(jan, '2026-05-27')[0][2], '222.50')

    def test_a_rule_withdrawn_later_gives_nothing(self):
        rule = self.env.ref('ar_collections.regime_es_business')
        customer = self.account_of()
        customer.regime_id = rule
        self.assertEqual(customer.effective_regime_id, rule)
        rule.action_withdraw()
        customer.invalidate_recordset()
        self.assertFalse(customer.effective_regime_id)
