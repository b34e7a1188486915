from odoo import api, models
from odoo.tools import SQL

# More than any plan has instalments, and below 2^53 with any id: JavaScript counts no further.
PART_STEP = 2**32


class ArAgedBalance(models.Model):
    """Items that stand in the aged balance once per instalment.

    What an item owes is cut at the amounts that the hook gives; nothing is added or lost, to the
    cent, whatever it gives: the last part takes the rest.
    """
    _inherit = 'ar.aged.balance'

    def _get_parted_query(self, options, items):
        """Cut the items of `_get_item_parts`; the others stay whole, as part 0.

        In the currency of the report a cut is made at its share of the item, and rounded once: the
        difference of two cuts is a part, so that the parts add up to the item.

        :param dict options: as returned by `_get_options`
        :param SQL items: as returned by `_get_valued_query`
        """
        parts = self._get_item_parts(options, SQL("open_item"))
        if parts is None:
            return SQL("SELECT item.*, 0 AS part FROM (%s) item", items)
        return SQL(
            """
            WITH open_item AS MATERIALIZED (%(items)s),
            cut AS (
                SELECT part.line_id, part.date,
                       ROW_NUMBER() OVER parts_of AS part,
                       LAG(LEAST(part.up_to, item.residual_currency), 1, 0) OVER parts_of AS starts,
                       CASE WHEN LEAD(part.number) OVER parts_of IS NULL THEN item.residual_currency
                            ELSE LEAST(part.up_to, item.residual_currency) END AS ends
                  FROM (%(parts)s) part
                  JOIN open_item item ON item.line_id = part.line_id
                 WHERE item.residual_currency > 0 AND item.amount > 0
                WINDOW parts_of AS (PARTITION BY part.line_id ORDER BY part.number)
            )
            SELECT item.line_id, item.move_id, item.company_id, item.account_id, item.partner_id,
                   item.currency_id, item.journal_id, item.date, item.due_date, item.invoice_date,
                   item.company_currency_id, item.document, item.reference, item.label,
                   item.residual,
                   CASE WHEN cut.line_id IS NULL THEN item.residual_currency
                        ELSE cut.ends - cut.starts END AS residual_currency,
                   CASE WHEN cut.line_id IS NULL THEN item.amount
                        ELSE ROUND(item.amount * cut.ends / item.residual_currency,
                                   money.decimal_places)
                             - ROUND(item.amount * cut.starts / item.residual_currency,
                                     money.decimal_places) END AS amount,
                   item.report_currency_id, COALESCE(cut.date, item.base_date) AS base_date,
                   item.rate, item.digits,
                   COALESCE(cut.part - 1, 0) AS part
              FROM open_item item
              LEFT JOIN cut ON cut.line_id = item.line_id
              LEFT JOIN res_currency money ON money.id = item.report_currency_id
            """, items=items, parts=parts)

    def _get_counted_query(self, items):
        """Add what the earlier parts of the same item owe: amounts beside the buckets go by it."""
        return SQL(
            """
            SELECT counted.*, COALESCE(SUM(counted.amount) OVER (
                       PARTITION BY counted.line_id ORDER BY counted.part
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS parts_before
              FROM (%s) counted
            """, items)

    def _get_part_id(self):
        """Return the id of a row: that of the item, and for each further part another one."""
        return SQL("(v.line_id + v.part * %s::bigint)", PART_STEP)

    @api.model
    def _get_item_parts(self, options, items):
        """Hook: return the dates on which parts of an item are to be paid, by agreement.

        :param dict options: as returned by `_get_options`
        :param SQL items: the open items of the report to read from, with line_id, company_id,
            due_date and residual_currency: what is owed on the day, in the item's currency
        :return: SQL of (line_id, number, date, up_to), or None when nobody agrees on dates;
            ``number`` orders the parts of an item, ``up_to`` is what is to be paid of it by then,
            in its currency. The last part takes what is left.
        """
        return None
