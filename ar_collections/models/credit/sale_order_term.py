from odoo import fields, models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    """EXTENDS credit: the payment term with which a class lets orders go without a look.

    Proposed to the salesperson, written by their click only, and judged with the order.
    """
    _inherit = 'sale.order'

    ar_offered_term_id = fields.Many2one(
        'account.payment.term', string="Payment term proposed",
        compute='_compute_ar_credit_preview', compute_sudo=True,
        help="With this payment term nothing would hold the order.")

    def action_confirm_with_term(self):
        """Write the payment term that the customer's class proposes, and judge again.

        :raise UserError: when no term is proposed (any more)
        """
        self.ensure_one()
        self.check_access('write')
        term = self.ar_offered_term_id
        if not term:
            raise UserError(self.env._(
                "No payment term is proposed for order %s any more. Confirm it with its button.",
                self.display_name))
        self.payment_term_id = term
        self.message_post(body=self.env._(
            "Payment term %s, as the risk class of the customer asks for.", term.name))
        return self.action_confirm()

    def _get_judged_term(self):
        """Return the id of the payment term, or None when no term speaks for the order.

        Who refused an order decided on it as a person: a payment term does not undo that.
        """
        self.ensure_one()
        if self.ar_credit_state != 'none':
            # sudo: the log belongs to the credit team.
            holds = self.sudo().ar_hold_ids
            if any(hold.state == 'refused' for hold in holds):
                return None
        return self.payment_term_id.id or False

    def _get_promised_terms(self, vals):
        """Return {order: payment term} of the sales whose term the customer's class asks for.

        :param dict vals: what is about to be written
        """
        if 'payment_term_id' not in vals:
            return {}
        sales = self.filtered(lambda order: order.payment_term_id and (
            order.company_id.ar_credit_active
            and 'sale' in (order.state, vals.get('state'))))
        if not sales:
            return {}
        # sudo: classes of customers whom a salesperson may not open.
        customers = self.env['ar.customer'].sudo().search([
            ('partner_id', 'in', sales._get_debtors().ids),
            ('company_id', 'in', sales.company_id.ids),
            ('risk_class_id.propose_term', '=', True)])
        asked = {(customer.partner_id, customer.company_id): customer.risk_class_id.payment_term_id
                 for customer in customers}
        return {order: order.payment_term_id for order in sales
                if asked.get((order._get_debtors(), order.company_id)) == order.payment_term_id}

    def _refuse_term_change(self, promised):
        """Judge again the sales that no longer have the term with which they passed.

        :param dict promised: answer of `_get_promised_terms` before the change
        """
        for order, term in promised.items():
            if order.payment_term_id != term:
                order._refuse_growth(force=True, term=term)
