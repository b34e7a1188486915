from decimal import ROUND_CEILING, Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date, formatLang

from .cover_status import STATUSES

ACTIONS = [
    ('request', "New cover"), ('increase', "Increase"), ('reduce', "Reduction"),
    ('topup', "Top-up"), ('cancel', "Give up the cover")]
STATES = [
    ('draft', "Draft"), ('queued', "Waiting to be sent"), ('sending', "Being sent"),
    ('unknown', "Outcome unknown"), ('open', "With the insurer"), ('answered', "Answered"),
    ('failed', "Not accepted"), ('cancelled', "Withdrawn")]
# One request for a buyer at a time: no insurer takes a second one.
OPEN = ('queued', 'sending', 'unknown', 'open')
# What is proposed is round, in the currency asked for.
STEP = 1000
# Written by buttons and jobs only.
DERIVED = {
    'name', 'state', 'status', 'by_hand', 'insurer_reference', 'sent_at', 'polled_at',
    'answered_on', 'granted_amount', 'problem', 'attempts', 'next_try_at', 'cover_id', 'user_id'}


class ArCoverRequest(models.Model):
    """Asking the insurer for cover. The record is there before anything is sent; its reference is
    what the insurer keeps, and the way to find the request again when its answer was lost."""
    _name = 'ar.cover.request'
    _description = "Cover request"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'id desc'
    _check_company_auto = True

    name = fields.Char(string="Reference", readonly=True, copy=False, default="/", index=True)
    customer_id = fields.Many2one(
        'ar.customer', required=True, index=True, ondelete='cascade', tracking=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    collector_id = fields.Many2one(related='customer_id.collector_id')
    policy_id = fields.Many2one(
        'ar.insurance.policy', string="Insurance policy", required=True, index=True,
        ondelete='restrict', tracking=True)
    provider_id = fields.Many2one(related='policy_id.provider_id', store=True, index=True)
    cover_id = fields.Many2one('ar.cover', readonly=True, copy=False, ondelete='set null')
    action = fields.Selection(
        ACTIONS, string="What is asked for", required=True, default='request', tracking=True)
    currency_id = fields.Many2one('res.currency', required=True)
    amount = fields.Monetary(string="Amount asked for", tracking=True)
    reason = fields.Text(help="For ourselves. It is not sent.")
    user_id = fields.Many2one(
        'res.users', string="Asked by", readonly=True, default=lambda self: self.env.user)
    state = fields.Selection(
        STATES, required=True, readonly=True, default='draft', tracking=True, copy=False)
    status = fields.Selection(
        STATUSES, string="Insurer's answer", readonly=True, tracking=True, copy=False)
    by_hand = fields.Boolean(
        string="Asked for by hand", readonly=True, copy=False,
        help="Sent in the insurer's portal; the answer is typed in.")
    insurer_reference = fields.Char(string="Insurer's reference", copy=False)
    sent_at = fields.Datetime(readonly=True, copy=False)
    polled_at = fields.Datetime(string="Asked for news at", readonly=True, copy=False)
    answered_on = fields.Date(readonly=True, copy=False, tracking=True)
    granted_amount = fields.Monetary(
        readonly=True, copy=False, currency_field='policy_currency_id', tracking=True,
        help="In policy currency. Never filled from what was asked for.")
    policy_currency_id = fields.Many2one(
        related='policy_id.currency_id', string="Currency of the policy")
    problem = fields.Text(readonly=True, copy=False)
    attempts = fields.Integer(readonly=True, copy=False)

    _amount_positive = models.Constraint('CHECK(amount >= 0)', "Cover cannot be negative.")
    _one_open_uniq = models.UniqueIndex(
        "(policy_id, customer_id) WHERE state IN ('queued', 'sending', 'unknown', 'open')",
        "A request for this customer is open already. Wait for its answer or withdraw it.")
    next_try_at = fields.Datetime(readonly=True, copy=False)
    proposed_amount = fields.Monetary(compute='_compute_proposal', compute_sudo=True)
    proposal_note = fields.Text(
        string="How it is proposed", compute='_compute_proposal', compute_sudo=True)
    needs_link = fields.Boolean(compute='_compute_needs_link')

    # === COMPUTES === #

    @api.depends('customer_id', 'policy_id', 'currency_id')
    def _compute_proposal(self):
        """The larger of what is owed or ordered today and the highest balance of twelve months."""
        for company, requests in self.grouped('company_id').items():
            peaks, exposures = {}, {}
            if company:
                asking = self.env['ar.credit.request'].sudo().concat(*(
                    self.env['ar.credit.request'].new({'customer_id': request.customer_id.id})
                    for request in requests))
                peaks = asking._get_peaks(company)
                exposures = {x.id: x.exposure for x in requests.customer_id}
            for request in requests:
                customer = request.customer_id
                request.proposed_amount, request.proposal_note = request._propose(
                    float(peaks.get(customer.partner_id.id) or 0.0),
                    exposures.get(customer.id, 0.0))

    def _propose(self, peak, exposure):
        """Return (amount in the currency of the request, how it was found)."""
        company, currency = self.company_id, self.currency_id
        if not company or not currency or not self.policy_id:
            return 0.0, False
        need = max(peak, exposure, 0.0)
        date = company._get_ar_today()
        asked = company.currency_id._convert(need, currency, company, date, round=False)
        step = self._get_step()
        amount = float((Decimal(str(asked)) / step).to_integral_value(ROUND_CEILING) * step)

        def money(value, unit):
            return formatLang(self.env, value, currency_obj=unit)

        note = self.env._(
            "Highest balance of the last 12 months: %(peak)s. Owed or ordered today: "
            "%(exposure)s. The larger of the two, rounded up to the next %(step)s.",
            peak=money(peak, company.currency_id), exposure=money(exposure, company.currency_id),
            step=money(float(step), currency))
        if currency != company.currency_id:
            note += " " + self.env._(
                "In %(currency)s at the rate of %(date)s: %(amount)s.", currency=currency.name,
                date=format_date(self.env, date), amount=money(asked, currency))
        return amount, note

    def _get_step(self):
        """Return the step of the amounts that the insurer takes, in the currency asked for."""
        step = Decimal(STEP)
        if self.policy_id.provider_id:
            # sudo: which provider it is, is no secret.
            client = self.policy_id.provider_id.sudo()._get_client_class()
            step = max(step, getattr(client, 'amount_step', step))
        return step

    @api.depends('customer_id', 'policy_id.provider_id')
    def _compute_needs_link(self):
        for request in self:
            request.needs_link = bool(request.provider_id and not request._get_link())

    @api.onchange('policy_id')
    def _onchange_policy_id(self):
        if self.policy_id:
            self.currency_id = self.policy_id.currency_id

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not self.env.su:
                if set(vals) & DERIVED:
                    raise AccessError(self.env._("A request moves on only through its buttons."))
                vals['user_id'] = self.env.uid
            if vals.get('policy_id') and not vals.get('currency_id'):
                vals['currency_id'] = self.env['ar.insurance.policy'].browse(
                    vals['policy_id']).currency_id.id
        requests = super().create(vals_list)
        for request in requests:
            # sudo: a collector takes the next number without managing sequences.
            request.with_context(tracking_disable=True).sudo().name = self.env[
                'ir.sequence'].sudo().with_company(request.company_id).next_by_code(
                    self._name) or "/"
        return requests

    def write(self, vals):
        if not self.env.su:
            if set(vals) & DERIVED:
                raise AccessError(self.env._("A request moves on only through its buttons."))
            if set(vals) & {'customer_id', 'policy_id', 'action', 'currency_id', 'amount'} and any(
                    request.state != 'draft' for request in self):
                raise UserError(self.env._(
                    "This request has left already. Withdraw it and make a new one."))
        return super().write(vals)

    @api.constrains('policy_id', 'customer_id')
    def _check_policy_company(self):
        for request in self:
            if request.policy_id.company_id != request.customer_id.company_id:
                raise ValidationError(self.env._(
                    "Policy %(policy)s belongs to another company than %(customer)s.",
                    policy=request.policy_id.name, customer=request.customer_id.display_name))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if any(request.state != 'draft' for request in self):
            raise UserError(self.env._("Only a draft is deleted. Withdraw the request instead."))

    # === ACTIONS === #

    @api.model
    def _check_collector(self):
        """Raise unless the user works on customers: an auditor asks for nothing."""
        if not self.env.su and not self.env.user.has_group(
                'ar_collections.group_ar_collector_own'):
            raise AccessError(self.env._("Only a collector or a credit manager may do this."))

    def action_use_proposal(self):
        """Ask for the proposed amount."""
        for request in self:
            if not request.proposed_amount:
                raise UserError(self.env._(
                    "Nothing can be proposed: this customer owes and ordered nothing in 12 "
                    "months."))
            request.amount = request.proposed_amount
        return True

    def action_send(self):
        """Put the request in the queue, or note that a person asks in the insurer's portal."""
        self._check_collector()
        self.check_access('write')
        for request in self:
            request._check_sendable()
            # sudo: the state moves through the buttons only.
            request.sudo()._queue()
        return True

    def _check_sendable(self):
        self.ensure_one()
        policy, customer = self.policy_id, self.customer_id
        if self.state != 'draft':
            raise UserError(self.env._("%s has left already.", self.name))
        if self.search_count([
                ('policy_id', '=', policy.id), ('customer_id', '=', customer.id),
                ('state', 'in', OPEN), ('id', '!=', self.id)], limit=1):
            raise UserError(self.env._(
                "A request for %s is open already. Wait for its answer or withdraw it.",
                customer.display_name))
        if not policy._is_live(self.company_id._get_ar_today()):
            raise UserError(self.env._("Policy %s is not in force today.", policy.name))
        excluded = policy._get_exclusion(customer)
        if excluded:
            raise UserError(excluded)
        if self.action == 'cancel':
            if not self._get_cover():
                raise UserError(self.env._("There is no cover to give up."))
            return
        if self.currency_id.compare_amounts(self.amount, 0) <= 0:
            raise UserError(self.env._("Say for how much cover is asked."))
        allowed = policy.currency_id | policy.request_currency_ids
        if self.currency_id not in allowed:
            raise UserError(self.env._(
                "Ask in one of the currencies of the policy: %s.",
                ", ".join(allowed.mapped('name'))))

    def _get_cover(self):
        return self.env['ar.cover'].search([
            ('policy_id', '=', self.policy_id.id), ('customer_id', '=', self.customer_id.id),
            ('kind', '=', 'named')], limit=1)

    def _get_link(self):
        """Return the link of the customer at the policy's provider, empty without one."""
        # sudo: the number of a customer whom the user may see.
        return self.env['ar.provider.link'].sudo().search([
            ('provider_id', '=', self.policy_id.provider_id.id),
            ('customer_id', '=', self.customer_id.id), ('state', '=', 'linked')], limit=1)

    def _queue(self):
        """Record first: the row waits for the job that sends it."""
        self.ensure_one()
        values = {'cover_id': self._get_cover().id, 'problem': False, 'next_try_at': False}
        if self._is_by_hand():
            self._ask_by_hand(**values)
            return
        if not self._get_link():
            raise UserError(self.env._(
                "%(customer)s is not linked to %(provider)s yet. Find it there first, under "
                "Insurance, Links.", customer=self.customer_id.display_name,
                provider=self.policy_id.provider_id.display_name))
        step = self._get_step()
        if self.action != 'cancel' and Decimal(str(self.amount)) % step:
            raise UserError(self.env._(
                "The insurer takes multiples of %(step)s only. Nearest above: %(amount)s.",
                step=formatLang(self.env, float(step), currency_obj=self.currency_id),
                amount=formatLang(self.env, float((Decimal(str(self.amount)) // step + 1) * step),
                                  currency_obj=self.currency_id)))
        self.write({**values, 'state': 'queued'})
        # sudo: whoever asks may not touch scheduled actions.
        self.env.ref('ar_collections.ir_cron_ar_cover_send').sudo()._trigger()

    def _ask_by_hand(self, **values):
        """Note that a person asks in the insurer's portal, and remind that person."""
        self.write({
            **values, 'state': 'open', 'by_hand': True, 'status': 'submitted',
            'sent_at': fields.Datetime.now()})
        self.activity_schedule(
            'mail.mail_activity_data_todo', user_id=self.user_id.id,
            date_deadline=self.company_id._get_ar_today(),
            summary=self.env._("Ask the insurer in its portal"), note=self.env._(
                "Quote %s as your reference. When the answer arrives, type it in.", self.name))

    def _is_by_hand(self):
        """Return whether this has to be asked for in the insurer's portal."""
        provider = self.policy_id.provider_id.sudo()
        if not provider:
            return True
        operation, _args, _kwargs = self._get_operation()
        return not operation or not provider._can(operation)

    def action_look_up(self):
        """Ask what became of a request whose outcome is unknown, with the next round."""
        self._check_collector()
        self.check_access('write')
        for request in self.filtered(lambda request: not request.by_hand and (
                request.state == 'unknown' or (
                    request.state == 'open' and request.status == 'error'))):
            request.sudo().write({'state': 'unknown', 'next_try_at': False})
        # sudo: see `_queue`.
        self.env.ref('ar_collections.ir_cron_ar_cover_send').sudo()._trigger()
        return True

    def action_withdraw(self):
        """Take back what has not left, or what was asked for by hand."""
        self._check_collector()
        self.check_access('write')
        for request in self:
            if request.state in ('sending', 'unknown') or (
                    request.state == 'open' and not request.by_hand):
                raise UserError(self.env._(
                    "%s is at the insurer. Withdraw it in the insurer's portal; its answer "
                    "closes it here.", request.name))
            if request.state not in ('draft', 'queued', 'open'):
                raise UserError(self.env._("%s is closed already.", request.name))
        self.sudo().write({'state': 'cancelled'})
        self.sudo().activity_unlink(['mail.mail_activity_data_todo'])
        return True

    def action_type_decision(self):
        """Open the dialogue in which the insurer's answer is typed in."""
        self.ensure_one()
        self._check_collector()
        return self.customer_id._get_decision_action({
            'default_policy_id': self.policy_id.id, 'default_request_id': self.id})

    def action_view_cover(self):
        """Open the cover."""
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'res_model': 'ar.cover', 'view_mode': 'form',
                'views': [(False, 'form')], 'res_id': self.cover_id.id}
