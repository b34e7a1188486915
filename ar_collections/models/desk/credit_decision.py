from odoo import api, fields, models
from odoo.tools import SQL, format_date


class ArCreditRule(models.Model):
    """EXTENDS credit: a broken promise may hold new orders."""
    _inherit = 'ar.credit.rule'

    reason = fields.Selection(
        selection_add=[('broken_promise', "Broken promise to pay")],
        ondelete={'broken_promise': 'cascade'})


class ArCreditDecision(models.AbstractModel):
    _inherit = 'ar.credit.decision'

    @api.model
    def _get_fact_columns(self, company, date, rules):
        """EXTENDS credit: the last broken promise whose items are still owed, when asked for."""
        columns = super()._get_fact_columns(company, date, rules)
        if any(rule.reason == 'broken_promise' for rule in rules):
            columns['broken_promise'] = SQL(
                """
                (SELECT MAX(promise.deadline)
                   FROM ar_customer promiser
                   JOIN ar_promise promise ON promise.customer_id = promiser.id
                   JOIN ar_promise_line line ON line.promise_id = promise.id
                   JOIN account_move_line l ON l.id = line.move_line_id
                        AND l.reconciled IS NOT TRUE
                  WHERE promise.state = 'broken' AND promise.company_id = ANY(%s)
                    AND promiser.partner_id = p.id)
                """, self.env['ar.credit.exposure']._get_company_ids(company))
        return columns

    @api.model
    def _get_fact_gates(self, company, date):
        """EXTENDS credit: any promise that was broken."""
        return {
            **super()._get_fact_gates(company, date),
            'broken_promise': SQL(
                """
                EXISTS (SELECT 1 FROM mine JOIN ar_promise promise ON promise.customer_id = mine.id
                         WHERE promise.state = 'broken')
                """)}

    @api.model
    def _get_rule_methods(self):
        """EXTENDS credit."""
        return {**super()._get_rule_methods(), 'broken_promise': self._judge_broken_promise}

    def _judge_broken_promise(self, rule, fact, added, total, company):
        deadline = fact.get('broken_promise')
        if not deadline or company.currency_id.compare_amounts(added, 0) <= 0:
            return None
        return {'date': fields.Date.to_string(deadline)}

    @api.model
    def _get_tellers(self):
        """EXTENDS credit."""
        return {**super()._get_tellers(), 'broken_promise': self._tell_broken_promise}

    def _tell_broken_promise(self, values):
        return self.env._(
            "A promise to pay by %s was not kept.",
            format_date(self.env, values['date']))
