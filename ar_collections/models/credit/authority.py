from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import formatLang


class ArCreditAuthority(models.Model):
    """Who may grant how much. Without a line, nobody may: fail closed."""
    _name = 'ar.credit.authority'
    _description = "Authority to grant credit"
    _order = 'company_id, max_amount desc, id'

    company_id = fields.Many2one('res.company', index=True, help="Empty: every company.")
    currency_id = fields.Many2one('res.currency', compute='_compute_currency_id')
    group_id = fields.Many2one(
        'res.groups', string="User group", required=True, ondelete='cascade')
    user_ids = fields.Many2many(
        'res.users', string="Only these users", help="Empty: every member of the group.")
    max_amount = fields.Monetary(
        string="Up to", required=True,
        help="Highest limit granted, or highest order released, in company currency.")
    unlimited = fields.Boolean(string="Without a ceiling")

    @api.depends('company_id')
    @api.depends_context('company')
    def _compute_currency_id(self):
        for authority in self:
            authority.currency_id = (authority.company_id or self.env.company).currency_id

    @api.model
    def _get_ceiling(self, company, user):
        """Return what ``user`` may grant in ``company``: an amount, or None without a ceiling.

        :rtype: float | None
        """
        # sudo: the table of authorities is read to judge the user, not for the user.
        lines = self.sudo().search([('company_id', 'in', (False, company.id))]).filtered(
            lambda line: line.group_id in user.all_group_ids
            and (not line.user_ids or user in line.user_ids))
        if any(line.unlimited for line in lines):
            return None
        return max(lines.mapped('max_amount'), default=0.0)

    @api.model
    def _check(self, company, amount):
        """Refuse unless the current user may grant ``amount`` (company currency).

        :raise AccessError: saying the user's ceiling
        """
        ceiling = self._get_ceiling(company, self.env.user)
        if ceiling is None or company.currency_id.compare_amounts(amount, ceiling) <= 0:
            return
        raise AccessError(self.env._(
            "You may decide up to %(ceiling)s, and this is %(amount)s. Ask somebody with a higher "
            "authority.",
            ceiling=formatLang(self.env, ceiling, currency_obj=company.currency_id),
            amount=formatLang(self.env, amount, currency_obj=company.currency_id)))

    @api.model
    def _check_limit(self, company, kind, amount):
        """Refuse unless the current user may grant this limit.

        :param str kind: as in `ar.credit.limit`; "no limit" takes an authority without a ceiling
        :raise AccessError: saying the user's ceiling
        """
        if kind != 'unlimited':
            return self._check(company, amount)
        if self._get_ceiling(company, self.env.user) is not None:
            raise AccessError(self.env._(
                "Only somebody whose authority has no ceiling may leave a customer without a "
                "limit."))
        return None
