from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..figures.cockpit import READERS
from .worklist import TRIAGES

PAGE = 40
MAX_PAGE = 200
SCOPES = ('mine', 'nobody', 'all')


class ArWorklist(models.Model):
    """The screen of the worklist: one call for the list."""
    _inherit = 'ar.worklist'

    @api.model
    def load_worklist(self, filters=None):
        """Return one page of the worklist, and the figures of its tabs.

        The same number of queries whatever the number of customers; each company's ledger is read
        once.

        :param dict filters: ``scope`` ('mine', 'nobody' or 'all'), ``triage`` (a code, or empty for
            every row), ``search`` (part of a customer's name), ``offset``, ``limit``
        :return: dict for the client action
        :raise AccessError: for whoever has no role in Receivables
        """
        if not self.env.su and not any(map(self.env.user.has_group, READERS)):
            raise AccessError(self.env._("The worklist is for those with a role in Receivables."))
        filters = filters or {}
        self.env.flush_all()
        limit = min(max(int(filters.get('limit') or PAGE), 1), MAX_PAGE)
        offset = max(int(filters.get('offset') or 0), 0)
        scope = filters.get('scope')
        found = self._read_work(
            filters.get('search'), filters.get('triage'), limit, offset,
            scope if scope in SCOPES else None)
        return {
            'rows': self._get_rows(found['rows'] or []),
            'tabs': self._get_tabs(found['tabs'] or []),
            'scope': found['scope'], 'scopes': found['scopes'] or {},
            'offset': offset, 'limit': limit,
            'can_write': self.env['ar.interaction'].has_access('create'),
            'can_see_all': self.env.user.has_group('ar_collections.group_ar_collector')
            or self.env.user.has_group('ar_collections.group_ar_auditor'),
            'target': self._get_target(),
            'substituted': self._get_substituted(),
            'multi_company': len(self.env.companies) > 1,
        }

    def _read_work(self, search, triage, limit, offset, scope):
        """Read one page, tabs and scopes in one statement; record rules choose the rows.

        Without a scope: one's own customers when there are any, else all.
        """
        domain = Domain('partner_id.complete_name', 'ilike', search) if search else Domain.TRUE
        query = self._search(domain)
        columns = [SQL.identifier(self._table, name) for name in (
            'id', 'customer_id', 'partner_id', 'company_id', 'currency_id', 'collector_id',
            'responsible_id', 'triage', 'priority', 'amount', 'item_count', 'days', 'max_days',
            'likelihood', 'dunning_level_id', 'risk_class_id')]
        # The last contact is read for the rows of the page alone, as the view reads it: of 20,000
        # customers it costs as much as half of the money. Here nobody reads `parts` either.
        [(found,)] = self.env.execute_query(SQL(
            """
            WITH work AS MATERIALIZED (%(work)s),
            chosen AS (
                SELECT COALESCE(%(scope)s, CASE WHEN EXISTS (
                           SELECT 1 FROM work WHERE responsible_id = %(uid)s)
                       THEN 'mine' ELSE 'all' END) AS scope
            ), scoped AS (
                SELECT work.* FROM work CROSS JOIN chosen
                 WHERE chosen.scope = 'all'
                    OR chosen.scope = 'mine' AND work.responsible_id = %(uid)s
                    OR chosen.scope = 'nobody' AND work.responsible_id IS NULL
            )
            SELECT json_build_object(
                'scope', (SELECT scope FROM chosen),
                'scopes', (SELECT json_build_object(
                    'all', COUNT(*), 'nobody', COUNT(*) FILTER (WHERE responsible_id IS NULL),
                    'mine', COUNT(*) FILTER (WHERE responsible_id = %(uid)s)) FROM work),
                'tabs', (SELECT json_agg(tab) FROM (
                    SELECT triage, currency_id, COUNT(*) AS count, SUM(amount) AS amount
                      FROM scoped GROUP BY triage, currency_id) tab),
                'rows', (SELECT json_agg(page) FROM (
                    SELECT shown.*, contact.last_contact_at, contact.last_outcome
                      FROM (SELECT * FROM scoped WHERE %(triage)s
                             ORDER BY priority DESC, id LIMIT %(limit)s OFFSET %(offset)s) shown
                      LEFT JOIN LATERAL (
                            SELECT i.date AS last_contact_at, i.outcome AS last_outcome
                              FROM ar_interaction i
                             WHERE i.customer_id = shown.customer_id AND i.active
                             ORDER BY i.date DESC, i.id DESC LIMIT 1) contact ON TRUE
                     ORDER BY shown.priority DESC, shown.id) page))
            """,
            work=query.select(*columns), scope=scope, uid=self.env.uid, limit=limit, offset=offset,
            triage=SQL("triage = %s", triage) if triage in dict(TRIAGES) else SQL("TRUE")))
        return found

    def _get_rows(self, found):
        """Return rows for the screen: names are read at once for the whole page."""
        # sudo: names of customers, colleagues and levels of rows that the rules have shown.
        partners = self.env['res.partner'].sudo().browse(row['partner_id'] for row in found)
        users = self.env['res.users'].sudo().browse(
            {row['responsible_id'] for row in found if row['responsible_id']})
        levels = self.env['ar.dunning.level'].sudo().browse(
            {row['dunning_level_id'] for row in found if row['dunning_level_id']})
        classes = self.env['ar.risk.class'].sudo().browse(
            {row['risk_class_id'] for row in found if row['risk_class_id']})
        names = {partner.id: partner.display_name for partner in partners}
        of_user = {user.id: user.name for user in users}
        of_level = {level.id: level.name for level in levels}
        of_class = {risk.id: risk.code for risk in classes}
        outcomes = dict(self._fields['last_outcome']._description_selection(self.env))
        triages = dict(self._fields['triage']._description_selection(self.env))
        companies = {company.id: company.name for company in self.env.companies}
        return [{
            'id': row['id'], 'name': names[row['partner_id']],
            'company': companies.get(row['company_id'], ""), 'currency_id': row['currency_id'],
            'responsible': of_user.get(row['responsible_id'], ""),
            'is_substituted': row['responsible_id'] != row['collector_id'],
            'triage': row['triage'], 'triage_label': triages.get(row['triage'], ""),
            'priority': row['priority'], 'amount': row['amount'],
            'item_count': row['item_count'], 'days': row['max_days'],
            'level': of_level.get(row['dunning_level_id'], ""),
            'risk_class': of_class.get(row['risk_class_id'], ""),
            'last_contact_at': row['last_contact_at'] and row['last_contact_at'].replace(
                'T', ' ')[:19],
            'last_outcome': outcomes.get(row['last_outcome'], ""),
        } for row in found]

    def _get_tabs(self, found):
        """Return the tabs with their counts; amounts in the currency of the current company."""
        company, totals = self.env.company, {}
        for row in found:
            currency = self.env['res.currency'].browse(row['currency_id'])
            amount = currency._convert(
                row['amount'], company.currency_id, company, company._get_ar_today())
            for code in ('', row['triage']):
                count, total = totals.get(code, (0, 0.0))
                totals[code] = (count + row['count'], total + amount)
        labels = dict(self._fields['triage']._description_selection(self.env))
        labels[''] = self.env._("Everything")
        return [{
            'code': code, 'label': labels[code], 'count': totals.get(code, (0, 0))[0],
            'amount': company.currency_id.round(totals.get(code, (0, 0.0))[1]),
            'currency_id': company.currency_id.id,
        } for code in ('', *(triage for triage, _label in TRIAGES))]

    def _get_target(self):
        """Return the reader's targets of this month, or False."""
        today = self.env.company._get_ar_today()
        target = self.env['ar.collector.target'].search([
            ('collector_id', '=', self.env.uid), ('company_id', '=', self.env.company.id),
            ('month', '=', today.replace(day=1))], limit=1)
        if not target:
            return False
        labels = {'call': self.env._("Calls"), 'promise': self.env._("Promises"),
                  'cash': self.env._("Cash")}
        rows = (
            ('call', target.call_count, target.call_target, False),
            ('promise', target.promise_count, target.promise_target, False),
            ('cash', target.cash_amount, target.cash_target, target.currency_id.id),
        )
        return [{
            'code': code, 'label': labels[code], 'value': value, 'target': goal,
            'currency_id': currency, 'share': min(100.0 * value / goal, 100.0),
        } for code, value, goal, currency in rows if goal]

    def _get_substituted(self):
        """Return the names of whom the reader stands in for today."""
        Absence = self.env['ar.collector.absence']
        absences = Absence.search(
            Absence._get_current_domain(self.env.company._get_ar_today())
            & Domain('substitute_id', '=', self.env.uid))
        # sudo: the names of colleagues.
        return ", ".join(absences.sudo().collector_id.mapped('name'))

    def action_view_customer(self):
        """Open the customer of a row of the list."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.customer', 'view_mode': 'form',
            'res_id': self.customer_id.id, 'views': [(False, 'form')],
        }
