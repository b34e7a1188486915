from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.date_utils import parse_date
from odoo.tools.misc import format_date

from ...tools.searching import answers_any
from .aged_bucket import MAX_BUCKETS

# What the context may choose. Rights are not among them: those come from the record rules.
CONTEXT_KEYS = ('ar_date', 'ar_age_by', 'ar_credits', 'ar_valuation', 'ar_late')
AGE_BY = ('due', 'invoice', 'expected', 'plan')
CREDITS = ('column', 'oldest', 'own')
VALUATIONS = ('company', 'document', 'revalued')
OVERLAYS = ('disputed', 'promised', 'legal', 'insured', 'planned', 'assigned', 'late')
# Not a part of what the item owes, but owed beside it.
BESIDE = ('late',)


def money(label, **options):
    """Return an amount in the currency of the report, cached per choice of the context."""
    return fields.Monetary(
        label, currency_field='currency_id', readonly=True, depends_context=CONTEXT_KEYS, **options)


class ArAgedBalance(models.Model):
    """Aged balance at the end of any day: one row per open receivable item, computed in SQL.

    The context chooses the day and the conventions (see `_get_options`); nothing is stored. A list
    grouped by customer is the aged balance, its unfolded groups are the items.
    """
    _name = 'ar.aged.balance'
    _description = "Aged balance"
    _auto = False
    _rec_name = 'document'
    _order = 'days desc, id'
    _depends = {
        'account.move.line': [
            'account_id', 'amount_residual', 'amount_residual_currency', 'company_id',
            'currency_id', 'date', 'date_maturity', 'invoice_date', 'journal_id', 'move_id',
            'move_name', 'name', 'parent_state', 'partner_id', 'reconciled', 'ref'],
        'account.partial.reconcile': [
            'amount', 'credit_amount_currency', 'credit_move_id', 'debit_amount_currency',
            'debit_move_id', 'max_date'],
        'ar.aged.bucket': ['from_day', 'kind'],
        'ar.customer': [
            'collector_id', 'company_id', 'credit_group_id', 'partner_id', 'risk_class_id'],
        'res.partner': ['commercial_partner_id', 'country_id', 'parent_id', 'user_id'],
    }

    # === FIELDS === #
    line_id = fields.Many2one('account.move.line', string="Item", readonly=True)
    move_id = fields.Many2one('account.move', string="Entry", readonly=True)
    document = fields.Char(readonly=True)
    reference = fields.Char(readonly=True)
    label = fields.Char(readonly=True)
    journal_id = fields.Many2one('account.journal', readonly=True)
    account_id = fields.Many2one('account.account', readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    date = fields.Date(string="Accounting date", readonly=True)
    invoice_date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True)
    base_date = fields.Date(
        string="Aged from", readonly=True, depends_context=CONTEXT_KEYS,
        help="Due date, invoice date, expected payment date or date of the instalment, as chosen.")
    days = fields.Integer(
        readonly=True, aggregator='max', depends_context=CONTEXT_KEYS,
        help="Days from the date that is aged to the day of the report; zero and less: not due.")
    bucket_id = fields.Many2one(
        'ar.aged.bucket', readonly=True, depends_context=CONTEXT_KEYS)

    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    customer_id = fields.Many2one('ar.customer', string="Customer account", readonly=True)
    parent_group_id = fields.Many2one(
        'res.partner', string="Parent group", readonly=True,
        help="The highest company above the customer, or the customer.")
    credit_group_id = fields.Many2one('ar.credit.group', readonly=True)
    user_id = fields.Many2one('res.users', string="Salesperson", readonly=True)
    collector_id = fields.Many2one('res.users', readonly=True)
    risk_class_id = fields.Many2one('ar.risk.class', readonly=True)
    policy_id = fields.Many2one(
        'ar.dunning.policy', compute='_compute_policy_id',
        search='_search_policy_id')
    country_id = fields.Many2one('res.country', readonly=True)
    category_ids = fields.Many2many(related='partner_id.category_id', string="Tags")

    currency_id = fields.Many2one(
        'res.currency', string="Currency of the amounts", readonly=True,
        depends_context=CONTEXT_KEYS)
    document_currency_id = fields.Many2one('res.currency', string="Currency", readonly=True)
    residual_currency = fields.Monetary(
        string="Open in its currency", currency_field='document_currency_id', readonly=True,
        depends_context=CONTEXT_KEYS)
    amount = money("Total")
    credit_amount = money(
        "Credits", help="Credit notes and payments that are not matched.")
    overdue_amount = money("Overdue", help="Everything in the buckets from day 1 on.")
    # Named by the buckets, see `fields_get`; those without a bucket are not shown.
    bucket_1 = money("Bucket 1")
    bucket_2 = money("Bucket 2")
    bucket_3 = money("Bucket 3")
    bucket_4 = money("Bucket 4")
    bucket_5 = money("Bucket 5")
    bucket_6 = money("Bucket 6")
    bucket_7 = money("Bucket 7")
    bucket_8 = money("Bucket 8")
    bucket_9 = money("Bucket 9")
    bucket_10 = money("Bucket 10")
    disputed_amount = money("Disputed")
    promised_amount = money("Promised")
    legal_amount = money("At legal stage")
    insured_amount = money("Insured")
    planned_amount = money("Under a payment plan")
    assigned_amount = money("Assigned to a factor")
    late_amount = money("Late interest to date", help="Memo figure: nothing of it is booked.")

    # === OPTIONS === #

    @api.model
    def _get_options(self):
        """Return what the context chose, checked; the defaults where it is silent.

        - ar_date: day of the report, 'YYYY-MM-DD' or as in filters ('today', '=1d -1d' for the end
          of last month); today by default
        - ar_age_by: 'due' (default), 'invoice', 'expected', or 'plan': an item under a payment plan
          stands once per instalment, the others by due date
        - ar_credits: where credits that nobody matched stand: 'column' of their own (default), set
          against the 'oldest' items, or in the bucket of their 'own' date; the totals are the same
        - ar_valuation: 'company' currency at ledger value (default), currency of the 'document',
          or company currency 'revalued' at the rate of the day

        :rtype: dict
        :raise UserError: on a value that means nothing: a wrong report must not look right
        """
        context = self.env.context
        options = {'date': self._parse_date(context.get('ar_date'))}
        for key, allowed in (('age_by', AGE_BY), ('credits', CREDITS), ('valuation', VALUATIONS)):
            value = context.get(f'ar_{key}') or allowed[0]
            if value not in allowed:
                raise UserError(self.env._(
                    "The aged balance does not know the choice “%(value)s” for %(key)s.",
                    value=value, key=key))
            options[key] = value
        return options

    @api.model
    def _parse_date(self, value):
        if not value:
            return fields.Date.context_today(self)
        if isinstance(value, (list, tuple)):  # typed into the search box, maybe several
            value = value[-1]
        try:
            return fields.Date.to_date(
                parse_date(value, self.env) if isinstance(value, str) else value)
        except (TypeError, ValueError) as error:
            raise UserError(self.env._("“%s” is not a date.", value)) from error

    @api.model
    def _describe_options(self, options):
        """Return how the figures were made, in words: printed on every report.

        :param dict options: as returned by `_get_options`
        :return: list of (label, text)
        """
        texts = {
            'due': self.env._("due date"), 'invoice': self.env._("invoice date"),
            'expected': self.env._("expected payment date"),
            'plan': self.env._("due date, items under a payment plan by its instalments"),
            'column': self.env._("in a column of their own"),
            'oldest': self.env._("set against the oldest items"),
            'own': self.env._("in the bucket of their own date"),
            'company': self.env._("company currency, at ledger value"),
            'document': self.env._("currency of the document"),
            'revalued': self.env._("company currency, at the rate of the day of the report"),
        }
        return [
            (self.env._("As of"), format_date(self.env, options['date'])),
            (self.env._("Aged by"), texts[options['age_by']]),
            (self.env._("Credits not matched"), texts[options['credits']]),
            (self.env._("Amounts"), texts[options['valuation']]),
        ]

    # === SCREEN === #

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """EXTENDS base: columns carry the names of the buckets."""
        result = super().fields_get(allfields, attributes)
        names = [bucket.with_env(self.env).name
                 for bucket, _start, _end in self.env['ar.aged.bucket']._get_bounds()]
        for number in range(1, MAX_BUCKETS + 1):
            name = f'bucket_{number}'
            if name in result and number <= len(names):
                result[name]['string'] = names[number - 1]
        return result

    @api.model
    def _get_view_fields(self, view_type, models):
        """EXTENDS base: nothing to choose among measures either."""
        models = super()._get_view_fields(view_type, models)
        models[self._name] = set(models[self._name]) - self._get_hidden_fields()
        return models

    @api.model
    def _get_view(self, view_id=None, view_type='form', **options):
        """EXTENDS base: no column for buckets and overlays that do not exist."""
        arch, view = super()._get_view(view_id, view_type, **options)
        hidden = self._get_hidden_fields()
        for node in arch.xpath('//field'):
            if node.get('name') in hidden:
                node.getparent().remove(node)
        return arch, view

    @api.model
    def _get_hidden_fields(self):
        """Return the names of the columns that have nothing to show in this database."""
        count = len(self.env['ar.aged.bucket']._get_bounds())
        overlays = self._get_overlays(self._get_options())
        return {f'bucket_{number}' for number in range(count + 1, MAX_BUCKETS + 1)} | {
            f'{name}_amount' for name in OVERLAYS if name not in overlays}

    def action_open_document(self):
        """Open the invoice, the payment or the entry behind the item."""
        self.ensure_one()
        return self.line_id.action_open_business_doc()

    def action_choose(self):
        """Open the dialogue that chooses the day and the conventions, prints and exports."""
        options = self._get_options()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.aged.options', 'target': 'new',
            'views': [(False, 'form')], 'name': self.env._("Aged balance"),
            'context': {f'default_{key}': value for key, value in options.items()},
        }

    @api.model
    def _get_action(self, options, domain=(), name=None, group_by=('partner_id',)):
        """Return the action that shows the items of a domain under these options.

        :param dict options: as returned by `_get_options`, or part of it
        """
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_aged_balance_action')
        context = {f'ar_{key}': value for key, value in options.items()}
        context['ar_date'] = fields.Date.to_string(self._parse_date(options.get('date')))
        if group_by:
            context['group_by'] = list(group_by)
        action.update(
            name=name or self.env._(
                "Aged balance at %s", format_date(self.env, context['ar_date'])),
            context=context, domain=list(domain))
        return action

    # === POLICY === #

    @api.depends('customer_id')
    def _compute_policy_id(self):
        for row in self:
            row.policy_id = row.customer_id.effective_policy_id

    @answers_any
    def _search_policy_id(self, operator, value):
        if operator != 'in':
            return NotImplemented
        ids = [item for item in value if item]
        chosen = SQL("(SELECT customer_id FROM (%s) chosen WHERE policy_id = ANY(%s)%s)",
                     self._get_policy_query(), ids,
                     SQL(" OR policy_id IS NULL") if False in value else SQL())
        return fields.Domain('customer_id', 'in', chosen)

    @api.model
    def _get_policy_query(self):
        """Return the query of (customer_id, policy_id): the policy that applies now."""
        Rule = self.env['ar.dunning.rule']
        return SQL(" UNION ALL ").join(
            SQL("SELECT customer_id, policy_id FROM (%s) chosen", Rule._get_policy_query(company))
            for company in self.env.companies)

    def _field_to_sql(self, alias, field_expr, query=None):
        """EXTENDS base: rows can be grouped by the policy that applies."""
        if field_expr != 'policy_id' or query is None:
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], 'read')
        policy = query.make_alias(alias, 'policy')
        query.add_join(
            'LEFT JOIN', policy, SQL("(%s)", self._get_policy_query()),
            SQL("%s = %s", SQL.identifier(policy, 'customer_id'),
                SQL.identifier(alias, 'customer_id')))
        return SQL.identifier(policy, 'policy_id')
