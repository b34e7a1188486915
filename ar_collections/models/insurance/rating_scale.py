from datetime import date as date_type
from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import ValidationError


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
         ('unconfirmed', "Our assumption: unconfirmed")], string="How well it is known",
        required=True, default='unconfirmed')
    is_used = fields.Boolean(
        string="Used", default=False,
        help="Off: values are kept and shown, and mean nothing to the class.")
    band_ids = fields.One2many('ar.rating.band', 'scale_id', copy=True)

    _code_uniq = models.Constraint(
        'UNIQUE(code, version)', "A scale has each version once.")

    def _compute_display_name(self):
        for scale in self:
            scale.display_name = self.env._(
                "%(name)s, version %(version)s", name=scale.name, version=scale.version)

    def copy_data(self, default=None):
        """A copy is the next version of the same scale, switched off until it is checked."""
        values = super().copy_data(default)
        for scale, vals in zip(self, values, strict=True):
            last = self.search([('code', '=', scale.code)], order='version desc', limit=1)
            vals.update(version=last.version + 1, is_used=False, name=scale.name)
        return values

    @api.constrains('is_used', 'band_ids')
    def _check_band_ids(self):
        for scale in self:
            if scale.is_used and not scale.band_ids:
                raise ValidationError(self.env._(
                    "The scale “%s” has no line: fill in what its values mean before it is used.",
                    scale.name))

    @api.model
    def _get_scale(self, code, date):
        """Return the version of a scale that reads the ratings of a day, one or none."""
        # sudo: ratings are read for people who may not open the tables.
        scales = self.sudo().search([
            ('code', '=', code), ('is_used', '=', True),
            '|', ('date_from', '=', False), ('date_from', '<=', date)])
        return scales.sorted(
            lambda scale: (scale.date_from or date_type.min, scale.version), reverse=True)[:1]

    def _read_value(self, value):
        """Return the line that reads a value: the same text, else the highest number reached.

        :return: `ar.rating.band`, one or none: a value that nobody mapped
        """
        text = (value or '').strip()
        exact = self.band_ids.filtered(
            lambda band: band.value_text and band.value_text.strip().lower() == text.lower())
        if exact:
            return exact[:1]
        try:
            number = Decimal(text.replace(',', '.'))
        except InvalidOperation:
            return self.band_ids.browse()
        if not number.is_finite():
            return self.band_ids.browse()
        reached = self.band_ids.filtered(
            lambda band: not band.value_text and Decimal(str(band.value_from)) <= number)
        return reached.sorted('value_from', reverse=True)[:1]


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

    @api.constrains('grade', 'meaning')
    def _check_grade(self):
        for band in self:
            if band.meaning == 'grade' and not 1 <= band.grade <= 10:
                raise ValidationError(self.env._("A grade lies between 1 and 10."))


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

    @api.model
    def _get_class(self, grade):
        """Return the class that a grade stands for, one or none."""
        return self.sudo().search([('grade', '=', grade)], limit=1).risk_class_id
