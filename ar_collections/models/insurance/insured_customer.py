from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.open_items import DUE_DATE
from .delivery import DELIVERED
from .insured_items import KIND_RANK, PERCENTAGE


class ArCover(models.Model):
    """EXTENDS: what is insured of a customer as a whole, open items and new deliveries.

    Customers whom the insurer takes for one buyer share one cover: what one of them owes or has
    ordered is no longer free for the other, so that nothing is counted twice. First come the open
    items of all of them, by their deliveries; then what is not invoiced yet, the customer who was
    created first before the others.
    """
    _inherit = 'ar.cover'

    shared_with = fields.Char(
        string="Shared with", compute='_compute_shared', compute_sudo=False,
        help="Other customers that the insurer takes for the same buyer: one cover for all.")
    amount_counted = fields.Monetary(
        string="Counted in the total", compute='_compute_shared', compute_sudo=False,
        help="A cover that several customers share counts once, at the first of them.")

    @api.depends('buyer_reference', 'policy_id', 'kind', 'layer_ids.amount', 'layer_ids.date_from',
                 'layer_ids.date_to')
    def _compute_shared(self):
        """One query for any number of covers, one more for names."""
        # sudo: which one counts does not depend on who looks.
        named = self.sudo().filtered(lambda cover: cover.kind == 'named' and cover.buyer_reference)
        family = named.search([
            ('kind', '=', 'named'), ('policy_id', 'in', named.policy_id.ids),
            ('buyer_reference', 'in', named.mapped('buyer_reference'))]) if named else named
        shares = family.grouped(lambda cover: (cover.policy_id, cover.buyer_reference))
        # Names of those whom the reader may see.
        visible = family.with_env(self.env)._filtered_access('read')
        for cover in self:
            twins = shares.get((cover.sudo().policy_id, cover.buyer_reference), named.browse())
            twins = twins if cover.sudo() in twins else named.browse()
            first = not twins or min(twins.ids) == cover._origin.id
            cover.amount_counted = cover.amount_today if first else 0.0
            others = visible.filtered(lambda twin, twins=twins, cover=cover: (
                twin.id in twins.ids and twin.id != cover._origin.id))
            cover.shared_with = ", ".join(others.customer_id.mapped('display_name')) or (
                self.env._("%s other customers", len(twins) - 1) if len(twins) > 1 else False)

    # === BY CUSTOMER === #

    @api.model
    def _get_twins(self, partner_ids, date):
        """Return {commercial partner id: ids of those who are the same buyer to an insurer}.

        One query; those who share nothing are missing. Only policies in force on that day count.
        """
        self.env['ar.cover'].flush_model()
        twins = {}
        for partner_id, twin_id in self.env.execute_query(SQL(
                """
                SELECT DISTINCT m.partner_id, c.partner_id
                  FROM ar_cover mine
                  JOIN ar_customer m ON m.id = mine.customer_id
                  JOIN ar_insurance_policy policy ON policy.id = mine.policy_id
                       AND policy.date_from <= %(date)s
                       AND (policy.date_to IS NULL OR policy.date_to >= %(date)s)
                  JOIN ar_cover twin ON twin.policy_id = mine.policy_id AND twin.kind = 'named'
                       AND twin.buyer_reference = mine.buyer_reference
                  JOIN ar_customer c ON c.id = twin.customer_id
                 WHERE m.partner_id = ANY(%(partners)s) AND mine.kind = 'named'
                   AND c.partner_id <> m.partner_id
                """, partners=list(partner_ids), date=date)):
            twins.setdefault(partner_id, set()).add(twin_id)
        return twins

    @api.model
    def _get_twin_exposures(self, company, twins):
        """Return {partner id: exposure} of all who share a cover; no query when nobody does.

        :param twins: of `_get_twins`
        """
        ids = set().union(*twins.values()) if twins else set()
        if not ids:
            return {}
        # sudo: sums that decide on the cover of customers whom the caller was asked about.
        exposures = self.env['ar.credit.exposure'].sudo()._get_exposures(company, list(ids))
        return {partner_id: float(sum(parts.values())) for partner_id, parts in exposures.items()}

    @api.model
    def _get_insured(self, company, partner_ids, date=None, last=False):
        """Return what is insured of customers of one legal entity: three queries for any number,
        one more when customers share a cover.

        :param bool last: whatever others who share a cover have ordered comes first: asked before
            one more order is let through
        :return: {partner_id: {'items': insured part of the open items, 'gross': the open items,
            'taken': what those who share its cover take of it before, 'layers': [(amount,
            percentage)] for new deliveries}} in company currency; a customer without cover is
            missing
        """
        date = date or company._get_ar_today()
        if not self.sudo().search_count([], limit=1):
            return {}
        self.env.flush_all()
        tree = self.env['res.company'].sudo().browse(company._get_ar_tree_ids())
        twins = self._get_twins(partner_ids, date)
        wider = list(set(partner_ids).union(*twins.values()))
        found, opened = {}, {}
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
                partners=wider, items=tree._get_ar_items_query(date, where=SQL(
                    "l.partner_id IN (SELECT family.id FROM res_partner family"
                    " WHERE family.commercial_partner_id = ANY(%s))", wider)))):
            opened[partner_id] = float(gross)
            if partner_id in partner_ids:
                found[partner_id] = self._make_insured(float(amount), float(gross))
        for partner_id, amount, percentage in self.env.execute_query(
                self._get_open_layers_query(company, partner_ids, date)):
            found.setdefault(partner_id, self._make_insured())['layers'].append(
                (float(amount), float(percentage)))
        exposures = self._get_twin_exposures(company, twins)
        for partner_id, others in twins.items():
            if partner_id in found:
                found[partner_id]['taken'] = sum(opened.get(twin, 0.0) for twin in others) + sum(
                    max(exposures.get(twin, 0.0) - opened.get(twin, 0.0), 0.0)
                    for twin in others if last or twin < partner_id)
        return found

    @staticmethod
    def _make_insured(items=0.0, gross=0.0):
        return {'items': items, 'gross': gross, 'taken': 0.0, 'layers': []}

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
                  JOIN account_move m ON m.id = l.move_id
                  LEFT JOIN ar_original_due original ON original.move_line_id = l.id
                 WHERE family.commercial_partner_id = c.partner_id
                   AND l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE
                   AND l.company_id = ANY(%(tree)s) AND l.parent_state = 'posted'
                   AND l.amount_residual > 0
                   AND %(delivered)s >= policy.date_from
                   AND COALESCE(original.date, %(due)s) + policy.max_extension_days < %(date)s))
            """, tree=company._get_ar_tree_ids(), due=DUE_DATE, date=date, delivered=DELIVERED,
            accounts=company._get_ar_exposure_account_ids())

    @api.model
    def _get_insured_part(self, insured, exposure):
        """Return how much of an exposure is insured, in its currency.

        The open items by their own dates; what is not invoiced yet by the cover of today that the
        items, and those who share the cover, leave free.

        :param dict insured: one value of `_get_insured`, or None
        """
        if not insured or exposure <= 0:
            return 0.0
        total, place = min(insured['items'], exposure), insured['gross'] + insured['taken']
        end, low = place + max(exposure - insured['gross'], 0.0), 0.0
        for amount, percentage in insured['layers']:
            part = min(end, low + amount) - max(place, low)
            total += max(part, 0.0) * percentage / 100
            low += amount
        return total
