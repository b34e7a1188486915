"""Creditsafe Connect (CS-1 to CS-4): score 0 to 100, higher is better; letters A to E.

Letter E is read differently by Creditsafe's own publications: it is kept and flagged. Five equal
refused logins lock the account for five minutes: a refusal is never repeated.
"""
from types import MappingProxyType

from .base import Client
from .capability import provides
from .errors import InvalidInputError
from .exchange import Call, Kind
from .results import (
    Address,
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

# Stated in the documentation; the answer holds the token alone.
LIFETIME = 3600
PAGE = 50
STATUSES = {'active': True, 'nonactive': False}
UNRATED = frozenset({'', 'N/R', 'NR', 'N/A', 'Not Rated', 'Not Scored'})


class CreditsafeClient(Client):
    """Search, report with score, surveillance. Option: portfolio_id."""

    code = 'creditsafe'
    bases = {
        'production': {'api': 'https://connect.creditsafe.com/v1'},
        'test': {'api': 'https://connect.sandbox.creditsafe.com/v1'},
    }
    credential_fields = ('username', 'password')
    personal_keys = frozenset({'directors', 'currentDirectors', 'previousDirectors',
                               'shareCapitalStructure', 'ultimateParent', 'advisors'})

    def _login(self):
        answer = self._run(Call(
            'login', 'POST', self._url('api', '/authenticate'), Kind.LOGIN, signed=False,
            json={'username': self._secret('username'), 'password': self._secret('password')}))
        return self._make_token(self._read(answer).text('token', required=True), LIFETIME)

    @provides(Confidence.DOCUMENTED)
    def test_connection(self) -> bool:
        """Get a token."""
        return bool(self._token())

    @provides(Confidence.DOCUMENTED)
    def search_company(self, name: str = '', country: str = 'FR', *, number: str = '',
                       vat: str = '', pages: int = 1) -> Candidates:
        """Return companies by national number, VAT number or name."""
        params = {'countries': country, 'regNo': number or None, 'vatNo': vat or None,
                  'name': name or None, 'pageSize': PAGE}
        if not (name or number or vat):
            raise InvalidInputError('criteria', "nothing to search for")
        found, total, answer = {}, 0, None
        for page in range(1, pages + 1):
            answer = self._get(
                'search_company', self._url('api', '/companies'), {**params, 'page': page})
            reader = self._read(answer)
            items = reader.children('companies', required=True)
            for item in items:
                company = self._load_company(item.own(), number or vat, answer)
                found.setdefault(company.provider_id, company)
            total = int(reader.text('totalSize') or len(found))
            if len(items) < PAGE:
                break
        return Candidates(tuple(found.values()), len(found) >= total, total, self._meta(answer))

    def _load_company(self, item, number, answer):
        address, country = item.child('address'), item.text('country')
        status = item.text('status')
        if status.lower() not in STATUSES:
            item.note('unknown_code', 'status', status)
        kind = 'siren' if country == 'FR' else 'registration'
        return Company(
            provider_id=item.text('id', required=True), name=item.text('name'),
            address=Address(
                address.text('street') or address.text('simpleValue'), address.text('postCode'),
                address.text('city'), country),
            identifiers=(Identifier(kind, item.number('regNo', 9 if kind == 'siren' else 0),
                                    country),),
            active=STATUSES.get(status.lower()), reason='number' if number else 'name',
            attention=tuple(item.attention), meta=self._meta(answer, item.data))

    @provides(Confidence.DOCUMENTED)
    def get_rating(self, company_id: str) -> Rating:
        """Return score and letter of a company's report. Billed."""
        if not company_id.replace('-', '').isalnum():
            raise InvalidInputError('company_id', "letters, digits and dashes only")
        answer = self._get(
            'get_rating', self._url('api', '/companies/{}', company_id), billed=True)
        report = self._read(answer).child('report')
        if not report:
            report.fail('missing_field', 'report')
        score = report.child('creditScore')
        current = score.child('currentCreditRating')
        value = current.child('providerValue').text('value')
        letter = current.text('commonValue')
        if letter == 'E':
            report.note('unknown_code', 'commonValue', 'E')
        limit = current.child('creditLimit')
        amount = limit.amount('value')
        status = report.child('companySummary').child('companyStatus').text('status').lower()
        return Rating(
            'creditsafe_score', value, score.day('latestRatingChangeDate'),
            previous=score.child('previousCreditRating').child('providerValue').text('value'),
            in_default=STATUSES.get(status) is False, unrated=value in UNRATED, label=letter,
            advised_amount=None if amount is None else Money(amount, limit.text('currency')),
            attention=tuple(report.attention), meta=self._meta(answer))

    @provides(Confidence.DOCUMENTED)
    def start_monitoring(self, company_id: str, reference: str = '') -> Monitoring:
        """Put a company into the portfolio; being there already is fine."""
        portfolio = str(self.options.get('portfolio_id') or '')
        if not portfolio.isalnum():
            raise InvalidInputError('portfolio_id', "the portfolio is not set")
        key = f'monitor {company_id}'
        answer = self._write(key, Call(
            'start_monitoring', 'POST',
            self._url('api', '/monitoring/portfolios/{}/companies', portfolio), Kind.WRITE,
            json={'id': company_id, 'personalReference': reference},
            accept=frozenset({200, 201, 409})))
        self._settle(key, found=False)
        return Monitoring(company_id, True, answer.status == 409, meta=self._meta(answer))

    @provides(Confidence.UNCONFIRMED)
    def list_changes(self, *, position: int = 0, pages: int = 100) -> Batch:
        """Return the events of the portfolios; there is no callback. The route is documented
        (CS-1), the names of the fields are an assumption."""
        found, total, complete, answer = {}, 0, False, None
        whole = not position
        for page in range(position, position + pages):
            answer = self._get(
                'list_changes', self._url('api', '/monitoring/notificationEvents'),
                {'page': page, 'pageSize': PAGE})
            reader = self._read(answer)
            items = reader.children('data', required=True)
            for item in items:
                event = self._load_event(item.own(), answer)
                found[event.event_id] = event
            total, position = int(reader.text('totalCount') or 0), page + 1
            if len(items) < PAGE:
                complete = not whole or len(found) >= total
                break
        return Batch(tuple(found.values()), complete, position, total, meta=self._meta(answer, {}))

    def _load_event(self, item, answer):
        return CompanyEvent(
            item.text('eventId', required=True), 'monitoring',
            item.child('company').text('id'), code=item.text('ruleCode'),
            label=item.text('ruleName'), happened_on=item.day('eventDate'),
            details=MappingProxyType({
                'old': item.text('oldValue'), 'new': item.text('newValue')}),
            attention=tuple(item.attention), meta=self._meta(answer, item.data))
