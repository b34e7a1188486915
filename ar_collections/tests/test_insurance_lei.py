import re

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .provider_common import AUBE, LEVANT, MIDI, ProviderCommon
from .simulators import gleif
from .simulators.gleif import Gleif


@tagged('post_install', '-at_install')
class TestLegalEntities(ProviderCommon):
    """The register of LEI: it links by number, tells parents, proposes, and changes nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start(Gleif)
        cls.provider = cls.make_provider(cls.sim, {})
        cls.levant = cls.make_account(
            "Ateliers du Levant", LEVANT, street="1 rue des Inventions", zip='44000',
            city="Nantes")
        cls.aube = cls.make_account(
            "Bois et toitures de l'Aube", AUBE, street="4, chemin du Rabot", zip='10000',
            city="Troyes")
        cls.manager = cls.user('manager')
        cls.collector = cls.user('collector')

    def setUp(self):
        super().setUp()
        self.sim.reset()

    def read_entries(self, *accounts, number=None):
        """Link these accounts, by their numbers or as typed in; read the register."""
        links = self.env['ar.provider.link'].union(*(
            self.link(self.provider, account, number) for account in accounts))
        self.poll()
        return links

    def again(self):
        """Have the register read once more."""
        self.env['ar.provider.link'].search([
            ('provider_id', '=', self.provider.id)]).rating_wanted = True
        self.poll()

    def get_open(self, account):
        return {x.kind: x for x in account.register_proposal_ids}

    def test_a_number_links_and_the_parents_are_told(self):
        link = self.read_entries(self.levant)
        self.assertRecordValues(link, [{
            'state': 'linked', 'external_id': gleif.LEVANT, 'evidence': 'national',
            'evidence_value': LEVANT, 'environment': 'simulator',
            'register_status': 'ACTIVE, ISSUED', 'direct_name': "LEVANT PARTICIPATIONS",
            'ultimate_lei': gleif.TOP, 'message': False, 'rating_wanted': False}])
        self.assertIn(gleif.TOP, link.ultimate_text)
        # Case, accents and commas are no difference: nothing to propose.
        self.assertFalse(self.levant.register_proposal_ids)
        self.assertFalse(self.provider.billing_note, "it costs nothing")

    def test_a_name_is_picked_by_a_person(self):
        account = self.make_account("Levant participations")
        link = self.read_entries(account)
        self.assertEqual((link.state, link.candidate_ids.mapped('external_id')),
                         ('choose', [gleif.HOLDING]))
        link.candidate_ids.with_user(self.collector).action_pick()
        self.assertEqual((link.evidence, link.linked_by), ('name', self.collector))

    def test_an_lei_typed_in_is_checked(self):
        with self.assertRaises(ValidationError):
            self.link(self.provider, self.levant, gleif.LEVANT[:-1] + '2')

    def test_differences_are_proposed_and_a_person_takes_them(self):
        account = self.make_account("Levant, ancien nom", street="Ailleurs", zip='1', city="Y")
        link = self.read_entries(account, number=gleif.HOLDING)
        partner = account.partner_id
        found = self.get_open(account)
        self.assertEqual(set(found), {'name', 'address', 'number'})
        self.assertEqual(partner.name, "Levant, ancien nom")
        self.assertEqual(found['address'].current, "Ailleurs, 1 Y, FR")
        with self.assertRaises(UserError):
            # May follow customers, but not change contacts.
            found['name'].with_user(self.collector).action_take()
        self.collector.group_ids += self.env.ref('base.group_partner_manager')
        partner.city = "Z"
        with self.assertRaisesRegex(UserError, "Ailleurs, 1 Z, FR"):
            # Somebody was there first.
            found['address'].with_user(self.collector).action_take()
        partner.city = "Y"
        for kind in ('name', 'address'):
            found[kind].with_user(self.collector).action_take()
        self.assertRecordValues(partner, [{
            'name': "LEVANT PARTICIPATIONS", 'street': "1 RUE DES INVENTIONS, BATIMENT B",
            'city': "NANTES", 'zip': '44000', 'company_registry': False}])
        self.assertIn(gleif.HOLDING, partner.message_ids[:1].body)
        self.assertRecordValues(found['name'], [{
            'state': 'taken', 'decided_by': self.collector.id}])
        with self.assertRaises(UserError):
            found['name'].with_user(self.collector).action_take()
        # Refused, it stays refused; said otherwise, it comes again.
        found['number'].with_user(self.collector).action_refuse()
        self.again()
        self.assertFalse(account.register_proposal_ids)
        self.sim.records[gleif.HOLDING]['name'] = "LEVANT PARTICIPATIONS SE"
        self.again()
        self.assertEqual(self.get_open(account)['name'].proposed, "LEVANT PARTICIPATIONS SE")
        self.assertEqual(len(link.proposal_ids), 4)

    def test_what_is_no_longer_said_is_no_longer_proposed(self):
        self.sim.records[gleif.LEVANT]['name'] = "ATELIERS DU PONANT"
        self.read_entries(self.levant)
        proposal = self.levant.register_proposal_ids
        self.assertEqual(proposal.proposed, "ATELIERS DU PONANT")
        self.sim.reset()
        self.again()
        self.assertEqual(proposal.state, 'outdated')

    def test_a_credit_group_is_proposed_and_never_set_by_itself(self):
        self.read_entries(self.levant)
        self.assertFalse(self.get_open(self.levant), "one customer is no group")
        self.read_entries(self.aube)
        mine, other = self.get_open(self.levant)['group'], self.get_open(self.aube)['group']
        self.assertFalse((self.levant | self.aube).credit_group_id)
        self.assertIn("HAUS DER ERFINDUNGEN SE", mine.proposed)
        self.assertIn("Bois et toitures", mine.family)
        with self.assertRaises(AccessError):
            mine.with_user(self.collector).action_take()
        mine.with_user(self.manager).action_take()
        group = self.levant.credit_group_id
        self.assertRecordValues(group, [{
            'name': "HAUS DER ERFINDUNGEN SE", 'limit': 0.0, 'company_ids': self.company.ids}])
        self.assertFalse(self.aube.credit_group_id)
        other.with_user(self.manager).action_take()
        self.assertEqual(self.aube.credit_group_id, group)
        self.again()
        self.assertFalse(self.get_open(self.levant) or self.get_open(self.aube))

    def test_a_proposal_names_nobody_beyond_the_perimeter(self):
        self.read_entries(self.levant, self.aube)
        mine = self.user('own', 'lei_own')
        self.levant.collector_id, self.aube.collector_id = mine, self.collector
        proposal = self.get_open(self.levant)['group'].with_user(mine)
        self.assertNotIn("Bois et toitures", str(proposal.read()))
        self.assertIn("1", proposal.family)
        self.assertIn("Bois et toitures", proposal.with_user(self.manager).family)

    def test_what_a_test_proposed_is_not_accepted_in_production(self):
        """A name that a simulator invented would be written to the contact."""
        self.sim.records[gleif.LEVANT]['name'] = "ATELIERS DU PONANT"
        links = self.read_entries(self.levant, self.aube)
        self.assertEqual(set(links.proposal_ids.mapped('kind')), {'name', 'group'})
        self.provider.write({'environment': 'production', 'simulator_url': False})
        self.assertEqual(set(links.proposal_ids.mapped('state')), {'outdated'})
        with self.assertRaises(UserError):
            links.proposal_ids[0].with_user(self.manager).action_take()

    def test_families_in_different_groups_are_left_alone(self):
        for account in (self.levant, self.aube):
            account.credit_group_id = self.env['ar.credit.group'].create({
                'name': account.display_name, 'limit': 1})
        self.read_entries(self.levant, self.aube)
        self.assertFalse(self.get_open(self.levant) or self.get_open(self.aube))

    def test_a_company_that_is_gone_is_told_once(self):
        account = self.make_account("Caves du Midi inventé", MIDI)
        link = self.read_entries(account, number=gleif.MIDI)
        self.assertIn("natural persons", link.ultimate_text)
        self.assertTrue(link.message)
        self.again()
        event = self.env['ar.provider.event'].search([('customer_id', '=', account.id)])
        self.assertRecordValues(event, [{'state': 'person', 'summary': 'INACTIVE, LAPSED'}])
        self.assertEqual(len(account.activity_ids), 1)

    def test_of_a_trader_neither_name_nor_address_is_taken(self):
        account = self.make_account("Camille", '061200077')
        link = self.read_entries(account, number=gleif.SOLE)
        self.assertFalse(account.register_proposal_ids)
        self.env.flush_all()
        self.env.cr.execute("SELECT l::text FROM ar_provider_link l WHERE id = %s", [link.id])
        self.assertNotRegex(self.env.cr.fetchone()[0], re.compile('invent', re.I))

    def test_a_test_answer_proposes_nothing(self):
        self.provider.test_counts = False
        self.sim.records[gleif.LEVANT]['name'] = "ATELIERS DU PONANT"
        links = self.read_entries(self.levant, self.aube)
        self.assertEqual(links.mapped('ultimate_lei'), [gleif.TOP] * 2)
        self.assertFalse(links.proposal_ids)

    def test_a_failure_keeps_what_was_known_and_goes_on(self):
        links = self.read_entries(self.levant, self.aube)
        self.sim.fail('record', times=4, fault='status', status=503)
        self.again()
        failed = links.filtered('failures')
        self.assertEqual((len(failed), failed.ultimate_lei), (1, gleif.TOP))
        self.assertTrue(failed.next_try_at)
        self.assertFalse((links - failed).rating_wanted)
