"""D&B Direct+ (DB-2 to DB-7): match and failure score. What a block holds depends on the contract.

Directions (DB-5): percentile 1 to 100, 1 is the riskiest; class 1 to 5, 1 is the safest; raw score
1001 to 1875, low is riskiest. The percentile is the value, the class its label.
"""
import base64
from datetime import UTC, datetime

from .base import Client
from .capability import provides
from .errors import InvalidInputError, NotFoundError
from .exchange import Call, Kind, Problem
from .results import Address, Candidates, Company, Confidence, Identifier, Rating

NO_MATCH = '20505'


class DnbClient(Client):
    """Match companies and read their failure score.

    Option: block_id, the data block of the contract that holds `dnbAssessment`.
    """

    code = 'dnb'
    # The test environment is told by the contract.
    bases = {'production': {'api': 'https://plus.dnb.com'}}
    credential_fields = ('key', 'secret')
    required_options = ('block_id',)
    personal_keys = frozenset({'mostSeniorPrincipals', 'currentPrincipals', 'principals'})

    def _login(self):
        pair = f"{self._secret('key')}:{self._secret('secret')}"
        basic = base64.b64encode(pair.encode()).decode()
        self.masker.add(basic)
        reader = self._read(self._run(Call(
            'login', 'POST', self._url('api', '/v3/token'), Kind.LOGIN, signed=False,
            form={'grant_type': 'client_credentials'},
            headers={'Authorization': f'Basic {basic}'})))
        seconds = reader.text('expiresIn') or reader.text('expires_in')
        if not seconds and reader.text('expirationDateTime'):
            seconds = self._count_seconds(reader)
        return self._make_token(reader.text('access_token', required=True), seconds)

    def _count_seconds(self, reader):
        """Return the seconds until a moment; without a zone it is UTC."""
        try:
            moment = datetime.fromisoformat(
                reader.text('expirationDateTime').replace('Z', '+00:00'))
        except ValueError:
            return 0
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - self.clock()

    def _read_problem(self, answer):
        data = answer.json_or_none()
        error = data.get('error') if isinstance(data, dict) else None
        if not isinstance(error, dict):
            return Problem()
        return Problem(str(error.get('errorCode') or ''), (str(error.get('errorMessage') or ''),))

    @provides(Confidence.OBSERVED)
    def test_connection(self) -> bool:
        """Get a token."""
        return bool(self._token())

    @provides(Confidence.OBSERVED)
    def search_company(self, name: str = '', country: str = 'FR', *, number: str = '',
                       postal_code: str = '', city: str = '') -> Candidates:
        """Return candidates with their confidence (0 to 100); never linked without a person."""
        if not name and not number:
            raise InvalidInputError('criteria', "nothing to search for")
        try:
            answer = self._get('search_company', self._url('api', '/v1/match/cleanseMatch'), {
                'countryISOAlpha2Code': country, 'name': name or None,
                'registrationNumber': number or None, 'postalCode': postal_code or None,
                'addressLocality': city or None}, billed=True)
        except NotFoundError:
            return Candidates(())
        reader = self._read(answer)
        found = tuple(self._load_company(item.own(), number, answer)
                      for item in reader.children('matchCandidates', required=True))
        total = int(reader.text('candidatesMatchedQuantity') or len(found))
        return Candidates(found, len(found) >= total, total, self._meta(answer))

    def _load_company(self, item, number, answer):
        body, address = item.child('organization'), item.child('organization').child(
            'primaryAddress')
        confidence = item.child('matchQualityInformation').amount('confidenceCode')
        numbers = [x.text('registrationNumber') for x in body.children('registrationNumbers')]
        country = address.child('addressCountry').text('isoAlpha2Code')
        duns = body.number('duns', 9)
        if not duns:
            body.fail('missing_field', 'duns')
        return Company(
            provider_id=duns, name=body.text('primaryName'),
            # A match is by resemblance; only the same number makes it one by number.
            reason='number' if number and number in numbers else 'name',
            address=Address(city=address.child('addressLocality').text('name'),
                            postal_code=address.text('postalCode'), country=country),
            identifiers=(Identifier('duns', duns),
                         *(Identifier('registration', x, country) for x in numbers if x)),
            score=None if confidence is None else confidence * 10,
            attention=tuple(item.attention), meta=self._meta(answer, item.data))

    @provides(Confidence.OBSERVED)
    def get_rating(self, duns: str) -> Rating:
        """Return the failure score as national percentile. Billed."""
        if len(duns) != 9 or not duns.isdigit():
            raise InvalidInputError('duns', "nine digits")
        answer = self._get('get_rating', self._url('api', '/v1/data/duns/{}', duns), {
            'blockIDs': self.options['block_id']}, billed=True)
        body = self._read(answer).child('organization')
        score = body.child('dnbAssessment').child('failureScore')
        value = score.text('nationalPercentile')
        if value and not (value.isdigit() and 1 <= int(value) <= 100):
            score.note('unknown_code', 'nationalPercentile', value)
        return Rating(
            'dnb_failure_percentile', value, score.day('scoreDate'), unrated=not value,
            label=score.text('classScore'), attention=tuple(body.attention),
            meta=self._meta(answer))
