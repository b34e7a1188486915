from decimal import Decimal

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL
from odoo.tools.sql import column_exists

from ...tools.holidays import get_last_free_day
from ...tools.interest_rules import Compensation, InterestError, Regime, find_rate, to_decimal
from .reference_rate import REFERENCES

DEBTORS = [('business', "Business"), ('consumer', "Consumer"), ('public', "Public body")]
# Figures that joined a delivered rule after databases had it: (rule, figure, value, none). Rules
# belong to the user once they are there, so the data file no longer brings them.
LATER_FIGURES = (
    ('regime_lu_consumer', 'interest_months', 3, 0),
    ('regime_nl_consumer', 'letter_days', 3, 0),
    ('regime_nl_consumer', 'letter_receipt', True, False),
    ('regime_nl_consumer', 'compensation_scope', 'notice', 'invoice'),
    ('regime_be_consumer', 'compensation_scope', 'notice', 'invoice'),
)


class ArLegalRegime(models.Model):
    """What the law of a country gives for late payment by one kind of debtor.

    Each row says where it was read. A row that nobody confirmed gives nothing.
    """
    _name = 'ar.legal.regime'
    _description = "Late payment: rule of law"
    _inherit = ['ar.legal.data']
    _order = 'sequence, country_id, debtor, id'
    _case_fields = ('country_id', 'debtor')

    # === FIELDS: WHO === #
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    country_id = fields.Many2one('res.country', required=True, index=True)
    currency_id = fields.Many2one(
        'res.currency', required=True,
        help="Currency of the compensation. It is claimed only on invoices in this currency: no "
             "law tells how to convert it.")
    debtor = fields.Selection(DEBTORS, required=True, default='business')
    also_public = fields.Boolean(
        string="Public bodies too", help="The same rule binds public bodies of this country.")

    # === FIELDS: INTEREST === #
    rate_kind = fields.Selection(
        [('reference', "Reference rate plus points"), ('fixed', "Fixed rate"),
         ('none', "No interest")], required=True, default='reference')
    reference = fields.Selection(REFERENCES, string="Reference rate")
    margin = fields.Float(string="Points added", digits=(16, 4), aggregator=None)
    fixed_rate = fields.Float(string="Percent a year", digits=(16, 4), aggregator=None)
    rate_step = fields.Float(
        string="Rounded up to", digits=(16, 4), aggregator=None,
        help="The sum of rate and points is rounded up to a multiple of this; zero: not at all.")
    anchoring = fields.Selection(
        [('segment', "Each day at the rate of its own half-year"),
         ('start', "Rate of the first day of interest, to the end"),
         ('payment', "Rate of the day of payment, for all days")],
        required=True, default='segment')
    day_count = fields.Selection(
        [('365', "Days / 365, always"), ('actual', "Days / 365 or 366"),
         ('30/360', "Months of 30 days / 360")], required=True, default='365')
    rounding = fields.Selection(
        [('segment', "Each line"), ('daily', "The amount of one day"),
         ('end', "Once, at the end")], required=True, default='segment')
    compounding = fields.Boolean(
        string="Joins the principal every year",
        help="After each full year its interest bears interest too.")
    allocation = fields.Selection(
        [('principal', "The principal first"), ('interest', "Interest, then the principal"),
         ('cost', "Costs, interest, then the principal")],
        string="A part payment pays", required=True, default='principal',
        help="Where nobody has read the rule, the principal comes first: the lowest claim.")
    needs_notice = fields.Boolean(
        string="Only after a formal notice",
        help="Interest does not run by itself: no figure is shown before a notice was sent.")

    interest_months = fields.Integer(
        string="Months before interest", aggregator=None,
        help="Interest begins this many months after the date of the invoice at the earliest. "
             "Zero: no such time.")

    # === FIELDS: COMPENSATION === #
    bracket_ids = fields.One2many('ar.legal.bracket', 'regime_id', copy=True)
    compensation_min = fields.Monetary(string="At least")
    compensation_max = fields.Monetary(string="At most", help="Zero: no maximum.")

    compensation_scope = fields.Selection(
        [('invoice', "Each invoice by itself"),
         ('notice', "The sum of one notice, when that is less")],
        string="Counted on", required=True, default='invoice',
        help="Invoices that one notice names together may owe the compensation of their sum only. "
             "What the notice names is what is claimed after it.")

    proven_costs = fields.Boolean(
        string="More on proof",
        help="The law also gives recovery cost beyond the flat sum, on proof. Not set: it does "
             "not, or nobody has read that it does.")

    # === FIELDS: CONTRACTS AND TERMS === #
    floor_reference = fields.Selection(REFERENCES, string="Floor of contract rates")
    floor_factor = fields.Float(string="Times", default=1.0, digits=(16, 2), aggregator=None)
    cap_rate = fields.Float(
        string="Cap of contract rates", digits=(16, 4), aggregator=None, help="Zero: no cap.")
    default_days = fields.Integer(
        string="Days without agreement", aggregator=None, help="Zero: not known.")
    free_reminders = fields.Integer(
        string="Free reminders", aggregator=None, help="Reminders that may cost nothing.")
    notice_days = fields.Integer(
        string="Days to wait after the notice", aggregator=None,
        help="Nothing may be charged before this many days have passed since the free notice.")

    letter_days = fields.Integer(
        string="Working days of a letter", aggregator=None,
        help="The days to wait of a notice by post begin with this working day after it was "
             "posted; those of an e-mail with the next day. Zero: the next day for both.")
    letter_receipt = fields.Boolean(
        string="From the receipt of a letter",
        help="The days to wait begin the day after the letter was received. It counts as received "
             "on the working day told above, unless the day of its receipt is noted.")

    # === FIELDS: TEXTS === #
    sentence = fields.Text(
        translate=True, help="Printed on the statement of interest: the rule in one sentence.")
    mention = fields.Text(
        string="Mention on invoices", translate=True, help="Ready to be put into your terms.")

    _positive = models.Constraint(
        'CHECK(fixed_rate >= 0 AND rate_step >= 0 AND compensation_min >= 0 AND '
        'compensation_max >= 0 AND notice_days >= 0 AND letter_days >= 0 AND '
        'interest_months >= 0)',
        "The figures of a rule are not negative.")
    _letter_receipt = models.Constraint(
        'CHECK(letter_receipt IS NOT TRUE OR letter_days > 0)',
        "Say how many working days a letter takes: without them nobody knows when its days begin.")

    def _auto_init(self):
        """EXTENDS base: rules that were installed before a figure existed are given it."""
        names = dict.fromkeys(figure[1] for figure in LATER_FIGURES)
        new = {name for name in names if not column_exists(self.env.cr, self._table, name)}
        result = super()._auto_init()
        self._bring_later_figures(new)
        return result

    @api.model
    def _bring_later_figures(self, new):
        """Give delivered rules the figures that they lack; what a user changed stays.

        :param new: names of columns that did not exist before: nobody can have chosen their value
        """
        for name, column, value, none in LATER_FIGURES:
            self.env.cr.execute(SQL(
                """
                UPDATE ar_legal_regime rule SET %(column)s = %(value)s
                  FROM ir_model_data data
                 WHERE data.module = 'ar_collections' AND data.model = 'ar.legal.regime'
                   AND data.name = %(name)s AND data.res_id = rule.id
                   AND COALESCE(rule.%(column)s, %(none)s) = %(none)s
                   -- As it was delivered: no user has written on it since.
                   AND (%(new)s OR rule.write_uid = %(root)s)
                   AND (%(anyway)s OR rule.letter_days > 0)
                """, column=SQL.identifier(column), name=name, value=value, none=none,
                new=column in new, root=SUPERUSER_ID, anyway=column != 'letter_receipt'))

    # === CONSTRAINTS === #

    @api.constrains(
        'rate_kind', 'reference', 'anchoring', 'allocation', 'compounding', 'day_count',
        'rounding')
    def _check_rule(self):
        for regime in self:
            try:
                regime._to_regime().check()
            except InterestError as error:
                raise ValidationError(self.env._(
                    "Rule “%(name)s” cannot be applied: %(error)s. A rate frozen at payment needs "
                    "part payments that reduce the principal, no compounding, and interest that is "
                    "not rounded by the day: choose another rounding or another rate.",
                    name=regime.name, error=error)) from error

    # === BUSINESS === #

    def _to_regime(self, contract=None):
        """Return the rule as `tools.interest_rules.Regime`.

        :param contract: `ContractRate` that the parties agreed, instead of the law's: fixed, or a
            reference rate of which each day carries that of its own half-year
        """
        self.ensure_one()
        agreed = contract is not None
        fixed = contract.fixed if agreed else None
        if not agreed and self.rate_kind != 'reference':
            fixed = to_decimal(self.fixed_rate) if self.rate_kind == 'fixed' else Decimal(0)
        indexed = agreed and fixed is None
        return Regime(
            code=str(self.id),
            reference=contract.reference if indexed else self.reference or None,
            factor=contract.factor if indexed else Decimal(1),
            margin=contract.margin if indexed else to_decimal(self.margin),
            fixed_rate=fixed,
            anchoring='segment' if agreed else self.anchoring,
            rate_step=to_decimal(self.rate_step) if self.rate_step and not agreed else None,
            day_count=self.day_count, rounding=self.rounding,
            compounding=self.compounding and not agreed, allocation=self.allocation,
            compensation=Compensation(
                self.bracket_ids._to_brackets(), to_decimal(self.compensation_min),
                to_decimal(self.compensation_max) if self.compensation_max else None,
                self.source),
            source=self.env._("contract") if agreed else self.source)

    def _wants_free_notice(self):
        """Tell whether nothing may be charged before a free message of ours and its days."""
        return bool(self) and (self.free_reminders > 0 or self.notice_days > 0)

    def _get_last_free_day(self, sent, channel, received=None):
        """Return the last day on which nothing may be charged after a notice.

        :param date sent: day on which it left; without days to wait, that very day
        :param str channel: 'email', 'letter', or 'received' when the date is that of the receipt
            of a letter; anything else counts as a letter, the later day
        :param date received: day on which a free notice by letter was received, when it is known
        """
        self.ensure_one()
        if channel == 'email':
            return get_last_free_day(sent, self.notice_days, 0, self.country_id.code)
        if self.letter_receipt and received:
            # As our letter says it: counted from the day after its receipt.
            return get_last_free_day(received, self.notice_days, 0, self.country_id.code)
        if self.letter_receipt:
            # From the day after receipt: told, or the working day on which we take it to arrive.
            # The delivered Dutch notice says "within 15 days of receiving", so that the day of
            # receipt is no part of the 14; whoever counts it otherwise pays in time as well.
            days = self.notice_days + 1
            return get_last_free_day(
                sent, days, 0 if channel == 'received' else self.letter_days,
                self.country_id.code)
        return get_last_free_day(
            sent, self.notice_days, self.letter_days, self.country_id.code)

    def _get_arrival(self, sent, channel, received=None):
        """Return the day on which a notice counts as having reached the debtor.

        Interest that waits for a notice runs from the day after. Where the days to wait count
        from the receipt of a letter, so does interest; anywhere else the day it left is meant.

        :param date sent: see `_get_last_free_day`, as the others
        """
        self.ensure_one()
        if not self.letter_receipt or channel in ('email', 'received'):
            return sent
        return received or get_last_free_day(sent, 1, self.letter_days, self.country_id.code)

    def _get_contract_limits(self, date):
        """Return (floor, cap) of contract rates on a day, in percent; None: there is none.

        :raise MissingRate: when the floor depends on a rate that nobody entered
        """
        self.ensure_one()
        floor = None
        if self.floor_reference:
            rates = self.env['ar.reference.rate']._get_rates([self.floor_reference])
            base = find_rate(
                Regime('floor', reference=self.floor_reference), rates, date)
            floor = base.value * to_decimal(self.floor_factor)
        return floor, to_decimal(self.cap_rate) if self.cap_rate else None
