from odoo import api, fields, models
from odoo.tools import SQL


class ArCustomer(models.Model):
    """EXTENDS core: what all providers say together, and what follows from it.

    The combined grade is the worst of the recent ones, one per provider and scale, never an
    average: two good opinions do not make up for one that warns.
    """
    _inherit = 'ar.customer'

    rating_ids = fields.One2many('ar.rating', 'customer_id', string="External ratings")
    external_rating_id = fields.Many2one(
        'ar.rating', string="Worst external rating", readonly=True, copy=False,
        ondelete='set null', index='btree_not_null',
        help="The worst of the last ratings of each provider that are recent enough.")
    external_grade = fields.Integer(
        readonly=True, copy=False, aggregator=None,
        help="1 is the safest, 10 the worst; 0: no recent rating.")
    external_class_id = fields.Many2one(
        'ar.risk.class', string="Class by external rating", readonly=True, copy=False,
        ondelete='set null')
    suggested_class_id = fields.Many2one(
        'ar.risk.class', string="Suggested class", compute='_compute_suggested_class_id',
        help="The class of the worst external rating, when it is worse than the class in force.")

    @api.depends('external_class_id', 'risk_class_id')
    def _compute_suggested_class_id(self):
        for customer in self:
            outside, own = customer.external_class_id, customer.risk_class_id
            worse = outside and own.kind != 'default' and (
                own.kind != 'normal' or outside.sequence > own.sequence)
            customer.suggested_class_id = outside if worse else False

    def _get_derived_fields(self):
        """EXTENDS core."""
        return super()._get_derived_fields() | {
            'external_rating_id', 'external_grade', 'external_class_id'}

    # === COMBINED === #

    def _refresh_external_ratings(self):
        """Combine the ratings of these customers again; all customers of all companies if none.

        :return: customers whose combined rating changed
        """
        companies = self.company_id or self.env['res.company'].search([('active', '=', True)])
        changed = self.browse()
        for company in companies:
            changed |= self._combine_ratings(company, self.filtered(
                lambda customer, company=company: customer.company_id == company).ids)
        return changed

    @api.model
    def _combine_ratings(self, company, customer_ids=None):
        """Write the worst recent rating of the customers of a company: one statement.

        :param customer_ids: those customers; all who have a rating when empty
        :return: `ar.customer` whose combined rating changed
        """
        self.env.flush_all()
        today = company._get_ar_today()
        scope = SQL("c.id = ANY(%s)", list(customer_ids)) if customer_ids else SQL("TRUE")
        rows = self.env.execute_query(SQL(
            """
            WITH latest AS (
                SELECT DISTINCT ON (r.customer_id, r.provider_id, r.scale)
                       r.customer_id, r.id, r.grade, r.risk_class_id, r.in_default,
                       COALESCE(r.seen_on, r.rated_on) AS day
                  FROM ar_rating r
                  JOIN ar_customer c ON c.id = r.customer_id AND c.company_id = %(company)s
                  LEFT JOIN ar_provider p ON p.id = r.provider_id
                 WHERE %(scope)s AND (r.environment = 'production' OR p.test_counts)
                 ORDER BY r.customer_id, r.provider_id, r.scale, r.rated_on DESC, r.id DESC
            ), worst AS (
                SELECT DISTINCT ON (customer_id) customer_id, id, grade, risk_class_id
                  FROM latest
                 WHERE grade > 0 AND day > %(since)s
                 ORDER BY customer_id, in_default DESC, grade DESC, day DESC
            ), wanted AS (
                SELECT c.id AS customer_id, w.id, COALESCE(w.grade, 0) AS grade, w.risk_class_id,
                       COALESCE(c.external_grade, 0) AS before
                  FROM ar_customer c LEFT JOIN worst w ON w.customer_id = c.id
                 WHERE c.company_id = %(company)s AND %(scope)s
                   AND (w.id IS NOT NULL OR c.external_rating_id IS NOT NULL
                        OR c.external_grade > 0)
                   AND (c.external_rating_id IS DISTINCT FROM w.id
                        OR COALESCE(c.external_grade, 0) <> COALESCE(w.grade, 0)
                        OR c.external_class_id IS DISTINCT FROM w.risk_class_id)
            )
            UPDATE ar_customer c
               SET external_rating_id = w.id, external_grade = w.grade,
                   external_class_id = w.risk_class_id
              FROM wanted w WHERE c.id = w.customer_id
            RETURNING c.id, w.before, w.grade
            """,
            company=company.id, scope=scope,
            since=fields.Date.subtract(today, months=company.ar_rating_months or 12)))
        changed = self.browse([row[0] for row in rows])
        changed.invalidate_recordset(
            ['external_rating_id', 'external_grade', 'external_class_id', 'suggested_class_id'],
            flush=False)
        for customer_id, before, grade in rows:
            if grade > before:
                self.browse(customer_id)._react_to_rating(before)
        return changed

    def _react_to_rating(self, before):
        """The combined rating got worse: bring the review forward and tell whoever follows.

        :param before: grade before, 0 for none
        """
        self.ensure_one()
        company, suggested = self.company_id, self.suggested_class_id
        # Whom nobody has rated yet is worth a task only when orders are at stake.
        if not suggested or (
                self.risk_class_id.kind != 'normal' and suggested.order_decision == 'allow'):
            return
        customer = self.sudo()
        today = company._get_ar_today()
        if not customer.review_date or customer.review_date > today:
            # sudo: reviews belong to the credit manager; the rating brings this one forward.
            customer.review_date = today
        user = customer.collector_id or company._get_ar_responsible()
        customer = customer.with_context(lang=user.lang)
        rating = customer.external_rating_id
        customer.activity_schedule(
            'mail.mail_activity_data_todo', user_id=user.id, date_deadline=today,
            summary=customer.env._("External rating: class %s suggested", suggested.code),
            note=customer.env._(
                "%(provider)s says %(value)s: grade %(grade)s of 10 (before: %(before)s). "
                "Review the class and the limit.",
                provider=rating.provider_id.name or customer.env._("A report on paper"),
                value=rating.value or rating.label or "–", grade=customer.external_grade,
                before=before or "–"))

    # === WHAT FOLLOWS === #

    def _get_score_values(self, company, customer_ids, scorecard):
        """EXTENDS credit: the combined grade on a scale of 0 to 100, and legal events."""
        values = super()._get_score_values(company, customer_ids, scorecard)
        codes = set(scorecard.criterion_ids.mapped('code'))
        if codes & {'external_rating', 'legal_event'}:
            rows = self.env.execute_query(SQL(
                """
                SELECT c.id, c.external_grade, r.in_default, c.insolvency_state
                  FROM ar_customer c LEFT JOIN ar_rating r ON r.id = c.external_rating_id
                 WHERE c.id = ANY(%s)
                """, list(customer_ids)))
            values['external_rating'] = {
                row[0]: 0.0 if row[2] else (10 - row[1]) * 100 / 9 for row in rows if row[1]}
            values['legal_event'] = {
                row[0]: LEGAL_EVENTS[row[3]] for row in rows if row[3] in LEGAL_EVENTS}
        return values

    def _apply_classes(self, company, classes, scored_ids):
        """EXTENDS credit: an external rating may lower the class of a score, never raise it."""
        if company.ar_rating_caps_class:
            capped = self.sudo().search([
                ('id', 'in', list(classes)), ('external_class_id', '!=', False)])
            for customer in capped:
                own, outside = classes[customer.id], customer.external_class_id
                if own.kind != 'normal' or outside.sequence > own.sequence:
                    classes[customer.id] = outside
            scored_ids = scored_ids | set(capped.ids)
        return super()._apply_classes(company, classes, scored_ids)

    def action_take_suggested_class(self):
        """Open the dialogue that sets the class, filled with the suggested one."""
        self.ensure_one()
        action = self.action_set_risk_class()
        rating = self.external_rating_id
        action['context'].update(
            default_risk_class_id=self.suggested_class_id.id,
            default_reason=self.env._(
                "External rating: %(provider)s %(value)s",
                provider=rating.provider_id.name or "", value=rating.value or rating.label or ""))
        return action

    def action_view_ratings(self):
        """Open all ratings of this customer."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('ar_collections.ar_rating_action')
        return dict(action, domain=[('customer_id', '=', self.id)],
                    context={'default_customer_id': self.id})


# 0 none, 1 a warning, 2 an insolvency: as the scorecard explains it.
LEGAL_EVENTS = {
    'none_found': 0.0, 'conciliation': 1.0, 'plan': 1.0, 'to_check': 1.0, 'closed': 1.0,
    'safeguard': 2.0, 'reorganisation': 2.0, 'liquidation': 2.0, 'closed_unpaid': 2.0,
}


class ArCreditRule(models.Model):
    """EXTENDS credit: an order may be held because of what providers say."""
    _inherit = 'ar.credit.rule'

    reason = fields.Selection(
        selection_add=[('external_rating', "External rating too bad")],
        ondelete={'external_rating': 'cascade'})
    rating_grade = fields.Integer(
        string="From grade", default=8, aggregator=None,
        help="Grades run from 1 (the safest) to 10 (the worst): this one and worse.")

    _rating_grade_range = models.Constraint(
        'CHECK(rating_grade IS NULL OR rating_grade BETWEEN 1 AND 10)',
        "Grades run from 1 to 10.")

    @api.model
    def _get_judged_fields(self):
        """EXTENDS credit."""
        return (*super()._get_judged_fields(), 'rating_grade')


class ArCreditDecision(models.AbstractModel):
    """EXTENDS credit: judges and tells the rule of external ratings."""
    _inherit = 'ar.credit.decision'

    @api.model
    def _get_rule_methods(self):
        """EXTENDS credit."""
        return {**super()._get_rule_methods(), 'external_rating': self._judge_external_rating}

    @api.model
    def _get_fact_columns(self, company, date, rules):
        """EXTENDS credit: the combined grade, when a rule asks for it."""
        columns = super()._get_fact_columns(company, date, rules)
        if any(rule.reason == 'external_rating' for rule in rules):
            columns['external_grade'] = SQL("COALESCE(c0.external_grade, 0)")
        return columns

    @api.model
    def _get_fact_gates(self, company, date):
        """EXTENDS credit: any grade."""
        return {
            **super()._get_fact_gates(company, date),
            'external_grade': SQL(
                "EXISTS (SELECT 1 FROM mine JOIN ar_customer rated ON rated.id = mine.id"
                " WHERE rated.external_grade > 0)")}

    def _judge_external_rating(self, rule, fact, added, total, company):
        grade = fact['external_grade']
        return {'grade': grade} if grade and grade >= rule.rating_grade else None

    @api.model
    def _get_tellers(self):
        """EXTENDS credit."""
        return {**super()._get_tellers(), 'external_rating': self._tell_external_rating}

    def _tell_external_rating(self, values):
        return self.env._(
            "The external rating is %s on a scale from 1 (safe) to 10 (bad).", values['grade'])
