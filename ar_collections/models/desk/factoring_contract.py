from markupsafe import Markup, escape

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..dunning.reminder_layout import format_account

# Legal wording is written in each language, not translated word by word.
ENGLISH_SENTENCE = (
    "This invoice has been assigned to [factor]. To be validly discharged, pay it only to "
    "[factor], to the account below.")
FRENCH_SENTENCE = (
    "Pour être libératoire, le règlement de cette facture doit être effectué directement à "
    "[factor], qui la reçoit par subrogation conventionnelle (article 1346-1 du Code civil) et "
    "devra être avisé de toute réclamation relative à cette créance.")


class ArFactoringContract(models.Model):
    _name = 'ar.factoring.contract'
    _description = "Factoring contract"
    _inherit = ['mail.thread']
    _order = 'sequence, id'
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        'res.company', required=True, index=True, default=lambda self: self.env.company)
    partner_id = fields.Many2one('res.partner', string="Factor", required=True, tracking=True)
    reference = fields.Char(string="Contract number")
    currency_id = fields.Many2one(
        'res.currency', required=True, default=lambda self: self.env.company.currency_id,
        help="Invoices in this currency can be assigned.")
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="To")
    advance_rate = fields.Float(
        string="Advance (%)", default=90.0, tracking=True,
        help="Share of the invoices that the factor pays at once.")
    reserve_rate = fields.Float(
        string="Reserve (%)", default=10.0, tracking=True,
        help="Share kept by the factor as a guarantee until the customer has paid.")
    fee_rate = fields.Float(
        string="Fee (%)", tracking=True, help="Share of the invoices, charged when assigned.")
    interest_rate = fields.Float(
        string="Interest (% a year)", tracking=True,
        help="Charged on the advance from the assignment to the due date, the year of 360 days.")
    recourse = fields.Boolean(
        string="With recourse", default=True, tracking=True,
        help="The factor may hand back invoices that the customer does not pay.")
    debtor_limit = fields.Monetary(
        string="Ceiling per debtor", tracking=True,
        help="Assigned invoices of one customer that are not paid yet, at most. 0: no ceiling.")
    ceiling_ids = fields.One2many(
        'ar.factoring.ceiling', 'contract_id', help="Customers with a ceiling of their own.")
    own_dunning = fields.Boolean(
        string="We send the reminders", tracking=True,
        help="Off: the factor collects, and reminders leave out the assigned invoices.")
    legal_text = fields.Html(
        string="Sentence on the invoices", translate=True,
        help="Tells the customer to whom the invoice must be paid.")
    bank_id = fields.Many2one(
        'res.partner.bank', string="Account to pay to",
        domain="[('partner_id', '=', partner_id)]",
        help="The factor's bank account, printed on the assigned invoices.")
    method = fields.Selection(
        [('keep', "Invoices stay on the customer's account; the advance is a debt"),
         ('transfer', "Invoices leave the customer's account")],
        string="In the books", required=True, default='keep', tracking=True,
        help="How the proposed entries are made; ask your accountant. Invoices that leave the "
             "customer's account are settled there, so only the factor can remind of them.")
    journal_id = fields.Many2one(
        'account.journal', check_company=True, domain=[('type', '=', 'general')],
        help="Without a journal and a factor's account no entries are proposed.")
    account_factor_id = fields.Many2one(
        'account.account', string="Factor's account", check_company=True,
        help="Current account with the factor: what it owes us, until the money arrives.")
    account_debt_id = fields.Many2one(
        'account.account', string="Debt for advances", check_company=True,
        help="Advances received on invoices that stay on the customer's account.")
    account_reserve_id = fields.Many2one(
        'account.account', string="Reserve account", check_company=True,
        help="What the factor keeps as a guarantee of invoices that have left the account.")
    account_fee_id = fields.Many2one(
        'account.account', string="Fees", check_company=True)
    account_interest_id = fields.Many2one(
        'account.account', string="Interest", check_company=True)
    assignment_ids = fields.One2many('ar.factoring.assignment', 'contract_id')
    line_ids = fields.One2many('ar.factoring.line', 'contract_id')
    open_amount = fields.Monetary(
        string="Assigned and not paid", compute='_compute_open_amount',
        help="Assigned invoices that the customers have not paid yet, as assigned.")

    _rates_range = models.Constraint(
        'CHECK(advance_rate >= 0 AND reserve_rate >= 0 AND fee_rate >= 0 AND interest_rate >= 0'
        ' AND advance_rate + reserve_rate <= 100 AND fee_rate < 100 AND debtor_limit >= 0)',
        "Rates cannot be negative, and advance and reserve together are 100 % at most.")

    # === COMPUTES === #

    @api.depends('line_ids.state', 'line_ids.amount')
    def _compute_open_amount(self):
        sums = dict(self.env['ar.factoring.line']._read_group(
            [('contract_id', 'in', self.ids), ('state', '=', 'assigned')],
            ['contract_id'], ['amount:sum']))
        for contract in self:
            contract.open_amount = sums.get(contract._origin, 0.0)

    # === CONSTRAINTS === #

    @api.constrains('method', 'own_dunning')
    def _check_own_dunning(self):
        for contract in self:
            if contract.method == 'transfer' and contract.own_dunning:
                raise ValidationError(self.env._(
                    "Invoices that leave the customer's account cannot be reminded of by us. Keep "
                    "them on the account, or let the factor send the reminders."))

    @api.constrains('journal_id', 'account_factor_id', 'account_debt_id', 'account_reserve_id',
                    'account_fee_id', 'account_interest_id', 'method', 'fee_rate',
                    'interest_rate')
    def _check_accounts(self):
        for contract in self.filtered(lambda one: one.journal_id and one.account_factor_id):
            needed = ['account_fee_id'] if contract.fee_rate else []
            needed += ['account_interest_id'] if contract.interest_rate else []
            needed.append(
                'account_debt_id' if contract.method == 'keep' else 'account_reserve_id')
            missing = [contract._fields[name].get_description(self.env)['string']
                       for name in needed if not contract[name]]
            if missing:
                raise ValidationError(self.env._(
                    "Choose these accounts too, or no journal at all: %s", ", ".join(missing)))

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    @api.model
    @tools.ormcache()
    def _is_used(self):
        """Return whether there is any contract: who has none pays for no question about it."""
        # sudo: whether there is one is no secret.
        return bool(self.sudo().with_context(active_test=False).search_count([], limit=1))

    # === BUSINESS === #

    def _makes_entries(self):
        """Return whether entries are proposed for this contract."""
        self.ensure_one()
        return bool(self.journal_id and self.account_factor_id)

    def _get_payee(self):
        """Return whom to pay instead of us, as customers read it: the factor and its account."""
        self.ensure_one()
        number = self.bank_id.acc_number
        return f"{self.partner_id.name}, {format_account(number)[0]}" if number else (
            self.partner_id.name)

    def _get_ceilings(self, partners):
        """Return what may still be assigned of each customer: {partner id: amount or None}.

        None: no ceiling. In one query each for the ceilings and what is assigned already.
        """
        self.ensure_one()
        own = {one.partner_id.commercial_partner_id.id: one.amount for one in self.ceiling_ids}
        used = {partner.id: amount for partner, amount in self.env['ar.factoring.line']._read_group(
            [('contract_id', '=', self.id), ('state', '=', 'assigned'),
             ('partner_id', 'in', partners.ids)], ['partner_id'], ['amount:sum'])}
        rooms = {}
        for partner in partners:
            limit = own.get(partner.id, self.debtor_limit or None)
            rooms[partner.id] = None if limit is None else self.currency_id.round(
                limit - used.get(partner.id, 0.0))
        return rooms

    def _get_refusals(self, moves):
        """Return why invoices cannot be assigned now: {invoice id: reason in words}.

        Posted customer invoices of this company and currency, not disputed, not assigned, not
        paid, within the contract's time and the ceilings. The number of queries does not depend
        on the number of invoices.

        :param moves: `account.move`
        """
        self.ensure_one()
        env, refusals = self.env, {}
        # sudo: a dispute or an assignment may be a colleague's; only its being there is told.
        disputed = env['ar.dispute.line'].sudo().search(
            [('move_id', 'in', moves.ids), ('state', '=', 'open')]).move_id
        taken = env['ar.factoring.line'].sudo().search([
            ('move_id', 'in', moves.ids), ('state', 'in', ('assigned', 'paid'))]).move_id
        rooms = self._get_ceilings(moves.commercial_partner_id)
        today = self.company_id._get_ar_today()
        for move in moves.sorted(lambda one: (one.invoice_date_due or today, one.id)):
            reason = self._get_document_refusal(move)
            room = rooms.get(move.commercial_partner_id.id)
            if reason:
                pass
            elif move in disputed:
                reason = env._("it is disputed")
            elif move in taken:
                reason = env._("it is assigned already")
            elif room is not None and move.currency_id.compare_amounts(
                    move.amount_residual, room) > 0:
                reason = env._("it exceeds the ceiling of this customer")
            elif room is not None:
                rooms[move.commercial_partner_id.id] = room - move.amount_residual
            if reason:
                refusals[move.id] = reason
        return refusals

    def _get_document_refusal(self, move):
        """Return why this kind of document cannot be assigned, or False."""
        env = self.env
        if move.move_type in ('out_refund', 'in_refund'):
            return env._("it is a credit note")
        if move.move_type != 'out_invoice' or move.state != 'posted':
            return env._("it is no posted customer invoice")
        if move.company_id != self.company_id:
            return env._("it belongs to another company")
        if move.currency_id != self.currency_id:
            return env._("it is in %(found)s, the contract in %(expected)s",
                         found=move.currency_id.name, expected=self.currency_id.name)
        if move.currency_id.compare_amounts(move.amount_residual, 0) <= 0:
            return env._("nothing is owed on it")
        if (self.date_to and move.invoice_date > self.date_to) or (
                self.date_from and move.invoice_date < self.date_from):
            return env._("its date is outside the contract")
        return False

    def action_new_assignment(self):
        """Open a new assignment with every invoice that can be assigned today."""
        self.ensure_one()
        assignment = self.env['ar.factoring.assignment'].create({'contract_id': self.id})
        assignment.action_propose()
        return assignment._get_form_action()

    def action_default_text(self):
        """Write the usual sentence, in English and, where installed, in French.

        French: payment discharges only when made to the factor, who is subrogated in the rights of
        the seller (Code civil, article 1346-1).
        """
        self.check_access('write')
        for contract in self:
            factor = escape(contract.partner_id.name or "")
            english = ENGLISH_SENTENCE.replace('[factor]', factor)
            contract.with_context(lang='en_US').legal_text = Markup('<p>%s</p>') % Markup(english)
            if self.env['res.lang']._get_data(code='fr_FR'):
                contract.update_field_translations('legal_text', {'fr_FR': {
                    english: FRENCH_SENTENCE.replace('[factor]', factor)}})
        return True

    def action_view_lines(self):
        """Open the assigned invoices of this contract."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_factoring_line_action')
        action['domain'] = [('contract_id', '=', self.id)]
        action['context'] = {'search_default_assigned': 1}
        return action


class ArFactoringCeiling(models.Model):
    _name = 'ar.factoring.ceiling'
    _description = "Ceiling of a debtor"

    contract_id = fields.Many2one(
        'ar.factoring.contract', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='contract_id.company_id', store=True)
    currency_id = fields.Many2one(related='contract_id.currency_id')
    partner_id = fields.Many2one(
        'res.partner', string="Customer", required=True, ondelete='cascade')
    amount = fields.Monetary(string="Ceiling", help="0: the factor refuses this customer.")

    _debtor_uniq = models.Constraint(
        'UNIQUE(contract_id, partner_id)', "This customer has a ceiling already.")
