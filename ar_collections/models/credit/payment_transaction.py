from odoo import models


class PaymentTransaction(models.Model):
    _inherit = 'payment.transaction'

    def _check_amount_and_confirm_order(self):
        """EXTENDS sale: an order that is held in spite of its payment is not confirmed."""
        orders = super()._check_amount_and_confirm_order()
        return orders.filtered(lambda order: order.state == 'sale')
