"""A small HTTP server with a clock that can be set, and a way to make it misbehave.

Control, on the same port (POST, JSON):
    /_sim/clock   {"advance": 1800}
    /_sim/faults  {"route": "covers", "fault": "status", "status": 503, "times": 2}
    /_sim/reset   {}
    /_sim/state   {...}        what a simulator understands: a decision, a closed company…
    /_sim/calls   {}           what was received so far; answers with the list

Faults: status (with `headers`, `body`), drop (the connection ends before anything is done),
drop_after (it is done, and nobody hears of it), hang (done, `seconds` of silence), drip (one byte
at a time), html, empty, truncate, redirect (`location`), mutate (`set`: {path: value}, `delete`:
[path] in the JSON answer; a path is like "data.0.coverId"), packed (gzip in chunks: no fault),
hold (done, answered when `times` calls are held, after /_sim/release, or after `seconds`).
"""
import contextlib
import gzip
import inspect
import json
import socket
import threading
import time
import traceback
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

# Enough for every test; a server that runs for days must not fill the memory.
KEPT_CALLS = 20_000
EPOCH = 1_800_000_000.0


@dataclass
class Request:
    """What a route gets to see."""

    method: str
    path: str
    query: dict
    headers: Any
    body: bytes
    groups: tuple = ()

    @property
    def json(self):
        """The JSON body; None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def form(self):
        """Fields of a form body."""
        return {key: values[0] for key, values in parse_qs(self.body.decode()).items()}

    def arg(self, name, default=None):
        """First value of a query parameter."""
        return self.query.get(name, [default])[0]


@dataclass
class Response:
    """What a route answers. `data` becomes JSON unless it is bytes or text."""

    data: Any = None
    status: int = 200
    headers: dict = field(default_factory=dict)
    content_type: str = 'application/json'

    def body(self):
        """The bytes to send."""
        if isinstance(self.data, bytes):
            return self.data
        if isinstance(self.data, str) and self.content_type != 'application/json':
            return self.data.encode()
        return b'' if self.data is None else json.dumps(self.data, ensure_ascii=False).encode()


def route(method, pattern, source, name=''):
    """Declare a route.

    :param pattern: path with `*` for one variable segment
    :param source: mark and tag of the source of this answer, for example "D AT-2"
    """
    def decorate(function):
        function.route = (method, pattern.split('/'), source, name or function.__name__)
        return function
    return decorate


class Simulator:
    """One provider. Heirs declare routes; `start` opens a port on this machine only."""

    code = ''

    def __init__(self):
        self.lock = threading.RLock()
        self._held = threading.Condition()
        self.reset()
        self._server = None
        routes = [
            (*member.route, member)
            for _name, member in inspect.getmembers(self, lambda x: hasattr(x, 'route'))
        ]
        # The path with fewest variables first.
        self._routes = sorted(routes, key=lambda x: x[1].count('*'))

    # === STATE === #

    def reset(self):
        """Forget everything: clock, faults, calls, and what the heirs keep."""
        self.offset = 0.0
        self.faults = []
        self.calls = []
        # What went wrong in the simulator itself.
        self.errors = []
        self.setup()

    def setup(self):
        """Heirs set their companies and tables here."""

    def change(self, data):
        """Heirs follow orders of /_sim/state here."""
        for key, value in data.items():
            setattr(self, key, value)

    def now(self):
        """Seconds since 1970 on the simulator's own clock, which stands still."""
        return EPOCH + self.offset

    def today(self, days=0):
        """ISO day on the simulator's clock."""
        return time.strftime('%Y-%m-%d', time.gmtime(self.now() + days * 86400))

    def advance(self, seconds):
        """Move the clock."""
        self.offset += seconds
        self.tick()

    def tick(self):
        """Heirs do what the clock has made due."""

    def fail(self, route='*', fault='status', times=1, **details):
        """Misbehave on the next `times` calls of a route."""
        self.faults.append({'route': route, 'fault': fault, 'times': times, **details})

    def count(self, name):
        """Number of calls received for a route."""
        return sum(1 for call in self.calls if call['route'] == name)

    # === SERVER === #

    @property
    def url(self):
        """Address of the running server."""
        return 'http://127.0.0.1:%d' % self._server.server_address[1]

    def start(self, port=0):
        """Listen on a port of this machine (0: a free one) in a thread of its own."""
        simulator = self

        class Handler(_Handler):
            sim = simulator

        self._server = _Server(('127.0.0.1', port), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={'poll_interval': 0.05},
                         daemon=True, name=f'simulator-{self.code}').start()
        return self

    def stop(self):
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()

    def handle(self, request):
        """Return (route name, response, fault)."""
        with self.lock:
            for method, pattern, source, name, function in self._routes:
                groups = _match(pattern, request.path)
                if method != request.method or groups is None:
                    continue
                request.groups = groups
                del self.calls[:-KEPT_CALLS]
                self.calls.append(_describe(request, name, self.now()))
                fault = self._take_fault(name)
                if fault and fault['fault'] in ('drop', 'status', 'html', 'redirect'):
                    return Response(), fault
                response = function(request)
                response.headers.setdefault('X-Simulator-Source', source)
                return response, fault
            self.calls.append(_describe(request, '', self.now()))
            return self.unknown_route(request), None

    def unknown_route(self, request):
        """Answer to a path that nobody declared."""
        return Response({'message': "no such route"}, 404)

    def _take_fault(self, name):
        for fault in self.faults:
            if fault['route'] in ('*', name) and fault['times'] > 0:
                fault['times'] -= 1
                return fault
        return None

    def hold(self, fault):
        """Wait until every call of this fault is held, somebody releases them, or time is over."""
        with self._held:
            self._held.notify_all()
            self._held.wait_for(lambda: fault['times'] <= 0, fault.get('seconds', 30))

    def release(self):
        """Answer all that is held."""
        with self._held:
            for fault in self.faults:
                if fault['fault'] == 'hold':
                    fault['times'] = 0
            self._held.notify_all()

    def control(self, name, data):
        """Follow an order of the control paths."""
        with self.lock:
            if name == 'clock':
                self.advance(data.get('advance', 0))
                return {'now': self.now()}
            if name == 'faults':
                self.fail(**data)
            elif name == 'reset':
                self.reset()
            elif name == 'state':
                self.change(data)
            elif name == 'release':
                self.release()
            elif name == 'calls':
                return self.calls
            return {}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing of clients that hang up: the tests make them."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    # One packet for head and body: two would wait for each other's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    sim: Simulator

    def log_message(self, *args):
        """Say nothing: tests read `calls`."""

    def _serve(self):
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        if url.path.startswith('/_sim/'):
            answer = self.sim.control(url.path[6:], json.loads(body or b'{}'))
            self._send(Response(answer), {'fault': ''})
            return
        request = Request(self.command, url.path, parse_qs(url.query, keep_blank_values=True),
                          self.headers, body)
        try:
            response, fault = self.sim.handle(request)
        except Exception:
            self.sim.errors.append(traceback.format_exc())
            response, fault = Response({'message': "the simulator is broken"}, 500), None
        self._send(*_spoil(response, fault or {'fault': ''}))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _send(self, response, fault):
        kind = fault['fault']
        if kind in ('drop', 'drop_after'):
            self._cut()
            return
        if kind == 'hold':
            self.sim.hold(fault)
        if kind == 'hang':
            time.sleep(fault.get('seconds', 1))
            self._cut()
            return
        body = response.body()
        try:
            self.send_response(response.status)
            if body or response.status not in (204, 304):
                self.send_header('Content-Type', response.content_type)
            for key, value in response.headers.items():
                self.send_header(key, value)
            if kind == 'packed':
                self._send_packed(body)
                return
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            if kind == 'truncate':
                self.wfile.write(body[:len(body) // 2])
                self.wfile.flush()
                self._cut()
                return
            for part in ([body[i:i + 1] for i in range(len(body))] if kind == 'drip' else [body]):
                self.wfile.write(part)
                if kind == 'drip':
                    self.wfile.flush()
                    time.sleep(fault.get('seconds', 0.05))
        except OSError:
            # The client has had enough.
            self.close_connection = True

    def _send_packed(self, body):
        packed = gzip.compress(body)
        self.send_header('Content-Encoding', 'gzip')
        self.send_header('Transfer-Encoding', 'chunked')
        self.end_headers()
        for part in (packed[:7], packed[7:]):
            self.wfile.write(b'%x\r\n%s\r\n' % (len(part), part))
            self.wfile.flush()
        self.wfile.write(b'0\r\n\r\n')

    def _cut(self):
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def _match(pattern, path):
    parts = path.split('/')
    if len(parts) != len(pattern):
        return None
    groups = []
    for expected, part in zip(pattern, parts, strict=True):
        if expected == '*':
            groups.append(part)
        elif expected != part:
            return None
    return tuple(groups)


def _describe(request, name, now):
    return {
        'route': name, 'at': now, 'method': request.method, 'path': request.path,
        'query': {key: values[0] for key, values in request.query.items()},
        'headers': {key.lower(): value for key, value in request.headers.items()},
        'body': request.body.decode(errors='replace'),
    }


def _spoil(response, fault):
    """Return the response as the fault wants it."""
    kind = fault['fault']
    if kind == 'status':
        return Response(fault.get('body'), fault['status'], fault.get('headers', {}),
                        fault.get('content_type', 'application/json')), fault
    if kind == 'html':
        page = '<html><body><h1>Service unavailable</h1></body></html>'
        return Response(page, fault.get('status', 200), {}, 'text/html'), fault
    if kind == 'empty':
        return Response(b'', response.status, {}), fault
    if kind == 'redirect':
        return Response(b'', fault.get('status', 302), {'Location': fault['location']}), fault
    if kind == 'mutate':
        data = json.loads(response.body())
        for path, value in fault.get('set', {}).items():
            _walk(data, path, lambda owner, key, value=value: owner.__setitem__(key, value))
        for path in fault.get('delete', ()):
            _walk(data, path, lambda owner, key: owner.__delitem__(key))
        response.data = data
    return response, fault


def _walk(data, path, change):
    *parents, last = [int(part) if part.isdigit() else part for part in path.split('.')]
    for part in parents:
        data = data[part]
    change(data, last)
