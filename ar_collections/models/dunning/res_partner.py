from odoo import api, fields, models

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

    def _search_ar_dunning_level_id(self, operator, value):
        if operator != 'in':
            return NotImplemented
        return self._search_through_customer('dunning_level_id', operator, value)
