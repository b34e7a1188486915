from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError


class StockPicking(models.Model):
    """EXTENDS stock: optional stop when goods leave for a customer whom the credit rules hold."""
    _inherit = 'stock.picking'

    def _action_done(self):
        """EXTENDS stock: every way to validate a delivery ends here."""
        self.filtered(lambda picking: picking._needs_credit_decision())._refuse_credit_offenders()
        return super()._action_done()

    def _needs_credit_decision(self):
        """Only goods on their way out to who ordered them; sent again after a return is no debt."""
        self.ensure_one()
        return (
            self.picking_type_code == 'outgoing'
            and self.company_id.ar_credit_active and self.company_id.ar_delivery_stop
            and self._get_judged_orders() and not self._is_sent_again()
        )

    def _is_sent_again(self):
        """Return whether only goods of the same order leave that have come back before.

        The link to the return alone proves nothing: whoever works in the warehouse may write it.
        """
        self.ensure_one()
        # sudo: a warehouse worker may not read orders.
        again, back = self.sudo(), self.sudo().return_id
        if back.picking_type_code != 'incoming' or not (
                back._get_judged_orders() & again._get_judged_orders()):
            return False
        came = defaultdict(float)
        for move in back.move_ids.filtered(lambda move: move.state == 'done'):
            came[move.product_id] += move.product_uom._compute_quantity(
                move.quantity, move.product_id.uom_id)
        for move in again.move_ids.filtered(lambda move: move.state != 'cancel'):
            came[move.product_id] -= move.product_uom._compute_quantity(
                max(move.quantity, move.product_uom_qty), move.product_id.uom_id)
        return all(product.uom_id.compare(left, 0) >= 0 for product, left in came.items())

    def _get_judged_orders(self):
        # sudo: a warehouse worker may not read orders.
        pickings = self.sudo()
        return pickings.sale_id | pickings.move_ids.sale_line_id.order_id

    def _refuse_credit_offenders(self):
        """Raise when the rules hold the customer of one of these deliveries."""
        stopped = self._get_judged_orders()._get_delivery_reasons()
        if stopped:
            raise UserError(self.env._(
                "Credit control stops these deliveries:\n%s\nAsk the credit team for a release.",
                "\n".join(f"• {order.name}: {message}"
                          for order, messages in stopped.items() for message in messages)))
