import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import html2plaintext

from ...tools.searching import search_told

_logger = logging.getLogger(__name__)

LETTER_REPORT = 'ar_collections.ar_reminder_letter_report'


class ArReminder(models.Model):
    """Letters: one document for the whole batch in postal order, single PDFs on the customers."""
    _inherit = 'ar.reminder'

    def action_print_letters(self):
        """Print the approved letters among these, and open the merged PDF."""
        self.check_access('write')
        letters = self.filtered(lambda r: r.channel == 'letter' and r.state == 'approved')
        if not letters:
            raise UserError(self.env._(
                "No approved letter is selected. Approve the letters first, then print them."))
        batch = letters.sudo()._print_letters()
        return batch._get_download_action()

    def _print_letters(self):
        """Render, file and mark as sent the letters of one company.

        :return: the `ar.letter.batch`
        :raise UserError: several companies, or nothing left to print
        """
        if len(self.company_id) > 1:
            raise UserError(self.env._("Print the letters of one company at a time."))
        letters = self.try_lock_for_update().filtered(lambda r: r.state == 'approved')
        letters = letters._reread()._sort_by_post()
        if not letters:
            raise UserError(self.env._(
                "Nothing is left to print: the items were paid, or another person is printing "
                "these letters."))
        letters._ensure_access_tokens()
        batch = self.env['ar.letter.batch'].create({'company_id': letters.company_id.id})
        # By `data`, not as records: Odoo would cut the PDF page by page and glue it together again,
        # with fonts and logo once per page.
        content, _report_type = self.env['ir.actions.report']._render_qweb_pdf(
            LETTER_REPORT, data={'reminder_ids': letters.ids})
        batch._store(content, letters)
        letters._keep_letter_text()
        letters._send_letter_copies()
        if letters.company_id._ar_posts_by_snailmail():
            letters._hand_to_snailmail()
        letters._set_sent(batch_id=batch.id)
        letters._log_history()
        return batch

    def _sort_by_post(self):
        """Sort as the post office wants it: country, postcode, town, name."""
        return self.sorted(lambda r: (
            r.recipient_id.country_id.code or '', r.recipient_id.zip or '',
            r.recipient_id.city or '', r.recipient_id.display_name or '', r.id))

    def _keep_letter_text(self):
        """Keep the words as printed: the template may change tomorrow."""
        for reminder in self:
            message = reminder._render_message()[reminder.id]
            reminder.write({'subject': message['subject'], 'body': message['body']})

    def _get_letter_copies(self):
        """Hook: return the names of those who get a copy, for the foot of the letter."""
        self.ensure_one()
        return ""

    def _send_letter_copies(self):
        """Hook: the letters are printed and filed; copies leave in the same transaction."""

    def _hand_to_snailmail(self):
        """Give each customer's own PDF to Odoo's postal service, which prints and posts it."""
        for reminder in self:
            letter = self.env['snailmail.letter'].create({
                'partner_id': reminder.recipient_id.id, 'model': self._name,
                'res_id': reminder.id, 'company_id': reminder.company_id.id,
                'user_id': self.env.uid, 'attachment_id': reminder.attachment_id.id,
            })
            reminder.message_id = letter.message_id

    @api.model
    def _recover_refused_letters(self):
        """Turn red the letters that the postal service refused."""
        if 'snailmail.letter' not in self.env:
            return
        refused = self.env['snailmail.letter'].sudo().search([
            ('model', '=', self._name), ('state', '=', 'error')])
        for letter in refused:
            reminder = self.browse(letter.res_id).exists()
            if reminder.state == 'sent':
                reminder._set_failed(html2plaintext(letter.info_msg or '') or letter.error_code)

    def _store_single_letters(self, content):
        """File each customer's own letter, cut out of the merged document.

        :param bytes content: the merged PDF, letters in the order of ``self``
        """
        pages = self._split_letters(content)
        attachments = self.env['ir.attachment'].create([
            {
                'name': f"{reminder.name.replace('/', '-')}.pdf", 'raw': raw,
                'mimetype': 'application/pdf', 'res_model': 'ar.customer',
                'res_id': reminder.customer_id.id,
            } for reminder, raw in zip(self, pages, strict=True)
        ])
        for reminder, attachment in zip(self, attachments, strict=True):
            reminder.attachment_id = attachment

    def _split_letters(self, content):
        """Cut the merged PDF; when the marks do not add up, render one by one.

        :return: list of bytes, one PDF per reminder
        """
        singles = self.env['ar.letter']._cut_pdf(content, len(self))
        if singles is None:
            _logger.info("Letters cannot be told apart in the merged PDF: rendering them singly")
            singles = [
                self.env['ir.actions.report']._render_qweb_pdf(LETTER_REPORT, res_ids=one.ids)[0]
                for one in self
            ]
        return singles


class ArLetterBatch(models.Model):
    _name = 'ar.letter.batch'
    _description = "Batch of printed letters"
    _order = 'id desc'

    name = fields.Char(compute='_compute_name', search='_search_name')
    company_id = fields.Many2one('res.company', required=True, index=True, ondelete='cascade')
    reminder_ids = fields.One2many('ar.reminder', 'batch_id', string="Letters")
    letter_count = fields.Integer(readonly=True)
    attachment_id = fields.Many2one('ir.attachment', string="PDF", readonly=True)

    @api.depends('create_date', 'letter_count')
    def _compute_name(self):
        for batch in self:
            day = fields.Date.to_string(fields.Date.context_today(batch, batch.create_date))
            batch.name = self.env._(
                "Letters of %(date)s (%(count)s)", date=day, count=batch.letter_count)

    def _search_name(self, operator, value):
        return search_told(self, 'name', operator, value)

    def action_download(self):
        """Download the merged PDF."""
        self.ensure_one()
        return self._get_download_action()

    def _get_download_action(self):
        self.ensure_one()
        return {
            'type': 'ir.actions.act_url', 'target': 'download',
            'url': f'/web/content/{self.attachment_id.id}?download=true',
        }

    def _store(self, content, letters):
        """File the merged document here and the single letters on the customers."""
        is_pdf = content[:4] == b'%PDF'
        self.letter_count = len(letters)
        self.attachment_id = self.env['ir.attachment'].create({
            'name': f"{self.id}-letters.{'pdf' if is_pdf else 'html'}", 'raw': content,
            'mimetype': 'application/pdf' if is_pdf else 'text/html',
            'res_model': self._name, 'res_id': self.id,
        })
        if is_pdf:
            letters._store_single_letters(content)


class ArReminderBatch(models.Model):
    _inherit = 'ar.reminder'

    batch_id = fields.Many2one(
        'ar.letter.batch', string="Printed in", readonly=True, copy=False, ondelete='set null',
        index='btree_not_null')
