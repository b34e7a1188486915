from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.searching import answers_any
from ..core.res_partner import READERS


class ResPartner(models.Model):
    """EXTENDS core: level and reminders of a contact's company."""
    _inherit = 'res.partner'

    ar_dunning_level_id = fields.Many2one(
        'ar.dunning.level', string="Dunning level", compute='_compute_ar_dunning_level_id',
        search='_search_ar_dunning_level_id', groups=READERS)
    ar_reminder_count = fields.Integer(compute='_compute_ar_dunning_level_id', groups=READERS)

    @api.depends('ar_customer_id')
    @api.depends_context('company')
    def _compute_ar_dunning_level_id(self):
        """Two queries: the level is read from history, not from the cache."""
        customers = self.ar_customer_id
        levels, company = {}, self.env.company
        if customers:
            rows = self.env.execute_query_dict(self.env['ar.customer']._get_level_query(
                company, customers.partner_id.ids))
            levels = {row['partner_id']: row['dunning_level_id'] for row in rows}
        for partner in self:
            partner.ar_dunning_level_id = levels.get(partner.commercial_partner_id.id)
            partner.ar_reminder_count = partner.ar_customer_id.reminder_count

    @answers_any
    def _search_ar_dunning_level_id(self, operator, value):
        if operator != 'in':
            return NotImplemented
        # A contact shows the level of its company, so it is found by it.
        return fields.Domain('commercial_partner_id', 'any', self._search_through_customer(
            'dunning_level_id', operator, value))

    def _field_to_sql(self, alias, field_expr, query=None):
        """EXTENDS base: contacts can be grouped by dunning level, as of the last refresh."""
        if field_expr != 'ar_dunning_level_id' or query is None:
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], 'read')
        # A search, so that the level of a customer whom the reader may not see stays hidden.
        customers = self.env['ar.customer'].with_context(active_test=False)._search(
            [('company_id', '=', self.env.company.id)])
        name = query.make_alias(alias, 'ar_level')
        query.add_join(
            'LEFT JOIN', name,
            customers.subselect('ar_customer.partner_id', 'ar_customer.dunning_level_id'),
            SQL("%s = %s", SQL.identifier(name, 'partner_id'),
                SQL.identifier(alias, 'commercial_partner_id')))
        return SQL.identifier(name, 'dunning_level_id')
