"""The aged balance by the instalments of plans, by hand; the state machine does the rest."""
import io
from collections import defaultdict

import openpyxl

from odoo.tests import tagged
from odoo.tools.pdf import PdfReader

from .plan_common import PlanCommon


@tagged('post_install', '-at_install')
class TestPlanAgeing(PlanCommon):

    def setUp(self):
        super().setUp()
        self.first = self.invoice(300, due='2026-04-10')
        self.second = self.invoice(150, due='2026-05-20')
        self.other = self.invoice(70, due='2026-06-10')
        self.plan = self.active_plan(self.first | self.second)

    def rows(self, **options):
        """Return {invoice: [(date aged from, amount)]} of the aged balance."""
        Balance = self.env['ar.aged.balance'].with_context(
            **{f'ar_{key}': value for key, value in {'age_by': 'plan', **options}.items()})
        found = defaultdict(list)
        self.env.invalidate_all()  # One row, read twice in one transaction.
        for row in Balance.search([], order='base_date, id'):
            found[row.move_id].append((str(row.base_date), round(row.amount, 2)))
        return dict(found)

    def sums(self, *names, **options):
        """Return the totals of the customer by due date and by instalment, which must be equal."""
        Balance = self.env['ar.aged.balance'].with_context(
            **{f'ar_{key}': value for key, value in options.items()})
        [by_due, by_plan] = (
            [round(value, 2) for value in Balance.with_context(ar_age_by=basis)._read_group(
                [('partner_id', '=', self.buyer.id)], [], [f'{name}:sum' for name in names])[0]]
            for basis in ('due', 'plan'))
        self.assertEqual(by_due, by_plan)
        return by_plan

    def test_instalments_take_the_items_in_order(self):
        self.assertEqual(self.rows(), {
            self.first: [('2026-06-15', 150), ('2026-07-15', 150)],
            self.second: [('2026-08-15', 150)], self.other: [('2026-06-10', 70)]})
        self.assertEqual(self.sums('amount'), [520])
        # Money pays the first instalments, a credit note lowers the last one.
        self.go('2026-06-20')
        self.pay(self.first, 200, '2026-06-10')
        self.match(self.second, self.credit_note(50, '2026-06-12'))
        now = {self.first: [('2026-07-15', 100)], self.other: [('2026-06-10', 70)],
               self.second: [('2026-08-15', 100)]}
        self.assertEqual(self.rows(), now)
        self.assertEqual(self.rows(date='2026-06-11')[self.second], [('2026-08-15', 150)])
        # Before the plan, and after it was broken, the original dates count.
        self.assertEqual(self.rows(date='2026-05-31')[self.first], [('2026-04-10', 300)])
        self.follow('2026-07-25')
        self.assertEqual(self.plan.state, 'broken')
        self.assertEqual(self.rows(), {
            self.first: [('2026-04-10', 100)], self.second: [('2026-05-20', 100)],
            self.other: [('2026-06-10', 70)]})
        self.assertEqual(self.rows(date='2026-06-20'), now, "as it was known then")

    def test_what_is_late_is_late_by_its_instalment(self):
        self.go('2026-06-18')
        Balance = self.env['ar.aged.balance']
        for basis, overdue, days in (('due', 520, 69), ('plan', 220, 8)):
            [found] = Balance.with_context(ar_age_by=basis)._read_group(
                [], [], ['overdue_amount:sum', 'days:max'])
            self.assertEqual(found, (overdue, days), basis)

    def test_amounts_beside_the_buckets_and_credits(self):
        self.dispute(self.first, amount=170)
        self.pay(self.buyer, 210, '2026-05-30', match=False)
        names = ('amount', 'disputed_amount', 'planned_amount')
        self.assertEqual(self.sums(*names), [310, 170, 450])
        self.assertEqual(self.sums(*names[:1], credits='oldest'), [310])
        self.assertEqual(self.sums(*names[:2], credits='own'), [310, 170])
        self.assertEqual(
            self.rows(credits='oldest'),
            # Oldest by the dates that are aged: 70 of June 10, then 140 of June 15.
            {self.first: [('2026-06-15', 10), ('2026-07-15', 150)],
             self.second: [('2026-08-15', 150)]})
        Balance = self.env['ar.aged.balance'].with_context(ar_age_by='plan')
        [parts] = [Balance.search([('move_id', '=', self.first.id)], order='base_date')]
        self.assertEqual(parts.mapped('disputed_amount'), [150, 20])
        self.assertEqual(len(set(parts.ids)), 2)
        self.assertEqual([row['amount'] for row in Balance.web_search_read(
            [('id', 'in', parts[1].ids)], {'amount': {}})['records']], [150])

    def test_another_currency_to_the_cent(self):
        dollar = self.env.ref('base.USD')
        dollar.active = True
        self.env['res.currency.rate'].create({
            'currency_id': dollar.id, 'company_id': self.company.id, 'name': '2026-01-01',
            'rate': 1.1})
        bill = self.invoice(100, due='2026-05-20', currency=dollar)
        self.active_plan(bill)
        parts = [amount for _date, amount in self.rows()[bill]]
        self.assertEqual((len(parts), round(sum(parts), 2)), (3, 90.91))
        for valuation in ('company', 'document', 'revalued'):
            self.sums('amount', valuation=valuation)
        document = self.rows(valuation='document')[bill]
        self.assertEqual([amount for _date, amount in document], [33.33, 33.33, 33.34])

    def test_in_every_document(self):
        Report = self.env['ar.aged.report']
        sets = [Report._get_dataset({'date': '2026-06-18', 'age_by': basis}, detailed=True)
                for basis in ('due', 'plan')]
        for dataset in sets:
            self.assertEqual(dataset['item_count'], 3)
            self.assertEqual(dataset['control'][0]['difference'], 0)
        total = [name for name, _label in sets[1]['columns']].index('amount')
        [section] = sets[1]['sections']
        self.assertEqual(section['values'][total], 520)
        [row] = section['groups'][0]['rows']
        self.assertEqual(sum(item['values'][total] for item in row['items']), 520)
        text = PdfReader(io.BytesIO(Report._render_pdf(sets[1]))).pages[0].extract_text()
        for words in ("Aged from", "07/15/2026", "under a payment plan by its instalments"):
            self.assertIn(words, " ".join(text.split()))
        sheet = openpyxl.load_workbook(io.BytesIO(Report._render_xlsx(sets[1])))["Items"]
        cells = [[cell.value for cell in line] for line in sheet.iter_rows()]
        [head] = [number for number, line in enumerate(cells) if "Aged from" in line]
        place, amount = cells[head].index("Aged from"), cells[head].index("Total")
        self.assertEqual(
            [(str(line[place].date()), line[amount]) for line in cells[head + 1:]],
            [('2026-06-10', 70), ('2026-06-15', 150), ('2026-07-15', 150), ('2026-08-15', 150)])
        options = self.env['ar.aged.options'].create({'date': '2026-06-18', 'age_by': 'plan'})
        self.assertEqual(options.action_show()['context']['ar_age_by'], 'plan')
