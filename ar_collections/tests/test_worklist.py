import random

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .scale_common import ScaleCommon
from .worklist_common import WorklistCommon


@tagged('post_install', '-at_install')
class TestWorklist(WorklistCommon):
    """Who is on the list, in which order, and why."""

    def test_what_is_overdue_and_free_is_on_the_list(self):
        self.invoice(1000, due='2026-05-02')
        self.invoice(500, due='2026-06-20', partner=self.customer("Not Due"))
        row = self.row()
        self.assertEqual((row.amount, row.days, row.max_days, row.item_count), (1000, 30, 30, 1))
        self.assertEqual(set(self.work()), {"Buyer"})

    def test_a_call_asks_for_nothing_that_is_disputed_or_promised(self):
        def said():
            return [guide['text'] for guide in self.env['ar.worklist'].load_customer(
                self.account_of().id)['guides']]
        first, second = (self.invoice(amount, due='2026-05-02') for amount in (1000, 500))
        self.dispute(first)
        [text] = said()
        self.assertIn("500.00", text)
        self.assertNotIn("1,500.00", text)
        # To be called later: what may be asked for is known all the same.
        self.account_of().follow_up_date = '2026-06-20'
        self.assertFalse(self.work())
        self.assertEqual(said(), [text])
        self.promise(second, '2026-06-12')
        self.assertFalse(said())

    def test_old_money_weighs_three_times_at_most_and_is_at_risk_from_90_days(self):
        # 1,000 at half, one point per 100, × (1 + days / 90) up to 180 days.
        for due, found in (
                ('2025-12-03', (15, 'risk')), ('2025-10-01', (15, 'risk')),
                ('2026-03-03', (10, 'risk')), ('2026-03-04', (10, 'normal'))):
            partner = self.customer(due)
            self.invoice(1000, due=due, partner=partner)
            row = self.row(partner)
            self.assertEqual((round(row.priority, 1), row.triage), found, due)

    def test_the_sum_is_shown_line_by_line(self):
        invoice = self.invoice(1000, due='2026-05-02')
        promise = self.promise(invoice, '2026-06-03')
        self.go('2026-06-08')
        promise._follow()
        self.account_of().follow_up_date = '2026-06-08'
        row = self.row()
        lines = row._get_lines()
        self.assertEqual({line['code'] for line in lines}, {'money', 'broken', 'follow_up'})
        self.assertAlmostEqual(sum(line['points'] for line in lines), row.priority, 1)
        # 1,000 at half, 37 days: 1 + 37/90 = 1.41; one point per 100.
        self.assertAlmostEqual(row.priority, 7.1 + 50 + 100, 1)
        self.assertIn("1,000.00", row.reason)
        self.assertEqual(row.triage, 'risk')

    def test_random_customers_equal_the_slow_way(self):
        rng = random.Random(20260601)
        classes = self.env['ar.risk.class'].search([])
        self.use_dollar(('2026-01-01', 1.25))
        partners = [self.customer(f"Customer {number}") for number in range(12)]
        for number, partner in enumerate(partners):
            for _item in range(rng.randint(1, 3)):
                due = fields.Date.subtract(
                    fields.Date.to_date('2026-06-01'), days=rng.randint(-20, 200))
                invoice = self.invoice(rng.randint(100, 90000) / 10, due=due, partner=partner)
                chance = rng.random()
                if chance < 0.15:
                    self.promise(invoice, '2026-06-12')
                elif chance < 0.3:
                    self.dispute(invoice, amount=round(invoice.amount_residual / 4, 2))
                elif chance < 0.4:
                    self.dispute(invoice)
                elif chance < 0.55:
                    self.pay(invoice, round(invoice.amount_residual / 3, 2), '2026-05-30')
            if number % 3 == 0:
                for days in (1, 8, 15, 40):
                    paid = self.invoice(200, due='2026-03-01', partner=partner)
                    self.pay(paid, date=fields.Date.add(
                        fields.Date.to_date('2026-03-01'), days=days))
            self.draw_what_waits(rng, partner, invoice)
            # Even an order of the classes that is drawn says what the query must read.
            self.account_of(partner).sudo().risk_class_id = rng.choice(classes)
        self.env['ar.forecast.habit']._refresh(self.company)
        self.env.flush_all()
        rows = {row.customer_id: row for row in self.env['ar.worklist'].search([])}
        compared, seen = 0, set()
        for partner in partners:
            customer = self.account_of(partner)
            amount, points = self.slow_money(customer)
            row = rows.get(customer, self.env['ar.worklist'])
            part = next((part['points'] for part in row.parts or []
                         if part['code'] == 'money'), 0)
            self.assertAlmostEqual(row.amount, float(amount), 2, partner.name)
            self.assertAlmostEqual(float(part), float(points), 1, partner.name)
            compared += bool(amount)
            waiting = {part['code']: (part['points'], part['number']) for part in row.parts or []
                       if part['code'] != 'money'}
            self.assertEqual(waiting, self.slow_waiting(customer), partner.name)
            self.assertAlmostEqual(row.priority, float(points) + sum(
                one for one, _number in waiting.values()), 1, partner.name)
            seen.update(waiting)
            lines = self.env['ar.worklist'].load_customer(customer.id)['lines']
            self.assertEqual(
                {line['code']: self.env[line['model']].search_count(line['domain'])
                 for line in lines if 'model' in line},
                {code: number for code, (_points, number) in waiting.items()}, partner.name)
        self.assertGreater(compared, 6)
        self.assertEqual(seen, {
            'hold', 'limit', 'law_deadline', 'insurer_deadline', 'plan', 'write_off', 'reply',
            'contact', 'question'})
        ordered = list(self.work().values())
        self.assertEqual([row['priority'] for row in ordered],
                         sorted((row['priority'] for row in ordered), reverse=True))

    def draw_what_waits(self, rng, partner, invoice):
        """Held orders, requests and deadlines by chance, decided and undecided."""
        for _order in range(rng.randint(0, 2)):
            self.hold(partner, rng.randint(1, 900), state=rng.choice(('held', 'released')))
        if rng.random() < 0.5:
            self.limit_request(partner, rng.choice(('draft', 'submitted', 'refused')))
        # Not drawn: what the other draws say stays as it was.
        for plan, loss, reply, act in (('to_approve', 'submitted', 'new', 'new'),
                                       ('draft', 'refused', 'accepted', 'refused')):
            self.waiting_plan(partner, plan)
            self.waiting_write_off(partner, loss)
            self.reply_of(partner, reply)
            for kind in ('contact', 'copy'):
                self.act_of(partner, kind, act)
        for _day in range(rng.randint(0, 4)):
            kind = rng.choice(('prescription', 'order_service', 'opposition', 'overdue_notice',
                               'credit_period', 'insurance_claim'))
            self.deadline(
                kind, fields.Date.add(fields.Date.to_date('2026-06-01'), days=rng.choice(
                    (-1, 0, 3, 15, 16, 90, 180, 181))),
                rng.choice((invoice, None)), partner,
                state=rng.choice(('open', 'open', 'open', 'done', 'obsolete')))

    def test_decisions_about_credit_wait_for_us(self):
        held = self.hold(amount=750)
        self.limit_request()
        row = self.row()
        self.assertEqual((row.triage, row.priority), ('waiting', 60))
        self.assertRegex(row.reason, r"Orders held, waiting for a decision: 1, .*750\.00")
        self.assertIn("Limit requests that wait for a decision: 1", row.reason)
        held._update_state('refused', decision_reason="No")
        self.assertEqual([part['code'] for part in self.row().parts], ['limit'])

    def test_a_last_day_brings_the_customer_back_in_time(self):
        invoice = self.invoice(1000, due='2026-05-02')
        self.deadline('overdue_notice', '2026-06-12', invoice)
        self.deadline('credit_period', '2026-06-14', invoice)
        self.deadline('prescription', '2026-10-01', invoice)
        row = self.row()
        self.assertEqual(row.triage, 'waiting')
        self.assertEqual({part['code']: part['points'] for part in row.parts if
                          part['code'] != 'money'}, {'law_deadline': 50, 'insurer_deadline': 50})
        self.assertIn("Deadlines: 2. The first, Insurance: overdue notice: last day 06/12/2026",
                      row.reason)
        self.assertIn("Prescription: last day 10/01/2026", row.reason)
        customer = self.account_of()
        customer.follow_up_date = '2026-06-12'
        self.assertFalse(self.row(), "the day to look again is early enough")
        customer.follow_up_date = '2026-06-13'
        self.assertTrue(self.row(), "it would be too late")
        self.pay(invoice)
        self.assertFalse(self.row(), "a payment takes it off before the night")

    def test_a_later_day_takes_the_customer_off_until_then(self):
        self.invoice(1000, due='2026-05-02')
        customer = self.account_of()
        customer.follow_up_date = '2026-06-10'
        self.assertFalse(self.row())
        self.go('2026-06-10')
        self.assertEqual({part['code'] for part in self.row().parts}, {'money', 'follow_up'})

    def test_a_payment_takes_the_customer_off_at_once(self):
        invoice = self.invoice(1000, due='2026-05-02')
        self.assertTrue(self.row())
        self.pay(invoice)
        self.assertFalse(self.row())
        invoice.line_ids.remove_move_reconcile()
        self.assertTrue(self.row())

    def test_what_waits_for_us(self):
        self.invoice(1000, due='2026-05-02')
        self.company.ar_dunning_policy_id = self.policy([(5, 'approve')])
        self.run_dunning('2026-06-01')
        self.assertEqual(self.reminders().state, 'proposed')
        row = self.row()
        self.assertEqual(row.triage, 'waiting')
        self.assertEqual({part['code'] for part in row.parts}, {'money', 'approval'})
        asker = self.customer("Asker")
        self.env['ar.interaction'].create({
            'customer_id': self.account_of(asker).id, 'direction': 'in', 'kind': 'email',
            'outcome': 'request', 'date': '2026-05-30 10:00:00'})
        self.assertEqual(self.row(asker).triage, 'waiting')
        self.env['ar.interaction'].create({'customer_id': self.account_of(asker).id})
        self.assertFalse(self.row(asker))

    def test_a_letter_that_came_in_is_answered_by_a_visit(self):
        customer, Interaction = self.account_of(), self.env['ar.interaction']
        letter = Interaction.create({
            'customer_id': customer.id, 'direction': 'in', 'kind': 'letter',
            'outcome': 'request', 'date': '2026-05-30 10:00:00', 'note': "Which account?"})
        self.assertEqual((customer.interaction_count, customer.last_interaction_at),
                         (1, letter.date))
        self.assertEqual([part['code'] for part in self.row().parts], ['request'])
        for day, counts in (('2026-06-29', True), ('2026-06-30', False), ('2026-06-01', True)):
            self.go(day)
            self.assertEqual(bool(self.row()), counts, "a question of the last 30 days")
        visit = Interaction.create({'customer_id': customer.id, 'kind': 'visit'})
        self.assertEqual((customer.interaction_count, customer.last_interaction_at),
                         (2, visit.date))
        self.assertFalse(self.row())

    def test_a_question_stays_until_it_is_answered(self):
        customer, Interaction = self.account_of(), self.env['ar.interaction']
        Interaction.create({
            'customer_id': customer.id, 'direction': 'in', 'kind': 'call', 'outcome': 'request',
            'date': '2026-05-30 10:00:00'})
        for outcome in ('no_answer', 'call_back', 'wrong_contact'):
            Interaction.create({'customer_id': customer.id, 'outcome': outcome})
            self.assertEqual([part['code'] for part in self.row().parts], ['request'], outcome)
        Interaction.create({'customer_id': customer.id, 'outcome': 'spoken'})
        self.assertFalse(self.row())
        act = self.act_of(kind='copy', date='2026-04-01')
        Interaction.create({'customer_id': customer.id, 'outcome': 'spoken'})
        row = self.row()
        self.assertEqual([part['code'] for part in row.parts], ['question'])
        self.assertEqual(row.triage, 'waiting')
        self.assertIn("Asked on the customer's pages, not answered: 1, since 04/01/2026",
                      row.reason)
        act.action_accept()
        self.assertFalse(self.row())

    def test_a_dispute_past_its_deadline_waits_for_us(self):
        dispute = self.dispute(self.invoice(1000, due='2026-05-02'))
        self.assertFalse(self.row())
        self.go(str(fields.Date.add(dispute.deadline, days=1)))
        self.assertEqual([part['code'] for part in self.row().parts], ['dispute'])
        dispute.step_ids[0].done = True
        self.assertTrue(self.row().reason.endswith(f"Next: {dispute.step_ids[1].name}"))
        [shown] = self.env['ar.worklist'].load_customer(dispute.customer_id.id)['disputes']
        self.assertEqual(shown['step'], dispute.step_ids[1].name)

    def test_tabs_add_up_and_filter(self):
        for number, amount in enumerate((100, 200, 400)):
            self.invoice(amount, due='2026-05-02', partner=self.customer(f"Buyer {number}"))
        self.env['ar.customer']._refresh(self.company)
        good, bad = (self.env['ar.risk.class'].search(
            [('kind', '=', 'normal')], order=order, limit=1)
            for order in ('score_from desc', 'score_from'))
        partners = self.env['res.partner'].search([('name', '=like', 'Buyer _')], order='name')
        self.account_of(partners[0]).sudo().risk_class_id = good
        self.account_of(partners[1]).sudo().risk_class_id = bad
        data = self.env['ar.worklist'].load_worklist({'scope': 'all'})
        tabs = {tab['code']: (tab['count'], tab['amount']) for tab in data['tabs']}
        self.assertEqual(tabs[''], (3, 700))
        self.assertEqual(tabs['easy'], (1, 100))
        self.assertEqual(tabs['risk'], (1, 200))
        self.assertEqual(sum(count for code, (count, _sum) in tabs.items() if code), 3)
        self.assertEqual(set(self.work(triage='risk')), {"Buyer 1"})
        self.assertEqual(set(self.work(search='yer 2')), {"Buyer 2"})

    def test_list_and_screen_hold_the_same_rows(self):
        for number in range(5):
            self.invoice(100 * number + 50, due='2026-05-02',
                         partner=self.customer(f"Buyer {number}"))
        self.env['ar.customer']._refresh(self.company)
        rows = self.env['ar.worklist'].search([])
        self.assertEqual(rows.mapped('customer_id').ids,
                         [row['id'] for row in self.work().values()])
        exported = rows.export_data(['partner_id/name', 'priority', 'amount', 'reason'])['datas']
        self.assertEqual(len(exported), 5)
        self.assertTrue(all(line[3] for line in exported))

    def test_money_part_survives_a_customer_without_anything(self):
        empty = self.customer("Empty")
        data = self.env['ar.worklist'].load_customer(self.account_of(empty).id)
        self.assertEqual((data['lines'], data['items'], data['priority']), ([], [], 0))
        self.assertEqual(data['defaults']['today'], fields.Date.to_string(
            self.company._get_ar_today()))

    def test_without_a_role_nothing_is_shown(self):
        with self.assertRaises(AccessError):
            self.env['ar.worklist'].with_user(
                self.user('base.group_user', 'plain')).load_worklist()


