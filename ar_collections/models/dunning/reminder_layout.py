import re

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools.misc import format_amount, format_date

ITEMS_MARKER = '[[items]]'
# Quoting every invoice helps the customer's accountant up to here; beyond, one number is clearer.
MAX_QUOTED = 4
IBAN = re.compile(r'[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}')


def format_account(number):
    """Group an IBAN by four as people copy it; leave any other account number alone.

    Odoo knows the type of an account only when its IBAN module is installed.

    :return: (number as printed, whether it is an IBAN)
    """
    plain = re.sub(r'[\s.-]', '', number).upper()
    if not IBAN.fullmatch(plain):
        return number, False
    # ISO 13616: country and check digits go to the end, letters become numbers, modulo 97 is 1.
    if int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 != 1:
        return number, False
    return " ".join(plain[i:i + 4] for i in range(0, len(plain), 4)), True


class ArReminder(models.Model):
    """The shape of a message: salutation, amounts, table of items, bank details, signature.

    Everything is formatted here, once and in the recipient's language, so that the templates
    only place it: they are rendered for hundreds of customers in a row.
    """
    _inherit = 'ar.reminder'

    salutation = fields.Char(
        compute='_compute_salutation', help="Opening words, in the recipient's language.")
    amount_text = fields.Char(
        string="Amount in words of the recipient", compute='_compute_amount_text',
        help="What the message asks for, currency by currency, in the recipient's format.")
    signature_html = fields.Html(
        string="Signature", compute='_compute_signature_html', sanitize=False,
        help="Collector, company and how to reach them.")

    # === COMPUTES === #

    @api.depends('recipient_id', 'lang')
    def _compute_salutation(self):
        for reminder in self:
            env = reminder.with_context(lang=reminder.lang).env
            recipient = reminder.recipient_id
            if recipient.is_company or not recipient.name:
                reminder.salutation = env._("Dear Sir or Madam,")
            else:
                reminder.salutation = env._("Dear %s,", recipient.name)

    @api.depends('line_ids.amount_residual_currency', 'amount_claimed', 'lang')
    def _compute_amount_text(self):
        for reminder in self:
            env = reminder.with_context(lang=reminder.lang).env
            amounts = [
                reminder._format_amount(section['claimed'], section['currency'])
                for section in reminder._get_sections() if section['claimed']
            ] or [reminder._format_amount(reminder.amount_claimed, reminder.currency_id)]
            *first, last = amounts
            reminder.amount_text = last if not first else env._(
                "%(first)s and %(last)s", first=", ".join(first), last=last)

    @api.depends('user_id', 'company_id', 'lang')
    def _compute_signature_html(self):
        """Two short lines; each part only when it is known."""
        for reminder in self:
            # sudo: name and phone of the sender are meant for the customer.
            person, company = reminder.user_id.sudo().partner_id, reminder.company_id.sudo()
            contact = [person.phone or company.phone, person.email or company.email]
            lines = [person.name, company.name, " · ".join(part for part in contact if part)]
            reminder.signature_html = Markup('<p>%s</p>') % Markup('<br/>').join(
                line for line in lines if line)

    # === FORMATS === #

    def _format_amount(self, amount, currency):
        """Format in the recipient's language; the invisible mark of Odoo would print as a box."""
        return self._format_once(
            (self.lang, currency.id, amount),
            lambda: format_amount(self.env, amount, currency, lang_code=self.lang).replace(
                '\ufeff', ''))

    def _format_date(self, date):
        if not date:
            return ''
        return self._format_once(
            (self.lang, date), lambda: format_date(self.env, date, lang_code=self.lang))

    def _format_once(self, key, make):
        """Remember a formatted value for this transaction: a batch repeats most of them."""
        known = self.env.cr.cache.setdefault('ar_collections.formats', {})
        if key not in known:
            known[key] = make()
        return known[key]

    def _read_ahead(self):
        """Read in a few queries what the texts of all these reminders need, one by one, later."""
        # sudo: see `_render_items`.
        reminders = self.sudo()
        reminders.line_ids.mapped('name')
        reminders.recipient_id.commercial_partner_id.mapped('name')
        # Narrow: rendering would fetch every column of the invoices.
        reminders.line_ids.move_id.fetch(['payment_reference', 'access_token', 'move_type'])
        for name in ('lang', 'bank_ids', 'salutation', 'signature_html', 'amount_text'):
            reminders.mapped(name)

    # === ITEMS === #

    def _render_items(self, template='ar_collections.reminder_items', values=None):
        """Render the table of items with totals and bank details.

        :param str template: the e-mail shape by default; letters have their own
        :param dict values: what `_get_items_values` returned, when it is known already
        """
        self.ensure_one()
        # sudo: the items belong to the message, whatever else its reader may open.
        reminder = self.sudo().with_context(lang=self.lang)
        return reminder.env['ir.qweb']._render(
            template, values or reminder._get_items_values(), lang=self.lang,
            minimal_qcontext=True)

    def _get_items_values(self):
        """Return what the templates of items show, formatted.

        :return: {'reminder', 'sections', 'bank', 'reference', 'pay_url', 'color'}
        """
        self.ensure_one()
        links = self._get_links()
        sections = [self._format_section(section, links) for section in self._get_sections()]
        company = self.company_id
        return {
            'reminder': self,
            'sections': sections,
            'bank': self._get_bank_values(),
            'reference': self._get_payment_reference(),
            'pay_url': next(iter(links.values())) if len(links) == 1 else False,
            'color': company.email_secondary_color or '#875A7B',
            'button_color': company.email_primary_color or '#FFFFFF',
        }

    def _format_section(self, section, links):
        """Turn the lines and totals of one currency into text.

        Rows are (number, link, date, due date, days late, amount, remaining).
        """
        currency = section['currency']
        # More credit than what is owed to us stays the customer's.
        deducted = currency.round(section['due'] - section['claimed'])
        left = currency.round(-section['credit'] - deducted)
        subtract = self.policy_id.netting == 'subtract' and not self.move_id and (
            not section['credits'] or deducted > 0)

        def money(amount):
            return self._format_amount(amount, currency)

        def rows(lines):
            return [
                (line.name or '', links.get(line.move_id.id, ''),
                 self._format_date(line.invoice_date),
                 '' if line.kind == 'credit' else self._format_date(line.date_maturity),
                 line.days_overdue if line.days_overdue > 0 else '',
                 money(line.amount_total), money(line.amount_residual_currency))
                for line in lines
            ]

        return {
            'currency': currency.name,
            'late': any(line.days_overdue > 0 for line in section['lines']),
            'rows': rows(section['lines']),
            'not_due_rows': rows(section['not_due_lines']),
            'credit_rows': rows(section['credits']),
            'subtract': subtract,
            'due': money(section['due']), 'claimed': money(section['claimed']),
            'credit': money(-deducted if subtract else section['credit']) if (
                section['credits']) else False,
            'credit_left': money(left) if subtract and left > 0 else False,
        }

    def _get_bank_values(self):
        """Return the account to pay to, as people read it, or False."""
        bank = self.bank_ids[:1]
        if not bank:
            return False
        number, is_iban = format_account(bank.acc_number or '')
        return {
            'holder': bank.acc_holder_name or bank.partner_id.name,
            'is_iban': is_iban, 'number': number,
            'bic': bank.bank_bic, 'bank': bank.bank_name,
        }

    def _get_payment_reference(self, lines=None):
        """Return what the customer should quote: invoice references, or its number and ours.

        :param lines: the `ar.reminder.line` to be paid; everything claimed when omitted
        """
        if lines is None:
            lines = self.line_ids.filtered(lambda line: line._is_claimed())
        lines = lines.sorted(lambda line: (line.date_maturity, line.name or ''))
        quoted = list(dict.fromkeys(
            line.move_id.payment_reference or line.name for line in lines
            if line.move_id.payment_reference or line.name))
        if 0 < len(quoted) <= MAX_QUOTED:
            return ", ".join(quoted)
        return ", ".join(part for part in (self.partner_id.ref, self.name) if part)

    @api.model
    def _place_items(self, body, table):
        """Put ``table`` where the text has its marker, else at the end."""
        body = Markup(body or '')
        for marker in (Markup('<p>%s</p>') % ITEMS_MARKER, ITEMS_MARKER):
            if marker in body:
                return body.replace(marker, table, 1).replace(ITEMS_MARKER, '')
        return body + table

    # === LETTER === #

    def _render_letter_text(self, with_marker=False):
        """Render the level's letter; its subject is that of the e-mail, without the company."""
        self.ensure_one()
        level = self.level_id.sudo().with_context(lang=self.lang)
        Render = self.env['mail.render.mixin'].sudo().with_context(
            lang=self.lang, ar_items_marker=True)
        body = Render._render_template(
            level.letter_body, 'ar.reminder', self.ids, engine='qweb')[self.id]
        if not with_marker:
            body = self._place_items(body, self._render_items())
        elif ITEMS_MARKER not in body:
            body += Markup('<p>%s</p>') % ITEMS_MARKER
        subject = level.name
        template = level.mail_template_id
        if template:
            subject = template._render_field('subject', self.ids, compute_lang=True)[self.id]
        return {'subject': subject.removesuffix(f" - {self.company_id.name}"), 'body': body}

    def _render_letter(self):
        """Return subject and text of the letter, with the table in its print shape.

        A letter that has left is printed again with the words it had.
        """
        self.ensure_one()
        if self.body:
            return {'subject': self.subject, 'body': self.body, 'annex': False}
        if self.custom_body:
            subject, body = self.custom_subject or self.level_id.name, self.custom_body
        else:
            message = self._render_message(with_marker=True)[self.id]
            subject, body = message['subject'], message['body']
        values = self.sudo().with_context(lang=self.lang)._get_items_values()
        annex = self.env['ar.letter']._paginate_annex(values['sections'])
        table = self._render_items(
            'ar_collections.letter_items_annexed' if annex else 'ar_collections.letter_items',
            values)
        return {'subject': subject, 'body': self._place_items(body, table), 'annex': annex}
