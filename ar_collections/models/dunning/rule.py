from odoo import api, fields, models
from odoo.tools import SQL


class ArDunningRule(models.Model):
    _name = 'ar.dunning.rule'
    _description = "Rule that chooses a dunning policy"
    _inherit = ['ar.customer.condition']
    _order = 'sequence, id'
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', index=True, help="Empty: every company.")
    policy_id = fields.Many2one(
        'ar.dunning.policy', required=True, ondelete='restrict', check_company=True)
    domain = fields.Char(
        string="Customers",
        help="The first rule whose condition a customer meets chooses the policy.")
    customer_count = fields.Integer(
        string="Customers that match", compute='_compute_customer_count')

    @api.depends('domain', 'company_id')
    @api.depends_context('company')
    def _compute_customer_count(self):
        for rule in self:
            rule.customer_count = self.env['ar.customer'].search_count(
                rule._get_domain() & fields.Domain('company_id', '=', self.env.company.id))

    def action_view_customers(self):
        """Open the customers that meet the condition."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('ar_collections.ar_customer_action')
        action['domain'] = list(
            self._get_domain() & fields.Domain('company_id', '=', self.env.company.id))
        action['context'] = {}
        return action

    @api.model
    def _get_policy_query(self, company, customer_ids=None):
        """Return the query that chooses a policy for each customer of ``company``.

        In order: the customer's own policy, the first active rule that matches, then the
        fallbacks, the company's default last.
        Columns: customer_id, partner_id, policy_id, rule_id, origin.

        :param company: `res.company`
        :param customer_ids: restrict to these customers
        :rtype: SQL
        """
        # Archived rules never choose, whatever the context of the caller says.
        rules = self.sudo().with_context(active_test=True).search([
            ('company_id', 'in', (False, company.id)), ('policy_id.active', '=', True)])
        # sudo: a rule speaks of every customer of the company, not of those the user may see.
        Customer = self.env['ar.customer'].sudo().with_company(company).with_context(
            active_test=False)
        cases = [
            SQL("WHEN c.id IN %s THEN %s", Customer._search(
                rule._get_domain() & fields.Domain('company_id', '=', company.id)
            ).subselect(), rule.id)
            for rule in rules
        ]
        rule_id = SQL("CASE %s END", SQL(" ").join(cases)) if cases else SQL("NULL::int")
        fallbacks = self._get_policy_fallbacks(company)
        return SQL(
            """
            SELECT chosen.customer_id, chosen.partner_id, chosen.rule_id,
                   COALESCE(chosen.own_policy_id, rule.policy_id, %(policies)s) AS policy_id,
                   CASE WHEN chosen.own_policy_id IS NOT NULL THEN 'customer'
                        WHEN chosen.rule_id IS NOT NULL THEN 'rule'
                        %(origins)s ELSE 'none'
                   END AS origin
              FROM (
                SELECT c.id AS customer_id, c.partner_id, c.policy_id AS own_policy_id,
                       CASE WHEN c.policy_id IS NULL THEN %(rule)s END AS rule_id, %(columns)s
                  FROM ar_customer c
                 WHERE c.company_id = %(company)s AND %(scope)s
              ) chosen
              LEFT JOIN ar_dunning_rule rule ON rule.id = chosen.rule_id
            """,
            policies=SQL(", ").join(
                SQL("chosen.%s", SQL.identifier(f'{origin}_policy_id'))
                for origin, _query in fallbacks),
            origins=SQL(" ").join(
                SQL("WHEN chosen.%s IS NOT NULL THEN %s",
                    SQL.identifier(f'{origin}_policy_id'), origin)
                for origin, _query in fallbacks),
            columns=SQL(", ").join(
                SQL("%s AS %s", query, SQL.identifier(f'{origin}_policy_id'))
                for origin, query in fallbacks),
            rule=rule_id, company=company.id,
            scope=SQL("TRUE") if customer_ids is None else SQL("c.id = ANY(%s)",
                                                               list(customer_ids)),
        )

    def _get_policy_fallbacks(self, company):
        """Hook: return what chooses when neither the customer nor a rule does, in order.

        :return: list of (origin, SQL of a policy id or NULL, on the customer `c`)
        """
        return [('company', SQL("%s::int", company.sudo().ar_dunning_policy_id.id or None))]
