"""Code tables of Atradius (AX-1) and what they mean in neutral statuses."""
from .results import CoverStatus as S
from .results import PendingAction

DECISIONS = {
    'DC01': S.GRANTED, 'DC02': S.GRANTED_CONDITIONAL, 'DC03': S.REFUSED,
    'DC04': S.GRANTED_PARTIAL, 'DC05': S.INCREASE_REFUSED, 'DC06': S.PRELIMINARY,
    'DC07': S.PRELIMINARY, 'DC08': S.WITHDRAWN, 'DC09': S.REDUCED,
    # Terms revised: less than asked for is granted in part, see `_get_status`; less than was in
    # force is a reduction, which `ar.cover` finds out.
    'DC10': S.GRANTED_CONDITIONAL, 'DC11': S.SUPERSEDED, 'DC21': S.WITHDRAWAL_ANNOUNCED,
    'DC22': S.REDUCED,
}
# These grant something: an amount of zero beside them is a contradiction.
GRANTING = frozenset({'DC01', 'DC02', 'DC04', 'DC05', 'DC06', 'DC10', 'DC21'})
# These leave nothing that could still be withdrawn.
ENDING = frozenset({'DC03', 'DC07', 'DC08', 'DC11'})

HISTORIC = {
    'CCLA': S.CANCELLED, 'RCLA': S.REJECTED_INPUT, 'SCLA': S.SUPERSEDED, 'TCLA': S.SUPERSEDED,
    'ARCH': S.SUPERSEDED, 'CCLD': S.CANCELLED, 'CIND': S.CANCELLED, 'ECLD': S.EXPIRED,
    'PCLD': S.CANCELLED, 'SCLD': S.SUPERSEDED, 'TCLD': S.SUPERSEDED, 'WCLD': S.WITHDRAWN,
    'ACLD': S.SUPERSEDED, 'ICLD': S.SUPERSEDED,
    # Maintained: confirms the decision it stands beside.
    'MCLD': None,
}

PENDING = {
    'B': PendingAction.BATCH_CHANGE, 'C': PendingAction.CANCELLATION,
    'F': PendingAction.FUTURE_WITHDRAWAL, 'P': PendingAction.POSTPONED_WITHDRAWAL,
    'R': PendingAction.REINSTATEMENT, 'T': PendingAction.TRANSFER,
    'V': PendingAction.CONVERSION, 'W': PendingAction.WITHDRAWAL,
}

# Closed list of kinds of numbers.
UID_TYPES = frozenset({'VAT', 'NRN', 'CR', 'DB', 'FC', 'SN', 'TK'})

# ISO 3166: the API wants three letters.
COUNTRIES = {
    'AT': 'AUT', 'AU': 'AUS', 'BE': 'BEL', 'BG': 'BGR', 'BR': 'BRA', 'CA': 'CAN', 'CH': 'CHE',
    'CN': 'CHN', 'CY': 'CYP', 'CZ': 'CZE', 'DE': 'DEU', 'DK': 'DNK', 'EE': 'EST', 'ES': 'ESP',
    'FI': 'FIN', 'FR': 'FRA', 'GB': 'GBR', 'GR': 'GRC', 'HR': 'HRV', 'HU': 'HUN', 'IE': 'IRL',
    'IN': 'IND', 'IT': 'ITA', 'JP': 'JPN', 'LT': 'LTU', 'LU': 'LUX', 'LV': 'LVA', 'MA': 'MAR',
    'MT': 'MLT', 'MX': 'MEX', 'NL': 'NLD', 'NO': 'NOR', 'PL': 'POL', 'PT': 'PRT', 'RO': 'ROU',
    'SE': 'SWE', 'SG': 'SGP', 'SI': 'SVN', 'SK': 'SVK', 'TN': 'TUN', 'TR': 'TUR', 'US': 'USA',
}
