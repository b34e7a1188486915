from datetime import date

from odoo.tests import tagged

from ...connectors.bodacc import BodaccClient
from ...connectors.bodacc_reading import Insolvency, Notice, read_nature, read_standing
from ...connectors.errors import (
    CredentialsError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    TemporaryError,
    UnexpectedAnswerError,
)
from ...connectors.insee_sirene import InseeSireneClient
from ...connectors.recherche_entreprises import RechercheEntreprisesClient
from ...connectors.vies import ViesClient
from ..simulators.open_data import (
    Bodacc,
    InseeSirene,
    RechercheEntreprises,
    Vies,
    make_notice,
    make_siret,
)
from .connector_common import ConnectorCase

ONE, TWO, CLOSED, HOUSE = '012345674', '002003002', '031000425', '047000815'


@tagged('post_install', '-at_install')
class TestRechercheEntreprises(ConnectorCase):
    simulator_class = RechercheEntreprises
    client_class = RechercheEntreprisesClient

    def test_a_number_finds_one_company_with_its_address(self):
        company = self.client.get_company('012 345 674')
        self.assertEqual(
            (company.provider_id, company.name, company.active, company.address.postal_code,
             company.address.city, company.number('siret')),
            (ONE, "ATELIERS DU LEVANT", True, '44000', "NANTES", make_siret(ONE)))
        self.assertEqual(company.meta.environment, 'simulator')

    def test_a_closed_company_says_since_when_and_is_never_linked_alone(self):
        found = self.client.search_company(CLOSED)
        self.assertEqual(found.companies[0].closed_on, date(2025, 11, 30))
        self.assertIsNone(found.certain)

    def test_a_wrong_check_digit_makes_no_call(self):
        with self.assertRaises(InvalidInputError):
            self.client.get_company('012345675')
        self.assertFalse(self.sim.calls)

    def test_several_hits_by_name_are_a_choice_for_a_person(self):
        found = self.client.search_company("midi invente", active_only=False)
        self.assertEqual({x.provider_id for x in found.companies}, {CLOSED, HOUSE})
        self.assertIsNone(found.certain)

    def test_a_single_hit_by_name_is_not_certain_but_a_number_is(self):
        self.assertIsNone(self.client.search_company("levant").certain)
        self.assertEqual(self.client.search_company(ONE).certain.provider_id, ONE)

    def test_pages_are_walked_and_an_unfinished_walk_says_so(self):
        self.sim.companies = {f'{n:09}': {
            'name': f"FABRIQUE {n}", 'city': "NANTES", 'zip': '44000', 'state': 'A'}
            for n in range(60)}
        part = self.client.search_company("fabrique", pages=2)
        self.assertEqual((len(part.companies), part.complete, part.announced_total),
                         (50, False, 60))
        self.assertTrue(self.client.search_company("fabrique", pages=5).complete)

    def test_managers_are_not_kept(self):
        with self.capture() as logs:
            company = self.client.get_company(ONE)
        self.assertNotIn("PERSONNE-INVENTEE", f'{company!r}{company.meta.raw}{logs.output}')

    def test_an_unknown_state_is_surfaced_and_not_guessed(self):
        self.sim.companies[ONE]['state'] = 'Q'
        company = self.client.get_company(ONE)
        self.assertIsNone(company.active)
        self.assertEqual([(x.code, x.value) for x in company.attention], [('unknown_code', 'Q')])

    def test_a_closed_head_office_of_an_active_company_is_surfaced(self):
        self.sim.companies[ONE]['seat_state'] = 'F'
        company = self.client.get_company(ONE)
        self.assertIs(company.active, True)
        self.assertEqual([(x.code, x.value) for x in company.attention], [('contradiction', 'F')])
        self.sim.companies[ONE]['seat_state'] = 'Z'
        self.assertEqual(
            [(x.code, x.value) for x in self.client.get_company(ONE).attention],
            [('unknown_code', 'Z')])
        self.assertFalse(self.client.get_company(CLOSED).attention)

    def test_seven_calls_a_second_whatever_is_asked(self):
        for _attempt in range(15):
            self.client.get_company(ONE)
        self.assertGreaterEqual(sum(self.slept), 2)


@tagged('post_install', '-at_install')
class TestInseeSirene(ConnectorCase):
    simulator_class = InseeSirene
    client_class = InseeSireneClient
    credentials = {'api_key': InseeSirene.key}

    def test_the_open_period_decides_whatever_the_order(self):
        self.assertEqual((self.client.get_company(ONE).active, self.client.get_company(ONE).name),
                         (True, "ATELIERS DU LEVANT"))
        closed = self.client.get_company(CLOSED)
        self.assertEqual((closed.active, closed.closed_on), (False, date(2025, 11, 30)))

    def test_unknown_duplicate_and_hidden_are_three_things(self):
        for number, error, code in (
                ('099000127', NotFoundError, 'not_found'),
                ('061200077', NotFoundError, 'duplicate'),
                ('055500011', RefusedError, 'not_diffusible')):
            with self.subTest(number), self.assertRaises(error) as caught:
                self.client.get_company(number)
            self.assertEqual(caught.exception.code, code)
        self.assertEqual(len(self.sim.calls), 3, "a redirect is not followed")

    def test_a_replaced_number_is_told_when_it_is_one(self):
        for place, number in ((ONE, ONE), ('012345675', ''), ('../elsewhere', '')):
            self.sim.duplicates['061200077'] = place
            with self.subTest(place), self.assertRaises(NotFoundError) as caught:
                self.client.get_company('061200077')
            self.assertEqual(caught.exception.details['replaced_by'], number)

    def test_a_refused_key_is_a_credential_error(self):
        client = self.make_client(credentials={'api_key': 'another-key'})
        with self.assertRaises(CredentialsError):
            client.get_company(ONE)

    def test_thirty_calls_a_minute(self):
        for _attempt in range(31):
            self.client.get_company(ONE)
        self.assertEqual(len(self.slept), 1)
        self.assertAlmostEqual(self.slept[0], 60.5)


