from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class ArCreditLimit(models.Model):
    """A limit that was granted. Rows are never changed: a new grant is a new row."""
    _name = 'ar.credit.limit'
    _description = "Granted credit limit"
    _order = 'date_from desc, id desc'
    _check_company_auto = True

    customer_id = fields.Many2one(
        'ar.customer', required=True, ondelete='cascade', index=True, readonly=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    amount = fields.Monetary(required=True, readonly=True)
    date_from = fields.Date(string="From", required=True, readonly=True)
    date_to = fields.Date(
        string="Until", readonly=True,
        help="Included. Empty: permanent, it is the base limit of the customer.")
    request_id = fields.Many2one('ar.credit.request', readonly=True, ondelete='set null')
    granted_by_id = fields.Many2one('res.users', string="Granted by", readonly=True)
    reason = fields.Char(readonly=True)
    state = fields.Selection(
        [('future', "Not started"), ('active', "In force"), ('replaced', "Replaced"),
         ('expired', "Expired")],
        compute='_compute_state')

    _amount_positive = models.Constraint('CHECK(amount >= 0)', "A limit cannot be negative.")
    _customer_dates_idx = models.Index("(customer_id, date_to)")

    @api.depends('date_from', 'date_to')
    def _compute_state(self):
        today = fields.Date.context_today(self)
        lasts = dict(self.sudo()._read_group(
            [('customer_id', 'in', self.customer_id.ids), ('date_to', '=', False)],
            ['customer_id'], ['id:max']))
        for limit in self:
            if not limit.date_to and limit.id != lasts.get(limit.sudo().customer_id):
                limit.state = 'replaced'
            elif limit.date_from > today:
                limit.state = 'future'
            elif limit.date_to and limit.date_to < today:
                limit.state = 'expired'
            else:
                limit.state = 'active'

    def write(self, vals):
        # Not even with elevated rights: what was granted stays as it was granted.
        if vals:
            raise UserError(self.env._("A granted limit is history. Grant a new one instead."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("A granted limit is history and cannot be deleted."))

    @api.model
    def _get_limit_query(self, company, date):
        """Return the query of (partner_id, amount, until): the limit in force for each customer.

        A temporary limit that runs today wins over the base limit, the most recent first; when it
        ends, the base limit is back by itself. No row, or zero: no limit.

        :rtype: SQL
        """
        Partner = self.env['res.partner'].sudo().with_company(company)
        base = Partner._field_to_sql('p', 'credit_limit')
        return SQL(
            """
            SELECT p.id AS partner_id, COALESCE(temporary.amount, %(base)s, 0)::numeric AS amount,
                   temporary.date_to AS until
              FROM res_partner p
              LEFT JOIN (
                SELECT DISTINCT ON (c.partner_id) c.partner_id, l.amount, l.date_to
                  FROM ar_credit_limit l JOIN ar_customer c ON c.id = l.customer_id
                 WHERE l.company_id = %(company)s AND l.date_to IS NOT NULL
                   AND l.date_from <= %(date)s AND l.date_to >= %(date)s
                 ORDER BY c.partner_id, l.id DESC
              ) temporary ON temporary.partner_id = p.id
            """,
            base=base, company=company.id, date=date)
