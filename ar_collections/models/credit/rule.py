from odoo import api, fields, models

DECISIONS = [('ignore', "Ignore"), ('warn', "Warn"), ('hold', "Hold the order")]


class ArCreditRule(models.Model):
    """One reason to warn or to hold. The strictest rule that applies to a customer wins."""
    _name = 'ar.credit.rule'
    _description = "Credit rule for orders"
    _order = 'sequence, id'
    _check_company_auto = True

    name = fields.Char(compute='_compute_name', store=True, readonly=False, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', index=True, help="Empty: every company.")
    currency_id = fields.Many2one('res.currency', compute='_compute_currency_id')
    risk_class_ids = fields.Many2many(
        'ar.risk.class', string="Only these classes", help="Empty: every class.")
    reason = fields.Selection(
        [('over_limit', "Over the credit limit"),
         ('over_group_limit', "Over the limit of the credit group"),
         ('no_limit', "No credit limit was granted"),
         ('limit_expired', "Temporary limit expired"),
         ('overdue', "Overdue items"),
         ('stop', "Orders stopped by hand"),
         ('risk_class', "Risk class says so"),
         ('review_late', "Credit review late"),
         ('deposit', "Deposit of the class not paid")],
        required=True, default='over_limit')
    decision = fields.Selection(DECISIONS, required=True, default='hold')
    tolerance_percent = fields.Float(
        string="Tolerance (%)", help="The limit may be exceeded by this much.")
    tolerance_amount = fields.Monetary(
        string="Tolerance amount",
        help="In company currency; the smaller of the two tolerances counts when both are set.")
    overdue_days = fields.Integer(
        string="Overdue by more than (days)", default=30)
    overdue_amount = fields.Monetary(
        string="Above", help="Sum of the items that old, in company currency.")

    _tolerances_positive = models.Constraint(
        'CHECK(tolerance_percent >= 0 AND tolerance_amount >= 0 AND overdue_amount >= 0)',
        "Tolerances and amounts cannot be negative.")

    @api.depends('reason')
    def _compute_name(self):
        labels = dict(self._fields['reason']._description_selection(self.env))
        for rule in self:
            rule.name = labels.get(rule.reason)

    @api.depends('company_id')
    @api.depends_context('company')
    def _compute_currency_id(self):
        for rule in self:
            rule.currency_id = (rule.company_id or self.env.company).currency_id

    @api.model
    def _get_rules(self, company):
        """Return the active rules of ``company`` that do something."""
        # sudo: the rules are applied to salespeople who may not read them.
        return self.sudo().search([
            ('company_id', 'in', (False, company.id)), ('decision', '!=', 'ignore')])

    def _get_tolerance(self, limit):
        """Return by how much ``limit`` may be exceeded, in company currency."""
        self.ensure_one()
        options = []
        if self.tolerance_percent:
            options.append(float(limit) * self.tolerance_percent / 100)
        if self.tolerance_amount:
            options.append(self.tolerance_amount)
        return min(options, default=0.0)
