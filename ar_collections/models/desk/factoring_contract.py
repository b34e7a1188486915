from odoo import fields, models


class ArFactoringContract(models.Model):
    _name = 'ar.factoring.contract'
    _description = "Factoring contract"
    _inherit = ['mail.thread']
    _order = 'sequence, id'
    _check_company_auto = True

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
        help="Charged on the advance, from the assignment to the due date; days of 360.")
    recourse = fields.Boolean(
        string="With recourse", default=True, tracking=True,
        help="The factor may hand back invoices that the customer does not pay.")
    debtor_limit = fields.Monetary(
        string="Ceiling per debtor", tracking=True,
        help="Open assigned invoices of one customer, at most. 0: no ceiling.")
    ceiling_ids = fields.One2many('ar.factoring.ceiling', 'contract_id')
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
    journal_id = fields.Many2one(
        'account.journal', check_company=True, domain=[('type', '=', 'general')])
    account_factor_id = fields.Many2one(
        'account.account', string="Factor's account", check_company=True)
    account_reserve_id = fields.Many2one(
        'account.account', string="Reserve account", check_company=True)
    account_fee_id = fields.Many2one(
        'account.account', string="Fees", check_company=True)
    account_interest_id = fields.Many2one(
        'account.account', string="Interest", check_company=True)
    assignment_ids = fields.One2many('ar.factoring.assignment', 'contract_id')


class ArFactoringCeiling(models.Model):
    _name = 'ar.factoring.ceiling'
    _description = "Ceiling of a debtor"

    contract_id = fields.Many2one(
        'ar.factoring.contract', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='contract_id.company_id', store=True)
    currency_id = fields.Many2one(related='contract_id.currency_id')
    partner_id = fields.Many2one('res.partner', string="Customer", required=True)
    amount = fields.Monetary(string="Ceiling", help="0: the factor refuses this customer.")

    _debtor_uniq = models.Constraint(
        'UNIQUE(contract_id, partner_id)', "This customer has a ceiling already.")
