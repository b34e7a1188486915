"""What a customer reads about its disputes, by link and by login, and what it never reads."""
from odoo import fields
from odoo.tests import tagged

from .test_door import picture
from .test_door_attacks import DoorHttpCommon


@tagged('post_install', '-at_install')
class TestDoorDisputes(DoorHttpCommon):

    def setUp(self):
        super().setUp()
        owner = self.user('collector', 'dispute_owner', name="Owner Inside")
        self.reason.owner_id = owner
        act = self.env['ar.portal.act'].sudo()._submit(
            self.account.sudo(), 'dispute', {
                'items': self.ids(self.old), 'reason': self.reason.id,
                'note': "Broken <script>alert(1)</script>",
                'files': [('tube.png', picture()), ('slip.pdf', b'%PDF-1.4 slip')]},
            key='dispute-page-0001')
        self.dispute = act.dispute_id
        self.sent = act.attachment_ids
        self.inside = self.env['ir.attachment'].create({
            'name': "margin.png", 'raw': picture(), 'res_model': 'ar.dispute',
            'res_id': self.dispute.id})
        self.dispute.message_post(
            body="Between us", attachment_ids=self.inside.ids, subtype_xmlid='mail.mt_note')
        self.dispute.step_ids[0].name = "Step inside"

    def settle(self):
        self.env['ar.dispute.settle'].create({
            'dispute_ids': [fields.Command.set(self.dispute.ids)], 'state': 'upheld',
            'resolution': "They bluff", 'answer': "The tube was tested <b>before</b> it left.",
        }).action_settle()
        self.env.flush_all()

    def test_by_link_and_by_login_the_same(self):
        self.portal_user('dispute-side', self.buyer)
        self.assertIn('/disputes"', self.get().text, "the first page leads there")
        self.settle()
        for path in (f'{self.path}/disputes', f'/my/statement/{self.account.id}/disputes',
                     '/my/disputes'):
            if path.startswith('/my/statement/') and '/link/' not in path:
                self.authenticate('dispute-side', 'dispute-side' * 2)
            page = self.get(path=path)
            self.assertEqual(page.status_code, 200, path)
            for words in (self.dispute.name, self.old.name, "100.00", "Quality or damage",
                          "Broken &lt;script&gt;", "Closed: the invoice stands",
                          "The tube was tested &lt;b&gt;before&lt;/b&gt; it left.", "slip.pdf"):
                self.assertIn(words, page.text, path)
            for words in ("Between us", "They bluff", "Owner Inside", "margin", "Step inside",
                          "<script>alert"):
                self.assertNotIn(words, page.text, path)
            self.assertEqual(page.headers['Cache-Control'], 'no-store')
        self.assertIn('/my/disputes', self.get(path='/my').text)

    def test_its_own_files_and_no_other(self):
        image, paper = self.sent.sorted('mimetype', reverse=True)
        base = f'/disputes/{self.dispute.id}/file'
        found = self.get(f'{base}/{image.id}')
        self.assertEqual((found.content, found.headers['Content-Type']),
                         (image.raw, 'image/png'))
        found = self.get(f'{base}/{paper.id}')
        self.assertTrue(found.headers['Content-Disposition'].startswith('attachment'))
        for tail in (f'{base}/{self.inside.id}', f'/disputes/0/file/{image.id}'):
            self.assertEqual(self.get(tail).status_code, 404, tail)
        _link, url = self.env['ar.portal.link']._make(self.env['ar.customer']._get_or_create(
            self.stranger, self.company))
        other = url[url.index('/my/'):]
        self.assertEqual(self.get(f'{base}/{image.id}', other).status_code, 404)
        page = self.get('/disputes', other)
        self.assertIn("There is no dispute", page.text)
        self.portal_user('other-dispute', self.stranger)
        self.authenticate('other-dispute', 'other-dispute' * 2)
        for path in (f'/my/statement/{self.account.id}/disputes', '/my/disputes',
                     f'/my/statement/{self.account.id}{base}/{image.id}'):
            page = self.get(path=path)
            self.assertNotIn(self.dispute.name, page.text, path)
            self.assertNotEqual(page.headers['Content-Type'], 'image/png', path)

    def test_in_words_for_the_customer(self):
        """Every state says something, and none says more than the customer should know."""
        Door = self.env['ar.door'].sudo()
        states = dict(self.env['ar.dispute']._fields['state'].selection)
        words = {state: Door._get_dispute_text(state) for state in states}
        self.assertTrue(all(words.values()))
        self.assertEqual(words['written_off'], "Closed")
        self.buyer.lang = 'fr_FR'
        self.assertIn('<html lang="fr-FR"', self.get('/disputes').text)
        # Only the settling gives an answer; one that is empty keeps what was said before.
        self.settle()
        self.dispute.action_reopen()
        self.env['ar.dispute.settle'].create({
            'dispute_ids': [fields.Command.set(self.dispute.ids)], 'state': 'withdrawn',
            'resolution': "Found it"}).action_settle()
        [shown] = Door._read_disputes(self.account)
        self.assertEqual(
            (shown['state_text'], shown['answer'][:8]), ("Closed: withdrawn", "The tube"))
