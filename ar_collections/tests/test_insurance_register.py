from datetime import date

from odoo.modules import neutralize
from odoo.tests import tagged

from .provider_common import AUBE, LEVANT, ProviderCommon, make_siren
from .simulators.infolegale import Infolegale
from .simulators.open_data import InseeSirene, RechercheEntreprises, make_siret

CLOSED, HOUSE = '031000425', '047000815'


class RegisterCase(ProviderCommon):
    simulator_class = credentials = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start(cls.simulator_class)
        cls.provider = cls.make_provider(cls.sim, cls.credentials)
        cls.company.ar_register_active = True
        cls.collector = cls.user('collector')
        cls.account = cls.make_account("Ateliers", LEVANT)
        cls.account.collector_id = cls.collector

    def setUp(self):
        super().setUp()
        self.sim.reset()

    def events(self, account=None):
        return (account or self.account).register_event_ids.sorted('id')


@tagged('post_install', '-at_install')
class TestRegisterWatch(RegisterCase):
    """Recherche d'entreprises over real HTTP: what it says changes is told once, and stops none."""
    simulator_class = RechercheEntreprises

    def test_a_closure_is_told_once_with_source_and_date_and_stops_nothing(self):
        self.poll()
        self.assertRecordValues(self.account, [{
            'register_state': 'active', 'register_siren': LEVANT, 'register_closed_on': False,
            'register_name': "ATELIERS DU LEVANT", 'register_siret': make_siret(LEVANT),
            'register_checked_on': date(2026, 6, 1)}])
        self.assertFalse(self.events() or self.account.activity_ids)
        self.account.review_date = '2027-01-01'
        self.sim.companies[LEVANT].update(state='C', closed='2026-05-31')
        self.poll('2026-06-02')
        self.assertRecordValues(self.account, [{
            'register_state': 'closed', 'register_closed_on': date(2026, 5, 31),
            'review_date': date(2026, 6, 2), 'dunning_stop': False, 'credit_stop': False}])
        self.assertRecordValues(self.events(), [{
            'kind': 'register', 'provider_id': self.provider.id, 'external_id': LEVANT,
            'code': 'closed', 'happened_on': date(2026, 5, 31), 'state': 'person',
            'environment': 'simulator'}])
        activity = self.account.activity_ids
        self.assertEqual(activity.user_id, self.collector)
        self.assertIn("Closed since 05/31/2026", activity.summary)
        self.assertIn("recherche_entreprises, 06/02/2026", activity.note)
        # Again on the same day, and on the days after.
        calls = len(self.sim.calls)
        self.poll()
        self.assertEqual(len(self.sim.calls), calls, "nobody is left to ask today")
        self.poll('2026-06-03')
        self.assertEqual(len(self.sim.calls), calls + 1)
        self.assertEqual((len(self.events()), self.account.activity_ids), (1, activity))

    def test_a_reopening_a_name_and_a_head_office_are_told_together(self):
        self.poll()
        self.sim.companies[LEVANT].update(state='C', closed='2026-05-31')
        self.poll('2026-06-02')
        self.account.activity_ids.unlink()
        self.sim.companies[LEVANT] = {
            'name': "ATELIERS DU COUCHANT", 'city': "NANTES", 'zip': '44000', 'state': 'A',
            'site': 2}
        self.poll('2026-06-03')
        self.assertEqual(self.events().mapped('code'), ['closed', 'active', 'name', 'seat'])
        activity = self.account.activity_ids
        self.assertEqual(len(activity), 1)
        for text in ("Active again", "ATELIERS DU COUCHANT (before: ATELIERS DU LEVANT)",
                     make_siret(LEVANT, 2)):
            self.assertIn(text, activity.note)
        self.assertFalse(self.account.register_closed_on)

    def test_what_was_so_before_the_first_look_is_told_where_something_is_open(self):
        quiet, owing = self.make_account("Quiet", CLOSED), self.make_account("Owing", CLOSED)
        self.invoice(100, due='2026-05-20', partner=owing.partner_id)
        owing._refresh(self.company)
        self.poll()
        self.assertEqual((quiet + owing).mapped('register_state'), ['closed', 'closed'])
        self.assertEqual(len(self.events(quiet)), 1)
        self.assertFalse(quiet.activity_ids)
        self.assertEqual(len(owing.activity_ids), 1)
        self.assertEqual(self.sim.count('search'), 2, "two customers of one number, one call")

    # === WHAT IS UNCLEAR === #

    def test_an_unknown_state_is_to_check_and_never_closed(self):
        self.poll()
        self.invoice(100, due='2026-05-20', partner=self.account.partner_id)
        self.account._refresh(self.company)
        self.sim.companies[LEVANT]['state'] = 'Q'
        self.poll('2026-06-02')
        self.assertEqual(self.account.register_state, 'to_check')
        self.assertRecordValues(self.events(), [{'code': 'to_check', 'state': 'person'}])
        self.assertIn("etat_administratif Q", self.events().attention)
        self.assertEqual(len(self.account.activity_ids), 1)
        self.poll('2026-06-03')
        self.assertEqual(len(self.events()), 1)

    def test_a_closed_head_office_of_an_active_company_is_to_check(self):
        self.sim.companies[LEVANT]['seat_state'] = 'F'
        self.poll()
        self.assertEqual(self.account.register_state, 'to_check')
        self.assertIn("contradiction", self.events().attention)

    # Faults 19 and 37
    def test_a_number_that_was_deleted_is_told_and_one_never_shown_is_not(self):
        self.poll()
        del self.sim.companies[LEVANT]
        hidden = self.make_account("Hidden", '055500011')
        self.poll('2026-06-02')
        self.assertEqual((self.account + hidden).mapped('register_state'), ['missing'] * 2)
        self.assertRecordValues(self.events(), [{'code': 'missing'}])
        self.assertEqual(len(self.account.activity_ids), 1)
        self.assertFalse(self.events(hidden) or hidden.activity_ids)
        self.assertFalse(self.provider.error_ids, "not to know a company is an answer")
        self.assertEqual(self.provider.health, 'good')

    def test_another_number_on_the_contact_is_a_first_look(self):
        self.poll()
        self.account.partner_id.company_registry = AUBE
        self.poll()
        self.assertRecordValues(self.account, [{
            'register_siren': AUBE, 'register_state': 'active',
            'register_name': "BOIS ET TOITURES DE L'AUBE"}])
        self.assertFalse(self.events(), "another company is no change of name")

    def test_of_a_natural_person_nothing_that_names_it_is_kept(self):
        self.sim.companies[LEVANT].update(form='1000', name="PERSONNE INVENTEE", state='Q')
        self.poll()
        self.assertRecordValues(self.account, [{
            'register_state': 'to_check', 'register_name': False}])
        self.assertRecordValues(self.events(), [{'raw': False}])

    # === WHEN IT FAILS === #

    def test_failures_keep_what_is_known_and_pause_after_five(self):
        for number in range(8):
            self.make_account(f"Customer {number}", make_siren(number))
        self.poll()
        self.sim.fail(fault='status', status=503, times=999)
        calls = len(self.sim.calls)
        self.poll('2026-06-02')
        self.assertEqual(len(self.sim.calls) - calls, 5 * 4)
        self.assertRecordValues(self.account, [{
            'register_state': 'active', 'register_checked_on': date(2026, 6, 1)}])
        self.assertEqual((self.provider.health, self.company.ar_register_error),
                         ('paused', 'technical'))
        self.sim.faults.clear()
        self.clock.tick(3600)
        self.poll()
        self.assertEqual((self.account.register_checked_on, self.company.ar_register_error,
                          self.provider.health), (date(2026, 6, 2), False, 'good'))

    # Fault 9
    def test_too_many_calls_wait_as_long_as_the_register_asks(self):
        other = self.make_account("Aube", AUBE)
        self.sim.fail(fault='status', status=429, times=99, headers={'Retry-After': '900'})
        self.poll()
        self.assertEqual(len(self.sim.calls), 1, "nobody else is asked about meanwhile")
        self.assertRecordValues(self.health(self.provider), [{'failures': 1}])
        self.assertEqual(self.provider.health, 'paused')
        self.sim.faults.clear()
        self.clock.tick(901)
        self.poll()
        self.assertEqual((self.account + other).mapped('register_state'), ['active'] * 2)

    def test_one_answer_that_cannot_be_read_does_not_stop_the_others(self):
        other = self.make_account("Aube", AUBE)
        self.sim.fail(fault='mutate', delete=['results'], times=1)
        self.poll()
        self.assertEqual(
            sorted((self.account + other).mapped(lambda c: c.register_state or 'none')),
            ['active', 'none'])
        self.poll()
        self.assertEqual((self.account + other).mapped('register_state'), ['active'] * 2)
        self.assertEqual(self.sim.count('search'), 3)

    def test_killed_half_way_it_goes_on_with_the_rest(self):
        accounts = self.account
        for number in range(44):
            accounts |= self.make_account(f"Customer {number}", make_siren(number))
        spent = iter((60, 0))
        with self.as_job():
            provider, cron = self.provider, self.registry['ir.cron']
            self.patch(cron, '_commit_progress', lambda job, *args, **more: next(spent, 0))
            self.assertFalse(provider._poll(), "the time is over after the second batch")
        self.assertEqual(len(accounts.filtered('register_checked_on')), 40)
        self.assertEqual(self.sim.count('search'), 40)
        self.patch(cron, '_commit_progress', lambda job, *args, **more: 60)
        with self.as_job():
            self.assertTrue(provider._poll())
        self.assertEqual(self.sim.count('search'), 45)

    # === WHO IS ASKED === #

    def test_who_is_asked(self):
        self.make_account("Wrong digit", '012345675')
        self.make_account("No number")
        abroad = self.make_account("Abroad", CLOSED)
        abroad.partner_id.country_id = self.env.ref('base.be')
        self.make_account("By VAT", vat=f'FR62{AUBE}')
        linked = self.make_account("Linked")
        infolegale = self.make_provider(self.start(Infolegale), is_on=False)
        self.link(infolegale, linked, HOUSE)
        with self.as_job():
            self.assertEqual(
                {siren for siren, _ids in self.provider._get_register_todo()},
                {LEVANT, AUBE, HOUSE})
            self.provider.test_counts = False
            self.assertFalse(self.provider._get_register_todo())
            self.provider.test_counts, self.company.ar_register_active = True, False
            self.assertFalse(self.provider._get_register_todo())

    def test_a_longer_rhythm_takes_its_share_each_day(self):
        accounts = self.account + self.make_account("Aube", AUBE) + self.make_account(
            "House", HOUSE)
        self.provider.watch_days = 2
        self.poll()
        self.assertEqual(len(accounts.filtered('register_checked_on')), 2)
        self.poll()
        self.assertEqual(self.sim.count('search'), 2)
        self.poll('2026-06-02')
        self.assertEqual(len(accounts.filtered('register_checked_on')), 3)

    def test_the_account_is_made_by_itself_and_a_copy_asks_nobody(self):
        self.provider.unlink()
        self.patch(self.registry['ar.provider'], '_poll', lambda provider: True)
        self.poll()
        self.assertRecordValues(self.env['ar.provider'].search([
            ('code', '=', 'recherche_entreprises'), ('company_id', '=', self.company.id)]),
            [{'environment': 'production', 'is_on': True, 'has_search': False}])
        self.env.flush_all()
        for query in neutralize.get_neutralization_queries(['ar_collections']):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertFalse(self.company.ar_register_active)

    # === WHAT FOLLOWS === #

    def test_score_and_rule(self):
        self.poll()
        self.sim.companies[LEVANT].update(state='C', closed='2026-05-31')
        self.poll('2026-06-02')
        card = self.env['ar.scorecard'].search([
            ('criterion_ids.code', '=', 'legal_event')], limit=1)
        other = self.make_account("Unknown to the register")
        values = self.env['ar.customer']._get_score_values(
            self.company, (self.account + other).ids, card)
        self.assertEqual(values['legal_event'].get(self.account.id), 1.0)
        self.assertNotIn(other.id, values['legal_event'])
        Rule, Decision = self.env['ar.credit.rule'], self.env['ar.credit.decision']
        Rule.search([]).action_archive()
        partner = self.account.partner_id

        def judge():
            [reasons] = Decision._judge(self.company, [{
                'key': 1, 'partner': partner, 'added': 100.0, 'total': 100.0, 'counted': 0.0,
            }]).values()
            return reasons

        self.assertFalse(judge(), "nothing is held unless a rule says so")
        Rule.create({'reason': 'register_closed', 'decision': 'hold'})
        [reason] = judge()
        self.assertEqual(reason['decision'], 'hold')
        self.assertIn("closed since 05/31/2026", reason['message'])


