"""Keeps what a provider answered, masked, and gives the same answers again on this machine.

A recording is one JSON file: the provider, the options that were set, each answer as it came
(credentials, tokens and what a client calls personal left out), and what was read in it. Replayed,
the client must read the same: a change of ours that breaks what a provider really sends is found
without an account.
"""

import dataclasses
import json
import threading
from collections import defaultdict
from collections.abc import Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from connectors.registry import get_client_class
from connectors.transport import LocalSimulator


def make_plain(result, without=frozenset()):
    """Return a result as dictionaries and lists.

    :param without: names of fields that are left out
    """
    if dataclasses.is_dataclass(result):
        return {x.name: make_plain(getattr(result, x.name), without)
                for x in dataclasses.fields(result) if x.name not in without}
    if isinstance(result, Mapping):
        return {key: make_plain(value, without) for key, value in result.items()}
    if isinstance(result, list | tuple):
        return [make_plain(x, without) for x in result]
    return result


def read_back(result):
    """Return a result as it stands in a file; `meta` holds times and goes."""
    return json.loads(json.dumps(make_plain(result, {'meta'}), default=str))


class Recorder:
    """Listens to a client. Masks when it writes: by then every token is known."""

    def __init__(self, client):
        self.client = client
        self.answers, self.calls = [], []
        exchange = client._exchange

        def listen(call, token, attempt):
            answer, error = exchange(call, token, attempt)
            if answer:
                self.answers.append(answer)
            return answer, error

        client._exchange = listen

    def add(self, operation, arguments, result):
        """Note what the client read."""
        self.calls.append({
            'operation': operation, 'arguments': list(arguments), 'result': read_back(result)})

    def dump(self):
        """Return the recording as a dictionary."""
        client = self.client
        return {
            'provider': client.code, 'recorded_at': client.stamp,
            'options': dict(client.options),
            'answers': [self._dump_answer(answer) for answer in self.answers],
            'calls': self._mask(self.calls),
        }

    def _dump_answer(self, answer):
        is_json = answer.json_or_none() is not None
        return {
            'method': answer.method, 'path': self._mask(urlsplit(answer.url).path),
            'status': answer.status,
            'content_type': answer.headers.get('Content-Type', ''),
            # Parsed anew: a number stays a number and does not become an exact text.
            'body': self._mask(json.loads(answer.text) if is_json else answer.text),
        }

    def _mask(self, data):
        return self.client.masker.data(data, self.client.personal_keys)


class _Player(BaseHTTPRequestHandler):
    """Gives the answers of each path in their order."""

    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        """Say nothing."""

    def _serve(self):
        self.rfile.read(int(self.headers.get('Content-Length') or 0))
        waiting = self.server.answers[self.command, urlsplit(self.path).path]
        answer = waiting.pop(0) if waiting else {
            'status': 404, 'content_type': 'application/json', 'body': {}}
        body = answer['body']
        body = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(answer['status'])
        self.send_header('Content-Type', answer['content_type'])
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve


@contextmanager
def replay(recording):
    """Give a client that gets the recorded answers, on a port of this machine."""
    server = ThreadingHTTPServer(('127.0.0.1', 0), _Player)
    server.daemon_threads = True
    server.answers = defaultdict(list)
    for answer in recording['answers']:
        server.answers[answer['method'], answer['path']].append(answer)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    cls = get_client_class(recording['provider'])
    client = cls(
        {name: f'recorded-{name}' for name in cls.credential_fields}, environment='test',
        options=recording['options'], sleep=lambda seconds: None,
        simulator=LocalSimulator('http://127.0.0.1:%d' % server.server_address[1]))
    try:
        yield client
    finally:
        client.close()
        server.shutdown()
        server.server_close()
