import io

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from odoo import models


class ArProvision(models.Model):
    """The run as a workbook: the matrix with its formulas, and every customer behind it."""
    _inherit = 'ar.provision'

    def _get_xlsx(self):
        """Return the workbook of one run in the reader's language, as bytes."""
        self.ensure_one()
        stream = io.BytesIO()
        book = xlsxwriter.Workbook(stream, {'in_memory': True, 'strings_to_formulas': False})
        digits = self.currency_id.decimal_places
        money = '#,##0' + ('.' + '0' * digits if digits else '')
        style = {
            'title': book.add_format({'bold': True, 'font_size': 14}),
            'head': book.add_format({
                'bold': True, 'bg_color': '#EFEFEF', 'border': 1, 'text_wrap': True}),
            'money': book.add_format({'num_format': money}),
            'total': book.add_format({'num_format': money, 'bold': True, 'top': 1}),
            'rate': book.add_format({'num_format': '0.0000'}),
            'bold': book.add_format({'bold': True, 'top': 1}),
        }
        self._write_matrix(book.add_worksheet(self.env._("Matrix")), style)
        self._write_customers(book.add_worksheet(self.env._("Customers")), style)
        book.close()
        return stream.getvalue()

    def _write_heads(self, sheet, style, row, heads):
        for column, head in enumerate(heads):
            sheet.write_string(row, column, head, style['head'])

    def _write_matrix(self, sheet, style):
        env = self.env
        digits = self.currency_id.decimal_places
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 11, 15)
        sheet.write_string(0, 0, env._(
            "Expected credit losses of %(company)s at %(date)s, in %(currency)s",
            company=self.company_id.name, date=str(self.date),
            currency=self.currency_id.name), style['title'])
        heads = [
            env._("Group"), env._("Bucket"), env._("From"), env._("Reached"), env._("Lost"),
            env._("History (%)"), env._("Outlook (%)"), env._("Loss rate (%)"),
            env._("Receivables"), env._("Insured part"), env._("At risk"),
            env._("Expected losses"), env._("Reason")]
        self._write_heads(sheet, style, 2, heads)
        methods = dict(self.rate_ids._fields['method']._description_selection(env))
        row = 3
        for rate in self.rate_ids:
            for column, text in enumerate((
                    rate.group_id.name, rate.label, methods[rate.method])):
                sheet.write_string(row, column, text)
            for column, amount in ((3, rate.reached), (4, rate.lost), (8, rate.gross),
                                   (9, rate.insured), (10, rate.base), (11, rate.loss)):
                sheet.write_number(row, column, amount, style['money'])
            for column, value in ((5, rate.history_rate), (6, rate.adjustment), (7, rate.rate)):
                sheet.write_number(row, column, value, style['rate'])
            sheet.write_string(row, 12, rate.reason or '')
            row += 1
        kinds = dict(self.line_ids._fields['kind']._description_selection(env))
        for kind, gross, insured, base, loss in self.env['ar.provision.line']._read_group(
                [('provision_id', '=', self.id), ('kind', '!=', 'matrix')], ['kind'],
                ['gross:sum', 'insured:sum', 'base:sum', 'loss:sum']):
            sheet.write_string(row, 0, kinds[kind])
            for column, amount in enumerate((gross, insured, base, loss), start=8):
                sheet.write_number(row, column, amount, style['money'])
            row += 1
        sheet.write_string(row, 0, env._("Total"), style['bold'])
        for column, amount in ((8, self.amount_gross), (9, self.amount_insured), (10, None),
                               (11, self.amount_loss)):
            first, last = xl_rowcol_to_cell(3, column), xl_rowcol_to_cell(max(row - 1, 3), column)
            value = {} if amount is None else {'value': round(amount, digits)}
            sheet.write_formula(row, column, f"=SUM({first}:{last})", style['total'], **value)
        sheet.freeze_panes(3, 2)

    def _write_customers(self, sheet, style):
        env = self.env
        digits = self.currency_id.decimal_places
        sheet.set_column(0, 0, 36)
        sheet.set_column(1, 8, 16)
        self._write_heads(sheet, style, 0, [
            env._("Customer"), env._("Group"), env._("How"), env._("Bucket"),
            env._("Receivables"), env._("Insured part"), env._("At risk"),
            env._("Loss rate (%)"), env._("Expected loss")])
        kinds = dict(self.line_ids._fields['kind']._description_selection(env))
        buckets = dict(self.line_ids._fields['bucket']._description_selection(env))
        row = 0
        for row, line in enumerate(self.line_ids, start=1):
            for column, text in enumerate((
                    line.partner_id.name or '', line.group_id.name or '', kinds[line.kind],
                    buckets.get(line.bucket, ''))):
                sheet.write_string(row, column, text)
            for column, amount in ((4, line.gross), (5, line.insured), (6, line.base)):
                sheet.write_number(row, column, amount, style['money'])
            sheet.write_number(row, 7, line.rate, style['rate'])
            cells = {'base': xl_rowcol_to_cell(row, 6), 'rate': xl_rowcol_to_cell(row, 7)}
            sheet.write_formula(
                row, 8, "=ROUND({base}*{rate}/100,{digits})".format(digits=digits, **cells),
                style['money'], line.loss)
        if row:
            sheet.autofilter(0, 0, row, 8)
        sheet.freeze_panes(1, 1)
