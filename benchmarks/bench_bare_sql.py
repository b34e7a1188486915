"""What the engine is measured against: plain SQL that writes the same rows for one policy.

Hand-written for the case at hand (one ladder, no history, nobody on stop), without the ORM and
without anything configurable, into copies of the module's tables that carry the same indexes,
checks and foreign keys. It is the floor: nothing that keeps these rows can be much faster.
"""

TABLES = ('ar_reminder', 'ar_reminder_line', 'ar_dunning_skip')

ITEMS = """
CREATE TEMP TABLE bare_item ON COMMIT DROP AS
WITH credit AS (
    SELECT l.partner_id, l.currency_id, -sum(l.amount_residual_currency) AS amount
      FROM account_move_line l
     WHERE l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE
       AND l.company_id = %(company)s AND l.parent_state = 'posted' AND l.amount_residual < 0
     GROUP BY 1, 2
), item AS (
    SELECT l.id AS item_id, l.move_id, p.commercial_partner_id AS partner_id, l.currency_id,
           l.amount_residual AS residual, l.amount_residual_currency AS residual_currency,
           l.amount_currency AS total, m.name, COALESCE(m.invoice_date, l.date) AS invoice_date,
           COALESCE(l.date_maturity, l.date) AS due,
           %(date)s::date - COALESCE(l.date_maturity, l.date) AS age,
           CASE WHEN l.no_followup THEN 'no_followup'
                WHEN m.payment_state IN ('in_payment', 'paid', 'reversed') THEN 'in_payment'
                WHEN m.payment_state = 'blocked' THEN 'blocked' END AS reason
      FROM account_move_line l
      JOIN account_move m ON m.id = l.move_id
      JOIN res_partner p ON p.id = l.partner_id
     WHERE l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE
       AND l.company_id = %(company)s AND l.parent_state = 'posted' AND l.amount_residual > 0
       AND l.date <= %(date)s
), stepped AS (
    SELECT item.*, CASE WHEN age >= %(first_offset)s THEN %(first_level)s
                        WHEN age <= 0 AND age >= %(before_offset)s THEN %(before_level)s
                   END AS level_id
      FROM item
), due AS (
    SELECT partner_id, currency_id,
           COALESCE(sum(residual_currency) FILTER (WHERE age > 0), 0) AS overdue,
           sum(residual_currency) FILTER (WHERE age <= 0 AND level_id IS NOT NULL) AS announced
      FROM stepped WHERE reason IS NULL GROUP BY 1, 2
)
SELECT stepped.*, CASE WHEN stepped.reason IS NULL AND credit.amount >= overdue
                            AND (age > 0 OR credit.amount >= announced)
                       THEN 'credits' ELSE stepped.reason END AS final_reason
  FROM stepped
  LEFT JOIN due ON due.partner_id = stepped.partner_id AND due.currency_id = stepped.currency_id
  LEFT JOIN credit ON credit.partner_id = stepped.partner_id
                  AND credit.currency_id = stepped.currency_id
"""

# A customer gets one message: what is only announced waits while something is overdue.
ONE_MESSAGE = """
UPDATE bare_item SET final_reason = 'one_message'
 WHERE final_reason IS NULL AND level_id = %(before_level)s AND partner_id IN (
       SELECT partner_id FROM bare_item
        WHERE final_reason IS NULL AND level_id = %(first_level)s)
"""

