from . import legal_notice, res_company, customer
from . import provider, provider_settings, provider_health, provider_words, provider_client
from . import provider_actions, provider_link, provider_event
from . import rating_scale, rating
from . import provider_match, provider_poll, provider_poll_ratings, provider_link_poll
from . import provider_orders, provider_renumber
from . import rating_customer, register_proposal, register_link
from . import insurance_policy, cover, cover_layer, cover_request
from . import insurer_pack
from . import original_due, overdue_notice, overdue_pack, overdue_customer, overdue_deadline
from . import cover_reading, cover_decision, cover_poll, cover_follow, cover_own, insured_items
from . import insured_customer
from . import cover_expiry
from . import overdue_worklist
from . import insolvency_credit
from . import cover_pack
from . import cover_request_sending, cover_credit, cover_figures, cover_reminder, customer_cover
from . import provider_public, provider_bodacc, provider_register, register_watch
from . import limit_advice, vat_check
