from odoo import api, fields, models

# What makes room for the members of a group.
LIMIT_FIELDS = {'limit', 'currency_id', 'company_ids'}


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

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        groups = super().create(vals_list)
        # Without a limit a new group takes nothing away from anybody.
        groups.filtered('limit')._check_authority()
        return groups

    def write(self, vals):
        if not LIMIT_FIELDS & set(vals):
            return super().write(vals)
        before = {group: (group.limit, group.currency_id, group.company_ids) for group in self}
        result = super().write(vals)
        for group, (limit, currency, companies) in before.items():
            if (limit or group.limit) and (
                    (limit, currency, companies)
                    != (group.limit, group.currency_id, group.company_ids)):
                group._check_authority(companies)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_above_authority(self):
        self.filtered(lambda group: group.limit and group.customer_ids)._check_authority()

    def _check_authority(self, companies=None):
        """Refuse unless the current user may grant these limits: a group is no way around it.

        :param companies: `res.company` beside those of the group
        :raise AccessError: saying the user's ceiling
        """
        if self.env.su:
            return
        Authority, today = self.env['ar.credit.authority'], fields.Date.context_today(self)
        for group in self:
            # sudo: a group may name companies that the user does not work in.
            for company in (group.sudo().company_ids | (companies or group.company_ids).sudo()):
                if company.ar_credit_active:
                    Authority._check_limit(
                        company, 'amount' if group.limit else 'unlimited',
                        group.currency_id._convert(
                            group.limit, company.currency_id, company, today))

    # === EXPOSURE === #

    def _get_exposure(self):
        """Return the exposure of the group in its currency, read now.

        :rtype: float
        :raise UserError: when a company's currency has no rate
        """
        self.ensure_one()
        return self._get_exposures()[self]

    def _get_exposures(self):
        """Return {group: exposure in its currency}, read now, in one statement for all groups.

        :raise UserError: when a company's currency has no rate
        """
        # sudo: a group is judged as a whole, whichever of its companies the user works in.
        groups = self.sudo().with_context(active_test=False)
        today, demands = fields.Date.context_today(self), {}
        for group in groups:
            # A company and its branches are one debtor file: naming both must not count it twice.
            for company in group.company_ids.root_id._origin:
                demands.setdefault(company, set()).update(group.customer_ids.partner_id.ids)
        totals = self.env['ar.credit.exposure'].sudo()._get_totals(
            {company: sorted(partner_ids) for company, partner_ids in demands.items()})
        exposures = {}
        for group, own in zip(groups, self, strict=True):
            exposures[own] = group.currency_id.round(sum(
                company.currency_id._convert(
                    float(sum(totals[company.id].get(partner_id, 0)
                              for partner_id in group.customer_ids.partner_id.ids)),
                    group.currency_id, company, today)
                for company in group.company_ids.root_id._origin))
        return exposures
