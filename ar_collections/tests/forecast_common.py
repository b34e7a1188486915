"""Short ways to ask for the forecast."""
from datetime import date, timedelta

from .common import CollectionsCommon


class ForecastCommon(CollectionsCommon):
    """Short ways to ask for the forecast."""

    def items_of(self, day=None, **context):
        """Return the rows of the forecast as known at the end of a day."""
        if day:
            context['ar_date'] = str(day)
        return self.env['ar.forecast.item'].with_context(**context).search([])

    def weeks_of(self, day=None, scope=None, **options):
        return self.env['ar.forecast']._read_rows(scope or {}, day, **options)

    @classmethod
    def history(cls, partner, delay, number):
        """Pay some invoices of a customer, each so many days after it fell due."""
        for turn in range(number):
            due = date(2025, 9, 1) + timedelta(days=30 * turn)
            invoice = cls.invoice(100, due=str(due), partner=partner)
            cls.pay(invoice, date=str(due + timedelta(days=delay)))
