import re

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import format_amount, format_date

MARKERS = ('amount', 'days', 'creditor', 'debtor', 'items', 'costs')
MARKER = re.compile(r'\[\[(%s)\]\]' % '|'.join(MARKERS))
NEEDED = ('amount', 'items')
# What somebody has read who confirms a text.
READ = {'body', 'subject', 'days', 'country_id', 'debtor', 'names_goods'}


class ArFormalNoticeText(models.Model):
    """The formal notice of one country and one kind of debtor, with the source of its content.

    A text that nobody confirmed is never printed.
    """
    _name = 'ar.formal.notice.text'
    _description = "Text of a formal notice"
    _order = 'sequence, country_id, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', help="Empty: for every company.")
    country_id = fields.Many2one('res.country', required=True, index=True)
    debtor = fields.Selection(
        [('business', "Business"), ('consumer', "Consumer"), ('public', "Public body")],
        required=True, default='business')
    days = fields.Integer(
        string="Days to pay", required=True, default=8,
        help="Counted from the receipt of the letter.")
    subject = fields.Char(required=True, translate=True)
    body = fields.Html(
        required=True, translate=True,
        help="[[amount]], [[days]], [[creditor]], [[debtor]] are replaced; [[items]] is the "
             "table of what is owed, with the bank details; [[costs]] is what collecting it costs "
             "by the rule of law of the customer.")
    names_goods = fields.Boolean(
        string="Names goods and company number",
        help="The letter says what was supplied on each invoice, and our company number (Belgium, "
             "Book XIX). It is not printed while one of them is missing.")
    content = fields.Text(
        string="What it must say", translate=True,
        help="The content that the law asks for, to check the text against.")
    source = fields.Char(required=True)
    state = fields.Selection(
        [('unconfirmed', "To confirm"), ('confirmed', "Confirmed")], required=True,
        default='unconfirmed', readonly=True, copy=False)
    confirmed_by_id = fields.Many2one('res.users', readonly=True, copy=False)
    confirmed_on = fields.Date(readonly=True, copy=False)

    _days_positive = models.Constraint('CHECK(days > 0)', "Give at least one day to pay.")

    @api.constrains('body', 'subject')
    def _check_body(self):
        # Each language is a text of its own.
        for lang, _name in self.env['res.lang'].get_installed():
            for text in self.with_context(lang=lang):
                try:
                    text._check_markers()
                except UserError as error:
                    raise ValidationError(str(error)) from error

    def _check_markers(self):
        """Refuse a text of which anything between brackets would be printed as it stands.

        In the language of the context; translations come in by other ways than this form, too.

        :raise UserError: naming what nothing replaces, or what is missing
        """
        self.ensure_one()
        known = ", ".join(f"[[{name}]]" for name in MARKERS)
        for text, lacking in ((self.subject or '', ()), (str(self.body or ''), NEEDED)):
            rest = MARKER.sub('', text)
            if '[[' in rest or ']]' in rest:
                found = re.search(r'\[\[.*?\]\]', rest, re.DOTALL)
                raise UserError(self.env._(
                    "Nothing replaces %(unknown)s in the text %(text)s (%(lang)s). Known: "
                    "%(known)s.", unknown=found.group() if found else "[[ ]]", text=self.name,
                    lang=self.env.lang or 'en_US', known=known))
            if not set(lacking) <= set(MARKER.findall(text)):
                raise UserError(self.env._(
                    "A notice names what is owed: put [[amount]] and [[items]] into the text "
                    "%(text)s (%(lang)s).", text=self.name, lang=self.env.lang or 'en_US'))

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            for vals in vals_list:
                vals.update(state='unconfirmed')
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and {'state', 'confirmed_by_id', 'confirmed_on'} & set(vals):
            raise UserError(self.env._("Confirm a text by its button."))
        # Other words are another text: somebody reads it again.
        if not self.env.su and READ & set(vals):
            self.sudo().filtered(lambda text: text.state == 'confirmed').write({
                'state': 'unconfirmed', 'confirmed_by_id': False, 'confirmed_on': False})
        return super().write(vals)

    def action_confirm(self):
        """Take the responsibility for the text: from now on notices are printed with it."""
        self.check_access('write')
        self.sudo().write({
            'state': 'confirmed', 'confirmed_by_id': self.env.uid,
            'confirmed_on': fields.Date.context_today(self)})
        return True

    def action_withdraw(self):
        """Take the text out of use."""
        self.check_access('write')
        self.sudo().write({
            'state': 'unconfirmed', 'confirmed_by_id': False, 'confirmed_on': False})
        return True


