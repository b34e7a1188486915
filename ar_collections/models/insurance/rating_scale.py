from odoo import fields, models


class ArRatingScale(models.Model):
    """How the values of a provider's scale are read: data, with a version and its source."""
    _name = 'ar.rating.scale'
    _description = "Rating scale"
    _order = 'name, version desc, id'

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="What the connector calls this scale.")
    version = fields.Integer(required=True, default=1, copy=False)
    date_from = fields.Date(
        string="Valid from", copy=False, help="Ratings of this day and later are read with it.")
    source = fields.Text(help="Where this reading comes from.")
    confidence = fields.Selection(
        [('documented', "Published by the provider"), ('observed', "Seen in public programs"),
         ('unconfirmed', "Our assumption: unconfirmed")], required=True, default='unconfirmed')
    is_used = fields.Boolean(
        string="Used", default=False,
        help="Off: values are kept and shown, and mean nothing to the class.")
    band_ids = fields.One2many('ar.rating.band', 'scale_id', copy=True)

    _code_uniq = models.Constraint(
        'UNIQUE(code, version)', "A scale has each version once.")


class ArRatingBand(models.Model):
    """One line of a mapping table: a text, or all numbers from a value on."""
    _name = 'ar.rating.band'
    _description = "Line of a rating scale"
    _order = 'scale_id, value_from, id'

    scale_id = fields.Many2one(
        'ar.rating.scale', required=True, index=True, ondelete='cascade')
    value_text = fields.Char(string="Value", help="A value that is no number, as it is written.")
    value_from = fields.Float(string="From", digits=(16, 2), aggregator=None)
    meaning = fields.Selection(
        [('grade', "Grade"), ('default', "In default"), ('unrated', "No opinion")],
        required=True, default='grade')
    grade = fields.Integer(aggregator=None, help="1 is the safest, 10 the worst.")


class ArRatingGrade(models.Model):
    """Our own scale: ten grades, and the class that each stands for."""
    _name = 'ar.rating.grade'
    _description = "Grade"
    _order = 'grade'
    _rec_name = 'grade'

    grade = fields.Integer(required=True, aggregator=None, help="1 is the safest, 10 the worst.")
    risk_class_id = fields.Many2one('ar.risk.class', required=True, ondelete='restrict')

    _grade_uniq = models.Constraint('UNIQUE(grade)', "A grade stands for one class.")
    _grade_range = models.Constraint(
        'CHECK(grade >= 1 AND grade <= 10)', "Grades run from 1 to 10.")
