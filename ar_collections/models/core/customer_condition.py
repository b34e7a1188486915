from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ArCustomerCondition(models.AbstractModel):
    """A rule with a condition on customers that somebody wrote: it must be one that can be used."""
    _name = 'ar.customer.condition'
    _description = "Condition on customers"

    domain = fields.Char(required=True, default='[]')

    @api.constrains('domain')
    def _check_domain(self):
        for rule in self:
            try:
                # sudo: whether it can be used does not depend on who may see the customers.
                self.env['ar.customer'].sudo().search(rule._get_domain(), limit=1)
            except Exception as error:
                raise ValidationError(self.env._(
                    "The condition of rule %(rule)s cannot be used: %(error)s",
                    rule=rule.name, error=error)) from error

    def _get_domain(self):
        """Return the condition as a domain on `ar.customer`."""
        self.ensure_one()
        return fields.Domain(literal_eval(self.domain or '[]'))
