from odoo import api, fields, models
from odoo.tools import SQL


class ArDunningEngine(models.AbstractModel):
    """Turns the decision into rows: reminders, their lines, and the items left out."""
    _inherit = 'ar.dunning.engine'

    @api.model
    def _insert_reminders(self, run, company, date):
        """Insert one reminder per accepted group of the work table.

        The unique indexes refuse what another transaction has inserted meanwhile.

        :param run: `ar.dunning.run`
        :return: ids of the reminders inserted
        """
        now = fields.Datetime.now()
        rows = self.env.execute_query(SQL(
            """
            INSERT INTO ar_reminder (
                name, key, company_id, run_id, customer_id, partner_id, recipient_id, policy_id,
                level_id, move_id, planned_channel, channel, execution, capped, auto, state, date,
                send_after, user_id, retry_count, item_count, amount_due, amount_credit,
                amount_claimed, days_overdue, create_uid, create_date, write_uid, write_date)
            SELECT 'REM/' || %(year)s || '/' || lpad(numbered.id::text, 6, '0'),
                   concat_ws('-', numbered.customer_id, COALESCE(numbered.move_id, 0),
                             numbered.level_id, %(date)s, numbered.id),
                   %(company)s, %(run)s, numbered.customer_id, numbered.partner_id,
                   numbered.recipient_id, numbered.policy_id, numbered.level_id, numbered.move_id,
                   numbered.planned_channel, numbered.channel, numbered.execution,
                   numbered.capped, numbered.execution = 'automatic',
                   CASE WHEN numbered.execution = 'automatic' THEN 'approved' ELSE 'proposed' END,
                   %(date)s, opening.moment, numbered.collector_id, 0, total.items, total.due,
                   total.credit, total.claimed, total.days_overdue,
                   %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM (
                SELECT nextval('ar_reminder_id_seq') AS id, accepted.*
                  FROM (SELECT * FROM ar_dunning_group WHERE reason IS NULL ORDER BY group_id)
                       accepted
              ) numbered
              LEFT JOIN (%(totals)s) total ON total.group_id = numbered.group_id
              LEFT JOIN (%(openings)s) opening (policy_id, moment)
                   ON opening.policy_id = numbered.policy_id
            ON CONFLICT DO NOTHING
            RETURNING id
            """,
            year=str(date.year), date=date, company=company.id, run=run.id,
            openings=self._get_openings(company), totals=self._get_total_query(),
            uid=self.env.uid, now=now,
        ))
        # The lines are joined with these fresh rows: let the planner know how many there are.
        self._analyze(SQL("ar_reminder (id, customer_id, level_id, policy_id)"))
        return [row[0] for row in rows]

    def _get_openings(self, company):
        """Return the query of (policy, first instant at which it may send)."""
        policies = self.env['ar.dunning.policy'].sudo().with_context(active_test=False).search(
            fields.Domain.TRUE)
        values = [
            SQL("(%s::int, %s::timestamp)", policy.id, policy._get_next_opening(company))
            for policy in policies
        ] or [SQL("(NULL::int, NULL::timestamp)")]
        return SQL("VALUES %s", SQL(", ").join(values))

    @api.model
    def _insert_step_lines(self, reminder_ids):
        """Insert the items that move on the ladder, and those that are listed beside them.

        :param reminder_ids: ids of reminders just inserted from the work tables
        """
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_reminder_line (
                reminder_id, customer_id, company_id, move_line_id, move_id, kind, level_id, state,
                counted, name, invoice_date, date_maturity, currency_id, amount_total,
                amount_residual_currency, amount_residual, days_overdue)
            SELECT reminder.id, reminder.customer_id, reminder.company_id, item.item_id,
                   item.move_id,
                   CASE WHEN item.reason IS NULL AND item.step_level_id IS NOT NULL
                        THEN 'step' ELSE 'listed' END,
                   CASE WHEN item.reason IS NULL THEN item.step_level_id END, reminder.state,
                   TRUE, item.name, item.invoice_date, item.due, item.currency_id, item.total,
                   item.residual_currency, item.residual, item.age
              FROM ar_reminder reminder
              JOIN ar_dunning_level level ON level.id = reminder.level_id
              JOIN ar_dunning_item item
                ON %(listed)s
             WHERE reminder.id = ANY(%(ids)s)
             ORDER BY reminder.id, item.age DESC
            """,
            ids=list(reminder_ids), listed=self._get_listed_condition('reminder'),
        ))
        # A table that was empty until now: all lines would be read again for each credit.
        self._analyze(SQL("ar_reminder_line (reminder_id, currency_id, kind)"))

    @api.model
    def _get_listed_condition(self, message):
        """Return which rows `item` of the work table a message lists; alias `level` is its level.

        :param str message: alias of the reminder, or of the group it would become
        :rtype: SQL
        """
        message = SQL.identifier(message)
        return SQL(
            """
            item.customer_id = %(message)s.customer_id
            AND (%(message)s.move_id IS NULL OR %(message)s.move_id = item.move_id)
            AND (item.reason IS NULL AND item.step_level_id IS NOT NULL
                    AND item.policy_id = %(message)s.policy_id
                 OR (item.reason IS NULL AND item.step_level_id IS NULL
                     OR item.reason IN ('one_message', 'minimum'))
                    AND (level.scope = 'open' OR level.scope = 'overdue' AND item.age > 0))
            """, message=message)

    @api.model
    def _get_total_query(self):
        """Return the query of what each accepted group lists and claims, from the work tables.

        Columns: group_id, items, due, credit (positive), claimed, days_overdue. Company currency.

        The same sums as `_update_totals`, before anything is created.

        :rtype: SQL
        """
        return SQL(
            """
            SELECT group_id, SUM(items)::int AS items, SUM(due) AS due, SUM(credit) AS credit,
                   SUM(CASE WHEN netting = 'subtract'
                            THEN apart + GREATEST(due - apart - credit, 0)
                            ELSE due END) AS claimed,
                   MAX(days_overdue) AS days_overdue
              FROM (
                SELECT due.group_id, due.netting, due.items, due.due, due.apart, due.days_overdue,
                       CASE WHEN due.netting = 'ignore' OR due.move_id IS NOT NULL THEN 0
                            ELSE COALESCE(-credit.amount, 0) END AS credit
                  FROM (
                    SELECT message.group_id, message.customer_id, message.netting, message.move_id,
                           item.currency_id, COUNT(*) AS items, MAX(item.age) AS days_overdue,
                           COALESCE(SUM(item.residual) FILTER (WHERE %(claimed)s), 0) AS due,
                           COALESCE(SUM(item.residual) FILTER (WHERE %(claimed)s AND %(apart)s), 0)
                               AS apart
                      FROM ar_dunning_group message
                      JOIN ar_dunning_level level ON level.id = message.level_id
                      JOIN ar_dunning_item item ON %(listed)s
                     WHERE message.reason IS NULL
                     GROUP BY 1, 2, 3, 4, 5
                  ) due
                  LEFT JOIN (
                    SELECT customer_id, currency_id, SUM(residual) AS amount
                      FROM ar_dunning_credit GROUP BY customer_id, currency_id
                  ) credit ON credit.customer_id = due.customer_id
                          AND credit.currency_id = due.currency_id
              ) by_currency
             GROUP BY group_id
            """,
            listed=self._get_listed_condition('message'),
            apart=self._get_kept_apart_condition(SQL("item.move_id")),
            claimed=SQL("(item.age > 0 OR item.reason IS NULL AND item.step_level_id IS NOT NULL)"),
        )

    @api.model
    def _insert_credit_lines(self, reminder_ids, credits):
        """List the open credits of the customers, as today, where the policy wants them shown.

        Only in the currencies that the reminder claims, and never on a message about one invoice.

        :param reminder_ids: ids of reminders that have their other lines
        :param SQL credits: name of the work table, or the query of `_get_credit_query`
        """
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_reminder_line (
                reminder_id, customer_id, company_id, move_line_id, move_id, kind, state, counted,
                name, invoice_date, date_maturity, currency_id, amount_total,
                amount_residual_currency, amount_residual, days_overdue)
            SELECT reminder.id, reminder.customer_id, reminder.company_id, credit.item_id,
                   credit.move_id, 'credit', reminder.state, FALSE, m.name,
                   COALESCE(m.invoice_date, l.date), l.date_maturity, credit.currency_id,
                   l.amount_currency, credit.residual_currency, credit.residual, 0
              FROM ar_reminder reminder
              JOIN ar_dunning_policy policy ON policy.id = reminder.policy_id
                   AND policy.netting <> 'ignore'
              JOIN %(credits)s credit ON credit.customer_id = reminder.customer_id
              JOIN account_move_line l ON l.id = credit.item_id
              JOIN account_move m ON m.id = credit.move_id
             WHERE reminder.id = ANY(%(ids)s) AND reminder.move_id IS NULL
               AND EXISTS (SELECT 1 FROM ar_reminder_line line
                            WHERE line.reminder_id = reminder.id AND line.kind <> 'credit'
                              AND line.currency_id = credit.currency_id)
            """,
            credits=credits, ids=list(reminder_ids),
        ))

    @api.model
    def _update_totals(self, reminder_ids):
        """Sum the lines into their reminders: items, credits and the amount claimed.

        Items listed for information that are not due yet are not claimed. Credits of a currency
        lower what is claimed in that currency, never below zero and never what is kept apart.
        """
        self.env.cr.execute(SQL(
            """
            UPDATE ar_reminder reminder
               SET item_count = total.item_count, amount_due = total.due,
                   amount_credit = total.credit,
                   amount_claimed = CASE WHEN policy.netting = 'subtract' AND
                                              reminder.move_id IS NULL
                                         THEN total.net ELSE total.due END,
                   days_overdue = total.days_overdue
              FROM ar_dunning_policy policy, (
                SELECT reminder_id, SUM(item_count)::int AS item_count, SUM(due) AS due,
                       -SUM(credit) AS credit,
                       SUM(apart + GREATEST(due - apart + credit, 0)) AS net,
                       MAX(days_overdue) AS days_overdue
                  FROM (
                    SELECT reminder_id, currency_id,
                           COUNT(*) FILTER (WHERE kind <> 'credit') AS item_count,
                           COALESCE(SUM(amount_residual) FILTER (WHERE %(claimed)s), 0) AS due,
                           COALESCE(SUM(amount_residual) FILTER (
                               WHERE %(claimed)s AND %(apart)s), 0) AS apart,
                           COALESCE(SUM(amount_residual) FILTER (WHERE kind = 'credit'), 0)
                               AS credit,
                           MAX(days_overdue) FILTER (WHERE kind <> 'credit') AS days_overdue
                      FROM ar_reminder_line line
                     WHERE reminder_id = ANY(%(ids)s)
                     GROUP BY reminder_id, currency_id
                  ) by_currency
                 GROUP BY reminder_id
              ) total
             WHERE total.reminder_id = reminder.id AND policy.id = reminder.policy_id
            """,
            ids=list(reminder_ids), apart=self._get_kept_apart_condition(SQL("line.move_id")),
            claimed=SQL("(kind = 'step' OR kind = 'listed' AND days_overdue > 0)"),
        ))

    @api.model
    def _insert_skips(self, run, company):
        """Keep why items that had reached a level were left out of this run."""
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_dunning_skip (
                run_id, company_id, customer_id, move_line_id, move_id, level_id, reason, amount)
            SELECT %(run)s, %(company)s, skip.customer_id, skip.move_line_id, skip.move_id,
                   skip.level_id, skip.reason, skip.amount
              FROM (%(skips)s) skip
             ORDER BY skip.customer_id, skip.move_line_id
            """,
            run=run.id, company=company.id, skips=self._get_skip_query(company),
        ))
        return self.env.cr.rowcount
