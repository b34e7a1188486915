from odoo import fields, models


class ResCompany(models.Model):
    _inherit = 'res.company'

    ar_kpi_months = fields.Integer(
        string="Months of sales in DSO", default=3,
        help="DSO, best possible DSO and collection effectiveness look back this many months.")
    ar_kpi_cei_average = fields.Boolean(
        string="Collection effectiveness with average sales",
        help="Take the sales of an average month of the window, as the Credit Research Foundation "
             "writes it, instead of those of the whole window.")
    ar_late_cost_rate = fields.Float(
        string="Cost of money (% per year)", digits=(16, 2),
        help="What a year of waiting costs the company, for example the rate of its overdraft. "
             "Without it no cost of lateness is shown.")
    ar_kpi_freeze_day = fields.Integer(
        string="Figures frozen on day", default=5,
        help="Day of the month on which the figures of the month before are frozen as they were "
             "seen then.")

    _ar_kpi_months_check = models.Constraint(
        'CHECK(ar_kpi_months IS NULL OR ar_kpi_months BETWEEN 1 AND 12)',
        "DSO looks back between 1 and 12 months.")
    _ar_kpi_freeze_day_check = models.Constraint(
        'CHECK(ar_kpi_freeze_day IS NULL OR ar_kpi_freeze_day BETWEEN 1 AND 28)',
        "The day on which figures are frozen lies between 1 and 28.")
    _ar_late_cost_rate_check = models.Constraint(
        'CHECK(ar_late_cost_rate IS NULL OR ar_late_cost_rate >= 0)',
        "Money cannot cost less than nothing.")


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_kpi_months = fields.Integer(related='company_id.ar_kpi_months', readonly=False)
    ar_kpi_cei_average = fields.Boolean(related='company_id.ar_kpi_cei_average', readonly=False)
    ar_late_cost_rate = fields.Float(related='company_id.ar_late_cost_rate', readonly=False)
    ar_kpi_freeze_day = fields.Integer(related='company_id.ar_kpi_freeze_day', readonly=False)
