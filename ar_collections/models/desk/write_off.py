from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

REASONS = [
    ('uncollectible', "Uncollectible: no assets, unknown address"),
    ('insolvency', "Insolvency closed"), ('settlement', "Settlement: the rest is waived"),
    ('prescribed', "Time-barred"), ('small', "Too small to pursue"),
    ('goodwill', "Commercial gesture"), ('other', "Other reason")]


class ArWriteOff(models.Model):
    """A loss on open items: asked for, approved by somebody else, booked by an accountant."""
    _name = 'ar.write.off'
    _description = "Write-off"
    _inherit = ['ar.proposed.entry', 'mail.activity.mixin']

    case_id = fields.Many2one(
        'ar.legal.case', string="Legal case", index='btree_not_null', ondelete='set null',
        domain="[('customer_id', '=', customer_id)]")
    kind = fields.Selection(
        REASONS, string="Reason", required=True, default='uncollectible', tracking=True)
    reason = fields.Text(
        string="Explanation", help="Stays with the write-off: what the auditor will ask for.")
    line_ids = fields.One2many('ar.write.off.line', 'write_off_id', string="Items", copy=False)
    amount = fields.Monetary(
        compute='_compute_amounts', store=True, tracking=True,
        currency_field='company_currency_id', help="Tax included, in company currency.")
    tax_amount = fields.Monetary(
        string="Of which VAT", compute='_compute_amounts', store=True,
        currency_field='company_currency_id',
        help="The share of the invoices' own tax in what is written off.")
    recover_tax = fields.Boolean(
        string="Recover the VAT", tracking=True,
        help="Debits the VAT accounts of the invoices instead of the loss. Your law sets the "
             "conditions: in France the debt must be finally irrecoverable and the customer must "
             "have been sent a duplicate invoice with the mention of article 272 CGI. The entry "
             "carries no tax grid: report the VAT with your adviser.")
    loss_amount = fields.Monetary(
        string="Loss", compute='_compute_amounts', store=True,
        currency_field='company_currency_id', help="Amount, less the VAT that is recovered.")
    state = fields.Selection(
        [('draft', "Draft"), ('submitted', "To approve"), ('approved', "Approved: entry to post"),
         ('booked', "Booked"), ('undone', "Undone"), ('refused', "Refused"),
         ('cancelled', "Cancelled")],
        required=True, default='draft', readonly=True, copy=False, tracking=True, index=True)
    submitted_by_id = fields.Many2one('res.users', readonly=True, copy=False)
    decided_by_id = fields.Many2one('res.users', string="Decided by", readonly=True, copy=False)
    decided_at = fields.Datetime(string="Decided on", readonly=True, copy=False)
    answer = fields.Char(
        string="Why refused", copy=False, help="Write it here, then press Refuse.")
    booked_on = fields.Date(readonly=True, copy=False)

    # === COMPUTES === #

    @api.depends('line_ids.balance', 'line_ids.tax_balance', 'recover_tax')
    def _compute_amounts(self):
        for record in self:
            record.amount = sum(record.line_ids.mapped('balance'))
            record.tax_amount = sum(record.line_ids.mapped('tax_balance'))
            record.loss_amount = record.amount - (
                record.tax_amount if record.recover_tax else record._get_waiting_tax())

    # === CRUD === #

    def _get_derived_fields(self):
        return super()._get_derived_fields() | {
            'decided_by_id', 'decided_at', 'booked_on', 'amount', 'tax_amount', 'loss_amount',
            'submitted_by_id'}

    def _get_frozen_fields(self):
        return super()._get_frozen_fields() | {'recover_tax', 'kind', 'case_id', 'reason'}

    @api.constrains('line_ids')
    def _check_line_ids(self):
        for record in self:
            if not record.line_ids:
                raise ValidationError(self.env._("Choose at least one open item."))

    # === ACTIONS === #

    def action_submit(self):
        """Ask for the decision; up to the amount of the settings it needs none."""
        self.check_access('write')
        for record in self:
            if record.state != 'draft':
                raise UserError(self.env._("%s was submitted before.", record.name))
            if not (record.reason or '').strip():
                raise UserError(self.env._(
                    "Write the explanation first: whoever decides and the auditor read it."))
            record.line_ids._check_open()
            record.sudo().submitted_by_id = self.env.user
            free = record.company_id.ar_write_off_free
            if record.company_currency_id.compare_amounts(record.amount, free) <= 0:
                record.sudo()._approve(self.env.user)
                continue
            record.sudo().state = 'submitted'
            approver = record.company_id.ar_approver_id or record.company_id._get_ar_responsible()
            record.sudo().activity_schedule(
                'ar_collections.mail_activity_type_credit', user_id=approver.id,
                summary=self.with_context(lang=approver.lang).env._(
                    "Decide on write-off %(name)s of %(customer)s", name=record.name,
                    customer=record.customer_id.display_name))
        return True

    def action_approve(self):
        """Approve within one's own authority, never one's own; the draft entry is made."""
        self.check_access('write')
        for record in self:
            record._check_decidable()
            self.env['ar.credit.authority']._check_write_off(record.company_id, record.amount)
            record.line_ids._check_open()
            record.sudo()._approve(self.env.user)
        return True

    def action_refuse(self):
        """Refuse; the reason was written into its field."""
        self.check_access('write')
        for record in self:
            record._check_decidable()
            if not (record.answer or '').strip():
                raise UserError(self.env._("Write why it is refused, then refuse."))
            record.sudo().write({
                'state': 'refused', 'decided_by_id': self.env.uid,
                'decided_at': fields.Datetime.now()})
            record.sudo().activity_unlink(['ar_collections.mail_activity_type_credit'])
        return True

    def action_cancel(self):
        """Take it back before it is booked; a draft entry is deleted."""
        self.check_access('write')
        for record in self:
            if record.state in ('booked', 'undone'):
                raise UserError(self.env._(
                    "%s is booked: reverse its entry, and the items are open again.",
                    record.name))
            if record.state != 'draft' and record.user_id != self.env.user and (
                    not self.env.user.has_group('ar_collections.group_ar_manager')):
                raise AccessError(self.env._(
                    "It is taken back by whoever asked for it, or by a credit manager."))
            # sudo: the entry is ours, and a draft.
            move = record.sudo().move_id
            record.sudo().state = 'cancelled'
            record.sudo().activity_unlink(['ar_collections.mail_activity_type_credit'])
            if move.state == 'draft':
                move.unlink()
        return True

    def _check_decidable(self):
        self.ensure_one()
        if self.state != 'submitted':
            raise UserError(self.env._("%s is not waiting for a decision.", self.name))
        if self.env.user in (self.user_id | self.submitted_by_id):
            raise AccessError(self.env._(
                "Nobody approves a write-off of their own. Ask a colleague."))
        if not self.env.user.has_group('ar_collections.group_ar_manager'):
            raise AccessError(self.env._("Only a credit manager decides on a write-off."))

    def _approve(self, user):
        self.ensure_one()
        # At the item's rate of today: a payment since the request may have moved it by a cent.
        self.line_ids._compute_balance()
        self.write({
            'state': 'approved', 'decided_by_id': user.id, 'decided_at': fields.Datetime.now()})
        self.activity_unlink(['ar_collections.mail_activity_type_credit'])
        self._propose_entry()

    # === ENTRY === #

    def _prepare_entry_lines(self):
        """OVERRIDE proposed entry: the items out, the loss in, the VAT where it is recovered."""
        account = self.company_id._get_ar_bad_debt_account()
        prepared = []
        for line in self.line_ids:
            item = line.move_line_id.sudo()
            label = line._get_origin().move_id.name
            common = {
                'partner_id': item.partner_id.id, 'currency_id': item.currency_id.id,
                'name': label}
            prepared.append(((line, 'credit_line_id'), {
                **common, 'account_id': item.account_id.id, 'balance': -line.balance,
                'amount_currency': -line.amount,
                'date_maturity': item.date_maturity or item.date}))
            parts = line._get_tax_parts(waiting_only=not self.recover_tax)
            rest, rest_currency = line.balance, line.amount
            for tax_account, balance, amount in parts:
                rest, rest_currency = rest - balance, rest_currency - amount
                prepared.append((None, {
                    **common, 'account_id': tax_account.id, 'balance': balance,
                    'amount_currency': amount, 'tax_ids': False}))
            prepared.append((None, {
                **common, 'account_id': account.id, 'tax_ids': False,
                'balance': self.company_currency_id.round(rest),
                'amount_currency': item.currency_id.round(rest_currency)}))
        return prepared

    def _get_entry_label(self):
        return self.env._(
            "%(name)s Loss on %(customer)s", name=self.name,
            customer=self.customer_id.display_name)

    # === FOLLOWING THE LEDGER === #

    @api.model
    def _get_followed_states(self):
        """OVERRIDE proposed entry: from its approval on."""
        return ('approved', 'booked', 'undone')

    def _get_ledger_state(self, settled):
        """EXTENDS proposed entry: without its entry it is undone, with a draft approved."""
        if not self.move_id:
            return 'undone'
        state = super()._get_ledger_state(settled)
        return 'approved' if state == 'draft' else state

    def _get_state_values(self, state):
        """EXTENDS proposed entry: the day of the loss."""
        return {**super()._get_state_values(state),
                'booked_on': self.move_id.date if state == 'booked' else False}


