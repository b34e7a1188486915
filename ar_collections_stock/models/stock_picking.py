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
        """Only goods on their way out to who ordered them; an exchange of a return is no debt."""
        self.ensure_one()
        return (
            self.picking_type_code == 'outgoing' and not self.return_id
            and self.company_id.ar_credit_active and self.company_id.ar_delivery_stop
            and self._get_judged_orders()
        )

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
