from odoo import fields, models
from odoo.exceptions import UserError


class ArFollowed(models.AbstractModel):
    """An action of ours that money followed, as action efficiency counts it: to search by."""
    _name = 'ar.followed'
    _description = "Action that money followed"

    followed_within = fields.Char(
        string="Followed by money", compute='_compute_followed_within',
        search='_search_followed_within', exportable=False,
        help="Followed by money within seven days that ended between two days: "
             "2026-01-01/2026-01-31.")

    def _compute_followed_within(self):
        self.followed_within = False

    def _search_followed_within(self, operator, value):
        if operator != 'in':
            return NotImplemented
        companies = self.env.companies
        cash = sorted({journal for company in companies for journal in self.env[
            'ar.customer']._get_cash_journal_ids(company)})
        self.env['account.partial.reconcile'].flush_model()
        try:
            spans = [[fields.Date.to_date(day) for day in span.split('/', 1)]
                     for span in value if span]
        except ValueError:
            raise UserError(self.env._("Give two days: 2026-01-01/2026-01-31.")) from None
        return fields.Domain.OR(
            fields.Domain('id', 'in', self._get_followed_query(companies, cash, span[0], span[-1]))
            for span in spans)

    def _get_followed_query(self, companies, cash_journals, start, end):
        """Return the query of the ids of the actions that money followed.

        :param companies: `res.company`
        :param cash_journals: ids of the journals where money comes in
        :param start: first day on which the seven days may end
        :param end: last such day
        :rtype: SQL
        """
        raise NotImplementedError(f"{self._name} does not say what money followed")
