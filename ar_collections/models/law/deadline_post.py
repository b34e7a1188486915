import logging
from datetime import timedelta

import psycopg2

from odoo import models

_logger = logging.getLogger(__name__)

# The shortest prescription that a rule knows is a year: younger claims wait for the night.
OLD_DAYS = 300


class AccountMove(models.Model):
    """EXTENDS account: the clock of an old claim that is entered today is known today.

    The night counts all deadlines; until then nothing would keep a barred claim from a reminder.
    """
    _inherit = 'account.move'

    def _post(self, soft=True):
        """EXTENDS account: count the deadlines of customers with old items again."""
        posted = super()._post(soft)
        posted._ar_count_old_claims()
        return posted

    def _ar_count_old_claims(self):
        """Build the deadlines of whoever owes an old item of these entries; never an error."""
        for company, moves in self.grouped('company_id').items():
            limit = company._get_ar_today() - timedelta(days=OLD_DAYS)
            old = moves.line_ids.filtered(lambda line, limit=limit: (
                line.account_type == 'asset_receivable' and line.debit and line.partner_id
                and not line.reconciled and (line.date_maturity or line.date) < limit))
            if not old:
                continue
            # sudo: whoever posts an invoice need not be allowed to read deadlines.
            customers = self.env['ar.customer'].sudo()._get_or_create(old.partner_id, company)
            try:
                with self.env.cr.savepoint():
                    self.env['ar.deadline'].sudo()._build(company, customers)
            except psycopg2.OperationalError:
                raise  # Somebody wrote the same rows: Odoo runs the request again.
            except Exception:
                # The entry is right all the same, and the night tries again.
                _logger.exception("Deadlines of %s could not be counted", customers)
