from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date, formatLang


class ArCustomer(models.Model):
    """EXTENDS core: exposure and limit of today, computed fresh whenever they are read."""
    _inherit = 'ar.customer'

    exposure = fields.Monetary(
        compute='_compute_exposure', help="What the customer owes or will owe, read now.")
    credit_limit_today = fields.Monetary(
        string="Limit in force", compute='_compute_exposure',
        help="Zero: no limit, unless no credit was granted.")
    no_credit_today = fields.Boolean(
        string="No credit today", compute='_compute_exposure',
        help="Every order must be paid in advance.")
    credit_limit_until = fields.Date(string="Limit until", compute='_compute_exposure')
    credit_available = fields.Monetary(
        string="Available credit", compute='_compute_exposure',
        help="Limit minus exposure; zero when there is no limit.")
    covered_amount = fields.Monetary(
        string="Covered", compute='_compute_exposure', help="By deposits and guarantees, today.")
    own_risk = fields.Monetary(
        string="Own risk", compute='_compute_exposure',
        help="Exposure minus what is covered today, never below zero.")
    is_over_limit = fields.Boolean(
        string="Over limit", compute='_compute_exposure', search='_search_is_over_limit')
    exposure_html = fields.Html(
        string="Exposure in detail", compute='_compute_exposure_html', sanitize=False)

    @api.depends('partner_id', 'company_id')
    def _compute_exposure(self):
        """Four queries per company for any number of customers."""
        today = fields.Date.context_today(self)
        for company, customers in self.grouped('company_id').items():
            partner_ids = customers.partner_id.ids
            # sudo: figures of a customer whom the user may see; `company` is that customer's.
            exposures = self.env['ar.credit.exposure'].sudo()._get_exposures(company, partner_ids)
            limits, covers = customers._get_limits_and_covers(company, today)
            for customer in customers:
                partner = customer.partner_id.id
                total = float(sum(exposures.get(partner, {}).values()))
                limit, until, no_credit = limits.get(partner, (0.0, None, False))
                limit, limited = float(limit), bool(limit) or no_credit
                customer.exposure = company.currency_id.round(total)
                customer.credit_limit_today = limit
                customer.credit_limit_until = until
                customer.no_credit_today = no_credit
                customer.credit_available = company.currency_id.round(
                    limit - customer.exposure) if limited else 0.0
                customer.covered_amount = covers.get(partner, 0.0)
                customer.own_risk = max(company.currency_id.round(
                    customer.exposure - customer.covered_amount), 0.0)
                customer.is_over_limit = limited and company.currency_id.compare_amounts(
                    customer.exposure, limit) > 0

    def _get_limits_and_covers(self, company, date):
        limits = self.env.execute_query(SQL(
            "%s WHERE p.id = ANY(%s)",
            self.env['ar.credit.limit'].sudo()._get_limit_query(company, date),
            self.partner_id.ids))
        covers = dict(self.env.execute_query(
            self.env['ar.credit.guarantee'].sudo()._get_cover_query(company, date)))
        return ({row[0]: row[1:] for row in limits},
                {key: float(amount) for key, amount in covers.items()})

    def _search_is_over_limit(self, operator, value):
        """One grouped query for any number of customers."""
        if operator != 'in':
            return NotImplemented
        today = fields.Date.context_today(self)
        ids = []
        for company in self.env.companies:
            self.env.flush_all()
            ids += [row[0] for row in self.env.execute_query(SQL(
                """
                SELECT c.id
                  FROM ar_customer c
                  JOIN (%(totals)s) total ON total.partner_id = c.partner_id
                  JOIN (%(limits)s) limits ON limits.partner_id = c.partner_id
                 WHERE c.company_id = %(company)s AND (limits.amount > 0 OR limits.no_credit)
                   AND ROUND(total.amount, %(digits)s) > limits.amount
                """,
                totals=self.env['ar.credit.exposure'].sudo()._get_total_query(company),
                limits=self.env['ar.credit.limit'].sudo()._get_limit_query(company, today),
                digits=company.currency_id.decimal_places, company=company.id))]
        if set(value) == {True, False}:
            return fields.Domain.TRUE
        return fields.Domain('id', 'in' if True in value else 'not in', ids)

    @api.depends('partner_id')
    def _compute_exposure_html(self):
        for customer in self:
            company = customer.company_id
            exposure = self.env['ar.credit.exposure'].sudo()
            parts = exposure._get_exposures(company, customer.partner_id.ids).get(
                customer.partner_id.id, {})
            labels = exposure._get_exposure_parts(company, SQL("TRUE"))
            customer.exposure_html = self.env['ir.qweb']._render(
                'ar_collections.customer_exposure', {
                    'rows': [(part['code'], part['label'], float(parts.get(part['code'], 0.0)))
                             for part in labels],
                    'customer': customer,
                })

    # === LIMITS === #

    def _grant_limit(self, amount, *, reason, user, date_to=None, request=None, kind='amount'):
        """Write a granted limit and keep Odoo's own limit in step.

        :param float amount: company currency
        :param date_to: last day of a temporary limit; permanent when omitted
        :param str kind: 'amount', 'none' (no credit at all) or 'unlimited'
        :return: `ar.credit.limit`
        :raise UserError: for an amount of zero, which says neither of the two
        """
        self.ensure_one()
        if kind != 'amount':
            amount = 0.0
        elif self.currency_id.is_zero(amount):
            raise UserError(self.env._(
                "A limit of zero says two things. Choose \"No credit\" to have every order paid in "
                "advance, or \"No limit\"."))
        limit = self._log_limit(
            amount, reason=reason, user=user, date_to=date_to, request=request, kind=kind)
        if not date_to:
            # sudo: who grants was judged before; Odoo's limit belongs to the accountants' group.
            self.sudo().no_credit = kind == 'none'
            self.sudo().partner_id.with_company(self.company_id).credit_limit = amount
        self.sudo().hold_ids.filtered(lambda hold: hold.state == 'held')._judge_again()
        return limit

    def _log_limit(self, amount, *, reason, user, date_to=None, request=None, kind='amount'):
        """Write the trail of a limit: a row of the history, and a note on the customer."""
        self.ensure_one()
        # sudo: a granted limit is written by the decision only.
        limit = self.env['ar.credit.limit'].sudo().create({
            'customer_id': self.id, 'amount': amount, 'kind': kind,
            'date_from': fields.Date.context_today(self), 'date_to': date_to, 'reason': reason,
            'granted_by_id': user.id, 'request_id': request.id if request else False,
        })
        self.message_post(body=self.env._(
            "Credit limit granted by %(user)s: %(amount)s, %(until)s. %(reason)s",
            user=user.name, reason=reason,
            amount=formatLang(self.env, amount, currency_obj=self.currency_id)
            if kind == 'amount' else dict(limit._fields['kind']._description_selection(
                self.env))[kind],
            until=self.env._("until %s", format_date(self.env, date_to)) if date_to
            else self.env._("permanent")))
        return limit

    # === ACTIONS === #

    def action_view_exposure_part(self, code):
        """Open the documents behind one part of the exposure.

        :param str code: code of the part, as in `ar.credit.exposure`
        """
        self.ensure_one()
        self.check_access('read')
        # The same companies and accounts as in the exposure: branches, and doubtful claims.
        company_ids = self.env['ar.credit.exposure']._get_company_ids(self.company_id)
        companies = self.env['res.company'].sudo().browse(company_ids)
        mine = ('company_id', 'in', company_ids)
        debtor = ('partner_id.commercial_partner_id', '=', self.partner_id.id)
        if code in ('open_items', 'credits'):
            return self._get_items_action(fields.Domain([
                mine, debtor, ('parent_state', '=', 'posted'), ('reconciled', '=', False),
                ('account_id', 'in', companies._get_ar_exposure_account_ids()),
                ('amount_residual', '>' if code == 'open_items' else '<', 0)]))
        model, domain = {
            'in_process': ('account.payment', [
                mine, debtor, ('partner_type', '=', 'customer'),
                ('move_id', '=', False), ('state', 'in', ('in_process', 'paid'))]),
            'drafts': ('account.move', [
                mine, debtor, ('state', '=', 'draft'),
                *([] if self.company_id.ar_exposure_drafts else [
                    ('line_ids.sale_line_ids', '!=', False)]),
                ('move_type', 'in', ('out_invoice', 'out_refund', 'out_receipt'))]),
            'orders': ('sale.order', [
                mine, ('partner_invoice_id.commercial_partner_id', '=', self.partner_id.id),
                ('state', '=', 'sale'), ('ar_closed', '=', False),
                ('invoice_status', '!=', 'invoiced')]),
        }[code]
        return {'type': 'ir.actions.act_window', 'res_model': model, 'view_mode': 'list,form',
                'views': [(False, 'list'), (False, 'form')],
                'name': self.partner_id.display_name, 'domain': domain,
                'context': {'create': False}}
