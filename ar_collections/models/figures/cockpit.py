from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, formatLang

PERIODS = (6, 12, 24)
MAX_OPTIONS = 50
TOP = 10
# Who sees every customer of their companies; everybody else gets a list of customers.
READERS = ('ar_collections.group_ar_auditor', 'ar_collections.group_ar_collector_own')
READERS_OF_ALL = ('ar_collections.group_ar_auditor', 'ar_collections.group_ar_collector')


class ArCockpit(models.AbstractModel):
    """Everything the first page of Receivables shows, in one call and a fixed number of queries.

    Rooms add tiles with `_get_tiles` and rows of the to-do list with `_get_todos`; what takes long
    to read belongs into `_read_figures`.
    """
    _name = 'ar.cockpit'
    _description = "Cockpit of Receivables"

    # === THE ONE CALL === #

    @api.model
    def load_cockpit(self, filters=None, refresh=False):
        """Return all figures of the cockpit that the reader may see.

        What is counted by the ledger may be up to `KEEP_MINUTES` old, and ``read_at`` says how
        old; what waits to be done is always counted now.

        :param dict filters: ``months`` of history (6, 12 or 24), ``segment`` as
            "field:id" of `_get_segment_fields`, ``collector`` as a user id or "none"; companies
            are those chosen in Odoo's company switcher
        :param bool refresh: read the ledger whatever is kept
        :return: a dictionary for the client action; amounts in ``currency_id``, which is the
            currency of the current company
        :raise AccessError: for whoever has no role in Receivables
        """
        if not self.env.su and not any(map(self.env.user.has_group, READERS)):
            raise AccessError(self.env._("The cockpit is for those with a role in Receivables."))
        self.env.flush_all()
        scope = self._get_scope(filters or {})
        figures = self._get_figures(scope, refresh)
        data = {
            'currency_id': scope['currency'].id,
            'is_converted': scope['is_converted'],
            'date': fields.Date.to_string(scope['date']),
            'read_at': figures['read_at'], 'seconds': figures['seconds'],
            'periods': list(PERIODS),
            'segments': self._get_segments(),
            'collectors': self._get_collectors(),
            'empty': self._get_empty_reason(scope, figures['totals']),
            'can_set_up': self.env['ar.first.steps'].has_access('create'),
        }
        if not data['empty']:
            data.update({
                'tiles': sorted(
                    self._get_tiles(scope, figures), key=lambda tile: tile['sequence']),
                'actions': [row for row in self._get_todos(scope) if row['count']],
                **{name: figures[name] for name in ('aged', 'dso', 'forecast', 'debtors')},
            })
        return data

    @api.model
    def _read_figures(self, scope):
        """Hook: return what is read from the ledger, and kept for a few minutes.

        :rtype: dict, of what JSON can keep
        """
        ledger = self._read_ledger(scope)
        return {
            'totals': ledger['totals'],
            'aged': self._get_aged(scope, ledger),
            'dso': self._get_dso_rows(scope),
            'forecast': self._get_forecast_rows(scope),
            'debtors': self._get_debtors(scope, ledger),
        }

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

    def _read_ledger(self, scope):
        """Return the sums of the open items, by age too, and the largest debtors: one query.

        :return: {'totals': {item_count, overdue_count, balance, debit, credit, overdue},
            'buckets': [(bucket, first day, amount)], 'debtors': [{id, overdue, balance, oldest}]}
        """
        bounds = self.env['ar.aged.bucket']._get_bounds()
        starts = [start for _bucket, start, _end in bounds if start is not None]
        # Each item is put into its bucket once, by its age; credits have none.
        [(ages, debtors)] = self.env.execute_query(SQL(
            """
            WITH item AS MATERIALIZED (
                SELECT partner_id, company_id, amount,
                       CASE WHEN amount > 0 THEN %(date)s::date - due_date END AS age
                  FROM (%(items)s) open_item
            )
            SELECT (SELECT COALESCE(json_agg(age), '[]') FROM (
                        SELECT width_bucket(age, %(starts)s::int[]) AS number,
                               age > 0 AS is_late, COUNT(*) AS count, SUM(amount) AS amount
                          FROM item GROUP BY 1, 2) age),
                   (SELECT COALESCE(json_agg(debtor), '[]') FROM (
                        SELECT c.id, party.overdue, party.balance,
                               %(date)s::date - party.days AS oldest
                          FROM (SELECT partner_id, company_id, SUM(amount) AS balance,
                                       SUM(amount) FILTER (WHERE age > 0) AS overdue,
                                       MAX(age) AS days
                                  FROM item GROUP BY partner_id, company_id) party
                          JOIN ar_customer c ON c.partner_id = party.partner_id
                               AND c.company_id = party.company_id
                         WHERE party.overdue > 0
                         ORDER BY party.overdue DESC, c.id
                         LIMIT %(top)s) debtor)
            """,
            items=self._get_items_query(scope), date=scope['date'], starts=starts, top=TOP))
        round_off = scope['currency'].round
        late = [row for row in ages if row['is_late']]
        aged = [row for row in ages if row['is_late'] is not None]
        balance, debit = (sum(row['amount'] for row in rows) for rows in (ages, aged))
        # The first bucket has no start: whatever lies before the others is its own.
        amounts = [0.0] * (len(starts) + 1)
        for row in aged:
            amounts[row['number']] += row['amount']
        return {
            'totals': {
                'item_count': sum(row['count'] for row in ages),
                'overdue_count': sum(row['count'] for row in late),
                'balance': round_off(balance), 'debit': round_off(debit),
                'credit': round_off(balance - debit),
                'overdue': round_off(sum(row['amount'] for row in late)),
            },
            'buckets': [(bucket, start, round_off(amount)) for (bucket, start, _end), amount in zip(
                bounds, amounts[:len(bounds)], strict=True)],
            'debtors': [{**row, 'overdue': round_off(row['overdue']),
                         'balance': round_off(row['balance'])} for row in debtors],
        }

    # === TILES === #

    @api.model
    def _get_tiles(self, scope, figures):
        """Hook: return the tiles; rooms add theirs.

        :param dict figures: see `_read_figures`
        :return: list of {code, sequence, label, value, kind ('money', 'days' or 'count'), tone
            ('bad', 'warning', 'good' or False), note, help, trend (False or {text, tone, icon}),
            action}
        """
        overdue, debit = figures['totals']['overdue'], figures['totals']['debit']
        rate = overdue / debit if debit else 0.0
        name = self.env._("Overdue items")
        return [
            {
                'code': 'overdue', 'sequence': 10, 'label': self.env._("Overdue"),
                'value': overdue, 'kind': 'money', 'tone': 'bad' if overdue else 'good',
                'note': self.env._(
                    "%(percent)s %% of what is invoiced",
                    percent=formatLang(self.env, 100 * rate, digits=0)) if debit else False,
                'help': self.env._("Open items whose due date has passed, before credits."),
                'trend': False,
                'action': self._get_items_action(scope, name, [('overdue_amount', '>', 0)]),
            },
            self._get_dso_tile(scope, figures['dso']),
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
