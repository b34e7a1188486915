from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools import SQL

KINDS = [('amount', "Up to an amount"), ('none', "No credit: payment in advance"),
         ('unlimited', "No limit")]


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
    kind = fields.Selection(
        KINDS, required=True, readonly=True, default='amount',
        help="A limit of zero says two things: no credit, or no limit. This says which.")
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
        """Return the query of (partner_id, amount, until, no_credit): the limit in force.

        :rtype: SQL
        """
        joins, columns = self._get_limit_pieces(company, date)
        return SQL(
            "SELECT p.id AS partner_id, %s FROM res_partner p %s", columns, joins)

    @api.model
    @tools.ormcache('company.id', 'date')
    def _get_limit_pieces(self, company, date):
        """Return what reads the limit in force of a partner `p`: (joins, columns), as SQL.

        A temporary limit that runs today wins over the base limit, the most recent first; when it
        ends, the base limit is back by itself. A branch without a limit of its own has that of
        its parent company. Zero: no limit, unless `no_credit` says that there is no credit.

        The columns are amount, until and no_credit; the joins bring the customer of each company
        as `c0`, `c1`...: the company itself first.
        """
        joins, cases = [], []
        for number, level in enumerate(reversed(company.sudo().parent_ids)):
            customer, limit = SQL.identifier(f'c{number}'), SQL.identifier(f'limit{number}')
            joins.append(SQL(
                """
                LEFT JOIN ar_customer %(customer)s
                       ON %(customer)s.partner_id = p.id AND %(customer)s.company_id = %(level)s
                LEFT JOIN LATERAL (
                    SELECT l.amount, l.date_to, l.kind FROM ar_credit_limit l
                     WHERE l.customer_id = %(customer)s.id
                       AND l.date_from <= %(date)s AND l.date_to >= %(date)s
                     ORDER BY l.id DESC LIMIT 1
                ) %(limit)s ON TRUE
                """, customer=customer, limit=limit, level=level.id, date=date))
            Partner = self.env['res.partner'].sudo().with_company(level)
            base = SQL("COALESCE(%s, 0)::numeric", Partner._field_to_sql('p', 'credit_limit'))
            cases += [
                (SQL("%s.date_to IS NOT NULL", limit), SQL("%s.amount", limit),
                 SQL("%s.date_to", limit), SQL("%s.kind = 'none'", limit)),
                (SQL("%s.no_credit", customer), SQL("0"), SQL("NULL::date"), SQL("TRUE")),
                (SQL("%s <> 0", base), base, SQL("NULL::date"), SQL("FALSE")),
            ]

        def choose(column, otherwise):
            return SQL("CASE %s ELSE %s END", SQL(" ").join(
                SQL("WHEN %s THEN %s", case[0], case[column]) for case in cases), otherwise)

        return SQL(" ").join(joins), SQL(
            "%s AS amount, %s AS until, %s AS no_credit",
            choose(1, SQL("0")), choose(2, SQL("NULL::date")), choose(3, SQL("FALSE")))
