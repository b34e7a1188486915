from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.open_items import ALL, DUE_DATE

# A named cover, even one of zero, leaves no room for what the policy grants by itself.
KIND_RANK = SQL(
    "CASE cover.kind WHEN 'named' THEN 1 WHEN 'discretionary' THEN 2 ELSE 3 END")
# No more than the question needs: sixty thousand items are sorted.
ITEM_COLUMNS = SQL(
    """
    l.id AS line_id, l.move_id, l.company_id, p.commercial_partner_id AS partner_id,
    %s AS due_date, COALESCE(l.invoice_date, l.date) AS invoice_date
    """, DUE_DATE)
# Of the entry of an item: the day that the contract counts and the share that is no tax. Looked up
# once for the items that need it: a join would read every entry of the books.
ENTRY = SQL(
    """
    SELECT COALESCE(m.delivery_date, item.invoice_date) AS delivered_on,
           COALESCE(LEAST(GREATEST(m.amount_untaxed / NULLIF(m.amount_total, 0), 0), 1), 1)
               AS untaxed_share
      FROM account_move m WHERE m.id = item.move_id OFFSET 0
    """)
PERCENTAGE = SQL(
    """
    COALESCE(NULLIF(layer.insured_percentage, 0), CASE cover.kind
        WHEN 'named' THEN policy.insured_percentage
        WHEN 'discretionary' THEN policy.discretionary_percentage
        ELSE policy.non_named_percentage END, 0)
    """)


