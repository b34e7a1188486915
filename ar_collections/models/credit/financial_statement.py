from odoo import api, fields, models

from ...tools.financial_scores import altman_z2, conan_holder


class ArFinancialStatement(models.Model):
    """The figures of a customer's annual accounts that the financial scores need, typed in."""
    _name = 'ar.financial.statement'
    _description = "Annual accounts of a customer"
    _inherit = ['mail.thread']
    _order = 'year desc, id desc'
    _check_company_auto = True

    customer_id = fields.Many2one(
        'ar.customer', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(
        'res.currency', required=True, default=lambda self: self.env.company.currency_id,
        help="Of the accounts. The scores are ratios: no exchange rate is needed.")
    year = fields.Integer(
        string="Year closed", required=True, aggregator=None,
        default=lambda self: fields.Date.context_today(self).year - 1)
    source = fields.Char(help="Where the figures come from: register, the customer, a provider.")

    total_assets = fields.Monetary(
        string="Total assets", tracking=True, help="Total of the balance sheet, net.")
    current_assets = fields.Monetary(string="Current assets", tracking=True)
    receivables_and_cash = fields.Monetary(
        string="Receivables and cash", tracking=True, help="Current assets without stocks.")
    current_liabilities = fields.Monetary(
        string="Current liabilities", tracking=True, help="Due within a year.")
    total_debt = fields.Monetary(
        string="All liabilities", tracking=True, help="Short and long term, without equity.")
    equity = fields.Monetary(tracking=True)
    retained_earnings = fields.Monetary(
        string="Retained earnings", tracking=True,
        help="Reserves, earnings carried forward and the result of the year.")
    permanent_capital = fields.Monetary(
        string="Permanent capital", tracking=True,
        help="Equity and liabilities due after more than a year.")
    sales = fields.Monetary(tracking=True, help="Without tax.")
    value_added = fields.Monetary(string="Value added", tracking=True)
    staff_cost = fields.Monetary(
        string="Staff cost", tracking=True, help="Wages and social charges.")
    ebitda = fields.Monetary(
        string="Gross operating surplus", tracking=True,
        help="EBE in France: before depreciation, interest and taxes.")
    ebit = fields.Monetary(
        string="Operating result", tracking=True, help="Before interest and taxes.")
    financial_cost = fields.Monetary(
        string="Financial cost", tracking=True, help="Interest and the like.")

    has_altman = fields.Boolean(compute='_compute_scores', store=True)
    altman = fields.Float(
        string="Altman Z″", digits=(16, 2), compute='_compute_scores', store=True,
        aggregator=None, help="Without the constant: above 2.6 safe, below 1.1 in distress.")
    has_conan_holder = fields.Boolean(compute='_compute_scores', store=True)
    conan_holder = fields.Float(
        string="Conan and Holder", digits=(16, 2), compute='_compute_scores', store=True,
        aggregator=None, help="16 and more good, 9 to 16 careful, 4 to 9 weak, below 4 bad.")

    _customer_year_uniq = models.Constraint(
        'UNIQUE(customer_id, year)', "The accounts of this year are typed in already.")
    _year_range = models.Constraint(
        'CHECK(year BETWEEN 1990 AND 2200)', "Type the year with four digits.")

    @api.depends(
        'total_assets', 'current_assets', 'receivables_and_cash', 'current_liabilities',
        'total_debt', 'equity', 'retained_earnings', 'permanent_capital', 'sales', 'value_added',
        'staff_cost', 'ebitda', 'ebit', 'financial_cost')
    def _compute_scores(self):
        for accounts in self:
            # Figures that only the other score needs may be typed alone.
            altman = altman_z2(
                working_capital=accounts.current_assets - accounts.current_liabilities,
                retained_earnings=accounts.retained_earnings, ebit=accounts.ebit,
                equity=accounts.equity, total_assets=accounts.total_assets,
                total_debt=accounts.total_debt,
            ) if accounts.current_assets and accounts.equity else None
            conan = conan_holder(
                ebitda=accounts.ebitda, permanent_capital=accounts.permanent_capital,
                receivables_and_cash=accounts.receivables_and_cash,
                total_assets=accounts.total_assets, total_debt=accounts.total_debt,
                financial_cost=accounts.financial_cost, sales=accounts.sales,
                staff_cost=accounts.staff_cost, value_added=accounts.value_added)
            accounts.has_altman = altman is not None
            accounts.altman = altman or 0.0
            accounts.has_conan_holder = conan is not None
            accounts.conan_holder = conan or 0.0

    def _compute_display_name(self):
        for accounts in self:
            accounts.display_name = self.env._(
                "Accounts %(year)s of %(customer)s", year=accounts.year,
                customer=accounts.customer_id.display_name or "")
