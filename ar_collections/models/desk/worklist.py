from odoo import api, fields, models
from odoo.tools import SQL, formatLang

from .interaction import OUTCOMES

TRIAGES = [
    ('easy', "Easy money"),
    ('risk', "At risk"),
    ('waiting', "Waiting for us"),
    ('normal', "To follow"),
]
# At risk from this likelihood on that money does not come by itself, or from this mean age on.
RISK_LIKELIHOOD = 0.75
RISK_DAYS = 90
# Easy below this likelihood.
EASY_LIKELIHOOD = 0.5


class ArWorklist(models.Model):
    """Whom to contact now: one row per customer for whom something speaks today.

    Read from the ledger in one statement per company: nothing is stored, so a payment takes the
    customer off at once. The priority is the sum of `_get_priority_parts`, and each row carries
    them. A customer to be contacted again on a later day is not on the list.
    """
    _name = 'ar.worklist'
    _description = "Worklist"
    _auto = False
    _rec_name = 'partner_id'
    _order = 'priority desc, id'
    _depends = {
        'account.move.line': [
            'account_id', 'amount_residual', 'amount_residual_currency', 'company_id',
            'date_maturity', 'date', 'parent_state', 'partner_id', 'reconciled', 'no_followup'],
        'account.move': ['payment_state'],
        'ar.customer': [
            'collector_id', 'follow_up_date', 'risk_class_id', 'dunning_stop', 'active',
            'dunning_stop_until'],
        'ar.promise': ['state', 'closed_on', 'deadline'], 'ar.promise.line': ['state'],
        'ar.dispute': ['state', 'deadline'], 'ar.dispute.line': ['state', 'amount'],
        'ar.dispute.step': ['dispute_id', 'done', 'name', 'sequence'],
        'ar.interaction': [
            'active', 'date', 'direction', 'outcome', 'next_date', 'item_ids'],
        'ar.reminder': ['state'],
        'ar.collector.absence': ['collector_id', 'substitute_id', 'date_from', 'date_to', 'active'],
        'res.partner': ['commercial_partner_id', 'country_id', 'user_id'],
        'res.company': [
            'ar_worklist_point_amount', 'ar_worklist_broken_points', 'ar_worklist_deadline_points'],
    }

    # === FIELDS === #
    customer_id = fields.Many2one('ar.customer', string="Account", readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    currency_id = fields.Many2one('res.currency', readonly=True)
    collector_id = fields.Many2one('res.users', readonly=True)
    responsible_id = fields.Many2one(
        'res.users', string="Worked by", readonly=True,
        help="The collector, or the substitute during an absence.")
    salesperson_id = fields.Many2one('res.users', readonly=True)
    country_id = fields.Many2one('res.country', readonly=True)
    risk_class_id = fields.Many2one('ar.risk.class', readonly=True)
    dunning_level_id = fields.Many2one('ar.dunning.level', readonly=True)
    triage = fields.Selection(TRIAGES, readonly=True)
    priority = fields.Float(
        digits=(16, 1), readonly=True, help="The sum of the points that speak for a contact today.")
    amount = fields.Monetary(
        string="To collect", readonly=True,
        help="Overdue today, without what is promised, disputed, said to be paid or excluded.")
    item_count = fields.Integer(string="Items", readonly=True)
    days = fields.Integer(
        string="Mean age", readonly=True, aggregator='avg',
        help="Days after the due date, weighted by amount.")
    max_days = fields.Integer(string="Oldest", readonly=True, aggregator='max')
    likelihood = fields.Float(
        readonly=True, aggregator='avg',
        help="How likely it is that the money does not come by itself: from what the customer "
             "usually has paid by this age, else from the risk class.")
    follow_up_date = fields.Date(string="Follow up on", readonly=True)
    last_contact_at = fields.Datetime(string="Last contact", readonly=True)
    last_outcome = fields.Selection(OUTCOMES, readonly=True)
    parts = fields.Json(readonly=True)
    reason = fields.Text(
        string="Why", compute='_compute_reason', depends_context=('lang',),
        help="The points of the priority, line by line.")

    # === COMPUTES === #

    @api.depends('parts')
    def _compute_reason(self):
        for row in self:
            row.reason = "\n".join(
                f"{formatLang(self.env, line['points'], digits=1)}: {line['text']}"
                for line in row._get_lines())

    def _get_lines(self):
        """Return the parts of the priority in words, largest first."""
        self.ensure_one()
        return self._get_part_lines(self.company_id, self.parts)

    @api.model
    def _get_part_lines(self, company, parts):
        """Return the parts of a priority in words, largest first.

        :return: list of {'code', 'points', 'text'}; the points add up to `priority`
        """
        return [{
            'code': part['code'], 'points': part['points'],
            'text': self._get_part_text(company, part['code'], part),
        } for part in parts or []]

    # === QUERY === #

    @property
    def _table_query(self):
        """Return the rows of the companies in the switcher, one query per company joined."""
        companies = self.env.companies
        # sudo: the query is the same for everybody, the rules of this model choose the rows.
        return SQL(" UNION ALL ").join(
            self.sudo()._get_company_query(company.sudo()) for company in companies)

    @api.model
    def _get_company_query(self, company, customer_ids=None):
        """Return the query of the worklist of one company today.

        :param company: `res.company`
        :param customer_ids: only these customers
        :rtype: SQL
        """
        date = company._get_ar_today()
        scope = SQL("TRUE") if customer_ids is None else SQL("c.id = ANY(%s)", list(customer_ids))
        parts = SQL(" UNION ALL ").join(
            SQL("SELECT part.customer_id, part.points::numeric, part.detail, %s AS code,"
                " %s AS always FROM (%s) part", code, options.get('always') or SQL("FALSE"), query)
            for code, query, options in self._get_priority_parts(company, date))
        return SQL(
            """
            (WITH money AS MATERIALIZED (%(money)s),
            total AS (
                SELECT part.customer_id, ROUND(SUM(part.points), 1) AS priority,
                       bool_or(part.always) AS always, array_agg(part.code) AS codes,
                       jsonb_agg(jsonb_build_object('code', part.code, 'points', part.points)
                                 || part.detail ORDER BY part.points DESC, part.code) AS parts
                  FROM (%(parts)s) part
                 GROUP BY part.customer_id
            ),
            contact AS (
                SELECT DISTINCT ON (i.customer_id) i.customer_id, i.date, i.outcome
                  FROM ar_interaction i
                 WHERE i.company_id = %(company)s AND i.active
                 ORDER BY i.customer_id, i.date DESC, i.id DESC
            )
            SELECT c.id, c.id AS customer_id, c.partner_id, c.company_id,
                   %(currency)s::int AS currency_id, c.collector_id,
                   COALESCE(absence.substitute_id, c.collector_id) AS responsible_id,
                   p.user_id AS salesperson_id, p.country_id, c.risk_class_id,
                   c.dunning_level_id, c.follow_up_date, total.priority, total.parts,
                   COALESCE(money.amount, 0) AS amount, COALESCE(money.items, 0) AS item_count,
                   money.days, money.max_days, money.likelihood,
                   contact.date AS last_contact_at, contact.outcome AS last_outcome,
                   %(triage)s AS triage
              FROM total
              JOIN ar_customer c ON c.id = total.customer_id
              JOIN res_partner p ON p.id = c.partner_id
              LEFT JOIN money ON money.customer_id = c.id
              LEFT JOIN contact ON contact.customer_id = c.id
              LEFT JOIN ar_collector_absence absence
                   ON absence.collector_id = c.collector_id AND absence.active
                  AND %(date)s BETWEEN absence.date_from AND absence.date_to
                  AND (absence.company_id IS NULL OR absence.company_id = c.company_id)
             WHERE c.active AND c.company_id = %(company)s AND %(scope)s
               AND (total.always OR c.follow_up_date IS NULL OR c.follow_up_date <= %(date)s))
            """,
            money=self._get_money_query(company, date, scope), parts=parts, company=company.id,
            scope=scope,
            currency=company.currency_id.id, triage=self._get_triage(), date=date)

    @api.model
    def _get_triage(self):
        """Return the SQL of the tab of a row: what is in our hands, then risk, then easy."""
        return SQL(
            """
            CASE WHEN total.codes && %(waiting)s::text[] THEN 'waiting'
                 WHEN total.codes && %(risk)s::text[] OR money.likelihood >= %(high)s
                      OR money.days >= %(days)s THEN 'risk'
                 WHEN money.likelihood < %(low)s THEN 'easy'
                 ELSE 'normal' END
            """,
            waiting=self._get_waiting_codes(), risk=self._get_risk_codes(),
            high=RISK_LIKELIHOOD, days=RISK_DAYS, low=EASY_LIKELIHOOD)

    @api.model
    def _get_waiting_codes(self):
        """Hook: return the codes of the parts that wait for us, not for the customer."""
        return ['approval', 'dispute', 'request']

    @api.model
    def _get_risk_codes(self):
        """Hook: return the codes of the parts that put a customer among those at risk."""
        return ['broken']
