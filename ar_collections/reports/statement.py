from urllib.parse import quote

from odoo import api, fields, models
from odoo.tools.misc import format_amount, format_date

from ..models.dunning.reminder_layout import format_account
from .letter import SECTION_ROWS

INVOICES = ('out_invoice', 'out_refund', 'out_receipt')

# Rows that fit; a label that breaks into two lines takes from the slack.
ROWS_ON_FIRST = 30
ROWS_ON_PAGE = 42
# Bank details and payment code, in rows.
PAY_ROWS = 8
REF_LENGTH = 14


class ReportStatement(models.AbstractModel):
    """Statement of account on paper: many customers in one document, each in its language."""
    _name = 'report.ar_collections.report_ar_statement'
    _description = "Statement of account"

    @api.model
    def _get_report_values(self, docids, data=None):
        data = data or {}
        docids = docids or data.get('customer_ids') or []
        customers = self.env['ar.customer'].browse(docids)
        customers.check_access('read')
        documents = self._get_documents(customers, self._read_options(data))
        return {
            'doc_ids': docids, 'doc_model': 'ar.customer', 'docs': documents,
            'logo_style': self.env['ar.letter']._get_logo_style(customers.sudo().company_id),
        }

    @api.model
    def _read_options(self, data):
        """Return what `ar.statement` needs from values that may come from a browser."""
        return {
            'kind': 'movements' if data.get('kind') == 'movements' else 'open',
            'date_from': fields.Date.to_date(data.get('date_from') or False),
            'date_to': fields.Date.to_date(data.get('date_to') or False),
            'branches': bool(data.get('branches')),
        }

    @api.model
    def _get_documents(self, customers, options, lang=None):
        """Return one formatted document per customer, in the order given.

        :param customers: `ar.customer`
        :param dict options: 'kind', 'date_from', 'date_to', 'branches' of `ar.statement`
        :param str lang: of who looks at a page; that of each recipient when omitted
        """
        statements = self.env['ar.statement']._read_statements(customers, **options)
        # sudo: the right to read the customers was checked; their items come with them.
        customers = customers.sudo()
        customers._ensure_statement_tokens()
        heads, ages = {}, {}
        langs = {customer: lang or customer._get_statement_lang() for customer in customers}
        for code in set(langs.values()):
            ages[code] = [
                label for label, _first, _last
                in self.env['ar.statement'].with_context(lang=code)._get_ages()]
        options = {**options, 'ages': ages, 'langs': langs}
        return [self._get_document(customer, statements[customer.id], options, heads)
                for customer in customers]

    @api.model
    def _get_document(self, customer, sections, options, heads):
        company, lang = customer.company_id, options['langs'][customer]
        customer = customer.with_context(lang=lang)
        Letter = customer.env['ar.letter']
        if (company, lang) not in heads:
            heads[company, lang] = Letter._get_head(company, lang)
        today = company._get_ar_today()
        day = min(options['date_to'] or today, today)
        formatted = [self._format_section(customer, section, options, day, lang)
                     for section in sections]
        recipient = customer._get_statement_recipient() or customer.partner_id
        reference = customer.partner_id.ref or customer.partner_id.name
        return {
            'lang': lang, 'head': heads[company, lang],
            'address': Letter._get_address_lines(recipient.with_context(lang=lang), company),
            'place': Letter._get_place_and_date(company, today, lang),
            'date': format_date(customer.env, day, lang_code=lang),
            'date_from': format_date(
                customer.env, options['date_from'] or day, lang_code=lang),
            'kind': options['kind'], 'today': format_date(customer.env, today, lang_code=lang),
            'customer_number': customer.partner_id.ref, 'partner': customer.partner_id.name,
            'reference': reference,
            'sections': formatted,
            'pages': self._paginate(customer, formatted) if formatted else [],
            'pay': self._get_pay_values(customer, sections, reference, today, lang),
        }

    @api.model
    def _paginate(self, customer, sections):
        """Cut the tables into pages: movements first, then the open items of each currency."""
        tables = []
        for section in sections:
            parts = [kind for kind in ('movements', 'items') if section[kind]] or ['items']
            for number, kind in enumerate(parts):
                tables.append({
                    **section, 'kind': kind, 'rows': section[kind], 'not_due_rows': [],
                    'credit_rows': [], 'final': number == len(parts) - 1})
        pages = customer.env['ar.letter']._paginate(tables, ROWS_ON_PAGE, ROWS_ON_FIRST)
        used = sum(len(table['rows']) + SECTION_ROWS for table in pages[-1])
        if used + PAY_ROWS > (ROWS_ON_PAGE if len(pages) > 1 else ROWS_ON_FIRST):
            pages.append([])
        seen = set()
        for page in pages:
            for table in page:
                key = table['currency'], table['kind']
                table['first'] = key not in seen
                seen.add(key)
        return pages

    # === FORMATS === #

    @api.model
    def _shorten(self, reference):
        """Cut a reference to what one line holds: pages are counted in rows."""
        reference = reference or ''
        return reference if len(reference) <= REF_LENGTH else f"{reference[:REF_LENGTH - 1]}…"

    @api.model
    def _format_section(self, customer, section, options, date, lang):
        env, currency = customer.env, section['currency']
        Statement = env['ar.statement']

        def money(amount):
            return format_amount(env, amount, currency, lang_code=lang).replace('\ufeff', '')

        def day(value):
            return format_date(env, value, lang_code=lang) if value else ''

        def document(row):
            name = row['name'] or ''
            if options['branches'] and row['company_id'] not in (None, customer.company_id.id):
                # sudo: `_read_statements` asked whether the branch may be read.
                branch = env['res.company'].sudo().browse(row['company_id'])
                name = f"{name} ({branch.name})"
            return name

        def late(item):
            return item['days'] if item['days'] > 0 and item['residual'] > 0 else ''

        return {
            'currency': currency.name, 'is_movements': options['kind'] == 'movements',
            'items': [
                {'document': document(item), 'label': Statement._get_kind_label(item),
                 'ref': self._shorten(item['ref']) if item['move_type'] == 'out_invoice' else '',
                 'date': day(item['date']), 'move_id': item['move_id'],
                 'is_document': item['move_type'] in INVOICES,
                 'due': day(item['due_date']) if item['residual'] > 0 else '',
                 'late': late(item), 'amount': money(item['amount']),
                 'residual': money(item['residual'])}
                for item in section['items']],
            'movements': [
                {'document': document(row), 'label': Statement._get_kind_label(row),
                 'date': day(row['date']), 'move_id': row['move_id'],
                 'is_document': row['move_type'] in INVOICES,
                 'due': day(row['due_date']) if row['amount'] > 0 else '',
                 'debit': money(row['amount']) if row['amount'] > 0 else '',
                 'credit': money(-row['amount']) if row['amount'] < 0 else '',
                 'balance': money(row['balance'])}
                for row in section['movements']],
            'opening': money(section['opening']), 'closing': money(section['closing']),
            'balance': money(section['balance']), 'due': money(section['due']),
            'has_due': bool(section['due']),
            'debit': money(section['balance'] - section['credit']),
            'credit': money(section['credit']) if section['credit'] else False,
            'ages': [(label, money(amount)) for label, amount
                     in zip(options['ages'][lang], section['ages'], strict=True)],
        }

    # === PAYMENT === #

    @api.model
    def _get_pay_values(self, customer, sections, reference, today, lang):
        """Return how to pay: bank account, link, one code for the amount due, and what is not to
        be paid to us at all.

        One code only: two of them side by side, and the wrong one is scanned. It is for the
        currency of the company when something is due in it, else for the first that has a method.
        """
        bank = self._get_bank(customer.company_id)
        due = [section for section in sections if section['due']]
        values = {'bank': False, 'qr': False, 'due': [], 'url': False, 'elsewhere': [
            (format_amount(customer.env, amount, section['currency'], lang_code=lang).replace(
                '\ufeff', ''), payee)
            for section in sections for amount, payee in section['elsewhere']], 'unasked': [
            (format_amount(customer.env, amount, section['currency'], lang_code=lang).replace(
                '\ufeff', ''), customer.env['ar.statement']._get_unasked_text(code))
            for section in sections for code, amount in section['unasked']]}
        for section in due:
            amount = format_amount(
                customer.env, section['due'], section['currency'], lang_code=lang)
            values['due'].append(amount.replace('\ufeff', ''))
        if due:
            values['url'] = customer._get_statement_url()
        # Where nothing but that is owed, no account stands below it to pay to.
        if not bank or values['unasked'] and not due and not values['elsewhere']:
            return values
        number, is_iban = format_account(bank.acc_number or '')
        values['bank'] = {
            'holder': bank.acc_holder_name or bank.partner_id.name, 'is_iban': is_iban,
            'number': number, 'bic': bank.bank_bic, 'bank': bank.bank_name,
        }
        for section in due:
            code = bank.build_qr_code_base64(
                section['due'], f"{reference} {today.isoformat()}", '', section['currency'],
                customer.partner_id)
            if code:
                amount = format_amount(
                    customer.env, section['due'], section['currency'], lang_code=lang)
                values.update(qr=code, qr_amount=amount.replace('\ufeff', ''))
                break
        return values

    @api.model
    def _get_bank(self, company):
        """Return the account to pay to; a branch without one is paid through its parent."""
        # sudo: the company's own bank details are printed on every invoice.
        company = company.sudo()
        while company:
            bank = company.partner_id.bank_ids.filtered_domain(
                [('company_id', 'in', (False, company.id))])[:1]
            if bank:
                return bank
            company = company.parent_id
        return self.env['res.partner.bank']

    @api.model
    def _get_file_name(self, customer, date):
        """Return the name of the file, in the language of the context, without its extension."""
        name = self.env._(
            "Statement %(customer)s %(date)s", customer=customer.partner_id.name,
            date=date.isoformat())
        return quote(name, safe=" ()-_.éèàùçâêîôûëïüäöÉÈÀÇ'&").replace('%', '')
