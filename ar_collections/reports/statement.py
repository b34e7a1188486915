from odoo import api, models
from odoo.tools.misc import format_amount, format_date

# Room is left for the bank details.
ROWS_ON_FIRST = 27
ROWS_ON_PAGE = 40
# Days overdue up to which each column of the ageing line runs; the last one has no end.
AGES = (0, 30, 60, 90)


class ReportStatement(models.AbstractModel):
    """Statement of account: all open items and credits of a customer, currency by currency."""
    _name = 'report.ar_collections.report_ar_statement'
    _description = "Statement of account"

    @api.model
    def _get_report_values(self, docids, data=None):
        customers = self.env['ar.customer'].browse(docids)
        customers.check_access('read')
        return {
            'doc_ids': docids, 'doc_model': 'ar.customer',
            'docs': [self._get_statement(customer) for customer in customers],
            'logo_style': self.env['ar.letter']._get_logo_style(customers.company_id),
        }

    @api.model
    def _get_statement(self, customer):
        # sudo: the right to read the customer was checked; its items come with it.
        customer = customer.sudo()
        company = customer.company_id
        lang = customer.partner_id.lang or company.partner_id.lang or self.env.lang
        customer = customer.with_context(lang=lang)
        today = company._get_ar_today()
        recipient = customer.collections_contact_id or customer.partner_id
        Letter = self.env['ar.letter'].sudo()
        sections = self._get_sections(customer, today, lang)
        return {
            'lang': lang, 'head': Letter._get_head(company, lang),
            'address': Letter._get_address_lines(recipient.with_context(lang=lang), company),
            'place': Letter._get_place_and_date(company, today, lang),
            'date': format_date(customer.env, today, lang_code=lang),
            'customer_number': customer.partner_id.ref,
            'partner': customer.partner_id.name,
            'pages': Letter._paginate(sections, ROWS_ON_PAGE, ROWS_ON_FIRST) if sections else [],
            'bank': self._get_bank(customer),
        }

    @api.model
    def _get_sections(self, customer, today, lang):
        """Return the open items by currency, formatted, with totals and ageing."""
        lines = customer.env['account.move.line'].search(
            customer._get_open_items_domain(), order='date_maturity, date, id')
        sections = []
        for currency, items in lines.grouped('currency_id').items():
            sections.append(self._get_section(customer, currency, items, today, lang))
        return sections

    @api.model
    def _get_section(self, customer, currency, items, today, lang):
        env = customer.env

        def money(amount):
            return format_amount(env, amount, currency, lang_code=lang).replace('\ufeff', '')

        def day(date):
            return format_date(env, date, lang_code=lang) if date else ''

        ages = [0.0] * (len(AGES) + 1)
        rows, credit_rows = [], []
        for line in items:
            amount = line.amount_residual_currency
            due = line.date_maturity or line.date
            late = (today - due).days
            credit = amount < 0
            row = (line.move_id.name or '', '', day(line.move_id.invoice_date or line.date),
                   '' if credit else day(due), late if late > 0 and not credit else '',
                   money(line.amount_currency), money(amount))
            (credit_rows if credit else rows).append(row)
            if not credit:
                ages[sum(late > limit for limit in AGES)] += amount
        debit = sum(line.amount_residual_currency for line in items
                    if line.amount_residual_currency > 0)
        balance = currency.round(sum(items.mapped('amount_residual_currency')))
        credit = currency.round(balance - debit)
        return {
            'currency': currency.name, 'late': True, 'rows': rows, 'not_due_rows': [],
            'credit_rows': credit_rows, 'ages': [money(amount) for amount in ages],
            'due': money(debit), 'credit': money(credit) if credit_rows else False,
            'balance': money(balance),
        }

    @api.model
    def _get_bank(self, customer):
        blank = self.env['ar.reminder'].sudo().new({'company_id': customer.company_id.id})
        return blank._get_bank_values()
