from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import formatLang

from .scorecard import CRITERIA


class ArCreditScore(models.Model):
    """One score of one customer, with the figures it came from. History: never changed."""
    _name = 'ar.credit.score'
    _description = "Credit score"
    _order = 'date desc, id desc'
    _rec_name = 'customer_id'

    customer_id = fields.Many2one(
        'ar.customer', required=True, ondelete='cascade', index=True, readonly=True)
    company_id = fields.Many2one('res.company', required=True, index=True, readonly=True)
    scorecard_id = fields.Many2one('ar.scorecard', readonly=True, ondelete='set null')
    date = fields.Date(required=True, readonly=True)
    computed_at = fields.Datetime(string="Computed at", required=True, readonly=True)
    score = fields.Float(
        digits=(16, 1), readonly=True, aggregator='avg', help="0 is the worst, 100 the best.")
    is_rated = fields.Boolean(
        string="Rated", readonly=True, help="No: not one criterion had a figure.")
    coverage = fields.Float(
        string="Known (%)", digits=(16, 1), readonly=True, aggregator='avg',
        help="Share of the weights for which there was a figure.")
    risk_class_id = fields.Many2one(
        'ar.risk.class', string="Class by score", readonly=True, ondelete='set null',
        help="What the score says. A class set by hand, or a default, stands before it.")
    line_ids = fields.One2many('ar.credit.score.line', 'score_id', readonly=True)
    signature = fields.Char(
        readonly=True, help="Points and weights: a new score is kept when they change.")
    figures = fields.Char(
        readonly=True, help="The scorecard and the figures, to compare with.")

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("A score is history. Compute a new one instead."))
        return super().write(vals)


class ArCreditScoreLine(models.Model):
    """What one criterion gave, with its figure, its band and its weight on that day."""
    _name = 'ar.credit.score.line'
    _description = "Line of a credit score"
    _order = 'contribution desc, id'
    _rec_name = 'code'

    score_id = fields.Many2one(
        'ar.credit.score', required=True, ondelete='cascade', index=True, readonly=True)
    customer_id = fields.Many2one(related='score_id.customer_id')
    company_id = fields.Many2one(related='score_id.company_id')
    code = fields.Selection(CRITERIA, string="Criterion", required=True, readonly=True)
    is_known = fields.Boolean(string="Known", readonly=True)
    value = fields.Float(string="Figure", digits=(16, 2), readonly=True, aggregator=None)
    points = fields.Float(digits=(16, 1), readonly=True, aggregator='avg')
    has_band_from = fields.Boolean(readonly=True)
    band_from = fields.Float(digits=(16, 2), readonly=True, aggregator=None)
    has_band_to = fields.Boolean(readonly=True)
    band_to = fields.Float(digits=(16, 2), readonly=True, aggregator=None)
    weight = fields.Float(digits=(16, 1), readonly=True, aggregator=None)
    share = fields.Float(
        string="Weight (%)", digits=(16, 1), readonly=True, aggregator=None,
        help="After stretching the weights of the criteria that have a figure to 100 %.")
    contribution = fields.Float(
        digits=(16, 1), readonly=True, help="Part of the score that comes from here.")
    explanation = fields.Char(compute='_compute_explanation')

    @api.depends('code', 'value', 'points', 'share', 'is_known')
    def _compute_explanation(self):
        for line in self:
            if not line.is_known:
                line.explanation = self.env._("No figure: this criterion takes no part.")
                continue
            line.explanation = self.env._(
                "%(value)s lies %(band)s: %(points)s points, weight %(share)s %%.",
                value=line._format(line.value, 2), band=line._get_band_text(),
                points=line._format(line.points), share=line._format(line.share))

    def _get_band_text(self):
        self.ensure_one()
        lower, upper = self._format(self.band_from, 2), self._format(self.band_to, 2)
        if self.has_band_from and self.has_band_to:
            return self.env._("between %(lower)s and %(upper)s", lower=lower, upper=upper)
        if self.has_band_from:
            return self.env._("at %s or above", lower)
        if self.has_band_to:
            return self.env._("below %s", upper)
        return self.env._("anywhere")

    def _format(self, number, digits=1):
        return formatLang(self.env, number, digits=digits)
