from odoo import fields, models


class ResCompany(models.Model):
    """Payment plans: what a collector may agree to, and when one is broken."""
    _inherit = 'res.company'

    ar_plan_approval_amount = fields.Monetary(
        string="Approval above", default=5000.0,
        help="Payment plans above this amount wait for a manager with the authority. Zero: all.")
    ar_plan_approval_months = fields.Integer(
        string="Approval beyond (months)", default=12,
        help="Payment plans that last longer wait for a manager. Zero: any length.")
    ar_plan_validity_days = fields.Integer(
        string="Proposal valid for (days)", default=15,
        help="A proposal that is not signed by then lapses.")
    ar_plan_grace_days = fields.Integer(
        string="Days of grace of an instalment", default=5,
        help="Days after its date before an instalment counts as missed. Meanwhile it is late, "
             "and reminders claim it.")
    ar_plan_tolerance = fields.Float(
        string="Tolerance of an instalment (%)", default=1.0,
        help="Share of an instalment that may be missing.")
    ar_plan_missed_allowed = fields.Integer(
        string="Missed instalments that break a plan", default=1)

    _ar_plan_days = models.Constraint(
        'CHECK(ar_plan_validity_days > 0 AND ar_plan_grace_days >= 0)',
        "A proposal is valid for at least one day, and days of grace cannot be negative.")
    _ar_plan_tolerance_range = models.Constraint(
        'CHECK(ar_plan_tolerance >= 0 AND ar_plan_tolerance <= 100)',
        "The tolerance is a share between 0 and 100 %.")
    _ar_plan_missed = models.Constraint(
        'CHECK(ar_plan_missed_allowed > 0)', "At least one missed instalment breaks a plan.")
    _ar_plan_approval = models.Constraint(
        'CHECK(ar_plan_approval_amount >= 0 AND ar_plan_approval_months >= 0)',
        "The limits of approval cannot be negative.")


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_plan_approval_amount = fields.Monetary(
        related='company_id.ar_plan_approval_amount', readonly=False)
    ar_plan_approval_months = fields.Integer(
        related='company_id.ar_plan_approval_months', readonly=False)
    ar_plan_validity_days = fields.Integer(
        related='company_id.ar_plan_validity_days', readonly=False)
    ar_plan_grace_days = fields.Integer(
        related='company_id.ar_plan_grace_days', readonly=False)
    ar_plan_tolerance = fields.Float(related='company_id.ar_plan_tolerance', readonly=False)
    ar_plan_missed_allowed = fields.Integer(
        related='company_id.ar_plan_missed_allowed', readonly=False)
