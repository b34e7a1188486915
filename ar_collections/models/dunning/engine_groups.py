from odoo import api, models
from odoo.tools import SQL


class ArDunningEngine(models.AbstractModel):
    """From items to messages: who hears about them, by which channel, and which must wait."""
    _inherit = 'ar.dunning.engine'

    def _create_group_table(self, company, date):
        """One row per message: level, amounts, reason to wait, channel and recipient."""
        self.env.cr.execute(SQL(
            """
            CREATE TEMP TABLE ar_dunning_group ON COMMIT DROP AS
            WITH grouped AS (
                SELECT item.customer_id, item.policy_id,
                       CASE WHEN policy.grouping = 'invoice' THEN item.move_id END AS move_id,
                       item.step_offset < 0 AS before_due,
                       -- The level of the highest offset, without sorting all items.
                       (MAX(ARRAY[item.step_offset, item.step_level_id]))[2] AS level_id,
                       MAX(item.step_offset) AS step_offset, COUNT(*)::int AS item_count,
                       SUM(item.residual) AS amount, MAX(item.auto_steps) AS auto_steps
                  FROM ar_dunning_item item
                  JOIN ar_dunning_policy policy ON policy.id = item.policy_id
                 WHERE item.reason IS NULL AND item.step_level_id IS NOT NULL
                 GROUP BY 1, 2, 3, 4
            ),
            contact AS (
                SELECT customer_id, MAX(sent_date) AS last_date
                  FROM ar_reminder
                 WHERE company_id = %(company)s AND state IN ('sent', 'unknown')
                   AND sent_date > %(date)s::date - 400
                 GROUP BY customer_id
            ),
            waiting AS (
                SELECT customer_id, array_agg(move_id) AS move_ids FROM ar_reminder
                 WHERE company_id = %(company)s AND state IN (
                    'proposed', 'approved', 'queued', 'sending', 'failed', 'unknown')
                 GROUP BY customer_id
            ),
            judged AS (
                SELECT grouped.*, policy.grouping, policy.max_auto_steps, level.execution,
                       level.channel, level.fallback_channel, level.second_fallback_channel,
                       level.scope, policy.netting,
                       customer.partner_id, customer.collections_contact_id,
                       COALESCE(customer.collector_id, %(collector)s::int) AS collector_id,
                       CASE
                           WHEN waiting.customer_id IS NOT NULL
                                AND (policy.grouping = 'customer'
                                     OR grouped.move_id = ANY(waiting.move_ids))
                           THEN 'open_reminder'
                           WHEN contact.last_date + policy.min_days_between > %(date)s
                                AND NOT (policy.grouping = 'invoice'
                                         AND contact.last_date = %(date)s)
                           THEN 'too_soon'
                           WHEN grouped.amount < level.min_amount THEN 'minimum'
                       END AS reason
                  FROM grouped
                  JOIN ar_dunning_policy policy ON policy.id = grouped.policy_id
                  JOIN ar_dunning_level level ON level.id = grouped.level_id
                  JOIN ar_customer customer ON customer.id = grouped.customer_id
                  LEFT JOIN contact ON contact.customer_id = grouped.customer_id
                  LEFT JOIN waiting ON waiting.customer_id = grouped.customer_id
            ),
            ranked AS (
                -- A message that waits for another reason goes before nobody.
                SELECT judged.*, ROW_NUMBER() OVER (
                           PARTITION BY customer_id, grouping, reason IS NULL
                           ORDER BY step_offset DESC, policy_id) AS rank
                  FROM judged
            )
            SELECT ROW_NUMBER() OVER (ORDER BY judged.customer_id, judged.move_id) AS group_id,
                   judged.customer_id, judged.partner_id, judged.policy_id, judged.move_id,
                   judged.before_due, judged.level_id, judged.item_count, judged.amount,
                   judged.collector_id, judged.scope, judged.netting,
                   judged.channel AS planned_channel,
                   COALESCE(judged.reason, CASE
                       WHEN judged.grouping = 'customer' AND judged.rank > 1 THEN 'one_message'
                   END) AS reason,
                   reach.channel, COALESCE(reach.recipient_id, judged.partner_id) AS recipient_id,
                   CASE WHEN judged.execution = 'automatic'
                             AND judged.auto_steps >= judged.max_auto_steps
                        THEN 'approve' ELSE judged.execution END AS execution,
                   judged.execution = 'automatic'
                       AND judged.auto_steps >= judged.max_auto_steps AS capped
              FROM ranked judged
              JOIN LATERAL (%(reach)s) reach ON TRUE
            """,
            company=company.id, date=date, reach=self._get_reach_query(),
            collector=company.sudo().ar_collector_id.id or None,
        ))
        self._analyze(SQL("ar_dunning_group"))

    def _get_reach_query(self):
        """Return the first channel that reaches somebody, and whom; alias `judged` is the group.

        Candidates in order: collections contact, invoice contacts, the customer itself.
        """
        return SQL(
            """
            SELECT way.channel, someone.id AS recipient_id
              FROM (
                SELECT 1 AS rank, contact.id FROM res_partner contact
                 WHERE contact.id = judged.collections_contact_id AND contact.active
                 UNION ALL
                SELECT 2, contact.id FROM res_partner contact
                 WHERE contact.parent_id = judged.partner_id AND contact.type = 'invoice'
                   AND contact.active
                 UNION ALL
                SELECT 3, judged.partner_id
              ) someone
              JOIN res_partner address ON address.id = someone.id
              -- The planner knows how long an array is: addresses are read once, not per channel.
              CROSS JOIN unnest(ARRAY[
                   judged.channel, judged.fallback_channel, judged.second_fallback_channel,
                   'task']) WITH ORDINALITY way (channel, rank)
             WHERE %(reachable)s
             ORDER BY way.rank, someone.rank, someone.id
             LIMIT 1
            """,
            reachable=SQL(" OR ").join(
                SQL("(way.channel = %s AND %s)", channel, condition)
                for channel, condition in self._get_reachable_conditions()
            ),
        )

    @api.model
    def _get_reachable_conditions(self):
        """Return, per channel, what an address needs; alias `address` is a partner.

        :return: list of (channel, SQL condition)
        """
        has_sms = 'sms.sms' in self.env
        return [
            ('email', SQL("address.email_normalized IS NOT NULL")),
            ('letter', SQL("address.street <> '' AND address.city <> ''")),
            ('sms', SQL("address.phone <> ''") if has_sms else SQL("FALSE")),
            ('call', SQL("address.phone <> ''")),
            ('task', SQL("TRUE")),
        ]

    def _exclude_items_of_refused_groups(self):
        """Give the items of a message that waits the reason of the message."""
        self.env.cr.execute(SQL(
            """
            UPDATE ar_dunning_item item SET reason = refused.reason
              FROM ar_dunning_group refused
             WHERE refused.reason IS NOT NULL AND item.reason IS NULL
               AND item.step_level_id IS NOT NULL
               AND refused.customer_id = item.customer_id
               AND refused.policy_id = item.policy_id
               AND refused.before_due = (item.step_offset < 0)
               AND (refused.move_id IS NULL OR refused.move_id = item.move_id)
            """))
