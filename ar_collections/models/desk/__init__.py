# The desk: what is agreed with a customer about open items. It tells dunning, credit and figures
# through their hooks; they never ask it.
from . import agreement
from . import promise, promise_line
from . import dispute_reason, dispute, dispute_line
from . import account_partial_reconcile, account_move, account_move_reversal
from . import credit_decision, dunning_engine, dunning_skip
from . import customer, figures, res_company, res_config_settings
from . import portal_link, portal_hit, portal_act
from . import portal_act_kinds, portal_act_answer
from . import door, door_choice, customer_door, res_company_door, reminder_door, mail_mail_door
from . import door_dunning, payment_transaction_door
