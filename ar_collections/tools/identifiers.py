"""Check digits of company numbers, by python-stdnum. Nothing here asks a register."""
import re

from stdnum import get_cc_module
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.fr import siren, siret

# Codes of what can be wrong, in the order in which they are told.
WRONG_DIGIT, WRONG_FORM, MISMATCH = 'wrong_digit', 'wrong_form', 'mismatch'


def check_identifiers(
    country_code: str | None, registry: str | None, vat: str | None,
) -> list[tuple[str, str, str]]:
    """Return what is wrong with the numbers of a company: (problem, kind, number).

    Kinds are 'SIREN', 'SIRET' and 'VAT'. Numbers that no rule is known for are not judged.

    :param country_code: ISO code of the company's country
    :param registry: company number; judged for French companies
    :param vat: VAT number, with or without its country prefix; '/' means none
    """
    problems = []
    number = re.sub(r'[\s.]', '', registry or '')
    if country_code == 'FR' and number:
        problems += _check_french(number)
    vat_number = re.sub(r'[\s.\-]', '', vat or '').upper()
    if len(vat_number) > 1:
        problems += _check_vat(country_code, vat_number)
        if not problems and number and vat_number.startswith('FR') and vat_number[4:] != number[:9]:
            problems.append((MISMATCH, 'VAT', vat_number))
    return problems


def _check_french(number):
    if len(number) == 9:
        return _check(siren, 'SIREN', number)
    if len(number) == 14:
        return _check(siret, 'SIRET', number)
    return [(WRONG_FORM, 'SIREN', number)]


def _check_vat(country_code, number):
    prefix = number[:2] if number[:2].isalpha() else country_code or ''
    # Greek VAT numbers begin with EL, Greece is GR.
    module = get_cc_module({'EL': 'GR'}.get(prefix, prefix).lower(), 'vat') if prefix else None
    return _check(module, 'VAT', number) if module else []


def _check(module, kind, number):
    try:
        module.validate(number)
    except InvalidChecksum:
        return [(WRONG_DIGIT, kind, number)]
    except ValidationError:
        return [(WRONG_FORM, kind, number)]
    return []
