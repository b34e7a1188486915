"""Sending a call and judging its answer: retries, rate, renewal on 401, errors with evidence."""
import email.utils
import enum
import itertools
import json
import logging
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import Retry

from .answer import Answer, dump
from .errors import (
    AccessError,
    ConnectorError,
    CredentialsError,
    Evidence,
    NotFoundError,
    RefusedError,
    TemporaryError,
    UnexpectedAnswerError,
    UnknownOutcomeError,
)
from .parsing import load_xml
from .transport import CONNECT_TIMEOUT, MAX_BODY, READ_TIMEOUT, TOTAL_TIMEOUT, make_session

_logger = logging.getLogger(__name__)
EVIDENCE_LENGTH = 2000
# What the way to the provider may take, as a part of its window, and in seconds at most.
MARGIN, LONGEST_MARGIN = 0.05, 0.5


class Kind(enum.StrEnum):
    """READ may be repeated, WRITE never, LOGIN not after a refusal."""

    READ = 'read'
    WRITE = 'write'
    LOGIN = 'login'


@dataclass(frozen=True)
class Call:
    """One call as a provider's file describes it."""

    operation: str
    method: str
    url: str
    kind: Kind
    params: Mapping | None = None
    json: Any = field(default=None, repr=False)
    form: Mapping | None = field(default=None, repr=False)
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping = field(default_factory=dict, repr=False)
    #: HTTP statuses that are answers.
    accept: frozenset[int] = frozenset({200})
    #: 'json', 'xml' or '': what an answer with a body must be.
    form_of_answer: str = 'json'
    signed: bool = True
    billed: bool = False
    #: Name under which the rate is counted.
    rate_name: str = ''


@dataclass(frozen=True)
class Problem:
    """A provider's error body, read as far as possible."""

    code: str = ''
    messages: tuple[str, ...] = ()
    reference: str = ''


