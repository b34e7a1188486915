import hashlib
import logging

from markupsafe import Markup

from odoo import models
from odoo.tools import html_sanitize
from odoo.tools.misc import format_date, format_datetime

from .case_file import clean_name, steady_fonts, steady_pdf

_logger = logging.getLogger(__name__)

PAGE = Markup(
    '<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>%(title)s</title></head>'
    '<body><h1>%(title)s</h1>%(body)s</body></html>\n')
REPORTS = {
    'story': 'ar_collections.ar_case_story_report',
    'claim': 'ar_collections.ar_claim_report',
    'order': 'sale.action_report_saleorder',
    'invoice': 'account.account_invoices',
    'picking': 'stock.action_report_delivery',
}
# Never handed over: what colleagues say among themselves.
OUTSIDE_TYPES = ('email', 'email_outgoing', 'comment')


class ArCaseFile(models.Model):
    """Which documents belong to a case. Records come with the right to the case (sudo)."""
    _inherit = 'ar.case.file'

    def _list_documents(self):
        """Write down what the file will hold, before anything is made."""
        self.ensure_one()
        rows, taken = [], set()
        for folder, name, date, origin, maker, res_id, extension in self._get_documents():
            path = base = f"{clean_name(folder)}/{clean_name(name)}" if folder else clean_name(name)
            number = 1
            while f"{path}.{extension}".lower() in taken:
                number += 1
                path = f"{base}-{number}"
            path = f"{path}.{extension}"
            taken.add(path.lower())
            rows.append({
                'file_id': self.id, 'path': path, 'name': name, 'date': date, 'origin': origin,
                'maker': maker, 'res_id': res_id})
        self.env['ar.case.file.document'].create(rows)

    def _get_documents(self):
        """Hook: return the documents, in the order of the folders.

        :return: list of (folder, what it is, day, 'stored' or 'made', how it is made, id of the
            record it is made from, extension)
        """
        env, case = self.env, self.case_id
        parts = [
            ('', env._("00 Story"), self.date, 'made', 'story', case.id, 'pdf'),
            ('', env._("01 Statement of account"), self.date, 'made', 'statement',
             case.customer_id.id, 'pdf'),
        ]
        for getter in (
                self._get_invoice_documents, self._get_order_documents,
                self._get_picking_documents, self._get_reminder_documents,
                self._get_message_documents, self._get_interaction_documents,
                self._get_agreement_documents, self._get_claim_documents,
                self._get_notice_documents):
            parts += getter()
        return parts

    def _get_moves(self):
        return self.case_id.line_ids.move_id.sorted(lambda move: (move.date, move.name or ''))

    def _get_stored(self, folder, attachments, name=None):
        return [
            (folder, name or attachment.name.rpartition('.')[0] or attachment.name,
             attachment.create_date.date(), 'stored', 'attachment', attachment.id,
             clean_name(attachment.name.rpartition('.')[2], 8).lower())
            for attachment in attachments]

    def _get_invoice_documents(self):
        """The legal PDF as it was sent; a copy made for the file where none was kept."""
        parts, folder = [], self.env._("02 Invoices")
        for move in self._get_moves():
            if move.invoice_pdf_report_id:
                parts += self._get_stored(folder, move.invoice_pdf_report_id, name=move.name)
            elif move.is_invoice():
                parts.append(
                    (folder, move.name, move.invoice_date, 'made', 'invoice', move.id, 'pdf'))
        return parts

    def _get_orders(self):
        return self._get_moves().line_ids.sale_line_ids.order_id.sorted('name')

    def _get_order_documents(self):
        """Orders that the customer signed or confirmed, and what is kept with them."""
        parts, folder = [], self.env._("03 Orders")
        for order in self._get_orders():
            kept = self._get_attachments('sale.order', order.ids)
            parts += self._get_stored(folder, kept)
            parts.append((
                folder, self.env._("%s, signed", order.name) if order.signature else order.name,
                order.date_order.date(), 'made', 'order', order.id, 'pdf'))
        return parts

    def _get_picking_documents(self):
        """Deliveries, when stock is installed."""
        if 'stock.picking' not in self.env or 'picking_ids' not in self.env['sale.order']:
            return []
        parts, folder = [], self.env._("04 Deliveries")
        for picking in self._get_orders().picking_ids.filtered(
                lambda one: one.state == 'done').sorted('name'):
            parts += self._get_stored(
                folder, self._get_attachments('stock.picking', picking.ids))
            parts.append((
                folder, picking.name, picking.date_done and picking.date_done.date(), 'made',
                'picking', picking.id, 'pdf'))
        return parts

    def _get_attachments(self, model, ids):
        """Return what is attached to records, but for what colleagues sent each other there."""
        kept = self.env['ir.attachment'].search([
            ('res_model', '=', model), ('res_id', 'in', ids), ('res_field', '=', False),
            ('type', '=', 'binary')], order='create_date, id')
        talk = self.env['mail.message'].search([
            ('model', '=', model), ('res_id', 'in', ids), ('attachment_ids', 'in', kept.ids)])
        return kept - talk.filtered(
            lambda one: one.is_internal or one.subtype_id.internal
            or not self._is_with_customer(one)).attachment_ids

    def _get_reminders(self):
        return self.env['ar.reminder'].search([
            ('line_ids.move_line_id', 'in', self.case_id._get_items().ids),
            ('state', '=', 'sent')], order='sent_date, id')

    def _get_reminder_documents(self):
        parts, folder = [], self.env._("05 Reminders")
        for reminder in self._get_reminders():
            if reminder.attachment_id:
                parts += self._get_stored(folder, reminder.attachment_id, name=reminder.name)
            else:
                parts.append((
                    folder, reminder.name, reminder.sent_date, 'made', 'reminder', reminder.id,
                    'html'))
        return parts

    def _get_message_documents(self):
        """Mails with the customer about the account, the invoices and the orders."""
        folder = self.env._("06 Mails")
        records = {
            'ar.customer': self.case_id.customer_id.ids, 'ar.legal.case': self.case_id.ids,
            'account.move': self._get_moves().ids, 'sale.order': self._get_orders().ids,
            'ar.dispute': self._get_linked('ar.dispute').ids,
            'ar.promise': self._get_linked('ar.promise').ids,
            'ar.payment.plan': self._get_linked('ar.payment.plan').ids,
            'ar.answer': self.env['ar.answer'].search(
                [('customer_id', '=', self.customer_id.id)]).ids,
        }
        parts = []
        for model, ids in records.items():
            messages = self.env['mail.message'].search([
                ('model', '=', model), ('res_id', 'in', ids), ('is_internal', '=', False),
                ('message_type', 'in', OUTSIDE_TYPES), ('subtype_id.internal', '=', False),
            ], order='date, id')
            for message in messages.filtered(self._is_with_customer):
                day = message.date.date()
                title = " ".join((day.isoformat(), message.subject or self.env._("Mail")))
                parts.append((folder, title, day, 'made', 'message', message.id, 'html'))
                parts += self._get_stored(folder, message.attachment_ids)
        return parts

    def _is_with_customer(self, message):
        """Tell whether the customer wrote or received it: talk among colleagues stays inside."""
        people = (message.author_id | message.partner_ids).commercial_partner_id
        return bool(message.body or message.attachment_ids) and (
            message.message_type == 'email' and not self._is_on_our_side(message.author_id)
            or self.case_id.partner_id in people)

    def _is_on_our_side(self, author):
        """Tell whether a colleague or our own lawyer wrote: an answer by e-mail counts as talk."""
        users = author.with_context(active_test=False).user_ids
        party = self.case_id.party_id.commercial_partner_id
        return any(not user.share for user in users) or (
            bool(party) and author.commercial_partner_id == party)

    def _get_interaction_documents(self):
        """Calls, visits and letters, when the collector notes them."""
        if 'ar.interaction' not in self.env or not self.env['ar.interaction'].search_count(
                [('customer_id', '=', self.customer_id.id)], limit=1):
            return []
        return [('', self.env._("07 Calls and visits"), self.date, 'made', 'interactions',
                 self.case_id.id, 'html')]

    def _get_linked(self, model):
        """Return the agreements about items of the case."""
        if model not in self.env:
            return self.env['ar.promise'].browse()
        return self.env[model].search(
            [('line_ids.move_line_id', 'in', self.case_id._get_items().ids)], order='id')

    def _get_agreement_documents(self):
        parts = []
        promises, disputes = self.env._("Promises to pay"), self.env._("Disputes")
        plans = self.env._("Payment plans")
        for model, number, name in (
                ('ar.promise', '08', promises), ('ar.dispute', '09', disputes),
                ('ar.payment.plan', '10', plans)):
            records = self._get_linked(model)
            if records:
                parts.append((
                    '', f"{number} {name}", self.date, 'made', model, self.case_id.id, 'html'))
                kept = self._get_attachments(model, records.ids)
                if model == 'ar.payment.plan':
                    # The acknowledgement of debt: what the lawyer asks for first.
                    kept |= records.signed_document_ids
                parts += self._get_stored(f"{number} {name}", kept.sorted('id'))
        return parts

    def _get_claim_documents(self):
        """Statements of late interest about items of the case, not taken back."""
        claims = self.env['ar.claim'].search([
            ('line_ids.move_line_id', 'in', self.case_id._get_items().ids),
            ('state', 'in', ('draft', 'claimed'))], order='date, id')
        return [(self.env._("11 Late interest"), claim.name, claim.date, 'made', 'claim',
                 claim.id, 'pdf') for claim in claims]

    def _get_notice_documents(self):
        kept = self.case_id.notice_attachment_id | self._get_attachments(
            'ar.legal.case', self.case_id.ids)
        return self._get_stored(self.env._("12 Formal notice"), kept.sorted('id'))


