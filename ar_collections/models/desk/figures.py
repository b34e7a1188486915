from odoo import api, fields, models
from odoo.tools import SQL, formatLang

# Disputes settled before this many years say nothing about today.
RESOLUTION_YEARS = 2
# From so many settled disputes on, their own time counts instead of the reason's deadline.
RESOLUTION_CASES = 5


class ArForecast(models.AbstractModel):
    """EXTENDS figures: promises and disputes in the expected dates."""
    _inherit = 'ar.forecast'

    @api.model
    def _get_promised_dates(self, companies, date):
        """EXTENDS figures: the day promised, for promises open at the end of ``date``."""
        self.env['ar.promise'].flush_model()
        return SQL(
            """
            SELECT COALESCE(stood.other_id, line.move_line_id) AS line_id,
                   MAX(promise.promise_date) AS date
              FROM ar_promise_line line JOIN ar_promise promise ON promise.id = line.promise_id
              LEFT JOIN (%(pairs)s) stood ON stood.item_id = line.move_line_id
             WHERE promise.company_id = ANY(%(companies)s) AND promise.taken_on <= %(date)s
               AND (promise.state = 'open' OR promise.closed_on > %(date)s)
             GROUP BY COALESCE(stood.other_id, line.move_line_id)
            """, companies=companies.ids, date=date,
            pairs=self.env['ar.doubtful.line']._get_claim_pairs())

    @api.model
    def _get_dispute_days(self, companies, date):
        """EXTENDS figures: what disputes of the same reason usually take, less what has passed.

        The mean of the last two years from five settled ones on, else the deadline of the reason.
        Never less than a day: an open dispute is not paid today.
        """
        self.env['ar.dispute'].flush_model()
        return SQL(
            """
            SELECT COALESCE(stood.other_id, line.move_line_id) AS line_id,
                   MAX(GREATEST(COALESCE(usual.days, reason.deadline_days)
                                - (%(date)s::date - dispute.opened_on), 1))::int AS days
              FROM ar_dispute_line line
              JOIN ar_dispute dispute ON dispute.id = line.dispute_id
              JOIN ar_dispute_reason reason ON reason.id = dispute.reason_id
              LEFT JOIN (%(pairs)s) stood ON stood.item_id = line.move_line_id
              LEFT JOIN (
                SELECT reason_id, ROUND(AVG(closed_on - opened_on)) AS days
                  FROM ar_dispute
                 WHERE closed_on > %(since)s AND closed_on <= %(date)s
                   AND company_id = ANY(%(companies)s)
                 GROUP BY reason_id HAVING COUNT(*) >= %(cases)s
              ) usual ON usual.reason_id = dispute.reason_id
             WHERE dispute.company_id = ANY(%(companies)s) AND dispute.opened_on <= %(date)s
               AND (dispute.state = 'open' OR dispute.closed_on > %(date)s)
             GROUP BY COALESCE(stood.other_id, line.move_line_id)
            """,
            companies=companies.ids, date=date, cases=RESOLUTION_CASES,
            pairs=self.env['ar.doubtful.line']._get_claim_pairs(),
            since=fields.Date.subtract(fields.Date.to_date(date), years=RESOLUTION_YEARS))


