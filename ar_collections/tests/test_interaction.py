from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .test_desk import DeskCommon


@tagged('post_install', '-at_install')
class TestInteraction(DeskCommon):
    """Contacts with customers: written once, history after a day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.invoice(100, due='2026-05-20')
        cls.collector = cls.user('collector', 'contact_collector')

    def contact(self, user=None, **vals):
        return self.env['ar.interaction'].with_user(user or self.collector).create({
            'customer_id': self.account_of().id, **vals})

    def test_the_next_contact_is_the_follow_up_of_the_customer(self):
        contact = self.contact(next_date='2026-06-09', item_ids=self.items(self.bill).ids)
        self.assertRecordValues(contact, [{'user_id': self.collector.id, 'amount': 100}])
        customer = self.account_of()
        self.assertEqual(str(customer.follow_up_date), '2026-06-09')
        self.assertEqual((customer.interaction_count, customer.last_interaction_at),
                         (1, contact.date))

    def test_the_author_corrects_for_a_day_and_nobody_after(self):
        contact = self.contact(note="Spoke to the accoutant")
        contact.write({'note': "Spoke to the accountant"})
        with self.assertRaises(UserError):
            contact.with_user(self.user('manager', 'other_manager')).write({'note': "Other"})
        self.go('2026-06-02', '09:00:01')
        with self.assertRaises(UserError):
            contact.write({'note': "Later"})
        self.assertEqual(contact.note, "Spoke to the accountant")

    def test_who_and_when_never_change_and_nothing_is_deleted(self):
        contact = self.contact()
        for vals in ({'user_id': self.env.user.id}, {'date': '2026-05-01 10:00:00'},
                     {'key': 'x'}, {'logged_at': '2027-01-01 10:00:00'}):
            with self.assertRaises(UserError):
                contact.write(vals)
        with self.assertRaises(AccessError):
            contact.unlink()
        with self.assertRaises(UserError):
            contact.with_user(self.user('manager', 'deleting_manager')).sudo().unlink()

    def test_nobody_writes_in_the_name_of_another(self):
        contact = self.contact(user_id=self.env.user.id, key='mine', amount=5)
        self.assertRecordValues(contact, [
            {'user_id': self.collector.id, 'key': False, 'amount': 0}])

    def test_contacts_and_items_are_the_customers_own(self):
        stranger = self.customer("Stranger")
        foreign = self.invoice(50, due='2026-05-20', partner=stranger)
        for vals in ({'contact_id': stranger.id}, {'item_ids': self.items(foreign).ids},
                     {'date': fields.Datetime.now() + timedelta(days=1)}):
            with self.assertRaises(ValidationError):
                self.contact(**vals)

    def test_the_same_act_is_written_once(self):
        Interaction = self.env['ar.interaction']
        first = Interaction._log(self.account_of(), 'email', 'paid', key='mail-1')
        again = Interaction._log(self.account_of(), 'email', 'dispute', key='mail-1')
        self.assertEqual(first, again)
        self.assertEqual(again.outcome, 'paid')

    def test_a_merged_customer_keeps_its_contacts(self):
        other = self.customer("Twin")
        self.invoice(10, due='2026-05-20', partner=other)
        contact = self.env['ar.interaction'].create(
            {'customer_id': self.account_of(other).id, 'note': "Of the twin"})
        self.account_of()._absorb(self.account_of(other))
        self.assertEqual(contact.customer_id, self.account_of())

    def test_perimeter_and_company(self):
        own = self.user('own', 'contact_own')
        contact = self.contact()
        self.account_of().collector_id = self.collector
        with self.assertRaises(AccessError):
            contact.with_user(own).read(['note'])
        with self.assertRaises(AccessError):
            self.contact(user=own)
        self.account_of().collector_id = own
        self.assertTrue(contact.with_user(own).read(['note']))
        with self.assertRaises(AccessError):
            self.contact(user=self.user('auditor', 'contact_auditor'))
