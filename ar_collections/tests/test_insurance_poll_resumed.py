from odoo import fields
from odoo.tests import tagged

from ..connectors.errors import BudgetError
from .poll_common import KEYS, PollCommon
from .provider_common import AUBE, LEVANT, MIDI
from .simulators.atradius import Atradius
from .simulators.coface import CofaceIcon
from .simulators.ellisphere import Ellisphere


class Killed(BaseException):
    """The process ends here: nothing after it runs, no handler of errors sees it."""


@tagged('post_install', '-at_install')
class TestProviderPollResumed(PollCommon):
    """Killed anywhere, the poll goes on; what was billed is not asked twice."""

    def kill_after(self, calls):
        """End the process at a billed call: sent, and nobody hears the answer."""
        original = self.registry['ar.rating']._keep
        made = []

        def keep(model, link, result, lasts=None):
            made.append(link.id)
            if len(made) == calls:
                raise Killed
            return original(model, link, result, lasts)

        self.patch(self.registry['ar.rating'], '_keep', keep)
        try:
            self.poll()
        except Killed:
            self.env.invalidate_all()
        self.assertEqual(len(made), calls)
        self.registry['ar.rating']._keep = original

    # Faults 35 and 40
    def test_killed_half_way_no_billed_call_is_repeated(self):
        links = self.link_all(self.billed)
        self.kill_after(2)
        self.assertEqual(self.billed_sim.count('report'), 2)
        self.assertEqual(len(self.values(self.billed)), 1, "the second answer was lost")
        self.poll()
        self.assertEqual(self.billed_sim.count('report'), 3, "only the third was asked")
        self.assertEqual(len(self.values(self.billed)), 2)
        self.assertIn("lost", links[1].message)
        self.assertEqual(self.billed.billed_today, 3)
        self.poll('2026-06-02')
        self.assertEqual(self.billed_sim.count('report'), 3)
        with self.enter_registry_test_mode():
            links[1].with_user(self.user('collector')).action_ask_rating()
        self.poll()
        self.assertEqual(len(self.values(self.billed)), 3)

    def test_killed_half_way_a_free_call_is_made_again(self):
        self.link_all(self.free)
        self.kill_after(2)
        self.poll()
        self.assertEqual(len(self.values(self.free)), 3)
        self.assertLessEqual(self.sim.count('score'), 5, "one batch again, at most")

    def test_the_budget_ends_the_night_and_the_next_one_goes_on(self):
        self.billed.daily_budget = 2
        self.link_all(self.billed)
        self.poll()
        self.assertEqual(self.billed_sim.count('report'), 2)
        self.assertEqual(self.billed.health, 'good')
        self.poll('2026-06-02')
        self.assertEqual(len(self.values(self.billed)), 3)

    def test_a_call_that_was_never_sent_is_no_answer(self):
        self.billed.daily_budget = 0
        self.refused(BudgetError, self.billed, 'get_rating', KEYS[LEVANT])
        self.assertEqual((self.billed.health, self.billed.last_success_at), ('never', False))

    def test_a_billed_search_that_was_lost_is_for_a_person(self):
        sim = self.start(Atradius)
        provider = self.make_provider(sim, name="Atradius", rating_days=0)
        for option in provider.option_ids:
            option.value = {'policy_currency': 'EUR'}.get(option.name, '1')
        link = self.link(provider, self.accounts[0])
        link.asked_at = fields.Datetime.now()
        self.poll()
        self.assertEqual(link.state, 'stopped')
        self.assertIn("lost", link.message)
        self.assertFalse([call for call in sim.calls if 'uid' in call['query']])

    def test_billed_numbers_agree_with_the_reports_ordered(self):
        sim = self.start(Ellisphere)
        provider = self.make_provider(sim, name="Ellisphere")
        for account in self.accounts:
            self.link(provider, account)
        self.poll()
        self.assertEqual(self.values(provider), {LEVANT: '7', AUBE: '3', MIDI: '0'})
        self.assertEqual(len(sim.orders), provider.billed_today)

    # === ORDERS === #

    def test_an_ordered_rating_arrives_later_and_is_ordered_once(self):
        sim = self.start(CofaceIcon)
        provider = self.make_provider(sim, name="Coface")
        link = self.link(provider, self.accounts[0], 'ICO0000000101')
        self.poll()
        self.assertTrue(link.order_id)
        self.poll()
        self.assertEqual(sim.count('order'), 1)
        for order in sim.orders.values():
            order['publications'][0]['status'] = 'delivered'
        self.poll('2026-06-02')
        self.assertEqual(self.values(provider), {LEVANT: '6'})
        self.assertFalse(link.order_reference)

    def test_an_order_whose_answer_was_lost_is_for_a_person(self):
        """Only the state of an order whose number is known is documented (CO-3)."""
        sim = self.start(CofaceIcon)
        provider = self.make_provider(sim, name="Coface")
        link = self.link(provider, self.accounts[0], 'ICO0000000101')
        sim.fail('order', fault='drop_after')
        self.poll()
        reference = link.order_reference
        self.assertTrue(reference)
        for day in ('2026-06-02', '2026-06-03'):
            self.poll(day)
        self.assertEqual(sim.count('order'), 1, "billed: not ordered again by itself")
        self.assertFalse(sim.count('order_state'))
        event = provider.event_ids.filtered(lambda event: event.code == 'unanswered')
        self.assertRecordValues(event, [{'state': 'person', 'summary': reference}])
        self.assertIn(reference, event.note)
        self.assertFalse(link.order_reference)
        self.assertIn("lost", link.message)

    def test_an_order_whose_answer_was_lost_is_looked_up_and_not_repeated(self):
        sim = self.start(CofaceIcon)
        provider = self.make_provider(sim, name="Coface")
        self.confirm(provider, 'find_request')
        link = self.link(provider, self.accounts[0], 'ICO0000000101')
        sim.fail('order', fault='drop_after')
        self.poll()
        self.assertTrue(link.order_reference)
        self.assertFalse(link.order_id)
        self.poll('2026-06-02')
        self.assertEqual(sim.count('order'), 1)
        self.assertTrue(link.order_id)

    def test_an_order_whose_answer_cannot_be_read_is_looked_up(self):
        sim = self.start(CofaceIcon)
        provider = self.make_provider(sim, name="Coface")
        self.confirm(provider, 'find_request')
        link = self.link(provider, self.accounts[0], 'ICO0000000101')
        sim.fail('order', fault='mutate', delete=['id'])
        self.poll()
        self.assertTrue(link.order_reference, "it was accepted, and is billed")
        self.poll('2026-06-02')
        self.assertEqual((sim.count('order'), bool(link.order_id)), (1, True))

    # Fault 41
    def test_answers_are_not_kept_for_ever(self):
        self.link_all(self.free)
        self.poll()
        events = self.env['ar.provider.event'].search([
            ('provider_id', '=', self.free.id), ('kind', '=', 'rating')])
        self.assertTrue(all(events.mapped('raw')))
        self.go('2028-05-31')
        self.env['ar.provider.event']._gc_raw()
        self.assertTrue(all(events.mapped('raw')))
        self.go('2028-06-02')
        self.env['ar.provider.event']._gc_raw()
        self.assertFalse(any(events.mapped('raw')))
        self.assertTrue(all(events.mapped('rating_id')))

    # === HOW MUCH IT COSTS === #

    def test_the_queries_of_a_poll_grow_with_the_companies_only(self):
        self.free.rating_days = 1
        counts = []
        for number in (10, 40):
            links = self.env['ar.provider.link'].union(*(
                self.link(self.free, self.make_account(f"Many {number} {index}", LEVANT), LEVANT)
                for index in range(number)))
            self.poll(f'2026-07-{number:02d}' if number < 31 else '2026-08-10')
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.poll('2026-09-01' if number == 10 else '2026-10-01')
            due = len(self.env['ar.provider.link'].search([
                ('provider_id', '=', self.free.id)]))
            counts.append((self.env.cr.sql_log_count - before, due))
            self.assertTrue(all(links.mapped('answered_at')))
        per_company = (counts[1][0] - counts[0][0]) / (counts[1][1] - counts[0][1])
        self.assertLess(per_company, 20, counts)
