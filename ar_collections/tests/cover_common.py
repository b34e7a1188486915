"""Builders of the cover tests: a policy, insurers simulated over real HTTP, decisions in words."""
import os
import time
from decimal import Decimal
from unittest.mock import patch

from odoo import Command, fields

from ..connectors.results import (
    Cover,
    CoverStatus,
    Layer,
    LayerKind,
    Money,
)
from ..models.insurance import provider_memory
from .credit_common import BlockCommon
from .local_http import LocalHttp
from .simulators.server import EPOCH


class CoverCommon(LocalHttp, BlockCommon):
    """One policy of the main company, 90 % of tax-free amounts, and the buyer as its customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.env['ar.customer']._get_or_create(cls.buyer, cls.company)
        cls.collector = cls.user(
            'collector', 'insurance', company_ids=[Command.set(cls.companies.ids)])
        cls.account.collector_id = cls.collector
        cls.insurer = cls.env['res.partner'].create({'name': "Sure Insurance", 'is_company': True})
        cls.contract = cls.make_policy()

    @classmethod
    def make_policy(cls, **vals):
        return cls.env['ar.insurance.policy'].create({
            'name': "Export", 'company_id': cls.company.id, 'insurer_id': cls.insurer.id,
            'currency_id': cls.company.currency_id.id, 'date_from': '2026-01-01',
            'insured_percentage': 90, 'earlier_covered': 'yes', 'vat_covered': 'yes', **vals})

    def decide(self, status, amount=None, *, customer=None, policy=None, kind='permanent',
               asked=None, only=None, **more):
        """Apply a decision as if it had been read from the insurer."""
        policy = policy or self.contract
        layers = more.pop('layers', None)
        if layers is None:
            layers = () if amount is None else (Layer(
                LayerKind(kind), Money(Decimal(str(amount)), policy.currency_id.name),
                more.pop('valid_from', None), more.pop('valid_until', None),
                more.pop('percentage', None)),)
        day = more.pop('day', None) or fields.Date.today()
        return self.env['ar.cover']._apply(
            policy, customer or self.account, Cover(
                more.pop('cover_id', 'C1'), CoverStatus(status), more.pop('code', ''),
                buyer_id=more.pop('buyer_id', ''), layers=layers,
                decided_on=fields.Date.to_date(day), **more), asked=asked, only=only)

    def covered(self, day, cover=None):
        """Return what covers a delivery of a day."""
        cover = cover or self.env['ar.cover'].search([
            ('customer_id', '=', self.account.id), ('kind', '=', 'named')])
        return cover._get_amounts(fields.Date.to_date(day)).get(cover.id, 0.0)

    def insured(self, date, moves=None):
        """Return {document: insured part} at a day, items without any left out."""
        self.env.flush_all()
        rows = self.env.execute_query(self.env['ar.cover']._get_insured_query(
            self.company, fields.Date.to_date(date)))
        lines = {line_id: float(amount) for line_id, _company, _partner, amount in rows}
        return {line.move_id: amount for line in self.env['account.move.line'].browse(
            list(lines)) if (amount := lines[line.id])}

    # === PROVIDERS === #

    def go(self, date, hour='09:00:00'):
        """Move the clock to a day, here and at the insurer."""
        result = super().go(date, hour)
        if hasattr(self, 'sim'):
            self.set_clock(self.sim)
        return result

    def set_clock(self, simulator):
        simulator.offset = fields.Datetime.now().timestamp() - EPOCH

    def make_provider(self, simulator, code, credentials, options):
        """Create a provider that speaks to a simulator, and let the policy ask it."""
        self.enterContext(patch.dict(os.environ, {'AR_COLLECTIONS_SIMULATORS': '1'}))
        provider_memory._TOKENS.__init__()
        provider_memory.LIMITER.__init__()
        self.set_clock(simulator)
        self.patch(
            self.registry['ar.provider'], '_get_client_tools',
            # The clock of the process, looked up at each call: it may stand still.
            lambda model: {'sleep': lambda seconds: None, 'timeouts': (5.0, 1.5),
                           'clock': lambda: time.time()})
        provider = self.env['ar.provider'].create({
            'name': code, 'code': code, 'company_id': self.company.id, 'environment': 'test',
            'simulator_url': simulator.url, 'is_on': True, 'test_counts': True})
        provider._set_credentials(credentials)
        for name, value in options.items():
            provider.option_ids.filtered(
                lambda option, name=name: option.name == name).value = value
        self.contract.provider_id = provider
        return provider

    def link(self, provider, number, customer=None):
        """Say what the provider calls a customer."""
        return self.env['ar.provider.link'].create({
            'provider_id': provider.id, 'customer_id': (customer or self.account).id,
            'external_id': number, 'state': 'linked'})

    def run_cron(self, name):
        """Run one of our scheduled actions."""
        with self.enter_registry_test_mode():
            self.env.ref(f'ar_collections.{name}').method_direct_trigger()
        self.env.invalidate_all()

    def ask(self, amount=None, action='request', customer=None, user=None, send=True):
        """Ask for cover as a collector does."""
        request = self.env['ar.cover.request'].with_user(user or self.collector).create({
            'customer_id': (customer or self.account).id, 'policy_id': self.contract.id,
            'action': action, 'amount': amount or 0})
        if send:
            request.action_send()
        return request.sudo()
