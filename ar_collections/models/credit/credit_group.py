from odoo import fields, models


class ArCreditGroup(models.Model):
    _name = 'ar.credit.group'
    _description = "Credit group: legal entities that share a limit"
    _order = 'name'
    _inherit = ['mail.thread']

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_ids = fields.Many2many(
        'res.company', string="Companies", required=True,
        default=lambda self: self.env.company,
        help="Exposures at these companies count together.")
    currency_id = fields.Many2one(
        'res.currency', required=True, default=lambda self: self.env.company.currency_id)
    limit = fields.Monetary(required=True, tracking=True, help="Zero: no group limit.")
    customer_ids = fields.One2many('ar.customer', 'credit_group_id', string="Customers")

    _limit_positive = models.Constraint('CHECK("limit" >= 0)', "A limit cannot be negative.")

    def _get_exposure(self):
        """Return the exposure of the group in its currency, read now.

        :rtype: float
        :raise UserError: when a company's currency has no rate
        """
        self.ensure_one()
        # sudo: the group is judged as a whole, whichever of its companies the user works in.
        group = self.sudo()
        today = fields.Date.context_today(self)
        total = 0.0
        partner_ids = group.with_context(active_test=False).customer_ids.partner_id.ids
        # A company and its branches are one debtor file: naming both must not count it twice.
        for company in group.company_ids.root_id:
            exposures = self.env['ar.credit.exposure']._get_exposures(company, partner_ids)
            amount = sum(float(part) for parts in exposures.values() for part in parts.values())
            total += company.currency_id._convert(amount, group.currency_id, company, today)
        return group.currency_id.round(total)
