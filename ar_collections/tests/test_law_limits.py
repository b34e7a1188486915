from datetime import date

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools import html2plaintext

from .law_common import LawCommon


@tagged('post_install', '-at_install')
class TestLegalGuard(LawCommon):
    """What may not leave, and terms beyond the law."""

    def test_an_insolvent_customer_gets_no_reminder_of_older_debts(self):
        self.invoice(1000, due='2026-05-20')
        self.account_of().insolvency_date = '2026-05-25'
        run = self.run_dunning('2026-06-01')
        self.assertFalse(run.reminder_ids)
        self.assertEqual(self.reasons(run), [('insolvency', 1000)])
        # The gazette stops the customer as well: the law is told all the same, with its step.
        self.account_of().insolvency_state = 'liquidation'
        self.account_of()._stop_for_insolvency()
        run = self.run_dunning('2026-06-02')
        self.assertEqual(
            [(skip.reason, skip.lawful_step) for skip in run.skip_ids],
            [('insolvency', 'declare')])

    def test_later_debts_are_reminded(self):
        self.account_of().insolvency_date = '2026-04-01'
        self.invoice(1000, date='2026-04-20', due='2026-05-20')
        self.assertTrue(self.run_dunning('2026-06-01').reminder_ids)

    def test_a_waiting_reminder_is_cancelled_when_insolvency_opens(self):
        self.invoice(1000, due='2026-05-25')
        [reminder] = self.run_dunning('2026-06-01').reminder_ids
        self.account_of().insolvency_date = '2026-06-01'
        self.send(reminder)
        self.assertEqual(reminder.state, 'cancelled')

    def test_what_may_not_be_reminded_is_asked_for_nowhere_else(self):
        """Statement by mail and on paper, customer's page, call, claim: as the reminder."""
        self.invoice(1000, date='2026-04-20', due='2026-05-20')
        later = self.invoice(50, date='2026-05-26', due='2026-05-28')
        account = self.account_of()
        account.insolvency_date = '2026-05-25'
        self.go('2026-06-01')
        self.env['ar.deadline']._build(self.company)
        [section] = self.env['ar.statement']._read_statements(account)[account.id]
        self.assertEqual(
            (section['balance'], section['due'], section['unasked']),
            (1050.0, 50.0, [('insolvency', 1000.0)]))
        [document] = self.env['report.ar_collections.report_ar_statement']._get_documents(
            account, {'kind': 'open', 'date_from': False, 'date_to': False, 'branches': False})
        self.assertIn("50.00", document['pay']['due'][0])
        self.assertIn("before the insolvency", document['pay']['unasked'][0][1])
        page = self.env['ar.door'].sudo()._read(account.sudo())['sections'][0]
        # All that may be paid is what is due: one button, and no way round it.
        self.assertEqual([code for code, _text in page['choices']], ['due'])
        self.assertIn("50.00", page['overdue'])
        older = next(item['line_id'] for item in section['items'] if item['unasked'])
        self.assertFalse(self.env['ar.door'].sudo()._get_payment(
            account.sudo(), self.company.currency_id.id, str(older))[1])
        dialog = self.env['ar.statement.wizard'].create({
            'customer_ids': [Command.set(account.ids)], 'date_to': '2026-06-01'})
        for words in ("L622-24", "07/27/2026", "Do instead: Declare the claim"):
            self.assertIn(words, dialog.law_note)
        call = self.env['ar.worklist'].load_customer(account.id)
        self.assertIn("L622-24", call['guides'][0]['text'])
        self.assertFalse([guide for guide in call['guides'] if "1,050" in guide['text']])
        # Nothing but the older one: the script would name what is overdue.
        self.pay(later, date='2026-05-30')
        call = self.env['ar.worklist'].load_customer(account.id)
        self.assertEqual([guide['name'] for guide in call['guides']], ["What the law says"])

    def test_interest_of_older_debts_is_declared_and_not_invoiced(self):
        """An invoice of it would be dated after the judgment, and be reminded."""
        older = self.invoice(1000, date='2026-02-20', due='2026-03-20')
        account = self.account_of()
        claims = self.draft('2026-06-01')
        self.assertFalse(claims.warning)
        account.insolvency_date = '2026-04-10'
        claims.action_refresh()
        self.assertIn("L622-24", claims.warning)
        self.assertIn(older, claims.line_ids.move_line_id.move_id)
        with self.assertRaisesRegex(UserError, "declare it with the claim"):
            claims.with_user(self.boss).action_claim()
        self.assertFalse(claims.move_id)
        text = html2plaintext(account.law_today)
        self.assertEqual(text.count("L622-21"), 4, text)
        account.insolvency_date = False
        claims.with_user(self.boss).action_claim()
        self.assertTrue(claims.move_id)

    def test_who_may_claim_nothing_reads_why_from_when_and_what_to_do(self):
        self.env.ref('ar_collections.regime_be_consumer').state = 'confirmed'
        lucie = self.customer("Lucie", is_company=False, country_id=self.env.ref('base.be').id)
        bill = self.invoice(100, due='2026-05-20', partner=lucie)
        account = self.account_of(lucie)
        account.debtor_kind = 'consumer'
        self.go('2026-06-01')
        for act in (account.action_new_claim, bill.action_ar_new_claim):
            with self.assertRaises(UserError) as refusal:
                act()
            for words in ("free message must have left", "Lawful from 06/16/2026",
                          "Do instead: Send the free notice", "lalibre.be"):
                self.assertIn(words, str(refusal.exception))

    def test_a_rule_between_businesses_chosen_by_hand_never_binds_a_consumer(self):
        self.invoice(100, due='2026-05-20')
        account = self.account_of()
        account.regime_id = self.env.ref('ar_collections.regime_fr_business')
        self.go('2026-06-01')
        self.assertGreater(account.late_compensation_amount, 39)
        account.debtor_kind = 'consumer'
        self.env.invalidate_all()
        self.assertFalse(account.late_compensation_amount or account.late_interest_amount)
        self.assertIn("not for consumers", html2plaintext(account.law_today))
        self.assertEqual(account.lawful_step, 'kind')

    def test_what_is_paid_after_the_judgment_may_be_void(self):
        bill = self.invoice(1000, date='2026-02-20', due='2026-03-20')
        later = self.invoice(70, date='2026-05-20', due='2026-05-25')
        account = self.account_of()
        account.insolvency_date = '2026-05-10'
        self.pay(bill, 100, '2026-05-09')
        self.pay(later, 70, '2026-05-26')
        self.assertFalse(account.insolvency_paid_note)
        self.pay(bill, 300, '2026-05-28')
        self.env.invalidate_all()
        for words in ("300.00", "05/28/2026", bill.name, "L622-7"):
            self.assertIn(words, account.insolvency_paid_note)
        self.assertNotIn(later.name, account.insolvency_paid_note)

    def test_a_barred_item_is_listed_and_not_asked_for(self):
        self.invoice(1000, due='2021-05-20')
        self.invoice(200, due='2026-05-20')
        account = self.account_of()
        self.go('2026-06-04')
        self.env['ar.deadline']._build(self.company)
        [section] = self.env['ar.statement']._read_statements(account)[account.id]
        self.assertEqual((section['due'], section['unasked']), (200.0, [('prescribed', 1000.0)]))
        page = self.env['ar.door'].sudo()._read(account.sudo())['sections'][0]
        # Whoever wants to pay it may.
        self.assertEqual([code for code, _text in page['choices']], ['due', 'all'])
        self.assertIn("L110-4", account._describe_unasked())

    def test_nothing_is_charged_before_a_notice_has_run_out(self):
        """Dutch consumer: fourteen days after the free notice."""
        rule = self.env.ref('ar_collections.regime_nl_consumer')
        rule.write({'rate_kind': 'fixed', 'fixed_rate': 6})
        rule.action_confirm()
        jan = self.customer("Jan", is_company=False, country_id=self.env.ref('base.nl').id)
        account = self.account_of(jan)
        account.write({'debtor_kind': 'consumer', 'notice_date': '2026-05-10'})
        self.invoice(3650, due='2026-04-01', partner=jan)
        # Nobody said how it left: as a letter, that arrives on Wednesday at the latest.
        self.assertEqual(self.amounts(jan, '2026-05-27')[0][3], 'wait')
        self.assertEqual(self.amounts(jan, '2026-05-28')[0][2], '490.00')
        # Received that day: no sooner than the letter of our own says, "within 15 days".
        account.notice_channel = 'received'
        text = self.env.ref('ar_collections.ar_formal_notice_nl_consumer')
        last = rule._get_last_free_day(date(2026, 5, 10), 'received')
        self.assertEqual((last - date(2026, 5, 10)).days, text.days)
        self.assertEqual(self.amounts(jan, '2026-05-25')[0][3], 'wait')
        self.assertEqual(self.amounts(jan, '2026-05-26')[0][2], '490.00')
        account.notice_channel = 'email'
        self.assertEqual(self.amounts(jan, '2026-05-24')[0][3], 'wait')
        # 15 % of the first 2,500 and 10 % of 1,150; interest from the day after the notice.
        self.assertEqual(self.amounts(jan, '2026-05-25')[0][1:3], ('9.00', '490.00'))

    def test_a_luxembourg_consumer_owes_nothing_for_three_months_after_the_invoice(self):
        """Law of 18 April 2004: from the end of the third month, whenever the notice came."""
        rule = self.env.ref('ar_collections.regime_lu_consumer')
        rule.write({'rate_kind': 'fixed', 'fixed_rate': 5.75, 'interest_months': 3})
        rule.action_confirm()
        claude = self.customer("Claude", is_company=False, country_id=self.env.ref('base.lu').id)
        account = self.account_of(claude)
        account.write({'debtor_kind': 'consumer', 'notice_date': '2026-05-04'})
        self.invoice(3650, date='2026-04-01', due='2026-04-15', partner=claude)
        self.assertIn("07/01/2026", account.late_claim_note)
        self.assertEqual(account.late_interest_amount, 0)
        self.assertEqual(self.amounts(claude, '2026-07-01')[0][3], 'early')
        # 3,650 × 5.75 % / 365 are 57.5 cents a day; no 40 €.
        self.assertEqual(self.amounts(claude, '2026-07-02')[0][1:], ('0.58', '0.00', None))
        # A later notice comes first.
        account.notice_date = '2026-07-10'
        self.assertEqual(self.amounts(claude, '2026-07-12')[0][1:], ('1.15', '0.00', None))

    def term(self, **line):
        return self.env['account.payment.term'].create({
            'name': "Term", 'company_id': self.company.id,
            'line_ids': [Command.create({'value': 'percent', 'value_amount': 100, **line})]})

    def test_terms_beyond_the_longest_are_flagged(self):
        """Both readings of "45 days end of month" are lawful; "60 days end of month" is not."""
        for line, lawful in (
            ({'nb_days': 30}, True), ({'nb_days': 60}, True), ({'nb_days': 61}, False),
            ({'nb_days': 45, 'delay_type': 'days_after_end_of_month'}, True),
            ({'nb_days': 45, 'delay_type': 'days_end_of_month_on_the',
              'days_next_month': '0'}, True),
            ({'nb_days': 60, 'delay_type': 'days_after_end_of_month'}, False),
            ({'nb_days': 60, 'delay_type': 'days_end_of_month_on_the',
              'days_next_month': '0'}, False),
            ({'nb_days': 30, 'delay_type': 'days_after_end_of_next_month'}, False),
        ):
            warning = self.term(**line).ar_term_warning
            self.assertEqual(not warning, lawful, (line, warning))

    def test_invoices_and_customers_are_flagged(self):
        long = self.invoice(100, date='2026-01-01', due='2026-04-30')
        self.assertIn("60 days", long.ar_term_warning)
        self.assertFalse(self.invoice(100, date='2026-01-16', due='2026-03-31').ar_term_warning)
        # A draft gets the day on which it is posted: it is flagged while that can be helped.
        draft = self.invoice(100, date='2026-06-01', due='2026-08-31', post=False)
        draft.invoice_date = False
        draft.invoice_date_due = '2026-08-31'
        self.assertIn("60 days", draft.ar_term_warning)
        customer = self.account_of()
        self.buyer.property_payment_term_id = self.term(
            nb_days=60, delay_type='days_after_end_of_month')
        self.assertIn("60 days", customer.ar_term_warning)

    def test_the_flag_follows_the_form(self):
        """While somebody types, before anything is saved; and nobody is stopped by it."""
        for login, roles in (
            ('clerk', 'account.group_account_invoice'),
            ('reader', 'account.group_account_invoice,ar_collections.group_ar_auditor'),
        ):
            Move = self.env['account.move'].with_user(self.user(roles, login=login))
            flags = []
            with Form(Move.with_context(default_move_type='out_invoice')) as form:
                form.partner_id = self.buyer
                form.invoice_date = '2026-01-01'
                with form.invoice_line_ids.new() as line:
                    line.name, line.price_unit = "Goods", 100
                for due in ('2026-01-31', '2026-04-30', '2026-02-15', '2026-05-01'):
                    form.invoice_date_due = due
                    flags.append('ar_term_warning' in form._view['fields'] and bool(
                        form.ar_term_warning))
                term = self.term(nb_days=30)
                form.invoice_payment_term_id = term
                flags.append('ar_term_warning' in form._view['fields'] and bool(
                    form.ar_term_warning))
            with Form(form.record) as form:
                form.invoice_payment_term_id = self.term(nb_days=90)
                flags.append('ar_term_warning' in form._view['fields'] and bool(
                    form.ar_term_warning))
            self.assertEqual(flags, [
                login == 'reader' and flag for flag in (False, True, False, True, False, True)])

    def test_periodic_invoices_have_45_days_in_france(self):
        customer = self.account_of()
        bill = self.invoice(100, date='2026-01-16', due='2026-03-15')
        self.assertFalse(bill.ar_term_warning)
        customer.periodic_invoices = True
        bill.invalidate_recordset()
        self.assertIn("45 days from a periodic invoice", bill.ar_term_warning)
        self.assertFalse(self.invoice(100, date='2026-01-16', due='2026-03-02').ar_term_warning)
        self.buyer.property_payment_term_id = self.term(nb_days=60)
        self.assertIn("periodic", customer.ar_term_warning)

    def test_public_bodies_have_shorter_terms(self):
        """R2192-10 and R2192-11: 30 days, health 50; Belgium 60 for health; Italy is not read."""
        town = self.customer("Town", country_id=self.france.id)
        account = self.account_of(town)
        account.debtor_kind = 'public'
        bill = self.invoice(100, date='2026-01-16', due='2026-02-20', partner=town)
        self.assertIn("30 days", bill.ar_term_warning)
        self.assertIn("02/15/2026", bill.ar_term_warning)
        self.assertFalse(self.invoice(
            100, date='2026-01-16', due='2026-02-15', partner=town).ar_term_warning)
        term = self.term(nb_days=45)
        self.assertIn("30 days", term.ar_term_public_note)
        self.assertNotIn("50 days", term.ar_term_public_note)
        self.assertFalse(term.ar_term_warning)
        town.property_payment_term_id = term
        self.assertIn("30 days", account.ar_term_warning)
        account.is_health_body = True
        self.env.invalidate_all()
        self.assertFalse(bill.ar_term_warning or account.ar_term_warning)
        for country, kind, flagged in (('be', 'public', True), ('be', 'health', False),
                                       ('it', 'public', False)):
            body = self.customer(
                f"{country} {kind}", country_id=self.env.ref(f'base.{country}').id)
            self.account_of(body).write(
                {'debtor_kind': 'public', 'is_health_body': kind == 'health'})
            late = self.invoice(100, date='2026-01-16', due='2026-03-10', partner=body)
            self.assertEqual(bool(late.ar_term_warning), flagged, (country, kind))

    def test_no_flag_where_no_limit_was_read(self):
        self.company.country_id = self.env.ref('base.nl')
        self.assertFalse(self.term(nb_days=120).ar_term_warning)
        self.assertFalse(self.invoice(100, date='2026-01-01', due='2026-12-31').ar_term_warning)
