"""How a provider is told in a header where to call us when a job has ended."""
import base64
import json
import re

from .errors import ConfigurationError

# Hours for which a call wants to be told what becomes of it: the example of AT-2.
CALLBACK_HOURS = 24
# Headers that say something else already.
TAKEN_HEADERS = frozenset({'accept', 'authorization', 'connection', 'content-length',
                           'content-type', 'cookie', 'host', 'transfer-encoding', 'user-agent'})


def make_callback_header(name: str, url: str) -> dict[str, str]:
    """Return the header that tells an address (AT-2): base64 of JSON. {} without name or address.

    The value holds the secret of the address: the caller has it masked.

    :param name: of the header; its content is documented, its name stands in each contract
    :param url: our address
    :raise ConfigurationError: callback_header, no name of a header, or one with another meaning
    """
    name = name.strip()
    if not name or not url:
        return {}
    if not re.fullmatch('[A-Za-z][A-Za-z0-9-]*', name) or name.lower() in TAKEN_HEADERS:
        raise ConfigurationError('callback_header', "not usable as the name of a header")
    text = json.dumps({'callbackUrl': url, 'timeToLive': CALLBACK_HOURS})
    return {name: base64.b64encode(text.encode()).decode()}
