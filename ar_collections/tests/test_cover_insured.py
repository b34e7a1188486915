import random
from datetime import timedelta
from decimal import Decimal

from odoo import Command, fields
from odoo.tests import tagged

from ..connectors.results import Cover, CoverStatus, Layer, LayerKind, Money
from .cover_common import CoverCommon

DAY = fields.Date.to_date


@tagged('post_install', '-at_install')
class TestInsuredItems(CoverCommon):
    """The insured part of each open item, at any date, against an oracle in plain Python."""

    def test_percentage_ceiling_and_the_oldest_first(self):
        self.decide('granted', 1500, valid_from=DAY('2026-01-01'))
        first = self.invoice(1000, due='2026-04-30', date='2026-03-31')
        second = self.invoice(1000, due='2026-05-30', date='2026-04-30')
        third = self.invoice(1000, due='2026-06-30', date='2026-05-31')
        self.assertEqual(self.insured('2026-06-01'), {first: 900, second: 450})
        self.go('2026-06-02')
        self.pay(first, 1000, '2026-06-02')
        self.assertEqual(self.insured('2026-06-02'), {second: 900, third: 450})
        self.assertEqual(self.insured('2026-06-01'), {first: 900, second: 450}, "as it was")

    def test_the_insured_part_is_no_expected_loss(self):
        """Of 1,000 covered for 900 and 1,000 for 450: 650 are at risk, and half of it lost."""
        self.decide('granted', 1500, valid_from=DAY('2026-01-01'))
        for month in (3, 4):
            self.invoice(1000, due=f'2026-0{month + 1}-15', date=f'2026-0{month}-16')
        self.env.ref('ar_collections.ar_provision_group_all').write(
            {'method': 'typed', **{f'rate_{number}': 50 for number in range(6)}})
        run = self.env['ar.provision'].create({
            'company_id': self.company.id, 'date': '2026-06-01'})
        self.assertEqual(
            (run.amount_gross, run.amount_insured, run.amount_loss), (2000, 1350, 325))
        self.assertEqual(sorted(run.line_ids.mapped('base')), [100, 550])

    def test_a_reduction_leaves_what_was_delivered_before(self):
        self.decide('granted', 2000, valid_from=DAY('2026-01-01'))
        before = self.invoice(1500, due='2026-06-10', date='2026-05-11')
        self.decide('reduced', 1000)
        after = self.invoice(500, due='2026-07-05', date='2026-06-05')
        self.go('2026-06-06')
        self.assertEqual(self.insured('2026-06-06'), {before: 1350})
        self.contract.earlier_covered = 'no'
        self.assertEqual(self.insured('2026-06-06'), {before: 900})
        self.assertNotIn(after, self.insured('2026-06-06'))

    def test_shipped_before_the_withdrawal(self):
        self.decide('granted', 5000, valid_from=DAY('2026-01-01'))
        self.decide('withdrawal_announced', 5000, withdrawal_on=DAY('2026-07-01'))
        before = self.invoice(100, due='2026-07-30', date='2026-06-30')
        self.invoice(100, due='2026-07-31', date='2026-07-01')
        self.go('2026-07-02')
        self.assertEqual(self.insured('2026-07-02'), {before: 90})

    def test_terms_too_long_too_early_and_after_a_long_overdue(self):
        self.decide('granted', 5000, valid_from=DAY('2026-02-01'))
        self.invoice(100, due='2026-02-20', date='2026-01-31')
        good = self.invoice(100, due='2026-03-02', date='2026-02-01')
        long = self.invoice(100, due='2026-07-05', date='2026-03-01')
        late = self.invoice(100, due='2026-06-20', date='2026-05-20')
        self.assertEqual(self.insured('2026-06-01'), {good: 90, long: 90, late: 90})
        self.contract.max_credit_days = 60
        self.assertEqual(self.insured('2026-06-01'), {good: 90, late: 90})
        self.contract.max_extension_days = 75
        self.assertEqual(self.insured('2026-06-01'), {good: 90}, "20 Feb and 75 days: 6 May")

    def test_the_original_due_date_counts(self):
        self.contract.max_credit_days = 45
        self.decide('granted', 5000, valid_from=DAY('2026-01-01'))
        move = self.invoice(100, due='2026-05-31', date='2026-05-01')
        self.env['ar.original.due']._note(self.company)
        self.items(move).date_maturity = '2026-09-30'
        self.assertEqual(self.insured('2026-06-01'), {move: 90}, "postponed: no longer term")

    def test_tax_is_left_out_unless_the_policy_says_otherwise(self):
        move = self.invoice(100, due='2026-06-20', post=False)
        self.decide('granted', 5000, valid_from=DAY('2026-01-01'))
        move.invoice_line_ids.tax_ids = [Command.set(self.taxes[self.company].ids)]
        move.action_post()
        self.assertEqual(move.amount_total, 120)
        self.assertEqual(self.insured('2026-06-01'), {move: 108})
        self.contract.vat_covered = False
        self.assertEqual(self.insured('2026-06-01'), {move: 90})

    def test_policy_in_another_currency(self):
        policy = self.make_policy(name="Dollars", currency_id=self.currencies['USD'].id)
        self.decide('granted', 1100, policy=policy, valid_from=DAY('2026-01-01'))
        move = self.invoice(3000, due='2026-06-20')
        self.assertEqual(self.insured('2026-06-01'), {move: 900}, "1,100 dollars at 1.1")
        gbp = self.env['res.currency'].create({'name': 'XTS', 'symbol': 'X'})
        strange = self.make_policy(name="No rate", currency_id=gbp.id)
        self.decide('granted', 99999, policy=strange, valid_from=DAY('2026-01-01'))
        self.assertEqual(self.insured('2026-06-01'), {move: 900}, "no rate covers nothing")
        self.assertIn('XTS', strange.rate_problem)

    def test_a_refused_buyer_has_no_discretionary_cover(self):
        self.contract.write({'discretionary_percentage': 80, 'discretionary_ceiling': 1000,
                             'discretionary_proof': 'experience'})
        self.pay(self.invoice(100, due='2026-03-20'), 100, '2026-03-22')
        self.contract.experience_max_days_late = 5
        cover = self.contract._grant_own(self.account, 'discretionary', 1000, proof='experience')
        move = self.invoice(2000, due='2026-07-01', date='2026-06-01')
        self.assertEqual(self.insured('2026-06-01'), {move: 800})
        self.assertIn("1 invoices paid", cover.layer_ids.proof)
        self.decide('refused', day='2026-06-01')
        self.assertEqual(self.insured('2026-06-01'), {})

    def test_what_we_granted_ourselves_covers_until_the_named_cover_begins(self):
        self.contract.discretionary_percentage = 80
        first = DAY('2026-01-01')
        self.env['ar.cover']._apply(
            self.contract, self.account, Cover(
                '', CoverStatus.GRANTED, decided_on=first, effective_from=first, layers=(Layer(
                    LayerKind.DISCRETIONARY,
                    Money(Decimal(800), self.contract.currency_id.name), valid_from=first),)),
            kind='discretionary', source='policy')
        self.decide('granted', 5000, valid_from=DAY('2026-05-01'))
        early = self.invoice(500, due='2026-05-10', date='2026-04-10')
        late = self.invoice(500, due='2026-06-10', date='2026-05-10')
        self.assertEqual(self.insured('2026-06-01'), {early: 400, late: 450})

    def test_two_customers_that_are_one_buyer_share_the_cover(self):
        twin = self.env['ar.customer']._get_or_create(self.customer("Twin"), self.company)
        for customer in (self.account, twin):
            self.decide('granted', 1000, customer=customer, buyer_id='777',
                        valid_from=DAY('2026-01-01'))
        first = self.invoice(800, due='2026-05-20', date='2026-04-20')
        second = self.invoice(800, due='2026-06-20', date='2026-05-21', partner=twin.partner_id)
        self.assertEqual(self.insured('2026-06-01'), {first: 720, second: 180})

    def test_a_shared_cover_is_counted_once_everywhere(self):
        """Of one cover of 2,000 for two customers, 90 % of 2,000 are insured and not one euro more.

        The sums are those of Odoo: what the receivable accounts say, and the two orders.
        """
        twin = self.env['ar.customer']._get_or_create(self.customer("Twin"), self.company)
        both = self.account | twin
        for customer in both:
            self.decide('granted', 2000, customer=customer, buyer_id='777',
                        valid_from=DAY('2026-01-01'))
        self.invoice(500, due='2026-07-20', date='2026-05-20')
        self.set_limit(100000)
        self.quote([(1, 1000, False)])
        both.invalidate_recordset()
        self.assertEqual(both.mapped('insured_amount'), [1350, 0], "1,500 of 2,000 are taken")
        self.invoice(700, due='2026-07-21', date='2026-05-21', partner=twin.partner_id)
        both.invalidate_recordset()
        # 500 and 700 delivered, 800 of the order of 1,000 are left.
        self.assertEqual(both.mapped('insured_amount'), [450 + 720, 630])
        self.assertEqual(both.mapped('own_risk'), [1500 - 1170, 70])
        self.assertEqual(sum(both.mapped('insured_amount')), 1800)
        data = self.env['ar.cockpit'].with_user(self.boss).with_context(
            allowed_company_ids=self.company.ids).load_cockpit({}, True)
        tile = {tile['code']: tile for tile in data['tiles']}['insured']
        self.assertEqual(tile['value'], 450 + 630, "of what is invoiced")
        covers = self.env['ar.cover'].search([('customer_id', 'in', both.ids)], order='id')
        self.assertEqual(covers.mapped('amount_today'), [2000, 2000])
        self.assertEqual(covers.mapped('amount_counted'), [2000, 0])
        self.assertIn("Twin", self.account.cover_shared_with)
        # Asked about one more order of the first: what the second has ordered stands before it.
        self.quote([(1, 500, False)], partner=twin.partner_id)
        for last, part in ((False, 1170), (True, 450 + 270)):
            insured = self.env['ar.cover']._get_insured(
                self.company, self.buyer.ids, last=last)[self.buyer.id]
            self.assertEqual(self.env['ar.cover']._get_insured_part(insured, 1500), part)

    def test_the_day_of_delivery_counts_where_the_invoice_tells_it(self):
        self.decide('granted', 5000, valid_from=DAY('2026-01-01'))
        self.decide('withdrawal_announced', 5000, withdrawal_on=DAY('2026-07-01'))
        # Invoiced after, delivered before; then the other way round.
        before = self.invoice(100, due='2026-08-05', date='2026-07-05')
        after = self.invoice(100, due='2026-07-29', date='2026-06-29')
        self.go('2026-07-08')
        self.assertEqual(self.insured('2026-07-08'), {after: 90})
        before.delivery_date, after.delivery_date = DAY('2026-06-30'), DAY('2026-07-01')
        self.assertEqual(self.insured('2026-07-08'), {before: 90})
        self.contract.date_to = DAY('2026-06-29')
        self.assertEqual(self.insured('2026-07-08'), {}, "delivered after the policy's own end")

    def test_a_branch_shares_the_cover_of_its_entity(self):
        self.decide('granted', 1000, valid_from=DAY('2026-01-01'))
        self.invoice(800, due='2026-05-20', date='2026-04-20', company=self.branch)
        move = self.invoice(800, due='2026-06-20', date='2026-05-21')
        self.assertEqual(self.insured('2026-06-01'), {move: 180})

    def test_random_ledgers(self):
        """Five random customers and thirty items against the rules told one item at a time."""
        rng = random.Random(20261122)
        self.contract.write({'max_credit_days': 60, 'max_extension_days': 90})
        moves = self.env['account.move']
        for number in range(5):
            partner = self.customer(f"Random {number}")
            account = self.env['ar.customer']._get_or_create(partner, self.company)
            day = DAY('2026-01-05')
            for _decision in range(rng.randint(0, 4)):
                self.decide(
                    rng.choice(['granted', 'granted', 'reduced', 'suspended', 'withdrawn']),
                    rng.choice([None, 500, 1000, 3000]) or 800, customer=account,
                    cover_id=f'C{rng.random()}', valid_from=day, effective_from=day,
                    day=str(day), percentage=rng.choice([None, Decimal(80)]))
                day += timedelta(days=rng.randint(5, 60))
            for _item in range(6):
                date = DAY('2026-01-01') + timedelta(days=rng.randint(0, 150))
                moves |= self.invoice(
                    rng.randint(50, 900), date=date, partner=partner,
                    due=date + timedelta(days=rng.choice([10, 30, 60, 75])))
        for move in moves:
            if rng.random() < 0.25:
                self.pay(move, round(move.amount_residual * rng.choice([0.3, 1]), 2),
                         DAY('2026-05-01') + timedelta(days=rng.randint(0, 30)))
        for date in ('2026-03-15', '2026-05-10', '2026-06-01'):
            expected = self.oracle(moves, DAY(date))
            self.assertEqual(self.insured(date), expected, date)
            self.assertTrue(expected)

    def oracle(self, moves, date):
        """Return {document: insured part}, by the rules in the words of the guide."""
        result = {}
        for partner, theirs in moves.grouped('partner_id').items():
            cover = self.env['ar.cover'].search([('customer_id.partner_id', '=', partner.id)])
            items = []
            for item in self.items(theirs).filtered(lambda line: line.date <= date):
                paid = sum(part.amount for part in item.matched_credit_ids
                           if part.max_date <= date)
                if item.balance - paid > 0.005:
                    items.append((item.invoice_date, item.date_maturity, item.id, item,
                                  item.balance - paid))
            items = [x for x in items if (x[1] - x[0]).days <= 60]
            if not items or not cover.layer_ids:
                continue
            oldest, before = min(x[1] for x in items), 0.0
            for invoiced, _due, _id, item, residual in sorted(items):
                layers = [x for x in cover.layer_ids if x.date_from <= invoiced and (
                    not x.date_to or x.date_to >= invoiced)]
                if invoiced <= oldest + timedelta(days=90):
                    low = part = 0.0
                    for layer in sorted(layers, key=lambda x: (x.rank, x.id)):
                        room = min(before + residual, low + layer.amount) - max(before, low)
                        part += max(room, 0.0) * (layer.insured_percentage or 90) / 100
                        low += layer.amount
                    if round(part, 2):
                        result[item.move_id] = round(part, 2)
                before += residual
        return result

    # === WHERE IT SHOWS === #

    def test_aged_balance_exposure_and_cockpit(self):
        self.decide('granted', 1500, valid_from=DAY('2026-01-01'))
        first = self.invoice(1000, due='2026-04-30')
        self.invoice(1000, due='2026-06-30')
        Balance = self.env['ar.aged.balance'].with_context(
            ar_date='2026-06-01', allowed_company_ids=self.company.ids)
        [(insured, total)] = Balance._read_group(
            [('partner_id', '=', self.buyer.id)], [], ['insured_amount:sum', 'amount:sum'])
        self.assertEqual((insured, total), (1350, 2000))
        [(insured,)] = Balance._read_group(
            [('move_id', '=', first.id)], [], ['insured_amount:sum'])
        self.assertEqual(insured, 900)
        Revalued = Balance.with_context(ar_valuation='revalued')
        self.assertEqual(
            Revalued._read_group([('partner_id', '=', self.buyer.id)], [],
                                 ['insured_amount:sum', 'amount:sum']), [(1350, 2000)])
        self.assertNotIn('insured_amount', Balance._get_hidden_fields())
        self.account.invalidate_recordset()
        self.assertRecordValues(self.account, [{
            'exposure': 2000, 'insured_amount': 1350, 'own_risk': 650, 'cover_today': 1500}])
        data = self.env['ar.cockpit'].with_user(self.boss).with_context(
            allowed_company_ids=self.company.ids).load_cockpit({}, True)
        tile = {tile['code']: tile for tile in data['tiles']}['insured']
        self.assertEqual(tile['value'], 1350)
        self.decide('reduced', 100)
        data = self.env['ar.cockpit'].with_user(self.boss).with_context(
            allowed_company_ids=self.company.ids).load_cockpit({}, True)
        todos = {row['code']: row['count'] for row in data['actions']}
        self.assertEqual(todos['covers_reduced'], 1)

    def test_orders_use_the_cover_of_today(self):
        self.decide('granted', 1500, valid_from=DAY('2026-01-01'))
        self.invoice(1000, due='2026-06-30')
        self.set_limit(100000)
        self.quote([(1, 1000, False)])
        self.account.invalidate_recordset()
        self.assertRecordValues(self.account, [{
            'exposure': 2000, 'insured_amount': 1350, 'own_risk': 650}])

    def test_no_new_delivery_is_insured_while_an_invoice_is_long_overdue(self):
        """The maximum extension period stops new cover; what was delivered before keeps its own."""
        self.contract.max_extension_days = 30
        self.decide('granted', 5000, valid_from=DAY('2026-01-01'))
        old = self.invoice(1000, due='2026-05-02', date='2026-04-02')
        self.set_limit(100000)
        self.quote([(1, 1000, False)])

        def read(day):
            self.go(day)
            self.env.invalidate_all()
            return self.account.cover_today, self.account.insured_amount

        self.assertEqual(read('2026-06-01'), (5000, 1800), "the thirtieth day after")
        self.assertEqual(read('2026-06-02'), (0, 900))
        self.pay(old, 1000, '2026-06-02')
        self.assertEqual(read('2026-06-02'), (5000, 900))
        self.contract.active = False
        self.assertEqual(read('2026-06-02')[0], 0, "a policy that was put away insures nothing new")

    def test_queries_do_not_grow_with_customers(self):
        customers = self.env['ar.customer']
        for number in range(40):
            account = self.env['ar.customer']._get_or_create(
                self.customer(f"Many {number}"), self.company)
            self.decide('granted', 100, customer=account)
            customers |= account
        for fields_read in (['exposure', 'insured_amount', 'own_risk'], ['cover_today'],
                            ['open_cover_request_count']):
            counts = []
            for part in (customers[:10], customers):
                part.mapped('partner_id.country_id')
                self.env.flush_all()
                self.env.invalidate_all()
                part.mapped('company_id.currency_id')
                part.mapped('partner_id')
                before = self.env.cr.sql_log_count
                part.read(fields_read)
                counts.append(self.env.cr.sql_log_count - before)
            self.assertLessEqual(counts[1], counts[0] + 1, fields_read)
        Balance = self.env['ar.aged.balance'].with_context(ar_date='2026-06-01')
        counts = []
        for number in (1, 2, 6):  # the first time warms the caches
            for account in customers[:number]:
                self.invoice(
                    100, date='2026-06-01', due='2026-06-20', partner=account.partner_id)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            rows = Balance._read_group(
                [('customer_id', 'in', customers.ids)], ['partner_id'],
                ['amount:sum', 'insured_amount:sum'])
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual([insured for *_keys, insured in rows], [90] * number)
        self.assertEqual(counts[2], counts[1])

    # === REMINDERS === #

    def test_a_reminder_mentions_the_insurer_only_when_everybody_agrees(self):
        self.decide('granted', 5000, valid_from=DAY('2026-01-01'))
        self.invoice(100, due='2026-05-26')
        reminder = self.run_dunning('2026-06-01').reminder_ids
        sentence = "credit insurance with Sure Insurance"

        def read():
            self.env.invalidate_all()
            return reminder._render_message()[reminder.id]['body']

        self.assertNotIn(sentence, read())
        reminder.level_id.mention_insurer = True
        self.assertNotIn(sentence, read())
        self.contract.mention_in_reminders = True
        self.assertIn(sentence, read())
        self.decide('withdrawn', effective_from=DAY('2026-01-01'),
                    withdrawal_on=DAY('2026-01-01'), cover_id='C9')
        self.assertNotIn(sentence, read())
