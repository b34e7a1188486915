import io

import xlsxwriter

from odoo import api, fields, models
from odoo.exceptions import UserError


class ArStatementWizard(models.TransientModel):
    """The statement of one customer or of a thousand: print, send, or take the figures away."""
    _name = 'ar.statement.wizard'
    _description = "Statement of account"

    customer_ids = fields.Many2many('ar.customer', required=True)
    customer_count = fields.Integer(string="Customers", compute='_compute_counts')
    without_email_ids = fields.Many2many(
        'ar.customer', string="Without an e-mail address", compute='_compute_counts')
    without_email_count = fields.Integer(compute='_compute_counts')
    kind = fields.Selection(
        [('open', "Open items"), ('movements', "Movements between two dates")],
        string="Show", required=True, default='open')
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="To", required=True)
    branches = fields.Boolean(
        string="With the branches", help="Add the items of the branches of the company.")
    has_branches = fields.Boolean(compute='_compute_counts')
    skip_empty = fields.Boolean(string="Leave out customers with nothing open", default=True)

    # === COMPUTES === #

    @api.depends('customer_ids')
    def _compute_counts(self):
        for wizard in self:
            customers = wizard.customer_ids
            wizard.customer_count = len(customers)
            without = customers.filtered(lambda one: not one.sudo()._get_statement_recipient())
            wizard.without_email_ids = without
            wizard.without_email_count = len(without)
            wizard.has_branches = bool(
                customers.company_id.child_ids & self.env.user.company_ids)

    # === OPENING === #

    @api.model
    def _open(self, customers):
        """Open the dialog for these customers."""
        if not customers:
            raise UserError(self.env._("Select the customers first."))
        start, end = self.env['ar.statement']._get_default_dates(customers[:1].company_id)
        wizard = self.create({
            'customer_ids': [fields.Command.set(customers.ids)], 'date_from': start,
            'date_to': end})
        return {
            'type': 'ir.actions.act_window', 'res_model': self._name, 'res_id': wizard.id,
            'view_mode': 'form', 'views': [(False, 'form')], 'target': 'new',
            'name': self.env._("Statement of account"),
        }

    # === ACTIONS === #

    def action_print(self):
        """Print them all in one document, in postal order."""
        self.ensure_one()
        customers = self._get_customers()
        return self.env.ref('ar_collections.ar_statement_report').report_action(
            None, data={'customer_ids': customers.ids, **self._get_options(text=True)},
            config=False)

    def action_xlsx(self):
        """Download the same figures as a sheet."""
        self.ensure_one()
        self._get_customers()
        return {'type': 'ir.actions.act_url', 'target': 'download',
                'url': f'/ar_collections/statement/{self.id}.xlsx'}

    def action_send(self):
        """Record one statement per customer; the scheduler sends them."""
        self.ensure_one()
        Run = self.env['ar.statement.run']
        Run.check_access('write')
        runs = Run
        for customers in self._get_customers().grouped('company_id').values():
            self.env['ar.statement']._get_companies(customers.company_id, self.branches)
            runs |= Run._start(
                customers, skip_empty=self.skip_empty, **self._get_options())
        return {
            'type': 'ir.actions.act_window', 'name': self.env._("Statements sent"),
            'res_model': 'ar.statement.sending', 'view_mode': 'list,form',
            'domain': [('run_id', 'in', runs.ids)],
        }

    def action_reset_links(self):
        """Make the links that these customers have useless; their next statement has a new one."""
        self.ensure_one()
        self._get_customers().action_reset_statement_link()
        return {'type': 'ir.actions.act_window_close'}

    def _get_options(self, text=False):
        def day(date):
            return fields.Date.to_string(date) if text else date

        return {'kind': self.kind, 'date_to': day(self.date_to), 'branches': self.branches,
                'date_from': day(self.date_from) if self.kind == 'movements' else False}

    def _get_customers(self):
        """Return the customers in postal order; a branch that its parent's statement holds once.

        :raise UserError: when the dates are missing or the wrong way round
        """
        if self.kind == 'movements' and (not self.date_from or self.date_from > self.date_to):
            raise UserError(self.env._("The first day must be before the last one."))
        customers = self.customer_ids
        customers.check_access('read')
        if self.branches:
            pairs = {(one.partner_id, one.company_id) for one in customers}
            # sudo: parents are only compared with companies that the user chose.
            customers = customers.filtered(lambda one: not any(
                (one.partner_id, parent) in pairs
                for parent in one.company_id.sudo().parent_ids - one.company_id))
        return customers.sorted(lambda one: (
            one.partner_id.country_id.code or '', one.partner_id.zip or '',
            one.partner_id.city or '', one.partner_id.name or '', one.id))

    # === SHEET === #

    def _get_sheet(self):
        """Return the figures as a workbook: open items, and movements when asked for.

        Real numbers and dates, one row per item, so that it can be filtered and summed.
        """
        self.ensure_one()
        customers = self._get_customers()
        Statement = self.env['ar.statement']
        statements = Statement._read_statements(customers, **self._get_options())
        stream = io.BytesIO()
        # Names that begin with "=" must stay text.
        book = xlsxwriter.Workbook(stream, {'in_memory': True, 'strings_to_formulas': False})
        columns = [
            self.env._("Customer"), self.env._("Number"), self.env._("Company"),
            self.env._("Type"), self.env._("Document"), self.env._("Date"),
            self.env._("Due date"), self.env._("Currency"), self.env._("Amount")]
        items = [*columns, self.env._("Remaining"), self.env._("Days late")]
        self._write_sheet(
            book, self.env._("Open items"), items, [
                (customer, section, item, item['amount'], item['residual'],
                 max(item['days'], 0) if item['residual'] > 0 else None)
                for customer in customers for section in statements[customer.id]
                for item in section['items']])
        if self.kind == 'movements':
            self._write_sheet(book, self.env._("Movements"), [*columns, self.env._("Balance")], [
                row for customer in customers for section in statements[customer.id]
                for row in self._get_movement_rows(customer, section)])
        book.close()
        return stream.getvalue()

    def _get_movement_rows(self, customer, section):
        opening = {'name': self.env._("Opening balance"), 'date': self.date_from,
                   'due_date': None, 'company_id': None}
        yield (customer, section, opening, None, section['opening'])
        for row in section['movements']:
            yield (customer, section, row, row['amount'], row['balance'])

    def _write_sheet(self, book, title, head, rows):
        """Write one sheet; a row is (customer, section, document, *numbers)."""
        sheet = book.add_worksheet(title[:31])
        bold = book.add_format({'bold': True, 'bg_color': '#EFEFEF'})
        day = book.add_format({'num_format': 'yyyy-mm-dd'})
        money = book.add_format({'num_format': '#,##0.00'})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 0, 32)
        sheet.set_column(1, len(head) - 1, 14)
        sheet.write_row(0, 0, head, bold)
        Statement = self.env['ar.statement']
        for number, (customer, section, row, *numbers) in enumerate(rows, 1):
            sheet.write_string(number, 0, customer.partner_id.name or '')
            sheet.write_string(number, 1, customer.partner_id.ref or '')
            sheet.write_string(number, 2, customer.company_id.name)
            if row.get('move_id') or row.get('kind') == 'shift':
                sheet.write_string(number, 3, Statement._get_kind_label(row))
            sheet.write_string(number, 4, row['name'] or '')
            for column, date in ((5, row['date']), (6, row['due_date'])):
                if date:
                    sheet.write_datetime(number, column, fields.Datetime.to_datetime(date), day)
            sheet.write_string(number, 7, section['currency'].name)
            for column, value in enumerate(numbers, 8):
                if value is not None:
                    days = column == 10
                    sheet.write_number(number, column, value, None if days else money)
        sheet.autofilter(0, 0, max(len(rows), 1), len(head) - 1)
