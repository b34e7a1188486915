# The desk: what is agreed with a customer about open items. It tells dunning, credit and figures
# through their hooks; they never ask it.
from . import agreement
from . import promise, promise_line
from . import dispute_reason, dispute, dispute_line
from . import account_partial_reconcile, account_move, account_move_reversal
from . import credit_decision, dunning_engine, dunning_skip
from . import interaction, interaction_customer
from . import collector_absence, collector_rule, collector_target, call_guide
from . import worklist, worklist_parts, worklist_screen, worklist_customer, worklist_outcome
from . import worklist_dunning, worklist_settings
from . import customer, figures, res_company, res_config_settings
