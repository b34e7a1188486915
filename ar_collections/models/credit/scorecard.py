from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.scoring import Band, Criterion

# What can be looked at, with the unit of the figure. Rooms that know more add a figure for a code
# (`ar.customer._get_score_values`); until then such a criterion takes no part.
CRITERIA = [
    ('weighted_days_late', "Average days late"),
    ('lateness_trend', "Trend of the days late"),
    ('share_overdue', "Share overdue"),
    ('oldest_overdue', "Oldest overdue item"),
    ('broken_promises', "Broken promises"),
    ('relation_age', "Age of the relation"),
    ('order_growth', "Growth of orders"),
    ('external_rating', "External rating"),
    ('country', "Country on the list"),
    ('legal_event', "Legal event"),
    ('altman', "Altman Z″"),
    ('conan_holder', "Conan and Holder"),
]


class ArScorecard(models.Model):
    """How customers are rated, as data. The first active scorecard of a company is used."""
    _name = 'ar.scorecard'
    _description = "Scorecard"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        'res.company', index=True, help="Empty: every company that has no scorecard of its own.")
    criterion_ids = fields.One2many('ar.scorecard.criterion', 'scorecard_id', copy=True)

    @api.model
    def _get_for_company(self, company):
        """Return the scorecard of ``company``: its own or its parents' first, or a shared one.

        :return: `ar.scorecard`, one or none
        """
        # sudo: the scorecard is applied to customers of people who may not read it.
        cards = self.sudo().with_context(active_test=True).search(
            ['|', ('company_id', '=', False), ('company_id', 'parent_of', company.id)])
        return cards.sorted(lambda card: not card.company_id)[:1]

    def _get_criteria(self):
        """Return the criteria as `tools.scoring` reads them."""
        self.ensure_one()
        return [
            Criterion(criterion.code, criterion.weight, tuple(
                Band(band.value_from, band.points) for band in criterion.band_ids))
            for criterion in self.criterion_ids
        ]


class ArScorecardCriterion(models.Model):
    _name = 'ar.scorecard.criterion'
    _description = "Criterion of a scorecard"
    _order = 'sequence, id'

    scorecard_id = fields.Many2one(
        'ar.scorecard', required=True, ondelete='cascade', index=True)
    sequence = fields.Integer(default=10)
    code = fields.Selection(CRITERIA, string="Looks at", required=True)
    weight = fields.Float(
        required=True, default=10.0,
        help="Relative to the other criteria. Those without a figure take no part, the weights of "
             "the others are stretched.")
    band_ids = fields.One2many('ar.scorecard.band', 'criterion_id', copy=True)
    country_ids = fields.Many2many(
        'res.country', string="Countries",
        help="For the criterion “Country on the list”: 1 when the customer's country is one of "
             "these, 0 otherwise. Empty: the criterion takes no part.")
    explanation = fields.Char(string="Figure", compute='_compute_explanation')

    _code_uniq = models.Constraint(
        'UNIQUE(scorecard_id, code)', "A scorecard looks at the same thing once.")
    _weight_positive = models.Constraint(
        'CHECK(weight > 0)', "The weight of a criterion must be positive.")

    @api.depends('code')
    def _compute_explanation(self):
        texts = self._get_explanations()
        for criterion in self:
            criterion.explanation = texts.get(criterion.code)

    def _compute_display_name(self):
        labels = dict(self._fields['code']._description_selection(self.env))
        for criterion in self:
            criterion.display_name = labels.get(criterion.code)

    @api.constrains('code', 'band_ids')
    def _check_band_ids(self):
        for criterion in self:
            if not criterion.band_ids:
                raise ValidationError(self.env._(
                    "The criterion “%s” needs at least one band.", criterion.display_name))

    @api.model
    def _get_explanations(self):
        """Return {code: what the figure is, with its unit}."""
        return {
            'weighted_days_late': self.env._(
                "Days between due date and payment over 12 months, weighted by amount; items "
                "still late count at their age."),
            'lateness_trend': self.env._(
                "Days late of what was paid in the last 3 months, minus those of the 9 months "
                "before. Positive: getting worse."),
            'share_overdue': self.env._("Overdue in percent of all open items."),
            'oldest_overdue': self.env._("Days since the oldest open item fell due."),
            'broken_promises': self.env._("Promises to pay broken over 12 months."),
            'relation_age': self.env._("Whole months since the first invoice."),
            'order_growth': self.env._(
                "Orders of the last 12 months against the 12 months before, in percent."),
            'external_rating': self.env._("Grade of a provider on a scale of 0 (worst) to 100."),
            'country': self.env._("1 when the country is on the list of the criterion, else 0."),
            'legal_event': self.env._("0 none, 1 a warning, 2 an insolvency."),
            'altman': self.env._(
                "Z″ of the last accounts typed in, without the constant: above 2.6 safe, below "
                "1.1 in distress."),
            'conan_holder': self.env._(
                "Score of the last accounts typed in: 16 and more good, below 4 bad."),
        }


class ArScorecardBand(models.Model):
    """Points from a value on. It ends where the next one begins, so no gap and no overlap."""
    _name = 'ar.scorecard.band'
    _description = "Band of a criterion"
    _order = 'criterion_id, value_from, id'

    criterion_id = fields.Many2one(
        'ar.scorecard.criterion', required=True, ondelete='cascade', index=True)
    value_from = fields.Float(
        string="From", required=True, digits=(16, 2),
        help="Included. The lowest band also takes everything below.")
    value_to = fields.Float(
        string="To", digits=(16, 2), compute='_compute_value_to',
        help="Excluded: where the next band begins. The highest band has no end.")
    is_highest = fields.Boolean(compute='_compute_value_to')
    points = fields.Float(required=True, digits=(16, 1), help="0 is the worst, 100 the best.")

    _from_uniq = models.Constraint(
        'UNIQUE(criterion_id, value_from)', "Two bands cannot begin at the same value.")
    _points_range = models.Constraint(
        'CHECK(points >= 0 AND points <= 100)', "Points lie between 0 and 100.")

    @api.depends('value_from', 'criterion_id.band_ids.value_from')
    def _compute_value_to(self):
        for band in self:
            above = [other.value_from for other in band.criterion_id.band_ids
                     if other.value_from > band.value_from]
            band.value_to = min(above, default=0.0)
            band.is_highest = not above
