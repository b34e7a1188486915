import json
from decimal import Decimal

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .kpi_fields import KnownFloat, KnownMonetary

MONTHS = 24
SCOPES = {'company': None, 'collector': 'collector', 'risk_class': 'risk_class'}
KEY = SQL("company_id, basis, date, scope, COALESCE(collector_id, 0), COALESCE(risk_class_id, 0)")


class ArKpiSnapshot(models.Model):
    """Key figures of one month: as they were seen when the month was closed, or as known now.

    What is booked or matched later with an earlier date changes what is known of a month. Rows
    "as seen then" are frozen once and never change; rows "as known now" are read again every night
    and on demand, and say when.
    """
    _name = 'ar.kpi.snapshot'
    _description = "Key figures of a month"
    _order = 'date desc, basis, scope, id'
    _rec_name = 'name'

    company_id = fields.Many2one(
        'res.company', required=True, readonly=True, index=True, ondelete='cascade')
    currency_id = fields.Many2one(related='company_id.currency_id')
    name = fields.Char(string="About", required=True, readonly=True,
                       help="The company, a collector or a risk class, in the words of that day.")
    date = fields.Date(string="Month", required=True, readonly=True,
                       help="Last day of the month.")
    day = fields.Date(string="Up to", readonly=True,
                      help="Last day that counts: for the running month, the day of reading.")
    basis = fields.Selection(
        [('now', "As known now"), ('then', "As seen then")], required=True, readonly=True)
    scope = fields.Selection(
        [('company', "Company"), ('collector', "Collector"), ('risk_class', "Risk class")],
        required=True, readonly=True)
    # No foreign keys: what is frozen outlives the collector and the class.
    collector_id = fields.Integer(string="Collector (id)", readonly=True, index=True)
    risk_class_id = fields.Integer(string="Risk class (id)", readonly=True)
    read_at = fields.Datetime(string="Read at", readonly=True, help="When the ledger was read.")
    numbers = fields.Json(readonly=True, help="Every number of the figures, exact.")
    explanations = fields.Json(compute='_compute_explanations')
    explanation = fields.Html(
        string="How it is computed", compute='_compute_explanation', sanitize=False)

    receivables = fields.Monetary(
        readonly=True, help="Balance of the receivable accounts at the end of the day; doubtful "
                            "accounts are not in it.")
    overdue = fields.Monetary(
        readonly=True, help="Open items after their due date; credits not matched are not taken "
                            "off.")
    not_due = fields.Monetary(
        string="Not due", readonly=True, help="Open items due on that day or later.")
    over90 = fields.Monetary(string="Over 90 days", readonly=True,
                             help="Open items more than 90 days after their due date.")
    open_credits = fields.Monetary(
        string="Open credits", readonly=True,
        help="Credit notes and payments that nobody has matched, as a positive amount.")
    doubtful = fields.Monetary(readonly=True, help="Balance of the doubtful accounts.")
    opening = fields.Monetary(readonly=True, help="Receivables one month earlier.")
    billed = fields.Monetary(readonly=True, help="Invoices and receipts, tax included.")
    credited = fields.Monetary(readonly=True, help="Credit notes, tax included.")
    cash = fields.Monetary(
        string="Received", readonly=True,
        help="Bank, cash and card entries; discounts and fees inside a payment with them.")
    written_off = fields.Monetary(
        string="Written off", readonly=True, help="Credits of other entries against an expense.")
    exchange = fields.Monetary(string="Exchange differences", readonly=True)
    other = fields.Monetary(
        string="Other entries", readonly=True,
        help="Opening balances, transfers to doubtful accounts and the like.")

    dso = KnownFloat(string="DSO", digits=(16, 1), readonly=True, aggregator='avg',
                     help="Receivables ÷ sales × days, tax included.")
    dso_countback = KnownFloat(
        string="DSO by count-back", digits=(16, 1), readonly=True, aggregator='avg',
        help="Days of the latest sales that make up the receivables.")
    best_dso = KnownFloat(
        string="Best possible DSO", digits=(16, 1), readonly=True, aggregator='avg',
        help="What DSO would be if nothing were overdue.")
    add = KnownFloat(
        string="Average days delinquent", digits=(16, 1), readonly=True, aggregator='avg',
        help="DSO − best possible DSO: the days that lateness adds.")
    cei = KnownFloat(
        string="Collection effectiveness", digits=(16, 1), readonly=True, aggregator='avg',
        help="What was collected of what could have been, in percent.")
    overdue_rate = KnownFloat(string="Overdue rate", digits=(16, 1), readonly=True,
                              aggregator='avg', help="Overdue ÷ open items, in percent.")
    over90_rate = KnownFloat(
        string="90+ rate", digits=(16, 1), readonly=True, aggregator='avg',
        help="Percentage of the invoices whose 90th day after the due date fell in the month that "
             "was unpaid on that day.")
    over90_share = KnownFloat(
        string="Share over 90 days", digits=(16, 1), readonly=True, aggregator='avg',
        help="Overdue by more than 90 days ÷ open items, in percent.")
    days_to_pay = KnownFloat(
        string="Days to pay", digits=(16, 1), readonly=True, aggregator='avg',
        help="Days from invoice to payment of what was received, weighted by amount.")
    days_terms = KnownFloat(
        string="Days of terms", digits=(16, 1), readonly=True, aggregator='avg',
        help="Days from invoice to due date of what was received, weighted by amount.")
    days_late = KnownFloat(
        string="Days late", digits=(16, 1), readonly=True, aggregator='avg',
        help="Days from due date to payment of what was received: terms + late = days to pay.")
    roll_not_due = KnownFloat(
        string="Roll rate, not due → overdue", digits=(16, 1), readonly=True, aggregator='avg',
        help="Percentage of what was not due a month ago that is overdue now.")
    roll_1 = KnownFloat(
        string="Roll rate, 1–30 → 31–60", digits=(16, 1), readonly=True, aggregator='avg')
    roll_31 = KnownFloat(
        string="Roll rate, 31–60 → 61–90", digits=(16, 1), readonly=True, aggregator='avg')
    roll_61 = KnownFloat(
        string="Roll rate, 61–90 → 91–120", digits=(16, 1), readonly=True, aggregator='avg')
    roll_91 = KnownFloat(
        string="Roll rate, 91–120 → over 120", digits=(16, 1), readonly=True, aggregator='avg')
    loss_probability = KnownFloat(
        string="Share that ends over 120 days", digits=(16, 2), readonly=True, aggregator='avg',
        help="Product of the roll rates, in percent.")
    action_efficiency = KnownFloat(
        string="Action efficiency", digits=(16, 1), readonly=True, aggregator='avg',
        help="Percentage of the reminders that money followed within 7 days.")
    productivity = KnownMonetary(
        string="Collected per collector", readonly=True, aggregator='avg',
        help="Money received after the due date ÷ number of collectors.")
    lateness_cost = KnownMonetary(
        string="Cost of lateness", readonly=True,
        help="Overdue amount of each day of the month × what money costs per year ÷ 365.")
    cash_per_day = KnownMonetary(
        string="Cash freed by a day of DSO", readonly=True, help="Sales of twelve months ÷ 365.")

    _key_uniq = models.UniqueIndex(
        "(company_id, basis, date, scope, COALESCE(collector_id, 0), COALESCE(risk_class_id, 0))",
        "The figures of this month are known already.")

    # === COMPUTES === #

    @api.depends('numbers')
    @api.depends_context('lang', 'uid')
    def _compute_explanations(self):
        kpi = self.env['ar.kpi']
        figures = [*kpi._get_figures(), *kpi._get_movements()]
        for snapshot in self:
            snapshot.explanations = kpi._explain(
                snapshot._get_numbers(), snapshot.currency_id, figures=figures)

    @api.depends('explanations')
    @api.depends_context('lang', 'uid')
    def _compute_explanation(self):
        """Table of the figures, with those of the same month on the other basis beside them."""
        others = self._get_others()
        codes = {figure['code'] for figure in self.env['ar.kpi']._get_figures()}
        for snapshot in self:
            other = others.get(snapshot)
            told = other.explanations if other else {}
            rows = Markup().join(
                Markup('<tr data-figure="%s" class="cursor-pointer"><th class="fw-normal">%s</th>'
                       '<td class="text-end text-nowrap fw-bold">%s</td>'
                       '<td class="text-end text-nowrap text-muted">%s</td>'
                       '<td>%s</td><td class="text-muted">%s%s</td></tr>') % (
                    code, figure['label'], figure['text'], told.get(code, {}).get('text', ''),
                    figure['formula'], figure['numbers'], snapshot._get_more_links(code))
                for code, figure in snapshot.explanations.items() if code in codes)
            heads = (self.env._("Figure"), snapshot._get_basis_label(),
                     other._get_basis_label() if other else '', self.env._("Formula"),
                     self.env._("With these numbers"))
            snapshot.explanation = Markup(
                '<table class="table table-sm table-hover w-100"><thead><tr>%s</tr></thead>'
                '<tbody>%s</tbody></table>') % (
                Markup().join(Markup('<th>%s</th>') % head for head in heads), rows)

    def _get_basis_label(self):
        return dict(self._fields['basis']._description_selection(self.env))[self.basis]

    def _get_others(self):
        """Return {snapshot: the one of the same month and scope on the other basis}."""
        domain = fields.Domain.OR(
            [('company_id', '=', one.company_id.id), ('date', '=', one.date),
             ('scope', '=', one.scope), ('collector_id', '=', one.collector_id),
             ('risk_class_id', '=', one.risk_class_id), ('basis', '!=', one.basis)]
            for one in self)
        found = self.search(domain) if self else self
        key = self._get_key
        others = {(*key(one), one.basis): one for one in found}
        return {one: others[found_key] for one in self
                if (found_key := (*key(one), 'then' if one.basis == 'now' else 'now')) in others}

    @staticmethod
    def _get_key(one):
        return one.company_id.id, one.date, one.scope, one.collector_id, one.risk_class_id

    def _get_numbers(self):
        """Return the numbers as they were read: amounts exact."""
        self.ensure_one()
        numbers = {
            code: Decimal(value) if isinstance(value, str) else value
            for code, value in (self.numbers or {}).items()}
        return {**numbers, 'date': self.day}

    # === CRUD === #

    def write(self, vals):
        if any(snapshot.basis == 'then' for snapshot in self):
            raise UserError(self.env._(
                "Figures as seen then are history: they cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen(self):
        if any(snapshot.basis == 'then' for snapshot in self):
            raise UserError(self.env._(
                "Figures as seen then are history: they cannot be deleted."))

    # === ACTIONS === #

    def action_view_figure(self, code, kind=None):
        """Open the items behind one figure.

        The items are those known now: of what was seen then, only the numbers are kept.

        :param str kind: another of the windows of this figure, see `_get_more_windows`
        """
        self.ensure_one()
        self.check_access('read')
        kpi = self.env['ar.kpi']
        kinds = {figure['code']: figure['items']
                 for figure in (*kpi._get_movements(), *kpi._get_figures())}
        if code not in kinds:
            raise UserError(self.env._("There is no such figure: %s", code))
        if kind not in (None, kinds[code], *kpi._get_more_windows().get(code, ())):
            raise UserError(self.env._("There is no such figure: %s", code))
        return kpi._get_action(kind or kinds[code], self._get_numbers(), self._get_scope())

    def _get_more_links(self, code):
        """Return what else a figure opens, as links below its numbers."""
        kpi = self.env['ar.kpi']
        link = Markup('<a href="#" role="button" class="d-block" data-kind="%s">%s</a>')
        return Markup().join(
            link % (kind, kpi._get_action_name(kind, self.day))
            for kind in kpi._get_more_windows().get(code, ()))

    def _get_scope(self):
        scope = {'company_ids': self.company_id.ids}
        if self.scope == 'collector':
            scope['collector_id'] = self.collector_id or False
        elif self.scope == 'risk_class':
            scope['segment'] = [('risk_class_id', '=', self.risk_class_id or False)]
        return scope

    def action_read_again(self):
        """Read the figures as known now again, for the active companies, whatever is selected."""
        self.check_access('read')
        for company in self.env.companies:
            # sudo: rows of ours that nobody writes by hand; the ledger is read whole for all.
            self.sudo()._read_again(company.sudo())
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    # === READING === #

    @api.model
    def _cron_read(self):
        """Scheduled action: every night, figures as known now; once a month, freeze them."""
        companies = self.env['res.company'].search(fields.Domain.TRUE)
        self.env['ir.cron']._ar_work_through(companies, self._read_again)

    @api.model
    def _read_again(self, company):
        """Read the last months of a company, store them, and freeze the month that is closed.

        Running it twice gives the same rows. A month that was not frozen when its successor ended
        stays without: nobody knows any more what was seen then.
        """
        today, started = company._get_ar_today(), fields.Datetime.now()
        rows = []
        for scope, group in SCOPES.items():
            for key, months in self.env['ar.kpi'].with_context(
                    allowed_company_ids=company.ids)._read_numbers(
                    {'company_ids': company.ids}, MONTHS, today, group).items():
                rows += self._prepare_rows(company, scope, key, months, started)
        closed = fields.Date.subtract(today.replace(day=1), days=1)
        if today.day >= company.ar_kpi_freeze_day:
            self._store([{**row, 'basis': 'then'} for row in rows if row['date'] == closed],
                        SQL("DO NOTHING"))
        self._store(rows)
        self.env.cr.execute(SQL(
            "DELETE FROM ar_kpi_snapshot WHERE company_id = %s AND basis = 'now'"
            " AND read_at < %s", company.id, started))
        self.invalidate_model()
        return len(rows)

    def _prepare_rows(self, company, scope, key, months, started):
        """Return the rows of one company, collector or class; months of silence are left out."""
        stored = [name for name, field in self._fields.items()
                  if field.type in ('float', 'monetary') and field.store]
        name = self._get_scope_name(company, scope, key)
        rows = []
        for numbers in months:
            if not any(numbers[code] for code in (
                    'opening', 'receivables', 'open_items', 'billed', 'credited', 'cash', 'other')):
                continue
            day = numbers['date']
            rows.append({
                'company_id': company.id, 'name': name, 'basis': 'now', 'scope': scope,
                'date': fields.Date.end_of(day, 'month'), 'day': day, 'read_at': started,
                'collector_id': key if scope == 'collector' else None,
                'risk_class_id': key if scope == 'risk_class' else None,
                'numbers': json.dumps({
                    code: str(value) if isinstance(value, Decimal) else value
                    for code, value in numbers.items() if code != 'date'}),
                **{name: numbers.get(name) for name in stored},
            })
        return rows

    def _get_scope_name(self, company, scope, key):
        if scope == 'collector':
            return (self.env['res.users'].browse(key).name if key
                    else self.env._("Without collector"))
        if scope == 'risk_class':
            return (self.env['ar.risk.class'].browse(key).display_name if key
                    else self.env._("Without risk class"))
        return company.name

    def _store(self, rows, conflict=None):
        """Write rows by SQL: unknown stays NULL, and what exists is updated or left alone."""
        if not rows:
            return
        self.env.flush_all()
        names = list(rows[0])
        columns = [SQL.identifier(name) for name in names]
        now = fields.Datetime.now()
        log = SQL("%s, %s, %s, %s", self.env.uid, now, self.env.uid, now)
        if conflict is None:
            conflict = SQL("DO UPDATE SET %s", SQL(", ").join(
                SQL("%s = EXCLUDED.%s", column, column) for column in columns))
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_kpi_snapshot (%(columns)s, create_uid, create_date, write_uid,
                                         write_date)
            VALUES %(rows)s
            ON CONFLICT (%(key)s) %(conflict)s
            """,
            columns=SQL(", ").join(columns), key=KEY, conflict=conflict,
            rows=SQL(", ").join(
                SQL("(%s, %s)", SQL(", ").join(SQL("%s", row[name]) for name in names), log)
                for row in rows)))
