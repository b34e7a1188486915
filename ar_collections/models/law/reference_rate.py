from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.interest_rules import Rate, to_decimal
from ...tools.reference_rates import check_rates, find_last_known

# Published rates that follow from another one are kept to check what is typed or imported; only
# the Belgian one is used as it is, because its rounding was never read in the law itself.
REFERENCES = [
    ('ecb', "ECB main refinancing rate of 1 January and 1 July"),
    ('boe', "Bank Rate of the Bank of England on the eve of the half-year"),
    ('fr_legal', "France: legal interest rate, professional creditors"),
    ('fr_legal_private', "France: legal interest rate, private creditors"),
    ('de_base', "Germany: base rate (§ 247 BGB)"),
    ('at_base', "Austria: base rate (§ 456 UGB)"),
    ('be_business', "Belgium: published rate, commercial transactions"),
    ('lu_consumer', "Luxembourg: published rate, consumers"),
    ('nl_consumer', "Netherlands: published rate, consumers"),
    ('fr_floor', "France: published floor of contract rates"),
    ('fr_business', "France: published default rate between businesses"),
    ('eu_business', "ECB + 8 points, published"),
    ('de_business', "Germany: published rate between businesses"),
    ('de_consumer', "Germany: published rate for consumers"),
    ('at_business', "Austria: published rate between businesses"),
    ('uk_business', "United Kingdom: published statutory rate"),
    ('own', "Rate of a contract of ours"),
]
# Whose rate it is, by the first word of its code; the others belong to several countries.
COUNTRIES = {'boe': 'GB', 'uk': 'GB', 'fr': 'FR', 'de': 'DE', 'at': 'AT', 'be': 'BE', 'lu': 'LU',
             'nl': 'NL'}


class ArReferenceRate(models.Model):
    """One reference rate over the half-year (or year) that it was published for.

    The same law for every company: these rows belong to none. A rate that is not confirmed does
    not exist for the claims.
    """
    _name = 'ar.reference.rate'
    _description = "Reference rate of late interest"
    _inherit = ['ar.legal.data']
    _order = 'reference, date_from desc'

    # === FIELDS === #
    reference = fields.Selection(REFERENCES, required=True, index=True)
    country_id = fields.Many2one(
        'res.country', compute='_compute_country_id', store=True, index='btree_not_null',
        help="Empty: a rate of several countries, or of a contract.")
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(
        string="To", required=True,
        help="Included. After it the rate is unknown, and nothing is claimed on a guess.")
    value = fields.Float(
        string="Percent a year", digits=(16, 4), required=True, aggregator=None)
    source = fields.Char(help="Where the figure was read.")
    # Those that are shipped were read; a figure that somebody changes must be confirmed again.
    state = fields.Selection(default='confirmed')

    # === SQL OBJECTS === #
    _reference_date_uniq = models.Constraint(
        'UNIQUE(reference, date_from)', "This reference rate has a figure for that day already.")
    _dates = models.Constraint(
        'CHECK(date_to >= date_from)', "A period ends after it begins.")

    # === COMPUTES === #

    @api.depends('reference', 'date_from', 'value')
    def _compute_display_name(self):
        labels = dict(self._fields['reference']._description_selection(self.env))
        for rate in self:
            rate.display_name = self.env._(
                "%(reference)s, from %(date)s: %(value)s %%",
                reference=labels.get(rate.reference, ""), date=rate.date_from,
                value=to_decimal(rate.value))

    @api.depends('reference')
    def _compute_country_id(self):
        countries = {country.code: country for country in self.env['res.country'].search(
            [('code', 'in', list(set(COUNTRIES.values())))])}
        for rate in self:
            code = COUNTRIES.get((rate.reference or '').partition('_')[0])
            rate.country_id = countries.get(code, False)

    # === CONSTRAINTS === #

    @api.constrains('reference', 'date_from', 'date_to', 'value')
    def _check_fits(self):
        """Refuse two rates for one day, odd periods, and what contradicts a tied rate."""
        table = self.search(fields.Domain.TRUE)._to_rates()
        mine = {(rate.reference, rate.date_from) for rate in self._to_rates()}
        for finding in check_rates(table):
            keys = {(rate.reference, rate.date_from)
                    for rate in (finding.rate, finding.other) if rate}
            if finding.code not in ('gap', 'jump') and keys & mine:
                raise ValidationError(self._describe_finding(finding))

    @api.model
    def _describe_finding(self, finding):
        """Return in words what `tools.reference_rates` found."""
        labels = dict(self._fields['reference']._description_selection(self.env))
        values = {
            'reference': labels.get(finding.rate.reference, finding.rate.reference),
            'date': finding.rate.date_from, 'value': finding.rate.value,
            'expected': finding.expected,
            'other': finding.other and labels.get(
                finding.other.reference, finding.other.reference),
            'other_value': finding.other and finding.other.value,
        }
        texts = {
            'range': self.env._(
                "%(reference)s, %(date)s: %(value)s %% cannot be a rate. A slip of the keyboard?",
                **values),
            'period': self.env._(
                "%(reference)s, %(date)s: a rate covers whole half-years, from 1 January or 1 July "
                "to 30 June or 31 December.", **values),
            'overlap': self.env._(
                "%(reference)s, %(date)s: another figure covers that day already (%(other_value)s "
                "%%).", **values),
            'tie': self.env._(
                "%(reference)s, %(date)s: %(value)s %% does not follow from “%(other)s” "
                "(%(other_value)s %%), which gives %(expected)s %%. One of the two was copied from "
                "a wrong page.", **values),
            'gap': self.env._(
                "%(reference)s: nothing is known for the days before %(date)s.", **values),
            'jump': self.env._(
                "%(reference)s, %(date)s: %(value)s %% after %(other_value)s %%: look twice.",
                **values),
        }
        return texts[finding.code]

    # === ACTIONS === #

    def write(self, vals):
        """A figure that changes is not the one that somebody confirmed."""
        if {'value', 'date_from', 'date_to', 'reference'} & set(vals) and 'state' not in vals:
            vals = dict(vals, state='unconfirmed', confirmed_by_id=False, confirmed_on=False)
        return super().write(vals)

    # === BUSINESS === #

    def _to_rates(self):
        """Return these rows as `tools.interest_rules.Rate`."""
        return [
            Rate(rate.reference, rate.date_from, rate.date_to, to_decimal(rate.value), rate.source)
            for rate in self]

    @api.model
    def _get_rates(self, references=None):
        """Return the confirmed rates: one query for any number of claims.

        :param references: codes; all when omitted
        :rtype: list[Rate]
        """
        domain = fields.Domain('state', '=', 'confirmed')
        if references is not None:
            domain &= fields.Domain('reference', 'in', list(references))
        # sudo: the law is no secret, whoever looks at an invoice.
        return self.sudo().search(domain)._to_rates()

    @api.model
    def _get_last_known(self, reference):
        """Return the last day for which claims can be computed, or None."""
        return find_last_known(self._get_rates([reference]), reference)
