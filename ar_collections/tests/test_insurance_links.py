from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..connectors.numbers import compact
from .provider_common import AUBE, LEVANT, ProviderCommon
from .simulators.coface import CofaceIcon
from .simulators.infolegale import Infolegale
from .simulators.ratings import COMPANIES, Creditsafe


@tagged('post_install', '-at_install')
class TestProviderLinks(ProviderCommon):
    """Who a customer is at a provider: numbers link, names are for people."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start(Creditsafe)
        cls.provider = cls.make_provider(cls.sim, rating_days=0)
        cls.collector = cls.user('collector')

    def setUp(self):
        super().setUp()
        self.sim.reset()

    def search_for(self, account, provider=None):
        link = self.link(provider or self.provider, account)
        # Only the search is looked at here.
        self.poll()
        return link

    def test_a_single_hit_on_a_national_number_links_by_itself(self):
        account = self.make_account("Anything", LEVANT)
        link = self.search_for(account)
        self.assertRecordValues(link, [{
            'state': 'linked', 'external_id': 'FR-0-012345674', 'evidence': 'national',
            'evidence_value': LEVANT, 'external_name': "ATELIERS DU LEVANT",
            'environment': 'simulator', 'linked_by': self.env.ref('base.user_root').id}])

    def test_the_number_inside_the_vat_number_counts(self):
        link = self.search_for(self.make_account("Anything", vat=f'FR62{AUBE}'))
        self.assertEqual((link.state, link.evidence_value), ('linked', AUBE))

    def asked(self):
        """Return what the provider was asked for, in this order: (kind, value)."""
        return [(kind, call['query'][kind]) for call in self.sim.calls if call['route'] == 'find'
                for kind in ('regNo', 'vatNo', 'name') if call['query'].get(kind)]

    def countries(self):
        """Return the countries in which the provider was asked to look."""
        return {call['query'].get('countries') for call in self.sim.calls
                if call['route'] == 'find'}

    def test_the_order_of_matching(self):
        """Number at the provider, national number, VAT number, then candidates: x.5."""
        vat, name = f'FR09{LEVANT}', "Ateliers du Levant"
        known = self.make_account(name, AUBE, vat=vat)
        link = self.link(self.provider, known, 'FR-0-012345674')
        self.poll()
        self.assertEqual((self.asked(), link.state, link.evidence), ([], 'linked', 'typed'))
        both = self.search_for(self.make_account(name, AUBE, vat=vat))
        self.assertEqual(self.asked(), [('regNo', AUBE)], "the national number is enough")
        self.assertRecordValues(both, [{
            'external_id': 'FR-0-002003002', 'evidence': 'national', 'evidence_value': AUBE}])
        self.sim.calls.clear()
        unknown, invented = '055500011', 'FR30055500011'
        by_vat = self.search_for(self.make_account(name, unknown, vat=vat))
        self.assertEqual(self.asked(), [('regNo', unknown), ('vatNo', vat)])
        self.assertRecordValues(by_vat, [{
            'state': 'linked', 'external_id': 'FR-0-012345674', 'evidence': 'vat',
            'evidence_value': vat, 'linked_by': self.env.ref('base.user_root').id}])
        self.sim.calls.clear()
        by_name = self.search_for(self.make_account(name, unknown, vat=invented))
        self.assertEqual(
            self.asked(), [('regNo', unknown), ('vatNo', invented), ('name', name)])
        self.assertEqual(self.countries(), {'FR'})
        self.assertEqual((by_name.state, by_name.external_id), ('choose', False))
        self.assertRecordValues(by_name.candidate_ids, [{
            'external_id': 'FR-0-012345674', 'found_by': 'name'}])

    def make_foreign(self, country, number):
        account = self.make_account("Nobody of that name")
        account.partner_id.write({
            'country_id': self.env.ref(f'base.{country.lower()}').id,
            'company_registry': number})
        return account

    def test_numbers_of_other_countries_are_checked_before_they_are_asked_for(self):
        """Right and wrong ones as the documentation of python-stdnum has them."""
        invented = {
            f'{country}-0-{number}': {
                'name': "SOMETHING ELSE", 'siren': number, 'value': '50', 'letter': 'B',
                'status': 'Active', 'country': there}
            for country, number, there in (('BE', '0403019261', 'BE'), ('DK', '13585628', 'DK'),
                                           ('BE', '0202239951', 'FR'))}
        self.enterContext(patch.dict(COMPANIES, invented))
        for country, number, right in (
                ('BE', '0403.019.261', True), ('BE', '0403.019.262', False),
                ('DK', '1358 5628', True), ('DK', '1358 5627', False),
                # No check is known: the number is not asked for.
                ('US', '13585628', False)):
            with self.subTest(country=country, number=number):
                self.sim.calls.clear()
                digits = compact(number)
                link = self.search_for(self.make_foreign(country, number))
                self.assertEqual(
                    self.asked(), [('regNo', digits)] if right else
                    [('name', "Nobody of that name")])
                self.assertEqual(self.countries(), {country})
                self.assertRecordValues(link, [{
                    'state': 'linked' if right else 'missing',
                    'external_id': f'{country}-0-{digits}' if right else False,
                    'evidence': 'national' if right else False,
                    'evidence_value': digits if right else False}])
        # A right number, and a company of another country behind it: for a person.
        link = self.search_for(self.make_foreign('BE', '0202.239.951'))
        self.assertEqual((link.state, link.external_id), ('choose', False))

    def test_a_vat_number_with_a_wrong_digit_is_not_asked_for(self):
        account = self.make_account("Nobody of that name")
        account.partner_id.with_context(no_vat_validation=True).write({
            'country_id': self.env.ref('base.de').id, 'vat': 'DE111111126'})
        self.search_for(account)
        self.assertEqual({kind for kind, _value in self.asked()}, {'name'})

    def test_a_name_is_picked_by_a_person(self):
        link = self.search_for(self.make_account("Ateliers du Levant"))
        self.assertEqual((link.state, link.external_id), ('choose', False))
        candidate = link.candidate_ids
        self.assertRecordValues(candidate, [{
            'external_id': 'FR-0-012345674', 'found_by': 'name', 'state': 'active',
            'city': "NANTES"}])
        candidate.with_user(self.collector).action_pick()
        self.assertRecordValues(link, [{
            'state': 'linked', 'external_id': 'FR-0-012345674', 'evidence': 'name',
            'linked_by': self.collector.id}])
        self.assertFalse(link.candidate_ids)

    def test_a_closed_company_is_never_linked_by_itself(self):
        link = self.search_for(self.make_account("Caves", '031000425'))
        self.assertEqual(link.state, 'choose')
        self.assertEqual(link.candidate_ids.state, 'closed')

    def test_another_country_is_for_a_person(self):
        account = self.make_account("Anything", LEVANT)
        self.sim.fail('find', fault='mutate', set={'companies.0.country': 'BE'})
        link = self.search_for(account)
        self.assertEqual(link.state, 'choose')

    def test_two_hits_are_for_a_person(self):
        account = self.make_account("Anything", LEVANT)
        self.sim.fail('find', fault='mutate', set={'totalSize': 2})
        self.assertEqual(self.search_for(account).state, 'choose')

    def test_a_wrong_check_digit_makes_no_call_by_number(self):
        self.search_for(self.make_account("Nobody of that name", '012345675'))
        numbers = [call['query'].get('regNo') for call in self.sim.calls]
        self.assertEqual(set(numbers), {None})

    # Fault 19
    def test_an_unknown_company_is_not_asked_for_again_for_a_month(self):
        link = self.search_for(self.make_account("Nobody of that name"))
        self.assertEqual(link.state, 'missing')
        calls = self.sim.count('find')
        self.assertTrue(calls)
        self.poll('2026-06-20')
        self.assertEqual(self.sim.count('find'), calls)
        with self.enter_registry_test_mode():
            link.with_user(self.collector).action_search_again()
        self.poll('2026-06-21')
        self.assertEqual(self.sim.count('find'), 2 * calls)

    def test_a_linked_customer_is_not_searched_again(self):
        link = self.search_for(self.make_account("Anything", LEVANT))
        with self.assertRaises(UserError):
            link.action_search_again()

    def test_finding_from_the_list_of_customers(self):
        accounts = self.make_account("Anything", LEVANT) + self.make_account("Other", AUBE)
        with self.enter_registry_test_mode():
            action = accounts.with_user(self.collector).action_find_at_providers()
            self.assertIn("2 searches", action['params']['message'])
            action = accounts.with_user(self.collector).action_find_at_providers()
            self.assertIn("0 searches", action['params']['message'])
        self.assertEqual(len(accounts.provider_link_ids), 2)
        self.assertFalse(self.sim.calls, "nothing is asked inside the request")
        self.poll()
        self.assertEqual(set(accounts.provider_link_ids.mapped('state')), {'linked'})

    def test_a_provider_without_a_usable_question_says_so(self):
        sim = self.start(Infolegale)
        provider = self.make_provider(sim, rating_days=0)
        account = self.make_account("Abroad")
        account.partner_id.country_id = self.env.ref('base.be')
        link = self.search_for(account, provider)
        self.assertEqual(link.state, 'missing')
        self.assertIn("fill in its country", link.message)
        self.assertFalse(sim.count('find') + sim.count('search'))

    def test_another_kind_of_number_is_named_as_the_provider_wants_it(self):
        sim = self.start(CofaceIcon)
        provider = self.make_provider(sim, rating_days=0)
        link = self.search_for(self.make_account("Anything", LEVANT), provider)
        self.assertEqual(sim.calls[1]['query']['externalId'], f'registration-number#{LEVANT}')
        self.assertEqual((link.state, link.external_id), ('linked', 'ICO0000000101'))

    def test_what_was_found_in_test_is_searched_again_in_production(self):
        found = self.search_for(self.make_account("Anything", LEVANT))
        choose = self.search_for(self.make_account("Ateliers du Levant"))
        typed = self.link(self.provider, self.make_account("Typed"), 'FR-0-002003002')
        self.provider.changes_read_until = '2026-06-01'
        with self.as_job():
            self.provider.write({'environment': 'production', 'simulator_url': False})
        self.assertEqual((found | choose | typed).mapped('state'), ['stopped', 'stopped', 'linked'])
        self.assertFalse(choose.candidate_ids)
        self.assertFalse(self.provider.changes_read_until)
        self.assertIn("test environment", found.message)

    def test_merged_contacts_keep_one_link(self):
        first, second = (self.make_account(name, LEVANT) for name in ("One", "Two"))
        kept = self.link(self.provider, first, 'FR-0-012345674')
        self.link(self.provider, second, 'FR-0-002003002')
        first._absorb(second)
        second.unlink()
        self.assertEqual(first.provider_link_ids, kept)

    # === NATURAL PERSONS === #

    def person(self, name="Ateliers du Levant", **vals):
        return self.make_account(name, is_company=False, **vals)

    def test_nobody_searches_for_a_natural_person_without_a_recorded_reason(self):
        person = self.person()
        with self.assertRaises(UserError) as caught:
            person.with_user(self.collector).action_find_at_providers()
        for text in ("GDPR, article 6(1)", "2021-130", "Kind of debtor"):
            self.assertIn(text, str(caught.exception))
        link = self.search_for(person)
        self.assertFalse(self.sim.count('find'))
        self.assertEqual(link.state, 'stopped')
        self.assertIn("GDPR", link.message)
        with self.assertRaises(UserError):
            link.with_user(self.collector).action_search_again()
        # In a selection the others are searched.
        other = self.make_account("Other", AUBE)
        with self.enter_registry_test_mode():
            action = (self.person("Camille") + other).with_user(
                self.collector).action_find_at_providers()
        self.assertIn("1 natural persons were left out", action['params']['message'])
        self.assertEqual(self.provider.link_ids.customer_id, person + other)
        # The reason is the credit manager's to record, and both halves of it are needed.
        with self.assertRaises(AccessError):
            person.with_user(self.collector).inquiry_basis = 'contract'
        manager = self.user('manager')
        person.with_user(manager).inquiry_basis = 'contract'
        self.assertTrue(person.inquiry_refusal)
        person.with_user(manager).inquiry_reason = "Credit application of 3 March"
        self.assertRecordValues(person, [{
            'inquiry_refusal': False, 'inquiry_user_id': manager.id}])
        with self.enter_registry_test_mode():
            link.with_user(self.collector).action_search_again()
        self.poll()
        self.assertEqual((link.state, self.sim.count('find') > 0), ('choose', True))

    def test_no_rating_of_a_natural_person_is_read_or_ordered(self):
        person = self.person()
        link = self.link(self.provider, person, 'FR-0-012345674')
        icon = self.start(CofaceIcon)
        order = self.link(self.make_provider(icon), person, 'ICO0000000101')
        self.poll()
        self.assertFalse(self.sim.count('report') + icon.count('order'))
        self.assertFalse(person.rating_ids)
        for one in link + order:
            self.assertIn("GDPR", one.message)
            with self.assertRaises(UserError):
                one.with_user(self.collector).action_ask_rating()
        # The next day it is looked at again: by then the customer is known to be in business.
        person.debtor_kind = 'business'
        self.poll('2026-06-03')
        self.assertEqual((self.sim.count('report'), icon.count('order')), (1, 1))
        self.assertTrue(person.rating_ids)

    def test_who_is_taken_for_a_natural_person(self):
        business = self.make_account("Company") + self.person(
            "Trader", vat=f'FR09{LEVANT}') + self.person("State")
        business[2].debtor_kind = 'public'
        self.assertFalse(any(business.mapped('inquiry_refusal')))
        consumer = self.make_account("Company of one")
        consumer.debtor_kind = 'consumer'
        self.assertTrue(all((consumer + self.person()).mapped('inquiry_refusal')))
