"""Companies, currencies, terms and journals of the benchmark ledger."""

from datetime import date, timedelta

from odoo.fields import Command

# Units of each currency for one euro. Constant for every currency that SQL-made invoices use, so
# that paying them leaves no exchange difference; GBP moves and is used through the ORM only.
FIXED_RATES = {'USD': 1.25, 'JPY': 125.0, 'KWD': 0.4}
MOVING_CURRENCY = 'GBP'


class LedgerSetup:
    """Create (or find again) everything that documents refer to."""

    def __init__(self, env, today):
        self.env = env
        self.today = today

    def run(self):
        """Prepare the database once; a second call finds what the first one made."""
        self._setup_currencies()
        self.company_a = self._setup_main_company()
        self.branch_a = self._setup_company('Meridian Lyon', parent=self.company_a)
        self.company_b = self._setup_company('Boreal Trading Ltd')
        self.env.user.company_ids += self.branch_a + self.company_b
        self._setup_rates()
        self.terms = self._setup_terms()
        return self

    # === COMPANIES === #
    def _setup_main_company(self):
        company = self.env.ref('base.main_company')
        self._load_chart(company, 'Meridian SAS')
        return company

    def _setup_company(self, name, parent=None):
        company = self.env['res.company'].search([('name', '=', name)], limit=1)
        if not company:
            company = self.env['res.company'].create({
                'name': name,
                'parent_id': parent.id if parent else False,
                'currency_id': self.env.ref('base.EUR').id,
            })
            if parent:
                self._set_country(company)
            else:
                self._load_chart(company, name)
        return company

    def _set_country(self, company):
        # On the address: setting it on the company would install the country's modules.
        company.partner_id.country_id = self.env.ref('base.fr')

    def _load_chart(self, company, name):
        if company.name == name and company.chart_template == 'generic_coa':
            return
        company.write({
            'name': name,
            'email': 'accounts@meridian.example',
            'currency_id': self.env.ref('base.EUR').id,
        })
        self._set_country(company)
        self.env['account.chart.template'].try_loading(
            'generic_coa', company=company, install_demo=False,
        )
        # The chart brings its own currency; the ledger is kept in euros.
        company.currency_id = self.env.ref('base.EUR')

    # === CURRENCIES === #
    def _setup_currencies(self):
        Currency = self.env['res.currency'].with_context(active_test=False)
        names = ['EUR', MOVING_CURRENCY, *FIXED_RATES]
        Currency.search([('name', 'in', names)]).active = True

    def _setup_rates(self):
        Rate = self.env['res.currency.rate']
        companies = self.company_a + self.company_b
        Rate.search([('company_id', 'in', companies.ids)]).unlink()
        values = []
        for company in companies:
            for name, rate in FIXED_RATES.items():
                values.append(self._prepare_rate_values(company, name, date(2000, 1, 1), rate))
            for month in range(48):
                day = (self.today - timedelta(days=30 * month)).replace(day=1)
                rate = 0.82 + (month % 7) * 0.01
                values.append(self._prepare_rate_values(company, MOVING_CURRENCY, day, rate))
        unique = {(v['company_id'], v['currency_id'], v['name']): v for v in values}
        Rate.create(list(unique.values()))

    def _prepare_rate_values(self, company, currency, day, rate):
        return {
            'company_id': company.id,
            'currency_id': self.currency(currency).id,
            'name': day,
            'rate': rate,
        }

    def currency(self, name):
        """Return an active currency by its ISO code."""
        return self.env['res.currency'].search([('name', '=', name)], limit=1)

    # === TERMS, JOURNALS, TAXES === #
    def _setup_terms(self):
        single = self._setup_term("30 days (ledger)", [(100, 30)])
        three = self._setup_term("30, 60 and 90 days (ledger)", [(30, 30), (30, 60), (40, 90)])
        return {'inv1': single, 'inv3': three}

    def _setup_term(self, name, lines):
        term = self.env['account.payment.term'].search([('name', '=', name)], limit=1)
        return term or self.env['account.payment.term'].create({
            'name': name,
            'company_id': False,
            'line_ids': [Command.create({
                'value': 'percent', 'value_amount': percent, 'delay_type': 'days_after',
                'nb_days': days,
            }) for percent, days in lines],
        })

    def journal(self, company, kind):
        """Return the first journal of this type that the company may use."""
        return self.env['account.journal'].search([
            *self.env['account.journal']._check_company_domain(company),
            ('type', '=', kind),
        ], limit=1)

    def tax(self, company):
        """Return the company's sale tax of 15 %."""
        return self.env['account.tax'].search([
            *self.env['account.tax']._check_company_domain(company),
            ('type_tax_use', '=', 'sale'), ('amount', '=', 15.0), ('amount_type', '=', 'percent'),
        ], limit=1)
