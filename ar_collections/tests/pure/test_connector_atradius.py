import csv
from datetime import date, timedelta
from decimal import Decimal

from odoo.tests import tagged

from ...connectors import atradius_codes
from ...connectors.atradius import AtradiusClient
from ...connectors.capability import Capability
from ...connectors.errors import (
    AccessError,
    AlreadyPendingError,
    AmbiguousError,
    BudgetError,
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    UnknownOutcomeError,
)
from ...connectors.results import CoverOrder, CoverStatus, LayerKind, Money, PendingAction
from ...connectors.state import DailyBudget
from ..simulators.atradius import Atradius
from .connector_common import ConnectorCase

BUYER, OTHER = '8200001', '8200002'

# Decision codes as published in the handbook's table (AX-1), typed from it, not from the code.
TABLE = """
DC01,approved in full,granted
DC02,approved with conditions,granted_conditional
DC03,refused,refused
DC04,"part approved, final",granted_partial
DC05,"increase refused, existing cover unchanged",increase_refused
DC06,"part approved, preliminary",preliminary
DC07,preliminary refusal,preliminary
DC08,withdrawn by Atradius,withdrawn
DC09,reduced by Atradius,reduced
DC10,"terms revised, here below what was asked for",granted_partial
DC11,re-issued,superseded
DC21,"advance notice of withdrawal, still valid",withdrawal_announced
DC22,reduced by partial expiry,reduced
"""
# The same for historic codes; the decision beside them is DC01.
HISTORIC = """
CCLA,application cancelled,cancelled
RCLA,application rejected,rejected_input
SCLA,application superseded,superseded
TCLA,application transferred,superseded
ARCH,archived,superseded
CCLD,decision cancelled,cancelled
CIND,indication cancelled,cancelled
ECLD,decision expired,expired
PCLD,cancelled because the policy was,cancelled
SCLD,decision superseded,superseded
TCLD,decision transferred,superseded
WCLD,decision withdrawn,withdrawn
ACLD,decision amended,superseded
ICLD,re-issued,superseded
MCLD,"maintained, confirms the decision beside it",granted
"""


