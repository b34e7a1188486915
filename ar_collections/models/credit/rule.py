import json

from odoo import api, fields, models, tools

# What the judge reads of a rule; kept in memory, an order is confirmed more often than a rule
# changes.
JUDGED = ('reason', 'decision', 'tolerance_percent', 'tolerance_amount', 'overdue_days',
          'overdue_amount', 'risk_class_ids')
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
         ('deposit', "Deposit of the class not paid"),
         ('not_covered', "Not covered by guarantees")],
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

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        self.env.registry.clear_cache()
        return rules

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # === RULES OF A COMPANY === #

    @api.model
    def _get_rules(self, company):
        """Return the active rules of ``company`` that do something; a branch has its root's too."""
        ids, columns, _texts = self._read_rules(company._get_ar_lineage())
        # sudo: the rules are applied to salespeople who may not read them.
        rules = self.sudo().browse(ids)
        for name, values in columns.items():
            rules._fields[name]._insert_cache(rules, values)
        return rules

    @api.model
    def _get_judged_fields(self):
        """Return the names of the fields that the judge reads; rooms with a reason add theirs.
        """
        return JUDGED

    @api.model
    @tools.ormcache('company_ids')
    def _read_rules(self, company_ids):
        """Return (ids, {field: values as the cache of records keeps them}, {id: JSON text})."""
        rules = self.sudo().with_context(active_test=True).search([
            ('company_id', 'in', [False, *company_ids]), ('decision', '!=', 'ignore')])
        return tuple(rules.ids), {
            name: tuple(rules._fields[name].convert_to_cache(rule[name], rule, validate=False)
                        for rule in rules)
            for name in self._get_judged_fields()}, {
            rule.id: json.dumps({'id': rule.id, **{
                name: rule[name] for name in self._get_judged_fields()
                if name not in ('decision', 'risk_class_ids')}})
            for rule in rules}

    @api.model
    def _describe(self, company, rule_ids):
        """Return these rules as they stand, as JSON text: a list of dictionaries."""
        texts = self._read_rules(company._get_ar_lineage())[2]
        return f"[{', '.join(texts[rule_id] for rule_id in rule_ids)}]"

    def _get_tolerance(self, limit):
        """Return by how much ``limit`` may be exceeded, in company currency."""
        self.ensure_one()
        options = []
        if self.tolerance_percent:
            options.append(float(limit) * self.tolerance_percent / 100)
        if self.tolerance_amount:
            options.append(self.tolerance_amount)
        return min(options, default=0.0)
