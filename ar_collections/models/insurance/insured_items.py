from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.open_items import ALL, DUE_DATE, ITEM_COLUMNS

# A named cover, even one of zero, leaves no room for what the policy grants by itself.
KIND_RANK = SQL(
    "CASE cover.kind WHEN 'named' THEN 1 WHEN 'discretionary' THEN 2 ELSE 3 END")
PERCENTAGE = SQL(
    """
    COALESCE(NULLIF(layer.insured_percentage, 0), CASE cover.kind
        WHEN 'named' THEN policy.insured_percentage
        WHEN 'discretionary' THEN policy.discretionary_percentage
        ELSE policy.non_named_percentage END, 0)
    """)


class ArCover(models.Model):
    """EXTENDS: which part of each open item is insured, at any date, in one statement.

    An item is covered by the layers of the day it was invoiced (of the day of the question, when
    the policy does not keep earlier deliveries covered), up to their amount, the oldest items
    first, by the insured percentage. It is not covered at all when

    - it was invoiced outside the policy's own dates, or before the first layer;
    - its term, from invoice to original due date, is longer than the maximum credit period;
    - it was invoiced after an older open item had passed the maximum extension period;
    - only the tax remains of it and the policy does not insure tax: the tax share is left out.

    A term of the contract that nobody has typed in restricts nothing, except that tax and earlier
    deliveries count as not insured until somebody says that they are.
    """
    _inherit = 'ar.cover'

    @api.model
    def _get_insured_query(self, companies, date, *, where=ALL, partner_ids=None):
        """Return the query of (line_id, company_id, partner_id, amount): the insured part.

        :param companies: `res.company`, whose items are returned; the items of the whole legal
            entity share the cover
        :param date: day of the question
        :param SQL where: condition on the result `insured`
        :param partner_ids: commercial partners whose items are wanted; all when omitted
        :return: SQL; amounts in the currency of the item's company, rounded to its digits
        """
        for model in ('ar.cover', 'ar.cover.layer', 'ar.insurance.policy', 'ar.original.due'):
            self.env[model].flush_model()
        entity = self.env['res.company'].sudo().browse({
            company_id for company in companies for company_id in company._get_ar_tree_ids()})
        items = entity._get_ar_items_query(
            date, where=self._get_buyers_condition(partner_ids),
            columns=SQL(
                "%s, LEAST(GREATEST(COALESCE(m.amount_untaxed / NULLIF(m.amount_total, 0), 1), 0),"
                " 1) AS untaxed_share", ITEM_COLUMNS))
        return SQL(
            """
            SELECT insured.* FROM (
                SELECT stacked.line_id, stacked.company_id, stacked.partner_id,
                       ROUND(SUM(GREATEST(
                           LEAST(stacked.before + stacked.amount, stacked.low + stacked.capacity)
                           - GREATEST(stacked.before, stacked.low), 0)
                           * stacked.percentage / 100), MIN(stacked.digits)) AS amount
                  FROM (%(stacked)s) stacked
                 GROUP BY stacked.line_id, stacked.company_id, stacked.partner_id
            ) insured
             WHERE insured.company_id = ANY(%(companies)s) AND %(partners)s AND %(where)s
            """,
            partners=ALL if partner_ids is None else SQL(
                "insured.partner_id = ANY(%s)", list(partner_ids)),
            stacked=self._get_stacked_query(entity, date, items), where=where,
            companies=companies.ids)

    def _get_buyers_condition(self, partner_ids):
        """Return the condition on the items `l`, `p` of customers with a cover.

        Of some customers only: with those whom the insurer takes for the same buyer, because they
        use up one cover. By the partner of the line, which has an index.
        """
        if partner_ids is None:
            return SQL("p.commercial_partner_id IN (SELECT c.partner_id FROM ar_cover cover"
                       " JOIN ar_customer c ON c.id = cover.customer_id)")
        return SQL(
            """
            l.partner_id IN (
                SELECT family.id FROM res_partner family WHERE family.commercial_partner_id IN (
                    SELECT c.partner_id FROM ar_cover cover
                      JOIN ar_customer c ON c.id = cover.customer_id
                     WHERE c.partner_id = ANY(%(ids)s)
                     UNION
                    SELECT c.partner_id FROM ar_cover mine
                      JOIN ar_customer m ON m.id = mine.customer_id
                      JOIN ar_cover twin ON twin.policy_id = mine.policy_id
                           AND twin.buyer_reference = mine.buyer_reference
                      JOIN ar_customer c ON c.id = twin.customer_id
                     WHERE m.partner_id = ANY(%(ids)s)))
            """, ids=list(partner_ids))

    def _get_stacked_query(self, entity, date, items):
        """Return one row per item and layer: where the item and the layer stand in the pile."""
        return SQL(
            """
            SELECT laid.*,
                   COALESCE(SUM(laid.capacity) OVER (
                       PARTITION BY laid.line_id
                       ORDER BY laid.sequence, laid.policy_id, laid.rank, laid.layer_id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS low
              FROM (
                SELECT item.line_id, item.company_id, item.partner_id, item.policy_id,
                       item.amount, item.before, item.digits, policy.sequence, layer.rank,
                       layer.id AS layer_id, layer.amount / item.rate AS capacity,
                       %(percentage)s AS percentage, %(kind_rank)s AS kind_rank,
                       MIN(%(kind_rank)s) OVER (
                           PARTITION BY item.line_id, item.policy_id) AS first_rank
                  FROM (%(insurable)s) item
                  JOIN ar_insurance_policy policy ON policy.id = item.policy_id
                  JOIN ar_cover cover ON cover.policy_id = policy.id
                       AND cover.customer_id = item.customer_id
                  JOIN ar_cover_layer layer ON layer.cover_id = cover.id
                       AND layer.date_from <= item.attached
                       AND (layer.date_to IS NULL OR layer.date_to >= item.attached)
                 WHERE item.invoice_date <= item.oldest_due + NULLIF(policy.max_extension_days, 0)
                       IS NOT FALSE
                   AND (SELECT MIN(first.date_from) FROM ar_cover_layer first
                         WHERE first.cover_id = cover.id) <= item.invoice_date
              ) laid
             WHERE laid.kind_rank = laid.first_rank
            """,
            percentage=PERCENTAGE, kind_rank=KIND_RANK,
            insurable=self._get_insurable_query(entity, date, items))

    def _get_insurable_query(self, entity, date, items):
        """Return one row per item and policy that could cover it, in the order of the invoices.

        `before` is what older items of the same buyer use up; `attached` the day whose layers
        count.
        """
        return SQL(
            """
            SELECT listed.*,
                   COALESCE(SUM(listed.amount) OVER (
                       buyer ORDER BY listed.invoice_date, listed.due_date, listed.line_id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before,
                   MIN(listed.due_date) OVER buyer AS oldest_due
              FROM (
                SELECT item.line_id, item.company_id, item.partner_id, item.invoice_date,
                       COALESCE(original.date, item.due_date) AS due_date,
                       policy.id AS policy_id, rate.rate, rate.digits,
                       customer.id AS customer_id,
                       COALESCE(named.buyer_reference, 'p' || item.partner_id) AS buyer,
                       item.residual * CASE WHEN policy.vat_covered = 'yes' THEN 1
                                            ELSE item.untaxed_share END AS amount,
                       CASE WHEN policy.earlier_covered = 'yes' THEN item.invoice_date
                            ELSE %(date)s::date END AS attached
                  FROM (%(items)s) item
                  LEFT JOIN ar_original_due original ON original.move_line_id = item.line_id
                  -- Few policies; from there on each join finds its row by a unique key.
                  JOIN ar_insurance_policy policy ON item.invoice_date >= policy.date_from
                       AND (policy.date_to IS NULL OR item.invoice_date <= policy.date_to)
                  JOIN ar_customer customer ON customer.partner_id = item.partner_id
                       AND customer.company_id = policy.company_id
                  LEFT JOIN ar_cover named ON named.policy_id = policy.id
                       AND named.customer_id = customer.id AND named.kind = 'named'
                  JOIN res_company insured ON insured.id = policy.company_id
                  JOIN res_company place ON place.id = item.company_id
                       AND place.parent_path LIKE insured.parent_path || '%%'
                  JOIN (%(rates)s) rate (company_id, currency_id, rate, digits)
                       ON rate.company_id = item.company_id
                       AND rate.currency_id = policy.currency_id
                 WHERE item.residual > 0
                   AND EXISTS (SELECT 1 FROM ar_cover held
                                WHERE held.policy_id = policy.id
                                  AND held.customer_id = customer.id)
                   AND (COALESCE(original.date, item.due_date) - item.invoice_date
                        <= NULLIF(policy.max_credit_days, 0)) IS NOT FALSE
              ) listed
            WINDOW buyer AS (PARTITION BY listed.policy_id, listed.buyer)
            """,
            items=items, date=date, rates=self._get_policy_rates(entity, date))

    def _get_policy_rates(self, companies, date):
        """Return the rates of the policies' currencies: (company, currency, units of it per unit
        of company currency, digits). A currency without a rate covers nothing: it says so on the
        policy."""
        rows = []
        # sudo: which currencies policies are in is no secret; the figure is the reader's own.
        currencies = self.env['ar.insurance.policy'].sudo().with_context(
            active_test=False).search(fields.Domain.TRUE).currency_id
        for company in companies:
            for currency in currencies:
                try:
                    rate = self.env['ar.credit.exposure']._get_rates(company, currency, date)
                except UserError:
                    continue
                rows.append(SQL(
                    "(%s::int, %s::int, %s::numeric, %s::int)", company.id, currency.id,
                    rate[currency.id], company.currency_id.decimal_places))
        if not rows:
            return SQL("SELECT NULL::int, NULL::int, NULL::numeric, NULL::int WHERE FALSE")
        return SQL("VALUES %s", SQL(", ").join(rows))

    # === BY CUSTOMER === #

    @api.model
    def _get_insured(self, company, partner_ids, date=None):
        """Return what is insured of customers of one legal entity: two queries for any number.

        :return: {partner_id: {'items': insured part of the open items, 'gross': the open items,
            'layers': [(amount, percentage)] for new deliveries}} in company currency; a customer
            without cover is missing
        """
        date = date or company._get_ar_today()
        if not self.sudo().search_count([], limit=1):
            return {}
        self.env.flush_all()
        tree = self.env['res.company'].sudo().browse(company._get_ar_tree_ids())
        found = {}
        for partner_id, amount, gross in self.env.execute_query(SQL(
                """
                SELECT partner_id, SUM(amount), SUM(gross) FROM (
                    SELECT partner_id, amount, 0 AS gross FROM (%(insured)s) covered
                     UNION ALL
                    SELECT partner_id, 0, residual FROM (%(items)s) item WHERE residual > 0
                ) part
                 WHERE partner_id = ANY(%(partners)s) GROUP BY partner_id
                """,
                insured=self._get_insured_query(tree, date, partner_ids=partner_ids),
                partners=list(partner_ids), items=tree._get_ar_items_query(date, where=SQL(
                    "l.partner_id IN (SELECT family.id FROM res_partner family"
                    " WHERE family.commercial_partner_id = ANY(%s))", list(partner_ids))))):
            found[partner_id] = {'items': float(amount), 'gross': float(gross), 'layers': []}
        for partner_id, amount, percentage in self.env.execute_query(
                self._get_open_layers_query(company, partner_ids, date)):
            found.setdefault(partner_id, {'items': 0.0, 'gross': 0.0, 'layers': []})[
                'layers'].append((float(amount), float(percentage)))
        return found

    def _get_open_layers_query(self, company, partner_ids, date):
        """Return the layers that cover a delivery of ``date``, in the order they are used.

        None of a policy that was put away, nor while an invoice of its time is overdue beyond the
        maximum extension period: see the class.
        """
        return SQL(
            """
            SELECT open.partner_id, open.amount / rate.rate, open.percentage FROM (
                SELECT c.partner_id, layer.amount, %(percentage)s AS percentage, layer.rank,
                       policy.sequence, policy.currency_id, %(kind_rank)s AS kind_rank,
                       layer.id, MIN(%(kind_rank)s) OVER (
                           PARTITION BY c.partner_id, policy.id) AS first_rank
                  FROM ar_cover cover
                  JOIN ar_customer c ON c.id = cover.customer_id
                  JOIN ar_insurance_policy policy ON policy.id = cover.policy_id
                  JOIN ar_cover_layer layer ON layer.cover_id = cover.id
                 WHERE c.partner_id = ANY(%(partners)s) AND policy.company_id = ANY(%(tree)s)
                   AND layer.date_from <= %(date)s
                   AND (layer.date_to IS NULL OR layer.date_to >= %(date)s)
                   AND policy.date_from <= %(date)s
                   AND (policy.date_to IS NULL OR policy.date_to >= %(date)s)
                   AND policy.active AND NOT %(stopped)s
            ) open
              JOIN (%(rates)s) rate (company_id, currency_id, rate, digits)
                   ON rate.currency_id = open.currency_id AND rate.company_id = %(company)s
             WHERE open.kind_rank = open.first_rank
             ORDER BY open.partner_id, open.sequence, open.rank, open.id
            """,
            percentage=PERCENTAGE, kind_rank=KIND_RANK, partners=list(partner_ids), date=date,
            tree=company._get_ar_tree_ids(), company=company.id,
            stopped=self._get_stop_condition(company, date),
            rates=self._get_policy_rates(company, date))

    @api.model
    def _get_stop_condition(self, company, date):
        """Return the condition that an invoice of customer `c` in the time of `policy` is overdue
        beyond the maximum extension period: nothing that is delivered now is insured."""
        for model in ('account.move.line', 'ar.original.due', 'ar.insurance.policy'):
            self.env[model].flush_model()
        return SQL(
            """
            (policy.max_extension_days > 0 AND EXISTS (
                SELECT 1 FROM account_move_line l
                  JOIN res_partner family ON family.id = l.partner_id
                  LEFT JOIN ar_original_due original ON original.move_line_id = l.id
                 WHERE family.commercial_partner_id = c.partner_id
                   AND l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE
                   AND l.company_id = ANY(%(tree)s) AND l.parent_state = 'posted'
                   AND l.amount_residual > 0
                   AND COALESCE(l.invoice_date, l.date) >= policy.date_from
                   AND COALESCE(original.date, %(due)s) + policy.max_extension_days < %(date)s))
            """, tree=company._get_ar_tree_ids(), due=DUE_DATE, date=date,
            accounts=company._get_ar_exposure_account_ids())

    @api.model
    def _get_insured_part(self, insured, exposure):
        """Return how much of an exposure is insured, in its currency.

        The open items by their own dates; what is not invoiced yet by the cover of today that the
        items leave free.

        :param dict insured: one value of `_get_insured`, or None
        """
        if not insured or exposure <= 0:
            return 0.0
        total, place = min(insured['items'], exposure), insured['gross']
        end, low = place + max(exposure - insured['gross'], 0.0), 0.0
        for amount, percentage in insured['layers']:
            part = min(end, low + amount) - max(place, low)
            total += max(part, 0.0) * percentage / 100
            low += amount
        return total
