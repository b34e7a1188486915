from odoo import models
from odoo.tools import SQL


class ArDunningRule(models.Model):
    """EXTENDS dunning: the policy of the risk class, when neither customer nor rule choose one."""
    _inherit = 'ar.dunning.rule'

    def _get_policy_fallbacks(self, company):
        """EXTENDS dunning: before the company's default."""
        self.env['ar.risk.class'].flush_model(['policy_id'])
        policies = self.env['ar.dunning.policy'].sudo().with_context(active_test=True).search(
            ['|', ('company_id', '=', False), ('company_id', 'parent_of', company.id)])
        query = SQL(
            "CASE WHEN c.risk_class_id IS NOT NULL THEN ("
            " SELECT k.policy_id FROM ar_risk_class k"
            "  WHERE k.id = c.risk_class_id AND k.policy_id = ANY(%s)) END", policies.ids)
        return [('class', query), *super()._get_policy_fallbacks(company)]


class ArCustomer(models.Model):
    """EXTENDS dunning: say that the class chose the policy."""
    _inherit = 'ar.customer'

    def _get_policy_reason(self, row):
        """EXTENDS dunning."""
        if row['origin'] == 'class':
            return self.env._("Risk class %s.", self.risk_class_id.code)
        return super()._get_policy_reason(row)
