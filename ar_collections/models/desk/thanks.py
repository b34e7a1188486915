from odoo import fields, models

STATES = [
    ('queued', "In the mail queue"), ('sending', "Sending"), ('sent', "Sent"),
    ('failed', "Failed"), ('unknown', "Outcome unknown"), ('cancelled', "Cancelled"),
]


class ArThanks(models.Model):
    """A thank-you for one payment that settled what had become serious. Once per payment."""
    _name = 'ar.thanks'
    _description = "Thank-you after a payment"
    _inherit = ['mail.thread', 'ar.mail.guard']
    _order = 'id desc'
    _rec_name = 'customer_id'
    _check_company_auto = True

    key = fields.Char(
        required=True, readonly=True, help="The payment's line in the ledger: unique.")
    customer_id = fields.Many2one(
        'ar.customer', required=True, readonly=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Company or person")
    payment_line_id = fields.Many2one(
        'account.move.line', string="Payment", readonly=True, ondelete='set null')
    currency_id = fields.Many2one('res.currency', readonly=True)
    amount = fields.Monetary(readonly=True, help="Amount received.")
    cause = fields.Selection(
        [('promise', "After a broken promise"), ('reminder', "After the last reminder")],
        required=True, readonly=True)
    recipient_id = fields.Many2one('res.partner', readonly=True, ondelete='set null')
    state = fields.Selection(STATES, required=True, default='queued', readonly=True)
    reason = fields.Char(readonly=True)
    retry_count = fields.Integer(readonly=True)
    sent_at = fields.Datetime(readonly=True)
    mail_id = fields.Many2one(
        'mail.mail', readonly=True, ondelete='set null', index='btree_not_null')

    _key_uniq = models.Constraint('UNIQUE(key)', "This payment has been thanked for already.")
