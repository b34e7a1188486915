from odoo import api, fields, models
from odoo.exceptions import UserError

from .legal_case import STAGES


class ArLegalStep(models.Model):
    """What happened in a legal case, day by day; written by the buttons, never changed."""
    _name = 'ar.legal.step'
    _description = "Step of a legal case"
    _order = 'date desc, id desc'

    case_id = fields.Many2one('ar.legal.case', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='case_id.customer_id', store=True)
    company_id = fields.Many2one(related='case_id.company_id', store=True)
    date = fields.Date(required=True)
    stage = fields.Selection(STAGES, required=True)
    kind = fields.Selection(
        [('stage', "Stage"), ('notice', "Notice"), ('note', "Step"), ('file', "Case file")],
        required=True, default='stage')
    name = fields.Char(string="What happened", required=True)
    party_id = fields.Many2one('res.partner', string="Agency or lawyer")
    user_id = fields.Many2one('res.users', string="Noted by")
    attachment_id = fields.Many2one('ir.attachment', string="Document", ondelete='restrict')

    def write(self, vals):
        if self:
            raise UserError(self.env._("A step is history: note another one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A step is history: note another one."))


class ArLegalCost(models.Model):
    """A cost of the recovery: fees, bailiff, court; for the file and the claim for costs."""
    _name = 'ar.legal.cost'
    _description = "Cost of a legal case"
    _order = 'date, id'
    _check_company_auto = True

    case_id = fields.Many2one('ar.legal.case', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='case_id.customer_id', store=True)
    company_id = fields.Many2one(related='case_id.company_id', store=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    date = fields.Date(required=True, default=fields.Date.context_today)
    name = fields.Char(string="What for", required=True)
    partner_id = fields.Many2one('res.partner', string="Paid to")
    amount = fields.Monetary(required=True, help="Without VAT, in company currency.")
    recoverable = fields.Boolean(
        string="Claimed from the customer", default=False,
        help="Named in the case file as a cost to recover.")
    move_id = fields.Many2one(
        'account.move', string="Bill", check_company=True, ondelete='set null',
        domain=[('move_type', 'in', ('in_invoice', 'in_refund', 'entry'))])

    _amount_positive = models.Constraint('CHECK(amount >= 0)', "A cost is not negative.")
