from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL


class ArCollectorTarget(models.Model):
    """What a collector is to reach in a month, and what was reached: read, never typed in."""
    _name = 'ar.collector.target'
    _description = "Monthly target of a collector"
    _order = 'month desc, collector_id'
    _rec_name = 'collector_id'

    collector_id = fields.Many2one(
        'res.users', required=True, index=True, ondelete='cascade', domain=[('share', '=', False)])
    company_id = fields.Many2one(
        'res.company', required=True, index=True, ondelete='cascade',
        default=lambda self: self.env.company)
    currency_id = fields.Many2one(related='company_id.currency_id')
    month = fields.Date(
        required=True, default=lambda self: self._default_month(),
        help="Any day of the month; its first day is kept.")
    call_target = fields.Integer(string="Calls: target")
    promise_target = fields.Integer(string="Promises: target")
    cash_target = fields.Monetary(string="Cash: target")
    call_count = fields.Integer(
        string="Calls", compute='_compute_progress',
        help="Calls and visits that this person wrote down in the month.")
    promise_count = fields.Integer(
        string="Promises", compute='_compute_progress',
        help="Promises that this person noted in the month.")
    cash_amount = fields.Monetary(
        string="Cash", compute='_compute_progress',
        help="Received in cash or bank in the month from the customers that this person follows "
             "today.")
    call_progress = fields.Float(string="Calls (%)", compute='_compute_progress')
    promise_progress = fields.Float(string="Promises (%)", compute='_compute_progress')
    cash_progress = fields.Float(string="Cash (%)", compute='_compute_progress')

    _collector_month_uniq = models.Constraint(
        'UNIQUE(collector_id, company_id, month)',
        "This collector has targets for this month already.")
    _targets_positive = models.Constraint(
        'CHECK(call_target >= 0 AND promise_target >= 0 AND cash_target >= 0)',
        "A target cannot be negative.")

    def _default_month(self):
        return fields.Date.context_today(self).replace(day=1)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_first_day(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._with_first_day(vals))

    @api.model
    def _with_first_day(self, vals):
        if not vals.get('month'):
            return vals
        return {**vals, 'month': fields.Date.to_date(vals['month']).replace(day=1)}

    # === PROGRESS === #

    @api.depends('collector_id', 'company_id', 'month', 'call_target', 'promise_target',
                 'cash_target')
    def _compute_progress(self):
        """Three queries per month and company, whatever the number of collectors."""
        for (company, month), targets in self.grouped(
                lambda target: (target.company_id, target.month)).items():
            figures = self._get_figures(company, month, targets.collector_id.ids)
            for target in targets:
                calls, promises, cash = figures.get(target.collector_id.id, (0, 0, 0.0))
                target.call_count, target.promise_count = calls, promises
                target.cash_amount = cash
                target.call_progress = _get_share(calls, target.call_target)
                target.promise_progress = _get_share(promises, target.promise_target)
                target.cash_progress = _get_share(cash, target.cash_target)

    @api.model
    def _get_figures(self, company, month, user_ids):
        """Return {user id: (calls, promises, cash in company currency)} of one month.

        Cash: receipts on receivable accounts from bank and cash journals, by accounting date.
        """
        if not company or not month:
            return {}
        self.env.flush_all()
        # sudo: sums only; whoever may read the target may read how far it is reached.
        company = company.sudo()
        rows = self.env.execute_query(SQL(
            """
            SELECT u.id,
                   (SELECT COUNT(*) FROM ar_interaction i
                     WHERE i.user_id = u.id AND i.company_id = %(company)s AND i.active
                       AND i.kind IN ('call', 'visit') AND i.direction = 'out'
                       AND (i.date AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date >= %(start)s
                       AND (i.date AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date < %(end)s),
                   (SELECT COUNT(*) FROM ar_promise promise
                     WHERE promise.user_id = u.id AND promise.company_id = %(company)s
                       AND promise.state <> 'cancelled'
                       AND promise.taken_on >= %(start)s AND promise.taken_on < %(end)s),
                   COALESCE(cash.amount, 0)
              FROM res_users u
              LEFT JOIN (
                SELECT c.collector_id, SUM(-l.balance) AS amount
                  FROM account_move_line l
                  JOIN res_partner p ON p.id = l.partner_id
                  JOIN ar_customer c ON c.partner_id = p.commercial_partner_id
                       AND c.company_id = l.company_id
                 WHERE l.account_id = ANY(%(accounts)s) AND l.company_id = %(company)s
                   AND l.parent_state = 'posted' AND l.journal_id = ANY(%(journals)s)
                   AND l.date >= %(start)s AND l.date < %(end)s
                   AND c.collector_id = ANY(%(users)s)
                 GROUP BY c.collector_id
              ) cash ON cash.collector_id = u.id
             WHERE u.id = ANY(%(users)s)
            """,
            company=company.id, users=list(user_ids), start=month,
            end=month + relativedelta(months=1), tz=company._get_ar_tz(),
            accounts=company._get_ar_account_ids(),
            journals=self.env['ar.customer']._get_cash_journal_ids(company)))
        return {row[0]: (row[1], row[2], float(row[3])) for row in rows}


def _get_share(value, target):
    return 100.0 * value / target if target else 0.0
