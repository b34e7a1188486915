from odoo import api, fields, models
from odoo.tools import SQL, format_date, formatLang

from ...tools.open_items import ALL

# Own payments from which on the habit of a customer says more than the risk class.
HABIT_PAYMENTS = 3
# Nothing is so certain to come by itself that it need not be asked for.
LEAST_LIKELIHOOD = 0.05
UNKNOWN_LIKELIHOOD = 0.5
# Money weighs twice as much at 90 days, three times at 180, and no more after that.
AGE_STEP = 90
AGE_MAX = 180
BROKEN_DAYS = 90
REQUEST_DAYS = 30
# Outcomes of a contact in which nobody was spoken to: no answer to a question.
UNREACHED = ('no_answer', 'call_back', 'wrong_contact', 'wrong_address')


class ArWorklist(models.Model):
    """What speaks for contacting a customer today, and how much."""
    _inherit = 'ar.worklist'

    @api.model
    def _get_priority_parts(self, company, date):
        """Hook: return what makes a customer worth a contact; rooms add their deadlines.

        A customer is on the list when one of the parts has a row. Points are comparable between
        parts: one point stands for `ar_worklist_point_amount` of money at stake.

        :param company: `res.company`
        :param date date: today in this company
        :return: list of (code, SQL, options); the query has one row per customer with the columns
            customer_id, points and detail (jsonb, what `_get_part_text` needs); options may say
            ``always``: SQL of alias `part` (a condition on its detail) that tells whether the
            customer is shown even before the day on which the collector wants to look again. The
            common table `money` is that of `_get_money_query`.
        """
        return [
            ('money', self._get_money_part(company), {}),
            ('broken', self._get_broken_part(company, date), {}),
            ('follow_up', self._get_follow_up_part(company, date), {}),
            ('approval', self._get_approval_part(company), {}),
            ('dispute', self._get_dispute_part(company, date), {}),
            ('request', self._get_request_part(company, date), {}),
        ]

    # === MONEY === #

    @api.model
    def _get_money_query(self, company, date, scope=ALL):
        """Return the overdue money that may be asked for, per customer.

        What keeps an item out of a reminder keeps it off the telephone: promised, disputed in full,
        stopped, excluded, at a lawyer's... A reminder that waits does not. Amounts are what is
        claimed, in company currency.

        likelihood: share of this customer's own payments that usually had arrived by this age
        (`ar.forecast.habit`, from three payments on), else 100 less the lowest score of the risk
        class, else one half; 1 for a class in default.

        :param SQL scope: which customers; alias `c`
        :return: SQL with the columns customer_id, amount, items, days (weighted by amount),
            max_days, likelihood, basis
        """
        engine = self.env['ar.dunning.engine']
        excluded = SQL(" OR ").join(
            condition for code, condition in engine._get_item_exclusions(company, date)
            if code != 'open_reminder')
        residual, _in_currency = engine._get_item_residual(company)
        return SQL(
            """
            SELECT owed.customer_id, owed.amount, owed.items, owed.days, owed.max_days,
                   CASE WHEN class.kind = 'default' THEN 'default'
                        WHEN habit.payment_count >= %(payments)s THEN 'habit'
                        WHEN class.kind = 'normal' THEN 'class' ELSE 'unknown' END AS basis,
                   ROUND(GREATEST(LEAST(
                       CASE WHEN class.kind = 'default' THEN 1
                            WHEN habit.payment_count >= %(payments)s
                            THEN COALESCE((habit.totals::int[])[width_bucket(
                                     owed.days, habit.delays::int[])], 0)::numeric
                                 / (habit.totals::int[])[cardinality(habit.totals::int[])]
                            WHEN class.kind = 'normal' THEN (100 - class.score_from)::numeric / 100
                            ELSE %(unknown)s END, 1), %(least)s), 2) AS likelihood
              FROM (
                SELECT item.customer_id, SUM(item.residual) AS amount, COUNT(*)::int AS items,
                       ROUND(SUM(item.residual * item.age) / SUM(item.residual))::int AS days,
                       MAX(item.age) AS max_days
                  FROM (
                    SELECT c.id AS customer_id, %(residual)s AS residual,
                           %(date)s::date - COALESCE(l.date_maturity, l.date) AS age
                      FROM account_move_line l
                      JOIN account_move m ON m.id = l.move_id
                      JOIN res_partner p ON p.id = l.partner_id
                      JOIN ar_customer c ON c.partner_id = p.commercial_partner_id
                           AND c.company_id = l.company_id
                     WHERE l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE
                       AND l.company_id = %(company)s AND l.parent_state = 'posted'
                       AND l.amount_residual > 0 AND %(scope)s
                       AND COALESCE(l.date_maturity, l.date) < %(date)s
                       AND (%(excluded)s) IS NOT TRUE
                  ) item
                 WHERE item.residual > 0
                 GROUP BY item.customer_id
              ) owed
              JOIN ar_customer c ON c.id = owed.customer_id
              LEFT JOIN ar_risk_class class ON class.id = c.risk_class_id
              LEFT JOIN ar_forecast_habit habit ON habit.partner_id = c.partner_id
                   AND habit.company_id = c.company_id
            """,
            payments=HABIT_PAYMENTS, unknown=UNKNOWN_LIKELIHOOD, least=LEAST_LIKELIHOOD,
            residual=residual, date=date, accounts=company._get_ar_account_ids(),
            company=company.id, excluded=excluded, scope=scope)

    @api.model
    def _get_money_part(self, company):
        """Amount × likelihood × age, in points of `ar_worklist_point_amount`."""
        return SQL(
            """
            SELECT customer_id, ROUND(amount * likelihood * factor / %(point)s, 1) AS points,
                   jsonb_build_object('amount', amount, 'likelihood', likelihood, 'days', days,
                                      'factor', factor, 'basis', basis) AS detail
              FROM (SELECT money.*, ROUND(1 + LEAST(days, %(most)s)::numeric / %(step)s, 2)
                                    AS factor FROM money) weighed
            """, most=AGE_MAX, step=AGE_STEP, point=company.ar_worklist_point_amount)

    # === WHAT HAPPENED, WHAT IS WAITING === #

    @api.model
    def _get_broken_part(self, company, date):
        """Promises broken over the last 90 days about items that are still open."""
        return SQL(
            """
            SELECT promise.customer_id, COUNT(*) * %(points)s AS points,
                   jsonb_build_object('number', COUNT(*), 'date', MAX(promise.promise_date))
                       AS detail
              FROM ar_promise promise
             WHERE promise.company_id = %(company)s AND promise.state = 'broken'
               AND promise.closed_on > %(since)s
               AND EXISTS (
                    SELECT 1 FROM ar_promise_line line
                      JOIN account_move_line l ON l.id = line.move_line_id
                     WHERE line.promise_id = promise.id AND l.reconciled IS NOT TRUE)
             GROUP BY promise.customer_id
            """,
            points=company.ar_worklist_broken_points, company=company.id,
            since=fields.Date.subtract(date, days=BROKEN_DAYS))

    @api.model
    def _get_follow_up_part(self, company, date):
        """The day to look again has come; not when an outcome set it and all is paid since."""
        return SQL(
            """
            SELECT c.id AS customer_id, %(points)s AS points,
                   jsonb_build_object('date', c.follow_up_date) AS detail
              FROM ar_customer c
             WHERE c.company_id = %(company)s AND c.follow_up_date <= %(date)s
               AND (c.overdue_amount > 0 OR NOT EXISTS (
                    SELECT 1 FROM ar_interaction i
                     WHERE i.customer_id = c.id AND i.active
                       AND i.next_date = c.follow_up_date))
            """, points=company.ar_worklist_follow_up_points, company=company.id, date=date)

    @api.model
    def _get_approval_part(self, company):
        """Reminders that wait for a click of ours."""
        return SQL(
            """
            SELECT customer_id, %(points)s AS points,
                   jsonb_build_object('number', COUNT(*)) AS detail
              FROM ar_reminder WHERE company_id = %(company)s AND state = 'proposed'
             GROUP BY customer_id
            """, points=company.ar_worklist_waiting_points, company=company.id)

    @api.model
    def _get_dispute_part(self, company, date):
        """Disputes that should have been settled by now, and what is to be done first."""
        return SQL(
            """
            SELECT customer_id, %(points)s AS points,
                   jsonb_build_object('number', COUNT(*), 'date', MIN(deadline), 'step', (
                        SELECT step.name
                          FROM ar_dispute late
                          JOIN ar_dispute_step step ON step.dispute_id = late.id
                         WHERE late.customer_id = dispute.customer_id AND late.state = 'open'
                           AND late.deadline < %(date)s AND step.done IS NOT TRUE
                         ORDER BY late.deadline, late.id, step.sequence, step.id LIMIT 1)) AS detail
              FROM ar_dispute dispute
             WHERE company_id = %(company)s AND state = 'open' AND deadline < %(date)s
             GROUP BY customer_id
            """, points=company.ar_worklist_waiting_points, company=company.id, date=date)

    @api.model
    def _get_request_part(self, company, date):
        """Questions of the customer of the last 30 days that nobody has come back on.

        Nobody came back when nobody was reached. What was asked on the pages has its own answer,
        see `worklist_waiting`.
        """
        return SQL(
            """
            SELECT asked.customer_id, %(points)s AS points,
                   jsonb_build_object('number', COUNT(*), 'date', MIN(asked.date)::date) AS detail
              FROM ar_interaction asked
             WHERE asked.company_id = %(company)s AND asked.outcome = 'request'
               AND asked.direction = 'in' AND asked.date > %(since)s
               AND (asked.key IS NULL OR asked.key NOT LIKE 'portal-act-%%')
               AND NOT EXISTS (
                    SELECT 1 FROM ar_interaction answer
                     WHERE answer.customer_id = asked.customer_id AND answer.direction = 'out'
                       AND answer.active AND answer.outcome <> ALL(%(unreached)s)
                       AND answer.date >= asked.date AND answer.id <> asked.id)
             GROUP BY asked.customer_id
            """,
            points=company.ar_worklist_waiting_points, company=company.id,
            since=fields.Date.subtract(date, days=REQUEST_DAYS), unreached=list(UNREACHED))

    # === THE RECORDS BEHIND IT === #

    @api.model
    def _get_part_records(self, company, code):
        """Hook: return where the records stand that one part of a priority counts.

        :param company: `res.company` of the customer
        :param str code: code of `_get_priority_parts`
        :return: (model, domain without the customer), or None when they stand on the screen anyway
        """
        today = company._get_ar_today()
        if code == 'broken':
            return 'ar.promise', [('state', '=', 'broken'), (
                'closed_on', '>', fields.Date.subtract(today, days=BROKEN_DAYS))]
        if code == 'approval':
            return 'ar.reminder', [('state', '=', 'proposed')]
        if code == 'dispute':
            return 'ar.dispute', [('state', '=', 'open'), ('deadline', '<', today)]
        return None

    # === IN WORDS === #

    @api.model
    def _get_part_text(self, company, code, part):
        """Hook: return the sentence of one part of a priority.

        :param company: `res.company` of the customer
        :param str code: code of `_get_priority_parts`
        :param dict part: its detail
        :rtype: str
        """
        number, date = part.get('number'), part.get('date')
        day = format_date(self.env, date) if date else ""
        if code == 'money':
            return self._get_money_text(company, part)
        if code == 'broken':
            return self.env._(
                "Promises broken over 90 days: %(number)s, the last one for %(date)s",
                number=number, date=day)
        if code == 'follow_up':
            return self.env._("To be contacted again on %s", day)
        if code == 'approval':
            return self.env._("Reminders that wait for approval: %s", number)
        if code == 'dispute':
            text = self.env._(
                "Disputes past their deadline: %(number)s, since %(date)s", number=number, date=day)
            names = part.get('step') or {}
            step = names.get(self.env.lang) or names.get('en_US')
            return self.env._("%(text)s. Next: %(step)s", text=text, step=step) if step else text
        if code == 'request':
            return self.env._(
                "Questions of the customer without answer: %(number)s, since %(date)s",
                number=number, date=day)
        return code

    def _get_money_text(self, company, part):
        # Apart from the words: the export of terms would take these codes for more of them.
        words = {
            'habit': self.env._("of what this customer pays has usually arrived by this age"),
            'class': self.env._("from the risk class: few payments are known"),
            'default': self.env._("the customer is in default"),
            'unknown': self.env._("neither payments nor a risk class are known"),
        }
        return self.env._(
            "%(amount)s to collect × %(likelihood)s %% (%(basis)s) × %(factor)s for a mean age of "
            "%(days)s days, one point per %(point)s",
            amount=formatLang(self.env, part['amount'], currency_obj=company.currency_id),
            likelihood=round(100 * part['likelihood']), basis=words[part['basis']],
            factor=formatLang(self.env, part['factor'], digits=2), days=part['days'],
            point=formatLang(
                self.env, company.sudo().ar_worklist_point_amount, digits=0,
                currency_obj=company.currency_id))
