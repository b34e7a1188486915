from odoo import fields, models


class ResCompany(models.Model):
    _inherit = 'res.company'

    ar_delivery_stop = fields.Boolean(
        string="Stop deliveries too",
        help="Judge the customer again when a delivery of an order is validated. Returns, receipts "
             "and internal transfers are never stopped.")
