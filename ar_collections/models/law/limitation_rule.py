from odoo import fields, models

from ...tools.limitation import Effect, Period
from .legal_regime import DEBTORS

# What may interrupt a prescription. A formal notice is here so that nobody takes it for one.
ACTS = [
    ('acknowledgement', "Acknowledgement of the debt"),
    ('part_payment', "Part payment"),
    ('claim', "Claim in court"),
    ('measure', "Protective or enforcement measure"),
    ('insolvency_claim', "Claim declared in insolvency"),
    ('negotiation', "Negotiation or mediation"),
    ('formal_notice', "Formal notice"),
    ('reminder', "Written request for payment"),
]
EFFECTS = [
    ('restart', "A new period runs"),
    ('suspend', "The period stands still"),
    ('none', "No effect"),
]
TRADES = [
    ('general', "Goods and services"),
    ('transport', "Carriage of goods"),
]


class ArLimitationRule(models.Model):
    """How long claims of one kind live in one country, and what interrupts that.

    The same law for every company. A row that nobody confirmed watches nothing.
    """
    _name = 'ar.limitation.rule'
    _description = "Rule of prescription"
    _inherit = ['ar.legal.data']
    _order = 'sequence, country_id, debtor, id'
    _case_fields = ('country_id', 'debtor', 'trade')

    # === FIELDS: WHICH CLAIMS === #
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    country_id = fields.Many2one('res.country', required=True, index=True)
    debtor = fields.Selection(DEBTORS, required=True, default='business')
    trade = fields.Selection(TRADES, string="Claims for", required=True, default='general')
    date_from = fields.Date(
        string="Claims due from", help="Empty: since always. Laws change the period of new claims.")
    date_to = fields.Date(string="Claims due until", help="Included. Empty: until further notice.")

    # === FIELDS: PERIOD === #
    years = fields.Integer(aggregator=None)
    months = fields.Integer(aggregator=None)
    starts = fields.Selection(
        [('due', "The due date"), ('invoice', "The date of the invoice"),
         ('year_end', "The end of the year of the due date")],
        string="Counts from", required=True, default='due')
    restart_year_end = fields.Boolean(
        string="A new period counts from the end of the year",
        help="After an act too; else a new period counts from the act itself.")
    effect_ids = fields.One2many('ar.limitation.effect', 'rule_id', copy=True)


    _period_positive = models.Constraint(
        'CHECK(years >= 0 AND months >= 0 AND years + months > 0)', "A prescription lasts.")
    _dates = models.Constraint(
        'CHECK(date_to >= date_from)', "A period ends after it begins.")

    # === BUSINESS === #

    def _to_period(self):
        """Return the rule as `tools.limitation.Period`."""
        self.ensure_one()
        return Period(
            years=self.years, months=self.months, starts=self.starts,
            restart_year_end=self.restart_year_end,
            effects={effect.act: Effect(
                effect.effect, effect.lasting, effect.tail_months, effect.source or self.source)
                for effect in self.effect_ids})

    def _pick_for(self, country, debtor, trade):
        """Return (rules among these that bind claims, what is doubtful or False).

        :param country: `res.country` whose law counts
        :param debtor: code of the kind of debtor; None when nothing shows it
        """
        found = self.filtered(lambda rule: rule.country_id == country and (
            not debtor or rule.debtor == debtor))
        # A shorter period of a trade binds its businesses; consumers have theirs.
        found = found.filtered(lambda rule: rule.trade == trade) or found.filtered(
            lambda rule: rule.trade == 'general')
        if not found:
            return found, self.env._(
                "Prescription is not watched: nobody has confirmed a rule for %(country)s and this "
                "kind of debtor.", country=country.name or self.env._("a customer without country"))
        return found, not debtor and self.env._(
            "Nothing shows what this customer is: the shortest period counts.")

    def _fits(self, due):
        """Tell whether the rule binds a claim that fell due on a day."""
        self.ensure_one()
        return not (self.date_from and due < self.date_from) and not (
            self.date_to and due > self.date_to)

    def _describe_period(self):
        """Return the period in words."""
        self.ensure_one()
        starts = dict(self._fields['starts']._description_selection(self.env))[self.starts]
        if self.years and self.months:
            text = self.env._(
                "%(years)s years and %(months)s months", years=self.years, months=self.months)
        elif self.years:
            text = (self.env._("1 year") if self.years == 1
                    else self.env._("%s years", self.years))
        else:
            text = self.env._("%s months", self.months)
        return self.env._(
            "%(period)s, counted from: %(start)s", period=text, start=starts.lower())


class ArLimitationEffect(models.Model):
    """What one kind of act does to the prescription of a rule."""
    _name = 'ar.limitation.effect'
    _description = "Effect of an act on prescription"
    _order = 'rule_id, act'

    rule_id = fields.Many2one('ar.limitation.rule', required=True, ondelete='cascade', index=True)
    act = fields.Selection(ACTS, required=True)
    effect = fields.Selection(EFFECTS, required=True, default='restart')
    lasting = fields.Boolean(
        string="Until it ends",
        help="The interruption lasts as long as the proceedings; the new period runs from their "
             "end. As long as the end is not entered, it is counted from the act.")
    tail_months = fields.Integer(
        string="Months after its end", aggregator=None,
        help="A suspension goes on for so many months after the act has ended.")
    source = fields.Char(translate=True, help="Article of law or judgment.")

    _rule_act_uniq = models.Constraint(
        'UNIQUE(rule_id, act)', "This act has an effect in this rule already.")
