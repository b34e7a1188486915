from odoo.tests import tagged

from .scale_common import ScaleCommon


@tagged('post_install', '-at_install')
class TestKpiScale(ScaleCommon):
    """As many statements for a thousand customers and two years as for ten and a month."""

    def count(self, months, group=None):
        counts = []
        with self.counted(counts):
            self.env['ar.kpi']._read_numbers(months=months, group=group)
        return counts[0]

    def test_statements_do_not_grow(self):
        self.multiply(10)
        self.env['ar.customer']._refresh(self.company)
        for group in (None, 'customer', 'collector'):
            self.count(1, group)
        few = [self.count(1, group) for group in (None, 'customer', 'collector')]
        self.multiply(990)
        self.env['ar.customer']._refresh(self.company)
        many = [self.count(24, group) for group in (None, 'customer', 'collector')]
        self.assertEqual(many, few)
        self.assertLess(max(many), 20)
        rows = self.env['ar.kpi']._read_numbers(months=24, group='customer')
        self.assertEqual(len(rows), 1001)
