from odoo import api, fields, models
from odoo.exceptions import UserError


class ArForecastReview(models.TransientModel):
    """How right a past forecast was, in a few figures, with the way to its weeks and items."""
    _name = 'ar.forecast.review'
    _description = "Forecast and what came in"

    date = fields.Date(
        string="Forecast made on", required=True,
        default=lambda self: self.env['ar.forecast']._get_last_quarter(),
        help="What the ledger knew at the end of this day; a Sunday gives full weeks.")
    judged = fields.Integer(
        string="Items judged", compute='_compute_hits',
        help="Open on that day, and their latest expected date has passed.")
    in_range = fields.Float(
        string="Paid within the range", compute='_compute_hits',
        help="Between the early and the late date. The range promises eight of ten.")
    before = fields.Float(string="Paid earlier", compute='_compute_hits')
    after = fields.Float(string="Paid later or not yet", compute='_compute_hits')
    mean_days = fields.Float(
        string="Mean distance in days", digits=(16, 1), compute='_compute_hits',
        help="Between the expected day and the payment; items still open count until today.")

    @api.depends('date')
    def _compute_hits(self):
        for review in self:
            hits = {'judged': 0, 'in_range': 0, 'before': 0, 'after': 0, 'mean_days': 0}
            if review.date and review.date < fields.Date.context_today(review):
                hits = review.env['ar.forecast']._read_hits(review.date)
            review.judged = hits['judged']
            for name in ('in_range', 'before', 'after'):
                review[name] = hits[name] / hits['judged'] if hits['judged'] else 0.0
            review.mean_days = hits['mean_days'] or 0.0

    def _check_past(self):
        self.ensure_one()
        if self.date >= fields.Date.context_today(self):
            raise UserError(self.env._("Choose a day before today: nothing came in after it yet."))

    def action_show_weeks(self):
        """Open the thirteen weeks of that day beside what came in."""
        self._check_past()
        return self.env['ar.forecast.week']._get_action(self.date)

    def action_show_items(self):
        """Open the items of that day with the dates that were expected then."""
        self._check_past()
        return self.env['ar.forecast.item']._get_action(self.date)
