from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from ...tools.transaction import write_again

# The scheduled action may have been off for a while.
LOOK_BACK_DAYS = 60


class ArCover(models.Model):
    """EXTENDS: what follows from a cover: the credit limit, and held orders judged again."""
    _inherit = 'ar.cover'

    @api.model
    def _cron_follow(self):
        """Scheduled action: what changes by the calendar alone.

        A withdrawal that was announced takes effect, a temporary layer or a policy ends: what
        covers nothing any more expires and is told; limits follow, and what the policy grants by
        itself is looked at again. Each customer and day once: running twice changes nothing.
        """
        if not write_again(self.env, self._expire_by_calendar):
            return
        policies = self.env['ar.insurance.policy'].search(fields.Domain.TRUE)
        covers = self._get_turning()
        cron = self.env['ir.cron']
        if cron._ar_work_through(policies, type(policies)._renew_own_covers):
            cron._ar_work_through(covers, type(self)._follow)

    @api.model
    def _get_turning(self):
        """Return the covers whose amount may have changed by the calendar, or that no limit has
        followed yet: one query. Following one twice changes nothing."""
        for model in ('ar.cover', 'ar.cover.layer', 'ar.insurance.policy'):
            self.env[model].flush_model()
        today = fields.Date.today()
        return self.browse([row[0] for row in self.env.execute_query(SQL(
            """
            SELECT cover.id FROM ar_cover cover
              JOIN ar_insurance_policy policy ON policy.id = cover.policy_id
             WHERE policy.active AND policy.limit_follows
               AND (cover.followed_key IS NULL
                    OR policy.date_to BETWEEN %(since)s AND %(today)s
                    OR EXISTS (SELECT 1 FROM ar_cover_layer layer
                                WHERE layer.cover_id = cover.id
                                  AND (layer.date_from BETWEEN %(since)s AND %(today)s
                                       OR layer.date_to BETWEEN %(since)s AND %(today)s)))
             ORDER BY cover.id
            """, today=fields.Date.add(today, days=1),
            since=fields.Date.subtract(today, days=LOOK_BACK_DAYS)))])

    def _follow(self):
        """Let the credit limit of the customer follow, when the policy wants it; once per change.
        """
        self.ensure_one()
        policy, customer = self.policy_id, self.customer_id
        if not policy.limit_follows:
            customer.sudo().hold_ids.filtered(lambda hold: hold.state == 'held')._judge_again()
            return
        today = self.company_id._get_ar_today()
        steps = self._get_limit_steps(today)
        if steps is None:
            return
        key = ';'.join(f'{amount:.2f}|{until or ""}' for amount, until in steps)
        if self.followed_key == key:
            return
        self.followed_key = key
        reason = self.env._(
            "Cover of %(policy)s, %(percent)s %%.", policy=policy.name,
            percent=f'{policy.limit_percent:g}')
        # The robot follows the policy that a credit manager has set up.
        user = self.env.ref('base.user_root')
        for amount, until in steps:
            if amount:
                customer._grant_limit(amount, reason=reason, user=user, date_to=until)
            elif policy.limit_without_cover == 'none' and not until:
                customer._grant_limit(0.0, reason=reason, user=user, kind='none')

    def _get_limit_steps(self, today):
        """Return [(limit in company currency, last day or None)]: the permanent one, then what a
        dated layer adds until it ends; None when the amount cannot be converted."""
        covers = self.search([
            ('customer_id', '=', self.customer_id.id), ('policy_id.limit_follows', '=', True)])
        steady, total, until = 0.0, 0.0, None
        for cover in covers:
            amounts = cover.layer_ids.filtered(lambda layer: (
                layer.date_from <= today and (not layer.date_to or layer.date_to >= today)))
            if not cover.policy_id._is_live(today):
                continue
            for layer in amounts:
                try:
                    rate = self.env['ar.credit.exposure']._get_rates(
                        self.company_id, cover.currency_id, today)[cover.currency_id.id]
                except UserError:
                    return None
                amount = layer.amount / rate * cover.policy_id.limit_percent / 100
                total += amount
                if layer.date_to:
                    until = min(until or layer.date_to, layer.date_to)
                else:
                    steady += amount
        currency = self.company_id.currency_id
        steps = [(currency.round(steady), None)]
        if until and currency.compare_amounts(total, steady):
            steps.append((currency.round(total), until))
        return steps


class ArInsurancePolicy(models.Model):
    _inherit = 'ar.insurance.policy'

    rate_problem = fields.Char(compute='_compute_rate_problem')

    @api.depends('currency_id', 'company_id')
    def _compute_rate_problem(self):
        """Say why the covers of a policy count as nothing in the figures, or False."""
        for policy in self:
            policy.rate_problem = False
            if not policy.company_id or not policy.currency_id:
                continue
            today = policy.company_id._get_ar_today()
            try:
                self.env['ar.credit.exposure']._get_rates(
                    policy.company_id, policy.currency_id, today)
            except UserError:
                policy.rate_problem = self.env._(
                    "%(currency)s has no exchange rate on %(date)s: covers count as nothing until "
                    "you add one under Accounting, Currencies.",
                    currency=policy.currency_id.name, date=format_date(self.env, today))
