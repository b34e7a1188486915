"""Base of the tests of the clients: real HTTP to simulators, and a clock that is moved by hand."""
import logging
import re
from urllib.parse import urlsplit

import requests

from odoo.tests import BaseCase

from ...connectors.results import Confidence
from ...connectors.state import DailyBudget, Limiter, TokenCache, WriteJournal
from ...connectors.transport import LocalSimulator
from ..simulators.server import EPOCH

# Taken before any test case replaces it.
_send = requests.Session.send


def is_assumed(source):
    """Tell whether the mark of a simulator's route or answer says "our assumption"."""
    return bool(re.search(r'\bA\b', source))


class ConnectorCase(BaseCase):
    """One simulator for the class; each test starts with a fresh one and a fresh client."""

    simulator_class = None
    client_class = None
    # Time-outs of a client that meets silence; others have patience for a busy machine.
    impatient = (5.0, 0.4)
    credentials: dict = {}
    options: dict = {}

    @classmethod
    def _request_handler(cls, session, request, /, **kwargs):
        # Odoo's own handler stretches every time-out to ten seconds.
        if urlsplit(request.url).hostname in ('127.0.0.1', 'localhost'):
            return _send(session, request, **kwargs)
        return super()._request_handler(session, request, **kwargs)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.simulator_class:
            cls.sim = cls.simulator_class().start()
            cls.addClassCleanup(cls.sim.stop)

    def setUp(self):
        super().setUp()
        self.slept = []
        #: (provider, operation) of the calls whose answers are marked as assumed.
        self.assumed = set()
        self.elapsed = 0.0
        self.share()
        if self.simulator_class:
            self.sim.reset()
            self.client = self.make_client()

    def tearDown(self):
        if self.simulator_class:
            self.assertFalse(self.sim.errors, "an error of the simulator itself")
        super().tearDown()

    def share(self):
        """Start anew what clients of one account share."""
        self.shared = {
            'tokens': TokenCache(), 'limiter': Limiter(), 'journal': WriteJournal(),
            'budget': DailyBudget(100, self.clock)}

    def make_client(self, cls=None, credentials=None, **changes):
        """Return a client of the simulator; its clock is the simulator's."""
        client = (cls or self.client_class)(
            self.credentials if credentials is None else credentials, **{
                'simulator': LocalSimulator(self.sim.url), 'options': self.options,
                'timeouts': (5.0, 20.0), 'clock': self.clock, 'sleep': self.sleep,
                **self.shared, **changes})
        self.addCleanup(client.close)
        client._run = self.refuse_assumptions(client, client._run)
        return client

    def refuse_assumptions(self, client, run):
        """Return `run`, failing when an operation that is on rests on an assumed answer."""
        def checked(call):
            answer = run(call)
            source = answer.headers.get('X-Simulator-Source') or ''
            spec = client.specs.get(call.operation)
            if is_assumed(source):
                self.assertTrue(
                    spec and spec.confidence == Confidence.UNCONFIRMED,
                    f"{client.code}, {call.operation}: “{source}”, and it is on")
                self.assumed.add((client.code, call.operation))
            return answer
        return checked

    def clock(self):
        """Seconds on the client's clock."""
        return EPOCH + self.elapsed

    def sleep(self, seconds):
        """Wait without waiting: both clocks move."""
        self.slept.append(seconds)
        self.pass_time(seconds)

    def pass_time(self, seconds):
        """Move the clocks of client and simulator."""
        self.elapsed += seconds
        self.sim.advance(seconds)

    def capture(self):
        """Record every log line of this process, also those of the HTTP library."""
        return self.assertLogs(logging.getLogger(), logging.DEBUG)
