from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_amount, format_date


class ResCompany(models.Model):
    """EXTENDS desk: may customers see their credit line?"""
    _inherit = 'res.company'

    ar_door_credit = fields.Boolean(
        string="Show the credit line",
        help="The customer sees the limit in force and what is available of it, never the risk "
             "class nor any reason.")


class ResConfigSettings(models.TransientModel):
    """EXTENDS desk."""
    _inherit = 'res.config.settings'

    ar_door_credit = fields.Boolean(related='company_id.ar_door_credit', readonly=False)


class ArCustomer(models.Model):
    """EXTENDS desk: what a customer may know of its credit line."""
    _inherit = 'ar.customer'

    def _get_door_credit(self):
        """Return the credit line to show, read now: (limit, available, until), or None.

        Amounts are in company currency; ``available`` is never negative, and never more than what
        the credit group has left. Nothing is shown where a figure would mislead or tell too much:
        without a limit, without credit, or while orders are stopped.

        :rtype: tuple[float, float, date | False] | None
        :raise UserError: when the currency of an order has no rate
        """
        self.ensure_one()
        # sudo: the setting of the company binds whoever comes in.
        company = self.company_id.sudo()
        if not company.ar_door_credit or self.credit_stop or self.no_credit_today:
            return None
        limit, available = self.credit_limit_today, self.credit_available
        if company.currency_id.compare_amounts(limit, 0) <= 0:
            return None
        group = self.credit_group_id
        if group.limit:
            left = group.currency_id._convert(
                group.limit - group._get_exposure(), company.currency_id, company,
                company._get_ar_today())
            available = min(available, left)
        return limit, max(available, 0.0), self.credit_limit_until


class ArDoor(models.AbstractModel):
    """EXTENDS desk: the first page of a customer shows its credit line, when the company says so.
    """
    _inherit = 'ar.door'

    @api.model
    def _read(self, customer):
        """EXTENDS desk: 'credit_line' as text, or False."""
        return {**super()._read(customer), 'credit_line': self._format_credit_line(customer)}

    @api.model
    def _format_credit_line(self, customer):
        try:
            line = customer._get_door_credit()
        except UserError:
            # A currency without a rate is our matter: the customer sees the page without the line.
            line = None
        if not line:
            return False
        limit, available, until = line
        currency = customer.company_id.currency_id

        def money(amount):
            return format_amount(self.env, amount, currency).replace('\ufeff', '')

        return {'limit': money(limit), 'available': money(available),
                'until': format_date(self.env, until) if until else False}
