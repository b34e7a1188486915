from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.open_items import ALL, ITEM_COLUMNS, items_at

# More partials after the day than this, in number and as a share of all, and it lies far back.
FAR_PARTIALS, FAR_SHARE = 1000, 0.05


class ResCompany(models.Model):
    _inherit = 'res.company'

    def _get_ar_items_query(self, date, *, where=ALL, columns=ITEM_COLUMNS):
        """Return the query of the items of these companies open at the end of a day.

        On receivable accounts, and on the doubtful accounts (416 in France) that the legal entity
        of each company chose: where one entity owes nothing, another may.

        :param date: last day that counts, included
        :param SQL where: further condition on `l` (line), `p` (its partner) or `m` (its entry)
        :param SQL columns: see `items_at`
        :return: SQL, usable as a sub-query; columns as in `items_at`
        """
        account_ids, scope = self._get_ar_account_scope()
        return items_at(self.ids, account_ids, date, columns=columns, far=self._is_ar_far(date),
                        where=SQL("%s AND %s", where, scope))

    @api.model
    def _is_ar_far(self, date):
        """Return whether much was matched after ``date``: the items are then read in one pass."""
        if fields.Date.to_date(date) >= fields.Date.today():
            return False
        [(far,)] = self.env.execute_query(SQL(
            """
            SELECT COUNT(*) > GREATEST(%s, %s * (
                       SELECT reltuples FROM pg_class
                        WHERE oid = 'account_partial_reconcile'::regclass))
              FROM account_partial_reconcile WHERE max_date > %s
            """, FAR_PARTIALS, FAR_SHARE, date))
        return far

    def _get_ar_account_scope(self):
        """Return where customers of these companies can owe.

        :return: (ids of the accounts, SQL condition on `l` that leaves out, for each company, the
            accounts that only another company's entity considers doubtful)
        """
        account_ids, scope = self._get_ar_exposure_account_ids(), ALL
        # sudo: which accounts are doubtful is the books' business, not the reader's.
        for root, companies in self.sudo().grouped('root_id').items():
            foreign = self.root_id.sudo().ar_doubtful_account_ids - root.ar_doubtful_account_ids
            foreign = foreign.filtered(lambda account: account.account_type != 'asset_receivable')
            if foreign:
                scope = SQL(
                    "%s AND NOT (l.account_id = ANY(%s) AND l.company_id = ANY(%s))",
                    scope, foreign.ids, companies.ids)
        return account_ids, scope
