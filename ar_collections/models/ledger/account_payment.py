from odoo import models


class AccountPayment(models.Model):
    """EXTENDS account: what the exposure reads of payments that have no entry yet."""
    _inherit = 'account.payment'

    _ar_without_entry_idx = models.Index("(partner_id) WHERE move_id IS NULL")
