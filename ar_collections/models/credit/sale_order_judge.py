from odoo import fields, models, tools
from odoo.tools import SQL

from ...tools.prepared import execute_prepared
from ...tools.transaction import get_memory
from .exposure import FEW

PASSED = 'ar_credit_passed'


class SaleOrder(models.Model):
    """EXTENDS credit: what an order asks of the judge, and what is remembered of the answer."""
    _inherit = 'sale.order'

    # === JUDGE === #

    def _get_debtors(self):
        """The invoiced company owes, not the delivery contact (OCA/credit-control#84)."""
        return self.partner_invoice_id.commercial_partner_id

    def _get_credit_amounts(self, rates=None, prepaid=True):
        """Return (credit needed, total) in company currency, at today's rate.

        What is paid or authorised online is no credit: a prepaid order passes, a deposit counts.

        :param dict rates: of the currencies of a batch, read once for all its orders
        :param bool prepaid: False when it is known that nothing was paid online
        """
        self.ensure_one()
        company = self.company_id
        rate = (rates or self._get_credit_rates(company))[self.currency_id.id]
        total = company.currency_id.round(self.amount_total / rate)
        if not prepaid:
            return max(total, 0.0), total
        paid = company.currency_id.round(self.sudo().amount_paid / rate)
        return max(total - paid, 0.0), total

    def _get_prepaid(self, company, binding=False):
        """Return those of these orders that have an online payment of any state, and who was
        written.

        The commercial entities who owe come with the same query: nothing else is needed of them.
        A decision also writes the customers of the orders that it will judge, as
        `ar.customer._touch_for_decision` does, and learns what their rows say.

        :param bool binding: a decision follows
        :return: (orders, rows for `_touch_for_decision`, None when nobody was written, standings
            for `ar.credit.decision._judge`)
        """
        self.env.flush_all()
        columns, joins = SQL(""), SQL("")
        tables = [SQL(
            """
            debtor AS (
                SELECT o.id AS order_id, p.id AS contact_id, p.commercial_partner_id AS debtor_id,
                       o.amount_total > 0 AND o.ar_credit_state = 'none' AS judged,
                       EXISTS (SELECT 1 FROM sale_order_transaction_rel t
                                WHERE t.sale_order_id = o.id) AS paid
                  FROM sale_order o JOIN res_partner p ON p.id = o.partner_invoice_id
                 WHERE o.id = ANY(%s)
            )
            """, self._origin.ids)]
        if binding:
            more, columns, joins = self._get_touch_pieces(company, company._get_ar_today())
            tables.append(more)
        query = SQL(
            "WITH %s SELECT order_id, contact_id, debtor_id, paid %s FROM debtor %s",
            SQL(", ").join(tables), columns, joins)
        rows = execute_prepared(self.env, query) if len(self) <= FEW else (
            self.env.execute_query(query))
        names = [column.name for column in self.env.cr.description]
        rows = [dict(zip(names, row, strict=True)) for row in rows]
        partners = self.env['res.partner'].browse([row['contact_id'] for row in rows])
        partners._fields['commercial_partner_id']._insert_cache(
            partners, [row['debtor_id'] for row in rows])
        paid = {row['order_id'] for row in rows if row['paid']}
        written, standings = None, {}
        if binding:
            written = list({
                row['touched_id']: (row['touched_id'], row['debtor_id'], row['credit_group_id'])
                for row in rows if row['touched_id']}.values())
            standings = {row['debtor_id']: row for row in rows if row.get('is_plain')}
        return self.filtered(lambda order: order._origin.id in paid), written, standings

    @tools.ormcache('company.id', 'date')
    def _get_touch_pieces(self, company, date):
        """Return (tables, columns, joins) with which `_get_prepaid` writes the customers: SQL.

        Kept until a rule or a company changes, as the rules are.
        """
        # sudo: bookkeeping of the judge, whoever confirms.
        Customer = self.env['ar.customer'].sudo()
        Decision = self.env['ar.credit.decision'].sudo()
        tables = [SQL("touched AS (%s)", Customer._get_touch_query(SQL(
            "= ANY(ARRAY(SELECT debtor_id FROM debtor WHERE judged AND NOT paid))"), company))]
        columns = SQL(", t.id AS touched_id, t.credit_group_id")
        joins = SQL("LEFT JOIN touched t ON t.partner_id = debtor_id")
        plain = Decision._get_plain_condition(
            company, Decision._get_asked_rules(company, True), date)
        if plain:
            tables.append(SQL(
                "mine AS (SELECT id FROM ar_customer WHERE partner_id = ANY(ARRAY("
                "SELECT debtor_id FROM debtor)))"))
            columns = SQL(
                "%s, t.id IS NOT NULL AND %s AS is_plain, %s",
                columns, plain, Decision._get_plain_columns(company))
            joins = SQL(
                "%s LEFT JOIN res_partner e ON e.id = t.partner_id"
                " LEFT JOIN ar_risk_class k ON k.id = t.risk_class_id", joins)
        return SQL(", ").join(tables), columns, joins

    def _get_credit_rates(self, company):
        return self.env['ar.credit.exposure'].sudo()._get_rates(
            company, self.currency_id, fields.Date.context_today(self))

    def _get_credit_verdicts(self, company, binding=False, seen=None, passed=None):
        """Return {order: reasons}; prepaid and released orders have none.

        A binding answer leaves a credit check behind: what was decided, and on what.

        :param bool binding: the answer decides: simultaneous decisions on the same customers then
            exclude one another
        :param dict seen: receives {order: what a binding answer was made on}
        :param dict passed: what passed at other companies in the same action, which counts
        """
        # sudo: the judge reads ledgers that a salesperson may not open; only messages come back.
        Decision = self.env['ar.credit.decision'].sudo()
        demands, verdicts, amounts = [], {}, {}
        # Both currencies of an order in one read.
        (company.currency_id | self.currency_id).mapped('rounding')
        rates = self._get_credit_rates(company)
        prepaid, written, standings = self._get_prepaid(company, binding)
        for order in self:
            needed, total = amounts[order] = order._get_credit_amounts(rates, order in prepaid)
            if company.currency_id.compare_amounts(needed, 0) <= 0 or order._is_released(total):
                verdicts[order] = []
                continue
            demands.append({
                'key': order, 'partner': order._get_debtors(), 'added': needed, 'total': total,
                'term': order._get_judged_term(),
                'counted': order._get_counted(needed) if (
                    order in prepaid or order.state == 'sale') else 0.0})
        if binding and demands:
            partners = self.env['res.partner'].union(*(demand['partner'] for demand in demands))
            self.env['ar.customer'].sudo()._touch_for_decision(partners, company, written)
        seen = {} if seen is None else seen
        if demands:
            verdicts.update(Decision._judge(
                company, demands, binding, seen if binding else None, passed, standings))
        if binding:
            self._record_checks(company, 'order', {
                order: (*amounts[order], seen.get(order)) for order in self}, verdicts)
        return verdicts

    def _get_counted(self, needed):
        """Return what the exposure holds of this order already.

        An order that is born confirmed is in it. A deposit paid online stands there as an open
        credit, and it lowered the credit needed already: it counts once.
        """
        self.ensure_one()
        if self.state == 'sale':
            return needed
        # sudo: payments of the order, whoever confirms it.
        payments = self.sudo().transaction_ids.filtered(lambda tx: tx.state == 'done').payment_id
        counted = 0.0
        for payment in payments:
            if payment.move_id:
                counted += sum(payment.move_id.line_ids.filtered(
                    lambda line: line.account_id.account_type == 'asset_receivable'
                    and line.parent_state == 'posted').mapped('amount_residual'))
            elif payment.state in ('in_process', 'paid'):
                counted -= payment.amount_company_currency_signed
        return counted

    def _is_released(self, total):
        """Return whether a release covers this order as it stands now."""
        self.ensure_one()
        if self.ar_credit_state == 'none':
            return False
        today = fields.Date.context_today(self)
        # sudo: the log belongs to the credit team.
        return any(
            hold.state == 'released'
            and self.company_id.currency_id.compare_amounts(total, hold.release_cap) <= 0
            and (not hold.release_until or hold.release_until >= today)
            and hold.customer_id.partner_id == self._get_debtors()
            for hold in self.sudo().ar_hold_ids
        )

    # === WHAT PASSED === #

    def _remember_passed(self):
        """Remember, for this transaction and on the server only, that these orders passed."""
        passed = get_memory(self.env.cr, PASSED)
        for order in self:
            passed[order.id] = order._get_passed_key()
        judged = self.filtered(lambda order: order.ar_credit_state != 'none')
        # sudo: a hold of before has no reason left.
        for hold in judged.sudo().ar_hold_ids.filtered(lambda hold: hold.state == 'held'):
            hold._update_state('auto_released', release_cap=hold.amount)

    def _has_passed(self):
        self.ensure_one()
        return get_memory(self.env.cr, PASSED).get(self.id) == self._get_passed_key()

    def _get_passed_key(self):
        self.ensure_one()
        return (self.amount_total, self.currency_id.id, self._get_debtors().id,
                self.payment_term_id.id)

    def _keep_decided_amount(self):
        """Written by the decision, never by a user; it goes out with what is written anyway."""
        field = self._fields['ar_decided_amount']
        for order in self:
            field.write(order, order.amount_total)
