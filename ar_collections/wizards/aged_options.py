import base64

from odoo import api, fields, models

from ..models.figures.aged_report import GROUPS
from ..models.figures.aged_report_pdf import MAX_ITEMS


class ArAgedOptions(models.TransientModel):
    """Choose the day and the conventions of the aged balance; show, print or export it."""
    _name = 'ar.aged.options'
    _description = "Options of the aged balance"

    date = fields.Date(
        string="As of", required=True, default=lambda self: fields.Date.context_today(self),
        help="What was open at the end of this day. Payments that came later are ignored.")
    age_by = fields.Selection(
        [('due', "Due date"), ('invoice', "Invoice date"), ('expected', "Expected payment date"),
         ('plan', "Due date, or instalments of a payment plan")],
        string="Aged by", required=True, default='due',
        help="By instalments: an item under an active payment plan stands once per instalment, "
             "with its date and what is still to be paid with it. The total is the same.")
    credits = fields.Selection(
        [('column', "In a column of their own"), ('oldest', "Against the oldest items"),
         ('own', "In the bucket of their own date")],
        string="Credits not matched", required=True, default='column',
        help="The total is the same in all three; the document says which was used.")
    valuation = fields.Selection(
        [('company', "Company currency, ledger value"), ('document', "Currency of the document"),
         ('revalued', "Company currency, at the rate of that day")],
        string="Amounts", required=True, default='company')
    group_by = fields.Selection(
        selection='_get_group_selection', string="Sub-totals by")
    collector_id = fields.Many2one('res.users')
    customer_ids = fields.Many2many(
        'ar.customer', string="Customers", domain="[('company_id', 'in', allowed_company_ids)]")
    overdue_only = fields.Boolean(
        string="Overdue customers only", help="Leave out customers of whom nothing is overdue.")
    late = fields.Boolean(
        string="Late interest to date",
        help="Add a column with the late interest of each item, counted to today. It is computed "
             "for every late item: on a large ledger this takes its time.")
    file = fields.Binary(readonly=True)
    file_name = fields.Char(readonly=True)

    @api.model
    def _get_group_selection(self):
        labels = self.env['ar.aged.balance'].fields_get(GROUPS, ['string'])
        return [(name, labels[name]['string']) for name in GROUPS if name in labels]

    # === ACTIONS === #

    def action_show(self):
        """Open the aged balance on the screen."""
        self.ensure_one()
        group_by = [self.group_by] if self.group_by else []
        if self.valuation == 'document':
            group_by.insert(0, 'currency_id')
        return self.env['ar.aged.balance']._get_action(
            self._get_options(), self._get_domain(), group_by=[*group_by, 'partner_id'])

    def action_print(self):
        """Download the PDF with one line per customer."""
        return self._download('pdf', detailed=False)

    def action_print_detailed(self):
        """Download the PDF with every item; a long one is printed in the background."""
        options, domain = self._get_options(), self._get_domain()
        if self.env['ar.aged.report']._count_items(options, domain) <= MAX_ITEMS:
            return self._download('pdf', detailed=True)
        return self.env['ar.aged.print']._start(options, domain, self.group_by).action_open()

    def action_export(self):
        """Download the workbook with customers and items."""
        return self._download('xlsx', detailed=True)

    # === DOCUMENTS === #

    def _get_options(self):
        self.ensure_one()
        return {'date': self.date, 'age_by': self.age_by, 'credits': self.credits,
                'valuation': self.valuation, 'late': self.late}

    def _get_domain(self):
        """Return the domain of the choice; the rights of the user come on top of it."""
        domain = fields.Domain.TRUE
        if self.collector_id:
            domain &= fields.Domain('collector_id', '=', self.collector_id.id)
        if self.customer_ids:
            domain &= fields.Domain('customer_id', 'in', self.customer_ids.ids)
        if self.overdue_only:
            Balance = self.env['ar.aged.report']._get_balance(self._get_options())
            late = Balance._read_group(
                domain, ['customer_id'], ['overdue_amount:sum'],
                having=[('overdue_amount:sum', '>', 0)])
            domain &= fields.Domain('customer_id', 'in', [row[0].id for row in late])
        return domain

    def _download(self, kind, detailed):
        self.ensure_one()
        self.env['ar.aged.balance'].check_access('read')
        Report = self.env['ar.aged.report']
        dataset = Report._get_dataset(
            self._get_options(), self._get_domain(), detailed=detailed, group_by=self.group_by)
        content = (Report._render_pdf if kind == 'pdf' else Report._render_xlsx)(dataset)
        self.write({
            'file': base64.b64encode(content),
            'file_name': Report._get_file_name(self.date, kind)})
        return {
            'type': 'ir.actions.act_url', 'target': 'download',
            'url': f'/web/content?model={self._name}&id={self.id}&field=file'
                   '&filename_field=file_name&download=true',
        }


class ArAgedReport(models.AbstractModel):
    _inherit = 'ar.aged.report'

    @api.model
    def _get_file_name(self, date, kind):
        """Return the name of a document: what, of which day."""
        return f"{self.env._('Aged balance')} {fields.Date.to_string(date)}.{kind}"
