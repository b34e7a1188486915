from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from .proposed_entry import ENTRY_STATES


class ArAgencyPayment(models.Model):
    """Money that an agency or a lawyer has collected: gross, their fee, what they pay out.

    The customer is freed of the gross amount; the agency owes the net one until the bank has it.
    """
    _name = 'ar.agency.payment'
    _description = "Payment received by an agency"
    _inherit = ['ar.proposed.entry']

    case_id = fields.Many2one(
        'ar.legal.case', string="Legal case", required=True, index=True, ondelete='restrict')
    customer_id = fields.Many2one(
        compute='_compute_customer_id', store=True, precompute=True, required=True)
    party_id = fields.Many2one(
        'res.partner', string="Agency or lawyer", compute='_compute_party_id', store=True,
        readonly=False, precompute=True)
    date = fields.Date(string="Paid to them on")
    reason = fields.Text(string="Note")
    reference = fields.Char(string="Their reference")
    currency_id = fields.Many2one(
        'res.currency', required=True, compute='_compute_currency_id', store=True,
        readonly=False, precompute=True)
    gross_amount = fields.Monetary(
        string="Gross", required=True, help="What the customer has paid to the agency.")
    fee_amount = fields.Monetary(
        string="Fee", help="What the agency keeps back; zero when it sends a bill instead.")
    net_amount = fields.Monetary(
        string="Net", compute='_compute_net_amount', store=True,
        help="What the agency pays out.")
    line_ids = fields.One2many(
        'ar.agency.payment.line', 'payment_id', string="Items", readonly=True, copy=False)
    state = fields.Selection(
        ENTRY_STATES, required=True, default='draft', readonly=True, copy=False, tracking=True,
        index=True)

    _amounts = models.Constraint(
        'CHECK(gross_amount > 0 AND fee_amount >= 0 AND fee_amount <= gross_amount)',
        "The gross amount is positive, and the fee is a part of it.")

    # === COMPUTES === #

    @api.depends('case_id')
    def _compute_customer_id(self):
        for payment in self:
            payment.customer_id = payment.case_id.customer_id

    @api.depends('case_id')
    def _compute_party_id(self):
        for payment in self:
            payment.party_id = payment.case_id.party_id

    @api.depends('case_id')
    def _compute_currency_id(self):
        for payment in self:
            owed = payment.case_id.line_ids.filtered('residual')
            payment.currency_id = owed[:1].currency_id or payment.company_id.currency_id \
                or self.env.company.currency_id

    @api.depends('gross_amount', 'fee_amount')
    def _compute_net_amount(self):
        for payment in self:
            payment.net_amount = payment.gross_amount - payment.fee_amount

    def _get_derived_fields(self):
        return super()._get_derived_fields() | {'line_ids', 'net_amount', 'customer_id'}

    def _get_frozen_fields(self):
        return super()._get_frozen_fields() | {
            'case_id', 'currency_id', 'gross_amount', 'fee_amount', 'party_id'}

    # === ACTIONS === #

    def action_propose(self):
        """Propose the entry: oldest items of the case first; an accountant posts it."""
        self.check_access('write')
        for payment in self:
            if payment.state != 'draft' or payment.move_id:
                raise UserError(self.env._("The entry of %s is proposed already.", payment.name))
            payment.sudo()._allocate()
            payment._propose_entry()
        return True

    def action_cancel(self):
        """Take it back before it is booked; the draft entry is deleted."""
        self.check_access('write')
        for payment in self:
            if payment.state not in ('draft', 'cancelled'):
                raise UserError(self.env._(
                    "%s is booked: reverse its entry instead.", payment.name))
            # sudo: the entry is ours, and a draft.
            move = payment.sudo().move_id
            payment.sudo().state = 'cancelled'
            if move.state == 'draft':
                move.unlink()
        return True

    def _allocate(self):
        """Spread the gross amount over the open items of the case, the oldest first.

        :raise ValidationError: when the case owes less in this currency
        """
        self.ensure_one()
        left, values = self.gross_amount, []
        owed = self.case_id._get_items().filtered(
            lambda item: not item.reconciled and item.amount_residual_currency > 0
            and item.currency_id == self.currency_id)
        for item in owed.sorted(lambda item: (item.date_maturity or item.date, item.id)):
            part = min(left, item.amount_residual_currency)
            if self.currency_id.compare_amounts(part, 0) > 0:
                values.append({'move_line_id': item.id, 'amount': part})
                left -= part
        if self.currency_id.compare_amounts(left, 0) > 0:
            raise ValidationError(self.env._(
                "The items of %(case)s owe %(left)s less than that in %(currency)s. Book the "
                "rest as a payment of the customer.", case=self.case_id.name,
                left=self._format(left, self.currency_id), currency=self.currency_id.name))
        self.write({'line_ids': [
            fields.Command.clear(), *(fields.Command.create(line) for line in values)]})

    # === ENTRY === #

    def _prepare_entry_lines(self):
        """OVERRIDE proposed entry: the items out, net to the agency's account, the fee.

        Company currency at the rate of the day; Odoo books the exchange difference.
        """
        company, currency = self.company_id.sudo(), self.currency_id

        def convert(amount):
            return currency._convert(amount, company.currency_id, company, self.date)

        prepared, total = [], 0.0
        for line in self.line_ids:
            item, balance = line.move_line_id.sudo(), convert(line.amount)
            total += balance
            prepared.append(((line, 'credit_line_id'), {
                'account_id': item.account_id.id, 'partner_id': item.partner_id.id,
                'currency_id': currency.id, 'amount_currency': -line.amount, 'balance': -balance,
                'name': self.reference or self.name}))
        fee = convert(self.fee_amount)
        if not currency.is_zero(self.net_amount):
            prepared.append((None, {
                'account_id': company._get_ar_agency_account().id,
                'partner_id': self.party_id.id, 'currency_id': currency.id,
                'amount_currency': self.net_amount, 'balance': total - fee,
                'name': self.reference or self.name}))
        if not currency.is_zero(self.fee_amount):
            prepared.append((None, {
                'account_id': company._get_ar_agency_fee_account().id, 'tax_ids': False,
                'partner_id': self.party_id.id, 'currency_id': currency.id,
                'amount_currency': self.fee_amount, 'balance': fee,
                'name': self.env._("Fee %s", self.reference or self.name)}))
        return prepared

    def _get_entry_label(self):
        return self.env._(
            "%(name)s Collected from %(customer)s", name=self.name,
            customer=self.customer_id.display_name)


class ArAgencyPaymentLine(models.Model):
    _name = 'ar.agency.payment.line'
    _description = "Item paid to an agency"
    _inherit = ['ar.item.line']
    _order = 'date_maturity, id'

    payment_id = fields.Many2one(
        'ar.agency.payment', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='payment_id.customer_id', store=True)
    company_id = fields.Many2one(related='payment_id.company_id', store=True)
    currency_id = fields.Many2one(related='payment_id.currency_id')
    amount = fields.Monetary(required=True)
    credit_line_id = fields.Many2one(
        'account.move.line', readonly=True, ondelete='set null', index='btree_not_null')


class ArAgreementLine(models.AbstractModel):
    """EXTENDS desk: what a customer paid to the agency keeps its promises and plans."""
    _inherit = 'ar.agreement.line'

    @api.model
    def _get_money_condition(self, company):
        """EXTENDS desk: on the day on which the agency had it."""
        self.env['ar.agency.payment.line'].flush_model(['credit_line_id'])
        return SQL(
            "(%s OR cl.id IN (SELECT credit_line_id FROM ar_agency_payment_line"
            " WHERE credit_line_id IS NOT NULL))",
            super()._get_money_condition(company))
