from odoo import api, fields, models

from ...connectors.errors import AccessError as RouteError
from ...connectors.errors import (
    AlreadyPendingError,
    AmbiguousError,
    BudgetError,
    ConfigurationError,
    CredentialsError,
    InvalidInputError,
    NotFoundError,
    TemporaryError,
    UnexpectedAnswerError,
    UnknownOutcomeError,
)


class ArProvider(models.Model):
    """What users read: the state of an account, and every error with what to do about it."""
    _inherit = 'ar.provider'

    @api.depends('is_on', 'active', 'health_ids')
    def _compute_health(self):
        # sudo: that a provider answers is no secret; the details stay with the managers.
        rows = self.env['ar.provider.health'].sudo().search([('provider_id', 'in', self.ids)])
        by_provider = {row.provider_id.id: row for row in rows}
        now = fields.Datetime.now()
        for provider in self:
            row = by_provider.get(provider._origin.id, rows.browse())
            provider.last_success_at = row.last_success_at
            provider.last_error_at = row.last_error_at
            provider.paused_until = row.paused_until
            paused = row.paused_until and row.paused_until > now
            provider.health = (
                'off' if not provider.is_on else 'problem' if row.problem
                else 'paused' if paused else 'good' if row.last_success_at else 'never')
            provider.health_text = provider._get_health_text(row)

    def _get_health_text(self, row):
        self.ensure_one()
        if self.health == 'problem':
            return row.problem_text
        if self.health == 'paused':
            return self.env._(
                "%s failures in a row. It is asked again by itself after the pause.", row.failures)
        if self.health == 'never':
            return self.env._("Press “Test the connection”.")
        if self.health == 'off':
            return self.env._("Type in the credentials, then switch it on.")
        return False

    def _compute_billed_today(self):
        used = self._get_billed_today()
        for provider in self:
            provider.billed_today = used.get(provider._origin.id, 0)

    def _get_billed_today(self):
        """Return {provider id: billed calls of today (UTC)}."""
        # sudo: the count is shown beside the budget, whoever sees the provider.
        rows = self.env['ar.provider.usage'].sudo()._read_group(
            [('provider_id', 'in', self.ids), ('operation', '=', '*'),
             ('day', '=', fields.Datetime.now().date())], ['provider_id'], ['billed:sum'])
        return {provider.id: billed for provider, billed in rows}

    # === ERRORS IN WORDS === #

    def _get_error_text(self, error):
        """Return what happened and what to do, for people.

        :param error: of `connectors.errors`
        """
        self.ensure_one()
        name = self.name
        if isinstance(error, ConfigurationError):
            return self._get_setting_text(error)
        said = "; ".join(error.provider_messages)
        if isinstance(error, UnknownOutcomeError):
            return self.env._(
                "It was sent to %s, but the answer was lost. It is looked up before anything is "
                "sent again.", name)
        if isinstance(error, TemporaryError):
            return self._get_temporary_text(error)
        if isinstance(error, CredentialsError):
            return self.env._(
                "%s refused the credentials. Nothing more is asked until they are typed in "
                "again: an administrator does it on the provider, button “Credentials”.", name)
        if isinstance(error, RouteError):
            return self.env._(
                "%(provider)s answers that this is not allowed: the route, the application key or "
                "a right of the contract is missing. It is not the password. Ask your contact at "
                "the provider. %(said)s", provider=name, said=said).strip()
        if isinstance(error, BudgetError):
            return self.env._(
                "The billed calls of today are used up (%(limit)s per day). Raise the number on "
                "the provider %(provider)s, or wait until tomorrow.",
                limit=self.daily_budget, provider=name)
        if isinstance(error, NotFoundError):
            return self.env._("%s does not know this company or this object.", name)
        if isinstance(error, AmbiguousError):
            return self.env._("%s knows several companies: one must be picked.", name)
        if isinstance(error, AlreadyPendingError):
            return self.env._("%s has an open request for this company already.", name)
        if isinstance(error, InvalidInputError):
            return self._get_input_text(error)
        if isinstance(error, UnexpectedAnswerError):
            return self._get_unexpected_text(error)
        return self.env._(
            "%(provider)s refused: %(said)s", provider=name, said=said or error.code)

    def _get_unexpected_text(self, error):
        if error.code == 'unnamed_request':
            return self.env._(
                "%(provider)s has a request under way (%(number)s) and does not say for which "
                "company: it may be this one. Nothing was sent now. Look in the insurer's portal; "
                "once that request has its answer, press “Look it up”: what has not arrived is "
                "sent then.", provider=self.name, number=error.details.get('request'))
        return self.env._(
            "%(provider)s answered something that cannot be read (%(code)s). What was known "
            "before is kept. The errors of the provider hold the answer for its support.",
            provider=self.name, code=error.code)

    def _get_temporary_text(self, error):
        if error.code == 'rate':
            return self.env._(
                "%s asks for patience: too many calls. It is asked again later by itself.",
                self.name)
        return self.env._(
            "%(provider)s does not answer now (%(code)s). Nothing was decided or changed; try "
            "again in a few minutes.", provider=self.name, code=error.code)

    def _get_input_text(self, error):
        if error.details.get('proposal'):
            return self.env._(
                "%(provider)s does not accept this amount. The next one it would accept is "
                "%(amount)s. Nothing was sent.",
                provider=self.name, amount=error.details['proposal'])
        return self.env._(
            "This would be refused by %(provider)s (%(code)s). Nothing was sent.",
            provider=self.name, code=error.code)

    def _get_setting_text(self, error):
        """Return what to mend in the settings."""
        texts = {
            'off': self.env._("%s is switched off. An administrator switches it on.", self.name),
            'credentials': self.env._(
                "Credentials of %s are missing. An administrator types them in on the provider, "
                "button “Credentials”.", self.name),
            'options': self.env._(
                "Options of %(provider)s are missing: %(detail)s",
                provider=self.name, detail=error.message.split('missing ')[-1]),
            'simulator': self.env._(
                "%s points to a simulator. This server was not started for simulators: empty the "
                "field, or start it by “make demo”.", self.name),
            'environment': self.env._(
                "%s has no test environment that is known. Only production can be chosen.",
                self.name),
            'unconfirmed': self.env._(
                "This operation of %s rests on an assumption and is off. Compare it with your "
                "contract, then tick it in the list of operations.", self.name),
            'not_supported_manual': self.env._(
                "%s has published no contract for this: it is done by hand.", self.name),
            'not_supported_no': self.env._("%s does not offer this.", self.name),
            'host': self.env._(
                "An address in the options of %s is not one of the provider's. Nothing was sent "
                "there.", self.name),
            'callback_header': self.env._(
                "The option callback_header of %s cannot be the name of a header. Type in the name "
                "from your contract, or empty it. Nothing was sent.", self.name),
            'private_address': self.env._(
                "The name of %s leads to a private network. Nothing was sent there.", self.name),
        }
        return texts.get(error.code) or self.env._(
            "A setting of %(provider)s must be mended: %(detail)s",
            provider=self.name, detail=error.message)
