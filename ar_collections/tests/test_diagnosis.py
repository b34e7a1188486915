import io
import re
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools.pdf import PdfReader

from .credit_common import ExposureCommon


@tagged('post_install', '-at_install')
class TestDiagnosis(ExposureCommon):
    """Each figure of the diagnosis against documents counted one by one."""

    def wizard(self, **vals):
        wizard = self.env['ar.diagnosis.wizard'].create({
            'company_id': self.company.id, 'date_from': '2025-06-02', 'date_to': '2026-06-01',
            'cost_rate': 10, **vals})
        self.env.flush_all()
        wizard.action_read()
        return wizard

    def line(self, code, section=None, wizard=None, **params):
        lines = (wizard or self.wizard()).line_ids.filtered(
            lambda one: one.code == code and (not section or one.section == section)
            and all((one.params or {}).get(key) == value for key, value in params.items()))
        return lines[:1]

    def documents(self, line):
        action = line.action_open_documents()
        return self.env[action['res_model']].with_context(active_test=False).search(
            action['domain'])

    # === EMPTY AND RIGHTS === #

    def test_an_empty_ledger_says_so(self):
        wizard = self.wizard()
        self.assertTrue(wizard.is_empty)
        self.assertFalse(wizard.line_ids)

    def test_who_may_read(self):
        self.invoice(100, due='2026-05-01')
        for role in ('auditor', 'collector', 'manager'):
            user = self.user(role, f'diag-{role}')
            wizard = self.env['ar.diagnosis.wizard'].with_user(user).with_context(
                allowed_company_ids=self.company.ids)
            action = wizard.action_open()
            self.assertTrue(wizard.browse(action['res_id']).line_ids, role)
        with self.assertRaises(AccessError):
            self.env['ar.diagnosis.wizard'].with_user(self.user('own', 'diag-own')).action_open()

    def test_another_persons_figures_open_nothing(self):
        self.invoice(100, due='2026-05-01')
        line = self.line('overdue', 'lateness')
        other = self.env['account.move.line'].with_user(self.user('auditor', 'diag-auditor'))
        with self.assertRaises(AccessError):
            other.search([('ar_diagnosis_line_id', '=', line.id)])

    def test_another_company_is_not_in_it(self):
        self.invoice(100, due='2026-05-01')
        self.invoice(70, due='2026-05-01', company=self.other)
        self.invoice(30, due='2026-05-01', company=self.branch)
        user = self.user('collector', 'diag-collector')
        Wizard = self.env['ar.diagnosis.wizard'].with_user(user).with_context(
            allowed_company_ids=self.company.ids)

        def overdue():
            wizard = Wizard.browse(Wizard.action_open()['res_id'])
            return self.line('overdue', 'lateness', wizard).amount

        self.assertEqual(overdue(), 100, "the branch is closed")
        user.company_ids |= self.branch
        self.assertEqual(overdue(), 130)

    # === EVERY FIGURE CLICKS === #

    def make_ledger(self):
        second = self.customer("Second", vat='FR83404833048', country_id=self.env.ref('base.fr').id)
        nobody = self.customer("Nobody", email=False)
        late = self.invoice(1000, due='2026-03-01')
        self.pay(late, date='2026-03-31')
        early = self.invoice(500, due='2026-04-30')
        self.pay(early, date='2026-04-20')
        self.invoice(300, due='2026-05-22', partner=second)
        self.invoice(200, due='2026-01-01', partner=nobody)
        self.invoice(50, due='2026-07-01', partner=second)
        refund = self.invoice(80, due='2026-05-15', partner=second)
        self.reverse(refund, "Wrong price")
        self.reverse(self.invoice(20, due='2026-05-15', partner=second), "wrong price")
        self.reverse(self.invoice(40, due='2026-05-15', partner=second), "")
        self.invoice(5, due='2026-05-15', post=False)
        self.pay(self.buyer, 33, date='2026-02-01')
        self.entry(64, '2026-04-01', partner=second)
        return second, nobody

    def reverse(self, move, reason):
        wizard = self.env['account.move.reversal'].with_context(
            active_model='account.move', active_ids=move.ids).create({
                'reason': reason, 'journal_id': move.journal_id.id, 'date': '2026-05-20'})
        wizard.refund_moves()
        wizard.new_move_ids.action_post()
        self.match(move, wizard.new_move_ids)

    def test_every_figure_opens_as_many_documents_as_it_says(self):
        self.make_ledger()
        wizard = self.wizard()
        self.assertGreater(len(wizard.line_ids), 40)
        for line in wizard.line_ids.filtered('res_model'):
            found = self.documents(line)
            if line.section not in ('summary', 'concentration', 'tie') and line.count:
                self.assertEqual(len(found), line.count, f"{line.section} {line.name}")

    def test_lateness(self):
        self.make_ledger()
        wizard = self.wizard()
        # 1000 came 30 days late, 500 ten days early.
        self.assertAlmostEqual(
            self.line('step_late', wizard=wizard).days, (1000 * 30 - 500 * 10) / 1500, 1)
        late = self.line('paid_late', 'lateness', wizard)
        self.assertEqual((late.amount, round(late.share, 1), late.days), (1000, 66.7, 30))
        # Open and late on 1 June: 300 by 10 days, 200 by 151, the entry of 64 by 61.
        overdue = self.line('overdue', 'lateness', wizard)
        self.assertEqual((overdue.count, overdue.amount), (3, 564))
        cost = (1000 * 30 + 300 * 10 + 200 * 151 + 64 * 61) * 0.10 / 365
        self.assertAlmostEqual(self.line('lateness', 'lateness', wizard).amount, cost, 2)
        top = wizard.line_ids.filtered(lambda one: one.section == 'customers')
        self.assertEqual(top.mapped('name'), ["Nobody", "Buyer", "Second"])
        self.assertAlmostEqual(sum(top.mapped('amount')), cost, 2)
        self.assertAlmostEqual(sum(top.mapped('share')), 100, 0)

    def test_late_before_the_period_costs_the_days_of_the_period_only(self):
        self.invoice(365, due='2024-01-01')
        self.assertAlmostEqual(self.line('lateness', 'lateness').amount, 36.5, 1)

    def test_months_and_ages(self):
        self.make_ledger()
        wizard = self.wizard()
        months = {one.name: (one.amount, one.days) for one in wizard.line_ids
                  if one.section == 'months'}
        self.assertEqual(months, {'Mar 2026': (1000, 30), 'Apr 2026': (500, -10)})
        ages = [one.amount for one in wizard.line_ids if one.section == 'ages']
        self.assertEqual(ages, [50, 300, 0, 64, 0, 200])

    def test_turnover_by_the_formulas(self):
        self.make_ledger()
        wizard = self.wizard()
        summary = [one.value for one in wizard.line_ids if one.section == 'summary']
        # 1000 + 500 + 300 + 200 + 50 invoiced; 140 invoiced and credited; 581 open.
        receivable, sales = 300 + 200 + 50 + 64 - 33, 2050
        self.assertIn("581.00", summary[0])
        self.assertIn("2,050.00", summary[1])
        self.assertEqual(summary[2], f"{receivable / sales * 365:.1f} days")
        # Ten days gained on an invoiced year free ten days of its sales.
        freed = self.line('sales', 'lateness', wizard)
        self.assertAlmostEqual(freed.amount, sales / 365, 2)
        late = self.line('step_late', wizard=wizard)
        self.assertAlmostEqual(late.cash, late.days * sales / 365, 0)

    def test_concentration(self):
        self.make_ledger()
        lines = self.wizard().line_ids.filtered(lambda one: one.section == 'concentration')
        # Receivables: Second 414, Nobody 200; Buyer has only a credit.
        index = (100 * 414 / 614) ** 2 + (100 * 200 / 614) ** 2
        self.assertEqual(lines[0].value, "100.0\u202f%")
        self.assertEqual(lines[1].value, f"{index:,.0f}".replace(',', '\u202f'))

    def test_credit_notes_by_reason(self):
        self.make_ledger()
        lines = self.wizard().line_ids.filtered(lambda one: one.section == 'credits')
        self.assertEqual(
            [(one.name.lower(), one.count, one.amount) for one in lines],
            [("all credit notes", 3, 140), ("wrong price", 2, 100),
             ("no reason recorded", 1, 40)])
        self.assertAlmostEqual(lines[0].share, 100 * 140 / (2050 + 140), 1)

    # === STEPS AND LEAKS === #

    def test_sending(self):
        sent = self.invoice(100, due='2026-05-31', date='2026-05-11')
        marked = self.invoice(900, due='2026-05-31', date='2026-05-11')
        marked.is_move_sent = True
        sent.is_move_sent = True
        self.invoice(70, due='2026-05-31', date='2026-05-11')
        message = sent.message_post(
            body="Your invoice", message_type='comment', partner_ids=self.buyer.ids,
            subtype_xmlid='mail.mt_comment')
        message.date = '2026-05-15 08:00:00'
        wizard = self.wizard()
        step = self.line('step_sending', wizard=wizard)
        self.assertEqual((step.count, step.days), (1, 4), "only what Odoo has seen leave")
        never = self.line('never_sent', wizard=wizard)
        self.assertEqual((never.count, never.amount), (1, 70))

    def test_order_to_invoice_and_delivered_not_invoiced(self):
        order = self.quote([(10, 100, False, self.work)])
        order.date_order = '2026-05-01 10:00:00'
        order.order_line.qty_delivered = 4
        self.invoice(1, due='2026-09-01')
        wizard = self.wizard()
        leak = self.line('not_invoiced', 'leaks', wizard)
        self.assertEqual((leak.count, leak.amount), (1, 400))
        self.assertEqual(self.documents(leak), order.order_line)
        invoice = order._create_invoices()
        invoice.invoice_date = '2026-05-20'
        invoice.action_post()
        wizard = self.wizard()
        self.assertFalse(self.line('not_invoiced', 'leaks', wizard).count)
        step = self.line('step_invoicing', wizard=wizard)
        self.assertEqual((step.count, step.amount), (1, 400))
        if not self.env['ar.diagnosis']._has_deliveries():
            self.assertEqual(step.days, 19)

    def test_old_drafts(self):
        draft = self.invoice(5, due='2026-05-15', post=False)
        self.invoice(1, due='2026-09-01')
        self.assertFalse(self.line('old_drafts').count)
        self.env.cr.execute("UPDATE account_move SET create_date = '2026-05-20' WHERE id = %s",
                            [draft.id])
        self.assertEqual(self.documents(self.line('old_drafts')), draft)

    def allowed_until(self, day):
        """The French cap, by the calendar: 60 days, or 45 days end of month either way."""
        def month_end(moment):
            return moment + relativedelta(day=31)
        return max(day + relativedelta(days=60), month_end(day + relativedelta(days=45)),
                   month_end(day) + relativedelta(days=45))

    def test_terms_beyond_the_cap_of_france(self):
        expected = self.env['account.move']
        for day in (date(2026, 1, 1), date(2026, 1, 15), date(2026, 1, 17), date(2026, 2, 28),
                    date(2025, 12, 31), date(2026, 3, 16)):
            last = self.allowed_until(day)
            self.invoice(10, due=fields.Date.to_string(last), date=fields.Date.to_string(day))
            expected |= self.invoice(
                10, due=fields.Date.to_string(last + relativedelta(days=1)),
                date=fields.Date.to_string(day))
        found = self.line('long_terms')
        self.assertEqual(self.documents(found).move_id, expected)
        self.assertEqual(found.days, 1)
        amount = found.amount
        self.env['ar.term.cap'].create({
            'name': "Young", 'country_id': self.env.ref('base.fr').id, 'days': 90,
            'date_from': '2026-02-01', 'state': 'confirmed'})
        found = self.line('long_terms')
        self.assertEqual(
            self.documents(found).move_id,
            expected.filtered(lambda move: move.invoice_date < date(2026, 2, 1)),
            "the younger cap in place of the older one, none counted twice")
        self.assertLess(found.amount, amount)

    def test_the_cap_is_not_for_consumers_nor_for_abroad(self):
        abroad = self.customer("Abroad", country_id=self.env.ref('base.jp').id)
        person = self.env['res.partner'].create({'name': "A person", 'is_company': False})
        for partner in (abroad, person):
            self.invoice(10, due='2026-05-31', date='2026-01-01', partner=partner)
        self.assertFalse(self.line('long_terms').count)

    # === DATA === #

    def test_a_draft_still_matched_breaks_the_tie_and_is_shown(self):
        invoice = self.invoice(100, due='2026-05-01')
        self.invoice(25, due='2026-05-01')
        self.pay(invoice, 60, date='2026-05-10')
        wizard = self.wizard()
        tie = {one.name: one.amount for one in wizard.line_ids if one.section == 'tie'}
        self.assertEqual(list(tie.values()), [65, 65, 0, 0, 0])
        invoice.button_draft()
        wizard = self.wizard()
        tie = [one.amount for one in wizard.line_ids if one.section == 'tie']
        balance = sum(self.env['account.move.line'].search([
            ('account_id.account_type', '=', 'asset_receivable'),
            ('parent_state', '=', 'posted'), ('company_id', '=', self.company.id)],
        ).mapped('balance'))
        self.assertEqual(tie, [balance, 25, 0, -60, 0])
        line = self.line('draft_matched', 'data', wizard)
        self.assertEqual(self.documents(line), self.items(invoice))

    def test_lines_without_a_customer(self):
        move = self.entry(64, '2026-04-01')
        self.invoice(1, due='2026-09-01')
        line = self.items(move)
        self.env.cr.execute(
            "UPDATE account_move_line SET partner_id = NULL WHERE id = %s", [line.id])
        self.env.invalidate_all()
        wizard = self.wizard()
        self.assertEqual(self.documents(self.line('no_partner', 'data', wizard)), line)
        tie = [one.amount for one in wizard.line_ids if one.section == 'tie']
        self.assertEqual(tie, [65, 1, 64, 0, 0])

    def test_customers(self):
        second, nobody = self.make_ledger()
        wizard = self.wizard()
        self.assertEqual(self.documents(self.line('no_email', wizard=wizard)), nobody)
        self.customer("Accounts", parent_id=nobody.id, type='invoice')
        self.assertFalse(self.line('no_email').count, "the invoice contact can be written to")
        wrong = self.documents(self.line('partners', 'data', wizard))
        self.assertFalse(wrong, "a VAT number that passes")
        self.env.cr.execute("UPDATE res_partner SET vat = 'FR84404833048' WHERE id = %s",
                            [second.id])
        self.env.invalidate_all()
        self.assertEqual(self.documents(self.line('partners', 'data')), second)

    def test_items_out_of_the_reminders(self):
        self.make_ledger()
        line = self.line('no_followup')
        self.assertEqual((line.count, line.amount), (1, 64), "the general entry")

    def test_the_number_of_queries_does_not_depend_on_the_invoices(self):
        counts = []
        for number in (1, 1, 12):
            for _turn in range(number):
                self.invoice(100, due='2026-05-01')
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.wizard()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLess(abs(counts[2] - counts[1]), 4)

    # === PAPER === #

    def test_six_pages(self):
        self.make_ledger()
        wizard = self.wizard()
        html = self.env['ir.actions.report']._render_qweb_html(
            'ar_collections.ar_diagnosis_report', wizard.ids)[0].decode()
        self.assertEqual(html.count('class="ar-letter'), 6)
        for word in ("Nobody", "wrong price", "Page", "6/6", "From order to cash"):
            self.assertIn(word.lower(), html.lower())

    def test_six_real_pages(self):
        """Ten customers with long names and a dozen reasons still leave six sheets of paper."""
        self.make_ledger()
        for number in range(12):
            partner = self.customer(f"Coopérative agricole du canton de Saint-Rémy {number}")
            paid = self.invoice(100 + number, due='2026-02-01', partner=partner)
            self.pay(paid, date='2026-05-20')
            self.invoice(900 + number, due='2026-03-01', partner=partner)
            self.reverse(self.invoice(40, due='2026-05-15', partner=partner),
                         f"Goods damaged on the way, pallet {number}")
        report = self.env['ir.actions.report'].with_context(force_report_rendering=True)
        with self.allow_pdf_render():
            content = report._render_qweb_pdf(
                'ar_collections.ar_diagnosis_report', self.wizard().ids)[0]
        pages = PdfReader(io.BytesIO(content)).pages
        self.assertEqual(
            [re.findall(r'\b(\d)/6\b', page.extract_text()) for page in pages],
            # The first page is the cover sheet: it has no number.
            [[], *([str(number)] for number in range(2, 7))])
