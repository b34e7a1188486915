from . import (
    reference_rate,
    legal_regime,
    legal_bracket,
    rate_watch,
    res_company,
    res_partner,
    interest_engine,
    customer,
    claim,
    claim_line,
    claim_xlsx,
    account_move,
)