REMINDERS = """
INSERT INTO bare_reminder (
    id, name, key, company_id, run_id, customer_id, partner_id, recipient_id, policy_id, level_id,
    planned_channel, channel, execution, capped, auto, state, date, send_after, retry_count,
    item_count, amount_due, amount_credit, amount_claimed, days_overdue,
    create_uid, create_date, write_uid, write_date)
SELECT nextval('bare_reminder_id_seq'), 'REM/' || c.id, c.id || '-0-' || g.level_id || '-' ||
       %(date)s::date, %(company)s, NULL, c.id, g.partner_id,
       COALESCE(contact.id, g.partner_id), %(policy)s, g.level_id, 'email',
       CASE WHEN COALESCE(contact.email_normalized, p.email_normalized) IS NOT NULL THEN 'email'
            WHEN g.level_id = %(first_level)s AND p.street <> '' AND p.city <> '' THEN 'letter'
            ELSE 'task' END,
       'automatic', FALSE, TRUE, 'approved', %(date)s, now(), 0, g.item_count, g.due, g.credit,
       g.net, g.days, 1, now(), 1, now()
  FROM (
    SELECT partner_id, CASE WHEN bool_or(first) THEN %(first_level)s ELSE %(before_level)s END
               AS level_id, sum(item_count) AS item_count, sum(due) AS due,
           sum(COALESCE(credit, 0)) AS credit,
           sum(GREATEST(due - COALESCE(credit, 0), 0)) AS net, max(days) AS days
      FROM (
        SELECT i.partner_id, i.currency_id, bool_or(level_id = %(first_level)s) AS first,
               bool_or(level_id IS NOT NULL) AS any_level, count(*) AS item_count,
               sum(residual) AS due, max(age) AS days
          FROM bare_item i
          JOIN (SELECT partner_id, bool_or(level_id = %(first_level)s) AS overdue
                  FROM bare_item WHERE final_reason IS NULL AND level_id IS NOT NULL
                 GROUP BY 1) message USING (partner_id)
         -- What is announced stands alone; a reminder lists all that is overdue.
         WHERE final_reason IS NULL AND (level_id IS NOT NULL OR overdue AND age > 0)
         GROUP BY 1, 2
      ) by_currency
      LEFT JOIN (
        SELECT l.partner_id, l.currency_id, -sum(l.amount_residual) AS credit
          FROM account_move_line l
         WHERE l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE
           AND l.company_id = %(company)s AND l.parent_state = 'posted' AND l.amount_residual < 0
         GROUP BY 1, 2
      ) open_credit USING (partner_id, currency_id)
     GROUP BY partner_id HAVING bool_or(any_level)
  ) g
  JOIN ar_customer c ON c.partner_id = g.partner_id AND c.company_id = %(company)s
  JOIN res_partner p ON p.id = g.partner_id
  LEFT JOIN res_partner contact ON contact.parent_id = p.id AND contact.type = 'invoice'
       AND contact.email_normalized IS NOT NULL
"""

LINES = """
INSERT INTO bare_reminder_line (
    reminder_id, customer_id, company_id, move_line_id, move_id, kind, level_id, state, counted,
    name, invoice_date, date_maturity, currency_id, amount_total, amount_residual_currency,
    amount_residual, days_overdue)
SELECT r.id, r.customer_id, r.company_id, i.item_id, i.move_id,
       CASE WHEN i.level_id IS NOT NULL THEN 'step' ELSE 'listed' END, i.level_id, r.state, TRUE,
       i.name, i.invoice_date, i.due, i.currency_id, i.total, i.residual_currency, i.residual,
       i.age
  FROM bare_reminder r
  JOIN bare_item i ON i.partner_id = r.partner_id
 WHERE i.final_reason IS NULL
   AND (i.level_id IS NOT NULL OR r.level_id = %(first_level)s AND i.age > 0)
"""

CREDITS = """
INSERT INTO bare_reminder_line (
    reminder_id, customer_id, company_id, move_line_id, move_id, kind, state, counted, name,
    invoice_date, date_maturity, currency_id, amount_total, amount_residual_currency,
    amount_residual, days_overdue)
SELECT r.id, r.customer_id, r.company_id, l.id, l.move_id, 'credit', r.state, FALSE, m.name,
       COALESCE(m.invoice_date, l.date), l.date_maturity, l.currency_id, l.amount_currency,
       l.amount_residual_currency, l.amount_residual, 0
  FROM account_move_line l
  JOIN account_move m ON m.id = l.move_id
  JOIN res_partner p ON p.id = l.partner_id
  JOIN bare_reminder r ON r.partner_id = p.commercial_partner_id
 WHERE l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE
   AND l.company_id = %(company)s AND l.parent_state = 'posted' AND l.amount_residual < 0
   AND EXISTS (SELECT FROM bare_reminder_line x
                WHERE x.reminder_id = r.id AND x.currency_id = l.currency_id)
"""

