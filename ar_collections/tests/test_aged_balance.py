import random
from collections import defaultdict
from datetime import date
from decimal import Decimal
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL

from .common import CollectionsCommon
from .random_ledger import RandomLedgerCommon, day_between

CENT = Decimal('0.01')
BUCKETS = [f'bucket_{number}' for number in range(1, 7)]


def money(value):
    return Decimal(str(value)).quantize(CENT)


@tagged('post_install', '-at_install')
class TestAgedLedger(RandomLedgerCommon):
    """Invariants 1 and 6 on random ledgers, at random past dates."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_ledger(1)

    def _days(self, seed, number=4):
        rng = random.Random(seed)
        return [day_between(rng) for _turn in range(number)] + [
            date(2024, 1, 1), date(2026, 6, 1), date(2030, 1, 1)]

    def test_random_ledgers_tie_to_the_account_and_to_the_oracle(self):
        for seed in (1, 2):
            if seed > 1:
                self.make_ledger(seed, size=15)
            ledger = self.read_ledger(self.companies)
            reopened = 0
            for day in self._days(seed):
                with self.subTest(seed=seed, day=day):
                    reopened += self._check_items(ledger, day)
                    self._check_buckets(ledger, day)
            self.assertGreater(reopened, 20, "past days must reopen items that are matched now")

    def _check_items(self, ledger, day):
        """Item by item, in both currencies; and the sum is the balance of the accounts."""
        rows = self.env.execute_query_dict(SQL(
            "SELECT item.*, l.reconciled FROM (%s) item JOIN account_move_line l ON l.id = line_id",
            self.companies._get_ar_items_query(day)))
        found = {row['line_id']: (money(row['residual']), money(row['residual_currency']))
                 for row in rows}
        self.assertEqual(found, {
            key: tuple(value.quantize(CENT) for value in pair)
            for key, pair in self.open_at(ledger, day).items()})
        self.assertEqual(len(found), len(rows), "an item stands once")
        with patch.object(type(self.company), '_is_ar_far', lambda *_args: True):
            far = self.env.execute_query(SQL(
                "SELECT line_id, residual, residual_currency FROM (%s) item",
                self.companies._get_ar_items_query(day)))
        self.assertEqual({key: (money(one), money(two)) for key, one, two in far}, found)
        # Odoo's own `balance`, straight from the ledger. A legal entity is tied as a whole: Odoo
        # books the exchange difference of a branch in its parent, and matches the two.
        sums = defaultdict(Decimal)
        for row in rows:
            root = self.env['res.company'].browse(row['company_id']).root_id
            sums[root, row['account_id']] += money(row['residual'])
        for root in self.companies.root_id:
            for account_id in root._get_ar_exposure_account_ids():
                lines = self.env['account.move.line'].search([
                    ('company_id', 'child_of', root.id), ('account_id', '=', account_id),
                    ('parent_state', '=', 'posted'), ('date', '<=', day)])
                self.assertEqual(sums[root, account_id], money(sum(lines.mapped('balance'))))
        return sum(bool(row['reconciled']) for row in rows)

    def _check_buckets(self, ledger, day):
        """Each convention equals the oracle, customer by customer; the totals are the same."""
        totals = set()
        for credits in ('column', 'oldest', 'own'):
            Balance = self.env['ar.aged.balance'].with_context(
                ar_date=str(day), ar_credits=credits)
            rows = Balance._read_group(
                [], ['company_id', 'partner_id'],
                [*(f'{name}:sum' for name in BUCKETS), 'credit_amount:sum', 'amount:sum'])
            found = {}
            for company, partner, *amounts in rows:
                self.assertEqual(money(sum(amounts[:-1])), money(amounts[-1]))
                values = [money(amount) for amount in amounts[:-1]]
                if any(values):
                    found[company.id, partner.id or None] = values
            self.assertEqual(found, self.age(ledger, day, credits), credits)
            totals.add(money(sum(row[-1] for row in rows)))
        self.assertEqual(len(totals), 1, "three conventions, one total")

    def test_every_grouping_has_the_same_total(self):
        self.env['ar.customer']._refresh(self.company)
        Balance = self.env['ar.aged.balance'].with_context(ar_date='2026-01-31')
        [(total, count)] = Balance._read_group([], [], ['amount:sum', '__count'])
        self.assertTrue(count)
        for name in ('partner_id', 'parent_group_id', 'credit_group_id', 'user_id', 'collector_id',
                     'risk_class_id', 'policy_id', 'country_id', 'company_id', 'account_id',
                     'document_currency_id', 'currency_id', 'bucket_id', 'due_date:month'):
            rows = Balance._read_group([], [name], ['amount:sum', '__count'])
            self.assertEqual(money(sum(row[1] for row in rows)), money(total), name)
            self.assertEqual(sum(row[2] for row in rows), count, name)

    def test_valuations(self):
        """In the document's currency per currency, and revalued at the rate of the day."""
        day = date(2026, 5, 15)
        ledger = self.read_ledger(self.company)
        rows, _partials = ledger
        expected, revalued = defaultdict(Decimal), Decimal(0)
        rates = {'EUR': 1.0, 'USD': 1.1, 'GBP': 0.8}
        names = {currency.id: code for code, currency in self.currencies.items()}
        for key, (_residual, amount) in self.open_at(ledger, day).items():
            code = names[rows[key]['currency']]
            expected[code] += amount
            revalued += money(self.company.currency_id.round(float(amount) / rates[code]))
        Balance = self.env['ar.aged.balance'].with_context(
            ar_date=str(day), allowed_company_ids=self.company.ids)
        found = Balance.with_context(ar_valuation='document')._read_group(
            [], ['currency_id'], ['amount:sum'])
        self.assertEqual(
            {currency.name: money(amount) for currency, amount in found},
            {code: amount.quantize(CENT) for code, amount in expected.items()})
        [(currency, amount)] = Balance.with_context(ar_valuation='revalued')._read_group(
            [], ['currency_id'], ['amount:sum'])
        self.assertEqual(currency, self.company.currency_id)
        self.assertEqual(money(amount), revalued)

    def test_a_missing_rate_is_an_error(self):
        self.invoice(100, '2026-05-01', currency=self.currencies['GBP'])
        self.env['res.currency.rate'].search(
            [('currency_id', '=', self.currencies['GBP'].id)]).unlink()
        Balance = self.env['ar.aged.balance'].with_context(ar_valuation='revalued')
        with self.assertRaisesRegex(UserError, "GBP"):
            Balance._read_group([], [], ['amount:sum'])

    def test_nobody_sees_more_than_their_rights(self):
        self.env['ar.customer']._refresh(self.company)
        collector = self.user('own')
        mine = self.account_of(self.partners[3])
        mine.collector_id = collector
        for partner in self.partners - self.partners[3]:
            self.account_of(partner).collector_id = self.env.ref('base.user_admin')
        self.account_of(self.buyer).collector_id = self.env.ref('base.user_admin')
        auditor = self.user('auditor')
        for day in ('2026-01-01', '2026-06-01'):
            # The context chooses figures; whatever else it claims lifts nothing.
            context = {'ar_date': day, 'ar_credits': 'own', 'active_test': False,
                       'ar_see_all': True, 'allowed_company_ids': self.company.ids}
            for user, customers in ((collector, mine), (auditor, None)):
                Balance = self.env['ar.aged.balance'].with_user(user).with_context(**context)
                rows = Balance.search([])
                self.assertTrue(rows)
                self.assertEqual(rows.company_id, self.company)
                if customers:
                    self.assertEqual(rows.sudo().customer_id, customers)
        foreign = self.env['ar.aged.balance'].with_user(auditor).with_context(
            allowed_company_ids=self.other.ids)
        with self.assertRaises(AccessError):
            foreign.search([])
        with self.assertRaises(AccessError):
            self.env['ar.aged.balance'].with_user(self.user('base.group_user', 'any')).search([])


