"""Allianz Trade (ex Euler Hermes), risk information v3: covers by jobs.

Token, job flow and reference tables are documented (AT-1, AT-2); bodies of covers were seen in
public clients (AT-5 to AT-8). Of the decision codes only two were ever seen: any other is unknown,
and the amount known before stays. No contract is public for overdues, claims and policy.
"""
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from .callback import make_callback_header
from .capability import Capability, provides
from .errors import (
    AlreadyPendingError,
    ConfigurationError,
    UnexpectedAnswerError,
    UnknownOutcomeError,
)
from .exchange import Call, Kind
from .insurer import InsurerClient
from .results import (
    Address,
    Attention,
    Batch,
    CallbackHint,
    Candidates,
    Company,
    Confidence,
    Cover,
    CoverOrder,
    CoverRequest,
    CoverStatus,
    Layer,
    LayerKind,
    Money,
    Rating,
)

AGREED = frozenset({'AlreadyAgreed', 'Agreement'})
JOB_RUNNING = frozenset({'PENDING', 'INPROGRESS', 'IN_PROGRESS', 'CREATED'})
JOB_DEADLINE = timedelta(hours=24)
PAGE = 500
LISTS = ('covers', 'coverRequests', 'results', 'items')


class AllianzTradeClient(InsurerClient):
    """Company search, covers and their requests, for one policy.

    Options: business_unit, policy_id, extension_id, policy_currency; grade_path when confirmed;
    callback_header.
    """

    code = 'allianz_trade'
    # "uatm" stands at another place in every family: whole paths, no substitution.
    bases = {
        'production': {
            'token': 'https://api.allianz-trade.com/v1/idp',
            'risk': 'https://api.allianz-trade.com/riskinfo/v3',
            'search': 'https://api.allianz-trade.com/search/v2',
        },
        'test': {
            'token': 'https://api-services.uat.1placedessaisons.com/uatm/v1/idp',
            'risk': 'https://api-services.uat.1placedessaisons.com/uatm/riskinfo/v3',
            'search': 'https://api-services.uat.1placedessaisons.com/search/uatm-v2',
        },
    }
    # Older contracts use the former name with the same paths (AT-5).
    other_hosts = frozenset({'api.eulerhermes.com'})
    credential_fields = ('api_key',)
    required_options = ('business_unit', 'policy_id')
    currencies = frozenset({'EUR', 'CAD', 'CHF', 'GBP', 'JPY', 'USD'})
    manual = frozenset({
        Capability.DECLARE_OVERDUE, Capability.EXTEND_DUE_DATE, Capability.RESCHEDULE,
        Capability.GET_OVERDUE, Capability.GET_POLICY})

    def _login(self):
        answer = self._run(Call(
            'login', 'POST', self._url('token', '/oauth2/authorize'), Kind.LOGIN, signed=False,
            json={'apiKey': self._secret('api_key')}))
        reader = self._read(answer)
        return self._make_token(
            reader.text('access_token', required=True), reader.text('expires_in'))

    def _classify(self, call, answer, problem):
        words = ' '.join((problem.code, *problem.messages)).lower()
        if answer.status in (400, 409, 422) and (
                'in progress' in words or 'pending' in words.replace('_', ' ')):
            return self._error(AlreadyPendingError, 'pending', answer=answer, problem=problem)
        return None

    @provides(Confidence.DOCUMENTED)
    def test_connection(self) -> bool:
        """Get a token."""
        return bool(self._token())

    # === COMPANIES === #

    @provides(Confidence.OBSERVED)
    def search_company(self, name: str = '', country: str = 'FR', *, postal_code: str = '',
                       city: str = '', number: str = '', size: int = 10) -> Candidates:
        """Return companies by name, or by national number.

        :param number: needs the option `id_type`: the codes of countries are not public
        """
        data = {'requestedSize': size, 'companyName': name, 'town': city,
                'postalCode': postal_code, 'countryCode': country,
                'companyIdentifierTypeCode': 'EH'}
        if number:
            if not self.options.get('id_type'):
                raise ConfigurationError('id_type', "the code of the national number is not known")
            data['companyIdentifiers'] = [
                {'idTypeCode': self.options['id_type'], 'idValue': number}]
        answer = self._search(
            'search_company', self._url('search', '/companies/matching'),
            {key: value for key, value in data.items() if value})
        reason = 'number' if number and not name else 'name'
        found = [
            self._load_company(item.own(), reason, answer)
            for item in self._read(answer).children('results', required=True)]
        unique = {company.provider_id: company for company in found}
        return Candidates(tuple(unique.values()), len(found) < size, meta=self._meta(answer))

    def _load_company(self, item, reason, answer):
        company = item.child('company')
        address = company.child('address')
        zips = address.children('postCodes')
        return Company(
            provider_id=company.text('companyId', required=True),
            name=company.child('legalData').text('companyName'),
            address=Address(
                address.text('streetName'), zips[0].text('postCodeValue') if zips else '',
                address.text('town'), address.text('countryCode')),
            reason=reason, attention=tuple(item.attention), meta=self._meta(answer, item.data))

    @provides(Confidence.UNCONFIRMED)
    def get_rating(self, company_id: str) -> Rating:
        """Return the grade: 1 lowest risk to 10 highest, or none. The route is an assumption:
        option `grade_path`, with {company_id} in it, below the risk family."""
        path = self.options.get('grade_path') or ''
        if '{company_id}' not in path:
            raise ConfigurationError('grade_path', "the route of the grade is not public")
        answer = self._get(
            'get_rating', self._url('risk', path.replace('{company_id}', '{}'), company_id))
        reader = self._read(answer)
        value = reader.text('grade', required=True)
        if value != 'NA' and value not in {str(n) for n in range(1, 11)}:
            reader.note('unknown_code', 'grade', value)
        return Rating('allianz_grade', value, reader.day('gradeDate'), unrated=value == 'NA',
                      attention=tuple(reader.attention), meta=self._meta(answer))

    # === REQUESTS === #

    @provides(Confidence.OBSERVED)
    def request_cover(self, order: CoverOrder) -> CoverRequest:
        """Ask for a limit. The result is a job; `poll_request` tells what becomes of it.

        :raise UnknownOutcomeError: call `find_request` before anything else
        """
        return self._send_once(order, lambda: self._create(
            'request_cover', order, self.options.get('extension_id') or ''))

    @provides(Confidence.OBSERVED)
    def request_topup(self, order: CoverOrder) -> CoverRequest:
        """Ask for a second layer (CAP) above a limit that was granted in part."""
        return self._send_once(order, lambda: self._create('request_topup', order, 'CAP'))

    def _create(self, operation, order, extension):
        data = {
            'requestTypeCode': 'Primary', 'companyId': order.buyer_id,
            'policy': {'businessUnitCode': self.options['business_unit'],
                       'policyId': self.options['policy_id'], 'extensionId': extension},
            'creditLimitDetails': {'requestedAmount': order.amount.amount,
                                   'currencyCode': order.amount.currency},
            'isRequestUrgent': order.urgent}
        return self._submit(operation, order, 'POST', self._url('risk', '/covers'), data)

    def _submit(self, operation, order, method, url, data):
        answer = self._write(order.reference, Call(
            operation, method, url, Kind.WRITE, json=data, headers=self._get_callback(),
            accept=frozenset({200, 201, 202})))
        job = answer.json()
        if not isinstance(job, str | int) or isinstance(job, bool) or not str(job).strip():
            raise self._error(UnknownOutcomeError, 'no_job', "no job number", answer=answer)
        return CoverRequest(
            request_id=str(job), status=CoverStatus.SUBMITTED, own_reference=order.reference,
            buyer_id=order.buyer_id, requested=order.amount, meta=self._meta(answer, str(job)))

    @provides(Confidence.OBSERVED)
    def find_request(self, order: CoverOrder) -> CoverRequest | None:
        """Look up what became of a request whose answer was lost.

        None, after both lists were read completely, means that it never arrived and may be sent.
        """
        found = self._find_pending(order.buyer_id)
        if found:
            found = replace(found, own_reference=order.reference)
        else:
            covers = self.list_covers()
            if not covers.complete:
                raise UnexpectedAnswerError('incomplete', "the covers could not all be read")
            cover = next((x for x in covers.items if self._is_answer_to(x, order)), None)
            found = cover and CoverRequest(
                cover.cover_id, cover.status, order.reference, order.buyer_id, cover.cover_id,
                order.amount, cover, attached=True, meta=cover.meta)
        self._settle(order.reference, bool(found))
        return found

    @provides(Confidence.DOCUMENTED)
    def poll_request(self, job_id: str, *, sent_at: datetime, buyer_id: str = '',
                     requested: Money | None = None,
                     previous: Decimal | None = None) -> CoverRequest:
        """Return the state of a job, and the cover once there is one.

        :param sent_at: when it was sent (with its zone); a job that never ends becomes an error
        :param previous: amount in force before, to recognise a reduction
        """
        answer = self._get('poll_request', self._url('risk', '/jobs/{}', job_id))
        reader = self._read(answer)
        state = reader.text('jobStatusCode', required=True)
        common = {'request_id': job_id, 'requested': requested}
        if state.upper() != 'PROCESSED':
            status = CoverStatus.SUBMITTED
            if state.upper() not in JOB_RUNNING:
                reader.note('unknown_code', 'jobStatusCode', state)
                status = CoverStatus.UNKNOWN
            elif self.clock() - sent_at.timestamp() > JOB_DEADLINE.total_seconds():
                status = CoverStatus.ERROR
            return CoverRequest(status=status, attention=tuple(reader.attention),
                                meta=self._meta(answer), **common)
        link = self._link('risk', reader.text('resourceUrl', required=True))
        answer = self._get('get_cover', link)
        if not self._read(answer).get('creditLimitsAggregation'):
            return CoverRequest(status=CoverStatus.PENDING, meta=self._meta(answer), **common)
        if requested and previous is not None:
            # Whoever asks for less himself is reduced only when he gets less than that.
            previous = min(previous, requested.amount)
        cover = self._load_cover(self._read(answer), answer, requested, previous)
        return CoverRequest(
            status=cover.status, buyer_id=cover.buyer_id, cover_id=cover.cover_id, cover=cover,
            meta=self._meta(answer), **common)

    @provides(Confidence.OBSERVED)
    def list_requests(self) -> Batch:
        """Return the requests under way. The client that shows them shows no company (AT-7):
        `buyer_id` may be empty."""
        return Batch(tuple(self._iterate_pending()), True)

    def _iterate_pending(self) -> Iterator[CoverRequest]:
        answer = self._search(
            'list_requests', self._url('risk', '/coverRequests/search'),
            {'requestStatusCode': 'InProgress'}, accept=frozenset({200, 206}))
        for item in self._list(answer):
            item = item.own()
            details = item.child('creditLimitDetails')
            amount = details.amount('requestedAmount')
            buyer = item.text('companyId') or item.child('company').text('companyId')
            if not buyer:
                item.note('missing_field', 'companyId')
            yield CoverRequest(
                item.text('requestId', required=True), CoverStatus.PENDING, buyer_id=buyer,
                cover_id=item.text('coverId'),
                requested=None if amount is None else Money(amount, details.text('currencyCode')),
                attention=tuple(item.attention), meta=self._meta(answer, item.data))

    # === COVERS === #

    @provides(Confidence.OBSERVED)
    def get_cover(self, cover_id: str, *, requested: Money | None = None,
                  previous: Decimal | None = None) -> Cover:
        """Return the decision in force."""
        answer = self._get('get_cover', self._url('risk', '/covers/{}', cover_id))
        return self._load_cover(self._read(answer), answer, requested, previous)

    def read_cover(self, cover_id: str, *, buyer_id: str) -> Cover | None:
        """Return a cover by its number."""
        return self.get_cover(cover_id)

    @provides(Confidence.OBSERVED)
    def list_covers(self, *, position: int = 1, pages: int = 100) -> Batch:
        """Return the covers of the policy. An incomplete batch says nothing about the others.

        :param position: page to begin with, from the batch that was interrupted
        """
        found, total, complete, answer = {}, None, False, None
        whole = position == 1
        for page in range(position, position + pages):
            answer = self._search('list_covers', self._url('risk', '/covers/search'), {
                'policies': [{'businessUnitCode': self.options['business_unit'],
                              'policyId': self.options['policy_id']}],
                'pagination': {'page': page, 'pageSize': PAGE, 'isTotalRequired': True},
            }, accept=frozenset({200, 206}))
            items = self._list(answer)
            for item in items:
                cover = self._load_cover(item.own(), answer)
                found[cover.cover_id] = cover
            total = self._read(answer).text('totalItems') or answer.headers.get('Total-Items')
            position = page + 1
            if answer.status == 200 and len(items) < PAGE:
                complete = True
                break
        attention = ()
        if complete and whole and total and str(total) != str(len(found)):
            complete, attention = False, (Attention('total_differs', 'totalItems', str(total)),)
        return Batch(tuple(found.values()), complete, position, int(total) if total else None,
                     attention, self._meta(answer, {'totalItems': total}))

    def _list(self, answer):
        """Return the items of a list; the name of the list was not seen in every client."""
        data = answer.json()
        reader = self._read(answer, {'items': data} if isinstance(data, list) else data)
        name = next((name for name in LISTS if reader.get(name) is not None), 'covers')
        return reader.children(name, required=True)

    @provides(Confidence.UNCONFIRMED)
    def change_cover(self, cover_id: str, order: CoverOrder | None = None, *,
                     buyer_id: str = '', reference: str = '') -> CoverRequest:
        """Ask for another amount, or give a cover up (order None). PATCH and DELETE exist and are
        asynchronous (AT-2); their bodies are an assumption."""
        url = self._url('risk', '/covers/{}', cover_id)
        if order is None:
            raise ConfigurationError('delete', "nothing public says what DELETE expects")
        return self._send_once(order, lambda: self._submit('change_cover', order, 'PATCH', url, {
            'creditLimitDetails': {'requestedAmount': order.amount.amount,
                                   'currencyCode': order.amount.currency}}))

    def _load_cover(self, reader, answer, requested=None, previous=None):
        details = reader.child('creditLimitDetails')
        asked = details.amount('requestedAmount')
        if requested is None and asked is not None:
            requested = Money(asked, details.text('currencyCode'))
        limits = reader.child('creditLimitsAggregation').children('creditLimits')
        layers = tuple(self._load_layer(limit, reader) for limit in limits)
        codes = [limit.text('technicalDecisionStatusCode') for limit in limits]
        status = self._get_status(reader, codes, layers, requested, previous)
        starts = [layer.valid_from for layer in layers if layer.valid_from]
        return Cover(
            cover_id=reader.text('coverId', required=True), status=status,
            provider_code=','.join(dict.fromkeys(codes)),
            buyer_id=reader.text('companyId') or reader.child('company').text('companyId'),
            policy_id=reader.child('policy').text('policyId'), requested=requested, layers=layers,
            effective_from=min(starts, default=None), attention=tuple(reader.attention),
            meta=self._meta(answer, reader.data))

    def _load_layer(self, limit, reader):
        amount = limit.amount('amount')
        policy_currency = self.options.get('policy_currency') or 'EUR'
        currency = limit.text('currencyCode') or policy_currency
        if currency != policy_currency:
            reader.note('other_currency', 'creditLimits.currencyCode', currency)
            amount = None
        kind = LayerKind.TEMPORARY if limit.text('endDate') else LayerKind.PERMANENT
        if reader.child('policy').text('extensionId') == 'CAP':
            kind = LayerKind.TOP_UP
        return Layer(kind, None if amount is None else Money(amount, currency),
                     limit.day('startDate'), limit.day('endDate'))

    def _get_status(self, reader, codes, layers, requested, previous):
        unknown = [code for code in codes if code not in AGREED]
        if unknown or not codes:
            reader.note('unknown_code' if unknown else 'missing_field',
                        'technicalDecisionStatusCode', ','.join(unknown))
            return CoverStatus.UNKNOWN
        if any(layer.amount is None for layer in layers):
            reader.note('missing_field', 'creditLimits.amount')
            return CoverStatus.UNKNOWN
        granted = sum((layer.amount.amount for layer in layers), Decimal(0))
        if not granted:
            # "Agreed" and nothing: only an explicit refusal may take a limit to zero.
            reader.note('unknown_code', 'amount', '0')
            return CoverStatus.UNKNOWN
        same = requested and requested.currency == layers[0].amount.currency
        return self._compare(granted, requested.amount if same else None, previous)

    # === CALLBACKS === #

    def _get_callback(self):
        """Return the header that tells our address: option `callback_header`, off when empty.

        :raise ConfigurationError: as `make_callback_header`
        """
        header = make_callback_header(
            self.options.get('callback_header') or '', self._get_callback_url())
        for value in header.values():
            self.masker.add(value)
        return header

    @provides(Confidence.DOCUMENTED)
    def parse_callback(self, params: Mapping[str, Any], body: bytes = b'') -> CallbackHint:
        """A callback has no signature and a payload that is not public: read all open jobs."""
        return CallbackHint('open_requests')
