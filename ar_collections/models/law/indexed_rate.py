from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ...tools.contract_rates import ContractRate, Limits, flag_segment
from ...tools.interest_rules import InterestError, to_decimal
from .reference_rate import REFERENCES

KINDS = [('fixed', "Fixed"), ('indexed', "Follows a reference rate")]


class ArIndexedRate(models.AbstractModel):
    """A contract rate that follows a published rate: mixed into what may carry one.

    Nullable columns: empty means a fixed rate, as rows made before had.
    """
    _name = 'ar.indexed.rate'
    _description = "Contract rate"

    contract_kind = fields.Selection(KINDS, string="Contract rate is")
    contract_reference = fields.Selection(REFERENCES, string="Reference rate of the contract")
    contract_factor = fields.Float(
        string="Times", digits=(16, 4), aggregator=None,
        help="The reference rate is multiplied by it first, e.g. 3 for three times the legal "
             "rate. Empty: once.")
    contract_margin = fields.Float(
        string="Points of the contract", digits=(16, 4), aggregator=None,
        help="Added to the reference rate, e.g. 12 for “ECB + 12 points”.")

    @api.constrains('contract_kind', 'contract_reference', 'contract_factor')
    def _check_contract_formula(self):
        for record in self.filtered(lambda one: one.contract_kind == 'indexed'):
            try:
                record._to_contract().check()
            except InterestError as error:
                raise ValidationError(self.env._(
                    "Choose the reference rate that the contract follows, and a factor above "
                    "zero.")) from error

    def _get_fixed_rate(self):
        """Hook: return the percentage of a fixed rate."""
        raise NotImplementedError(f"{self._name} does not say its fixed rate")

    def _to_contract(self):
        """Return the agreed rate as `tools.contract_rates.ContractRate`."""
        self.ensure_one()
        if self.contract_kind != 'indexed':
            return ContractRate(fixed=to_decimal(self._get_fixed_rate()))
        return ContractRate(
            reference=self.contract_reference or None,
            factor=to_decimal(self.contract_factor) if self.contract_factor else to_decimal(1.0),
            margin=to_decimal(self.contract_margin))

    @api.model
    def _get_formula_vals(self, contract):
        """Return the values of this mixin for a `ContractRate`, or for none."""
        indexed = contract is not None and contract.fixed is None
        return {
            'contract_kind': contract and ('indexed' if indexed else 'fixed'),
            'contract_reference': contract.reference if indexed else False,
            'contract_factor': float(contract.factor) if indexed else 0.0,
            'contract_margin': float(contract.margin) if indexed else 0.0}

    @api.model
    def _describe_contract(self, contract):
        """Return an agreed rate in words, in the language of the context: rate or formula."""
        write_rate = self.env['ar.claim']._format_rate
        if contract.fixed is not None:
            return self.env._("%s %% a year", write_rate(contract.fixed))
        labels = dict(self.env['ar.reference.rate']._fields['reference']
                      ._description_selection(self.env))
        values = {
            'reference': labels.get(contract.reference, contract.reference),
            'factor': f"{contract.factor.normalize():f}", 'margin': write_rate(contract.margin)}
        if contract.factor != 1 and contract.margin:
            return self.env._("%(factor)s × (%(reference)s) + %(margin)s points", **values)
        if contract.factor != 1:
            return self.env._("%(factor)s × (%(reference)s)", **values)
        return self.env._("%(reference)s + %(margin)s points", **values)


class ArCustomer(models.Model):
    _name = 'ar.customer'
    _inherit = ['ar.customer', 'ar.indexed.rate']

    contract_kind = fields.Selection(tracking=True)
    contract_reference = fields.Selection(tracking=True)
    contract_factor = fields.Float(tracking=True)
    contract_margin = fields.Float(tracking=True)

    def _get_fixed_rate(self):
        """EXTENDS law."""
        return self.contract_rate

    def _get_contract(self):
        """Return the `ContractRate` of this customer, or None; consumers owe none."""
        self.ensure_one()
        return self._to_contract() if self.has_contract_rate else None


