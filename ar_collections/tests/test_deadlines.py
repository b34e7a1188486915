import random
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from ..tools.holidays import is_closed
from .deadline_common import DeadlineCommon, day
from .plan_common import PlanCommon


@tagged('post_install', '-at_install')
class TestPrescription(DeadlineCommon):
    """Item by item, by the law that binds the customer."""

    def test_five_years_between_businesses_and_the_rows_of_one_year_ahead(self):
        old = self.invoice(1000, due='2021-09-30')
        self.invoice(500, due='2023-01-31')
        self.account_of()
        self.build()
        self.assertEqual(self.table(), [(old.name, '2026-09-30', 'open', 1000.0)])
        [row] = self.rows()
        self.assertEqual((row.days_left, row.urgency), (121, 'soon'))
        self.assertIn("L110-4", row.source)
        self.assertIn("5 years", row.explanation)

    def test_it_ends_on_a_sunday_or_a_holiday_all_the_same(self):
        for due in ('2021-07-14', '2021-08-15', '2021-11-01', '2021-12-25', '2021-06-06'):
            self.invoice(10, due=due)
        self.account_of()
        self.build()
        self.assertEqual([row[1] for row in self.table()], [
            '2026-06-06', '2026-07-14', '2026-08-15', '2026-11-01', '2026-12-25'])
        self.assertTrue(all(is_closed(day(row[1]), 'FR') for row in self.table()))

    def test_two_years_for_a_consumer_and_the_shortest_for_whom_we_do_not_know(self):
        person = self.customer("Person", is_company=False, country_id=self.france.id)
        bill = self.invoice(100, due='2024-09-15', partner=person)
        self.account_of(person)
        self.build()
        self.assertEqual(
            self.table(partner=person), [(bill.name, '2026-09-15', 'open', 100.0)])
        self.assertIn("shortest", self.account_of(person).limitation_note)
        self.account_of(person).debtor_kind = 'business'
        self.build()
        self.assertEqual(self.table(partner=person)[0][2], 'obsolete')

    def test_carriers_have_one_year(self):
        self.company.ar_limitation_trade = 'transport'
        bill = self.invoice(100, due='2025-09-15')
        self.account_of()
        self.build()
        self.assertEqual(self.table(), [(bill.name, '2026-09-15', 'open', 100.0)])

    def test_a_trade_without_a_rule_of_its_own_follows_the_general_one(self):
        self.company.ar_limitation_trade = 'transport'
        rules = self.env['ar.limitation.rule'].search([('trade', '=', 'transport')])
        rules.action_withdraw()
        bill = self.invoice(100, due='2021-09-15')
        self.account_of()
        self.build()
        self.assertEqual(self.table(), [(bill.name, '2026-09-15', 'open', 100.0)])

    def test_without_a_confirmed_rule_nothing_is_watched_and_the_customer_says_so(self):
        self.env.ref('ar_collections.limitation_fr_business').action_withdraw()
        self.invoice(1000, due='2021-09-30')
        self.account_of()
        self.build()
        self.assertFalse(self.rows())
        self.assertIn("nobody has confirmed", self.account_of().limitation_note)

    def test_an_unconfirmed_country_is_off_until_somebody_confirms_it(self):
        german = self.env.ref('ar_collections.limitation_de_business')
        self.assertEqual(german.state, 'unconfirmed')
        customer = self.account_of()
        bill = self.invoice(100, due='2023-05-01')
        with Form(customer.with_user(self.boss)) as form:
            form.limitation_rule_id = german
        self.build()
        self.assertFalse(self.rows())
        self.assertIn("not confirmed", customer.limitation_note)
        german.action_confirm()
        self.build()
        # Three years from the end of the year.
        self.assertEqual(self.table(), [(bill.name, '2026-12-31', 'open', 100.0)])

    def test_two_confirmed_rules_for_the_same_claims_are_refused(self):
        rule = self.env.ref('ar_collections.limitation_fr_business')
        with self.assertRaises(ValidationError):
            rule.copy({'state': 'confirmed'})
        rule.date_to = '2025-12-31'
        rule.copy({'state': 'confirmed', 'date_from': '2026-01-01', 'date_to': False, 'years': 3})

    def test_paid_credited_and_unmatched_items_come_and_go(self):
        bill = self.invoice(1000, due='2021-09-30')
        self.account_of()
        self.build()
        payment = self.pay(bill, 400, date='2026-05-01')
        self.build()
        self.assertEqual(self.table(), [(bill.name, '2026-09-30', 'open', 600.0)])
        rest = self.pay(bill, date='2026-05-02')
        self.build()
        self.assertEqual(self.table()[0][2], 'obsolete')
        self.items(rest.move_id).remove_move_reconcile()
        self.build()
        self.assertEqual(self.table(), [(bill.name, '2026-09-30', 'open', 600.0)])
        self.assertTrue(payment)

    def test_building_twice_is_building_once(self):
        # Young when they are posted: what is old already is counted at once.
        self.go('2021-10-01')
        for number in range(5):
            self.invoice(100 + number, due=f'2021-0{number + 5}-28')
        self.account_of()
        self.assertTrue(self.build('2026-06-01'))
        before = self.env['ar.deadline'].search([]).read()
        activities = self.env['mail.activity'].search_count([])
        self.assertEqual(self.build(), 0)
        self.assertEqual(self.env['ar.deadline'].search([]).read(), before)
        self.assertEqual(self.env['mail.activity'].search_count([]), activities)

    def test_the_scheduled_action_builds_every_company(self):
        self.invoice(1000, due='2021-09-30')
        self.account_of()
        with self.enter_registry_test_mode():
            self.env.ref('ar_collections.ir_cron_ar_deadline').method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(len(self.rows()), 1)

    def test_when_the_day_has_passed_it_is_missed(self):
        bill = self.invoice(1000, due='2021-05-31')
        self.account_of()
        self.build('2026-05-31')
        self.assertEqual(self.table(), [(bill.name, '2026-05-31', 'open', 1000.0)])
        self.build('2026-06-01')
        self.assertEqual(self.table(), [(bill.name, '2026-05-31', 'missed', 1000.0)])

    def test_random_ledger_against_a_slow_reading(self):
        """Every open item and act read one by one, with no code of ours."""
        rng = random.Random(26)
        people = [self.buyer, *(self.customer(f"Buyer {n}", country_id=self.france.id)
                                for n in range(3))]
        for partner in people:
            self.account_of(partner)
        bills = []
        for _turn in range(30):
            due = day('2019-06-01') + timedelta(days=rng.randrange(1200))
            bill = self.invoice(rng.randrange(10, 999), due=str(due), partner=rng.choice(people))
            bills.append(bill)
            if rng.random() < 0.25:
                self.pay(bill, rng.choice([None, 5]), date=str(due + timedelta(days=40)))
        for _turn in range(15):
            bill = rng.choice(bills)
            start = bill.invoice_date_due + timedelta(days=rng.randrange(-100, 2200))
            self.act(rng.choice(['acknowledgement', 'claim', 'measure', 'formal_notice']),
                     start, bill, bill.partner_id,
                     date_end=rng.choice([False, start + timedelta(days=rng.randrange(400))]))
        self.build()
        today, horizon = day('2026-06-01'), day('2027-06-01')
        expected = {}
        for bill in bills:
            for item in self.items(bill):
                if item.reconciled:
                    continue
                last = item.date_maturity + relativedelta(years=5)
                for act in self.env['ar.limitation.act'].search(
                        [('item_ids', 'in', item.ids)], order='date, id'):
                    if act.kind != 'formal_notice' and act.date <= last:
                        begins = act.date_end if act.kind == 'claim' and act.date_end else act.date
                        last = max(last, begins + relativedelta(years=5))
                if last <= horizon:
                    expected[item.id] = (
                        last, 'missed' if last < today else 'open', item.amount_residual)
        found = {row.move_line_id.id: (row.last_day, row.state, row.amount)
                 for row in self.env['ar.deadline'].search([
                     ('company_id', '=', self.company.id), ('state', 'in', ('open', 'missed'))])}
        self.assertEqual(found, expected)
        self.assertGreater(len(expected), 10)


