from functools import partial

from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

from odoo import fields, models
from odoo.exceptions import UserError

from ...connectors.numbers import compact, find_siren
from .provider_codes import BILLED, get_questions

# Module of python-stdnum that checks the company number of a country; no check, no automatic link.
REGISTERS = {
    'AT': 'businessid', 'BE': 'vat', 'CH': 'uid', 'DK': 'cvr', 'FI': 'ytunnus', 'NO': 'orgnr',
    'PL': 'regon', 'SE': 'orgnr',
}
# A company that a provider does not know is not asked for again at once: it may be billed.
MISSING_DAYS = 30


class ArProviderLink(models.Model):
    """Finding a customer at a provider: number first, then VAT, then a name that a person picks."""
    _inherit = 'ar.provider.link'

    # === ACTIONS === #

    def action_search_again(self):
        """Have these customers searched at the provider: within a minute, outside this request."""
        self.check_access('write')
        if self.filtered(lambda link: link.state == 'linked'):
            raise UserError(self.env._("A linked customer is not searched again: unlink it first."))
        self.customer_id._check_inquiry()
        self.sudo().write({
            'state': 'waiting', 'asked_at': False, 'next_try_at': False, 'message': False})
        self.env['ar.provider']._trigger_poll()
        return True

    def action_ask_rating(self):
        """Have the rating read again by the next poll, within a minute. It may be billed."""
        self.check_access('write')
        linked = self.filtered(lambda link: link.state == 'linked')
        if not linked:
            raise UserError(self.env._("Link the customer to a company of the provider first."))
        linked.customer_id._check_inquiry()
        linked.sudo().write({
            'rating_wanted': True, 'asked_at': False, 'next_try_at': False, 'message': False})
        self.env['ar.provider']._trigger_poll()
        return True

    # === SEARCHING === #

    def _get_numbers(self):
        """Return (country code, {kind: number}) of the customer; numbers are checked first."""
        self.ensure_one()
        partner = self.customer_id.partner_id
        country = partner.country_id.code or ''
        numbers = {}
        if country in ('', 'FR'):
            siren = find_siren(partner.company_registry, partner.vat)
            if siren:
                country, numbers['siren'] = 'FR', siren
        registration = compact(partner.company_registry)
        if registration and country in REGISTERS:
            if _is_valid(get_cc_module(country.lower(), REGISTERS[country]), registration):
                numbers['registration'] = registration
        vat = compact(partner.vat)
        prefix = {'EL': 'GR'}.get(vat[:2], vat[:2])
        if vat[:2].isalpha() and _is_valid(get_cc_module(prefix.lower(), 'vat'), vat):
            numbers['vat'] = vat
            country = country or prefix
        return country, numbers

    def _search_company(self, client):
        """Ask the provider for this customer; it is linked when a number finds one company.

        :return: function without arguments that writes what follows: that may have to be done
            again, and the search may have been billed
        :raise ConnectorError: of the call
        """
        self.ensure_one()
        if self.customer_id._get_inquiry_refusal():
            return self._is_inquiry_refused
        provider, partner = self.provider_id, self.customer_id.partner_id
        country, numbers = self._get_numbers()
        questions = get_questions(
            provider.code, client.options, country, numbers, partner.name, partner.zip)
        if not questions:
            return partial(self._set_missing, self.env._(
                "%s cannot be asked with what is known of this customer: fill in its country and "
                "a company number, or type in the provider's number.", provider.name))
        for question in questions:
            found = provider._call('search_company', client=client, **question.arguments)
            if not found.companies:
                continue
            company = found.certain
            if company and question.by != 'name' and self._is_same_country(company, country):
                return partial(
                    self._set_linked, company.provider_id, company.name, question.by,
                    question.value, environment=found.meta.environment if found.meta else False)
            return partial(self._set_candidates, found, question)
        return partial(
            self._set_missing, self.env._("%s does not know this customer.", provider.name))

    def _take_search(self, keep):
        """Write what follows from a search, unless a person was quicker.

        :param keep: of `_search_company`
        """
        self.ensure_one()
        if self.exists() and self.state == 'waiting':
            keep()
            self.write({'asked_at': False, 'failures': 0})

    def _is_inquiry_refused(self):
        """Return whether nobody may be asked about this customer; then the link says why.

        A search waits for a person, a linked customer is looked at again the next day: a reason
        may have been recorded.
        """
        self.ensure_one()
        refusal = self.customer_id._get_inquiry_refusal()
        if not refusal:
            return False
        self.write({
            'message': refusal, 'asked_at': False,
            'next_try_at': fields.Datetime.add(fields.Datetime.now(), days=1),
            **({'state': 'stopped'} if self.state == 'waiting' else {})})
        return True

    @staticmethod
    def _is_same_country(company, country):
        return not company.address.country or not country or company.address.country == country

    def _set_missing(self, message):
        self.candidate_ids.unlink()
        self.write({
            'state': 'missing', 'message': message,
            'next_try_at': fields.Datetime.add(fields.Datetime.now(), days=MISSING_DAYS)})

    def _set_candidates(self, found, question):
        """Keep what was offered, for a person."""
        self.candidate_ids.unlink()
        self.env['ar.provider.candidate'].create([{
            'link_id': self.id, 'external_id': company.provider_id, 'name': company.name,
            'street': company.address.street, 'zip': company.address.postal_code,
            'city': company.address.city, 'country_code': company.address.country,
            'numbers': ", ".join(f"{x.kind} {x.value}" for x in company.identifiers if x.value),
            'state': {True: 'active', False: 'closed', None: 'unknown'}[company.active],
            'found_by': company.reason if company.reason in ('id', 'number', 'name') else 'name',
            'score': float(company.score or 0),
        } for company in found.companies])
        message = self.env._("A person picks the right company.")
        if not found.complete:
            message = self.env._("Not all companies found are shown. ") + message
        self.write({
            'state': 'choose', 'evidence_value': question.value, 'message': message,
            'environment': found.meta.environment if found.meta else False})

    def _is_search_billed(self):
        return 'search_company' in BILLED.get(self.provider_id.code, ())


