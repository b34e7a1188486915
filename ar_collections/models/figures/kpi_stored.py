from odoo import api, fields, models

from .kpi_queries import ALL_CUSTOMERS

# Stored figures older than this are not shown where today's are asked for.
MAX_AGE_DAYS = 1


class ArKpi(models.AbstractModel):
    """Figures as they were read last night, for pages that must open at once."""
    _inherit = 'ar.kpi'

    @api.model
    def _read_kpis_quickly(self, scope=None, months=24):
        """Return `_read_kpis` from what was stored last night, where that answers the question.

        A page that uses it says how old its figures are: each row has ``read_at``, False when the
        ledger was read just now. Months in which nothing stood or moved are left out.
        """
        scope = scope or {}
        rows = self._get_stored(scope, months)
        if not rows:
            return [{**row, 'read_at': False} for row in self._read_kpis(scope, months)]
        told = self._explain_months(
            [row._get_numbers() for row in rows], rows.currency_id, scope)
        return [{**numbers, 'read_at': row.read_at}
                for numbers, row in zip(told, rows, strict=True)]

    def _get_stored(self, scope, months):
        """Return the stored months, oldest first; none when they are old or answer another scope.

        :rtype: `ar.kpi.snapshot`
        """
        # sudo: what this reader may see is decided here, and as strictly as for the ledger.
        stored_sudo = self.env['ar.kpi.snapshot'].sudo()
        companies = self._get_companies(scope)
        domain = self._get_stored_domain(scope)
        if len(companies) != 1 or domain is None:
            return stored_sudo
        rows = stored_sudo.search(
            domain & fields.Domain([('company_id', '=', companies.id), ('basis', '=', 'now')]),
            order='date desc', limit=months)
        today = companies._get_ar_today()
        if not rows or rows[0].day < fields.Date.subtract(today, days=MAX_AGE_DAYS) or (
                rows[0].date != fields.Date.end_of(today, 'month')):
            return stored_sudo
        first = fields.Date.subtract(today.replace(day=1), months=months - 1)
        return rows.filtered(lambda row: row.date >= first).sorted('date')

    def _get_stored_domain(self, scope):
        """Return the domain of the rows that answer a scope; None when no row does."""
        everything = self.env.su or any(self.env.user.has_group(name) for name in ALL_CUSTOMERS)
        collector = scope.get('collector_id')
        # Ids that were made from the filters say nothing more than the filters.
        listed = scope.get('customer_ids') is not None and scope.get('customer_domain') is None
        if listed or scope.get('segment'):
            return None
        if collector is None:
            return fields.Domain('scope', '=', 'company') if everything else None
        if not everything and collector != self.env.uid:
            return None
        return fields.Domain([('scope', '=', 'collector'), ('collector_id', '=', collector or 0)])
