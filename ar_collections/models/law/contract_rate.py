from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ArContractRate(models.Model):
    """A rate of late interest agreed for one invoice; it beats the customer's and the law's.

    A row of its own: nothing of ours is stored on invoices.
    """
    _name = 'ar.contract.rate'
    _description = "Contract rate of an invoice"
    _order = 'customer_id, id'
    _check_company_auto = True

    customer_id = fields.Many2one('ar.customer', required=True, ondelete='cascade', index=True)
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Contact")
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    move_id = fields.Many2one(
        'account.move', string="Invoice", required=True, ondelete='cascade',
        domain="[('move_type', 'in', ('out_invoice', 'out_receipt')),"
               " ('commercial_partner_id', '=', partner_id), ('company_id', '=', company_id)]")
    rate = fields.Float(string="Rate (% a year)", digits=(16, 4), aggregator=None, required=True)
    clause = fields.Char(required=True, help="Where it was agreed: contract, article, date.")
    warning = fields.Char(compute='_compute_warning')

    _move_uniq = models.Constraint(
        'UNIQUE(move_id)', "This invoice has a contract rate already: change that one.")
    _rate_positive = models.Constraint('CHECK(rate >= 0)', "A rate is not negative.")

    @api.depends('rate', 'contract_kind', 'contract_reference', 'contract_factor',
                 'contract_margin', 'customer_id.effective_regime_id')
    def _compute_warning(self):
        for row in self:
            row.warning = row.customer_id._check_contract_rate(row._to_contract())

    @api.constrains('move_id', 'customer_id')
    def _check_move(self):
        for row in self:
            if row.move_id.commercial_partner_id != row.customer_id.partner_id or (
                    row.move_id.company_id != row.company_id):
                raise ValidationError(self.env._(
                    "%(invoice)s is no invoice of %(customer)s.",
                    invoice=row.move_id.display_name, customer=row.partner_id.display_name))

    @api.model
    def _get_rates(self, move_ids):
        """Return {move id: `ContractRate`} of these invoices, in one query."""
        # sudo: which rate was agreed is part of what the customer owes.
        return {row.move_id.id: row._to_contract() for row in self.sudo().search(
            [('move_id', 'in', list(move_ids))])}


class ArCustomer(models.Model):
    _inherit = 'ar.customer'

    contract_rate_ids = fields.One2many(
        'ar.contract.rate', 'customer_id', string="Rates of single invoices")

    def _absorb(self, other):
        """EXTENDS core: rates of invoices follow."""
        other.contract_rate_ids.write({'customer_id': self.id})
        return super()._absorb(other)
