"""Strict reading of answers: what is missing, unreadable or unknown is said, never guessed."""
import json
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from lxml import etree

from .results import Attention

MONTHS = {
    'janvier': 1, 'fevrier': 2, 'février': 2, 'mars': 3, 'avril': 4, 'mai': 5, 'juin': 6,
    'juillet': 7, 'aout': 8, 'août': 8, 'septembre': 9, 'octobre': 10, 'novembre': 11,
    'decembre': 12, 'décembre': 12,
}
_FRENCH_DAY = re.compile(r'^(\d{1,2})(?:er)?\s+([a-zéû]+)\s+(\d{4})$', re.I)


def load_json(text: str) -> Any:
    """Return parsed JSON with exact decimals.

    :raise ValueError: also for NaN and for nesting that no answer needs
    """
    def refuse(constant):
        raise ValueError(f"{constant} is no JSON")

    try:
        return json.loads(text, parse_float=Decimal, parse_constant=refuse)
    except RecursionError:
        raise ValueError("nested too deep") from None


def load_xml(content: bytes) -> etree._Element:
    """Return a parsed XML document: no entities, no network, no document type.

    :raise ValueError: when it is no XML, or declares a document type
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"no XML: {error.__class__.__name__}") from None
    if root.getroottree().docinfo.doctype:
        raise ValueError("a document type is not accepted")
    return root


def parse_amount(value: Any) -> Decimal | None:
    """Return an amount; None when nothing is said ('' and null are not zero).

    Texts may use a decimal comma and spaces between thousands. "1,234" and "1.234.567" are
    read as thousands only when it is beyond doubt.

    :raise ValueError: when it cannot be read beyond doubt
    """
    if value is None or isinstance(value, bool):
        if value is None:
            return None
        raise ValueError("a flag is no amount")
    if isinstance(value, int | Decimal):
        return Decimal(value)
    text = re.sub(r"[\s\u00a0\u202f']", '', str(value))
    if not text:
        return None
    if ',' in text:
        if '.' in text and text.rindex('.') > text.rindex(','):
            text = text.replace(',', '')
        elif text.count(',') == 1 and ('.' in text or not re.search(r',\d{3}$', text)):
            text = text.replace('.', '').replace(',', '.')
        else:
            raise ValueError("thousands or decimals?")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError("no amount") from None
    if not amount.is_finite():
        raise ValueError("no amount")
    return amount


def parse_day(value: Any, zone: ZoneInfo, form: str = '') -> date | None:
    """Return a calendar day; None when nothing is said.

    A time with an offset is first moved to `zone`: the deadline counts in the company's days.

    :param form: the only form accepted, as for strptime; without it ISO 8601 and French text
    :raise ValueError: for a day that does not exist
    """
    text = '' if value is None else str(value).strip()
    if not text:
        return None
    if form:
        return datetime.strptime(text, form).date()
    french = _FRENCH_DAY.match(text)
    if french:
        month = MONTHS.get(french[2].lower())
        if not month:
            raise ValueError("no month")
        return date(int(french[3]), month, int(french[1]))
    if re.fullmatch(r'\d{4}-\d\d-\d\d', text):
        return date.fromisoformat(text)
    if re.fullmatch(r'\d{8}', text):
        return datetime.strptime(text, '%Y%m%d').date()
    moment = datetime.fromisoformat(text.replace('Z', '+00:00'))
    return (moment.astimezone(zone) if moment.tzinfo else moment).date()


def strip_html(text: str) -> str:
    """Return the words of a text that may hold HTML."""
    return re.sub(r'\s+', ' ', unescape(re.sub(r'<[^>]*>', ' ', text))).strip()


class Reader:
    """A JSON object read field by field.

    :param fail: called with (code, path) when a required field is missing; must raise
    """

    def __init__(self, data: Any, fail: Callable[[str, str], NoReturn], zone: ZoneInfo,
                 path: str = '', attention: list[Attention] | None = None):
        self.data, self.fail, self.zone, self.path = data, fail, zone, path
        self.attention: list[Attention] = [] if attention is None else attention

    def __bool__(self):
        return isinstance(self.data, dict) and bool(self.data)

    def _at(self, key):
        return f'{self.path}.{key}' if self.path else key

    def note(self, code: str, key: str, value: Any = '') -> None:
        """Add something that a person must look at."""
        self.attention.append(Attention(code, self._at(key), str(value)[:200]))

    def get(self, key: str) -> Any:
        """Return a raw value, None when it is not there."""
        return self.data.get(key) if isinstance(self.data, dict) else None

    def text(self, key: str, required: bool = False) -> str:
        """Return a text, '' when it is not there. Numbers are identifiers: they become text."""
        value = self.get(key)
        if isinstance(value, dict | list | bool) or value is None:
            value = ''
        value = str(value).strip()
        if required and not value:
            self.fail('missing_field', self._at(key))
        return value

    def number(self, key: str, width: int) -> str:
        """Return an identifier that the provider may have turned into an integer."""
        value = self.text(key)
        return value.zfill(width) if value.isdigit() else value

    def amount(self, key: str) -> Decimal | None:
        """Return an amount; an unreadable or negative one is noted and counts as not said."""
        try:
            amount = parse_amount(self.get(key))
        except ValueError:
            amount = Decimal(-1)
        if amount is not None and amount < 0:
            self.note('unreadable_amount', key, self.get(key))
            return None
        return amount

    def day(self, key: str, form: str = '') -> date | None:
        """Return a day; an impossible one is noted and counts as not said."""
        try:
            return parse_day(self.get(key), self.zone, form)
        except (ValueError, OverflowError):
            self.note('unreadable_date', key, self.get(key))
            return None

    def child(self, key: str) -> 'Reader':
        """Return the object below a key, an empty one when there is none."""
        value = self.get(key)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        return self._make(value if isinstance(value, dict) else {}, self._at(key))

    def children(self, key: str, required: bool = False) -> list['Reader']:
        """Return the objects of a list. A single object in its place is a list of one."""
        value = self.get(key)
        if isinstance(value, dict):
            value = [value]
        if not isinstance(value, list):
            if required:
                self.fail('missing_field', self._at(key))
            value = []
        return [self._make(item, f'{self._at(key)}[{index}]')
                for index, item in enumerate(value) if isinstance(item, dict)]

    def own(self) -> 'Reader':
        """Return the same object with a list of remarks of its own."""
        return Reader(self.data, self.fail, self.zone, self.path)

    def _make(self, data, path):
        return Reader(data, self.fail, self.zone, path, self.attention)