@tagged('post_install', '-at_install')
class TestBodacc(ConnectorCase):
    simulator_class = Bodacc
    client_class = BodaccClient

    def list_all(self, *sirens):
        return self.client.list_notices(sirens or (ONE,), date(2026, 1, 1), date(2026, 12, 31))

    def standing(self, *notices):
        self.sim.notices = list(notices)
        return read_standing(self.list_all().items)

    def test_an_opening_judgment_with_its_two_dates(self):
        standing = self.standing(make_notice(
            11, ONE, '2026-03-14', "Jugement d'ouverture de liquidation judiciaire",
            judged='5 mars 2026'))
        self.assertEqual(standing.state, Insolvency.LIQUIDATION)
        self.assertEqual((standing.opened.happened_on, standing.opened.published_on),
                         (date(2026, 3, 5), date(2026, 3, 14)))

    def test_no_notice_is_none_found(self):
        self.assertEqual(self.standing().state, Insolvency.NONE_FOUND)

    def test_a_cancelled_notice_undoes_its_signal(self):
        first = make_notice(
            12, ONE, '2026-03-14', "Jugement d'ouverture de redressement judiciaire")
        undo = make_notice(13, ONE, '2026-03-20', "", kind='annulation', cancels=first['id'])
        self.assertEqual(self.standing(first, undo).state, Insolvency.NONE_FOUND)

    def test_a_correction_replaces_the_notice_it_names(self):
        first = make_notice(14, ONE, '2026-03-14', "Jugement d'ouverture de liquidation judiciaire")
        right = make_notice(15, ONE, '2026-03-20', "Jugement d'ouverture d'une procédure de "
                            "sauvegarde", kind='rectificatif', cancels=first['id'])
        standing = self.standing(first, right)
        self.assertEqual(standing.state, Insolvency.SAFEGUARD)
        self.assertEqual(standing.opened.published_on, date(2026, 3, 20))

    def test_a_cancellation_that_names_nothing_is_for_a_person(self):
        first = make_notice(16, ONE, '2026-03-14', "Jugement d'ouverture de liquidation judiciaire")
        undo = make_notice(17, ONE, '2026-03-20', "", kind='annulation')
        standing = self.standing(first, undo)
        self.assertEqual(standing.state, Insolvency.LIQUIDATION)
        self.assertEqual(len(standing.to_check), 1)

    def test_the_same_judgment_published_twice_counts_from_its_first_publication(self):
        twice = [make_notice(number, ONE, day, "Jugement d'ouverture de liquidation judiciaire",
                             judged='2026-03-05')
                 for number, day in ((18, '2026-03-14'), (19, '2026-03-21'))]
        self.assertEqual(self.standing(*twice).opened.published_on, date(2026, 3, 14))

    def test_judgments_are_read_in_their_own_order_not_that_of_publication(self):
        standing = self.standing(
            make_notice(20, ONE, '2026-05-02', "Jugement d'ouverture de redressement judiciaire",
                        judged='2026-03-05'),
            make_notice(21, ONE, '2026-05-01',
                        "Jugement de conversion en liquidation judiciaire", judged='2026-04-20'))
        self.assertEqual(standing.state, Insolvency.LIQUIDATION)

    def test_an_unknown_nature_is_to_check_never_healthy(self):
        standing = self.standing(make_notice(22, ONE, '2026-03-14', "Jugement d'un type nouveau",
                                             family="Avis divers"))
        self.assertEqual(standing.state, Insolvency.TO_CHECK)
        self.assertEqual([x.code for x in standing.to_check[0].attention], ['unknown_code'])

    def test_a_generic_nature_hides_the_event_in_its_complement(self):
        standing = self.standing(make_notice(
            23, ONE, '2026-03-14', "Autre jugement et ordonnance", family="Jugement prononçant",
            complement="Jugement prononçant la clôture pour insuffisance d'actif"))
        self.assertEqual(standing.state, Insolvency.CLOSED_UNPAID)

    def test_natures_as_they_are_written(self):
        for nature, kind in (
            ("Jugement d'ouverture d'une procédure de sauvegarde", Notice.SAFEGUARD),
            ("jugement d'ouverture de redressement judiciaire", Notice.REORGANISATION),
            ("Jugement prononçant la liquidation judiciaire", Notice.LIQUIDATION),
            ("Jugement de conversion en liquidation judiciaire", Notice.CONVERSION),
            ("Jugement arrêtant le plan de redressement", Notice.PLAN),
            ("Jugement modifiant le plan de sauvegarde", Notice.PLAN),
            ("Jugement de clôture pour insuffisance d'actif", Notice.CLOSED_UNPAID),
            ("Jugement de clôture pour extinction du passif", Notice.CLOSED_PAID),
            ("Dépôt de l'état des créances", Notice.CLAIMS_FILED),
            ("Arrêt de la cour d'appel infirmant le jugement d'ouverture de redressement",
             Notice.REVERSED),
            ("Jugement d'extension de liquidation judiciaire", Notice.EXTENSION),
            ("Jugement prononçant la résolution du plan de redressement", Notice.TO_CHECK),
        ):
            with self.subTest(nature):
                self.assertEqual(read_nature(nature), kind)

    def test_digits_are_compared_exactly_and_names_never(self):
        stranger = make_notice(24, TWO, '2026-03-14',
                               "Jugement d'ouverture de liquidation judiciaire")
        stranger['registre'] = [ONE + '1', stranger['registre'][1]]
        # As if the portal compared less strictly than it says.
        self.sim.fail(fault='mutate', set={'results': [stranger], 'total_count': 1})
        self.assertFalse(self.list_all(ONE).items)

    def test_natural_persons_are_left_out_of_all_that_is_kept(self):
        self.sim.notices = [make_notice(
            25, ONE, '2026-03-14', "Jugement d'ouverture de liquidation judiciaire",
            person=True, name="PERSONNE-INVENTEE Camille")]
        with self.capture() as logs:
            batch = self.list_all()
        self.assertNotIn(
            "PERSONNE-INVENTEE", f'{batch!r}{[x.meta.raw for x in batch.items]}{logs.output}')

    def test_sirens_go_in_batches_and_pages_are_walked(self):
        self.sim.notices = [
            make_notice(n, ONE, '2026-03-14', "Dépôt de l'état des créances") for n in range(230)]
        batch = self.list_all(*[ONE] * 31)
        self.assertEqual((len(batch.items), batch.complete), (230, True))
        self.assertEqual(len(self.sim.calls), 6, "three pages for each of two batches")

    def test_an_answer_beyond_the_portals_reach_is_split_by_date(self):
        self.sim.notices = [
            make_notice(n, ONE, f'2026-{1 + n % 12:02}-10', "Dépôt de l'état des créances")
            for n in range(10_050)]
        batch = self.list_all()
        self.assertEqual((len(batch.items), batch.complete), (10_050, True))

    def test_an_impossible_date_is_surfaced(self):
        standing = self.standing(make_notice(
            26, ONE, '2026-03-14', "Jugement d'ouverture de liquidation judiciaire",
            judged='31 février 2026'))
        self.assertIsNone(standing.opened.happened_on)
        self.assertIn('unreadable_date', [x.code for x in standing.opened.attention])

    def test_a_judgment_that_is_no_json_is_to_check(self):
        notice = make_notice(27, ONE, '2026-03-14', "x")
        notice['jugement'] = '{"nature": '
        self.assertEqual(self.standing(notice).state, Insolvency.TO_CHECK)

    def test_a_failed_walk_is_an_error_and_not_an_empty_list(self):
        self.sim.fail(fault='status', status=503, times=99)
        with self.assertRaises(TemporaryError):
            self.list_all()


