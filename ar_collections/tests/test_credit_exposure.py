import random

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .credit_common import ExposureCommon


@tagged('post_install', '-at_install')
class TestExposureOracle(ExposureCommon):
    """Random ledgers, read twice: by the module, and by a slow reader of one document at a time."""

    def build(self, seed):
        dice = random.Random(seed)
        buyers = [self.customer(f"Buyer {seed} {number}") for number in range(4)]
        people = [*buyers, *(
            self.customer(f"Contact {seed} {number}", parent_id=dice.choice(buyers).id,
                          type=dice.choice(['contact', 'invoice', 'delivery']))
            for number in range(4))]
        doubtful = self.env['account.account'].create({
            'name': "Doubtful", 'code': f'4160{seed}', 'account_type': 'asset_current',
            'reconcile': True, 'company_ids': [Command.set(self.company.ids)]})
        self.company.ar_doubtful_account_ids = doubtful
        for _step in range(45):
            company = dice.choice(self.companies)
            person, currency = dice.choice(people), dice.choice([*self.currencies.values()])
            amount = round(dice.uniform(10, 3000), 2)
            dice.choice([
                self.add_invoice, self.add_order, self.add_order, self.add_order,
                self.add_payment, self.add_other,
            ])(dice, company, person, currency, amount)
        for buyer in buyers[:2]:
            self.entry(150.5, '2026-05-02', buyer)
            income = self.journal('sale').default_account_id
            self.env['account.move'].create({
                'move_type': 'entry', 'date': '2026-05-02',
                'journal_id': self.journal('general').id, 'line_ids': [
                    Command.create({'account_id': doubtful.id, 'partner_id': buyer.id,
                                    'balance': 77.7}),
                    Command.create({'account_id': income.id, 'balance': -77.7})],
            }).action_post()
        return buyers

    def add_invoice(self, dice, company, person, currency, amount):
        move = self.invoice(
            amount, due='2026-05-20', partner=person, company=company, currency=currency,
            kind=dice.choice(['out_invoice', 'out_invoice', 'out_refund', 'out_receipt']),
            post=dice.random() < 0.8)
        if move.state == 'posted' and move.move_type == 'out_invoice' and dice.random() < 0.5:
            self.pay(move, round(amount * dice.choice([0.3, 1]), 2), match=dice.random() < 0.8)

    def add_order(self, dice, company, person, currency, amount):
        lines = [(dice.randint(1, 9), round(dice.uniform(1, 400), 2), dice.random() < 0.5,
                  dice.choice([self.goods, self.work])) for _line in range(dice.randint(1, 3))]
        if dice.random() < 0.3:
            lines.append((dice.choice([-1, 1]), -20, False))
        order = self.quote(
            lines, person, company, currency, confirm=dice.random() < 0.9,
            partner_shipping_id=dice.choice([person, self.buyer]).id)
        if order.state != 'sale':
            return
        for line in order.order_line.filtered(lambda line: line.product_id == self.work):
            line.qty_delivered = dice.choice([0, 1, line.product_uom_qty])
        fate = dice.choice(['leave', 'close', 'cancel', 'bill', 'bill', 'part', 'advance',
                            'advance', 'fixed'])
        if fate == 'close':
            order.ar_closed = True
        elif fate == 'cancel':
            order._action_cancel()
        elif fate in ('advance', 'fixed') and order.amount_total > 0:
            self.bill(order, post=dice.random() < 0.7, **(
                {'method': 'percentage', 'amount': 30} if fate == 'advance'
                else {'method': 'fixed', 'fixed_amount': 10}))
            if dice.random() < 0.5 and order.invoice_status == 'to invoice':
                self.bill(order, post=dice.random() < 0.5)
        elif fate in ('bill', 'part') and order.invoice_status == 'to invoice':
            invoice = self.bill(order, post=False)
            if fate == 'part':
                invoice.invoice_line_ids[:1].quantity /= 2
            if invoice.amount_total >= 0 and dice.random() < 0.7:
                invoice.invoice_date = fields.Date.today()
                invoice.action_post()
            elif dice.random() < 0.3:
                invoice.button_cancel()

    def add_payment(self, dice, company, person, currency, amount):
        payment = self.env['account.payment'].with_company(company).create({
            'payment_type': 'inbound', 'partner_type': 'customer', 'partner_id': person.id,
            'amount': amount, 'currency_id': currency.id, 'date': '2026-05-25',
            'journal_id': self.journal('bank', company).id, 'company_id': company.id})
        if dice.random() < 0.8:
            payment.action_post()

    def add_other(self, dice, company, person, currency, amount):
        self.in_process(person, amount, company, dice.choice(['in_process', 'paid']),
                        dice.choice(['inbound', 'inbound', 'outbound']))

    def check(self, seed):
        buyers = self.build(seed)
        for drafts in (False, True):
            self.companies.ar_exposure_drafts = drafts
            for buyer in [*buyers, self.buyer]:
                for company in self.companies:
                    self.assertSame(buyer, company, f"seed {seed}, drafts {drafts}:")
        found = [self.parts(buyer, company) for buyer in buyers for company in self.companies]
        self.assertLessEqual(
            {'open_items', 'credits', 'in_process', 'drafts', 'orders'}, set().union(*found),
            "the ledger is too poor to prove anything")
        self.check_over_limit(buyers, seed)

    def check_over_limit(self, buyers, seed):
        """The search agrees with every customer looked at alone."""
        dice = random.Random(seed)
        customers = self.env['ar.customer'].union(*(
            self.account_of(buyer, company) for buyer in buyers for company in self.companies))
        for customer in customers:
            limit = dice.choice([0, 1, 500, max(customer.exposure, 0)])
            customer.partner_id.with_company(customer.company_id).credit_limit = limit
        customers.invalidate_recordset()
        limits = {customer: next(filter(None, (
            customer.partner_id.with_company(company).credit_limit
            for company in (customer.company_id, customer.company_id.root_id))), 0)
            for customer in customers}
        over = customers.filtered(
            lambda c: limits[c] and round(c.exposure, 2) > limits[c])
        self.assertTrue(over)
        domain = [('id', 'in', customers.ids)]
        search = self.env['ar.customer'].search
        self.assertEqual(search([*domain, ('is_over_limit', '=', True)]), over.sorted(
            lambda c: search(domain).ids.index(c.id)))
        self.assertEqual(
            set(search([*domain, ('is_over_limit', '=', False)])), set(customers - over))
        self.assertEqual(customers.filtered('is_over_limit'), over)

    def test_seed_1(self):
        self.check(1)

    def test_seed_2(self):
        self.check(2)

    def test_seed_3(self):
        self.check(3)


