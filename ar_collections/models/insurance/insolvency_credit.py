from odoo import api, fields, models
from odoo.tools import SQL, format_date

from .customer import GRAVE

# The debtor may trade and be trusted again: a plan is kept, or everything was settled.
OVER = ('plan', 'closed')


class ArCreditRule(models.Model):
    """EXTENDS credit: open insolvency proceedings may hold new orders."""
    _inherit = 'ar.credit.rule'

    reason = fields.Selection(
        selection_add=[('insolvency', "Open insolvency proceedings")],
        ondelete={'insolvency': 'cascade'})


class ArCreditDecision(models.AbstractModel):
    """EXTENDS credit: what the gazette says, or the day of the opening typed by a person."""
    _inherit = 'ar.credit.decision'

    @api.model
    def _get_fact_columns(self, company, date, rules):
        """EXTENDS credit: is the customer insolvent at this legal entity, and since when."""
        columns = super()._get_fact_columns(company, date, rules)
        if any(rule.reason == 'insolvency' for rule in rules):
            known = SQL(
                """
                FROM ar_customer broke
               WHERE broke.partner_id = p.id AND broke.company_id = ANY(%(companies)s)
                 AND (broke.insolvency_state = ANY(%(grave)s)
                      OR broke.insolvency_date <= %(date)s
                         AND COALESCE(broke.insolvency_state, '') <> ALL(%(over)s))
                """,
                companies=self.env['ar.credit.exposure']._get_company_ids(company), date=date,
                grave=[state.value for state in GRAVE], over=list(OVER))
            columns['insolvent'] = SQL("EXISTS (SELECT 1 %s)", known)
            columns['insolvent_since'] = SQL(
                "(SELECT MIN(COALESCE(broke.insolvency_date, broke.insolvency_published_on)) %s)",
                known)
        return columns

    @api.model
    def _get_fact_gates(self, company, date):
        """EXTENDS credit: anything known of proceedings."""
        known = SQL(
            "EXISTS (SELECT 1 FROM mine JOIN ar_customer broke ON broke.id = mine.id"
            " WHERE broke.insolvency_state IS NOT NULL OR broke.insolvency_date IS NOT NULL)")
        return {**super()._get_fact_gates(company, date),
                'insolvent': known, 'insolvent_since': known}

    @api.model
    def _get_rule_methods(self):
        """EXTENDS credit."""
        return {**super()._get_rule_methods(), 'insolvency': self._judge_insolvency}

    def _judge_insolvency(self, rule, fact, added, total, company):
        if not fact.get('insolvent') or company.currency_id.compare_amounts(added, 0) <= 0:
            return None
        return {'date': fields.Date.to_string(fact['insolvent_since']) or False}

    @api.model
    def _get_tellers(self):
        """EXTENDS credit."""
        return {**super()._get_tellers(), 'insolvency': self._tell_insolvency_open}

    def _tell_insolvency_open(self, values):
        if not values.get('date'):
            return self.env._("This customer is in insolvency proceedings.")
        return self.env._(
            "This customer is in insolvency proceedings since %s.",
            format_date(self.env, values['date']))
