from odoo.fields import Command
from odoo.modules import neutralize
from odoo.tests import tagged

from .common import CollectionsCommon

WAITING = {'waiting', 'queued', 'sending'}


@tagged('post_install', '-at_install')
class TestNeutralize(CollectionsCommon):
    """A copy of production sends nothing to anyone."""

    def neutralize(self):
        """Run what `odoo-bin neutralize` runs for this module."""
        self.env.flush_all()
        for query in neutralize.get_neutralization_queries(['ar_collections']):
            self.env.cr.execute(query)
        self.env.invalidate_all()

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
        self.neutralize()
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

    def make_in_every_state(self, model, values):
        """Create one record per state of a model, each with a mail in Odoo's queue.

        :param callable values: values of the record that stands in a state
        """
        states = [state for state, _label in self.env[model]._fields['state'].selection]
        return {state: self.env[model].create({
            **values(state), 'state': state, 'reason': "As it was",
            'mail_id': self.env['mail.mail'].create({
                'email_to': f'{state}@example.com', 'state': 'outgoing'}).id,
        }) for state in states}

    def test_statements_reports_and_thanks_stay_in_the_house(self):
        self.company.ar_thanks = True
        run = self.env['ar.statement.run'].create(
            {'company_id': self.company.id, 'date_to': '2026-06-01'})
        schedule = self.env['ar.report.schedule'].create({
            'name': "Aged balance", 'company_id': self.company.id,
            'user_ids': [Command.set(self.env.user.ids)]})
        made = {
            'ar.statement.sending': lambda state: {
                'run_id': run.id, 'customer_id': self.account_of(self.customer(state)).id},
            'ar.report.sending': lambda state: {
                'schedule_id': schedule.id, 'user_id': self.user('auditor', f'user.{state}').id,
                'date': '2026-06-01'},
            'ar.thanks': lambda state: {
                'key': state, 'customer_id': self.account_of().id, 'cause': 'promise'},
            'ar.answer': lambda state: {
                'key': state, 'customer_id': self.account_of().id, 'answer': "No."},
        }
        made = {model: self.make_in_every_state(model, values) for model, values in made.items()}
        stranger = self.env['mail.mail'].create(
            {'email_to': 'other@example.com', 'state': 'outgoing'})
        self.neutralize()
        for model, records in made.items():
            for state, record in records.items():
                stopped = state in WAITING
                self.assertEqual(
                    (record.state, record.reason),
                    ('cancelled', "Neutralized copy") if stopped else (state, "As it was"), model)
                self.assertEqual(record.mail_id.state, 'cancel', (model, state))
        self.assertEqual(stranger.state, 'outgoing', "Odoo's own neutralization cares for it")
        self.assertFalse(self.company.ar_thanks)
        for name in ('ir_cron_ar_statement_send', 'ir_cron_ar_report_schedule',
                     'ir_cron_ar_credit_watch', 'ir_cron_ar_credit_release'):
            self.assertFalse(self.env.ref(f'ar_collections.{name}').active, name)

    def test_no_provider_is_asked_and_no_secret_is_copied(self):
        provider = self.env['ar.provider'].create({
            'name': "Sure", 'code': 'atradius', 'company_id': self.company.id, 'is_on': True,
            'environment': 'production', 'callback_digest': 'x' * 64})
        secret = self.env['ar.provider.secret'].create(
            {'provider_id': provider.id, 'name': 'password', 'value': 'hidden'})
        policy = self.env['ar.insurance.policy'].create({
            'name': "Export", 'company_id': self.company.id, 'date_from': '2026-01-01',
            'currency_id': self.company.currency_id.id,
            'insurer_id': self.customer("Sure Insurance").id})
        requests = {}
        for state, by_hand, after in (
            ('draft', False, 'draft'), ('queued', False, 'cancelled'),
            ('sending', False, 'cancelled'), ('unknown', False, 'cancelled'),
            ('open', False, 'cancelled'), ('open', True, 'open'),
            ('answered', False, 'answered'), ('failed', False, 'failed'),
        ):
            customer = self.account_of(self.customer(f"{state} {by_hand}"))
            request = self.env['ar.cover.request'].create({
                'policy_id': policy.id, 'customer_id': customer.id, 'amount': 1000,
                'currency_id': self.company.currency_id.id})
            request.write({'state': state, 'by_hand': by_hand})
            requests[request] = after
        self.neutralize()
        self.assertFalse(secret.exists())
        self.assertFalse(self.env['ar.provider.secret'].search_count([]))
        self.assertRecordValues(provider, [{
            'is_on': False, 'environment': 'test', 'callback_digest': False}])
        self.assertEqual({one: one.state for one in requests}, requests)
        for request, after in requests.items():
            self.assertEqual(
                request.problem, "Neutralized copy" if after == 'cancelled' else False)

    def test_a_link_of_production_opens_nothing_in_a_copy(self):
        _link, url = self.env['ar.portal.link']._make(self.account_of())
        token = url.rpartition('/')[2]
        self.assertTrue(self.env['ar.portal.link']._find(token)._is_open())
        self.neutralize()
        self.assertFalse(self.env['ar.portal.link']._find(token)._is_open())
