import io

import xlsxwriter

from odoo import fields, models
from odoo.tools.misc import format_amount


class ArClaim(models.Model):
    """The statement as a spreadsheet whose interest cells are formulas."""
    _inherit = 'ar.claim'

    def _get_xlsx(self):
        """Return the workbook of one statement in the language of the customer, as bytes."""
        self.ensure_one()
        # sudo: the right to read the statement was checked; what it quotes comes with it.
        lang = self.partner_id.lang or self.company_id.partner_id.lang or self.env.lang
        claim = self.sudo().with_context(lang=lang)
        stream = io.BytesIO()
        book = xlsxwriter.Workbook(stream, {'in_memory': True, 'strings_to_formulas': False})
        claim._write_sheet(book, book.add_worksheet(claim.name.replace('/', '-')[:31]))
        book.close()
        return stream.getvalue()

    def _write_sheet(self, book, sheet):
        env = self.env
        digits = self.currency_id.decimal_places
        money = '#,##0' + ('.' + '0' * digits if digits else '')
        style = {
            'title': book.add_format({'bold': True, 'font_size': 14}),
            'head': book.add_format({'bold': True, 'bg_color': '#EFEFEF', 'border': 1}),
            'bold': book.add_format({'bold': True}),
            'date': book.add_format({'num_format': 'yyyy-mm-dd'}),
            'money': book.add_format({'num_format': money}),
            'total': book.add_format({'num_format': money, 'bold': True, 'top': 1}),
            'rate': book.add_format({'num_format': '0.00##'}),
        }
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 9, 14)
        sheet.write_string(0, 0, env._(
            "Late interest of %(customer)s, statement %(name)s",
            customer=self.partner_id.name or '', name=self.name), style['title'])
        sheet.write_string(1, 0, self.regime_id.sentence or '')
        if self.contract_rate or self.contract_kind == 'indexed':
            sheet.write_string(2, 0, env._(
                "Rate agreed by contract: %s.", self._describe_contract(self._to_contract())))
        heads = [
            env._("Invoice"), env._("Due date"), env._("From"), env._("To"), env._("Days"),
            env._("Amount"), env._("Rate %"), env._("Days of the year"), env._("Interest"),
            env._("Remark")]
        for column, head in enumerate(heads):
            sheet.write_string(3, column, head, style['head'])
        row = 4
        for line in self.line_ids:
            row = self._write_line(sheet, style, line, row)
        row = self._write_costs(sheet, style, row)
        sheet.write_string(row, 0, env._("Total"), style['bold'])
        sheet.write_formula(
            row, 8, f"=SUM(I5:I{max(row, 5)})", style['total'], self.amount_total)
        sheet.freeze_panes(4, 0)

    def _write_line(self, sheet, style, line, row):
        """Write one invoice; return the next free row."""
        env = self.env
        daily = self.regime_id.rounding == 'daily'
        digits = self.currency_id.decimal_places
        moves = sorted((line.statement or {}).get('payments', ()), key=lambda move: move['date'])
        for segment in line._get_segments():
            while moves and fields.Date.to_date(moves[0]['date']) < segment['from']:
                row = self._write_move(sheet, style, line, moves.pop(0), row)
            sheet.write_string(row, 0, line.name or '')
            sheet.write_datetime(row, 1, line.date_maturity, style['date'])
            sheet.write_datetime(row, 2, segment['from'], style['date'])
            sheet.write_datetime(row, 3, segment['to'], style['date'])
            sheet.write_number(row, 4, segment['days'])
            sheet.write_number(row, 5, float(segment['base']), style['money'])
            sheet.write_number(row, 6, float(segment['rate']), style['rate'])
            sheet.write_number(row, 7, segment['divisor'])
            cells = {'base': f"F{row + 1}", 'rate': f"G{row + 1}", 'days': f"E{row + 1}",
                     'year': f"H{row + 1}", 'digits': digits}
            formula = ("=ROUND({base}*{rate}/100/{year},{digits})*{days}" if daily else
                       "=ROUND({base}*{rate}/100*{days}/{year},{digits})")
            if self.regime_id.rounding == 'end' or segment['rule'] != 'rate':
                sheet.write_number(row, 8, float(segment['amount']), style['money'])
            else:
                sheet.write_formula(
                    row, 8, formula.format(**cells), style['money'], float(segment['amount']))
            sheet.write_string(row, 9, self._get_remark(segment))
            row += 1
        for move in moves:
            row = self._write_move(sheet, style, line, move, row)
        for amount, label in (
            (-line.prior_interest, env._("Interest claimed before")),
            (line.compensation_amount, env._("Compensation for recovery cost")),
        ):
            if amount:
                sheet.write_string(row, 0, line.name or '')
                sheet.write_number(row, 8, amount, style['money'])
                sheet.write_string(row, 9, label)
                row += 1
        return row

    def _write_move(self, sheet, style, line, move, row):
        """Write a payment or a credit note: it is why the amount below is another one."""
        env = self.env

        def money(text):
            return format_amount(
                env, float(text), self.currency_id, lang_code=env.lang).replace('\ufeff', '')

        what = env._("Credit note or other entry") if move['is_credit'] else env._(
            "Payment received")
        remark = f"{what} {move['label']} – {money(move['amount'])}"
        if float(move['to_interest']):
            remark += env._(", of which interest %s", money(move['to_interest']))
        sheet.write_string(row, 0, line.name or '')
        sheet.write_datetime(row, 2, fields.Date.to_date(move['date']), style['date'])
        sheet.write_string(row, 9, remark)
        return row + 1

    def _get_remark(self, segment):
        """Return what explains a line: a stay, interest that joined, a rate beyond its limits."""
        if segment['rule'] == 'stay':
            return segment['source']
        texts = [self._get_flag_text(segment)]
        if segment['capitalised']:
            texts.append(self.env._("with interest of %s", format_amount(
                self.env, float(segment['capitalised']), self.currency_id,
                lang_code=self.env.lang).replace('\ufeff', '')))
        return "; ".join(text for text in texts if text)

    def _write_costs(self, sheet, style, row):
        """Write what was spent and the flat sum that is taken off; return the next free row."""
        if not self.amount_cost:
            return row
        env = self.env
        for cost in self.cost_ids:
            sheet.write_string(row, 0, env._("Recovery cost on proof"))
            sheet.write_datetime(row, 2, cost.date, style['date'])
            sheet.write_number(row, 8, cost.amount, style['money'])
            sheet.write_string(row, 9, cost.name)
            row += 1
        sheet.write_string(row, 0, env._("Recovery cost on proof"))
        sheet.write_number(row, 8, -self.amount_flat, style['money'])
        sheet.write_string(row, 9, env._("Flat compensation of these invoices"))
        return row + 1
