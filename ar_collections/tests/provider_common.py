"""Providers as records, asked over real HTTP: simulators on this machine, no mock of Odoo."""
import contextlib
import os
from unittest.mock import patch

from odoo.addons.ar_collections.models.insurance import provider_memory

from .common import CollectionsCommon
from .local_http import LocalHttp

# The companies that all simulators know.
LEVANT, AUBE, MIDI = '012345674', '002003002', '031000425'


def make_siren(number):
    """Return an invented SIREN with a right check digit."""
    return next(
        digits for digits in (f'09{number:06}{last}' for last in range(10))
        if sum((2 * x - 9 if 2 * x > 9 else 2 * x) if place % 2 else x for place, x in
               enumerate(map(int, reversed(digits)))) % 10 == 0)


class ProviderCommon(LocalHttp, CollectionsCommon):
    """A house with customers whom the simulators know, and ways to make accounts and poll."""

    # The scheduled action that reads the provider.
    poll_cron = 'ir_cron_ar_provider_poll'

    @classmethod
    def start(cls, simulator_class):
        """Start a simulator for the class."""
        simulator = simulator_class().start()
        cls.addClassCleanup(simulator.stop)
        return simulator

    @classmethod
    def make_provider(cls, simulator, credentials=None, **vals):
        """Create an account at a simulator, with its invented credentials, switched on."""
        provider = cls.env['ar.provider'].create({
            'name': simulator.code, 'code': simulator.code, 'company_id': cls.company.id,
            'is_on': True, 'simulator_url': simulator.url, 'test_counts': True,
            'daily_budget': 100, **vals})
        fields = provider._get_client_class().credential_fields
        provider._set_credentials(credentials or {
            name: getattr(simulator, name) for name in fields})
        return provider

    def confirm(self, provider, capability):
        provider.operation_ids.filtered(
            lambda operation: operation.capability == capability).confirmed = True

    @classmethod
    def confirm_scales(cls):
        """Confirm the lines of all scales, as a credit manager does who has compared them."""
        cls.env['ar.rating.scale'].search([]).filtered('band_ids').action_confirm()

    @classmethod
    def make_account(cls, name, siren=None, **vals):
        """Create a French customer with a SIREN; return its account."""
        partner = cls.customer(
            name, company_registry=siren, country_id=cls.env.ref('base.fr').id, **vals)
        return cls.env['ar.customer']._get_or_create(partner, cls.company)

    @classmethod
    def link(cls, provider, account, number=None):
        """Create a link, to be searched when no number is given."""
        return cls.env['ar.provider.link'].create({
            'provider_id': provider.id, 'customer_id': account.id,
            **({'external_id': number} if number else {})})

    def setUp(self):
        super().setUp()
        allowed = patch.dict(os.environ, {'AR_COLLECTIONS_SIMULATORS': '1'})
        allowed.start()
        self.addCleanup(allowed.stop)
        self.patch(self.registry['ar.provider'], '_get_client_tools',
                   lambda model: {'sleep': lambda seconds: None, 'timeouts': (2.0, 2.0)})
        self.forget_process()

    @staticmethod
    def forget_process():
        """Forget what lives in memory, as another process knows nothing of it."""
        provider_memory._TOKENS.__init__()
        provider_memory.LIMITER.__init__()

    @contextlib.contextmanager
    def as_job(self):
        """New cursors share the transaction of the test; in a browser test they do already."""
        if type(self)._registry_patched:
            self.env.flush_all()
            yield
            self.env.invalidate_all()
            return
        with self.enter_registry_test_mode():
            yield

    def poll(self, day=None, cron=None):
        """Run the scheduled action, on another day if one is given, or that of others."""
        if day:
            self.go(day)
        with self.as_job():
            self.env.ref(f'ar_collections.{cron or self.poll_cron}').method_direct_trigger()
        self.env.invalidate_all()

    def call(self, provider, operation, *args, **kwargs):
        """Call an operation as a job does."""
        try:
            with self.as_job():
                return provider._call(operation, *args, **kwargs)
        finally:
            self.env.invalidate_all()

    def refused(self, kind, provider, operation, *args, **kwargs):
        """Call an operation that fails; return its error. What the call noted is kept: Odoo's
        own `assertRaises` would roll it back."""
        try:
            self.call(provider, operation, *args, **kwargs)
        except kind as error:
            return error
        return self.fail(f"{kind} was not raised")

    def health(self, provider):
        """Return the row that tells how an account is doing."""
        return self.env['ar.provider.health'].search([('provider_id', '=', provider.id)])
