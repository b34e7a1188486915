"""The day that an insurance contract counts: that of the delivery."""
from odoo.tools import SQL

# Of an entry `m` with its line `l`: the day of delivery where the invoice tells it (Inventory fills
# in the last delivery of the order), else that of the invoice, else that of the entry.
DELIVERED = SQL("COALESCE(m.delivery_date, l.invoice_date, l.date)")
# The same of a row `item`. Looked up, because a join would read every entry of the books.
DELIVERED_ITEM = SQL(
    "COALESCE((SELECT m.delivery_date FROM account_move m WHERE m.id = item.move_id),"
    " item.invoice_date)")
