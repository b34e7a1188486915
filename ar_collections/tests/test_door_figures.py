"""The figures of a customer's pages: what may be paid, the credit line, the number of queries."""
from odoo import Command
from odoo.tests import tagged

from .test_door import DoorCommon


@tagged('post_install', '-at_install')
class TestDoorFigures(DoorCommon):

    def door(self):
        return self.env['ar.door'].sudo()._read(self.account_of().sudo())

    def test_what_may_be_paid(self):
        self.submit('dispute', items=self.ids(self.old), reason=str(self.reason.id), note="x",
                    amount='30')
        self.credit_note(25, '2026-05-25')
        [section] = self.door()['sections']
        currency, account = self.company.currency_id, self.account_of().sudo()

        def amount(choice):
            return self.env['ar.door'].sudo()._get_payment(account, currency.id, choice)[1]

        self.assertEqual([code for code, _text in section['choices']],
                         ['due', 'undisputed', 'all'])
        self.assertEqual(amount('due'), 100 + 250 - 25)
        self.assertEqual(amount('undisputed'), 70 + 250 - 25)
        self.assertEqual(amount('all'), 100 + 250 + 40 - 25)
        chosen = '-'.join(self.ids(self.late, self.coming))
        self.assertEqual(amount(chosen), 290)
        for bad in (f"{chosen}-{self.ids(self.foreign)[0]}", '0', '', 'x', "1' OR '1'='1"):
            self.assertEqual(amount(bad), 0.0, bad)

    def test_all_equals_the_balance_of_odoo(self):
        self.credit_note(25, '2026-05-25')
        self.pay(self.old, 60)
        account = self.account_of().sudo()
        _items, amount, _parts = self.env['ar.door'].sudo()._get_payment(
            account, self.company.currency_id.id, 'all')
        self.assertEqual(amount, self.buyer.with_company(self.company).credit)

    def test_the_credit_line_is_shown_only_when_the_company_says_so(self):
        self.buyer.with_company(self.company).credit_limit = 1000
        account = self.account_of().sudo()
        self.assertFalse(self.door()['credit_line'], "off by default")
        self.company.ar_door_credit = True

        def line():
            self.env.invalidate_all()
            found = self.env['ar.door'].sudo()._format_credit_line(account)
            return found and tuple(
                found[name].replace("€", '').strip() for name in ('limit', 'available'))

        # Odoo's own figure is the yardstick: nothing but invoices is open.
        left = 1000 - self.buyer.with_company(self.company).credit
        self.assertEqual(line(), ("1,000.00", f"{left:,.2f}"))
        self.assertEqual(left, 610)
        account.credit_group_id = self.env['ar.credit.group'].create({
            'name': "Holding", 'limit': 400, 'company_ids': [Command.set(self.company.ids)],
            'currency_id': self.company.currency_id.id})
        self.assertEqual(line()[1], "10.00", "no more than the group has left")
        self.buyer.with_company(self.company).credit_limit = 300
        self.assertEqual(line()[1], "0.00", "never negative")
        account.credit_stop = True
        self.assertFalse(line(), "a figure would mislead while orders are stopped")
        account.credit_stop = False
        self.buyer.with_company(self.company).credit_limit = 0
        self.assertFalse(line(), "there is no limit to show")

    def test_the_number_of_queries_does_not_depend_on_the_items(self):
        counts = []
        account = self.account_of().sudo()
        for more in (2, 0, 495):
            if more:
                self.many_items(more)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env['ar.door'].sudo()._read(account)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertLessEqual(counts[2], 60)