@tagged('post_install', '-at_install')
class TestActs(DeadlineCommon):
    """Interruptions are records with their proof."""

    def test_an_acknowledgement_gives_five_more_years_and_says_from_when(self):
        bill = self.invoice(1000, due='2021-09-30')
        act = self.act('acknowledgement', '2026-05-15', bill)
        self.assertFalse(self.rows().filtered(lambda row: row.state == 'open'))
        self.go('2030-12-01')
        self.build()
        [row] = self.rows().filtered(lambda row: row.state == 'open')
        self.assertEqual((row.last_day, row.limitation_act_id), (day('2031-05-15'), act))
        self.assertIn(act.name, row.explanation)

    def test_a_formal_notice_is_kept_and_shown_to_do_nothing(self):
        bill = self.invoice(1000, due='2021-09-30')
        act = self.act('formal_notice', '2026-05-15', bill)
        self.assertIn("Does not interrupt", act.effect_text)
        self.assertIn("20-23.204", act.effect_text)
        self.assertEqual(self.table(), [(bill.name, '2026-09-30', 'open', 1000.0)])

    def test_what_is_voided_counts_no_more(self):
        bill = self.invoice(1000, due='2021-09-30')
        act = self.act('claim', '2026-05-15', bill)
        with self.assertRaises(UserError):
            act.action_void()
        act.void_reason = "Withdrawn"
        act.action_void()
        self.assertEqual(
            [row for row in self.table() if row[2] == 'open'],
            [(bill.name, '2026-09-30', 'open', 1000.0)])

    def test_an_act_is_evidence(self):
        bill = self.invoice(1000, due='2021-09-30')
        act = self.act('acknowledgement', '2026-05-15', bill).with_user(self.collector)
        for vals in ({'date': '2026-05-20'}, {'kind': 'claim'}, {'item_ids': [Command.clear()]},
                     {'customer_id': self.account_of(self.customer("Other")).id}):
            with self.assertRaises(UserError, msg=vals):
                act.write(vals)
        for vals in ({'state': 'void'}, {'key': 'x'}, {'name': "ACT/1"}):
            with self.assertRaises(AccessError, msg=vals):
                act.write(vals)
        with self.assertRaises(UserError):
            act.unlink()

    def test_items_of_somebody_else_are_refused(self):
        other = self.invoice(10, due='2022-01-31', partner=self.customer("Other"))
        with self.assertRaises(ValidationError):
            self.act('acknowledgement', '2026-05-15', other)
        with self.assertRaises(ValidationError):
            self.act('acknowledgement', '2026-05-15', other.browse())

    def test_a_promise_in_writing_waits_for_somebody_who_has_seen_it(self):
        bill = self.invoice(1000, due='2021-09-30')
        for channel, amount in (('email', 1000), ('call', 500)):
            target = bill if channel == 'email' else self.invoice(500, due='2021-10-31')
            self.env['ar.promise'].create({
                'customer_id': self.account_of().id, 'promise_date': '2026-06-08',
                'amount': amount, 'channel': channel, 'currency_id': bill.currency_id.id,
                'line_ids': [Command.create({'move_line_id': self.items(target).id})]})
        self.build()
        acts = self.account_of().limitation_act_ids
        self.assertRecordValues(acts, [
            {'kind': 'acknowledgement', 'state': 'proposed', 'date': day('2026-06-01')}])
        self.assertIn((bill.name, '2026-09-30', 'open', 1000.0), self.table())
        with self.assertRaises(UserError):
            acts.action_confirm()
        acts.document_ids = [Command.create({'name': "mail.pdf", 'raw': b"x"})]
        acts.with_user(self.collector).action_confirm()
        self.assertNotIn((bill.name, '2026-09-30', 'open', 1000.0), self.table())
        self.build()
        self.assertEqual(len(self.account_of().limitation_act_ids), 1)

    def test_part_payments_count_where_the_law_says_so(self):
        bill = self.invoice(1000, due='2021-09-30')
        self.account_of()
        self.pay(bill, 100, date='2026-05-04')
        self.build()
        self.assertEqual(self.table()[0][1:3], ('2026-09-30', 'open'))
        rule = self.env.ref('ar_collections.limitation_fr_business')
        rule.effect_ids = [Command.create({'act': 'part_payment', 'effect': 'restart'})]
        self.build()
        self.assertEqual([row[2] for row in self.table()], ['obsolete'])


@tagged('post_install', '-at_install')
class TestSignedPlans(DeadlineCommon, PlanCommon):
    """A plan that the customer signed is an acknowledgement by itself."""

    def test_a_signed_plan_interrupts_and_is_noted_once(self):
        bill = self.invoice(1000, due='2021-09-30')
        plan = self.draft_plan(bill)
        self.build()
        self.assertFalse(self.account_of().limitation_act_ids)
        plan.sudo().acknowledged_on = '2026-05-29'
        self.build()
        self.build()
        self.assertRecordValues(self.account_of().limitation_act_ids, [{
            'kind': 'acknowledgement', 'state': 'valid', 'date': day('2026-05-29'),
            'reference': plan.name, 'item_ids': self.items(bill).ids}])
        self.assertNotIn('open', [row[2] for row in self.table()])
