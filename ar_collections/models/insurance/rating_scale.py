from datetime import date as date_type
from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .provider_codes import SCALES


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
         ('unconfirmed', "Our assumption: unconfirmed")], string="Direction of the scale",
        required=True, default='unconfirmed',
        help="How well it is known which end is safe. The lines are inferred all the same.")
    is_used = fields.Boolean(
        string="Used", default=False,
        help="Off: values are kept and shown, and mean nothing to the class. What the provider "
             "itself calls a default or no opinion is read all the same.")
    state = fields.Selection(
        [('unconfirmed', "Unconfirmed, off"), ('used', "In use")], compute='_compute_state')
    confirmed_by_id = fields.Many2one(
        'res.users', string="Confirmed by", readonly=True, copy=False,
        help="Empty on a scale of our own, which needs no provider to explain it.")
    confirmed_on = fields.Date(readonly=True, copy=False)
    band_ids = fields.One2many('ar.rating.band', 'scale_id', copy=True)

    _code_uniq = models.Constraint(
        'UNIQUE(code, version)', "A scale has each version once.")

    @api.depends('is_used')
    def _compute_state(self):
        for scale in self:
            scale.state = 'used' if scale.is_used else 'unconfirmed'

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

    @api.model_create_multi
    def create(self, vals_list):
        """Note who makes a scale that counts at once; those of an installation nobody confirmed."""
        if self.env.su:
            return super().create(vals_list)
        scales = super().create([self._leave_confirmation_out(vals) for vals in vals_list])
        used = scales.filtered('is_used')
        used._note_confirmation(True)
        used._read_ratings_again(True)
        return scales

    @staticmethod
    def _leave_confirmation_out(vals):
        return {name: value for name, value in vals.items()
                if name not in ('confirmed_by_id', 'confirmed_on')}

    def write(self, vals):
        """Note who switches a scale on, and read the ratings that this concerns again."""
        if not self.env.su:
            vals = self._leave_confirmation_out(vals)
        if 'is_used' not in vals:
            return super().write(vals)
        switched = self.filtered(lambda scale: scale.is_used != vals['is_used'])
        result = super().write(vals)
        switched._note_confirmation(vals['is_used'])
        switched._read_ratings_again(vals['is_used'])
        return result

    def _note_confirmation(self, is_used):
        # sudo: who confirmed is told by the program, never typed in.
        self.sudo().write({
            'confirmed_by_id': self.env.uid if is_used else False,
            'confirmed_on': fields.Date.context_today(self) if is_used else False})

    def _read_ratings_again(self, is_used):
        """Read what waited for these scales; let what they have read wait again.

        A rating that another version has read keeps its meaning.
        """
        if not self:
            return
        # sudo: a scale is shared by all companies, whoever of them confirms it.
        ratings = self.env['ar.rating'].sudo().search(
            [('scale', 'in', self.mapped('code')), ('scale_id', '=', False)] if is_used
            else [('scale_id', 'in', self.ids)])
        if ratings:
            # Many at once: the tasks stand in the lists, without an e-mail for each.
            ratings.with_context(mail_activity_quick_update=True)._read_again()

    def action_confirm(self):
        """Button: the house stands for these lines. Ratings that waited for them are read."""
        self.check_access('write')
        self.filtered(lambda scale: not scale.is_used).write({'is_used': True})
        return True

    def action_withdraw(self):
        """Button: these lines count no more, nor does what was read with them."""
        self.check_access('write')
        self.filtered('is_used').write({'is_used': False})
        return True

    @api.constrains('is_used', 'band_ids')
    def _check_band_ids(self):
        for scale in self:
            if scale.is_used and not scale.band_ids:
                raise ValidationError(self.env._(
                    "The scale “%s” has no line: fill in what its values mean before it is used.",
                    scale.name))

    @api.model
    def _get_scale(self, code, date, is_used=True):
        """Return the version of a scale that reads the ratings of a day, one or none.

        :param is_used: False for one that nobody has confirmed
        """
        # sudo: ratings are read for people who may not open the tables.
        scales = self.sudo().search([
            ('code', '=', code), ('is_used', '=', is_used),
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
    state = fields.Selection(
        [('unconfirmed', "Unconfirmed, off"), ('used', "In use"),
         ('said', "As the provider says")], string="Counts", compute='_compute_state')

    @api.depends('meaning', 'scale_id.is_used')
    def _compute_state(self):
        for band in self:
            band.state = 'used' if band.scale_id.is_used else (
                'unconfirmed' if band.meaning == 'grade' else 'said')

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


class ArProvider(models.Model):
    """EXTENDS provider: which of its scales nobody has confirmed yet."""
    _inherit = 'ar.provider'

    unconfirmed_scale_ids = fields.Many2many(
        'ar.rating.scale', string="Unconfirmed scales",
        compute='_compute_unconfirmed_scale_ids')

    @api.depends('code')
    def _compute_unconfirmed_scale_ids(self):
        # sudo: whoever sees the account is told that what it says does not count yet.
        scales = self.env['ar.rating.scale'].sudo().search([
            ('code', 'in', [code for codes in SCALES.values() for code in codes])])
        used = set(scales.filtered('is_used').mapped('code'))
        for provider in self:
            codes = set(SCALES.get(provider.code, ())) - used
            provider.unconfirmed_scale_ids = scales.filtered(
                lambda scale, codes=codes: scale.code in codes)

    def action_view_unconfirmed_scales(self):
        """Button: open the scales of this provider that wait for a confirmation."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_rating_scale_action')
        scales = self.unconfirmed_scale_ids
        action['domain'] = [('id', 'in', scales.ids)]
        if len(scales) == 1:
            action.update(views=[(False, 'form')], res_id=scales.id)
        return action
