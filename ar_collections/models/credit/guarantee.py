from odoo import fields, models
from odoo.tools import SQL

from ...tools.open_items import ALL


class ArCreditGuarantee(models.Model):
    _name = 'ar.credit.guarantee'
    _description = "Guarantee given for a customer"
    _inherit = ['mail.thread']
    _order = 'date_to, id'
    _check_company_auto = True

    name = fields.Char(string="Reference", required=True)
    customer_id = fields.Many2one('ar.customer', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    kind = fields.Selection(
        [('deposit', "Deposit"), ('bank', "Bank guarantee"), ('parent', "Parent guarantee"),
         ('pledge', "Pledge"), ('other', "Other")], required=True, default='deposit')
    amount = fields.Monetary(required=True, tracking=True)
    date_from = fields.Date(string="From", required=True, default=fields.Date.context_today)
    date_to = fields.Date(string="Until", tracking=True, help="Included. Empty: no end.")
    active = fields.Boolean(default=True)

    _amount_positive = models.Constraint(
        'CHECK(amount > 0)', "The amount of a guarantee must be positive.")
    _dates_order = models.Constraint(
        'CHECK(date_to IS NULL OR date_to >= date_from)',
        "A guarantee cannot end before it starts.")

    def _get_cover_query(self, company, date, where=ALL):
        """Return the query of (partner_id, amount) covered by guarantees at ``date``.

        :param SQL where: further condition on the guarantee `g` and its customer `c`
        """
        return SQL(
            """
            SELECT c.partner_id, SUM(g.amount) AS amount
              FROM ar_credit_guarantee g JOIN ar_customer c ON c.id = g.customer_id
             WHERE g.active AND g.company_id = ANY(%(companies)s) AND g.date_from <= %(date)s
               AND (g.date_to IS NULL OR g.date_to >= %(date)s) AND %(where)s
             GROUP BY c.partner_id
            """,
            companies=self.env['ar.credit.exposure']._get_company_ids(company), date=date,
            where=where)
