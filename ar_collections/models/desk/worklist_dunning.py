from odoo import api, fields, models
from odoo.tools import SQL


class ArDunningEngine(models.AbstractModel):
    """EXTENDS dunning: what is said to be paid waits for the money; wrong contacts get nothing."""
    _inherit = 'ar.dunning.engine'

    @api.model
    def _get_item_exclusions(self, company, date):
        """EXTENDS dunning: the customer says that it is paid, and the day to look has not come."""
        return [
            *super()._get_item_exclusions(company, date),
            ('said_paid', SQL(
                "l.id IN (SELECT rel.move_line_id FROM ar_interaction_item_rel rel"
                " JOIN ar_interaction i ON i.id = rel.interaction_id"
                " WHERE i.company_id = %s AND i.active AND i.outcome = 'paid'"
                " AND i.next_date > %s)",
                company.id, date)),
        ]

    @api.model
    def _get_reachable_conditions(self):
        """EXTENDS dunning: a contact found to be wrong is reached by no channel."""
        return [
            (channel, condition if channel == 'task' else SQL(
                "(%s) AND address.id NOT IN (SELECT partner_id FROM ar_customer_wrong_contact_rel)",
                condition))
            for channel, condition in super()._get_reachable_conditions()
        ]


class ArReminder(models.Model):
    _inherit = 'ar.reminder'

    def _can_reach(self, channel, partner):
        """EXTENDS dunning: the same for one reminder."""
        if channel != 'task' and partner in self.customer_id.wrong_contact_ids:
            return False
        return super()._can_reach(channel, partner)


class ArDunningSkip(models.Model):
    """EXTENDS dunning: why the desk keeps an item out of a run."""
    _inherit = 'ar.dunning.skip'

    reason = fields.Selection(
        selection_add=[('said_paid', "Said to be paid")], ondelete={'said_paid': 'cascade'})


class ArCustomer(models.Model):
    """EXTENDS core: contacts that turned out to be wrong."""
    _inherit = 'ar.customer'

    wrong_contact_ids = fields.Many2many(
        'res.partner', 'ar_customer_wrong_contact_rel', 'customer_id', 'partner_id',
        string="Wrong contacts", domain="[('id', 'child_of', partner_id)]",
        help="Found to be wrong on the telephone: nothing is sent to them. Take them off here when "
             "their card is put right.")

    def _get_statement_candidates(self):
        """EXTENDS figures: neither statements nor what goes the same way."""
        return super()._get_statement_candidates() - self.sudo().wrong_contact_ids
