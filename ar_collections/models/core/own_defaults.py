from odoo import api, models

from ...tools.own_defaults import keep_own_defaults

# What a record is about. An action may say so beforehand; it decides nothing.
SUBJECTS = {'company_id', 'currency_id', 'customer_id', 'partner_id', 'reply_id'}


class Base(models.AbstractModel):
    """EXTENDS base: what only our code writes begins as our code says, on our own records.

    A program outside may send `default_...` keys, and users may store defaults of their own. Both
    would get past every check of what is written: a plan could be born approved.
    """
    _inherit = 'base'

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if not values or self._transient or not str(self._original_module).startswith(
                'ar_collections'):
            return values
        return keep_own_defaults(self, values, self._get_undefaulted_fields(values) - SUBJECTS)

    @api.model
    def _get_undefaulted_fields(self, names):
        """Return those of these fields that nobody's defaults fill.

        :param names: of fields
        :rtype: set
        """
        return {name for name in names if name in self._fields
                and self._fields[name].store and self._fields[name].readonly}
