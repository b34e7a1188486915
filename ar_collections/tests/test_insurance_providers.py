import os
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules import neutralize
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..connectors.errors import (
    BudgetError,
    ConfigurationError,
    CredentialsError,
    TemporaryError,
    UnconfirmedError,
    UnexpectedAnswerError,
    UnknownOutcomeError,
)
from ..connectors.state import WriteState
from ..models.insurance import provider_memory
from ..models.insurance.provider_codes import PUBLIC
from ..models.insurance.provider_memory import KeptJournal
from .provider_common import AUBE, LEVANT, ProviderCommon
from .simulators.allianz_trade import AllianzTrade
from .simulators.ellisphere import Ellisphere
from .simulators.infolegale import Infolegale


@tagged('post_install', '-at_install')
class TestProviders(ProviderCommon):
    """An account: credentials that nobody reads, one door for calls, and what it remembers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start(Infolegale)
        cls.provider = cls.make_provider(cls.sim)
        cls.admin = cls.user('admin', 'ar_admin')
        cls.manager = cls.user('manager')

    def setUp(self):
        super().setUp()
        self.sim.reset()

    def push(self, button, user=None):
        provider = self.provider.with_user(user or self.admin)
        with self.enter_registry_test_mode():
            return getattr(provider, button)()

    # === CREDENTIALS === #

    def test_an_administrator_tests_the_connection_and_is_told_in_words(self):
        answer = self.push('action_test_connection')
        self.assertIn("accepted", answer['params']['message'])
        self.assertEqual(self.provider.health, 'good')
        with self.assertRaises(AccessError):
            self.push('action_test_connection', self.manager)

    def test_nobody_reads_a_credential_back(self):
        for user in (self.admin, self.manager, self.user('auditor')):
            for operation in ('read', 'write', 'create', 'unlink'):
                self.assertFalse(self.env['ar.provider.secret'].with_user(user).has_access(
                    operation), (user.login, operation))
            with self.assertRaises(AccessError):
                self.env['ar.provider.secret'].with_user(user).search_read([], ['value'])
        self.assertIn("password", self.provider.with_user(self.manager).credential_state)
        self.assertNotIn(self.sim.password, self.provider.credential_state)

    def test_the_dialogue_stores_and_forgets(self):
        action = self.provider.with_user(self.admin).action_set_credentials()
        wizard = self.env['ar.provider.credentials'].with_user(self.admin).browse(action['res_id'])
        self.assertEqual(wizard.line_ids.mapped('name'), ['username', 'password'])
        line = wizard.line_ids[1]
        line.value = 'canary-typed-in-99'
        with self.enter_registry_test_mode():
            wizard.action_store()
        self.env.flush_all()
        self.env.cr.execute("SELECT COUNT(*) FROM ar_provider_credentials_line WHERE value <> ''")
        self.assertEqual(self.env.cr.fetchone(), (0,))
        note = self.provider.message_ids[0].body
        self.assertIn("password", note)
        self.assertNotIn('canary', note)
        self.refused(CredentialsError, self.provider, 'test_connection')

    def test_only_an_administrator_changes_a_provider(self):
        for user in (self.manager, self.user('collector')):
            with self.assertRaises(AccessError):
                self.provider.with_user(user).write({'environment': 'production'})
            with self.assertRaises(AccessError):
                self.provider.with_user(user)._set_credentials({'password': 'x'})
            with self.assertRaises(AccessError):
                self.provider.with_user(user).action_set_credentials()
            with self.assertRaises(AccessError):
                self.provider.with_user(user).action_new_callback()

    def test_missing_credentials_are_named_and_nothing_is_sent(self):
        self.env['ar.provider.secret'].search([('provider_id', '=', self.provider.id)]).unlink()
        self.assertFalse(self.provider.has_credentials)
        with self.assertRaisesRegex(UserError, "types them in"):
            self.push('action_test_connection')
        self.assertFalse(self.sim.calls)

    # Fault 4
    def test_refused_credentials_stop_the_account_in_every_process_and_are_told_once(self):
        with self.enter_registry_test_mode():
            self.provider._set_credentials({'password': 'canary-wrong-password'})
        for _attempt in range(3):
            self.refused(CredentialsError, self.provider, 'test_connection')
            # Another process: nothing is left in memory.
            provider_memory._TOKENS.__init__()
        self.assertEqual(self.sim.count('login'), 1)
        self.assertEqual(self.provider.health, 'problem')
        activity = self.provider.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertNotIn('canary', activity.note)
        with self.enter_registry_test_mode():
            self.provider._set_credentials({'password': self.sim.password})
        self.call(self.provider, 'test_connection')
        self.assertEqual(self.provider.health, 'good')

    # === SETTINGS === #

    def test_a_provider_that_is_off_asks_nothing(self):
        self.provider.is_on = False
        self.refused(ConfigurationError, self.provider, 'test_connection')
        with self.assertRaisesRegex(UserError, "switched off"):
            self.push('action_test_connection')
        self.assertFalse(self.sim.calls)
        self.assertFalse(self.provider.error_ids)

    def test_simulators_need_test_this_machine_and_a_server_started_for_them(self):
        for url in ('http://10.0.0.1:80', 'http://169.254.169.254', 'https://127.0.0.1',
                    'file:///etc/passwd', 'http://127.0.0.1.example.com:1'):
            with self.assertRaises(ValidationError, msg=url):
                self.provider.simulator_url = url
        with self.assertRaises(ValidationError):
            self.provider.environment = 'production'
        with patch.dict(os.environ, {'AR_COLLECTIONS_SIMULATORS': ''}):
            with self.assertRaisesRegex(UserError, "not started for simulators"):
                self.push('action_test_connection')
        self.assertFalse(self.sim.calls)

    def test_addresses_of_others_are_refused(self):
        self.provider.simulator_url = False
        option = self.env['ar.provider.option'].create({
            'provider_id': self.provider.id, 'name': 'bases.api', 'value': ''})
        for url in ('http://webservice.infolegale.fr/v2', 'https://127.0.0.1/v2',
                    'https://169.254.169.254/latest', 'file:///etc/passwd',
                    'https://webservice.infolegale.fr.example.com/v2',
                    'https://webservice.infolegale.fr@10.0.0.1/v2'):
            option.value = url
            with self.assertRaisesRegex(UserError, "not one of the provider"):
                self.push('action_test_connection')
        self.assertFalse(self.sim.calls)

    def test_a_redirect_is_not_followed_and_is_told(self):
        self.call(self.provider, 'test_connection')
        self.sim.fail(fault='redirect', location=self.sim.url + '/v2/elsewhere', times=9)
        error = self.refused(UnexpectedAnswerError, self.provider, 'get_rating', LEVANT)
        self.assertEqual(error.code, 'redirect')
        self.assertNotIn('/v2/elsewhere', [call['path'] for call in self.sim.calls])

    def test_unconfirmed_operations_are_off_and_labelled(self):
        sim = self.start(AllianzTrade)
        provider = self.make_provider(sim, name="Insurer")
        provider.option_ids.filtered(lambda o: o.name == 'business_unit').value = 'EHFR'
        provider.option_ids.filtered(lambda o: o.name == 'policy_id').value = '1'
        rating = provider.operation_ids.filtered(lambda o: o.capability == 'get_rating')
        self.assertEqual((rating.support, rating.confidence), ('unconfirmed', 'unconfirmed'))
        self.assertFalse(provider.has_ratings)
        self.refused(UnconfirmedError, provider, 'get_rating', '1')
        self.assertFalse(sim.calls)
        self.assertNotEqual(provider.health, 'problem')
        rating.with_user(self.admin).confirmed = True
        self.assertTrue(provider.has_ratings)
        overdue = provider.operation_ids.filtered(lambda o: o.capability == 'declare_overdue')
        self.assertEqual((overdue.support, overdue.confidence), ('manual', 'closed'))

    def test_every_provider_has_its_options_and_operations(self):
        for code, name in self.env['ar.provider']._fields['code'].selection:
            provider = self.env['ar.provider'].with_user(self.admin).create(
                {'name': f"New {name}", 'code': code})
            client = provider._get_client_class()
            self.assertLessEqual(
                set(client.required_options), set(provider.option_ids.mapped('name')), code)
            # Public registers are asked by SIREN: nobody is searched there to be linked.
            expected = 'test_connection' if code in PUBLIC else 'search_company'
            self.assertTrue(provider.operation_ids.filtered(
                lambda o, expected=expected: o.capability == expected), code)
            self.assertEqual(provider.has_search, code not in PUBLIC)
            self.assertFalse(provider.is_on)

    def test_a_new_version_brings_its_new_options_to_old_accounts(self):
        provider = self.make_provider(self.start(AllianzTrade), name="Insurer")
        provider.active = False
        provider.option_ids.filtered(lambda o: o.name == 'policy_id').value = '1'
        gone = provider.option_ids.filtered(lambda o: o.name == 'callback_header')
        self.assertTrue(gone)
        gone.unlink()
        provider.operation_ids.filtered(lambda o: o.capability == 'get_rating').unlink()
        for _update in range(2):
            self.env['ar.provider'].init()
        names = provider.option_ids.mapped('name')
        self.assertEqual(names.count('callback_header'), 1)
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(provider.option_ids.filtered(
            lambda o: o.name == 'policy_id').value, '1')
        self.assertEqual(
            provider.operation_ids.mapped('capability').count('get_rating'), 1)

    # === HEALTH === #

    def test_failures_in_a_row_pause_the_account(self):
        self.sim.fail(fault='status', status=503, times=999)
        for _attempt in range(5):
            self.refused(TemporaryError, self.provider, 'get_rating', LEVANT)
        self.assertEqual(self.provider.health, 'paused')
        self.assertEqual(str(self.provider.paused_until), '2026-06-01 09:05:00')
        self.assertEqual(len(self.provider.error_ids), 5)
        error = self.provider.error_ids[0]
        self.assertEqual((error.operation, error.next_step), ('get_rating', 'retry_later'))
        self.assertIn("does not answer", error.message)
        self.sim.faults.clear()
        self.call(self.provider, 'get_rating', LEVANT)
        self.assertEqual((self.provider.health, self.health(self.provider).failures), ('good', 0))

    # === BUDGET === #

    # Fault 35
    def test_billed_calls_are_counted_before_they_are_sent_and_end_with_the_budget(self):
        sim = self.start(Ellisphere)
        provider = self.make_provider(sim, daily_budget=2)
        for _attempt in range(2):
            self.call(provider, 'get_rating', '4400001')
        self.refused(BudgetError, provider, 'get_rating', '4400001')
        self.assertEqual(len(sim.orders), 2)
        self.assertEqual(provider.billed_today, 2)
        self.assertEqual(provider.health, 'good', "a used budget is no failure")
        usage = provider.usage_ids.filtered(lambda u: u.operation == 'get_rating')
        self.assertEqual((usage.billed, usage.calls), (2, 3))
        self.go('2026-06-02')
        self.call(provider, 'get_rating', '4400001')
        self.assertEqual(provider.billed_today, 1)

    def test_a_budget_of_zero_is_no_billed_call(self):
        sim = self.start(Ellisphere)
        provider = self.make_provider(sim, daily_budget=0)
        with self.assertRaisesRegex(UserError, "used up"), self.enter_registry_test_mode():
            provider._call_for_user('get_rating', '4400001')
        self.assertFalse(sim.orders)

    # === MEMORY OF WRITES === #

    # Fault 40
    def test_a_write_is_remembered_by_the_table(self):
        journal, other = KeptJournal(self.provider), KeptJournal(self.provider)
        with self.enter_registry_test_mode():
            journal.begin(('x', 'test', 'account', 'AR-1'))
            with self.assertRaises(UnknownOutcomeError):
                other.begin(('x', 'test', 'account', 'AR-1'))
            journal.settle(('x', 'test', 'account', 'AR-1'), WriteState.UNKNOWN)
            with self.assertRaises(UnknownOutcomeError):
                other.begin(('x', 'test', 'account', 'AR-1'))
            self.assertEqual(other.state(('x', 'test', 'account', 'AR-1')), WriteState.UNKNOWN)
            other.forget(('x', 'test', 'account', 'AR-1'))
            journal.begin(('x', 'test', 'account', 'AR-1'))

    # === RECORDS === #

    def test_a_customer_is_linked_to_a_provider_once(self):
        account = self.make_account("Levant", LEVANT)
        self.link(self.provider, account, LEVANT)
        with mute_logger('odoo.sql_db'), self.assertRaises(IntegrityError), \
                self.env.cr.savepoint():
            self.link(self.provider, account, AUBE)

    def test_evidence_is_not_typed_in(self):
        collector = self.user('collector')
        account = self.make_account("Levant", LEVANT)
        link = self.env['ar.provider.link'].with_user(collector).create({
            'provider_id': self.provider.id, 'customer_id': account.id, 'external_id': LEVANT})
        self.assertRecordValues(link, [{
            'state': 'linked', 'evidence': 'typed', 'linked_by': collector.id}])
        for vals in ({'evidence': 'national'}, {'state': 'linked'}, {'linked_by': 1},
                     {'answered_at': False}):
            with self.assertRaises(AccessError, msg=str(vals)):
                link.write(vals)
        # Fault 21
        link.external_id = AUBE
        self.assertIn(LEVANT, link.former_ids)
        link.action_unlink()
        self.assertEqual((link.state, link.external_id), ('stopped', False))
        self.assertIn(AUBE, link.former_ids)
        own = self.user('own')
        with self.assertRaises(AccessError):
            link.with_user(own).external_id = LEVANT

    def test_another_company_sees_nothing(self):
        account = self.make_account("Levant", LEVANT)
        link = self.link(self.provider, account, LEVANT)
        company = self.make_company("Elsewhere")
        stranger = self.user('admin', 'stranger')
        stranger.write({'company_ids': [(6, 0, company.ids)], 'company_id': company.id})
        for record in (self.provider, link, self.provider.option_ids, self.provider.operation_ids):
            self.assertFalse(record.with_user(stranger).with_company(company).with_context(
                allowed_company_ids=company.ids).search([('id', 'in', record.ids)]), record)

    def test_a_neutralized_copy_has_no_credentials_and_asks_nobody(self):
        self.provider.sudo().callback_digest = 'abc'
        self.env.flush_all()
        for query in neutralize.get_neutralization_queries(['ar_collections']):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertRecordValues(self.provider, [{
            'is_on': False, 'environment': 'test', 'callback_digest': False}])
        self.assertFalse(self.env['ar.provider.secret'].search([]))
