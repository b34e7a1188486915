from odoo import api, fields, models
from odoo.tools import SQL

CAPPED = [('business', "Businesses"), ('public', "Public bodies"),
          ('health', "Public health bodies")]


class ArTermCap(models.Model):
    """The longest payment term that the law of a country allows to a kind of debtor.

    Dated data with its source: a law that changes is a new row, not a new release.
    """
    _name = 'ar.term.cap'
    _description = "Legal cap on payment terms"
    _order = 'country_id, date_from desc, id'

    name = fields.Char(required=True, translate=True)
    country_id = fields.Many2one('res.country', required=True, index=True, ondelete='cascade')
    debtor = fields.Selection(
        CAPPED, string="Binds", required=True, default='business',
        help="Businesses pay by the law of the seller, public bodies by their own.")
    date_from = fields.Date(string="Invoices from")
    date_to = fields.Date(string="Invoices to")
    days = fields.Integer(
        required=True, help="Longest term, in days from the date of the invoice.")
    month_end_days = fields.Integer(
        string="Days, end of month",
        help="Where the law also allows so many days and the end of the month: counted either way, "
             "the later date is taken. 0 where it does not.")
    periodic_days = fields.Integer(
        string="Periodic invoices (days)",
        help="Longest term of an invoice that sums up the deliveries of a period. 0: as any other.")
    is_firm = fields.Boolean(
        string="No agreement lifts it",
        help="Not set: the parties may agree on more where that is not grossly unfair.")
    source = fields.Char(help="Where the rule was read.")
    state = fields.Selection(
        [('confirmed', "Confirmed"), ('unconfirmed', "To be confirmed")], required=True,
        default='unconfirmed', help="A cap that nobody has read flags nothing.")
    active = fields.Boolean(default=True)

    _days_check = models.Constraint(
        'CHECK(days > 0 AND month_end_days >= 0)', "A cap has at least one day.")

    def _at(self, day):
        """Return the cap of these that is in force on a day, or nothing."""
        return self.filtered(lambda cap: (not cap.date_from or cap.date_from <= day) and (
            not cap.date_to or cap.date_to >= day))[:1]

    def _describe(self, periodic=False):
        """Return the cap in words."""
        self.ensure_one()
        if periodic and self.periodic_days:
            return self.env._("%s days from a periodic invoice", self.periodic_days)
        if self.month_end_days:
            return self.env._(
                "%(days)s days from the invoice, or %(end)s days end of month",
                days=self.days, end=self.month_end_days)
        return self.env._("%s days from the invoice", self.days)

    @api.model
    def _get_limit_query(self, country_ids):
        """Return the query of the caps between businesses.

        Columns: id, country_id, date_from, date_to, days, month_end_days.
        """
        self.flush_model()
        return SQL(
            """
            SELECT id, country_id, COALESCE(date_from, '-infinity'::date) AS date_from,
                   COALESCE(date_to, 'infinity'::date) AS date_to, days,
                   COALESCE(month_end_days, 0) AS month_end_days
              FROM ar_term_cap
             WHERE active AND state = 'confirmed' AND debtor = 'business'
               AND country_id = ANY(%s)
            """, list(country_ids))

    @api.model
    def _get_last_day(self, invoice_date, cap):
        """Return the SQL of the last lawful due date.

        "45 days end of month" is read in two lawful ways: 45 days, then the end of that month; or
        the end of the month of the invoice, then 45 days. Whoever keeps to one of them is inside.

        :param SQL invoice_date: date of the invoice
        :param SQL cap: alias of `_get_limit_query`
        """
        end = SQL("interval '1 month' - interval '1 day'")
        return SQL(
            """
            GREATEST(
                %(date)s + %(cap)s.days,
                CASE WHEN %(cap)s.month_end_days > 0 THEN GREATEST(
                    (date_trunc('month', %(date)s + %(cap)s.month_end_days) + %(end)s)::date,
                    (date_trunc('month', %(date)s) + %(end)s)::date + %(cap)s.month_end_days)
                END)
            """, date=invoice_date, cap=cap, end=end)
