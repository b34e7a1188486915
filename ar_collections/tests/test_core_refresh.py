import random
from collections import defaultdict

from odoo import fields
from odoo.tests import tagged

from .common import CollectionsCommon

FIGURES = (
    'balance', 'overdue_amount', 'not_due_amount', 'open_credit_amount', 'item_count',
    'overdue_item_count', 'oldest_due_date', 'last_payment_date', 'avg_days_late',
)
TODAY = fields.Date.to_date('2026-06-01')


@tagged('post_install', '-at_install')
class TestRefresh(CollectionsCommon):
    """The figures of a customer, each against a ledger that a person can add up."""

    def refreshed(self, partner=None, **options):
        self.env['ar.customer']._refresh(self.company, **options)
        return self.account_of(partner)

    def test_open_items_split_into_overdue_and_not_due(self):
        self.invoice(100, due='2026-05-31')
        self.invoice(40, due='2026-06-01')
        self.invoice(7, due='2026-06-02')
        customer = self.refreshed()
        self.assertRecordValues(customer, [{
            'balance': 147, 'overdue_amount': 100, 'not_due_amount': 47, 'item_count': 3,
            'overdue_item_count': 1, 'oldest_due_date': fields.Date.to_date('2026-05-31'),
            'max_days_overdue': 1,
        }])

    def test_our_settings_are_not_read_with_every_company(self):
        """Odoo reads a company in every request: most of our settings wait until one is needed."""
        ours = [field for name, field in self.company._fields.items()
                if name.startswith('ar_') and field.store and field.column_type]
        self.env.flush_all()
        self.env.invalidate_all()
        self.company.mapped('name')
        self.assertEqual(
            {field.name for field in ours if self.company.id in field._get_cache(self.env)},
            {'ar_credit_active', 'ar_exposure_drafts', 'ar_invoice_stop'})
        with self.assertQueryCount(1):
            for field in ours:
                self.company.mapped(field.name)

    def test_each_instalment_ages_by_itself(self):
        self.invoice(900, date='2026-04-01', terms=[(30, 50), (60, 25), (90, 25)])
        customer = self.refreshed()
        self.assertEqual(
            (customer.overdue_amount, customer.not_due_amount, customer.overdue_item_count),
            (675, 225, 2))

    def test_credits_are_shown_apart_and_lower_the_balance(self):
        self.invoice(100, due='2026-05-01')
        self.credit_note(30, '2026-05-10')
        self.pay(self.buyer, 20, '2026-05-11')
        customer = self.refreshed()
        self.assertRecordValues(customer, [
            {'balance': 50, 'overdue_amount': 100, 'open_credit_amount': 50, 'item_count': 1}])

    def test_items_on_a_contact_count_for_its_company(self):
        contact = self.customer("Contact", parent_id=self.buyer.id, type='contact')
        self.invoice(100, due='2026-05-01', partner=contact)
        self.assertEqual(self.refreshed().overdue_amount, 100)
        self.assertFalse(self.env['ar.customer'].search([('partner_id', '=', contact.id)]))

    def test_only_bank_and_cash_count_as_payment(self):
        invoice = self.invoice(100, due='2026-05-01')
        self.match(invoice, self.credit_note(60, '2026-05-20'))
        self.match(invoice, self.entry(-10, '2026-05-25'))
        customer = self.refreshed()
        self.assertFalse(customer.last_payment_date)
        self.assertEqual(customer.avg_days_late, 31, "only the 30 still open, 31 days late")
        self.pay(invoice, 30, '2026-05-28')
        customer = self.refreshed()
        self.assertEqual(customer.last_payment_date, fields.Date.to_date('2026-05-28'))
        self.assertEqual(customer.avg_days_late, 27)

    def test_days_late_are_weighted_by_amount(self):
        """1000 paid 10 days late, 500 paid 5 days early, 250 open and 40 days late."""
        self.pay(self.invoice(1000, due='2026-03-10'), date='2026-03-20')
        self.pay(self.invoice(500, due='2026-03-10'), date='2026-03-05')
        self.invoice(250, due='2026-04-22')
        # (1000 × 10 − 500 × 5 + 250 × 40) ÷ 1750
        self.assertAlmostEqual(self.refreshed().avg_days_late, 10, places=6)

    def test_days_late_look_back_twelve_months(self):
        self.pay(self.invoice(1000, due='2025-01-01'), date='2025-05-31')
        self.assertEqual(self.refreshed().avg_days_late, 0)
        self.pay(self.invoice(1000, due='2025-05-30'), date='2025-06-02')
        self.assertEqual(self.refreshed().avg_days_late, 3)

    def test_figures_stand_in_company_currency(self):
        dollar = self.use_dollar(('2026-01-01', 2.0))
        self.invoice(100, due='2026-05-01', currency=dollar)
        self.assertEqual(self.refreshed().overdue_amount, 50)

    def test_a_customer_who_owes_nothing_any_more_keeps_a_row_of_zeros(self):
        invoice = self.invoice(100, due='2026-05-01')
        self.refreshed()
        self.pay(invoice, date='2026-05-11')
        customer = self.refreshed()
        self.assertRecordValues(customer, [
            {'balance': 0, 'overdue_amount': 0, 'item_count': 0, 'oldest_due_date': False}])

    def test_drafts_do_not_count(self):
        self.invoice(100, due='2026-05-01', post=False)
        self.env['ar.customer']._refresh(self.company)
        self.assertFalse(self.env['ar.customer'].search([('partner_id', '=', self.buyer.id)]))

    def test_every_refresh_says_how_long_it_took(self):
        self.invoice(100, due='2026-05-01')
        self.env['ar.customer']._refresh(self.company)
        log = self.env['ar.refresh.log'].search([('company_id', '=', self.company.id)], limit=1)
        self.assertEqual((log.mode, log.customer_count), ('full', 1))
        self.env['ar.customer']._refresh(self.company, changed_only=True)
        log = self.env['ar.refresh.log'].search([('company_id', '=', self.company.id)], limit=1)
        self.assertEqual(log.mode, 'changed')

    def test_a_day_that_passes_is_a_change(self):
        self.invoice(100, due='2026-06-01')
        customer = self.refreshed()
        self.go('2026-06-02')
        self.env['ar.customer']._refresh(self.company, changed_only=True)
        self.assertEqual((customer.overdue_amount, customer.not_due_amount), (100, 0))

    def test_next_action_is_the_first_of_the_steps_and_the_follow_up(self):
        self.invoice(100, due='2026-06-20')
        customer = self.refreshed()
        self.assertEqual(customer.next_action_date, fields.Date.to_date('2026-06-17'))
        customer.follow_up_date = '2026-06-10'
        customer = self.refreshed()
        self.assertEqual(customer.next_action_date, fields.Date.to_date('2026-06-10'))

    def test_a_due_date_put_off_moves_the_next_action(self):
        invoice = self.invoice(100, due='2026-06-20')
        customer = self.refreshed()
        self.items(invoice).date_maturity = '2026-06-28'
        self.env['ar.customer']._refresh(self.company, changed_only=True)
        self.assertEqual(customer.next_action_date, fields.Date.to_date('2026-06-25'))


