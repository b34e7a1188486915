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
            # The domain of the scope alone, and not the ids that it found: the action of each
            # bucket travels to the browser. Record rules keep the perimeter here.
            for row in self.env['ar.aged.balance']._read_buckets({
                    'company_ids': scope['company_ids'],
                    'segment': scope['customer_domain'] or None}, scope['date']):
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
        """Return the cash expected in each of thirteen weeks.

        :return: list of {date, label, low, likely, high, action}
        """
        weeks = self.env['ar.forecast']._read_weeks(scope, scope['date'], weeks=WEEKS)
        rows = []
        for week in weeks:
            date = fields.Date.to_date(week['week'])
            rows.append({
                'date': fields.Date.to_string(date),
                'label': format_date(self.env, date, date_format='d MMM'),
                'low': float(week['low']), 'likely': float(week['likely']),
                'high': float(week['high']), 'action': week.get('action'),
            })
        return rows if any(row['high'] or row['likely'] for row in rows) else []

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
