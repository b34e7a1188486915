from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_desk import DeskCommon

# Scheduled action, model, and the method that does its work for one company.
OF_A_COMPANY = [
    ('ir_cron_ar_customer_refresh', 'ar.customer', '_refresh'),
    ('ir_cron_ar_customer_refresh_full', 'ar.customer', '_refresh'),
    ('ir_cron_ar_dunning_run', 'ar.dunning.run', '_run'),
    ('ir_cron_ar_credit_score', 'ar.customer', '_score'),
    ('ir_cron_ar_credit_watch', 'res.company', '_ar_watch_credit'),
    ('ir_cron_ar_rate_watch', 'res.company', '_ar_watch_rates'),
    ('ir_cron_ar_collector_assign', 'ar.collector.rule', '_assign'),
    ('ir_cron_ar_thanks', 'ar.thanks', '_thank'),
    ('ir_cron_ar_deadline', 'ar.deadline', '_build'),
    ('ir_cron_ar_kpi', 'ar.kpi.snapshot', '_read_again'),
    ('ir_cron_ar_forecast_learn', 'ar.forecast.habit', '_refresh'),
    ('ir_cron_ar_forecast_take', 'ar.forecast.snapshot', '_take'),
]
PROBLEM = "No rate of the dollar."
LOGGER = 'odoo.addons.ar_collections.models.core.night_work'


@tagged('post_install', '-at_install')
class TestNightWork(DeskCommon):
    """What goes wrong for one company, or in one record, stops nobody behind it, and is told."""

    def run_job(self, name):
        cron = self.env.ref(f'ar_collections.{name}')
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        return cron

    def told(self, cron):
        """Return the activities that tell of a stop of this scheduled action."""
        kind = self.env.ref('ar_collections.mail_activity_type_stopped')
        return self.env['mail.activity'].search([
            ('activity_type_id', '=', kind.id), ('summary', '=like', f'{cron.name} (%')])

    def prepare(self, companies):
        """Let each scheduled action have something to do for these companies."""
        companies.write({'ar_dunning_active': True, 'ar_thanks': True, 'ar_credit_active': True})
        for company in companies:
            self.env['ar.customer'].create([
                {'partner_id': self.env['res.partner'].create({'name': company.name}).id,
                 'company_id': company.id}])

    def failing(self, work, seen):
        """Return the method that fails for the first company, and notes for whom it worked."""
        def fail(records, *args, **kwargs):
            company = records if records._name == 'res.company' else args[0]
            seen.append(company.id)
            if company.id == self.company.id:
                raise UserError(PROBLEM)
            return work(records, *args, **kwargs)
        return fail

    def test_a_company_stops_no_other(self):
        other = self.env['res.company'].create({'name': "Behind SA"})
        companies = self.env['res.company'].search([])
        self.prepare(self.company + other)
        for name, model, method in OF_A_COMPANY:
            kind = type(self.env[model])
            seen = []
            fail = self.failing(getattr(kind, method), seen)
            with self.subTest(job=name), patch.object(kind, method, fail):
                for night in ('2026-06-02', '2026-06-03'):
                    self.go(night)
                    seen.clear()
                    with self.assertLogs(LOGGER, 'ERROR') as logs:
                        cron = self.run_job(name)
                    self.assertEqual(len(logs.output), 1)
                    self.assertIn(other.id, seen)
                    self.assertLessEqual(seen.count(self.company.id), 1)
                    self.assertLessEqual(set(seen), set(companies.ids))
                    self.assertFalse(cron.failure_count)
                activity = self.told(cron)
                self.assertEqual(len(activity), 1, "Told once as long as nobody ticks it off.")
                self.assertEqual(activity.user_id, self.company._get_ar_responsible())
                self.assertIn(PROBLEM, activity.note)
                self.assertIn(self.company.name, activity.note)

    def test_a_record_stops_no_other(self):
        """Two hundred are decided together; when that fails, each alone."""
        promises = self.env['ar.promise'].union(*(
            self.promise(self.invoice(100, due='2026-05-01'), '2026-06-03')
            for _number in range(3)))
        bad = promises[1]
        kind = type(self.env['ar.promise'])
        follow = kind._follow

        def fail(records):
            if bad in records:
                raise ValueError("a mistake")
            return follow(records)

        self.go('2026-07-01')
        with patch.object(kind, '_follow', fail), self.assertLogs(LOGGER, 'ERROR'):
            cron = self.run_job('ir_cron_ar_promise_follow')
        self.assertEqual((promises - bad).mapped('state'), ['broken', 'broken'])
        self.assertNotEqual(bad.state, 'broken')
        self.assertIn("an error of the program (ValueError)", self.told(cron).note)
        self.assertNotIn("a mistake", self.told(cron).note)
        self.run_job('ir_cron_ar_promise_follow')
        self.assertEqual(bad.state, 'broken', "The next night tries it again.")
