from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import format_date

from .aged_report import GROUPS

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
        sends nothing twice. Odoo's mail queue does the rest.
        """
        for schedule in self.search(fields.Domain.TRUE):
            today = schedule.company_id._get_ar_today()
            if schedule.next_date and schedule.next_date <= today:
                schedule._plan(today)
        Sending = self.env['ar.report.sending']
        pending = Sending.search([('state', '=', 'pending')], order='id')
        self.env['ir.cron']._commit_progress(remaining=len(pending))
        for sending in pending:
            sending._prepare_safely()
            if not self.env['ir.cron']._commit_progress(1):
                break

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


class ArReportSending(models.Model):
    """One report to one person on one day: written before anything leaves."""
    _name = 'ar.report.sending'
    _description = "Sending of a scheduled report"
    _order = 'date desc, id desc'
    _rec_name = 'schedule_id'

    schedule_id = fields.Many2one(
        'ar.report.schedule', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='schedule_id.company_id', store=True, index=True)
    user_id = fields.Many2one('res.users', string="Recipient", required=True, ondelete='cascade')
    date = fields.Date(required=True)
    state = fields.Selection(
        [('pending', "Waiting"), ('queued', "Handed to the mail queue"), ('failed', "Not sent")],
        required=True, default='pending')
    error = fields.Char()
    mail_id = fields.Many2one('mail.mail', ondelete='set null')

    _once = models.Constraint(
        'UNIQUE(schedule_id, user_id, date)', "A report goes to a person once a day.")

    def _prepare_safely(self):
        """Prepare one mail; a report that cannot be made says why and stops nobody else."""
        sending = self.try_lock_for_update().filtered(lambda row: row.state == 'pending')
        if not sending:
            return
        try:
            with self.env.cr.savepoint():
                sending._prepare()
        except UserError as error:  # AccessError and ValidationError too
            sending.write({'state': 'failed', 'error': str(error)})

    def _prepare(self):
        """Make the document as its reader, and hand the mail to the queue."""
        self.ensure_one()
        schedule, user = self.schedule_id, self.user_id
        company = schedule.company_id
        if not user.active or company not in user.company_ids:
            raise UserError(self.env._("%s does not work in this company.", user.name))
        if not user.email:
            raise UserError(self.env._("%s has no e-mail address.", user.name))
        reader = self.env['ar.aged.report'].with_user(user).with_context(
            lang=user.lang, tz=user.tz, allowed_company_ids=company.ids)
        reader.env['ar.aged.balance'].check_access('read')
        date = schedule._get_figures_date(self.date)
        dataset = reader._get_dataset({
            'date': date, 'age_by': schedule.age_by, 'credits': schedule.credits,
            'valuation': schedule.valuation,
        }, detailed=schedule.kind != 'pdf', group_by=schedule.group_by)
        extension = 'xlsx' if schedule.kind == 'xlsx' else 'pdf'
        content = (reader._render_xlsx if extension == 'xlsx' else reader._render_pdf)(dataset)
        attachment = self.env['ir.attachment'].create({
            'name': reader._get_file_name(date, extension), 'raw': content,
            'res_model': self._name, 'res_id': self.id})
        body = reader.env['ir.qweb'].sudo()._render('ar_collections.aged_balance_mail', {
            'dataset': dataset, 'format': reader._format, 'name': schedule.with_context(
                lang=user.lang).name, 'date': format_date(reader.env, date)})
        mail = self.env['mail.mail'].create({
            'subject': reader.env._(
                "%(report)s at %(date)s – %(company)s", date=format_date(reader.env, date),
                report=schedule.with_context(lang=user.lang).name, company=company.name),
            'body_html': body, 'recipient_ids': [fields.Command.link(user.partner_id.id)],
            'email_from': company.email_formatted or self.env.user.email_formatted,
            'attachment_ids': [fields.Command.link(attachment.id)], 'auto_delete': True,
        })
        self.write({'state': 'queued', 'mail_id': mail.id, 'error': False})
