"""One answer of a provider, read completely."""
import functools
import json
from dataclasses import dataclass, field
from typing import Any

from .parsing import load_json


@dataclass(frozen=True)
class Answer:
    """Status, headers and body as they came, and which call they belong to."""

    status: int
    headers: Any = field(repr=False)
    body: bytes = field(repr=False)
    operation: str = ''
    method: str = ''
    #: Address without its query.
    url: str = ''
    correlation_id: str = ''
    attempts: int = 1

    @property
    def text(self) -> str:
        """The body as text; what is no UTF-8 is Latin-1."""
        try:
            return self.body.decode('utf-8-sig')
        except UnicodeDecodeError:
            return self.body.decode('latin-1')

    def json(self) -> Any:
        """The body as JSON, parsed once.

        :raise ValueError: when it is something else, for example a page of a gateway
        """
        return self._parsed

    @functools.cached_property
    def _parsed(self):
        return load_json(self.text)

    def json_or_none(self) -> Any:
        """The body as JSON, None when it is something else."""
        try:
            return self.json()
        except ValueError:
            return None


def dump(data: Any) -> str:
    """Return JSON for a body: Decimal as the shortest exact number, never as a float."""
    return json.dumps(data, ensure_ascii=False, default=_number)


def _number(value):
    # A float would print 0.1 + 0.2; amounts with cents are texts only where a provider wants them.
    if value == value.to_integral_value():
        return int(value)
    return float(str(value))
