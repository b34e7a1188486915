import io
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import openpyxl

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import html2plaintext

from .common import CollectionsCommon
from .random_ledger import RandomLedgerCommon, day_between


class ProvisionCommon(CollectionsCommon):
    """A company with the accounts of both books."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        accounts = cls.env['account.account'].create([
            {'name': name, 'code': code, 'account_type': kind,
             'company_ids': [Command.set(cls.company.ids)]}
            for name, code, kind in (
                ("Impairment", '681740', 'expense'), ("Impairment back", '781740', 'income_other'),
                ("Allowance", '491000', 'asset_current'), ("ECL", '689000', 'expense'),
                ("ECL back", '789000', 'income_other'), ("ECL allowance", '499000',
                                                         'asset_current'))])
        for book, rows in (('individual', accounts[:3]), ('ecl', accounts[3:])):
            for role, account in zip(('expense', 'income', 'allowance'), rows, strict=True):
                cls.company[f'ar_{book}_{role}_account_id'] = account
        cls.boss = cls.user('manager', 'provision_boss')

    def balances(self):
        """Return {account code: balance} of posted entries, as Odoo sums them."""
        rows = self.env['account.move.line']._read_group(
            [('parent_state', '=', 'posted'), ('company_id', '=', self.company.id)],
            ['account_id'], ['balance:sum'])
        return {account.code: round(balance, 2) for account, balance in rows}

    @property
    def payable(self):
        return self.buyer.property_account_payable_id

    def settled(self, bill, debits):
        """Close an invoice by a general entry: these accounts, and a loss for the rest."""
        lines = {**debits, self.company.ar_ecl_expense_account_id: (
            bill.amount_residual - sum(debits.values()))}
        entry = self.env['account.move'].create({
            'move_type': 'entry', 'date': bill.invoice_date_due,
            'journal_id': self.journal('general').id, 'line_ids': [
                Command.create({'account_id': self.items(bill).account_id.id,
                                'partner_id': self.buyer.id, 'balance': -bill.amount_residual}),
                *(Command.create({'account_id': account.id, 'partner_id': self.buyer.id,
                                  'balance': amount}) for account, amount in lines.items())]})
        entry.action_post()
        return entry

    def run_at(self, day, **vals):
        return self.env['ar.provision'].with_user(self.boss).create(
            {'company_id': self.company.id, 'date': day, **vals})


@tagged('post_install', '-at_install')
class TestProvisionLedger(RandomLedgerCommon):
    """Random ledgers at random days: what is provided for ties to the account."""

    def test_gross_ties_to_the_balance_and_losses_to_the_matrix(self):
        self.make_ledger(7)
        group = self.env.ref('ar_collections.ar_provision_group_all')
        group.write({'method': 'typed', **{
            f'rate_{number}': rate for number, rate in enumerate((1, 2, 5, 10, 25, 50))}})
        self.env['ar.customer'].search([]).filtered(
            lambda customer: customer.partner_id.name == "Quiet").risk_class_id = (
                self.env['ar.risk.class'].search([('kind', '=', 'default')], limit=1))
        self.env.flush_all()
        rng = random.Random(11)
        for company in self.companies.filtered(lambda company: not company.parent_id):
            tree = self.env['res.company'].browse(company._get_ar_tree_ids())
            for day in (day_between(rng), date(2026, 5, 31)):
                run = self.env['ar.provision'].create({'company_id': company.id, 'date': day})
                accounts = tree._get_ar_exposure_account_ids()
                balance = sum(self.env['account.move.line'].search([
                    ('account_id', 'in', accounts), ('company_id', 'in', tree.ids),
                    ('parent_state', '=', 'posted'), ('date', '<=', day)]).mapped('balance'))
                self.assertAlmostEqual(run.amount_gross, balance, places=2)
                self.assertAlmostEqual(
                    sum(run.line_ids.mapped('gross')), balance, places=2)
                for line in run.line_ids:
                    self.assertGreaterEqual(line.loss, 0)
                    expected = Decimal(str(line.base)) * Decimal(str(line.rate)) / 100
                    self.assertAlmostEqual(Decimal(str(line.loss)), expected, delta=Decimal(
                        '0.5').scaleb(-company.currency_id.decimal_places))
                    if line.kind == 'default':
                        self.assertEqual(line.loss, line.base)
                    if line.kind == 'credit':
                        self.assertEqual((line.base, line.loss), (0, 0))
                        self.assertLess(line.gross, 0)


@tagged('post_install', '-at_install')
class TestProvision(ProvisionCommon):
    """Rates from history, entries, rights."""

    def history(self):
        """Two years of invoices whose fate is known; all due on the first of a month."""
        reached, lost = defaultdict(Decimal), Decimal(0)
        for month, days in enumerate((0, 10, 45, 80, 110, 200, None, None, 0, 0, 20, 5), start=1):
            bill = self.invoice(1000, due=f'2024-{month:02d}-01')
            late = 10**6 if days is None else days
            for bucket, edge in enumerate((0, 1, 31, 61, 91, 121)):
                if bucket == 0 or late >= edge:
                    reached[bucket] += 1000
            if days is None:
                lost += 1000
            else:
                due = date(2024, month, 1)
                self.pay(bill, date=due + timedelta(days=days))
        return reached, lost

    def test_never_paid_after_a_year_equals_what_was_booked(self):
        reached, lost = self.history()
        self.invoice(600, due='2026-05-20')
        run = self.run_at('2026-06-01')
        rows = {rate.bucket: rate for rate in run.rate_ids}
        self.assertEqual({bucket: Decimal(str(row.reached)) for bucket, row in rows.items()},
                         dict(reached))
        self.assertEqual({row.lost for row in rows.values()}, {float(lost)})
        self.assertEqual(rows[0].history_rate, round(2000 / 12000 * 100, 4))
        # 2,000 unpaid since 2024 (over 120 days: two of three were lost), 600 not a month late.
        self.assertEqual(run.amount_gross, 2600)
        old = self.company.currency_id.round(2000 * rows[5].rate / 100)
        young = self.company.currency_id.round(600 * rows[1].rate / 100)
        self.assertEqual(run.amount_loss, round(old + young, 2))

    def test_a_customer_counts_in_the_first_group_that_it_matches(self):
        fallback = self.env.ref('ar_collections.ar_provision_group_all')
        fallback.write({'method': 'typed', 'sequence': 90, 'rate_2': 10})
        other, third = self.customer("Other"), self.customer("Third")
        for partner, amount in ((self.buyer, 1000), (other, 500), (third, 300)):
            self.invoice(amount, due='2026-04-20', partner=partner)
        names = {'first': [self.buyer.id], 'second': [self.buyer.id, other.id]}
        groups = self.env['ar.provision.group'].create([{
            'name': name, 'sequence': sequence, 'method': 'typed', 'rate_2': rate,
            'domain': f"[('partner_id', 'in', {ids})]"} for (name, ids), sequence, rate in zip(
                names.items(), (1, 2), (40, 20), strict=True)])
        for partner in (self.buyer, other):
            self.account_of(partner)
        run = self.run_at('2026-06-01')
        self.assertEqual(
            {line.partner_id: (line.group_id, line.gross, line.loss) for line in run.line_ids},
            {self.buyer: (groups[0], 1000, 400), other: (groups[1], 500, 100),
             third: (fallback, 300, 30)})
        groups[0].sequence = 3
        run.action_refresh()
        self.assertEqual(run.amount_loss, 200 + 100 + 30)

    def test_a_named_default_is_lost_whatever_the_matrix_says(self):
        """100 % of who is in default, 1 % of everybody else; a credit lowers no claim."""
        self.env.ref('ar_collections.ar_provision_group_all').write(
            {'method': 'typed', 'rate_2': 1})
        other = self.customer("Other")
        for partner in (self.buyer, other):
            self.invoice(1000, due='2026-04-20', partner=partner)
        self.account_of(other)
        # The same two before anybody was named.
        self.assertEqual(self.run_at('2026-06-01').amount_loss, 20)
        self.account_of().risk_class_id = self.env['ar.risk.class'].search(
            [('kind', '=', 'default')], limit=1)
        run = self.run_at('2026-06-01')
        self.assertEqual(
            {line.partner_id: (line.kind, line.base, line.rate, line.loss)
             for line in run.line_ids},
            {self.buyer: ('default', 1000, 100, 1000), other: ('matrix', 1000, 1, 10)})
        self.assertEqual(run.amount_loss, 1010)

    def test_the_two_books_share_no_account(self):
        company = self.company
        with self.assertRaisesRegex(ValidationError, "never mixed"), self.env.cr.savepoint():
            company.ar_ecl_allowance_account_id = company.ar_individual_allowance_account_id
        with self.assertRaisesRegex(ValidationError, "491000"), self.env.cr.savepoint():
            company.ar_individual_income_account_id = self.env['account.account'].search(
                [('code', '=', '491000'), ('company_ids', 'in', company.ids)])
            company.ar_ecl_income_account_id = company.ar_individual_income_account_id
        # What the French chart lets stand in is looked at as well.
        taken = company.ar_individual_allowance_account_id
        company.ar_individual_allowance_account_id = False
        self.assertEqual(company._get_ar_provision_accounts('individual')['allowance'], taken)
        company.ar_ecl_allowance_account_id = taken
        with self.assertRaisesRegex(UserError, "never mixed"):
            company._get_ar_provision_accounts('individual')

    def test_an_outlook_moves_every_rate(self):
        self.history()
        self.env.ref('ar_collections.ar_provision_group_all').write(
            {'adjustment': 10, 'adjustment_note': "Insolvencies of our sector up by a tenth"})
        run = self.run_at('2026-06-01')
        for rate in run.rate_ids.filtered('history_rate'):
            self.assertAlmostEqual(
                rate.rate, min(rate.history_rate * 1.1, 100), places=3, msg=rate.display_name)

    def test_written_off_is_lost_even_if_the_item_is_closed(self):
        bill = self.invoice(1000, due='2024-03-01')
        loss = self.entry(-1000, '2024-09-01')
        self.match(bill, loss)
        run = self.run_at('2026-06-01')
        self.assertEqual({rate.history_rate for rate in run.rate_ids}, {100.0})

    def test_what_a_general_entry_paid_is_no_loss(self):
        """Set off against a supplier's bill, or booked from the bank by hand; the rest is lost."""
        bank = self.journal('bank').default_account_id
        for month, parts in ((3, (self.payable, 600)), (4, (bank, 1000)), (5, (self.payable, 0))):
            bill = self.invoice(1000, due=f'2024-0{month}-01')
            account, amount = parts
            self.match(bill, self.settled(bill, {account: amount}))
        rows = self.run_at('2026-06-01').rate_ids.filtered(lambda rate: rate.bucket == 0)
        # 400 of the first, nothing of the second, all of the third.
        self.assertEqual((rows.reached, rows.lost), (3000, 1400))

    def test_no_history_no_entry_until_somebody_says_a_rate(self):
        self.invoice(1000, due='2026-05-01')
        run = self.run_at('2026-06-01')
        self.assertIn("No history", run.warning)
        with self.assertRaises(UserError):
            run.action_book()
        rate = run.rate_ids.filtered(lambda row: row.bucket == 2)
        with self.assertRaises(UserError):
            rate.rate = 4
        rate.write({'rate': 4, 'reason': "Sector average"})
        self.assertEqual((run.amount_loss, run.warning), (40.0, False))
        run.action_book()
        self.assertEqual(run.move_id.state, 'draft')

    def test_the_next_entry_takes_the_last_one_back(self):
        before = self.balances()
        self.history()
        first = self.run_at('2026-03-31')
        first.action_book()
        first.move_id.sudo().action_post()
        second = self.run_at('2026-04-30')
        self.assertEqual(second.previous_id, first)
        second.action_book()
        second.move_id.sudo().action_post()
        after = self.balances()
        self.assertEqual(after['499000'], -second.amount_loss)
        self.assertEqual(after['689000'], first.amount_loss + second.amount_loss)
        self.assertEqual(after['789000'], -first.amount_loss)
        for code in ('491000', '681740', '781740'):
            self.assertEqual(after.get(code, 0), before.get(code, 0), "the other book")
        with self.assertRaises(UserError):
            second.action_cancel()
        # Taken back where it was provided, whatever the settings say by then.
        old = self.company.ar_ecl_allowance_account_id
        self.company.ar_ecl_allowance_account_id = old.copy({'code': '499100'})
        third = self.run_at('2026-05-31')
        third.action_book()
        [taken] = third.move_id.sudo().line_ids.filtered(
            lambda line: line.account_id == old)
        self.assertEqual(taken.debit, second.amount_loss)
        third.action_cancel()
        second.move_id.sudo().button_draft()
        second.action_cancel()
        self.assertFalse(second.move_id)
        self.assertEqual(self.balances()['499000'], -first.amount_loss)

    def test_one_entry_stands_at_a_time_whatever_the_order(self):
        """What is provided is what the last day says: nothing twice, in any order of booking."""
        self.history()
        first = self.run_at('2026-04-30')
        first.action_book()
        later = self.run_at('2026-05-31')
        with self.assertRaisesRegex(UserError, first.name):
            later.action_book()
        first.move_id.sudo().action_post()
        later.action_book()
        later.move_id.sudo().action_post()
        self.assertEqual(later.previous_id, first)
        for day in ('2026-05-31', '2026-03-31'):
            run = self.run_at(day)
            with self.assertRaisesRegex(UserError, later.name):
                run.action_book()
        self.assertEqual(self.balances()['499000'], -later.amount_loss)

    def test_a_reversed_entry_is_none(self):
        self.history()
        first = self.run_at('2026-04-30')
        first.action_book()
        first.move_id.sudo().action_post()
        first.move_id.sudo()._reverse_moves([{'date': '2026-04-30'}]).action_post()
        second = self.run_at('2026-05-31')
        self.assertFalse(second.previous_id)
        second.action_book()
        second.move_id.sudo().action_post()
        self.assertEqual(self.balances()['499000'], -second.amount_loss)
        first.action_cancel()
        self.assertEqual(first.state, 'cancelled')
        self.assertEqual(self.balances()['499000'], -second.amount_loss)

    def test_roll_rates_come_from_the_same_figures_as_the_key_figures(self):
        self.history()
        for month in range(6, 13):
            bill = self.invoice(1000, due=f'2025-{month:02d}-10')
            if month % 2:
                self.pay(bill, date=f'2025-{month:02d}-25')
        self.env.ref('ar_collections.ar_provision_group_all').method = 'roll'
        run = self.run_at('2026-05-31')
        months = self.env['ar.kpi']._read_numbers(
            {'company_ids': self.company.ids}, 12, date(2026, 5, 31))[None]
        for bucket, code in enumerate(('roll_not_due', 'roll_1', 'roll_31', 'roll_61', 'roll_91')):
            rate = run.rate_ids.filtered(lambda row, bucket=bucket: row.bucket == bucket)
            self.assertEqual(
                (rate.reached, rate.lost),
                (float(sum(month[f'{code}_base'] for month in months)),
                 float(sum(month[f'{code}_moved'] for month in months))), code)
        # A month that is not over counts no more than one that has not begun.
        later = self.run_at('2026-06-12')
        self.assertEqual(*(
            [(row.reached, row.lost) for row in one.rate_ids.sorted('bucket')[:5]]
            for one in (run, later)))

    def test_queries_do_not_grow_with_customers(self):
        counts = []
        self.run_at('2026-06-01')
        for number in (3, 30):
            partners = self.env['res.partner'].create(
                [{'name': f"P{number}-{index}"} for index in range(number)])
            for partner in partners:
                self.invoice(100, due='2026-05-01', partner=partner)
                self.account_of(partner)
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            self.env['ar.provision'].create({'company_id': self.company.id, 'date': '2026-06-01'})
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - start)
        self.assertLessEqual(counts[1], counts[0])

    def test_rights(self):
        self.invoice(100, due='2026-05-01')
        run = self.run_at('2026-06-01')
        for role in ('collector', 'ar_collections.group_ar_collector_own'):
            with self.assertRaises(AccessError):
                run.with_user(self.user(role, f'prov_{role}')).read(['amount_loss'])
        auditor = self.user('auditor', 'prov_auditor')
        self.assertEqual(run.with_user(auditor).amount_gross, 100)
        with self.assertRaises(AccessError):
            run.with_user(auditor).action_book()
        with self.assertRaises(AccessError):
            run.with_user(self.boss).write({'state': 'booked'})
        stranger = self.make_company("Stranger")
        other = self.user('manager', 'prov_other')
        other.write({'company_ids': [Command.set(stranger.ids)], 'company_id': stranger.id})
        self.assertFalse(self.env['ar.provision'].with_user(other).with_context(
            allowed_company_ids=stranger.ids).search([]))

    def test_workbook_and_report_show_the_same_figures(self):
        self.history()
        run = self.run_at('2026-06-01')
        book = openpyxl.load_workbook(io.BytesIO(run._get_xlsx()), data_only=True)
        rows = list(book.worksheets[1].iter_rows(min_row=2, values_only=True))
        self.assertEqual(round(sum(row[4] for row in rows), 2), run.amount_gross)
        self.assertEqual(round(sum(row[8] for row in rows), 2), run.amount_loss)
        html = self.env['ir.actions.report']._render_qweb_html(
            'ar_collections.report_ar_provision', run.ids)[0].decode()
        self.assertIn(run.name, html)
        text = " ".join(html2plaintext(html).replace('\xa0', ' ').split())
        # Two unpaid of twelve; two of three that reached 121 days.
        for words in ("Receivables in the ledger 2,000.00 €",
                      f"*Expected losses* *{run.amount_loss:,.2f} €*",
                      "12,000.00 € 2,000.00 € 16.6667 16.6667",
                      f"3,000.00 € 2,000.00 € 66.6667 66.6667 2,000.00 € {run.amount_loss:,.2f} €"):
            self.assertIn(words, text)
