"""Provider code → class, loaded when it is first asked for."""
import importlib

from .errors import ConfigurationError

CLIENTS = {
    'allianz_trade': ('allianz_trade', 'AllianzTradeClient'),
    'atradius': ('atradius', 'AtradiusClient'),
    'bodacc': ('bodacc', 'BodaccClient'),
    'coface_cofaserve': ('coface_cofaserve', 'CofaServeClient'),
    'coface_icon': ('coface_icon', 'CofaceIconClient'),
    'creditsafe': ('creditsafe', 'CreditsafeClient'),
    'dnb': ('dnb', 'DnbClient'),
    'ellisphere': ('ellisphere', 'EllisphereClient'),
    'gleif': ('gleif', 'GleifClient'),
    'infolegale': ('infolegale', 'InfolegaleClient'),
    'insee_sirene': ('insee_sirene', 'InseeSireneClient'),
    'recherche_entreprises': ('recherche_entreprises', 'RechercheEntreprisesClient'),
    'vies': ('vies', 'ViesClient'),
}


def get_client_class(code: str) -> type:
    """Return the client class of a provider.

    :raise ConfigurationError: for a code that nobody registered
    """
    if code not in CLIENTS:
        raise ConfigurationError('provider', f"no provider {code}")
    module, name = CLIENTS[code]
    return getattr(importlib.import_module(f'.{module}', __package__), name)