class ArAgedBalance(models.Model):
    """EXTENDS figures: what is disputed and what is promised, beside the buckets."""
    _inherit = 'ar.aged.balance'

    @api.model
    def _get_item_overlays(self, options):
        """EXTENDS figures: as known at the day of the report.

        In company currency a part is taken at the item's own ratio; a company that has never noted
        any leaves the two columns out.
        """
        overlays = super()._get_item_overlays(options)
        self.env['ar.promise'].flush_model()
        self.env['ar.dispute'].flush_model()
        # sudo: whether there are any is no secret; the rows follow the items' own rules.
        known = [('company_id', 'in', self.env.companies.ids)]
        for name, table, parent, start, amount in (
            ('disputed', 'ar_dispute', 'dispute_id', 'opened_on', SQL("line.amount")),
            ('promised', 'ar_promise', 'promise_id', 'taken_on', SQL("line.promised")),
        ):
            if not self.env[table.replace('_', '.')].sudo().search_count(known, limit=1):
                continue
            lines = SQL.identifier(f'{table}_line')
            if name == 'promised':
                lines = self._get_promised_lines()
            overlays[name] = self._get_part_query(
                options, amount, SQL(
                    "%(lines)s line JOIN %(table)s agreement ON agreement.id = line.%(parent)s",
                    lines=lines, table=SQL.identifier(table), parent=SQL.identifier(parent)),
                SQL("agreement.%(start)s <= %(date)s"
                    " AND (agreement.state = 'open' OR agreement.closed_on > %(date)s)",
                    start=SQL.identifier(start), date=options['date']))
        return overlays

    def _get_promised_lines(self):
        """Return the items of promises with what was promised of each: the oldest ones first."""
        return SQL(
            """
            (SELECT line.move_line_id, line.promise_id, GREATEST(LEAST(
                        line.amount, promise.amount - SUM(line.amount) OVER (
                            PARTITION BY line.promise_id
                            ORDER BY COALESCE(l.date_maturity, l.date), l.id) + line.amount
                    ), 0) AS promised
               FROM ar_promise_line line
               JOIN ar_promise promise ON promise.id = line.promise_id
               JOIN account_move_line l ON l.id = line.move_line_id)
            """)

    def _get_part_query(self, options, amount, lines, condition):
        """Return the overlay of a part of items: (line_id, amount), in the report's valuation.

        In company currency a part is taken at the item's own ratio; rounded as the currency of the
        amount is.

        :param SQL amount: the part, in the item's currency
        :param SQL lines: tables to read from; alias `line` has a `move_line_id`
        :param SQL condition: which of them
        """
        document = options['valuation'] == 'document'
        # At a past date the claim may have stood on another item: all of them get the part, and
        # only what was open on that day shows it.
        return SQL(
            """
            SELECT l.id AS line_id,
                   ROUND((%(amount)s * %(ratio)s)::numeric, money.decimal_places) AS amount
              FROM %(lines)s
              LEFT JOIN (%(pairs)s) stood ON stood.item_id = line.move_line_id
              JOIN account_move_line l ON l.id = COALESCE(stood.other_id, line.move_line_id)
              JOIN res_currency money ON money.id = %(currency)s
             WHERE %(condition)s
            """,
            amount=amount, lines=lines, condition=condition,
            pairs=self.env['ar.doubtful.line']._get_claim_pairs(),
            ratio=SQL("1") if document else SQL(
                "COALESCE(l.balance / NULLIF(l.amount_currency, 0), 1)"),
            currency=SQL("l.currency_id") if document else SQL("l.company_currency_id"))


class ArCockpit(models.AbstractModel):
    """EXTENDS figures: promises that fall due, and what waits at the desk."""
    _inherit = 'ar.cockpit'

    @api.model
    def _get_tiles(self, scope, figures):
        """EXTENDS figures: promises due within a week."""
        tiles = super()._get_tiles(scope, figures)
        Promise = self.env['ar.promise']
        if not Promise.has_access('read'):
            return tiles
        domain = [*self._get_through_customer(scope), ('state', '=', 'open'), (
            'promise_date', '<=', fields.Date.to_string(
                fields.Date.add(scope['date'], days=7)))]
        count, amount = 0, 0.0
        for company, currency, number, total in Promise._read_group(
                domain, ['company_id', 'currency_id'], ['__count', 'amount:sum']):
            count += number
            amount += currency._convert(total, scope['currency'], company, scope['date'])
        return [*tiles, {
            'code': 'promises', 'sequence': 50, 'label': self.env._("Promises due"),
            'value': count, 'kind': 'count', 'tone': False, 'trend': False,
            'note': count and formatLang(
                self.env, amount, rounding_unit='units', currency_obj=scope['currency']),
            'help': self.env._("Promises to pay that fall due within seven days, or have."),
            'action': self._get_list_action(
                self.env._("Promises due"), 'ar.promise', domain,
                search='ar_promise_view_search'),
        }]

    @api.model
    def _get_todos(self, scope):
        """EXTENDS figures: disputes past their deadline, promises just broken."""
        today, week = fields.Date.to_string(scope['date']), fields.Date.to_string(
            fields.Date.subtract(scope['date'], days=7))
        late = self.env._("Disputes past their deadline")
        broken = self.env._("Promises broken in the last 7 days")
        rows = [
            ('disputes', late, 'fa-comments-o', 'warning', 'ar.dispute',
             [('state', '=', 'open'), ('deadline', '<', today)], None),
            ('broken', broken, 'fa-chain-broken', 'warning', 'ar.promise',
             [('state', '=', 'broken'), ('closed_on', '>=', week)], None),
        ]
        return [*super()._get_todos(scope), *(
            self._get_todo(scope, *row) for row in rows if self.env[row[4]].has_access('read'))]
