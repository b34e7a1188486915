from odoo import api, fields, models
from odoo.tools import SQL, formatLang

# What the cockpit calls recent.
RECENT_DAYS = 7


class ArAgedBalance(models.Model):
    """EXTENDS figures: the insured part of each item, beside the buckets."""
    _inherit = 'ar.aged.balance'

    @api.model
    def _get_item_overlays(self, options):
        """EXTENDS figures: at the day of the report, by the cover in force then.

        In document currency at the item's own ratio; a company without any cover leaves it out.
        """
        overlays = super()._get_item_overlays(options)
        # sudo: whether there are any is no secret; the rows follow the items' own rules.
        if not self.env['ar.cover'].sudo().search_count(
                [('company_id', 'in', self._get_insured_company_ids())], limit=1):
            return overlays
        query = self.env['ar.cover']._get_insured_query(self.env.companies, options['date'])
        if options['valuation'] == 'document':
            query = SQL(
                """
                SELECT insured.line_id,
                       ROUND(insured.amount * COALESCE(l.amount_currency
                             / NULLIF(l.balance, 0), 1), money.decimal_places) AS amount
                  FROM (%s) insured JOIN account_move_line l ON l.id = insured.line_id
                  JOIN res_currency money ON money.id = l.currency_id
                """, query)
        overlays['insured'] = SQL(
            "SELECT line_id, amount FROM (%s) covered WHERE amount <> 0", query)
        return overlays

    def _get_insured_company_ids(self):
        return list({company_id for company in self.env.companies
                     for company_id in company._get_ar_tree_ids()})


class ArCockpit(models.AbstractModel):
    """EXTENDS figures: how much of what is owed is insured, and what the insurer took away."""
    _inherit = 'ar.cockpit'

    @api.model
    def _read_figures(self, scope):
        """EXTENDS figures: the insured part of the open items in scope, one query."""
        return {**super()._read_figures(scope), 'insured': self._read_insured(scope)}

    def _read_insured(self, scope):
        """Return {'amount', 'debit'} in the currency of the cockpit, or None without a policy."""
        # sudo: whether there is a policy is no secret; the sums are over the reader's customers.
        if not self.env['ar.cover'].sudo().search_count(
                [('company_id', 'in', scope['companies'].ids)], limit=1):
            return None
        customers = SQL("TRUE") if scope['customer_ids'] is None else SQL(
            "(item.partner_id, item.company_id) IN"
            " (SELECT c.partner_id, c.company_id FROM ar_customer c WHERE c.id = ANY(%s))",
            scope['customer_ids'])
        [(amount,)] = self.env.execute_query(SQL(
            """
            SELECT COALESCE(SUM(item.amount * rate.rate), 0)
              FROM (%(items)s) item
              JOIN (VALUES %(rates)s) rate (company_id, rate)
                   ON rate.company_id = item.company_id
             WHERE %(customers)s
            """,
            items=self.env['ar.cover'].sudo()._get_insured_query(
                scope['companies'], scope['date']),
            rates=self._get_rate_values(scope), customers=customers))
        return {'amount': scope['currency'].round(float(amount))}

    @api.model
    def _get_tiles(self, scope, figures):
        """EXTENDS figures: the insured share."""
        tiles = super()._get_tiles(scope, figures)
        insured = figures.get('insured')
        if not insured or not self.env['ar.cover'].has_access('read'):
            return tiles
        debit = figures['totals']['debit']
        since = fields.Date.to_string(fields.Date.subtract(scope['date'], days=RECENT_DAYS))
        reduced = [*self._get_through_customer(scope), ('reduced_on', '>', since)]
        count = self.env['ar.cover'].search_count(reduced)
        percent = formatLang(self.env, 100 * insured['amount'] / debit if debit else 0, digits=0)
        note = self.env._("%(percent)s %% of what is invoiced", percent=percent)
        if count:
            note = self.env._(
                "%(percent)s %% of what is invoiced; %(count)s covers cut in 7 days",
                percent=percent, count=count)
        name = self.env._("Covers")
        return [*tiles, {
            'code': 'insured', 'sequence': 35, 'label': self.env._("Insured"),
            'value': insured['amount'], 'kind': 'money', 'tone': 'warning' if count else False,
            'trend': False, 'note': note,
            'help': self.env._(
                "Part of the open items that credit insurance pays: within the cover of the day "
                "each was delivered, the oldest first, after the insured percentage."),
            'action': self._get_list_action(
                name, 'ar.cover', reduced if count else self._get_through_customer(scope),
                search='ar_cover_view_search'),
        }]

    @api.model
    def _get_todos(self, scope):
        """EXTENDS figures: what only a person can read, and requests that lost their way."""
        week = fields.Date.to_string(fields.Date.subtract(scope['date'], days=RECENT_DAYS))
        look = self.env._("Covers to look at")
        lost = self.env._("Cover requests to look up")
        ask = self.env._("Cover requests to ask by hand")
        hand = self.env._("Cover requests to type the answer of")
        fallen = self.env._("Covers reduced or withdrawn in the last 7 days")
        rows = [
            ('covers_look', look, 'fa-umbrella', 'bad', 'ar.cover',
             [('needs_person', '=', True)], None),
            ('covers_reduced', fallen, 'fa-umbrella', 'warning', 'ar.cover',
             [('reduced_on', '>', week)], None),
            ('requests_lost', lost, 'fa-question-circle', 'bad', 'ar.cover.request',
             ['|', ('state', '=', 'unknown'), '&', ('state', '=', 'open'),
              ('status', 'in', ('error', 'unknown'))], None),
            ('requests_ask', ask, 'fa-pencil', 'warning', 'ar.cover.request',
             [('state', '=', 'open'), ('by_hand', '=', True), ('asked_on', '=', False)], None),
            ('requests_hand', hand, 'fa-pencil', False, 'ar.cover.request',
             [('state', '=', 'open'), ('by_hand', '=', True), ('asked_on', '!=', False)], None),
        ]
        return [*super()._get_todos(scope), *(
            self._get_todo(scope, *row) for row in rows if self.env[row[4]].has_access('read'))]
