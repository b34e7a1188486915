from . import legal_notice, res_company, customer
from . import insurance_policy, cover, cover_layer, cover_request
