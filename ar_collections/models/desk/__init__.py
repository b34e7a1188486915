# The desk: what is agreed with a customer about open items. It tells dunning, credit and figures
# through their hooks; they never ask it.
from . import agreement, agreement_line
from . import promise, promise_line
from . import dispute_reason, dispute, dispute_line
from . import payment_plan, payment_plan_line, payment_plan_instalment
from . import payment_plan_state, payment_plan_follow, payment_plan_signing
from . import account_partial_reconcile, account_move, account_move_reversal
from . import credit_decision, dunning_engine, dunning_skip
from . import customer, figures, res_company, res_config_settings
from . import customer_plan, dunning_plan, plan_figures, plan_settings
