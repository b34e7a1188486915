"""SQL pieces for open receivable items: one place for the rules of the ledger.

Aliases used by every fragment: `l` account_move_line, `p` res_partner of the line.
"""
from odoo.tools import SQL

# The due date of an item is its own maturity: `invoice_date_due` is only the last instalment.
DUE_DATE = SQL("COALESCE(l.date_maturity, l.date)")
ALL = SQL("TRUE")
PARTNER = SQL("JOIN res_partner p ON p.id = l.partner_id")


def open_items(company_id, account_ids, columns, *, where=ALL, join=PARTNER):
    """Return the query of the posted, unreconciled receivable lines of one company.

    :param company_id: id of the company of the lines, or a list of ids
    :param account_ids: ids of the receivable accounts, resolved first so that PostgreSQL reads
        Odoo's partial index on unreconciled lines
    :param SQL columns: what to select
    :param SQL where: further condition
    :param SQL join: the partner `p`; empty when neither columns nor condition speak of it
    :return: SQL, usable as a sub-query
    """
    return SQL(
        """
        SELECT %(columns)s
          FROM account_move_line l %(join)s
         WHERE l.account_id = ANY(%(accounts)s)
           AND l.reconciled IS NOT TRUE
           AND l.company_id = ANY(%(companies)s)
           AND l.parent_state = 'posted'
           AND %(where)s
        """,
        columns=columns, accounts=list(account_ids), where=where, join=join,
        companies=[company_id] if isinstance(company_id, int) else list(company_id),
    )


# What `items_at` selects unless told otherwise, from `l`, `p` (commercial partner) and `m`.
ITEM_COLUMNS = SQL(
    """
    l.id AS line_id, l.move_id, l.company_id, l.account_id, p.commercial_partner_id AS partner_id,
    l.partner_id AS contact_id, l.currency_id, l.date, %s AS due_date,
    COALESCE(l.invoice_date, l.date) AS invoice_date, m.move_type, l.journal_id, l.balance,
    l.amount_currency
    """, DUE_DATE)


def items_at(company_ids, account_ids, date, *, where=ALL, columns=ITEM_COLUMNS, far=False):
    """Return the query of the receivable items that were open at the end of a day.

    One row per posted line dated up to ``date`` that still had a residual then, in one currency or
    the other: line_id, move_id, company_id, account_id, partner_id (the COMMERCIAL partner of the
    line's partner; NULL when the line has none), contact_id (the line's own partner), currency_id,
    date, due_date (maturity, else date), invoice_date (else date), move_type, journal_id, balance,
    amount_currency, residual (company currency) and residual_currency; debit is positive.

    Residual at D = residual today + what was matched after D on the debit side − on the credit
    side. `max_date` is the later date of the two lines that a partial joins: a partial counts from
    the day on which both exist. Two disjoint halves, so that each reads an index: items open now,
    and items matched in full now that later partials reopen. Today's question costs what
    `open_items` costs: no partial is later, except with entries dated in the future.

    :param company_ids: ids of the companies of the lines
    :param account_ids: ids of the accounts, resolved first: see
        `res.company._get_ar_items_query`, which most callers want
    :param date: last day that counts, included
    :param SQL where: further condition on `l`, `p` or `m`
    :param SQL columns: what to select, in place of everything; residuals are always added
    :param bool far: read the accounts in one pass; the rows are the same
    :return: SQL, usable as a sub-query
    """
    values = {
        'columns': columns, 'date': date, 'accounts': list(account_ids),
        'companies': list(company_ids), 'where': where,
    }
    values['half'] = SQL(
        """
        LEFT JOIN res_partner p ON p.id = l.partner_id
        LEFT JOIN account_move m ON m.id = l.move_id
            WHERE l.account_id = ANY(%(accounts)s)
              AND l.company_id = ANY(%(companies)s)
              AND l.parent_state = 'posted'
              AND l.date <= %(date)s
              AND %(where)s
        """, **values)
    open_now = SQL(
        """
        SELECT %(columns)s,
               l.amount_residual + COALESCE(later.amount, 0) AS residual,
               l.amount_residual_currency + COALESCE(later.amount_currency, 0)
                   AS residual_currency
          FROM account_move_line l
          LEFT JOIN later ON later.line_id = l.id
          %(half)s
        """, **values)
    reopened = SQL(
        """
        SELECT %(columns)s,
               l.amount_residual + later.amount,
               l.amount_residual_currency + later.amount_currency
          FROM later
          JOIN account_move_line l ON l.id = later.line_id
          %(half)s AND l.reconciled IS TRUE
        """, **values)
    rows = SQL(
        "%s AND (l.reconciled IS NOT TRUE OR later.line_id IS NOT NULL)", open_now,
    ) if far else SQL("%s AND l.reconciled IS NOT TRUE UNION ALL %s", open_now, reopened)
    # Each side added up by its own column: PostgreSQL knows how many lines that makes.
    return SQL(
        """
        WITH debit AS (
            SELECT debit_move_id AS line_id, SUM(amount) AS amount,
                   SUM(debit_amount_currency) AS amount_currency
              FROM account_partial_reconcile WHERE max_date > %(date)s GROUP BY debit_move_id
        ), credit AS (
            SELECT credit_move_id AS line_id, SUM(amount) AS amount,
                   SUM(credit_amount_currency) AS amount_currency
              FROM account_partial_reconcile WHERE max_date > %(date)s GROUP BY credit_move_id
        ), later AS MATERIALIZED (
            SELECT COALESCE(debit.line_id, credit.line_id) AS line_id,
                   COALESCE(debit.amount, 0) - COALESCE(credit.amount, 0) AS amount,
                   COALESCE(debit.amount_currency, 0) - COALESCE(credit.amount_currency, 0)
                       AS amount_currency
              FROM debit FULL JOIN credit ON credit.line_id = debit.line_id
        )
        SELECT * FROM (%(rows)s) every_item
         WHERE residual <> 0 OR residual_currency <> 0
        """, rows=rows, date=date)
