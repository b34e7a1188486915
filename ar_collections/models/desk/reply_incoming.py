import logging

import pytz
from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import email_normalize, plaintext2html

from ...tools.reply_reader import Reading, read_reply

_logger = logging.getLogger(__name__)

# Where the month is written before the day.
MONTH_FIRST = {'US'}


class ArReplySource(models.AbstractModel):
    """A record that customers answer by e-mail: what comes in is read once."""
    _name = 'ar.reply.source'
    _description = "Record that customers answer"

    def _message_post_after_hook(self, message, msg_values):
        """EXTENDS mail: an incoming e-mail becomes a reply to read."""
        result = super()._message_post_after_hook(message, msg_values)
        if message.message_type == 'email':
            # sudo: the mail gateway acts for the writer, who has no rights here.
            self.env['ar.reply'].sudo()._take_message(self, message.sudo())
        return result

    def _get_reply_customer(self):
        """Hook: return the `ar.customer` that an answer to this record is about."""
        return self.customer_id

    def _get_reply_items(self):
        """Hook: return the items that an answer to this record is about when it names none.

        :return: `account.move.line`; none: those that are overdue
        """
        return self.env['account.move.line']

    def _set_reply_to(self):
        """Let answers to the queued mails of these records come back here.

        A template without reply address leaves it empty, and the answer would go to the sender's
        own mailbox, where nobody else sees it. Without an e-mail domain it still does.
        """
        mails = self.mail_id.sudo()
        addresses = self._notify_get_reply_to_batch(
            defaults={one.id: one.mail_id.sudo().email_from for one in self},
            author_ids={one.id: one.mail_id.sudo().author_id.id for one in self})
        for address, group in mails.grouped(lambda mail: addresses[mail.res_id]).items():
            group.reply_to = address


class ArReminder(models.Model):
    _name = 'ar.reminder'
    _inherit = ['ar.reply.source', 'ar.reminder']

    reply_ids = fields.One2many('ar.reply', 'reminder_id')
    reply_count = fields.Integer(string="Number of replies", compute='_compute_reply_count')

    def _queue_mails(self, template):
        """EXTENDS dunning: answers come back to the reminder."""
        result = super()._queue_mails(template)
        self._set_reply_to()
        return result

    def _get_reply_items(self):
        """EXTENDS desk: what the reminder claims."""
        return self.line_ids.filtered(lambda line: line.kind != 'credit').move_line_id

    def _compute_reply_count(self):
        counts = dict(self.env['ar.reply']._read_group(
            [('reminder_id', 'in', self.ids)], ['reminder_id'], ['__count']))
        for reminder in self:
            reminder.reply_count = counts.get(reminder._origin, 0)

    def action_view_replies(self):
        """Open what the customer answered."""
        self.ensure_one()
        return self.env['ar.reply']._get_list_action([('reminder_id', '=', self.id)])


class ArStatementSending(models.Model):
    _name = 'ar.statement.sending'
    _inherit = ['ar.reply.source', 'ar.statement.sending']

    def _queue_mails(self):
        """EXTENDS figures: answers come back to the statement."""
        result = super()._queue_mails()
        self._set_reply_to()
        return result


class ArPromise(models.Model):
    _name = 'ar.promise'
    _inherit = ['ar.reply.source', 'ar.promise']

    def _get_reply_items(self):
        """EXTENDS desk: what was agreed about."""
        return self.line_ids.move_line_id


class ArDispute(models.Model):
    _name = 'ar.dispute'
    _inherit = ['ar.reply.source', 'ar.dispute']

    def _get_reply_items(self):
        """EXTENDS desk: what was agreed about."""
        return self.line_ids.move_line_id


class ArPaymentPlan(models.Model):
    """The proposal itself says: reply to this message for another rhythm."""
    _name = 'ar.payment.plan'
    _inherit = ['ar.reply.source', 'ar.payment.plan']

    def _get_reply_items(self):
        """EXTENDS desk: what was agreed about."""
        return self.line_ids.move_line_id


class ArCustomer(models.Model):
    _name = 'ar.customer'
    _inherit = ['ar.reply.source', 'ar.customer']

    reply_ids = fields.One2many('ar.reply', 'customer_id')
    new_reply_count = fields.Integer(
        string="Replies to read", compute='_compute_new_reply_count')

    @api.depends('reply_ids.state')
    def _compute_new_reply_count(self):
        counts = dict(self.env['ar.reply']._read_group(
            [('customer_id', 'in', self.ids), ('state', '=', 'new')],
            ['customer_id'], ['__count']))
        for customer in self:
            customer.new_reply_count = counts.get(customer._origin, 0)

    def _get_reply_customer(self):
        return self

    def action_view_replies(self):
        """Open the replies of this customer."""
        self.ensure_one()
        return self.env['ar.reply']._get_list_action([('customer_id', '=', self.id)])