class ArCustomer(models.Model):
    """EXTENDS core: what providers call this customer."""
    _inherit = 'ar.customer'

    provider_link_ids = fields.One2many(
        'ar.provider.link', 'customer_id', string="At providers")

    def action_find_at_providers(self):
        """Have these customers searched at every provider that is switched on."""
        if not self.env.user.has_group('ar_collections.group_ar_collector'):
            raise UserError(self.env._("Only a collector of all customers links to providers."))
        self.check_access('read')
        allowed = self.filtered(lambda customer: not customer._get_inquiry_refusal())
        if not allowed:
            self._check_inquiry()
        providers = self.env['ar.provider'].search([('is_on', '=', True)]).filtered('has_search')
        if not providers:
            raise UserError(self.env._(
                "No provider is switched on. An administrator creates one under Insurance ▸ "
                "Providers."))
        count = 0
        for provider in providers:
            mine = allowed.filtered(
                lambda customer, provider=provider: provider.company_id in (
                    customer.company_id.parent_ids))
            count += provider._link_customers(mine.ids)
        message = self.env._(
            "%s searches are waiting. They run within a minute; look at Insurance ▸ "
            "Links for those where a person must pick.", count)
        if self - allowed:
            message += " " + self.env._(
                "%s natural persons were left out: their page “Late interest” says why.",
                len(self - allowed))
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
                'type': 'success', 'title': self.env._("Find at providers"),
                'message': message}}

    def _absorb(self, other):
        """EXTENDS core: links and ratings follow; of two links to one provider the kept one stays.
        """
        known = self.provider_link_ids.provider_id
        moving = other.provider_link_ids.filtered(lambda link: link.provider_id not in known)
        moving.sudo().customer_id = self
        ratings = self.env['ar.rating'].sudo().search([('customer_id', '=', other.id)])
        ratings.customer_id = self
        events = self.env['ar.provider.event'].sudo().search([('customer_id', '=', other.id)])
        events.customer_id = self
        result = super()._absorb(other)
        self._refresh_external_ratings()
        return result


def _is_valid(module, number):
    try:
        return bool(module and module.validate(number))
    except ValidationError:
        return False
