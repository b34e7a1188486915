"""What a record of the LEI register says. No call is made here.

Fields as recorded by GL-3 and GL-5, reasons for having no parent GL-2. A parent here is the one
that consolidates the accounts: it may own less than all, and it does not answer for the debts of
its subsidiary.
"""
from dataclasses import dataclass
from datetime import date

from .errors import InvalidInputError
from .numbers import check_siren, compact
from .results import Address, Attention, Company, Identifier, Meta

# Registers of French companies (GL-4): SIRENE and Infogreffe. Both write the SIREN.
FRENCH_REGISTERS = frozenset({'RA000189', 'RA000192'})
# States of the identifier (GL-4). Of the first ones the entry still stands for the company.
STANDING = frozenset({'ISSUED', 'LAPSED', 'PENDING_TRANSFER', 'PENDING_ARCHIVAL'})
GONE = frozenset({'RETIRED', 'MERGED'})
# Given by mistake, or given again: never a company of its own.
VOID = frozenset({'DUPLICATE', 'ANNULLED', 'CANCELLED', 'TRANSFERRED'})
ENTITY_STATES = {'ACTIVE': True, 'INACTIVE': False}
# Why no parent is named (GL-2 tells the kinds, GL-5 the codes); the last five are older.
EXCEPTIONS = frozenset({
    'NO_LEI', 'NATURAL_PERSONS', 'NON_CONSOLIDATING', 'NO_KNOWN_PERSON', 'NON_PUBLIC',
    'BINDING_LEGAL_COMMITMENTS', 'LEGAL_OBSTACLES', 'CONSENT_NOT_OBTAINED',
    'DETRIMENT_NOT_EXCLUDED', 'DISCLOSURE_DETRIMENTAL'})
#: A natural person who trades: name and address are personal data.
SOLE_PROPRIETOR = 'SOLE_PROPRIETOR'


@dataclass(frozen=True)
class LeiRecord(Company):
    """A company as the LEI register knows it; `provider_id` is the LEI."""

    #: State of the identifier: ISSUED is kept up, LAPSED was not renewed.
    registration_status: str = ''
    renewal_on: date | None = None
    #: Day of the last change of the entry.
    updated_on: date | None = None
    #: FULLY_CORROBORATED: compared with the national register.
    corroboration: str = ''
    category: str = ''
    #: (level, 'parent' or 'exception') for each that the entry links to.
    told: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Parent:
    """Who consolidates a company at one level, or why nobody is named."""

    #: 'direct' or 'ultimate'.
    level: str
    company: LeiRecord | None = None
    #: The register's code (GL-2) when no company is named.
    exception: str = ''


@dataclass(frozen=True)
class RegisterEntry:
    """A record with its parents. A level of which the register says nothing is missing."""

    record: LeiRecord
    parents: tuple[Parent, ...] = ()
    attention: tuple[Attention, ...] = ()
    meta: Meta | None = None

    def get_parent(self, level: str) -> Parent | None:
        """Return the parent of a level, None when the register says nothing about it."""
        return next((x for x in self.parents if x.level == level), None)


def spell_number(country: str, number: str) -> list[str]:
    """Return the ways in which the register may write a national number.

    French numbers plain or in groups of three, Swiss ones with dashes and dots (GL-4). Belgian ones
    with dots are an assumption; others are asked for as they are.
    """
    plain = compact(number)
    if country == 'FR':
        return [plain, f'{plain[:3]} {plain[3:6]} {plain[6:]}']
    if country == 'CH' and plain.startswith('CHE') and len(plain) == 12:
        return [f'CHE-{plain[3:6]}.{plain[6:9]}.{plain[9:]}', plain]
    if country == 'BE' and len(plain) == 10:
        return [plain, f'{plain[:4]}.{plain[4:7]}.{plain[7:]}']
    return [plain]


def read_record(reader, reason, keep) -> LeiRecord:
    """Return the record of one JSON:API resource.

    :param reader: of the resource ('id', 'attributes', 'relationships')
    :param reason: why it was found: id, number, name
    :param keep: makes the meta of the data that may be kept
    """
    attributes = reader.child('attributes')
    entity, registration = attributes.child('entity'), attributes.child('registration')
    lei = attributes.text('lei', required=True)
    if reader.text('id') != lei:
        reader.note('contradiction', 'id', reader.text('id'))
    state, status = entity.text('status'), registration.text('status')
    if state not in ENTITY_STATES:
        entity.note('unknown_code', 'status', state)
    if status not in STANDING | GONE | VOID:
        registration.note('unknown_code', 'status', status)
    category = entity.text('category')
    address = entity.child('legalAddress')
    lines = address.get('addressLines')
    street = ", ".join(str(x).strip() for x in lines if x) if isinstance(lines, list) else ''
    return LeiRecord(
        provider_id=lei, reason=reason, name=entity.child('legalName').text('name', required=True),
        address=Address(street, address.text('postalCode'), address.text('city'),
                        address.text('country')),
        identifiers=(Identifier('lei', lei), *_read_number(entity)),
        active=False if status in GONE else ENTITY_STATES.get(state),
        closed_on=entity.child('expiration').day('date'),
        legal_form=entity.child('legalForm').text('id'),
        registration_status=status, renewal_on=registration.day('nextRenewalDate'),
        updated_on=registration.day('lastUpdateDate'),
        corroboration=registration.text('corroborationLevel'), category=category,
        told=_read_told(reader.child('relationships')), attention=tuple(reader.attention),
        meta=keep({'lei': lei, 'category': category} if category == SOLE_PROPRIETOR
                  else reader.data))


def _read_number(entity):
    number = entity.text('registeredAs')
    if not number:
        return ()
    country = entity.text('jurisdiction')[:2]
    if entity.child('registeredAt').text('id') in FRENCH_REGISTERS:
        try:
            return (Identifier('siren', check_siren(number), 'FR'),)
        except InvalidInputError:
            # Shown as it is, never compared as a SIREN.
            entity.note('unreadable_number', 'registeredAs', number)
    return (Identifier('registration', number, country),)


def _read_told(relationships):
    told = []
    for level in ('direct', 'ultimate'):
        links = relationships.child(f'{level}-parent').child('links')
        if links.text('relationship-record') or links.text('lei-record'):
            told.append((level, 'parent'))
        elif links.text('reporting-exception'):
            told.append((level, 'exception'))
    return tuple(told)
