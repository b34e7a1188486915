from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError


class ArCustomer(models.Model):
    _name = 'ar.customer'
    _description = "Customer account in one company"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _rec_name = 'partner_id'
    _order = 'overdue_amount desc, id'
    _check_company_auto = True

    # === FIELDS === #
    partner_id = fields.Many2one(
        'res.partner', string="Customer", required=True, index=True, ondelete='cascade',
        domain=[('is_company', '=', True)], readonly=True,
    )
    company_id = fields.Many2one(
        'res.company', required=True, index=True, ondelete='cascade', readonly=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')
    active = fields.Boolean(default=True)

    collector_id = fields.Many2one(
        'res.users', tracking=True, index='btree_not_null', domain=[('share', '=', False)],
        help="Who follows this customer. Tasks, calls and approvals go to this person.",
    )
    user_id = fields.Many2one(related='partner_id.user_id', string="Salesperson")
    country_id = fields.Many2one(related='partner_id.country_id')
    lang = fields.Selection(related='partner_id.lang')
    category_ids = fields.Many2many(related='partner_id.category_id')
    email = fields.Char(related='partner_id.email')
    phone = fields.Char(related='partner_id.phone')
    collections_contact_id = fields.Many2one(
        'res.partner', string="Collections contact", tracking=True,
        domain="[('id', 'child_of', partner_id)]",
        help="Receives the reminders instead of the invoice contact.",
    )
    follow_up_date = fields.Date(
        string="Follow up on", tracking=True,
        help="Date on which the collector wants to look at this customer again.",
    )
    note = fields.Html(string="Internal note")

    # Figures: company currency, read from the ledger by `_refresh`.
    balance = fields.Monetary(
        readonly=True, help="Open items minus open credits, at the last refresh.")
    overdue_amount = fields.Monetary(
        string="Overdue", readonly=True, help="Open items whose due date has passed.")
    not_due_amount = fields.Monetary(
        string="Not due", readonly=True, help="Open items due today or later.")
    open_credit_amount = fields.Monetary(
        string="Open credits", readonly=True,
        help="Credit notes and payments that are not matched yet, as a positive amount.")
    item_count = fields.Integer(string="Open items", readonly=True)
    overdue_item_count = fields.Integer(string="Overdue items", readonly=True)
    oldest_due_date = fields.Date(readonly=True, help="Due date of the oldest overdue item.")
    max_days_overdue = fields.Integer(
        string="Days overdue", compute='_compute_max_days_overdue',
        search='_search_max_days_overdue', help="Age today of the oldest overdue item, in days.")
    last_payment_date = fields.Date(
        readonly=True, help="Date of the last receipt in a bank or cash journal.")
    avg_days_late = fields.Float(
        string="Average days late", digits=(16, 1), readonly=True, aggregator='avg',
        help="Days between due date and payment, weighted by amount, over the last 12 months. "
             "Only bank and cash receipts count as payment; items still late count at their age "
             "today. Negative: pays early.")
    next_action_date = fields.Date(
        readonly=True, index='btree_not_null',
        help="First of: the follow-up date, and the day an open item reaches its next level.")
    refreshed_at = fields.Datetime(
        string="Figures read at", readonly=True, help="When the figures were read from the ledger.")

    _partner_company_uniq = models.Constraint(
        'UNIQUE(partner_id, company_id)', "This customer already exists in this company.")
    _company_overdue_idx = models.Index('(company_id, overdue_amount DESC)')

    # === COMPUTES === #

    @api.depends('oldest_due_date')
    def _compute_max_days_overdue(self):
        today = fields.Date.context_today(self)
        for customer in self:
            oldest = customer.oldest_due_date
            customer.max_days_overdue = max((today - oldest).days, 0) if oldest else 0

    def _search_max_days_overdue(self, operator, value):
        """Search on days through the stored date: more days means an earlier date."""
        today = fields.Date.context_today(self)
        if operator == 'in':
            return fields.Domain.OR(self._get_overdue_domain(today, int(days)) for days in value)
        flipped = {'>': '<', '>=': '<=', '<': '>', '<=': '>='}.get(operator)
        if not flipped:
            return NotImplemented
        limit = fields.Date.subtract(today, days=int(value))
        domain = fields.Domain('oldest_due_date', flipped, limit)
        if operator in ('<', '<='):
            domain |= fields.Domain('oldest_due_date', '=', False)
        return domain

    def _get_overdue_domain(self, today, days):
        """Return who is exactly so many days late; with zero, who is not late."""
        if days:
            return fields.Domain('oldest_due_date', '=', fields.Date.subtract(today, days=days)) & (
                fields.Domain('oldest_due_date', '<', today))
        return fields.Domain('oldest_due_date', '>=', today) | fields.Domain(
            'oldest_due_date', '=', False)

    # === CRUD === #

    def write(self, vals):
        derived = set(vals) & self._get_derived_fields()
        if derived and not self.env.su:
            raise AccessError(self.env._(
                "These figures are read from the ledger and cannot be typed in: %s",
                ", ".join(sorted(derived))))
        return super().write(vals)

    @api.model
    def _get_undefaulted_fields(self, names):
        """EXTENDS core: figures and decisions, readonly or not."""
        return super()._get_undefaulted_fields(names) | self._get_derived_fields() & set(names)

    def _get_derived_fields(self):
        """Return the names of the fields that only the refresh writes."""
        return {
            'partner_id', 'company_id', 'balance', 'overdue_amount', 'not_due_amount',
            'open_credit_amount', 'item_count', 'overdue_item_count', 'oldest_due_date',
            'last_payment_date', 'avg_days_late', 'next_action_date', 'refreshed_at',
        }

    def web_read(self, specification):
        """Read the ledger again before one customer is shown: a form never shows stale figures.

        Not when a list or another document reads on the way: they come with a read-only cursor,
        or ask for the name alone.
        """
        if len(self) == 1 and not self.env.cr.readonly and (
                self._get_derived_fields() & set(specification)) and self.exists():
            self._refresh_now()
        return super().web_read(specification)

    # The figures are written on the way: no read-only cursor, and no second try without it.
    web_read._readonly = False

    @api.model
    def _get_or_create(self, partners, company):
        """Return the customers of ``partners`` in ``company``, created when missing.

        :param partners: `res.partner` records, contacts allowed
        :param company: `res.company`
        :return: `ar.customer` records of the commercial partners
        """
        partners = partners.commercial_partner_id
        domain = [('partner_id', 'in', partners.ids), ('company_id', '=', company.id)]
        customers = self.with_context(active_test=False).search(domain)
        missing = partners - customers.partner_id
        if missing:
            # sudo: a row is bookkeeping of ours; the right to see it is checked when it is read.
            try:
                self.sudo().create([
                    {'partner_id': partner.id, 'company_id': company.id} for partner in missing
                ])
            except UniqueViolation as error:
                # Somebody made it at the same instant: let Odoo run this request again.
                raise ConcurrencyError(str(error)) from error
            customers = self.with_context(active_test=False).search(domain)
        return customers.with_env(self.env)

    # === ACTIONS === #

    def action_view_open_items(self):
        """Open the receivable lines behind the balance."""
        self.ensure_one()
        return self._get_items_action(self._get_open_items_domain())

    def action_view_overdue_items(self):
        """Open the receivable lines behind the overdue amount."""
        self.ensure_one()
        today = self.company_id._get_ar_today()
        # An opening balance may have no due date: the day of its entry counts, as in the figure.
        domain = self._get_open_items_domain() & fields.Domain('amount_residual', '>', 0) & (
            fields.Domain('date_maturity', '<', today) | fields.Domain([
                ('date_maturity', '=', False), ('date', '<', today)]))
        return self._get_items_action(domain)

    def action_view_credits(self):
        """Open the unmatched credit notes and payments."""
        self.ensure_one()
        domain = self._get_open_items_domain() & fields.Domain('amount_residual', '<', 0)
        return self._get_items_action(domain)

    def action_view_invoices(self):
        """Open every customer invoice and credit note of this customer."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'account.action_move_out_invoice_type')
        action['domain'] = [
            ('move_type', 'in', ('out_invoice', 'out_refund', 'out_receipt')),
            ('commercial_partner_id', '=', self.partner_id.id),
            ('company_id', '=', self.company_id.id),
        ]
        action['context'] = {'default_move_type': 'out_invoice', 'create': False}
        return action

    def action_view_partner(self):
        """Open the contact form."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'res.partner',
            'res_id': self.partner_id.id, 'view_mode': 'form', 'views': [(False, 'form')],
        }

    def action_refresh(self):
        """Read the figures of the selected customers again."""
        self.check_access('read')
        for company, customers in self.grouped('company_id').items():
            self._refresh(company, partner_ids=customers.partner_id.ids)
        return True

    def _get_items_action(self, domain):
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Open items of %s", self.partner_id.display_name),
            'res_model': 'account.move.line',
            'view_mode': 'list,form',
            'views': [(self.env.ref('ar_collections.account_move_line_view_list').id, 'list'),
                      (False, 'form')],
            'search_view_id': [
                self.env.ref('ar_collections.account_move_line_view_search').id, 'search'],
            'domain': list(domain),
            'context': {'create': False},
        }

    def _get_open_items_domain(self):
        """Return the domain of the open receivable lines of these customers."""
        return fields.Domain([
            ('account_id', 'in', self.company_id._get_ar_account_ids()),
            ('reconciled', '=', False),
            ('parent_state', '=', 'posted'),
            ('company_id', 'in', self.company_id.ids),
            ('partner_id.commercial_partner_id', 'in', self.partner_id.ids),
        ])
