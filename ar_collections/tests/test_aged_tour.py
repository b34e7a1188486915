from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import CollectionsCommon


@tagged('post_install', '-at_install')
class TestAgedTour(CollectionsCommon, HttpCase):
    """At the screen: from a customer's balance to its items and documents, and to paper."""

    frozen = False

    def test_drill_down(self):
        today = fields.Date.today()
        debtor = self.customer("Aged Debtor")
        for amount, days in ((250, 5), (450, 30)):
            self.invoice(amount, due=fields.Date.subtract(today, days=days), partner=debtor)
        self.env['ar.customer']._refresh(self.company)
        boss = self.user('manager', 'aged_boss')
        with patch('odoo.addons.ar_collections.wizards.aged_options.MAX_ITEMS', 0):
            self.start_tour('/odoo/receivables-aged-balance', 'ar_aged_balance', login=boss.login)
        job = self.env['ar.aged.print'].search([('user_id', '=', boss.id)])
        self.assertEqual(job.state, 'waiting', "asked, stopped and resumed")
