import time

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, formatLang

PERIODS = (6, 12, 24)
MAX_OPTIONS = 50
# Who sees every customer of their companies; everybody else gets a list of customers.
READERS = ('ar_collections.group_ar_auditor', 'ar_collections.group_ar_collector_own')
READERS_OF_ALL = ('ar_collections.group_ar_auditor', 'ar_collections.group_ar_collector')


class ArCockpit(models.AbstractModel):
    """Everything the first page of Receivables shows, in one call and a fixed number of queries.

    Nothing is stored: figures are read from the ledger when the page is opened. Rooms add tiles
    with `_get_tiles` and rows of the to-do list with `_get_todos`.
    """
    _name = 'ar.cockpit'
    _description = "Cockpit of Receivables"

    # === THE ONE CALL === #

    @api.model
    def load_cockpit(self, filters=None):
        """Return all figures of the cockpit that the reader may see.

        :param dict filters: ``months`` of history (6, 12 or 24), ``segment`` as
            "field:id" of `_get_segment_fields`, ``collector`` as a user id or "none"; companies
            are those chosen in Odoo's company switcher
        :return: a dictionary for the client action; amounts in ``currency_id``, which is the
            currency of the current company
        :raise AccessError: for whoever has no role in Receivables
        """
        if not self.env.su and not any(map(self.env.user.has_group, READERS)):
            raise AccessError(self.env._("The cockpit is for those with a role in Receivables."))
        clock = time.monotonic()
        self.env.flush_all()
        scope = self._get_scope(filters or {})
        totals = self._read_totals(scope)
        data = {
            'currency_id': scope['currency'].id,
            'is_converted': scope['is_converted'],
            'date': fields.Date.to_string(scope['date']),
            'read_at': fields.Datetime.to_string(fields.Datetime.now()),
            'periods': list(PERIODS),
            'segments': self._get_segments(),
            'collectors': self._get_collectors(),
            'empty': self._get_empty_reason(scope, totals),
            'can_set_up': self.env['ar.first.steps'].has_access('create'),
        }
        if not data['empty']:
            months = self._get_dso_rows(scope)
            tiles = self._get_tiles(scope, totals, months)
            data.update({
                'tiles': sorted(tiles, key=lambda tile: tile['sequence']),
                'actions': [row for row in self._get_todos(scope) if row['count']],
                'aged': self._get_aged(scope, totals),
                'dso': months,
                'forecast': self._get_forecast_rows(scope),
                'debtors': self._get_debtors(scope, totals),
            })
        data['seconds'] = time.monotonic() - clock
        return data

    # === SCOPE === #

    def _get_scope(self, filters):
        """Return what the figures are about.

        :return: dict with ``company_ids``, ``customer_ids`` (ids of `ar.customer`, None for the
            whole ledger), ``segment`` (domain on `ar.customer` or None), ``collector_id`` (a user
            id, False for customers without collector, None for all), and for the cockpit alone
            ``customer_domain``, ``companies``, ``currency``, ``rates``, ``date``, ``months``
        """
        companies = self.env.companies
        currency = self.env.company.currency_id
        date = self.env.company._get_ar_today()
        months = filters.get('months') or max(PERIODS)
        scope = {
            'company_ids': companies.ids, 'customer_ids': None, 'segment': None,
            'collector_id': None, 'companies': companies, 'currency': currency, 'date': date,
            'months': min(max(int(months), 1), max(PERIODS)),
            'is_converted': len(companies.currency_id) > 1,
            'rates': {company.id: company.currency_id._get_conversion_rate(
                company.currency_id, currency, self.env.company, date) for company in companies},
        }
        domain = []
        if filters.get('segment'):
            scope['segment'] = self._get_segment_domain(filters['segment'])
            domain += scope['segment']
        if filters.get('collector'):
            scope['collector_id'] = self._get_collector(filters['collector'])
            domain.append(('collector_id', '=', scope['collector_id']))
        scope['customer_domain'] = domain
        sees_all = self.env.su or any(map(self.env.user.has_group, READERS_OF_ALL))
        if domain or not sees_all:
            # Record rules make this list; what is summed by SQL below starts from it.
            scope['customer_ids'] = self.env['ar.customer'].search(
                [('company_id', 'in', companies.ids), *domain], order='id').ids
        return scope

    @staticmethod
    def _get_small_scope(scope):
        """Return the scope for the other figures: the domain, and not the ids that it found.

        Their actions travel to the browser. They keep the perimeter themselves.
        """
        return {'company_ids': scope['company_ids'], 'segment': scope['customer_domain'] or None}

    def _get_segment_domain(self, segment):
        name, _colon, record_id = str(segment).partition(':')
        if name not in self._get_segment_fields() or not record_id.isdigit():
            raise UserError(self.env._("This segment does not exist: %s", segment))
        return [(name, 'in', [int(record_id)])]

    def _get_collector(self, collector):
        if collector == 'none':
            return False
        if not str(collector).isdigit():
            raise UserError(self.env._("This collector does not exist: %s", collector))
        return int(collector)

    @api.model
    def _get_segment_fields(self):
        """Hook: return {many2one or many2many field of `ar.customer`: title}."""
        return {
            'risk_class_id': self.env._("Risk class"),
            'country_id': self.env._("Country"),
            'category_ids': self.env._("Tag"),
            'user_id': self.env._("Salesperson"),
        }

    def _get_segments(self):
        """Return the segments the reader may choose: one query per field."""
        groups = []
        for name, label in self._get_segment_fields().items():
            options = self._get_options(name)
            if options:
                groups.append({'label': label, 'options': [
                    {'key': f'{name}:{record.id}', 'label': record.display_name}
                    for record in options]})
        return groups

    def _get_collectors(self):
        collectors = self._get_options('collector_id')
        if not collectors:
            return []
        return [
            *({'key': str(user.id), 'label': user.display_name} for user in collectors),
            {'key': 'none', 'label': self.env._("No collector")},
        ]

    def _get_options(self, name):
        rows = self.env['ar.customer']._read_group(
            [('company_id', 'in', self.env.companies.ids), (name, '!=', False)], [name],
            ['__count'], limit=MAX_OPTIONS, order='__count desc')
        options = self.env['ar.customer'][name].union(*(record for record, _count in rows))
        # sudo: the names of classes, countries, tags and colleagues of customers one may see.
        return options.sudo().sorted('display_name')

    def _get_empty_reason(self, scope, totals):
        """Return why there is nothing to show, or False."""
        if scope['customer_ids'] == []:
            return 'filtered' if scope['customer_domain'] else 'perimeter'
        if totals['item_count'] or self.env['ar.customer'].search_count(
                [('company_id', 'in', scope['company_ids'])], limit=1):
            return False
        return 'nothing'

    # === LEDGER === #

    def _get_items_query(self, scope):
        """Return the query of the open items in scope, amounts converted to one currency.

        Columns: line_id, partner_id (commercial), company_id, due_date, amount (debit positive).
        """
        customers = SQL("TRUE") if scope['customer_ids'] is None else SQL(
            "(item.partner_id, item.company_id) IN"
            " (SELECT c.partner_id, c.company_id FROM ar_customer c WHERE c.id = ANY(%s))",
            scope['customer_ids'])
        return SQL(
            """
            SELECT item.line_id, item.partner_id, item.company_id, item.due_date,
                   item.residual * rate.rate AS amount
              FROM (%(items)s) item
              JOIN (VALUES %(rates)s) rate (company_id, rate)
                   ON rate.company_id = item.company_id
             WHERE %(customers)s
            """,
            items=scope['companies']._get_ar_items_query(scope['date']),
            rates=self._get_rate_values(scope), customers=customers,
        )

    def _get_rate_values(self, scope):
        return SQL(", ").join(
            SQL("(%s::int, %s::numeric)", company_id, rate)
            for company_id, rate in scope['rates'].items())

    def _read_totals(self, scope):
        """Return the sums of the open items: one query."""
        [row] = self.env.execute_query_dict(SQL(
            """
            SELECT COUNT(*) AS item_count,
                   COALESCE(SUM(amount), 0) AS balance,
                   COALESCE(SUM(amount) FILTER (WHERE amount > 0), 0) AS debit,
                   COALESCE(SUM(amount) FILTER (WHERE amount < 0), 0) AS credit,
                   COALESCE(SUM(amount) FILTER (WHERE amount > 0 AND due_date < %(today)s), 0)
                       AS overdue,
                   COUNT(*) FILTER (WHERE amount > 0 AND due_date < %(today)s) AS overdue_count
              FROM (%(items)s) item
            """, items=self._get_items_query(scope), today=scope['date']))
        return {
            name: value if name.endswith('count') else scope['currency'].round(float(value))
            for name, value in row.items()
        }

    # === TILES === #

    @api.model
    def _get_tiles(self, scope, totals, months):
        """Hook: return the tiles; rooms add theirs.

        :param totals: see `_read_totals`
        :param months: rows of `_get_dso_rows`
        :return: list of {code, sequence, label, value, kind ('money', 'days' or 'count'), tone
            ('bad', 'warning', 'good' or False), note, help, trend (False or {text, tone, icon}),
            action}
        """
        overdue, debit = totals['overdue'], totals['debit']
        rate = overdue / debit if debit else 0.0
        return [
            {
                'code': 'overdue', 'sequence': 10, 'label': self.env._("Overdue"),
                'value': overdue, 'kind': 'money', 'tone': 'bad' if overdue else 'good',
                'note': self.env._(
                    "%(percent)s %% of what is invoiced",
                    percent=formatLang(self.env, 100 * rate, digits=0)) if debit else False,
                'help': self.env._("Open items whose due date has passed, before credits."),
                'trend': False,
                'action': self._get_items_action(
                    scope, self.env._("Overdue items"), [('overdue_amount', '>', 0)]),
            },
            self._get_dso_tile(scope, months),
        ]

    @api.model
    def _get_todos(self, scope):
        """Hook: return the rows of the to-do list; those with a count of zero are not shown.

        :return: list of {code, label, count, icon, tone, action}
        """
        today = fields.Date.to_string(scope['date'])
        domain = [*self._get_customer_domain(scope), ('follow_up_date', '<=', today)]
        return [{
            'code': 'follow_up', 'label': self.env._("Customers to look at again"),
            'count': self.env['ar.customer'].search_count(domain), 'icon': 'fa-eye',
            'tone': False, 'action': self._get_list_action(
                self.env._("Customers to look at again"), 'ar.customer', domain),
        }]

    # === ACTIONS === #

    def _get_customer_domain(self, scope):
        """Return the domain of the customers in scope; record rules do the rest."""
        return [('company_id', 'in', scope['company_ids']), *scope['customer_domain']]

    def _get_through_customer(self, scope):
        """Return the domain, on a model with a `customer_id`, of what is in scope."""
        domain = [('company_id', 'in', scope['company_ids'])]
        if scope['customer_domain']:
            domain.append(('customer_id', 'any', scope['customer_domain']))
        return domain

    def _get_list_action(self, name, model, domain, *, view=None, search=None, context=None):
        """Return an action that opens a list with exactly these records.

        :param list domain: plain, as it travels to the browser
        :param view: xml id of the list; the model's first one when omitted
        :param search: xml id of the search view
        """
        action = {
            'type': 'ir.actions.act_window', 'name': name, 'res_model': model,
            'view_mode': 'list,form', 'domain': domain,
            'views': [(self._get_view_id(view), 'list'), (False, 'form')],
            'context': {'create': False, **(context or {})},
        }
        if search:
            action['search_view_id'] = [self._get_view_id(search), 'search']
        return action

    def _get_view_id(self, name):
        return self.env.ref(f'ar_collections.{name}').id if name else False

    def _get_items_action(self, scope, name, domain=(), group_by=('partner_id',)):
        """Return the aged balance of the day, cut to the items in scope that satisfy a domain.

        What opens adds up to what was clicked: it is the same question to the same query.

        :param domain: on `ar.aged.balance`
        """
        return self.env['ar.aged.balance']._get_action(
            {'date': scope['date']}, [*self._get_items_domain(scope), *domain], name=name,
            group_by=group_by)

    def _get_items_domain(self, scope):
        """Return the domain on `ar.aged.balance` of what is in scope; record rules do the rest."""
        return self._get_through_customer(scope)
