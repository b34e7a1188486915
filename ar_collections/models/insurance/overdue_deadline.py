from odoo import api, fields, models
from odoo.tools import SQL, format_date

from ...tools.limitation import add_period
from .delivery import DELIVERED

CLOCKS = [
    ('credit_period', "Insurance: maximum credit period"),
    ('overdue_notice', "Insurance: overdue notice"),
    ('extension', "Insurance: maximum extension period"),
    ('collections', "Insurance: hand over to collections"),
    ('insurance_claim', "Insurance: file the claim"),
    ('insolvency_notice', "Insurance: notify the insolvency"),
]
# Clock: the term of the policy that sets it.
TERMS = {
    'credit_period': 'max_credit_days', 'overdue_notice': 'overdue_notice_days',
    'extension': 'max_extension_days', 'collections': 'collections_days',
    'insurance_claim': 'claim_window_days', 'insolvency_notice': 'insolvency_notice_days',
}
# Clock: the day on the overdue notice that stops it.
STOPS = {
    'overdue_notice': 'sent_on', 'collections': 'handed_over_on',
    'insurance_claim': 'claim_filed_on',
}


class ArDeadline(models.Model):
    """EXTENDS law: what the insurance contract asks for, counted from the original due date.

    Calendar days, never moved: no contract that we have read moves them. A term that nobody has
    typed in sets no deadline.
    """
    _inherit = 'ar.deadline'

    kind = fields.Selection(selection_add=CLOCKS, ondelete={
        code: 'cascade' for code, _label in CLOCKS})
    insurance_policy_id = fields.Many2one(
        'ar.insurance.policy', string="Insurance policy", readonly=True, ondelete='cascade',
        index='btree_not_null')
    overdue_notice_id = fields.Many2one(
        'ar.overdue.notice', string="Overdue notice", readonly=True, ondelete='set null',
        index='btree_not_null')

    @api.model
    def _get_columns(self):
        """EXTENDS law."""
        return {
            **super()._get_columns(), 'insurance_policy_id': 'int4', 'overdue_notice_id': 'int4'}

    @api.model
    def _get_rows(self, company, today, customer_ids):
        """EXTENDS law: the clocks of the insurance policies."""
        rows = super()._get_rows(company, today, customer_ids)
        # sudo: the list is that of the company; who may see which row is asked when it is read.
        policies = self.env['ar.insurance.policy'].sudo().with_context(active_test=False).search(
            [('company_id', 'parent_of', company.ids)])
        if not policies:
            return rows
        self.env['ar.original.due']._note(company, customer_ids)
        return [
            *rows, *self._get_item_clock_rows(company, today, policies, customer_ids),
            *self._get_insolvency_notice_rows(company, policies, customer_ids)]

    @api.model
    def _get_item_clock_rows(self, company, today, policies, customer_ids):
        rows = []
        items = self._read_insured_items(company, policies, customer_ids)
        small = self._get_small(company, today, policies, items)
        for item in items:
            policy = policies.browse(item['policy_id'])
            for clock, start in self._get_item_clocks(item, policy, today):
                if clock == 'overdue_notice' and not item['notice_id'] and (
                        (policy.id, item['customer_id']) in small):
                    continue
                done = item.get(STOPS.get(clock))
                last = add_period(start, days=policy._get_days(TERMS[clock]))
                rows.append({
                    'kind': clock, 'key': f"{item['id']}:{policy.id}",
                    'customer_id': item['customer_id'], 'partner_id': item['partner_id'],
                    'move_line_id': item['id'], 'move_id': item['move_id'], 'start_day': start,
                    'counted_day': last, 'last_day': last, 'amount': item['amount'],
                    'insurance_policy_id': policy.id, 'overdue_notice_id': item['notice_id'],
                    'done_on': done or None,
                })
        return rows

    @api.model
    def _get_small(self, company, today, policies, items):
        """Return {(policy id, customer id)} whose overdue is too small to be notified.

        All of a customer together, so that many small items are told; an item that stands in a
        notice keeps its clock. The other clocks of the contract know no smallest amount.

        :param items: rows of `_read_insured_items`, in company currency
        """
        sums = {}
        for item in items:
            if item['original_due'] < today and policies.browse(
                    item['policy_id']).min_overdue_amount:
                key = item['policy_id'], item['customer_id']
                sums[key] = sums.get(key, 0) + item['amount']
        small = set()
        for (policy_id, customer_id), amount in sums.items():
            policy = policies.browse(policy_id)
            smallest = policy.currency_id._convert(
                policy.min_overdue_amount, company.currency_id, company, today)
            if company.currency_id.compare_amounts(float(amount), smallest) < 0:
                small.add((policy_id, customer_id))
        return small

    @api.model
    def _get_item_clocks(self, item, policy, today):
        """Return [(clock, day that starts it)] of one insured item under one policy.

        The notice and what follows it run once the original due date has passed. A term longer
        than the policy insures is listed with the last day on which the invoice could fall due.
        """
        clocks = []
        if item['original_due'] < today:
            clocks = [(clock, item['original_due']) for clock in (
                'overdue_notice', 'extension', 'collections', 'insurance_claim')
                if policy._get_days(TERMS[clock])]
        longest = policy._get_days('max_credit_days')
        if longest and add_period(item['invoiced'], days=longest) < item['original_due']:
            clocks.append(('credit_period', item['invoiced']))
        return clocks

    @api.model
    def _read_insured_items(self, company, policies, customer_ids):
        """Return the open items of customers under a policy, one row per item and policy.

        An item counts when the contract was in force when it was delivered and a layer above zero
        covered deliveries of that day or covers those of today. One query; amounts in company
        currency.
        """
        self.env.flush_all()
        return self.env.execute_query_dict(SQL(
            """
            SELECT l.id, l.move_id, c.id AS customer_id, c.partner_id, policy.id AS policy_id,
                   l.amount_residual AS amount, original.date AS original_due,
                   COALESCE(m.invoice_date, l.date) AS invoiced, notice.id AS notice_id,
                   -- A day typed into a draft is no notice.
                   CASE WHEN notice.state <> 'draft' THEN notice.sent_on END AS sent_on,
                   notice.handed_over_on, notice.claim_filed_on
              FROM ar_original_due original
              JOIN account_move_line l ON l.id = original.move_line_id
              JOIN account_move m ON m.id = l.move_id
              JOIN ar_customer c ON c.id = original.customer_id
              JOIN ar_insurance_policy policy ON policy.id = ANY(%(policies)s)
                   AND policy.date_from <= %(delivered)s
                   AND (policy.date_to IS NULL OR policy.date_to >= %(delivered)s)
              LEFT JOIN ar_overdue_notice_line told
                ON told.move_line_id = l.id AND told.policy_id = policy.id
                   AND told.state <> 'cancelled'
              LEFT JOIN ar_overdue_notice notice ON notice.id = told.notice_id
             WHERE original.company_id = %(company)s AND l.reconciled IS NOT TRUE
               AND l.parent_state = 'posted' AND l.amount_residual > 0 AND %(scope)s
               AND EXISTS (
                   SELECT 1 FROM ar_cover cover
                     JOIN ar_customer buyer ON buyer.id = cover.customer_id
                     JOIN ar_cover_layer layer ON layer.cover_id = cover.id
                    WHERE buyer.partner_id = c.partner_id AND cover.policy_id = policy.id
                      AND layer.amount > 0
                      AND (%(delivered)s BETWEEN layer.date_from
                               AND COALESCE(layer.date_to, 'infinity')
                           OR %(today)s BETWEEN layer.date_from
                               AND COALESCE(layer.date_to, 'infinity')))
             ORDER BY l.id, policy.id
            """,
            policies=policies.ids, company=company.id, today=company._get_ar_today(),
            delivered=DELIVERED,
            scope=SQL("TRUE") if customer_ids is None else SQL(
                "c.id = ANY(%s)", list(customer_ids))))

    @api.model
    def _get_insolvency_notice_rows(self, company, policies, customer_ids):
        """Return one clock per insolvent customer and policy that covers it."""
        timed = policies.filtered(lambda policy: policy._get_days('insolvency_notice_days'))
        if not timed:
            return []
        # sudo: see above.
        covers = self.env['ar.cover'].sudo().search([
            ('policy_id', 'in', timed.ids), ('company_id', '=', company.id),
            ('customer_id.insolvency_date', '!=', False),
            *([] if customer_ids is None else [('customer_id', 'in', customer_ids)])])
        if not covers:
            return []
        amounts = self._read_insolvency_amounts(company, covers.customer_id)
        rows = {}
        for cover in covers:
            customer, policy = cover.customer_id, cover.policy_id
            event = customer._get_insolvency_event()
            amount = amounts.get(customer.id)
            if not event or not amount:
                continue
            last = add_period(event, days=policy._get_days('insolvency_notice_days'))
            key = f'{customer.id}:{policy.id}:{event}'
            rows[key] = {
                'kind': 'insolvency_notice', 'key': key, 'customer_id': customer.id,
                'partner_id': customer.partner_id.id, 'start_day': event, 'counted_day': last,
                'last_day': last, 'amount': amount, 'insurance_policy_id': policy.id}
        return list(rows.values())

    # === WORDS === #

    def _get_source(self):
        """EXTENDS law: the contract."""
        policy = self.sudo().insurance_policy_id
        if policy:
            return self.env._("Insurance policy %s", policy.policy_number or policy.name)
        return super()._get_source()

    def _get_explanations(self):
        """EXTENDS law: the term of the contract, as somebody typed it in."""
        texts = super()._get_explanations()
        policy = self.sudo().insurance_policy_id
        if not policy or self.kind not in TERMS:
            return texts
        days = policy._get_days(TERMS[self.kind]) or 0
        start = format_date(self.env, self.start_day)
        if self.kind == 'credit_period':
            return [*texts, self.env._(
                "The policy insures terms of at most %(days)s days from the invoice of %(date)s; "
                "this one is longer. Ask the insurer before it is too late.",
                days=days, date=start)]
        if self.kind == 'insolvency_notice':
            return [*texts, self.env._(
                "%(days)s days from %(date)s, when the insolvency was known.",
                days=days, date=start)]
        texts.append(self.env._(
            "%(days)s days from the original due date, %(date)s.", days=days, date=start))
        due = self.move_line_id.sudo().date_maturity
        if due and due != self.start_day:
            texts.append(self.env._(
                "The due date was changed to %s since: that does not count.",
                format_date(self.env, due)))
        return texts

    def _get_items_domain(self):
        """EXTENDS law: an insolvency is about all that was invoiced before it."""
        if self.kind == 'insolvency_notice':
            return self._get_stayed_domain()
        return super()._get_items_domain()

    # === ACTIONS === #

    def action_prepare_notice(self):
        """Prepare the overdue notices of the chosen deadlines: one per policy and customer."""
        return self.env['ar.overdue.notice']._prepare_from(self)
