import base64
import json
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from odoo.tests import tagged

from ...connectors.allianz_trade import AllianzTradeClient
from ...connectors.capability import Capability, Support
from ...connectors.errors import (
    BlockedAddressError,
    ConfigurationError,
    ConnectorError,
    InvalidInputError,
    NotSupportedError,
    UnconfirmedError,
    UnexpectedAnswerError,
    UnknownOutcomeError,
)
from ...connectors.results import CoverOrder, CoverStatus, LayerKind, Money
from ..simulators.allianz_trade import COMPANIES, AllianzTrade
from ..simulators.server import EPOCH
from .connector_common import ConnectorCase

BUYER, OTHER = '7100001', '7100002'


class AllianzCase(ConnectorCase):
    simulator_class = AllianzTrade
    client_class = AllianzTradeClient
    credentials = {'api_key': AllianzTrade.api_key}
    options = {'business_unit': 'EHXX', 'policy_id': '900100', 'policy_currency': 'EUR'}
    sent_at = datetime.fromtimestamp(EPOCH, UTC)

    def order(self, amount=40000, reference='REQ/1', buyer=BUYER, currency='EUR'):
        return CoverOrder(buyer, Money(Decimal(amount), currency), reference)

    def decide(self, request, **more):
        """Poll until the job has ended; return the request."""
        for _poll in range(3):
            request = self.client.poll_request(
                request.request_id, sent_at=self.sent_at, requested=request.requested, **more)
        return request


