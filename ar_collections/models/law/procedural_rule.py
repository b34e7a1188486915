from odoo import api, fields, models

from ...tools.limitation import get_due_day

# The clocks of proceedings. Other rooms have their own, by contract.
CLOCKS = [
    ('order_service', "Payment order: serve it"),
    ('opposition', "Payment order: opposition possible"),
    ('deposit', "Payment order: deposit the court fee"),
    ('insolvency_claim', "Insolvency: declare the claim"),
    ('insolvency_relief', "Insolvency: ask for relief from forfeiture"),
]


class ArProceduralRule(models.Model):
    """How long one step of proceedings may take, from which day, by whose law.

    The same law for every company. A row that nobody confirmed watches nothing.
    """
    _name = 'ar.procedural.rule'
    _description = "Rule of a procedural time limit"
    _inherit = ['ar.legal.data']
    _order = 'country_id, clock, date_from desc, id'

    clock = fields.Selection(CLOCKS, required=True, index=True)
    country_id = fields.Many2one('res.country', required=True)
    date_from = fields.Date(
        string="Events from", help="Rules change: each binds the events of its own days. Empty: "
                                   "since always.")
    date_to = fields.Date(string="Events until", help="Included. Empty: until further notice.")
    years = fields.Integer(aggregator=None)
    months = fields.Integer(aggregator=None)
    days = fields.Integer(aggregator=None)
    months_abroad = fields.Integer(
        string="Months for creditors abroad", aggregator=None,
        help="Also between overseas and mainland. Zero: as for anybody.")
    movable = fields.Boolean(
        string="Moves off closed days", default=True,
        help="A last day on a Saturday, a Sunday or a public holiday becomes the next working day.")

    _period_positive = models.Constraint(
        'CHECK(years >= 0 AND months >= 0 AND days >= 0 AND years + months + days > 0)',
        "A time limit lasts.")
    _dates = models.Constraint(
        'CHECK(date_to >= date_from)', "A period ends after it begins.")

    @api.depends('clock', 'country_id', 'date_from')
    def _compute_display_name(self):
        labels = dict(self._fields['clock']._description_selection(self.env))
        for rule in self:
            rule.display_name = f"{rule.country_id.code or ''} · {labels.get(rule.clock, '')}"

    @api.model
    def _get_rules(self, country):
        """Return {clock: confirmed rules of a country}: one query."""
        # sudo: the law is no secret.
        return self.sudo().search([
            ('state', '=', 'confirmed'), ('country_id', '=', country.id)]).grouped('clock')

    def _pick(self, event):
        """Return the rule, among these, that binds an event of a day; nothing when none does."""
        return self.filtered(lambda rule: not (
            rule.date_from and event < rule.date_from) and not (
            rule.date_to and event > rule.date_to))[:1]

    def _get_days(self, event, calendar, abroad=False):
        """Return (day as counted, last lawful day).

        :param date event: what starts the clock
        :param str calendar: public holidays of the court, see `tools.holidays`; '' knows weekends
            only, so that the day shown is never too late
        :param bool abroad: the creditor is elsewhere than the court
        """
        self.ensure_one()
        months = self.months_abroad if abroad and self.months_abroad else self.months
        return get_due_day(
            event, years=self.years, months=months, days=self.days, movable=self.movable,
            calendar=calendar)

    def _describe_period(self, abroad=False):
        """Return the period in words."""
        self.ensure_one()
        months = self.months_abroad if abroad and self.months_abroad else self.months
        parts = [
            self.years and self.env._("%s years", self.years),
            months and (self.env._("1 month") if months == 1 else self.env._(
                "%s months", months)),
            self.days and self.env._("%s days", self.days)]
        return ", ".join(part for part in parts if part)
