from . import legal_notice, res_company, customer
