import json
from datetime import date
from decimal import Decimal

from odoo.tests import tagged

from ...connectors.capability import Capability, Support
from ...connectors.coface_cofaserve import CofaServeClient
from ...connectors.coface_icon import CofaceIconClient
from ...connectors.errors import (
    AccessError,
    AmbiguousError,
    ConfigurationError,
    CredentialsError,
    InvalidInputError,
    NotFoundError,
    NotSupportedError,
    RefusedError,
    TemporaryError,
    UnconfirmedError,
    UnexpectedAnswerError,
    UnknownOutcomeError,
)
from ...connectors.masking import MASK
from ...connectors.results import Candidates, CoverStatus, Money, Order
from ..simulators.coface import DELIVERY, CofaceIcon, CofaServe
from ..simulators.server import Response, Simulator, route
from .connector_common import ConnectorCase

ICON = 'ICO0000000101'
CREDENTIALS = {'api_key': CofaceIcon.api_key, 'username': CofaceIcon.username,
               'password': CofaceIcon.password}


class House(Simulator):
    """Who is called."""

    @route('GET', '/ring/*', "ours")
    def ring(self, request):
        """Say yes."""
        return Response()


@tagged('post_install', '-at_install')
class TestCofaceIcon(ConnectorCase):
    simulator_class = CofaceIcon
    client_class = CofaceIconClient
    credentials = CREDENTIALS

    def order(self, reference='ORD/1', number=ICON, **more):
        return self.client.order_rating(number, 'FR', reference, **more)

    def rate(self, number=ICON, product='dra'):
        order = self.order(number=number, product=product)
        return self.client.get_rating(order.publications[0])

    # === COMPANIES === #

    def test_a_number_finds_one_company_and_all_its_numbers_are_kept(self):
        company = self.client.search_company(
            slug='registration-number', number='012345674').certain
        self.assertEqual((company.provider_id, company.number('easy'),
                          company.number('registration')), (ICON, '00990001', '012345674'))

    def test_a_renumbered_company_is_found_again_by_its_national_number(self):
        self.sim.companies = {'ICO0000009999': self.sim.companies[ICON]}
        find = self.client.search_company
        self.assertFalse(find(slug='icon', number=ICON).companies)
        self.assertEqual(find(slug='registration-number', number='012345674').certain.provider_id,
                         'ICO0000009999')

    def test_partial_pages_are_walked_to_the_end(self):
        self.sim.companies = {
            f'ICO{n}': dict(self.sim.companies[ICON], name=f"FABRIQUE {n}") for n in range(55)}
        found = self.client.search_company("fabrique", pages=9)
        self.assertEqual((len(found.companies), found.complete, found.announced_total),
                         (55, True, 55))
        part = self.client.search_company("fabrique", pages=2)
        self.assertEqual((len(part.companies), part.complete), (40, False))

    def test_an_item_that_moves_between_pages_counts_once(self):
        self.sim.companies = {
            f'ICO{n}': dict(self.sim.companies[ICON], name=f"FABRIQUE {n}") for n in range(21)}
        twin = self.sim._dump('ICO0')
        self.sim.fail('find', 'mutate', set={'19': twin})
        found = self.client.search_company("fabrique")
        self.assertEqual((len(found.companies), found.complete), (20, False))

    def test_nobody_and_too_many_share_a_code_and_are_two_things(self):
        self.assertEqual(self.client.search_company("nobody").companies, ())
        self.sim.fail('find', 'status', status=400, body={'messages': [
            {'code': 'too_many_results', 'message': "Too many results"}]})
        with self.assertRaises(AmbiguousError):
            self.client.search_company("s")

    def test_an_unknown_company_is_searched_for_by_people(self):
        known = self.client.identify_company("ATELIERS DU LEVANT", 'FR', 'ID/1')
        self.assertIsInstance(known, Candidates)
        unknown = self.client.identify_company("SOMEBODY NEW", 'FR', 'ID/2')
        self.assertIsInstance(unknown, Order)
        self.assertEqual(unknown.state, 'pending')

    # === ORDERS === #

    def test_202_is_not_success_and_205_is_the_end(self):
        order = self.order()
        self.assertEqual(order.state, 'pending')
        for status, state in (('202', 'pending'), ('in-preparation', 'pending'), ('205',
                                                                                  'cancelled')):
            self.sim.orders[order.order_id]['status'] = status
            with self.subTest(status):
                self.assertEqual(self.client.poll_order(order.order_id).state, state)

    def test_an_order_is_ready_when_all_that_belongs_to_it_is(self):
        order = self.order()
        parts = [{'id': 'P1', 'status': 'ready'}, {'id': 'P2', 'status': 'in-preparation'}]
        self.sim.orders[order.order_id]['publications'] = parts
        self.assertEqual(self.client.poll_order(order.order_id).state, 'pending')
        parts[1]['status'] = 'ready'
        self.assertEqual(self.client.poll_order(order.order_id).state, 'ready')
        parts[1]['status'] = 'on-holiday'
        polled = self.client.poll_order(order.order_id)
        self.assertEqual((polled.state, polled.attention[0].code), ('unknown', 'unknown_code'))

    def test_an_order_that_vanished_is_lost_and_not_made_again(self):
        order = self.order()
        self.sim.orders.clear()
        polled = self.client.poll_order(order.order_id)
        self.assertEqual((polled.state, polled.attention[0].code), ('lost', 'lost_order'))
        with self.assertRaises(UnknownOutcomeError):
            self.order()
        self.assertEqual(self.sim.count('order'), 1)

    def test_an_order_whose_answer_was_lost_is_found_by_our_reference(self):
        self.sim.fail('order', 'drop_after')
        with self.assertRaises(UnknownOutcomeError):
            self.order()
        with self.assertRaises(UnknownOutcomeError):
            self.order()
        client = self.make_client(confirmed=[Capability.FIND_REQUEST])
        self.assertEqual(client.find_request('ORD/1').own_reference, 'ORD/1')
        self.assertIsNone(client.find_request('ORD/2'))
        self.assertEqual(self.sim.count('order'), 1)

    def test_currencies_and_amounts_are_checked_before_sending(self):
        for more in ({'currency': 'CHF'}, {'requested': Decimal('10.5')},
                     {'requested': Decimal(0)}):
            with self.subTest(more), self.assertRaises(InvalidInputError):
                self.order(**more)
        self.assertEqual(self.sim.count('order'), 0)

    # === RATINGS === #

    def test_the_current_risk_of_a_history_with_its_american_date(self):
        rating = self.rate()
        self.assertEqual((rating.value, rating.rated_on, rating.probability_of_default),
                         ('6', date(2026, 11, 3), Decimal('2.0')))

    def test_zero_is_in_default(self):
        self.assertTrue(self.rate('ICO0000000102').in_default)

    def test_an_opinion_is_an_amount_and_x_is_none(self):
        self.assertEqual(self.rate(product='opinion').advised_amount, Money(Decimal(50000), 'EUR'))
        self.sim.orders.clear()
        self.share()
        self.client = self.make_client()
        rating = self.rate('ICO0000000102', 'opinion')
        self.assertEqual((rating.value, rating.advised_amount), ('X', None))

    def test_what_is_no_opinion_or_two_is_unexpected(self):
        order = self.order()
        for content in ({}, [], {'scores': [{'debtorRiskValue': '5', 'isCurrent': False}] * 2},
                        {'scores': [{'debtorRiskValue': '5', 'isCurrent': True}] * 2}):
            self.sim.content = content
            with self.subTest(content), self.assertRaises(UnexpectedAnswerError):
                self.client.get_rating(order.publications[0])
        self.sim.content = {'debtorRiskValue': '11', 'releaseDate': '31/12/2026'}
        rating = self.client.get_rating(order.publications[0])
        self.assertEqual({x.code for x in rating.attention}, {'unknown_code', 'unreadable_date'})

    # === GATEWAY === #

    def test_sixty_calls_a_minute_are_kept_without_a_single_429(self):
        for _attempt in range(125):
            self.client.search_company(slug='icon', number=ICON)
        self.assertEqual(self.sim.count('limited'), 0)
        self.assertGreaterEqual(sum(self.slept), 120)

    def test_a_429_of_somebody_else_is_waited_for(self):
        self.sim.fail('find', 'status', status=429, headers={'Retry-After': '41'})
        self.client.search_company(slug='icon', number=ICON)
        self.assertEqual(self.slept, [41])

    def test_misspelled_and_repeated_codes(self):
        for status, code, error in (
                (403, 'forbiden', AccessError), (400, 'error-subscription', RefusedError),
                (400, 'missing_financials_for_company', NotFoundError),
                (400, 'wrong_product', RefusedError), (500, 'internal_server_error',
                                                       TemporaryError)):
            self.sim.reset()
            self.sim.fail('order_state', 'status', status=status, times=9, body={
                'fishtag': 'FT-9', 'messages': [{'code': code, 'message': "x"}]})
            with self.subTest(code), self.assertRaises(error) as caught:
                self.client.poll_order('1')
            if status < 500:
                self.assertEqual((caught.exception.evidence.provider_reference,
                                  caught.exception.evidence.provider_code), ('FT-9', code))

    def test_the_token_travels_without_bearer(self):
        self.client.search_company(slug='icon', number=ICON)
        self.assertRegex(self.sim.calls[-1]['headers']['authorization'], '^canary-coface-idtoken')

    def test_notifications_are_walked_and_a_callback_is_only_a_hint(self):
        self.sim.notices = [{'id': str(n), 'deliveryDate': '2027-01-10', 'productSlug': 'dra',
                             'code': '4711'} for n in range(45)]
        batch = self.client.list_changes(date(2027, 1, 1), date(2027, 1, 15))
        self.assertEqual((len(batch.items), batch.complete), (45, True))
        part = self.client.list_changes(date(2027, 1, 1), date(2027, 1, 15), pages=1)
        self.assertEqual((part.complete, part.position), (False, 20))
        rest = self.client.list_changes(
            date(2027, 1, 1), date(2027, 1, 15), position=part.position)
        self.assertEqual(len({x.event_id for x in (*part.items, *rest.items)}), 45)
        self.assertTrue(rest.complete)
        self.sim.notices[44] = self.sim.notices[0]
        moved = self.client.list_changes(date(2027, 1, 1), date(2027, 1, 15))
        self.assertEqual((len(moved.items), moved.complete), (44, False))
        for forged in ({}, {'id': '1; DROP'}, {'status': 'ready'}):
            hint = self.client.parse_callback(forged, b'{"status": "ready"}')
            self.assertEqual((hint.kind, hint.object_id), ('open_orders', ''))

    def test_a_company_is_watched(self):
        self.assertTrue(self.client.start_monitoring(ICON, 'FR', 'MON/1').monitoring_id)

    # === OUR ADDRESS === #

    def test_an_order_tells_our_address_and_is_called_there_until_we_answer(self):
        house = House().start()
        self.addCleanup(house.stop)
        self.client = self.make_client(
            callback_url=f'{house.url}/ring/canary-address-secret',
            confirmed=[Capability.FIND_REQUEST])
        with self.capture() as log:
            order = self.order()
            self.client.start_monitoring(ICON, 'FR', 'MON/2')
            found = self.client.find_request('ORD/1')
        orders = [json.loads(call['body']) for call in self.sim.calls
                  if call['route'] in ('order', 'watch')]
        url = f'{house.url}/ring/canary-address-secret'
        self.assertEqual([body.get(key) for body, key in zip(
            orders, ('callbackUrl', 'notificationCallbackUrl'), strict=True)], [url, url])
        # The simulator repeats in its list what it was sent.
        for text in (*log.output, repr(found), repr(order), repr(self.client)):
            self.assertNotIn('canary-address-secret', text)
        self.assertIn(MASK, repr(found.meta.raw))
        house.fail('ring', status=503, times=2)
        self.assertEqual(self.client.poll_order(order.order_id).state, 'pending')
        for seconds, tries in ((DELIVERY - 1, 0), (1, 1), (59, 1), (1, 2), (119, 2), (1, 3)):
            self.pass_time(seconds)
            self.assertEqual(house.count('ring'), tries, seconds)
        self.assertEqual(self.client.poll_order(order.order_id).state, 'ready')
        self.pass_time(10 * 86400)
        self.assertEqual(house.count('ring'), 3, "answered: called no more")
        house.fail('ring', status=404, times=99)
        self.order('ORD/2')
        for _hour in range(80):
            self.pass_time(3600)
        self.assertEqual(house.count('ring'), 19, "sixteen times, then never again")

    def test_without_an_address_or_without_https_nothing_is_told(self):
        self.order()
        self.assertNotIn('callback', self.sim.calls[-1]['body'])
        for url, told in (('http://erp.example/c/1', ''), ('https://erp.example/c/1',) * 2):
            client = CofaceIconClient(CREDENTIALS, callback_url=url)
            self.addCleanup(client.close)
            self.assertEqual(client._get_callback_url(), told)


