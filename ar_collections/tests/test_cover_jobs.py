from odoo import fields
from odoo.tests import tagged

from .cover_common import CoverCommon
from .simulators.allianz_trade import AllianzTrade


@tagged('post_install', '-at_install')
class TestCoverJobs(CoverCommon):
    """Allianz Trade answers with a job, and lists limit and top-up apart."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = AllianzTrade().start()
        cls.addClassCleanup(cls.sim.stop)

    def setUp(self):
        super().setUp()
        self.sim.reset()
        self.provider = self.make_provider(
            self.sim, 'allianz_trade', {'api_key': AllianzTrade.api_key},
            {'business_unit': 'EHXX', 'policy_id': '900100'})
        self.link(self.provider, '7100001')

    def test_a_job_a_partial_grant_and_a_reduction(self):
        self.sim.polls = 1
        request = self.ask(80000)
        self.run_cron('ir_cron_ar_cover_send')
        self.assertEqual((request.state, request.status), ('open', 'submitted'))
        self.run_cron('ir_cron_ar_provider_poll')
        self.assertEqual(request.state, 'open')
        self.run_cron('ir_cron_ar_provider_poll')
        self.assertRecordValues(request, [{
            'state': 'answered', 'status': 'granted_partial', 'granted_amount': 48000}])
        self.assertFalse(self.sim.errors)
        cover = request.cover_id
        self.go('2026-06-10')
        self.sim.change({'reduce': {'cover': cover.insurer_reference, 'amount': 10000}})
        for _twice in range(2):
            self.run_cron('ir_cron_ar_provider_poll')
        self.assertRecordValues(cover, [{
            'status': 'reduced', 'amount_today': 10000, 'needs_person': False}])
        self.assertEqual(len(cover.activity_ids), 1)
        # The inbox has each piece of news once, and calls it by its name.
        self.assertEqual(self.env['ar.provider.event'].search([
            ('provider_id', '=', self.provider.id), ('kind', '=', 'cover')], order='id',
        ).mapped('summary'), ["Granted in part", "Reduced by the insurer"])

    def test_a_job_that_never_ends_is_for_a_person(self):
        self.sim.job_state = 'PENDING'
        request = self.ask(40000)
        self.run_cron('ir_cron_ar_cover_send')
        self.go('2026-06-03')
        for _twice in range(2):
            self.run_cron('ir_cron_ar_provider_poll')
        self.assertEqual((request.state, request.status), ('open', 'error'))
        self.assertEqual(len(request.activity_ids), 1)
        self.assertEqual(self.sim.count('create_cover'), 1)

    def test_two_covers_in_force_are_for_a_person(self):
        self.ask(40000)
        self.run_cron('ir_cron_ar_cover_send')
        self.run_cron('ir_cron_ar_provider_poll')
        self.run_cron('ir_cron_ar_provider_poll')
        cover = self.account.cover_ids
        self.assertEqual(cover.amount_today, 40000)
        [listed] = self.sim.covers.values()
        self.sim.extra_covers = [dict(listed, coverId='C-TWIN')]
        for _twice in range(2):
            self.run_cron('ir_cron_ar_provider_poll')
        cover.invalidate_recordset()
        self.assertEqual((cover.needs_person, cover.amount_today), (True, 40000))
        self.assertEqual(len(cover.activity_ids), 1)

    def test_a_top_up_stands_on_the_limit(self):
        self.ask(40000)
        self.run_cron('ir_cron_ar_cover_send')
        self.run_cron('ir_cron_ar_provider_poll')
        self.run_cron('ir_cron_ar_provider_poll')
        self.ask(10000, 'topup')
        self.run_cron('ir_cron_ar_cover_send')
        for _night in range(3):
            self.run_cron('ir_cron_ar_provider_poll')
        cover = self.account.cover_ids
        self.assertEqual(cover.amount_today, 50000)
        self.assertEqual(sorted(cover.layer_ids.filtered(
            lambda layer: not layer.date_to).mapped('kind')), ['permanent', 'top_up'])
        self.assertFalse(cover.needs_person)

    def test_a_request_under_way_for_nobody_knows_whom_is_for_a_person(self):
        """The list names no company (AT-7): one made in the portal may be this buyer's."""
        self.sim._make_job('7100002', {'requestedAmount': 9000, 'currencyCode': 'EUR'}, '')
        request = self.ask(40000)
        for _twice in range(2):
            self.run_cron('ir_cron_ar_cover_send')
        self.assertEqual((request.state, request.status), ('open', 'error'))
        self.assertIn("for which company", request.problem)
        self.assertEqual(len(request.activity_ids), 1)
        # Looked at too early: the same again. Once it has its answer, ours is sent, once.
        request.action_look_up()
        self.run_cron('ir_cron_ar_cover_send')
        self.assertEqual((request.state, len(request.activity_ids)), ('open', 1))
        self.assertEqual(self.sim.count('create_cover'), 0)
        self.sim._decide(next(iter(self.sim.requests)))
        request.action_look_up()
        for _twice in range(2):
            self.run_cron('ir_cron_ar_cover_send')
        self.assertEqual((request.state, request.status), ('open', 'submitted'))
        self.assertEqual(self.sim.count('create_cover'), 1)
        self.assertFalse(self.sim.errors)

    def test_a_change_that_nobody_confirmed_is_asked_for_by_hand(self):
        self.ask(40000)
        self.run_cron('ir_cron_ar_cover_send')
        self.run_cron('ir_cron_ar_provider_poll')
        self.run_cron('ir_cron_ar_provider_poll')
        request = self.ask(60000, 'increase')
        self.assertTrue(request.by_hand)
        self.assertEqual(self.sim.count('create_cover'), 1)

    def test_a_reduction_through_a_confirmed_change_alarms_nobody(self):
        """The job compares with what was in force: what we asked for ourselves is no bad news,
        what lies below it is."""
        self.provider.operation_ids.filtered(
            lambda operation: operation.capability == 'change_cover').confirmed = True
        self.ask(40000)
        self.run_cron('ir_cron_ar_cover_send')
        for _twice in range(2):
            self.run_cron('ir_cron_ar_provider_poll')
        cover = self.account.cover_ids
        for asked, granted, status, told in ((15000, 15000, 'granted', 0),
                                             (10000, 4000, 'reduced', 1)):
            self.sim.decisions = {'7100001': {'amount': granted}}
            request = self.ask(asked, 'reduce')
            self.assertFalse(request.by_hand)
            self.run_cron('ir_cron_ar_cover_send')
            for _night in range(3):
                self.run_cron('ir_cron_ar_provider_poll')
            self.assertRecordValues(request, [{
                'state': 'answered', 'status': status, 'granted_amount': granted}])
            self.assertRecordValues(cover, [{'status': status, 'amount_today': granted}])
            self.assertEqual(len(cover.activity_ids), told)
        self.assertEqual((self.sim.count('patch_cover'), self.sim.count('create_cover')), (2, 1))
        self.assertFalse(self.sim.errors)

    def test_an_unanswered_request_is_asked_for_news_2_4_8_minutes_later(self):
        """Up to the hour: a job that ends soon need not wait for it."""
        poll = self.env.ref('ar_collections.ir_cron_ar_provider_poll')
        self.sim.job_state = 'PENDING'
        self.go('2026-06-02', '09:00:00')
        self.ask(40000)
        self.run_cron('ir_cron_ar_cover_send')
        looks = []
        for _look in range(6):
            now = fields.Datetime.now()
            at = min(self.env['ir.cron.trigger'].search([
                ('cron_id', '=', poll.id), ('call_at', '>', now)]).mapped('call_at'))
            looks.append(at.strftime('%H:%M'))
            self.go('2026-06-02', at.strftime('%H:%M:%S'))
            self.run_cron('ir_cron_ar_provider_poll')
        self.assertEqual(looks, ['09:02', '09:04', '09:08', '09:16', '09:32', '10:04'])

    def test_an_unfinished_list_closes_nothing(self):
        self.ask(40000)
        self.run_cron('ir_cron_ar_cover_send')
        self.run_cron('ir_cron_ar_provider_poll')
        self.run_cron('ir_cron_ar_provider_poll')
        calls = self.sim.count('cover')
        self.sim.fail('search_covers', 'mutate', times=3, set={'covers': []}, delete=[])
        self.run_cron('ir_cron_ar_provider_poll')
        cover = self.account.cover_ids
        self.assertEqual((cover.amount_today, cover.needs_person), (40000, False))
        self.assertEqual(self.sim.count('cover'), calls, "what it does not list says nothing")

    def test_last_years_policy_is_kept_and_this_years_is_read(self):
        """Fault 33: exactly one policy in force or a setting; otherwise stop and say so."""
        this_year = self.contract
        last_year = self.make_policy(
            name="Export 2025", date_from='2025-01-01', date_to='2025-12-31',
            provider_id=self.provider.id)
        self.ask(80000)
        self.run_cron('ir_cron_ar_cover_send')
        for _twice in range(2):
            self.run_cron('ir_cron_ar_provider_poll')
        cover = self.account.cover_ids
        self.assertEqual((cover.policy_id, cover.amount_today), (this_year, 48000))

        def cut_to(amount):
            self.sim.change({'reduce': {'cover': cover.insurer_reference, 'amount': amount}})
            for _twice in range(2):
                self.run_cron('ir_cron_ar_provider_poll')
            return cover.amount_today

        self.assertEqual(cut_to(30000), 30000)
        self.assertFalse(self.provider.activity_ids)
        last_year.date_to = False
        self.assertEqual(cut_to(20000), 30000)
        self.assertEqual(len(self.provider.activity_ids), 1)
        self.assertIn("Export 2025", self.provider.activity_ids.note)
        this_year.policy_number = '900100'
        self.assertEqual(cut_to(20000), 20000)
        self.assertFalse(self.provider.activity_ids)
        (last_year | this_year).write({'date_to': '2026-05-01'})
        self.assertEqual(cut_to(10000), 0)
        self.assertIn("No policy", self.provider.activity_ids.note)
        self.assertEqual(
            cover.layer_ids.filtered(lambda layer: not layer.date_to).amount, 20000)

    def test_the_simulator_that_thinks_again_is_read_within_minutes(self):
        """Of a demonstration: the reduction shows without anybody pressing a button."""
        self.go('2026-06-02', '09:00:00')
        self.sim.reduce_after = 180
        self.ask(80000)
        self.run_cron('ir_cron_ar_cover_send')
        for _twice in range(2):
            self.run_cron('ir_cron_ar_provider_poll')
        cover = self.account.cover_ids
        self.assertEqual(cover.amount_today, 48000)
        poll = self.env.ref('ar_collections.ir_cron_ar_provider_poll')
        [at] = set(self.env['ir.cron.trigger'].search([
            ('cron_id', '=', poll.id), ('call_at', '>', '2026-06-02 09:03:00'),
            ('call_at', '<', '2026-06-02 09:10:00')]).mapped('call_at'))
        self.go('2026-06-02', at.strftime('%H:%M:%S'))
        self.run_cron('ir_cron_ar_provider_poll')
        self.assertEqual((cover.status, cover.amount_today), ('reduced', 24000))
