"""Check of company numbers before a call: a look-up of a wrong number may be billed."""
import re

from stdnum import lei
from stdnum.exceptions import ValidationError
from stdnum.fr import siren, siret

from .errors import InvalidInputError


def compact(number: str) -> str:
    """Return a number without blanks, dots and dashes."""
    return re.sub(r'[\s.\-]', '', number or '').upper()


def check_siren(number: str) -> str:
    """Return the nine digits of a SIREN or of the SIREN inside a SIRET.

    :raise InvalidInputError: when the check digit is wrong: no call is made
    """
    digits = compact(number)
    try:
        (siret if len(digits) == 14 else siren).validate(digits)
    except ValidationError:
        raise InvalidInputError('company_number', "not a SIREN or SIRET") from None
    return digits[:9]


def check_lei(number: str) -> str:
    """Return the twenty characters of a Legal Entity Identifier (ISO 17442).

    :raise InvalidInputError: when the check digits are wrong: no call is made
    """
    code = compact(number)
    try:
        return lei.validate(code)
    except ValidationError:
        raise InvalidInputError('company_number', "not an LEI") from None


def find_siren(registry: str | None, vat: str | None) -> str:
    """Return the SIREN in a company number or in a French VAT number, '' when neither holds one."""
    candidates = [compact(registry or '')]
    number = compact(vat or '')
    if number.startswith('FR'):
        candidates.append(number[4:])
    for candidate in candidates:
        try:
            return check_siren(candidate)
        except InvalidInputError:
            continue
    return ''
