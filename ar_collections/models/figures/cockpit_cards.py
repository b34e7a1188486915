from odoo import api, fields, models
from odoo.tools import format_date

WEEKS = 13


class ArCockpit(models.AbstractModel):
    """The cards of the cockpit: age, expected cash, largest debtors."""
    _inherit = 'ar.cockpit'

    # === AGE === #

    @api.model
    def _get_aged(self, scope, ledger):
        """Return the open items by age, tied to the balance of the receivable accounts.

        The same buckets and the same amounts as `ar.aged.balance`, which each of them opens.

        :param ledger: see `_read_ledger`
        :return: {'rows': list of {code, name, amount, share, is_late, is_credit, action},
            'total', 'action'}
        """
        totals, rows = ledger['totals'], []
        credit = self.env['ar.aged.bucket']._get_credit_bucket()
        for bucket, start, amount in [*ledger['buckets'], (credit, None, totals['credit'])]:
            is_credit = bucket == credit
            if not totals['item_count'] or (is_credit and not amount):
                continue
            name = bucket.with_env(self.env).name
            rows.append({
                'code': str(bucket.id), 'name': name, 'amount': amount,
                'share': amount / totals['debit'] if totals['debit'] and not is_credit else None,
                'is_late': start is not None and start > 0, 'is_credit': is_credit,
                'action': self._get_items_action(scope, name, [('bucket_id', '=', bucket.id)]),
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
    def _get_debtors(self, scope, ledger):
        """Return the customers with the largest overdue amounts.

        :param ledger: see `_read_ledger`
        """
        customers = self.env['ar.customer'].browse([row['id'] for row in ledger['debtors']])
        customers.fetch(['partner_id', 'company_id', 'collector_id'])
        overdue, rows = ledger['totals']['overdue'], []
        for customer, row in zip(customers, ledger['debtors'], strict=True):
            name = customer.partner_id.display_name
            rows.append({
                'id': customer.id, 'name': name,
                # sudo: the name of a colleague.
                'collector': customer.collector_id.sudo().name or '',
                'overdue': row['overdue'], 'balance': row['balance'],
                'days': (scope['date'] - fields.Date.to_date(row['oldest'])).days,
                'share': row['overdue'] / overdue if overdue else 0.0,
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