@tagged('post_install', '-at_install')
class TestAtradius(ConnectorCase):
    simulator_class = Atradius
    client_class = AtradiusClient
    credentials = {'client_id': Atradius.client_id, 'client_secret': Atradius.client_secret,
                   'app_key': Atradius.app_key}
    options = {'customer_id': '4411', 'policy_id': '700123', 'policy_currency': 'EUR'}

    def order(self, amount=40000, reference='REQ/1', buyer=BUYER, currency='EUR'):
        return CoverOrder(buyer, Money(Decimal(amount), currency), reference)

    def decide(self, code, amount='30000', asked=40000, **fields):
        """Let the insurer decide; return the cover in force."""
        self.sim.decisions = {int(BUYER): {'code': code, 'amount': amount, **fields}}
        return self.client.request_cover(self.order(asked))

    def confirm(self):
        """From here on, what a PUT expects has been compared with the contract."""
        self.client = self.make_client(confirmed=[Capability.CHANGE_COVER])

    # === DECISIONS === #

    def test_every_decision_code_of_the_table(self):
        for code, _meaning, status in csv.reader(TABLE.strip().splitlines()):
            self.sim.reset()
            self.share()
            self.client = self.make_client()
            with self.subTest(code):
                self.assertEqual(self.decide(code).status, status)
        self.assertEqual(set(atradius_codes.DECISIONS), {
            row[0] for row in csv.reader(TABLE.strip().splitlines())})

    def test_revised_terms_are_no_reduction_by_themselves(self):
        for amount, status in (('30000', CoverStatus.GRANTED_PARTIAL),
                               ('40000', CoverStatus.GRANTED_CONDITIONAL),
                               ('50000', CoverStatus.GRANTED_CONDITIONAL)):
            with self.subTest(amount):
                self.assertEqual(self.decide_again('DC10', amount).status, status)

    def test_every_historic_code_of_the_table(self):
        self.decide('DC01', '40000')
        [cover] = self.sim.covers.values()
        for code, _meaning, status in csv.reader(HISTORIC.strip().splitlines()):
            cover.update(coverStatus='HISTORIC', historicCode=code)
            with self.subTest(code):
                read = self.client.poll_request(cover['coverId'], buyer_id=BUYER)
                self.assertEqual((read.status, read.cover.provider_code), (status, code))
                self.assertFalse(read.cover.attention)
        self.assertEqual(set(atradius_codes.HISTORIC), {
            row[0] for row in csv.reader(HISTORIC.strip().splitlines())})

    def test_the_indicators_of_a_withdrawal_to_come(self):
        for indicator, action in (('F', PendingAction.FUTURE_WITHDRAWAL),
                                  ('P', PendingAction.POSTPONED_WITHDRAWAL)):
            for code, status in (('DC01', CoverStatus.WITHDRAWAL_ANNOUNCED),
                                 ('DC09', CoverStatus.WITHDRAWAL_ANNOUNCED),
                                 # Nothing is left that could be withdrawn.
                                 ('DC03', CoverStatus.REFUSED), ('DC08', CoverStatus.WITHDRAWN)):
                with self.subTest(indicator=indicator, code=code):
                    cover = self.decide_again(
                        code, '30000', pendingProcessIndicator=indicator,
                        withdrawalDate='2027-02-14').cover
                    self.assertEqual((cover.status, cover.pending_action), (status, action))
                    self.assertEqual(cover.usable_amount(date(2027, 2, 14)), 0)

    def test_requested_and_granted_are_two_amounts_in_policy_currency(self):
        request = self.decide('DC04', '30000')
        self.assertEqual(request.cover.requested, Money(Decimal(40000), 'EUR'))
        self.assertEqual(request.cover.layers[0].amount, Money(Decimal(30000), 'EUR'))

    def test_an_empty_amount_is_unknown_and_not_zero(self):
        request = self.decide('DC01', '')
        self.assertEqual(request.status, CoverStatus.UNKNOWN)
        self.assertIsNone(request.cover.usable_amount(date(2027, 2, 1)))

    def test_zero_needs_a_code_that_says_so(self):
        self.assertEqual(self.decide('DC01', '0').status, CoverStatus.UNKNOWN)
        refused = self.decide_again('DC03', '0')
        self.assertEqual((refused.status, refused.cover.usable_amount(date(2027, 2, 1))),
                         (CoverStatus.REFUSED, 0))

    def decide_again(self, code, amount, **fields):
        self.sim.reset()
        self.share()
        self.client = self.make_client()
        return self.decide(code, amount, **fields)

    def test_amounts_as_texts_with_a_decimal_comma(self):
        for text, amount in (('30000,50', '30000.50'), ('30 000', '30000'),
                             ('30.000,50', '30000.50'), ('30,000.50', '30000.50'),
                             ('30000.00', '30000.00')):
            with self.subTest(text):
                cover = self.decide_again('DC04', text).cover
                self.assertEqual(cover.layers[0].amount.amount, Decimal(amount))
        for text in ('30,000', '-5', 'NaN', 'ten'):
            with self.subTest(text):
                cover = self.decide_again('DC04', text).cover
                self.assertEqual(cover.status, CoverStatus.UNKNOWN)
                self.assertIn('unreadable_amount', [x.code for x in cover.attention])

    def test_an_announced_withdrawal_covers_deliveries_until_its_day(self):
        cover = self.decide('DC21', '30000', withdrawalDate='2027-02-14').cover
        self.assertEqual(cover.status, CoverStatus.WITHDRAWAL_ANNOUNCED)
        self.assertEqual(
            [cover.usable_amount(date(2027, 2, 13)), cover.usable_amount(date(2027, 2, 14))],
            [30000, 0])

    def test_the_pending_action_stands_beside_the_status(self):
        cover = self.decide('DC01', '40000', pendingProcessIndicator='C').cover
        self.assertEqual((cover.status, cover.pending_action),
                         (CoverStatus.GRANTED, PendingAction.CANCELLATION))
        cover = self.decide_again('DC01', '40000', pendingProcessIndicator='Z').cover
        self.assertIsNone(cover.pending_action)
        self.assertEqual([x.value for x in cover.attention], ['Z'])

    def test_two_parts_are_two_layers_when_they_add_up(self):
        parts = {
            'firstAmtDecision': {'decisionAmtInPolicyCurrency': '20000', 'decisionExpiryDate': ''},
            'secondAmtDecision': {'decisionAmtInPolicyCurrency': '10000',
                                  'decisionExpiryDate': '2027-03-31'}}
        cover = self.decide('DC04', '30000', **parts).cover
        self.assertEqual([x.kind for x in cover.layers], [LayerKind.PERMANENT, LayerKind.TEMPORARY])
        self.assertEqual([cover.usable_amount(date(2027, 3, 31)),
                          cover.usable_amount(date(2027, 4, 1))], [30000, 20000])
        cover = self.decide_again('DC04', '29000', **parts).cover
        self.assertEqual(len(cover.layers), 1)
        self.assertIn('total_differs', [x.code for x in cover.attention])

    def test_a_time_in_utc_falls_on_the_companys_day(self):
        cover = self.decide('DC01', '40000', decisionDate='2027-01-14T23:30:00Z').cover
        self.assertEqual(cover.decided_on, date(2027, 1, 15), "half past midnight in Paris")

    def test_an_unknown_decision_code_is_surfaced(self):
        request = self.decide('DC99')
        self.assertEqual((request.status, request.cover.provider_code),
                         (CoverStatus.UNKNOWN, 'DC99'))

    def test_unknown_fields_are_ignored_and_a_missing_one_is_a_task(self):
        self.decide('DC01', '40000', aNewField={'x': 1})
        self.sim.fail('covers', 'mutate', delete=['data.0.coverId'])
        with self.assertRaises(ConnectorError) as caught:
            self.client.get_cover(BUYER)
        self.assertEqual((caught.exception.code, caught.exception.message),
                         ('missing_field', 'data[0].coverId'))

    # === REQUESTS === #

    def test_a_referred_application_is_pending_until_it_is_decided(self):
        self.sim.refer = {int(BUYER)}
        request = self.client.request_cover(self.order())
        self.assertEqual((request.status, request.cover), (CoverStatus.PENDING, None))
        poll = {'cover_id': request.request_id, 'buyer_id': BUYER}
        self.assertEqual(self.client.poll_request(**poll).status, CoverStatus.PENDING)
        self.sim.covers[request.request_id].update(coverStatus='DECISION', decisionCode='DC03')
        self.assertEqual(self.client.poll_request(**poll).status, CoverStatus.REFUSED)

    def test_an_increase_supersedes_and_a_decrease_reduces(self):
        self.decide('DC01', '40000')
        self.confirm()
        for amount, action in ((50000, 'supersede'), (30000, 'reduce')):
            self.sim.decisions = {int(BUYER): {'code': 'DC01', 'amount': str(amount)}}
            self.client.request_cover(self.order(amount, f'REQ/{amount}'))
            self.assertIn(f'"action": "{action}"', [
                x for x in self.sim.calls if x['route'] == 'change'][-1]['body'])
        self.assertEqual(self.sim.count('apply'), 1)
        self.assertEqual(len(self.client.list_covers().items), 1)

    def test_the_limit_in_force_is_not_asked_for_again(self):
        self.decide('DC01', '40000')
        with self.assertRaises(InvalidInputError):
            self.client.request_cover(self.order(40000, 'REQ/2'))

    def test_the_parts_of_a_limit_are_compared_together(self):
        self.decide('DC01', '30000', asked=30000, firstAmtDecision={
            'decisionAmtInPolicyCurrency': '20000', 'decisionExpiryDate': ''}, secondAmtDecision={
            'decisionAmtInPolicyCurrency': '10000', 'decisionExpiryDate': '2027-03-31'})
        with self.assertRaises(InvalidInputError):
            self.client.request_cover(self.order(30000, 'REQ/2'))
        self.confirm()
        self.client.request_cover(self.order(25000, 'REQ/3'))
        self.assertIn('"action": "reduce"', [
            x for x in self.sim.calls if x['route'] == 'change'][-1]['body'])

    def test_a_pending_application_is_attached_to(self):
        self.sim.refer = {int(BUYER)}
        first = self.client.request_cover(self.order())
        second = self.client.request_cover(self.order(60000, 'REQ/2'))
        self.assertEqual((second.attached, second.request_id), (True, first.request_id))
        self.assertEqual(self.sim.count('apply'), 1)

    def test_the_insurers_already_exists_is_not_a_plain_refusal(self):
        self.sim.fail('apply', 'status', status=422, body={'errors': [
            {'detail': "A limit or check already exists for this buyer"}]})
        with self.assertRaises(AlreadyPendingError):
            self.client.request_cover(self.order())

    def test_a_refusal_inside_a_success_is_a_refusal(self):
        self.sim.refusal = "Action has been refused."
        with self.assertRaises(RefusedError) as caught:
            self.client.request_cover(self.order())
        self.assertEqual(caught.exception.code, 'refused_in_body')
        self.sim.refusal = "Action parked"
        request = self.client.request_cover(self.order())
        self.assertEqual((request.status, request.attention[0].value),
                         (CoverStatus.UNKNOWN, "Action parked"))

    def test_an_amount_is_rounded_up_by_proposal_only(self):
        with self.assertRaises(InvalidInputError) as caught:
            self.client.request_cover(self.order(40_001))
        self.assertEqual(caught.exception.details['proposal'], 41_000)
        self.assertEqual(self.sim.count('apply'), 0)

    def test_only_the_policy_currency_is_asked_for(self):
        with self.assertRaises(InvalidInputError):
            self.client.request_cover(self.order(currency='USD'))

    def test_a_policy_that_is_not_in_force_stops_everything(self):
        for change in ({'policyStatus': 'cancelled'}, {'policyCurrency': 'GBP'},
                       {'policyId': '700999'}):
            self.sim.reset()
            self.sim.policy.update(change)
            self.share()
            with self.subTest(change), self.assertRaises(ConfigurationError):
                self.make_client().request_cover(self.order())
            self.assertEqual(self.sim.count('apply'), 0)

    def test_a_lost_answer_is_found_by_our_own_reference(self):
        self.sim.fail('apply', 'drop_after')
        with self.assertRaises(UnknownOutcomeError):
            self.client.request_cover(self.order())
        with self.assertRaises((UnknownOutcomeError, InvalidInputError)):
            self.client.request_cover(self.order())
        self.assertEqual(self.client.find_request(self.order()).status, CoverStatus.GRANTED)
        self.assertIsNone(self.client.find_request(self.order(reference='REQ/9')))
        self.assertEqual(self.sim.count('apply'), 1)

    def test_a_decision_that_cannot_be_read_does_not_undo_the_request(self):
        self.client.get_policy()
        self.sim.fail('covers', 'mutate', set={})
        self.sim.fail('covers', 'status', status=500, times=9)
        request = self.client.request_cover(self.order())
        self.assertEqual((request.status, self.sim.count('apply')), (CoverStatus.PENDING, 1))

    def test_two_covers_in_force_are_for_a_person(self):
        self.decide('DC01', '40000')
        self.sim.covers['twin'] = dict(next(iter(self.sim.covers.values())), coverId='twin')
        with self.assertRaises(AmbiguousError):
            self.client.get_cover(BUYER)

    def test_a_cover_is_given_up(self):
        cover = self.decide('DC01', '40000').cover
        self.confirm()
        request = self.client.change_cover(cover.cover_id, buyer_id=BUYER, reference='REQ/2')
        self.assertEqual(request.status, CoverStatus.CANCELLED)
        with self.assertRaises(NotFoundError):
            self.client.get_cover(BUYER)

    def test_a_large_list_comes_in_one_answer(self):
        self.decide('DC01', '40000')
        cover = next(iter(self.sim.covers.values()))
        self.sim.covers = {str(n): dict(cover, coverId=str(n)) for n in range(3000)}
        self.assertEqual(len(self.client.list_covers().items), 3000)

    # === BUYERS === #

    def test_a_buyer_number_is_kept_as_text(self):
        company = self.client.search_company('012345674').certain
        self.assertEqual((company.provider_id, company.number('SN')), (BUYER, '012345674'))

    def test_no_buyer_and_two_buyers(self):
        self.assertEqual(self.client.search_company('099000127').companies, ())
        self.sim.double = True
        self.assertEqual(len(self.client.search_company('012345674').companies), 1,
                         "the same buyer twice is one")

    def test_the_rating_is_raw_and_its_trend_needs_no_scale(self):
        rating = self.client.get_rating(OTHER)
        self.assertEqual((rating.value, rating.previous, rating.trend), ('71', '52', 'down'))
        batch = self.client.list_changes(date(2027, 1, 1), date(2027, 1, 15))
        self.assertEqual({x.details['trend'] for x in batch.items}, {'up', 'down'})

    def test_paid_look_ups_keep_to_the_budget(self):
        client = self.make_client(budget=DailyBudget(2, self.clock))
        client.search_company('012345674')
        client.get_rating(BUYER)
        with self.assertRaises(BudgetError):
            client.get_rating(BUYER)
        self.assertEqual(len(self.sim.calls), 3, "a token and two look-ups")
        self.pass_time(timedelta(days=1).total_seconds())
        client.get_rating(BUYER)

    def test_no_budget_in_production_is_no_paid_call(self):
        client = self.make_client(environment='production', budget=None)
        with self.assertRaises(BudgetError):
            client.get_rating(BUYER)
        self.assertFalse(self.sim.calls)

    def test_a_paid_look_up_is_not_repeated_when_its_answer_was_lost(self):
        self.sim.fail('buyer', 'drop_after', times=5)
        with self.assertRaises(ConnectorError) as caught:
            self.client.get_rating(BUYER)
        self.assertEqual((caught.exception.code, self.sim.count('buyer')), ('no_answer', 1))

    # === GATEWAY === #

    def test_403_speaks_of_route_key_or_right_and_not_of_the_password(self):
        for client in (self.make_client(credentials={**self.credentials, 'app_key': 'other-key'}),
                       self.client):
            client._bases['api'] += '' if client is not self.client else '/nowhere'
            with self.assertRaises(AccessError) as caught:
                client.list_covers()
            self.assertEqual(caught.exception.code, 'route_key_or_right')

    def test_wrong_credentials_are_a_credential_error(self):
        client = self.make_client(credentials={**self.credentials, 'client_secret': 'wrong-one'})
        with self.assertRaises(CredentialsError):
            client.test_connection()

    def test_each_call_has_a_correlation_id_of_its_own(self):
        self.client.list_covers()
        self.client.list_covers()
        ids = [x['headers']['atradius-correlation-id'] for x in self.sim.calls]
        self.assertEqual(len(set(ids)), 3)