class ArContractRate(models.Model):
    _name = 'ar.contract.rate'
    _inherit = ['ar.contract.rate', 'ar.indexed.rate']

    def _get_fixed_rate(self):
        """EXTENDS law."""
        return self.rate


class ArClaim(models.Model):
    """The formula of the customer's contract, as it was when the statement was made."""
    _name = 'ar.claim'
    _inherit = ['ar.claim', 'ar.indexed.rate']

    def _get_fixed_rate(self):
        """EXTENDS law."""
        return self.contract_rate

    def _get_flag_text(self, segment):
        """Return in words what is wrong with the agreed rate of a segment, or ''.

        :param dict segment: as `ar.claim.line._get_segments` returns it
        """
        limit = segment.get('limit') and self._format_rate(segment['limit'])
        if segment.get('flag') == 'floor':
            return self.env._("below the lawful floor of %s %%", limit)
        if segment.get('flag') == 'cap':
            return self.env._("above the lawful cap of %s %%", limit)
        # A floor that nobody entered is a matter of ours: the warning of the statement tells it.
        return ''


class ArLegalRegime(models.Model):
    _inherit = 'ar.legal.regime'

    def _get_limits(self):
        """Return the limits of contract rates as `tools.contract_rates.Limits`."""
        self.ensure_one()
        return Limits(
            self.floor_reference or None, to_decimal(self.floor_factor),
            to_decimal(self.cap_rate) if self.cap_rate else None)


class ArInterestEngine(models.AbstractModel):
    """EXTENDS law: each line of a statement at an agreed rate says whether it is lawful."""
    _inherit = 'ar.interest.engine'

    @api.model
    def _get_flags(self, claim, rates):
        """Return {index of the segment: Flag} of an item at an agreed rate.

        :param claim: `ItemClaim` with a statement
        :param rates: list of `Rate`, all references
        """
        if claim.contract is None:
            return {}
        limits = self.env['ar.legal.regime'].sudo().browse(claim.regime_id)._get_limits()
        flags = {}
        for index, segment in enumerate(claim.statement.segments):
            flag = segment.rule == 'rate' and flag_segment(
                segment.date_from, segment.date_to, segment.rate, limits, rates)
            if flag:
                flags[index] = flag
        return flags

    @api.model
    def _describe_flags(self, claim):
        """Return in words what is wrong with the agreed rate of an item, line by line."""
        write_rate = self.env['ar.claim']._format_rate
        texts = []
        for index, flag in sorted(claim.flags.items()):
            segment = claim.statement.segments[index]
            values = {
                'name': claim.name, 'from': format_date(self.env, segment.date_from),
                'to': format_date(self.env, segment.date_to), 'rate': write_rate(segment.rate),
                'limit': write_rate(flag.limit) if flag.limit is not None else '',
                'since': format_date(self.env, flag.since)}
            texts.append({
                'floor': self.env._(
                    "%(name)s, %(from)s to %(to)s: the agreed %(rate)s %% is below the lawful "
                    "floor of %(limit)s %% from %(since)s on.", **values),
                'cap': self.env._(
                    "%(name)s, %(from)s to %(to)s: the agreed %(rate)s %% is above the lawful "
                    "cap of %(limit)s %%.", **values),
                'unknown': self.env._(
                    "%(name)s, %(from)s to %(to)s: the floor of contract rates is not known from "
                    "%(since)s on.", **values),
            }[flag.code])
        return texts


class ResCompany(models.Model):
    _inherit = 'res.company'

    def _get_ar_contract_references(self):
        """Return {reference rate: customer or invoice rate that follows it} of this company."""
        self.ensure_one()
        used = {}
        # sudo: whoever enters rates need not see the customers.
        for customer in self.env['ar.customer'].sudo().search([
                ('company_id', '=', self.id), ('has_contract_rate', '=', True),
                ('contract_kind', '=', 'indexed')]):
            used.setdefault(customer.contract_reference, customer)
        for row in self.env['ar.contract.rate'].sudo().search([
                ('company_id', '=', self.id), ('contract_kind', '=', 'indexed')]):
            used.setdefault(row.contract_reference, row.customer_id)
        return used
