"""The day that an insurance contract counts: that of the delivery."""
from odoo.tools import SQL

# Of an entry `m` with its line `l`: the day of delivery where the invoice tells it (Inventory fills
# in the last delivery of the order), else that of the invoice, else that of the entry.
DELIVERED = SQL("COALESCE(m.delivery_date, l.invoice_date, l.date)")