SKIPS = """
INSERT INTO bare_skip (
    run_id, company_id, customer_id, move_line_id, move_id, level_id, reason, amount)
SELECT %(run)s, %(company)s, c.id, i.item_id, i.move_id, i.level_id, i.final_reason, i.residual
  FROM bare_item i
  JOIN ar_customer c ON c.partner_id = i.partner_id AND c.company_id = %(company)s
 WHERE i.final_reason IS NOT NULL AND i.level_id IS NOT NULL
"""

# Both sides are summed up by these queries; the two answers must be equal.
SUMMARIES = {
    'reminders': """SELECT level_id, channel, count(*), sum(amount_due), sum(amount_claimed),
                           sum(item_count) FROM {reminder} {where} GROUP BY 1, 2 ORDER BY 1, 2""",
    'lines': """SELECT kind, count(*), sum(amount_residual), sum(days_overdue) FROM {line}
                 {line_where} GROUP BY 1 ORDER BY 1""",
    'skips': "SELECT reason, count(*), sum(amount) FROM {skip} {where} GROUP BY 1 ORDER BY 1",
}


def get_bare_name(table):
    """Return the name of the copy of a table of the module."""
    return table.replace('ar_', 'bare_', 1).replace('dunning_', '')


def create_bare_tables(cr):
    """Copy the module's tables with indexes and checks, then add the same foreign keys."""
    for table in TABLES:
        name = get_bare_name(table)
        cr.execute(f'DROP TABLE IF EXISTS {name} CASCADE')
        cr.execute(f'DROP SEQUENCE IF EXISTS {name}_id_seq')
        cr.execute(f'CREATE TABLE {name} (LIKE {table} INCLUDING ALL)')
        cr.execute(f'CREATE SEQUENCE {name}_id_seq OWNED BY {name}.id')
        cr.execute(f"ALTER TABLE {name} ALTER id SET DEFAULT nextval('{name}_id_seq')")
        cr.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint "
                   "WHERE conrelid = %s::regclass AND contype = 'f'", [table])
        for definition, in cr.fetchall():
            definition = definition.replace('REFERENCES ar_reminder(', 'REFERENCES bare_reminder(')
            cr.execute(f'ALTER TABLE {name} ADD {definition}')


def run_bare_sql(cr, params):
    """Classify and insert; return nothing, the rows speak."""
    for statement in (ITEMS, ONE_MESSAGE, REMINDERS, LINES, CREDITS, SKIPS):
        cr.execute(statement, params)
        if statement is ITEMS:
            cr.execute('ANALYZE bare_item')


def summarize(cr, run_id=None):
    """Return what was written, by the module (with a run) or by the bare SQL (without)."""
    names = (
        {'reminder': 'ar_reminder', 'line': 'ar_reminder_line', 'skip': 'ar_dunning_skip',
         'where': f'WHERE run_id = {run_id}',
         'line_where': 'WHERE reminder_id IN '
                       f'(SELECT id FROM ar_reminder WHERE run_id = {run_id})'}
        if run_id else
        {'reminder': 'bare_reminder', 'line': 'bare_reminder_line', 'skip': 'bare_skip',
         'where': '', 'line_where': ''}
    )
    result = {}
    for label, query in SUMMARIES.items():
        cr.execute(query.format(**names))
        result[label] = [tuple(str(cell) for cell in row) for row in cr.fetchall()]
    return result
