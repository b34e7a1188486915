from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, formatLang

from ...tools.searching import search_told
from .limit import KINDS

# A proposed limit is rounded up to a figure a person would choose.
ROUND_TO = 500
LEDGER_GROUPS = 'ar_collections.group_ar_auditor,ar_collections.group_ar_collector_own'


class ArCreditRequest(models.Model):
    _name = 'ar.credit.request'
    _description = "Credit limit request"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'id desc'
    _check_company_auto = True

    name = fields.Char(compute='_compute_name', search='_search_name', compute_sudo=True)
    customer_id = fields.Many2one(
        'ar.customer', required=True, ondelete='cascade', index=True, tracking=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    # A salesperson asks for a limit without seeing what it is measured against.
    current_limit = fields.Monetary(
        string="Limit now", compute='_compute_current_limit', compute_sudo=True,
        groups=LEDGER_GROUPS)
    kind = fields.Selection(
        KINDS, string="What is asked for", required=True, default='amount', tracking=True)
    amount = fields.Monetary(string="Limit asked for", tracking=True)
    date_to = fields.Date(
        string="Until", tracking=True, help="Empty: permanent. A temporary limit falls back alone.")
    reason = fields.Text(required=True, tracking=True)
    proposed_amount = fields.Monetary(
        string="Proposed limit", compute='_compute_proposal', compute_sudo=True,
        groups=LEDGER_GROUPS)
    proposal_note = fields.Text(
        string="How it is proposed", compute='_compute_proposal', compute_sudo=True,
        groups=LEDGER_GROUPS)
    user_id = fields.Many2one(
        'res.users', string="Asked by", required=True, readonly=True,
        default=lambda self: self.env.user)
    state = fields.Selection(
        [('draft', "Draft"), ('submitted', "Submitted"), ('approved', "Approved"),
         ('refused', "Refused"), ('cancelled', "Withdrawn")],
        default='draft', required=True, readonly=True, tracking=True, copy=False)
    decided_by_id = fields.Many2one('res.users', string="Decided by", readonly=True, copy=False)
    decided_at = fields.Datetime(string="Decided on", readonly=True, copy=False)
    refusal_reason = fields.Char(string="Why refused", readonly=True, copy=False)
    limit_id = fields.Many2one('ar.credit.limit', readonly=True, copy=False)

    _amount_positive = models.Constraint('CHECK(amount >= 0)', "A limit cannot be negative.")

    # === COMPUTES === #

    @api.depends('customer_id')
    def _compute_name(self):
        for request in self:
            request.name = self.env._(
                "Limit for %s", request.customer_id.display_name or "")

    def _search_name(self, operator, value):
        return search_told(self, 'name', operator, value)

    @api.depends('customer_id')
    def _compute_current_limit(self):
        for request in self:
            request.current_limit = request.customer_id.credit_limit_today

    @api.depends('customer_id')
    def _compute_proposal(self):
        """Peak balance of twelve months, times the factor of the class, rounded up; then what
        others advise, as the company wants it."""
        for company, requests in self.grouped('company_id').items():
            peaks = requests._get_peaks(company) if company else {}
            advice = requests._get_limit_advice(company) if company else {}
            for request in requests:
                partner_id = request.customer_id.partner_id.id
                request.proposed_amount, request.proposal_note = request._propose(
                    peaks.get(partner_id, 0.0), advice.get(partner_id, ()))

    def _get_limit_advice(self, company):
        """Return what others than the ledger say of a limit. Rooms that know something extend it.

        :param company: `res.company` of these requests
        :return: {partner id: [(amount in company currency, what it is and since when)]}
        """
        return {}

    def _propose(self, peak, advice=()):
        """Return the proposed limit and its working, line by line.

        The lowest of behaviour and advice is proposed, where the company wants it so. Of a
        customer without any balance the ledger says nothing, not zero: advice stands alone.

        :param peak: highest balance of the last 12 months, in company currency
        :param advice: list of `_get_limit_advice`
        """
        risk_class = self.customer_id.risk_class_id
        factor = risk_class.limit_factor if risk_class else 1.0
        need = max(float(peak) * factor, 0.0)
        amount = -(-need // ROUND_TO) * ROUND_TO
        lines = [self.env._(
            "Highest balance of the last 12 months: %(peak)s. Factor of class %(risk)s: "
            "%(factor)s. "
            "Rounded up to the next %(step)s.",
            peak=formatLang(self.env, float(peak), currency_obj=self.currency_id),
            risk=risk_class.code or "–", factor=formatLang(self.env, factor, digits=1),
            step=ROUND_TO)]
        if not advice:
            return amount, lines[0]
        lines += [
            f"{text} {formatLang(self.env, advised, currency_obj=self.currency_id)}"
            for advised, text in advice]
        if self.company_id.ar_proposal_rule == 'behaviour':
            lines.append(self.env._("Advice is shown only: the behaviour decides (settings)."))
            return amount, "\n".join(lines)
        lowest = min(advised for advised, _text in advice)
        if self.currency_id.compare_amounts(float(peak), 0) > 0:
            lines.append(self.env._("The lowest of these is proposed (settings)."))
            return min(amount, lowest), "\n".join(lines)
        lines.append(self.env._("No balance to judge by: the lowest advice is proposed."))
        return lowest, "\n".join(lines)

    def _get_peaks(self, company):
        """Return {partner_id: highest balance at a day's end over the last 12 months}."""
        today = company._get_ar_today()
        self.env['account.move.line'].flush_model()
        rows = self.env.execute_query(SQL(
            """
            SELECT partner_id, MAX(balance) FROM (
                SELECT partner_id, day, SUM(amount) OVER (
                           PARTITION BY partner_id ORDER BY day) AS balance
                  FROM (
                    SELECT p.commercial_partner_id AS partner_id,
                           GREATEST(l.date, %(since)s::date) AS day, SUM(l.balance) AS amount
                      FROM account_move_line l JOIN res_partner p ON p.id = l.partner_id
                     WHERE l.account_id = ANY(%(accounts)s) AND l.company_id = ANY(%(companies)s)
                       AND l.parent_state = 'posted' AND l.date <= %(today)s
                       AND p.commercial_partner_id = ANY(%(partners)s)
                     GROUP BY 1, 2
                  ) daily
            ) running GROUP BY partner_id
            """,
            since=today - relativedelta(months=12), today=today,
            accounts=company._get_ar_exposure_account_ids(),
            companies=self.env['ar.credit.exposure']._get_company_ids(company),
            partners=self.customer_id.partner_id.ids,
        ))
        return dict(rows)

    # === CONSTRAINTS AND CRUD === #

    @api.constrains('kind', 'amount')
    def _check_amount(self):
        for request in self:
            if request.kind == 'amount' and request.currency_id.is_zero(request.amount):
                raise ValidationError(self.env._(
                    "A limit of zero says two things. Choose \"No credit\" to have every order "
                    "paid in advance, or \"No limit\"."))

    @api.constrains('date_to')
    def _check_date_to(self):
        for request in self:
            if request.date_to and request.date_to < fields.Date.context_today(request):
                raise ValidationError(self.env._(
                    "A temporary limit must end today or later."))

    def write(self, vals):
        if not self.env.su:
            if {'state', 'decided_by_id', 'decided_at', 'limit_id', 'user_id'} & set(vals):
                raise AccessError(self.env._("A request moves on only through its buttons."))
            if {'amount', 'kind', 'date_to', 'customer_id'} & set(vals) and any(
                    request.state not in ('draft', 'submitted') for request in self):
                raise UserError(self.env._("This request is decided. Make a new one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        """A draft was nobody's business but its author's; what was submitted is a trail."""
        if any(request.state != 'draft' for request in self):
            raise UserError(self.env._("Only a draft is deleted. Withdraw the request instead."))
        if not self.env.su and any(request.user_id != self.env.user for request in self):
            raise AccessError(self.env._("A draft is deleted by whoever wrote it."))

    @api.model
    def get_import_templates(self):
        """Offer a file to fill in on the import screen."""
        return [{
            'label': self.env._("Template for a change of many limits"),
            'template': '/ar_collections/static/csv/credit_limit_requests.csv',
        }]

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            for vals in vals_list:
                vals.update(state='draft', user_id=self.env.uid)
        return super().create(vals_list)

    # === ACTIONS === #

    def action_use_proposal(self):
        """Ask for the proposed amount."""
        for request in self:
            if not request.proposed_amount:
                raise UserError(self.env._(
                    "Nothing is proposed: the customer had no balance in 12 months, or advice says "
                    "zero. Type an amount, or choose “No credit”."))
            request.write({'kind': 'amount', 'amount': request.proposed_amount})
        return True

    def action_submit(self):
        """Submit: who decides gets one activity; several requests at once share one."""
        self.check_access('write')
        drafts = self.filtered(lambda r: r.state == 'draft')
        for company, requests in drafts.grouped('company_id').items():
            requests.sudo().state = 'submitted'
            approver = company.ar_approver_id or company._get_ar_responsible()
            theirs = self.with_context(lang=approver.lang).env
            requests[0].activity_schedule(
                'ar_collections.mail_activity_type_credit', user_id=approver.id,
                summary=theirs._("Decide on a credit limit") if len(requests) == 1
                else theirs._("Decide on %s credit limits", len(requests)))
        return True

    def action_cancel(self):
        """Withdraw one's own request before it is decided."""
        self.check_access('write')
        for request in self:
            if request.state not in ('draft', 'submitted'):
                raise UserError(self.env._("This request is decided. Make a new one."))
            if request.user_id != self.env.user:
                raise AccessError(self.env._("A request is withdrawn by whoever made it."))
        # sudo: the state moves through the buttons only.
        self.sudo().state = 'cancelled'
        self.sudo().activity_unlink(['ar_collections.mail_activity_type_credit'])
        return True

    def action_approve(self):
        """Grant the limit, within one's own authority; never one's own request."""
        self.check_access('write')
        for request in self:
            request._check_decidable()
            self.env['ar.credit.authority']._check_limit(
                request.company_id, request.kind, request.amount)
            request.sudo()._grant(self.env.user)
        return True

    def action_refuse(self):
        """Ask why, then refuse."""
        self.check_access('write')
        self.ensure_one()
        self._check_decidable()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.credit.answer', 'target': 'new',
            'view_mode': 'form', 'name': self.env._("Refuse the request"),
            'context': {'default_request_id': self.id, 'default_mode': 'refuse_request'},
        }

    def _check_decidable(self):
        self.ensure_one()
        if self.state != 'submitted':
            raise UserError(self.env._("%s is not waiting for a decision.", self.name))
        if self.user_id == self.env.user:
            raise AccessError(self.env._(
                "Nobody decides on a request of their own. Ask a colleague."))
        if not self.env.user.has_group('ar_collections.group_ar_manager'):
            raise AccessError(self.env._("Only a credit manager decides on a limit."))

    # === STATE === #

    def _grant(self, user):
        """Write the limit and its trail; the base limit of Odoo follows a permanent one."""
        for request in self:
            limit = request.customer_id._grant_limit(
                request.amount, date_to=request.date_to, reason=request.reason, user=user,
                request=request, kind=request.kind)
            request.write({
                'state': 'approved', 'decided_by_id': user.id,
                'decided_at': fields.Datetime.now(), 'limit_id': limit.id})
            request.activity_unlink(['ar_collections.mail_activity_type_credit'])

    def _refuse(self, user, reason):
        self.write({
            'state': 'refused', 'decided_by_id': user.id, 'decided_at': fields.Datetime.now(),
            'refusal_reason': reason})
        self.activity_unlink(['ar_collections.mail_activity_type_credit'])
        for request in self:
            request.message_post(
                body=self.env._("Refused: %s", reason), partner_ids=request.user_id.partner_id.ids)