class Exchange:
    """The part of a client that talks. Providers override hooks, never `_run`."""

    max_retries: ClassVar[int] = 3
    backoff: ClassVar[float] = 1.0
    #: A longer wait is handed to the caller, who has other things to do meanwhile.
    longest_wait: ClassVar[float] = 30.0
    correlation_header: ClassVar[str] = ''
    #: Codes of error bodies: the class of the error and our code for it.
    problem_codes: ClassVar[Mapping[str, tuple[type, str]]] = {}

    def __init__(self, timeouts, simulator, user_agent):
        self.session = make_session(
            timeouts or (CONNECT_TIMEOUT, READ_TIMEOUT), simulator, user_agent)
        self.total_timeout = TOTAL_TIMEOUT

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    # === HOOKS === #

    def _sign(self, headers: dict, token: Any) -> dict:
        """Return the headers of a call with what identifies us."""
        if token:
            headers['Authorization'] = f'Bearer {token.value.reveal()}'
        return headers

    def _is_business(self, call: Call, answer: Answer) -> bool:
        """Tell whether an answer is one of the trade, whatever its HTTP status says."""
        return False

    def _read_problem(self, answer: Answer) -> Problem:
        """Read the error body of a provider."""
        data = answer.json_or_none()
        if not isinstance(data, dict):
            return Problem()
        return Problem(
            code=str(data.get('code') or data.get('errorCode') or ''),
            messages=tuple(str(x) for x in (data.get('message'), data.get('error')) if x),
            reference=str(data.get('requestId') or ''))

    def _classify(self, call: Call, answer: Answer, problem: Problem) -> ConnectorError | None:
        """Return the provider's own reading of an error, None for the common one."""
        if problem.code not in self.problem_codes:
            return None
        return self._error(*self.problem_codes[problem.code], answer=answer, problem=problem)

    # === SENDING === #

    def _run(self, call: Call) -> Answer:
        """Send a call until it is answered, refused, or not worth repeating."""
        if call.billed:
            self._check_budget(call.operation)
        retries = Retry(total=self.max_retries, backoff_factor=self.backoff)
        renewed = False
        for attempt in itertools.count(1):
            self._wait_for_turn(call)
            token = self._token() if call.signed and self.uses_token else None
            answer, error = self._exchange(call, token, attempt)
            if answer:
                if answer.status == 401 and token and not renewed and not self._is_business(
                        call, answer):
                    # 401 means not executed, so even a write may be sent with a new token.
                    self.tokens.drop(self.account_key, token)
                    renewed = True
                    continue
                error = self._judge(call, answer)
                if error is None:
                    return answer
            try:
                retries = retries.increment(call.method, urlsplit(call.url).path)
            except MaxRetryError:
                retries = None
            wait = self._get_wait(call, error, retries)
            if wait is None:
                raise error
            self.sleep(wait)
        raise AssertionError("not reached")

    def _get_wait(self, call, error, retries):
        """Return the seconds until the next attempt, None to give up."""
        if call.kind != Kind.READ or not isinstance(error, TemporaryError) or retries is None:
            return None
        if call.billed and not error.details.get('not_sent') and error.code != 'rate':
            # It may have been billed although its answer was lost.
            return None
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= self.longest_wait else None
        first = self.backoff / 2
        wait = max(first, retries.get_backoff_time()) * random.uniform(1, 1.5)
        return min(self.longest_wait, wait)

    def _wait_for_turn(self, call):
        if not self.rate:
            return
        code, environment, where, _account, digest = self.account_key
        key = (code, environment, where, digest) if self.rate_is_shared else (
            code, environment, self.account, call.rate_name or call.operation)
        calls, seconds = self.rate
        # Longer than the provider's window: a first call that arrives late and a last one that
        # arrives early would meet in it.
        seconds += min(LONGEST_MARGIN, seconds * MARGIN)
        wait = self.limiter.reserve(key, calls, seconds, self.clock())
        if wait > 0:
            self.sleep(wait)

    def _exchange(self, call, token, attempt):
        """Send once. Return (answer, None) or (None, error); raises nothing of the network."""
        correlation = str(uuid.uuid4())
        headers = {'Accept': 'application/xml' if call.form_of_answer == 'xml' else
                   'application/json', **call.headers}
        if self.correlation_header:
            headers[self.correlation_header] = correlation
        if call.signed:
            headers = self._sign(headers, token)
        body = call.body
        if call.json is not None:
            body = dump(call.json).encode()
            headers.setdefault('Content-Type', 'application/json')
        place = Answer(0, {}, b'', call.operation, call.method, call.url, correlation, attempt)
        started = time.monotonic()
        answer = error = None
        try:
            with self.session.request(
                call.method, call.url, params=call.params, data=call.form or body,
                headers=headers, allow_redirects=False, stream=True,
            ) as response:
                answer = Answer(
                    response.status_code, response.headers, self._read_body(response, started),
                    call.operation, call.method, call.url, correlation, attempt)
        except (requests.RequestException, HTTPError) as caught:
            error = caught
        _logger.info(
            "%s %s %s %s: %s in %d ms, attempt %d, %s", self.code, self.stamp, call.operation,
            call.method, answer.status if answer else type(error).__name__,
            (time.monotonic() - started) * 1000, attempt, correlation)
        if answer:
            return answer, None
        # Made outside the handler: the caught exception holds the request with its headers.
        return None, self._make_network_error(call, error, place)

    def _read_body(self, response, started):
        parts, size = [], 0
        for part in _iterate_body(response):
            parts.append(part)
            size += len(part)
            if size > MAX_BODY:
                raise requests.exceptions.ContentDecodingError("too long")
            if time.monotonic() - started > self.total_timeout:
                raise requests.ReadTimeout("too slow")
        announced = response.headers.get('Content-Length', '')
        if announced.isdigit() and 'Content-Encoding' not in response.headers \
                and size != int(announced):
            # Half of a number is still a number.
            raise requests.exceptions.ChunkedEncodingError("cut short")
        return b''.join(parts)

    # === JUDGING === #

    def _judge(self, call, answer):
        """Return None for an answer, the error for anything else."""
        if self._is_business(call, answer):
            return None
        if answer.status not in call.accept:
            return self._make_error(call, answer)
        if answer.status in (204, 205, 304) or not call.form_of_answer:
            return None
        try:
            load_xml(answer.body) if call.form_of_answer == 'xml' else answer.json()
        except ValueError as caught:
            return self._make_technical(call, answer, f"unreadable answer, {caught}"[:80])
        return None

    def _make_network_error(self, call, error, place):
        name = type(error).__name__
        # Of the failures of TLS only a refused certificate is sure to come before the request.
        not_sent = isinstance(error, (
            requests.ConnectTimeout, requests.exceptions.ProxyError,
            requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL,
        )) or any(word in str(error) for word in (
            'NewConnectionError', 'NameResolutionError', 'CERTIFICATE_VERIFY_FAILED'))
        if call.kind == Kind.WRITE and not not_sent:
            return self._error(UnknownOutcomeError, 'no_answer', name, answer=place)
        return self._error(TemporaryError, 'unreachable' if not_sent else 'no_answer', name,
                           answer=place, details={'not_sent': not_sent})

    def _make_technical(self, call, answer, message):
        """Return the one error for 5xx, pages of gateways and unreadable bodies."""
        kind = UnknownOutcomeError if call.kind == Kind.WRITE else TemporaryError
        return self._error(kind, 'technical', message, answer=answer,
                           retry_after=self._get_retry_after(answer))

    def _make_error(self, call, answer):
        problem = self._read_problem(answer)
        known = self._classify(call, answer, problem)
        if known:
            return known
        status = answer.status
        if status == 429:
            return self._error(TemporaryError, 'rate', "too many calls", answer=answer,
                               problem=problem, retry_after=self._get_retry_after(answer))
        if status >= 500 or status == 408:
            return self._make_technical(call, answer, f"HTTP {status}")
        if 200 <= status < 400:
            # A redirect is never followed: it could lead anywhere, with our token.
            code = 'redirect' if status >= 300 and status != 304 else 'status'
            return self._error(UnexpectedAnswerError, code, f"HTTP {status}", answer=answer)
        if call.kind == Kind.LOGIN and status in (400, 401, 422):
            return self._error(CredentialsError, 'login_refused', answer=answer, problem=problem)
        error_class, code = {
            401: (CredentialsError, 'token_refused'), 403: (AccessError, 'access'),
            404: (NotFoundError, 'not_found'),
        }.get(status, (RefusedError, 'refused'))
        return self._error(error_class, code, answer=answer, problem=problem)

    def _get_retry_after(self, answer):
        """Return the seconds that the provider asks for; a date counts from our clock."""
        value = (answer.headers.get('Retry-After') or '').strip()
        if value.isdigit():
            return float(value)
        try:
            moment = email.utils.parsedate_to_datetime(value)
        except (TypeError, ValueError):
            return None
        return max(0.0, moment.timestamp() - self.clock())

    def _error(self, error_class, code, message='', *, answer=None, problem=None, **more):
        """Make an error with evidence that may be shown to anybody.

        :param problem: what the provider's error body said
        """
        problem = problem or Problem()
        evidence = None
        if answer is not None:
            evidence = Evidence(
                provider=self.code, environment=self.stamp, operation=answer.operation,
                method=answer.method, url=self.masker.text(answer.url),
                status=answer.status or None, correlation_id=answer.correlation_id,
                provider_code=self.masker.text(problem.code, 100),
                provider_reference=problem.reference[:100],
                body=self._redact(answer), attempts=answer.attempts)
        messages = tuple(self.masker.text(text, 500) for text in problem.messages)
        return error_class(code, self.masker.text(message), evidence=evidence,
                           provider_messages=messages, **more)

    def _redact(self, answer):
        data = answer.json_or_none()
        if data is None:
            return self.masker.text(answer.text, EVIDENCE_LENGTH)
        kept = self.masker.data(data, self.personal_keys)
        kept = json.dumps(kept, ensure_ascii=False, default=str)
        return self.masker.text(kept, EVIDENCE_LENGTH)


def _iterate_body(response):
    """Yield what has arrived, however little: only so can a trickle be timed."""
    if not hasattr(response.raw, 'read1'):
        # urllib3 before 2.0
        yield from response.iter_content(512)
        return
    while part := response.raw.read1(65536, decode_content=True):
        yield part
