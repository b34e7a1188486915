from odoo import fields, models


class ResCompany(models.Model):
    """What the customer's pages allow."""
    _inherit = 'res.company'

    ar_door_link_days = fields.Integer(
        string="Links open for (days)", default=60,
        help="Life of a customer's link. After that the customer asks for a new one.")
    ar_door_in_mails = fields.Boolean(
        string="Link in reminders and statements", default=True,
        help="Each message carries its own link to the customer's pages.")
    ar_door_pay = fields.Boolean(string="Pay online", default=True)
    ar_door_promise = fields.Boolean(string="Promise a date", default=True)
    ar_door_promise_days = fields.Integer(
        string="At most in (days)", default=30,
        help="Furthest day that a customer may promise without talking to us.")
    ar_door_promise_broken = fields.Integer(
        string="Not after broken promises", default=2,
        help="A customer who has broken that many promises over the last 12 months promises to "
             "a person only. 0: no such limit.")
    ar_door_dispute = fields.Boolean(string="Dispute an item", default=True)
    ar_door_copy = fields.Boolean(string="Ask for a copy", default=True)
    ar_door_wait_days = fields.Integer(
        string="Ladder waits for our answer (days)", default=5,
        help="After a customer asked for a copy or proposed instalments, no reminder about these "
             "items for so long, unless we answer before. Once in 90 days for each item.")
    ar_door_contact = fields.Boolean(string="Name a better contact", default=True)
    ar_door_plan = fields.Boolean(string="Propose instalments", default=True)
    ar_door_plan_count = fields.Integer(string="Instalments at most", default=3)
    ar_door_plan_amount = fields.Monetary(
        string="Up to", default=5000.0, currency_field='currency_id',
        help="Largest sum for which a customer may propose instalments online. 0: no limit.")

    _ar_door_link_days_range = models.Constraint(
        'CHECK(ar_door_link_days BETWEEN 1 AND 730)',
        "A customer's link is open for 1 to 730 days.")
    _ar_door_days_positive = models.Constraint(
        'CHECK(ar_door_promise_days >= 0 AND ar_door_wait_days >= 0 '
        'AND ar_door_promise_broken >= 0)', "Days and counts cannot be negative.")
    _ar_door_plan_range = models.Constraint(
        'CHECK(ar_door_plan_count BETWEEN 2 AND 36 AND ar_door_plan_amount >= 0)',
        "Allow 2 to 36 instalments, and no negative amount.")


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_door_link_days = fields.Integer(related='company_id.ar_door_link_days', readonly=False)
    ar_door_in_mails = fields.Boolean(related='company_id.ar_door_in_mails', readonly=False)
    ar_door_pay = fields.Boolean(related='company_id.ar_door_pay', readonly=False)
    ar_door_promise = fields.Boolean(related='company_id.ar_door_promise', readonly=False)
    ar_door_promise_days = fields.Integer(
        related='company_id.ar_door_promise_days', readonly=False)
    ar_door_promise_broken = fields.Integer(
        related='company_id.ar_door_promise_broken', readonly=False)
    ar_door_dispute = fields.Boolean(related='company_id.ar_door_dispute', readonly=False)
    ar_door_copy = fields.Boolean(related='company_id.ar_door_copy', readonly=False)
    ar_door_wait_days = fields.Integer(related='company_id.ar_door_wait_days', readonly=False)
    ar_door_contact = fields.Boolean(related='company_id.ar_door_contact', readonly=False)
    ar_door_plan = fields.Boolean(related='company_id.ar_door_plan', readonly=False)
    ar_door_plan_count = fields.Integer(related='company_id.ar_door_plan_count', readonly=False)
    ar_door_currency_id = fields.Many2one(
        related='company_id.currency_id', string="Currency of the company")
    ar_door_plan_amount = fields.Monetary(
        related='company_id.ar_door_plan_amount', readonly=False,
        currency_field='ar_door_currency_id')
