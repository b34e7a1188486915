from odoo import api, fields, models
from odoo.exceptions import AccessError

# A suggested limit is rounded up to a figure a person would ask for.
ROUND_TO = 500


class SaleOrder(models.Model):
    """What a salesperson sees of the credit rules, and what they may ask for."""
    _inherit = 'sale.order'

    ar_credit_answer = fields.Char(
        string="Answer of the credit team", compute='_compute_ar_credit_answer',
        compute_sudo=True)
    ar_release_until = fields.Date(
        string="Released until", compute='_compute_ar_credit_answer', compute_sudo=True)
    ar_hold_count = fields.Integer(
        string="Credit decisions", compute='_compute_ar_credit_answer', compute_sudo=True)
    ar_credit_active = fields.Boolean(related='company_id.ar_credit_active')

    @api.depends('ar_hold_ids.state', 'ar_hold_ids.decision_reason')
    def _compute_ar_credit_answer(self):
        for order in self:
            last = order._get_last_hold()
            order.ar_credit_answer = last.decision_reason
            order.ar_release_until = last.release_until
            order.ar_hold_count = len(order.ar_hold_ids)

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get('ar_closed') for vals in vals_list):
            self._check_may_close()
        return super().create(vals_list)

    def write(self, vals):
        if 'ar_closed' in vals and any(order.ar_closed != vals['ar_closed'] for order in self):
            self._check_may_close()
        return super().write(vals)

    def _check_may_close(self):
        """Taking an order out of the exposure makes room for another: a credit decision."""
        if not self.env.su and not self.env.user.has_group('ar_collections.group_ar_manager'):
            raise AccessError(self.env._(
                "Only a credit manager closes an order for credit or opens it again."))

    # === ACTIONS === #

    def action_ask_credit_limit(self):
        """Open the request for a higher limit, for the customer who is invoiced.

        An own request that still waits is opened again instead of making a second one.
        """
        self.ensure_one()
        self.check_access('read')
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._(
                "Order %s belongs to a company that is not selected.", self.name))
        # sudo: a salesperson may not open the customer account; they get its name only.
        customer_sudo = self.env['ar.customer'].sudo()._get_or_create(
            self._get_debtors(), self.company_id)
        waiting = self.env['ar.credit.request'].search([
            ('customer_id', '=', customer_sudo.id), ('user_id', '=', self.env.uid),
            ('state', 'in', ('draft', 'submitted'))], limit=1)
        action = {
            'type': 'ir.actions.act_window', 'res_model': 'ar.credit.request',
            'view_mode': 'form', 'views': [(False, 'form')], 'res_id': waiting.id,
            'name': self.env._("Ask for a higher limit"),
        }
        if not waiting:
            action['context'] = {
                'default_customer_id': customer_sudo.id,
                'default_amount': self._suggest_limit(customer_sudo),
                'default_reason': self.env._("For order %s.", self.name),
            }
        return action

    def _suggest_limit(self, customer_sudo):
        """Return the limit this order needs, or zero when the salesperson does not know the limit.

        The message of the rules says limit and excess already; a customer without a limit has
        shown nothing, and nothing of the ledger may leak here.
        """
        self.ensure_one()
        if not customer_sudo.credit_limit_today or self.state not in ('draft', 'sent'):
            return 0.0
        need = customer_sudo.exposure + self._get_credit_amounts()[0]
        if need <= customer_sudo.credit_limit_today:
            return 0.0
        return -(-need // ROUND_TO) * ROUND_TO

    def action_allow_larger(self):
        """Open the dialogue in which a credit manager lets this order grow."""
        self.ensure_one()
        self.check_access('read')
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.credit.answer', 'target': 'new',
            'view_mode': 'form', 'name': self.env._("Allow a larger order"),
            'context': {
                'default_order_id': self.id, 'default_mode': 'allow_growth',
                'default_cap': self._get_credit_amounts()[1],
            },
        }

    def action_view_credit_holds(self):
        """Open the credit decisions on this order."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_credit_hold_action_all')
        return dict(action, domain=[('order_id', '=', self.id)], context={'create': False})

    def action_toggle_ar_closed(self):
        """Stop counting this order in the exposure, or count it again."""
        self.check_access('read')
        self._check_may_close()
        for order in self:
            # sudo: a credit manager decides here without any right to change orders.
            order.sudo().ar_closed = not order.ar_closed
        return True
