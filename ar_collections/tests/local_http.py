"""Real HTTP to simulators on this machine: Odoo's test cases refuse every address otherwise."""
from urllib.parse import urlsplit

import requests

# Taken before any test case replaces it.
_send = requests.Session.send


class LocalHttp:
    """Put it before the test case: what goes to this machine is sent, the rest refused as ever."""

    @classmethod
    def _request_handler(cls, session, request, /, **kwargs):
        if urlsplit(request.url).hostname == '127.0.0.1':
            return _send(session, request, **kwargs)
        return super()._request_handler(session, request, **kwargs)