@tagged('post_install', '-at_install')
class TestAllianzTrade(AllianzCase):

    def test_a_request_becomes_a_job_then_a_cover(self):
        request = self.client.request_cover(self.order())
        self.assertEqual((request.status, request.cover), (CoverStatus.SUBMITTED, None))
        request = self.decide(request)
        self.assertEqual(request.status, CoverStatus.GRANTED)
        self.assertEqual(request.cover.usable_amount(date(2027, 1, 20)), Decimal(40000))
        self.assertEqual(request.cover.usable_amount(date(2027, 1, 1)), 0, "before it begins")

    def test_our_address_is_told_in_the_header_that_the_contract_names(self):
        url = 'https://erp.example/canary-address-secret'
        for number, (header, told) in enumerate((
                ('', url), ('X-Assumed-Callback', ''), ('X-Assumed-Callback', url))):
            self.sim.reset()
            client = self.make_client(
                callback_url=told, options={**self.options, 'callback_header': header})
            with self.capture() as log:
                request = client.request_cover(self.order(reference=f'REQ/{number}'))
            sent = next(call for call in self.sim.calls if call['route'] == 'create_cover')
            self.assertEqual('x-assumed-callback' in sent['headers'], bool(header and told))
        self.assertEqual(
            json.loads(base64.b64decode(sent['headers']['x-assumed-callback'])),
            {'callbackUrl': url, 'timeToLive': 24})
        for text in (*log.output, repr(request), client.masker.text(
                sent['headers']['x-assumed-callback'])):
            self.assertNotIn('canary-address-secret', text)
            self.assertNotIn(sent['headers']['x-assumed-callback'], text)
        self.sim.reset()
        for bad in ('Authorization', 'content-type', 'X Callback', 'X:\r\nY'):
            client = self.make_client(
                callback_url=url, options={**self.options, 'callback_header': bad})
            with self.assertRaises(ConfigurationError):
                client.request_cover(self.order(reference=f'BAD/{bad}'))
        self.assertFalse(self.sim.count('create_cover'))

    def test_a_partial_grant_then_a_reduction(self):
        request = self.decide(self.client.request_cover(self.order(100_000)))
        self.assertEqual((request.status, request.requested.amount),
                         (CoverStatus.GRANTED_PARTIAL, Decimal(100_000)))
        self.assertEqual(request.cover.usable_amount(date(2027, 2, 1)), 60_000)
        self.sim.change({'reduce': {'cover': request.cover_id, 'amount': 20_000}})
        cover = self.client.get_cover(request.cover_id, previous=Decimal(60_000))
        self.assertEqual((cover.status, cover.usable_amount(date(2027, 2, 1))),
                         (CoverStatus.REDUCED, 20_000))

    def test_an_unknown_decision_code_keeps_the_amount_known_before(self):
        self.sim.decisions = {BUYER: {'code': 'SomethingNew', 'amount': 0}}
        request = self.decide(self.client.request_cover(self.order()))
        self.assertEqual(request.status, CoverStatus.UNKNOWN)
        self.assertIsNone(request.cover.usable_amount(date(2027, 2, 1)))
        self.assertEqual(request.cover.provider_code, 'SomethingNew')
        self.assertEqual([x.value for x in request.cover.attention], ['SomethingNew'])

    def test_agreed_for_zero_is_a_contradiction_and_not_a_refusal(self):
        self.sim.decisions = {BUYER: {'amount': 0}}
        request = self.decide(self.client.request_cover(self.order()))
        self.assertEqual(request.status, CoverStatus.UNKNOWN)

    def test_a_limit_in_another_currency_is_not_added_up(self):
        request = self.decide(self.client.request_cover(self.order()))
        self.sim.fail('cover', 'mutate', set={
            'creditLimitsAggregation.creditLimits.0.currencyCode': 'USD'})
        cover = self.client.get_cover(request.cover_id)
        self.assertEqual(cover.status, CoverStatus.UNKNOWN)
        self.assertIn('other_currency', [x.code for x in cover.attention])

    def test_a_request_under_way_that_names_no_company_stops_the_next_for_a_person(self):
        """As AT-7 shows the list: whose it is cannot be told, so it may be this buyer's."""
        other = CoverOrder(OTHER, Money(Decimal(5000), 'EUR'), 'REQ/1')
        self.client.request_cover(other)
        [listed] = self.client.list_requests().items
        self.assertEqual((listed.buyer_id, listed.attention[0].field),
                         ('', 'coverRequests[0].companyId'))
        for ask in (self.client.request_cover, self.client.find_request):
            with self.assertRaises(UnexpectedAnswerError) as caught:
                ask(self.order(reference='REQ/2'))
            self.assertEqual(caught.exception.code, 'unnamed_request')
        self.assertEqual(self.sim.count('create_cover'), 1)
        # Decided: the next one goes.
        self.sim._decide(listed.request_id)
        self.client.request_cover(self.order(reference='REQ/2'))
        self.assertEqual(self.sim.count('create_cover'), 2)

    def test_one_request_at_a_time_attaches_to_the_open_one(self):
        self.sim.names_companies = True
        first = self.client.request_cover(self.order(reference='REQ/1'))
        second = self.client.request_cover(self.order(reference='REQ/2'))
        self.assertTrue(second.attached)
        self.assertEqual(first.request_id, f'job-{second.request_id}')
        self.assertEqual(self.sim.count('create_cover'), 1)

    def test_a_request_that_came_in_between_is_attached_to(self):
        self.sim.names_companies = True

        def be_quicker():
            self.sim._make_job(BUYER, {'requestedAmount': 5, 'currencyCode': 'EUR'}, '')
            return AllianzTradeClient._create(self.client, 'request_cover', order, '')

        order = self.order()
        self.assertTrue(self.client._send_once(order, be_quicker).attached)

    def test_a_job_that_never_ends_becomes_an_error(self):
        request = self.client.request_cover(self.order())
        self.sim.job_state = 'PENDING'
        poll = {'job_id': request.request_id, 'sent_at': self.sent_at}
        self.pass_time(timedelta(hours=23).total_seconds())
        self.assertEqual(self.client.poll_request(**poll).status, CoverStatus.SUBMITTED)
        self.pass_time(timedelta(hours=2).total_seconds())
        self.assertEqual(self.client.poll_request(**poll).status, CoverStatus.ERROR)

    def test_an_unknown_job_state_is_surfaced(self):
        request = self.client.request_cover(self.order())
        self.sim.job_state = 'PARKED'
        answer = self.client.poll_request(request.request_id, sent_at=self.sent_at)
        self.assertEqual((answer.status, answer.attention[0].value),
                         (CoverStatus.UNKNOWN, 'PARKED'))

    def test_a_job_without_link_or_with_a_foreign_one_is_not_followed(self):
        request = self.client.request_cover(self.order())
        self.sim.polls = 0
        for link, error in (
                ('', UnexpectedAnswerError), ('https://evil.example/c/1', BlockedAddressError),
                ('//evil.example/c/1', BlockedAddressError), ('file:///etc/passwd',
                                                              BlockedAddressError),
                ('http://127.0.0.1:1/c/1', BlockedAddressError),
                ('http://169.254.169.254/latest', BlockedAddressError)):
            self.sim.resource_url = link
            self.sim.jobs[request.request_id]['polls'] = 0
            with self.subTest(link), self.assertRaises(error):
                self.client.poll_request(request.request_id, sent_at=self.sent_at)
        self.assertEqual(self.sim.count('cover'), 0)

    def test_a_number_from_outside_is_one_segment_of_the_path(self):
        for number in ('../jobs/x', '..', '', 'a/b', 'a\\b'):
            with self.subTest(number), self.assertRaises(InvalidInputError):
                self.client.get_cover(number)
        with self.assertRaises(ConnectorError):
            self.client.get_cover('C1?x=1#y {z}')
        self.assertEqual(self.sim.calls[-1]['path'],
                         '/uatm/riskinfo/v3/covers/C1%3Fx%3D1%23y%20%7Bz%7D')

    def test_pages_are_walked_with_206_until_the_end(self):
        self.sim.extra_covers = [self.make_cover(n) for n in range(1250)]
        batch = self.client.list_covers()
        self.assertEqual((len(batch.items), batch.complete, batch.announced_total),
                         (1250, True, 1250))

    def test_a_walk_that_breaks_off_is_resumed_and_never_called_complete(self):
        self.sim.extra_covers = [self.make_cover(n) for n in range(1250)]
        part = self.client.list_covers(pages=1)
        self.assertEqual((len(part.items), part.complete, part.position), (500, False, 2))
        rest = self.client.list_covers(position=part.position)
        self.assertEqual((len(rest.items), rest.complete), (750, True))

    def test_a_total_that_differs_makes_the_list_incomplete(self):
        self.sim.extra_covers = [self.make_cover(1)] * 2
        batch = self.client.list_covers()
        self.assertEqual((len(batch.items), batch.complete), (1, False))

    def test_a_cover_that_slips_through_between_pages_makes_the_list_incomplete(self):
        """The first of the second page has moved to the first one, which was read already."""
        self.sim.extra_covers = [self.make_cover(n) for n in (*range(500), 499, *range(501, 700))]
        batch = self.client.list_covers()
        self.assertEqual((len(batch.items), batch.complete, batch.announced_total),
                         (699, False, 700))
        self.assertEqual([x.code for x in batch.attention], ['total_differs'])

    def make_cover(self, number):
        return {'coverId': f'X{number}', 'companyId': str(number), 'creditLimitsAggregation': {
            'creditLimits': [{'technicalDecisionStatusCode': 'AlreadyAgreed', 'amount': 1000,
                              'currencyCode': 'EUR', 'startDate': '2026-01-01'}]}}

    def test_a_top_up_is_a_layer_of_its_own(self):
        request = self.decide(self.client.request_topup(self.order(10_000)))
        self.assertEqual(request.cover.layers[0].kind, LayerKind.TOP_UP)

    def test_several_hits_are_candidates(self):
        found = self.client.search_company("bois et toitures")
        self.assertEqual({x.provider_id for x in found.companies}, {OTHER, '7100003'})
        self.assertIsNone(found.certain)

    def test_a_national_number_needs_the_code_that_is_not_public(self):
        with self.assertRaises(ConfigurationError):
            self.client.search_company(number='012345674')
        client = self.make_client(options={**self.options, 'id_type': 'SIREN?'})
        self.assertEqual(client.search_company(number='012345674').certain.provider_id, BUYER)

    def test_what_nobody_knows_is_off_or_done_by_hand(self):
        with self.assertRaises(UnconfirmedError):
            self.client.get_rating(BUYER)
        with self.assertRaises(UnconfirmedError):
            self.client.change_cover('C1', self.order())
        with self.assertRaises(NotSupportedError):
            self.client.declare_overdue('anything')
        self.assertEqual(self.client.get_support(Capability.DECLARE_OVERDUE), Support.MANUAL)
        self.assertEqual(self.client.get_support(Capability.CHECK_VAT), Support.NO)
        self.assertFalse(self.sim.calls)

    def test_a_confirmed_grade_is_read_and_na_is_no_grade(self):
        client = self.make_client(
            options={**self.options, 'grade_path': '/assumed-grades/{company_id}'},
            confirmed=[Capability.GET_RATING])
        rating = client.get_rating(BUYER)
        self.assertEqual((rating.value, rating.unrated), (str(COMPANIES[BUYER]['grade']), False))
        self.assertTrue(client.get_rating('7100003').unrated)

    def test_a_currency_that_is_not_accepted_is_refused_before_sending(self):
        with self.assertRaises(InvalidInputError):
            self.client.request_cover(self.order(currency='XOF'))
        self.assertFalse(self.sim.calls)

    def test_the_production_paths_have_no_uatm(self):
        class Production(AllianzTrade):
            environment = 'production'

        self.assertEqual(
            [x[1] for x in Production()._routes if x[3] == 'matching'],
            [['', 'search', 'v2', 'companies', 'matching']])
        with self.assertRaises(ConfigurationError):
            self.make_client(environment='staging')
        paths = set()
        self.client.request_cover(self.order())
        self.client.search_company("levant")
        paths = {call['path'] for call in self.sim.calls}
        self.assertEqual(paths, {
            '/uatm/v1/idp/oauth2/authorize', '/uatm/riskinfo/v3/covers',
            '/uatm/riskinfo/v3/coverRequests/search', '/search/uatm-v2/companies/matching'})