@tagged('post_install', '-at_install')
class TestCofaServe(ConnectorCase):
    simulator_class = CofaServe
    client_class = CofaServeClient
    credentials = CREDENTIALS
    options = {'policy_number': '900200'}

    def make_client(self, *args, **changes):
        return super().make_client(*args, **{'environment': 'production', **changes})

    def test_a_number_finds_the_easy_number(self):
        company = self.client.search_company('012345674', kind='REGISTER').certain
        self.assertEqual(company.provider_id, '00990001')
        self.assertIn('"grant_type"', self.sim.calls[0]['body'])

    def test_there_is_no_test_installation_to_fall_back_to(self):
        with self.assertRaises(ConfigurationError):
            self.make_client(environment='test')

    def test_orders_and_overdues_are_done_by_hand(self):
        for name in ('request_cover', 'declare_overdue', 'get_policy'):
            with self.subTest(name), self.assertRaises(NotSupportedError) as caught:
                getattr(self.client, name)
            self.assertEqual(caught.exception.code, 'not_supported_manual')
        self.assertEqual(CofaServeClient.get_support(Capability.REQUEST_COVER), Support.MANUAL)

    def test_assumed_details_are_off_and_their_codes_unknown(self):
        with self.assertRaises(UnconfirmedError):
            self.client.get_cover('D1')
        client = self.make_client(
            confirmed=[Capability.GET_COVER],
            options={**self.options, 'delivery_path': '/assumed/deliveries/{delivery_id}'})
        cover = client.get_cover('D1')
        self.assertEqual((cover.status, cover.provider_code, cover.usable_amount(date(2027, 1, 1))),
                         (CoverStatus.UNKNOWN, 'AGREED', None))

    def test_a_refused_login_is_not_repeated(self):
        client = self.make_client(credentials={**CREDENTIALS, 'password': 'wrong-pass'})
        for _attempt in range(6):
            with self.assertRaises(CredentialsError):
                client.test_connection()
        self.assertEqual(self.sim.count('token'), 1)
