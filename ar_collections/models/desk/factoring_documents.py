import csv
import io

import xlsxwriter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.misc import format_amount, format_date

# A cell that begins so is a formula to a spreadsheet.
FORMULA_SIGNS = ('=', '+', '-', '@', '\t', '\r')


class AccountMove(models.Model):
    """EXTENDS account: an assigned invoice says to whom it must be paid. Nothing is stored."""
    _inherit = 'account.move'

    def _get_ar_factoring(self):
        """Return the contract under which this invoice is with a factor now, or nothing.

        :return: `ar.factoring.contract`, without access rights: it is printed for the customer
        """
        self.ensure_one()
        if not self.env['ar.factoring.contract']._is_used():
            return self.env['ar.factoring.contract']
        # sudo: the notice is meant for whoever may read the invoice.
        return self.env['ar.factoring.line'].sudo().search([
            ('move_id', '=', self.id), ('state', '=', 'assigned')], limit=1).contract_id

    def _has_to_be_paid(self):
        """EXTENDS account_payment: not to us what must be paid to the factor."""
        return super()._has_to_be_paid() and not self._get_ar_factoring()

    def action_ar_assign(self):
        """Open a draft assignment of these invoices under the contract that fits them."""
        self.env['ar.factoring.assignment'].check_access('create')
        contracts = self.env['ar.factoring.contract'].search([
            ('company_id', '=', self.company_id[:1].id),
            ('currency_id', '=', self.currency_id[:1].id)])
        if not contracts:
            raise UserError(self.env._(
                "No factoring contract fits: set one up under Configuration ▸ Factoring "
                "contracts, in the currency of these invoices."))
        assignment = self.env['ar.factoring.assignment'].create({'contract_id': contracts[0].id})
        refusals = contracts[0]._get_refusals(self)
        if refusals:
            raise UserError(self.env._(
                "These invoices cannot be assigned:\n%s", "\n".join(
                    f"{self.browse(move_id).name}: {reason}"
                    for move_id, reason in refusals.items())))
        assignment._add(self)
        return assignment._get_form_action()


class AccountPartialReconcile(models.Model):
    """EXTENDS desk: assigned invoices follow what is matched."""
    _inherit = 'account.partial.reconcile'

    @api.model
    def _get_ar_followers(self, item_ids):
        """EXTENDS desk: only where the invoice stays on the customer's account."""
        if not self.env['ar.factoring.contract']._is_used():
            return super()._get_ar_followers(item_ids)
        self.env['ar.factoring.line'].flush_model(['state', 'move_id', 'paid_by_ledger'])
        return [*super()._get_ar_followers(item_ids), ('ar.factoring.line', SQL(
            """
            SELECT line.id FROM ar_factoring_line line
              JOIN ar_factoring_contract contract ON contract.id = line.contract_id
              JOIN account_move_line l ON l.move_id = line.move_id
             WHERE l.id = ANY(%s) AND (line.state = 'assigned' OR line.paid_by_ledger)
               AND contract.method = 'keep'
            """, list(item_ids)))]


class ArDunningEngine(models.AbstractModel):
    """EXTENDS dunning: who collects is written in the contract."""
    _inherit = 'ar.dunning.engine'

    @api.model
    def _get_item_exclusions(self, company, date):
        """EXTENDS dunning: with the factor, unless the contract leaves the reminders to us."""
        return [
            *super()._get_item_exclusions(company, date),
            ('factoring', SQL(
                "l.move_id IN (SELECT line.move_id FROM ar_factoring_line line"
                " JOIN ar_factoring_contract contract ON contract.id = line.contract_id"
                " WHERE line.state = 'assigned' AND contract.own_dunning IS NOT TRUE)")),
        ]

    @api.model
    def _get_kept_apart_condition(self, move):
        """EXTENDS dunning: the factor has bought the whole invoice, whatever we owe."""
        condition = super()._get_kept_apart_condition(move)
        if not self.env['ar.factoring.contract']._is_used():
            return condition
        self.env['ar.factoring.line'].flush_model(['state', 'move_id'])
        return SQL(
            "(%s OR EXISTS (SELECT 1 FROM ar_factoring_line assigned"
            " WHERE assigned.move_id = %s AND assigned.state = 'assigned'))", condition, move)


class ArDunningSkip(models.Model):
    _inherit = 'ar.dunning.skip'

    reason = fields.Selection(
        selection_add=[('factoring', "Assigned to a factor")],
        ondelete={'factoring': 'cascade'})


