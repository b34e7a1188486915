from odoo import fields, models


class ResCompany(models.Model):
    """EXTENDS core: whether the official gazette is watched, and how that went last."""
    _inherit = 'res.company'

    ar_bodacc_active = fields.Boolean(string="Watch the BODACC")
    ar_bodacc_error = fields.Char(string="Why the last look failed", readonly=True)
    ar_register_active = fields.Boolean(string="Watch the company register")
    ar_register_error = fields.Char(string="Why the register was not read", readonly=True)
    ar_rating_months = fields.Integer(
        string="Ratings count for (months)", default=12,
        help="An external rating that its provider has not repeated for longer counts no more.")
    ar_rating_caps_class = fields.Boolean(
        string="External ratings lower the class",
        help="The class given by the score is lowered to that of the worst recent external "
             "rating, never raised. A class set by hand stays.")

    _ar_rating_months_positive = models.Constraint(
        'CHECK(ar_rating_months IS NULL OR ar_rating_months > 0)',
        "Ratings count for at least one month.")


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_bodacc_active = fields.Boolean(related='company_id.ar_bodacc_active', readonly=False)
    ar_bodacc_error = fields.Char(related='company_id.ar_bodacc_error')
    ar_register_active = fields.Boolean(related='company_id.ar_register_active', readonly=False)
    ar_register_error = fields.Char(related='company_id.ar_register_error')
    ar_rating_months = fields.Integer(related='company_id.ar_rating_months', readonly=False)
    ar_rating_caps_class = fields.Boolean(
        related='company_id.ar_rating_caps_class', readonly=False)
