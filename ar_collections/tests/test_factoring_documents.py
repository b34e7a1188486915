import csv
import io

import openpyxl
from lxml import html

from odoo.tests import tagged

from .factoring_common import FactoringCommon


@tagged('post_install', '-at_install')
class TestFactoringDocuments(FactoringCommon):

    def test_the_invoice_says_whom_to_pay(self):
        bill = self.invoice(100, due='2026-07-01')
        bill.partner_bank_id = self.own_bank
        Report = self.env['ir.actions.report']
        before = Report._render_qweb_html('account.report_invoice', bill.ids)[0].decode()
        self.assertNotIn("Pay Factor House only", before)
        assignment = self.assignment(bill)
        assignment.action_assign()
        during = Report._render_qweb_html('account.report_invoice', bill.ids)[0].decode()
        self.assertIn("Pay Factor House only", during)
        self.assertIn("FR7630006000011234567890189", during.replace(' ', ''))
        self.assertNotIn("FR1420041010050500013M02606", during.replace(' ', ''))
        self.assertFalse(bill._has_to_be_paid())
        self.env['res.lang']._activate_lang('fr_FR')
        self.buyer.lang = 'fr_FR'
        self.contract.action_default_text()
        french = Report._render_qweb_html('account.report_invoice', bill.ids)[0].decode()
        self.assertIn("libératoire", french, "in the language of the customer")
        assignment.line_ids.action_return()
        self.assertEqual(bill.partner_bank_id, self.own_bank)
        self.assertFalse(bill._get_ar_factoring())

    def test_the_factor_collects_or_we_do(self):
        bill = self.invoice(100, due='2026-05-20')
        self.assignment(bill).action_assign()
        run = self.run_dunning('2026-06-01')
        self.assertEqual(self.reasons(run), [('factoring', 100)])
        self.contract.own_dunning = True
        reminder = self.run_dunning('2026-06-02').reminder_ids
        self.assertEqual(reminder.bank_ids, self.bank)
        self.assertIn("FR76 3000 6000", str(reminder.preview_body))

    def test_a_mixed_reminder_says_what_goes_to_whom(self):
        self.contract.own_dunning = True
        theirs, ours = self.invoice(100, due='2026-05-20'), self.invoice(40, due='2026-05-20')
        self.assignment(theirs).action_assign()
        reminder = self.run_dunning('2026-06-01').reminder_ids
        mail = " ".join(html.fromstring(str(reminder.preview_body)).text_content().split())
        letter = " ".join(
            html.fromstring(str(reminder._render_letter()['body'])).text_content().split())
        factor = "is to be paid to Factor House, FR76 3000 6000 0112 3456 7890 189"
        for text in (mail, letter):
            for words in (f"100.00 € {factor}", "Pay Factor House only", "40.00 € is to be paid to"
                          " us", "FR14 2004 1010 0505 0001 3M02 606"):
                self.assertIn(words, text.replace("\xa0", " "))
            own_part = text[text.index("is to be paid to us"):]
            self.assertIn(ours.payment_reference or ours.name, own_part)
            self.assertNotIn(theirs.payment_reference or theirs.name, own_part)
        values = reminder._get_items_values()
        [statement] = self.env['ar.statement']._read_statements(self.account_of())[
            self.account_of().id]
        self.assertEqual([(payee['amount'].replace("\xa0", " "), payee['payee'])
                          for payee in values['elsewhere']],
                         [(f"{amount:.2f} €", payee) for amount, payee in statement['elsewhere']])

    def test_our_account_is_not_named_when_all_is_with_a_factor(self):
        self.contract.write({'own_dunning': True, 'bank_id': False})
        self.assignment(self.invoice(100, due='2026-05-20')).action_assign()
        reminder = self.run_dunning('2026-06-01').reminder_ids
        for text in (str(reminder.preview_body), str(reminder._render_letter()['body'])):
            self.assertNotIn("FR14", text)
            self.assertNotIn("is to be paid to us", text)
            self.assertIn("Pay Factor House only", text)

    def test_a_credit_lowers_our_part_only_in_reminder_and_statement(self):
        """Smaller than our part; larger when the message leaves; larger from the start."""
        self.contract.own_dunning = True
        self.ladder.netting = 'subtract'
        self.assignment(self.invoice(100, due='2026-05-20')).action_assign()
        ours = self.invoice(40, due='2026-05-20')
        self.credit_note(15, '2026-05-20')
        reminder = self.run_dunning('2026-06-01').reminder_ids

        def said():
            """Return what is claimed, goes to the factor and to us, is deducted and stays."""
            [section] = reminder._get_sections()
            values = reminder._get_items_values()
            [statement] = self.env['ar.statement']._read_statements(self.account_of())[
                self.account_of().id]
            self.assertEqual(
                statement['due'] + statement['elsewhere'][0][0], section['claimed'])
            self.assertEqual(section['claimed'], reminder.amount_claimed)
            [factor], [shown] = values['elsewhere'], values['sections']
            return [str(text).replace("\xa0", " ") for text in (
                shown['claimed'], factor['amount'], values['to_us'],
                shown['subtract'] and shown['credit'], shown['credit_left'])]

        self.assertEqual(
            said(), ["125.00 €", "100.00 €", "25.00 €", "-15.00 €", "False"])
        self.credit_note(45, '2026-05-20')
        reminder._reread()
        self.assertIn(ours, reminder.line_ids.move_id)
        self.assertEqual(said(), ["100.00 €", "100.00 €", "", "-40.00 €", "20.00 €"])
        self.assertFalse(reminder._get_items_values()['bank'])
        reminder._set_cancelled("Once more")
        reminder = self.run_dunning('2026-06-02').reminder_ids
        self.assertNotIn(ours, reminder.line_ids.move_id, "covered by the credits")
        self.assertEqual(said(), ["100.00 €", "100.00 €", "", "False", "False"])

    def test_the_customer_s_pages_take_no_money_for_the_factor(self):
        with_factor, ours = self.invoice(100, due='2026-05-20'), self.invoice(40, due='2026-05-20')
        self.assignment(with_factor).action_assign()
        customer, currency = self.account_of().sudo(), self.company.currency_id
        Door = self.env['ar.door'].sudo()
        for choice, amount in (
                ('due', 40), ('all', 40), ('undisputed', 40), (str(self.items(ours).id), 40),
                (str(self.items(with_factor).id), 0)):
            self.assertEqual(Door._get_payment(customer, currency.id, choice)[1], amount, choice)
        [statement] = self.env['ar.statement']._read_statements(customer)[customer.id]
        self.assertEqual((statement['balance'], statement['due']), (140, 40))
        self.assertEqual(
            statement['elsewhere'], [(100, "Factor House, FR76 3000 6000 0112 3456 7890 189")])
        [paper] = self.env['report.ar_collections.report_ar_statement']._get_report_values(
            customer.ids)['docs']
        self.assertEqual(paper['pay']['elsewhere'][0][1], statement['elsewhere'][0][1])
        [section] = Door._read(customer)['sections']
        notes = {row['document']: row['notes'] for row in section['rows']}
        self.assertEqual(
            notes[with_factor.name], [('factor', 'warning', "To be paid to Factor House")])
        self.assertFalse(notes[ours.name])

    def test_the_list_as_a_file(self):
        self.buyer.write({'name': "=cmd()", 'ref': "C1"})
        assignment = self.assignment(self.invoice(1234.5, due='2026-07-01'))
        rows = list(csv.reader(
            io.StringIO(assignment._get_csv().decode('utf-8-sig')), delimiter=';'))
        self.assertEqual(rows[1][2:5], ['2026-07-01', "'=cmd()", 'C1'])
        self.assertEqual(rows[1][10:], ['1234.50', 'EUR'])
        sheet = openpyxl.load_workbook(io.BytesIO(assignment._get_xlsx())).active
        self.assertEqual((sheet['D2'].value, sheet['D2'].data_type), ("=cmd()", 's'))
        self.assertEqual(sheet['K2'].value, 1234.5)
        self.assertEqual(sheet['K3'].value, "=SUM(K2:K2)")

    def test_the_bordereau(self):
        assignment = self.assignment(self.invoice(1000, due='2026-07-01'))
        html = self.env['ir.actions.report']._render_qweb_html(
            'ar_collections.report_ar_factoring_assignment', assignment.ids)[0].decode()
        for words in ("Factor House", assignment.name, "1,000.00", "with recourse", "800.00"):
            self.assertIn(words, html)

    def test_the_usual_sentence_is_written_in_each_language(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.contract.action_default_text()
        self.assertIn("assigned to Factor House", self.contract.legal_text)
        self.assertIn("libératoire", self.contract.with_context(lang='fr_FR').legal_text)