class ArLegalCase(models.Model):
    """The formal notice of a case: text by country, PDF on file, registered letter, receipt."""
    _inherit = 'ar.legal.case'

    notice_text_id = fields.Many2one(
        'ar.formal.notice.text', string="Text of the notice", compute='_compute_notice_text_id',
        store=True, readonly=False, precompute=True,
        domain="[('state', '=', 'confirmed'), '|', ('company_id', '=', False),"
               " ('company_id', '=', company_id)]",
        help="The confirmed text of the customer's country. Choose another one where the "
             "contract is under another law.")
    notice_date = fields.Date(string="Notice of", readonly=True, copy=False)
    notice_attachment_id = fields.Many2one(
        'ir.attachment', string="Notice on file", readonly=True, copy=False)
    notice_sent_on = fields.Date(
        string="Posted on", tracking=True, copy=False, help="Day of the registered letter.")
    notice_tracking = fields.Char(string="Tracking number", tracking=True, copy=False)
    notice_received_on = fields.Date(
        string="Received on", tracking=True, copy=False,
        help="Day on the receipt; the days to pay run from here.")
    notice_deadline = fields.Date(
        string="To be paid by", compute='_compute_notice_deadline', store=True)

    @api.depends('customer_id')
    def _compute_notice_text_id(self):
        for case in self:
            case.notice_text_id = case._find_notice_text()

    @api.depends('notice_received_on', 'notice_text_id')
    def _compute_notice_deadline(self):
        for case in self:
            case.notice_deadline = case.notice_received_on and fields.Date.add(
                case.notice_received_on, days=case.notice_text_id.days)

    @api.constrains('notice_sent_on', 'notice_received_on')
    def _check_notice_dates(self):
        for case in self:
            if case.notice_received_on and (
                    not case.notice_sent_on or case.notice_received_on < case.notice_sent_on):
                raise ValidationError(self.env._(
                    "A notice is posted before it is received: check both days."))

    def _find_notice_text(self):
        """Return the confirmed text of the customer's country and kind, or none.

        Without a country there is none: the law of another one must not be quoted.
        """
        return self._find_notice_texts().filtered(lambda text: text.state == 'confirmed')[:1]

    def _find_notice_texts(self):
        """Return the texts of the customer's country and kind, confirmed or not."""
        self.ensure_one()
        country = self.customer_id.partner_id.country_id
        if not country:
            return self.env['ar.formal.notice.text']
        # sudo: choosing among texts that everybody who prints them may read.
        return self.env['ar.formal.notice.text'].sudo().search([
            ('country_id', '=', country.id),
            ('debtor', '=', self._get_notice_debtor()),
            ('company_id', 'in', (False, self.company_id.id)),
        ], order='company_id, sequence, id')

    def _describe_missing_text(self):
        """Return why no notice can be printed, and what to do."""
        self.ensure_one()
        country = self.partner_id.country_id
        if not country:
            return self.env._(
                "%s has no country, so nobody knows whose law the notice must follow. Enter the "
                "country on the contact, or choose a text on the case.", self.partner_id.name)
        kinds = dict(self.env['ar.formal.notice.text']._fields['debtor']._description_selection(
            self.env))
        waiting = self._find_notice_texts()[:1]
        if waiting:
            return self.env._(
                "No confirmed text for %(country)s (%(kind)s): a credit manager reads and confirms "
                "“%(text)s” under Configuration, Formal notices, or choose a text on the case.",
                country=country.name, kind=kinds[self._get_notice_debtor()], text=waiting.name)
        return self.env._(
            "No confirmed text for %(country)s (%(kind)s), and none is delivered: write one with "
            "your counsel under Configuration, Formal notices, or hand the case to a lawyer.",
            country=country.name, kind=kinds[self._get_notice_debtor()])

    def _get_notice_costs(self):
        """Hook: return what collecting costs by the law, in words of the debtor, or False."""
        return False

    def _get_notice_mentions(self, lines):
        """Hook: return sentences that the law wants below the table of what is owed.

        :param lines: lines of the case that are owed, in the language of the letter
        :raise UserError: when a sentence is wanted and cannot be said
        """
        return []

    def _get_notice_debtor(self):
        """Hook: return the kind of debtor for whom the text must be written."""
        self.ensure_one()
        partner = self.customer_id.partner_id
        return 'business' if partner.is_company or partner.vat else 'consumer'

    def _check_pursuit(self, target):
        """Hook: raise a UserError where the law forbids to go on with the case.

        :param str target: 'notice', 'agency', 'lawyer' or 'court'
        """

    def write(self, vals):
        result = super().write(vals)
        for name in {'notice_sent_on', 'notice_received_on'} & set(vals):
            for case in self.filtered(name):
                number = case.notice_tracking or "–"
                case._log_step(
                    case.stage, self.env._("Notice posted, registered letter %s", number)
                    if name == 'notice_sent_on' else
                    self.env._("Notice received, registered letter %s", number),
                    date=case[name], kind='notice', attachment=case.notice_attachment_id)
        return result

    def _get_derived_fields(self):
        return super()._get_derived_fields() | {
            'notice_date', 'notice_attachment_id', 'notice_deadline'}

    def action_print_notice(self):
        """Make the notice: its PDF is filed with the case, then opened to be printed and posted.

        A notice that was posted stays as it is: its PDF is opened again.
        """
        self.ensure_one()
        self.check_access('write')
        if not self.notice_sent_on or not self.notice_attachment_id:
            self._make_notice()
        return {
            'type': 'ir.actions.act_url', 'target': 'download',
            'url': f'/web/content/{self.notice_attachment_id.id}?download=true',
        }

    def _make_notice(self, date=None):
        """Print the notice and file it with the case.

        :param date date: day on the letter; today when omitted
        """
        self.ensure_one()
        if self.stage == 'closed':
            raise UserError(self.env._("%s is closed.", self.name))
        if not self.notice_text_id:
            raise UserError(self._describe_missing_text())
        if self.notice_text_id.sudo().state != 'confirmed':
            raise UserError(self.env._(
                "Nobody has confirmed the text %s.", self.notice_text_id.sudo().name))
        if not self._is_owed():
            raise UserError(self.env._("Nothing is owed on %s any more.", self.name))
        self._check_pursuit('notice')
        # sudo: the notice is filed with the case, whoever may write attachments elsewhere.
        case = self.sudo()
        case.notice_date = date or self.company_id._get_ar_today()
        content, kind = self.env['ir.actions.report'].sudo()._render_qweb_pdf(
            'ar_collections.ar_formal_notice_report', res_ids=self.ids)
        replaced = case.notice_attachment_id
        case.notice_attachment_id = self.env['ir.attachment'].sudo().create({
            'name': f"{self.name.replace('/', '-')}-notice.{kind}", 'raw': content,
            'res_model': self._name, 'res_id': self.id,
            'mimetype': 'application/pdf' if kind == 'pdf' else 'text/html'})
        if not case.step_ids.filtered(lambda step: step.attachment_id == replaced):
            # Printed again before it was posted: nobody has seen the first one.
            replaced.unlink()

    # === LETTER === #

    def _get_notice_lang(self):
        self.ensure_one()
        return self.partner_id.lang or self.company_id.partner_id.lang or 'en_US'

    def _get_notice_document(self):
        """Return the letter, formatted in the language of the customer."""
        self.ensure_one()
        lang = self._get_notice_lang()
        # sudo: the right to read the case was checked; what the letter quotes comes with it.
        case = self.sudo().with_context(lang=lang)
        env, company = case.env, case.company_id
        Letter = env['ar.letter']

        def money(amount, currency):
            return format_amount(env, amount, currency, lang_code=lang).replace('\ufeff', '')

        def day(date):
            return format_date(env, date, lang_code=lang) if date else ''

        date = case.notice_date or company._get_ar_today()
        lines = case.line_ids.filtered(
            lambda line: line.currency_id.compare_amounts(line.residual, 0) > 0)
        totals = [
            (currency.name, money(sum(of.mapped('residual')), currency))
            for currency, of in lines.grouped('currency_id').items()]
        rows = [
            (line.move_id.name, day(line.invoice_date or line.move_line_id.date),
             day(line._get_due_date()), max((date - line._get_due_date()).days, 0),
             money(line.move_line_id.amount_currency, line.currency_id),
             money(line.residual, line.currency_id))
            for line in lines.sorted(lambda line: (line._get_due_date(), line.id))]
        text = case.notice_text_id
        text._check_markers()
        values = {
            'amount': " + ".join(total for _name, total in totals), 'days': str(text.days),
            'creditor': company.name, 'debtor': case.partner_id.name}
        if '[[costs]]' in f"{text.subject}{text.body}":
            values['costs'] = case._get_notice_costs()
            if not values['costs']:
                raise UserError(self.env._(
                    "The text %(text)s names the costs of collection, and no confirmed rule of law "
                    "gives them for %(customer)s. Confirm the rule under Configuration, Rules of "
                    "law, or write the amount into the text.",
                    text=text.name, customer=case.partner_id.name))
        before, _marker, after = str(text.body).partition('[[items]]')
        return {
            'lang': lang, 'head': Letter._get_head(company, lang),
            'address': Letter._get_address_lines(
                case.partner_id.with_context(lang=lang), company),
            'place': Letter._get_place_and_date(company, date, lang),
            'reference': case.name, 'customer_number': case.partner_id.ref,
            'subject': case._fill_markers(text.subject, values, str),
            'before': Markup(case._fill_markers(before, values, self._escape)),
            'after': Markup(case._fill_markers(after, values, self._escape)),
            'rows': rows, 'totals': totals, 'mentions': case._get_notice_mentions(lines),
            'bank': env['ar.reminder'].new({'company_id': company.id})._get_bank_values(),
            'sender': case.user_id.sudo().name, 'tracking': case.notice_tracking,
        }

    @staticmethod
    def _escape(value):
        return str(Markup.escape(value))

    def _fill_markers(self, text, values, escape):
        return MARKER.sub(lambda found: escape(values[found.group(1)]), str(text or ''))


class ReportFormalNotice(models.AbstractModel):
    _name = 'report.ar_collections.report_ar_formal_notice'
    _description = "Formal notice"

    @api.model
    def _get_report_values(self, docids, data=None):
        return self.env['ar.letter']._get_values('ar.legal.case', docids, '_get_notice_document')
