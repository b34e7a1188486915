from . import (
    customer,
    customer_contact,
    customer_refresh,
    refresh_log,
    res_company,
    res_config_settings,
    res_partner,
)
from . import partner_merge
