from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

# What decides on credit: a collector reads it, a credit manager changes it.
MANAGER_FIELDS = {'credit_stop', 'credit_stop_reason', 'credit_group_id', 'review_date'}


class ArCustomer(models.Model):
    """EXTENDS core: class, limit and stop of a customer."""
    _inherit = 'ar.customer'

    risk_class_id = fields.Many2one(
        'ar.risk.class', string="Risk class", tracking=True, index='btree_not_null',
        ondelete='restrict',
        default=lambda self: self._default_risk_class_id())
    risk_class_manual = fields.Boolean(string="Class set by hand", readonly=True, copy=False)
    risk_class_user_id = fields.Many2one('res.users', string="Class set by", readonly=True)
    risk_class_reason = fields.Char(string="Why this class", readonly=True)
    risk_class_until = fields.Date(
        string="Class set until", readonly=True,
        help="After this day the score chooses the class again.")
    credit_stop = fields.Boolean(string="Stop new orders", tracking=True)
    credit_stop_reason = fields.Char(string="Reason of the stop of orders", tracking=True)
    credit_group_id = fields.Many2one(
        'ar.credit.group', string="Credit group", tracking=True, ondelete='set null',
        index='btree_not_null', help="Legal entities that share one limit.")
    no_credit = fields.Boolean(
        string="No credit", readonly=True, copy=False,
        help="Granted as such: every order must be paid in advance. A limit of zero alone means "
             "no limit, as everywhere in Odoo.")
    review_date = fields.Date(
        string="Next credit review", tracking=True, index='btree_not_null')
    decision_count = fields.Integer(
        readonly=True, default=0,
        help="Raised by every credit decision: two decisions at the same instant on one customer "
             "cannot both stand, the second is retried on fresh figures.")
    limit_ids = fields.One2many('ar.credit.limit', 'customer_id')
    request_ids = fields.One2many('ar.credit.request', 'customer_id')
    guarantee_ids = fields.One2many('ar.credit.guarantee', 'customer_id')
    hold_ids = fields.One2many('ar.credit.hold', 'customer_id')

    def _default_risk_class_id(self):
        return self.env.ref('ar_collections.ar_risk_class_unrated', raise_if_not_found=False)

    def _get_derived_fields(self):
        """EXTENDS core: the class changes through its own dialogue, with a reason."""
        return super()._get_derived_fields() | {
            'risk_class_id', 'risk_class_manual', 'risk_class_user_id', 'risk_class_reason',
            'risk_class_until', 'decision_count', 'no_credit',
        }

    @api.model
    def _get_undefaulted_fields(self, names):
        """EXTENDS core: an account is made on the way, whoever confirms the first order."""
        return super()._get_undefaulted_fields(names) | MANAGER_FIELDS & set(names)

    def write(self, vals):
        """EXTENDS core: stops, groups and reviews belong to the credit manager."""
        if MANAGER_FIELDS & set(vals) and not self.env.su and not self.env.user.has_group(
                'ar_collections.group_ar_manager'):
            raise AccessError(self.env._(
                "Only a credit manager changes stops of orders, credit groups and reviews."))
        if 'credit_group_id' in vals:
            # Who leaves a group leaves its limit.
            self.credit_group_id.filtered(lambda group: (
                group.limit and group.id != vals['credit_group_id']))._check_authority()
        return super().write(vals)

    def _upsert_figures(self, company, scope):
        """EXTENDS core: whom the ledger brings in has not been rated yet, and is judged so."""
        count = super()._upsert_figures(company, scope)
        unrated = self._default_risk_class_id()
        if unrated:
            self.env.cr.execute(SQL(
                "UPDATE ar_customer SET risk_class_id = %s"
                " WHERE company_id = %s AND risk_class_id IS NULL AND %s",
                unrated.id, company.id,
                SQL("TRUE") if scope is None else SQL("partner_id = ANY(%s)", list(scope))))
        return count

    def _set_risk_class(self, risk_class, reason, *, until=None, manual=True):
        """Give these customers a class and what follows from it.

        :param risk_class: `ar.risk.class`
        :param str reason: kept beside the class
        :param until: last day of a class set by hand; the score decides afterwards
        :param bool manual: False when a score or an event decided
        """
        if manual and not self.env.user.has_group('ar_collections.group_ar_manager'):
            raise AccessError(self.env._("Only a credit manager sets a risk class by hand."))
        review = risk_class._get_review_date()
        # sudo: the consequences reach partner fields that a credit manager may not write.
        customers = self.sudo()
        customers.write({
            'risk_class_id': risk_class.id, 'risk_class_manual': manual,
            'risk_class_user_id': self.env.uid if manual else False,
            'risk_class_reason': reason, 'risk_class_until': until,
        })
        # A score is no review: it may bring the review forward, never put it off.
        reviewed = customers if manual else customers.filtered(
            lambda customer: review and (
                not customer.review_date or customer.review_date > review))
        reviewed.review_date = review
        for company, group in customers.grouped('company_id').items():
            group.partner_id.with_company(company).filtered(
                lambda partner: partner.trust != risk_class.trust).trust = risk_class.trust

    @api.model
    def _get_touch_query(self, condition, company):
        """Return the UPDATE of `_touch_for_decision`; it returns id, partner, credit group and
        what the row itself says about a decision.

        :param SQL condition: on the partner of the customer, such as SQL("= ANY(%s)", ids)
        """
        return SQL(
            """
            UPDATE ar_customer SET decision_count = COALESCE(decision_count, 0) + 1
             WHERE partner_id %s AND company_id = ANY(%s)
         RETURNING id, partner_id, credit_group_id, risk_class_id, no_credit, credit_stop,
                   credit_stop_reason, review_date
            """, condition, list({company.id, company._get_ar_lineage()[0]}))

    @api.model
    def _touch_for_decision(self, partners, company, rows=None):
        """Write the rows that a credit decision depends on, so that a simultaneous one conflicts.

        Under REPEATABLE READ a row lock does not protect a check: the second transaction would
        still see its old snapshot. An update makes it fail and be run again by Odoo. The rows are
        those of the whole legal entity, because its branches share the exposure, and those of the
        credit groups. Customers who have no row yet get one.

        :param partners: `res.partner`, commercial entities
        :param rows: answer of `_get_touch_query` when a statement of this transaction ran it
        """
        companies = company | company.browse(company._get_ar_lineage()[0])
        query = self._get_touch_query(SQL("= ANY(%s)", partners.ids), company)
        self.env.flush_all()
        wanted = set(partners.ids)
        rows = self.env.execute_query(query) if rows is None else [
            row for row in rows if row[1] in wanted]
        if len(rows) < len(partners) * len(companies):
            for place in companies:
                self.sudo()._get_or_create(partners, place)
            self.env.flush_all()
            rows = self.env.execute_query(query)
        groups = [row[2] for row in rows if row[2]]
        if groups:
            self.env.cr.execute(SQL(
                "UPDATE ar_credit_group SET name = name WHERE id = ANY(%s)", groups))
        self.browse([row[0] for row in rows]).invalidate_recordset(
            ['decision_count'], flush=False)

    def _absorb(self, other):
        """EXTENDS core: limits, requests, guarantees, holds, scores and accounts follow.

        The class of the kept account stands; the next night scores it on the merged ledger.
        """
        self.env.flush_all()
        years = self.statement_ids.mapped('year')
        other.statement_ids.filtered(lambda accounts: accounts.year in years).unlink()
        for table in ('ar_credit_limit', 'ar_credit_request', 'ar_credit_guarantee',
                      'ar_credit_hold', 'ar_credit_check', 'ar_credit_score',
                      'ar_financial_statement'):
            # By SQL: limits, holds and scores are history that no ordinary write may touch.
            self.env.cr.execute(SQL(
                "UPDATE %s SET customer_id = %s WHERE customer_id = %s",
                SQL.identifier(table), self.id, other.id))
        self.env.invalidate_all(flush=False)
        if not self.credit_score_id:
            self.credit_score_id = other.credit_score_id
        self.no_credit = self.no_credit or other.no_credit
        return super()._absorb(other)
