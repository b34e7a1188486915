from odoo import fields, models


class ResCompany(models.Model):
    _inherit = 'res.company'

    ar_promise_grace_days = fields.Integer(
        string="Days of grace", default=3,
        help="Days after the day promised before a promise counts as broken: bank transfers take "
             "time.")
    ar_promise_tolerance = fields.Float(
        string="Tolerance (%)", default=1.0,
        help="Share of the amount promised that may be missing.")

    _ar_promise_grace = models.Constraint(
        'CHECK(ar_promise_grace_days >= 0)', "Days of grace cannot be negative.")
    _ar_promise_tolerance_range = models.Constraint(
        'CHECK(ar_promise_tolerance >= 0 AND ar_promise_tolerance <= 100)',
        "The tolerance is a share between 0 and 100 %.")
