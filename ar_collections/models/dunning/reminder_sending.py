import logging

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

BATCH_SIZE = 100
ERROR_RETRY_HOURS = 1


class ArReminder(models.Model):
    """From approved to on its way: what is due is read again, then each channel takes its own."""
    _inherit = 'ar.reminder'

    # === CRON === #

    @api.model
    def _cron_send(self, batch_size=BATCH_SIZE):
        """Scheduled action: prepare what is approved and may leave now.

        Safe to run twice, in two workers, and to kill: a reminder and its message change state in
        one transaction, and locked rows are left to whoever locked them.
        """
        progress = self.env['ir.cron']._commit_progress
        self._recover_lost()
        self._recover_refused_letters()
        self._follow_sms()
        progress(remaining=self.search_count(self._get_sendable_domain()))
        while True:
            batch = self.search(self._get_sendable_domain(), limit=batch_size, order='id')
            batch = batch.try_lock_for_update().filtered_domain(self._get_sendable_domain())
            if not batch:
                break
            self._send_batch(batch)
            if not progress(len(batch)):
                break
        self._wake_queues()

    @api.model
    def _wake_queues(self):
        """Let Odoo's mail queue start at once; come back for the outcome of the SMS."""
        queued = self.search([('state', '=', 'queued')]).grouped('channel')
        if queued.get('email'):
            self.env.ref('mail.ir_cron_mail_scheduler_action')._trigger()
        if queued.get('sms'):
            self.env.ref('sms.ir_cron_sms_scheduler_action')._trigger()
            self.env.ref('ar_collections.ir_cron_ar_reminder_send')._trigger(
                at=fields.Datetime.add(fields.Datetime.now(), minutes=15))

    @api.model
    def _get_sendable_domain(self):
        """Approved, open hours reached; letters wait for the print batch."""
        return fields.Domain([
            ('state', '=', 'approved'), ('channel', '!=', 'letter'),
            '|', ('send_after', '=', False), ('send_after', '<=', fields.Datetime.now()),
        ])

    def _send_batch(self, batch):
        """Send a batch; when it raises, send one by one so that one customer stops nobody else."""
        ids = batch.ids
        try:
            with self.env.cr.savepoint():
                batch._send()
        except psycopg2.OperationalError:
            # Another transaction was faster: nothing is wrong with these, the next run takes them.
            raise
        except Exception:
            _logger.info("Batch of %s reminders failed; sending them one by one", len(ids))
            for reminder in self.browse(ids):
                reminder._send_alone()

    def _send_alone(self):
        """Send one reminder; its own error turns it red and stays on it."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._send()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            _logger.info("Reminder %s cannot be sent: %s", self.id, error)
            self._set_failed(self.env._("It could not be prepared: %s", error))

    # === ONE PATH FOR ALL CHANNELS === #

    def _send(self):
        """Read the ledger again, drop what is settled, then hand over to each channel."""
        ready = self._delay_closed()._reread()
        ready._reroute_unreachable()
        for channel, reminders in ready.grouped('channel').items():
            if channel != 'letter':
                getattr(reminders, self._get_channel_methods()[channel])()

    @api.model
    def _get_channel_methods(self):
        """Return the method that sends by each channel; a new channel adds its own."""
        return {'email': '_send_email', 'sms': '_send_sms', 'call': '_send_call',
                'task': '_send_task'}

    def _delay_closed(self):
        """Put off those whose sending hours have closed since they were approved."""
        now = fields.Datetime.now()
        open_now = self.browse()
        for (policy, company), reminders in self.grouped(
                lambda reminder: (reminder.policy_id, reminder.company_id)).items():
            opening = policy._get_next_opening(company, now)
            if opening == now:
                open_now |= reminders
            else:
                reminders.write({'send_after': opening})
        return open_now

    def _reread(self):
        """Replace every amount by today's; drop settled items; cancel what became empty.

        :return: the reminders that still have something to claim
        """
        engine = self.env['ar.dunning.engine']
        self.flush_model()
        self.line_ids.flush_model()
        self.env.flush_all()
        for company, reminders in self.grouped('company_id').items():
            today = company._get_ar_today()
            self.env.cr.execute(SQL(
                "DELETE FROM ar_reminder_line WHERE reminder_id = ANY(%s) AND kind = 'credit'",
                reminders.ids))
            reminders._drop_settled_lines(company, today)
            engine._insert_credit_lines(reminders.ids, SQL("(%s)", engine._get_credit_query(
                company, SQL("c.id = ANY(%s)", reminders.customer_id.ids))))
            engine._update_totals(reminders.ids)
        self.invalidate_recordset()
        self.env['ar.reminder.line'].invalidate_model()
        return self._cancel_empty()

    def _drop_settled_lines(self, company, today):
        """Delete the lines of items that are paid or excluded by now; update the others."""
        conditions = SQL(" OR ").join(
            condition for code, condition
            in self.env['ar.dunning.engine']._get_item_exclusions(company, today)
            if code != 'open_reminder'
        )
        residual, residual_currency = self.env['ar.dunning.engine']._get_item_residual(
            company)
        self.env.cr.execute(SQL(
            """
            WITH still AS (
                SELECT line.id, %(residual)s AS amount_residual,
                       %(residual_currency)s AS amount_residual_currency,
                       %(today)s - COALESCE(l.date_maturity, l.date) AS age
                  FROM ar_reminder_line line
                  JOIN account_move_line l ON l.id = line.move_line_id
                  JOIN account_move m ON m.id = l.move_id
                  JOIN res_partner p ON p.id = l.partner_id
                  JOIN ar_customer c ON c.id = line.customer_id
                 WHERE line.reminder_id = ANY(%(ids)s) AND l.parent_state = 'posted'
                   AND l.amount_residual > 0
                   AND (%(excluded)s) IS NOT TRUE
            ), updated AS (
                UPDATE ar_reminder_line line
                   SET amount_residual = still.amount_residual,
                       amount_residual_currency = still.amount_residual_currency,
                       days_overdue = still.age
                  FROM still WHERE still.id = line.id
            )
            DELETE FROM ar_reminder_line line
             WHERE line.reminder_id = ANY(%(ids)s)
               AND NOT EXISTS (SELECT 1 FROM still WHERE still.id = line.id)
            """,
            ids=self.ids, today=today, excluded=conditions,
            residual=residual, residual_currency=residual_currency,
        ))

    def _cancel_empty(self):
        """Cancel what has no item left that reaches its level, or nothing to claim."""
        empty = self.filtered(lambda reminder: not any(
            line.kind == 'step' for line in reminder.line_ids)
            or reminder.currency_id.compare_amounts(reminder.amount_claimed, 0) <= 0)
        for reminder in empty:
            reminder._set_cancelled(self.env._(
                "Nothing left to claim: the items were paid, matched or excluded meanwhile."))
        return self - empty
