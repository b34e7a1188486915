from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.open_items import open_items


class ArCreditExposure(models.AbstractModel):
    """Sums what a customer owes or will owe. It judges nothing: see `ar.credit.decision`.

    Every part is one query over (partner_id, amount in company currency); the exposure is their
    sum, grouped in one statement for any number of customers. Rooms add parts with
    `_get_exposure_parts`.
    """
    _name = 'ar.credit.exposure'
    _description = "Credit exposure"

    @api.model
    def _get_exposures(self, company, partner_ids=None):
        """Return the exposure of customers of one company, read now.

        :param company: `res.company`; its branches and its root count together, as one debtor
            file of one legal entity
        :param partner_ids: ids of commercial partners; all when omitted
        :return: {partner_id: {part code: amount}} in company currency; a positive amount adds to
            the exposure, a negative one lowers it
        :raise UserError: when a currency in use has no rate
        """
        self.env.flush_all()
        query = self._get_exposure_query(company, partner_ids)
        exposures = {}
        for partner_id, code, amount in self.env.execute_query(query):
            exposures.setdefault(partner_id, {})[code] = amount
        return exposures

    @api.model
    def _get_exposure_query(self, company, partner_ids=None):
        """Return the query of (partner_id, code, amount), one row per customer and part."""
        return SQL(
            "SELECT partner_id, code, SUM(amount) FROM (%s) part"
            " GROUP BY partner_id, code",
            self._get_union(company, partner_ids))

    @api.model
    def _get_total_query(self, company, partner_ids=None):
        """Return the query of (partner_id, amount), the sum of all parts."""
        return SQL(
            "SELECT partner_id, SUM(amount) AS amount FROM (%s) part GROUP BY partner_id",
            self._get_union(company, partner_ids))

    def _get_union(self, company, partner_ids):
        scope = SQL("TRUE") if partner_ids is None else SQL(
            "p.commercial_partner_id = ANY(%s)", list(partner_ids))
        return SQL(" UNION ALL ").join(
            SQL("SELECT partner_id, %s AS code, amount FROM (%s) %s",
                part['code'], part['query'], SQL.identifier(part['code']))
            for part in self._get_exposure_parts(company, scope)
        )

    # === PARTS === #

    @api.model
    def _get_exposure_parts(self, company, scope):
        """Return the parts of the exposure, in the order in which they are shown.

        :param SQL scope: condition on the partner `p` of the document
        :return: list of {'code', 'label', 'query': SQL of (partner_id, amount)}
        """
        company_ids = self._get_company_ids(company)
        parts = [
            {'code': 'open_items', 'label': self.env._("Open invoices"),
             'query': self._get_items_query(company_ids, scope, SQL("l.amount_residual > 0"))},
            {'code': 'credits', 'label': self.env._("Open credits and payments"),
             'query': self._get_items_query(company_ids, scope, SQL("l.amount_residual < 0"))},
            {'code': 'in_process', 'label': self.env._("Payments in process"),
             'query': self._get_in_process_query(company_ids, scope)},
            {'code': 'drafts', 'label': self.env._("Draft invoices"),
             'query': self._get_drafts_query(company, company_ids, scope)},
            {'code': 'orders', 'label': self.env._("Orders not yet invoiced"),
             'query': self._get_orders_query(company, company_ids, scope)},
        ]
        return parts

    @api.model
    def _get_company_ids(self, company):
        """A legal entity and its branches share one debtor file, as in Odoo's own `credit`."""
        root = company.root_id
        # sudo: the exposure is that of the whole entity, whatever branches the user has ticked.
        return self.env['res.company'].sudo().search([('id', 'child_of', root.id)]).ids

    def _get_items_query(self, company_ids, scope, condition):
        companies = self.env['res.company'].sudo().browse(company_ids)
        account_ids = companies._get_ar_exposure_account_ids()
        return SQL(" UNION ALL ").join(
            open_items(
                company_id, account_ids,
                SQL("p.commercial_partner_id AS partner_id, l.amount_residual AS amount"),
                where=SQL("%s AND %s", condition, scope))
            for company_id in company_ids
        )

    def _get_in_process_query(self, company_ids, scope):
        """Payments without an entry yet: the invoice still reads open, the money is on its way."""
        return SQL(
            """
            SELECT p.commercial_partner_id AS partner_id,
                   -pay.amount_company_currency_signed AS amount
              FROM account_payment pay JOIN res_partner p ON p.id = pay.partner_id
             WHERE pay.move_id IS NULL AND pay.state IN ('in_process', 'paid')
               AND pay.partner_type = 'customer' AND pay.company_id = ANY(%s) AND %s
            """, company_ids, scope)

    def _get_drafts_query(self, company, company_ids, scope):
        """Draft invoices: all of them if the company says so, otherwise those made from orders.

        Odoo counts a draft as invoiced: were it counted nowhere, preparing an invoice would make
        room for another order.
        """
        kind = SQL("TRUE") if company.ar_exposure_drafts else SQL(
            """
            EXISTS (SELECT 1 FROM account_move_line il
                      JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = il.id
                     WHERE il.move_id = m.id)
            """)
        return SQL(
            """
            SELECT p.commercial_partner_id AS partner_id, m.amount_total_signed AS amount
              FROM account_move m JOIN res_partner p ON p.id = m.commercial_partner_id
             WHERE m.state = 'draft' AND m.company_id = ANY(%s)
               AND m.move_type IN ('out_invoice', 'out_refund', 'out_receipt') AND %s AND %s
            """, company_ids, kind, scope)

    def _get_orders_query(self, company, company_ids, scope):
        """Confirmed orders by ordered quantity, minus what is invoiced, minus down payments.

        Core counts an undelivered order as nothing (odoo#285578); what the customer has ordered is
        what is at risk. A down payment that is invoiced already sits in the open items.
        """
        return SQL(
            """
            SELECT p.commercial_partner_id AS partner_id,
                   GREATEST(SUM(%(remaining)s), 0) / rate.rate AS amount
              FROM sale_order o
              JOIN sale_order_line ol ON ol.order_id = o.id AND ol.display_type IS NULL
              JOIN res_partner p ON p.id = o.partner_invoice_id
              JOIN (%(rates)s) rate (currency_id, rate) ON rate.currency_id = o.currency_id
             WHERE o.state = 'sale' AND o.ar_closed IS NOT TRUE
               AND o.company_id = ANY(%(companies)s)
               AND o.invoice_status IS DISTINCT FROM 'invoiced'
               AND %(scope)s
             GROUP BY o.id, p.commercial_partner_id, rate.rate
            """,
            remaining=self._get_line_remaining(), companies=company_ids, scope=scope,
            rates=self._get_rates_query(company),
        )

    @api.model
    def _get_line_remaining(self):
        """Return what a line `ol` still has to be invoiced, tax included, in order currency.

        The line of a down payment has no quantity and no price: what was invoiced on it, tax
        included, minus what a later invoice took back, is in the open items or in the drafts.
        """
        return SQL(
            """
            COALESCE(CASE
                 WHEN ol.product_uom_qty > 0
                 THEN ol.price_total
                      * GREATEST(ol.product_uom_qty - COALESCE(ol.qty_invoiced, 0), 0)
                      / ol.product_uom_qty
                 WHEN ol.product_uom_qty < 0
                 THEN ol.price_total
                      * GREATEST(COALESCE(ol.qty_invoiced, 0) - ol.product_uom_qty, 0)
                      / -ol.product_uom_qty
                 WHEN ol.is_downpayment
                 THEN (SELECT SUM(CASE WHEN m.move_type = 'out_refund' THEN il.price_total
                                       ELSE -il.price_total END)
                         FROM sale_order_line_invoice_rel rel
                         JOIN account_move_line il ON il.id = rel.invoice_line_id
                         JOIN account_move m ON m.id = il.move_id
                        WHERE rel.order_line_id = ol.id AND m.state <> 'cancel')
            END, 0)
            """)

    @api.model
    def _get_rates_query(self, company, date=None):
        """Return the VALUES of (currency_id, units of it per unit of company currency).

        :raise UserError: when an order of this company is in a currency without a rate
        """
        date = date or fields.Date.context_today(self)
        currencies = self.env['res.currency'].sudo()
        used = self.env.execute_query(SQL(
            "SELECT DISTINCT currency_id FROM sale_order"
            " WHERE state = 'sale' AND company_id = ANY(%s)",
            self._get_company_ids(company)))
        used = currencies.browse([row[0] for row in used if row[0]]) | company.currency_id
        rates = self._get_rates(company, used, date)
        return SQL("VALUES %s", SQL(", ").join(
            SQL("(%s::int, %s::numeric)", currency_id, rate)
            for currency_id, rate in rates.items()))

    @api.model
    def _get_rates(self, company, currencies, date):
        """Return {currency id: rate against the company currency at ``date``}.

        :raise UserError: naming the currency that has no rate
        """
        currencies |= company.currency_id
        if len(currencies) == 1:
            return {company.currency_id.id: 1.0}
        without = (currencies - company.currency_id).filtered(
            lambda currency: not self.env['res.currency.rate'].sudo().search_count([
                ('currency_id', '=', currency.id),
                ('company_id', 'in', (False, company.root_id.id)), ('name', '<=', date)], limit=1))
        if without:
            raise UserError(self.env._(
                "The exposure cannot be computed: %(currency)s has no exchange rate on %(date)s. "
                "Add one under Accounting, Currencies.",
                currency=without[0].name, date=fields.Date.to_string(date)))
        rates = currencies._get_rates(company, date)
        base = rates[company.currency_id.id]
        return {currency_id: rate / base for currency_id, rate in rates.items()}
