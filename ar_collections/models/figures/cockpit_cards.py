from odoo import api, fields, models
from odoo.tools import SQL, format_date

TOP = 10
WEEKS = 13


class ArCockpit(models.AbstractModel):
    """The cards of the cockpit: age, expected cash, largest debtors."""
    _inherit = 'ar.cockpit'

    # === AGE === #

    @api.model
    def _get_aged(self, scope, totals):
        """Return the open items by age, tied to the balance of the receivable accounts.

        :return: {'rows': list of {code, name, amount, share, is_late, is_credit, action},
            'total', 'action'}
        """
        rows = []
        if totals['item_count']:
            late = {bucket.id for bucket, start, _end in self.env['ar.aged.bucket']._get_bounds()
                    if start is not None and start > 0}
            credit = self.env['ar.aged.bucket']._get_credit_bucket()
            for row in self.env['ar.aged.balance']._read_buckets(
                    self._get_small_scope(scope), scope['date']):
                is_credit = row['bucket_id'] == credit.id
                if is_credit and not row['amount']:
                    continue
                rows.append({
                    'code': str(row['bucket_id']), 'name': row['name'], 'amount': row['amount'],
                    'share': row['amount'] / totals['debit']
                    if totals['debit'] and not is_credit else None,
                    'is_late': row['bucket_id'] in late, 'is_credit': is_credit,
                    'action': row['action'],
                })
        return {
            'rows': rows, 'total': totals['balance'],
            'action': self._get_items_action(scope, self.env._("Open items")),
        }

    # === EXPECTED CASH === #

    @api.model
    def _get_forecast_rows(self, scope):
        """Return the cash expected in each of thirteen weeks, and the range of what is in by then.

        A week has no range of its own: what comes late must come some day. The sums up to its end
        have one.

        :return: list of {date, label, likely, low_total, likely_total, high_total, action}; []
            when nothing is expected
        """
        amounts = ('likely', 'low_total', 'likely_total', 'high_total')
        rows = []
        for week in self.env['ar.forecast']._read_weeks(
                self._get_small_scope(scope), scope['date'], weeks=WEEKS):
            rows.append({
                'date': fields.Date.to_string(week['week']),
                'label': format_date(self.env, week['week'], date_format='d MMM'),
                'action': week['action'], **{name: float(week[name]) for name in amounts},
            })
        return rows if any(row['high_total'] for row in rows) else []

    # === DEBTORS === #

    @api.model
    def _get_debtors(self, scope, totals):
        """Return the customers with the largest overdue amounts: one query for the figures."""
        found = self.env.execute_query_dict(SQL(
            """
            SELECT c.id, debtor.overdue, debtor.balance, debtor.oldest
              FROM (
                SELECT partner_id, company_id, SUM(amount) AS balance,
                       SUM(amount) FILTER (WHERE amount > 0 AND due_date < %(today)s) AS overdue,
                       MIN(due_date) FILTER (WHERE amount > 0) AS oldest
                  FROM (%(items)s) item
                 GROUP BY partner_id, company_id
                HAVING SUM(amount) FILTER (WHERE amount > 0 AND due_date < %(today)s) > 0
              ) debtor
              JOIN ar_customer c ON c.partner_id = debtor.partner_id
                   AND c.company_id = debtor.company_id
             ORDER BY debtor.overdue DESC, c.id
             LIMIT %(top)s
            """, items=self._get_items_query(scope), today=scope['date'], top=TOP))
        customers = self.env['ar.customer'].browse([row['id'] for row in found])
        customers.fetch(['partner_id', 'company_id', 'collector_id'])
        rows = []
        for customer, row in zip(customers, found, strict=True):
            overdue = scope['currency'].round(float(row['overdue']))
            name = customer.partner_id.display_name
            rows.append({
                'id': customer.id, 'name': name,
                # sudo: the name of a colleague.
                'collector': customer.collector_id.sudo().name or '',
                'overdue': overdue, 'balance': scope['currency'].round(float(row['balance'])),
                'days': (scope['date'] - row['oldest']).days,
                'share': overdue / totals['overdue'] if totals['overdue'] else 0.0,
                'action': {
                    'type': 'ir.actions.act_window', 'res_model': 'ar.customer',
                    'res_id': customer.id, 'views': [(False, 'form')], 'name': name},
                'items_label': self.env._("Overdue items of %s", name),
                'items_action': self._get_items_action(
                    scope, self.env._("Overdue items of %s", name),
                    [('customer_id', '=', customer.id), ('overdue_amount', '>', 0)],
                    group_by=None),
            })
        return {'rows': rows, 'action': self._get_list_action(
            self.env._("Overdue customers"), 'ar.customer',
            [*self._get_customer_domain(scope), ('overdue_amount', '>', 0)])}
