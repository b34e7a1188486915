from unittest.mock import patch

from odoo.tests import tagged

from .test_desk import DeskCommon


@tagged('post_install', '-at_install')
class TestDeskFigures(DeskCommon):
    """What was agreed shows in the figures, as known at the day they are asked for."""

    def expected(self, day):
        return {row.line_id: row for row in self.env['ar.forecast.item'].with_context(
            ar_date=day).search([('company_id', '=', self.company.id)])}

    def overlay(self, name, day):
        [(amount,)] = self.env['ar.aged.balance'].with_context(ar_date=day)._read_group(
            [], [], [f'{name}_amount:sum'])
        return amount or 0

    def test_a_promised_date_is_the_expected_one(self):
        invoice = self.invoice(100, due='2026-05-20')
        item = self.items(invoice)
        promise = self.promise(invoice, '2026-06-12')
        row = self.expected('2026-06-01')[item]
        self.assertRecordValues(row, [{'basis': 'promise'}])
        self.assertEqual(str(row.likely_date), '2026-06-12')
        self.assertNotEqual(self.expected('2026-05-31')[item].basis, 'promise', "not known yet")
        self.go('2026-06-15')
        promise._follow()
        self.assertEqual(promise.state, 'broken')
        self.assertNotEqual(self.expected('2026-06-15')[item].basis, 'promise')

    def test_a_dispute_puts_the_money_off(self):
        plain, disputed = self.invoice(100, due='2026-06-20'), self.invoice(50, due='2026-06-20')
        self.dispute(disputed, reason='quality')
        rows = self.expected('2026-06-01')
        days = (rows[self.items(disputed)].likely_date
                - rows[self.items(plain)].likely_date).days
        self.assertEqual(days, 15)

    def test_beside_the_buckets(self):
        self.dispute(self.invoice(100, due='2026-05-20'), amount=30)
        promise = self.promise(self.invoice(70, due='2026-05-20'), '2026-06-05')
        self.assertEqual(self.overlay('disputed', '2026-06-01'), 30)
        self.assertEqual(self.overlay('promised', '2026-06-01'), 70)
        self.assertEqual(self.overlay('promised', '2026-05-31'), 0)
        self.go('2026-06-03')
        self.pay(promise.line_ids.move_id, 70, '2026-06-03')
        self.assertEqual(self.overlay('promised', '2026-06-03'), 0)
        self.assertEqual(self.overlay('promised', '2026-06-02'), 70, "as known then")

    def test_on_the_cockpit(self):
        self.promise(self.invoice(70, due='2026-05-20'), '2026-06-05')
        late = self.dispute(self.invoice(50, due='2026-05-20'), reason='not_received')
        self.go('2026-06-04')
        late.invalidate_recordset()
        manager = self.user('manager')
        data = self.env['ar.cockpit'].with_user(manager).load_cockpit({}, True)
        tiles = {tile['code']: tile['value'] for tile in data['tiles']}
        todos = {row['code']: row['count'] for row in data['actions']}
        self.assertEqual((tiles['promises'], todos['disputes'], todos.get('broken', 0)), (1, 1, 0))

    def test_posting_and_paying_ask_nothing_of_the_forecast(self):
        """Odoo describes its fields while it writes entries: that must not cost a forecast."""
        habit = type(self.env['ar.forecast.habit'])
        with patch.object(habit, '_get_habits_query', autospec=True) as asked:
            self.pay(self.invoice(100, due='2026-05-20'), 100, '2026-06-01')
            for model in ('account.move', 'account.move.line'):
                fields = self.env[model].fields_get(['ar_expected_payment_date'])
                self.assertTrue(fields['ar_expected_payment_date']['groupable'])
        self.assertFalse(asked.called)