class ArWriteOffLine(models.Model):
    _name = 'ar.write.off.line'
    _description = "Item of a write-off"
    _inherit = ['ar.item.line']
    _order = 'date_maturity, id'

    write_off_id = fields.Many2one('ar.write.off', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='write_off_id.customer_id', store=True)
    company_id = fields.Many2one(related='write_off_id.company_id', store=True)
    state = fields.Selection(related='write_off_id.state', store=True)
    residual = fields.Monetary(
        related='move_line_id.amount_residual_currency', string="Open today")
    amount = fields.Monetary(
        string="Written off", compute='_compute_amount', store=True, readonly=False,
        precompute=True, help="Tax included, in the currency of the item.")
    balance = fields.Monetary(
        string="In company currency", compute='_compute_balance', store=True, precompute=True,
        currency_field='company_currency_id',
        help="At the item's own rate, so that no exchange difference arises.")
    tax_balance = fields.Monetary(
        string="Of which VAT", compute='_compute_balance', store=True, precompute=True,
        currency_field='company_currency_id')
    credit_line_id = fields.Many2one(
        'account.move.line', readonly=True, ondelete='set null', index='btree_not_null')

    _open_uniq = models.UniqueIndex(
        "(move_line_id) WHERE state IN ('draft', 'submitted', 'approved')",
        "One of these items already stands in a write-off that is not booked: change or cancel "
        "that one first.")
    _amount_positive = models.Constraint(
        'CHECK(amount > 0)', "What is written off must be positive.")

    # === COMPUTES === #

    @api.depends('move_line_id')
    def _compute_amount(self):
        for line in self:
            line.amount = line.move_line_id.amount_residual_currency

    @api.depends('amount', 'move_line_id')
    def _compute_balance(self):
        for line in self:
            item, currency = line.move_line_id, line.company_id.currency_id
            whole = item.amount_residual_currency
            if line.write_off_id.state in ('booked', 'undone'):
                line.balance, line.tax_balance = line.balance, line.tax_balance
                continue
            if whole and not item.currency_id.compare_amounts(line.amount, whole):
                line.balance = item.amount_residual
            else:
                line.balance = currency.round(
                    line.amount * item.amount_residual / whole) if whole else 0.0
            line.tax_balance = sum(part[1] for part in line._get_tax_parts())

    def _get_origin(self):
        """Return the invoice's own item: what is on the doubtful account came from it."""
        self.ensure_one()
        origins = self.env['ar.doubtful.line']._get_origins(self.move_line_id)
        return origins.get(self.move_line_id.id, self.move_line_id).sudo()

    def _get_tax_parts(self, waiting_only=False):
        """Return the VAT in what is written off, as [(account, company currency, currency)].

        Each tax of the invoice at the share of the invoice that is written off; nothing for
        entries that are no invoice.

        :param bool waiting_only: only what falls due on payment, and has not
        """
        self.ensure_one()
        if not self.move_line_id:
            return []
        invoice = self._get_origin().move_id
        company_currency = self.company_id.currency_id
        total = invoice.amount_total
        if invoice.move_type not in ('out_invoice', 'out_receipt') or not total:
            return []
        share = self.amount / total
        rate = self.balance / self.amount if self.amount else 0.0
        parts = {}
        for tax_line in invoice.line_ids.filtered('tax_line_id'):
            if not waiting_only or self._is_tax_waiting(tax_line):
                account = tax_line.account_id
                parts[account] = parts.get(account, 0.0) - tax_line.amount_currency
        return [
            (account, company_currency.round(tax * share * rate),
             invoice.currency_id.round(tax * share))
            for account, tax in parts.items() if tax]

    # === CONSTRAINTS === #

    @api.constrains('move_line_id', 'write_off_id', 'amount')
    def _check_move_line_id(self):
        for line in self:
            item, record = line.move_line_id, line.write_off_id
            if (item.company_id != record.company_id
                    or item.account_id.id not in record.company_id._get_ar_exposure_account_ids()
                    or item.partner_id.commercial_partner_id != record.partner_id):
                raise ValidationError(self.env._(
                    "%(item)s is no receivable item of %(customer)s.",
                    item=item.display_name, customer=record.customer_id.display_name))
        self.filtered(
            lambda line: line.state in ('draft', 'submitted', 'approved'))._check_open()

    def _check_open(self):
        """Refuse more than what the items still owe."""
        for line in self:
            if line.currency_id.compare_amounts(line.amount, line.residual) > 0:
                raise ValidationError(self.env._(
                    "%(item)s owes %(residual)s: no more than that can be written off.",
                    item=line.move_line_id.display_name,
                    residual=line.write_off_id._format(line.residual, line.currency_id)))

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_derived(vals_list)
        lines = super().create(vals_list)
        lines._refuse_decided()
        return lines

    def write(self, vals):
        self._refuse_derived([vals])
        self._refuse_decided()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        self._refuse_decided()

    def _refuse_derived(self, vals_list):
        """The amounts in the books follow from the item; nobody types them."""
        if not self.env.su and any(
                {'balance', 'tax_balance', 'credit_line_id', 'state', 'customer_id',
                 'company_id', 'move_id'} & set(vals) for vals in vals_list):
            raise AccessError(self.env._("This changes by its buttons only."))

    def _refuse_decided(self):
        if not self.env.su and any(line.write_off_id.state != 'draft' for line in self):
            raise UserError(self.env._(
                "This write-off is decided. Cancel it and make a new one."))


class ArCreditAuthority(models.Model):
    """EXTENDS credit: who may write off how much."""
    _inherit = 'ar.credit.authority'

    max_write_off = fields.Monetary(
        string="Write-offs up to",
        help="Highest write-off approved, tax included, in company currency. Zero: none.")

    @api.model
    def _check_write_off(self, company, amount):
        """Refuse unless the current user may approve this write-off (company currency).

        :raise AccessError: saying the user's ceiling
        """
        user = self.env.user
        # sudo: the table of authorities is read to judge the user, not for the user.
        lines = self.sudo().search([('company_id', 'in', (False, company.id))]).filtered(
            lambda line: line.group_id in user.all_group_ids
            and (not line.user_ids or user in line.user_ids))
        if any(line.unlimited for line in lines):
            return
        ceiling = max(lines.mapped('max_write_off'), default=0.0)
        if company.currency_id.compare_amounts(amount, ceiling) <= 0:
            return
        form = self.env['ar.proposed.entry']._format
        raise AccessError(self.env._(
            "You may write off up to %(ceiling)s, and this is %(amount)s. Ask somebody with a "
            "higher authority.", ceiling=form(ceiling, company.currency_id),
            amount=form(amount, company.currency_id)))
