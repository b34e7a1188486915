import io
from datetime import date as day

import xlsxwriter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_datetime

TEXT_WIDTH, NUMBER_WIDTH, DATE_WIDTH = 34, 14, 11
# A date of a spreadsheet is the number of days since this one.
EPOCH = day(1899, 12, 30)
# The last row of a sheet: what is written below it is lost without a word.
MAX_ROWS = 1_048_576


class ArAgedReport(models.AbstractModel):
    _inherit = 'ar.aged.report'

    @api.model
    def _render_xlsx(self, dataset):
        """Return the workbook: customers, items when they were asked for, and the control.

        Amounts are numbers, dates are dates; heads are frozen and filtered; the totals above each
        head are formulas that follow the filter.

        :param dict dataset: as returned by `_get_dataset`
        :rtype: bytes
        """
        stream = io.BytesIO()
        # Rows are written in order, so that sixty thousand items do not stand in memory.
        book = xlsxwriter.Workbook(stream, {'constant_memory': True, 'in_memory': False,
                                            'strings_to_formulas': False})
        book.set_properties({'title': self.env._("Aged balance")})
        formats = self._get_formats(book)
        self._write_customers(book, formats, dataset)
        if dataset['detailed']:
            self._write_items(book, formats, dataset)
        if dataset['control']:
            self._write_control(book, formats, dataset)
        book.close()
        return stream.getvalue()

    def _get_formats(self, book):
        formats = {
            'title': book.add_format({'bold': True, 'font_size': 14}),
            'label': book.add_format({'font_color': '#555555'}),
            'head': book.add_format({'bold': True, 'bg_color': '#EFEFEF', 'text_wrap': True,
                                     'valign': 'top', 'bottom': 1}),
            'total_label': book.add_format({'bold': True}),
            # Number 14 of the standard: the short date of whoever opens the file.
            'date': book.add_format({'num_format': 14, 'align': 'left'}),
        }
        for digits in range(4):
            number = '#,##0' + ('.' + '0' * digits if digits else '')
            formats[digits] = book.add_format({'num_format': number})
            formats['total', digits] = book.add_format({'num_format': number, 'bold': True})
        return formats

    # === SHEETS === #

    def _write_customers(self, book, formats, dataset):
        grouped = bool(dataset['group_by'])
        texts = [self.env._("Company"), self.env._("Currency")]
        if grouped:
            texts.append(self._get_group_label(dataset))
        texts += [self.env._("Customer"), self.env._("Number"), self.env._("Items")]
        sheet = book.add_worksheet(self.env._("Customers"))
        row = self._write_head(sheet, formats, dataset, texts, dataset['columns'], [
            {'currency': section['currency'], 'digits': section['decimals'],
             'values': section['values']} for section in dataset['sections']],
            sum(len(group['rows']) for section in dataset['sections']
                for group in section['groups']),
            widths=[18, 9, *([22] if grouped else []), TEXT_WIDTH, 12, 7])
        first = len(texts)
        for section in dataset['sections']:
            number = formats[min(section['decimals'], 3)]
            for group in section['groups']:
                for values in group['rows']:
                    cells = [section['company'], section['currency']]
                    if grouped:
                        cells.append(group['name'])
                    for column, text in enumerate([*cells, values['name'], values['ref']]):
                        sheet.write_string(row, column, text)
                    sheet.write_number(row, first - 1, values['count'])
                    for column, amount in enumerate(values['values'], first):
                        sheet.write_number(row, column, amount, number)
                    row += 1

    def _write_items(self, book, formats, dataset):
        dates = {'invoice_date': self.env._("Invoice date"), 'due_date': self.env._("Due date")}
        if dataset['shows_base']:
            dates['base_date'] = self.env._("Aged from")
        texts = [
            self.env._("Company"), self.env._("Currency"), self.env._("Customer"),
            self.env._("Number"), self.env._("Document"), self.env._("Reference"),
            *dates.values(), self.env._("Days late"), self.env._("Its currency"),
            self.env._("Open in its currency")]
        columns = dataset['columns']
        sheet = book.add_worksheet(self.env._("Items"))
        row = self._write_head(sheet, formats, dataset, texts, columns, [
            {'currency': section['currency'], 'digits': section['decimals'],
             'values': section['values']} for section in dataset['sections']],
            sum(len(row['items']) for section in dataset['sections']
                for group in section['groups'] for row in group['rows']),
            widths=[18, 9, TEXT_WIDTH, 12, 20, 20, *[DATE_WIDTH] * len(dates), 7, 9,
                    NUMBER_WIDTH])
        write_string, write_number = sheet.write_string, sheet.write_number
        date = formats['date']
        first, last = len(texts), len(texts) + len(columns) - 1
        for section in dataset['sections']:
            number = formats[min(section['decimals'], 3)]
            for customer in (row for group in section['groups'] for row in group['rows']):
                head = [section['company'], section['currency'], customer['name'],
                        customer['ref']]
                for item in customer['items']:
                    for column, text in enumerate(
                            (*head, item['document'], item['reference'])):
                        if text:
                            write_string(row, column, text)
                    for column, name in enumerate(dates, 6):
                        write_number(row, column, (item[name] - EPOCH).days, date)
                    write_number(row, first - 3, item['days'])
                    write_string(row, first - 2, item['currency'])
                    write_number(row, first - 1, item['residual_currency'], formats[2])
                    for column, amount in enumerate(item['values'], first):
                        # An item stands in one bucket: the others stay empty.
                        if amount or column == last:
                            write_number(row, column, amount, number)
                    row += 1

    def _write_control(self, book, formats, dataset):
        sheet = book.add_worksheet(self.env._("Control"))
        sheet.set_column(0, 1, TEXT_WIDTH)
        sheet.set_column(2, 5, NUMBER_WIDTH + 4)
        heads = [self.env._("Company"), self.env._("Account"), self.env._("Currency"),
                 self.env._("Balance of the account"), self.env._("Aged balance"),
                 self.env._("Difference")]
        for column, text in enumerate(heads):
            sheet.write_string(0, column, text, formats['head'])
        sheet.freeze_panes(1, 0)
        for row, line in enumerate(dataset['control'], 1):
            for column, key in enumerate(('company', 'account', 'currency')):
                sheet.write_string(row, column, line[key])
            number = formats[min(line['decimals'], 3)]
            sheet.write_number(row, 3, line['ledger'], number)
            sheet.write_number(row, 4, line['aged'], number)
            sheet.write_formula(
                row, 5, f'=ROUND(D{row + 1}-E{row + 1},{line["decimals"]})', number,
                line['difference'])

    # === HEAD === #

    def _write_head(self, sheet, formats, dataset, texts, columns, totals, count, widths):
        """Write parameters, totals and the frozen head; return the first row of the body.

        :param texts: heads of the columns before the amounts
        :param totals: one {'currency', 'digits', 'values'} per section
        :param int count: rows that will follow
        :raise UserError: when they do not fit into a sheet
        """
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.set_column(len(texts), len(texts) + len(columns) - 1, NUMBER_WIDTH)
        parameters = [*dataset['parameters'], (self.env._("Printed"), self._get_print_text())]
        first = len(parameters) + 3 + self._count_totals(totals)
        last = first + max(count, 1)
        if last > MAX_ROWS:
            raise UserError(self.env._(
                "%(count)s lines do not fit into a spreadsheet, which ends at row %(last)s. Choose "
                "fewer customers.", count=self._format(count, 0), last=self._format(MAX_ROWS, 0)))
        sheet.write_string(0, 0, self.env._("Aged balance"), formats['title'])
        for row, (label, text) in enumerate(parameters, 1):
            sheet.write_string(row, 0, label, formats['label'])
            sheet.write_string(row, 1, text)
        row = len(parameters) + 2
        by_currency = {}
        for total in totals:
            by_currency.setdefault((total['currency'], total['digits']), []).append(
                total['values'])
        for (currency, digits), values in by_currency.items():
            sheet.write_string(row, 0, self.env._("Total"), formats['total_label'])
            sheet.write_string(row, 1, currency, formats['total_label'])
            for index, column in enumerate(range(len(texts), len(texts) + len(columns))):
                name = xlsxwriter.utility.xl_col_to_name(column)
                cells = f'{name}{first + 1}:{name}{last}'
                formula = f'=SUBTOTAL(109,{cells})' if len(by_currency) == 1 else (
                    f'=SUMIFS({cells},$B${first + 1}:$B${last},"{currency}")')
                sheet.write_formula(
                    row, column, formula, formats['total', min(digits, 3)],
                    round(sum(part[index] for part in values), digits))
            row += 1
        for column, text in enumerate([*texts, *(label for _name, label in columns)]):
            sheet.write_string(first - 1, column, text, formats['head'])
        sheet.freeze_panes(first, 0)
        sheet.autofilter(first - 1, 0, last - 1, len(texts) + len(columns) - 1)
        return first

    @staticmethod
    def _count_totals(totals):
        return len({(total['currency'], total['digits']) for total in totals})

    def _get_group_label(self, dataset):
        name = dataset['group_by']
        return self.env['ar.aged.balance'].fields_get([name], ['string'])[name]['string']

    @api.model
    def _get_print_text(self):
        """Return when and by whom the document was made."""
        return self.env._("%(date)s, %(user)s", user=self.env.user.name,
                          date=format_datetime(self.env, fields.Datetime.now()))
