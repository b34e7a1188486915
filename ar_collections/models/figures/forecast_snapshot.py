from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL


class ArForecastSnapshot(models.Model):
    """The forecast as it was shown on a day, kept to be compared with what came in.

    One row per company, day and week. Never written again: reconciliations booked late must not
    make an old forecast look better.
    """
    _name = 'ar.forecast.snapshot'
    _description = "Forecast as it was"
    _order = 'date desc, company_id, number'
    _rec_name = 'date'

    company_id = fields.Many2one(
        'res.company', required=True, readonly=True, index=True, ondelete='cascade')
    currency_id = fields.Many2one(related='company_id.currency_id')
    date = fields.Date(
        string="Made on", required=True, readonly=True,
        help="What was known at the end of this day was taken into account.")
    number = fields.Integer(
        required=True, readonly=True, aggregator=None,
        help="Week, counted from 1; 14 is what comes later, 15 the credits left over.")
    week = fields.Date(readonly=True, help="Monday of the week.")
    low = fields.Monetary(string="Low case", readonly=True)
    likely = fields.Monetary(string="Expected", readonly=True)
    high = fields.Monetary(string="High case", readonly=True)

    _day_uniq = models.UniqueIndex('(company_id, date, number)')

    @api.model
    def _cron_take(self):
        """Scheduled action: keep the forecast of the last Sunday, once per company."""
        companies = self.env['res.company'].search(fields.Domain.TRUE)
        self.env['ir.cron']._ar_work_through(companies, self._take)

    @api.model
    def _take(self, company):
        """Keep the forecast of the last Sunday for one company, unless it is kept already."""
        today = company._get_ar_today()
        monday = self.env['ar.forecast']._get_first_week(today - timedelta(days=1))
        date = monday - timedelta(days=1)
        weeks = self.env['ar.forecast.week'].with_context(
            allowed_company_ids=company.ids, ar_date=fields.Date.to_string(date))
        self.env.flush_all()
        # sudo: the robot keeps the company's whole forecast; rules decide who reads it.
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_forecast_snapshot (
                company_id, date, number, week, low, likely, high,
                create_uid, create_date, write_uid, write_date)
            SELECT company_id, %(date)s, number, week, low, likely, high,
                   %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM (%(weeks)s) row_of_week
            ON CONFLICT (company_id, date, number) DO NOTHING
            """,
            date=date, uid=self.env.uid, now=fields.Datetime.now(),
            weeks=weeks.sudo()._get_query(date)))
        self.invalidate_model()