@tagged('post_install', '-at_install')
class TestWorklistAttacks(WorklistCommon):
    """What a collector of another perimeter or company tries by RPC."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.invoice(1000, due='2026-05-02')
        cls.mine = cls.user('own', 'mine_own')
        cls.other = cls.user('own', 'other_own')
        cls.env['ar.customer']._get_or_create(cls.buyer, cls.company).collector_id = cls.mine

    def test_another_perimeter(self):
        customer = self.account_of()
        Worklist = self.env['ar.worklist'].with_user(self.other)
        self.assertFalse(Worklist.load_worklist({'scope': 'all'})['rows'])
        self.assertFalse(Worklist.search([]))
        self.assertFalse(Worklist.search_count([]))
        with self.assertRaises(AccessError):
            Worklist.load_customer(customer.id)
        with self.assertRaises(AccessError):
            Worklist.log_outcome(customer.id, 'no_answer', 'a' * 32)
        with self.assertRaises(AccessError):
            self.env['ar.worklist'].browse(customer.id).with_user(self.other).read(['amount'])
        self.assertFalse(self.env['ar.interaction'].search([]))
        self.assertEqual(list(self.work(self.mine)), ["Buyer"])

    def test_another_company(self):
        other = self.make_company("Other House")
        secret = self.customer("Secret")
        self.invoice(777, due='2026-05-02', partner=secret, company=other)
        customer = self.account_of(secret, other)
        for login in ('collector', 'manager'):
            user = self.user(login, f'{login}_here')
            Worklist = self.env['ar.worklist'].with_user(user)
            self.assertEqual(set(self.work(user)), {"Buyer"})
            with self.assertRaises(AccessError):
                Worklist.with_context(
                    allowed_company_ids=[self.company.id, other.id]).load_worklist()
            with self.assertRaises(AccessError):
                Worklist.load_customer(customer.id)
            with self.assertRaises(AccessError):
                Worklist.log_outcome(customer.id, 'escalate', 'b' * 32)

    def test_an_auditor_reads_and_writes_nothing(self):
        auditor = self.user('auditor', 'work_auditor')
        data = self.env['ar.worklist'].with_user(auditor).load_worklist({'scope': 'all'})
        self.assertEqual((len(data['rows']), data['can_write']), (1, False))
        with self.assertRaises(AccessError):
            self.click(user=auditor)

    def test_items_and_contacts_of_others_are_refused(self):
        stranger = self.customer("Stranger")
        foreign = self.invoice(500, due='2026-05-02', partner=stranger)
        with self.assertRaises(UserError):
            self.click(outcome='paid', item_ids=self.items(foreign).ids)
        self.click(outcome='wrong_contact', contact_id=stranger.id)
        self.assertFalse(self.account_of().wrong_contact_ids)
        for outcome in ('__class__', 'unlink', '_log', ''):
            with self.assertRaises(UserError):
                self.click(outcome=outcome)

    def test_a_search_text_is_a_text(self):
        self.assertFalse(self.work(search="%' OR 1=1 --"))
        self.assertEqual(set(self.work(triage="x' OR '1'='1")), {"Buyer"})


@tagged('post_install', '-at_install')
class TestWorklistQueries(ScaleCommon):
    """The number of queries does not depend on the number of customers."""

    def count(self, user):
        counts = []
        Worklist = self.env['ar.worklist'].with_user(user)
        Worklist.load_worklist({'scope': 'all'})
        customer = self.account_of()
        Worklist.load_customer(customer.id)
        with self.counted(counts):
            data = Worklist.load_worklist({'scope': 'all'})
        with self.counted(counts):
            Worklist.load_customer(customer.id)
        return counts, data

    def test_ten_and_a_thousand(self):
        user = self.user('collector', 'counting')
        self.multiply(10)
        self.env['ar.customer']._refresh(self.company)
        ten, _data = self.count(user)
        self.multiply(990)
        self.env['ar.customer']._refresh(self.company)
        thousand, data = self.count(user)
        self.assertEqual(data['tabs'][0]['count'], 1001)
        self.assertEqual(thousand[0], ten[0], "list")
        self.assertLessEqual(thousand[1], ten[1], "customer")
