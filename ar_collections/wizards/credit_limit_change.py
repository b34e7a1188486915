from odoo import fields, models
from odoo.exceptions import UserError

from ..models.credit.limit import KINDS
from ..models.credit.request import ROUND_TO


class ArCreditLimitChange(models.TransientModel):
    """Asks for other limits for many customers at once: one request each, with the usual trail."""
    _name = 'ar.credit.limit.change'
    _description = "Change of many credit limits"

    customer_ids = fields.Many2many('ar.customer', string="Customers", required=True)
    currency_id = fields.Many2one(
        'res.currency', default=lambda self: self.env.company.currency_id)
    method = fields.Selection(
        [('percent', "Raise or lower by a percentage"),
         ('proposal', "As proposed from the behaviour of each"), *KINDS],
        string="New limit", required=True, default='percent')
    amount = fields.Monetary(help="In the currency of each customer's company.")
    percent = fields.Float(string="Change (%)", help="Negative: lower. Rounded to a round figure.")
    date_to = fields.Date(string="Until", help="Empty: permanent.")
    reason = fields.Char(required=True)

    def action_ask(self):
        """Make one request per customer and submit them together; open the list."""
        self.ensure_one()
        self.customer_ids.check_access('read')
        Request = self.env['ar.credit.request']
        amounts = self._get_amounts()
        if not amounts:
            raise UserError(self.env._(
                "None of these customers gets another limit this way: they have no limit, or no "
                "balance to propose one from."))
        requests = Request.create([{
            'customer_id': customer.id, 'amount': amount, 'date_to': self.date_to,
            'kind': self.method if self.method in dict(KINDS) else 'amount',
            'reason': self.reason,
        } for customer, amount in amounts.items()])
        requests.action_submit()
        name = self.env._("Limit requests")
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.credit.request',
            'view_mode': 'list,form', 'views': [(False, 'list'), (False, 'form')],
            'name': name, 'domain': [('id', 'in', requests.ids)],
        }

    def _get_amounts(self):
        """Return {customer: new limit}, without those for whom the method says nothing."""
        customers = self.customer_ids
        if self.method == 'amount':
            return dict.fromkeys(customers, self.amount)
        if self.method == 'percent':
            factor = 1 + self.percent / 100
            amounts = {c: self._round(c.credit_limit_today * factor) for c in customers}
        elif self.method == 'proposal':
            # In memory only: the proposal is worked out where a request shows it.
            drafts = self.env['ar.credit.request'].union(*(
                self.env['ar.credit.request'].new({'customer_id': c.id}) for c in customers))
            amounts = {draft.customer_id: draft.proposed_amount for draft in drafts}
        else:
            return dict.fromkeys(customers, 0.0)
        return {customer: amount for customer, amount in amounts.items() if amount > 0}

    def _round(self, amount):
        """Round to the nearest figure a person would choose; small limits keep their own."""
        step = ROUND_TO if abs(amount) >= 10 * ROUND_TO else 1
        return round(amount / step) * step
