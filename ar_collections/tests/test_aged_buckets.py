from itertools import pairwise

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CollectionsCommon


@tagged('post_install', '-at_install')
class TestAgedBuckets(CollectionsCommon):

    def test_no_gap_and_no_overlap_can_be_written(self):
        Bucket = self.env['ar.aged.bucket']
        bounds = [(start, end) for _bucket, start, end in Bucket._get_bounds()]
        self.assertEqual(
            bounds, [(None, 0), (1, 30), (31, 60), (61, 90), (91, 120), (121, None)])
        Bucket.create({'name': "Half", 'from_day': 16})
        bounds = [(start, end) for _bucket, start, end in Bucket._get_bounds()]
        self.assertEqual(bounds[1:3], [(1, 15), (16, 30)])
        for (_start, end), (start, _end) in pairwise(bounds):
            self.assertEqual(end + 1, start)
        with mute_logger('odoo.sql_db'), self.assertRaises(IntegrityError):
            Bucket.create({'name': "Again", 'from_day': 16})

    def test_what_is_due_never_stands_with_what_is_late(self):
        Bucket = self.env['ar.aged.bucket']
        by_day = {bucket.from_day: bucket for bucket in Bucket.search([('kind', '=', 'age')])}
        for change in (lambda: by_day[1].unlink(), lambda: by_day[0].unlink(),
                       lambda: by_day[1].write({'from_day': 5}),
                       lambda: Bucket._get_credit_bucket().unlink(),
                       lambda: Bucket.create([{'name': "Many", 'from_day': 200 + number}
                                              for number in range(5)])):
            with self.assertRaises(ValidationError):
                change()
        by_day[121].unlink()
        self.assertEqual(Bucket._get_bounds()[-1][2], None)
        with self.assertRaises(AccessError):
            Bucket.with_user(self.user('collector')).create({'name': "Mine", 'from_day': 7})
