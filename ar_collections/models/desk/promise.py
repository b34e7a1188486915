from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, format_date, formatLang

# Decided together in the night.
BATCH = 200


class ArPromise(models.Model):
    _name = 'ar.promise'
    _description = "Promise to pay"
    _inherit = ['ar.agreement']
    _order = 'promise_date desc, id desc'

    taken_on = fields.Date(
        string="Promised on", required=True, tracking=True,
        default=lambda self: self.env.company._get_ar_today())
    promise_date = fields.Date(
        string="Will pay on", required=True, tracking=True,
        help="Day on which the money arrives, as the customer said.")
    amount = fields.Monetary(required=True, tracking=True)
    channel = fields.Selection(
        [('call', "Call"), ('email', "E-mail"), ('visit', "Visit"), ('letter', "Letter"),
         ('portal', "Portal")], string="Said by way of", default='call', required=True)
    note = fields.Text()
    line_ids = fields.One2many('ar.promise.line', 'promise_id', string="Items", copy=False)
    state = fields.Selection(
        [('open', "Open"), ('kept', "Kept"), ('broken', "Broken"),
         ('void', "Nothing left to pay"), ('replaced', "Replaced by a later promise"),
         ('cancelled', "Cancelled")],
        required=True, default='open', readonly=True, copy=False, tracking=True, index=True,
        help="Kept or broken is read from what was received in cash or bank on these items.")
    deadline = fields.Date(
        readonly=True, copy=False, index=True,
        help="Last day on which the money may arrive: the day promised and the days of grace.")
    tolerance = fields.Float(
        string="Tolerance (%)", readonly=True, copy=False,
        help="Share that may be missing, as set when the promise was noted.")
    paid_amount = fields.Monetary(
        string="Received in time", readonly=True, copy=False,
        help="Received in cash or bank on these items since the promise, up to the deadline.")

    _amount_positive = models.Constraint(
        'CHECK(amount > 0)', "The amount promised must be positive.")
    _dates_order = models.Constraint(
        'CHECK(promise_date >= taken_on)', "A promise is about a day to come.")

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        promises = super().create(vals_list)
        for promise in promises.sudo():
            promise.write({
                'deadline': promise._get_deadline(),
                'tolerance': promise.company_id.ar_promise_tolerance})
            promise.customer_id._message_log(body=promise._get_summary())
        promises._check_amount()
        return promises

    def write(self, vals):
        if set(vals) & {'amount', 'promise_date', 'taken_on', 'line_ids'} and any(
                promise.state != 'open' for promise in self):
            raise UserError(self.env._("Only an open promise can be changed. Note a new one."))
        result = super().write(vals)
        if 'promise_date' in vals:
            for promise in self.sudo():
                promise.deadline = promise._get_deadline()
        if {'amount', 'line_ids'} & set(vals):
            self._check_amount()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A promise is history: cancel it instead."))

    def _get_derived_fields(self):
        return super()._get_derived_fields() | {
            'deadline', 'tolerance', 'paid_amount'}

    def _check_amount(self):
        for promise in self:
            owed = sum(promise.line_ids.mapped('amount'))
            if promise.currency_id.compare_amounts(promise.amount, owed) > 0:
                raise ValidationError(self.env._(
                    "%(amount)s is more than the items chosen owe (%(owed)s).",
                    amount=formatLang(self.env, promise.amount, currency_obj=promise.currency_id),
                    owed=formatLang(self.env, owed, currency_obj=promise.currency_id)))

    @api.onchange('line_ids')
    def _onchange_line_ids(self):
        if self.line_ids and self.state == 'open':
            self.amount = sum(self.line_ids.mapped('amount'))

    def _get_deadline(self):
        self.ensure_one()
        return self.promise_date + relativedelta(days=self.company_id.ar_promise_grace_days)

    def _get_summary(self):
        self.ensure_one()
        return self.env._(
            "Promise %(name)s: %(amount)s on %(date)s, for %(items)s.", name=self.name,
            amount=formatLang(self.env, self.amount, currency_obj=self.currency_id),
            date=format_date(self.env, self.promise_date),
            items=", ".join(line.move_id.name or "" for line in self.line_ids))

    @api.model
    def _get_new_defaults(self, items, currency):
        """EXTENDS agreement: the whole amount, in a week."""
        today = (items.company_id[:1] or self.env.company)._get_ar_today()
        return {
            'default_amount': currency.round(sum(items.mapped('amount_residual_currency'))),
            'default_promise_date': fields.Date.to_string(today + relativedelta(days=7)),
        }

    # === ACTIONS === #

    def action_cancel(self):
        """Cancel: it was noted by mistake, or the customer took it back."""
        self.check_access('write')
        # sudo: the state is written by the buttons only.
        opened = self.filtered(lambda promise: promise.state == 'open').sudo()
        for company, promises in opened.grouped('company_id').items():
            promises._close('cancelled', company._get_ar_today())
        return True

    # === FOLLOWING THE LEDGER === #

    def _follow(self):
        """OVERRIDE agreement: kept, broken, void or open, from the ledger alone.

        Kept: what cash and bank brought on these items since the promise, up to the deadline,
        reaches the amount promised less the tolerance. What was settled otherwise (credit notes,
        write-offs) lowers what had to be paid. Broken: the deadline has passed without it. A
        reconciliation that is undone takes the money away again.

        :return: promises whose state changed
        """
        changed = self.browse()
        # sudo: the state follows the ledger, whoever made the payment.
        kept = self.sudo().filtered(lambda promise: promise.state != 'cancelled')
        for company, promises in kept.grouped('company_id').items():
            changed |= promises._follow_company(company)
        for promise in changed.filtered(lambda promise: promise.state == 'broken'):
            promise._tell_broken()
        return changed

    def _follow_company(self, company):
        today = company._get_ar_today()
        figures = self._get_settlements(company)
        changed, states = self.browse(), {}
        for promise in self:
            paid, otherwise = figures.get(promise.id, (0.0, 0.0))
            state = promise._get_state(paid, otherwise, today)
            if promise.currency_id.compare_amounts(paid, promise.paid_amount):
                promise.paid_amount = paid
            if state != promise.state:
                states.setdefault(state, []).append(promise.id)
        if 'open' in states:
            # Only one promise per item is open: the later one says what was agreed last.
            reopened = self.browse(states.pop('open'))
            replaced = reopened.line_ids._get_taken_again()
            for state, promises in (('replaced', replaced), ('open', reopened - replaced)):
                states[state] = promises.filtered(lambda p, state=state: p.state != state).ids
        for state, ids in states.items():
            self.browse(ids)._close(state, today)
            changed |= self.browse(ids)
        return changed

    def _get_state(self, paid, otherwise, today):
        self.ensure_one()
        currency = self.currency_id
        owed = currency.round(sum(self.line_ids.mapped('amount')) - otherwise)
        needed = min(self.amount, owed)
        if currency.compare_amounts(needed, 0) <= 0 and currency.is_zero(paid):
            return 'void'
        if currency.compare_amounts(
                paid, currency.round(needed * (1 - self.tolerance / 100))) >= 0:
            return 'kept'
        return 'broken' if self.deadline < today else 'open'

    def _get_settlements(self, company):
        """Return {promise id: (received in time, settled otherwise)}, in one query."""
        figures = self.env['ar.promise.line']._read_settlements(SQL(
            "SELECT id AS agreement_id, 0 AS term_id, deadline FROM ar_promise"
            " WHERE id = ANY(%s)", self.ids), company)
        return {promise_id: (in_time, otherwise)
                for (promise_id, _term), (in_time, _paid, otherwise) in figures.items()}

    def _tell_broken(self):
        """Tell the collector once that the day has passed without the money."""
        self.ensure_one()
        collector = self.collector_id or self.company_id._get_ar_responsible()
        text = self.with_context(lang=collector.lang).env._(
            "Promise %(name)s was broken: %(paid)s of %(amount)s received by %(date)s.",
            name=self.name, date=format_date(self.env, self.deadline, lang_code=collector.lang),
            paid=formatLang(self.env, self.paid_amount, currency_obj=self.currency_id),
            amount=formatLang(self.env, self.amount, currency_obj=self.currency_id))
        self.customer_id._message_log(body=text)
        self.customer_id.activity_schedule(
            'mail.mail_activity_data_call', user_id=collector.id, summary=text,
            date_deadline=self.company_id._get_ar_today())

    @api.model
    def _cron_follow(self):
        """Scheduled action: each night, decide the promises whose deadline has passed.

        One that a later one keeps from being open again is as broken as others on that day.
        """
        # A day more than the server's own: a company may live east of it. Its own calendar decides.
        late = self.search([
            ('state', 'in', ('open', 'replaced')),
            ('deadline', '<', fields.Date.today() + relativedelta(days=1))], order='id')
        self.env['ir.cron']._ar_work_through(
            late, lambda batch: batch.try_lock_for_update()._follow(), size=BATCH)
