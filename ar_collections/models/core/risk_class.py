from odoo import fields, models


class ArRiskClass(models.Model):
    _name = 'ar.risk.class'
    _description = "Risk class"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10, help="From the best to the worst.")
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [('normal', "Ordinary class"), ('unrated', "Not rated yet"), ('default', "In default")],
        required=True, default='normal')
    color = fields.Integer()
    description = fields.Text(translate=True)
    score_from = fields.Float(
        string="From score", digits=(16, 1),
        help="Lowest score, 0 to 100, of this class. Used for ordinary classes only.")
    trust = fields.Selection(
        [('good', "Good"), ('normal', "Normal"), ('bad', "Bad")], default='normal',
        string="Degree of trust", help="Written to Odoo's own degree of trust.")

    _code_uniq = models.Constraint('UNIQUE(code)', "Two risk classes cannot have the same code.")
    _score_range = models.Constraint(
        'CHECK(score_from >= 0 AND score_from <= 100)', "A score lies between 0 and 100.")

    def _compute_display_name(self):
        for risk_class in self:
            risk_class.display_name = f"{risk_class.code} – {risk_class.name}"
