import io
from datetime import date

from openpyxl import load_workbook

from odoo import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import html2plaintext

from .law_common import LawCommon


@tagged('post_install', '-at_install')
class TestClaimDocuments(LawCommon):
    """What the customer gets: a table that adds up, in its own language."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('fr_FR')

    def make(self):
        bill = self.invoice(10000, due='2025-11-30')
        self.pay(bill, 4000, date='2026-03-02')
        self.invoice(3650, due='2026-04-22')
        return self.draft()

    def page(self, claim):
        html, _kind = self.env['ir.actions.report']._render_qweb_html(
            'ar_collections.report_ar_claim', claim.ids)
        return " ".join(html2plaintext(html).replace('\xa0', ' ').split())

    def test_every_segment_is_printed_with_what_it_takes_to_redo_it(self):
        claim = self.make()
        text = self.page(claim)
        for line in claim.line_ids:
            self.assertIn(line.name, text)
            for segment in line._get_segments():
                self.assertIn(f"{segment['amount']:,.2f}", text)
                self.assertIn(f"{segment['base']:,.2f}", text)
        self.assertIn("12.15", text)
        self.assertIn("L441-10", text)
        self.assertIn("36,500", text)
        self.assertIn(f"{claim.amount_total:,.2f}", text)

    def test_what_stays_open_and_the_statement_add_up_to_the_whole_debt(self):
        claim = self.make()
        line = claim.line_ids.sorted('date_maturity')[0]
        self.assertRegex(self.page(claim), "besides this statement: [^0-9]*6,000.00")
        # French law: the payment paid interest first. Books and law come to the same sum.
        [payment] = line.statement['payments']
        by_law = (float(line.statement['principal_due']) + line.interest_total
                  - float(payment['to_interest']) + line.compensation_total)
        self.assertAlmostEqual(line.move_id.amount_residual + line.amount_total, by_law, places=2)

    def test_a_draft_says_that_it_claims_nothing(self):
        claim = self.make()
        self.assertIn("claims nothing yet", self.page(claim))
        claim.with_user(self.boss).action_claim()
        self.assertNotIn("claims nothing yet", self.page(claim))

    def test_each_customer_in_its_own_language(self):
        self.buyer.lang = 'fr_FR'
        text = self.page(self.make())
        # Odoo's own formats: the words follow with the translations of the module.
        self.assertIn("10 000,00", text.replace('\u202f', ' '))
        self.assertIn("12,15", text)
        self.assertIn("1er juin 2026", text)

    def test_the_spreadsheet_computes_what_is_printed(self):
        claim = self.make()
        sheet = load_workbook(io.BytesIO(claim._get_xlsx())).active
        values = load_workbook(io.BytesIO(claim._get_xlsx()), data_only=True).active
        total = 0
        for row in range(5, sheet.max_row):
            if "Payment received" in (sheet.cell(row, 10).value or ''):
                continue
            days, base, rate, year = (sheet.cell(row, column).value for column in (5, 6, 7, 8))
            amount = values.cell(row, 9).value
            if days:
                self.assertTrue(sheet.cell(row, 9).value.startswith("=ROUND("))
                self.assertAlmostEqual(base * rate / 100 * days / year, amount, delta=0.005001)
            total += amount
        self.assertAlmostEqual(total, claim.amount_total, places=2)
        self.assertAlmostEqual(values.cell(sheet.max_row, 9).value, claim.amount_total, places=2)
        # Why the amount changes from one line to the next: the payment, in its place.
        self.account_of().write({'has_contract_rate': True, 'contract_rate': 1})
        claim.action_refresh()
        sheet = load_workbook(io.BytesIO(claim._get_xlsx())).active
        self.assertIn("Rate agreed by contract: 1.00 %", sheet.cell(3, 1).value)
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)]
        [at] = [number for number, row in enumerate(rows) if "Payment received" in (row[9] or '')]
        [move] = claim.line_ids[0].statement['payments']
        self.assertIn("4,000.00\xa0€, of which interest", rows[at][9])
        self.assertEqual(str(rows[at][2])[:10], '2026-03-02')
        self.assertAlmostEqual(
            rows[at + 1][5], rows[at - 1][5] - float(move['to_principal']), places=2)
        self.assertIn("below the lawful floor", rows[at + 1][9])

    def test_the_spreadsheet_follows_the_rounding_of_the_rule(self):
        """The day first (United Kingdom), or once for all: then the cell holds the figure."""
        self.invoice(10000, due='2025-11-30')
        self.account_of().regime_id = self.env.ref('ar_collections.regime_uk_business')
        for rounding, start, end in (('daily', "=ROUND(F5*G5/100/H5,2)", "*E5"),
                                     ('segment', "=ROUND(F5*G5/100*E5/H5,2)", ""),
                                     ('end', None, None)):
            self.account_of().regime_id.rounding = rounding
            claim = self.draft()
            content = claim._get_xlsx()
            cell = load_workbook(io.BytesIO(content)).active.cell(5, 9).value
            shown = load_workbook(io.BytesIO(content), data_only=True).active
            days, base, rate, year = (shown.cell(5, column).value for column in (5, 6, 7, 8))
            amount = {'daily': round(base * rate / 100 / year, 2) * days}.get(
                rounding, base * rate / 100 * days / year)
            with self.subTest(rounding=rounding):
                self.assertEqual(cell if start else type(cell), start + end if start else float)
                self.assertAlmostEqual(shown.cell(5, 9).value, amount, delta=0.005001)
                self.assertAlmostEqual(claim.amount_interest, shown.cell(5, 9).value, places=2)

    def test_only_the_rates_that_were_applied_are_printed(self):
        """French public bodies: the rate of the first day, however many half-years are crossed."""
        rule = self.env.ref('ar_collections.regime_fr_public')
        self.account_of().write({'debtor_kind': 'public', 'regime_id': rule.id})
        self.invoice(10000, due='2025-01-31')
        claim = self.draft()
        self.assertEqual(
            [source[3] for source in self.env['report.ar_collections.report_ar_claim']._get_sources(
                claim, str)], ["11.15"])
        text = self.page(claim)
        self.assertIn("11.15", text)
        self.assertNotIn("10.15", text)

    def test_the_words_follow_the_rule(self):
        """From a notice on, without compensation; or compensation without interest."""
        rule = self.env.ref('ar_collections.regime_fr_business')
        rule.write({'needs_notice': True})
        rule.bracket_ids.unlink()
        self.account_of().notice_date = '2026-05-01'
        self.invoice(3650, due='2026-04-22')
        text = self.page(self.draft())
        self.assertIn("Late interest, counted to", text)
        self.assertIn("from the day after the formal notice", text)
        rule.write({'rate_kind': 'none', 'bracket_ids': [
            Command.create({'start': 0, 'amount': 40})]})
        text = self.page(self.draft())
        self.assertIn("Compensation, counted to", text)
        self.assertNotIn("0.00", text.replace("40.00", "").replace("3,650.00", ""))
        self.assertNotIn("by hand", text)

    def test_costs_are_printed_with_their_proof(self):
        claim = self.make()
        claim.regime_id.sudo().proven_costs = True
        self.env['ar.claim.cost'].create({
            'claim_id': claim.id, 'date': '2026-05-20', 'name': "Bailiff", 'amount': 200,
            'attachment_ids': [Command.create({'name': "bailiff.pdf", 'raw': b'paid'})]})
        text = self.page(claim)
        for words in ("Bailiff", "bailiff.pdf", "200.00", "80.00", "120.00",
                      f"{claim.amount_total:,.2f}"):
            self.assertIn(words, text)
        values = load_workbook(io.BytesIO(claim._get_xlsx()), data_only=True).active
        self.assertAlmostEqual(sum(
            values.cell(row, 9).value or 0 for row in range(5, values.max_row)),
            claim.amount_total, places=2)

    def test_a_name_is_never_a_formula(self):
        self.buyer.name = "=cmd|' /C calc'!A0"
        sheet = load_workbook(io.BytesIO(self.make()._get_xlsx())).active
        self.assertEqual(sheet.cell(1, 1).data_type, 's')


@tagged('post_install', '-at_install')
class TestReminderInterest(LawCommon):
    """What a level says about late interest, and what it must not say."""

    def message(self, mode, partner=None, **vals):
        self.ladder.level_ids.interest_mode = mode
        self.invoice(3650, due='2026-05-22', partner=partner)
        [reminder] = self.run_dunning('2026-06-01').reminder_ids
        return reminder, " ".join(
            html2plaintext(reminder.items_html).replace('\xa0', ' ').split())

    def test_silent_by_default(self):
        self.assertEqual(set(self.env['ar.dunning.level'].search([]).mapped('interest_mode')),
                         {'none'})
        _reminder, text = self.message('none')
        self.assertNotIn("interest", text.lower())

    def test_mentioned(self):
        _reminder, text = self.message('mention')
        self.assertIn("L441-10", text)
        self.assertNotIn("12.15", text)

    def test_a_consumer_is_not_told_that_every_delay_gives_a_claim(self):
        """France: interest from the formal notice on, no 40 €, and no line begins with a sign."""
        rule = self.env.ref('ar_collections.regime_fr_consumer')
        rule.action_confirm()
        rule.sentence = "Legal rate : 5 % a year."
        camille = self.customer("Camille", is_company=False, country_id=self.france.id)
        self.account_of(camille).debtor_kind = 'consumer'
        reminder, text = self.message('mention', camille)
        self.assertIn("After the notice that the law asks for, late payment entitles us to "
                      "interest. Legal rate : 5 % a year.", text)
        self.assertNotIn("compensation", text)
        self.assertNotIn("40", text)
        self.assertIn("Legal rate\u00a0: 5\u00a0% a year.", reminder.items_html)

    def test_shown_as_a_figure_changes_no_amount(self):
        reminder, text = self.message('figure')
        self.assertIn("12.15", text)
        self.assertIn("For information", text)
        self.assertEqual(reminder.amount_claimed, 3650)
        self.send()
        self.assertFalse(self.env['ar.claim'].search([]))

    def test_what_is_zero_is_not_named_and_an_agreed_rate_is(self):
        """Swiss law has no flat sum; a Belgian contract with a consumer no interest."""
        rule = self.env.ref('ar_collections.regime_fr_business')
        rule.bracket_ids.unlink()
        account = self.account_of()
        account.write({'has_contract_rate': True, 'contract_rate': 20})
        reminder, text = self.message('claim')
        self.assertNotIn("0.00", text.replace("3,650.00", "").replace("20.00", ""))
        self.assertNotIn("compensation for recovery cost of", text)
        # 3,650 × 20 % × 10 / 365
        self.assertIn("20.00", text)
        self.assertIn("Rate agreed by contract: 20.00 % a year.", text)
        for interest, compensation in ((True, False), (False, True), (True, True)):
            for mode in ('figure', 'claim'):
                self.ladder.level_ids.interest_mode = mode
                words = reminder._get_late_amount_text(
                    self.env, interest, compensation,
                    {'date': "D", 'interest': "I1", 'compensation': "C1", 'total': "T1"})
                self.assertEqual(("I1" in words, "C1" in words), (interest, compensation))

    def test_the_rate_of_an_invoice_is_named_with_the_invoice(self):
        account = self.account_of()
        account.write({'has_contract_rate': True, 'contract_rate': 20})
        special = self.invoice(365, due='2026-05-22')
        self.env['ar.contract.rate'].create({
            'customer_id': account.id, 'move_id': special.id, 'rate': 10.125,
            'clause': "Order 7"})
        reminder, text = self.message('figure')
        self.assertIn("Rate agreed by contract: 20.00 % a year.", text)
        self.assertIn(f"Rate agreed by contract for {special.name}: 10.125 % a year.", text)
        # 3,650 at 20 % and 365 at 10.125 % for ten days.
        self.assertIn("21.01", text)
        # All its invoices have their own: that of the customer is not applied, nor named.
        reminder.line_ids.filtered(lambda line: line.move_id != special).unlink()
        texts = " ".join(reminder._get_late_texts())
        self.assertIn("10.125", texts)
        self.assertNotIn("20.00 %", texts)

    def test_a_rate_that_nobody_has_entered_leaves_the_rule_without_a_figure(self):
        self.env['ar.reference.rate'].search([
            ('reference', '=', 'ecb'), ('date_from', '>=', '2026-01-01')]).unlink()
        reminder, text = self.message('claim')
        self.assertIn("Late payment entitles us to interest and compensation.", text)
        self.assertIn("L441-10", text)
        self.assertNotIn("we claim", text)
        self.ladder.level_ids.interest_mode = 'figure'
        self.assertEqual(len(reminder._get_late_texts()), 1)
        self.assertNotIn("For information", reminder._get_late_texts()[0])
        self.night('2026-06-01')
        self.assertFalse(self.env['ar.claim'].search([]))
        self.assertEqual(reminder.state, 'sent')

    def test_claimed_prepares_one_statement_and_attaches_it(self):
        reminder, text = self.message('claim')
        self.assertIn("52.15", text)
        self.assertEqual(reminder.amount_claimed, 3650)
        self.night('2026-06-01')
        claim = self.env['ar.claim'].search([])
        self.assertEqual((claim.reminder_id, claim.amount_total, claim.state),
                         (reminder, 52.15, 'draft'))
        names = reminder.mail_id.attachment_ids.mapped('name')
        self.assertTrue([name for name in names if name.startswith(claim.name.replace('/', '-'))])

    def test_nothing_is_said_where_the_law_gives_nothing(self):
        for mode in ('mention', 'figure', 'claim'):
            someone = self.customer(
                f"Someone {mode}", is_company=False, country_id=self.france.id)
            self.ladder.level_ids.interest_mode = mode
            self.invoice(3650, due='2026-05-22', partner=someone)
            self.run_dunning('2026-06-01')
            [reminder] = self.reminders(someone)
            self.assertEqual(reminder._get_late_texts(), [], mode)

    def test_many_messages_read_the_ledger_once(self):
        self.ladder.level_ids.interest_mode = 'figure'
        for number in range(8):
            partner = self.customer(f"Late {number}", country_id=self.france.id)
            self.invoice(3650, due='2026-05-22', partner=partner)
        reminders = self.run_dunning('2026-06-01').reminder_ids
        reminders._read_ahead()
        engine = type(self.env['ar.interest.engine'])
        calls = []
        self.patch(engine, '_get_item_claims', lambda *args, **kw: calls.append(args) or [])
        for reminder in reminders:
            self.assertTrue(reminder._get_late_texts())
        self.assertFalse(calls)


@tagged('post_install', '-at_install')
class TestMention(LawCommon):
    """What the law wants on an invoice stands on the printed invoice."""

    def printed(self, bill):
        return self.env['ir.actions.report']._render_qweb_html(
            'account.report_invoice', bill.ids)[0].decode()

    def test_mention_between_businesses(self):
        bill = self.invoice(100, due='2026-05-01')
        self.assertNotIn("ar_mention", self.printed(bill))
        self.company.ar_mention_on_invoices = True
        text = self.printed(bill)
        self.assertIn("flat compensation for recovery cost of 40", text)
        self.assertIn("No discount for early payment.", text)
        self.account_of().write({'has_contract_rate': True, 'contract_rate': 12})
        self.assertIn("Rate agreed by contract: 12.00 % a year.", self.printed(bill))
        self.env['ar.contract.rate'].create({
            'customer_id': self.account_of().id, 'move_id': bill.id, 'rate': 10.125,
            'clause': "Order 7"})
        text = self.printed(bill)
        self.assertIn("Rate agreed by contract: 10.125 % a year.", text)
        self.assertNotIn("12.00 %", text)

    def test_a_discount_is_left_to_odoo_and_a_consumer_reads_nothing(self):
        self.company.ar_mention_on_invoices = True
        bill = self.invoice(100, due='2026-05-01', post=False)
        bill.invoice_payment_term_id = self.env['account.payment.term'].create({
            'name': "2 % in ten days", 'early_discount': True, 'discount_percentage': 2,
            'discount_days': 10,
            'line_ids': [Command.create({'value': 'percent', 'value_amount': 100, 'nb_days': 30})]})
        self.assertNotIn("iscount", bill._get_ar_mention())
        # Odoo prints it with the due dates only.
        bill.invoice_payment_term_id.display_on_invoice = False
        self.assertIn(
            "Discount for early payment: 2.00 % when paid within 10 days.", bill._get_ar_mention())
        self.account_of().debtor_kind = 'consumer'
        self.assertFalse(bill._get_ar_mention())

    def test_the_settings_show_the_text_of_the_country_or_why_there_is_none(self):
        settings = self.env['res.config.settings'].create({'company_id': self.company.id})
        self.assertIn("L441-10", settings.ar_mention_text)
        self.env.ref('ar_collections.regime_fr_business').state = 'unconfirmed'
        settings.invalidate_recordset()
        self.assertIn("no confirmed rule", settings.ar_mention_text)
        self.company.country_id = self.env.ref('base.pt')
        settings.invalidate_recordset()
        self.assertIn("Portugal", settings.ar_mention_text)

    def test_every_country_of_the_rules_has_a_text(self):
        rules = self.env['ar.legal.regime'].search([
            ('debtor', '=', 'business'), ('state', '=', 'confirmed')])
        self.assertEqual(
            {'FR', 'DE', 'BE', 'NL', 'LU', 'ES', 'IT', 'IE', 'AT', 'CH', 'GB'}
            - set(rules.filtered('mention').country_id.mapped('code')), set())


@tagged('post_install', '-at_install')
class TestClaimDownload(HttpCase, LawCommon):
    """The spreadsheet by its address."""
    frozen = False

    def test_only_readers_download(self):
        self.invoice(3650, due='2026-04-22')
        claim = self.env['ar.claim']._prepare_for(self.account_of(), date(2026, 6, 1))
        self.account_of().collector_id = self.boss
        url = f'/ar_collections/claim/{claim.id}/xlsx'
        self.user('auditor', 'sheet_auditor')
        self.authenticate('sheet_auditor', 'sheet_auditor')
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200)
        self.assertTrue(answer.content.startswith(b'PK'))
        for login, role in (
            ('sheet_own', 'own'), ('sheet_seller', 'sales_team.group_sale_salesman'),
        ):
            self.user(role, login)
            self.authenticate(login, login)
            self.assertEqual(self.url_open(url).status_code, 404)
