"""Keeps credentials and natural persons out of logs, exceptions and kept answers."""
import base64
import json
import re
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

MASK = '***'
# Shorter values would blot out half of every text; they are masked by the name of their field only.
SHORTEST = 4
KEYS = (
    'password', 'passwd', '_password', 'secret', 'client_secret', 'apikey', 'api_key', 'api_token',
    'access_token', 'accesstoken', 'id_token', 'idtoken', 'refresh_token', 'refreshtoken', 'token',
    'authorization', 'x-api-key', 'atradius-app-key', 'x-insee-api-key-integration', 'userid',
    'username', '_username', 'contractid', 'callbackurl', 'notificationcallbackurl',
)
_NAMES = '|'.join(map(re.escape, KEYS))
_JSON_FIELD = re.compile(rf'("(?:{_NAMES})"\s*:\s*")(?:[^"\\]|\\.)*"', re.I)
_XML_FIELD = re.compile(rf'(<(?:\w+:)?({_NAMES})(?:\s[^>]*)?>)[^<]*', re.I)
_FORM_FIELD = re.compile(rf'\b((?:{_NAMES})=)[^&\s"\'<>]*', re.I)
_BEARER = re.compile(r'\b(Bearer|Basic)\s+[\w.~+/=-]{6,}', re.I)


class Secret:
    """A value that shows itself only to who asks for it by name."""

    __slots__ = ('_value',)

    def __init__(self, value: str):
        self._value = value

    def reveal(self) -> str:
        """Return the value. Never put it into a message."""
        return self._value

    def __repr__(self):
        return f"Secret({MASK})"

    __str__ = __repr__

    def __bool__(self):
        return bool(self._value)

    def __reduce__(self):
        raise TypeError("a secret is not written anywhere")


class Masker:
    """Replaces known secrets, in every spelling they may take on the wire."""

    def __init__(self):
        self._spellings: set[str] = set()
        self._pattern: re.Pattern | None = None

    def __repr__(self):
        return f"<Masker of {len(self._spellings)} spellings>"

    def add(self, value: str) -> None:
        """Learn a secret."""
        if value and len(value) >= SHORTEST:
            raw = base64.b64encode(value.encode()).decode()
            self._spellings |= {
                value, quote(value, safe=''), quote_plus(value), escape(value),
                escape(value, {'"': '&quot;', "'": '&apos;'}), json.dumps(value)[1:-1], raw,
                json.dumps(value, ensure_ascii=False)[1:-1],
            }
            # The longest first: a spelling may begin with another.
            self._pattern = re.compile('|'.join(
                re.escape(x) for x in sorted(self._spellings, key=len, reverse=True)))

    def text(self, text: str, limit: int | None = None) -> str:
        """Return a text without secrets, cut to `limit` characters after masking."""
        if self._pattern:
            text = self._pattern.sub(MASK, text)
        if '"' in text:
            text = _JSON_FIELD.sub(rf'\1{MASK}"', text)
        if '<' in text:
            text = _XML_FIELD.sub(rf'\1{MASK}', text)
        if '=' in text:
            text = _FORM_FIELD.sub(rf'\1{MASK}', text)
        if ' ' in text:
            text = _BEARER.sub(rf'\1 {MASK}', text)
        if limit is not None and len(text) > limit:
            return text[:limit] + '…'
        return text

    def data(self, data: Any, without: frozenset[str] = frozenset()) -> Any:
        """Return a copy of parsed JSON without secrets.

        :param without: keys that are left out with all below them (natural persons)
        """
        if isinstance(data, dict):
            return {
                key: MASK if str(key).lower() in KEYS else self.data(value, without)
                for key, value in data.items() if key not in without
            }
        if isinstance(data, list):
            return [self.data(value, without) for value in data]
        if isinstance(data, str):
            return self.text(data)
        return data
