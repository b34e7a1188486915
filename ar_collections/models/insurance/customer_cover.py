from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .cover_request import OPEN


class ArCustomer(models.Model):
    """EXTENDS core: the insurance page of a customer."""
    _inherit = 'ar.customer'

    cover_ids = fields.One2many('ar.cover', 'customer_id')
    cover_layer_ids = fields.One2many('ar.cover.layer', 'customer_id')
    cover_request_ids = fields.One2many('ar.cover.request', 'customer_id')
    cover_today = fields.Monetary(
        string="Cover today", compute='_compute_cover_today',
        help="What insurers cover for deliveries of today, in company currency, before the insured "
             "percentage.")
    has_policy = fields.Boolean(compute='_compute_cover_today')
    cover_shared_with = fields.Char(
        string="Shared with", compute='_compute_cover_shared_with',
        help="Customers that the insurer takes for the same buyer: one cover for all of them.")
    open_cover_request_count = fields.Integer(
        string="Cover requests", compute='_compute_cover_counts')
    cover_attention_count = fields.Integer(compute='_compute_cover_counts')

    @api.depends('company_id', 'partner_id', 'cover_layer_ids.date_to')
    def _compute_cover_today(self):
        """Two queries per company for any number of customers."""
        for company, customers in self.grouped('company_id').items():
            if not company:
                customers.update({'cover_today': 0.0, 'has_policy': False})
                continue
            # sudo: sums of customers whom the user may see.
            Cover = self.env['ar.cover'].sudo()
            found = bool(self.env['ar.insurance.policy'].sudo().search_count(
                [('company_id', 'parent_of', company.ids)], limit=1))
            amounts = {}
            if found:
                Cover.env['ar.cover.layer'].flush_model()
                for partner_id, amount, _percentage in self.env.execute_query(
                        Cover._get_open_layers_query(
                            company, customers.partner_id.ids, company._get_ar_today())):
                    amounts[partner_id] = amounts.get(partner_id, 0.0) + float(amount)
            for customer in customers:
                customer.has_policy = found
                customer.cover_today = company.currency_id.round(
                    amounts.get(customer.partner_id.id, 0.0))

    @api.depends('cover_ids.buyer_reference')
    def _compute_cover_shared_with(self):
        for customer in self:
            customer.cover_shared_with = ", ".join(dict.fromkeys(filter(
                None, customer.cover_ids.mapped('shared_with')))) or False

    @api.depends('cover_request_ids.state', 'cover_ids.needs_person')
    def _compute_cover_counts(self):
        of_these = [('customer_id', 'in', self.ids)]
        asked = dict(self.env['ar.cover.request']._read_group(
            [*of_these, ('state', 'in', OPEN)], ['customer_id'], ['__count']))
        covers = dict(self.env['ar.cover']._read_group(
            [*of_these, ('needs_person', '=', True)], ['customer_id'], ['__count']))
        for customer in self:
            customer.open_cover_request_count = asked.get(customer._origin, 0)
            customer.cover_attention_count = covers.get(customer._origin, 0)

    def _absorb(self, other):
        """EXTENDS core: covers and requests follow.

        Where both have a cover of the same kind under one policy, that of the kept account stands;
        the layers of the other become its past and a person is asked to look.
        """
        self.env.flush_all()
        both = []
        for cover in other.cover_ids:
            kept = self.cover_ids.filtered(
                lambda mine, cover=cover: mine.policy_id == cover.policy_id
                and mine.kind == cover.kind)
            if kept:
                both.append((kept, cover))
        for kept, cover in both:
            today = self.company_id._get_ar_today()
            # By SQL: layers and requests are history that no ordinary write may touch.
            self.env.cr.execute(SQL(
                "UPDATE ar_cover_layer SET cover_id = %s, customer_id = %s,"
                " date_to = GREATEST(date_from, %s::date) - 1"
                " WHERE cover_id = %s AND (date_to IS NULL OR date_to >= %s)",
                kept.id, self.id, today, cover.id, today))
            self.env.cr.execute(SQL(
                "UPDATE ar_cover_layer SET cover_id = %s, customer_id = %s WHERE cover_id = %s",
                kept.id, self.id, cover.id))
            self.env.cr.execute(SQL(
                "UPDATE ar_cover_request SET cover_id = %s WHERE cover_id = %s",
                kept.id, cover.id))
            self.env.cr.execute(SQL("DELETE FROM ar_cover WHERE id = %s", cover.id))
        # Two open requests for one buyer cannot be: the absorbed account's is for a person.
        self.env.cr.execute(SQL(
            """
            UPDATE ar_cover_request lost SET state = 'cancelled'
             WHERE lost.customer_id = %(other)s AND lost.state = ANY(%(open)s)
               AND EXISTS (SELECT 1 FROM ar_cover_request mine
                            WHERE mine.customer_id = %(self)s AND mine.state = ANY(%(open)s)
                              AND mine.policy_id = lost.policy_id)
            """, other=other.id, self=self.id, open=list(OPEN)))
        for table in ('ar_cover', 'ar_cover_layer', 'ar_cover_request'):
            self.env.cr.execute(SQL(
                "UPDATE %s SET customer_id = %s WHERE customer_id = %s",
                SQL.identifier(table), self.id, other.id))
        self.env.invalidate_all(flush=False)
        for kept, _cover in both:
            kept.sudo()._flag(self.env._(
                "%s was merged into this customer and had a cover of its own. Ask the insurer to "
                "merge the buyers.", other.partner_id.display_name))
        return super()._absorb(other)

    # === ACTIONS === #

    def action_ask_for_cover(self):
        """Open a new request; an increase when there is cover already."""
        self.ensure_one()
        self.check_access('read')
        self.env['ar.cover.request']._check_collector()
        policies = self.env['ar.insurance.policy']._get_live(self.company_id)
        if not policies:
            raise UserError(self.env._(
                "No insurance policy is in force. A credit manager adds one under Insurance, "
                "Insurance policies."))
        policy = policies[0]
        # The covers of a legal entity hang on its customer at the company of the policy.
        customer = self._get_or_create(self.partner_id, policy.company_id)
        cover = customer.cover_ids.filtered(
            lambda cover: cover.policy_id == policy and cover.kind == 'named')
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.cover.request',
            'view_mode': 'form', 'name': self.env._("Ask for cover"),
            'context': {
                'default_customer_id': customer.id, 'default_policy_id': policy.id,
                'default_currency_id': policy.currency_id.id,
                'default_action': 'increase' if cover.amount_today else 'request'},
        }

    def action_type_decision(self):
        """Open the dialogue in which an insurer's decision is typed in."""
        self.ensure_one()
        self.env['ar.cover.request']._check_collector()
        return self._get_decision_action({})

    def _get_decision_action(self, context):
        self.check_access('read')
        policies = self.env['ar.insurance.policy'].search(
            [('company_id', 'parent_of', self.company_id.ids)])
        if not policies:
            raise UserError(self.env._(
                "There is no insurance policy yet. A credit manager adds one under Insurance, "
                "Insurance policies."))
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.cover.entry', 'target': 'new',
            'view_mode': 'form', 'name': self.env._("Decision of the insurer"),
            'context': {
                'default_policy_id': policies[0].id, **context,
                'default_customer_id': self._get_or_create(
                    self.partner_id, policies[0].company_id).id},
        }

    def action_own_cover(self):
        """Open the dialogue that grants cover by the rules of the policy."""
        self.ensure_one()
        self.env['ar.cover.request']._check_collector()
        policies = self.env['ar.insurance.policy']._get_live(self.company_id).filtered(
            lambda policy: policy.discretionary_ceiling or policy.non_named_ceiling)
        if not policies:
            raise UserError(self.env._(
                "No policy in force has a discretionary or non-named ceiling."))
        policy = policies[0]
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.cover.own', 'target': 'new',
            'view_mode': 'form', 'name': self.env._("Cover by the rules of the policy"),
            'context': {
                'default_customer_id': self._get_or_create(
                    self.partner_id, policy.company_id).id,
                'default_policy_id': policy.id,
                'default_kind': (
                    'discretionary' if policy.discretionary_ceiling else 'non_named')},
        }

    def action_view_covers(self):
        """Open the covers of this customer."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('ar_collections.ar_cover_action')
        return dict(action, domain=[('customer_id', '=', self.id)], context={})

    def action_view_cover_requests(self):
        """Open the requests for cover of this customer."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_cover_request_action')
        return dict(action, domain=[('customer_id', '=', self.id)],
                    context={'default_customer_id': self.id})
