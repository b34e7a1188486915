from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import is_html_empty

from .reminder_layout import ITEMS_MARKER


class ArReminder(models.Model):
    """What the customer reads: one renderer for the preview and for the real thing."""
    _inherit = 'ar.reminder'

    lang = fields.Char(compute='_compute_lang', help="Language of the recipient.")
    items_html = fields.Html(
        string="Table of items", compute='_compute_items_html', sanitize=False,
        help="Table of the items, totals per currency and bank details.")
    preview_subject = fields.Char(string="Subject as it leaves", compute='_compute_preview')
    preview_body = fields.Html(
        string="Text as it leaves", compute='_compute_preview', sanitize=False)
    bank_ids = fields.Many2many('res.partner.bank', compute='_compute_bank_ids')

    @api.depends('recipient_id.lang', 'partner_id.lang')
    def _compute_lang(self):
        for reminder in self:
            reminder.lang = (
                reminder.recipient_id.lang or reminder.partner_id.lang
                or reminder.company_id.partner_id.lang or self.env.lang)

    @api.depends('company_id')
    def _compute_bank_ids(self):
        for reminder in self:
            # sudo: the company's own bank details are printed on every invoice.
            company = reminder.company_id.sudo()
            reminder.bank_ids = company.partner_id.bank_ids.filtered_domain(
                [('company_id', 'in', (False, company.id))])[:1]

    @api.depends('line_ids', 'lang')
    @api.depends_context('ar_items_marker')
    def _compute_items_html(self):
        marker = Markup('<p>%s</p>') % ITEMS_MARKER
        if len(self) > 1:
            self._read_ahead()
        for reminder in self:
            if self.env.context.get('ar_items_marker'):
                reminder.items_html = marker
            else:
                reminder.items_html = reminder._render_items()

    @api.depends('state', 'channel', 'line_ids', 'custom_subject', 'custom_body', 'lang')
    def _compute_preview(self):
        for reminder in self:
            if reminder.body:
                reminder.preview_subject, reminder.preview_body = reminder.subject, reminder.body
                continue
            # While the form is being edited, the preview is the one of the last saved state.
            saved = reminder._origin
            if not saved:
                reminder.preview_subject = reminder.preview_body = False
                continue
            message = saved._render_message()[saved.id]
            reminder.preview_subject = message['subject']
            reminder.preview_body = message['body']

    # === RENDERING === #

    def _get_sections(self):
        """Return the lines by currency with their totals, for the table and the letter.

        :return: list of {'currency', 'lines', 'not_due_lines', 'credits', 'due', 'not_due',
            'credit', 'claimed'}; amounts in that currency, credits negative. Items listed for
            information that are not due yet stand apart: they are not claimed. Credits lower what
            is claimed, but for the items of `_get_items_kept_apart`.
        """
        self.ensure_one()
        subtract = self.policy_id.netting == 'subtract' and not self.move_id
        sections = []
        for currency, lines in self.line_ids.grouped('currency_id').items():
            credits = lines.filtered(lambda line: line.kind == 'credit')
            not_due = (lines - credits).filtered(lambda line: not line._is_claimed())
            items = lines - credits - not_due
            due = currency.round(sum(items.mapped('amount_residual_currency')))
            apart = currency.round(sum(
                self._get_items_kept_apart(items).mapped('amount_residual_currency')))
            credit = currency.round(sum(credits.mapped('amount_residual_currency')))
            sections.append({
                'currency': currency, 'credits': credits, 'due': due, 'credit': credit,
                'lines': items.sorted(lambda line: (line.date_maturity, line.name or '')),
                'not_due_lines': not_due.sorted(lambda line: (line.date_maturity, line.name or '')),
                'not_due': currency.round(sum(not_due.mapped('amount_residual_currency'))),
                'claimed': currency.round(
                    apart + max(due - apart + credit, 0.0)) if subtract else due,
            })
        return sections

    def _get_items_kept_apart(self, items):
        """Hook: return the items that credits with us do not pay, as the engine's
        `_get_kept_apart_condition` says.

        :param items: claimed `ar.reminder.line` of this reminder
        """
        return items.browse()

    def _get_links(self):
        """Return the payment page of each listed invoice: {move_id: url}, with access token."""
        self.ensure_one()
        if not self.level_id.payment_link:
            return {}
        base = self.get_base_url()
        return {
            move.id: f"{base}/my/invoices/{move.id}?access_token={move.access_token}"
            for move in self.line_ids.filtered(lambda line: line.kind != 'credit').move_id
            if move.access_token and move.move_type in ('out_invoice', 'out_receipt')
        }

    def _render_message(self, with_marker=False):
        """Render subject and text of each reminder in the recipient's language.

        :param bool with_marker: put the marker [[items]] in place of the table
        :return: {id: {'subject': str, 'body': Markup}}
        """
        messages = {}
        for reminder in self:
            channel = reminder.channel if reminder.channel != 'task' else 'email'
            if reminder.custom_body and not with_marker and channel in ('email', 'letter'):
                message = {
                    'subject': reminder.custom_subject or reminder.level_id.name,
                    'body': reminder._place_items(
                        reminder.custom_body, reminder._render_items()),
                }
            elif channel == 'sms':
                message = {'subject': False,
                           'body': Markup('<p>%s</p>') % reminder._render_text('sms_body')}
            elif channel == 'call':
                message = {'subject': reminder._get_activity_summary('call'),
                           'body': reminder._get_activity_note()}
            elif channel == 'letter' and not is_html_empty(reminder.level_id.letter_body):
                message = reminder._render_letter_text(with_marker)
            else:
                message = reminder._render_mail_text(with_marker)
            messages[reminder.id] = message
        return messages

    def _render_mail_text(self, with_marker=False):
        self.ensure_one()
        template = self.level_id.mail_template_id
        if not template:
            return {'subject': self.level_id.name, 'body': self._render_items()}
        # sudo: templates are written by administrators; rendering them needs their rights.
        template = template.sudo().with_context(ar_items_marker=with_marker)
        values = template._generate_template(self.ids, ('subject', 'body_html'))[self.id]
        return {'subject': values['subject'], 'body': values['body_html']}

    def _render_text(self, field):
        """Render the SMS text or the call script of the level in the right language.

        Also of a draft in memory: `_ids`, because `ids` leaves out what is not stored.
        """
        self.ensure_one()
        lang = self.lang if field == 'sms_body' else (self.user_id.lang or self.env.lang)
        source = self.level_id.sudo().with_context(lang=lang)[field] or ''
        text = self.env['mail.render.mixin'].sudo().with_context(lang=lang)._render_template(
            source, 'ar.reminder', self._ids, engine='inline_template')[self.id]
        if field != 'sms_body':
            return text  # On a screen an amount must not break in two.
        # One character outside the SMS alphabet halves what fits into a message.
        return text.replace('\xa0', ' ').replace('\u202f', ' ')
