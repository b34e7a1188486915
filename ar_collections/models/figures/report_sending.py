import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import format_date

from .aged_report_pdf import MAX_ITEMS

_logger = logging.getLogger(__name__)

STATES = [
    ('waiting', "Waiting"), ('queued', "In the mail queue"), ('sending', "Sending"),
    ('sent', "Sent"), ('failed', "Failed"), ('unknown', "Outcome unknown"),
    ('cancelled', "Cancelled"),
]
# What waits for a person.
PROBLEMS = ('failed', 'unknown')


class ArReportSending(models.Model):
    """One report to one person on one day.

    The row with its unique key exists before the mail; its state and the mail change in one
    transaction; *sending* is committed before the mail server is called (`ar.mail.guard`). Killed
    anywhere and started again, each report leaves exactly once or reads "Outcome unknown".
    """
    _name = 'ar.report.sending'
    _description = "Sending of a scheduled report"
    _inherit = ['ar.mail.sending']
    _order = 'date desc, id desc'
    _rec_name = 'schedule_id'

    # === FIELDS === #
    schedule_id = fields.Many2one(
        'ar.report.schedule', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='schedule_id.company_id', store=True, index=True)
    user_id = fields.Many2one('res.users', string="Recipient", required=True, ondelete='cascade')
    date = fields.Date(required=True)
    state = fields.Selection(STATES, required=True, default='waiting', readonly=True)
    # The document that was too long for an e-mail: its reader, and nobody else, opens it.
    print_id = fields.Many2one(
        'ar.aged.print', readonly=True, ondelete='set null', groups=fields.NO_ACCESS)

    # === SQL OBJECTS === #
    _once = models.Constraint(
        'UNIQUE(schedule_id, user_id, date)', "A report goes to a person once a day.")
    _state_idx = models.Index("(state, id) WHERE state IN ('waiting', 'queued', 'sending')")

    # === CRUD === #

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("A report moves on only through its buttons."))
        return super().write(vals)

    # === STATE === #

    def _set_unknown(self, _reason):
        """EXTENDS core: here it was a colleague who should have got it."""
        return super()._set_unknown(self.env._(
            "The server stopped while this report was leaving. Ask the recipient or look at the "
            "mail server before you send it again."))

    # === ACTIONS === #

    def _get_decided(self):
        """Return these rows with the rights to move them on.

        :raise AccessError: for whoever may not change the schedule
        """
        self.schedule_id.check_access('write')
        # sudo: the state has one writer, see `write`.
        return self.sudo()

    def action_retry(self):
        """Prepare again what failed; what is unknown only when a person says so, here."""
        again = self._get_decided().filtered(lambda one: one.state in PROBLEMS)
        if not again:
            raise UserError(self.env._("None of these reports failed."))
        # The old mail stays where it is, and leaves no more.
        again.mail_id.filtered(lambda mail: mail.state != 'sent').write({'state': 'cancel'})
        again._update_state(PROBLEMS, 'waiting', reason=False, mail_id=False, retry_count=0)
        self.env.ref('ar_collections.ir_cron_ar_report_schedule').sudo()._trigger()
        return True

    def action_mark_sent(self):
        """The recipient has it after all."""
        self._get_decided().filtered(lambda one: one.state == 'unknown')._set_sent()
        return True

    def action_cancel(self):
        """Nobody needs this one any more."""
        self._get_decided()._update_state(PROBLEMS, 'cancelled')
        return True

    # === SENDING === #

    def _prepare_safely(self):
        """Prepare one mail; a report that cannot be made says why and stops nobody else."""
        sending = self.try_lock_for_update()
        sending.invalidate_recordset(['state'])
        sending = sending.filtered(lambda row: row.state == 'waiting')
        if not sending:
            return
        try:
            with self.env.cr.savepoint():
                sending._prepare()
        except psycopg2.OperationalError:
            raise
        except UserError as error:  # AccessError and ValidationError too
            sending._set_failed(str(error))
        except Exception as error:
            _logger.info("Scheduled report %s cannot be prepared: %r", sending.id, error)
            sending._set_failed(self.env._("It could not be prepared: %s", error))

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
        options = {
            'date': date, 'age_by': schedule.age_by, 'credits': schedule.credits,
            'valuation': schedule.valuation,
        }
        if schedule.kind == 'detailed' and reader._count_items(options) > MAX_ITEMS:
            self._order_print(reader, options)
        dataset = reader._get_dataset(
            options, detailed=schedule.kind != 'pdf' and not self.print_id,
            group_by=schedule.group_by)
        extension = 'xlsx' if schedule.kind == 'xlsx' else 'pdf'
        content = (reader._render_xlsx if extension == 'xlsx' else reader._render_pdf)(dataset)
        attachment = self.env['ir.attachment'].create({
            'name': reader._get_file_name(date, extension), 'raw': content,
            'res_model': self._name, 'res_id': self.id})
        body = reader.env['ir.qweb'].sudo()._render('ar_collections.aged_balance_mail', {
            'dataset': dataset, 'format': reader._format,
            'parameters': reader._get_parameter_texts(dataset), 'name': schedule.with_context(
                lang=user.lang).name, 'date': format_date(reader.env, date),
            'print_url': self.print_id._get_page_url()})
        mail = self.env['mail.mail'].create({
            'subject': reader.env._(
                "%(report)s at %(date)s – %(company)s", date=format_date(reader.env, date),
                report=schedule.with_context(lang=user.lang).name, company=company.name),
            'body_html': body, 'recipient_ids': [fields.Command.link(user.partner_id.id)],
            'email_from': company.email_formatted or self.env.user.email_formatted,
            'attachment_ids': [fields.Command.link(attachment.id)], 'auto_delete': True,
        })
        self.mail_id = mail
        self._set_queued()

    def _order_print(self, reader, options):
        """Let the long document be printed for its reader, in the background.

        Once: whoever prepares this mail again refers to the document that was ordered.

        :param reader: `ar.aged.report` as the recipient
        :param dict options: see `ar.aged.report._get_dataset`
        """
        if self.print_id.state not in (False, 'failed'):
            return
        # sudo: a document is read by the one who asked; here it is only kept in mind.
        self.print_id = reader.env['ar.aged.print']._start(
            options, fields.Domain.TRUE, self.schedule_id.group_by).sudo()


class ArCockpit(models.AbstractModel):
    """EXTENDS: reports that did not leave, for those who can do something about it."""
    _inherit = 'ar.cockpit'

    @api.model
    def _get_todos(self, scope):
        todos = super()._get_todos(scope)
        Schedule = self.env['ar.report.schedule']
        if not Schedule.has_access('write'):
            return todos
        domain = [('company_id', 'in', scope['company_ids']),
                  ('sending_ids.state', 'in', PROBLEMS)]
        label = self.env._("Scheduled reports not sent")
        return [*todos, {
            'code': 'reports', 'label': label, 'icon': 'fa-envelope-o', 'tone': 'bad',
            'count': Schedule.search_count(domain),
            'action': self._get_list_action(label, 'ar.report.schedule', domain),
        }]


class MailMail(models.Model):
    _inherit = 'mail.mail'

    @api.model
    def _get_ar_guarded_models(self):
        """EXTENDS core."""
        return [*super()._get_ar_guarded_models(), 'ar.report.sending']
