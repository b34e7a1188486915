from odoo import api, fields, models
from odoo.tools import SQL, format_date

from .cover_follow import LOOK_BACK_DAYS

# Decisions under which something may be covered, as long as layers and policy run.
RUNNING = (
    'granted', 'granted_conditional', 'granted_partial', 'preliminary', 'increase_refused',
    'reduced', 'withdrawal_announced')


class ArCover(models.Model):
    """EXTENDS: covers that end by their dates alone, without a word of the insurer."""
    _inherit = 'ar.cover'

    expired_on = fields.Date(
        string="Ended by its dates on", readonly=True,
        help="Last day of delivery that was covered. Nobody decided it: the dates of the layers "
             "or of the policy have passed.")

    @api.model
    def _expire_by_calendar(self):
        """Let covers expire of which no layer covers deliveries of today or later.

        Killed anywhere and run again, it goes on with the rest: a cover leaves the question with
        the statement that ends it, and its activity is planned in the same transaction.

        :return: False when the time of the scheduled action is over
        """
        self._revive()
        single, bulk = [], {}
        for cover_id, policy_id, status, last, by_policy, told in self._get_lapsed():
            status = 'withdrawn' if status == 'withdrawal_announced' and not by_policy \
                else 'expired'
            if by_policy or not told:
                bulk.setdefault((by_policy and told and policy_id), {}).setdefault(
                    (status, last), []).append(cover_id)
            else:
                single.append((cover_id, status, last))
        self.env['ir.cron']._commit_progress(remaining=len(bulk) + len(single))
        for policy_id, groups in bulk.items():
            # A message each would be noise: a policy that ends takes all of its covers along.
            for (status, last), cover_ids in groups.items():
                self.browse(cover_ids).with_context(tracking_disable=True)._end(status, last)
            if policy_id:
                self.env['ar.insurance.policy'].browse(policy_id)._tell_ended(
                    sum(map(len, groups.values())))
            if not self.env['ir.cron']._commit_progress(1):
                return False
        for cover_id, status, last in single:
            cover = self.browse(cover_id)
            cover._end(status, last)
            cover._tell_ended(last)
            if not self.env['ir.cron']._commit_progress(1):
                return False
        return True

    @api.model
    def _get_days_query(self):
        """Return the query of (company_id, today): each company has its own day."""
        companies = self.env['res.company'].search(fields.Domain.TRUE)
        return SQL(
            "SELECT * FROM UNNEST(%s::int[], %s::date[]) AS day(company_id, today)",
            companies.ids, [company._get_ar_today() for company in companies])

    @api.model
    def _get_lapsed(self):
        """Return [(cover, policy, status, last day covered, ended by its policy, ended lately)]
        of covers that say granted and cover nothing any more: one query.

        One that starts later, and one of which a layer has yet to start, has not ended.
        """
        for model in ('ar.cover', 'ar.cover.layer', 'ar.insurance.policy'):
            self.env[model].flush_model()
        return self.env.execute_query(SQL(
            """
            SELECT cover.id, cover.policy_id, cover.status, LEAST(layer.last, policy.date_to),
                   COALESCE(policy.date_to <= layer.last, policy.date_to IS NOT NULL),
                   policy.active AND LEAST(layer.last, policy.date_to) >= day.today - %(back)s
              FROM ar_cover cover
              JOIN ar_insurance_policy policy ON policy.id = cover.policy_id
              JOIN (%(days)s) day ON day.company_id = cover.company_id
              JOIN LATERAL (SELECT MAX(COALESCE(date_to, 'infinity')) AS last
                              FROM ar_cover_layer WHERE cover_id = cover.id) layer ON TRUE
             WHERE cover.status = ANY(%(running)s)
               AND LEAST(layer.last, policy.date_to) < day.today
             ORDER BY cover.id
            """, days=self._get_days_query(), running=list(RUNNING), back=LOOK_BACK_DAYS))

    @api.model
    def _revive(self):
        """Give covers back what they said, when somebody has extended the policy that ended."""
        self.env.flush_all()
        rows = self.env.execute_query(SQL(
            """
            SELECT DISTINCT ON (cover.id) cover.id, layer.status
              FROM ar_cover cover
              JOIN ar_insurance_policy policy ON policy.id = cover.policy_id
              JOIN (%(days)s) day ON day.company_id = cover.company_id
              JOIN ar_cover_layer layer ON layer.cover_id = cover.id
               AND layer.date_from <= day.today
               AND (layer.date_to IS NULL OR layer.date_to >= day.today)
             WHERE cover.status = 'expired' AND cover.expired_on IS NOT NULL
               AND policy.date_from <= day.today
               AND (policy.date_to IS NULL OR policy.date_to >= day.today)
             ORDER BY cover.id, layer.rank, layer.date_from DESC, layer.id DESC
            """, days=self._get_days_query()))
        groups = {}
        for cover_id, status in rows:
            groups.setdefault(status, []).append(cover_id)
        for status, cover_ids in groups.items():
            covers = self.browse(cover_ids)
            # sudo: a cover is written by decisions; this one was never taken back.
            covers.sudo().with_context(tracking_disable=True).write(
                {'status': status, 'expired_on': False})
            covers.customer_id.sudo().hold_ids.filtered(
                lambda hold: hold.state == 'held')._judge_again()

    def _end(self, status, last):
        # sudo: a cover is written by decisions; the calendar is part of the one it had.
        self.sudo().write({
            'status': status, 'expired_on': last if status == 'expired' else False})

    def _tell_ended(self, last):
        """Tell whoever follows the customer that its cover has ended."""
        self.ensure_one()
        user = self.collector_id or self.company_id._get_ar_responsible()
        cover = self.with_context(lang=user.lang)
        env = cover.env
        text = env._(
            "%(policy)s: the cover ended on %(date)s. Deliveries after that day are not covered. "
            "Ask for cover again, or type in the new decision.",
            policy=cover.policy_id.name, date=format_date(env, last))
        self.customer_id._message_log(body=text)
        status = dict(cover._fields['status']._description_selection(env))[cover.status]
        cover.activity_schedule(
            'mail.mail_activity_data_todo', user_id=user.id, note=text,
            date_deadline=self.company_id._get_ar_today(),
            summary=env._("Cover: %s", status))


class ArInsurancePolicy(models.Model):
    """EXTENDS: what concerns all covers of a policy is told once, on the policy."""
    _inherit = 'ar.insurance.policy'

    def _tell_ended(self, count):
        """Tell whoever is responsible in the company that the policy took its covers along."""
        self.ensure_one()
        user = self.company_id._get_ar_responsible()
        policy = self.with_context(lang=user.lang)
        env = policy.env
        policy.activity_schedule(
            'mail.mail_activity_data_todo', user_id=user.id,
            date_deadline=self.company_id._get_ar_today(),
            summary=env._("The policy has ended"),
            note=env._(
                "%(policy)s ended on %(date)s, and %(count)s covers with it: deliveries after that "
                "day are not covered. If the contract goes on, extend its dates and the covers "
                "count again; otherwise create the new policy.", policy=policy.name, count=count,
                date=format_date(env, self.date_to)))