class ArCover(models.Model):
    """EXTENDS: which part of each open item is insured, at any date, in one statement.

    An item is covered by the layers of the day it was delivered (of the day of the question, when
    the policy does not keep earlier deliveries covered), up to their amount, the oldest
    deliveries first, by the insured percentage. The day of delivery is that of the invoice
    (`delivery_date`, which Inventory fills in with the last delivery of the order), else the
    invoice date. It is not covered at all when

    - it was delivered outside the policy's own dates, or before the first layer;
    - its term, from invoice to original due date, is longer than the maximum credit period;
    - it was delivered after an older open item had passed the maximum extension period;
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
        self.env['account.move'].flush_model(['delivery_date'])
        entity = self.env['res.company'].sudo().browse({
            company_id for company in companies for company_id in company._get_ar_tree_ids()})
        return SQL(
            """
            WITH held AS MATERIALIZED (%(held)s), layer AS MATERIALIZED (%(layers)s)
            SELECT insured.* FROM (
                -- One row per item; by its id alone, in whose order the rows arrive.
                SELECT stacked.line_id, MIN(stacked.company_id) AS company_id,
                       MIN(stacked.partner_id) AS partner_id,
                       ROUND(SUM(GREATEST(
                           LEAST(stacked.before + stacked.amount, stacked.low + stacked.capacity)
                           - GREATEST(stacked.before, stacked.low), 0)
                           * stacked.percentage / 100), MIN(stacked.digits)) AS amount
                  FROM (%(stacked)s) stacked
                 GROUP BY stacked.line_id
            ) insured
             WHERE insured.company_id = ANY(%(companies)s) AND %(partners)s AND %(where)s
            """,
            held=self._get_held_query(entity, date, partner_ids),
            layers=self._get_layers_query(partner_ids),
            partners=ALL if partner_ids is None else SQL(
                "insured.partner_id = ANY(%s)", list(partner_ids)),
            stacked=self._get_stacked_query(entity, date, partner_ids), where=where,
            companies=companies.ids)

    # What is small is read first: covers and layers by the thousand, items by the ten thousand.

    def _get_buyers_query(self, partner_ids):
        """Return the query of the commercial partners whose items use up covers.

        Of some customers only: with those whom the insurer takes for the same buyer, because they
        use up one cover.
        """
        if partner_ids is None:
            return SQL("SELECT c.partner_id FROM ar_cover cover"
                       "  JOIN ar_customer c ON c.id = cover.customer_id")
        return SQL(
            """
            SELECT c.partner_id FROM ar_cover cover
              JOIN ar_customer c ON c.id = cover.customer_id
             WHERE c.partner_id = ANY(%(ids)s)
             UNION
            SELECT c.partner_id FROM ar_cover mine
              JOIN ar_customer m ON m.id = mine.customer_id
              JOIN ar_cover twin ON twin.policy_id = mine.policy_id
                   AND twin.buyer_reference = mine.buyer_reference
              JOIN ar_customer c ON c.id = twin.customer_id
             WHERE m.partner_id = ANY(%(ids)s)
            """, ids=list(partner_ids))

    def _get_held_query(self, entity, date, partner_ids):
        """Return one row per policy, customer with a cover of it, and company that it insures.

        `rate` and `digits` are those of the company; a policy in a currency without a rate is left
        out.
        """
        return SQL(
            """
            SELECT policy.id AS policy_id, customer.id AS customer_id, customer.partner_id,
                   rate.company_id, rate.rate, rate.digits, policy.date_from, policy.date_to,
                   NULLIF(policy.max_credit_days, 0) AS max_credit_days,
                   policy.vat_covered = 'yes' AS with_tax,
                   policy.earlier_covered = 'yes' AS keeps,
                   COALESCE(MAX(cover.buyer_reference) FILTER (WHERE cover.kind = 'named'),
                            'p' || customer.partner_id) AS buyer
              FROM ar_cover cover
              JOIN ar_insurance_policy policy ON policy.id = cover.policy_id
              JOIN ar_customer customer ON customer.id = cover.customer_id
                   AND customer.company_id = policy.company_id
              JOIN (%(places)s) rate (policy_id, company_id, rate, digits)
                   ON rate.policy_id = policy.id
             WHERE %(buyers)s
             GROUP BY policy.id, customer.id, rate.company_id, rate.rate, rate.digits
            """,
            places=self._get_policy_places(entity, date),
            buyers=ALL if partner_ids is None else SQL(
                "customer.partner_id IN (%s)", self._get_buyers_query(partner_ids)))

    def _get_layers_query(self, partner_ids):
        """Return the layers of the covers asked for, with the first day of their cover."""
        return SQL(
            """
            SELECT layer.id, cover.policy_id, cover.customer_id, layer.date_from, layer.date_to,
                   layer.amount, layer.rank, policy.sequence,
                   NULLIF(policy.max_extension_days, 0) AS max_extension_days,
                   %(percentage)s AS percentage, %(kind_rank)s AS kind_rank,
                   MIN(%(kind_rank)s) OVER (
                       PARTITION BY cover.policy_id, cover.customer_id) AS first_rank,
                   MIN(layer.date_from) OVER (PARTITION BY layer.cover_id) AS first_day
              FROM ar_cover_layer layer
              JOIN ar_cover cover ON cover.id = layer.cover_id
              JOIN ar_insurance_policy policy ON policy.id = cover.policy_id
             WHERE %(buyers)s
            """,
            percentage=PERCENTAGE, kind_rank=KIND_RANK,
            buyers=ALL if partner_ids is None else SQL(
                "cover.customer_id IN (SELECT held.customer_id FROM held)"))

    def _get_stacked_query(self, entity, date, partner_ids):
        """Return one row per item and layer: where the item and the layer stand in the pile."""
        return SQL(
            """
            SELECT item.line_id, item.company_id, item.partner_id, item.amount, item.before,
                   item.digits, layer.percentage, layer.amount / item.rate AS capacity,
                   COALESCE(SUM(layer.amount / item.rate) OVER (
                       PARTITION BY item.line_id
                       ORDER BY layer.sequence, item.policy_id, layer.rank, layer.id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS low
              FROM (%(insurable)s) item
              JOIN layer ON layer.policy_id = item.policy_id
                   AND layer.customer_id = item.customer_id
                   AND layer.date_from <= item.attached
                   AND (layer.date_to IS NULL OR layer.date_to >= item.attached)
             WHERE item.delivered_on <= item.oldest_due + layer.max_extension_days IS NOT FALSE
               AND layer.first_day <= item.delivered_on
               -- Asked only of customers with covers of two kinds.
               AND (layer.kind_rank = layer.first_rank OR NOT EXISTS (
                   SELECT 1 FROM ar_cover cover
                     JOIN ar_cover_layer better ON better.cover_id = cover.id
                    WHERE cover.policy_id = item.policy_id
                      AND cover.customer_id = item.customer_id
                      AND %(kind_rank)s < layer.kind_rank
                      AND better.date_from <= item.attached
                      AND (better.date_to IS NULL OR better.date_to >= item.attached)
                      AND (SELECT MIN(first.date_from) FROM ar_cover_layer first
                            WHERE first.cover_id = cover.id) <= item.delivered_on))
            """,
            kind_rank=KIND_RANK,
            insurable=self._get_insurable_query(entity, date, partner_ids))

    def _get_insurable_query(self, entity, date, partner_ids):
        """Return one row per item and policy that could cover it, in the order of the deliveries.

        `before` is what older items of the same buyer use up; `attached` the day whose layers
        count.
        """
        # By the partner of the line, which has an index, when it is a few customers.
        buyers = self._get_buyers_query(partner_ids)
        where = SQL("p.commercial_partner_id IN (%s)", buyers) if partner_ids is None else SQL(
            "l.partner_id IN (SELECT family.id FROM res_partner family"
            " WHERE family.commercial_partner_id IN (%s))", buyers)
        items = entity._get_ar_items_query(date, where=where, columns=ITEM_COLUMNS)
        return SQL(
            """
            SELECT listed.*,
                   COALESCE(SUM(listed.amount) OVER (
                       buyer ORDER BY listed.delivered_on, listed.due_date, listed.line_id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before,
                   MIN(listed.due_date) OVER buyer AS oldest_due
              FROM (
                SELECT item.line_id, item.company_id, item.partner_id, entry.delivered_on,
                       COALESCE(original.date, item.due_date) AS due_date,
                       held.policy_id, held.customer_id, held.rate, held.digits, held.buyer,
                       CASE WHEN held.with_tax THEN item.residual
                            ELSE item.residual * entry.untaxed_share END AS amount,
                       CASE WHEN held.keeps THEN entry.delivered_on
                            ELSE %(date)s::date END AS attached
                  FROM (%(items)s) item
                  JOIN held ON held.partner_id = item.partner_id
                       AND held.company_id = item.company_id
                 CROSS JOIN LATERAL (%(entry)s) entry
                  LEFT JOIN ar_original_due original ON original.move_line_id = item.line_id
                 WHERE item.residual > 0
                   AND held.date_from <= entry.delivered_on
                   AND (held.date_to IS NULL OR held.date_to >= entry.delivered_on)
                   AND (COALESCE(original.date, item.due_date) - item.invoice_date
                        <= held.max_credit_days) IS NOT FALSE
                OFFSET 0  -- amounts are computed once, not in each window
              ) listed
            WINDOW buyer AS (PARTITION BY listed.policy_id, listed.buyer)
            """,
            items=items, date=date, entry=ENTRY)

    def _get_policy_places(self, entity, date):
        """Return the VALUES of (policy, company that it insures, rate, digits).

        Few, and counted here: PostgreSQL would guess wrong by a thousand.
        """
        # sudo: which policies there are is no secret; the figure is the reader's own.
        policies = self.env['ar.insurance.policy'].sudo().with_context(
            active_test=False).search(fields.Domain.TRUE)
        rates = self._read_policy_rates(entity, date)
        rows = [
            SQL("(%s::int, %s::int, %s::numeric, %s::int)", policy.id, company.id,
                rates[company, policy.currency_id], company.currency_id.decimal_places)
            for policy in policies for company in entity
            if company.parent_path.startswith(policy.company_id.parent_path)
            and (company, policy.currency_id) in rates]
        if not rows:
            return SQL("SELECT NULL::int, NULL::int, NULL::numeric, NULL::int WHERE FALSE")
        return SQL("VALUES %s", SQL(", ").join(rows))

    def _get_policy_rates(self, companies, date):
        """Return the rates of the policies' currencies: (company, currency, units of it per unit
        of company currency, digits). A currency without a rate covers nothing: it says so on the
        policy."""
        rows = [
            SQL("(%s::int, %s::int, %s::numeric, %s::int)", company.id, currency.id, rate,
                company.currency_id.decimal_places)
            for (company, currency), rate in self._read_policy_rates(companies, date).items()]
        if not rows:
            return SQL("SELECT NULL::int, NULL::int, NULL::numeric, NULL::int WHERE FALSE")
        return SQL("VALUES %s", SQL(", ").join(rows))

    def _read_policy_rates(self, companies, date):
        """Return {(company, currency of a policy): units of it per unit of company currency}."""
        rates = {}
        # sudo: which currencies policies are in is no secret; the figure is the reader's own.
        currencies = self.env['ar.insurance.policy'].sudo().with_context(
            active_test=False).search(fields.Domain.TRUE).currency_id
        for company in companies:
            for currency in currencies:
                try:
                    rate = self.env['ar.credit.exposure']._get_rates(company, currency, date)
                except UserError:
                    continue
                rates[company, currency] = rate[currency.id]
        return rates
