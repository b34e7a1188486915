from odoo import fields, models


class ArDunningLevel(models.Model):
    """EXTENDS dunning: from a given level on, others on both sides get a copy."""
    _inherit = 'ar.dunning.level'

    copy_salesperson = fields.Boolean(
        string="Copy to the salesperson", help="Of the customer, else of the listed invoices.")
    copy_manager = fields.Boolean(
        string="Copy to our manager", help="The manager named in the settings of the company.")
    copy_escalation = fields.Boolean(
        string="Copy to the customer's management",
        help="The escalation contact named on the customer.")


class ArCustomer(models.Model):
    """EXTENDS core: whom to copy at the customer's when it becomes serious."""
    _inherit = 'ar.customer'

    escalation_contact_id = fields.Many2one(
        'res.partner', string="Escalation contact", tracking=True,
        domain="[('id', 'child_of', partner_id)]",
        help="Gets a copy of the reminders from the levels that say so.")


class ArReminder(models.Model):
    """EXTENDS dunning: the copies of a reminder, before and after it has left."""
    _inherit = 'ar.reminder'

    copy_ids = fields.Many2many(
        'res.partner', 'ar_reminder_copy_rel', 'reminder_id', 'partner_id', readonly=True,
        string="Copies sent to", copy=False)
