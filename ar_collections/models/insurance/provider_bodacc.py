from datetime import date

from odoo import fields, models
from odoo.tools.misc import split_every

from ...connectors.bodacc import SIRENS_PER_CALL
from ...connectors.errors import ConfigurationError, ConnectorError

# The data of the portal begin here; a plan may run for ten years.
FIRST_DAY = date(2008, 1, 1)
# Notices are corrected, and the portal loads some of them late.
OVERLAP_DAYS = 30


class ArProvider(models.Model):
    """EXTENDS the poll: the gazette is read by SIREN, many customers in one call."""
    _inherit = 'ar.provider'

    def _get_poll_cron(self):
        """EXTENDS the poll: the gazette has a scheduled action of its own."""
        if self.code == 'bodacc':
            return self.env.ref('ar_collections.ir_cron_ar_bodacc')
        return super()._get_poll_cron()

    def _get_public_steps(self):
        """EXTENDS the public registers."""
        if self.code == 'bodacc':
            return [('notices', self._poll_notices)]
        return super()._get_public_steps()

    def _count_public_due(self):
        """EXTENDS the public registers."""
        if self.code == 'bodacc':
            return len(self._get_notices_todo())
        return super()._count_public_due()

    def _get_notices_todo(self):
        company = self.company_id
        if not company.ar_bodacc_active or not self._counts():
            return []
        return company._ar_get_bodacc_todo()

    def _poll_notices(self, client):
        """Read the gazette; a failure keeps what is known and its date."""
        company = self.company_id
        for part in split_every(SIRENS_PER_CALL, self._get_notices_todo(), list):
            error, code = None, False
            try:
                code = self._read_notices(client, dict(part))
            except (ConnectorError, ConfigurationError) as caught:
                error, code = caught, caught.code
            if (company.ar_bodacc_error or False) != code:
                company.ar_bodacc_error = code
            yield 0 if code else len(part)
            if error:
                self._stop_after(error)

    def _read_notices(self, client, numbers):
        """Read and store the notices of one batch.

        :param numbers: {customer id: SIREN}
        :return: 'incomplete' when the batch is due again, False when it was read
        :raise ConnectorError: of the call
        """
        customers = self.env['ar.customer'].browse(numbers)
        today = self.company_id._get_ar_today()
        read = [customer.bodacc_checked_on for customer in customers]
        since = FIRST_DAY if not all(read) else fields.Date.subtract(min(read), days=OVERLAP_DAYS)
        batch = self._call(
            'list_notices', sorted(set(numbers.values())), since, today, client=client)
        customers._store_notices(numbers, batch.items)
        if not batch.complete:
            return 'incomplete'
        # Nothing found is no news: not a line in the history of thousands of customers.
        fresh = customers.filtered(lambda customer: not customer.insolvency_state)
        fresh.with_context(tracking_disable=True).insolvency_state = 'none_found'
        customers.bodacc_checked_on = today
        return False


class ResCompany(models.Model):
    _inherit = 'res.company'

    def _ar_get_bodacc_todo(self):
        """Return [(customer id, SIREN)] not read today, those never read first."""
        self.ensure_one()
        customers = self.env['ar.customer'].search([
            ('company_id', '=', self.id),
            '|', ('bodacc_checked_on', '=', False),
            ('bodacc_checked_on', '<', self._get_ar_today())], order='id')
        customers = customers.sorted(lambda c: c.bodacc_checked_on or date.min)
        sirens = customers._get_sirens()
        return [(customer.id, sirens[customer.id]) for customer in customers
                if customer.id in sirens]
