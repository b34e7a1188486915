"""The statement of late interest as a page: the debtor computes it again from what it shows."""
import re
from decimal import ROUND_HALF_UP, Decimal

from lxml import html

from odoo.tests import HttpCase, tagged

from .law_common import LawCommon


def number(text):
    """Return the number that a cell shows in English."""
    return Decimal(re.sub(r'[^0-9.-]', '', text))


@tagged('post_install', '-at_install')
class TestDoorClaim(LawCommon, HttpCase):

    frozen = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.invoice(10000, due='2025-11-30')
        cls.pay(cls.bill, 4000, date='2026-03-02')
        cls.invoice(3650, due='2026-04-22')

    def setUp(self):
        super().setUp()
        self.claim = self.draft()
        self.account = self.claim.customer_id
        _link, url = self.env['ar.portal.link']._make(self.account)
        self.path = f"{url[url.index('/my/'):]}/interest/{self.claim.id}"

    def test_computed_again_by_hand(self):
        self.assertEqual(self.url_open(self.path).status_code, 404, "a draft claims nothing")
        self.claim.with_user(self.boss).action_claim()
        page = self.url_open(self.path)
        self.assertEqual(page.status_code, 200)
        tree = html.fromstring(page.content)
        total, rows = Decimal(0), 0
        for row in tree.xpath('//tbody/tr[count(td)=7]'):
            cells = [" ".join(cell.text_content().split()) for cell in row]
            if '×' not in cells[5]:
                continue
            rows += 1
            days, base, rate, amount = (number(cells[index]) for index in (2, 3, 4, 6))
            by_hand = (base * rate * days / 36500).quantize(Decimal('0.01'), ROUND_HALF_UP)
            self.assertEqual(by_hand, amount, cells)
            total += amount
        self.assertGreaterEqual(rows, 4)
        self.assertEqual(total, Decimal(f'{self.claim.amount_interest:.2f}'))
        self.assertIn(f'{self.claim.amount_total:,.2f}', page.text)
        self.assertIn("36,500", page.text)
        sheet = self.url_open(f'{self.path}?file=xlsx')
        self.assertEqual(sheet.content[:2], b'PK')

    def rows_under(self, rule):
        """Claim under a rule and return the page: [(days, base, rate, how, amount)], its text."""
        self.account.regime_id = rule
        claim = self.draft()
        claim.with_user(self.boss).action_claim()
        page = self.url_open(f"{self.path.rpartition('/')[0]}/{claim.id}")
        cells = [[" ".join(cell.text_content().split()) for cell in row]
                 for row in html.fromstring(page.content).xpath('//tbody/tr[count(td)=7]')]
        self.assertEqual(
            sum(number(row[6]) for row in cells if '×' in row[5]),
            Decimal(f'{claim.amount_interest:.2f}'))
        return [(number(row[2]), number(row[3]), number(row[4]), row[5], number(row[6]))
                for row in cells if '×' in row[5]], page.text

    def test_the_interest_of_one_day_is_rounded_first(self):
        """United Kingdom: what is written out gives the amount to the penny."""
        rows, text = self.rows_under(self.env.ref('ar_collections.regime_uk_business'))
        self.assertGreaterEqual(len(rows), 3)
        whole = []
        for days, base, rate, how, amount in rows:
            a_day = (base * rate / 36500).quantize(Decimal('0.01'), ROUND_HALF_UP)
            self.assertEqual(a_day * days, amount, how)
            self.assertRegex(how, rf"^\(.*{base:,.2f}.* × {rate} % / 365, rounded\) × {days}$")
            whole.append((base * rate * days / 36500).quantize(Decimal('0.01'), ROUND_HALF_UP))
        self.assertNotEqual(whole, [row[4] for row in rows], "the other way gives another sum")
        self.assertIn("The interest of one day is rounded to the cent", text)

    def test_the_sum_is_rounded_once(self):
        rule = self.env.ref('ar_collections.regime_fr_business')
        rule.rounding = 'end'
        rows, text = self.rows_under(rule)
        for first in {row[1] for row in rows if row[1] == 3650}:
            exact = sum(base * rate * days / 36500 for days, base, rate, _how, _amount in rows
                        if base == first)
            self.assertEqual(exact.quantize(Decimal('0.01'), ROUND_HALF_UP), sum(
                row[4] for row in rows if row[1] == first))
        self.assertNotIn("rounded)", text)
        self.assertIn("The sum is rounded to the cent", text)

    def test_of_this_customer_only(self):
        self.claim.with_user(self.boss).action_claim()
        stranger = self.env['ar.customer']._get_or_create(
            self.customer("Stranger"), self.company)
        _link, url = self.env['ar.portal.link']._make(stranger)
        self.assertEqual(self.url_open(
            f"{url[url.index('/my/'):]}/interest/{self.claim.id}").status_code, 404)
