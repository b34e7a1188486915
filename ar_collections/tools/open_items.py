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
