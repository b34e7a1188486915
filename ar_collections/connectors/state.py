"""What clients of one account share: tokens, call rate, budget of paid calls, memory of writes.

In memory and safe for threads. The Odoo side hands over its own that outlive a process.
"""
import enum
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from .errors import BudgetError, CredentialsError, SentBeforeError
from .masking import Secret


@dataclass(frozen=True)
class Token:
    """A token and the time, in seconds of the client's clock, when it ends."""

    value: Secret
    ends_at: float
    lifetime: float
    refresh: Secret = field(default_factory=lambda: Secret(''))

    def is_fresh(self, now: float) -> bool:
        """Tell whether it may still be used: renewed before its end, by a margin."""
        return now < self.ends_at - min(120.0, max(10.0, self.lifetime * 0.1))


class TokenCache:
    """Tokens by account. The key holds provider, environment, account and a digest of the
    credentials: a switch to another environment or another password never finds an old token."""

    def __init__(self):
        self._tokens: dict[Hashable, Token] = {}
        self._blocked: set[Hashable] = set()
        self._locks: dict[Hashable, threading.RLock] = defaultdict(threading.RLock)
        self._guard = threading.Lock()

    def lock(self, key: Hashable) -> threading.RLock:
        """Return the lock under which one worker logs in while the others wait for its token."""
        with self._guard:
            return self._locks[key]

    def get(self, key: Hashable) -> Token | None:
        """Return the token of an account."""
        return self._tokens.get(key)

    def put(self, key: Hashable, token: Token) -> None:
        """Keep a token."""
        self._tokens[key] = token

    def drop(self, key: Hashable, token: Token | None = None) -> None:
        """Forget a token, unless another worker has replaced it meanwhile."""
        if token is None or self._tokens.get(key) is token:
            self._tokens.pop(key, None)

    def block(self, key: Hashable) -> None:
        """Remember that these credentials were refused: providers lock accounts that insist."""
        self._blocked.add(key)

    def unblock(self, key: Hashable) -> None:
        """Allow one more login with the same credentials."""
        self._blocked.discard(key)

    def check(self, key: Hashable) -> None:
        """Raise CredentialsError when these credentials were refused before."""
        if key in self._blocked:
            raise CredentialsError(
                'blocked', "refused before; not tried again until the credentials are edited")


class Limiter:
    """So many calls in so many seconds, for each name."""

    def __init__(self):
        self._calls: dict[Hashable, deque] = defaultdict(deque)
        self._guard = threading.Lock()

    def reserve(self, key: Hashable, calls: int, seconds: float, now: float) -> float:
        """Take the next place and return how long to wait for it, in seconds."""
        with self._guard:
            taken = self._calls[key]
            while taken and taken[0] <= now - seconds:
                taken.popleft()
            start = now if len(taken) < calls else max(now, taken[-calls] + seconds)
            taken.append(start)
            return start - now

    def count(self, key: Hashable, seconds: float, now: float) -> int:
        """Return how many places of the window that ends now, or later, are taken."""
        with self._guard:
            return sum(1 for start in self._calls[key] if start > now - seconds)

    def get_last(self, key: Hashable) -> float:
        """Return the time of the last place that was taken."""
        return self._calls[key][-1]

    def fill(self, key: Hashable, calls: int, at: float) -> None:
        """Take calls of another process into account, all at the time of the last one."""
        with self._guard:
            self._calls[key].extend([at] * calls)


class DailyBudget:
    """A number of billed calls per day (UTC)."""

    def __init__(self, calls: int, clock: Callable[[], float]):
        self.calls, self._clock = calls, clock
        self._day, self.used = None, 0
        self._guard = threading.Lock()

    def take(self, operation: str) -> None:
        """Count one call, or raise BudgetError. Counted before it is sent."""
        with self._guard:
            day = int(self._clock() // 86400)
            if day != self._day:
                self._day, self.used = day, 0
            if self.used >= self.calls:
                raise BudgetError('budget', f"{operation}: all {self.calls} paid calls are used up")
            self.used += 1


class WriteState(enum.StrEnum):
    """What is known about a write."""

    SENDING = 'sending'
    UNKNOWN = 'unknown'
    DONE = 'done'
    REFUSED = 'refused'


class WriteJournal:
    """Memory of writes by key. A write under way or with unknown outcome is not sent again."""

    def __init__(self):
        self._states: dict[Hashable, WriteState] = {}
        self._guard = threading.Lock()

    def state(self, key: Hashable) -> WriteState | None:
        """Return what is known about a write, None when it was never sent."""
        return self._states.get(key)

    def begin(self, key: Hashable) -> None:
        """Open a write; of two at once only the first passes.

        :raise SentBeforeError: it may have reached the provider already
        """
        with self._guard:
            state = self._states.get(key)
            if state in (WriteState.SENDING, WriteState.UNKNOWN, WriteState.DONE):
                raise SentBeforeError('look_up_first', f"this write is {state}: look it up")
            self._states[key] = WriteState.SENDING

    def settle(self, key: Hashable, state: WriteState) -> None:
        """Note how a write ended."""
        with self._guard:
            self._states[key] = state

    def forget(self, key: Hashable) -> None:
        """A look-up has shown that the write never happened: it may be sent again."""
        with self._guard:
            self._states.pop(key, None)
