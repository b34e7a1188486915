from odoo import models


class AccountPartialReconcile(models.Model):
    _inherit = 'account.partial.reconcile'

    # Balances of a past date add back what was matched later: without this index each of them
    # scans every reconciliation ever made.
    _ar_max_date_idx = models.Index("(max_date)")