@tagged('post_install', '-at_install')
class TestRandomLedgers(CollectionsCommon):
    """Invariant: the figures equal a slow computation of its own, whatever happened before."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.make_company("Branch", parent=cls.company)
        cls.env = cls.env(context=dict(
            cls.env.context, allowed_company_ids=(cls.company + cls.branch).ids))
        cls.currencies = cls.company.currency_id
        for code, rates in (('JPY', (150.0, 163.37)), ('KWD', (0.33, 0.347))):
            currency = cls.env.ref(f'base.{code}')
            currency.active = True
            cls.currencies |= currency
            for day, rate in zip(('2024-01-01', '2026-03-01'), rates, strict=True):
                cls.env['res.currency.rate'].create({
                    'currency_id': currency.id, 'company_id': cls.company.id, 'name': day,
                    'rate': rate})
        cls.partners = cls.customer("One") + cls.customer("Two")
        cls.partners += cls.customer("Under One", parent_id=cls.partners[0].id)

    def expected(self, company):
        """Read every receivable line and add up, without the help of any stored residual."""
        lines = self.env['account.move.line'].search([
            ('account_type', '=', 'asset_receivable'), ('parent_state', '=', 'posted'),
            ('company_id', '=', company.id), ('partner_id', '!=', False)])
        since = fields.Date.subtract(TODAY, months=12)
        found = {}
        for partner, own in lines.grouped(lambda x: x.partner_id.commercial_partner_id).items():
            row = defaultdict(float)
            dues, paid_on, weight, days = [], [], 0.0, 0.0
            for line in own:
                residual = company.currency_id.round(
                    line.balance - sum(line.matched_credit_ids.mapped('amount'))
                    + sum(line.matched_debit_ids.mapped('amount')))
                due = line.date_maturity or line.date
                row['balance'] += line.balance
                if residual > 0:
                    row['item_count'] += 1
                    row['not_due_amount' if due >= TODAY else 'overdue_amount'] += residual
                    if due < TODAY:
                        row['overdue_item_count'] += 1
                        dues.append(due)
                        weight += residual
                        days += residual * (TODAY - due).days
                elif residual < 0:
                    row['open_credit_amount'] -= residual
                if line.credit and line.journal_id.type in ('bank', 'cash', 'credit'):
                    paid_on.append(line.date)
                for partial in line.matched_credit_ids:
                    receipt = partial.credit_move_id
                    if partial.max_date > since and receipt.journal_id.type in (
                            'bank', 'cash', 'credit'):
                        weight += partial.amount
                        days += partial.amount * (receipt.date - due).days
            row.update(
                oldest_due_date=min(dues, default=False),
                last_payment_date=max(paid_on, default=False),
                avg_days_late=days / weight if weight else 0.0)
            found[partner] = row
        return found

    def check(self, company, mode):
        expected = self.expected(company)
        customers = self.env['ar.customer'].search([('company_id', '=', company.id)])
        self.assertFalse(set(expected) - set(customers.partner_id), mode)
        for customer in customers:
            row = expected.get(customer.partner_id, defaultdict(float))
            for name in FIGURES:
                if name.endswith('_date'):
                    self.assertEqual(customer[name], row[name] or False, (mode, name))
                else:
                    self.assertAlmostEqual(customer[name], row[name], 5, (mode, name))
        ledger = sum(self.env['account.move.line'].search([
            ('account_type', '=', 'asset_receivable'), ('parent_state', '=', 'posted'),
            ('company_id', '=', company.id)]).mapped('balance'))
        self.assertAlmostEqual(sum(customers.mapped('balance')), ledger, 5, mode)

    def snapshot(self, company):
        customers = self.env['ar.customer'].search(
            [('company_id', '=', company.id)], order='partner_id')
        return customers.read([*FIGURES, 'next_action_date'], load=None)

    def step(self, rng):
        """Do one of the things that happen to a ledger."""
        day = fields.Date.subtract(TODAY, days=rng.randint(0, 540))
        partner = rng.choice(self.partners)
        company = rng.choice((self.company, self.company, self.branch))
        currency = rng.choice(self.currencies)
        amount = currency.round(rng.uniform(1, 5000))
        action = rng.choice(
            ('invoice', 'invoice', 'invoice', 'credit', 'pay', 'pay', 'loose', 'entry', 'match',
             'unmatch', 'draft'))
        invoices = self.env['account.move'].search([
            ('move_type', '=', 'out_invoice'), ('state', '=', 'posted'),
            ('amount_residual', '!=', 0), ('company_id', 'in', (self.company + self.branch).ids),
            ('commercial_partner_id', 'in', self.partners.commercial_partner_id.ids)])
        if action == 'invoice':
            terms = rng.choice(([(30, 100)], [(0, 30), (45, 70)], [(10, 33), (60, 33), (90, 34)]))
            self.invoice(amount, date=day, partner=partner, terms=terms, currency=currency,
                         company=company)
        elif action == 'credit':
            self.credit_note(amount, day, partner=partner, currency=currency, company=company)
        elif action == 'pay' and invoices:
            invoice = rng.choice(invoices)
            share = rng.choice((1, 1, 0.4, 1.2))
            self.pay(invoice, invoice.currency_id.round(invoice.amount_residual * share) or 1, day,
                     journal=rng.choice(('bank', 'cash')))
        elif action == 'loose':
            self.pay(partner.commercial_partner_id, 50, day)
        elif action == 'entry':
            self.entry(rng.choice((80, -45.5)), day, partner=partner)
        elif action == 'match' and invoices:
            invoice = rng.choice(invoices)
            lines = self.env['account.move.line'].search([
                ('account_id', 'in', self.items(invoice).account_id.ids),
                ('parent_state', '=', 'posted'), ('reconciled', '=', False),
                ('company_id', '=', invoice.company_id.id),
                ('partner_id', '=', invoice.commercial_partner_id.id)])
            lines.reconcile()
        elif action == 'unmatch':
            partials = self.env['account.partial.reconcile'].search(
                [('company_id', 'in', (self.company + self.branch).ids)])
            if partials:
                rng.choice(partials).unlink()
        elif action == 'draft' and invoices:
            # Odoo keeps a draft matched with posted payments: then no sum of posted entries fits.
            invoice = rng.choice(invoices)
            self.items(invoice).remove_move_reconcile()
            invoice.button_draft()

    def play(self, seed, steps=24):
        rng = random.Random(seed)
        Customer = self.env['ar.customer']
        for number in range(steps):
            self.step(rng)
            if number % 6 == 5:
                for company in (self.company, self.branch):
                    Customer._refresh(company, changed_only=True)
                    self.check(company, f"seed {seed}, step {number}, quick")
        for company in (self.company, self.branch):
            quick = self.snapshot(company)
            Customer._refresh(company)
            self.check(company, f"seed {seed}, full")
            self.assertEqual(self.snapshot(company), quick, f"seed {seed}: quick is not full")

    def test_figures_equal_a_slow_computation_1(self):
        self.play(1)

    def test_figures_equal_a_slow_computation_2(self):
        self.play(2)

    def test_figures_equal_a_slow_computation_3(self):
        self.play(3)
