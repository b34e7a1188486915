from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL

from ...tools.limitation import Act, compute_limitation
from ...tools.open_items import DUE_DATE


class ArDeadline(models.Model):
    """Prescription, item by item."""
    _inherit = 'ar.deadline'

    @api.model
    def _get_rows(self, company, today, customer_ids):
        """EXTENDS: the open items whose prescription comes within the horizon, or has come."""
        return super()._get_rows(company, today, customer_ids) + self._get_prescription_rows(
            company, today, customer_ids)

    @api.model
    def _get_prescription_rows(self, company, today, customer_ids):
        horizon = today + relativedelta(days=company.ar_deadline_horizon_days)
        cutoff = self._get_prescription_cutoff(company, horizon)
        if cutoff is None:
            return []
        items = self._read_prescription_items(company, SQL(
            "LEAST(%s, COALESCE(m.invoice_date, l.date)) <= %s AND %s", DUE_DATE, cutoff,
            SQL("TRUE") if customer_ids is None else SQL("c.id = ANY(%s)", list(customer_ids))))
        rows = []
        for item, rule, limitation in self._get_limitations(company, items):
            if limitation.last_day > horizon:
                continue
            step = limitation.last_effective
            act_id = step.act.key if step else None
            rows.append({
                'kind': 'prescription', 'key': f"{item['id']}:{limitation.start}",
                'customer_id': item['customer_id'], 'partner_id': item['partner_id'],
                'move_line_id': item['id'], 'move_id': item['move_id'],
                'start_day': limitation.start, 'counted_day': limitation.last_day,
                'last_day': limitation.last_day, 'amount': item['amount'],
                'limitation_rule_id': rule.id,
                'limitation_act_id': act_id if isinstance(act_id, int) else None,
            })
        return rows

    @api.model
    def _get_prescription_cutoff(self, company, horizon):
        """Return the latest date of an item that can be barred by ``horizon``, or None.

        Acts only make a prescription longer: an item younger than the shortest period is out.
        """
        # sudo: the law is no secret.
        rules = self.env['ar.limitation.rule'].sudo().search([('state', '=', 'confirmed')])
        # Where the trade has no rule, the general one binds: see `_pick_for`.
        rules = rules.filtered(lambda rule: rule.trade in (company.ar_limitation_trade, 'general'))
        rules |= self.env['ar.customer'].sudo().with_context(active_test=False).search([
            ('company_id', '=', company.id),
            ('limitation_rule_id', '!=', False)]).limitation_rule_id
        return max((horizon - relativedelta(years=rule.years, months=rule.months)
                    for rule in rules), default=None)

    @api.model
    def _read_prescription_items(self, company, where):
        """Return the open receivable items of a company that satisfy a condition.

        Doubtful accounts included: a claim dies there as well.

        :param SQL where: on `l`, `m`, `c`
        :return: list of dictionaries: id, move_id, customer_id, partner_id, due, invoiced, amount
            (company currency)
        """
        return self.env.execute_query_dict(SQL(
            """
            SELECT l.id, l.move_id, c.id AS customer_id, c.partner_id, %(due)s AS due,
                   COALESCE(origin.invoice_date, origin.date, m.invoice_date, l.date) AS invoiced,
                   l.amount_residual AS amount
              FROM account_move_line l
              JOIN account_move m ON m.id = l.move_id
              JOIN res_partner p ON p.id = l.partner_id
              JOIN ar_customer c
                ON c.partner_id = p.commercial_partner_id AND c.company_id = l.company_id
              LEFT JOIN ar_doubtful_line moved ON moved.doubtful_line_id = l.id
              LEFT JOIN ar_doubtful_line returned ON returned.back_line_id = l.id
              LEFT JOIN account_move_line origin
                ON origin.id = COALESCE(moved.root_line_id, returned.root_line_id)
             WHERE l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE
               AND l.company_id = %(company)s AND l.parent_state = 'posted'
               AND l.amount_residual > 0 AND %(where)s
             ORDER BY l.id
            """,
            due=DUE_DATE, accounts=company._get_ar_exposure_account_ids(), company=company.id,
            where=where))

    @api.model
    def _get_limitations(self, company, items):
        """Yield (item, rule, `tools.limitation.Limitation`) of the items that a rule binds.

        :param items: as `_read_prescription_items` returns them
        """
        customers = self.env['ar.customer'].sudo().browse(
            dict.fromkeys(item['customer_id'] for item in items))
        rules = customers._get_limitation_rules(company)
        acts = self.env['ar.limitation.act']._read_acts([item['id'] for item in items])
        used = self.env['ar.limitation.rule'].sudo().union(
            *(found for found, _why in rules.values()))
        periods = {rule: rule._to_period() for rule in used}
        payers = [item['id'] for item in items if any(
            'part_payment' in periods[rule].effects for rule in rules[item['customer_id']][0])]
        for item_id, found in self._read_part_payments(company, payers).items():
            acts.setdefault(item_id, []).extend(found)
        for item in items:
            # Where the trade or the debtor is unknown several rules fit: the shortest counts.
            found = [(compute_limitation(
                periods[rule], item['due'], acts.get(item['id'], ()), item['invoiced']), rule)
                for rule in rules[item['customer_id']][0] if rule._fits(item['due'])]
            if found:
                limitation, rule = min(found, key=lambda pair: pair[0].last_day)
                yield item, rule, limitation

    @api.model
    def _read_part_payments(self, company, item_ids):
        """Return {item id: [Act]} of what cash and bank paid on these items."""
        if not item_ids:
            return {}
        claims = self.env['ar.doubtful.line']._get_claim_query(SQL(
            "SELECT unnest(%s) AS key, unnest(%s) AS item_id", list(item_ids), list(item_ids)))
        rows = self.env.execute_query(SQL(
            """
            SELECT claim.key, cl.date
              FROM (%s) claim (key, item_id)
              JOIN account_partial_reconcile pr ON pr.debit_move_id = claim.item_id
              JOIN account_move_line cl ON cl.id = pr.credit_move_id
             WHERE cl.journal_id = ANY(%s)
             ORDER BY cl.date, pr.id
            """, claims, self.env['ar.customer']._get_cash_journal_ids(company)))
        payments = {}
        for item_id, day in rows:
            payments.setdefault(item_id, []).append(Act('part_payment', day))
        return payments
