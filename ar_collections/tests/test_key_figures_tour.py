from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import CollectionsCommon


@tagged('post_install', '-at_install')
class TestKeyFiguresTour(CollectionsCommon, HttpCase):
    """At the screen: an empty page, figures that explain themselves and open their items."""

    frozen = False

    def test_from_empty_to_items(self):
        self.env['ar.kpi.snapshot'].search([('company_id', '=', self.company.id)]).unlink()
        today = fields.Date.today()
        debtor = self.customer("Tour Debtor")
        self.invoice(700, due=fields.Date.subtract(today, days=1), partner=debtor)
        self.env['ar.customer']._refresh(self.company)
        auditor = self.user('auditor', 'tour_kpi_auditor')
        self.start_tour('/odoo/receivables-key-figures', 'ar_key_figures', login=auditor.login)
        self.assertTrue(self.env['ar.kpi.snapshot'].search_count([
            ('company_id', '=', self.company.id), ('basis', '=', 'now')]))
