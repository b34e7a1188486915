from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, formatLang


class ArDispute(models.Model):
    _name = 'ar.dispute'
    _description = "Dispute"
    _inherit = ['ar.agreement']
    _order = 'deadline, id'

    reason_id = fields.Many2one(
        'ar.dispute.reason', required=True, ondelete='restrict', tracking=True, index=True)
    owner_id = fields.Many2one(
        'res.users', compute='_compute_owner_id', store=True, readonly=False, precompute=True,
        tracking=True, domain=[('share', '=', False)], index='btree_not_null',
        help="Who settles it.")
    opened_on = fields.Date(
        required=True, default=lambda self: self.env.company._get_ar_today())
    deadline = fields.Date(
        compute='_compute_deadline', store=True, readonly=False, precompute=True, tracking=True,
        required=True)
    description = fields.Text(
        string="What the customer says", help="The customer may read this. Internal remarks "
        "belong into the notes beside it.")
    line_ids = fields.One2many('ar.dispute.line', 'dispute_id', string="Items", copy=False)
    amount = fields.Monetary(
        string="Disputed", compute='_compute_amount', store=True, tracking=True)
    state = fields.Selection(
        [('open', "To settle"), ('upheld', "Claim upheld"),
         ('withdrawn', "Withdrawn by the customer"),
         ('credited', "Settled by credit note"), ('paid', "Paid"),
         ('written_off', "Written off"), ('void', "Invoice cancelled")],
        required=True, default='open', readonly=True, copy=False, tracking=True, index=True)
    resolution = fields.Text(readonly=True, copy=False)
    days_open = fields.Integer(
        string="Days to settle", compute='_compute_days_open', store=True, aggregator='avg',
        help="From opening to settling; only for settled disputes.")
    credit_note_ids = fields.Many2many(
        'account.move', 'ar_dispute_credit_note_rel', 'dispute_id', 'move_id', readonly=True,
        string="Credit notes", copy=False)
    product_id = fields.Many2one(
        'product.product', string="Main product", compute='_compute_product_id', store=True,
        help="The product that weighs most on the disputed invoices.")

    # === COMPUTES === #

    @api.depends('reason_id', 'customer_id')
    def _compute_owner_id(self):
        for dispute in self:
            dispute.owner_id = (dispute.reason_id.owner_id or dispute.customer_id.collector_id
                                or dispute.owner_id or self.env.user)

    @api.depends('reason_id', 'opened_on')
    def _compute_deadline(self):
        for dispute in self:
            start = dispute.opened_on or (
                dispute.company_id or self.env.company)._get_ar_today()
            dispute.deadline = start + relativedelta(days=dispute.reason_id.deadline_days or 10)

    @api.depends('line_ids.amount')
    def _compute_amount(self):
        for dispute in self:
            dispute.amount = sum(dispute.line_ids.mapped('amount'))

    @api.depends('opened_on', 'closed_on')
    def _compute_days_open(self):
        for dispute in self:
            dispute.days_open = max(
                (dispute.closed_on - dispute.opened_on).days, 0) if dispute.closed_on else 0

    def _field_to_sql(self, alias, field_expr, query=None):
        """OVERRIDES base: an open dispute has no time to settle, so that no mean counts it as 0."""
        sql = super()._field_to_sql(alias, field_expr, query)
        if field_expr == 'days_open':
            return SQL("CASE WHEN %s IS NOT NULL THEN %s END",
                       self._field_to_sql(alias, 'closed_on', query), sql)
        return sql

    @api.depends('line_ids.move_id')
    def _compute_product_id(self):
        for dispute in self:
            lines = dispute.line_ids.move_id.invoice_line_ids.filtered('product_id')
            dispute.product_id = max(
                lines, key=lambda line: line.price_subtotal, default=lines).product_id

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        disputes = super().create(vals_list)
        for dispute in disputes:
            dispute.customer_id.sudo()._message_log(body=self.env._(
                "Dispute %(name)s (%(reason)s): %(amount)s of %(items)s.", name=dispute.name,
                reason=dispute.reason_id.name, items=", ".join(
                    line.move_id.name or "" for line in dispute.line_ids),
                amount=formatLang(self.env, dispute.amount, currency_obj=dispute.currency_id)))
        disputes._ask_owner()
        return disputes

    def _ask_owner(self):
        """Give the owners the task to settle these, unless they are the ones who work on it."""
        for dispute in self.filtered(lambda one: one.owner_id != self.env.user):
            theirs = self.with_context(lang=dispute.owner_id.lang).env
            dispute.activity_schedule(
                'mail.mail_activity_data_todo', user_id=dispute.owner_id.id,
                date_deadline=dispute.deadline, summary=theirs._(
                    "Settle dispute %(name)s of %(customer)s", name=dispute.name,
                    customer=dispute.customer_id.display_name))

    def write(self, vals):
        if set(vals) & {'line_ids', 'opened_on'} and any(
                dispute.state != 'open' for dispute in self):
            raise UserError(self.env._("Open the dispute again before you change its items."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A dispute is history: close it instead."))

    def _get_derived_fields(self):
        return super()._get_derived_fields() | {
            'resolution', 'credit_note_ids', 'amount', 'days_open', 'product_id'}

    # === ACTIONS === #

    def action_uphold(self):
        """Ask for the reason, then close: the claim stands and the ladder goes on."""
        return self._get_settle_action('upheld', self.env._("Claim upheld"))

    def action_withdraw(self):
        """Ask for a word, then close: the customer takes the dispute back."""
        return self._get_settle_action('withdrawn', self.env._("Withdrawn by the customer"))

    def _get_settle_action(self, state, name):
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.dispute.settle', 'name': name,
            'view_mode': 'form', 'target': 'new',
            'context': {'default_dispute_ids': [fields.Command.set(self.ids)],
                        'default_state': state},
        }

    def action_credit_note(self):
        """Open Odoo's own dialogue that makes the credit note; it is linked to this dispute."""
        self.ensure_one()
        if self.state != 'open':
            raise UserError(self.env._("Open the dispute again first."))
        action = self.env['ir.actions.act_window']._for_xml_id(
            'account.action_view_account_move_reversal')
        action['context'] = {
            'active_model': 'account.move', 'active_ids': self.line_ids.move_id.ids,
            'default_reason': f"{self.name} {self.reason_id.name}", 'ar_dispute_id': self.id,
        }
        return action

    def action_reopen(self):
        """Open a settled dispute again; what the ledger closed opens by itself."""
        self.check_access('write')
        for dispute in self.filtered(lambda dispute: dispute.state != 'open'):
            if not any(line.residual > 0 for line in dispute.line_ids):
                raise UserError(self.env._(
                    "%s cannot be opened again: nothing is owed on its items.", dispute.name))
            dispute.line_ids._check_free()
            # sudo: the state is written by the buttons only.
            dispute.sudo().write({'state': 'open', 'closed_on': False})
            dispute.line_ids.sudo()._limit_to_residual()
            dispute.sudo()._ask_owner()
        return True

    def _settle(self, state, resolution):
        """Close with a word of explanation.

        :param str state: upheld or withdrawn
        """
        self.check_access('write')
        opened = self.filtered(lambda dispute: dispute.state == 'open')
        # sudo: the state is written by the buttons only.
        for company, disputes in opened.sudo().grouped('company_id').items():
            disputes.resolution = resolution
            disputes._close(state, company._get_ar_today())
        opened.sudo().activity_unlink(['mail.mail_activity_data_todo'])

    # === FOLLOWING THE LEDGER === #

    def _follow(self):
        """OVERRIDE agreement: closed when nothing is owed any more, opened when it is again.

        :return: disputes whose state changed
        """
        changed, states = self.browse(), {}
        self.env.flush_all()
        self.line_ids.invalidate_recordset(['residual'])
        # sudo: the state follows the ledger, whoever made the payment.
        for dispute in self.sudo():
            state = dispute._get_state()
            if state != dispute.state:
                states.setdefault((state, dispute.company_id), []).append(dispute.id)
        for (state, company), ids in states.items():
            disputes = self.sudo().browse(ids)
            if state == 'open':
                # One open dispute per item: a newer one has taken the item over.
                disputes -= disputes.line_ids._get_taken_again()
            disputes._close(state, company._get_ar_today())
            if state == 'open':
                disputes._ask_owner()
            else:
                disputes.activity_unlink(['mail.mail_activity_data_todo'])
            changed |= disputes
        return changed

    def _get_state(self):
        """Return the state that the ledger says; what a person settled stays settled."""
        self.ensure_one()
        currency = self.currency_id
        owed = any(currency.compare_amounts(line.residual, 0) > 0 for line in self.line_ids)
        if self.state == 'open' and not owed:
            if all(not line.move_line_id or line.move_id.state != 'posted'
                   for line in self.line_ids):
                return 'void'
            return self._get_settled_state()
        return 'open' if owed and self.state in self._get_ledger_states() else self.state

    @api.model
    def _get_ledger_states(self):
        """Hook: return the states that the ledger closes with, and opens again when undone."""
        return ('paid', 'credited', 'void')

    def _get_settled_state(self):
        """Hook: return how a dispute ended on whose items nothing is owed any more."""
        self.ensure_one()
        credited = self.credit_note_ids.filtered(lambda move: move.state == 'posted')
        return 'credited' if credited else 'paid'
