from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

# Only these carry the words that the law asks for; a call or an SMS proves nothing.
WRITTEN = ('email', 'letter')


class FreeNotice(NamedTuple):
    """A message of ours about an item that charged nothing and named the days and the cost."""
    day: object
    channel: str
    # Day of its receipt, when somebody has noted it.
    received: object = None


class ArReminder(models.Model):
    """EXTENDS dunning: the free notice that some laws want before anything may be charged.

    Belgium: Book XIX of the code of economic law, first reminder free and 14 days. Netherlands:
    notice of 14 days with the exact cost (article 6:96 of the civil code). Rules and days are those
    of `ar.legal.regime`.
    """
    _inherit = 'ar.reminder'

    free_notice = fields.Boolean(
        string="Free notice", readonly=True, copy=False,
        help="Sent so that cost may be charged later, as the law of the customer wants it: it "
             "charges nothing, names the days and the cost, and moves nothing on the ladder.")
    free_until = fields.Date(
        string="Nothing charged until", readonly=True, copy=False,
        help="Last day on which nothing may be charged after this notice; set when it has left.")

    def _is_free_notice(self):
        """Tell whether this message serves as the free notice of the law of its customer."""
        self.ensure_one()
        if self.channel not in WRITTEN or not (
                self.free_notice or self.level_id.interest_mode == 'notice'):
            return False
        # sudo: the law is no secret.
        return self.customer_id.sudo().effective_regime_id.sudo()._wants_free_notice()

    def _get_interest_mode(self):
        """Return what this message says about late interest: a code of `INTEREST_MODES`."""
        self.ensure_one()
        return 'notice' if self.free_notice else self.level_id.interest_mode

    def _update_state(self, allowed, target, **vals):
        """EXTENDS dunning: the proof of the free notice is written with its sending."""
        moved = super()._update_state(allowed, target, **vals)
        if target == 'sent':
            for reminder in moved.filtered(lambda reminder: reminder._is_free_notice()):
                # sudo: see above.
                regime = reminder.customer_id.sudo().effective_regime_id.sudo()
                reminder.sudo().write({
                    'free_notice': True,
                    'free_until': regime._get_last_free_day(
                        reminder.sent_date, reminder.channel)})
        return moved


class ArInterestEngine(models.AbstractModel):
    """EXTENDS law: a free notice of ours is a notice about each item that it listed as late."""
    _inherit = 'ar.interest.engine'

    @api.model
    def _read_items(self, customers, date, moves, paid_since):
        """EXTENDS law: the free notices of each item, in one query."""
        items = super()._read_items(customers, date, moves, paid_since)
        notices = self._read_free_notices([part for item in items for part in item['parts']])
        for item in items:
            item['free_notices'] = [
                notice for part in item['parts'] for notice in notices.get(part, ())]
        return items

    @api.model
    def _read_free_notices(self, item_ids):
        """Return {item id: [FreeNotice]} of what has left, oldest first, in one query."""
        if not item_ids:
            return {}
        for model in ('ar.reminder', 'ar.reminder.line'):
            self.env[model].flush_model()
        found = {}
        for item_id, *notice in self.env.execute_query(SQL(
                """
                SELECT line.move_line_id, sent.sent_date, sent.channel, sent.free_received_on
                  FROM account_move_line item
                  JOIN ar_reminder_line line
                    ON line.move_id = item.move_id AND line.move_line_id = item.id
                  JOIN ar_reminder sent ON sent.id = line.reminder_id
                 WHERE item.id = ANY(%s) AND line.kind <> 'credit'
                   AND line.days_overdue > 0 AND sent.state = 'sent' AND sent.free_notice
                   AND sent.sent_date IS NOT NULL AND sent.channel = ANY(%s)
                 ORDER BY sent.sent_date, sent.id
                """, list(item_ids), list(WRITTEN))):
            found.setdefault(item_id, []).append(FreeNotice(*notice))
        return found

    @api.model
    def _count_free_reminders(self, item_ids, date):
        """Return {item id: how many written messages until a day listed it as late, for free}."""
        for model in ('ar.reminder', 'ar.reminder.line', 'ar.dunning.level'):
            self.env[model].flush_model()
        return dict(self.env.execute_query(SQL(
            """
            SELECT line.move_line_id, COUNT(DISTINCT sent.id)
              FROM account_move_line item
              JOIN ar_reminder_line line
                ON line.move_id = item.move_id AND line.move_line_id = item.id
              JOIN ar_reminder sent ON sent.id = line.reminder_id
              JOIN ar_dunning_level level ON level.id = sent.level_id
             WHERE item.id = ANY(%s) AND line.kind <> 'credit'
               AND line.days_overdue > 0 AND sent.state = 'sent' AND sent.channel = ANY(%s)
               AND sent.sent_date <= %s
               AND (sent.free_notice OR level.interest_mode <> 'claim')
             GROUP BY line.move_line_id
            """, list(item_ids), list(WRITTEN), date)))

    def _get_notices(self, item, customer):
        """EXTENDS law."""
        return [*super()._get_notices(item, customer), *item.get('free_notices', ())]


class ArLegalRegime(models.Model):
    _inherit = 'ar.legal.regime'

    def _waits_item_by_item(self):
        """Tell whether late interest itself waits for the notice of each item."""
        # sudo: the law is no secret.
        regime = self.sudo()
        return bool(regime) and regime.needs_notice and regime.free_reminders < 2

    def _judge_free_notice(self, due, notices, count, date):
        """Tell whether cost or interest of an item may be charged on a day.

        :param date due: of the item
        :param list notices: (day it left, channel) of the notices that may be about the item, or
            `FreeNotice`
        :param int count: free written reminders that listed the item
        :param date date: the day
        :return: (code or None, first lawful day or None); code 'free_notice': the free message is
            missing, and the day is the first lawful one when it leaves by e-mail on ``date``;
            'free_days': it has left, its days have not passed; None: lawful
        """
        self.ensure_one()
        about = [notice for notice in notices if notice[0] > due]
        if not about or count < self.free_reminders and not any(
                not isinstance(notice, FreeNotice) for notice in about):
            return 'free_notice', self._get_last_free_day(date, 'email') + timedelta(days=1)
        last = min(self._get_last_free_day(*notice) for notice in about)
        if date <= last:
            return 'free_days', last + timedelta(days=1)
        return None, None
