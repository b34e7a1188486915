from odoo import api, fields, models

from ...tools.searching import answers_any

READERS = 'ar_collections.group_ar_auditor,ar_collections.group_ar_collector_own'


class ResPartner(models.Model):
    _inherit = 'res.partner'

    # Nothing is stored here: the customer account of the current company holds it all.
    ar_customer_ids = fields.One2many('ar.customer', 'partner_id', groups=READERS)
    ar_customer_id = fields.Many2one(
        'ar.customer', string="Customer account", compute='_compute_ar_customer_id',
        search='_search_ar_customer_id', compute_sudo=False, groups=READERS)
    ar_currency_id = fields.Many2one(
        'res.currency', compute='_compute_ar_currency_id', groups=READERS)
    ar_overdue_amount = fields.Monetary(
        string="Overdue amount", currency_field='ar_currency_id', compute='_compute_ar_figures',
        search='_search_ar_overdue_amount', groups=READERS,
        help="Open items past their due date, read from the ledger now, in company currency.")
    ar_max_days_overdue = fields.Integer(
        string="Oldest item overdue (days)", compute='_compute_ar_figures',
        search='_search_ar_max_days_overdue', groups=READERS)

    def write(self, vals):
        """EXTENDS base: a company without working hours has the time zone of its contact."""
        result = super().write(vals)
        if 'tz' in vals:
            self.env.registry.clear_cache()
        return result

    @api.depends_context('company')
    def _compute_ar_customer_id(self):
        customers = self.env['ar.customer'].with_context(active_test=False).search([
            ('partner_id', 'in', self.commercial_partner_id.ids),
            ('company_id', '=', self.env.company.id),
        ])
        by_partner = customers.grouped('partner_id')
        for partner in self:
            partner.ar_customer_id = by_partner.get(partner.commercial_partner_id)

    @answers_any
    def _search_ar_customer_id(self, operator, value):
        if operator != 'in':
            return NotImplemented
        domain = fields.Domain('ar_customer_ids', 'any', [
            ('company_id', '=', self.env.company.id), ('id', 'in', [v for v in value if v]),
        ])
        if False in value:
            domain |= fields.Domain('ar_customer_ids', 'not any', [
                ('company_id', '=', self.env.company.id)])
        return domain

    @api.depends_context('company')
    def _compute_ar_currency_id(self):
        self.ar_currency_id = self.env.company.currency_id

    @api.depends_context('company')
    def _compute_ar_figures(self):
        """One query for any number of partners; contacts show their company's figures."""
        Customer = self.env['ar.customer']
        company = self.env.company
        today = company._get_ar_today()
        self.env['account.move.line'].flush_model()
        scope = (self.commercial_partner_id - self._get_ar_hidden()).ids
        rows = {}
        if scope:
            rows = {
                row['partner_id']: row for row in self.env.execute_query_dict(
                    Customer._get_open_query(company, scope, today))
            }
        for partner in self:
            row = rows.get(partner.commercial_partner_id.id, {})
            oldest = row.get('oldest_due_date')
            partner.ar_overdue_amount = row.get('overdue_amount') or 0
            partner.ar_max_days_overdue = (today - oldest).days if oldest else 0

    def _get_ar_hidden(self):
        """Return the partners whose account the reader may not see: no figure of theirs is read.

        The ledger is read by SQL, which knows of no perimeter.
        """
        entities = self.commercial_partner_id
        if self.env.su or not entities:
            return self.browse()
        Customer = self.env['ar.customer'].with_context(active_test=False)
        mine = [('company_id', '=', self.env.company.id), ('partner_id', 'in', entities.ids)]
        # sudo: only to know which accounts there are.
        return Customer.sudo().search(mine).partner_id.with_env(self.env) - (
            Customer.search(mine).partner_id)

    def _search_ar_overdue_amount(self, operator, value):
        return self._search_through_customer('overdue_amount', operator, value)

    def _search_ar_max_days_overdue(self, operator, value):
        return self._search_through_customer('max_days_overdue', operator, value)

    def _search_through_customer(self, field, operator, value):
        if operator not in ('>', '>=', '<', '<=', 'in'):
            return NotImplemented
        mine = fields.Domain('company_id', '=', self.env.company.id)
        found = fields.Domain(
            'ar_customer_ids', 'any', mine & fields.Domain(field, operator, value))
        accepts_zero = (
            operator in ('<', '<=') and value >= 0 and (operator == '<=' or value > 0)
            or operator in ('>', '>=') and value <= 0 and (operator == '>=' or value < 0)
            or operator == 'in' and 0 in value
        )
        if accepts_zero:
            found |= fields.Domain('ar_customer_ids', 'not any', mine)
        return found

    def action_view_ar_customer(self):
        """Open the customer account of this contact's company, created when missing."""
        self.ensure_one()
        customer = self.env['ar.customer']._get_or_create(self, self.env.company)
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.customer', 'view_mode': 'form',
            'views': [(False, 'form')], 'res_id': customer.id,
        }