@tagged('post_install', '-at_install')
class TestExposureParts(ExposureCommon):
    """Ledgers that a person can add up. Today: 2026-06-01."""

    def test_orders_count_by_ordered_quantity(self):
        """odoo#285578: invoiced on delivery, not delivered: core counts nothing."""
        self.quote([(10, 100, False, self.work)])
        self.assertEqual(self.parts(), {'orders': 1000})

    def test_a_partial_invoice_moves_its_share(self):
        order = self.quote([(10, 100, True)])
        invoice = self.bill(order, post=False)
        invoice.invoice_line_ids.quantity = 4
        invoice.invoice_date = '2026-06-01'
        invoice.action_post()
        self.assertEqual(self.parts(), {'open_items': 480, 'orders': 720})

    def test_a_draft_invoice_makes_no_room(self):
        """Preparing an invoice must not lower the exposure, whatever the company counts."""
        order = self.quote([(1, 1000, True)])
        invoice = self.bill(order, post=False)
        self.assertEqual(self.parts(), {'drafts': 1200})
        self.company.ar_exposure_drafts = True
        self.assertEqual(self.exposure(), 1200)
        invoice.button_cancel()
        self.assertEqual(self.parts(), {'orders': 1200})

    def test_down_payments_count_once_with_their_tax(self):
        """OCA/credit-control#439, #440: a down payment lowers what is left to invoice."""
        for vals in ({'method': 'percentage', 'amount': 30},
                     {'method': 'fixed', 'fixed_amount': 360}):
            buyer = self.customer(f"Advance {vals['method']}")
            order = self.quote([(1, 1000, True)], buyer)
            draft = self.bill(order, post=False, **vals)
            self.assertEqual(self.exposure(buyer), 1200, "in draft")
            draft.invoice_date = '2026-06-01'
            draft.action_post()
            self.assertEqual(self.parts(buyer), {'open_items': 360, 'orders': 840})
            self.pay(draft)
            self.assertEqual(self.parts(buyer), {'orders': 840})
            final = self.bill(order, post=False)
            self.assertEqual(self.parts(buyer), {'drafts': 840})
            final.invoice_date = '2026-06-01'
            final.action_post()
            self.assertEqual(self.parts(buyer), {'open_items': 840})

    def test_an_order_closed_for_good_stops_counting(self):
        """odoo#262720."""
        order = self.quote([(1, 1000, False)])
        order.ar_closed = True
        self.assertEqual(self.parts(), {})

    def test_the_invoiced_company_owes_not_the_delivery_contact(self):
        """OCA/credit-control#84, #92, #97; odoo#210177, #213849: once, at the commercial entity."""
        site = self.customer("Site")
        clerk = self.customer("Clerk", parent_id=self.buyer.id, type='invoice')
        order = self.quote([(1, 1000, False)], site, partner_invoice_id=clerk.id,
                           partner_shipping_id=site.id)
        self.assertEqual(order._get_debtors(), self.buyer)
        self.assertEqual((self.exposure(), self.exposure(site)), (1000, 0))
        entry = self.entry(50, '2026-05-01', clerk)
        self.assertEqual(entry.line_ids.partner_id, clerk)
        self.assertEqual(self.exposure(), 1050)

    def test_currencies_are_converted_once_at_the_rate_of_today(self):
        """odoo#130014, #162770; OCA/credit-control#543, #314, #319, #361."""
        self.quote([(1, 1100, False)], currency=self.currencies['USD'])
        self.quote([(1, 800, False)], currency=self.currencies['GBP'])
        self.quote([(1, 500, False)])
        self.assertEqual(self.parts(), {'orders': 2500})

    def test_a_missing_rate_is_an_error_that_names_it(self):
        yen = self.env.ref('base.JPY')
        yen.active = True
        yen.rate_ids.unlink()
        order = self.quote([(1, 1100, False)], confirm=False)
        order.currency_id = yen
        with self.assertRaisesRegex(UserError, "JPY has no exchange rate on 2026-06-01"):
            order._get_credit_amounts()
        self.company.ar_credit_active = True
        with self.assertRaisesRegex(UserError, "JPY"):
            order.action_confirm()

    def test_companies_are_apart_and_branches_together(self):
        """OCA/credit-control#10: a credit per company; a branch is its company."""
        self.quote([(1, 100, False)])
        self.quote([(1, 20, False)], company=self.branch)
        self.quote([(1, 3, False)], company=self.other)
        self.assertEqual(
            [self.exposure(company=company) for company in self.companies], [120, 120, 3])

    def test_payments_in_process_are_deducted_once(self):
        invoice = self.invoice(1000, due='2026-05-20')
        self.in_process(self.buyer, 400)
        self.assertEqual(self.parts(), {'open_items': 1000, 'in_process': -400})
        self.pay(invoice, 300)
        self.assertEqual(self.parts(), {'open_items': 700, 'in_process': -400})

    def test_open_items_and_orders_are_two_figures(self):
        """odoo#112905, #126575; JayVora-SerpentCS#523: the balance, not lifetime sales."""
        self.invoice(1000, due='2026-05-20')
        self.pay(self.invoice(5000, due='2026-04-20'))
        self.credit_note(100, '2026-05-20')
        self.quote([(1, 10, False)])
        self.assertEqual(self.parts(), {'open_items': 1000, 'credits': -100, 'orders': 10})

    def test_null_amounts_of_old_orders_do_not_crash(self):
        """odoo#166087."""
        order = self.quote([(1, 1000, False), (1, 7, False)])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order_line SET price_total = NULL, qty_invoiced = NULL WHERE id = %s",
            order.order_line[0].ids)
        self.env.cr.execute(
            "UPDATE sale_order SET invoice_status = NULL WHERE id = %s", order.ids)
        self.assertEqual(self.exposure(), 7)

    def test_the_same_queries_for_ten_and_a_thousand(self):
        """OCA/credit-control#323: never one query per customer."""
        counts = []
        # The first reading fills the caches of the server.
        for size in (3, 10, 1000):
            partners = self.env['res.partner'].create(
                [{'name': f"Many {size} {number}"} for number in range(size)])
            customers = self.env['ar.customer']._get_or_create(partners, self.company)
            self.env.flush_all()
            self.env.invalidate_all()
            customers.mapped('partner_id.name')
            before = self.env.cr.sql_log_count
            customers.mapped('exposure')
            counts.append(self.env.cr.sql_log_count - before)
            self.env['ar.customer'].search([('is_over_limit', '=', True)])
        self.assertEqual(counts[1], counts[2])
        self.assertLess(counts[1], 20)

    def test_every_part_opens_its_documents(self):
        self.invoice(1000, due='2026-05-20')
        self.credit_note(100, '2026-05-20')
        self.in_process(self.buyer, 50)
        self.quote([(1, 10, False)])
        self.bill(self.quote([(1, 20, False)]), post=False)
        customer = self.account_of()
        self.assertEqual(len(self.parts()), 5)
        for code in self.parts():
            action = customer.action_view_exposure_part(code)
            found = self.env[action['res_model']].search(action['domain'])
            self.assertEqual(len(found), 1, code)

    def test_the_documents_of_a_part_add_up_to_it(self):
        """Branches and doubtful claims are in the figure and behind it, another company is not."""
        doubtful = self.env['account.account'].create({
            'code': '416000', 'name': "Doubtful", 'account_type': 'asset_current',
            'reconcile': True, 'company_ids': [Command.set(self.company.ids)]})
        self.company.ar_doubtful_account_ids = doubtful
        for rate, company in ((1, self.company), (2, self.branch), (7, self.other)):
            currency = company.currency_id
            self.invoice(1000 * rate, due='2026-05-20', company=company)
            self.credit_note(100 * rate, '2026-05-20', company=company)
            self.in_process(self.buyer, 50 * rate, company=company)
            self.quote([(1, 10 * rate, False)], company=company, currency=currency)
            order = self.quote([(1, 20 * rate, False)], company=company, currency=currency)
            self.bill(order, post=False)
        claim = self.entry(300, '2026-05-20')
        claim.button_draft()
        claim.line_ids.filtered('partner_id').account_id = doubtful
        claim.action_post()
        amounts = {
            'account.move.line': lambda item: item.amount_residual,
            'account.payment': lambda payment: -payment.amount_company_currency_signed,
            'account.move': lambda move: move.amount_total_signed,
            'sale.order': lambda order: sum(self.remaining(line) for line in order.order_line)}
        customer, parts = self.account_of(), self.parts()
        self.assertEqual(parts, {'open_items': 3300, 'credits': -300, 'in_process': -150,
                                 'drafts': 60, 'orders': 30})
        for code, amount in parts.items():
            action = customer.action_view_exposure_part(code)
            found = self.env[action['res_model']].search(action['domain'])
            self.assertAlmostEqual(
                sum(map(amounts[action['res_model']], found)), amount, msg=code)

    def test_a_group_counts_each_legal_entity_once(self):
        """Two customers, two companies and a branch share one limit in one currency."""
        second = self.customer("Second")
        self.quote([(1, 100, False)])
        self.quote([(1, 20, False)], second, company=self.branch)
        self.quote([(1, 90, False)], second, company=self.other, currency=self.currencies['EUR'])
        group = self.env['ar.credit.group'].create({
            'name': "Holding", 'limit': 200, 'company_ids': [Command.set(self.companies.ids)],
            'currency_id': self.currencies['EUR'].id})
        (self.account_of() | self.account_of(second)).credit_group_id = group
        # 90 EUR are 100 USD at the rate of the other company, and 100 USD are 90 EUR there.
        self.assertEqual(group._get_exposure(), 210)

    def test_ten_or_two_hundred_groups_cost_the_same_queries(self):
        """One statement for all groups; each is the sum of its customers, read one by one."""
        partners = self.env['res.partner'].create(
            [{'name': f"Member {number}"} for number in range(400)])
        customers = self.env['ar.customer']._get_or_create(partners, self.company)
        groups = self.env['ar.credit.group'].create([{
            'name': f"Group {number}", 'limit': 1000, 'currency_id': self.currencies['USD'].id,
            'company_ids': [Command.set((self.company | self.other).ids)],
            'customer_ids': [Command.set(customers[2 * number:2 * number + 2].ids)],
        } for number in range(200)])
        for number, partner in enumerate(partners[:6]):
            self.invoice(100 + number, due='2026-05-20', partner=partner)
            self.quote([(1, 10 + number, False)], partner, currency=self.currencies['GBP'])
            self.quote([(1, 7, False)], partner, company=self.other)
        counts = []
        for some in (groups[:3], groups[:10], groups):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.mapped('exposure')
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        today = fields.Date.today()
        for group in groups[:4]:
            slow = 0.0
            for partner in group.customer_ids.partner_id:
                for company in group.company_ids:
                    slow += company.currency_id._convert(
                        sum(map(float, self.env['ar.credit.exposure'].sudo()._get_exposures(
                            company, partner.ids).get(partner.id, {}).values())),
                        group.currency_id, company, today, round=False)
            self.assertAlmostEqual(group.exposure, slow, places=1)
        self.assertTrue(groups[0].exposure)

    def test_guarantees_cover_from_their_first_to_their_last_day(self):
        self.invoice(1000, due='2026-05-20')
        customer = self.account_of()
        for amount, start, end in ((300, '2026-06-01', '2026-06-01'), (200, '2026-01-01', False),
                                   (50, '2026-06-02', False), (70, '2026-01-01', '2026-05-31')):
            self.env['ar.credit.guarantee'].create({
                'name': "Bank", 'customer_id': customer.id, 'amount': amount,
                'date_from': start, 'date_to': end})
        customer.invalidate_recordset()
        self.assertEqual(
            (customer.exposure, customer.covered_amount, customer.own_risk), (1000, 500, 500))
