from odoo import api, fields, models
from odoo.tools import SQL

from .customer import BROKEN_MONTHS


class ArCustomer(models.Model):
    """EXTENDS core: the payment plans of a customer."""
    _inherit = 'ar.customer'

    payment_plan_ids = fields.One2many('ar.payment.plan', 'customer_id')
    payment_plan_count = fields.Integer(
        string="Payment plans", compute='_compute_payment_plans',
        help="Waiting for approval or signature, or active.")
    planned_amount = fields.Monetary(
        string="Under a payment plan", compute='_compute_payment_plans',
        help="What active plans still have to bring, in company currency.")

    @api.depends('payment_plan_ids.state', 'payment_plan_ids.remaining_amount')
    def _compute_payment_plans(self):
        Plan = self.env['ar.payment.plan']
        counts = dict(Plan._read_group(
            [('customer_id', 'in', self.ids), ('state', 'in', Plan._get_live_states())],
            ['customer_id'], ['__count']))
        amounts = {}
        for customer, currency, amount in Plan._read_group(
                [('customer_id', 'in', self.ids), ('state', '=', 'active')],
                ['customer_id', 'currency_id'], ['remaining_amount:sum']):
            company = customer.company_id
            amounts[customer] = amounts.get(customer, 0.0) + currency._convert(
                amount, company.currency_id, company, company._get_ar_today())
        for customer in self:
            customer.payment_plan_count = counts.get(customer._origin, 0)
            customer.planned_amount = amounts.get(customer._origin, 0.0)

    @api.model
    def _get_score_values(self, company, customer_ids, scorecard):
        """EXTENDS credit: plans broken over 12 months; unknown for who never had one."""
        values = super()._get_score_values(company, customer_ids, scorecard)
        if 'broken_plans' in set(scorecard.criterion_ids.mapped('code')):
            self.env['ar.payment.plan'].flush_model()
            rows = self.env.execute_query(SQL(
                """
                SELECT customer_id, COUNT(*) FILTER (
                           WHERE state = 'broken' AND closed_on > %(since)s)
                  FROM ar_payment_plan
                 WHERE customer_id = ANY(%(ids)s)
                   AND (state = 'active' OR state IN ('kept', 'broken') AND closed_on > %(since)s)
                 GROUP BY customer_id
                """,
                ids=list(customer_ids),
                since=fields.Date.subtract(company._get_ar_today(), months=BROKEN_MONTHS)))
            values['broken_plans'] = {row[0]: float(row[1]) for row in rows}
        return values

    # === ACTIONS === #

    def action_new_payment_plan(self):
        """Draw up a plan about the overdue items, or about all open ones."""
        self.ensure_one()
        return self.env['ar.payment.plan']._get_new_action(
            self, self._get_agreeable_items('ar.payment.plan.line'),
            self.env._("Payment plan"))

    def action_view_payment_plans(self):
        """Open the payment plans of this customer."""
        return self._get_agreements_action('ar_collections.ar_payment_plan_action')


class ArScorecardCriterion(models.Model):
    """EXTENDS credit: broken payment plans may count in a score."""
    _inherit = 'ar.scorecard.criterion'

    code = fields.Selection(
        selection_add=[('broken_plans', "Broken payment plans")],
        ondelete={'broken_plans': 'cascade'})

    @api.model
    def _get_explanations(self):
        """EXTENDS credit."""
        return {
            **super()._get_explanations(),
            'broken_plans': self.env._("Payment plans broken over 12 months."),
        }


class AccountMove(models.Model):
    """EXTENDS account: draw up a plan from invoices."""
    _inherit = 'account.move'

    def action_ar_payment_plan(self):
        """Draw up a payment plan about these invoices."""
        return self._ar_get_new_agreement('ar.payment.plan', self.env._("Payment plan"))