@tagged('post_install', '-at_install')
class TestLostAnswers(AllianzCase):
    """A write whose outcome is unknown is looked up before it may be sent again."""

    def lose(self, fault='drop_after', **more):
        self.sim.fail('create_cover', fault, **more)
        with self.assertRaises(UnknownOutcomeError):
            self.client.request_cover(self.order())

    def test_silence_is_unknown_and_a_second_try_sends_nothing(self):
        for fault, more in (
                ('drop_after', {}), ('hang', {'seconds': 0.8}), ('html', {}), ('empty', {}),
                ('truncate', {}), ('status', {'status': 500}), ('status', {'status': 503}),
                ('status', {'status': 408}), ('drop', {})):
            self.sim.reset()
            self.share()
            hangs = {'timeouts': self.impatient} if fault == 'hang' else {}
            self.client = self.make_client(**hangs)
            with self.subTest(fault=fault, **more):
                self.lose(fault, **more)
                self.client = self.make_client()
                # The look-up for pending requests answers; only the write itself is barred.
                self.sim.requests.clear()
                with self.assertRaises(UnknownOutcomeError) as caught:
                    self.client.request_cover(self.order())
                self.assertEqual(caught.exception.code, 'look_up_first')
                self.assertEqual(self.sim.count('create_cover'), 1)

    def test_what_arrived_is_found_and_not_sent_again(self):
        self.lose('drop_after')
        with self.assertRaises(UnexpectedAnswerError):
            self.client.find_request(self.order())
        self.sim.names_companies = True
        found = self.client.find_request(self.order())
        self.assertEqual((found.status, found.own_reference), (CoverStatus.PENDING, 'REQ/1'))
        with self.assertRaises(UnknownOutcomeError):
            self.sim.requests.clear()
            self.client.request_cover(self.order())
        self.assertEqual(self.sim.count('create_cover'), 1)

    def test_what_was_decided_meanwhile_is_found_among_the_covers(self):
        self.lose('drop_after')
        self.sim._decide(next(iter(self.sim.requests)))
        found = self.client.find_request(self.order())
        self.assertEqual((found.status, found.cover.requested.amount),
                         (CoverStatus.GRANTED, Decimal(40000)))

    def test_what_never_arrived_may_be_sent_after_the_look_up(self):
        self.lose('drop')
        self.assertIsNone(self.client.find_request(self.order()))
        self.assertEqual(self.client.request_cover(self.order()).status, CoverStatus.SUBMITTED)
        self.assertEqual(len(self.sim.requests), 1)

    def test_a_look_up_that_fails_frees_nothing(self):
        self.lose('drop')
        self.sim.fail('search_covers', 'status', status=500, times=9)
        with self.assertRaises(ConnectorError):
            self.client.find_request(self.order())
        with self.assertRaises(UnknownOutcomeError):
            self.client.request_cover(self.order())

    def test_a_job_number_that_is_none_is_unknown(self):
        for body in ({'job': 1}, None, True, ''):
            self.sim.reset()
            self.share()
            self.client = self.make_client()
            with self.subTest(body):
                self.lose('status', status=200, body=body)

    def test_two_workers_at_once_send_one(self):
        other = self.make_client()
        self.client.journal.begin(('allianz_trade', 'simulator', '', 'REQ/1'))
        with self.assertRaises(UnknownOutcomeError):
            other.request_cover(self.order())
        self.assertEqual(self.sim.count('create_cover'), 0)

    def test_eight_threads_at_once_send_one(self):
        barrier, outcomes = threading.Barrier(8), []

        def work(client):
            barrier.wait(10)
            try:
                outcomes.append(client.request_cover(self.order()).status)
            except (UnknownOutcomeError, UnexpectedAnswerError) as error:
                outcomes.append(error.code)

        threads = [threading.Thread(target=work, args=(self.make_client(),)) for _n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        # A straggler finds a request under way, and that nobody says for whom.
        self.assertEqual((len(outcomes), outcomes.count(CoverStatus.SUBMITTED)), (8, 1))
        self.assertLessEqual(
            set(outcomes), {'look_up_first', 'unnamed_request', CoverStatus.SUBMITTED})
        self.assertEqual(self.sim.count('create_cover'), 1)

    def test_a_refused_write_may_be_corrected_and_sent(self):
        self.sim.fail('create_cover', 'status', status=400, body={'message': "no"})
        with self.assertRaises(ConnectorError) as caught:
            self.client.request_cover(self.order())
        self.assertEqual(caught.exception.provider_messages, ("no",))
        self.assertEqual(self.client.request_cover(self.order()).status, CoverStatus.SUBMITTED)

    def test_a_write_that_never_left_may_be_sent_again(self):
        self.client.test_connection()
        url, self.client._bases['risk'] = self.client._bases['risk'], 'http://127.0.0.1:9'
        self.client.session.mount('http://127.0.0.1:9', self.client.session.adapters[self.sim.url])
        with self.assertRaises(ConnectorError) as caught:
            self.client._create('request_cover', self.order(), '')
        self.assertEqual(caught.exception.code, 'unreachable')
        self.client._bases['risk'] = url
        self.assertEqual(self.client.request_cover(self.order()).status, CoverStatus.SUBMITTED)
