from . import account_account, account_partial_reconcile, account_payment