class ArReply(models.Model):
    """From an e-mail to a row: read, linked to its items, told to the collector once."""
    _inherit = 'ar.reply'

    @api.model
    def _take_message(self, record, message):
        """Create the reply of an incoming message, unless it was taken already.

        :param record: the record that the message answers; it inherits `ar.reply.source`
        :param message: `mail.message` of type e-mail
        :return: the reply, empty for a message of a colleague
        """
        customer = record._get_reply_customer().sudo()
        author = message.author_id
        colleague = any(not user.share for user in author.user_ids)
        if not customer or colleague or self.search_count([('message_id', '=', message.id)]):
            return self.browse()
        reply = self.create(self._prepare_values(customer, record, message))
        reply._log_on_customer(record)
        reply._tell_collector(record)
        return reply

    @api.model
    def _prepare_values(self, customer, record, message):
        reminder = record if record._name == 'ar.reminder' else self.env['ar.reminder']
        company, author = customer.company_id, message.author_id
        received_at = min(message.date, fields.Datetime.now())
        received_on = pytz.utc.localize(received_at).astimezone(
            pytz.timezone(company._get_ar_tz())).date()
        items = self.env['account.move.line'].search(
            customer._get_open_items_domain() & fields.Domain('amount_residual', '>', 0))
        country = (author.country_id or customer.partner_id.country_id).code
        reading = self._read_safely(
            message, received_on, items, month_first=country in MONTH_FIRST if country else None,
            own=[author.email, message.email_from, company.email, customer.collector_id.email,
                 *self.env['mail.alias.domain'].search(fields.Domain.TRUE).mapped('catchall_email')])
        named = items.filtered(
            lambda item: {item.move_name, item.ref} & set(reading.items))
        today = company._get_ar_today()
        overdue = items.filtered(lambda item: (item.date_maturity or item.date) < today)
        # sudo: the items of a record of this customer.
        chosen = named or (record.sudo()._get_reply_items() & items) or overdue
        return {
            'message_id': message.id, 'customer_id': customer.id, 'reminder_id': reminder.id,
            'author_id': author.id, 'email_from': message.email_from,
            'subject': message.subject or reminder.subject or record.display_name,
            'text': reading.text, 'received_at': received_at, 'received_on': received_on,
            'move_line_ids': [fields.Command.set(chosen.ids)], 'items_named': bool(named),
            **self._prepare_reading_values(reading, chosen, company),
        }

    @api.model
    def _prepare_reading_values(self, reading, items, company):
        """Return what was read as values; a currency that is not the items' own names no amount."""
        currency = (items.currency_id if len(items.currency_id) == 1 else company.currency_id)
        said = reading.currency and self.env['res.currency'].search(
            [('name', '=', reading.currency)], limit=1)
        reason = reading.reason and self.env.ref(
            f'ar_collections.ar_dispute_reason_{reading.reason}', raise_if_not_found=False)
        return {
            'kind': reading.kind, 'confidence': reading.confidence, 'language': reading.language,
            'sentence': reading.sentence, 'date': reading.date, 'currency_id': currency.id,
            'amount': float(reading.amount) if reading.amount and said == currency else 0.0,
            'reason_id': reason.id if reason and reason.active else False,
            'reference': reading.reference, 'email_found': reading.email,
        }

    @api.model
    def _read_safely(self, message, received_on, items, month_first, own):
        """Read the message; whatever goes wrong, the message stays and a person reads it."""
        try:
            return read_reply(
                message.body or '', received_on, subject=message.subject or '',
                numbers={number for item in items for number in (item.move_name, item.ref)
                         if number},
                own_emails={email_normalize(email) for email in own if email},
                month_first=month_first)
        except Exception:
            _logger.exception("Message %s could not be read", message.id)
            return Reading()

    # === WHO HEARS OF IT === #

    def _log_on_customer(self, record):
        """Put the words on the customer too, where the next person looks."""
        self.ensure_one()
        if record._name == 'ar.customer':
            return
        customer = self.customer_id.with_context(
            lang=self.company_id.partner_id.lang or self.env.lang)
        customer._message_log(
            author_id=self.author_id.id, email_from=self.email_from,
            body=Markup('<p>%s</p><blockquote>%s</blockquote>') % (
                customer.env._(
                    "Reply of %(name)s to %(record)s:",
                    name=self.author_id.name or self.email_from or "",
                    record=record._get_html_link(title=record.display_name)),
                plaintext2html(self.text or "")))

    def _tell_collector(self, record):
        """Notify the collector, once: not of automatic answers, nor when Odoo does so already."""
        self.ensure_one()
        collector = (self.customer_id.collector_id or self.reminder_id.user_id
                     or self.company_id._get_ar_responsible())
        if self.kind == 'out_of_office' or collector.partner_id in record.message_partner_ids:
            return
        reply = self.with_context(lang=collector.lang or self.env.lang)
        kinds = dict(reply._fields['kind']._description_selection(reply.env))
        self.customer_id.message_notify(
            partner_ids=collector.partner_id.ids,
            author_id=self.author_id.id, email_from=self.email_from,
            subject=reply.env._("Reply of %s", self.customer_id.partner_id.name),
            body=Markup('<p>%s</p><blockquote>%s</blockquote>') % (
                reply.proposal or kinds[self.kind],
                plaintext2html((self.text or "")[:1000])))

    @api.model
    def _get_list_action(self, domain):
        action = self.env['ir.actions.act_window']._for_xml_id('ar_collections.ar_reply_action')
        action['domain'] = domain
        action['context'] = {}
        return action
