from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ...tools import provision as tool
from ...tools.kpi import ROLL_EDGES
from .provision_company import STANDING, is_reversed

STATES = [('draft', "Draft"), ('booked', "Entry made"), ('cancelled', "Cancelled")]


class ArProvision(models.Model):
    """Expected credit losses of one company at one day, by provision matrix (IFRS 9 simplified).

    The book of the group accounts: individual provisions (`ar.provision.individual`) are another
    one, and neither reads the other. Every row keeps the figures it came from.
    """
    _name = 'ar.provision'
    _description = "Expected credit losses"
    _inherit = ['ar.law.entry']
    _order = 'date desc, id desc'
    _check_company_auto = True
    _protected_fields = frozenset({
        'state', 'move_id', 'name', 'previous_id', 'line_ids', 'warning'})

    name = fields.Char(string="Number", readonly=True, copy=False, default="/")
    company_id = fields.Many2one(
        'res.company', required=True, index=True, domain=[('parent_id', '=', False)],
        default=lambda self: self.env.company.root_id)
    currency_id = fields.Many2one(related='company_id.currency_id')
    date = fields.Date(
        required=True, tracking=True, default=fields.Date.context_today,
        help="The ledger is read as it was at the end of this day.")
    state = fields.Selection(
        STATES, required=True, readonly=True, default='draft', copy=False, tracking=True)
    rate_ids = fields.One2many('ar.provision.rate', 'provision_id', string="Matrix", copy=False)
    line_ids = fields.One2many(
        'ar.provision.line', 'provision_id', string="Customers", readonly=True, copy=False)
    amount_gross = fields.Monetary(
        string="Receivables", compute='_compute_amounts', help="Ties to the ledger at this day.")
    amount_insured = fields.Monetary(string="Insured part", compute='_compute_amounts')
    amount_loss = fields.Monetary(string="Expected losses", compute='_compute_amounts')
    previous_id = fields.Many2one(
        'ar.provision', readonly=True, copy=False,
        help="Its entry is taken back by the entry of this one.")
    amount_previous = fields.Monetary(
        string="Provided before", related='previous_id.amount_loss')
    amount_change = fields.Monetary(string="Change", compute='_compute_amounts')
    move_id = fields.Many2one(
        'account.move', string="Entry", readonly=True, copy=False, ondelete='set null',
        index='btree_not_null')
    warning = fields.Text(readonly=True, copy=False)

    # === COMPUTES === #

    @api.depends('line_ids.loss', 'previous_id')
    def _compute_amounts(self):
        self.env['ar.provision.line'].flush_model()
        sums = {row[0]: row[1:] for row in self.env.execute_query(SQL(
            "SELECT provision_id, SUM(gross), SUM(insured), SUM(loss) FROM ar_provision_line"
            " WHERE provision_id = ANY(%s) GROUP BY provision_id",
            [*self.ids, *self.previous_id.ids]))} if self.ids else {}
        for run in self:
            gross, insured, loss = sums.get(run._origin.id, (0, 0, 0))
            before = sums.get(run.previous_id.id, (0, 0, 0))[2]
            run.amount_gross, run.amount_insured = float(gross or 0), float(insured or 0)
            run.amount_loss = float(loss or 0)
            run.amount_change = float((loss or 0) - (before or 0))

    @api.constrains('company_id')
    def _check_root_company(self):
        for run in self:
            if run.company_id.parent_id:
                raise ValidationError(self.env._(
                    "%(branch)s is a branch: provisions are made for %(root)s with its branches.",
                    branch=run.company_id.name, root=run.company_id.root_id.name))

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_protected(set().union(*vals_list) if vals_list else set())
        runs = super().create(vals_list)
        for run in runs:
            # sudo: the number follows the id.
            run.sudo().name = f"ECL/{run.date.year}/{run.id:04d}"
        runs._fill()
        return runs

    def write(self, vals):
        self._refuse_protected(set(vals))
        if not self.env.su and set(vals) - self._protected_fields and any(
                run.state == 'booked' for run in self):
            raise UserError(self.env._("Its entry is made: cancel it to change anything."))
        result = super().write(vals)
        if {'date', 'company_id'} & set(vals):
            self._fill()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_booked(self):
        if any(run.state == 'booked' for run in self):
            raise UserError(self.env._("Its entry is made: cancel it first."))

    # === FILLING === #

    def _get_companies(self):
        """Return the legal entity: the company and its branches."""
        self.ensure_one()
        # sudo: the books of one legal entity are one, whichever branches are switched on.
        return self.env['res.company'].sudo().browse(self.company_id._get_ar_tree_ids())

    def _fill(self):
        """Read rates and amounts again from the ledger as of the day of each run."""
        for run in self.sudo():
            run.rate_ids.unlink()
            run.env.cr.execute(SQL(
                "DELETE FROM ar_provision_line WHERE provision_id = %s", run.id))
            companies = run._get_companies()
            groups = self.env['ar.provision.group'].sudo()._get_groups(run.company_id)
            partners = groups._get_partners(companies)
            run.rate_ids = run._prepare_rates(companies, groups, partners)
            run.env.flush_all()
            run._insert_lines(companies, partners, groups._get_fallback().id or None)
            run.previous_id = run._get_previous()
            run._refresh_warning()

    def _prepare_rates(self, companies, groups, partners):
        """Return commands of one row per group and bucket, with what its rate comes from."""
        history = self.env['ar.provision.history']
        fallback = groups._get_fallback()
        unpaid = history._get_unpaid(
            companies, self.date, partners, fallback.id or None) if groups.filtered(
            lambda group: group.method != 'typed') else {}
        commands = []
        for group in groups:
            empty = [(tool.ZERO, tool.ZERO, 0)] * tool.BUCKETS
            rows = unpaid.get(group.id, empty)
            shares = [tool.loss_share(reached, lost) for reached, lost, _count in rows]
            if group.method == 'roll':
                rolls = history._get_rolls(
                    companies, self.date, None if group == fallback == groups else [
                        partner for partner, found in partners.items() if found == group.id])
                shares = tool.roll_losses(rolls, shares[-1])
                rows = [*((before, moved, 0) for before, moved in rolls), rows[-1]]
            elif group.method == 'typed':
                rows = empty
                shares = [Decimal(str(group[f'rate_{number}'])) / 100
                          for number in range(tool.BUCKETS)]
            percent = tool.ZERO if group.method == 'typed' else Decimal(str(group.adjustment))
            for number, (share, (reached, lost, count)) in enumerate(
                    zip(shares, rows, strict=True)):
                rate = tool.adjusted(share, percent)
                commands.append(Command.create({
                    'group_id': group.id, 'bucket': number, 'method': group.method,
                    'reached': float(reached), 'lost': float(lost), 'item_count': count,
                    'history_rate': float(share or 0) * 100, 'has_rate': share is not None,
                    'adjustment': float(percent), 'rate': float(rate or 0) * 100,
                    'reason': group.adjustment_note if percent else False,
                }))
        return commands

    def _insert_lines(self, companies, partners, fallback):
        """Write one row per customer and bucket, in one statement; their sum is the ledger's."""
        overlays = self.env['ar.aged.balance'].with_context(
            allowed_company_ids=companies.ids)._get_item_overlays(
                {'date': self.date, 'valuation': 'company'})
        insured = overlays.get('insured') or SQL("SELECT NULL::int, 0::numeric WHERE FALSE")
        bucket = SQL(" ").join(SQL(
            "WHEN %s::date - due_date >= %s THEN %s", self.date, edge, number)
            for number, edge in reversed(list(enumerate(ROLL_EDGES, start=1))))
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_provision_line (
                   provision_id, company_id, partner_id, group_id, kind, bucket, gross, insured,
                   base, rate, loss)
            SELECT %(run)s, %(company)s, item.partner_id, item.group_id, item.kind,
                   item.bucket::varchar, item.gross, item.insured, item.base,
                   COALESCE(r.rate, item.rate),
                   ROUND(item.base * COALESCE(r.rate, item.rate)::numeric / 100, %(digits)s)
              FROM (
                SELECT partner_id, group_id, kind, bucket, SUM(residual) AS gross,
                       SUM(insured) AS insured, SUM(GREATEST(residual - insured, 0)) AS base,
                       CASE WHEN kind = 'default' THEN 100 ELSE 0 END AS rate
                  FROM (
                    SELECT i.partner_id, i.residual,
                           COALESCE(g.group_id, %(fallback)s::int) AS group_id,
                           CASE WHEN i.residual < 0 THEN 'credit'
                                WHEN k.kind = 'default' THEN 'default'
                                WHEN COALESCE(g.group_id, %(fallback)s::int) IS NULL
                                     THEN 'none' ELSE 'matrix' END AS kind,
                           CASE WHEN i.residual < 0 THEN NULL ELSE (CASE %(bucket)s ELSE 0 END)
                                END AS bucket,
                           CASE WHEN i.residual < 0 THEN 0
                                ELSE LEAST(COALESCE(cover.amount, 0), i.residual) END AS insured
                      FROM (%(items)s) i
                      LEFT JOIN unnest(%(partners)s::int[], %(groups)s::int[])
                           g (partner_id, group_id) ON g.partner_id = i.partner_id
                      LEFT JOIN (SELECT c.partner_id, MAX(k.kind) AS kind
                                   FROM ar_customer c JOIN ar_risk_class k
                                        ON k.id = c.risk_class_id AND k.kind = 'default'
                                  WHERE c.company_id = ANY(%(companies)s)
                                  GROUP BY c.partner_id) k ON k.partner_id = i.partner_id
                      LEFT JOIN (SELECT line_id, SUM(amount) AS amount
                                   FROM (%(insured)s) part (line_id, amount) GROUP BY line_id
                                ) cover ON cover.line_id = i.line_id
                     WHERE i.residual <> 0
                       ) one
                 GROUP BY partner_id, group_id, kind, bucket
                   ) item
              LEFT JOIN ar_provision_rate r ON r.provision_id = %(run)s AND item.kind = 'matrix'
                   AND r.group_id = item.group_id AND r.bucket = item.bucket
            """,
            run=self.id, company=self.company_id.id, bucket=bucket,
            digits=self.currency_id.decimal_places, companies=companies.ids, insured=insured,
            items=companies._get_ar_items_query(self.date),
            partners=list(partners), groups=list(partners.values()), fallback=fallback))
        self.env['ar.provision.line'].invalidate_model()
        self.invalidate_recordset()
        self.rate_ids.invalidate_recordset()

    def _apply_rates(self):
        """Take over rates that a person changed: losses follow, in one statement."""
        self.env['ar.provision.rate'].flush_model()
        for run in self:
            run.env.cr.execute(SQL(
                """
                UPDATE ar_provision_line l
                   SET rate = r.rate, loss = ROUND(l.base * r.rate::numeric / 100, %s)
                  FROM ar_provision_rate r
                 WHERE l.provision_id = %s AND r.provision_id = l.provision_id
                   AND l.kind = 'matrix' AND r.group_id = l.group_id
                   AND r.bucket::varchar = l.bucket
                """, run.currency_id.decimal_places, run.id))
            run.line_ids.invalidate_recordset()
            run.rate_ids.invalidate_recordset()
            run.invalidate_recordset()
            run._refresh_warning()

    def _refresh_warning(self):
        """Say what a person must look at before the entry."""
        self.ensure_one()
        texts = []
        missing = self.rate_ids.filtered(lambda rate: not rate.has_rate and rate.base > 0)
        if missing:
            texts.append(self.env._(
                "No history for %s: type a rate and a reason.",
                ", ".join(missing.mapped('display_name'))))
        outside = sum(self.line_ids.filtered(lambda line: line.kind == 'none').mapped('gross'))
        if not self.currency_id.is_zero(outside):
            texts.append(self.env._(
                "Some customers belong to no group: nothing is provided for them. Add a last "
                "group without conditions."))
        self.sudo().warning = "\n".join(texts) or False

    def _get_previous(self):
        """Return the last run before whose entry stands."""
        return self.search([
            ('company_id', '=', self.company_id.id), ('state', '=', 'booked'),
            ('date', '<', self.date), ('move_id', 'any', STANDING), ('id', '!=', self.id),
        ], order='date desc, id desc', limit=1)

    def _check_order(self):
        """Refuse an entry that would provide twice: each one takes back the one before it."""
        self.ensure_one()
        # sudo: whose entry is the last does not depend on the reader.
        booked = self.sudo().search([
            ('company_id', '=', self.company_id.id), ('state', '=', 'booked'),
            ('id', '!=', self.id)])
        waiting = booked.filtered(lambda run: run.move_id.state == 'draft')
        if waiting:
            raise UserError(self.env._(
                "The entry of %s is not posted yet: post it, or cancel that one.",
                waiting[0].name))
        later = booked.filtered_domain([('date', '>=', self.date), ('move_id', 'any', STANDING)])
        if later:
            raise UserError(self.env._(
                "%(name)s of %(date)s has an entry already, which this one would not take back: "
                "cancel it first, or choose a later day.",
                name=later[0].name, date=later[0].date))

    # === ACTIONS === #

    def action_refresh(self):
        """Read the ledger and its history again; typed rates are lost."""
        self._check_manager()
        self._check_draft()
        self._fill()
        return True

    def action_book(self):
        """Make the draft entry: the losses expected now, and back what was provided before."""
        self._check_manager()
        self._check_draft()
        for run in self:
            if any(not rate.has_rate and rate.base > 0 for rate in run.rate_ids):
                raise UserError(run.warning)
            run._lock()
            run._check_order()
            # sudo: whose entry is the last does not depend on the reader.
            run.sudo().previous_id = run.sudo()._get_previous()
            # sudo: a credit manager prepares the entry, an accountant posts it.
            move = self.env['account.move'].sudo().create(run._get_move_vals())
            run.sudo().write({'state': 'booked', 'move_id': move.id})
        return self.action_view_move() if len(self) == 1 else True

    def action_cancel(self):
        """Take the run back; its draft entry is deleted."""
        self._check_manager()
        for run in self:
            # sudo: the entry is ours.
            move = run.sudo().move_id
            if move.state == 'posted' and not is_reversed(move):
                raise UserError(self.env._(
                    "%s is posted: reset it to draft or reverse it first.", move.name))
            move.filtered(lambda entry: entry.state != 'posted').unlink()
            run.sudo().state = 'cancelled'
        return True

    def action_draft(self):
        """Open a cancelled run again."""
        self._check_manager()
        self.filtered(lambda run: run.state == 'cancelled').sudo().state = 'draft'
        return True

    def action_view_lines(self):
        """Open the rows of customers and buckets."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_provision_line_action')
        action['domain'] = [('provision_id', '=', self.id)]
        return action

    def action_print(self):
        """Print the report."""
        self.check_access('read')
        return self.env.ref('ar_collections.ar_provision_report').report_action(self)

    def action_xlsx(self):
        """Download the workbook with its formulas."""
        self.ensure_one()
        self.check_access('read')
        return {'type': 'ir.actions.act_url', 'target': 'download',
                'url': f'/ar_collections/provision/{self.id}/xlsx'}

    def _check_draft(self):
        if any(run.state != 'draft' for run in self):
            raise UserError(self.env._("Only a draft can be changed."))

    def _lock(self):
        """Update the company's last runs: of two simultaneous entries the second is tried again."""
        self.env.flush_all()
        self.env.cr.execute(SQL(
            "UPDATE ar_provision SET write_date = write_date WHERE company_id = %s",
            self.company_id.id))

    def _get_booked_allowance(self):
        """Return the account on which the entry of this run provided, whatever is chosen today."""
        self.ensure_one()
        # sudo: the entry is ours; the expected loss is its first pair of lines.
        credits = self.sudo().move_id.line_ids.sorted('id').filtered(
            lambda line: line.credit and not self.currency_id.compare_amounts(
                line.credit, self.amount_loss))
        return credits[:1].account_id

    def _get_move_vals(self):
        """Return the values of the draft entry: expense and allowance, and the previous one back.

        :raise UserError: when an account is missing
        """
        self.ensure_one()
        company = self.company_id
        env = self.with_context(lang=company.partner_id.lang or self.env.lang).env
        accounts = company._get_ar_provision_accounts('ecl')
        rows = [(self.amount_loss, accounts['expense'], accounts['allowance'],
                 env._("Expected credit losses %s", self.name))]
        if self.previous_id:
            rows.append((self.previous_id.amount_loss, self.previous_id._get_booked_allowance()
                         or accounts['allowance'], accounts['income'],
                         env._("Expected credit losses %s taken back", self.previous_id.name)))
        lines = [Command.create({
            'name': label, 'account_id': account.id,
            'debit': amount if side == 'debit' else 0.0,
            'credit': amount if side == 'credit' else 0.0})
            for amount, debit, credit, label in rows if not self.currency_id.is_zero(amount)
            for side, account in (('debit', debit), ('credit', credit))]
        if not lines:
            raise UserError(self.env._("There is nothing to book: no loss is expected."))
        return {
            'move_type': 'entry', 'company_id': company.id, 'date': self.date, 'ref': self.name,
            'journal_id': company._get_ar_provision_journal().id, 'line_ids': lines,
        }
