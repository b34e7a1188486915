from odoo import models


class AccountPayment(models.Model):
    """EXTENDS account: a payment that has no entry yet may free a held order too."""
    _inherit = 'account.payment'

    def write(self, vals):
        result = super().write(vals)
        if 'state' in vals:
            self._wake_held_orders()
        return result

    def _wake_held_orders(self):
        payments = self.filtered(lambda payment: (
            payment.state in ('in_process', 'paid') and payment.payment_type == 'inbound'
            and not payment.move_id and payment.company_id.ar_credit_active))
        self.env['ar.credit.hold']._wake_for(payments.partner_id)
