from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..connectors.transport import LocalSimulator
from ..connectors.vies import ViesClient
from .provider_common import ProviderCommon
from .simulators.open_data import Vies


@tagged('post_install', '-at_install')
class TestVatCheck(ProviderCommon):
    """VIES over real HTTP, asked by a button on the customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start(Vies)
        cls.account = cls.make_account("Levant", vat='FR83012345674')
        cls.collector = cls.user('collector')
        cls.account.collector_id = cls.collector

    def setUp(self):
        super().setUp()
        self.sim.reset()
        self.written = []
        case = self

        class Client(ViesClient):
            def check_vat(self, *args, **kwargs):
                case.written.append(case.count_written())
                return super().check_vat(*args, **kwargs)

        self.patch(self.registry['ar.customer'], '_get_vat_client', lambda customer: Client(
            environment='production', simulator=LocalSimulator(self.sim.url),
            sleep=lambda seconds: None))

    def count_written(self):
        """Return how many rows this transaction has written so far."""
        self.env.cr.execute(
            "SELECT SUM(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables")
        return self.env.cr.fetchone()[0]

    def press(self, account=None, user=None):
        self.env.flush_all()
        before = self.count_written()
        (account or self.account).with_user(user or self.collector).action_check_vat()
        self.assertEqual(self.written[-1], before, "asked before anything is written or locked")

    def test_the_answer_stands_with_its_day_and_its_proof(self):
        self.press()
        self.assertRecordValues(self.account, [{
            'vat_state': 'valid', 'vat_checked_number': 'FR83012345674',
            'vat_checked_on': date(2026, 6, 1), 'vat_consultation': False,
            'vat_check_is_other': False}])
        self.company.partner_id.write({
            'vat': 'FR83012345674', 'country_id': self.env.ref('base.fr').id})
        self.press()
        self.assertEqual(self.account.vat_consultation, 'WAPIAAAAXinvented01')
        self.assertEqual(self.sim.calls[-1]['body'], (
            '{"countryCode": "FR", "vatNumber": "83012345674", '
            '"requesterMemberStateCode": "FR", "requesterNumber": "83012345674"}'))
        self.assertIn("WAPIAAAAXinvented01", self.account.message_ids[0].body)
        self.sim.numbers.clear()
        self.press()
        self.assertEqual(self.account.vat_state, 'invalid')
        self.account.partner_id.vat = 'FR23334175221'
        self.assertTrue(self.account.vat_check_is_other, "the answer was about another number")

    # Fault 16
    def test_an_outage_inside_a_200_is_told_and_changes_nothing(self):
        self.press()
        self.sim.outage = 'MS_UNAVAILABLE'
        with self.assertRaisesRegex(UserError, r"ms_unavailable\)\. This says nothing about"):
            self.press()
        self.sim.outage, self.sim.wrapped = None, 'MS_MAX_CONCURRENT_REQ'
        with self.assertRaisesRegex(UserError, "does not answer now"):
            self.press()
        self.sim.wrapped = 'INVALID_REQUESTER_INFO'
        with self.assertRaisesRegex(UserError, "our own company"):
            self.press()
        self.assertEqual((self.account.vat_state, len(self.account.message_ids.filtered(
            lambda message: "VIES" in message.body))), ('valid', 1))

    def test_the_prefix_says_the_country_and_others_are_not_asked_about(self):
        greek = self.make_account("Greek")
        greek.partner_id.write({'country_id': self.env.ref('base.gr').id, 'vat': 'EL094000000'})
        self.press(greek)
        self.assertEqual(greek.vat_state, 'valid')
        calls = len(self.sim.calls)
        swiss = self.make_account("Swiss")
        swiss.partner_id.write({
            'country_id': self.env.ref('base.ch').id, 'vat': 'CHE-107.787.577 IVA'})
        with self.assertRaisesRegex(UserError, "European Union"):
            self.press(swiss)
        with self.assertRaisesRegex(UserError, "fill in the tax ID"):
            self.press(self.make_account("Without"))
        self.assertEqual(len(self.sim.calls), calls)

    def test_an_auditor_asks_nothing_and_nobody_types_an_answer(self):
        with self.assertRaises(AccessError):
            self.press(user=self.user('auditor'))
        with self.assertRaises(AccessError):
            self.account.with_user(self.user('manager')).vat_state = 'valid'
        self.assertFalse(self.sim.calls)
