from odoo import api, fields, models
from odoo.tools import SQL

from .insolvency import ARISEN, OVERSEAS


class ArDeadline(models.Model):
    """Time limits of proceedings: payment orders and insolvency."""
    _inherit = 'ar.deadline'

    @api.model
    def _get_rows(self, company, today, customer_ids):
        """EXTENDS: payment orders that go on, and claims to declare in insolvency."""
        return [
            *super()._get_rows(company, today, customer_ids),
            *self._get_court_rows(company, today, customer_ids),
            *self._get_insolvency_rows(company, today, customer_ids),
        ]

    # === PAYMENT ORDERS === #

    @api.model
    def _get_court_rows(self, company, today, customer_ids):
        # sudo: the list is that of the company; who may see which row is asked when it is read.
        steps = self.env['ar.court.step'].sudo().search([
            ('company_id', '=', company.id), ('closed_on', '=', False),
            ('order_date', '!=', False),
            *([] if customer_ids is None else [('customer_id', 'in', customer_ids)])], order='id')
        if not steps:
            return []
        amounts = self._read_open_amounts(steps.item_ids.ids)
        rows = []
        for country, here in steps.grouped('country_id').items():
            rules = self.env['ar.procedural.rule']._get_rules(country)
            calendar = company._get_ar_court_calendar(country)
            for step in here:
                amount = sum(amounts.get(item.id, 0) for item in step.item_ids)
                for clock, event, done in self._get_court_clocks(step):
                    row = self._get_procedural_row(
                        rules.get(clock), clock, event, calendar, step.customer_id)
                    # Not our step to take: once the time is over, there is nothing to watch.
                    if not row or clock == 'opposition' and row['last_day'] < today:
                        continue
                    late = bool(done) and done > row['last_day']
                    rows.append({
                        **row, 'key': f'{step.id}', 'court_step_id': step.id,
                        'amount': amount, 'done_on': done if done and not late else None})
                    if late and clock == 'order_service':
                        # The order was void by then: nothing that follows it counts.
                        break
        return rows

    @staticmethod
    def _get_court_clocks(step):
        """Return the clocks of a payment order: (clock, what starts it, done on or False)."""
        clocks = [('order_service', step.order_date, step.served_on)]
        if step.served_on and not step.opposed_on:
            clocks.append(('opposition', step.served_on, False))
        if step.deposit_asked_on:
            clocks.append(('deposit', step.deposit_asked_on, step.deposit_paid_on))
        return clocks

    @api.model
    def _get_procedural_row(self, rules, clock, event, calendar, customer, abroad=False):
        """Return the part of a row that the rule of law gives, or None without a rule."""
        rule = rules._pick(event) if rules else None
        if not rule:
            return None
        counted, last = rule._get_days(event, calendar, abroad)
        return {
            'kind': clock, 'customer_id': customer.id, 'partner_id': customer.partner_id.id,
            'start_day': event, 'counted_day': counted, 'last_day': last,
            'procedural_rule_id': rule.id, 'is_abroad': abroad,
        }

    @api.model
    def _read_open_amounts(self, item_ids):
        """Return {item id: open today in company currency}: one query."""
        return dict(self.env.execute_query(SQL(
            "SELECT id, amount_residual FROM account_move_line"
            " WHERE id = ANY(%s) AND parent_state = 'posted' AND amount_residual > 0",
            list(item_ids))))

    # === INSOLVENCY === #

    @api.model
    def _get_insolvency_rows(self, company, today, customer_ids):
        """Return the declarations to make, and the relief to ask for when one was missed."""
        # sudo: see above.
        customers = self.env['ar.customer'].sudo().with_context(active_test=False).search([
            ('company_id', '=', company.id), ('insolvency_date', '!=', False),
            *([] if customer_ids is None else [('id', 'in', customer_ids)])], order='id')
        if not customers:
            return []
        amounts = self._read_insolvency_amounts(company, customers)
        declared = set(self.sudo().search([
            ('company_id', '=', company.id), ('kind', '=', 'insolvency_claim'),
            ('state', '=', 'done')]).mapped('key'))
        rows = []
        for country, here in customers.grouped(
                lambda c: c.partner_id.country_id or company.country_id).items():
            french = country.code in ('FR', *OVERSEAS)
            court = self.env.ref('base.fr') if french else country
            rules = self.env['ar.procedural.rule']._get_rules(court)
            calendar = company._get_ar_court_calendar(court)
            for customer in here:
                event = customer._get_insolvency_event()
                if not event or not amounts.get(customer.id):
                    continue
                abroad = self._is_elsewhere(company.partner_id, customer.partner_id)
                key, missed = f'{customer.id}:{event}', False
                for clock in ('insolvency_claim', 'insolvency_relief'):
                    row = self._get_procedural_row(
                        rules.get(clock), clock, event, calendar, customer, abroad)
                    if not row or clock == 'insolvency_relief' and not missed:
                        continue
                    missed = row['last_day'] < today and key not in declared
                    rows.append({**row, 'key': key, 'amount': amounts[customer.id]})
        return rows

    @api.model
    def _read_insolvency_amounts(self, company, customers):
        """Return {customer id: open today on what was invoiced before the judgment}."""
        return dict(self.env.execute_query(SQL(
            """
            SELECT c.id, SUM(l.amount_residual)
              FROM account_move_line l
              JOIN account_move m ON m.id = l.move_id
              JOIN res_partner p ON p.id = l.partner_id
              JOIN ar_customer c
                ON c.partner_id = p.commercial_partner_id AND c.company_id = l.company_id
             WHERE l.account_id = ANY(%s) AND l.reconciled IS NOT TRUE AND l.company_id = %s
               AND l.parent_state = 'posted' AND c.id = ANY(%s) AND l.amount_residual > 0
               AND %s < c.insolvency_date
             GROUP BY c.id
            """,
            company._get_ar_exposure_account_ids(), company.id, customers.ids, ARISEN)))

    @api.model
    def _is_elsewhere(self, creditor, debtor):
        """Tell whether the creditor is elsewhere than the court of the debtor.

        Code de commerce R622-24: the time is doubled for creditors abroad, and between overseas
        and mainland France. Where an address is missing nothing is doubled: the earlier day.
        """
        ours, theirs = self._get_territory(creditor), self._get_territory(debtor)
        return bool(ours and ours != theirs)

    @staticmethod
    def _get_territory(partner):
        """Return 'FR' for the mainland, a code of its own for each other territory or country."""
        code = partner.country_id.code
        if code != 'FR':
            return code or None
        post = (partner.zip or '').replace(' ', '')
        return post[:3] if post[:2] in ('97', '98') else 'FR'

    def _get_items_domain(self):
        """EXTENDS: what arose before the judgment."""
        if self.kind in ('insolvency_claim', 'insolvency_relief'):
            return self._get_stayed_domain()
        return super()._get_items_domain()

    def _get_stayed_domain(self):
        """Return the domain of the open items of before the judgment, doubtful ones included."""
        self.ensure_one()
        # sudo: the domain names the items; who may see them is asked when they are read.
        customer = self.customer_id.sudo()
        return fields.Domain('id', 'in', customer._filter_stayed(customer._get_owed_items()).ids)
