from odoo import fields, models
from odoo.tools import SQL


class ArReminder(models.Model):
    """E-mail: prepared in batches, sent by Odoo's own queue, judged by the mail's own status."""
    _inherit = 'ar.reminder'

    def _send_email(self):
        """Render and queue one mail per reminder, write the history. Nothing leaves here."""
        self._ensure_access_tokens()
        # Two narrow reads for the whole batch: rendering would fetch every column of the invoices.
        self.line_ids.move_id.fetch(['access_token', 'move_type'])
        for template, reminders in self.grouped(
                lambda reminder: reminder.level_id.mail_template_id).items():
            reminders._queue_mails(template)
        self._log_history()

    def _queue_mails(self, template):
        # sudo: see `_render_mail_text`.
        mails = template.sudo().send_mail_batch(
            self.ids, email_values={'is_notification': True, 'auto_delete': False})
        by_reminder = {mail.res_id: mail for mail in mails}
        for reminder in self.filtered('custom_body'):
            message = reminder._render_message()[reminder.id]
            by_reminder[reminder.id].write({
                'subject': message['subject'], 'body_html': message['body'],
                'body': message['body']})
        self._attach_documents(by_reminder)
        self._create_notifications(by_reminder)
        self._set_queued()
        self._link_mails(mails)

    def _link_mails(self, mails):
        """Remember mail, message and text on each reminder, in one statement."""
        mails.flush_recordset()
        self.flush_recordset()
        self.env.cr.execute(SQL(
            """
            UPDATE ar_reminder reminder
               SET mail_id = mail.id, message_id = mail.mail_message_id,
                   subject = message.subject, body = mail.body_html
              FROM mail_mail mail
              JOIN mail_message message ON message.id = mail.mail_message_id
             WHERE mail.id = ANY(%(mails)s) AND message.res_id = reminder.id
               AND message.model = 'ar.reminder'
            """,
            mails=mails.ids,
        ))
        self.invalidate_recordset(['mail_id', 'message_id', 'subject', 'body'])

    def _create_notifications(self, mails):
        """One delivery record per recipient: bounces and refusals are written there by Odoo."""
        self.env['mail.notification'].sudo().create([
            {
                'mail_mail_id': mails[reminder.id].id,
                'mail_message_id': mails[reminder.id].mail_message_id.id,
                'res_partner_id': reminder.recipient_id.id,
                'notification_type': 'email', 'notification_status': 'ready', 'is_read': True,
            }
            for reminder in self
        ])

    def _attach_documents(self, mails):
        """Attach what the level asks for: stored invoices, the statement."""
        for reminder in self:
            documents = reminder._get_documents()
            if documents:
                mails[reminder.id].write({'attachment_ids': [
                    fields.Command.create({
                        'name': name, 'raw': content, 'mimetype': mimetype,
                        'res_model': 'ar.reminder', 'res_id': reminder.id,
                    }) for name, content, mimetype in documents
                ]})

    def _get_documents(self):
        """Return the attachments of this reminder: list of (file name, bytes, mimetype)."""
        self.ensure_one()
        documents = []
        if self.level_id.attach_invoices:
            moves = self.line_ids.filtered(lambda line: line.kind != 'credit').move_id
            for move in moves.filtered(lambda m: m.is_sale_document(include_receipts=True)):
                # sudo: the invoices of this reminder, whoever lets it leave.
                legal = move.sudo()._get_ar_invoice_pdf()
                if legal:
                    documents.append((legal['filename'], legal['content'], 'application/pdf'))
        if self.level_id.attach_statement:
            documents.append(self._get_statement_document())
        return documents

    def _ensure_access_tokens(self):
        """Give the listed invoices the token of their payment page, all in one statement."""
        moves = self.filtered('level_id.payment_link').line_ids.move_id
        if not moves:
            return
        moves.flush_recordset(['access_token'])
        self.env.cr.execute(SQL(
            "UPDATE account_move SET access_token = gen_random_uuid()::text"
            " WHERE id = ANY(%s) AND access_token IS NULL", moves.ids))
        moves.invalidate_recordset(['access_token'], flush=False)

    def _message_receive_bounce(self, email, partner):
        """EXTENDS mail: a bounced reminder turns red."""
        result = super()._message_receive_bounce(email, partner)
        self.sudo()._set_failed(self.env._("The e-mail to %s came back.", email))
        return result
