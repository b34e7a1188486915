from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .proposed_entry import ENTRY_STATES


class ArDoubtfulTransfer(models.Model):
    """Claims moved from the receivable account to that of doubtful customers (411 to 416).

    The invoice reads "paid" from then on, since Odoo looks at its own line only; what is owed
    stands on the doubtful account with its own due date, and the aged balance, the exposure and
    the statement go on showing it (`res.company.ar_doubtful_account_ids`).
    """
    _name = 'ar.doubtful.transfer'
    _description = "Transfer to doubtful claims"
    _inherit = ['ar.proposed.entry']

    line_ids = fields.One2many('ar.doubtful.line', 'transfer_id', string="Items", copy=False)
    account_id = fields.Many2one(
        'account.account', string="Doubtful account", readonly=True, check_company=True)
    amount = fields.Monetary(
        compute='_compute_amount', store=True, currency_field='company_currency_id')
    state = fields.Selection(
        ENTRY_STATES, required=True, default='draft', readonly=True, copy=False, tracking=True,
        index=True)
    back_move_id = fields.Many2one(
        'account.move', string="Entry of the way back", readonly=True, copy=False,
        ondelete='set null', index='btree_not_null')

    @api.depends('line_ids.balance')
    def _compute_amount(self):
        for transfer in self:
            transfer.amount = sum(transfer.line_ids.mapped('balance'))

    def _get_derived_fields(self):
        return super()._get_derived_fields() | {'account_id', 'back_move_id', 'line_ids'}

    # === TRANSFER === #

    @api.model
    def _transfer_to_doubtful(self, items, reason, date=None):
        """Propose the transfer of open items to the account of doubtful customers.

        The row first, then a draft entry; an accountant posts it, which reconciles the items.
        The caller has checked that the user may decide this.

        :param items: `account.move.line`, open items of one customer and one company; those
            already being moved or on a doubtful account are left out
        :param str reason: why, in words; stays on the row
        :param date: accounting date; today of the company when omitted
        :return: the `ar.doubtful.transfer`, empty when nothing is left to move
        :raise UserError: several customers, or no doubtful account chosen in the settings
        """
        items = self._get_movable(items)
        if not items:
            return self.browse()
        if len(items.company_id) > 1 or len(items.partner_id.commercial_partner_id) != 1:
            raise UserError(self.env._("Move the items of one customer at a time."))
        company = items.company_id
        account = company._get_ar_doubtful_account()
        customer = self.env['ar.customer']._get_or_create(items.partner_id, company)
        # sudo: the caller has asked whether the user may; the fields are ours alone.
        transfer = self.sudo().create({
            'customer_id': customer.id, 'reason': reason, 'account_id': account.id,
            'date': date or company._get_ar_today(),
            'line_ids': [fields.Command.create({
                'move_line_id': item.id, 'amount': item.amount_residual_currency,
                'balance': item.amount_residual}) for item in items]})
        transfer._propose_entry()
        return transfer.with_env(self.env)

    @api.model
    def _get_movable(self, items):
        """Return the items that stand on a receivable account, open and not on their way."""
        items = items.filtered(
            lambda item: item.parent_state == 'posted' and not item.reconciled
            and item.account_id.account_type == 'asset_receivable' and item.amount_residual > 0)
        doubtful = items.company_id.root_id.sudo().ar_doubtful_account_ids
        items = items.filtered(lambda item: item.account_id not in doubtful)
        # sudo: a transfer under way blocks another one, whoever may see it.
        taken = self.env['ar.doubtful.line'].sudo().search([
            ('move_line_id', 'in', items.ids), ('state', '=', 'draft')])
        return items - taken.move_line_id

    def _prepare_entry_lines(self):
        """OVERRIDE proposed entry: out of the receivable account, into the doubtful one."""
        prepared = []
        for line in self.line_ids:
            item = line.move_line_id.sudo()
            values = {
                'partner_id': item.partner_id.id, 'currency_id': item.currency_id.id,
                'name': item.move_id.name, 'date_maturity': item.date_maturity or item.date,
            }
            prepared += [
                ((line, 'credit_line_id'), {
                    **values, 'account_id': item.account_id.id, 'balance': -line.balance,
                    'amount_currency': -line.amount}),
                ((line, 'doubtful_line_id'), {
                    **values, 'account_id': self.account_id.id, 'balance': line.balance,
                    'amount_currency': line.amount}),
            ]
        return prepared

    def _get_entry_label(self):
        return self.env._(
            "%(name)s Doubtful claims of %(customer)s", name=self.name,
            customer=self.customer_id.display_name)

    # === ACTIONS === #

    def action_cancel(self):
        """Take a proposed transfer back: its draft entry is deleted."""
        self._check_decider()
        for transfer in self:
            # sudo: the entry is ours, and a draft.
            move = transfer.sudo().move_id
            if transfer.state != 'draft':
                raise UserError(self.env._(
                    "%s is booked: move the claims back instead.", transfer.name))
            transfer.sudo().state = 'cancelled'
            if move.state == 'draft':
                move.unlink()
        return True

    def action_back(self):
        """Propose the way back: the claims are sound again, or go to be paid as any other.

        Nothing was paid on the doubtful account: the entry is reversed, and the invoice is open
        again as it was. Otherwise what is left returns as an item of its own, with the old due
        date.
        """
        self._check_decider()
        for transfer in self:
            if transfer.state != 'booked':
                raise UserError(self.env._("%s is not booked.", transfer.name))
            if transfer.sudo().back_move_id.state == 'draft':
                raise UserError(self.env._(
                    "The way back is proposed already: %s.", transfer.back_move_id.display_name))
            transfer.sudo()._propose_back()
        return True

    def _propose_back(self):
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: not line.doubtful_line_id.reconciled)
        if not lines:
            raise UserError(self.env._("Nothing is left on the doubtful account."))
        prepared = []
        for line in lines:
            doubtful, item = line.doubtful_line_id, line.move_line_id
            values = {
                'partner_id': item.partner_id.id, 'currency_id': item.currency_id.id,
                'name': item.move_id.name, 'date_maturity': doubtful.date_maturity}
            prepared += [((line, name), {
                **values, 'account_id': account.id, 'balance': sign * doubtful.amount_residual,
                'amount_currency': sign * doubtful.amount_residual_currency,
                # What comes back is reminded of again, if the invoice was.
                'no_followup': name == 'out_line_id' or item.no_followup})
                for name, account, sign in (
                    ('out_line_id', doubtful.account_id, -1), ('back_line_id', item.account_id, 1))]
        self.back_move_id = self._make_entry(
            prepared, max(self.company_id._get_ar_today(), self.date),
            self.env._("%s, moved back", self.name))

    def _settle_back(self):
        """The entry of the way back is posted: free the invoice where nothing was paid."""
        self.ensure_one()
        for line in self.line_ids.filtered(
                lambda line: line.out_line_id and not line.doubtful_line_id.reconciled):
            doubtful = line.doubtful_line_id
            untouched = not (doubtful.matched_debit_ids | doubtful.matched_credit_ids)
            (doubtful | line.out_line_id).reconcile()
            if untouched and line.credit_line_id.reconciled:
                # The invoice itself is owed again: our two receivable lines meet instead of it.
                line.credit_line_id.remove_move_reconcile()
                (line.credit_line_id | line.back_line_id).reconcile()

    def _settle(self):
        """EXTENDS proposed entry: the way there or the way back."""
        for transfer in self:
            if transfer.back_move_id.state == 'posted':
                transfer._settle_back()
        return super()._settle()

    def _check_decider(self):
        self.check_access('write')
        if not self.env.user.has_group('ar_collections.group_ar_manager'):
            raise AccessError(self.env._(
                "Only a credit manager moves claims to the doubtful account and back."))

    # === FOLLOWING THE LEDGER === #

    def _follow(self):
        """EXTENDS proposed entry: what was agreed follows the claim there and back."""
        changed = super()._follow()
        self.sudo().filtered(lambda one: one.state != 'cancelled').line_ids._lead_agreements()
        return changed

    def _get_ledger_state(self, settled):
        """EXTENDS proposed entry: deleted it is cancelled, with its way back posted undone."""
        if not self.move_id:
            return 'cancelled'
        if self.back_move_id.state == 'posted':
            return 'undone'
        return super()._get_ledger_state(settled)
