from odoo import models


class SaleOrder(models.Model):
    """EXTENDS credit: the rules as they stand on the day the goods leave."""
    _inherit = 'sale.order'

    def _get_delivery_reasons(self):
        """Return why these confirmed orders must not be delivered now.

        :return: {order: list of messages}; prepaid and released orders are not in it
        """
        stopped = {}
        for company, orders in self.grouped('company_id').items():
            demands = []
            for order in orders:
                needed, total = order._get_credit_amounts()
                if not company.currency_id.is_zero(needed) and not order._is_released(total):
                    # The exposure holds a confirmed order, unless it was closed for credit.
                    demands.append({
                        'key': order, 'partner': order._get_debtors(), 'added': needed,
                        'total': total, 'counted': 0.0 if order.ar_closed else needed,
                        'term': order._get_judged_term()})
            if not demands:
                continue
            # sudo: the judge reads ledgers that a warehouse worker may not open.
            for order, reasons in self.env['ar.credit.decision'].sudo()._judge(
                    company, demands).items():
                messages = [r['message'] for r in reasons if r['decision'] == 'hold']
                if messages:
                    stopped[order] = messages
        return stopped
