from datetime import date

from odoo import Command
from odoo.exceptions import AccessError
from odoo.modules import neutralize
from odoo.tests import tagged

from .provider_common import ProviderCommon
from .simulators.open_data import Bodacc, make_notice, make_siret

SIREN, OTHER, MIDI = '012345674', '002003002', '031000425'
LIQUIDATION = "Jugement d'ouverture de liquidation judiciaire"
CLAIMS = "Dépôt de l'état des créances"


@tagged('post_install', '-at_install')
class TestBodaccPoll(ProviderCommon):
    """The gazette is read over real HTTP; what it says stops reminders and orders."""

    poll_cron = 'ir_cron_ar_bodacc'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start(Bodacc)
        cls.provider = cls.make_provider(cls.sim)
        cls.company.ar_bodacc_active = True
        cls.collector = cls.user('collector')
        cls.buyer.write({'company_registry': make_siret(SIREN),
                         'country_id': cls.env.ref('base.fr').id})
        cls.account = cls.env['ar.customer']._get_or_create(cls.buyer, cls.company)
        cls.account.collector_id = cls.collector

    def setUp(self):
        super().setUp()
        self.sim.reset()

    def publish(self, number, day, nature=LIQUIDATION, siren=SIREN, **more):
        notice = make_notice(number, siren, day, nature, **more)
        self.sim.notices.append(notice)
        return notice['id']

    def make_account(self, name, **vals):
        partner = self.customer(name, **vals)
        return self.env['ar.customer']._get_or_create(partner, self.company)

    # === WHAT FOLLOWS === #

    def test_an_opening_stops_reminders_and_orders_and_tells_the_collector(self):
        self.company.ar_credit_active = True
        seller = self.user('sales_team.group_sale_salesman_all_leads', 'opening_seller')
        goods = self.env['product.product'].create({
            'name': "Goods", 'type': 'service', 'list_price': 100, 'taxes_id': False})
        sound = self.customer("Sound", country_id=self.env.ref('base.fr').id)
        natures = [
            (SIREN, LIQUIDATION, 'liquidation', "Liquidation"),
            (OTHER, "Jugement d'ouverture d'une procédure de sauvegarde", 'safeguard',
             "Safeguard"),
            (MIDI, "Jugement d'ouverture de redressement judiciaire", 'reorganisation',
             "Reorganisation")]
        accounts = {}
        for number, (siren, nature, kind, _label) in enumerate(natures, 1):
            account = self.account if siren == SIREN else self.make_account(
                kind, company_registry=siren, country_id=self.env.ref('base.fr').id)
            account.collector_id = self.collector
            self.invoice(100, due='2026-05-20', partner=account.partner_id)
            self.publish(number, '2026-05-28', nature, siren=siren, judged='20 mai 2026')
            accounts[kind] = account
        self.poll()
        for siren, _nature, kind, label in natures:
            with self.subTest(kind):
                account = accounts[kind]
                self.assertRecordValues(account, [{
                    'insolvency_state': kind, 'insolvency_published_on': date(2026, 5, 28),
                    'insolvency_date': date(2026, 5, 20), 'bodacc_checked_on': date(2026, 6, 1),
                    'dunning_stop': True, 'credit_stop': True}])
                self.assertEqual(account.risk_class_id.kind, 'default')
                self.assertRecordValues(account.legal_notice_ids, [{
                    'kind': kind, 'judged_on': date(2026, 5, 20), 'siren': siren}])
                activity = account.activity_ids
                self.assertEqual(activity.user_id, self.collector)
                self.assertIn(label, activity.summary)
                self.assertIn("05/28/2026", activity.note)
        orders = self.env['sale.order'].with_user(seller).create([
            {'partner_id': partner.id, 'company_id': self.company.id,
             'order_line': [Command.create({'product_id': goods.id})]}
            for partner in (*(accounts[kind].partner_id for *_x, kind, _label in natures), sound)])
        for order in orders:
            order.action_confirm()
        self.assertEqual(orders.sudo().mapped('ar_credit_state')[:3], ['held'] * 3)
        self.assertEqual(orders.mapped('state'), ['draft', 'draft', 'draft', 'sale'])
        for order in orders[:3].sudo():
            self.assertIn('"stop"', order.ar_hold_ids.reason_codes)
        self.run_dunning('2026-06-01')
        self.assertFalse(self.reminders())

    def test_from_the_notice_to_interest_deadline_and_the_held_order(self):
        """One chain through three rooms, by scheduled actions and the button of a salesperson."""
        self.company.ar_credit_active = True
        seller = self.user('sales_team.group_sale_salesman_all_leads', 'seller')
        self.invoice(10000, due='2026-04-30')
        self.invoice(700, due='2026-06-15')
        self.invoice(50, due='2026-06-24', date='2026-05-25')
        goods = self.env['product.product'].create({
            'name': "Goods", 'type': 'service', 'list_price': 100, 'taxes_id': False})

        def confirm_order():
            order = self.env['sale.order'].with_user(seller).create({
                'partner_id': self.buyer.id, 'company_id': self.company.id,
                'order_line': [Command.create({'product_id': goods.id})]})
            order.action_confirm()
            return order.sudo()

        def read_claim(day):
            self.go(day)
            claims = self.env['ar.claim']._prepare_for(self.account, date.fromisoformat(day))
            return (claims.amount_interest, claims.amount_compensation)

        # 2.15 % of the central bank plus 10: 10,000 × 12.15 % × 32 days (1 May to 1 June) / 365.
        self.assertEqual(read_claim('2026-06-01'), (106.52, 40.0))
        self.assertEqual(confirm_order().state, 'sale')
        self.publish(1, '2026-05-28', judged='20 mai 2026')
        self.poll()
        # L622-28: until the eve of the judgment, 19 days; what falls due after it bears nothing.
        self.assertEqual(read_claim('2026-06-01'), (63.25, 40.0))
        self.assertEqual(read_claim('2026-07-20'), (63.25, 40.0))
        self.assertEqual(self.account.late_interest_amount, 63.25)
        self.poll('2026-06-02', cron='ir_cron_ar_deadline')
        # R622-24: two months from the publication, for all that was invoiced before the judgment.
        deadline = self.env['ar.deadline'].search([
            ('customer_id', '=', self.account.id), ('kind', '=', 'insolvency_claim')])
        self.assertRecordValues(deadline, [{
            'start_day': date(2026, 5, 28), 'last_day': date(2026, 7, 28), 'days_left': 56,
            'amount': 10700.0, 'state': 'open'}])
        order = confirm_order()
        self.assertEqual((order.state, order.ar_credit_state), ('draft', 'held'))
        self.assertIn('"stop"', order.ar_hold_ids.reason_codes)

    def test_no_notice_is_said_with_its_day_and_stops_nothing(self):
        before = self.account.message_ids
        self.poll()
        self.assertEqual(self.account.message_ids, before)
        self.assertRecordValues(self.account, [{
            'insolvency_state': 'none_found', 'bodacc_checked_on': date(2026, 6, 1),
            'dunning_stop': False, 'credit_stop': False}])
        self.assertFalse(self.account.activity_ids)

    def test_reading_twice_is_reading_once(self):
        self.publish(1, '2026-05-28')
        self.poll()
        calls = len(self.sim.calls)
        self.poll()
        self.assertEqual(len(self.sim.calls), calls, "nobody is left to read today")
        self.poll('2026-06-02')
        self.assertEqual(len(self.account.legal_notice_ids), 1)
        self.assertEqual(len(self.account.activity_ids), 1)

    def test_a_plan_after_the_opening_and_words_nobody_knows_are_told(self):
        self.publish(1, '2026-05-01', "Jugement d'ouverture de redressement judiciaire")
        self.poll()
        self.publish(2, '2026-06-01', "Jugement arrêtant le plan de redressement",
                     family="Jugement arrêtant le plan")
        self.poll('2026-06-02')
        self.assertEqual(self.account.insolvency_state, 'plan')
        self.publish(3, '2026-06-02', "Jugement d'un type nouveau", family="Avis divers")
        self.poll('2026-06-03')
        self.assertEqual(self.account.insolvency_state, 'plan')
        self.assertEqual(len(self.account.activity_ids), 3)

    def test_a_cancellation_undoes_the_state_but_lifts_no_stop_by_itself(self):
        number = self.publish(1, '2026-05-28')
        self.poll()
        self.publish(2, '2026-06-02', "", kind='annulation', cancels=number)
        self.poll('2026-06-03')
        self.assertRecordValues(self.account, [{
            'insolvency_state': 'none_found', 'insolvency_published_on': False,
            'dunning_stop': True}])
        self.assertEqual(len(self.account.activity_ids), 2)

    def test_a_list_of_claims_alone_changes_nothing(self):
        self.publish(1, '2026-05-28', CLAIMS, family="Dépôt")
        self.poll()
        self.assertRecordValues(
            self.account, [{'insolvency_state': 'none_found', 'dunning_stop': False}])
        self.assertEqual(len(self.account.legal_notice_ids), 1)

    # === WHO IS READ === #

    def test_who_is_read(self):
        self.make_account("By VAT", vat='FR62002003002', country_id=self.env.ref('base.fr').id)
        self.make_account("Wrong digit", company_registry='012345675')
        self.make_account("No number")
        self.make_account("Abroad", company_registry='031000425',
                          country_id=self.env.ref('base.be').id)
        self.assertEqual(
            {siren for _id, siren in self.company._ar_get_bodacc_todo()}, {SIREN, OTHER})
        self.company.ar_bodacc_active = False
        self.poll()
        self.assertFalse(self.sim.calls)

    def test_two_customers_of_one_number_both_hear_of_it(self):
        twin = self.make_account("Twin", company_registry=SIREN)
        self.publish(1, '2026-05-28')
        self.poll()
        self.assertEqual((self.account + twin).mapped('insolvency_state'), ['liquidation'] * 2)

    def test_an_old_procedure_is_found_at_the_first_look(self):
        self.publish(1, '2015-02-03', "Jugement d'ouverture d'une procédure de sauvegarde")
        self.poll()
        self.assertEqual(self.account.insolvency_state, 'safeguard')

    # === WHEN IT FAILS === #

    def test_a_failure_keeps_what_is_known_and_its_day(self):
        self.poll()
        self.publish(1, '2026-06-01')
        self.sim.fail(fault='status', status=503, times=99)
        self.poll('2026-06-02')
        self.assertRecordValues(self.account, [{
            'insolvency_state': 'none_found', 'bodacc_checked_on': date(2026, 6, 1)}])
        self.assertEqual(self.company.ar_bodacc_error, 'technical')
        self.sim.faults.clear()
        self.poll('2026-06-03')
        self.assertEqual((self.account.insolvency_state, self.company.ar_bodacc_error),
                         ('liquidation', False))

    def test_a_failure_half_way_goes_on_with_the_rest(self):
        for number in range(35):
            self.make_account(f"Customer {number}", company_registry=OTHER)
        self.sim.fail(fault='mutate', set={}, times=1)
        self.sim.fail(fault='status', status=400, times=1)
        self.poll()
        accounts = self.env['ar.customer'].search([('company_id', '=', self.company.id)])
        self.assertEqual(len(accounts.filtered('bodacc_checked_on')), 30)
        self.poll()
        self.assertEqual(len(accounts.filtered('bodacc_checked_on')), 36)

    def test_failures_in_a_row_pause_the_gazette_and_the_next_poll_goes_on(self):
        partners = self.env['res.partner'].create([
            {'name': f"Customer {number}", 'company_registry': OTHER} for number in range(6 * 30)])
        self.env['ar.customer']._get_or_create(partners, self.company)
        self.sim.fail(fault='status', status=503, times=999)
        self.poll()
        calls = len(self.sim.calls)
        self.assertEqual(calls, 5 * 4, "five batches, each repeated three times: then a pause")
        self.assertRecordValues(self.health(self.provider), [{'failures': 5, 'problem': False}])
        self.assertEqual(self.provider.health, 'paused')
        # Nothing is asked during the pause, nor ever by the scheduled action of the others.
        self.poll()
        self.assertEqual(len(self.sim.calls), calls)
        cron = self.env.ref('ar_collections.ir_cron_ar_bodacc')
        self.assertTrue(self.env['ir.cron.trigger'].search([
            ('cron_id', '=', cron.id), ('call_at', '=', self.provider.paused_until)]))
        self.sim.faults.clear()
        self.clock.tick(3600)
        self.poll(cron='ir_cron_ar_provider_poll')
        self.assertEqual(len(self.sim.calls), calls, "two actions would read it at once")
        self.poll()
        accounts = self.env['ar.customer'].search([('company_id', '=', self.company.id)])
        self.assertEqual(set(accounts.mapped('bodacc_checked_on')), {date(2026, 6, 1)})
        self.assertEqual((self.provider.health, self.company.ar_bodacc_error), ('good', False))

    def test_an_answer_in_test_counts_for_nothing(self):
        self.provider.test_counts = False
        self.publish(1, '2026-05-28')
        self.poll()
        self.assertFalse(self.sim.calls)

    def test_the_account_is_made_by_itself_and_whoever_switches_it_off_is_obeyed(self):
        self.provider.unlink()
        self.patch(self.registry['ar.provider'], '_poll', lambda provider: True)
        self.poll()
        found = self.env['ar.provider'].search([
            ('code', '=', 'bodacc'), ('company_id', '=', self.company.id)])
        self.assertRecordValues(found, [{'environment': 'production', 'is_on': True}])
        found.is_on = False
        self.poll()
        self.assertRecordValues(found, [{'is_on': False}])

    # === RIGHTS AND COPIES === #

    def test_notices_are_read_by_the_perimeter_and_written_by_nobody(self):
        self.publish(1, '2026-05-28')
        self.poll()
        notice = self.account.legal_notice_ids
        own = self.user('own')
        self.assertFalse(notice.with_user(own).search([('id', '=', notice.id)]))
        self.assertEqual(notice.with_user(self.collector).kind, 'liquidation')
        for role in (self.collector, self.user('admin', 'ar_admin')):
            with self.assertRaises(AccessError):
                notice.with_user(role).kind = 'plan'
            with self.assertRaises(AccessError):
                notice.with_user(role).unlink()

    def test_another_company_sees_nothing(self):
        self.publish(1, '2026-05-28')
        self.poll()
        company = self.make_company("Elsewhere")
        manager = self.user('manager')
        manager.write({'company_ids': [(6, 0, company.ids)], 'company_id': company.id})
        self.assertFalse(self.env['ar.legal.notice'].with_user(manager).with_company(
            company).with_context(allowed_company_ids=company.ids).search([]))

    def test_merged_contacts_keep_each_notice_once(self):
        twin = self.make_account("Twin", company_registry=SIREN)
        self.publish(1, '2026-05-28')
        self.poll()
        self.account._absorb(twin)
        self.assertEqual(len(self.account.legal_notice_ids), 1)

    def test_a_neutralized_copy_asks_nobody(self):
        for query in neutralize.get_neutralization_queries(['ar_collections']):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertFalse(self.company.ar_bodacc_active)