@tagged('post_install', '-at_install')
class TestVies(ConnectorCase):
    simulator_class = Vies
    client_class = ViesClient

    def test_valid_with_proof_and_invalid(self):
        check = self.client.check_vat('FR', 'FR 83 012345674', requester=('FR', '83012345674'))
        self.assertEqual((check.valid, check.consultation), (True, 'WAPIAAAAXinvented01'))
        self.assertFalse(self.client.check_vat('FR', '83012345675').valid)

    def test_an_outage_inside_a_200_is_never_an_invalid_number(self):
        for outage in ('MS_UNAVAILABLE', 'MS_MAX_CONCURRENT_REQ', 'TIMEOUT', 'A_NEW_CODE'):
            self.sim.outage = outage
            with self.subTest(outage), self.assertRaises(TemporaryError) as caught:
                self.client.check_vat('FR', '83012345674')
            self.assertEqual(caught.exception.code, outage.lower())

    def test_the_other_form_of_error(self):
        self.sim.wrapped = 'SERVICE_UNAVAILABLE'
        with self.assertRaises(TemporaryError):
            self.client.check_vat('FR', '83012345674')

    def test_greece_is_el_and_dashes_are_no_name(self):
        self.assertEqual(self.client.check_vat('GR', 'GR094000000').country, 'EL')
        self.assertEqual(self.client.check_vat('DE', '111111117').name, '')

    def test_a_contradiction_is_not_believed(self):
        self.sim.fail(fault='mutate', set={'valid': False})
        with self.assertRaises(UnexpectedAnswerError):
            self.client.check_vat('FR', '83012345674')
