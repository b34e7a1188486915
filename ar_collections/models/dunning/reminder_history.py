from markupsafe import Markup

from odoo import fields, models
from odoo.tools import SQL


class ArReminder(models.Model):
    """History: one note on the customer and one on each invoice, as internal log notes."""
    _inherit = 'ar.reminder'

    def _log_history(self):
        """Write the notes of all these reminders in one statement.

        A reminder may list sixty invoices: through the ORM the notes cost more than the mail.
        """
        if not self:
            return
        self.env.flush_all()
        author = self.env.user.partner_id
        rows = SQL(", ").join(
            SQL("(%s, %s)", reminder.id, str(reminder._get_history_note())) for reminder in self)
        self.env.cr.execute(SQL(
            """
            INSERT INTO mail_message (
                model, res_id, body, date, message_type, subtype_id, is_internal, author_id,
                email_from, reply_to, message_id, create_uid, create_date, write_uid, write_date)
            SELECT target.model, target.res_id, note.body, %(now)s, 'notification', %(subtype)s,
                   TRUE, %(author)s, %(email)s, %(email)s,
                   '<' || gen_random_uuid() || '-openerp-message-notify@ar-collections>',
                   %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM (VALUES %(rows)s) note (reminder_id, body)
              JOIN LATERAL (
                SELECT 'ar.customer' AS model, reminder.customer_id AS res_id
                  FROM ar_reminder reminder WHERE reminder.id = note.reminder_id
                 UNION ALL
                SELECT DISTINCT 'account.move', line.move_id
                  FROM ar_reminder_line line
                 WHERE line.reminder_id = note.reminder_id AND line.kind = 'step'
                   AND line.move_id IS NOT NULL
              ) target ON TRUE
            """,
            rows=rows, now=fields.Datetime.now(), uid=self.env.uid, author=author.id,
            subtype=self.env['ir.model.data']._xmlid_to_res_id('mail.mt_note'),
            email=author.email_formatted or None,
        ))
        self.env['mail.message'].invalidate_model()
        for model in ('ar.customer', 'account.move'):
            self.env[model].invalidate_model(['message_ids'])

    def _get_history_note(self):
        """Return the note in the language of the company: colleagues read it, not the customer."""
        self.ensure_one()
        reminder = self.with_context(lang=self.company_id.partner_id.lang or self.env.lang)
        channels = dict(self._fields['channel']._description_selection(reminder.env))
        return Markup('<p>%s</p>') % reminder.env._(
            "Reminder %(name)s, %(level)s, by %(channel)s to %(recipient)s",
            name=reminder._get_html_link(title=reminder.name), level=reminder.level_id.name,
            channel=channels[reminder.channel], recipient=reminder.recipient_id.name or '')
