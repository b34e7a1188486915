from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .cover_layer import SOURCES
from .cover_status import COVER_KINDS, PENDING_ACTIONS, STATUSES


class ArCover(models.Model):
    """What one policy covers for one customer: the decision in force and all that came before.

    The status says what the insurer last decided; the amount of a day follows from the layers
    (`_get_amounts`), never from the status.
    """
    _name = 'ar.cover'
    _description = "Credit insurance cover"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'needs_person desc, decided_on desc, id desc'
    _rec_name = 'customer_id'
    _check_company_auto = True

    policy_id = fields.Many2one(
        'ar.insurance.policy', string="Insurance policy", required=True, index=True,
        ondelete='restrict', readonly=True)
    customer_id = fields.Many2one(
        'ar.customer', required=True, index=True, ondelete='cascade', readonly=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    collector_id = fields.Many2one(related='customer_id.collector_id')
    currency_id = fields.Many2one(related='policy_id.currency_id', store=True)
    provider_id = fields.Many2one(related='policy_id.provider_id', store=True, index=True)
    kind = fields.Selection(COVER_KINDS, required=True, default='named', readonly=True)
    status = fields.Selection(STATUSES, required=True, readonly=True, tracking=True)
    provider_code = fields.Char(string="Insurer's code", readonly=True, tracking=True)
    pending_action = fields.Selection(
        PENDING_ACTIONS, string="Under way", readonly=True, tracking=True,
        help="What the insurer has announced beside the decision in force.")
    insurer_reference = fields.Char(
        string="Insurer's reference", readonly=True, index='btree_not_null')
    buyer_reference = fields.Char(
        string="Buyer at the insurer", readonly=True, index='btree_not_null',
        help="Customers that the insurer takes for one buyer share one cover.")
    requested_amount = fields.Monetary(readonly=True, help="What was last asked for.")
    decided_on = fields.Date(readonly=True, tracking=True)
    effective_from = fields.Date(readonly=True)
    effective_until = fields.Date(
        readonly=True, help="Last day of delivery that the decision covers.")
    withdrawal_on = fields.Date(
        string="Withdrawn from", readonly=True, tracking=True,
        help="First day of delivery that is no longer covered.")
    conditions = fields.Text(readonly=True)
    source = fields.Selection(SOURCES, required=True, default='manual', readonly=True)
    environment = fields.Char(
        readonly=True,
        help="Which installation of the insurer said so: production, test or simulator.")
    checked_on = fields.Date(
        string="Confirmed on", readonly=True, help="Last day on which the insurer confirmed it.")
    needs_person = fields.Boolean(
        string="To be looked at", readonly=True, index='btree_not_null',
        help="The insurer said something that no program may decide: the cover known before "
             "stays until somebody has read it.")
    attention = fields.Text(string="What to look at", readonly=True)
    reduced_on = fields.Date(
        string="Reduced on", readonly=True, tracking=True,
        help="Day on which we learnt that the insurer had reduced or withdrawn it.")
    reduced_from = fields.Monetary(string="Before the reduction", readonly=True)
    followed_key = fields.Char(readonly=True, help="What the credit limit was last set from.")
    fingerprints = fields.Json(
        readonly=True, help="Of the decisions last applied: the same one arriving twice is one.")
    layer_ids = fields.One2many('ar.cover.layer', 'cover_id', readonly=True)
    request_ids = fields.One2many('ar.cover.request', 'cover_id', readonly=True)
    amount_today = fields.Monetary(
        string="Covered today", compute='_compute_amount_today', search='_search_amount_today',
        help="For deliveries of today, before the insured percentage.")

    _policy_customer_kind_uniq = models.Constraint(
        'UNIQUE(policy_id, customer_id, kind)',
        "This customer has a cover of this kind under this policy already.")
    _customer_policy_idx = models.Index('(customer_id, policy_id)')

    # === COMPUTES === #

    @api.depends('layer_ids.amount', 'layer_ids.date_from', 'layer_ids.date_to')
    def _compute_amount_today(self):
        amounts = {}
        for company, covers in self.grouped('company_id').items():
            if company:
                amounts.update(covers._get_amounts(company._get_ar_today()))
        for cover in self:
            cover.amount_today = amounts.get(cover._origin.id, 0.0)

    def _search_amount_today(self, operator, value):
        operators = {'>': SQL(">"), '>=': SQL(">="), '<': SQL("<"), '<=': SQL("<="),
                     'in': SQL("= ANY")}
        if operator not in operators:
            return NotImplemented
        self.env['ar.cover.layer'].flush_model()
        ids = [row[0] for row in self.env.execute_query(SQL(
            "SELECT c.id FROM ar_cover c LEFT JOIN (%s) a ON a.cover_id = c.id"
            " WHERE COALESCE(a.amount, 0) %s (%s)",
            self._get_amounts_query(self.env.company._get_ar_today()), operators[operator],
            [Decimal(str(one or 0)) for one in value] if operator == 'in' else value))]
        return fields.Domain('id', 'in', ids)

    @api.depends('customer_id', 'policy_id')
    def _compute_display_name(self):
        for cover in self:
            cover.display_name = " – ".join(filter(None, (
                cover.customer_id.display_name, cover.policy_id.name)))

    # === AMOUNTS === #

    @api.model
    def _get_amounts_query(self, date):
        """Return the query of (cover_id, amount): what covers a delivery of ``date``, in policy
        currency and before the insured percentage."""
        return SQL(
            """
            SELECT layer.cover_id, SUM(layer.amount) AS amount
              FROM ar_cover_layer layer
              JOIN ar_cover cover ON cover.id = layer.cover_id
              JOIN ar_insurance_policy policy ON policy.id = cover.policy_id
             WHERE layer.date_from <= %(date)s
               AND (layer.date_to IS NULL OR layer.date_to >= %(date)s)
               AND policy.date_from <= %(date)s
               AND (policy.date_to IS NULL OR policy.date_to >= %(date)s)
             GROUP BY layer.cover_id
            """, date=date)

    def _get_amounts(self, date):
        """Return {cover id: amount that covers a delivery of ``date``}, in policy currency.

        One query for any number of covers; a cover without a layer on that day is missing.
        """
        self.env['ar.cover.layer'].flush_model()
        rows = self.env.execute_query(SQL(
            "SELECT cover_id, amount FROM (%s) a WHERE cover_id = ANY(%s)",
            self._get_amounts_query(date), self.ids))
        return {cover_id: float(amount) for cover_id, amount in rows}

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._(
                "A cover is made by a decision. Use “Type in a decision” on the customer."))
        return super().create(vals_list)

    def write(self, vals):
        allowed = {'activity_ids', 'message_follower_ids', 'message_main_attachment_id'}
        if not self.env.su and set(vals) - allowed:
            raise AccessError(self.env._(
                "A cover changes through decisions. Use “Type in a decision”."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A cover is history and cannot be deleted."))

    # === ACTIONS === #

    def action_type_decision(self):
        """Open the dialogue in which a decision is typed in."""
        self.ensure_one()
        self.env['ar.cover.request']._check_collector()
        return self.customer_id._get_decision_action({'default_policy_id': self.policy_id.id})

    def action_ask(self):
        """Open a request to change this cover."""
        self.ensure_one()
        self.env['ar.cover.request']._check_collector()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.cover.request',
            'view_mode': 'form', 'name': self.env._("Ask for cover"),
            'context': {
                'default_customer_id': self.customer_id.id,
                'default_policy_id': self.policy_id.id,
                'default_currency_id': self.currency_id.id,
                'default_action': 'increase' if self.amount_today else 'request'},
        }
