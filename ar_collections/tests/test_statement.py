import io
import random
from base64 import b64decode

from freezegun import freeze_time
from openpyxl import load_workbook

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools.pdf import PdfReader

from .credit_common import ExposureCommon

REPORT = 'report.ar_collections.report_ar_statement'


@tagged('post_install', '-at_install')
class TestStatement(ExposureCommon):
    """The figures of a statement, against a slow reading of Odoo's own lines and matches."""

    @classmethod
    def setUpClass(cls):
        with freeze_time('2026-06-01 09:00:00'):
            super().setUpClass()
        cls.env.user.company_ids |= cls.companies

    def read_page(self, customer=None, **options):
        customer = customer or self.account_of()
        return self.env['ar.statement']._read_statements(customer, **options)[customer.id]

    def section(self, code='EUR', **options):
        found = [one for one in self.read_page(**options) if one['currency'].name == code]
        return found[0] if found else None

    # === ORACLE === #

    def lines_of(self, partner, companies, date):
        family = self.env['res.partner'].with_context(active_test=False).search(
            [('commercial_partner_id', '=', partner.id)])
        return self.env['account.move.line'].search([
            ('partner_id', 'in', family.ids), ('company_id', 'in', companies.ids),
            ('account_id.account_type', '=', 'asset_receivable'),
            ('parent_state', '=', 'posted'), ('date', '<=', date)])

    def residual_of(self, line, date):
        """The line's amount minus what was matched by that day, in its currency."""
        amount = line.amount_currency
        for partial in line.matched_credit_ids.filtered(lambda one: one.max_date <= date):
            amount -= partial.debit_amount_currency
        for partial in line.matched_debit_ids.filtered(lambda one: one.max_date <= date):
            amount += partial.credit_amount_currency
        return line.currency_id.round(amount)

    def assertOpen(self, partner, companies, date, **options):
        """Compare items, balance and closing of each currency with the oracle."""
        expected = {}
        for line in self.lines_of(partner, companies, date):
            residual = self.residual_of(line, date)
            if residual:
                expected.setdefault(line.currency_id, {})[line.id] = residual
        customer = self.account_of(partner, companies[0])
        found = {}
        for section in self.read_page(customer, date_to=date, **options):
            items = {item['line_id']: item['residual'] for item in section['items']}
            if items:
                found[section['currency']] = items
            self.assertAlmostEqual(section['balance'], sum(items.values()), 2)
            self.assertAlmostEqual(
                section['closing'], section['balance'], 2,
                msg="movements lead to what is open")
            self.assertAlmostEqual(
                sum(section['ages']) + section['credit'], section['balance'], 2)
        self.assertEqual(set(found), set(expected))
        for currency, items in expected.items():
            self.assertEqual(
                {key: round(value, 2) for key, value in found[currency].items()},
                {key: round(value, 2) for key, value in items.items()})

    # === FIGURES === #

    def test_random_ledgers_at_any_day(self):
        dice = random.Random(19)
        partners = self.buyer | self.customer("Second")
        contact = self.customer("Purchasing", parent_id=self.buyer.id)
        days = [fields.Date.to_date(f'2026-{month:02}-{day:02}')
                for month in range(1, 6) for day in (3, 14, 27)]
        invoices = []
        for _number in range(22):
            partner = dice.choice([*partners, contact])
            currency = dice.choice([self.currencies['EUR'], self.currencies['USD']])
            company = dice.choice([self.company, self.company, self.branch])
            date = dice.choice(days)
            kind = dice.choice(['out_invoice'] * 4 + ['out_refund'])
            invoices.append(self.invoice(
                dice.randint(10, 900), due=fields.Date.add(date, days=dice.randint(0, 60)),
                partner=partner, date=date, currency=currency, company=company, kind=kind))
        for invoice in dice.sample(invoices, 12):
            if invoice.move_type == 'out_invoice':
                self.pay(invoice, dice.choice([None, 7, invoice.amount_total]),
                         date=dice.choice([day for day in days if day >= invoice.date]))
        for partner in partners:
            # A payment in euro for what is open in dollars, and money for nothing yet.
            dollars = [one for one in invoices if one.currency_id.name == 'USD'
                       and one.company_id == self.company and one.amount_residual
                       and one.move_type == 'out_invoice'
                       and one.partner_id.commercial_partner_id == partner]
            payment = self.pay(partner, 55, date='2026-05-20')
            if dollars:
                self.match(payment.move_id, dollars[0])
            self.pay(partner, 31, date='2026-04-02')
        self.env.flush_all()
        for date in [*dice.sample(days, 5), fields.Date.to_date('2026-06-01')]:
            for partner in partners:
                for company in (self.company, self.branch):
                    self.assertOpen(partner, company, date)
                    self.assertOpen(
                        partner, company, date, kind='movements',
                        date_from=fields.Date.subtract(date, days=dice.randint(0, 90)))
                self.assertOpen(
                    partner, self.company | self.branch, date, branches=True, kind='movements',
                    date_from='2026-02-01')

    def test_opening_plus_movements_is_closing(self):
        first = self.invoice(100, due='2026-02-01')
        self.pay(first, 40, date='2026-03-05')
        self.invoice(250, due='2026-04-10')
        section = self.section(
            kind='movements', date_from=fields.Date.to_date('2026-03-01'),
            date_to=fields.Date.to_date('2026-03-31'))
        self.assertEqual(
            (section['opening'], section['closing'],
             [row['amount'] for row in section['movements']],
             [row['balance'] for row in section['movements']]),
            (100, 310, [-40, 250], [60, 310]))

    def test_a_dollar_invoice_paid_in_euro_leaves_no_dollars(self):
        invoice = self.invoice(110, due='2026-05-31', currency=self.currencies['USD'])
        payment = self.pay(self.buyer, 100, date='2026-05-30')
        self.match(payment.move_id, invoice)
        self.assertFalse(invoice.amount_residual)
        sections = self.read_page(kind='movements', date_from=fields.Date.to_date('2026-04-01'))
        self.assertEqual({one['currency'].name: one['closing'] for one in sections},
                         {'EUR': 0, 'USD': 0})

    def test_an_entry_between_our_own_accounts_is_no_movement(self):
        doubtful = self.env['account.account'].create({
            'name': "Doubtful", 'code': '416000', 'account_type': 'asset_current',
            'reconcile': True, 'company_ids': [Command.set(self.company.ids)]})
        self.company.ar_doubtful_account_ids = doubtful
        invoice = self.invoice(100, due='2026-02-01')
        move = self.env['account.move'].create({
            'date': '2026-05-05', 'journal_id': self.journal('general').id,
            'line_ids': [
                Command.create({'account_id': doubtful.id, 'partner_id': self.buyer.id,
                                'balance': 100}),
                Command.create({'account_id': self.items(invoice).account_id.id,
                                'partner_id': self.buyer.id, 'balance': -100})]})
        move.action_post()
        self.match(invoice, move)
        section = self.section(
            kind='movements', date_from=fields.Date.to_date('2026-05-01'))
        self.assertEqual((section['opening'], section['movements'], section['closing'],
                          section['balance']), (100, [], 100, 100))

    def test_due_today_is_to_pay_and_not_late(self):
        self.invoice(100, due='2026-06-01')
        self.invoice(30, due='2026-05-31')
        self.invoice(500, due='2026-06-02')
        self.credit_note(20, '2026-05-15')
        section = self.section()
        names = [label for label, _first, _last in self.env['ar.statement']._get_ages()]
        self.assertEqual(dict(zip(names, section['ages'], strict=True))[names[0]], 600)
        self.assertEqual(section['ages'][1], 30)
        self.assertEqual((section['due'], section['credit'], section['balance']), (110, -20, 610))

    def test_a_statement_of_last_month_asks_for_what_is_due_today(self):
        invoice = self.invoice(100, due='2026-04-30')
        self.pay(invoice, 60, date='2026-05-20')
        section = self.section(date_to=fields.Date.to_date('2026-04-30'))
        self.assertEqual((section['balance'], section['due']), (100, 40))

    def test_branches_closed_to_the_user_are_refused(self):
        user = self.user('collector', 'one-house')
        self.invoice(100, due='2026-05-01', company=self.branch)
        customer = self.account_of().with_user(user)
        with self.assertRaises(AccessError):
            self.env['ar.statement'].with_user(user)._read_statements(customer, branches=True)
        with self.assertRaises(AccessError):
            self.env[REPORT].with_user(user)._get_report_values(
                [], {'customer_ids': customer.ids, 'branches': True})

    def test_nobody_prints_a_customer_they_may_not_read(self):
        user = self.user('own', 'own-only')
        customer = self.account_of()
        customer.collector_id = self.user('collector', 'other-collector')
        with self.assertRaises(AccessError):
            self.env[REPORT].with_user(user)._get_report_values(
                [], {'customer_ids': customer.ids})

    def test_the_number_of_queries_does_not_depend_on_the_customers(self):
        partners = self.env['res.partner'].create([
            {'name': f"Many {number}", 'is_company': True} for number in range(12)])
        for partner in partners:
            self.invoice(100, due='2026-05-01', partner=partner)
        customers = self.account_of(partners)
        counts = []
        for batch in (customers[:2], customers[:2], customers):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env['ar.statement']._read_statements(
                batch, kind='movements', date_from=fields.Date.to_date('2026-01-01'))
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[2], counts[1])
        self.assertLessEqual(counts[1], 20)

    # === PAPER === #

    def bank(self, company=None, number='FR7630006000011234567890189'):
        return self.env['res.partner.bank'].create({
            'acc_number': number, 'partner_id': (company or self.company).partner_id.id,
            'company_id': (company or self.company).id})

    def document(self, **options):
        Report = self.env[REPORT]
        [document] = Report._get_documents(self.account_of(), Report._read_options(options))
        return document

    def test_one_code_for_what_is_due_in_euro(self):
        self.bank()
        self.invoice(100, due='2026-05-01', currency=self.currencies['USD'])
        self.invoice(1234.5, due='2026-05-01')
        self.invoice(500, due='2026-09-01')
        self.buyer.ref = 'C0042'
        pay = self.document()['pay']
        self.assertEqual(len(pay['due']), 2, "two currencies are due")
        self.assertTrue(pay['qr'].startswith('data:image/png;base64,'))
        self.assertTrue(b64decode(pay['qr'].partition(',')[2]).startswith(b'\x89PNG'))
        self.assertIn("1,234.50", pay['qr_amount'])
        self.assertEqual(pay['bank']['number'], 'FR76 3000 6000 0112 3456 7890 189')
        codes = []
        Bank = type(self.env['res.partner.bank'])

        def remember(bank, *args, **kwargs):
            codes.append(args)
            return None

        self.patch(Bank, 'build_qr_code_base64', remember)
        self.document()
        self.assertEqual(codes[0][:2], (1234.5, 'C0042 2026-06-01'))

    def test_the_code_is_the_european_one(self):
        bank = self.bank()
        values = bank._get_qr_vals('sct_qr', 1234.5, self.currencies['EUR'], self.buyer, 'C1', '')
        self.assertEqual(
            (values[0], values[3], values[6], values[7]),
            ('BCD', 'SCT', 'FR7630006000011234567890189', 'EUR1234.5'))

    def test_no_code_and_no_link_when_nothing_is_due(self):
        self.bank()
        self.invoice(500, due='2026-09-01')
        pay = self.document()['pay']
        self.assertEqual((pay['qr'], pay['due'], pay['url']), (False, [], False))
        self.assertTrue(pay['bank'], "whoever wants to pay early may")

    def test_the_link_of_the_page_stands_on_paper(self):
        """On the paper, and it is the address that opens the page of this customer."""
        self.invoice(100, due='2026-05-01')
        url = self.document()['pay']['url']
        customer = self.account_of()
        self.assertTrue(url.endswith(
            f'/my/statement/{customer.id}?access_token={customer.access_token}'), url)
        self.assertTrue(customer.access_token)
        html = self.env['ir.actions.report']._render_qweb_html(
            'ar_collections.ar_statement_report', [],
            data={'customer_ids': customer.ids})[0].decode()
        self.assertIn(f'href="{url}"', html.replace('&amp;', '&'))

    def test_a_branch_without_a_bank_is_paid_through_its_parent(self):
        bank = self.bank()
        self.assertEqual(self.env[REPORT]._get_bank(self.branch), bank)
        own = self.bank(self.branch, 'DE89370400440532013000')
        self.assertEqual(self.env[REPORT]._get_bank(self.branch), own)

    def test_in_the_language_of_whoever_receives_it(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.buyer.lang = 'en_US'
        self.customer("Comptable", parent_id=self.buyer.id, type='invoice', lang='fr_FR')
        self.invoice(1234.5, due='2026-05-01')
        document = self.document()
        self.assertEqual(document['lang'], 'fr_FR')
        self.assertEqual(document['date'], '01/06/2026')
        self.assertIn("1\u202f234,50", document['sections'][0]['balance'].replace('\xa0', '\u202f'))
        self.assertIn("Comptable", document['address'])

    def test_a_long_statement_has_a_head_on_each_page(self):
        self.bank()
        for number in range(70):
            self.invoice(10 + number, due='2026-05-01')
        document = self.document(kind='movements', date_from='2026-01-01')
        rows = [row for page in document['pages'] for table in page for row in table['rows']]
        self.assertEqual(len(rows), 140, "70 movements and 70 items")
        self.assertGreater(len(document['pages']), 3)
        firsts = [table['kind'] for page in document['pages'] for table in page if table['first']]
        self.assertEqual(firsts, ['movements', 'items'])

    def test_many_customers_in_one_real_document(self):
        second = self.customer("Second", street="1 rue Basse", zip='69001', city="Lyon")
        self.invoice(100, due='2026-05-01')
        self.invoice(200, due='2026-05-01', partner=second)
        customers = self.account_of() | self.account_of(second)
        Report = self.env['ir.actions.report'].with_context(force_report_rendering=True)
        with self.allow_pdf_render():
            content = Report._render_qweb_pdf(
                'ar_collections.ar_statement_report', data={'customer_ids': customers.ids})[0]
        singles = self.env['ar.letter']._cut_pdf(content, 2)
        texts = [" ".join(PdfReader(io.BytesIO(one)).pages[0].extract_text().split())
                 for one in singles]
        self.assertIn("Buyer", texts[0])
        self.assertIn("Second", texts[1])
        self.assertIn("Our House", texts[1], "the sender stands in the body")

    # === DIALOG === #

    def wizard(self, customers, **vals):
        action = customers.action_open_statement()
        wizard = self.env['ar.statement.wizard'].browse(action['res_id'])
        wizard.write(vals)
        return wizard

    def test_the_sheet_holds_real_numbers(self):
        invoice = self.invoice(100, due='2026-05-01')
        self.pay(invoice, 40, date='2026-05-20')
        self.buyer.name = "=cmd|' /C calc'!A0"
        wizard = self.wizard(self.account_of(), kind='movements', date_from='2026-04-15')
        book = load_workbook(io.BytesIO(wizard._get_sheet()))
        items, movements = book.worksheets
        row = [cell.value for cell in items[2]]
        self.assertEqual((row[0], row[8:]), ("=cmd|' /C calc'!A0", [100, 60, 31]))
        self.assertEqual(items['A2'].data_type, 's', "a name is never a formula")
        self.assertEqual([cell.value for cell in movements['J']][1:], [100, 60])

    def test_dates_the_wrong_way_round(self):
        wizard = self.wizard(
            self.account_of(), kind='movements', date_from='2026-06-01', date_to='2026-05-01')
        with self.assertRaises(UserError):
            wizard.action_print()

    def test_a_branch_is_not_printed_twice(self):
        self.invoice(100, due='2026-05-01')
        self.invoice(50, due='2026-05-01', company=self.branch)
        both = self.account_of() | self.account_of(company=self.branch)
        data = self.wizard(both, branches=True).action_print()['data']
        self.assertEqual(data['customer_ids'], self.account_of().ids)
        data = self.wizard(both).action_print()['data']
        self.assertEqual(set(data['customer_ids']), set(both.ids))
