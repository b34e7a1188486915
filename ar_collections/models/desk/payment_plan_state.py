from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date, formatLang

ACTIVITY = 'ar_collections.mail_activity_type_credit'


class ArPaymentPlan(models.Model):
    """From draft to active: submission, approval, proposal, acceptance.

    Only the buttons write the state until the plan starts; then the ledger does.
    """
    _inherit = 'ar.payment.plan'

    company_amount = fields.Monetary(
        string="In company currency", compute='_compute_company_amount',
        currency_field='company_currency_id',
        help="What the items owe today in the books; approval goes by it.")
    company_currency_id = fields.Many2one(
        related='company_id.currency_id', string="Company currency")
    needs_approval = fields.Boolean(compute='_compute_needs_approval')
    submitted_by_id = fields.Many2one('res.users', readonly=True, copy=False)
    approved_by_id = fields.Many2one('res.users', readonly=True, copy=False, tracking=True)
    approved_on = fields.Date(readonly=True, copy=False)
    proposed_on = fields.Date(readonly=True, copy=False)
    valid_until = fields.Date(
        readonly=True, copy=False, tracking=True,
        help="Last day on which the customer may sign; then the proposal lapses.")
    started_on = fields.Date(string="Active since", readonly=True, copy=False, tracking=True)
    acknowledged_on = fields.Date(
        string="Debt acknowledged on", readonly=True, copy=False, tracking=True, index=True,
        help="Day of the signature. A signed plan acknowledges the debt, which in many countries "
             "interrupts the limitation period (France: Civil Code, article 2240).")
    signed_by = fields.Char(string="Signed by", readonly=True, copy=False)
    signed_on = fields.Datetime(string="Signed at", readonly=True, copy=False)
    signature = fields.Image(
        readonly=True, copy=False, attachment=True, max_width=1024, max_height=1024)
    signed_document_ids = fields.Many2many(
        'ir.attachment', 'ar_payment_plan_signed_document_rel', 'plan_id', 'attachment_id',
        string="Signed documents", readonly=True, copy=False,
        help="The plan as it was signed, and the scan of a signature on paper.")
    signature_way = fields.Selection(
        [('portal', "Online"), ('paper', "On paper")], string="Signed", readonly=True, copy=False)

    # === COMPUTES === #

    @api.depends('line_ids.move_line_id.amount_residual', 'line_ids.residual')
    def _compute_company_amount(self):
        for plan in self:
            plan.company_amount = sum(
                line.move_line_id.amount_residual for line in plan.line_ids if line.residual)

    @api.depends('company_amount', 'instalment_ids.due_date', 'company_id')
    def _compute_needs_approval(self):
        for plan in self:
            company = plan.company_id
            months = company.ar_plan_approval_months
            last = max((part.due_date for part in plan.instalment_ids if part.due_date),
                       default=None)
            # A day to come would make it shorter than it is.
            start = plan.date and min(plan.date, (company or self.env.company)._get_ar_today())
            too_long = bool(months and last and start and (
                last > start + relativedelta(months=months)))
            plan.needs_approval = too_long or bool(company) and (
                company.currency_id.compare_amounts(
                    plan.company_amount, company.ar_plan_approval_amount) > 0)

    # === ACTIONS === #

    def action_submit(self):
        """Propose the plan, or ask for approval first when it is above what a collector may."""
        self.check_access('write')
        for plan in self:
            if plan.state != 'draft':
                raise UserError(self.env._("%s is no draft.", plan.name))
            plan._check_proposable()
            # sudo: the state is written by the buttons only.
            plan_sudo = plan.sudo()
            plan_sudo.submitted_by_id = self.env.user
            if plan.needs_approval:
                plan_sudo._ask_approval()
            else:
                plan_sudo._propose()
        return True

    def _check_proposable(self):
        """Refuse a plan that could not be kept from the start; read the debt as of now."""
        self.ensure_one()
        today = self.company_id._get_ar_today()
        self.line_ids.sudo()._read_amounts()
        settled = self.line_ids.filtered(
            lambda line: line.currency_id.compare_amounts(line.residual, 0) <= 0)
        if settled:
            raise ValidationError(self.env._(
                "Nothing is owed on %s any more: remove it.",
                settled[0].move_line_id.display_name or settled[0].move_id.name))
        if not self.instalment_ids:
            raise ValidationError(self.env._("Compute the instalments first."))
        if not self.currency_id.is_zero(self.difference):
            raise ValidationError(self.env._(
                "The instalments come to %(planned)s, the items owe %(owed)s today. Compute them "
                "again, or change one by hand.",
                planned=formatLang(self.env, self.planned_amount, currency_obj=self.currency_id),
                owed=formatLang(self.env, self.amount, currency_obj=self.currency_id)))
        if min(self.instalment_ids.mapped('due_date')) < today:
            raise ValidationError(self.env._(
                "The first instalment lies in the past: choose a day to come."))
        # A draft holds nothing, so two may be about the same item; from here on only one.
        self.line_ids._check_free()

    def _ask_approval(self):
        self.ensure_one()
        self.state = 'to_approve'
        company = self.company_id
        approver = company.ar_approver_id or company._get_ar_responsible()
        theirs = self.with_context(lang=approver.lang).env
        self.activity_schedule(ACTIVITY, user_id=approver.id, summary=theirs._(
            "Decide on a payment plan of %(amount)s for %(customer)s",
            amount=formatLang(theirs, self.amount, currency_obj=self.currency_id),
            customer=self.customer_id.display_name))

    def action_approve(self):
        """Approve, within one's own authority; never a plan that one drew up or submitted."""
        self.check_access('write')
        for plan in self:
            plan._check_decidable()
            plan._check_not_overtaken()
            self.env['ar.credit.authority']._check(plan.company_id, plan.company_amount)
            # sudo: the state is written by the buttons only.
            plan.sudo().write({
                'approved_by_id': self.env.uid, 'approved_on': plan.company_id._get_ar_today()})
            plan.sudo()._propose()
        return True

    def _check_not_overtaken(self):
        """Refuse to propose what the ledger or the calendar has overtaken since the submission.

        The letter would else ask for what was paid meanwhile, or for a day that has passed.
        """
        self.ensure_one()
        try:
            self._check_proposable()
        except ValidationError as error:
            raise ValidationError(self.env._(
                "Things have changed since this plan was submitted. %s Set the plan back to "
                "draft for that.", error)) from error

    def action_send_back(self):
        """Set back to draft: not approved, or the customer wants other terms."""
        self.check_access('write')
        for plan in self:
            if plan.state == 'to_approve':
                plan._check_decidable(own=True)
            elif plan.state != 'proposed':
                raise UserError(self.env._("%s is not waiting for an answer.", plan.name))
        # sudo: the state is written by the buttons only. Links sent before open nothing any more.
        self.sudo().write({
            'state': 'draft', 'approved_by_id': False, 'approved_on': False,
            'proposed_on': False, 'valid_until': False, 'access_token': False})
        self.sudo().activity_unlink([ACTIVITY])
        return True

    def _check_decidable(self, own=False):
        """Refuse who may not decide.

        :param bool own: who submitted it may take it back
        """
        self.ensure_one()
        if self.state != 'to_approve':
            raise UserError(self.env._("%s is not waiting for an approval.", self.name))
        is_own = self.env.user in (self.user_id | self.submitted_by_id)
        if own and is_own:
            return
        if is_own:
            raise AccessError(self.env._(
                "Nobody approves a payment plan of their own. Ask a colleague."))
        if not self.env.user.has_group('ar_collections.group_ar_manager'):
            raise AccessError(self.env._("Only a credit manager approves a payment plan."))

    def _propose(self):
        """Fix the conditions as they are today; from here on the customer may sign."""
        for company, plans in self.grouped('company_id').items():
            today = company._get_ar_today()
            plans.write({
                'state': 'proposed', 'proposed_on': today,
                'valid_until': today + relativedelta(days=company.ar_plan_validity_days),
                'grace_days': company.ar_plan_grace_days,
                'tolerance': company.ar_plan_tolerance,
                'missed_allowed': company.ar_plan_missed_allowed})
        self.activity_unlink([ACTIVITY])

    def action_start(self):
        """Start without a signature: agreed by word of mouth; it acknowledges no debt."""
        self.check_access('write')
        for plan in self:
            plan._check_signable(lapsed=True)
            # sudo: the state is written by the buttons only.
            plan.sudo()._start()
        return True

    def _check_signable(self, lapsed=False):
        """Refuse unless the proposal waits for its signature.

        :param bool lapsed: somebody of ours may still accept it after its last day
        """
        self.ensure_one()
        if self.state != 'proposed':
            raise UserError(self.env._("This payment plan does not wait for a signature."))
        if not lapsed and self.valid_until < self.company_id._get_ar_today():
            raise UserError(self.env._(
                "This proposal was valid until %s. Please ask for a new one.",
                format_date(self.env, self.valid_until)))

    def _start(self):
        """Activate: the ladder waits from now on."""
        for plan in self:
            plan.write({'state': 'active', 'started_on': plan.company_id._get_ar_today()})
            plan.customer_id._message_log(body=plan._get_summary())
        self._follow()

    def _get_summary(self):
        self.ensure_one()
        return self.env._(
            "Payment plan %(name)s: %(amount)s in %(number)s instalments until %(date)s, for "
            "%(items)s.", name=self.name, number=len(self.instalment_ids),
            amount=formatLang(self.env, self.amount, currency_obj=self.currency_id),
            date=format_date(self.env, max(self.instalment_ids.mapped('due_date'))),
            items=", ".join(line.move_id.name or "" for line in self.line_ids))

    def action_cancel(self):
        """Cancel: the items go back on the ladder at full strength."""
        self.check_access('write')
        # sudo: the state is written by the buttons only.
        living = self.sudo().filtered(
            lambda plan: plan.state in ('draft', *plan._get_live_states()))
        for company, plans in living.grouped('company_id').items():
            plans._close('cancelled', company._get_ar_today())
        living.activity_unlink([ACTIVITY])
        return True
