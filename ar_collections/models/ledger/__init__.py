from . import account_partial_reconcile
