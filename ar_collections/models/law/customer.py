from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...tools.interest_rules import MissingRate, NoStatutoryClaim
from ...tools.reference_rates import check_contract_rate
from .legal_regime import DEBTORS


class ArCustomer(models.Model):
    """EXTENDS core: which law binds this customer, and what its lateness costs to date."""
    _inherit = 'ar.customer'

    # === FIELDS: LAW === #
    debtor_kind = fields.Selection(
        DEBTORS, string="Kind of debtor", tracking=True,
        help="Empty: as the contact shows. A contact that is a company, or has a tax number, is "
             "taken for a business. Of anybody else we know nothing, and claim nothing by law "
             "until you say what it is.")
    regime_id = fields.Many2one(
        'ar.legal.regime', string="Own rule of law", tracking=True, ondelete='restrict',
        domain=[('state', '=', 'confirmed')],
        help="Set it when the contract names another law.")
    effective_regime_id = fields.Many2one(
        'ar.legal.regime', string="Rule of law", compute='_compute_law')
    law_reason = fields.Char(string="Why this rule", compute='_compute_law')
    has_contract_rate = fields.Boolean(
        string="Rate agreed by contract", tracking=True,
        help="The contract or your accepted terms name a rate of late interest.")
    contract_rate = fields.Float(
        string="Contract rate (% a year)", digits=(16, 4), tracking=True, aggregator=None)
    contract_rate_warning = fields.Char(compute='_compute_contract_rate_warning')
    notice_date = fields.Date(
        string="Formal notice sent on", tracking=True,
        help="Where interest runs only after a formal notice, it runs from the day after.")
    notice_channel = fields.Selection(
        [('email', "E-mail"), ('letter', "Letter"), ('received', "Letter, day of its receipt")],
        string="Notice sent by", tracking=True,
        help="Where the law counts a letter otherwise than an e-mail. Empty: as a letter, the "
             "later of the two. Day of its receipt: where the law counts from it (Netherlands), "
             "the day noted beside is that of the receipt.")
    insolvency_date = fields.Date(
        string="Insolvency opened on", tracking=True,
        help="Date of the opening judgment: interest stops, and what falls due from then on bears "
             "no compensation.")
    stay_ids = fields.One2many('ar.interest.stay', 'customer_id', string="Agreed stays")

    # === FIELDS: MEMO === #
    late_interest_amount = fields.Monetary(
        string="Late interest to date", compute='_compute_late_claim',
        help="Memo figure: on the open overdue items, today, less what was claimed or waived. "
             "Nothing is booked before it is claimed.")
    late_compensation_amount = fields.Monetary(
        string="Compensation to date", compute='_compute_late_claim',
        help="Memo figure: per late invoice, less what was claimed or waived.")
    late_claim_note = fields.Char(compute='_compute_late_claim')
    claim_ids = fields.One2many('ar.claim', 'customer_id')
    claim_count = fields.Integer(compute='_compute_claim_count')

    _contract_rate_positive = models.Constraint(
        'CHECK(contract_rate >= 0)', "A rate of interest is not negative.")

    # === COMPUTES === #

    @api.depends('debtor_kind', 'regime_id', 'partner_id', 'company_id')
    def _compute_law(self):
        laws = self._get_laws()
        for customer in self:
            customer.effective_regime_id, customer.law_reason = laws[customer]

    @api.depends('has_contract_rate', 'contract_rate', 'contract_kind', 'contract_reference',
                 'contract_factor', 'contract_margin', 'effective_regime_id')
    def _compute_contract_rate_warning(self):
        for customer in self:
            customer.contract_rate_warning = customer._get_contract_rate_warning()

    def _get_contract_rate_warning(self):
        """Return in words why the contract rate is unlawful, or False; it is never altered."""
        return self.has_contract_rate and self._check_contract_rate(self._to_contract())

    def _check_contract_rate(self, contract):
        """Return in words why an agreed rate is unlawful today for this customer, or False.

        :param contract: `ContractRate`; one that follows an index is looked at as it stands today
        """
        regime = self.effective_regime_id
        if not regime:
            return False
        today = self.company_id._get_ar_today()
        try:
            rate = contract.find(
                self.env['ar.reference.rate']._get_rates([contract.reference])
                if contract.fixed is None else (), today)
        except MissingRate:
            return self.env._(
                "The contract rate is not known today: its reference rate was not entered or not "
                "confirmed. Nothing is claimed before it is.")
        try:
            floor, cap = regime._get_contract_limits(today)
        except MissingRate:
            return self.env._(
                "The floor of contract rates cannot be checked: the reference rate of today is "
                "not known or not confirmed.")
        found = check_contract_rate(rate, floor, cap)
        if found == 'floor':
            return self.env._(
                "%(rate)s %% is below the lawful floor of %(floor)s %% (%(rule)s).",
                rate=rate, floor=floor, rule=regime.name)
        if found == 'cap':
            return self.env._(
                "%(rate)s %% is above the lawful cap of %(cap)s %% (%(rule)s).",
                rate=rate, cap=cap, rule=regime.name)
        return False

    @api.depends('overdue_amount', 'debtor_kind', 'regime_id', 'has_contract_rate',
                 'contract_rate', 'contract_kind', 'contract_reference', 'contract_factor',
                 'contract_margin', 'notice_date', 'notice_channel', 'insolvency_date',
                 'claim_ids.state')
    def _compute_late_claim(self):
        """A few queries per company, however many customers are shown."""
        self.update({
            'late_interest_amount': 0.0, 'late_compensation_amount': 0.0,
            'late_claim_note': False})
        engine = self.env['ar.interest.engine']
        for company, customers in self.filtered('id').grouped('company_id').items():
            today = company._get_ar_today()
            by_id = {customer._origin.id: customer for customer in customers}
            for claim in engine._get_item_claims(customers._origin, today):
                customer = by_id[claim.customer_id]
                if claim.reason:
                    customer.late_claim_note = engine._describe_reason(claim)
                    continue
                currency = self.env['res.currency'].browse(claim.currency_id)
                for name, amount in (('late_interest_amount', claim.interest),
                                     ('late_compensation_amount', claim.compensation)):
                    customer[name] += currency._convert(
                        float(amount), company.currency_id, company, today)

    def _compute_claim_count(self):
        counts = dict(self.env['ar.claim']._read_group(
            [('customer_id', 'in', self.ids)], ['customer_id'], ['__count']))
        for customer in self:
            customer.claim_count = counts.get(customer._origin, 0)

    # === WHICH LAW === #

    def _get_laws(self):
        """Return {customer: (rule or empty, why)}: one query for any number of customers.

        Between businesses the law of the seller applies unless the contract says otherwise;
        consumers keep the law of their country, and public bodies pay by theirs (regulation
        593/2008 "Rome I", articles 4 and 6).
        """
        # sudo: the law is no secret.
        Regime = self.env['ar.legal.regime'].sudo()
        regimes = Regime.search(fields.Domain.TRUE)
        laws = {}
        for customer in self:
            try:
                regime, reason = customer._pick_law(regimes)
            except NoStatutoryClaim as error:
                regime, reason = Regime, self._describe_no_law(error.reason)
            laws[customer] = (regime.sudo(False), reason)
        return laws

    def _pick_law(self, regimes):
        if self.regime_id:
            if self.regime_id.sudo().state != 'confirmed':
                raise NoStatutoryClaim('unconfirmed')
            if self._get_debtor()[0] == 'consumer' and self.regime_id.sudo().debtor != 'consumer':
                raise NoStatutoryClaim('consumer')
            return self.regime_id.sudo(), self.env._("Chosen on this customer.")
        debtor, why = self._get_debtor()
        if not debtor:
            raise NoStatutoryClaim('debtor')
        own = self.partner_id.country_id
        country = self.company_id.country_id if debtor == 'business' else own
        if not own or not country:
            raise NoStatutoryClaim('country')
        found = regimes.filtered(lambda r: r.country_id == country and (
            r.debtor == debtor or debtor == 'public' and r.also_public))
        exact = found.filtered(lambda r: r.debtor == debtor) or found
        if not exact:
            raise NoStatutoryClaim('regime')
        confirmed = exact.filtered(lambda r: r.state == 'confirmed')
        if not confirmed:
            raise NoStatutoryClaim('unconfirmed')
        return confirmed[0], why

    def _get_debtor(self):
        """Return (kind of debtor or None, why)."""
        if self.debtor_kind:
            return self.debtor_kind, self.env._("The kind of debtor was set by hand.")
        return self.partner_id._ar_guess_debtor()

    def _describe_no_law(self, reason):
        return {
            'country': self.env._("No claim by law: the country is not known."),
            'debtor': self.env._(
                "No claim by law: nothing shows that this customer is a business. Say what it is "
                "under “Kind of debtor”."),
            'consumer': self.env._(
                "No claim by law: the rule chosen on this customer is not for consumers. Choose "
                "another one, or correct the “Kind of debtor”."),
            'regime': self.env._("No claim by law: no rule is known for this country and debtor."),
            'unconfirmed': self.env._(
                "No claim by law: nobody has confirmed the rule for this country and debtor."),
        }[reason]

    # === ACTIONS === #

    def action_new_claim(self):
        """Prepare the statement of late interest to date, one draft per currency."""
        self.ensure_one()
        self.env['ar.claim'].check_access('create')
        claims = self.env['ar.claim']._prepare_for(self, self.company_id._get_ar_today())
        if not claims:
            raise UserError(self._tell_no_claim() or self.late_claim_note or self.env._(
                "There is nothing to claim: no open item is late, or all was claimed already."))
        return claims._get_action()

    def action_view_claims(self):
        """Open the statements of late interest of this customer."""
        self.ensure_one()
        return self.claim_ids._get_action()

    def _absorb(self, other):
        """EXTENDS core: claims and stays follow."""
        other.claim_ids.write({'customer_id': self.id})
        other.stay_ids.write({'customer_id': self.id})
        return super()._absorb(other)


class ArInterestStay(models.Model):
    """Days without interest, because both sides agreed so."""
    _name = 'ar.interest.stay'
    _description = "Agreed stay of interest"
    _order = 'date_from desc, id desc'

    customer_id = fields.Many2one('ar.customer', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="To", required=True, help="Included.")
    reason = fields.Char(required=True, help="Printed on the statement of interest.")

    _dates = models.Constraint(
        'CHECK(date_to >= date_from)', "A stay ends after it begins.")

    @api.depends('date_from', 'date_to')
    def _compute_display_name(self):
        for stay in self:
            stay.display_name = self.env._(
                "%(from)s to %(to)s", **{
                    'from': format_date(self.env, stay.date_from),
                    'to': format_date(self.env, stay.date_to)})
