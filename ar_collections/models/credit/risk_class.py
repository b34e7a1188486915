from dateutil.relativedelta import relativedelta

from odoo import fields, models


class ArRiskClass(models.Model):
    """EXTENDS core: what follows from a class."""
    _inherit = 'ar.risk.class'

    payment_term_id = fields.Many2one(
        'account.payment.term', string="Suggested payment term", ondelete='set null')
    propose_term = fields.Boolean(
        string="Orders with this term pass",
        help="An order that has the suggested payment term needs no look because of its class. "
             "The salesperson of a held order may take it with one click; nothing changes by "
             "itself, and every other credit rule still counts.")
    deposit_percent = fields.Float(
        string="Deposit (%)", help="Share of an order to be paid before it is confirmed.")
    policy_id = fields.Many2one(
        'ar.dunning.policy', string="Dunning policy", ondelete='set null',
        help="Used when neither the customer nor a rule chooses one.")
    review_months = fields.Integer(
        string="Review every (months)", default=12, help="Zero: no review.")
    limit_factor = fields.Float(
        string="Limit factor", default=1.0,
        help="The proposed limit is the customer's need times this factor.")
    order_decision = fields.Selection(
        [('allow', "Allow"), ('warn', "Warn"), ('hold', "Hold for a person")],
        string="New orders", required=True, default='allow')

    _deposit_range = models.Constraint(
        'CHECK(deposit_percent >= 0 AND deposit_percent <= 100)',
        "A deposit lies between 0 and 100 %.")

    def _get_review_date(self):
        """Return the next review date of a customer who enters this class today, or None."""
        self.ensure_one()
        if not self.review_months:
            return None
        return fields.Date.context_today(self) + relativedelta(months=self.review_months)
