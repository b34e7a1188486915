from odoo import api, fields, models
from odoo.tools import SQL, formatLang

MONTHS = 12
# A margin that is known for less than this share of the sales says nothing about the whole.
COVERAGE = 0.8


class ArCustomer(models.Model):
    """What a loss costs in sales, from the customer's own margin.

    Margin = (sales − cost) / sales, over the posted invoices and credit notes of the last 12
    months, without tax, in company currency; cost = quantity × today's cost of the product. Known
    when lines with a cost make up at least 80 % of the sales. Sales needed = loss / margin: at a
    margin of 5 %, a loss of 12,000 takes 240,000 of sales that earn nothing.
    """
    _inherit = 'ar.customer'

    def _get_margins(self):
        """Return {customer id: (margin, where it comes from)}; margin is a share or None.

        One query for any number of customers of one company. The second part is 'own',
        'company' (the usual margin of the settings) or 'unknown'.
        """
        result = {}
        for company, customers in self.sudo().grouped('company_id').items():
            own = customers._read_margins(company)
            usual = (company.ar_margin_percent or company.root_id.ar_margin_percent) / 100
            for customer in customers:
                margin = own.get(customer.partner_id.id)
                if margin is not None:
                    result[customer.id] = (margin, 'own')
                else:
                    result[customer.id] = (usual, 'company') if usual else (None, 'unknown')
        return result

    def _read_margins(self, company):
        """Return {partner id: share} of the customers whose margin is known."""
        self.env.flush_all()
        rows = self.env.execute_query(SQL(
            """
            SELECT m.commercial_partner_id, l.product_id, l.product_uom_id,
                   SUM(CASE WHEN m.move_type = 'out_refund' THEN -l.quantity ELSE l.quantity END),
                   SUM(-l.balance)
              FROM account_move_line l JOIN account_move m ON m.id = l.move_id
             WHERE m.commercial_partner_id = ANY(%(partners)s) AND m.company_id = %(company)s
               AND m.state = 'posted' AND l.display_type = 'product'
               AND m.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
               AND m.invoice_date > %(since)s
             GROUP BY m.commercial_partner_id, l.product_id, l.product_uom_id
            """, partners=self.partner_id.ids, company=company.id,
            since=fields.Date.subtract(company._get_ar_today(), months=MONTHS)))
        # sudo: the cost of a product is not shown, only what comes of it.
        products = self.env['product.product'].sudo().with_company(company).browse(
            {row[1] for row in rows if row[1]})
        cost_of = {product.id: (product.standard_price, product.uom_id) for product in products}
        totals = {}
        for partner_id, product_id, uom_id, quantity, sales in rows:
            total = totals.setdefault(partner_id, [0.0, 0.0, 0.0])
            total[0] += float(sales)
            price, uom = cost_of.get(product_id, (0.0, None))
            if price:
                if uom_id and uom_id != uom.id:
                    quantity = self.env['uom.uom'].sudo().browse(uom_id)._compute_quantity(
                        float(quantity), uom, round=False)
                total[1] += float(sales)
                total[2] += float(quantity) * price
        return {
            partner_id: (known - cost) / known
            for partner_id, (sales, known, cost) in totals.items()
            if sales > 0 and known > 0 and known >= COVERAGE * sales}

    @api.model
    def _get_sales_needed_text(self, loss, margin, source, currency):
        """Return in words what a loss costs in sales; never a zero for what is not known.

        :param float loss: company currency
        :param margin: share, or None
        :param str source: see `_get_margins`
        """
        if margin is None:
            return self.env._(
                "Unknown: the products that this customer buys have no cost, and the settings "
                "name no usual margin.")
        if margin <= 0:
            return self.env._(
                "No sales make up for it: this customer's margin is %s %%.",
                formatLang(self.env, margin * 100, digits=1))
        text = self.env._(
            "%(sales)s at this customer's margin of %(margin)s %%") if source == 'own' else \
            self.env._("%(sales)s at the usual margin of %(margin)s %%")
        return text % {
            'sales': formatLang(self.env, currency.round(loss / margin), currency_obj=currency),
            'margin': formatLang(self.env, margin * 100, digits=1)}


class ArWriteOff(models.Model):
    """The loss, told in sales."""
    _inherit = 'ar.write.off'

    sales_needed = fields.Monetary(
        string="Sales needed", compute='_compute_sales_needed',
        currency_field='company_currency_id',
        help="Sales that earn nothing but this loss. Empty when the margin is not known.")
    sales_needed_text = fields.Char(
        string="Sales needed to make up for this loss", compute='_compute_sales_needed')

    @api.depends('loss_amount', 'customer_id')
    def _compute_sales_needed(self):
        margins = self.customer_id._get_margins()
        for record in self:
            margin, source = margins.get(record.customer_id.id, (None, 'unknown'))
            currency = record.company_currency_id or self.env.company.currency_id
            record.sales_needed = currency.round(
                record.loss_amount / margin) if margin and margin > 0 else False
            record.sales_needed_text = self.env['ar.customer']._get_sales_needed_text(
                record.loss_amount, margin, source, currency) if record.loss_amount else False


class ArLegalCase(models.Model):
    """What the case would cost in sales if it were lost."""
    _inherit = 'ar.legal.case'

    sales_needed_text = fields.Char(
        string="Sales needed if it is lost", compute='_compute_sales_needed_text')

    @api.depends('residual', 'customer_id')
    def _compute_sales_needed_text(self):
        margins = self.customer_id._get_margins()
        for case in self:
            margin, source = margins.get(case.customer_id.id, (None, 'unknown'))
            case.sales_needed_text = self.env['ar.customer']._get_sales_needed_text(
                case.residual, margin, source, case.company_currency_id) if case.residual else False
