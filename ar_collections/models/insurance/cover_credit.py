from odoo import api, fields, models
from odoo.tools import SQL, format_date

from .cover_status import TURNED_DOWN

REASONS = [
    ('cover_missing', "No credit insurance cover"),
    ('cover_reduced', "Cover reduced by the insurer"),
    ('cover_withdrawn', "Cover refused or withdrawn"),
]
COVER_REASONS = {code for code, _label in REASONS}


class ArCreditRule(models.Model):
    """EXTENDS credit: what the insurer says may hold new orders."""
    _inherit = 'ar.credit.rule'

    reason = fields.Selection(
        selection_add=REASONS, ondelete={code: 'cascade' for code, _label in REASONS})


class ArCreditDecision(models.AbstractModel):
    """EXTENDS credit: three reasons, and guarantees that count what is insured."""
    _inherit = 'ar.credit.decision'

    @api.model
    def _get_fact_columns(self, company, date, rules):
        """EXTENDS credit: is there a policy in force, and has this customer any cover."""
        columns = super()._get_fact_columns(company, date, rules)
        reasons = set(rules.mapped('reason'))
        if reasons & COVER_REASONS:
            columns['policies'] = self._get_policies_condition(company, date)
        if reasons & {*COVER_REASONS, 'not_covered'}:
            columns['has_cover'] = SQL(
                """
                EXISTS (SELECT 1 FROM ar_cover cover
                          JOIN ar_customer insured ON insured.id = cover.customer_id
                         WHERE insured.partner_id = p.id)
                """)
        return columns

    @api.model
    def _get_fact_gates(self, company, date):
        """EXTENDS credit: a policy is in force, there is a cover."""
        return {
            **super()._get_fact_gates(company, date),
            'policies': self._get_policies_condition(company, date),
            'has_cover': SQL(
                "EXISTS (SELECT 1 FROM mine JOIN ar_cover cover ON cover.customer_id = mine.id)")}

    def _get_policies_condition(self, company, date):
        return SQL(
            """
            EXISTS (SELECT 1 FROM ar_insurance_policy policy
                     WHERE policy.active AND policy.company_id = ANY(%(companies)s)
                       AND policy.date_from <= %(date)s
                       AND (policy.date_to IS NULL OR policy.date_to >= %(date)s))
            """, companies=company.sudo().parent_ids.ids, date=date)

    @api.model
    def _get_facts(self, company, partners, rules, standings=None):
        """EXTENDS credit: cover of today; a constant number of queries, none without a rule and
        none for customers who have no cover.
        """
        facts = super()._get_facts(company, partners, rules, standings)
        covered = partners.filtered(lambda partner: facts[partner.id].get('has_cover'))
        reasons = set(rules.mapped('reason'))
        if reasons & COVER_REASONS:
            self._read_cover_facts(company, covered, facts)
        if 'not_covered' in reasons:
            # sudo: sums of customers whom the judge was asked about.
            insured = self.env['ar.cover'].sudo()._get_insured(
                company, covered.ids, last=True) if covered else {}
            for partner_id, fact in facts.items():
                fact['insured'] = insured.get(partner_id)
        return facts

    def _read_cover_facts(self, company, partners, facts):
        """Add `cover`, `cover_status` and its dates.

        :param partners: those who have a cover; the others have none of it
        """
        for fact in facts.values():
            fact.update(cover=0.0, cover_status=None, withdrawal_on=None, reduced_on=None,
                        twin_exposure=0.0)
        if not partners:
            return
        Cover = self.env['ar.cover'].sudo()
        date, tree = company._get_ar_today(), company._get_ar_tree_ids()
        for row in self.env.execute_query_dict(SQL(
            """
            SELECT c.partner_id,
                   SUM(a.amount / rate.rate) FILTER (WHERE NOT %(stopped)s) AS amount,
                   (ARRAY_AGG(cover.status ORDER BY cover.decided_on DESC NULLS LAST, cover.id DESC)
                        FILTER (WHERE cover.kind = 'named'))[1] AS status,
                   MIN(cover.withdrawal_on) FILTER (
                        WHERE cover.status = 'withdrawal_announced') AS withdrawal_on,
                   MAX(cover.reduced_on) AS reduced_on
              FROM ar_cover cover
              JOIN ar_customer c ON c.id = cover.customer_id
              JOIN ar_insurance_policy policy ON policy.id = cover.policy_id AND policy.active
                   AND policy.date_from <= %(date)s
                   AND (policy.date_to IS NULL OR policy.date_to >= %(date)s)
              LEFT JOIN (%(amounts)s) a ON a.cover_id = cover.id
              LEFT JOIN (%(rates)s) rate (company_id, currency_id, rate, digits)
                   ON rate.company_id = %(company)s AND rate.currency_id = policy.currency_id
             WHERE c.partner_id = ANY(%(partners)s) AND policy.company_id = ANY(%(tree)s)
             GROUP BY c.partner_id
            """,
            date=date, amounts=Cover._get_amounts_query(date), company=company.id, tree=tree,
            stopped=Cover._get_stop_condition(company, date),
            rates=Cover._get_policy_rates(company, date), partners=partners.ids)):
            facts[row['partner_id']].update(
                cover=float(row['amount'] or 0.0), cover_status=row['status'],
                withdrawal_on=row['withdrawal_on'], reduced_on=row['reduced_on'])
        # One cover for all whom the insurer takes for one buyer: what the others owe counts too.
        twins = Cover._get_twins(partners.ids, date)
        exposures = Cover._get_twin_exposures(company, twins)
        for partner_id, others in twins.items():
            facts[partner_id]['twin_exposure'] = sum(exposures.get(twin, 0.0) for twin in others)

    def _get_covered(self, fact, after):
        """EXTENDS credit: what is insured, when the rule about it was asked."""
        covered, insured = super()._get_covered(fact, after)
        if 'insured' in fact:
            insured = (insured or 0.0) + self.env['ar.cover']._get_insured_part(
                fact['insured'], after)
        return covered, insured

    def _get_decision(self, rule, fact):
        """EXTENDS credit: what is delivered before an announced withdrawal is still covered."""
        if rule.reason == 'cover_withdrawn' and fact.get('withdrawal_on') and (
                fact['withdrawal_on'] > fact['date']):
            return 'warn'
        return super()._get_decision(rule, fact)

    @api.model
    def _get_rule_methods(self):
        """EXTENDS credit."""
        return {
            **super()._get_rule_methods(), 'cover_missing': self._judge_cover_missing,
            'cover_reduced': self._judge_cover_reduced,
            'cover_withdrawn': self._judge_cover_withdrawn}

    def _judge_cover_missing(self, rule, fact, added, total, company):
        currency = company.currency_id
        if not fact['policies'] or fact['cover_status'] in TURNED_DOWN or (
                currency.compare_amounts(added, 0) <= 0) or currency.compare_amounts(
                    fact['cover'], 0) > 0:
            return None
        return {'none': True}

    def _judge_cover_reduced(self, rule, fact, added, total, company):
        currency = company.currency_id
        after = fact['exposure'] + fact['twin_exposure'] + added
        if fact['cover_status'] != 'reduced' or currency.compare_amounts(added, 0) <= 0 or (
                currency.compare_amounts(
                    after, fact['cover'] + rule._get_tolerance(fact['cover'])) <= 0):
            return None
        return {
            'cover': fact['cover'], 'excess': after - fact['cover'], 'currency': currency.id,
            'date': fields.Date.to_string(fact['reduced_on'])}

    def _judge_cover_withdrawn(self, rule, fact, added, total, company):
        if company.currency_id.compare_amounts(added, 0) <= 0:
            return None
        if fact['withdrawal_on']:
            return {'date': fields.Date.to_string(fact['withdrawal_on'])}
        if fact['cover_status'] in TURNED_DOWN and company.currency_id.is_zero(fact['cover']):
            return {'status': fact['cover_status']}
        return None

    def _judge_not_covered(self, rule, fact, added, total, company):
        """EXTENDS credit: what is insured counts beside deposits and guarantees."""
        part = self.env['ar.cover']._get_insured_part(
            fact.get('insured'), fact['exposure'] + added)
        return super()._judge_not_covered(
            rule, {**fact, 'covered': fact['covered'] + part}, added, total, company)

    # === WORDS === #

    @api.model
    def _get_tellers(self):
        """EXTENDS credit."""
        return {
            **super()._get_tellers(), 'cover_missing': self._tell_cover_missing,
            'cover_reduced': self._tell_cover_reduced,
            'cover_withdrawn': self._tell_cover_withdrawn}

    def _tell_cover_missing(self, values):
        return self.env._("No credit insurance covers new deliveries to this customer.")

    def _tell_cover_reduced(self, values):
        return self.env._(
            "The insurer reduced its cover to %(cover)s on %(date)s; with this order, %(excess)s "
            "would be uncovered.", date=format_date(self.env, values['date']),
            cover=self._money(values['cover'], values['currency']),
            excess=self._money(values['excess'], values['currency']))

    def _tell_cover_withdrawn(self, values):
        if values.get('date'):
            return self.env._(
                "The insurer withdraws its cover: deliveries from %s on are not covered.",
                format_date(self.env, values['date']))
        statuses = dict(self.env['ar.cover']._fields['status']._description_selection(self.env))
        return self.env._(
            "The insurer's answer about this customer: %s.",
            statuses.get(values['status'], values['status']))


class ArCustomer(models.Model):
    """EXTENDS credit: exposure minus guarantees minus what is insured is the own risk."""
    _inherit = 'ar.customer'

    insured_amount = fields.Monetary(
        string="Insured", compute='_compute_exposure',
        help="Part of today's exposure that credit insurance pays, after the insured percentage: "
             "the open items by the cover of their own day, the rest by that of today.")

    def _compute_exposure(self):
        """EXTENDS credit: two more queries for any number of customers, none without covers."""
        result = super()._compute_exposure()
        for company, customers in self.grouped('company_id').items():
            # sudo: figures of customers whom the user may see.
            insured = self.env['ar.cover'].sudo()._get_insured(
                company, customers.partner_id.ids) if company else {}
            for customer in customers:
                amount = self.env['ar.cover']._get_insured_part(
                    insured.get(customer.partner_id.id), customer.exposure)
                customer.insured_amount = company.currency_id.round(amount) if company else 0.0
                if amount:
                    customer.own_risk = max(company.currency_id.round(
                        customer.exposure - customer.covered_amount - amount), 0.0)
        return result