class ArCaseFileDocument(models.Model):
    """How each document is made."""
    _inherit = 'ar.case.file.document'

    def _make(self):
        """Make one document and keep it with its hash; what fails is told, not left out."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                content = self._get_content()
        except Exception as error:
            _logger.info("Document %s of a case file: %s", self.id, type(error).__name__)
            self.error = (str(error) or type(error).__name__)[:200]
            return
        self.write({
            'sha256': hashlib.sha256(content).hexdigest(),
            'attachment_id': self.env['ir.attachment'].create({
                'name': self.path.rpartition('/')[2], 'raw': content, 'res_model': self._name,
                'res_id': self.id}).id})

    def _get_content(self):
        """Return the bytes of the document."""
        if self.maker == 'attachment':
            return self.env['ir.attachment'].browse(self.res_id).raw or b''
        if self.maker in REPORTS:
            return self._render(REPORTS[self.maker], res_ids=[self.res_id])
        if self.maker == 'statement':
            first = min(self.file_id._get_moves().mapped('date'), default=self.file_id.date)
            return self._render('ar_collections.ar_statement_report', data={
                'customer_ids': [self.res_id], 'kind': 'movements', 'date_from': first,
                'date_to': self.file_id.date})
        return self._get_page().encode()

    def _render(self, report, **options):
        report_env = self.env['ir.actions.report'].with_context(lang=self.file_id.lang)
        with steady_fonts():
            content, kind = report_env._render_qweb_pdf(report, **options)
        return steady_pdf(content) if kind == 'pdf' else content

    # === PAGES === #

    def _get_page(self):
        env = self.with_context(lang=self.file_id.lang).env
        if self.maker == 'reminder':
            reminder = env['ar.reminder'].browse(self.res_id)
            return self._compose(reminder.subject or reminder.name, [
                (env._("Sent on"), format_date(env, reminder.sent_date)),
                (env._("To"), reminder.recipient_id.email or reminder.recipient_id.display_name),
            ], reminder.body)
        if self.maker == 'message':
            message = env['mail.message'].browse(self.res_id)
            return self._compose(message.subject or message.record_name or self.name, [
                (env._("Date"), format_datetime(env, message.date)),
                (env._("From"), message.email_from or message.author_id.display_name),
                (env._("To"), ", ".join(message.partner_ids.mapped('display_name'))),
            ], message.body)
        if self.maker == 'interactions':
            return self._compose_table(
                env['ar.interaction'].search(
                    [('customer_id', '=', self.file_id.customer_id.id)], order='id'),
                ('date', 'at', 'kind', 'direction', 'contact_id', 'outcome', 'summary', 'note',
                 'description'))
        records = self.file_id.with_env(env)._get_linked(self.maker)
        return self._compose_table(records, (
            'name', 'taken_on', 'opened_on', 'signed_on', 'reason_id', 'amount', 'promise_date',
            'deadline', 'state', 'paid_amount', 'closed_on', 'refused_on', 'refusal',
            'description', 'resolution'))

    def _compose(self, title, facts, body):
        rows = Markup().join(
            Markup('<tr><th align="left">%s</th><td>%s</td></tr>') % (label, value or '')
            for label, value in facts)
        return PAGE % {'title': title, 'body': Markup('<table>%s</table><hr>%s') % (
            rows, Markup(html_sanitize(body or '', sanitize_attributes=True)))}

    def _compose_table(self, records, names):
        """Return the fields that the model has, one row per record."""
        names = [name for name in names if name in records._fields]
        head = Markup().join(
            Markup('<th align="left">%s</th>') % records._fields[name]._description_string(
                records.env) for name in names)
        rows = Markup().join(
            Markup('<tr>%s</tr>') % Markup().join(
                Markup('<td>%s</td>') % self._tell(record, name) for name in names)
            for record in records)
        return PAGE % {'title': self.name, 'body': Markup(
            '<table border="1" cellpadding="4"><tr>%s</tr>%s</table>') % (head, rows)}

    def _tell(self, record, name):
        """Return the value of a field as the reader writes it."""
        field, value = record._fields[name], record[name]
        if field.type == 'many2one':
            return value.display_name or ''
        if field.type == 'selection':
            return dict(field._description_selection(record.env)).get(value, '')
        if field.type == 'date':
            return format_date(record.env, value) if value else ''
        if field.type == 'datetime':
            return format_datetime(record.env, value) if value else ''
        if field.type == 'monetary':
            return record[field.get_currency_field(record)].format(value)
        return value or ''
