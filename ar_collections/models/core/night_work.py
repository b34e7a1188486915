import logging
from functools import partial

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError

from ...tools.transaction import write_again

_logger = logging.getLogger(__name__)


class IrCron(models.Model):
    """EXTENDS base: work of a scheduled action in pieces, where one piece stops no other."""
    _inherit = 'ir.cron'

    @api.model
    def _ar_work_through(self, records, work, size=1):
        """Do the work of a scheduled action record by record, each committed.

        A company without a rate, or a mistake of ours in one record, stops nobody behind it: what
        went wrong is logged, and told to the person who answers for that company. The scheduled
        action itself does not fail: Odoo would switch it off after a week, for every company.

        :param records: recordset
        :param work: function of one record, or of up to ``size`` together; it commits nothing
        :param int size: how many at once; when they fail together, each is tried alone
        :return: False when the time of the scheduled action is over
        """
        self._commit_progress(remaining=len(records))
        for start in range(0, len(records), size):
            batch = records[start:start + size]
            if not self._ar_keep_on(batch, partial(write_again, self.env, partial(work, batch))):
                for record in batch if len(batch) > 1 else ():
                    self._ar_keep_on(
                        record, partial(write_again, self.env, partial(work, record)))
                    self._commit_progress()
            if not self._commit_progress(len(batch)):
                return False
        return True

    @api.model
    def _ar_keep_on(self, record, work):
        """Do one piece of work; what it raises is rolled back, logged and told.

        :param record: what the work is about; several, when each is tried alone afterwards
        :param work: function without arguments, which may commit
        :return: whether it went well
        """
        try:
            work()
        except Exception as error:
            self.env.cr.rollback()
            if len(record) > 1:
                _logger.info("%s stopped at one of %s: %r", self._ar_get_job_name(), record, error)
                return False
            _logger.exception("%s stopped at %s", self._ar_get_job_name(), record)
            self._ar_tell_stopped(record.exists(), error)
            return False
        return True

    @api.model
    def _ar_get_job_name(self):
        """Return the name of the scheduled action that is running, in the reader's language."""
        # sudo: a name; the key tells which action is running, and grants nothing.
        job = self.sudo().browse(self.env.context.get('cron_id')).exists()
        return job.name or self.env._("Scheduled action")

    @api.model
    def _ar_tell_stopped(self, record, error):
        """Plan one activity for whoever answers for the company; none while one says the same.

        :param record: what the work stopped at; empty when it is gone
        :param error: the exception
        """
        company = record if record._name == 'res.company' else (
            record.company_id if 'company_id' in record._fields else record.browse())
        company = company or self.env.company
        user = company._get_ar_responsible()
        words = self.with_context(lang=user.lang)
        job, env = words._ar_get_job_name(), words.env
        what = record.with_context(lang=user.lang).display_name or (
            env._("a deleted record"))
        if record and record._name != 'res.company' and hasattr(record, '_get_html_link'):
            what = record.with_context(lang=user.lang)._get_html_link()
        cause = str(error) if isinstance(error, UserError) else env._(
            "an error of the program (%s). The log of the server tells it.", type(error).__name__)
        note = Markup("<p>%s</p><p>%s</p>") % (
            env._("%(job)s stopped at %(record)s: %(cause)s", job=job, record=what, cause=cause),
            env._("Everything else went on. The next run tries it again."))
        # sudo: the activity of another user, who may not see it among other people's.
        Activity = self.env['mail.activity'].sudo()
        # Somebody may have deleted the type: that must not stop the work either.
        kind = self.env.ref(
            'ar_collections.mail_activity_type_stopped', raise_if_not_found=False) or (
                self.env['mail.activity.type'])
        summary = f"{job} ({company.name})"
        if not Activity.search_count([
                ('activity_type_id', '=', kind.id), ('user_id', '=', user.id),
                ('summary', '=', summary)], limit=1):
            Activity.create({
                'activity_type_id': kind.id, 'user_id': user.id, 'summary': summary, 'note': note,
                'date_deadline': company._get_ar_today()})