@tagged('post_install', '-at_install')
class TestAgedBalance(CollectionsCommon):
    """Days, conventions and screens, on ledgers small enough to compute in the head."""

    def rows(self, *names, domain=(), **options):
        """Return the balance of the company as tuples."""
        Balance = self.env['ar.aged.balance'].with_context(
            **{f'ar_{key}': value for key, value in options.items()})
        return [tuple(round(row[name], 2) if isinstance(row[name], float) else row[name]
                      for name in names) for row in Balance.search(list(domain))]

    def amounts(self, **options):
        """Return the buckets in order, then the credits."""
        Balance = self.env['ar.aged.balance'].with_context(
            **{f'ar_{key}': value for key, value in options.items()})
        [row] = Balance._read_group([], [], [*(f'{name}:sum' for name in BUCKETS),
                                             'credit_amount:sum'])
        return [round(value, 2) for value in row]

    def test_due_today_is_not_overdue_and_the_last_bucket_is_open(self):
        for days, amount in ((-1, 1), (0, 2), (1, 4), (30, 8), (31, 16), (60, 32), (61, 64),
                             (90, 128), (91, 256), (120, 512), (121, 1024), (4000, 2048)):
            self.invoice(amount, fields.Date.subtract(fields.Date.to_date('2026-06-01'), days=days))
        self.assertEqual(self.amounts(), [3, 12, 48, 192, 768, 3072, 0])
        [(overdue,)] = self.env['ar.aged.balance']._read_group([], [], ['overdue_amount:sum'])
        self.assertEqual(overdue, 4092)

    def test_payment_after_the_day_is_not_known_on_the_day(self):
        invoice = self.invoice(1000, '2026-03-31')
        self.pay(invoice, 400, '2026-04-15')
        self.pay(invoice, 600, '2026-05-20')
        for day, open_amount in (('2026-02-28', 0), ('2026-03-01', 1000), ('2026-04-14', 1000),
                                 ('2026-04-15', 600), ('2026-05-19', 600), ('2026-05-20', 0)):
            self.assertEqual(sum(self.amounts(date=day)), open_amount, day)
        # One id, two days, one transaction: the second is not read from the cache of the first.
        line = self.items(invoice)
        found = [self.env['ar.aged.balance'].with_context(ar_date=day).browse(line.id).amount
                 for day in ('2026-04-14', '2026-04-15')]
        self.assertEqual(found, [1000, 600])

    def test_three_conventions_for_credits(self):
        self.invoice(300, '2026-01-10')  # 142 days late
        self.invoice(500, '2026-05-20')  # 12 days late
        self.credit_note(100, '2026-05-25')
        self.pay(self.buyer, 250, '2026-03-01', match=False)
        self.assertEqual(self.amounts(), [0, 500, 0, 0, 0, 300, -350])
        self.assertEqual(self.amounts(credits='oldest'), [0, 450, 0, 0, 0, 0, 0])
        self.assertEqual(self.amounts(credits='own'), [0, 400, 0, 0, -250, 300, 0])

    def test_credits_beyond_the_debts_stay_credits(self):
        self.invoice(100, '2026-05-20')
        self.pay(self.buyer, 130, '2026-03-01', match=False)
        self.pay(self.buyer, 50, '2026-04-01', match=False)
        self.assertEqual(self.amounts(credits='oldest'), [0, 0, 0, 0, 0, 0, -80])
        self.assertEqual(
            sorted(self.rows('amount', 'due_date', credits='oldest')),
            [(-50, date(2026, 4, 1)), (-30, date(2026, 3, 1))])

    def test_age_by_invoice_date_and_by_expected_date(self):
        invoice = self.invoice(100, '2026-05-25', date='2026-01-05')
        self.assertEqual(self.amounts(), [0, 100, 0, 0, 0, 0, 0])
        self.assertEqual(self.amounts(age_by='invoice'), [0, 0, 0, 0, 0, 100, 0])
        self.patch(type(self.env['ar.aged.balance']), '_get_expected_dates',
                   lambda self, options: None)
        self.assertEqual(self.amounts(age_by='expected'), [0, 100, 0, 0, 0, 0, 0])
        # A room that forecasts says when it expects the money.
        line = self.items(invoice)
        self.patch(type(self.env['ar.aged.balance']), '_get_expected_dates',
                   lambda self, options: SQL("SELECT %s AS line_id, DATE '2026-07-01' AS date",
                                             line.id))
        self.assertEqual(self.amounts(age_by='expected'), [100, 0, 0, 0, 0, 0, 0])

    def test_overlays_stand_beside_the_buckets(self):
        invoice = self.invoice(100, '2026-05-25')
        self.invoice(40, '2026-05-26')
        line = self.items(invoice)
        Balance = self.env['ar.aged.balance']
        self.assertIn('legal_amount', Balance._get_hidden_fields())
        self.patch(type(Balance), '_get_item_overlays', lambda self, options: {
            'legal': SQL(
                "SELECT %s AS line_id, unnest(ARRAY[25.0, 5.0]) AS amount", line.id)})
        self.assertNotIn('legal_amount', Balance._get_hidden_fields())
        [(amount, legal, planned)] = Balance._read_group(
            [], [], ['amount:sum', 'legal_amount:sum', 'planned_amount:sum'])
        self.assertEqual((amount, legal, planned), (140, 30, 0))

    def test_instalments_age_separately(self):
        self.invoice(300, date='2026-01-01', terms=[(30, 50), (120, 50)])
        self.assertEqual(sorted(self.rows('amount', 'days')), [(150, 31), (150, 121)])

    def test_manual_entries_contacts_and_no_customer(self):
        contact = self.customer("Person", parent_id=self.buyer.id)
        self.entry(100, '2026-05-01', partner=contact)
        rows = self.env['ar.aged.balance'].search([])
        self.assertEqual(rows.partner_id, self.buyer)
        line = self.items(self.entry(50, '2026-05-01'))
        line.partner_id = False
        rows = self.env['ar.aged.balance'].search([('partner_id', '=', False)])
        self.assertEqual(rows.mapped('amount'), [50])

    def test_parent_group_and_tags(self):
        top = self.customer("Top")
        middle = self.customer("Middle", parent_id=top.id, is_company=True)
        leaf = self.customer("Leaf", parent_id=middle.id, is_company=True)
        tags = self.env['res.partner.category'].create([{'name': "One"}, {'name': "Two"}])
        leaf.category_id = tags
        for partner in (top, middle, leaf, self.buyer):
            self.invoice(10, '2026-05-01', partner)
        Balance = self.env['ar.aged.balance']
        groups = Balance._read_group([], ['parent_group_id'], ['amount:sum'])
        self.assertEqual(dict(groups), {top: 30, self.buyer: 10})
        by_tag = dict(Balance._read_group(
            [('category_ids', '!=', False)], ['category_ids'], ['amount:sum']))
        self.assertEqual(by_tag, {tags[0]: 10, tags[1]: 10})

    def test_policy_groups_and_filters(self):
        self.invoice(10, '2026-05-01')
        self.env['ar.customer']._refresh(self.company)
        Balance = self.env['ar.aged.balance']
        self.assertEqual(
            Balance._read_group([], ['policy_id'], ['amount:sum']), [(self.ladder, 10)])
        self.assertEqual(len(Balance.search([('policy_id', '=', self.ladder.id)])), 1)
        self.assertFalse(Balance.search([('policy_id', '!=', self.ladder.id)]))
        self.assertEqual(Balance.search([]).policy_id, self.ladder)

    def test_the_context_is_checked(self):
        Balance = self.env['ar.aged.balance']
        for context in ({'ar_date': 'soon'}, {'ar_date': '2026-02-30'}, {'ar_age_by': 'mood'},
                        {'ar_credits': "column'; --"}, {'ar_valuation': 'gold'}):
            with self.assertRaises(UserError, msg=context):
                Balance.with_context(**context).search_count([])
        self.invoice(10, '2026-05-01')
        for value in ('2026-06-01', 'today', ['2026-01-01', '2026-06-01'], '=1d', date(2026, 6, 1)):
            self.assertEqual(
                Balance.with_context(ar_date=value)._get_options()['date'], date(2026, 6, 1), value)

    def test_screens(self):
        """Columns are the buckets; nothing is shown for what does not exist."""
        auditor = self.user('auditor')
        Balance = self.env['ar.aged.balance'].with_user(auditor)
        views = Balance.get_views([(False, 'list'), (False, 'pivot'), (False, 'search')])
        arch = views['views']['list']['arch']
        self.assertIn('bucket_6', arch)
        for name in ('bucket_7', 'legal_amount'):
            self.assertNotIn(name, arch)
            self.assertNotIn(name, views['models']['ar.aged.balance']['fields'])
        labels = Balance.fields_get(BUCKETS, ['string'])
        self.assertEqual(labels['bucket_6']['string'], "Over 120 days")
        self.env['ar.aged.bucket'].create({'name': "Over a year", 'from_day': 366})
        views = Balance.get_views([(False, 'list')])
        self.assertIn('bucket_7', views['views']['list']['arch'])

    def test_the_search_panel_and_the_list_of_the_web_client(self):
        self.invoice(10, '2026-05-01')
        Balance = self.env['ar.aged.balance'].with_user(self.user('auditor'))
        values = Balance.search_panel_select_multi_range('bucket_id', enable_counters=True)
        self.assertEqual([value['display_name'] for value in values['values']], ["31–60 days"])
        groups = Balance.web_read_group(
            [], ['partner_id'], ['bucket_3:sum', 'amount:sum'])
        self.assertEqual(groups['groups'][0]['bucket_3:sum'], 10)

    def test_a_row_opens_its_document(self):
        invoice = self.invoice(10, '2026-05-01')
        row = self.env['ar.aged.balance'].with_user(self.user('auditor')).search([])
        action = row.action_open_document()
        self.assertEqual((action['res_model'], action['res_id']), ('account.move', invoice.id))

    def test_read_buckets_leads_to_the_items(self):
        self.invoice(10, '2026-05-01')
        self.invoice(20, '2026-06-15')
        self.credit_note(5, '2026-05-30')
        self.env['ar.customer']._refresh(self.company)
        account = self.account_of()
        Balance = self.env['ar.aged.balance']
        for scope in ({}, {'company_ids': self.company.ids}, {'customer_ids': account.ids},
                      {'segment': [('partner_id', '=', self.buyer.id)]}):
            buckets = Balance._read_buckets(scope, fields.Date.today())
            self.assertEqual([row['amount'] for row in buckets], [20, 0, 10, 0, 0, 0, -5], scope)
            for row in buckets:
                action = row['action']
                items = Balance.with_context(**action['context']).search(action['domain'])
                self.assertEqual(sum(items.mapped('amount')), row['amount'])
        self.assertFalse(any(
            row['amount'] for row in Balance._read_buckets({'customer_ids': []})))

    def test_doubtful_account_of_one_entity_is_not_another_entity_s(self):
        account = self.env['account.account'].create({
            'name': "Deposits", 'code': '275000', 'account_type': 'asset_current',
            'reconcile': True, 'company_ids': [Command.set(self.company.ids)]})
        other = self.make_company("Other")
        self.env.user.company_ids |= other
        account.with_company(other).write(
            {'code': '275000', 'company_ids': [Command.link(other.id)]})
        self.company.ar_doubtful_account_ids = account
        both = self.company | other
        for company in both:
            move = self.env['account.move'].with_company(company).create({
                'move_type': 'entry', 'date': '2026-05-01', 'company_id': company.id,
                'journal_id': self.journal('general', company).id, 'line_ids': [
                    Command.create({'account_id': account.id, 'balance': 70,
                                    'partner_id': self.buyer.id}),
                    Command.create({'balance': -70, 'account_id': self.journal(
                        'sale', company).default_account_id.id})]})
            move.action_post()
        Balance = self.env['ar.aged.balance'].with_context(allowed_company_ids=both.ids)
        self.assertEqual(Balance._read_group([], ['company_id'], ['amount:sum']),
                         [(self.company, 70)])
