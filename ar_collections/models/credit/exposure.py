from decimal import Decimal

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.open_items import DUE_DATE, open_items
from ...tools.prepared import execute_prepared

# Up to so many contacts of the customers that are judged, their ids stand in the query.
FAMILY = 500
# Up to so many, a plan that does not know who they are is as good as one that does.
FEW = 20


class ArCreditExposure(models.AbstractModel):
    """Sums what a customer owes or will owe. It judges nothing: see `ar.credit.decision`.

    Every part is one query over (partner_id, amount in company currency); the exposure is their
    sum, grouped in one statement for any number of customers. Rooms add parts with
    `_get_extra_parts`.
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
        scope = self._get_scope(partner_ids)
        return SQL(" UNION ALL ").join(
            SQL("SELECT partner_id, %s AS code, amount FROM (%s) %s",
                part['code'], part['query'], SQL.identifier(part['code']))
            for part in self._get_exposure_parts(company, scope)
        )

    def _get_scope(self, partner_ids):
        return SQL("TRUE") if partner_ids is None else SQL(
            "p.commercial_partner_id = ANY(%s)", list(partner_ids))

    def _get_debtor(self, column, scope):
        """Return (who owes, join, condition) for a document whose partner is ``column``.

        :param scope: condition on the commercial entity of a joined partner `p`, or a list of ids
            of partners, which are then the debtors themselves
        """
        if isinstance(scope, SQL):
            return (SQL("p.commercial_partner_id"),
                    SQL("JOIN res_partner p ON p.id = %s", column), scope)
        return column, SQL(""), SQL("%s = ANY(%s)", column, scope)

    # === SUM === #

    @api.model
    def _get_sums(self, company, partner_ids, cutoffs=(), families=None):
        """Return what the judge needs, in one statement.

        The ledger is read once for the sum and for what is overdue; orders are summed in their
        own currency and converted here, so that only currencies in use need a rate.

        :param cutoffs: dates; what fell due before each of them is summed apart
        :param families: {partner_id: ids of it and its contacts, more than `FAMILY` when they are
            too many}, if they were read before
        :return: {partner_id: (exposure, [overdue before each cutoff], {part code: amount})} in
            company currency
        :raise UserError: when the currency of an order has no rate
        """
        self.env.flush_all()
        if families is None:
            families = self._get_families(partner_ids)
        owners = {member: partner_id for partner_id, members in families.items()
                  for member in members}
        # Ids are quicker to plan with than a join, as long as they are few.
        scope = list(owners) if len(owners) <= FAMILY else self._get_scope(partner_ids)
        sums = SQL("").join(
            SQL(", SUM(%s)", SQL.identifier(f'overdue_{number}'))
            for number in range(len(cutoffs)))
        for whole in (False, True) if len(owners) <= FAMILY else (True,):
            query = SQL(
                "SELECT partner_id, currency_id, code, SUM(amount) %s FROM (%s) part"
                " GROUP BY partner_id, currency_id, code",
                sums, self._get_sums_union(company, partner_ids, scope, cutoffs, whole))
            rows = execute_prepared(self.env, query) if len(owners) <= FEW else (
                self.env.execute_query(query))
            if all(row[2] not in self._get_rare_codes(company) for row in rows):
                break
        currencies = self.env['res.currency'].browse({row[1] for row in rows if row[1]})
        rates = self._get_rates(
            company, currencies, fields.Date.context_today(self)) if currencies else {}
        result = {}
        for debtor_id, currency_id, code, amount, *overdue in rows:
            parts, late = result.setdefault(
                owners.get(debtor_id, debtor_id), ({}, [Decimal(0)] * len(cutoffs)))
            parts[code] = parts.get(code, Decimal(0)) + (
                Decimal(str(amount or 0)) / Decimal(str(rates.get(currency_id, 1))))
            for number, more in enumerate(overdue):
                late[number] += Decimal(str(more or 0))
        # Exact until here; rounded once, at the door.
        digits = company.currency_id.round
        return {partner_id: (
            digits(float(sum(parts.values()))), [digits(float(amount)) for amount in late],
            {code: float(amount) for code, amount in parts.items()})
            for partner_id, (parts, late) in result.items()}

    @api.model
    def _get_totals(self, demands):
        """Return the exposure of customers of several companies, in one statement.

        :param demands: {`res.company`: ids of commercial partners}
        :return: {company id: {partner id: Decimal}}, exact, each in the currency of its company
        :raise UserError: when the currency of an order has no rate
        """
        self.env.flush_all()
        rows = self.env.execute_query(SQL(" UNION ALL ").join(
            SQL("SELECT %s, partner_id, currency_id, SUM(amount) FROM (%s) part"
                " GROUP BY partner_id, currency_id",
                company.id, self._get_sums_union(
                    company, partner_ids, self._get_scope(partner_ids), ()))
            for company, partner_ids in demands.items())) if demands else []
        today, result = fields.Date.context_today(self), {}
        for company in demands:
            own = [row for row in rows if row[0] == company.id]
            currencies = self.env['res.currency'].browse({row[2] for row in own if row[2]})
            rates = self._get_rates(company, currencies, today) if currencies else {}
            totals = result[company.id] = {}
            for _company_id, partner_id, currency_id, amount in own:
                totals[partner_id] = totals.get(partner_id, Decimal(0)) + (
                    Decimal(str(amount or 0)) / Decimal(str(rates.get(currency_id, 1))))
        return result

    def _get_families(self, partner_ids):
        """Return {partner_id: ids of it and its contacts}, one more than `FAMILY` at most."""
        families = {}
        for member, partner_id in self.env.execute_query(SQL(
                "SELECT id, commercial_partner_id FROM res_partner"
                " WHERE commercial_partner_id = ANY(%s) LIMIT %s",
                list(partner_ids), FAMILY + 1)):
            families.setdefault(partner_id, []).append(member)
        return families

    def _get_rare_codes(self, company):
        """Return the codes of parts whose amount takes more than the quick statement to know."""
        return {'downpayments'} if company.ar_exposure_drafts else {'downpayments', 'drafts'}

    def _get_sums_union(self, company, partner_ids, scope, cutoffs, whole=True):
        """Return the query of (partner_id, currency_id or NULL, code, amount, overdue_0, ...).

        :param bool whole: False leaves out what most customers do not have and what takes long to
            plan: from which document a draft was made, and what was invoiced in advance. A row
            with one of the `_get_rare_codes` says that it is needed.
        """
        company_ids = self._get_company_ids(company)
        late = SQL("").join(
            SQL(", CASE WHEN l.amount_residual > 0 AND %s < %s THEN l.amount_residual END"
                " AS %s", DUE_DATE, cutoff, SQL.identifier(f'overdue_{number}'))
            for number, cutoff in enumerate(cutoffs))
        none = SQL("").join(SQL(", NULL::numeric") for _cutoff in cutoffs)
        debtor, join, where = self._get_debtor(SQL("l.partner_id"), scope)
        items = open_items(
            company_ids,
            self.env['res.company'].sudo().browse(company_ids)._get_ar_exposure_account_ids(),
            SQL("%s AS partner_id, NULL::int AS currency_id, l.amount_residual AS amount,"
                " CASE WHEN l.amount_residual < 0 THEN 'credits' ELSE 'open_items' END AS code %s",
                debtor, late), where=where, join=join)
        others = [
            SQL("SELECT partner_id, NULL::int, amount, %s %s FROM (%s) other", code, none, query)
            for code, query in (
                ('in_process', self._get_in_process_query(company_ids, scope)),
                ('drafts', self._get_drafts_query(company, company_ids, scope, whole)),
                *((part['code'], part['query']) for part in self._get_extra_parts(
                    company, self._get_scope(partner_ids))),
            )]
        orders = SQL("SELECT partner_id, currency_id, amount, code %s FROM (%s) orders",
                     none, self._get_order_amounts_query(company_ids, scope, whole))
        return SQL(" UNION ALL ").join([items, *others, orders])

    # === PARTS === #

    @api.model
    def _get_exposure_parts(self, company, scope):
        """Return the parts of the exposure, in the order in which they are shown.

        :param SQL scope: condition on the partner `p` of the document
        :return: list of {'code', 'label', 'query': SQL of (partner_id, amount)}
        """
        company_ids = self._get_company_ids(company)
        return [
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
            *self._get_extra_parts(company, scope),
        ]

    @api.model
    def _get_extra_parts(self, company, scope):
        """Hook: return further parts, like those of `_get_exposure_parts`."""
        return []

    @api.model
    def _get_company_ids(self, company):
        """A legal entity and its branches share one debtor file, as in Odoo's own `credit`."""
        return company._get_ar_tree_ids()

    def _get_items_query(self, company_ids, scope, condition):
        companies = self.env['res.company'].sudo().browse(company_ids)
        return open_items(
            company_ids, companies._get_ar_exposure_account_ids(),
            SQL("p.commercial_partner_id AS partner_id, l.amount_residual AS amount"),
            where=SQL("%s AND %s", condition, scope))

    def _get_in_process_query(self, company_ids, scope):
        """Payments without an entry yet: the invoice still reads open, the money is on its way."""
        debtor, join, where = self._get_debtor(SQL("pay.partner_id"), scope)
        return SQL(
            """
            SELECT %s AS partner_id, -pay.amount_company_currency_signed AS amount
              FROM account_payment pay %s
             WHERE pay.move_id IS NULL AND pay.state IN ('in_process', 'paid')
               AND pay.partner_type = 'customer' AND pay.company_id = ANY(%s) AND %s
            """, debtor, join, company_ids, where)

    def _get_orders_query(self, company, company_ids, scope):
        """Confirmed orders in company currency."""
        return SQL(
            """
            SELECT o.partner_id, o.amount / rate.rate AS amount
              FROM (%s) o
              JOIN (%s) rate (currency_id, rate) ON rate.currency_id = o.currency_id
            """, self._get_order_amounts_query(company_ids, scope),
            self._get_rates_query(company))

    def _get_order_amounts_query(self, company_ids, scope, whole=True):
        """Confirmed orders by ordered quantity, minus what is invoiced, minus down payments.

        Core counts an undelivered order as nothing (odoo#285578); what the customer has ordered is
        what is at risk. A down payment that is invoiced already sits in the open items.
        """
        debtor, join, where = self._get_debtor(SQL("o.partner_invoice_id"), scope)
        return SQL(
            """
            SELECT %(debtor)s AS partner_id, o.currency_id,
                   GREATEST(SUM(%(remaining)s), 0) AS amount, %(code)s AS code
              FROM sale_order o
              JOIN sale_order_line ol ON ol.order_id = o.id AND ol.display_type IS NULL
              %(join)s
             WHERE o.state = 'sale' AND o.ar_closed IS NOT TRUE
               AND o.company_id = ANY(%(companies)s)
               AND o.invoice_status IS DISTINCT FROM 'invoiced'
               AND %(where)s
             GROUP BY o.id, o.currency_id, %(debtor)s
            """,
            remaining=self._get_line_remaining(whole), companies=company_ids, debtor=debtor,
            join=join, where=where, code=SQL("'orders'") if whole else SQL(
                "CASE WHEN BOOL_OR(ol.is_downpayment) THEN 'downpayments' ELSE 'orders' END"))

    @api.model
    def _get_line_remaining(self, whole=True):
        """Return what a line `ol` still has to be invoiced, tax included, in order currency.

        The line of a down payment has no quantity and no price: what was invoiced on it, tax
        included, minus what a later invoice took back, is in the open items or in the drafts.

        :param bool whole: False leaves such lines out
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
                 %s
            END, 0)
            """, SQL(
            """
                 WHEN ol.is_downpayment
                 THEN (SELECT SUM(CASE WHEN m.move_type = 'out_refund' THEN il.price_total
                                       ELSE -il.price_total END)
                         FROM sale_order_line_invoice_rel rel
                         JOIN account_move_line il ON il.id = rel.invoice_line_id
                         JOIN account_move m ON m.id = il.move_id
                        WHERE rel.order_line_id = ol.id AND m.state <> 'cancel')
            """) if whole else SQL(""))

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
        return dict(self._read_rates(company.id, tuple(sorted(currencies.ids)), date))

    @api.model
    @tools.ormcache('company_id', 'currency_ids', 'date')
    def _read_rates(self, company_id, currency_ids, date):
        # sudo: whoever confirms an order need not read companies or rates.
        company = self.env['res.company'].sudo().browse(company_id)
        currencies = self.env['res.currency'].sudo().browse(currency_ids)
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
        return tuple((currency_id, rate / base) for currency_id, rate in rates.items())
