from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import format_date

from ...tools.open_items import DUE_DATE
from .forecast import CREDITS_LEFT, WEEKS

CONTEXT_KEYS = ('ar_date',)
BASES = [
    ('promise', "Promised"),
    ('habit', "Payment habit"),
    ('tail', "Very late"),
    ('credit', "Credit"),
]

# What the query reads.
DEPENDS = {
    'account.move.line': [
        'account_id', 'amount_residual', 'amount_residual_currency', 'balance', 'company_id',
        'currency_id', 'date', 'date_maturity', 'invoice_date', 'journal_id', 'move_id',
        'move_name', 'parent_state', 'partner_id', 'reconciled', 'ref'],
    'account.partial.reconcile': [
        'amount', 'credit_amount_currency', 'credit_move_id', 'debit_amount_currency',
        'debit_move_id', 'max_date'],
    'ar.customer': ['collector_id', 'company_id', 'partner_id', 'risk_class_id'],
    'res.partner': ['commercial_partner_id', 'country_id', 'user_id'],
}


def known(field, label, **options):
    """Return a field whose value depends on the day in the context."""
    return field(string=label, readonly=True, depends_context=CONTEXT_KEYS, **options)


class ArForecastItem(models.Model):
    """Expected cash: one row per open receivable item with its dates, computed in SQL.

    The context may choose the day (`ar_date`): then everything is as the ledger knew it at its end.
    Credits lower the amounts of the oldest items of the same customer, for that is what customers
    do; so the expected amounts add up to the open items to the cent.
    """
    _name = 'ar.forecast.item'
    _description = "Expected payment of an open item"
    _auto = False
    _rec_name = 'document'
    _order = 'likely_date, id'
    _depends = DEPENDS

    line_id = fields.Many2one('account.move.line', string="Item", readonly=True)
    move_id = fields.Many2one('account.move', string="Entry", readonly=True)
    document = fields.Char(readonly=True)
    reference = fields.Char(readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    customer_id = fields.Many2one('ar.customer', string="Customer account", readonly=True)
    collector_id = fields.Many2one('res.users', readonly=True)
    user_id = fields.Many2one('res.users', string="Salesperson", readonly=True)
    risk_class_id = fields.Many2one('ar.risk.class', string="Risk class", readonly=True)
    country_id = fields.Many2one('res.country', readonly=True)
    document_currency_id = fields.Many2one('res.currency', string="Currency", readonly=True)
    currency_id = fields.Many2one('res.currency', string="Company currency", readonly=True)
    invoice_date = fields.Date(readonly=True)
    due_date = fields.Date(string="Due date", readonly=True)

    early_date = known(
        fields.Date, "Early date", help="One payment in ten comes before this day.")
    likely_date = known(
        fields.Date, "Expected on", help="As likely before this day as after it.")
    late_date = known(
        fields.Date, "Late date", help="One payment in ten comes after this day.")
    early_number = known(fields.Integer, "Week number, early", aggregator=None)
    likely_number = known(fields.Integer, "Week number", aggregator=None)
    late_number = known(fields.Integer, "Week number, late", aggregator=None)
    days = known(
        fields.Integer, "Days after due", aggregator='avg',
        help="Expected date minus due date.")
    basis = known(fields.Selection, "Based on", selection=BASES)
    payment_count = known(
        fields.Integer, "Payments known", aggregator=None,
        help="Own payments of the customer that the date comes from.")
    usual_days = known(fields.Float, "Usual delay", digits=(16, 1), aggregator=None)
    habit_country_id = known(fields.Many2one, "Country of the habit", comodel_name='res.country')
    dispute_days = known(fields.Integer, "Days of dispute", aggregator=None)
    reason = fields.Char(compute='_compute_reason', depends_context=(*CONTEXT_KEYS, 'lang'))

    residual = known(
        fields.Monetary, "Remaining", currency_field='currency_id',
        help="What is open, in company currency.")
    residual_currency = known(
        fields.Monetary, "In its currency", currency_field='document_currency_id')
    credit_used = known(
        fields.Monetary, "Credits set against it", currency_field='currency_id',
        help="Credit notes and payments of the same customer that nobody matched yet: they are set "
             "against the oldest items.")
    amount = known(
        fields.Monetary, "Expected amount", currency_field='currency_id',
        help="Remaining minus credits.")

    # === QUERY === #

    @property
    def _table_query(self):
        return self._get_query(self._get_date())

    @api.model
    def _get_date(self):
        """Return the day whose knowledge counts, from the context."""
        return self.env['ar.forecast']._parse_date(self.env.context.get('ar_date'))

    @api.model
    def _get_query(self, date):
        """Return the query of one row per open item of the companies in use."""
        Forecast = self.env['ar.forecast']
        expected = Forecast._get_expected_query(self.env.companies, date, columns=SQL(
            """
            l.id AS line_id, l.move_id, l.company_id, p.commercial_partner_id AS partner_id,
            l.currency_id AS document_currency_id, l.company_currency_id AS currency_id, %s
            AS due_date, COALESCE(l.invoice_date, l.date) AS invoice_date, l.date,
            l.move_name AS document, l.ref AS reference
            """, DUE_DATE))
        return SQL(
            """
            SELECT e.line_id AS id, e.line_id, e.move_id, e.document, e.reference, e.company_id,
                   e.partner_id, c.id AS customer_id, c.collector_id, cp.user_id, c.risk_class_id,
                   cp.country_id, e.document_currency_id, e.currency_id, e.invoice_date, e.due_date,
                   e.early_date, e.likely_date, e.late_date,
                   COALESCE(%(early)s, %(left)s) AS early_number,
                   COALESCE(%(likely)s, %(left)s) AS likely_number,
                   COALESCE(%(late)s, %(left)s) AS late_number,
                   e.likely_date - e.due_date AS days, e.basis, e.payment_count, e.usual_days,
                   e.country_id AS habit_country_id, e.dispute_days, e.residual,
                   e.residual_currency, e.residual - e.amount AS credit_used, e.amount
              FROM (%(netted)s) e
              LEFT JOIN ar_customer c
                   ON c.partner_id = e.partner_id AND c.company_id = e.company_id
              LEFT JOIN res_partner cp ON cp.id = e.partner_id
            """,
            early=Forecast._get_number_sql(date, SQL("e.early_date")),
            likely=Forecast._get_number_sql(date, SQL("e.likely_date")),
            late=Forecast._get_number_sql(date, SQL("e.late_date")),
            left=CREDITS_LEFT, netted=self._get_netted_query(expected))

    def _get_netted_query(self, expected):
        """Set open credits against the oldest items of the same customer and company.

        What is taken from an item is taken from a credit, so the total does not move by a cent.
        Items without a customer are left alone: nobody knows that they belong together.
        """
        return SQL(
            """
            SELECT n.*,
                   CASE WHEN n.partner_id IS NULL THEN n.residual
                        WHEN n.residual > 0
                        THEN n.residual - LEAST(n.residual, GREATEST(n.credits - n.before, 0))
                        ELSE n.residual + LEAST(-n.residual, GREATEST(n.debits - n.before, 0))
                   END AS amount
              FROM (
                SELECT e.*,
                       COALESCE(SUM(e.residual) FILTER (WHERE e.residual > 0) OVER party, 0)
                           AS debits,
                       COALESCE(-SUM(e.residual) FILTER (WHERE e.residual < 0) OVER party, 0)
                           AS credits,
                       COALESCE(SUM(ABS(e.residual)) OVER (
                           PARTITION BY e.company_id, e.partner_id, e.residual > 0
                           ORDER BY e.due_date, e.line_id
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
                  FROM (%s) e
                WINDOW party AS (PARTITION BY e.company_id, e.partner_id)
              ) n
            """, expected)

    # === REASON === #

    @api.depends('basis', 'days', 'due_date', 'payment_count', 'usual_days', 'habit_country_id',
                 'dispute_days', 'credit_used', 'likely_date')
    def _compute_reason(self):
        for item in self:
            item.reason = item._get_reason()

    def _get_reason(self):
        """Return why this date, in words that the reader can check."""
        self.ensure_one()
        if self.basis == 'credit':
            return self.env._("Credit: lowers what the customer will pay")
        if self.basis == 'promise':
            return self.env._("Promised for %s", format_date(self.env, self.likely_date))
        country = self.habit_country_id.name
        if self.payment_count and country:
            origin = self.env._(
                "own history of %(count)s payments, blended with customers in %(country)s",
                count=self.payment_count, country=country)
        elif self.payment_count:
            origin = self.env._(
                "own history of %(count)s payments, blended with all customers",
                count=self.payment_count)
        elif country:
            origin = self.env._("no own payments yet: customers in %s", country)
        else:
            origin = self.env._("no own payments yet: all customers")
        if self.dispute_days:
            origin = self.env._(
                "%(days)s days to settle the dispute; %(origin)s", days=self.dispute_days,
                origin=origin)
        usual = round(self.usual_days)
        if self.basis == 'tail':
            return self.env._(
                "Due date %(days)+d days: usually %(usual)+d, but later than nearly ever, so what "
                "items of this age still take; %(origin)s",
                days=self.days, usual=usual, origin=origin)
        if self.due_date + timedelta(days=usual + self.dispute_days) <= self._get_date():
            return self.env._(
                "Due date %(days)+d days: usually %(usual)+d, but still unpaid; %(origin)s",
                days=self.days, usual=usual, origin=origin)
        return self.env._("Due date %(days)+d days: %(origin)s", days=self.days, origin=origin)

    # === ACTIONS === #

    def action_open_document(self):
        """Open the invoice, the payment or the entry behind the item."""
        self.ensure_one()
        return self.line_id.action_open_business_doc()

    @api.model
    def _get_action(self, date, number=None, domain=(), like=None):
        """Return the action that lists the items of one row of the forecast.

        :param int number: week from 1, `LATER` or `CREDITS_LEFT`; all when omitted
        :param dict like: another action of this method, so that none is read again
        """
        action = dict(like or self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_forecast_item_action'))
        domain = fields.Domain(domain)
        if number:
            domain &= fields.Domain('likely_number', '=', number)
            week = self.env['ar.forecast']._get_first_week(date) + timedelta(weeks=number - 1)
            action['name'] = self.env._(
                "Expected cash: %s", self.env['ar.forecast']._get_label(
                    number, week if number <= WEEKS else None))
        action['domain'] = list(domain)
        action['context'] = {'ar_date': fields.Date.to_string(date)}
        return action
