from . import customer, customer_refresh, refresh_log, res_company, res_config_settings, res_partner
