from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date


class ArPaymentPlanInstalment(models.Model):
    """What is to be paid when. Money pays the instalments in the order of their dates."""
    _name = 'ar.payment.plan.instalment'
    _description = "Instalment of a payment plan"
    _order = 'due_date, id'

    plan_id = fields.Many2one('ar.payment.plan', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='plan_id.customer_id', store=True, index=True)
    company_id = fields.Many2one(related='plan_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='plan_id.currency_id')
    collector_id = fields.Many2one(related='plan_id.collector_id')
    plan_state = fields.Selection(
        related='plan_id.state', string="State of the plan", store=True)
    rank = fields.Integer(string="No.", compute='_compute_rank')
    due_date = fields.Date(required=True, index=True)
    amount = fields.Monetary(required=True)
    deadline = fields.Date(
        compute='_compute_deadline', store=True,
        help="Last day on which the money may arrive: the due date and the days of grace.")
    state = fields.Selection(
        [('open', "To come"), ('late', "Late"), ('paid', "Paid"), ('paid_late', "Paid late"),
         ('missed', "Missed"), ('due', "Due at once")],
        required=True, default='open', readonly=True, copy=False, index=True)
    paid_amount = fields.Monetary(string="Received", readonly=True, copy=False)
    residual = fields.Monetary(string="Remaining", compute='_compute_residual', store=True)

    _amount_positive = models.Constraint(
        'CHECK(amount > 0)', "Each instalment must be positive.")

    @api.depends('plan_id.instalment_ids.due_date')
    def _compute_rank(self):
        for plan, parts in self.grouped('plan_id').items():
            ranks = {part: rank for rank, part in enumerate(
                plan.instalment_ids.sorted(lambda one: (
                    one.due_date or fields.Date.to_date('9999-12-31'), one._origin.id or 0)), 1)}
            for part in parts:
                part.rank = ranks.get(part, 0)

    @api.depends('due_date', 'plan_id.grace_days')
    def _compute_deadline(self):
        for part in self:
            part.deadline = part.due_date and part.due_date + relativedelta(
                days=part.plan_id.grace_days)

    @api.depends('amount', 'paid_amount')
    def _compute_residual(self):
        for part in self:
            part.residual = part.amount - part.paid_amount

    @api.depends('plan_id.name', 'due_date', 'amount')
    def _compute_display_name(self):
        for part in self:
            part.display_name = self.env._(
                "%(customer)s: %(amount)s on %(date)s", date=format_date(self.env, part.due_date),
                customer=part.customer_id.display_name,
                amount=part.currency_id.format(part.amount or 0.0))

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_derived(vals_list)
        parts = super().create(vals_list)
        parts._check_plan_draft()
        return parts

    def write(self, vals):
        self._check_derived([vals])
        if not self.env.su:
            self._check_plan_draft()
            if 'plan_id' in vals:
                raise UserError(self.env._("An instalment does not move to another plan."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_proposed(self):
        self._check_plan_draft()

    def _check_derived(self, vals_list):
        derived = {'state', 'plan_state', 'paid_amount', 'residual', 'deadline', 'customer_id',
                   'company_id'}
        if not self.env.su and any(set(vals) & derived for vals in vals_list):
            raise AccessError(self.env._("The state follows the ledger and cannot be typed in."))

    def _check_plan_draft(self):
        if any(part.plan_id.state != 'draft' for part in self):
            raise UserError(self.env._(
                "What was proposed stays as it was. Set the plan back to draft, or make a new "
                "one."))
