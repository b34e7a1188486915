"""VIES: is this VAT number valid today? Source OD-7.

VIES answers HTTP 200 and `valid: false` also while a member state is down. Only VALID and INVALID
are answers; anything else is asked again later.
"""
from .base import Client
from .capability import provides
from .errors import InvalidInputError, RefusedError, TemporaryError, UnexpectedAnswerError
from .exchange import Problem
from .numbers import compact
from .results import Confidence, VatCheck

ANSWERS = {'VALID': True, 'INVALID': False}
OUR_FAULT = {'INVALID_INPUT', 'INVALID_REQUESTER_INFO', 'VAT_BLOCKED', 'IP_BLOCKED'}
# The codes of VIES: Greece is EL, Northern Ireland XI.
COUNTRIES = frozenset(
    'AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI'.split())


class ViesClient(Client):
    """Check VAT numbers; with a requester the answer carries a proof of the consultation."""

    code = 'vies'
    bases = {
        'production': {'api': 'https://ec.europa.eu/taxation_customs/vies/rest-api'},
        'test': {'api': 'https://ec.europa.eu/taxation_customs/vies/rest-api'},
    }
    uses_token = False
    personal_keys = frozenset({'name', 'address', 'traderName'})

    @provides(Confidence.OBSERVED)
    def check_vat(self, country: str, number: str, *, requester: tuple[str, str] | None = None,
                  ) -> VatCheck:
        """Return whether a VAT number is valid.

        :param country: ISO code or VIES code; `number` with or without it
        :param requester: our own (country, number), to get a proof
        :raise TemporaryError: the member state does not answer; the code is VIES's own
        """
        code, digits = _split(country, number)
        data = {'countryCode': code, 'vatNumber': digits}
        if requester:
            data['requesterMemberStateCode'], data['requesterNumber'] = _split(*requester)
        answer = self._search(
            'check_vat', self._url('api', '/check-vat-number'), data, rate_name='check')
        reader = self._read(answer)
        wrapped = [x.text('error') for x in reader.children('errorWrappers')]
        code_found = wrapped[0] if wrapped else reader.text('userError')
        if code_found not in ANSWERS:
            raise self._get_failure(code_found, answer)
        valid = reader.get('valid')
        if valid is None:
            valid = reader.get('isValid')
        if valid is not ANSWERS[code_found]:
            raise self._error(UnexpectedAnswerError, 'contradiction', code_found, answer=answer)
        return VatCheck(
            code, digits, valid, _known(reader.text('name')), _known(reader.text('address')),
            reader.text('requestIdentifier'), self._meta(answer))

    def _get_failure(self, code, answer):
        problem = Problem(code=code)
        if not code:
            return self._error(UnexpectedAnswerError, 'missing_field', 'userError', answer=answer)
        if code in OUR_FAULT:
            return self._error(RefusedError, code.lower(), answer=answer, problem=problem)
        return self._error(TemporaryError, code.lower(), answer=answer, problem=problem)


def _split(country, number):
    digits = compact(number)
    code = {'GR': 'EL'}.get(country.upper(), country.upper())
    prefix = {'GR': 'EL'}.get(digits[:2], digits[:2])
    if prefix == code:
        digits = digits[2:]
    if code not in COUNTRIES or not digits:
        raise InvalidInputError('vat', f"VIES does not know {code}")
    return code, digits


def _known(text):
    """Return a name, '' for the dashes of a state that hides it."""
    return '' if not text.strip('- ') else text
