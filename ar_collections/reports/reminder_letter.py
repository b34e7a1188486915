from odoo import api, models


class ReportReminderLetter(models.AbstractModel):
    """Many letters, one document: each starts on a page of its own, in its own language."""
    _name = 'report.ar_collections.report_ar_reminder_letter'
    _description = "Reminder letters"

    @api.model
    def _get_report_values(self, docids, data=None):
        docids = docids or (data or {}).get('reminder_ids') or []
        reminders = self.env['ar.reminder'].browse(docids)
        reminders.check_access('read')
        reminders._read_ahead()
        Letter = self.env['ar.letter']
        heads = {}
        docs = []
        for reminder in reminders:
            key = reminder.company_id, reminder.lang
            if key not in heads:
                heads[key] = Letter._get_head(*key)
            docs.append(self._get_letter(reminder, heads[key]))
        return {
            'doc_ids': docids, 'doc_model': 'ar.reminder', 'docs': docs,
            'logo_style': Letter._get_logo_style(reminders.company_id),
        }

    @api.model
    def _get_letter(self, reminder, head):
        # sudo: the letter is the message itself, whatever else its reader may open.
        reminder = reminder.sudo()
        lang, company = reminder.lang, reminder.company_id
        Letter = self.env['ar.letter'].sudo()
        date = reminder.sent_date or company._get_ar_today()
        letter = reminder._render_letter()
        return {
            'lang': lang, 'head': head,
            'address': Letter._get_address_lines(
                reminder.recipient_id.with_context(lang=lang), company),
            'place': Letter._get_place_and_date(company, date, lang),
            'reference': reminder.name, 'customer_number': reminder.partner_id.ref,
            'subject': letter['subject'], 'body': letter['body'], 'annex': letter['annex'],
            'partner': reminder.partner_id.name, 'copies': reminder._get_letter_copies(),
        }
