from odoo.tests import Form, tagged

from ..connectors.errors import ConfigurationError, ConnectorError
from .provider_common import LEVANT, ProviderCommon
from .secret_scan import Listener, SecretScan
from .simulators.allianz_trade import AllianzTrade
from .simulators.atradius import Atradius
from .simulators.coface import CofaceIcon, CofaServe
from .simulators.ellisphere import Ellisphere
from .simulators.infolegale import Infolegale
from .simulators.open_data import InseeSirene
from .simulators.ratings import Creditsafe, Dnb

SIMULATORS = (
    AllianzTrade, Atradius, CofaceIcon, CofaServe, Ellisphere, Infolegale, Creditsafe, Dnb)
OPTIONS = {'business_unit': 'EHFR', 'policy_id': '700123', 'customer_id': '1',
           'policy_currency': 'EUR', 'policy_number': CofaServe.policy_number,
           'block_id': 'assessment'}
NAMES = ('api_key', 'username', 'password', 'client_secret', 'app_key', 'contract_id', 'user_id',
         'key', 'secret')


@tagged('post_install', '-at_install')
class TestProviderSecrets(SecretScan, ProviderCommon):
    """Fault 38: invented credentials are looked for everywhere they could have gone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sims = [cls.start(kind) for kind in SIMULATORS]
        cls.providers = cls.env['ar.provider'].union(*(
            cls.make_provider(sim) for sim in cls.sims))
        for option in cls.providers.option_ids:
            option.value = OPTIONS.get(option.name)
        # The register that asks for a key, and has a company looked up by its number.
        cls.insee = cls.start(InseeSirene)
        cls.sims.append(cls.insee)
        cls.providers |= cls.make_provider(cls.insee, {'api_key': InseeSirene.key})
        cls.company.ar_register_active = True
        cls.account = cls.make_account("Levant", LEVANT)
        cls.collector = cls.user('collector', 'insurance')
        cls.account.collector_id = cls.collector
        cls.insurer = cls.providers.filtered(lambda provider: provider.code == 'atradius')
        cls.atradius = next(sim for sim in cls.sims if sim.code == 'atradius')
        cls.contract = cls.env['ar.insurance.policy'].create({
            'name': "Export", 'company_id': cls.company.id, 'provider_id': cls.insurer.id,
            'insurer_id': cls.customer("Sure").id, 'currency_id': cls.company.currency_id.id,
            'date_from': '2026-01-01', 'insured_percentage': 90})

    def get_secrets(self):
        # D&B sends both in one word.
        values = super().get_secrets() | {f'{Dnb.key}:{Dnb.secret}'}
        self.assertGreater(len(values), 13)
        self.assertIn(InseeSirene.key, values)
        return values

    @staticmethod
    def repeat_secrets(sim, route='*', **fault):
        """Have the next call answered with all that its provider knows of us."""
        secrets = ' '.join(str(getattr(sim, name)) for name in NAMES if hasattr(sim, name))
        sim.fail(route, fault='status', times=1, body={
            'message': f"refused {secrets}", 'password': secrets, 'error': secrets,
            'header': {'statut': 500, 'message': secrets}, 'faultstring': secrets,
            'errors': [{'detail': secrets, 'source': {'parameter': secrets}}]}, **fault)

    def misbehave(self):
        """Make every provider repeat what it was sent, in every kind of failure."""
        for sim in self.sims:
            for status in (401, 403, 400, 500):
                self.repeat_secrets(sim, status=status)
            sim.fail(fault='drop', times=1)

    def ask_for_cover(self):
        """A collector asks; the insurer refuses in words that repeat our credentials."""
        request = self.env['ar.cover.request'].with_user(self.collector).create({
            'customer_id': self.account.id, 'policy_id': self.contract.id,
            'action': 'request', 'amount': 20000}).sudo()
        request.with_user(self.collector).action_send()
        self.assertEqual(request.state, 'queued')
        self.poll(cron='ir_cron_ar_cover_send')
        return request

    def test_no_credential_is_found_anywhere(self):
        errors = []
        with Listener() as listener:
            for provider in self.providers - self.insurer:
                self.link(provider, self.account)
            # The search below stops at its faults: what cover needs is there already.
            self.link(self.insurer, self.account, '8200001')
            for behaviour in (lambda: None, self.misbehave):
                behaviour()
                for provider in self.providers:
                    for operation, arguments in (
                            ('test_connection', ()), ('get_rating', ('1',)),
                            ('get_company', (LEVANT,)), ('search_company', ('Levant',))):
                        try:
                            self.call(provider, operation, *arguments)
                        except (ConnectorError, ConfigurationError, TypeError) as error:
                            errors.append(error)
                self.poll()
            self.env['ar.provider.health'].search([]).write({
                'problem': False, 'paused_until': False, 'blocked_key': False, 'failures': 0})
            self.atradius.faults.clear()
            self.repeat_secrets(self.atradius, 'apply', status=400)
            refused = self.ask_for_cover()
            self.assertEqual((refused.state, self.atradius.count('apply')), ('failed', 1))
            self.assertIn('***', refused.problem)
            self.assertEqual(self.ask_for_cover().state, 'answered')
        self.assertTrue(self.insee.count('siren'))
        self.assertGreater(len(errors), 6)
        self.assertGreater(len(listener.lines), 20)
        self.look_in("logs", listener.lines)
        self.look_in("exceptions", [
            f"{error!r} {error} {error.__dict__} {error.__context__!r}" for error in errors])
        self.look_in("texts for users", [
            self.providers[0]._get_error_text(error) for error in errors])
        self.look_in_tables()
        self.look_in_files()
        admin = self.look_in_exports(
            'ar.provider', 'ar.provider.link', 'ar.provider.event', 'ar.provider.error',
            'ar.cover.request', 'ar.customer')
        self.look_in_copies_and_forms(self.providers.with_user(admin))

    def look_in_copies_and_forms(self, providers):
        self.look_in("copies", [str(provider.copy_data()) for provider in providers])
        copied = providers[0].copy({'name': "Copy"})
        self.assertFalse(copied.has_credentials)
        self.assertFalse(copied.is_on)
        with Form(providers[0]) as form:
            self.look_in("forms", [str(form._values)])