class ArFactoringAssignment(models.Model):
    """The bordereau as a file: the same rows as the PDF."""
    _inherit = 'ar.factoring.assignment'

    def _get_columns(self):
        """Return the headings in the reader's language."""
        env = self.env
        return [env._("Invoice"), env._("Invoice date"), env._("Due date"), env._("Customer"),
                env._("Customer number"), env._("VAT number"), env._("Street"), env._("ZIP"),
                env._("City"), env._("Country"), env._("Amount"), env._("Currency")]

    def _get_rows(self):
        """Return one row per invoice, as values."""
        self.ensure_one()
        rows = []
        for line in self.line_ids:
            partner = line.partner_id
            rows.append([
                line.move_id.name or '', line.invoice_date, line.date_due, partner.name or '',
                partner.ref or '', partner.vat or '', partner.street or '', partner.zip or '',
                partner.city or '', partner.country_id.code or '', line.amount,
                line.currency_id.name])
        return rows

    def _get_csv(self):
        """Return the list as CSV: UTF-8 with its mark, semicolons, dates as in ISO 8601."""
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter=';', lineterminator='\r\n')
        writer.writerow(self._get_columns())
        digits = self.currency_id.decimal_places
        for row in self._get_rows():
            writer.writerow([
                fields.Date.to_string(value) if hasattr(value, 'year')
                else f"{value:.{digits}f}" if isinstance(value, float)
                else f"'{value}" if str(value or '').startswith(FORMULA_SIGNS) else value or ''
                for value in row])
        return stream.getvalue().encode('utf-8-sig')

    def _get_xlsx(self):
        """Return the list as a workbook, with a total that is a formula."""
        stream = io.BytesIO()
        book = xlsxwriter.Workbook(stream, {'in_memory': True, 'strings_to_formulas': False})
        sheet = book.add_worksheet(self.name.replace('/', '-')[:31])
        head = book.add_format({'bold': True, 'bg_color': '#EFEFEF', 'border': 1})
        day = book.add_format({'num_format': 'yyyy-mm-dd'})
        money = book.add_format({'num_format': '#,##0.00'})
        total = book.add_format({'num_format': '#,##0.00', 'bold': True, 'top': 1})
        sheet.set_column(0, 11, 14)
        for column, label in enumerate(self._get_columns()):
            sheet.write_string(0, column, label, head)
        rows = self._get_rows()
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if hasattr(value, 'year'):
                    sheet.write_datetime(number, column, value, day)
                elif isinstance(value, float):
                    sheet.write_number(number, column, value, money)
                else:
                    sheet.write_string(number, column, value or '')
        sheet.write_formula(
            len(rows) + 1, 10, f"=SUM(K2:K{len(rows) + 1})", total, self.amount)
        sheet.freeze_panes(1, 0)
        book.close()
        return stream.getvalue()

    def _get_document(self):
        """Return the bordereau, formatted in the language of the factor, for its template."""
        self.ensure_one()
        lang = self.partner_id.lang or self.company_id.partner_id.lang or self.env.lang
        # sudo: the right to read the assignment was checked; what it quotes comes with it.
        record = self.sudo().with_context(lang=lang)
        env, Letter = record.env, record.env['ar.letter']

        def money(amount):
            return format_amount(env, amount, record.currency_id, lang_code=lang).replace(
                '\ufeff', '')

        def day(date):
            return format_date(env, date, lang_code=lang) if date else ''

        contract = record.contract_id
        return {
            'lang': lang, 'head': Letter._get_head(record.company_id, lang),
            'address': Letter._get_address_lines(
                contract.partner_id.with_context(lang=lang), record.company_id),
            'place': Letter._get_place_and_date(record.company_id, record.date, lang),
            'name': record.name, 'contract': contract.reference or contract.name,
            'draft': record.state == 'draft', 'recourse': contract.recourse,
            'legal_text': contract.legal_text, 'bank': " – ".join(filter(None, (
                contract.bank_id and (
                    contract.bank_id.acc_holder_name or contract.partner_id.name),
                contract.bank_id.acc_number, contract.bank_id.bank_bic
                and f"BIC {contract.bank_id.bank_bic}"))),
            'rows': [(line.move_id.name, day(line.invoice_date), day(line.date_due),
                      line.partner_id.name, line.partner_id.vat or line.partner_id.ref or '',
                      money(line.amount)) for line in record.line_ids],
            'count': len(record.line_ids), 'total': money(record.amount),
            'sums': [(label, money(amount)) for label, amount in (
                (env._("Advance"), record.advance_amount),
                (env._("Reserve"), record.reserve_amount),
                (env._("Fee"), record.fee_amount), (env._("Interest"), record.interest_amount),
            ) if amount],
        }


class ReportFactoringAssignment(models.AbstractModel):
    _name = 'report.ar_collections.report_ar_factoring_assignment'
    _description = "Assignment of invoices to a factor"

    @api.model
    def _get_report_values(self, docids, data=None):
        return self.env['ar.letter']._get_values('ar.factoring.assignment', docids, '_get_document')
