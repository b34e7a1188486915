"""Coface ICON, business information: fully documented (CO-1 to CO-8).

A company may lose or change its icon number when Coface changes its supplier of data: the national
number is kept beside it. 202 is "not finished", 205 "cancelled", an empty list "lost": an order is
never repeated by program, it is billed.
"""
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from .capability import provides
from .coface import CofaceClient
from .errors import InvalidInputError, NotFoundError, UnexpectedAnswerError
from .exchange import Call, Kind
from .parsing import parse_amount
from .results import (
    Address,
    Attention,
    Batch,
    CallbackHint,
    Candidates,
    Company,
    CompanyEvent,
    Confidence,
    Identifier,
    Money,
    Monitoring,
    Order,
    Rating,
)

PAGE = 20
CURRENCIES = frozenset({'EUR', 'USD', 'GBP', 'LocalCurrency'})
SLUGS = frozenset({'easy', 'icon', 'giid', 'vat-number', 'registration-number', 'tax-number',
                   'statistic-number', 'national-id'})
KINDS = {'registration-number': 'registration', 'vat-number': 'vat'}
STATES = {'in-preparation': 'pending', 'ready': 'ready', 'delivered': 'ready',
          'finished': 'ready', 'cancelled': 'cancelled', 'canceled': 'cancelled'}
OPINIONS = frozenset({'X', '@', '@@', '@@@', '@@@@', 'NA'})


