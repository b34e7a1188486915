"""What the clients of an account share, kept in the database so that it outlives a process.

Each writes in a transaction of its own: what was counted, sent or refused stays so when the
transaction around the call is rolled back or run again.
"""
import hashlib
import math
from datetime import UTC, datetime

from odoo import fields
from odoo.tools import SQL

from ...connectors.errors import BudgetError, CredentialsError, SentBeforeError
from ...connectors.state import Limiter, TokenCache, WriteState

# The rate of an account in this process; the poll runs in one process at a time.
LIMITER = Limiter()
_TOKENS = TokenCache()
# Seconds: what is kept of shorter windows would be past before another process could read it.
LONG_WINDOW = 10


def get_fingerprint(key):
    """Return what may be stored of the key of an account: the key itself holds a digest only."""
    return hashlib.sha256(repr(key).encode()).hexdigest()


class KeptLimiter:
    """The call rates of an account. Of a long window the next process is told how full it is.

    A poll whose time is over goes on at once in another process, which would otherwise begin a
    minute's calls anew. What the calls of a killed process were is known up to its last wait.
    """

    def __init__(self, provider):
        self._provider = provider
        self._keys = {}
        # Read now: a button has no transaction open while it calls.
        self._code = provider.code
        self._is_shared = provider._get_client_class().rate_is_shared

    def reserve(self, key, calls, seconds, now):
        """Take the next place and return how long to wait for it, in seconds."""
        if seconds >= LONG_WINDOW and key not in self._keys and not LIMITER.count(
                key, seconds, now):
            # Nothing of late in this process; another one may have been at work.
            LIMITER.fill(key, *self._read(calls, seconds, now))
        wait = LIMITER.reserve(key, calls, seconds, now)
        if seconds >= LONG_WINDOW:
            self._keys[key] = (seconds, now)
            if wait > 0:
                self.note()
        return wait

    def note(self):
        """Keep how many calls of the running window were made, and when the last one is."""
        if not self._keys:
            return
        now = max(at for _seconds, at in self._keys.values())
        calls = max(LIMITER.count(key, seconds, now)
                    for key, (seconds, _at) in self._keys.items())
        last = max(LIMITER.get_last(key) for key in self._keys)
        with self._provider._own_environment() as env:
            self._provider._upsert_health(env, {
                # The next full second: rather late than early.
                'recent_calls': calls,
                'last_call_at': datetime.fromtimestamp(math.ceil(last), UTC).replace(tzinfo=None)})

    def _read(self, calls, seconds, now):
        """Return how many calls others have made in the window, and the time of the last one."""
        provider = self._provider
        same = SQL("p.code = %s", self._code) if self._is_shared else SQL(
            "p.id = %s", provider.id)
        since = datetime.fromtimestamp(now - seconds, UTC).replace(tzinfo=None)
        with provider._own_environment() as env:
            [(number, last)] = env.execute_query(SQL(
                """
                SELECT COALESCE(SUM(h.recent_calls), 0), MAX(h.last_call_at)
                  FROM ar_provider_health h JOIN ar_provider p ON p.id = h.provider_id
                 WHERE %s AND h.last_call_at > %s
                """, same, since))
        return min(int(number), calls), last.replace(tzinfo=UTC).timestamp() if last else now


class KeptTokens:
    """Tokens live in memory; that credentials were refused is kept for every process."""

    def __init__(self, provider):
        self._provider = provider
        for name in ('lock', 'get', 'put', 'drop'):
            setattr(self, name, getattr(_TOKENS, name))

    def block(self, key):
        """Remember that these credentials were refused."""
        with self._provider._own_environment() as env:
            self._provider._upsert_health(env, {'blocked_key': get_fingerprint(key)})

    def unblock(self, key):
        """Allow one more login."""
        with self._provider._own_environment() as env:
            self._provider._upsert_health(env, {'blocked_key': None})

    def check(self, key):
        """Raise CredentialsError when these very credentials were refused before."""
        with self._provider._own_environment() as env:
            [row] = env.execute_query(SQL(
                "SELECT COUNT(*) FROM ar_provider_health"
                " WHERE provider_id = %s AND blocked_key = %s",
                self._provider.id, get_fingerprint(key)))
        if row[0]:
            raise CredentialsError(
                'blocked', "refused before; not tried again until the credentials are edited")


class KeptBudget:
    """Billed calls of a day (UTC), counted before they are sent."""

    def __init__(self, provider):
        self._provider = provider
        self._limit = provider.daily_budget

    def take(self, operation):
        """Count one call, or raise BudgetError.

        Two processes cannot take the last one both: the second waits for the row of the first.
        """
        provider_id, day = self._provider.id, fields.Datetime.now().date()
        with self._provider._own_environment() as env:
            # The row of the whole day is the lock; the operations are counted beside it.
            rows = env.execute_query(SQL(
                """
                INSERT INTO ar_provider_usage AS u (
                    provider_id, company_id, day, operation, calls, billed, failures)
                SELECT p.id, p.company_id, %(day)s, '*', 0, 1, 0 FROM ar_provider p
                 WHERE p.id = %(provider)s AND %(limit)s > 0
                ON CONFLICT (provider_id, day, operation)
                DO UPDATE SET billed = u.billed + 1 WHERE u.billed < %(limit)s
                RETURNING u.billed
                """, provider=provider_id, day=day, limit=self._limit))
            if rows:
                self._provider._count_usage(env, operation, billed=1)
        if not rows:
            raise BudgetError('budget', f"{operation}: all {self._limit} billed calls are used up")


class KeptJournal:
    """Writes by our own reference; begun and settled in transactions of their own."""

    def __init__(self, provider):
        self._provider = provider

    @staticmethod
    def _text(key):
        return str(key[-1]) if isinstance(key, tuple) else str(key)

    def state(self, key):
        """Return what is known about a write, None when it was never sent."""
        with self._provider._own_environment() as env:
            rows = env.execute_query(SQL(
                "SELECT state FROM ar_provider_write WHERE provider_id = %s AND key = %s",
                self._provider.id, self._text(key)))
        return WriteState(rows[0][0]) if rows else None

    def begin(self, key):
        """Open a write; of two at once only the first passes.

        :raise SentBeforeError: it may have reached the provider already
        """
        now = fields.Datetime.now()
        with self._provider._own_environment() as env:
            rows = env.execute_query(SQL(
                """
                INSERT INTO ar_provider_write AS w (
                    provider_id, company_id, key, state, begun_at, create_date, write_date)
                SELECT p.id, p.company_id, %(key)s, 'sending', %(now)s, %(now)s, %(now)s
                  FROM ar_provider p WHERE p.id = %(provider)s
                ON CONFLICT (provider_id, key)
                DO UPDATE SET state = 'sending', begun_at = %(now)s, settled_at = NULL
                    WHERE w.state = 'refused'
                RETURNING w.id
                """, provider=self._provider.id, key=self._text(key), now=now))
        if not rows:
            raise SentBeforeError('look_up_first', "this write was sent before: look it up")

    def settle(self, key, state):
        """Note how a write ended."""
        with self._provider._own_environment() as env:
            env.cr.execute(SQL(
                "UPDATE ar_provider_write SET state = %s, settled_at = %s"
                " WHERE provider_id = %s AND key = %s",
                state.value, fields.Datetime.now(), self._provider.id, self._text(key)))

    def forget(self, key):
        """A look-up has shown that the write never happened: it may be sent again."""
        self.settle(key, WriteState.REFUSED)
