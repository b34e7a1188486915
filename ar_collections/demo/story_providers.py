"""Accounts at invented providers: the simulators of `make demo` answer for them."""
from datetime import timedelta

from odoo import Command, api, models

from ..models.insurance.provider_register import Standing

# Code, name, credentials and options that the simulators accept. All of it is invented.
PROVIDERS = [
    ('allianz_trade', "Allianz Trade (simulated)", {'api_key': 'canary-allianz-key-91c4'},
     {'business_unit': 'EHXX', 'policy_id': '900100', 'policy_currency': 'EUR'}),
    ('atradius', "Atradius (simulated)", {
        'client_id': 'canary-atradius-id-55', 'client_secret': 'canary-atradius-secret-a7f',
        'app_key': 'canary-atradius-app-c31'},
     {'customer_id': '700', 'policy_id': '700123', 'policy_currency': 'EUR'}),
    ('coface_icon', "Coface iCON (simulated)", {
        'api_key': 'canary-coface-key-0d2', 'username': 'canary-coface-user',
        'password': 'canary-coface-pass-6e1'}, {}),
    ('infolegale', "Infolegale (simulated)", {
        'username': 'canary-infolegale-user', 'password': 'canary-infolegale-pass-88d'}, {}),
    ('ellisphere', "Ellisphere (simulated)", {
        'contract_id': 'canary-ellisphere-contract', 'user_id': 'canary-ellisphere-user',
        'password': 'canary-ellisphere-pass-<3&'}, {}),
    ('creditsafe', "Creditsafe (simulated)", {
        'username': 'canary-creditsafe-user', 'password': 'canary-creditsafe-pass-3b3'}, {}),
    ('gleif', "GLEIF (simulated)", {}, {}),
    ('recherche_entreprises', "Company register (simulated)", {}, {}),
]
# A customer and its SIREN; the simulated register says that it closed some days ago.
GONE = ('refus', '073110207')
# Customer, provider, its number there, and what it said some days ago.
LINKS = [
    ('petit', 'infolegale', '012345674', ('infolegale_score', '17', "Risque très faible", 40)),
    ('petit', 'creditsafe', 'FR-0-012345674', ('creditsafe_score', '74', "A", 12)),
    ('martin', 'creditsafe', 'FR-0-002003002', ('creditsafe_score', '52', "B", 200)),
    ('martin', 'creditsafe', 'FR-0-002003002', ('creditsafe_score', '18', "D", 6)),
    ('durand', 'ellisphere', '4400001', ('ellisphere_score', '7', "B", 25)),
    ('lopez', 'coface_icon', 'ICO0000000101', None),
    # Two customers of one invented family: a credit group is proposed when the register is read.
    ('petit', 'gleif', '000000LEVANT00000181', None),
    ('martin', 'gleif', '000000AUBE0000000144', None),
]
# What rests on an assumption: the simulators of the demonstration answer as assumed.
CONFIRMED = [('atradius', 'change_cover'), ('coface_icon', 'find_request'),
             ('creditsafe', 'list_changes')]


class ArDemoStory(models.AbstractModel):
    """EXTENDS demo: accounts at providers, some customers linked, one whose rating fell."""
    _inherit = 'ar.demo.story'

    @api.model
    def _tell_providers(self, company, partners):
        """Create the accounts, switched off: `make demo` starts the simulators, then them.

        :return: {code: `ar.provider`}
        """
        today, providers = company._get_ar_today(), {}
        for code, name, credentials, options in PROVIDERS:
            provider = self.env['ar.provider'].create({
                'name': name, 'code': code, 'company_id': company.id, 'environment': 'test',
                'test_counts': True, 'daily_budget': 50})
            self.env['ir.model.data'].create({
                'module': 'ar_collections', 'name': f'demo_provider_{code}',
                'model': 'ar.provider', 'res_id': provider.id, 'noupdate': True})
            provider._set_credentials(credentials)
            for option in provider.option_ids:
                option.value = options.get(option.name)
            providers[code] = provider
        # As the administrator and the credit manager of this house would, who have compared the
        # assumptions with the contracts.
        for code, operation in CONFIRMED:
            providers[code].operation_ids.filtered(
                lambda row, operation=operation: row.capability == operation).confirmed = True
        self.env['ar.provider'].union(*providers.values()).unconfirmed_scale_ids.filtered('band_ids').action_confirm()
        for key, code, number, said in LINKS:
            customer = self.env['ar.customer']._get_or_create(partners[key], company)
            link = self._link(providers[code], customer, number)
            if said:
                scale, value, label, days = said
                day = today - timedelta(days=days)
                rating = self.env['ar.rating'].create({
                    'customer_id': customer.id, 'provider_id': providers[code].id,
                    'link_id': link.id, 'scale': scale, 'value': value, 'label': label,
                    'rated_on': day, 'seen_on': day, 'environment': 'simulator',
                    'confidence': 'documented'})
                self.env['ar.provider.event']._record(providers[code], f'rating:{rating.id}', {
                    'kind': 'rating', 'link_id': link.id, 'customer_id': customer.id,
                    'external_id': number, 'code': scale, 'summary': f'{value} {label}',
                    'happened_on': day, 'rating_id': rating.id, 'environment': 'simulator',
                    'state': 'done'})
        self._offer_candidates(providers['ellisphere'], partners['gare'], company)
        self._watch_register(providers['recherche_entreprises'], partners, company)
        return providers

    def _watch_register(self, provider, partners, company):
        """A customer that the register called active yesterday: its closure arrives with the next
        poll. No real register is asked, as the company has a simulated one."""
        key, siren = GONE
        company.ar_register_active = True
        partners[key].company_registry = siren
        customer = self.env['ar.customer']._get_or_create(partners[key], company)
        customer._take_register(provider, siren, Standing('active', name=partners[key].name))
        customer.register_checked_on = company._get_ar_today() - timedelta(days=1)

    def _link(self, provider, customer, number):
        link = customer.provider_link_ids.filtered(lambda link: link.provider_id == provider)
        return link or self.env['ar.provider.link'].create({
            'provider_id': provider.id, 'customer_id': customer.id, 'external_id': number})

    def _offer_candidates(self, provider, partner, company):
        """Two companies of a similar name: a person picks."""
        customer = self.env['ar.customer']._get_or_create(partner, company)
        link = self.env['ar.provider.link'].create({
            'provider_id': provider.id, 'customer_id': customer.id, 'state': 'choose',
            'evidence_value': partner.name, 'message': "A person picks the right company."})
        link.candidate_ids = [Command.create({
            'external_id': number, 'name': name, 'city': city, 'zip': code, 'country_code': 'FR',
            'state': state, 'found_by': 'name'})
            for number, name, city, code, state in (
                ('4400071', "CAFE DE LA GARE", "CHAMBERY", '73000', 'active'),
                ('4400072', "CAFE DE LA GARE ET DU LAC", "AIX-LES-BAINS", '73100', 'active'),
                ('4400073', "CAFE DE LA GARE", "CHAMBERY", '73000', 'closed'))]
