from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CollectionsCommon
from .scale_common import ScaleCommon


class CockpitCommon(CollectionsCommon):
    """Three customers, two collectors, and every kind of item."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {role: cls.user(role, f'cockpit_{role}') for role in (
            'auditor', 'own', 'collector', 'manager')}
        cls.second, cls.third = cls.customer("Second"), cls.customer("Third")
        cls.invoice(100.10, due='2026-05-26')
        cls.invoice(40, due='2026-03-02')
        cls.invoice(7, due='2026-06-01')
        cls.invoice(1000, due='2026-04-20', partner=cls.second)
        cls.invoice(300, due='2026-06-20', partner=cls.second)
        cls.credit_note(15.05, '2026-05-20', partner=cls.second)
        cls.invoice(50, due='2025-12-01', partner=cls.third)
        cls.pay(cls.invoice(80, due='2026-02-01', partner=cls.third), 30, '2026-05-30')
        cls.env['ar.customer']._refresh(cls.company)
        cls.rows = {partner: cls.env['ar.customer']._get_or_create(partner, cls.company)
                    for partner in (cls.buyer, cls.second, cls.third)}
        cls.rows[cls.buyer].collector_id = cls.users['own']
        cls.rows[cls.second].collector_id = cls.users['collector']

    def load(self, user='manager', companies=None, refresh=True, **filters):
        """Return the cockpit as one user sees it."""
        self.env.flush_all()
        companies = companies or self.company
        cockpit = self.env['ar.cockpit'].with_user(self.users.get(user, user)).with_context(
            allowed_company_ids=companies.ids, lang='en_US')
        return cockpit.load_cockpit(filters, refresh)

    def tile(self, data, code):
        return next(tile for tile in data['tiles'] if tile['code'] == code)

    def opened(self, action, user, companies=None):
        """Return the records that an action shows to a user."""
        return self.env[action['res_model']].with_user(self.users.get(user, user)).with_context(**{
            **action.get('context', {}),
            'allowed_company_ids': (companies or self.company).ids,
        }).search(action['domain'])


@tagged('post_install', '-at_install')
class TestCockpit(CockpitCommon):
    """The cockpit says what the ledger says, to whom it may, in a fixed number of queries."""

    # === FIGURES === #

    def test_it_says_what_odoo_says(self):
        data = self.load()
        lines = self.env['account.move.line'].search([
            ('account_id.account_type', '=', 'asset_receivable'), ('parent_state', '=', 'posted'),
            ('company_id', '=', self.company.id)])
        balance = sum(lines.mapped('balance'))
        overdue = sum(line.amount_residual for line in lines
                      if line.amount_residual > 0 and line.date_maturity < date(2026, 6, 1))
        self.assertAlmostEqual(data['aged']['total'], balance, 2)
        self.assertAlmostEqual(
            sum(row['amount'] for row in data['aged']['rows']), balance, 2)
        self.assertAlmostEqual(self.tile(data, 'overdue')['value'], overdue, 2)
        self.assertAlmostEqual(overdue, 100.10 + 40 + 1000 + 50 + 50, 2)
        self.assertAlmostEqual(
            sum(row['amount'] for row in data['aged']['rows'] if row['is_late']), overdue, 2)
        partners = self.buyer | self.second | self.third
        self.assertAlmostEqual(
            self.tile(data, 'exposure')['value'],
            sum(partners.with_company(self.company).mapped('credit')), 2)

    def test_aged_bars_follow_the_calendar(self):
        """Due today is not overdue; 26 May is 6 days late, 20 April 42, 2 March 91."""
        amounts = {row['name']: row['amount'] for row in self.load()['aged']['rows']}
        self.assertEqual(
            [round(amount, 2) for amount in amounts.values()],
            [307, 100.10, 1000, 0, 90, 50, -15.05], amounts)

    def test_same_as_the_other_figures(self):
        """The short cuts of the cockpit give what the reports give."""
        own = {'segment': [('collector_id', '=', self.users['own'].id)]}
        for scope, filters in (({}, {}), (own, {'collector': str(self.users['own'].id)})):
            data = self.load(**filters)
            env = self.env(user=self.users['manager'])
            buckets = env['ar.aged.balance']._read_buckets(scope, date(2026, 6, 1))
            self.assertEqual(
                {row['code']: row['amount'] for row in data['aged']['rows'] if row['amount']},
                {str(row['bucket_id']): row['amount'] for row in buckets if row['amount']})
            months = env['ar.kpi']._read_kpis(scope, 24, date(2026, 6, 1))
            self.assertEqual(len(data['dso']), 24)
            for found, month in zip(data['dso'], months, strict=True):
                self.assertEqual(found['date'], str(month['date']))
                for name, code in (('dso', 'dso'), ('countback', 'dso_countback')):
                    value = month[code]['value']
                    capped = name == 'countback' and "more than this" in month[code]['numbers']
                    if value is None or month['dso']['value'] is None or capped:
                        self.assertIsNone(found[name], (code, month['date']))
                    else:
                        self.assertAlmostEqual(found[name], float(value), 6)

    def test_kept_for_a_while(self):
        """Figures are kept for a quarter of an hour; what waits is counted each time."""
        before = self.load()
        self.invoice(900, due='2026-05-02')
        self.run_dunning('2026-06-01')
        kept = self.load(refresh=False)
        self.assertEqual(kept['read_at'], before['read_at'])
        self.assertEqual(self.tile(kept, 'overdue')['value'], 1240.10)
        self.assertEqual(
            self.tile(kept, 'reminders')['value'], self.tile(self.load(), 'reminders')['value'])
        self.assertEqual(self.tile(self.load(), 'overdue')['value'], 2140.10)
        self.invoice(50, due='2026-05-02')
        self.go('2026-06-01', '09:14:00')
        self.assertEqual(self.tile(self.load(refresh=False), 'overdue')['value'], 2140.10)
        self.go('2026-06-01', '09:16:00')
        self.assertEqual(self.tile(self.load(refresh=False), 'overdue')['value'], 2190.10)

    def test_what_is_kept_is_for_one_person_and_their_rights(self):
        whole, own = self.load('manager'), self.load('own', refresh=False)
        self.assertNotEqual(
            self.tile(whole, 'overdue')['value'], self.tile(own, 'overdue')['value'])
        self.assertAlmostEqual(self.tile(own, 'overdue')['value'], 240.10, 2)
        self.rows[self.buyer].collector_id = self.users['collector']
        less = self.load('own', refresh=False)
        self.assertAlmostEqual(self.tile(less, 'overdue')['value'], 100, 2)
        for user in self.users.values():
            self.assertFalse(self.env['ar.cockpit.cache'].with_user(user).has_access('read'))

    def test_largest_debtors(self):
        rows = self.load()['debtors']['rows']
        self.assertEqual(
            [(row['name'], row['overdue'], row['days'], row['balance']) for row in rows], [
                ("Second", 1000, 42, 1284.95), ("Buyer", 140.10, 91, 147.10),
                ("Third", 100, 182, 100)])
        self.assertAlmostEqual(sum(row['share'] for row in rows), 1)

    def test_every_element_opens_what_it_says(self):
        # As of the day of the test, not of its making.
        self.env['ar.customer']._refresh(self.company)
        for user in ('manager', 'auditor', 'own'):
            data = self.load(user)
            for tile in data['tiles']:
                found = self.opened(tile['action'], user) if tile['action'] else None
                if tile['kind'] == 'count':
                    self.assertEqual(len(found), tile['value'], (user, tile['code']))
            items = self.opened(self.tile(data, 'overdue')['action'], user)
            self.assertAlmostEqual(
                sum(items.mapped('overdue_amount')), self.tile(data, 'overdue')['value'], 2)
            shown = self.opened(self.tile(data, 'exposure')['action'], user)
            self.assertAlmostEqual(
                sum(shown.mapped('exposure')), self.tile(data, 'exposure')['value'], 2)
            for row in data['aged']['rows']:
                found = self.opened(row['action'], user)
                self.assertAlmostEqual(sum(found.mapped('amount')), row['amount'], 2)
            for row in data['actions']:
                self.assertEqual(len(self.opened(row['action'], user)), row['count'], row['code'])
            for row in data['debtors']['rows']:
                found = self.opened(row['items_action'], user)
                self.assertAlmostEqual(sum(found.mapped('amount')), row['overdue'], 2)
            for row in data['forecast']:
                found = self.opened(row['action'], user)
                self.assertAlmostEqual(sum(found.mapped('amount')), row['likely'], 2)
            months = self.env['ar.kpi'].with_user(self.users[user])._read_numbers()[None]
            for row, numbers in zip(data['dso'], months, strict=True):
                found = self.opened(row['action'], user)
                self.assertAlmostEqual(
                    sum(found.mapped('amount')), float(numbers['receivables']), 2)
            found = self.opened(data['debtors']['action'], user)
            self.assertAlmostEqual(
                sum(found.mapped('overdue_amount')), self.tile(data, 'overdue')['value'], 2)
            found = self.opened(data['aged']['action'], user)
            self.assertAlmostEqual(sum(found.mapped('amount')), data['aged']['total'], 2)

    def test_what_waits_is_counted(self):
        self.ladder.catch_up = 'age'
        self.run_dunning('2026-06-01')
        self.rows[self.third].follow_up_date = '2026-06-01'
        data = self.load()
        counts = {row['code']: row['count'] for row in data['actions']}
        waiting = self.env['ar.reminder'].search_count([
            ('company_id', '=', self.company.id), ('state', '=', 'proposed')])
        self.assertTrue(waiting)
        self.assertEqual(counts['reminders'], waiting)
        self.assertEqual(counts['follow_up'], 1)
        self.assertEqual(self.tile(data, 'reminders')['value'], waiting)

    def test_a_held_order_is_on_the_page(self):
        self.company.ar_credit_active = True
        row = self.rows[self.second]
        row._grant_limit(500, reason="Start", user=self.users['manager'])
        product = self.env['product.product'].create({
            'name': "Table", 'type': 'service', 'taxes_id': False, 'list_price': 1})
        self.env['sale.order'].create({
            'partner_id': self.second.id, 'company_id': self.company.id,
            'order_line': [Command.create({
                'product_id': product.id, 'product_uom_qty': 1, 'price_unit': 900,
                'tax_ids': False})],
        }).action_confirm()
        data = self.load()
        self.assertEqual(self.tile(data, 'holds')['value'], 1)
        self.assertIn('900', self.tile(data, 'holds')['note'])
        self.assertTrue(self.tile(data, 'exposure')['note'])
        self.assertEqual(self.tile(self.load('own'), 'holds')['value'], 0)

    # === RIGHTS === #

    def test_only_roles_of_receivables(self):
        for group in ('sales_team.group_sale_manager', 'account.group_account_manager'):
            with self.assertRaises(AccessError):
                self.load(self.user(group, group.rpartition('_')[2]))

    def test_a_collector_with_a_perimeter_sees_only_it(self):
        data = self.load('own')
        # Own customers and those without a collector: Buyer and Third, never Second.
        self.assertAlmostEqual(self.tile(data, 'overdue')['value'], 240.10, 2)
        self.assertAlmostEqual(data['aged']['total'], 247.10, 2)
        self.assertAlmostEqual(sum(row['amount'] for row in data['aged']['rows']), 247.10, 2)
        self.assertAlmostEqual(self.tile(data, 'exposure')['value'], 247.10, 2)
        self.assertEqual([row['name'] for row in data['debtors']['rows']], ["Buyer", "Third"])
        self.assertEqual(
            [row['key'] for row in data['collectors']], [str(self.users['own'].id), 'none'])
        self.assertNotIn('Second', str(data))
        # A filter asks for less, never for more.
        foreign = self.load('own', collector=str(self.users['collector'].id))
        self.assertEqual(foreign['empty'], 'filtered')
        self.assertNotIn('tiles', foreign)

    def test_expected_cash_and_dso_keep_the_perimeter(self):
        """What the perimeter hides is in no sum: the whole minus the rest is the rest's own."""
        whole, own = self.load('manager'), self.load('own')
        rest = self.load('manager', collector=str(self.users['collector'].id))
        for key in ('likely',):
            total, part, other = (
                sum(row[key] for row in data['forecast']) for data in (whole, own, rest))
            self.assertAlmostEqual(total, part + other, 1)
        self.assertNotEqual(whole['dso'], own['dso'])

    def test_companies_are_those_of_the_switcher(self):
        other = self.make_company("Elsewhere", currency='USD')
        self.env['res.currency.rate'].create({
            'currency_id': self.env.ref('base.USD').id, 'company_id': self.company.id,
            'name': '2026-01-01', 'rate': 1.25})
        self.invoice(500, due='2026-05-01', company=other)
        self.env['ar.customer']._refresh(other)
        manager = self.users['manager']
        with self.assertRaises(AccessError):
            self.load(companies=self.company | other)
        before = self.tile(self.load(), 'overdue')['value']
        manager.company_ids |= other
        alone = self.load()
        self.assertFalse(alone['is_converted'])
        self.assertEqual(self.tile(alone, 'overdue')['value'], before)
        both = self.load(companies=self.company | other)
        self.assertTrue(both['is_converted'])
        # 500 dollars are 400 euros at 1.25.
        self.assertAlmostEqual(self.tile(both, 'overdue')['value'], before + 400, 2)
        self.assertAlmostEqual(
            sum(row['amount'] for row in both['aged']['rows']), both['aged']['total'], 2)
        only = self.load(companies=other)
        self.assertEqual(self.tile(only, 'overdue')['value'], 500)
        self.assertEqual(only['currency_id'], self.env.ref('base.USD').id)

    # === FILTERS === #

    def test_filters(self):
        collector = self.load(collector=str(self.users['collector'].id))
        self.assertAlmostEqual(self.tile(collector, 'overdue')['value'], 1000, 2)
        self.assertAlmostEqual(collector['aged']['total'], 1284.95, 2)
        nobody = self.load(collector='none')
        self.assertAlmostEqual(self.tile(nobody, 'overdue')['value'], 100, 2)
        self.third.country_id = self.env.ref('base.be')
        country = f"country_id:{self.env.ref('base.be').id}"
        self.assertIn(country, str(self.load()['segments']))
        self.assertAlmostEqual(
            self.tile(self.load(segment=country), 'overdue')['value'], 100, 2)
        self.assertEqual(
            self.load(segment=country, collector=str(self.users['own'].id))['empty'], 'filtered')
        self.assertLessEqual(len(self.load(months=6)['dso']), 7)

    def test_filters_reach_only_what_they_are_for(self):
        for filters in ({'segment': 'partner_id.user_ids.password:1'}, {'segment': 'note:1'},
                        {'segment': 'country_id:1 OR 1=1'}, {'collector': '1;2'}):
            with self.assertRaises(UserError, msg=str(filters)):
                self.load(**filters)

    # === EMPTY === #

    def test_empty_states(self):
        self.assertFalse(self.load()['empty'])
        empty = self.make_company("Nothing yet")
        self.users['manager'].company_ids |= empty
        data = self.load(companies=empty)
        self.assertEqual((data['empty'], data['can_set_up']), ('nothing', True))
        self.rows[self.buyer].collector_id = self.users['collector']
        self.rows[self.third].collector_id = self.users['collector']
        self.assertEqual(self.load('own')['empty'], 'perimeter')

    def test_home(self):
        """An empty company opens the first steps for a manager, everybody else the cockpit."""
        home = self.env['ar.first.steps'].with_user(self.users['manager'])
        self.assertEqual(home.action_open_home()['tag'], 'ar_collections.cockpit')
        empty = self.make_company("Nothing yet")
        self.users['manager'].company_ids |= empty
        self.users['auditor'].company_ids |= empty
        opened = home.with_context(allowed_company_ids=empty.ids).action_open_home()
        self.assertEqual(opened['res_model'], 'ar.first.steps')
        opened = home.with_user(self.users['auditor']).with_context(
            allowed_company_ids=empty.ids).action_open_home()
        self.assertEqual(opened['tag'], 'ar_collections.cockpit')

    # === ROOMS === #

    def test_a_room_adds_a_tile_and_a_row(self):
        model = type(self.env['ar.cockpit'])
        tiles, todos = model._get_tiles, model._get_todos

        def more_tiles(cockpit, scope, figures):
            return [*tiles(cockpit, scope, figures), {
                'code': 'insurance', 'sequence': 55, 'label': "Covers", 'value': 3,
                'kind': 'count', 'tone': False, 'note': False, 'help': "", 'trend': False,
                'action': False}]

        def more_todos(cockpit, scope):
            return [*todos(cockpit, scope), {
                'code': 'insurance', 'label': "Covers", 'count': 3, 'icon': 'fa-handshake-o',
                'tone': False, 'action': False}]

        with patch.object(model, '_get_tiles', more_tiles), patch.object(
                model, '_get_todos', more_todos):
            data = self.load()
        codes = [tile['code'] for tile in data['tiles']]
        self.assertEqual(codes, ['overdue', 'dso', 'exposure', 'holds', 'deadlines', 'promises',
                                 'insurance', 'reminders', 'today'])
        self.assertIn('insurance', [row['code'] for row in data['actions']])

    # === SEARCH === #

    def test_exposure_can_be_searched(self):
        Customer = self.env['ar.customer']
        company = [('company_id', '=', self.company.id)]
        quiet = self.account_of(self.customer("Quiet"))
        everybody = Customer.search(company)
        for operator, value, holds in (
                ('>', 200, lambda x: x > 200), ('<=', 147.10, lambda x: x <= 147.10),
                ('=', 100, lambda x: x == 100), ('!=', 0, lambda x: x != 0),
                ('=', 0, lambda x: x == 0)):
            found = Customer.search([*company, ('exposure', operator, value)])
            self.assertEqual(
                found, everybody.filtered(
                    lambda row, holds=holds: holds(round(row.exposure, 2))), (operator, value))
        self.assertNotIn(quiet, Customer.search([('exposure', '!=', 0)]))


@tagged('post_install', '-at_install')
class TestCockpitScale(ScaleCommon):
    """Ten customers or a thousand: the same number of queries."""

    def count(self, user, **filters):
        """Return the cockpit and its queries, once record rules and views are in Odoo's caches."""
        cockpit = self.env['ar.cockpit'].with_user(user)
        counts = []
        for _turn in range(3):
            with self.counted(counts):
                data = cockpit.load_cockpit(filters, True)
        return data, min(counts)

    def test_queries(self):
        manager, own = self.user('manager'), self.user('own')
        self.multiply(12)
        self.env['ar.customer']._refresh(self.company)
        ten = [self.count(user)[1] for user in (manager, own)]
        self.multiply(990)
        self.env['ar.customer']._refresh(self.company)
        thousand = []
        for user in (manager, own):
            data, count = self.count(user)
            thousand.append(count)
            self.assertEqual(self.tile(data)['value'], 1003 * 201)
        self.assertEqual(thousand, ten)

    def tile(self, data):
        return next(tile for tile in data['tiles'] if tile['code'] == 'overdue')
