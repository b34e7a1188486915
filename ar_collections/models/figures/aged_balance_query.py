from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.open_items import DUE_DATE
from .aged_balance import BESIDE, OVERLAYS
from .aged_bucket import MAX_BUCKETS


class ArAgedBalance(models.Model):
    """The query behind the aged balance.

    Layers: items open at the day (`items_at`); their amount and the date that is aged; items cut
    into instalments, see `aged_balance_parts`, and credits set against the oldest items, when asked
    for; names to group by. The last layer joins on unique keys only, so that PostgreSQL drops every
    join that a question does not use.
    """
    _inherit = 'ar.aged.balance'

    @property
    def _table_query(self):
        return self._get_query(self._get_options())

    @api.model
    def _get_query(self, options):
        """Return the query of one row per item, with every column of the model.

        :param dict options: as returned by `_get_options`
        :rtype: SQL
        """
        items = self._get_valued_query(options)
        in_parts = options['age_by'] == 'plan'
        if in_parts:
            items = self._get_parted_query(options, items)
        if options['credits'] == 'oldest':
            items = self._get_matched_query(items, in_parts)
        if in_parts:
            items = self._get_counted_query(items)
        bounds = self.env['ar.aged.bucket']._get_bounds()
        shown = SQL("TRUE") if options['credits'] == 'own' else SQL("v.amount > 0")
        first_late = next((start for _b, start, _e in bounds if start and start > 0), 1)
        overlays = self._get_overlays(options)
        revalued = options['valuation'] == 'revalued'
        return SQL(
            """
            SELECT %(id)s AS id, v.line_id, v.move_id, v.document, v.reference, v.label,
                   v.journal_id, v.account_id, v.company_id, v.date, v.invoice_date, v.due_date,
                   v.base_date, %(date)s::date - v.base_date AS days,
                   %(bucket)s AS bucket_id,
                   v.partner_id, c.id AS customer_id,
                   COALESCE(parent.top_id, v.partner_id) AS parent_group_id, c.credit_group_id,
                   cp.user_id, c.collector_id, c.risk_class_id, cp.country_id,
                   v.report_currency_id AS currency_id, v.currency_id AS document_currency_id,
                   v.residual_currency, v.amount,
                   CASE WHEN %(shown)s THEN 0 ELSE v.amount END AS credit_amount,
                   CASE WHEN %(shown)s AND v.base_date <= %(late)s THEN v.amount ELSE 0 END
                       AS overdue_amount,
                   %(buckets)s, %(overlays)s
              FROM (%(items)s) v
              LEFT JOIN ar_customer c
                   ON c.partner_id = v.partner_id AND c.company_id = v.company_id
              LEFT JOIN res_partner cp ON cp.id = v.partner_id
              LEFT JOIN (%(parents)s) parent ON parent.partner_id = v.partner_id
              %(overlay_joins)s
             WHERE v.amount <> 0
            """,
            date=options['date'], items=items, shown=shown,
            id=self._get_part_id() if in_parts else SQL("v.line_id"),
            late=fields.Date.subtract(options['date'], days=first_late),
            bucket=self._get_bucket_case(options, bounds, shown),
            buckets=self._get_bucket_columns(options, bounds, shown),
            parents=self._get_parents_query(),
            overlays=SQL(", ").join(
                SQL("%s AS %s", self._get_overlay_column(name, revalued, in_parts)
                    if name in overlays else SQL("0::numeric"), SQL.identifier(f'{name}_amount'))
                for name in OVERLAYS),
            overlay_joins=SQL(" ").join(
                SQL("LEFT JOIN (SELECT line_id, SUM(amount) AS amount FROM (%(query)s) part"
                    " GROUP BY line_id) %(name)s ON %(name)s.line_id = v.line_id",
                    query=query, name=SQL.identifier(f'ov_{name}'))
                for name, query in overlays.items()),
        )

    def _get_overlay_column(self, name, revalued, in_parts):
        """Return the column of an overlay: never more than what the item still owes on that day,
        but for what comes on top of it. Of an item in parts, the first ones first.
        """
        amount = SQL("COALESCE(%s.amount, 0)", SQL.identifier(f'ov_{name}'))
        if revalued:
            amount = SQL("ROUND(%s / v.rate, v.digits)", amount)
        if name in BESIDE:
            return SQL("CASE WHEN v.parts_before = 0 THEN %s ELSE 0 END", amount) if (
                in_parts) else amount
        if in_parts:
            amount = SQL("GREATEST(%s - v.parts_before, 0)", amount)
        return SQL("LEAST(%s, GREATEST(v.amount, 0))", amount)

    # === LAYERS === #

    def _get_valued_query(self, options):
        """Items with `amount`, `report_currency_id`, `base_date`, and `rate` and `digits` of the
        report's currency when it is revalued.
        """
        items = self.env.companies._get_ar_items_query(options['date'], columns=SQL(
            """
            l.id AS line_id, l.move_id, l.company_id, l.account_id,
            p.commercial_partner_id AS partner_id, l.currency_id, l.journal_id, l.date,
            %s AS due_date, COALESCE(l.invoice_date, l.date) AS invoice_date,
            l.company_currency_id, l.move_name AS document, l.ref AS reference, l.name AS label
            """, DUE_DATE))
        joins, base = SQL(), SQL("item.due_date")
        if options['age_by'] == 'invoice':
            base = SQL("item.invoice_date")
        elif options['age_by'] == 'expected':
            expected = self._get_expected_dates(options)
            if expected:
                base = SQL("COALESCE(expected.date, item.due_date)")
                joins = SQL("LEFT JOIN (%s) expected ON expected.line_id = item.line_id", expected)
        amount, currency = SQL("item.residual"), SQL("item.company_currency_id")
        rate = SQL("NULL::numeric AS rate, NULL::int AS digits")
        if options['valuation'] == 'document':
            amount, currency = SQL("item.residual_currency"), SQL("item.currency_id")
        elif options['valuation'] == 'revalued':
            amount = SQL("ROUND(item.residual_currency / rate.rate, rate.digits)")
            joins = SQL(
                "%s JOIN (%s) rate (company_id, currency_id, rate, digits)"
                " ON rate.company_id = item.company_id AND rate.currency_id = item.currency_id",
                joins, self._get_rates_values(options, items))
            rate = SQL("rate.rate, rate.digits")
        return SQL(
            "SELECT item.*, %(amount)s AS amount, %(currency)s AS report_currency_id,"
            " %(base)s AS base_date, %(rate)s FROM (%(items)s) item %(joins)s",
            amount=amount, currency=currency, base=base, rate=rate, items=items, joins=joins)

    def _get_matched_query(self, items, in_parts=False):
        """Set credits against the oldest items of the same customer, account and currency.

        In order of date, credits too: what is left of either keeps its own date. An amount that is
        taken from an item is taken from a credit, so the total does not move by a cent. Items
        without a customer are left alone: nobody knows that they belong together.
        """
        return SQL(
            """
            SELECT m.line_id, m.move_id, m.company_id, m.account_id, m.partner_id, m.currency_id,
                   m.journal_id, m.date, m.due_date, m.invoice_date, m.company_currency_id,
                   m.document, m.reference, m.label, m.residual, m.residual_currency,
                   CASE WHEN m.partner_id IS NULL THEN m.amount
                        WHEN m.amount > 0
                        THEN m.amount - LEAST(m.amount, GREATEST(m.credits - m.before, 0))
                        ELSE m.amount + LEAST(-m.amount, GREATEST(m.debits - m.before, 0))
                   END AS amount,
                   m.report_currency_id, m.base_date, m.rate, m.digits%(part)s
              FROM (
                SELECT valued.*,
                       COALESCE(SUM(valued.amount) FILTER (WHERE valued.amount > 0) OVER party, 0)
                           AS debits,
                       COALESCE(-SUM(valued.amount) FILTER (WHERE valued.amount < 0) OVER party, 0)
                           AS credits,
                       COALESCE(SUM(ABS(valued.amount)) OVER (
                           PARTITION BY valued.company_id, valued.account_id, valued.partner_id,
                                        valued.currency_id, valued.amount > 0
                           ORDER BY valued.base_date, valued.line_id%(then)s
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
                  FROM (%(items)s) valued
                WINDOW party AS (PARTITION BY valued.company_id, valued.account_id,
                                 valued.partner_id, valued.currency_id)
              ) m
            """, items=items, part=SQL(", m.part") if in_parts else SQL(),
            then=SQL(", valued.part") if in_parts else SQL())

    def _get_parents_query(self):
        """Return the query of (partner_id, top_id) of every company below another one."""
        return SQL(
            """
            WITH RECURSIVE up AS (
                SELECT id, parent_id FROM res_partner
                 WHERE parent_id IS NOT NULL AND id = commercial_partner_id
                 UNION
                SELECT up.id, p.parent_id FROM up JOIN res_partner p ON p.id = up.parent_id
                 WHERE p.parent_id IS NOT NULL
            )
            SELECT up.id AS partner_id, MAX(up.parent_id) AS top_id
              FROM up JOIN res_partner top ON top.id = up.parent_id AND top.parent_id IS NULL
             GROUP BY up.id
            """)

    # === COLUMNS === #

    def _get_bucket_case(self, options, bounds, shown):
        """Return the expression of the bucket's id; credits outside the buckets have their own."""
        cases = [
            SQL("WHEN v.base_date <= %s THEN %s",
                fields.Date.subtract(options['date'], days=start), bucket.id)
            for bucket, start, _end in reversed(bounds) if start is not None
        ]
        return SQL(
            "CASE WHEN NOT (%s) THEN %s %s ELSE %s END", shown,
            self.env['ar.aged.bucket']._get_credit_bucket().id or None, SQL(" ").join(cases),
            bounds[0][0].id if bounds else None)

    def _get_bucket_columns(self, options, bounds, shown):
        """Return one column per bucket, compared by date so that no row computes its age."""
        columns = []
        for number in range(1, MAX_BUCKETS + 1):
            value = SQL("0::numeric")
            if number <= len(bounds):
                _bucket, start, end = bounds[number - 1]
                conditions = [shown]
                if start is not None:
                    conditions.append(SQL(
                        "v.base_date <= %s", fields.Date.subtract(options['date'], days=start)))
                if end is not None:
                    conditions.append(SQL(
                        "v.base_date >= %s", fields.Date.subtract(options['date'], days=end)))
                value = SQL("CASE WHEN %s THEN v.amount ELSE 0 END", SQL(" AND ").join(conditions))
            columns.append(SQL("%s AS %s", value, SQL.identifier(f'bucket_{number}')))
        return SQL(", ").join(columns)

    # === RATES === #

    def _get_rates_values(self, options, items):
        """Return the VALUES of (company, currency, rate, digits) of every currency in use.

        :raise UserError: when one has no rate on that day; a guess would look like a figure
        """
        pairs = self.env.execute_query(SQL(
            "SELECT DISTINCT company_id, currency_id FROM (%s) item", items))
        rows = []
        # sudo: rates are no secret, and the figure must not depend on who may open the table.
        companies = self.env['res.company'].sudo()
        currencies = self.env['res.currency'].sudo().with_context(active_test=False)
        for company in companies.browse({company_id for company_id, _currency in pairs}):
            used = currencies.browse([
                currency_id for company_id, currency_id in pairs if company_id == company.id])
            for currency, rate in self._get_rates(company, used, options['date']).items():
                rows.append(SQL(
                    "(%s::int, %s::int, %s::numeric, %s::int)", company.id, currency.id, rate,
                    company.currency_id.decimal_places))
        if not rows:
            return SQL("SELECT NULL::int, NULL::int, NULL::numeric, NULL::int WHERE FALSE")
        return SQL("VALUES %s", SQL(", ").join(rows))

    @api.model
    def _get_rates(self, company, currencies, date):
        """Return {currency: units of it per unit of company currency} at ``date``.

        :raise UserError: naming the currency without a rate on or before that day
        """
        foreign = currencies - company.currency_id
        known = self.env['res.currency.rate'].sudo()._read_group([
            ('currency_id', 'in', foreign.ids), ('name', '<=', date),
            ('company_id', 'in', (False, company.root_id.id))], ['currency_id'])
        for currency in foreign - self.env['res.currency'].sudo().union(*(
                currency for (currency,) in known)):
            raise UserError(self.env._(
                "The aged balance cannot be revalued: %(currency)s has no exchange rate on "
                "%(date)s in %(company)s. Add one under Accounting, Currencies.",
                currency=currency.name, date=fields.Date.to_string(date), company=company.name))
        rates = (currencies | company.currency_id)._get_rates(company, date)
        base = rates[company.currency_id.id]
        return {currency: 1.0 if currency == company.currency_id else rates[currency.id] / base
                for currency in currencies}

    # === HOOKS === #

    @api.model
    def _get_expected_dates(self, options):
        """Hook: return the query of (line_id, date) on which items are expected to be paid.

        One row per item at most; an item without one is aged by its due date.

        :param dict options: as returned by `_get_options`
        :return: SQL, or None when nobody forecasts
        """
        return None

    @api.model
    def _get_item_overlays(self, options):
        """Hook: return amounts that stand beside the buckets and add to none of them.

        :param dict options: as returned by `_get_options`; amounts in the same valuation, which is
            never 'revalued': see `_get_overlays`
        :return: {name of `OVERLAYS`: SQL of (line_id, amount)}; several rows per item are added up
        """
        return {}

    @api.model
    def _get_overlays(self, options):
        """Return the overlays; a revalued report gets them in the currency of the document, and
        values them as it values the items.
        """
        if options['valuation'] == 'revalued':
            options = {**options, 'valuation': 'document'}
        return self._get_item_overlays(options)

    # === FIGURES === #

    @api.model
    def _get_scope_domain(self, scope):
        """Return the domain of a scope shared by the figures.

        :param dict scope: company_ids, customer_ids, segment (domain on `ar.customer`),
            collector_id; each may be missing or None
        """
        domain = fields.Domain.TRUE
        if scope.get('company_ids'):
            domain &= fields.Domain('company_id', 'in', list(scope['company_ids']))
        if scope.get('customer_ids') is not None:
            domain &= fields.Domain('customer_id', 'in', list(scope['customer_ids']))
        if scope.get('segment'):
            domain &= fields.Domain('customer_id', 'any', list(scope['segment']))
        if scope.get('collector_id'):
            domain &= fields.Domain('collector_id', '=', scope['collector_id'])
        return domain

    @api.model
    def _read_buckets(self, scope, date=None):
        """Return the balance by bucket, credits last, with the action behind each.

        Within the rights of the user. Amounts are in the currency of the current company;
        another company's are converted at the rate of ``date``.

        :param dict scope: see `_get_scope_domain`
        :param date: day of the balance; today when omitted
        :return: list of {'bucket_id', 'name', 'amount', 'action'}
        """
        date = self._parse_date(date)
        target = self.env.company.currency_id
        model = self.with_context(
            {key: value for key, value in self.env.context.items() if not key.startswith('ar_')},
            ar_date=fields.Date.to_string(date))
        domain = model._get_scope_domain(scope)
        amounts = {}
        for bucket, currency, amount in model._read_group(
                domain, ['bucket_id', 'currency_id'], ['amount:sum']):
            if currency != target:
                amount = currency._convert(amount, target, self.env.company, date)
            amounts[bucket.id] = amounts.get(bucket.id, 0.0) + amount
        buckets = [bucket for bucket, _start, _end in self.env['ar.aged.bucket']._get_bounds()]
        buckets.append(self.env['ar.aged.bucket']._get_credit_bucket())
        return [{
            'bucket_id': bucket.id, 'name': bucket.with_env(self.env).name,
            'amount': target.round(amounts.get(bucket.id, 0.0)),
            'action': model._get_action(
                {'date': date}, domain & fields.Domain('bucket_id', '=', bucket.id),
                name=bucket.with_env(self.env).name),
        } for bucket in buckets]
