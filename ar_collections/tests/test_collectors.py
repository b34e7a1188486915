from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .scale_common import ScaleCommon
from .worklist_common import WorklistCommon


@tagged('post_install', '-at_install')
class TestCollectorRules(WorklistCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first, cls.second = (cls.user('own', login) for login in ('first', 'second'))

    def rule(self, collector, **vals):
        return self.env['ar.collector.rule'].create({
            'name': "Rule", 'collector_id': collector.id, 'company_id': self.company.id, **vals})

    def account(self, name, **vals):
        return self.account_of(self.customer(name, **vals))

    def assign(self):
        return self.env['ar.collector.rule']._assign(self.company)

    def test_the_first_rule_that_matches_decides(self):
        belgium = self.env.ref('base.be')
        self.rule(self.first, sequence=1, country_ids=belgium.ids)
        self.rule(self.second, sequence=2, letter_from='a', letter_to='F')
        table = {
            self.account("Alpha"): self.second, self.account("Éclair"): self.second,
            self.account("Foxtrot"): self.second, self.account("Golf"): self.env['res.users'],
            self.account("Antwerp", country_id=belgium.id): self.first,
            self.account("Zulu", country_id=belgium.id): self.first,
        }
        self.assign()
        for customer, collector in table.items():
            self.assertEqual(customer.collector_id, collector, customer.display_name)
        self.assertFalse(self.assign(), "twice is once")

    def test_every_condition(self):
        tag = self.env['res.partner.category'].create({'name': "Export"})
        risk, other_risk = self.env['ar.risk.class'].search([], limit=2)
        other_tag = tag.create({'name': "Home"})
        partner = self.customer("Target", user_id=self.second.id, category_id=tag.ids)
        self.invoice(500, due='2026-05-02', partner=partner)
        self.env['ar.customer']._refresh(self.company)
        customer = self.account_of(partner)
        customer.sudo().risk_class_id = risk
        for vals, matches in (
            ({'category_ids': tag.ids}, True), ({'category_ids': other_tag.ids}, False),
            ({'salesperson_ids': self.second.ids}, True),
            ({'salesperson_ids': self.first.ids}, False), ({'risk_class_ids': risk.ids}, True),
            ({'risk_class_ids': other_risk.ids}, False),
            ({'letter_from': 'š', 'letter_to': 'ť'}, True), ({'letter_to': 'š'}, False),
            ({'min_amount': 500}, True), ({'min_amount': 500.01}, False),
            ({'max_amount': 500}, False), ({'max_amount': 500.01}, True),
            ({'domain': "[('overdue_item_count', '=', 1)]"}, True),
            ({'domain': "[('overdue_item_count', '=', 2)]"}, False),
        ):
            rule = self.rule(self.first, **vals)
            self.assign()
            self.assertEqual(customer.collector_id == self.first, matches, vals)
            rule.active = False
            customer.collector_id = False

    def test_a_choice_made_by_a_person_stays(self):
        chosen, cleared = self.account("Chosen"), self.account("Cleared")
        chosen.collector_id = self.second
        self.rule(self.first)
        self.assign()
        self.assertEqual((chosen.collector_id, cleared.collector_id), (self.second, self.first))
        cleared.with_user(self.user('manager', 'choosing')).collector_id = self.second
        self.assertFalse(cleared.collector_rule_id)
        self.assign()
        self.assertEqual(cleared.collector_id, self.second)
        with self.assertRaises(AccessError):
            cleared.with_user(self.user('manager', 'typing')).collector_rule_id = False
        cleared.collector_id = False
        self.assign()
        self.assertEqual(cleared.collector_id, self.first)

    def test_the_preview_is_what_happens(self):
        accounts = self.account("Alpha") | self.account("Beta")
        self.account("Gamma").collector_id = self.second
        self.rule(self.first)
        manager = self.user('manager', 'previewing')
        preview = self.env['ar.collector.preview'].with_user(manager).create({})
        self.assertEqual(preview.line_ids.customer_id, accounts)
        self.assertEqual(preview.line_ids.new_id, self.first)
        self.assertFalse(accounts.collector_id)
        preview.action_apply()
        self.assertEqual(accounts.collector_id, self.first)
        self.assertFalse(self.env['ar.collector.preview'].with_user(manager).create({}).line_ids)
        with self.assertRaises(AccessError):
            self.env['ar.collector.preview'].with_user(self.first).create({})

    def test_a_rule_that_cannot_be_used_is_refused(self):
        for vals in ({'domain': "[('nothing', '=', 1)]"}, {'letter_from': 'K', 'letter_to': 'B'}):
            with self.assertRaises(ValidationError):
                self.rule(self.first, **vals)


@tagged('post_install', '-at_install')
class TestAbsence(WorklistCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.invoice(1000, due='2026-05-02')
        cls.absent, cls.stand_in = (cls.user('own', login) for login in ('absent', 'stand_in'))
        cls.env['ar.customer']._get_or_create(
            cls.buyer, cls.company).collector_id = cls.absent

    def absence(self, **vals):
        return self.env['ar.collector.absence'].create({
            'collector_id': self.absent.id, 'substitute_id': self.stand_in.id,
            'date_from': '2026-06-02', 'date_to': '2026-06-10', **vals})

    def cron(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                'ar_collections.ir_cron_ar_collector_absence').method_direct_trigger()
        self.env.invalidate_all()

    def test_the_substitute_works_the_list_for_these_days_only(self):
        self.absence()
        for day, on_list in (('2026-06-01', False), ('2026-06-02', True), ('2026-06-10', True),
                             ('2026-06-11', False)):
            self.go(day)
            self.assertEqual(bool(self.work(self.stand_in)), on_list, day)
            self.assertEqual(bool(self.work(self.stand_in, scope='mine')), on_list, day)
        self.go('2026-06-03')
        data = self.env['ar.worklist'].with_user(self.stand_in).load_worklist()
        self.assertEqual(data['substituted'], self.absent.name)
        self.click(user=self.stand_in, outcome='promise', date='2026-06-09',
                   item_ids=self.items(self.bill).ids)
        promise = self.account_of().promise_ids.with_user(self.stand_in)
        self.assertTrue(promise.read(['amount']))
        self.assertTrue(self.bill.with_user(self.stand_in).read(['name']))
        self.go('2026-06-11')
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            promise.read(['amount'])
        with self.assertRaises(AccessError):
            self.click(user=self.stand_in)

    def test_an_absence_elsewhere_or_called_off_changes_nobody(self):
        absence = self.absence(date_from='2026-06-01')
        for vals, user in (
                ({}, self.stand_in), ({'company_id': self.company.id}, self.stand_in),
                ({'company_id': self.env.ref('base.main_company').id}, self.absent),
                ({'company_id': False, 'active': False}, self.absent)):
            absence.write(vals)
            self.assertEqual(self.row().responsible_id, user, vals)
            self.assertEqual(bool(self.work(self.stand_in)), user == self.stand_in, vals)

    def test_tasks_go_over_and_come_back(self):
        customer = self.account_of()
        old, far = (customer.activity_schedule(
            'mail.mail_activity_data_todo', user_id=self.absent.id, date_deadline=day)
            for day in ('2026-06-05', '2026-07-05'))
        self.absence()
        self.assertEqual(old.user_id, self.absent)
        self.go('2026-06-02')
        self.cron()
        new = customer.activity_schedule(
            'mail.mail_activity_data_todo', user_id=self.absent.id, date_deadline='2026-06-04')
        self.assertEqual((old | new).user_id, self.stand_in)
        self.assertEqual(far.user_id, self.absent)
        self.go('2026-06-11')
        self.cron()
        self.cron()
        self.assertEqual((old | new | far).user_id, self.absent)

    def test_an_absence_taken_back_gives_the_tasks_back(self):
        task = self.account_of().activity_schedule(
            'mail.mail_activity_data_todo', user_id=self.absent.id, date_deadline='2026-06-02')
        absence = self.absence(date_from='2026-06-01')
        self.assertEqual(task.user_id, self.stand_in)
        other = self.user('own', 'other_stand_in')
        absence.substitute_id = other
        self.assertEqual(task.user_id, other)
        absence.unlink()
        self.assertEqual(task.user_id, self.absent)

    def test_what_is_refused(self):
        self.absence()
        with self.assertRaises(ValidationError):
            self.absence(date_from='2026-06-10', date_to='2026-06-12')
        with self.assertRaises(ValidationError):
            self.absence(collector_id=self.user('own', 'third').id, substitute_id=self.absent.id)
        with self.assertRaises(AccessError):
            self.env['ar.collector.absence'].with_user(self.stand_in).create({
                'collector_id': self.absent.id, 'substitute_id': self.stand_in.id,
                'date_to': '2026-08-01'})


@tagged('post_install', '-at_install')
class TestTargets(WorklistCommon):

    def test_progress_is_counted_not_typed(self):
        collector = self.user('collector', 'targeted')
        bill = self.invoice(1000, due='2026-05-02')
        self.account_of().collector_id = collector
        target = self.env['ar.collector.target'].create({
            'collector_id': collector.id, 'month': '2026-06-17', 'call_target': 4,
            'promise_target': 1, 'cash_target': 800})
        self.assertEqual(str(target.month), '2026-06-01')
        self.click(user=collector, outcome='spoken')
        self.click(user=collector, outcome='promise', date='2026-06-09',
                   item_ids=self.items(bill).ids)
        self.click(user=collector, outcome='spoken', kind='letter')
        # Noted by mistake: no promise.
        self.click(user=collector, outcome='promise', date='2026-06-09', kind='letter',
                   item_ids=self.items(self.invoice(70, due='2026-05-02')).ids)
        self.account_of().promise_ids[:1].with_user(collector).action_cancel()
        self.pay(bill, 400, '2026-06-02')
        self.pay(bill, 300, '2026-05-31')
        self.credit_note(50, '2026-06-02')
        target.invalidate_recordset()
        self.assertRecordValues(target, [{
            'call_count': 2, 'promise_count': 1, 'cash_amount': 400, 'call_progress': 50,
            'promise_progress': 100, 'cash_progress': 50}])
        shown = self.env['ar.worklist'].with_user(collector).load_worklist()['target']
        self.assertEqual({row['code']: row['value'] for row in shown},
                         {'call': 2, 'promise': 1, 'cash': 400})

    def test_a_collector_sees_own_targets_and_sets_none(self):
        mine, other = self.user('collector', 'mine_t'), self.user('collector', 'other_t')
        targets = self.env['ar.collector.target'].create([
            {'collector_id': user.id, 'month': '2026-06-01', 'call_target': 5}
            for user in (mine, other)])
        Target = self.env['ar.collector.target'].with_user(mine)
        self.assertEqual(Target.search([]), targets[0])
        with self.assertRaises(AccessError):
            targets[0].with_user(mine).call_target = 0


@tagged('post_install', '-at_install')
class TestCollectorQueries(ScaleCommon):

    def test_one_statement_for_any_number(self):
        users = [self.user('own', f'rule{number}') for number in range(2)]
        counts = []
        for size, user in ((10, users[0]), (990, users[1])):
            self.multiply(size)
            self.env['ar.customer']._refresh(self.company)
            self.env['ar.collector.rule'].search([]).unlink()
            self.env['ar.collector.rule'].create({
                'name': "All", 'collector_id': user.id, 'company_id': self.company.id})
            # What is written into the history of each customer grows with their number.
            with self.counted(counts):
                query = self.env['ar.collector.rule']._get_changes_query(self.company)
                rows = self.env.execute_query(query)
            self.assertGreater(len(rows), size)
        self.assertEqual(counts[0], counts[1])
        changed = self.env['ar.collector.rule']._assign(self.company)
        self.assertEqual(len(changed), len(rows))
        self.assertEqual(self.env['ar.customer'].browse(changed).collector_id, users[1])
