from . import claim, cover_request, factoring, overdue_notice, provision, statement
from . import door, door_acts, door_claim, door_disputes, door_pay
from . import payment_plan, payment_plan_answer
from . import provider_callback
