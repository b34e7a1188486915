from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ArCustomer(models.Model):
    """What the credit page of a customer shows and opens."""
    _inherit = 'ar.customer'

    held_count = fields.Integer(string="Held orders", compute='_compute_held_count')
    open_request_count = fields.Integer(
        string="Requests to decide", compute='_compute_open_request_count')

    @api.depends('hold_ids.state')
    def _compute_held_count(self):
        counts = dict(self.env['ar.credit.hold']._read_group(
            [('customer_id', 'in', self.ids), ('state', '=', 'held')], ['customer_id'],
            ['__count']))
        for customer in self:
            customer.held_count = counts.get(customer, 0)

    @api.depends('request_ids.state')
    def _compute_open_request_count(self):
        counts = dict(self.env['ar.credit.request']._read_group(
            [('customer_id', 'in', self.ids), ('state', '=', 'submitted')], ['customer_id'],
            ['__count']))
        for customer in self:
            customer.open_request_count = counts.get(customer, 0)

    # === ACTIONS === #

    def action_set_risk_class(self):
        """Open the dialogue that sets the class by hand."""
        self.check_access('write')
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.risk.class.set', 'target': 'new',
            'view_mode': 'form', 'name': self.env._("Set the risk class"),
            'context': {
                'default_customer_ids': self.ids,
                'default_risk_class_id': self.risk_class_id.id if len(self) == 1 else False,
            },
        }

    def action_new_credit_request(self):
        """Open a new request for another limit."""
        self.ensure_one()
        self.check_access('read')
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.credit.request',
            'view_mode': 'form', 'name': self.env._("Ask for a limit"),
            'context': {'default_customer_id': self.id},
        }

    def action_change_limits(self):
        """Open the dialogue that asks for other limits for these customers."""
        self.check_access('read')
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.credit.limit.change',
            'target': 'new', 'view_mode': 'form', 'name': self.env._("Change limits"),
            'context': {'default_customer_ids': self.ids},
        }

    def action_view_held_orders(self):
        """Open the credit holds of this customer, decided ones included."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_credit_hold_action_all')
        return dict(action, domain=[('customer_id', '=', self.id)], context={'create': False})

    def action_view_requests(self):
        """Open the requests of this customer that wait for a decision."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_credit_request_action')
        return dict(action, domain=[('customer_id', '=', self.id)], context={'create': False})

    def action_reviewed(self):
        """Note that a credit manager looked at these customers; plan the next review by class."""
        self.check_access('write')
        if not self.env.user.has_group('ar_collections.group_ar_manager'):
            raise AccessError(self.env._("Only a credit manager closes a review."))
        for customer in self:
            review_date = customer.risk_class_id and customer.risk_class_id._get_review_date()
            customer.review_date = review_date
            customer.message_post(body=self.env._(
                "Credit reviewed by %(user)s. Next review: %(date)s.",
                user=self.env.user.name, date=review_date or self.env._("none")))
        return True


class ArCreditHold(models.Model):
    """The customer's figures of today beside a held order."""
    _inherit = 'ar.credit.hold'

    customer_exposure = fields.Monetary(string="Exposure today", related='customer_id.exposure')
    customer_limit = fields.Monetary(
        string="Limit today", related='customer_id.credit_limit_today')
    customer_overdue = fields.Monetary(
        string="Overdue today", related='customer_id.overdue_amount')
    customer_days_late = fields.Float(
        string="Pays late by (days)", digits=(16, 1), aggregator=None,
        related='customer_id.avg_days_late')
    risk_class_id = fields.Many2one(
        'ar.risk.class', string="Risk class", related='customer_id.risk_class_id')
    order_state = fields.Selection(string="Order is", related='order_id.state')

    def action_view_customer(self):
        """Open the customer."""
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'res_model': 'ar.customer', 'view_mode': 'form',
                'views': [(False, 'form')], 'res_id': self.customer_id.id}


class ArCreditGroup(models.Model):
    """What the legal entities of a group owe together."""
    _inherit = 'ar.credit.group'

    exposure = fields.Monetary(
        compute='_compute_exposure', compute_sudo=True,
        help="Of all its customers at all its companies, in the currency of the group, read now.")
    available = fields.Monetary(
        compute='_compute_exposure', compute_sudo=True,
        help="Limit minus exposure; zero without a limit.")
    exposure_problem = fields.Char(compute='_compute_exposure', compute_sudo=True)

    @api.depends('customer_ids', 'company_ids', 'currency_id', 'limit')
    def _compute_exposure(self):
        try:
            exposures = self._get_exposures()
        except UserError as error:
            # A missing rate is told on the screen; it must not lock the form.
            if len(self) == 1:
                self.exposure = self.available = 0.0
                self.exposure_problem = error.args[0]
            else:
                # Only the groups that it concerns are without a figure.
                for group in self:
                    group._compute_exposure()
            return
        for group in self:
            group.exposure_problem = False
            group.exposure = exposures[group]
            group.available = group.limit - group.exposure if group.limit else 0.0


class ResConfigSettings(models.TransientModel):
    """EXTENDS core: credit control."""
    _inherit = 'res.config.settings'

    ar_credit_active = fields.Boolean(related='company_id.ar_credit_active', readonly=False)
    ar_exposure_drafts = fields.Boolean(related='company_id.ar_exposure_drafts', readonly=False)
    ar_doubtful_account_ids = fields.Many2many(
        related='company_id.ar_doubtful_account_ids', readonly=False)
    ar_proposal_rule = fields.Selection(
        related='company_id.ar_proposal_rule', readonly=False, required=True)
    ar_limit_warning_days = fields.Integer(
        related='company_id.ar_limit_warning_days', readonly=False)
    ar_invoice_stop = fields.Boolean(related='company_id.ar_invoice_stop', readonly=False)
    ar_release_own = fields.Boolean(related='company_id.ar_release_own', readonly=False)
