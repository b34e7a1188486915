from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .aged_report import GROUPS
from .report_sending import PROBLEMS

LAST_DAY = 31


class ArReportSchedule(models.Model):
    """A report that people get by e-mail every week or month, each within their own rights."""
    _name = 'ar.report.schedule'
    _description = "Scheduled report"
    _inherit = ['mail.thread']
    _order = 'next_date, id'
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        'res.company', required=True, default=lambda self: self.env.company)
    user_ids = fields.Many2many(
        'res.users', string="Recipients", required=True, tracking=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Each person gets what their own rights show: a collector of own customers gets "
             "those.")
    interval = fields.Selection(
        [('weekly', "Every week"), ('monthly', "Every month")], required=True, default='weekly')
    weekday = fields.Selection(
        [('0', "Monday"), ('1', "Tuesday"), ('2', "Wednesday"), ('3', "Thursday"),
         ('4', "Friday"), ('5', "Saturday"), ('6', "Sunday")], required=True, default='0')
    day = fields.Integer(
        string="Day of the month", default=1, help="31: the last day of every month.")
    next_date = fields.Date(
        string="Next sending", compute='_compute_next_date', store=True, readonly=False)
    as_of = fields.Selection(
        [('day', "Day of the sending"), ('week', "End of last week"),
         ('month', "End of last month")], string="Figures as of", required=True, default='day')
    kind = fields.Selection(
        [('pdf', "PDF, one line per customer"), ('detailed', "PDF with every item"),
         ('xlsx', "XLSX with customers and items")], string="Document", required=True,
        default='pdf')
    age_by = fields.Selection(
        selection=lambda self: self._get_choices('age_by'), string="Aged by", required=True,
        default='due')
    credits = fields.Selection(
        selection=lambda self: self._get_choices('credits'), string="Credits not matched",
        required=True, default='column')
    valuation = fields.Selection(
        selection=lambda self: self._get_choices('valuation'), string="Amounts", required=True,
        default='company')
    group_by = fields.Selection(
        selection=lambda self: self._get_choices('group_by'), string="Sub-totals by")
    sending_ids = fields.One2many('ar.report.sending', 'schedule_id', readonly=True)
    problem_count = fields.Integer(
        string="Problems", compute='_compute_problem_count',
        help="Reports that were not sent, or of which nobody knows whether they left.")

    _day_in_month = models.Constraint(
        'CHECK(day BETWEEN 1 AND 31)', "The day of the month is between 1 and 31.")

    @api.model
    def _get_choices(self, name):
        """The same words as in the dialogue."""
        return self.env['ar.aged.options'].fields_get([name], ['selection'])[name]['selection']

    @api.depends('interval', 'weekday', 'day', 'company_id')
    def _compute_next_date(self):
        for schedule in self:
            company = schedule.company_id or self.env.company
            schedule.next_date = schedule._get_date_after(
                company._get_ar_today() - relativedelta(days=1))

    @api.depends('sending_ids.state')
    def _compute_problem_count(self):
        # sudo: how many, and no more; whoever reads the schedule may know that it stumbled.
        counts = dict(self.env['ar.report.sending'].sudo()._read_group(
            [('schedule_id', 'in', self.ids), ('state', 'in', PROBLEMS)],
            ['schedule_id'], ['__count']))
        for schedule in self:
            schedule.problem_count = counts.get(schedule._origin, 0)

    @api.constrains('group_by')
    def _check_group_by(self):
        if any(schedule.group_by and schedule.group_by not in GROUPS for schedule in self):
            raise ValidationError(self.env._("The report has no such sub-totals."))

    # === DATES === #

    def _get_date_after(self, date):
        """Return the first day of sending after ``date``."""
        self.ensure_one()
        if self.interval == 'weekly':
            days = (int(self.weekday or 0) - date.weekday() - 1) % 7 + 1
            return date + relativedelta(days=days)
        day = min(max(self.day, 1), LAST_DAY)
        this_month = date + relativedelta(day=day)
        return this_month if this_month > date else date + relativedelta(months=1, day=day)

    def _get_figures_date(self, date):
        """Return the day of the figures that are sent on ``date``."""
        if self.as_of == 'week':
            return date - relativedelta(days=date.weekday() + 1)
        if self.as_of == 'month':
            return date + relativedelta(day=1, days=-1)
        return date

    # === SENDING === #

    @api.model
    def _cron_send(self):
        """Scheduled action: plan what is due, then prepare the mails one by one.

        Planning only writes keyed rows; a row is prepared once, so that a second or a killed run
        sends nothing twice. Odoo's mail queue does the rest, under `ar.mail.guard`.
        """
        Sending = self.env['ar.report.sending']
        Sending._recover_lost()
        due = self.search([('next_date', '!=', False)]).filtered(
            lambda one: one.next_date <= one.company_id._get_ar_today())
        self.env['ir.cron']._ar_work_through(
            due, lambda one: one._plan(one.company_id._get_ar_today()))
        waiting = Sending.search([('state', '=', 'waiting')], order='id')
        self.env['ir.cron']._commit_progress(remaining=len(waiting))
        for sending in waiting:
            sending._prepare_safely()
            if not self.env['ir.cron']._commit_progress(1):
                break
        if waiting:
            self.env.ref('mail.ir_cron_mail_scheduler_action')._trigger()

    def _plan(self, date):
        """Write one row per recipient for this day, and move on to the next date.

        A day that was missed is made good once, today.
        """
        self.ensure_one()
        known = self.env['ar.report.sending'].search([
            ('schedule_id', '=', self.id), ('date', '=', date)]).user_id
        self.env['ar.report.sending'].create([
            {'schedule_id': self.id, 'user_id': user.id, 'date': date}
            for user in self.user_ids - known])
        self.next_date = self._get_date_after(date)

    def action_send_now(self):
        """Send today's report to the recipients who did not get it yet."""
        self.check_access('write')
        for schedule in self:
            next_date = schedule.next_date
            today = schedule.company_id._get_ar_today()
            # sudo: the rows are bookkeeping of ours; each is prepared as its own reader.
            schedule.sudo()._plan(today)
            if next_date and next_date > today:
                schedule.next_date = next_date
        self.env.ref('ar_collections.ir_cron_ar_report_schedule').sudo()._trigger()
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification',
            'params': {'type': 'success', 'message': self.env._(
                "The report is being prepared. Nobody gets it twice on one day.")},
        }
