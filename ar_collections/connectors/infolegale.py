"""Infolegale (France): score 0 to 20, higher is better; alerts. Source: its Swagger file (IL-1).

Traps kept in mind: a SIREN may come as an integer, `comments` as a map with HTML in it, 304 and 409
mean that there was nothing to do, `insolvancy` is spelled so.
"""
import contextlib
from datetime import date
from types import MappingProxyType

from .base import Client
from .capability import provides
from .errors import InvalidInputError, NotFoundError, RefusedError
from .exchange import Call, Kind, Problem
from .numbers import check_siren
from .parsing import strip_html
from .results import (
    Address,
    Attention,
    Batch,
    Candidates,
    Company,
    CompanyEvent,
    Confidence,
    Identifier,
    Money,
    Monitoring,
    Rating,
)

# Stated in the documentation (IL-2); the answer does not say.
LIFETIME = 900
PAGE = 100
STATUSES = {'active': False, 'insolvancy': True, 'insolvency': True, 'closed': True}
TRENDS = {'=': 'same', '+': 'up', '-': 'down', '': ''}


class InfolegaleClient(Client):
    """Look up, score, alerts and surveillance. Option: portfolio_id."""

    code = 'infolegale'
    bases = {
        'production': {'api': 'https://webservice.infolegale.fr/v2'},
        'test': {'api': 'https://wspreprod.infolegale.fr/v2'},
    }
    credential_fields = ('username', 'password')
    personal_keys = frozenset({'representantLegal', 'matchedExecutive', 'mandataire', 'executives'})

    def _login(self):
        return self._load_token(self._run(Call(
            'login', 'POST', self._url('api', '/login_json'), Kind.LOGIN, signed=False,
            json={'_username': self._secret('username'), '_password': self._secret('password')})))

    def _renew(self, token):
        """Refresh with the old JWT, which may have ended; log in when that is refused."""
        if token and token.refresh:
            with contextlib.suppress(RefusedError):
                return self._load_token(self._run(Call(
                    'refresh', 'POST', self._url('api', '/refresh'), Kind.LOGIN, signed=False,
                    form={'refresh_token': token.refresh.reveal()},
                    headers={'Authorization': f'Bearer {token.value.reveal()}'})))
        return self._login()

    def _load_token(self, answer):
        reader = self._read(answer)
        return self._make_token(
            reader.text('token', required=True), LIFETIME, reader.text('refresh_token'))

    def _read_problem(self, answer):
        data = answer.json_or_none()
        if not isinstance(data, dict):
            return Problem()
        return Problem(str(data.get('code') or ''), (str(data.get('message') or ''),))

    @provides(Confidence.DOCUMENTED)
    def test_connection(self) -> bool:
        """Get a token."""
        return bool(self._token())

    # === COMPANIES === #

    @provides(Confidence.DOCUMENTED)
    def search_company(self, words: str, country: str = 'FR') -> Candidates:
        """Return companies by SIREN, SIRET or words."""
        if words.replace(' ', '').isdigit():
            try:
                company = self.get_company(words, country)
            except NotFoundError:
                return Candidates(())
            return Candidates((company,), True, 1, company.meta)
        answer = self._run(Call(
            'search_company', 'POST', self._url('api', '/search/companies'), Kind.READ,
            form={'simpleSearch': words}))
        reader = self._read(answer)
        found = {}
        for item in reader.children('results', required=True):
            company = self._load_company(item.own(), 'name', answer, country)
            found.setdefault(company.provider_id, company)
        total = int(reader.text('found') or len(found))
        return Candidates(tuple(found.values()), total <= len(reader.children('results')), total,
                          self._meta(answer))

    @provides(Confidence.DOCUMENTED)
    def get_company(self, number: str, country: str = 'FR') -> Company:
        """Return the company of a SIREN or SIRET."""
        siren = self._check_number(number, country)
        answer = self._run(Call(
            'get_company', 'POST', self._url('api', '/companies/{}/find', country), Kind.READ,
            form={'registrationId': siren}))
        identity = self._read(answer).child('company').child('identity').own()
        company = self._load_company(identity, 'number', answer, country)
        if country == 'FR' and company.provider_id != siren:
            identity.fail('other_company', 'identity.id')
        return company

    def _check_number(self, number, country):
        if country == 'FR':
            return check_siren(number)
        if not number.isalnum():
            raise InvalidInputError('company_number', "letters and digits only")
        return number

    def _load_company(self, reader, reason, answer, country):
        address = reader.child('address')
        number = reader.number('companyId', 9) or reader.number('id', 9)
        if not number:
            reader.fail('missing_field', 'id')
        state = reader.text('status') or reader.text('actif')
        active = {'1': True, '0': False}.get(state)
        if state and active is None:
            reader.note('unknown_code', 'status', state)
        kind = 'siren' if country == 'FR' else 'registration'
        vat = reader.text('vatnumber')
        return Company(
            provider_id=number, name=reader.text('name', required=True), reason=reason,
            address=Address(address.text('street'), address.text('postalCode'),
                            address.text('locality'), address.text('countryCode') or country),
            identifiers=(Identifier(kind, number, country),
                         *([Identifier('vat', vat, country)] if vat else [])),
            active=active, legal_form=reader.child('legalForm').text('code'),
            activity_code=reader.child('activity').text('code'),
            attention=tuple(reader.attention), meta=self._meta(answer, reader.data))

    @provides(Confidence.DOCUMENTED)
    def get_rating(self, number: str, country: str = 'FR') -> Rating:
        """Return score and risk: two calls. An insolvent or closed company is in default."""
        parts = (country, self._check_number(number, country))
        answer = self._get('get_rating', self._url('api', '/companies/{}/{}/score', *parts))
        score = self._read(answer)
        risk = self._read(self._get(
            'get_rating', self._url('api', '/companies/{}/{}/risk', *parts)))
        status = risk.text('status', required=True)
        if status not in STATUSES:
            risk.note('unknown_code', 'status', status)
        trend = score.text('tendance')
        if trend not in TRENDS:
            score.note('unknown_code', 'tendance', trend)
        value, limit = score.text('score'), score.amount('creditLimit')
        return Rating(
            'infolegale_score', value, previous=score.text('previous'),
            trend=TRENDS.get(trend, ''), in_default=STATUSES.get(status, False),
            unrated=not value, label=risk.text('label'),
            advised_amount=None if limit is None else Money(limit, 'EUR'),
            comments=self._load_comments(score),
            attention=(*score.attention, *risk.attention),
            meta=self._meta(answer, {'score': score.data, 'risk': risk.data}))

    @staticmethod
    def _load_comments(reader):
        comments = reader.get('comments')
        if isinstance(comments, dict):
            comments = list(comments.values())
        return tuple(strip_html(str(x)) for x in comments or [])

    # === EVENTS === #

    @provides(Confidence.DOCUMENTED)
    def list_changes(self, since: date, until: date, *, position: int = 1,
                     pages: int = 100) -> Batch:
        """Return the alerts of the portfolio published between two days, both included."""
        found, total, complete, answer = {}, 0, False, None
        for page in range(position, position + pages):
            answer = self._get('list_changes', self._url('api', '/monitoring/alert'), {
                'alertMinDate': since.isoformat(), 'alertMaxDate': until.isoformat(),
                'page': page, 'number': PAGE})
            reader = self._read(answer)
            items = reader.children('alertes', required=True)
            for item in items:
                event = self._load_alert(item.own(), answer)
                found[event.event_id, event.company_id] = event
            total, position = int(reader.text('total') or 0), page + 1
            if len(items) < PAGE:
                complete = True
                break
        differs = complete and page > 1 and len(found) < total
        attention = (Attention('total_differs', 'total', str(total)),) if differs else ()
        return Batch(tuple(found.values()), complete and not differs, position, total, attention,
                     self._meta(answer, {'total': total}))

    def _load_alert(self, item, answer):
        return CompanyEvent(
            item.text('adId', required=True), 'alert', item.number('siren', 9),
            source=item.text('source'), label=item.text('name'),
            happened_on=item.day('creationDate'), published_on=item.day('parutionDate'),
            details=MappingProxyType({'link': item.text('urlEvent')}),
            attention=tuple(item.attention), meta=self._meta(answer, item.data))

    # === SURVEILLANCE === #

    @provides(Confidence.DOCUMENTED)
    def start_monitoring(self, siren: str, reference: str) -> Monitoring:
        """Put a company into the portfolio; being there already is fine."""
        siren = check_siren(siren)
        portfolio = self.options.get('portfolio_id') or ''
        if not str(portfolio).isalnum():
            raise InvalidInputError('portfolio_id', "the portfolio is not set")
        answer = self._write(f'monitor {siren}', Call(
            'start_monitoring', 'POST',
            self._url('api', '/monitoring/portfolio/{}/item', portfolio), Kind.WRITE,
            form={'siren': siren, 'reference': reference}, accept=frozenset({201, 304, 409})))
        already = answer.status != 201
        number = '' if already else self._read(answer).text('id')
        # Done or not, it may be asked for again after it was stopped.
        self._settle(f'monitor {siren}', found=False)
        return Monitoring(siren, True, already, number, self._meta(answer))

    @provides(Confidence.DOCUMENTED)
    def stop_monitoring(self, item_id: str) -> Monitoring:
        """Take an item out of the portfolio; not being there is fine."""
        portfolio = self.options.get('portfolio_id') or ''
        answer = self._write(f'stop {item_id}', Call(
            'stop_monitoring', 'DELETE',
            self._url('api', '/monitoring/portfolio/{}/item/{}', portfolio, item_id), Kind.WRITE,
            accept=frozenset({204, 404}), form_of_answer=''))
        self._settle(f'stop {item_id}', found=False)
        return Monitoring('', False, answer.status == 404, item_id, self._meta(answer))
