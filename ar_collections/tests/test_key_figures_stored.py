from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .kpi_common import KpiCommon


@tagged('post_install', '-at_install')
class TestKpiSnapshot(KpiCommon):
    """Months as they were seen then, beside months as known now."""

    def look(self, date=None):
        if date:
            self.go(date)
        self.env['ar.kpi.snapshot']._read_again(self.company)

    def rows(self, basis=None, scope='company', date=None):
        domain = [('company_id', '=', self.company.id), ('scope', '=', scope)]
        if basis:
            domain.append(('basis', '=', basis))
        if date:
            domain.append(('date', '=', date))
        return self.env['ar.kpi.snapshot'].search(domain, order='date, basis, id')

    def test_a_month_is_frozen_once_and_for_good(self):
        invoice = self.invoice(1000, date='2026-04-10', due='2026-05-10')
        self.look('2026-06-04')
        self.assertFalse(self.rows('then'), "not before the day that the company set")
        self.look('2026-06-05')
        then = self.rows('then')
        self.assertEqual([(str(row.date), row.overdue, row.receivables) for row in then],
                         [('2026-05-31', 1000, 1000)])
        # The statement of the last days of May is booked in June.
        self.pay(invoice, 400, '2026-05-28')
        self.look('2026-06-06')
        self.assertEqual(self.rows('then'), then)
        self.assertEqual((then.overdue, then.read_at), (1000, fields.Datetime.to_datetime(
            '2026-06-05 09:00:00')))
        now = self.rows('now', date='2026-05-31')
        self.assertEqual((now.overdue, now.cash), (600, 400))
        self.assertIn(then.explanations['overdue']['text'], now.explanation)
        self.assertEqual(then.explanations['overdue']['value'], 1000)
        self.assertEqual(now.explanations['overdue']['value'], 600)

    def test_what_is_frozen_cannot_be_changed(self):
        self.invoice(1000, date='2026-04-10', due='2026-05-10')
        self.look('2026-06-05')
        then = self.rows('then')
        for change in (lambda: then.write({'overdue': 1}), then.unlink,
                       lambda: then.sudo().write({'name': "Better"})):
            with self.assertRaises(UserError):
                change()
        with self.assertRaises(AccessError):
            self.rows('now').with_user(self.user('manager')).write({'overdue': 1})

    def test_twice_is_once(self):
        self.invoice(1000, date='2026-04-10', due='2026-05-10')
        self.look('2026-06-05')
        before = self.rows().read(['date', 'basis', 'overdue', 'dso', 'name'])
        with self.enter_registry_test_mode():
            self.env.ref('ar_collections.ir_cron_ar_kpi').method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(self.rows().read(['date', 'basis', 'overdue', 'dso', 'name']), before)

    def test_nobody_invents_what_was_seen_then(self):
        """Installed late, or off for a month: what was not frozen stays unknown."""
        self.invoice(1000, date='2026-01-10', due='2026-02-10')
        self.look('2026-06-20')
        self.assertEqual(len(self.rows('then')), 1)
        self.look('2026-08-10')
        self.assertEqual([str(row.date) for row in self.rows('then')],
                         ['2026-05-31', '2026-07-31'])
        self.assertEqual(len(self.rows('now')), 8, "January to August")

    def test_the_running_month_says_its_day(self):
        self.invoice(1000, date='2026-06-01', due='2026-07-01')
        self.look('2026-06-12')
        [row] = self.rows('now')
        self.assertEqual((str(row.date), str(row.day)), ('2026-06-30', '2026-06-12'))
        self.look('2026-07-01')
        self.assertEqual([str(row.day) for row in self.rows('now')], ['2026-06-30', '2026-07-01'])

    def test_unknown_is_stored_as_unknown(self):
        self.entry(500, '2026-03-10')
        self.look('2026-06-12')
        row = self.rows('now')[-1]
        self.assertEqual((row.receivables, row.dso, row.lateness_cost), (500, False, False))
        self.assertIs(row.read(['dso'])[0]['dso'], False)
        self.assertEqual(row.export_data(['dso', 'overdue'])['datas'], [['', 500]])
        [group] = self.env['ar.kpi.snapshot']._read_group(
            [('id', 'in', self.rows('now').ids)], aggregates=['dso:avg'])
        self.assertFalse(group[0])

    def test_collectors_and_classes_have_their_own_rows(self):
        person, own = self.user('collector'), self.user('own')
        mine = self.customer("Mine")
        self.invoice(1000, date='2026-04-10', due='2026-05-10', partner=mine)
        self.invoice(30, date='2026-04-10', due='2026-05-10')
        self.env['ar.customer']._refresh(self.company)
        self.account_of(mine).collector_id = own
        self.look('2026-06-05')
        rows = self.rows('then', 'collector')
        self.assertEqual(sorted((row.name, row.overdue) for row in rows),
                         sorted([(own.name, 1000), ("Without collector", 30)]))
        [classes] = self.rows('then', 'risk_class')
        self.assertEqual(classes.overdue, 1030)
        seen = self.env['ar.kpi.snapshot'].with_user(own).search([])
        self.assertEqual(set(seen.mapped('collector_id')), {own.id})
        self.assertLess(self.rows('then'), self.env['ar.kpi.snapshot'].with_user(
            person).search([('company_id', '=', self.company.id)]).with_env(self.env))
        action = rows.filtered('collector_id').with_user(own).action_view_figure('overdue')
        found = self.env['account.move.line'].with_user(own).search(action['domain'])
        self.assertEqual(found.partner_id, mine)

    def test_every_figure_opens_something(self):
        self.pay(self.invoice(1000, date='2026-04-10', due='2026-05-10'), 400, '2026-05-20')
        self.look('2026-06-05')
        row = self.rows('now')[-1]
        for code in (*row.explanations, 'billed', 'cash', 'not_due', 'open_credits'):
            action = row.action_view_figure(code)
            self.env[action['res_model']].search(action['domain'])
            self.assertIn('explanation', row._fields)
        with self.assertRaises(UserError):
            row.action_view_figure('unlink')

    def test_a_page_may_take_what_was_stored(self):
        """Same figures as live, and they say when they were read."""
        self.invoice(1000, date='2026-04-10', due='2026-05-10')
        self.env['ar.customer']._refresh(self.company)
        kpi = self.env(user=self.user('collector'))['ar.kpi']
        self.go('2026-06-05')
        self.assertFalse(kpi._read_kpis_quickly(months=3)[-1]['read_at'])
        self.look('2026-06-05')
        live, stored = kpi._read_kpis(months=3), kpi._read_kpis_quickly(months=3)
        self.assertEqual([{**row, 'read_at': stored[-1]['read_at']} for row in live], stored)
        self.assertTrue(stored[-1]['read_at'])
        # Another company sees nothing of it, a collector of own customers neither.
        own = self.env(user=self.user('own'))['ar.kpi']
        self.assertFalse(own._read_kpis_quickly(months=3)[-1]['read_at'])
        # Old figures, and those of last month, are not today's.
        self.go('2026-06-08')
        self.assertFalse(kpi._read_kpis_quickly(months=3)[-1]['read_at'])

    def test_the_button_reads_again(self):
        person = self.user('auditor')
        self.invoice(1000, date='2026-04-10', due='2026-05-10')
        self.env['ar.kpi.snapshot'].with_user(person).action_read_again()
        self.assertTrue(self.rows('now'))
        with self.assertRaises(AccessError):
            self.env['ar.kpi.snapshot'].with_user(
                self.user('base.group_user', 'outsider')).action_read_again()


