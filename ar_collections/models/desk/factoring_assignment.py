from odoo import fields, models

LINE_STATES = [
    ('draft', "Draft"), ('assigned', "Assigned"), ('paid', "Paid by the customer"),
    ('returned', "Returned"), ('cancelled', "Cancelled"),
]


class ArFactoringAssignment(models.Model):
    _name = 'ar.factoring.assignment'
    _description = "Assignment of invoices to a factor"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'date desc, id desc'
    _check_company_auto = True

    name = fields.Char(string="Number", readonly=True, copy=False, default="/", index=True)
    contract_id = fields.Many2one(
        'ar.factoring.contract', required=True, ondelete='restrict', check_company=True,
        index=True)
    company_id = fields.Many2one(related='contract_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='contract_id.currency_id', store=True)
    partner_id = fields.Many2one(related='contract_id.partner_id', string="Factor")
    date = fields.Date(required=True, default=fields.Date.context_today)
    line_ids = fields.One2many('ar.factoring.line', 'assignment_id', copy=False)
    state = fields.Selection(
        [('draft', "Draft"), ('assigned', "Assigned"), ('cancelled', "Cancelled")],
        required=True, default='draft', readonly=True, copy=False, tracking=True, index=True)
    amount = fields.Monetary(compute='_compute_amounts', store=True)
    advance_amount = fields.Monetary(
        string="Advance", compute='_compute_amounts', store=True)
    reserve_amount = fields.Monetary(
        string="Reserve", compute='_compute_amounts', store=True)
    fee_amount = fields.Monetary(string="Fee", compute='_compute_amounts', store=True)
    interest_amount = fields.Monetary(
        string="Interest", compute='_compute_amounts', store=True)
    move_id = fields.Many2one(
        'account.move', string="Entry", readonly=True, copy=False, ondelete='set null')

    def _compute_amounts(self):
        self.amount = self.advance_amount = self.reserve_amount = 0
        self.fee_amount = self.interest_amount = 0


class ArFactoringLine(models.Model):
    _name = 'ar.factoring.line'
    _description = "Assigned invoice"
    _order = 'date_due, id'

    assignment_id = fields.Many2one(
        'ar.factoring.assignment', required=True, ondelete='cascade', index=True)
    contract_id = fields.Many2one(related='assignment_id.contract_id', store=True, index=True)
    company_id = fields.Many2one(related='assignment_id.company_id', store=True)
    currency_id = fields.Many2one(related='assignment_id.currency_id')
    move_id = fields.Many2one(
        'account.move', string="Invoice", required=True, ondelete='restrict', index=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    date_due = fields.Date(string="Due date", readonly=True)
    amount = fields.Monetary(readonly=True, help="Open amount when it was assigned.")
    state = fields.Selection(LINE_STATES, required=True, default='draft', readonly=True)
    release_move_id = fields.Many2one(
        'account.move', string="Release of the reserve", readonly=True, ondelete='set null')
    return_move_id = fields.Many2one(
        'account.move', string="Entry of the return", readonly=True, ondelete='set null')

    _move_uniq = models.UniqueIndex(
        "(move_id) WHERE state IN ('draft', 'assigned', 'paid')",
        "This invoice is assigned already.")
