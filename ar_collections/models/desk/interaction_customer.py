from odoo import api, fields, models
from odoo.tools import SQL


class ArCustomer(models.Model):
    """EXTENDS core: the contacts with a customer."""
    _inherit = 'ar.customer'

    interaction_ids = fields.One2many('ar.interaction', 'customer_id', string="Contact history")
    interaction_count = fields.Integer(
        string="Contacts so far", compute='_compute_interaction_count')
    last_interaction_at = fields.Datetime(
        string="Last contact", compute='_compute_interaction_count')

    @api.depends('interaction_ids.active')
    def _compute_interaction_count(self):
        rows = {customer.id: (count, last) for customer, count, last in
                self.env['ar.interaction']._read_group(
                    [('customer_id', 'in', self.ids)], ['customer_id'], ['__count', 'date:max'])}
        for customer in self:
            count, last = rows.get(customer._origin.id, (0, False))
            customer.interaction_count = count
            customer.last_interaction_at = last

    def _absorb(self, other):
        """EXTENDS core: contacts follow the merged customer."""
        self.env['ar.interaction'].flush_model()
        self.env.cr.execute(SQL(
            "UPDATE ar_interaction SET customer_id = %s WHERE customer_id = %s",
            self.id, other.id))
        self.env['ar.interaction'].invalidate_model()
        return super()._absorb(other)

    def action_view_interactions(self):
        """Open the contacts with this customer."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_interaction_action')
        action['domain'] = [('customer_id', '=', self.id)]
        action['context'] = {'default_customer_id': self.id}
        return action

    def action_new_interaction(self):
        """Write down a contact with this customer."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.interaction',
            'name': self.env._("New contact"), 'view_mode': 'form', 'target': 'new',
            'context': {'default_customer_id': self.id,
                        'default_contact_id': self.collections_contact_id.id},
        }
