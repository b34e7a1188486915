from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import formatLang

from ...tools.instalments import get_dates, split_amount

# From the proposal on, what was offered stays as it was offered.
TERMS = {
    'line_ids', 'instalment_ids', 'number', 'interval', 'first_date', 'first_amount',
    'interest_stayed', 'conditions', 'date',
}


class ArPaymentPlan(models.Model):
    """Instalments on open items. What happens to it: see `payment_plan_state`; how it follows the
    ledger: `payment_plan_follow`."""
    _name = 'ar.payment.plan'
    _description = "Payment plan"
    _inherit = ['ar.agreement', 'portal.mixin']
    _order = 'next_date, id desc'

    # === FIELDS === #
    date = fields.Date(
        string="Drawn up on", required=True, tracking=True,
        default=lambda self: self.env.company._get_ar_today())
    state = fields.Selection(
        [('draft', "Draft"), ('to_approve', "To approve"), ('proposed', "Proposed"),
         ('active', "Active"), ('kept', "Kept"), ('broken', "Broken"),
         ('cancelled', "Cancelled")],
        required=True, default='draft', readonly=True, copy=False, tracking=True, index=True,
        help="Kept or broken is read from what was received in cash or bank on these items.")
    line_ids = fields.One2many('ar.payment.plan.line', 'plan_id', string="Items", copy=False)
    instalment_ids = fields.One2many('ar.payment.plan.instalment', 'plan_id', copy=False)
    number = fields.Integer(string="Number of instalments", default=3, required=True)
    interval = fields.Selection(
        [('week', "Week"), ('two_weeks', "Two weeks"), ('month', "Month"),
         ('quarter', "Quarter")], string="One every", default='month', required=True)
    first_date = fields.Date(
        string="First payment on", required=True,
        default=lambda self: self.env.company._get_ar_today() + relativedelta(days=14))
    first_amount = fields.Monetary(
        string="First payment", help="When it differs from the others. Zero: all alike.")
    interest_stayed = fields.Boolean(
        string="No late interest while kept",
        help="Printed in the proposal: neither late interest nor compensation is claimed on these "
             "items as long as the plan is kept.")
    conditions = fields.Text(help="Printed in the proposal, below the instalments.")
    amount = fields.Monetary(
        string="Under the plan", compute='_compute_amount', store=True, tracking=True,
        help="What the items owed when the plan was proposed.")
    planned_amount = fields.Monetary(string="Sum of instalments", compute='_compute_planned')
    difference = fields.Monetary(
        string="Still to spread", compute='_compute_planned',
        help="What the items owe, less the instalments. A plan is proposed when it is nothing.")
    paid_amount = fields.Monetary(
        string="Received", readonly=True, copy=False, default=0.0,
        help="Received in cash or bank on these items since the proposal.")
    other_amount = fields.Monetary(
        string="Settled otherwise", readonly=True, copy=False, default=0.0,
        help="Credit notes, write-offs and the like on these items since the proposal.")
    remaining_amount = fields.Monetary(
        string="Remaining", compute='_compute_remaining', store=True)
    late_amount = fields.Monetary(
        string="Late", compute='_compute_late', help="Instalments whose date has passed, unpaid.")
    next_date = fields.Date(
        string="Next instalment", compute='_compute_next_date', store=True, index=True)
    grace_days = fields.Integer(
        string="Days of grace", readonly=True, copy=False,
        help="As set when the plan was proposed.")
    tolerance = fields.Float(string="Tolerance (%)", readonly=True, copy=False)
    missed_allowed = fields.Integer(
        string="Broken by", readonly=True, copy=False,
        help="So many missed instalments break the plan, as set when it was proposed.")

    _number_range = models.Constraint(
        'CHECK(number BETWEEN 1 AND 120)', "A plan has between 1 and 120 instalments.")
    _first_amount_positive = models.Constraint(
        'CHECK(first_amount >= 0)', "The first payment cannot be negative.")

    # === COMPUTES === #

    @api.depends('line_ids.amount')
    def _compute_amount(self):
        for plan in self:
            plan.amount = sum(plan.line_ids.mapped('amount'))

    @api.depends('instalment_ids.amount', 'amount')
    def _compute_planned(self):
        for plan in self:
            plan.planned_amount = sum(plan.instalment_ids.mapped('amount'))
            plan.difference = plan.currency_id.round(
                plan.amount - plan.planned_amount) if plan.currency_id else 0

    @api.depends('amount', 'paid_amount', 'other_amount')
    def _compute_remaining(self):
        for plan in self:
            plan.remaining_amount = max(plan.amount - plan.paid_amount - plan.other_amount, 0)

    @api.depends('instalment_ids.residual', 'instalment_ids.due_date', 'state')
    def _compute_late(self):
        for company, plans in self.grouped('company_id').items():
            today = (company or self.env.company)._get_ar_today()
            for plan in plans:
                late = plan.instalment_ids.filtered(
                    lambda part, today=today: part.due_date and part.due_date < today)
                plan.late_amount = min(sum(late.mapped('residual')), plan.remaining_amount) if (
                    plan.state == 'active') else 0

    @api.depends('instalment_ids.due_date', 'instalment_ids.state', 'state')
    def _compute_next_date(self):
        for plan in self:
            dates = plan.instalment_ids.filtered(
                lambda part: part.state in ('open', 'late') and part.due_date).mapped('due_date')
            plan.next_date = min(dates, default=False) if (
                plan.state not in ('kept', 'broken', 'cancelled')) else False

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        plans = super().create(vals_list)
        plans.filtered(lambda plan: not plan.instalment_ids)._spread()
        return plans

    def write(self, vals):
        if set(vals) & TERMS and any(plan.state != 'draft' for plan in self):
            raise UserError(self.env._(
                "What was proposed stays as it was. Set the plan back to draft, or make a new "
                "one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if any(plan.state != 'draft' for plan in self):
            raise UserError(self.env._("Only a draft is deleted. Cancel the plan instead."))

    def _get_derived_fields(self):
        return super()._get_derived_fields() | {
            'amount', 'paid_amount', 'other_amount', 'remaining_amount', 'next_date',
            'grace_days', 'tolerance', 'missed_allowed', 'proposed_on', 'valid_until',
            'submitted_by_id', 'approved_by_id', 'approved_on', 'signed_by', 'signed_on',
            'signature', 'signature_way', 'signed_document_ids', 'acknowledged_on', 'started_on',
            'access_token'}

    @api.model
    def _get_live_states(self):
        """EXTENDS agreement: from the submission on an item stands in one plan at a time."""
        return ('to_approve', 'proposed', 'active')

    @api.model
    def _get_draft_states(self):
        """EXTENDS agreement."""
        return ('draft',)

    # === INSTALMENTS === #

    @api.onchange('line_ids', 'number', 'interval', 'first_date', 'first_amount')
    def _onchange_terms(self):
        """Spread again; what was typed in by hand before gives way to the new terms."""
        if self.state == 'draft' and self.first_date and self.line_ids:
            values = self._get_instalment_values()
            self.instalment_ids = [
                Command.clear(), *(Command.create(vals) for vals in values)]

    def action_spread(self):
        """Read again what the items owe, and spread it over the instalments."""
        self.check_access('write')
        for plan in self:
            if plan.state != 'draft':
                raise UserError(self.env._("Only a draft can be changed."))
        self.line_ids.sudo()._read_amounts()
        self._spread()
        return True

    def _spread(self):
        """Replace the instalments of drafts."""
        Instalment = self.env['ar.payment.plan.instalment']
        vals_list = []
        for plan in self:
            values = plan._get_instalment_values()
            if not values:
                raise ValidationError(self.env._(
                    "%(amount)s cannot be spread over %(number)s instalments: take fewer, or a "
                    "lower first payment.", number=plan.number,
                    amount=formatLang(self.env, plan.amount, currency_obj=plan.currency_id)))
            vals_list += [{**vals, 'plan_id': plan.id} for vals in values]
        self.instalment_ids.unlink()
        Instalment.create(vals_list)

    def _get_instalment_values(self):
        """Return the values of the instalments by the terms; nothing when they cannot be met."""
        self.ensure_one()
        currency = self.currency_id

        def exact(amount):
            return Decimal(str(currency.round(amount)))

        try:
            amounts = split_amount(
                exact(sum(self.line_ids.mapped('amount'))), self.number,
                Decimal(str(currency.rounding)), exact(self.first_amount))
        except ValueError:
            return []
        return [{'due_date': day, 'amount': float(amount)} for day, amount in zip(
            get_dates(self.first_date, self.interval, self.number), amounts, strict=True)]

    # === ACTIONS === #

    def action_view_instalments(self):
        """Open the calendar of the instalments of these plans; of all active ones without any."""
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_payment_plan_instalment_action')
        if self:
            action['domain'] = [('plan_id', 'in', self.ids)]
            action['context'] = {'initial_date': min(
                self.instalment_ids.mapped('due_date'), default=False)}
        return action
