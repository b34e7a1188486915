import contextlib
import logging
from collections import Counter

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...connectors.errors import (
    AccessError as RouteError,
)
from ...connectors.errors import (
    BudgetError,
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    InvalidInputError,
    NotSupportedError,
    SentBeforeError,
    TemporaryError,
    UnconfirmedError,
    UnknownOutcomeError,
)
from ...connectors.transport import LocalSimulator
from ...tools.transaction import end_reading, open_beside
from .provider import CALLBACK_SECRET
from .provider_memory import KeptBudget, KeptJournal, KeptLimiter, KeptTokens

_logger = logging.getLogger(__name__)
# So many failures one after the other, and the account is left alone for a while.
BREAKER = 5
FIRST_PAUSE, LONGEST_PAUSE = 5, 360
SUCCESSES_AT_ONCE = 50
# Somebody waits at the screen: seconds to connect, to read and in all, and one repetition.
USER_TIMEOUTS, USER_TOTAL, USER_RETRIES = (5.0, 10.0), 15.0, 1


class ArProvider(models.Model):
    """The one door to the outside: every call goes through `_call`."""
    _inherit = 'ar.provider'

    # === CALLS === #

    def _call(self, operation, *args, client=None, **kwargs):
        """Call an operation of the provider's client, count it, and note how it went.

        Nothing is written in the caller's transaction. A call that changes something at the
        provider must come from a committed record, outside a user's request.

        :param str operation: name of a capability
        :param client: one from `_open_client`, for many calls in a row
        :return: the typed result of `connectors.results`
        :raise ConnectorError: typed by what must happen next (`connectors.errors`)
        :raise ConfigurationError: something to mend in the settings; nothing was sent
        """
        self.ensure_one()
        if client is None:
            with self._open_client() as client:
                return self._call(operation, *args, client=client, **kwargs)
        try:
            result = getattr(client, operation)(*args, **kwargs)
        except (ConnectorError, ConfigurationError) as error:
            if self._is_answer(error):
                self._note_success(operation, client)
                raise
            self._write_successes(client)
            client.has_failed = True
            self._note_error(operation, error)
            raise
        self._note_success(operation, client)
        return result

    def _is_answer(self, error):
        """Return whether an error is all that was asked for: nothing is wrong, nothing is kept."""
        return False

    def _call_for_user(self, operation, *args, **kwargs):
        """Like `_call`, for a button: errors become words that say what to do.

        Call it before anything is written: what the transaction has written would stay locked for
        as long as the provider takes. A transaction that has only read is ended: nothing stays open
        meanwhile. What is noted about the call is another transaction's.

        :raise UserError: in place of every error of the client
        """
        try:
            with self._open_client(timeouts=USER_TIMEOUTS) as client:
                client.total_timeout, client.max_retries = USER_TOTAL, USER_RETRIES
                end_reading(self.env)
                return self._call(operation, *args, client=client, **kwargs)
        except (ConnectorError, ConfigurationError) as error:
            raise UserError(self._get_error_text(error)) from None

    @contextlib.contextmanager
    def _open_client(self, **tools):
        """Give a client of this account for several calls; close its connections afterwards.

        :param tools: more arguments of the client
        :raise ConfigurationError: switched off, or settings are missing
        """
        try:
            client = self._make_client(**tools)
        except ConfigurationError as error:
            self._note_error('settings', error)
            raise
        try:
            yield client
        finally:
            client.close()
            self._write_successes(client)
            client.limiter.note()

    def _make_client(self, **tools):
        """Return the client of this account, with its credentials and what it shares.

        :param tools: more arguments of the client
        """
        self.ensure_one()
        # sudo: nobody has a right on credentials; whoever may call was checked by the caller.
        provider = self.sudo()
        if not provider.is_on or not provider.active:
            raise ConfigurationError('off', "this provider is switched off")
        simulator = None
        if provider.simulator_url:
            if provider.environment != 'test' or not self._are_simulators_allowed():
                raise ConfigurationError('simulator', "simulators are not allowed here")
            simulator = LocalSimulator(provider.simulator_url)
        secrets = {secret.name: secret.value for secret in self.env['ar.provider.secret'].sudo(
            ).search([('provider_id', '=', provider.id)])}
        callback = provider._get_callback_url(secrets.pop(CALLBACK_SECRET, ''))
        options = {option.name: option.value for option in provider.option_ids if option.value}
        bases = {name.split('.', 1)[1]: options.pop(name)
                 for name in list(options) if name.startswith('bases.')}
        return self._get_client_class()(
            secrets, callback_url=callback,
            environment=provider.environment, account=f'{self.env.cr.dbname}/{provider.id}',
            options={**options, **({'bases': bases} if bases else {})},
            confirmed=provider._get_confirmed(), timezone=provider.company_id._get_ar_tz(),
            tokens=KeptTokens(self), limiter=KeptLimiter(self), journal=KeptJournal(self),
            budget=KeptBudget(provider), simulator=simulator,
            **{**tools, **self._get_client_tools()})

    @api.model
    def _get_client_tools(self):
        """Return more arguments of the client. Tests bring a clock and a sleep of their own."""
        return {}

    # === NOTES === #

    @contextlib.contextmanager
    def _own_environment(self):
        """Give an environment with a transaction of its own, committed at the end."""
        with open_beside(self.env.registry) as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def _count_usage(self, env, operation, **counts):
        """Add to the counters of today."""
        env.cr.execute(SQL(
            """
            INSERT INTO ar_provider_usage AS u (
                provider_id, company_id, day, operation, calls, billed, failures)
            SELECT p.id, p.company_id, %(day)s, %(operation)s, %(calls)s, %(billed)s, %(failures)s
              FROM ar_provider p WHERE p.id = %(provider)s
            ON CONFLICT (provider_id, day, operation) DO UPDATE SET
                calls = u.calls + EXCLUDED.calls, billed = u.billed + EXCLUDED.billed,
                failures = u.failures + EXCLUDED.failures
            """,
            provider=self.id, day=fields.Datetime.now().date(), operation=operation,
            calls=counts.get('calls', 0), billed=counts.get('billed', 0),
            failures=counts.get('failures', 0)))

    def _upsert_health(self, env, values):
        """Write columns of the health of this account, which is locked then.

        :param values: {column: value}
        """
        names = [SQL.identifier(name) for name in values]
        env.cr.execute(SQL(
            """
            INSERT INTO ar_provider_health (provider_id, company_id, %(names)s)
            SELECT p.id, p.company_id, %(values)s FROM ar_provider p WHERE p.id = %(provider)s
            ON CONFLICT (provider_id) DO UPDATE SET %(changes)s
            """,
            provider=self.id, names=SQL(", ").join(names),
            values=SQL(", ").join(SQL("%s", value) for value in values.values()),
            changes=SQL(", ").join(SQL("%s = EXCLUDED.%s", name, name) for name in names)))

    def _note_success(self, operation, client):
        """Count a call that was answered; the account is well again.

        The first one after a failure is written at once, the others some at a time: only billed
        calls must be counted to the last one, and those are counted before they are sent.
        """
        successes = client.__dict__.setdefault('successes', Counter())
        successes[operation] += 1
        if client.__dict__.get('has_failed', True) or successes.total() >= SUCCESSES_AT_ONCE:
            self._write_successes(client)
            client.has_failed = False

    def _write_successes(self, client):
        successes = client.__dict__.pop('successes', None)
        if not successes:
            return
        with self._own_environment() as env:
            # In one order: two that write several rows must not wait for each other.
            for operation, calls in sorted(successes.items()):
                self._count_usage(env, operation, calls=calls)
            self._upsert_health(env, {
                'failures': 0, 'paused_until': None, 'problem': None, 'problem_text': None,
                'last_success_at': fields.Datetime.now()})
        self._invalidate_health()

    def _note_error(self, operation, error):
        """Keep an error with its evidence; pause the account or tell a person once."""
        if isinstance(error, NotSupportedError | UnconfirmedError) or error.code == 'off':
            # Nothing was asked, and nothing is wrong with the account.
            return
        now = fields.Datetime.now()
        evidence = getattr(error, 'evidence', None)
        text = self._get_error_text(error)
        with self._own_environment() as env:
            self._count_usage(env, operation, calls=1, failures=1)
            env['ar.provider.error'].create({
                'provider_id': self.id, 'happened_at': now, 'operation': operation,
                'code': error.code, 'next_step': error.next_step.value, 'message': text,
                'status': evidence and evidence.status,
                'correlation_id': evidence and evidence.correlation_id,
                'evidence': evidence and evidence.body})
            # Locks the row: of two failures at once the second sees what the first has noted.
            self._upsert_health(env, {'last_error_at': now})
            health = env['ar.provider.health'].search([('provider_id', '=', self.id)])
            values = {}
            if isinstance(error, BudgetError | InvalidInputError | SentBeforeError):
                # Nothing was sent: it says nothing about the connection.
                pass
            elif isinstance(error, TemporaryError | UnknownOutcomeError):
                failures = health.failures + 1
                values['failures'] = failures
                values['paused_until'] = self._get_pause_end(error, failures, now)
            elif self._is_problem(error):
                # "Refused before" is the same problem, met again.
                if error.code != 'blocked' or not health.problem:
                    values.update(problem=error.code, problem_text=text)
                    if health.problem != error.code:
                        self._tell_problem(env, text)
            else:
                # It was understood and answered: the connection is good.
                values.update(failures=0, paused_until=None, last_success_at=now)
            if values:
                self._upsert_health(env, values)
        self._invalidate_health()
        _logger.info("Provider %s, %s: %s", self.id, operation, error.code)

    @staticmethod
    def _is_problem(error):
        """Return whether nothing more may be asked until a person has mended something."""
        return isinstance(error, CredentialsError | RouteError | ConfigurationError)

    @staticmethod
    def _get_pause_end(error, failures, now):
        """Return until when the account is left alone, None: not at all."""
        seconds = error.retry_after or 0
        if failures >= BREAKER:
            minutes = min(FIRST_PAUSE * 2 ** min(failures - BREAKER, 10), LONGEST_PAUSE)
            seconds = max(seconds, minutes * 60)
        return fields.Datetime.add(now, seconds=int(seconds)) if seconds else None

    def _tell_problem(self, env, text):
        """Plan one activity for an administrator; the same problem is not told twice."""
        provider = env['ar.provider'].browse(self.id)
        user = provider._get_administrator()
        provider = provider.with_context(lang=user.lang)
        provider.activity_schedule(
            'mail.mail_activity_data_todo', user_id=user.id,
            summary=provider.env._("%s cannot be asked any more", provider.name), note=text)

    def _get_administrator(self):
        """Return who looks after this provider: an administrator of Receivables."""
        self.ensure_one()
        # sudo: looking for a colleague's group is no secret.
        group = self.env.ref('ar_collections.group_ar_admin').sudo()
        robot = self.env.ref('base.user_root')
        users = group.all_user_ids.filtered(
            lambda user: user.active and user != robot and self.company_id in user.company_ids)
        return users[:1] or self.company_id._get_ar_responsible()

    def _forget_problem(self):
        """Settings or credentials were changed: one more try is allowed."""
        # sudo: the health is written by the calls; here an administrator has changed settings.
        troubled = self.env['ar.provider.health'].sudo().search([
            ('provider_id', 'in', self.ids)]).provider_id
        for provider in troubled:
            with provider._own_environment() as env:
                provider._upsert_health(env, {
                    'problem': None, 'problem_text': None, 'blocked_key': None, 'failures': 0,
                    'paused_until': None})
        self._invalidate_health()

    def _invalidate_health(self):
        self.env['ar.provider.health'].invalidate_model(flush=False)
        self.env['ar.provider.usage'].invalidate_model(flush=False)
        self.env['ar.provider.error'].invalidate_model(flush=False)
        self.invalidate_recordset(
            ['health', 'health_text', 'last_success_at', 'last_error_at', 'paused_until',
             'billed_today', 'error_ids', 'usage_ids'], flush=False)
