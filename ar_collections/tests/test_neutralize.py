from odoo.modules import neutralize
from odoo.tests import tagged

from .common import CollectionsCommon


@tagged('post_install', '-at_install')
class TestNeutralize(CollectionsCommon):
    """A copy of production sends nothing to anyone."""

    def test_a_neutralized_copy_is_silent(self):
        self.company.ar_dunning_active = True
        self.ladder.catch_up = 'age'
        states = {}
        for state, due in (('queued', '2026-05-26'), ('approved', '2026-05-25'),
                           ('proposed', '2026-05-10'), ('sent', '2026-05-24')):
            partner = self.customer(state)
            self.invoice(100, due=due, partner=partner)
            states[state] = partner
        self.run_dunning('2026-06-01')
        by_partner = {r.partner_id: r for r in self.reminders()}
        self.send(by_partner[states['queued']] + by_partner[states['sent']])
        by_partner[states['sent']]._set_sent()
        self.env.flush_all()
        for query in neutralize.get_neutralization_queries(['ar_collections']):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertFalse(self.company.ar_dunning_active)
        for name in ('ir_cron_ar_dunning_run', 'ir_cron_ar_reminder_send'):
            self.assertFalse(self.env.ref(f'ar_collections.{name}').active, name)
        found = {state: by_partner[partner].state for state, partner in states.items()}
        self.assertEqual(found, {
            'queued': 'cancelled', 'approved': 'cancelled', 'proposed': 'proposed',
            'sent': 'sent'})
        self.assertFalse(self.env['mail.mail'].search(
            [('model', '=', 'ar.reminder'), ('state', '=', 'outgoing'),
             ('res_id', '=', by_partner[states['queued']].id)]))
        self.assertFalse(self.send())
        self.assertFalse(self.deliver())
