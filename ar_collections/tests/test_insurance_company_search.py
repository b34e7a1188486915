import os
import threading
import time
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessError, UserError
from odoo.modules.registry import DummyRLock, Registry
from odoo.sql_db import db_connect
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from ..connectors.recherche_entreprises import RechercheEntreprisesClient
from ..connectors.transport import LocalSimulator
from ..connectors.vies import ViesClient
from .local_http import LocalHttp
from .simulators.open_data import RechercheEntreprises, Vies, make_siret


@tagged('post_install', '-at_install')
class TestCompanySearch(LocalHttp, TransactionCase):
    """A person finds a company in the register; the contact is filled in. Real HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = RechercheEntreprises().start()
        cls.addClassCleanup(cls.sim.stop)
        cls.keeper = new_test_user(
            cls.env, login='keeper', groups='base.group_user,base.group_partner_manager')
        cls.partner = cls.env['res.partner'].create({
            'name': "Levant", 'is_company': True})
        cls.contact = cls.env['res.partner'].create({
            'name': "Camille", 'parent_id': cls.partner.id})

    def setUp(self):
        super().setUp()
        self.sim.reset()
        self.patch(
            self.registry['ar.company.search'], '_get_client',
            lambda search: RechercheEntreprisesClient(
                environment='production', simulator=LocalSimulator(self.sim.url),
                sleep=lambda seconds: None))

    def search(self, words, user=None, record=None, **vals):
        """Open the dialog on a contact, search; return the dialog."""
        record = record or self.partner
        wizard = self.env['ar.company.search'].with_user(user or self.keeper).with_context(
            active_model='res.partner', active_id=record.id)
        with Form(wizard) as form:
            form.words = words
            for field, value in vals.items():
                form[field] = value
        wizard = form.record
        wizard.action_search()
        return wizard

    def test_it_begins_with_what_the_contact_says(self):
        dialog = Form(self.env['ar.company.search'].with_context(
            active_model='res.partner', active_id=self.contact.id))
        self.assertEqual((dialog.partner_id, dialog.words), (self.partner, "Levant"))
        self.partner.company_registry = make_siret('012345674')
        dialog = Form(self.env['ar.company.search'].with_context(
            active_model='res.partner', active_id=self.partner.id))
        self.assertEqual(dialog.words, make_siret('012345674'))

    def test_searching_changes_nothing_and_picking_fills_what_is_empty(self):
        dialog = self.search("levant")
        self.assertFalse(self.partner.company_registry)
        self.assertRecordValues(dialog.line_ids, [
            {'siren': '012345674', 'state': 'active', 'found_by': 'name'}])
        dialog.line_ids.action_take()
        self.assertRecordValues(self.partner, [{
            'name': "Levant", 'company_registry': make_siret('012345674'), 'city': "NANTES",
            'zip': '44000', 'street': "1 RUE DES INVENTIONS",
            'country_id': self.env.ref('base.fr').id}])
        note = self.partner.message_ids[:1]
        self.assertEqual(note.author_id, self.keeper.partner_id)
        self.assertIn("SIREN 012345674", note.body)

    def test_half_an_address_is_not_completed_with_another(self):
        self.partner.write({'city': "Rezé", 'country_id': False})
        self.search("levant").line_ids.action_take()
        self.assertRecordValues(self.partner, [{
            'city': "Rezé", 'zip': False, 'street': False,
            'company_registry': make_siret('012345674')}])

    def test_replacing_is_said_first(self):
        self.partner.city = "Rezé"
        self.search("012 345 674", replace_all=True).line_ids.action_take()
        self.assertRecordValues(self.partner, [{'name': "ATELIERS DU LEVANT", 'city': "NANTES"}])

    def test_a_closed_company_is_shown_and_noted_as_closed(self):
        self.assertFalse(self.search("caves du midi").line_ids)
        dialog = self.search("caves du midi", include_closed=True)
        self.assertRecordValues(dialog.line_ids, [{'state': 'closed'}])
        dialog.line_ids.action_take()
        self.assertIn("closed since 2025-11-30", self.partner.message_ids[:1].body)

    def test_several_companies_are_all_shown_and_too_many_say_so(self):
        self.assertEqual(len(self.search("midi invente", include_closed=True).line_ids), 2)
        self.sim.companies = {f'{n:09}': {
            'name': f"FABRIQUE {n}", 'city': "NANTES", 'zip': '44000', 'state': 'A'}
            for n in range(60)}
        dialog = self.search("fabrique")
        self.assertEqual(len(dialog.line_ids), 25)
        self.assertIn("25 of 60", dialog.message)

    def test_nobody_is_a_sentence_and_not_an_empty_screen(self):
        dialog = self.search("nobody at all")
        self.assertIn("No company was found", dialog.message)
        self.assertFalse(dialog.line_ids)

    def test_errors_say_what_to_do(self):
        for words, fault, text in (
                ('012345675', None, "wrong check digit"),
                ("levant", {'fault': 'status', 'status': 503}, "Try again"),
                ("levant", {'fault': 'html'}, "Try again"),
                ("levant", {'fault': 'status', 'status': 400, 'body': {'erreur': "Non"}}, "Non"),
                ("levant", {'fault': 'mutate', 'delete': ['results']}, "did not accept")):
            self.sim.reset()
            if fault:
                self.sim.fail(times=9, **fault)
            with self.subTest(words=words, fault=fault), self.assertRaises(UserError) as caught:
                self.search(words)
            self.assertIn(text, str(caught.exception))

    def test_a_second_search_replaces_the_first(self):
        dialog = self.search("levant")
        dialog.words = "bois"
        dialog.action_search()
        self.assertEqual(dialog.line_ids.mapped('siren'), ['002003002'])

    def test_who_may_not_change_contacts_neither_searches_nor_picks(self):
        reader = new_test_user(self.env, login='reader', groups='base.group_user')
        for record in (self.partner, self.contact):
            with self.assertRaises(AccessError):
                self.search("levant", user=reader, record=record)
        dialog = self.search("levant")
        with self.assertRaises(AccessError):
            dialog.line_ids.with_user(reader).action_take()
        self.assertFalse(self.partner.company_registry)


@tagged('post_install', '-at_install')
class TestSlowProvider(LocalHttp, TransactionCase):
    """Real transactions beside each other: nothing is locked while a provider takes its time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = RechercheEntreprises().start()
        cls.addClassCleanup(cls.sim.stop)

    def setUp(self):
        super().setUp()
        self.sim.reset()
        allowed = patch.dict(os.environ, {'AR_COLLECTIONS_SIMULATORS': '1'})
        allowed.start()
        self.addCleanup(allowed.stop)
        # The tests hold this lock for as long as they run; the button runs in a thread of its own.
        self.enterContext(patch.object(Registry, '_lock', DummyRLock()))
        tools = {'sleep': lambda seconds: None}
        self.patch(self.registry['ar.provider'], '_get_client_tools', lambda model: tools)
        self.patch(
            self.registry['ar.company.search'], '_get_client',
            lambda search: RechercheEntreprisesClient(
                environment='production', simulator=LocalSimulator(self.sim.url), **tools))

    def commit(self, act):
        """Do something in a committed transaction; return what it returns."""
        with db_connect(self.env.cr.dbname).cursor() as cr:
            return act(api.Environment(cr, SUPERUSER_ID, {}))

    def make(self, model, vals):
        """Create a record that other transactions see, removed after the test."""
        record_id = self.commit(lambda env: env[model].create(vals).id)
        self.addCleanup(self.commit, lambda env: env[model].browse(record_id).unlink())
        return record_id

    def locks_beside(self, act, rows, sim=None):
        """Run a button against a provider that hangs, and look at the database meanwhile.

        :param act: takes an environment of the button's own transaction
        :param rows: [(table, id)] that another transaction must be able to take
        :param sim: who hangs, when it is not the register
        :return: (what the button wrote, locked or left open so far, what it returned)
        """
        sim = sim or self.sim
        sim.fail(fault='hang', seconds=1.5)
        pid, result = [], []

        def push():
            with db_connect(self.env.cr.dbname).cursor() as cr:
                cr.execute("SELECT pg_backend_pid()")
                pid.extend(cr.fetchone())
                result.append(act(api.Environment(cr, SUPERUSER_ID, {})))

        button = threading.Thread(target=push, daemon=True)
        button.start()
        self.addCleanup(button.join, 20)
        for _wait in range(200):
            if sim.calls:
                break
            time.sleep(0.01)
        self.assertTrue(sim.calls, "the provider was not reached")
        with db_connect(self.env.cr.dbname).cursor() as cr:
            for table, record_id in rows:
                cr.execute(f'SELECT id FROM {table} WHERE id = %s FOR UPDATE NOWAIT', [record_id])
                self.assertTrue(cr.fetchone(), table)
            cr.execute(
                """
                SELECT backend_xid::text FROM pg_stat_activity
                 WHERE pid = %(pid)s AND backend_xid IS NOT NULL
                UNION ALL
                SELECT mode FROM pg_locks WHERE pid = %(pid)s AND locktype <> 'virtualxid'
                   AND mode NOT IN ('AccessShareLock')
                UNION ALL
                SELECT state FROM pg_stat_activity WHERE pid = %(pid)s AND state <> 'idle'
                """, {'pid': pid[0]})
            locks = cr.fetchall()
            self.assertEqual(len(sim.calls), 1, "it still hangs: this was looked at in time")
            cr.rollback()
        button.join(20)
        self.assertFalse(button.is_alive())
        return locks, result

    def test_a_slow_register_holds_no_lock(self):
        partner_id = self.make('res.partner', {'name': "Levant", 'is_company': True})
        search_id = self.make(
            'ar.company.search', {'partner_id': partner_id, 'words': "levant"})
        locks, result = self.locks_beside(
            lambda env: env['ar.company.search'].browse(search_id).action_search(),
            [('res_partner', partner_id), ('ar_company_search', search_id)])
        self.assertFalse(locks)
        self.assertTrue(result)
        self.assertEqual(self.commit(
            lambda env: env['ar.company.search'].browse(search_id).line_ids.mapped('siren')),
            ['012345674'])

    def test_a_slow_connection_test_holds_no_lock(self):
        provider_id = self.make('ar.provider', {
            'name': "Slow", 'code': 'recherche_entreprises', 'is_on': True,
            'environment': 'test', 'simulator_url': self.sim.url})
        locks, result = self.locks_beside(
            lambda env: env['ar.provider'].browse(provider_id).action_test_connection(),
            [('ar_provider', provider_id)])
        self.assertFalse(locks)
        self.assertIn("answers", result[0]['params']['message'])

    def test_a_slow_vat_service_holds_no_lock(self):
        sim = Vies().start()
        self.addCleanup(sim.stop)
        self.patch(self.registry['ar.customer'], '_get_vat_client', lambda customer: ViesClient(
            environment='production', simulator=LocalSimulator(sim.url),
            sleep=lambda seconds: None))
        partner_id = self.make('res.partner', {'name': "Levant", 'vat': 'FR83012345674'})
        customer_id = self.commit(lambda env: env['ar.customer']._get_or_create(
            env['res.partner'].browse(partner_id), env.company).id)
        self.addCleanup(
            self.commit, lambda env: env['ar.customer'].browse(customer_id).unlink())
        locks, _result = self.locks_beside(
            lambda env: env['ar.customer'].browse(customer_id).action_check_vat(),
            [('res_partner', partner_id), ('ar_customer', customer_id)], sim)
        self.assertFalse(locks)
        self.assertEqual(self.commit(
            lambda env: env['ar.customer'].browse(customer_id).vat_state), 'valid')

    def test_the_test_sees_a_lock_where_there_is_one(self):
        partner_id = self.make('res.partner', {'name': "Levant", 'is_company': True})
        search_id = self.make(
            'ar.company.search', {'partner_id': partner_id, 'words': "levant"})

        def search_after_writing(env):
            search = env['ar.company.search'].browse(search_id)
            search.postal_code = '44000'
            env.flush_all()
            return search.action_search()

        locks, _result = self.locks_beside(search_after_writing, [('res_partner', partner_id)])
        self.assertIn(('idle in transaction',), locks)
        self.assertGreater(len(locks), 1)
        self.assertEqual(self.commit(
            lambda env: env['ar.company.search'].browse(search_id).postal_code), '44000',
            "what was written before is neither lost nor committed early")
