from odoo import api, models

from ...connectors.errors import ConnectorError, TemporaryError
from ...connectors.numbers import check_siren, find_siren
from .provider_codes import NUMBER_IS_SIREN, PUBLIC, REGISTERS


class ArProvider(models.Model):
    """EXTENDS the poll: registers of the State, asked by SIREN.

    They stand among the other providers to share what those have: isolation, calls counted,
    errors kept with their evidence, a pause after failures in a row, one more try after it.
    """
    _inherit = 'ar.provider'

    # === WHO IS ASKED === #

    @api.model
    def _make_public_providers(self):
        """Create the accounts of the public registers that companies watch, and commit them.

        None of them needs credentials. Whoever switches one off is obeyed.
        """
        labels = dict(self._fields['code']._description_selection(self.env))
        companies = self.env['res.company'].search([
            '|', ('ar_bodacc_active', '=', True), ('ar_register_active', '=', True)])
        known = self.with_context(active_test=False).search([
            ('code', 'in', list(PUBLIC)), ('company_id', 'in', companies.ids)])
        have = {(provider.company_id, provider.code) for provider in known}
        self.create([
            {'name': labels[code], 'code': code, 'company_id': company.id, 'is_on': True,
             'environment': 'production', 'sequence': 100}
            for company in companies for code, wanted in (
                ('bodacc', company.ar_bodacc_active),
                ('recherche_entreprises', company.ar_register_active))
            if wanted and (company, code) not in have])
        # What is noted about an account is written by other transactions: it must be there.
        self.env['ir.cron']._commit_progress()

    def _is_register(self):
        """Return whether this is the register that its company asks: one of them is enough."""
        self.ensure_one()
        if self.code not in REGISTERS:
            return False
        registers = self.search([
            ('company_id', '=', self.company_id.id), ('code', 'in', REGISTERS),
            ('is_on', '=', True)]).filtered('has_credentials')
        return registers.sorted(
            lambda provider: (REGISTERS.index(provider.code), provider.id))[:1] == self

    def _counts(self):
        """Return whether what this account says is taken for true."""
        self.ensure_one()
        return self.environment == 'production' or self.test_counts

    # === POLL === #

    def _get_poll_steps(self):
        """EXTENDS the poll: a public register has steps of its own, and no others."""
        return self._get_public_steps() if self.code in PUBLIC else super()._get_poll_steps()

    def _count_due(self):
        """EXTENDS the poll."""
        if self.code not in PUBLIC:
            return super()._count_due()
        return self._count_public_due() if self._may_poll() else 0

    def _get_public_steps(self):
        """Return [(name, method)] of a public register, as `_get_poll_steps`."""
        return []

    def _count_public_due(self):
        """Return how many companies a public register is asked about now."""
        return 0

    def _stop_after(self, error):
        """Go on after a failure that concerns one call; end the turn after one that concerns all.

        :raise ConnectorError: to end the turn of this provider
        """
        if self._is_problem(error):
            raise error
        if isinstance(error, TemporaryError):
            self._stop_if_paused(error)


class ArCustomer(models.Model):
    _inherit = 'ar.customer'

    def _get_sirens(self):
        """Return {customer id: SIREN} of the French customers whose number is known and right.

        It stands in the company number or in the VAT number; otherwise a provider to whom the
        customer is linked may have told it.
        """
        sirens, others = {}, self.browse()
        for customer in self:
            partner = customer.partner_id
            if partner.country_id.code not in (False, 'FR'):
                continue
            siren = find_siren(partner.company_registry, partner.vat)
            if siren:
                sirens[customer.id] = siren
            else:
                others |= customer
        links = self.env['ar.provider.link'].search([
            ('customer_id', 'in', others.ids), ('state', '=', 'linked'),
            ('provider_id.code', 'in', list(NUMBER_IS_SIREN)),
            '|', ('environment', 'not in', ('test', 'simulator')),
            ('provider_id.test_counts', '=', True)]) if others else []
        for link in links:
            try:
                sirens[link.customer_id.id] = check_siren(link.external_id)
            except ConnectorError:
                continue
        return sirens
