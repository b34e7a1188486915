from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import format_date

from ...tools import forecast as tool
from ...tools.open_items import ALL, ITEM_COLUMNS

WEEKS = 13
# Numbers after the last week: what comes later, and credits that no open item can take up.
LATER = WEEKS + 1
CREDITS_LEFT = WEEKS + 2


class ArForecast(models.AbstractModel):
    """When open items will be paid: the queries behind everything that shows it.

    The dates follow `tools/forecast.py` to the day, in SQL, so that lists can be grouped and
    searched by them. Rooms that know better (promises, disputes) extend the two hooks.
    """
    _name = 'ar.forecast'
    _description = "Expected cash"

    # === DATES === #

    @api.model
    def _get_expected_query(self, companies, date, *, where=ALL, columns=ITEM_COLUMNS):
        """Return the query of the items open at the end of ``date`` with their expected dates.

        :param companies: `res.company`
        :param date: what is known at the end of this day counts; no expected date lies before the
            day after it
        :param SQL where: further condition, see `items_at`
        :param SQL columns: see `items_at`; needs line_id, company_id, partner_id and due_date
        :return: SQL with those columns, residual, residual_currency, and: early_date, likely_date,
            late_date (NULL for credits), basis ('promise', 'habit', 'tail', 'credit'),
            payment_count, usual_days, own_days, country_id of the habit, dispute_days
        """
        start = SQL("item.due_date + COALESCE(dispute.days, 0)")
        # Each OFFSET keeps its layer apart: what the three dates need is computed once per item,
        # and the long arrays of the company join late, so that no sort carries them.
        return SQL(
            """
            WITH habit AS MATERIALIZED (
                SELECT stored.*, totals[array_length(totals, 1)] AS total FROM (
                    SELECT company_id, partner_id, country_id, payment_count, own_days, usual_days,
                           delays::int[] AS delays, totals::int[] AS totals,
                           tail_ages::int[] AS tail_ages, tail_early::int[] AS tail_early,
                           tail_likely::int[] AS tail_likely, tail_late::int[] AS tail_late
                      FROM (%(habits)s) learnt
                ) stored
            ), base AS MATERIALIZED (
                SELECT * FROM habit WHERE partner_id IS NULL
            )
            SELECT aged.*,
                   CASE WHEN aged.residual <= 0 THEN 'credit'
                        WHEN aged.promised > %(date)s THEN 'promise'
                        WHEN %(latest)s * (aged.total - aged.passed) < aged.total THEN 'tail'
                        ELSE 'habit' END AS basis,
                   %(early)s AS early_date, %(likely)s AS likely_date, %(late)s AS late_date
              FROM (
                SELECT known.*,
                       COALESCE(known.totals[width_bucket(known.age, known.delays)], 0) AS passed,
                       GREATEST(width_bucket(known.age, known.tail_ages), 1) AS step
                  FROM (
                    SELECT found.*, COALESCE(found.own_delays, base.delays) AS delays,
                           COALESCE(found.own_totals, base.totals) AS totals,
                           COALESCE(found.own_total, base.total) AS total,
                           COALESCE(found.own_usual, base.usual_days, 0) AS usual_days,
                           base.tail_ages, base.tail_early, base.tail_likely, base.tail_late
                      FROM (
                        SELECT item.*, COALESCE(own.payment_count, 0) AS payment_count,
                               own.own_days, own.country_id, own.usual_days AS own_usual,
                               own.delays AS own_delays, own.totals AS own_totals,
                               own.total AS own_total, promise.date AS promised,
                               COALESCE(dispute.days, 0) AS dispute_days,
                               %(start)s AS start, %(date)s::date - (%(start)s) AS age
                          FROM (%(items)s) item
                          LEFT JOIN habit own ON own.company_id = item.company_id
                               AND own.partner_id = item.partner_id
                          LEFT JOIN (%(promises)s) promise ON promise.line_id = item.line_id
                          LEFT JOIN (%(disputes)s) dispute ON dispute.line_id = item.line_id
                        OFFSET 0
                      ) found
                      JOIN base ON base.company_id = found.company_id
                    OFFSET 0
                  ) known
                OFFSET 0
              ) aged
            """,
            habits=self.env['ar.forecast.habit']._get_habits_query(companies, date),
            items=companies._get_ar_items_query(date, where=where, columns=columns),
            promises=self._get_promised_dates(companies, date) or SQL(
                "SELECT NULL::int AS line_id, NULL::date AS date WHERE FALSE"),
            disputes=self._get_dispute_days(companies, date) or SQL(
                "SELECT NULL::int AS line_id, NULL::int AS days WHERE FALSE"),
            start=start, date=date, latest=tool.LATEST,
            early=self._get_date_case(date, 'early', tool.TENTHS[0]),
            likely=self._get_date_case(date, 'likely', tool.TENTHS[1]),
            late=self._get_date_case(date, 'late', tool.TENTHS[2]),
        )

    def _get_date_case(self, date, name, tenths):
        """Return the expression of one of the three dates; mirrors `tool.expect`."""
        promised = SQL("aged.promised")
        if name == 'late':
            promised = SQL(
                "aged.promised + %s - %s", self._get_delay(tenths, SQL("0")),
                self._get_delay(tool.TENTHS[1], SQL("0")))
        return SQL(
            """
            CASE WHEN aged.residual <= 0 THEN NULL
                 WHEN aged.promised > %(date)s THEN %(promised)s
                 WHEN %(latest)s * (aged.total - aged.passed) < aged.total
                 THEN %(date)s::date + aged.%(tail)s[aged.step]
                 ELSE aged.start + %(delay)s END
            """,
            date=date, promised=promised, latest=tool.LATEST, tail=SQL.identifier(f'tail_{name}'),
            delay=self._get_delay(tenths, SQL("aged.passed")))

    def _get_delay(self, tenths, passed):
        """Return the delay below which lie so many tenths of what is still possible."""
        return SQL(
            "aged.delays[width_bucket(%(passed)s + (%(tenths)s * (aged.total - %(passed)s) + 9)"
            " / 10 - 1, aged.totals) + 1]", passed=passed, tenths=tenths)

    # === HOOKS === #

    @api.model
    def _get_promised_dates(self, companies, date):
        """Hook: return the query of (line_id, date) on which items were promised to be paid.

        One row per item at most, as known at the end of ``date``. A promise that has passed is no
        longer believed.

        :return: SQL, or None when nobody keeps promises
        """
        return None

    @api.model
    def _get_dispute_days(self, companies, date):
        """Hook: return the query of (line_id, days) that disputes usually still take.

        One row per disputed item; whole days, counted as if the item fell due that much later.

        :return: SQL, or None when nobody keeps disputes
        """
        return None

    # === WEEKS === #

    @api.model
    def _get_first_week(self, date):
        """Return the Monday of the first week of a forecast made at the end of ``date``."""
        first = date + timedelta(days=1)
        return first - timedelta(days=first.weekday())

    @api.model
    def _get_number_sql(self, date, day):
        """Return the expression of the number of the week of ``day``, from 1; `LATER` after 13."""
        return SQL(
            "LEAST((%s - %s::date) / 7 + 1, %s)", day, self._get_first_week(date), LATER)

    @api.model
    def _parse_date(self, value):
        """Return a day chosen by the context or by a caller; today when there is none."""
        return self.env['ar.aged.balance']._parse_date(value)

    @api.model
    def _read_weeks(self, scope, date=None, weeks=WEEKS):
        """Return the cash expected from the open items, week by week, within the user's rights.

        Three cases, each of which adds up to the open items to the cent: ``likely`` (every item on
        its likely date), ``low`` (every one on its late date: the cautious case), ``high`` (on its
        early date). A week may expect more in the low case than in the high one, for what comes
        late must come some day; the running totals keep their order: low_total <= likely_total <=
        high_total.

        :param dict scope: as in `ar.aged.balance._get_scope_domain`
        :param date: what is known at the end of this day; today when omitted
        :return: list of {'week': Monday, 'number', 'kind': 'week', 'low', 'likely', 'high',
            'low_total', 'likely_total', 'high_total', 'action'} in the currency of the current
            company; see `_read_totals` for what comes later
        """
        return [row for row in self._read_rows(scope, date) if row['number'] <= min(weeks, WEEKS)]

    @api.model
    def _read_rows(self, scope, date=None):
        """Return the rows of `_read_weeks`, and two more: 'later', and 'credit' for what is left
        over of the credits of customers who owe less than they are owed. All rows together are the
        balance of the open items.
        """
        date = self._parse_date(date)
        target = self.env.company.currency_id
        model = self.env['ar.forecast.item'].with_context(ar_date=fields.Date.to_string(date))
        domain = self.env['ar.aged.balance']._get_scope_domain(scope)
        names = {'high': 'early_number', 'likely': 'likely_number', 'low': 'late_number'}
        amounts = {case: dict.fromkeys(range(1, CREDITS_LEFT + 1), 0.0) for case in names}
        groups = model._read_grouping_sets(
            domain, [[name, 'currency_id'] for name in names.values()], ['amount:sum'])
        for case, rows in zip(names, groups, strict=True):
            for number, currency, amount in rows:
                if currency != target:
                    amount = currency._convert(amount, target, self.env.company, date)
                amounts[case][number] += amount
        first, totals, result = self._get_first_week(date), dict.fromkeys(names, 0.0), []
        action = model._get_action(date)
        for number in range(1, CREDITS_LEFT + 1):
            week = first + timedelta(weeks=number - 1) if number <= WEEKS else None
            row = {
                'week': week, 'number': number,
                'kind': {LATER: 'later', CREDITS_LEFT: 'credit'}.get(number, 'week')}
            for case in names:
                totals[case] += amounts[case][number]
                row[case] = target.round(amounts[case][number])
                row[f'{case}_total'] = target.round(totals[case])
            row['action'] = model._get_action(date, number, domain, like=action)
            result.append(row)
        return result

    @api.model
    def _get_label(self, number, week):
        """Return what a row of the forecast is called."""
        if number == LATER:
            return self.env._("Later")
        if number == CREDITS_LEFT:
            return self.env._("Credits left over")
        return self.env._("Week of %s", format_date(self.env, week))