@tagged('post_install', '-at_install')
class TestInseeWatch(RegisterCase):
    """INSEE Sirene: with its key it is asked instead, and tells numbers that were replaced."""
    simulator_class = InseeSirene
    credentials = {'api_key': InseeSirene.key}

    def test_a_replaced_number_and_a_hidden_one(self):
        double = self.make_account("Double", '061200077')
        hidden = self.make_account("Hidden", '055500011')
        purged = self.make_account("Purged", '099000127')
        self.invoice(100, due='2026-05-20', partner=double.partner_id)
        double._refresh(self.company)
        self.poll()
        self.assertEqual(
            (double + hidden + purged + self.account).mapped('register_state'),
            ['replaced', 'missing', 'missing', 'active'])
        self.assertIn(LEVANT, self.events(double).summary)
        self.assertEqual(len(double.activity_ids), 1)
        self.assertFalse((hidden + purged).activity_ids or self.provider.error_ids)

    def test_only_one_register_is_asked_and_a_refused_key_waits_for_a_person(self):
        other = self.start(RechercheEntreprises)
        second = self.make_provider(other)
        self.sim.fail(fault='status', status=401, times=99)
        self.poll()
        self.assertFalse(other.calls)
        self.assertEqual((self.provider.health, second.health), ('problem', 'never'))
        self.provider.is_on = False
        self.poll()
        self.assertEqual((self.account.register_state, self.sim.count('siren')), ('active', 1))
