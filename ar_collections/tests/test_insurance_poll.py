import json
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.insurance.provider_codes import SCALES
from .poll_common import PollCommon
from .provider_common import AUBE, LEVANT, MIDI
from .simulators.atradius import BUYERS, Atradius
from .simulators.coface import CofaceIcon

# A right check digit, and nobody's number at the simulators.
UNKNOWN = '040000424'


@tagged('post_install', '-at_install')
class TestProviderPoll(PollCommon):
    """The poll is the truth: each provider by itself, one that fails stops no other."""

    def test_ratings_of_all_linked_companies_are_read_once(self):
        links = self.link_all(self.free)
        self.poll()
        self.assertEqual(self.values(self.free), {LEVANT: '17', AUBE: '3', MIDI: '0'})
        self.assertEqual(len(self.env['ar.provider.event'].search([
            ('provider_id', '=', self.free.id), ('kind', '=', 'rating')])), 3)
        calls = self.sim.count('score')
        self.assertEqual(calls, 3)
        self.poll()
        self.poll('2026-06-02')
        self.assertEqual(self.sim.count('score'), calls, "nobody is due")
        self.assertFalse(any(links.mapped('rating_wanted')))

    def test_an_old_rating_is_asked_for_again_and_kept_once(self):
        links = self.link_all(self.free)
        self.poll()
        self.poll('2026-07-02')
        self.assertEqual(self.sim.count('score'), 6)
        self.assertEqual(len(links.rating_ids), 3, "the same answer is no news")
        self.assertEqual(set(links.rating_ids.mapped('seen_on')), {fields.Date.to_date(
            '2026-07-02')})

    def test_a_change_told_by_the_provider_has_the_company_asked_again(self):
        self.free.rating_days = 0
        links = self.link_all(self.free)
        self.poll()
        self.sim.alerts = [
            {'adId': 'A1', 'siren': int(AUBE), 'name': "Alert", 'parutionDate': '2026-06-01'}]
        self.poll('2026-06-02')
        self.assertEqual(self.sim.count('score'), 4)
        event = self.env['ar.provider.event'].search([('key', '=', 'change:A1')])
        self.assertEqual((event.customer_id, event.state), (links[1].customer_id, 'done'))
        self.assertEqual(str(self.free.changes_read_until), '2026-06-02')
        self.poll('2026-06-03')
        self.assertEqual(self.sim.count('score'), 4, "the same alert is no news")

    def make_atradius(self, **vals):
        sim = self.start(Atradius)
        provider = self.make_provider(sim, name="Atradius", **vals)
        for option in provider.option_ids:
            option.value = {'policy_currency': 'EUR'}.get(option.name, '1')
        return sim, provider

    def test_each_change_of_a_rating_is_news_to_an_insurer_that_gives_no_day(self):
        sim, provider = self.make_atradius(rating_days=0)
        link = self.link(provider, self.accounts[1], '8200002')
        self.poll()
        self.assertEqual(link.rating_ids.mapped('value'), ['71'])
        buyer = BUYERS[8200002]
        for day, rating in (
                ('2026-06-02', '80'), ('2026-06-03', '90'), ('2026-06-04', '90')):
            with patch.dict(buyer, rating=rating):
                self.poll(day)
            self.assertEqual(link.rating_ids.sorted('id')[-1].value, rating)
        self.assertEqual(sim.count('buyer'), 3, "the same rating told again is no news")

    # Fault 37
    def test_a_failed_list_of_changes_does_not_move_the_date(self):
        self.sim.fail('alert', fault='status', status=503, times=99)
        self.poll()
        self.assertFalse(self.free.changes_read_until)
        self.assertEqual(self.free.health, 'good' if self.health(
            self.free).failures == 0 else 'never')

    # === FAILURES === #

    # Fault 7
    def test_one_provider_down_does_not_stop_the_others(self):
        self.link_all(self.free)
        self.link_all(self.billed)
        self.sim.fail(fault='status', status=503, times=9999)
        self.poll()
        self.assertFalse(self.values(self.free))
        self.assertEqual(len(self.values(self.billed)), 3)
        self.sim.faults.clear()
        self.poll('2026-06-02')
        self.assertEqual(len(self.values(self.free)), 3)

    def test_a_refused_login_stops_one_account_and_is_told_once(self):
        self.link_all(self.free)
        self.link_all(self.billed)
        with self.enter_registry_test_mode():
            self.free._set_credentials({'password': 'canary-wrong-password'})
        self.poll()
        self.poll('2026-06-02')
        self.assertEqual(self.sim.count('login'), 1)
        self.assertEqual(len(self.free.activity_ids), 1)
        self.assertEqual(len(self.values(self.billed)), 3)
        with self.enter_registry_test_mode():
            self.free._set_credentials({'password': self.sim.password})
        self.poll('2026-06-03')
        self.assertEqual(len(self.values(self.free)), 3)

    def test_a_mistake_of_ours_in_one_provider_does_not_stop_the_others(self):
        self.link_all(self.free)
        self.link_all(self.billed)
        original = self.registry['ar.provider']._poll_ratings

        def fail(provider, client):
            if provider.code == 'infolegale':
                raise ZeroDivisionError
            return original(provider, client)

        self.patch(self.registry['ar.provider'], '_poll_ratings', fail)
        with mute_logger('odoo.addons.ar_collections.models.insurance.provider_poll'):
            self.poll()
        self.assertEqual(len(self.values(self.billed)), 3)
        self.assertIn("ZeroDivisionError", self.free.error_ids.mapped('code'))

    def test_what_a_person_has_changed_meanwhile_stands(self):
        """A number typed in, a link taken away while the provider was asked."""
        links, asked = self.link_all(self.free), []
        waiting = self.link(self.free, self.make_account("Waiting", UNKNOWN))
        Link = self.registry['ar.provider.link']
        ask, search = Link._ask_rating, Link._search_company

        def ask_slowly(link, client):
            answer = ask(link, client)
            if link not in asked:
                asked.append(link)
                if link == links[0]:
                    link._set_linked(AUBE, "Typed in", 'typed')
                elif link == links[2]:
                    link.action_unlink()
            return answer

        def search_slowly(link, client):
            keep = search(link, client)
            waiting._set_linked(AUBE, "Typed in", 'typed')
            return keep

        with patch.object(Link, '_ask_rating', ask_slowly), \
                patch.object(Link, '_search_company', search_slowly):
            self.poll()
        values = self.values(self.free)
        self.assertEqual(values[LEVANT], values[AUBE])
        self.assertEqual(self.env['ar.rating'].search_count([('link_id', '=', links[0].id)]), 1)
        self.assertNotIn(MIDI, values)
        self.assertEqual((links[2].state, links[2].asked_at), ('stopped', False))
        self.assertEqual((waiting.state, waiting.external_id), ('linked', AUBE))

    def test_one_company_that_fails_waits_longer_each_time(self):
        links = self.link_all(self.free)
        # Each read is tried four times by the client.
        self.sim.fail('score', fault='status', status=503, times=4)
        self.poll()
        self.assertEqual(len(self.values(self.free)), 2)
        self.assertRecordValues(links[0], [{
            'failures': 1, 'next_try_at': fields.Datetime.to_datetime('2026-06-01 09:15:00')}])
        trigger = self.env['ir.cron.trigger'].search([
            ('cron_id', '=', self.env.ref('ar_collections.ir_cron_ar_provider_poll').id)])
        self.assertTrue(trigger, "the poll comes back by itself")
        self.go('2026-06-01', '09:16:00')
        self.poll()
        self.assertEqual(len(self.values(self.free)), 3)
        self.assertEqual(links[0].failures, 0)

    def test_a_pause_keeps_the_poll_away_until_it_ends(self):
        self.link_all(self.free)
        self.sim.fail(fault='status', status=429, times=1, headers={'Retry-After': '3600'})
        self.poll()
        calls = len(self.sim.calls)
        self.assertEqual(self.free.health, 'paused')
        self.go('2026-06-01', '09:30:00')
        self.poll()
        self.assertEqual(len(self.sim.calls), calls)
        self.go('2026-06-01', '10:01:00')
        self.poll()
        self.assertEqual(len(self.values(self.free)), 3)

    def test_an_unknown_company_stays_linked_with_a_message(self):
        account = self.make_account("Gone", UNKNOWN)
        link = self.link(self.free, account, UNKNOWN)
        self.poll()
        self.assertIn("does not know", link.message)
        self.assertTrue(link.answered_at)

    # === NUMBERS THAT ARE LOST === #

    def link_coface(self):
        sim = self.start(CofaceIcon)
        provider = self.make_provider(sim, name="Coface")
        return sim, self.link(provider, self.accounts[0], 'ICO0000000101')

    def events(self, link, state):
        return self.env['ar.provider.event'].search([
            ('link_id', '=', link.id), ('state', '=', state)])

    # Fault 21
    def test_a_renumbered_company_is_found_again_and_its_old_number_kept(self):
        sim, link = self.link_coface()
        sim.companies['ICO0000009999'] = sim.companies.pop('ICO0000000101')
        self.poll()
        self.assertRecordValues(link, [{
            'state': 'linked', 'external_id': 'ICO0000009999', 'evidence': 'national',
            'evidence_value': LEVANT, 'former_ids': "ICO0000000101 (2026-06-01)",
            'message': False, 'environment': 'simulator'}])
        self.assertIn("ICO0000000101 → ICO0000009999", self.events(link, 'done').mapped('summary'))
        self.assertFalse(link.customer_id.activity_ids)
        self.poll()
        self.assertEqual([json.loads(call['body'])['externalId'] for call in sim.calls
                          if call['route'] == 'order'],
                         ['icon#ICO0000000101', 'icon#ICO0000009999'])
        self.assertEqual((sim.count('find'), bool(link.order_id)), (1, True))

    def test_a_lost_number_that_leads_nowhere_is_told_to_a_person_once(self):
        sim, link = self.link_coface()
        sim.companies.pop('ICO0000000101')
        for day in ('2026-06-01', '2026-06-02', '2026-07-15'):
            self.poll(day)
        self.assertEqual((sim.count('order'), sim.count('find')), (2, 1))
        self.assertEqual((link.state, link.external_id), ('linked', 'ICO0000000101'))
        self.assertRegex(self.events(link, 'person').note, f"any more.* found by {LEVANT}")
        self.assertEqual(len(link.customer_id.activity_ids), 1)

    def test_a_billed_search_for_a_lost_number_is_made_once(self):
        sim, provider = self.make_atradius(daily_budget=1)
        lost, killed = (self.link(provider, account, f'829999{number}')
                        for number, account in enumerate(self.accounts[:2]))
        killed.write({'lost_number': killed.external_id, 'lost_state': 'asked',
                      'answered_at': fields.Datetime.now(), 'rating_wanted': False})
        self.poll()
        # The one billed call of the day has told that the number is lost.
        self.assertEqual((sim.count('buyer'), sim.count('buyers')), (1, 0))
        self.assertEqual(lost.lost_state, 'wanted')
        self.assertIn("billed search was lost", self.events(killed, 'person').note)
        self.poll('2026-06-02')
        self.assertEqual((sim.count('buyer'), sim.count('buyers')), (1, 1))
        self.assertRecordValues(lost, [{'external_id': '8200001', 'evidence': 'national'}])
        for day in ('2026-06-03', '2026-06-04'):
            self.poll(day)
        self.assertEqual((lost.rating_ids.value, sim.count('buyers')), ('38', 1))
        self.assertEqual(killed.external_id, '8299991')

    # Fault 18
    def test_an_order_that_vanished_or_was_cancelled_is_told_and_not_made_again(self):
        sim, link = self.link_coface()
        for day, spoil in (
                ('2026-06-01', lambda: sim.orders.clear()),
                ('2026-06-10', lambda: [order.update(status='205')
                                        for order in sim.orders.values()])):
            with self.subTest(day):
                sim.calls.clear()
                self.poll(day)
                self.assertTrue(link.order_id)
                spoil()
                self.poll(fields.Date.add(fields.Date.to_date(day), days=1))
                self.assertFalse(link.order_id)
                self.poll(fields.Date.add(fields.Date.to_date(day), days=2))
                self.assertEqual(sim.count('order'), 1)
                event = self.events(link, 'person')
                self.assertEqual((len(event), event.kind), (1, 'order'))
                self.assertIn("not ordered again", event.note)
                self.assertIn("lost or cancelled", link.message)
                self.assertEqual(len(link.customer_id.activity_ids), 1)
                event.action_done()
                link.customer_id.activity_ids.unlink()
                link.action_ask_rating()

    # Fault 27
    def test_an_unknown_word_is_a_task_for_whoever_follows_the_customer(self):
        links = self.link_all(self.free)
        collector = self.user('collector')
        links[0].customer_id.collector_id = collector
        self.sim.statuses = {LEVANT: 'hibernating'}
        self.poll()
        event = self.env['ar.provider.event'].search([
            ('customer_id', '=', links[0].customer_id.id), ('kind', '=', 'rating')])
        self.assertEqual(event.state, 'person')
        self.assertIn('hibernating', event.attention)
        self.assertEqual(links[0].customer_id.activity_ids.user_id, collector)
        event.with_user(collector).action_done()
        self.assertRecordValues(event, [{'state': 'done', 'processed_by': collector.id}])

    # Fault 36
    def test_answers_carry_their_environment_and_test_counts_for_nothing(self):
        self.free.test_counts = False
        self.link_all(self.free)
        self.poll()
        ratings = self.env['ar.rating'].search([('provider_id', '=', self.free.id)])
        self.assertEqual(set(ratings.mapped('environment')), {'simulator'})
        self.assertFalse(any(self.accounts.mapped('external_grade')))
        self.free.test_counts = True
        self.confirm_scales()
        self.poll()
        self.assertEqual(self.accounts.mapped('external_grade'), [2, 10, 10],
                         "insolvent and closed are in default, whatever the score says")

    def test_lines_that_nobody_confirmed_count_for_nothing(self):
        """Reference x.4: the bands are inferred, so they are off, said so, and lost is nothing."""
        shipped = self.env['ar.rating.scale'].search([])
        self.assertEqual(set(shipped.filtered('is_used').mapped('code')),
                         {'own_grade', 'coface_opinion'})
        self.assertNotIn('grade', self.env.ref(
            'ar_collections.ar_rating_scale_coface_opinion').band_ids.mapped('meaning'))
        self.assertEqual({code for codes in SCALES.values() for code in codes},
                         set(shipped.mapped('code')) - {'own_grade', 'altares_score'})
        self.link_all(self.free)
        self.poll()
        self.assertEqual(self.accounts.mapped('external_grade'), [0, 10, 10],
                         "insolvent and closed are the provider's own words")
        rating = self.accounts[0].rating_ids
        self.assertRecordValues(rating, [{
            'value': '17', 'grade': 0, 'reading': 'unconfirmed', 'risk_class_id': False}])
        self.assertFalse(self.accounts[0].suggested_class_id)
        scale = self.env.ref('ar_collections.ar_rating_scale_infolegale_score')
        self.assertEqual(self.free.unconfirmed_scale_ids, scale)
        self.assertEqual(self.free.action_view_unconfirmed_scales()['res_id'], scale.id)
        manager = self.user('manager')
        scale.with_user(manager).action_confirm()
        self.assertRecordValues(rating, [{'grade': 2, 'reading': 'read', 'scale_id': scale.id}])
        self.assertEqual(self.accounts.mapped('external_grade'), [2, 10, 10])
        self.assertFalse(self.free.unconfirmed_scale_ids)
        scale.with_user(manager).action_withdraw()
        self.assertEqual((rating.grade, self.accounts[0].external_grade), (0, 0))
