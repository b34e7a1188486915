from datetime import date

from odoo.tests import tagged

from ...connectors.errors import (
    InvalidInputError,
    NotFoundError,
    RefusedError,
    TemporaryError,
    UnexpectedAnswerError,
)
from ...connectors.gleif import GleifClient
from ..simulators.gleif import AUBE, DUPLICATE, HOLDING, LEVANT, MIDI, SOLE, TOP, Gleif
from .connector_common import ConnectorCase


@tagged('post_install', '-at_install')
class TestGleif(ConnectorCase):
    """The LEI register over real HTTP: its entries, its parents, and what is odd about it."""

    simulator_class = Gleif
    client_class = GleifClient

    def test_the_published_example_of_a_check_digit(self):
        # GLEIF's own identifier, and one of ISO 17442, annex A.
        for lei, right in (('506700GE1G29325QX363', True), ('506700GE1G29325QX364', False)):
            with self.subTest(lei=lei), self.assertRaises(
                    NotFoundError if right else InvalidInputError):
                self.client.get_company(lei)
        self.assertEqual(self.sim.count('record'), 1, "a wrong check digit makes no call")

    def test_an_entry_is_read_with_its_numbers_and_days(self):
        record = self.client.get_company(LEVANT)
        self.assertEqual(
            (record.provider_id, record.name, record.number('siren'), record.active,
             record.registration_status, record.renewal_on, record.updated_on),
            (LEVANT, "ATELIERS DU LEVANT", '012345674', True, 'ISSUED', date(2027, 7, 6),
             date(2026, 10, 2)))
        self.assertEqual(
            (record.address.street, record.address.postal_code, record.address.country),
            ("1 RUE DES INVENTIONS", '44000', 'FR'))
        self.assertEqual(record.meta.environment, 'simulator')
        self.assertFalse(record.attention)

    def test_a_number_is_found_however_the_register_groups_it(self):
        for siren, lei in (('012345674', LEVANT), ('002003002', AUBE)):
            with self.subTest(siren=siren):
                found = self.client.search_company(number=siren, country='FR')
                self.assertEqual(
                    (found.certain.provider_id, found.certain.number('siren')), (lei, siren))
        # The void second entry of the same company was in the answer.
        self.assertNotIn(DUPLICATE, [x.provider_id for x in found.companies])

    def test_a_number_that_only_resembles_does_not_count(self):
        self.sim.fail('records_found', fault='mutate', set={
            'data.0.attributes.entity.registeredAs': '047000815'})
        self.assertFalse(self.client.search_company(number='012345674', country='FR').companies)

    def test_a_name_is_never_certain_and_natural_persons_are_left_out(self):
        found = self.client.search_company("levant", 'FR')
        self.assertEqual([x.provider_id for x in found.companies], [LEVANT, HOLDING])
        self.assertIsNone(self.client.search_company("bois et toitures").certain)
        self.assertFalse(self.client.search_company("personne-inventee").companies)

    def test_of_a_trader_only_the_identifier_is_kept(self):
        with self.capture() as logs:
            record = self.client.get_company(SOLE)
        self.assertEqual(record.meta.raw, {'lei': SOLE, 'category': 'SOLE_PROPRIETOR'})
        self.assertNotIn('PERSONNE', f'{logs.output}')

    def test_a_gone_company_is_for_a_person(self):
        record = self.client.search_company(lei=MIDI).companies[0]
        self.assertEqual(
            (record.active, record.closed_on, record.registration_status),
            (False, date(2025, 11, 30), 'LAPSED'))
        self.assertIsNone(self.client.search_company(lei=MIDI).certain)
        self.assertEqual(self.client.search_company(lei=LEVANT).certain.provider_id, LEVANT)

    def test_parents_of_both_levels_in_five_calls(self):
        entry = self.client.get_parents(LEVANT)
        self.assertEqual(
            [(x.level, x.company.provider_id, x.company.name) for x in entry.parents],
            [('direct', HOLDING, "LEVANT PARTICIPATIONS"),
             ('ultimate', TOP, "HAUS DER ERFINDUNGEN SE")])
        self.assertEqual(len(self.sim.calls), 5)
        self.sim.calls.clear()
        entry = self.client.get_parents(AUBE)
        self.assertEqual(
            {x.level: x.company.provider_id for x in entry.parents},
            {'direct': TOP, 'ultimate': TOP})
        self.assertEqual(len(self.sim.calls), 4, "one parent of both levels is read once")

    def test_why_no_parent_is_named(self):
        entry = self.client.get_parents(MIDI)
        self.assertEqual(
            [(x.level, x.company, x.exception) for x in entry.parents],
            [('direct', None, 'NATURAL_PERSONS'), ('ultimate', None, 'NATURAL_PERSONS')])
        self.assertFalse(self.client.get_parents(SOLE).parents, "nothing said is nothing told")

    def test_a_relation_that_ended_or_is_another_one_names_nobody(self):
        for change, remarks in (
                ({'relationship.status': 'INACTIVE'}, []),
                ({'relationship.status': 'PERHAPS'}, ['unknown_code']),
                ({'relationship.type': 'IS_FEEDER_TO'}, ['contradiction']),
                ({'relationship.startNode.id': AUBE}, ['contradiction']),
                ({'relationship.endNode.id': LEVANT}, ['contradiction'])):
            with self.subTest(change=change):
                self.sim.reset()
                # The second call: after the entry itself, the relation of the direct parent.
                self.sim.fail('related', fault='mutate', set={
                    f'data.attributes.{path}': value for path, value in change.items()})
                entry = self.client.get_parents(LEVANT)
                self.assertIsNone(entry.get_parent('direct'))
                self.assertEqual(entry.get_parent('ultimate').company.provider_id, TOP)
                self.assertEqual([x.code for x in entry.attention], remarks)

    def test_unknown_states_and_reasons_are_surfaced(self):
        self.sim.records[LEVANT].update(status='SLEEPING', registration='NEWSTATE', direct='WHIM')
        entry = self.client.get_parents(LEVANT)
        self.assertIsNone(entry.record.active)
        self.assertEqual(entry.get_parent('direct').exception, 'WHIM')
        self.assertEqual(
            [(x.code, x.value) for x in entry.attention],
            [('unknown_code', 'SLEEPING'), ('unknown_code', 'NEWSTATE'),
             ('unknown_code', 'WHIM')])

    def test_a_relation_that_went_between_two_calls_is_no_error(self):
        self.sim.fail('related', fault='status', status=404, body={'errors': []})
        entry = self.client.get_parents(LEVANT)
        self.assertEqual([x.level for x in entry.parents], ['ultimate'])

    def test_an_entry_of_somebody_else_is_refused(self):
        self.sim.fail('record', fault='mutate', set={
            'data.id': AUBE, 'data.attributes.lei': AUBE})
        with self.assertRaises(UnexpectedAnswerError):
            self.client.get_company(LEVANT)

    def test_an_entry_that_contradicts_itself_is_for_a_person(self):
        self.sim.fail('record', fault='mutate', set={'data.id': AUBE})
        self.assertEqual(
            [x.code for x in self.client.get_company(LEVANT).attention], ['contradiction'])

    def test_a_missing_name_is_an_error_and_not_an_empty_one(self):
        self.sim.fail('record', fault='mutate', delete=['data.attributes.entity.legalName'])
        with self.assertRaises(UnexpectedAnswerError):
            self.client.get_company(LEVANT)

    def test_errors_come_in_the_words_of_the_register(self):
        with self.assertRaises(NotFoundError) as caught:
            self.client.get_company(self.make_lei())
        self.assertEqual(caught.exception.provider_messages, ("Related resource not found",))
        self.sim.fail('records_found', fault='status', status=400, body={'errors': [
            {'status': '400', 'detail': "Filter should contain only allowed values."}]})
        with self.assertRaises(RefusedError) as caught:
            self.client.search_company("levant")
        self.assertIn("allowed values", caught.exception.provider_messages[0])

    def make_lei(self):
        """Return an identifier with right check digits that the simulator does not know."""
        base = '000000NOBODY000001'
        number = int(''.join(str(int(sign, 36)) for sign in f'{base}00'))
        return f'{base}{98 - number % 97:02}'

    def test_what_passes_is_waited_for_and_what_lasts_is_temporary(self):
        for fault in ({'fault': 'status', 'status': 503}, {'fault': 'html'}, {'fault': 'truncate'},
                      {'fault': 'drop'}, {'fault': 'status', 'status': 429, 'headers': {
                          'Retry-After': '7'}}):
            with self.subTest(fault=fault):
                self.sim.reset()
                self.sim.fail('record', **fault)
                self.assertEqual(self.client.get_company(LEVANT).provider_id, LEVANT)
                self.assertEqual(self.sim.count('record'), 2)
        self.assertIn(7, self.slept)
        self.sim.fail('record', times=9, fault='status', status=503)
        with self.assertRaises(TemporaryError):
            self.client.get_company(LEVANT)

    def test_sixty_calls_a_minute_whatever_is_asked(self):
        for _company in range(70):
            self.client.get_company(LEVANT)
        self.assertGreaterEqual(sum(self.slept), 9)
