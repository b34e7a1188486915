from odoo import api, models
from odoo.tools import SQL

# Work tables of one transaction; PostgreSQL drops them at its end.
ITEM_TABLE = 'ar_dunning_item'
GROUP_TABLE = 'ar_dunning_group'
CREDIT_TABLE = 'ar_dunning_credit'


class ArDunningEngine(models.AbstractModel):
    """Decides who hears about what. It writes three temporary tables and no record.

    `ar_dunning_item`: one row per open item with the level it reaches, or the reason why not.
    `ar_dunning_credit`: one row per open credit.
    `ar_dunning_group`: one row per message that would leave, with level, channel and recipient.
    The preview and the run read them: what is previewed is what is created.
    """
    _name = 'ar.dunning.engine'
    _description = "Dunning engine"

    @api.model
    def _decide(self, company, date, customer_ids=None):
        """Fill the work tables. The number of queries does not depend on the customers.

        :param company: `res.company`, one
        :param date date: the day on which ages are counted
        :param customer_ids: restrict to these `ar.customer` ids
        """
        self.env.flush_all()
        self._drop_tables()
        self._create_item_table(company, date, customer_ids)
        self._exclude_refused_levels(company, date)
        self._create_credit_table(company)
        self._exclude_covered_items(company)
        self._create_group_table(company, date)
        self._exclude_items_of_refused_groups()

    def _exclude_refused_levels(self, company, date):
        """Hook: give items of the work table a reason that depends on the level they reach.

        What leaves an item out whatever the level belongs into `_get_item_exclusions`.

        :param company: `res.company`
        :param date date: day of the run
        """

    @api.model
    def _get_skip_query(self, company):
        """Return the query of items that were left out although they had reached a level.

        Columns: customer_id, move_line_id, move_id, level_id, reason, amount.
        """
        return SQL(
            """
            SELECT customer_id, item_id AS move_line_id, move_id, step_level_id AS level_id,
                   reason, residual AS amount
              FROM ar_dunning_item
             WHERE reason IS NOT NULL AND (step_level_id IS NOT NULL OR reason = 'no_policy')
            """)

    def _drop_tables(self):
        self.env.cr.execute(SQL(
            "DROP TABLE IF EXISTS %s, %s, %s",
            SQL.identifier(ITEM_TABLE), SQL.identifier(GROUP_TABLE),
            SQL.identifier(CREDIT_TABLE)))

    # === ITEMS === #

    def _create_item_table(self, company, date, customer_ids):
        """Classify every open item: policy, age, level reached, reason for leaving it out."""
        condition = SQL("TRUE") if customer_ids is None else SQL(
            "c.id = ANY(%s)", list(customer_ids))
        self.env.cr.execute(SQL(
            """
            CREATE TEMP TABLE ar_dunning_item ON COMMIT DROP AS
            SELECT item_id, move_id, customer_id, currency_id, residual, residual_currency, age,
                   policy_id, auto_steps, reason, total, name, invoice_date, due,
                   CASE WHEN step <= reached THEN levels[step] END AS step_level_id,
                   CASE WHEN step <= reached THEN offsets[step] END AS step_offset
              FROM (
                SELECT placed.*,
                       CASE WHEN reached <= floor THEN NULL
                            WHEN done IS NOT NULL THEN GREATEST(done, floor) + 1
                            WHEN age <= 0 OR catch_up = 'age' THEN reached
                            ELSE floor + 1 END AS step
                  FROM (%(placed)s) placed
              ) stepped
            """,
            placed=self._get_placed_query(company, date, condition, customer_ids),
        ))
        # What the next queries filter, group and join by; the other columns only cost time.
        self._analyze(SQL(
            "ar_dunning_item (customer_id, currency_id, policy_id, age, reason, step_level_id,"
            " step_offset)"))

    @api.model
    def _analyze(self, table):
        """Tell the planner about a work table: a tenth of the usual sample is enough for that."""
        self.env.cr.execute(SQL(
            "SET LOCAL default_statistics_target = 10; ANALYZE %s;"
            " SET LOCAL default_statistics_target TO DEFAULT", table))

    def _create_credit_table(self, company):
        """Read the open credits once, for the decision, the totals and the lines."""
        self.env.cr.execute(SQL(
            "CREATE TEMP TABLE ar_dunning_credit ON COMMIT DROP AS %s",
            self._get_credit_query(company, SQL("TRUE"))))
        # Without figures about it the planner expects one row and loops over all items for each.
        self._analyze(SQL("ar_dunning_credit"))

    @api.model
    def _get_placed_query(self, company, date, condition, customer_ids=None):
        """Return the query that places each open item on the ladder of its policy.

        Columns beside the item's own: `offsets` and `levels` (the ladder, in order), `reached`
        (number of levels reached by its age), `done` (rank of the highest level sent, or null),
        `floor` (number of levels that its age has left behind: those before the due date), and
        `reason` (why it stays out of dunning, or null).

        :param SQL condition: further condition; aliases of `_get_item_exclusions`
        :param customer_ids: customers whose policy is needed; all when omitted
        :rtype: SQL
        """
        exclusions = SQL(" ").join(
            SQL("WHEN %s THEN %s", excluded, code)
            for code, excluded in self._get_item_exclusions(company, date)
        )
        residual, residual_currency = self._get_item_residual(company)
        return SQL(
            """
            WITH policy AS MATERIALIZED (%(policy)s),
            ladder AS MATERIALIZED (
                SELECT policy_id, array_agg(offset_days ORDER BY offset_days) AS offsets,
                       array_agg(id ORDER BY offset_days) AS levels,
                       (COUNT(*) FILTER (WHERE offset_days < 0))::int AS before_due
                  FROM ar_dunning_level GROUP BY policy_id
            ),
            history AS (%(history)s)
            SELECT item.*, dunning.catch_up, ladder.levels, ladder.offsets,
                   width_bucket(item.age, ladder.offsets) AS reached,
                   CASE WHEN item.age > 0 THEN ladder.before_due ELSE 0 END AS floor,
                   CASE WHEN item.last_offset IS NOT NULL
                        THEN width_bucket(item.last_offset, ladder.offsets) END AS done
              FROM (
                SELECT l.id AS item_id, l.move_id, c.id AS customer_id, l.currency_id,
                       %(residual)s AS residual,
                       %(residual_currency)s AS residual_currency,
                       l.amount_currency AS total, m.name,
                       COALESCE(m.invoice_date, l.date) AS invoice_date,
                       COALESCE(l.date_maturity, l.date) AS due,
                       %(date)s::date - COALESCE(l.date_maturity, l.date) AS age,
                       COALESCE(override.policy_id, policy.policy_id) AS policy_id,
                       history.last_offset, COALESCE(history.auto_steps, 0) AS auto_steps,
                       CASE %(exclusions)s
                            WHEN COALESCE(override.policy_id, policy.policy_id) IS NULL
                            THEN 'no_policy' END AS reason
                  FROM account_move_line l
                  JOIN account_move m ON m.id = l.move_id
                  JOIN res_partner p ON p.id = l.partner_id
                  JOIN ar_customer c
                    ON c.partner_id = p.commercial_partner_id AND c.company_id = l.company_id
                  LEFT JOIN policy ON policy.customer_id = c.id
                  LEFT JOIN ar_dunning_override override ON override.move_id = l.move_id
                  LEFT JOIN history ON history.move_line_id = l.id
                 WHERE l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE
                   AND l.company_id = %(company)s AND l.parent_state = 'posted'
                   AND l.amount_residual > 0 AND l.date <= %(date)s AND %(condition)s
              ) item
              LEFT JOIN ladder ON ladder.policy_id = item.policy_id
              LEFT JOIN ar_dunning_policy dunning ON dunning.id = item.policy_id
            """,
            policy=self.env['ar.dunning.rule']._get_policy_query(company, customer_ids),
            history=self._get_history_query(company), date=date, exclusions=exclusions,
            residual=residual, residual_currency=residual_currency,
            accounts=company._get_ar_account_ids(), company=company.id, condition=condition,
        )

    @api.model
    def _get_next_step_query(self, company, date, condition, customer_ids=None):
        """Return the query of the day on which each item reaches its next level.

        Columns: item_id, move_id, customer_id, currency_id, residual_currency, policy_id,
        level_id and next_date (null at the end of the ladder).
        """
        return SQL(
            """
            SELECT stepped.item_id, stepped.move_id, stepped.customer_id, stepped.currency_id,
                   stepped.residual_currency, stepped.policy_id,
                   stepped.levels[stepped.next] AS level_id,
                   GREATEST(stepped.due + stepped.offsets[stepped.next],
                            %(date)s::date) AS next_date
              FROM (
                SELECT placed.*,
                       CASE WHEN done IS NOT NULL THEN GREATEST(done, floor) + 1
                            WHEN reached > floor AND (age <= 0 OR catch_up = 'age') THEN reached
                            ELSE floor + 1 END AS next
                  FROM (%(placed)s) placed
                 WHERE reason IS NULL OR reason = 'open_reminder'
              ) stepped
            """,
            date=date, placed=self._get_placed_query(company, date, condition, customer_ids),
        )

    @api.model
    def _get_item_exclusions(self, company, date):
        """Return why an item stays out of dunning, in the order in which reasons are told.

        Rooms that know another reason (a promise, a dispute, a stay of proceedings) extend this.

        :param company: `res.company`
        :param date date: day of the run
        :return: list of (code of `ar.dunning.skip.reason`, SQL condition); aliases: `l` the item,
            `m` its entry, `p` its partner, `c` the customer
        """
        return [
            ('no_followup', SQL("l.no_followup IS TRUE")),
            # A payment without entry leaves the residual open: the money is on its way all the
            # same (Enterprise accounting, some payment modules).
            ('in_payment', SQL(
                "(m.payment_state IN ('in_payment', 'paid', 'reversed') OR l.move_id IN ("
                " SELECT rel.invoice_id FROM account_move__account_payment rel"
                " JOIN account_payment pay ON pay.id = rel.payment_id"
                " WHERE pay.move_id IS NULL AND pay.state IN ('in_process', 'paid')))")),
            ('blocked', SQL("m.payment_state = 'blocked'")),
            ('open_reminder', SQL(
                "l.id IN (SELECT line.move_line_id FROM ar_reminder_line line"
                " WHERE line.kind = 'step' AND line.state IN ('proposed', 'approved', 'queued',"
                " 'sending', 'failed', 'unknown') AND line.move_line_id IS NOT NULL)")),
            ('stopped', SQL(
                "(c.dunning_stop IS TRUE AND"
                " (c.dunning_stop_until IS NULL OR c.dunning_stop_until >= %s))", date)),
        ]

    @api.model
    def _get_item_residual(self, company):
        """Return what may be claimed of an item, in company currency and in its own.

        Rooms that hold back a part of it (a dispute about some of the goods) extend this.

        :param company: `res.company`
        :return: two SQL expressions of alias `l`, the item; positive
        """
        return SQL("l.amount_residual"), SQL("l.amount_residual_currency")

    def _get_history_query(self, company):
        """Levels done: highest offset, and automatic steps since a person last acted.

        A level that somebody skipped is done too, or it would be proposed again every night.
        """
        return SQL(
            """
            SELECT move_line_id, MAX(offset_days) AS last_offset,
                   COUNT(*) FILTER (WHERE auto AND offset_days > COALESCE(human, -100000))::int
                       AS auto_steps
              FROM (
                SELECT done.move_line_id, level.offset_days, reminder.auto,
                       MAX(level.offset_days) FILTER (
                           WHERE NOT reminder.auto OR done.state = 'skipped'
                       ) OVER (PARTITION BY done.move_line_id) AS human
                  FROM ar_reminder_line done
                  JOIN ar_reminder reminder ON reminder.id = done.reminder_id
                  JOIN ar_dunning_level level ON level.id = done.level_id
                  JOIN account_move_line item ON item.id = done.move_line_id
                       AND item.move_id = done.move_id AND item.reconciled IS NOT TRUE
                 WHERE done.kind = 'step' AND done.counted AND done.state IN ('sent', 'skipped')
                   AND done.company_id = %(company)s
              ) sent
             GROUP BY move_line_id
            """,
            company=company.id,
        )

    def _exclude_covered_items(self, company):
        """Leave out items of a currency in which the open credits cover all that is due.

        Credits pay the overdue items first. Items announced before their due date are left out
        when the credits cover the overdue ones and, alone, the announced ones: a message that
        claims nothing is not sent. Items that credits never pay stay.
        """
        netted = SQL("NOT %s", self._get_kept_apart_condition(SQL("item.move_id")))
        self.env.cr.execute(SQL(
            """
            WITH credit AS (
                SELECT customer_id, currency_id, SUM(residual_currency) AS amount
                  FROM ar_dunning_credit GROUP BY customer_id, currency_id
            ),
            due AS (
                SELECT customer_id, currency_id,
                       COALESCE(SUM(residual_currency) FILTER (WHERE age > 0), 0) AS overdue,
                       SUM(residual_currency) FILTER (
                           WHERE age <= 0 AND step_level_id IS NOT NULL) AS announced
                  FROM ar_dunning_item item
                 WHERE reason IS NULL AND %(netted)s
                   AND (customer_id, currency_id) IN (SELECT customer_id, currency_id FROM credit)
                 GROUP BY customer_id, currency_id
            ),
            -- A few of all customers: found before their items are looked at again.
            covered AS MATERIALIZED (
                SELECT customer_id, currency_id, -credit.amount >= due.announced AS announced
                  FROM credit JOIN due USING (customer_id, currency_id)
                 WHERE -credit.amount >= due.overdue
            )
            UPDATE ar_dunning_item item SET reason = 'credits'
              FROM covered, ar_dunning_policy policy
             WHERE item.reason IS NULL AND policy.id = item.policy_id AND %(netted)s
               AND policy.netting = 'subtract'
               AND covered.customer_id = item.customer_id
               AND covered.currency_id = item.currency_id
               AND (item.age > 0 OR covered.announced)
            """, netted=netted))

    @api.model
    def _get_kept_apart_condition(self, move):
        """Hook: return the condition on an invoice that credits with us do not pay.

        It is owed to somebody else; the message claims it whole beside what is owed to us.

        :param SQL move: the id of the invoice, with the name of its table
        :rtype: SQL
        """
        return SQL("FALSE")

    @api.model
    def _get_credit_query(self, company, condition):
        """Return the query of the open credits (negative residuals) of ``company``.

        :param SQL condition: further condition, alias `c` is the customer
        :return: SQL with item_id, move_id, customer_id, currency_id, residual, residual_currency
        """
        return SQL(
            """
            SELECT l.id AS item_id, l.move_id, c.id AS customer_id, l.currency_id,
                   l.amount_residual AS residual, l.amount_residual_currency AS residual_currency
              FROM account_move_line l
              JOIN res_partner p ON p.id = l.partner_id
              JOIN ar_customer c
                ON c.partner_id = p.commercial_partner_id AND c.company_id = l.company_id
             WHERE l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE
               AND l.company_id = %(company)s AND l.parent_state = 'posted'
               AND l.amount_residual < 0 AND %(condition)s
            """,
            accounts=company._get_ar_account_ids(), company=company.id, condition=condition,
        )