class CofaceIconClient(CofaceClient):
    """Search, orders of opinions, surveillance."""

    code = 'coface_icon'
    bases = {
        'production': {'token': 'https://api.coface.com',
                       'api': 'https://api.coface.com/bi/icon-data/v1'},
        'test': {'token': 'https://api.coface.com',
                 'api': 'https://icon-api-test.coface.com/dataapi-v1'},
    }
    other_hosts = frozenset({'icon-api.coface.com'})
    rate = (60, 60.0)
    longest_wait = 60.0

    @provides(Confidence.DOCUMENTED)
    def test_connection(self) -> bool:
        """Get a token."""
        return bool(self._token())

    # === COMPANIES === #

    @provides(Confidence.DOCUMENTED)
    def search_company(self, name: str = '', country: str = 'FR', *, city: str = '',
                       postal_code: str = '', slug: str = '', number: str = '',
                       pages: int = 3) -> Candidates:
        """Return companies by name, or by a number of a kind (`slug`)."""
        params = {'countryCode': country}
        if number:
            if slug not in SLUGS:
                raise InvalidInputError('slug', f"{slug} is no kind of number")
            params['externalId'] = f'{slug}#{number}'
        else:
            params.update(companyName=name, city=city or None, postalCode=postal_code or None)
        try:
            batch = self._walk('search_company', '/companies', params, pages)
        except NotFoundError:
            return Candidates(())
        found = {}
        for item, answer in batch.items:
            company = self._load_company(item, 'number' if number else 'name', answer)
            found.setdefault(company.provider_id, company)
        return Candidates(
            tuple(found.values()), self._is_whole(batch, found), batch.announced_total, batch.meta)

    def _load_company(self, item, reason, answer):
        address = item.child('address')
        country = item.text('countryCode')
        numbers = {x.text('slug'): x.text('value') for x in item.children('externalIds')}
        number = numbers.get('icon') or numbers.get('easy') or item.text('companyId')
        if not number:
            item.fail('missing_field', 'externalIds')
        return Company(
            provider_id=number, name=item.text('companyName') or item.text('name'), reason=reason,
            address=Address(address.text('street'), address.text('postalCode'),
                            address.text('city'), country),
            identifiers=tuple(Identifier(KINDS.get(kind, kind), value, country)
                              for kind, value in numbers.items() if value),
            attention=tuple(item.attention), meta=self._meta(answer, item.data))

    def _walk(self, operation, path, params, pages, position=0):
        """Read a list by `range`; items of the batch are (reader, answer)."""
        items, total, complete, answer = [], None, False, None
        for _page in range(pages):
            answer = self._get(operation, self._url('api', path), {
                **params, 'range': f'{position}-{position + PAGE - 1}'},
                accept=frozenset({200, 206}))
            data = answer.json()
            part = self._read(answer, {'items': data}).children('items', required=True)
            items += [(item.own(), answer) for item in part]
            position += len(part)
            total = self._get_total(answer, position)
            if not part or position >= total:
                complete = position >= total
                break
        return Batch(tuple(items), complete, position, total, meta=self._meta(answer, {}))

    @staticmethod
    def _is_whole(batch, found):
        """Return whether a walk has met everything: what moves between two pages is met twice,
        and something else not at all.

        :param found: the items of the batch, each once
        """
        return batch.complete and len(found) >= (batch.announced_total or 0)

    @staticmethod
    def _get_total(answer, position):
        found = re.search(r'/(\d+)$', answer.headers.get('Content-Range') or '')
        # A last page without the header is complete; a partial one is not.
        return int(found[1]) if found else position + (answer.status == 206)

    @provides(Confidence.DOCUMENTED)
    def identify_company(self, name: str, country: str, reference: str, *, street: str = '',
                         city: str = '', postal_code: str = '') -> Candidates | Order:
        """Ask Coface to find a company. Candidates at once, or an order that takes days."""
        answer = self._write(reference, Call(
            'identify_company', 'POST', self._url('api', '/companies/identifications'), Kind.WRITE,
            json={'name': name, 'address': {
                'street': street, 'city': city, 'postalCode': postal_code,
                'countryCode': country}}, accept=frozenset({200, 201})))
        reader = self._read(answer)
        state = reader.text('status', required=True)
        if state == 'identified':
            companies = tuple(self._load_company(item.own(), 'name', answer)
                              for item in reader.children('matchingCompanies', required=True))
            return Candidates(companies, meta=self._meta(answer))
        if state != 'initiated':
            reader.note('unknown_code', 'status', state)
        return Order(reader.text('id', required=True),
                     'pending' if state == 'initiated' else 'unknown', own_reference=reference,
                     attention=tuple(reader.attention), meta=self._meta(answer))

    # === ORDERS === #

    @provides(Confidence.DOCUMENTED)
    def order_rating(self, number: str, country: str, reference: str, *, slug: str = 'icon',
                     product: str = 'dra', currency: str = 'EUR',
                     requested: Decimal | None = None) -> Order:
        """Order an assessment. Billed in production.

        :param product: slug of the assessment, as `/assessments` lists them for a country
        :raise UnknownOutcomeError: call `find_request` before anything else
        """
        if currency not in CURRENCIES:
            raise InvalidInputError('currency', f"{currency} is not accepted")
        if requested is not None and (requested <= 0 or requested != int(requested)):
            raise InvalidInputError('amount', "a round amount is wanted",
                                    details={'proposal': Decimal(int(requested) + 1)})
        assessment = {'slug': product, 'currency': currency}
        if requested is not None:
            assessment['requestedAmount'] = requested
        answer = self._write(reference, Call(
            'order_rating', 'POST', self._url('api', '/publications/orders'), Kind.WRITE,
            billed=True, json={'externalId': f'{slug}#{number}', 'countryCode': country,
                               'customerReference': reference, 'assessments': [assessment],
                               **self._get_callback('callbackUrl')},
            accept=frozenset({200, 201, 202})))
        return self._load_order(self._read(answer), answer)

    @provides(Confidence.UNCONFIRMED)
    def find_request(self, reference: str) -> Order | None:
        """Look for an order by our reference; None: it never arrived and may be sent.

        Only `?id=` is documented (CO-3): that the route lists all orders without it is an
        assumption.
        """
        batch = self._walk('find_request', '/publications/orders', {}, 1000)
        if not batch.complete:
            raise UnexpectedAnswerError('incomplete', "the orders could not all be read")
        found = next((self._load_order(item, answer) for item, answer in batch.items
                      if item.text('customerReference') == reference), None)
        self._settle(reference, bool(found))
        return found

    @provides(Confidence.DOCUMENTED)
    def poll_order(self, order_id: str) -> Order:
        """Return the state of an order: pending, ready, cancelled, lost or unknown."""
        answer = self._get('poll_order', self._url('api', '/publications/orders'),
                           {'id': order_id}, accept=frozenset({200, 202, 205}))
        if answer.status != 200:
            state = 'pending' if answer.status == 202 else 'cancelled'
            return Order(order_id, state, meta=self._meta(answer))
        data = answer.json()
        orders = [data] if isinstance(data, dict) else data
        if not orders:
            # Accepted, then gone: for a person.
            return Order(order_id, 'lost', attention=(Attention('lost_order', 'id', order_id),),
                         meta=self._meta(answer))
        return self._load_order(self._read(answer, orders[0]), answer)

    def _load_order(self, reader, answer):
        parts = reader.children('publications')
        # An order is ready when all that belongs to it is.
        words = [x.text('status') for x in parts] or [reader.text('status')]
        states = {STATES.get(word, 'unknown') for word in words}
        if 'unknown' in states:
            reader.note('unknown_code', 'status', ','.join(words))
        state = next((x for x in ('unknown', 'cancelled', 'pending') if x in states), 'ready')
        days = [day for day in (x.day('expectedDeliveryDate') for x in parts) if day]
        return Order(
            reader.text('id', required=True), state, tuple(x.text('id') for x in parts),
            max(days, default=None), reader.text('customerReference'), tuple(reader.attention),
            self._meta(answer, reader.data))

    @provides(Confidence.DOCUMENTED)
    def get_rating(self, publication_id: str) -> Rating:
        """Return what was ordered: debtor risk (0 in default, 10 best) or a credit opinion."""
        answer = self._get('get_rating', self._url('api', '/publications'),
                           {'format': 'json', 'id': publication_id})
        data = answer.json()
        risks = list(_find(data, 'debtorRiskValue'))
        if risks:
            current = [x for x in risks if x.get('isCurrent') is True] or (
                risks if len(risks) == 1 else [])
            if len(current) != 1:
                raise self._error(UnexpectedAnswerError, 'several_current', answer=answer)
            return self._load_risk(self._read(answer, current[0]), answer)
        opinions = list(_find(data, 'maxCreditAmount'))
        if len(opinions) != 1:
            raise self._error(UnexpectedAnswerError, 'no_opinion', answer=answer)
        return self._load_opinion(self._read(answer, opinions[0]), answer)

    def _load_risk(self, reader, answer):
        value = reader.text('debtorRiskValue', required=True)
        if value not in {str(n) for n in range(11)}:
            reader.note('unknown_code', 'debtorRiskValue', value)
        # The sample writes the month first.
        form = '%m/%d/%Y' if '/' in reader.text('releaseDate') else ''
        percent = None
        try:
            percent = parse_amount(reader.text('probabilityOfDefault').rstrip('% '))
        except ValueError:
            reader.note('unreadable_amount', 'probabilityOfDefault')
        return Rating(
            'coface_dra', value, reader.day('releaseDate', form), in_default=value == '0',
            probability_of_default=percent, comments=tuple(filter(None, [reader.text('comment')])),
            attention=tuple(reader.attention), meta=self._meta(answer))

    def _load_opinion(self, reader, answer):
        value, limit = reader.text('rating') or 'NA', reader.child('maxCreditAmount')
        if value not in OPINIONS:
            reader.note('unknown_code', 'rating', value)
        amount = None if value in ('X', 'NA') else limit.amount('value')
        return Rating(
            'coface_opinion', value, unrated=value == 'NA',
            advised_amount=None if amount is None else Money(amount, limit.text('currency')),
            attention=tuple(reader.attention), meta=self._meta(answer))

    # === SURVEILLANCE === #

    @provides(Confidence.DOCUMENTED)
    def start_monitoring(self, number: str, country: str, reference: str, *, slug: str = 'icon',
                         product: str = 'dra') -> Monitoring:
        """Watch a company for twelve months. Billed in production."""
        answer = self._write(reference, Call(
            'start_monitoring', 'POST', self._url('api', '/monitorings/orders'), Kind.WRITE,
            billed=True, json={'externalId': f'{slug}#{number}', 'countryCode': country,
                               'productSlug': product, 'customerReference': reference,
                               **self._get_callback('notificationCallbackUrl')},
            accept=frozenset({200, 201})))
        reader = self._read(answer)
        return Monitoring(number, True, False, reader.text('id', required=True),
                          self._meta(answer))

    @provides(Confidence.DOCUMENTED)
    def list_changes(self, since: date, until: date, *, position: int = 0,
                     pages: int = 500) -> Batch:
        """Return the notifications delivered between two days. Their codes have no public table."""
        batch = self._walk('list_changes', '/notifications', {
            'deliveryDateFrom': since.isoformat(), 'deliveryDateTo': until.isoformat()},
            pages, position)
        events = {}
        for item, answer in batch.items:
            event = CompanyEvent(
                item.text('id', required=True), 'notification', item.text('externalId'),
                code=item.text('code'), source=item.text('productSlug'),
                published_on=item.day('deliveryDate'), attention=tuple(item.attention),
                meta=self._meta(answer, item.data))
            events[event.event_id] = event
        # Of a walk that was taken up again nobody knows what came before.
        complete = batch.complete and (position > 0 or self._is_whole(batch, events))
        return Batch(tuple(events.values()), complete, batch.position,
                     batch.announced_total, meta=batch.meta)

    # === CALLBACKS === #

    def _get_callback(self, key):
        """Return the part of an order that tells where we are called when it is ready (CO-3)."""
        url = self._get_callback_url()
        return {key: url} if url else {}

    @provides(Confidence.DOCUMENTED)
    def parse_callback(self, params: Mapping[str, Any], body: bytes = b'') -> CallbackHint:
        """A callback is a bare GET without author: read all open orders."""
        return CallbackHint('open_orders')


def _find(data, key):
    """Yield the objects that hold a key, wherever they stand."""
    if isinstance(data, dict):
        if key in data:
            yield data
        for value in data.values():
            yield from _find(value, key)
    elif isinstance(data, list):
        for value in data:
            yield from _find(value, key)
