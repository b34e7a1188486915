"""What Odoo knows of each provider beside its client: names, settings, how a company is found."""
from dataclasses import dataclass

PROVIDERS = [
    ('allianz_trade', "Allianz Trade"),
    ('atradius', "Atradius"),
    ('coface_cofaserve', "Coface CofaServe (credit insurance)"),
    ('coface_icon', "Coface iCON (information)"),
    ('infolegale', "Infolegale"),
    ('ellisphere', "Ellisphere"),
    ('creditsafe', "Creditsafe"),
    ('dnb', "D&B Direct+ (Altares)"),
    ('gleif', "GLEIF (register of LEI)"),
    ('bodacc', "BODACC (official gazette)"),
    ('recherche_entreprises', "Recherche d'entreprises (company register)"),
    ('insee_sirene', "INSEE Sirene (company register)"),
]

# Registers of the State: asked by SIREN, so customers are not linked to them one by one.
PUBLIC = frozenset({'bodacc', 'recherche_entreprises', 'insee_sirene'})
# Registers that tell whether a company still exists, the one nearest to the source first.
REGISTERS = ('insee_sirene', 'recherche_entreprises')
# Whose number of a company is its SIREN.
NUMBER_IS_SIREN = frozenset({'infolegale'})

# Options of a client that it can do without: what a contract may add.
EXTRA_OPTIONS = {
    'allianz_trade': (
        'extension_id', 'policy_currency', 'id_type', 'grade_path', 'callback_header'),
    'coface_cofaserve': ('delivery_path', 'identifier_type'),
    'creditsafe': ('portfolio_id',),
    'infolegale': ('portfolio_id',),
}

# Operations whose call the provider counts and bills.
BILLED = {
    'atradius': frozenset({'search_company', 'get_rating'}),
    'coface_icon': frozenset({'order_rating', 'start_monitoring'}),
    'ellisphere': frozenset({'get_rating'}),
    'creditsafe': frozenset({'get_rating'}),
    'dnb': frozenset({'search_company', 'get_rating'}),
}

# Scales in which a provider rates, as its client calls them.
SCALES = {
    'allianz_trade': ('allianz_grade',),
    'atradius': ('atradius_buyer_rating',),
    'coface_icon': ('coface_dra', 'coface_opinion'),
    'infolegale': ('infolegale_score',),
    'ellisphere': ('ellisphere_score',),
    'creditsafe': ('creditsafe_score',),
    'dnb': ('dnb_failure_percentile',),
}

# How the numbers of a company are called where a kind has to be named.
NUMBER_KINDS = {
    'atradius': {'siren': 'SN', 'vat': 'VAT', 'registration': 'NRN'},
    'coface_icon': {
        'siren': 'registration-number', 'vat': 'vat-number',
        'registration': 'registration-number'},
}


@dataclass(frozen=True)
class Question:
    """One search: by what, and the arguments of `search_company`."""

    by: str
    value: str
    arguments: dict


def get_questions(code, options, country, numbers, name, postal_code=''):
    """Return the searches for a company, the surest first.

    :param options: settings of the provider
    :param numbers: {'siren' | 'registration' | 'vat': checked number}
    :return: list of Question; empty when this provider cannot be asked with what is known
    """
    found = []
    for kind in ('siren', 'registration', 'vat'):
        number = numbers.get(kind)
        arguments = number and _get_number_arguments(code, options, country, kind, number)
        if arguments:
            found.append(Question('vat' if kind == 'vat' else 'national', number, arguments))
    arguments = name and _get_name_arguments(code, country, name, postal_code)
    if arguments:
        found.append(Question('name', name, arguments))
    return found


def _get_number_arguments(code, options, country, kind, number):
    if code in ('infolegale', 'ellisphere'):
        return {'words': number} if kind == 'siren' else None
    if code == 'allianz_trade':
        wanted = kind != 'vat' and options.get('id_type')
        return {'number': number, 'country': country} if wanted else None
    if code == 'coface_cofaserve':
        wanted = kind != 'vat' and options.get('identifier_type')
        return {'number': number, 'country': country, 'kind': wanted} if wanted else None
    if code == 'atradius':
        return {'number': number, 'country': country, 'kind': NUMBER_KINDS[code][kind]}
    if code == 'coface_icon':
        return {'number': number, 'country': country, 'slug': NUMBER_KINDS[code][kind]}
    if code == 'creditsafe':
        return {'vat' if kind == 'vat' else 'number': number, 'country': country}
    if code in ('dnb', 'gleif'):
        return {'number': number, 'country': country} if kind != 'vat' else None
    return None


def _get_name_arguments(code, country, name, postal_code):
    if code in ('infolegale', 'ellisphere'):
        return {'words': name} if country == 'FR' else None
    if code in ('allianz_trade', 'coface_icon', 'dnb'):
        return {'name': name, 'country': country, 'postal_code': postal_code or ''}
    if code in ('creditsafe', 'gleif'):
        return {'name': name, 'country': country}
    return None
