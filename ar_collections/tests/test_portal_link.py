"""The customer's link: secret, limited in time, withdrawn, and in the mail that leaves."""
import email
import email.policy

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_door import DoorCommon


def html_of(mail):
    """Return the HTML of a mail as the mail server received it."""
    message = email.message_from_string(mail['message'], policy=email.policy.default)
    return message.get_body(('html',)).get_content()


@tagged('post_install', '-at_install')
class TestPortalLink(DoorCommon):

    def test_only_the_hash_is_kept(self):
        link, url = self.env['ar.portal.link']._make(self.account_of())
        token = url.rpartition('/')[2]
        self.env.flush_all()
        self.env.cr.execute("SELECT * FROM ar_portal_link WHERE id = %s", [link.id])
        self.assertNotIn(token, str(self.env.cr.fetchall()))
        self.assertGreaterEqual(len(token), 43)
        self.assertEqual(self.env['ar.portal.link']._find(token), link)
        for wrong in (token[:-1], token + 'x', token.swapcase(), '', None, 'x' * 5000):
            self.assertFalse(self.env['ar.portal.link']._find(wrong), wrong)

    def test_it_ends(self):
        self.company.ar_door_link_days = 10
        link, _url = self.env['ar.portal.link']._make(self.account_of())
        self.assertEqual(str(link.expires_on), '2026-06-11')
        self.go('2026-06-11')
        link.invalidate_recordset()
        self.assertTrue(link._is_open())
        self.go('2026-06-12')
        link.invalidate_recordset()
        self.assertFalse(link._is_open())
        self.assertEqual(link.state, 'expired')

    def test_it_is_withdrawn(self):
        link, _url = self.env['ar.portal.link']._make(self.account_of())
        with self.assertRaises(AccessError):
            link.with_user(self.user('auditor')).action_revoke()
        self.account_of().collector_id = self.env.ref('base.user_admin')
        with self.assertRaises(AccessError):
            link.with_user(self.user('own')).action_revoke()
        collector = self.user('collector')
        with self.assertRaises(AccessError):
            link.with_user(collector).write({'expires_on': '2030-01-01'})
        with self.assertRaises(AccessError):
            link.with_user(collector).read(['token_hash'])
        link.with_user(collector).action_revoke()
        self.assertFalse(link._is_open())
        self.assertEqual(link.revoked_by_id, collector)

    def test_a_reminder_leaves_with_a_link_and_keeps_none(self):
        self.go('2026-06-01')
        self.run_dunning('2026-06-01')
        reminder = self.reminders(self.buyer)
        self.send()
        self.assertIn('/my/statement/link/personal', reminder.body)
        self.assertFalse(self.account_of().portal_link_ids, "not before the mail leaves")
        [mail] = [one for one in self.deliver() if one['smtp_to_list'] == [self.buyer.email]]
        link = self.account_of().portal_link_ids
        self.assertRecordValues(link, [{'origin': 'reminder', 'state': 'active'}])
        self.assertIn("Reminder", link.display_name, "what a colleague reads on an act")
        text = html_of(mail)
        self.assertNotIn('link/personal', text)
        token = text.partition('/my/statement/link/')[2][:43]
        self.assertEqual(self.env['ar.portal.link']._find(token), link)
        self.assertNotIn(token, str(reminder.body) + str(reminder.mail_id.body_html))

    def test_a_company_may_want_no_links_in_mails(self):
        self.company.ar_door_in_mails = False
        self.run_dunning('2026-06-01')
        reminder = self.reminders(self.buyer)
        self.send()
        self.assertNotIn('/my/statement/link', reminder.body)

    def test_words_alone_give_no_link(self):
        mail = self.env['mail.mail'].create({
            'model': 'ar.customer', 'res_id': self.account_of().id, 'subject': "x",
            'body_html': '<a href="/my/statement/link/personal">x</a>',
            'email_to': 'thief@example.com'})
        self.assertIn('link/personal', mail._prepare_outgoing_body())
        self.assertFalse(self.account_of().portal_link_ids)

    def test_sent_by_e_mail_to_a_contact(self):
        collector = self.user('collector')
        dialog = self.env['ar.portal.link.new'].with_user(collector).create(
            {'customer_id': self.account_of().id})
        self.assertEqual((dialog.recipient_id, dialog.days), (self.buyer, 60))
        dialog.action_send()
        link = self.account_of().portal_link_ids
        with self.mock_smtplib_connection():
            self.env['mail.mail'].process_email_queue(email_ids=link.mail_id.ids)
        [mail] = self.emails
        self.assertEqual(mail['smtp_to_list'], [self.buyer.email])
        token = html_of(mail).partition('/my/statement/link/')[2][:43]
        self.assertEqual(self.env['ar.portal.link']._find(token), link)

    def test_shown_once(self):
        collector = self.user('collector')
        dialog = self.env['ar.portal.link.new'].with_user(collector).create(
            {'customer_id': self.account_of().id})
        url = dialog.action_make()['context']['default_url']
        self.assertTrue(self.env['ar.portal.link']._find(url.rpartition('/')[2])._is_open())
        self.assertFalse(dialog.url)
        dialog.recipient_id = self.stranger
        with self.assertRaises(UserError):
            dialog.action_make()

    def test_all_withdrawn_at_once(self):
        collector = self.user('collector')
        Link = self.env['ar.portal.link']
        links = Link._make(self.account_of())[0] | Link._make(self.account_of())[0]
        other, _url = Link._make(self.account_of(self.stranger))
        printed = self.account_of()._portal_ensure_token()
        self.env['ar.portal.link.new'].with_user(collector).create(
            {'customer_id': self.account_of().id}).action_revoke_all()
        self.assertEqual(set(links.mapped('state')), {'revoked'})
        self.assertEqual(other.state, 'active')
        self.assertNotEqual(self.account_of().sudo().access_token, printed)

    def test_the_counters_are_shared_and_forget(self):
        Hit = self.env['ar.portal.hit'].sudo()
        with self.enter_registry_test_mode():
            self.assertEqual([Hit._take('k', 3) for _one in range(5)], [True] * 3 + [False] * 2)
            self.assertTrue(Hit._is_full('k', 3))
            self.assertTrue(Hit._take('other', 3))
            self.go('2026-06-01', '10:00:01')
            self.assertFalse(Hit._is_full('k', 3))
            self.assertTrue(Hit._take('k', 3))
            self.assertNotIn('10.0.0.1', Hit._get_address_key('10.0.0.1'))
            self.assertEqual(Hit._get_address_key('2001:db8:1:2::1'),
                             Hit._get_address_key('2001:db8:1:2::ffff'))
            self.go('2026-06-03')
            self.assertEqual(Hit._gc_hits(), (5, 0))
