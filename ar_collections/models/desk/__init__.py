# The desk: what is agreed with a customer about open items. It tells dunning, credit and figures
# through their hooks; they never ask it.
from . import agreement
from . import promise, promise_line
from . import dispute_reason, dispute, dispute_line
from . import account_partial_reconcile, account_move, account_move_reversal
from . import credit_decision, dunning_engine, dunning_skip
from . import customer, figures, res_company, res_config_settings
from . import reply, reply_incoming, reply_accept, reply_rooms, dunning_copies, thanks
from . import factoring_contract, factoring_assignment, factoring_entries, factoring_documents
