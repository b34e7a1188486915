"""Atradius: buyers and covers as recorded by a public client from real calls (AX-1, AX-2).

The rating has no published direction: it is kept raw, only its change says up or down. Look-ups of
buyers may be billed. Contracts of non-payments and declarations are closed.
"""
import base64
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from . import atradius_codes as codes
from .atradius_reading import AtradiusReading
from .capability import Capability, provides
from .errors import (
    AccessError,
    AlreadyPendingError,
    AmbiguousError,
    ConfigurationError,
    ConnectorError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    UnknownOutcomeError,
)
from .exchange import Call, Kind, Problem
from .results import (
    NO_COVER,
    Address,
    Batch,
    Candidates,
    Company,
    CompanyEvent,
    Confidence,
    Cover,
    CoverOrder,
    CoverRequest,
    CoverStatus,
    Identifier,
    Money,
    Policy,
    Rating,
)

BUYERS = '/organisation-management/v1/buyers'
COVERS = '/cover-management/v1/covers'
SUCCESS = 'action successful'
REFUSAL = 'action has been refused'


class AtradiusClient(AtradiusReading):
    """Buyers, covers and applications of one policy.

    Options: customer_id, policy_id, policy_currency (ISO code).
    """

    code = 'atradius'
    bases = {
        'production': {'token': 'https://api.atradius.com',
                       'api': 'https://api.atradius.com/credit-insurance'},
        'test': {'token': 'https://api-uat.atradius.com',
                 'api': 'https://api-uat.atradius.com/credit-insurance'},
    }
    credential_fields = ('client_id', 'client_secret', 'app_key')
    required_options = ('customer_id', 'policy_id', 'policy_currency')
    amount_step = Decimal(1000)
    can_cancel = True
    correlation_header = 'Atradius-Correlation-Id'
    manual = frozenset({
        Capability.DECLARE_OVERDUE, Capability.EXTEND_DUE_DATE, Capability.RESCHEDULE,
        Capability.GET_OVERDUE})
    _policy_checked = False

    @property
    def currencies(self) -> frozenset[str]:
        """Limits are asked for in policy currency."""
        return frozenset({self.options['policy_currency']})

    def _login(self):
        pair = f"{self._secret('client_id')}:{self._secret('client_secret')}"
        basic = base64.b64encode(pair.encode()).decode()
        self.masker.add(basic)
        answer = self._run(Call(
            'login', 'POST', self._url('token', '/authenticate/v2/tokens'), Kind.LOGIN,
            signed=False, headers={
                'Authorization': f'Basic {basic}', 'Content-Type': 'application/json',
                'Atradius-App-Key': self._secret('app_key')}))
        data = self._read(answer).child('data')
        return self._make_token(data.text('access_token', required=True), data.text('expires_in'))

    def _sign(self, headers, token):
        return {**super()._sign(headers, token), 'Atradius-App-Key': self._secret('app_key')}

    def _read_problem(self, answer):
        data = answer.json_or_none()
        if not isinstance(data, dict):
            return Problem()
        errors = [x for x in data.get('errors') or [] if isinstance(x, dict)]
        texts = [str(x.get('detail') or '') for x in errors]
        texts += [str(data[key]) for key in ('faultstring', 'libelle') if data.get(key)]
        sources = [x.get('source') for x in errors if isinstance(x.get('source'), dict)]
        code = next((str(x['parameter']) for x in sources if x.get('parameter')), '')
        return Problem(str(data.get('codeRetour') or code), tuple(filter(None, texts)))

    def _classify(self, call, answer, problem):
        words = ' '.join(problem.messages).lower()
        if answer.status == 403:
            return self._error(
                AccessError, 'route_key_or_right', "unknown route, application key or right",
                answer=answer, problem=problem)
        if answer.status in (400, 404, 409, 422):
            if 'already exists' in words:
                return self._error(AlreadyPendingError, 'pending', answer=answer, problem=problem)
            if 'no buyer' in words:
                return self._error(NotFoundError, 'not_found', answer=answer, problem=problem)
        return None

    @provides(Confidence.OBSERVED)
    def test_connection(self) -> bool:
        """Get a token; costs nothing."""
        return bool(self._token())

    @provides(Confidence.OBSERVED)
    def get_policy(self) -> Policy:
        """Return the five facts that the API tells about the policy."""
        answer = self._get('get_policy', self._url(
            'api', '/policy-management/v1/policies/details'),
            {'policyId': self.options['policy_id']})
        data = self._read(answer).child('data')
        status = data.text('policyStatus', required=True)
        if status != 'live':
            data.note('unknown_code', 'policyStatus', status)
        return Policy(
            data.text('policyId', required=True), status, True if status == 'live' else None,
            data.text('policyCurrency'), data.day('policyStartDate'), data.day('policyExpiryDate'),
            tuple(data.attention), self._meta(answer))

    def _check_policy(self):
        """Stop unless the policy of the settings is the one in force."""
        if self._policy_checked:
            return
        policy = self.get_policy()
        if not policy.live or policy.policy_id != str(self.options['policy_id']):
            raise ConfigurationError('policy', f"the policy is {policy.status}")
        if policy.currency != self.options['policy_currency']:
            raise ConfigurationError('policy_currency', f"the policy is in {policy.currency}")
        self._policy_checked = True

    # === BUYERS === #

    @provides(Confidence.OBSERVED)
    def search_company(self, number: str, country: str = 'FR', *, kind: str = 'SN') -> Candidates:
        """Return the buyers of a number. May be billed.

        :param kind: SN for a SIREN (AX-2), VAT, NRN, CR, DB, FC or TK
        """
        if kind not in codes.UID_TYPES or country not in codes.COUNTRIES:
            raise InvalidInputError('number', f"{kind} of {country} is not known")
        try:
            answer = self._get('search_company', self._url('api', BUYERS), {
                'country': codes.COUNTRIES[country], 'uid': number, 'uidType': kind}, billed=True)
        except NotFoundError as error:
            if error.code != 'not_found':
                raise
            return Candidates(())
        found = [self._load_buyer(item.own(), answer, country)
                 for item in self._read(answer).children('data', required=True)]
        return Candidates(tuple({x.provider_id: x for x in found}.values()), True,
                          meta=self._meta(answer))

    def _load_buyer(self, item, answer, country):
        address = item.child('registeredAddress')
        return Company(
            provider_id=item.text('buyerId', required=True), reason='number',
            address=Address(city=address.text('city'), country=country),
            identifiers=tuple(
                Identifier(x.text('uidType'), x.text('uid'), country)
                for x in item.children('uniqueIdentifiers')),
            attention=tuple(item.attention), meta=self._meta(answer, item.data))

    @provides(Confidence.OBSERVED)
    def get_rating(self, buyer_id: str) -> Rating:
        """Return the buyer rating, raw. May be billed."""
        answer = self._get(
            'get_rating', self._url('api', BUYERS + '/{}', buyer_id), billed=True)
        items = self._read(answer).children('data', required=True)
        if len(items) != 1:
            raise self._error(NotFoundError if not items else AmbiguousError, 'not_one',
                              answer=answer)
        return self._load_rating(items[0].own(), answer)

    def _load_rating(self, item, answer):
        value, change = item.text('currentBuyerRating'), item.text('buyerRatingChange').lower()
        if change not in ('', 'up', 'down', 'same'):
            item.note('unknown_code', 'buyerRatingChange', change)
            change = ''
        return Rating(
            'atradius_buyer_rating', value, previous=item.text('previousBuyerRating'),
            trend=change, unrated=not value, label=item.text('currentBuyerRatingClass'),
            attention=tuple(item.attention), meta=self._meta(answer, item.data))

    @provides(Confidence.OBSERVED)
    def list_changes(self, since: date, until: date) -> Batch:
        """Return the buyers of the portfolio whose rating has changed in these days."""
        answer = self._get('list_changes', self._url('api', f'{BUYERS}/my-buyers'), {
            'customerId': self.options['customer_id'], 'policyId': self.options['policy_id'],
            'buyerRatingUpdatedAfter': since.isoformat(),
            'buyerRatingUpdatedBefore': until.isoformat()})
        events = []
        for item in self._read(answer).children('data', required=True):
            rating, buyer = self._load_rating(item.own(), answer), item.text('buyerId')
            events.append(CompanyEvent(
                f'{buyer}:{rating.value}', 'rating_changed', buyer, label=rating.value,
                attention=rating.attention,
                details=MappingProxyType({
                    'scale': rating.scale, 'value': rating.value, 'previous': rating.previous,
                    'trend': rating.trend}), meta=rating.meta))
        return Batch(tuple(events), True, meta=self._meta(answer))

    # === REQUESTS === #

    @provides(Confidence.OBSERVED)
    def request_cover(self, order: CoverOrder) -> CoverRequest:
        """Ask for a limit. An existing cover is superseded or reduced, never asked for as new.

        :raise UnconfirmedError: there is a cover in force and `change_cover` is off; nothing was
            sent
        :raise UnknownOutcomeError: call `find_request` before anything else
        """
        self._check_policy()
        return self._send_once(order, lambda: self._apply(order))

    def _apply(self, order):
        data = {
            'customerId': int(self.options['customer_id']), 'policyId': self.options['policy_id'],
            'buyerId': int(order.buyer_id), 'coverType': 'credit-limit',
            'currencyCode': order.amount.currency, 'creditLimitAmount': order.amount.amount,
            'customerRefNumber': order.reference}
        if order.effective_from:
            data['effectFromDate'] = order.effective_from.isoformat()
        current = self._find_live(order.buyer_id)
        if not current:
            return self._submit('request_cover', 'POST', data, order)
        # A limit in two parts is one limit.
        parts = [layer.amount for layer in current.layers]
        before = sum(part.amount for part in parts) if parts and all(parts) else None
        if before == order.amount.amount:
            raise InvalidInputError('unchanged', "this is the limit in force")
        # What a PUT expects beside `action` is an assumption.
        self.require(Capability.CHANGE_COVER)
        lower = before is not None and order.amount.amount < before
        return self._submit('change_cover', 'PUT', {
            **data, 'coverId': current.cover_id,
            'action': 'reduce' if lower else 'supersede'}, order)

    @provides(Confidence.UNCONFIRMED)
    def change_cover(self, cover_id: str, order: CoverOrder | None = None, *, buyer_id: str,
                     reference: str) -> CoverRequest:
        """Give a cover up. Other amounts go through `request_cover`, which reads first.

        The route and its `action` were seen (AX-1), the other fields are an assumption.
        """
        if order is not None:
            return self.request_cover(order)
        self._check_policy()
        order = CoverOrder(buyer_id, Money(Decimal(0), self.options['policy_currency']), reference)
        return self._submit('change_cover', 'PUT', {
            'customerId': int(self.options['customer_id']), 'policyId': self.options['policy_id'],
            'buyerId': int(buyer_id), 'coverId': cover_id, 'action': 'cancel',
            'customerRefNumber': reference}, order)

    def _submit(self, operation, method, data, order):
        answer = self._write(order.reference, Call(
            operation, method, self._url('api', COVERS), Kind.WRITE, json=data,
            accept=frozenset({200, 201, 202})))
        items = self._read(answer).children('data')
        if len(items) != 1:
            raise self._error(UnknownOutcomeError, 'no_answer', "no single answer", answer=answer)
        item, status = items[0].own(), CoverStatus.PENDING
        words = item.text('response')
        if words.lower().rstrip('.') == REFUSAL:
            self._settle(order.reference, found=False)
            raise self._error(RefusedError, 'refused_in_body', answer=answer,
                              problem=Problem(messages=(words,)))
        if words.lower().rstrip('.') != SUCCESS:
            item.note('unknown_code', 'response', words)
            status = CoverStatus.UNKNOWN
        cover_id = item.text('coverId')
        cover = None
        if data.get('action') == 'cancel':
            if status == CoverStatus.PENDING and answer.status == 201:
                status = CoverStatus.CANCELLED
        elif status == CoverStatus.PENDING and answer.status == 201:
            cover = self._find_decision(cover_id, order.buyer_id)
            status = cover.status if cover else status
        return CoverRequest(
            cover_id, status, order.reference, order.buyer_id, cover_id, order.amount, cover,
            attention=tuple(item.attention), meta=self._meta(answer))

    def _find_decision(self, cover_id, buyer_id):
        """Return what was decided at once (201): it stands in the list of covers. The request has
        been accepted, so a failure of this reading must not look like one of the request."""
        try:
            return next((
                x for x in self._iterate('', buyer_id) if x.cover_id == cover_id), None)
        except ConnectorError:
            return None

    @provides(Confidence.OBSERVED)
    def find_request(self, order: CoverOrder) -> CoverRequest | None:
        """Look up what became of a request whose answer was lost; None: it never arrived."""
        found = next((
            x for part in ('/applications', '', '/decisions', '/historic')
            for x in self._iterate(part, order.buyer_id) if self._is_answer_to(x, order)), None)
        self._settle(order.reference, bool(found))
        return self._wrap(found, order.reference) if found else None

    @provides(Confidence.OBSERVED)
    def poll_request(self, cover_id: str, *, buyer_id: str, sent_at: datetime | None = None,
                     requested: Money | None = None,
                     previous: Decimal | None = None) -> CoverRequest:
        """Return the state of an application: undecided, decided or historic.

        The answer says all of it: when it was sent, for how much and what was in force before,
        which other insurers need to be told, is not used.
        """
        for part in ('/applications', '', '/historic'):
            for cover in self._iterate(part, buyer_id):
                if cover.cover_id == cover_id:
                    return self._wrap(cover, cover.own_reference)
        raise NotFoundError('not_found', f"no application {cover_id} in any list")

    @provides(Confidence.OBSERVED)
    def list_requests(self) -> Batch:
        """Return the applications still undecided."""
        return Batch(tuple(self._iterate_pending()), True)

    def _iterate_pending(self) -> Iterator[CoverRequest]:
        for cover in self._iterate('/applications'):
            yield self._wrap(cover, cover.own_reference)

    def _wrap(self, cover, reference):
        pending = cover.status == CoverStatus.PENDING
        return CoverRequest(
            cover.cover_id, cover.status, reference, cover.buyer_id, cover.cover_id,
            cover.requested, None if pending else cover, True, cover.attention, cover.meta)

    # === COVERS === #

    @provides(Confidence.OBSERVED)
    def get_cover(self, buyer_id: str) -> Cover:
        """Return the limit in force for a buyer (there is no route by cover).

        :raise NotFoundError: none
        :raise AmbiguousError: several
        """
        cover = self._find_live(buyer_id)
        if not cover:
            raise NotFoundError('no_cover', f"no limit in force for {buyer_id}")
        return cover

    def _find_live(self, buyer_id):
        live = [x for x in self._iterate('', buyer_id) if x.status not in NO_COVER]
        if len(live) > 1:
            raise AmbiguousError('several_covers', details={'covers': live})
        return live[0] if live else None

    def read_cover(self, cover_id: str, *, buyer_id: str) -> Cover | None:
        """Return a decision of any of the three lists."""
        return self.poll_request(cover_id, buyer_id=buyer_id).cover

    @provides(Confidence.OBSERVED)
    def list_covers(self) -> Batch:
        """Return all covers in force: one answer, there is no paging."""
        covers = {cover.cover_id: cover for cover in self._iterate('')}
        return Batch(tuple(covers.values()), True)

    def _iterate(self, part, buyer_id=''):
        params = {'customerId': self.options['customer_id'],
                  'policyId': self.options['policy_id']}
        if buyer_id:
            params['buyerId'] = buyer_id
        answer = self._get('list_covers', self._url('api', COVERS + part), params)
        for item in self._read(answer).children('data', required=True):
            yield self._load_cover(item.own(), answer)
