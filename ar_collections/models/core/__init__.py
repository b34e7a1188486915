from . import (
    customer,
    customer_condition,
    customer_contact,
    customer_refresh,
    mail_guard,
    partner_merge,
    refresh_log,
    resource_calendar,
    res_company,
    res_config_settings,
    res_partner,
    risk_class,
)
