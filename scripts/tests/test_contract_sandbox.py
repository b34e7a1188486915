"""The contract as a real test installation keeps it. Collected only when one is named:

    AR_SANDBOX_PROVIDER=infolegale AR_SANDBOX_USERNAME=… AR_SANDBOX_PASSWORD=… \\
        AR_SANDBOX_SEARCH="a name" AR_SANDBOX_COMPANY="its number" \\
        scripts/python -m pytest scripts/tests/test_contract_sandbox.py

Reads only, in the test environment only, and nothing that is billed unless AR_SANDBOX_BILLED=1.
AR_SANDBOX_SIMULATOR tries these tests themselves on a simulator of this machine.
"""
import json
import os
import sys
import unittest

from conftest import ROOT

sys.path.insert(0, str(ROOT / 'ar_collections'))

from connectors.capability import Capability, Support
from connectors.registry import get_client_class
from connectors.transport import LocalSimulator

PROVIDER = os.environ.get('AR_SANDBOX_PROVIDER')
FREE_LISTS = (Capability.GET_POLICY, Capability.LIST_REQUESTS, Capability.LIST_COVERS)


def make_client():
    """Return the client that the environment describes."""
    cls = get_client_class(PROVIDER)
    simulator = os.environ.get('AR_SANDBOX_SIMULATOR')
    return cls(
        {name: os.environ.get(f'AR_SANDBOX_{name.upper()}', '')
         for name in (*cls.credential_fields, 'user_prefix')},
        environment='test', options=json.loads(os.environ.get('AR_SANDBOX_OPTIONS') or '{}'),
        simulator=LocalSimulator(simulator) if simulator else None)


if PROVIDER:
    # Defined only now: a test that is not collected is no skipped test.
    class TestContract(unittest.TestCase):
        """What our reading of the contract expects of the provider's own test installation."""

        @classmethod
        def setUpClass(cls):
            cls.client = make_client()
            cls.addClassCleanup(cls.client.close)

        def check(self, result):
            """Nothing may be unknown to us, and no credential may stand in what is kept."""
            parts = [result, *getattr(result, 'items', ()), *getattr(result, 'companies', ())]
            for part in parts:
                self.assertEqual(tuple(getattr(part, 'attention', ())), (), part)
                kept = json.dumps(part.meta.raw, default=str) if getattr(
                    part, 'meta', None) else ''
                for secret in self.client._credentials.values():
                    self.assertNotIn(secret.reveal(), kept)

        def test_the_credentials_are_accepted(self):
            self.assertTrue(self.client.test_connection())

        def test_lists_that_cost_nothing_are_understood(self):
            for capability in FREE_LISTS:
                if self.client.get_support(capability) == Support.YES:
                    with self.subTest(capability):
                        self.check(getattr(self.client, capability)())

        if os.environ.get('AR_SANDBOX_SEARCH'):
            def test_a_search_is_understood(self):
                words = os.environ['AR_SANDBOX_SEARCH']
                found = self.client.search_company(words)
                self.assertTrue(found.companies, "the sandbox knows nobody of that name")
                self.check(found)

        if os.environ.get('AR_SANDBOX_COMPANY') and os.environ.get('AR_SANDBOX_BILLED') == '1':
            def test_a_rating_is_understood(self):
                rating = self.client.get_rating(os.environ['AR_SANDBOX_COMPANY'])
                self.assertTrue(rating.scale)
                self.check(rating)
