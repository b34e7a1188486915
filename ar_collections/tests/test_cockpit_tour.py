from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import CollectionsCommon

PAGE = '/odoo/receivables-cockpit'


class CockpitTourCommon(CollectionsCommon, HttpCase):
    """Three items of today's ledger, and a credit manager before the screen."""

    frozen = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.user('manager', 'cockpit_manager')
        cls.collector = cls.user('own', 'cockpit_collector', name="Tour Collector")
        today = fields.Date.today()
        cls.buyer.name = "Tour Buyer"
        second = cls.customer("Second Buyer")
        cls.invoice(1000, due=fields.Date.subtract(today, days=20))
        cls.invoice(600, due=fields.Date.subtract(today, days=45), partner=second)
        cls.invoice(300, due=fields.Date.add(today, days=10), date=today, partner=second)
        cls.env['ar.customer']._refresh(cls.company)
        cls.env['ar.customer']._get_or_create(cls.buyer, cls.company).collector_id = cls.collector


@tagged('post_install', '-at_install')
class TestCockpitTour(CockpitTourCommon):
    """A person at the screen: read, click, filter, come back."""

    def test_figures_and_what_is_behind_them(self):
        self.start_tour(PAGE, 'ar_cockpit', login=self.manager.login)

    def test_filters(self):
        self.start_tour(PAGE, 'ar_cockpit_filter', login=self.manager.login)

    def test_from_the_aged_balance_to_the_document(self):
        self.start_tour(PAGE, 'ar_cockpit_drill_down', login=self.manager.login)

    def test_an_empty_company(self):
        empty = self.make_company("Nothing yet")
        self.manager.write({'company_ids': [Command.set(empty.ids)],
                            'company_id': empty.id})
        self.start_tour(PAGE, 'ar_cockpit_empty', login=self.manager.login)

    def test_an_error_is_told_and_can_be_tried_again(self):
        model = type(self.env['ar.cockpit'])
        load, calls, words = model.load_cockpit, [], "The server is tired"

        def tired_at_first(cockpit, filters=None, refresh=False):
            calls.append(filters)
            if len(calls) == 1:
                raise UserError(words)
            return load(cockpit, filters, refresh)

        tired_at_first._api_model = True
        with patch.object(model, 'load_cockpit', tired_at_first), mute_logger('odoo.http'):
            self.start_tour(PAGE, 'ar_cockpit_error', login=self.manager.login)
        self.assertEqual(len(calls), 3)


@tagged('post_install', '-at_install')
class TestCockpitPhone(CockpitTourCommon):
    """The same page on a phone."""

    browser_size = '375x812'
    touch_enabled = True

    def test_phone(self):
        self.start_tour(PAGE, 'ar_cockpit_phone', login=self.manager.login)
