from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ...tools import kpi
from ...tools.open_items import items_at
from .kpi_queries import ALL_CUSTOMERS

INVOICES = ('out_invoice', 'out_receipt', 'out_refund')


class DigestDigest(models.Model):
    """EXTENDS digest: what is overdue, what came in, and how long customers take."""
    _inherit = 'digest.digest'

    kpi_ar_overdue = fields.Boolean(string="Overdue receivables")
    kpi_ar_overdue_value = fields.Monetary(compute='_compute_kpi_ar_overdue_value')
    kpi_ar_collected = fields.Boolean(string="Received from customers")
    kpi_ar_collected_value = fields.Monetary(compute='_compute_kpi_ar_collected_value')
    kpi_ar_dso = fields.Boolean(string="DSO (days)")
    kpi_ar_dso_value = fields.Float(compute='_compute_kpi_ar_dso_value')

    def _compute_kpi_ar_overdue_value(self):
        def query(company, _start, end):
            return SQL(
                "SELECT SUM(residual) FROM (%s) item WHERE balance > 0 AND due_date < %s",
                items_at(company.ids, company._get_ar_account_ids(), end), end)
        self._set_ar_values('kpi_ar_overdue_value', query)

    def _compute_kpi_ar_collected_value(self):
        def query(company, start, end):
            return SQL(
                """
                SELECT -SUM(l.balance) FROM account_move_line l
                 WHERE %(lines)s AND l.date > %(start)s AND l.journal_id = ANY(%(journals)s)
                """, lines=self._get_ar_lines(company, end), start=start,
                journals=self.env['ar.customer']._get_cash_journal_ids(company))
        self._set_ar_values('kpi_ar_collected_value', query)

    def _compute_kpi_ar_dso_value(self):
        def query(company, _start, end):
            first = kpi.month_ends(end, company.ar_kpi_months + 1)[0]
            # The division is the formula of `tools.kpi.dso`; unknown comes out as zero here.
            return SQL(
                """
                SELECT GREATEST(SUM(l.balance), 0) * %(days)s / NULLIF(GREATEST(SUM(l.balance)
                       FILTER (WHERE l.date > %(first)s AND m.move_type = ANY(%(invoices)s)), 0), 0)
                  FROM account_move_line l JOIN account_move m ON m.id = l.move_id
                 WHERE %(lines)s
                """, days=(end - first).days, first=first, invoices=list(INVOICES),
                lines=self._get_ar_lines(company, end))
        self._set_ar_values('kpi_ar_dso_value', query)

    def _get_ar_lines(self, company, end):
        return SQL(
            "l.account_id = ANY(%s) AND l.company_id = %s AND l.parent_state = 'posted'"
            " AND l.date <= %s", company._get_ar_account_ids(), company.id, end)

    def _set_ar_values(self, field, get_query):
        """Set a figure of each digest; it is for those who may see every customer.

        :param get_query: function (company, first day left out, last day) → query of one number
        :raise AccessError: which leaves the figure out of the reader's mail
        """
        if not any(self.env.user.has_group(name) for name in ALL_CUSTOMERS):
            raise AccessError(self.env._("These figures are for those who see every customer."))
        start, end, _companies = self._get_kpi_compute_parameters()
        self.env.flush_all()
        for digest in self:
            # sudo: the settings of a company are the same whoever reads.
            company = (digest.company_id or self.env.company).sudo()
            last = fields.Date.to_date(end) if end else company._get_ar_today()
            first = fields.Date.to_date(start) if start else last
            [(value,)] = self.env.execute_query(get_query(company, first, last))
            digest[field] = value or 0.0

    def _compute_kpis_actions(self, company, user):
        """EXTENDS digest: each figure opens its page."""
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref('ar_collections.menu_ar_root').id
        actions['kpi_ar_overdue'] = f'ar_collections.ar_customer_action_figures?menu_id={menu}'
        for name in ('kpi_ar_collected', 'kpi_ar_dso'):
            actions[name] = f'ar_collections.ar_kpi_snapshot_action?menu_id={menu}'
        return actions
