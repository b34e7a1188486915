from markupsafe import Markup

from odoo import Command, api, fields, models


class ResCompany(models.Model):
    _inherit = 'res.company'

    ar_escalation_user_id = fields.Many2one(
        'res.users', string="Escalations go to", domain=[('share', '=', False)],
        help="Takes what a collector escalates, and gets the copies of reminders whose level asks "
             "for one.")


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_escalation_user_id = fields.Many2one(
        related='company_id.ar_escalation_user_id', readonly=False)


class ArDunningLevel(models.Model):
    """EXTENDS dunning: from a given level on, others on both sides get a copy."""
    _inherit = 'ar.dunning.level'

    copy_salesperson = fields.Boolean(
        string="Copy to the salesperson",
        help="Of the customer, else those of the listed invoices. On e-mails; of a printed letter "
             "the PDF goes by e-mail.")
    copy_manager = fields.Boolean(
        string="Copy to our manager",
        help="The manager named in the settings of the company. On e-mails; of a printed letter "
             "the PDF goes by e-mail.")
    copy_escalation = fields.Boolean(
        string="Copy to the customer's management",
        help="The escalation contact named on the customer. On e-mails; of a printed letter the "
             "PDF goes by e-mail.")


class ArCustomer(models.Model):
    """EXTENDS core: whom to copy at the customer's when it becomes serious."""
    _inherit = 'ar.customer'

    escalation_contact_id = fields.Many2one(
        'res.partner', string="Escalation contact", tracking=True,
        domain="[('id', 'child_of', partner_id)]",
        help="Gets a copy of the reminders from the levels that say so.")


class ArReminder(models.Model):
    """EXTENDS dunning: the copies of a reminder, before and after it has left.

    The customer sees them: that a managing director reads along is the point of an escalation.
    The text stays in the language of the recipient.
    """
    _inherit = 'ar.reminder'

    copy_ids = fields.Many2many(
        'res.partner', 'ar_reminder_copy_rel', 'reminder_id', 'partner_id', readonly=True,
        string="Copies sent to", copy=False)
    copy_names = fields.Char(string="In copy", compute='_compute_copy_names')

    @api.depends('copy_ids', 'level_id', 'recipient_id', 'channel', 'state')
    def _compute_copy_names(self):
        for reminder in self:
            partners = reminder.copy_ids or (
                reminder._get_copy_partners() if not reminder._is_frozen() else reminder.copy_ids)
            reminder.copy_names = ", ".join(
                f"{partner.name} <{partner.email_normalized}>" for partner in partners)

    def _get_copy_partners(self):
        """Return who gets a copy of this reminder, as its level says now.

        :return: `res.partner` with an e-mail address, without the recipient
        """
        self.ensure_one()
        level, partners = self.level_id, self.env['res.partner'].sudo()
        if self.channel not in ('email', 'letter'):
            return partners
        # sudo: colleagues' addresses are on every message that they send.
        reminder = self.sudo()
        if level.copy_salesperson:
            own = reminder.partner_id.user_id
            sellers = own or reminder.line_ids.filtered(
                lambda line: line.kind != 'credit').move_id.invoice_user_id
            partners |= sellers.partner_id
        if level.copy_manager:
            company = reminder.company_id
            partners |= (company.ar_escalation_user_id or company.ar_approver_id).partner_id
        if level.copy_escalation:
            partners |= reminder.customer_id.escalation_contact_id
        recipient = reminder.recipient_id.email_normalized
        return partners.filtered(
            lambda partner: partner.email_normalized and partner.email_normalized != recipient)

    def _get_letter_copies(self):
        """EXTENDS dunning: the names, as they stand at the foot of a letter."""
        # Printed again later, a letter names those who did get it.
        partners = self.copy_ids if self._is_frozen() else self._get_copy_partners()
        return ", ".join(partner.name for partner in partners)

    def _send_letter_copies(self):
        """EXTENDS dunning: the printed letter as PDF to those named on it.

        The mails are written in the transaction that marks the letters as sent, which happens
        once; they stand in the history of the customer.
        """
        result = super()._send_letter_copies()
        mails = []
        for reminder in self:
            partners = reminder._get_copy_partners()
            if not partners:
                continue
            reminder.copy_ids = partners
            mails.append(reminder._get_copy_mail_values(partners))
        if mails:
            # sudo: a queued mail is the system's.
            self.env['mail.mail'].sudo().create(mails)
            self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()
        return result

    def _get_copy_mail_values(self, partners):
        self.ensure_one()
        # sudo: name and address of the sender are meant for the reader.
        reminder = self.sudo().with_context(lang=self.lang)
        letter = reminder._render_message()[reminder.id]
        text = Markup("<p>%s</p>") % reminder.env._(
            "For your information, a copy of our letter %(reference)s to %(customer)s.",
            reference=reminder.name, customer=reminder.partner_id.name)
        company = reminder.company_id
        return {
            'subject': reminder.env._("Copy: %s", letter['subject']),
            # Without a PDF engine there is only the text.
            'body_html': text if reminder.attachment_id else text + letter['body'],
            'email_from': reminder.user_id.email_formatted or company.email_formatted,
            'recipient_ids': [Command.set(partners.ids)],
            'attachment_ids': [Command.set(reminder.attachment_id.ids)],
            'model': 'ar.customer', 'res_id': reminder.customer_id.id, 'auto_delete': False,
        }

    def _queue_mails(self, template):
        """EXTENDS dunning: with the copies of the level, remembered as they left."""
        result = super()._queue_mails(template)
        for reminder in self:
            partners = reminder._get_copy_partners()
            if partners:
                reminder.copy_ids = partners
                # sudo: a queued mail is the system's.
                reminder.mail_id.sudo().email_cc = ", ".join(
                    partner.email_formatted for partner in partners)
        return result

    def _message_receive_bounce(self, email, partner):
        """EXTENDS dunning: a copy that came back is no reminder that came back.

        Else the customer, who has got it, would get it again by another channel.
        """
        copied = self.sudo().filtered(
            lambda reminder: email in reminder.copy_ids.mapped('email_normalized'))
        copied.customer_id._message_log_batch({
            reminder.customer_id.id: self.env._(
                "The copy of reminder %(name)s to %(email)s came back.",
                name=reminder.name, email=email) for reminder in copied})
        return super(ArReminder, self - copied)._message_receive_bounce(email, partner)


class MailMail(models.Model):
    _inherit = 'mail.mail'

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        """EXTENDS mail: one message to the recipient and the copies, as everybody expects.

        Odoo sends copies apart, without the recipient, when he is a contact.
        """
        emails = super()._prepare_outgoing_list(mail_server, doc_to_followers)
        if self.model != 'ar.reminder' or not self.email_cc:
            return emails
        copies = [one for one in emails if one['email_cc'] and not one['email_to']]
        main = next((one for one in emails if one['partner_id']), None)
        if not copies or not main:
            return emails
        main['email_cc'] = copies[0]['email_cc']
        main['email_to_normalized'] = [
            *main['email_to_normalized'], *copies[0]['email_to_normalized']]
        return [one for one in emails if one not in copies]