@tagged('post_install', '-at_install')
class TestKpiDigest(KpiCommon):
    """A few figures in Odoo's digest."""

    def digest(self, user):
        digest = self.env['digest.digest'].create({
            'name': "Weekly", 'periodicity': 'weekly', 'company_id': self.company.id,
            'kpi_ar_overdue': True, 'kpi_ar_collected': True, 'kpi_ar_dso': True})
        return {kpi['kpi_name']: kpi for kpi in digest._compute_kpis(self.company, user)}

    def test_figures_of_three_spans(self):
        self.invoice(900, date='2026-05-10', due='2026-05-20')
        self.pay(self.invoice(300, date='2026-03-10', due='2026-05-20'), date='2026-05-28')
        kpis = self.digest(self.user('collector'))
        self.assertEqual(set(kpis) & {'kpi_ar_overdue', 'kpi_ar_collected', 'kpi_ar_dso'},
                         {'kpi_ar_overdue', 'kpi_ar_collected', 'kpi_ar_dso'})
        for column, collected in (('kpi_col1', False), ('kpi_col2', True), ('kpi_col3', True)):
            self.assertIn('900', kpis['kpi_ar_overdue'][column]['value'])
            self.assertEqual('300' in kpis['kpi_ar_collected'][column]['value'], collected)
        [row] = self.env['ar.kpi']._read_kpis(months=1)
        self.assertEqual(kpis['kpi_ar_dso']['kpi_col1']['value'], f"{row['dso']['value']:.2f}")
        for name in kpis:
            xmlid = kpis[name]['kpi_action'].split('?')[0]
            self.assertTrue(self.env.ref(xmlid))

    def test_left_out_for_others(self):
        self.assertFalse(self.digest(self.user('own')))
        self.assertFalse(self.digest(self.user('base.group_user', 'outsider')))
