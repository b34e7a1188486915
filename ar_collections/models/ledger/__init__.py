from . import account_account, account_move, account_partial_reconcile, account_payment
