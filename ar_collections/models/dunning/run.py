import logging
import time
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ...tools.searching import search_told
from .engine import CREDIT_TABLE

_logger = logging.getLogger(__name__)


class ArDunningRun(models.Model):
    _name = 'ar.dunning.run'
    _description = "Dunning run"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'date desc, id desc'

    # === FIELDS === #
    name = fields.Char(compute='_compute_name', search='_search_name')
    company_id = fields.Many2one(
        'res.company', required=True, index=True, readonly=True,
        default=lambda self: self.env.company)
    currency_id = fields.Many2one(related='company_id.currency_id')
    date = fields.Date(required=True, readonly=True, help="Day on which ages are counted.")
    kind = fields.Selection(
        [('nightly', "Nightly"), ('manual', "By hand")], required=True, default='manual',
        readonly=True)
    seconds = fields.Float(
        digits=(16, 2), readonly=True, help="Time to decide and to create the reminders.")
    reminder_ids = fields.One2many('ar.reminder', 'run_id')
    skip_ids = fields.One2many('ar.dunning.skip', 'run_id')
    reminder_count = fields.Integer(compute='_compute_counts')
    waiting_count = fields.Integer(string="To approve", compute='_compute_counts')
    leaving_count = fields.Integer(string="On their way", compute='_compute_counts')
    sent_count = fields.Integer(string="Sent", compute='_compute_counts')
    problem_count = fields.Integer(string="Failed or unknown", compute='_compute_counts')
    capped_count = fields.Integer(string="Held by the automation cap", compute='_compute_counts')
    skip_count = fields.Integer(string="Items left out", compute='_compute_counts')
    amount_claimed = fields.Monetary(compute='_compute_counts')
    progress = fields.Float(
        compute='_compute_counts', help="Share of the reminders that are finished, in percent.")

    _nightly_uniq = models.UniqueIndex(
        "(company_id, date) WHERE kind = 'nightly'", "This night already has its run.")

    # === COMPUTES === #

    @api.depends('date', 'kind')
    def _compute_name(self):
        for run in self:
            run.name = self.env._(
                "Run of %(date)s (%(id)s)",
                date=fields.Date.to_string(run.date) if run.date else "", id=run.id or "")

    def _search_name(self, operator, value):
        return search_told(self, 'name', operator, value)

    def _compute_counts(self):
        """Two grouped queries for any number of runs."""
        by_run = {}
        for run, state, capped, count, amount in self.env['ar.reminder']._read_group(
                [('run_id', 'in', self.ids)], ['run_id', 'state', 'capped'],
                ['__count', 'amount_claimed:sum']):
            by_run.setdefault(run.id, []).append((state, capped, count, amount))
        skips = dict(self.env['ar.dunning.skip']._read_group(
            [('run_id', 'in', self.ids)], ['run_id'], ['__count']))
        for run in self:
            rows = by_run.get(run.id, [])

            def count(*states, rows=rows):
                return sum(row[2] for row in rows if row[0] in states)

            run.reminder_count = sum(row[2] for row in rows)
            run.waiting_count = count('proposed')
            run.leaving_count = count('approved', 'queued', 'sending')
            run.sent_count = count('sent')
            run.problem_count = count('failed', 'unknown')
            run.capped_count = sum(row[2] for row in rows if row[1] and row[0] == 'proposed')
            run.amount_claimed = sum(
                row[3] for row in rows if row[0] not in ('cancelled', 'skipped'))
            run.skip_count = skips.get(run, 0)
            done = count('sent', 'cancelled', 'skipped', 'failed', 'unknown')
            run.progress = 100.0 * done / run.reminder_count if run.reminder_count else 100.0

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._(
                "A run is made by the night or by its preview: open “Preview a run…”."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and any(
                not name.startswith(('activity_', 'message_')) for name in vals):
            raise AccessError(self.env._(
                "A run is history: its day, its kind and its company do not change."))
        return super().write(vals)

    # === RUN === #

    @api.model
    def _run(self, company, date=None, *, kind='manual', customers=None):
        """Read the ledger, decide, and create the reminders of one company.

        Everything happens in one transaction: killed half-way, nothing has happened. Running it
        twice creates nothing new: an item has one open reminder, and each level once.

        :param company: `res.company`
        :param date date: day on which ages are counted; today where the company works by default
        :param str kind: 'nightly' or 'manual'
        :param customers: restrict to these `ar.customer`
        :return: the run
        """
        started = time.monotonic()
        date = date or company._get_ar_today()
        self._lock_company(company)
        run = self._get_nightly(company, date) if kind == 'nightly' else self.browse()
        run = run or self.sudo().create({'company_id': company.id, 'date': date, 'kind': kind})
        run.skip_ids.sudo().unlink()
        run._generate(customers)
        run.sudo().seconds = time.monotonic() - started
        _logger.info(
            "Dunning run %s of company %s: %s reminders in %.2f s", run.id, company.id,
            run.reminder_count, run.seconds)
        return run

    def _generate(self, customers=None):
        """Create the reminders of this run. The number of queries is constant."""
        self.ensure_one()
        company = self.company_id
        engine = self.env['ar.dunning.engine'].sudo()
        if customers is None:
            self.env['ar.customer'].sudo()._refresh(company, changed_only=True)
        engine._decide(company, self.date, None if customers is None else customers.ids)
        engine._insert_skips(self, company)
        reminder_ids = engine._insert_reminders(self, company, self.date)
        if reminder_ids:
            engine._insert_step_lines(reminder_ids)
            engine._insert_credit_lines(reminder_ids, SQL.identifier(CREDIT_TABLE))
        self.env.invalidate_all()
        return self.env['ar.reminder'].browse(reminder_ids)

    @api.model
    def _lock_company(self, company):
        """Let one run at a time decide for a company; the lock goes with the transaction."""
        self.env.cr.execute(SQL(
            "SELECT pg_advisory_xact_lock(hashtext('ar.dunning.run'), %s)", company.id))

    @api.model
    def _get_nightly(self, company, date):
        return self.sudo().search([
            ('company_id', '=', company.id), ('date', '=', date), ('kind', '=', 'nightly')])

    # === CRON === #

    @api.model
    def _cron_nightly(self):
        """Scheduled action: one run per company that wants it, then wake the sender."""
        companies = self.env['res.company'].search([('ar_dunning_active', '=', True)])
        progress = self.env['ir.cron']._commit_progress
        progress(remaining=len(companies))
        for company in companies:
            self.env['ir.cron']._ar_keep_on(company, partial(self._run_night, company))
            progress(1)

    @api.model
    def _run_night(self, company):
        """Run one company's night and wake the sender."""
        run = self.with_company(company)._run(company, kind='nightly')
        run._notify_approver()
        run.reminder_ids.filtered(lambda r: r.state == 'approved')._trigger_sending()

    # === ACTIONS === #

    def action_approve_all(self):
        """Approve every proposal of this run, save the manual ones, which need a look each."""
        self.ensure_one()
        reminders = self.reminder_ids.filtered(
            lambda r: r.state == 'proposed' and r.execution != 'manual')
        if not reminders:
            raise UserError(self.env._(
                "Nothing waits for approval in this run. Manual reminders are approved one by "
                "one, from their own page."))
        return reminders.action_approve()

    def action_stop(self):
        """Take back what has not left yet: approved reminders wait for approval again."""
        self.ensure_one()
        self.reminder_ids.check_access('write')
        self.reminder_ids.sudo()._set_proposed()
        return True

    def action_view_reminders(self):
        """Open the reminders of this run."""
        return self._get_reminder_action([])

    def action_view_waiting(self):
        """Open those that wait for approval."""
        return self._get_reminder_action([('state', '=', 'proposed')])

    def action_view_problems(self):
        """Open the failed ones and those of unknown outcome."""
        return self._get_reminder_action([('state', 'in', ('failed', 'unknown'))])

    def action_view_sent(self):
        """Open what has left."""
        return self._get_reminder_action([('state', '=', 'sent')])

    def action_view_skips(self):
        """Open the items left out, with the reason of each."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_dunning_skip_action')
        action['domain'] = [('run_id', '=', self.id)]
        return action

    def _get_reminder_action(self, domain):
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('ar_collections.ar_reminder_action')
        action['domain'] = [('run_id', '=', self.id), *domain]
        action['context'] = {}
        return action

    # === PEOPLE === #

    def _notify_approver(self):
        """Plan one activity a day for the approver, however many customers wait."""
        self.ensure_one()
        approver = self.company_id.ar_approver_id or self.company_id._get_ar_responsible()
        self._close_approval_activities(company=self.company_id)
        waiting = self.env['ar.reminder'].search_count([
            ('company_id', '=', self.company_id.id), ('state', '=', 'proposed')])
        if approver and waiting:
            run = self.with_context(lang=approver.lang)
            run.activity_schedule(
                'ar_collections.mail_activity_type_approve', date_deadline=self.date,
                user_id=approver.id,
                summary=run.env._("%s reminders wait for approval", waiting))

    def _close_approval_activities(self, company=None):
        """Remove the approval activities that a newer one replaces, or that nothing needs."""
        companies = company or self.company_id
        for one in companies:
            if company is None and self.env['ar.reminder'].search_count(
                    [('company_id', '=', one.id), ('state', '=', 'proposed')], limit=1):
                continue
            runs = self.search([('company_id', '=', one.id), ('activity_ids', '!=', False)])
            runs.activity_unlink(['ar_collections.mail_activity_type_approve'])
