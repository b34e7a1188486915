"""The session: where it may go, how long it waits, how much it reads."""
import ipaddress
import os
import socket
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .errors import BlockedAddressError

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 45.0
# A peer that sends one byte now and then would never reach the read time-out.
TOTAL_TIMEOUT = 120.0
# The longest list seen in a public client is 10,000 covers, about 10 MB.
MAX_BODY = 32 * 1024 * 1024


class LocalSimulator:
    """Permission to talk to a simulator on this machine instead of the provider.

    It is an object, so that no text from a database, a form or a provider can grant it.
    """

    def __init__(self, url: str):
        parts = urlsplit(url)
        if parts.scheme != 'http' or parts.hostname not in ('127.0.0.1', '::1', 'localhost'):
            raise BlockedAddressError('not_local', "a simulator listens on this machine only")
        self.origin = f'http://{parts.netloc}'


def get_origin(url: str) -> str:
    """Return scheme, host and port of an address, '' when it is none that can be called."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ''
    if parts.scheme not in ('http', 'https') or not parts.hostname or '@' in parts.netloc:
        return ''
    return f'{parts.scheme}://{parts.hostname.lower()}{f":{port}" if port else ""}'


def resolve_link(base: str, link: str) -> str:
    """Return a link given by a provider as an absolute address on the host of `base`.

    :raise BlockedAddressError: when it leads anywhere else, or is no link
    """
    absolute = urljoin(base, link) if link and isinstance(link, str) else ''
    if not absolute or '\\' in absolute or get_origin(absolute) != get_origin(base):
        raise BlockedAddressError('foreign_link', "a link leads away from the provider's host")
    return absolute


def _check_peer(sock):
    """Refuse a public name that resolves to a machine of ours, before anything is sent."""
    peer = ipaddress.ip_address(sock.getpeername()[0].split('%')[0])
    peer = getattr(peer, 'ipv4_mapped', None) or peer
    if not peer.is_global or peer.is_multicast:
        sock.close()
        raise BlockedAddressError('private_address', "the name leads to a private network")
    return sock


class _PublicConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _check_peer(super()._new_conn())


class _PublicTLSConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _check_peer(super()._new_conn())


class _PublicPool(HTTPConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicTLSPool(HTTPSConnectionPool):
    ConnectionCls = _PublicTLSConnection


class Adapter(HTTPAdapter):
    """Sets the time-outs on every call, whoever makes it. Repeats nothing by itself."""

    def __init__(self, timeouts: tuple[float, float], public_only: bool):
        self.timeouts = timeouts
        self.public_only = public_only
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args, **kwargs):
        """Make connections that look at where they arrived."""
        made = super().init_poolmanager(*args, **kwargs)
        if self.public_only:
            self.poolmanager.pool_classes_by_scheme = {
                'http': _PublicPool, 'https': _PublicTLSPool}
        return made

    def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
        """Send with our time-outs: connect and read apart."""
        return super().send(request, stream=stream, timeout=self.timeouts, verify=verify,
                            cert=cert, proxies=proxies)


class Session(requests.Session):
    """A session that cannot follow a redirect, whatever a caller asks for."""

    def resolve_redirects(self, *args, **kwargs):
        """Find nothing to follow. Requests would read the body here, without limit."""
        return iter(())


def make_session(timeouts: tuple[float, float], simulator: LocalSimulator | None,
                 user_agent: str) -> requests.Session:
    """Return the one session of a client. It knows no scheme but https, or the simulator's http."""
    session = Session()
    # A .netrc file would replace our Authorization header; the proxy of the machine is still used.
    session.trust_env = False
    session.headers['User-Agent'] = user_agent
    # Requests mounts http:// and https:// by itself: anything not mounted here fails.
    session.adapters.clear()
    if simulator:
        session.mount(simulator.origin, Adapter(timeouts, public_only=False))
        return session
    session.mount('https://', Adapter(timeouts, public_only=True))
    session.verify = (
        os.environ.get('REQUESTS_CA_BUNDLE') or os.environ.get('CURL_CA_BUNDLE') or True)
    proxy = os.environ.get('HTTPS_PROXY') or os.environ.get('https_proxy')
    if proxy:
        session.proxies = {'https': proxy}
    return session
