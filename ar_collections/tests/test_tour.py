from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import CollectionsCommon


@tagged('post_install', '-at_install')
class TestReminderTour(CollectionsCommon, HttpCase):
    """A person at the screen: preview, create, approve, and later sent."""

    frozen = False

    def test_preview_approve_sent(self):
        today = fields.Date.today()
        due = fields.Date.subtract(today, days=20)
        self.ladder.catch_up = 'age'
        self.buyer.name = "Tour Buyer"
        self.invoice(100, due=due)
        self.invoice(70, due=due, partner=self.customer("Quiet Buyer")).no_followup = True
        user = self.user('collector', 'tour_collector')
        self.start_tour('/odoo/dunning-preview', 'ar_preview_to_approved', login=user.login)
        self.env.invalidate_all()
        reminder = self.reminders()
        self.assertRecordValues(reminder, [{
            'state': 'approved', 'approved_by_id': user.id, 'amount_claimed': 100}])
        self.send()
        self.assertEqual(len(self.deliver()), 1)
        self.assertEqual(reminder.state, 'sent')
        self.start_tour('/odoo/action-ar_collections.ar_reminder_action', 'ar_reminder_is_sent',
                        login=user.login)
