from odoo import models
from odoo.exceptions import UserError

from ...tools.transaction import get_memory

WRITING = 'ar_credit_writing'


class SaleOrder(models.Model):
    """EXTENDS credit: a confirmed order is judged again when it takes more credit."""
    _inherit = 'sale.order'

    def write(self, vals):
        """EXTENDS credit: several lines that change together are judged together."""
        totals = self._get_confirmed_totals() if 'order_line' in vals else {}
        if not totals:
            return super().write(vals)
        # Remembered on the server only: a context key could be sent by a client.
        writing = get_memory(self.env.cr, WRITING)
        mine = {order.id: {} for order in totals if order.id not in writing}
        writing.update(mine)
        try:
            result = super().write(vals)
        finally:
            for order_id in mine:
                writing.pop(order_id, None)
        for order_id, options in mine.items():
            self.browse(order_id)._refuse_growth(before=totals, **options)
        return result

    # === GROWTH === #

    def _get_confirmed_totals(self):
        """Return {order: total} of the confirmed orders."""
        return {order: order.amount_total for order in self if order.state == 'sale'}

    def _refuse_growth(self, force=False, before=None, term=None):
        """Judge confirmed orders that now take more credit than was decided.

        An order that shrinks gives up what it no longer takes: another order may have it, and
        growing back is judged.

        :param bool force: judge even when the total did not grow (another debtor, another currency)
        :param dict before: totals before the change; an order that was confirmed before the rules
            came has no total judged, and must still be able to shrink
        :param term: `account.payment.term` with which the order passed, and which it left
        :raise UserError: when the rules hold the larger order and no release covers it
        """
        orders = self.filtered(lambda o: o.state == 'sale' and o.company_id.ar_credit_active)
        writing = get_memory(self.env.cr, WRITING) if orders else {}
        for order in orders:
            if order.id in writing:
                if force:
                    writing[order.id].update(force=True, term=term)
                continue
            allowed = max(order.ar_decided_amount, (before or {}).get(order, 0.0))
            grown = order.currency_id.compare_amounts(order.amount_total, allowed) > 0
            if not grown and not force:
                if order.currency_id.compare_amounts(
                        order.amount_total, order.ar_decided_amount) < 0:
                    order._keep_decided_amount()
                continue
            needed, total = order._get_credit_amounts()
            if order._is_released(total) or order.company_id.currency_id.is_zero(needed):
                continue
            self.env['ar.customer'].sudo()._touch_for_decision(
                order._get_debtors(), order.company_id)
            seen = {}
            # sudo: the judge reads ledgers that a salesperson may not open.
            verdicts = self.env['ar.credit.decision'].sudo()._judge(order.company_id, [{
                'key': order, 'partner': order._get_debtors(), 'added': needed, 'total': total,
                'counted': needed, 'term': order._get_judged_term()}], True, seen)
            reasons = verdicts[order]
            if reasons:
                raise UserError(order._get_growth_refusal(reasons, term))
            order._record_checks(
                order.company_id, 'growth', {order: (needed, total, seen[order])}, verdicts)
            order._keep_decided_amount()

    def _get_growth_refusal(self, reasons, term=None):
        """Return in words why a confirmed order cannot become what was written."""
        self.ensure_one()
        told = "\n".join(f"• {reason['message']}" for reason in reasons)
        if term:
            return self.env._(
                "Order %(order)s passed with the payment term “%(term)s” and cannot leave it:\n"
                "%(reasons)s\nAsk the credit team for a release.",
                order=self.name, term=term.name, reasons=told)
        return self.env._(
            "Order %(order)s is confirmed and cannot grow to %(total)s:\n%(reasons)s\n"
            "Ask the credit team for a release up to the new total.",
            order=self.name, total=self.amount_total, reasons=told)
