"""BODACC: insolvency notices of French companies, no key. Sources OD-3 to OD-6.

The portal gives 100 records a page and lets nobody look beyond the 10,000th of a query: longer
answers are split by date. What the notices mean is in `bodacc_reading`.
"""
import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from types import MappingProxyType

from .base import Client
from .bodacc_reading import Notice, read_nature
from .capability import provides
from .exchange import Problem
from .numbers import check_siren
from .parsing import Reader, load_json
from .results import Attention, Batch, CompanyEvent, Confidence

RECORDS = '/catalog/datasets/annonces-commerciales/records'
FAMILIES = ('collective', 'conciliation', 'retablissement_professionnel')
PAGE, REACH = 100, 10_000
# So many numbers keep the address below 2,000 characters, which every gateway takes.
SIRENS_PER_CALL = 30


class BodaccClient(Client):
    """List the notices of companies, in batches."""

    code = 'bodacc'
    bases = {
        'production': {'api': 'https://bodacc-datadila.opendatasoft.com/api/explore/v2.1'},
        'test': {'api': 'https://bodacc-datadila.opendatasoft.com/api/explore/v2.1'},
    }
    uses_token = False
    # The portal's own figure is not public; this is a courtesy.
    rate = (10, 1.0)
    rate_is_shared = True
    personal_keys = frozenset({
        'listepersonnes', 'commercant', 'listeprecedentexploitant', 'listeprecedentproprietaire',
        'acte', 'depot', 'modificationsgenerales', 'divers', 'ville', 'cp'})

    def _read_problem(self, answer):
        data = answer.json_or_none()
        if isinstance(data, dict) and data.get('error_code'):
            return Problem(str(data['error_code']), (str(data.get('message') or ''),))
        return super()._read_problem(answer)

    @provides(Confidence.OBSERVED)
    def test_connection(self) -> bool:
        """Read one record."""
        self._get('test_connection', self._url('api', RECORDS), {'limit': 1})
        return True

    @provides(Confidence.OBSERVED)
    def list_notices(self, sirens: Sequence[str], since: date, until: date) -> Batch:
        """Return the insolvency notices of companies, published between two days, both included.

        Wrong numbers raise before any call. Natural persons are left out of what is kept.
        """
        numbers = [check_siren(siren) for siren in sirens]
        found, attention, complete, meta = {}, [], True, None
        for start in range(0, len(numbers), SIRENS_PER_CALL):
            part = numbers[start:start + SIRENS_PER_CALL]
            for batch in self._walk_days(part, since, until):
                found.update({event.event_id: event for event in batch.items})
                attention += batch.attention
                complete = complete and batch.complete
                meta = batch.meta
        return Batch(tuple(found.values()), complete, attention=tuple(attention), meta=meta)

    def _walk_days(self, sirens, since, until) -> Iterable[Batch]:
        """Yield batches, halving the days until each fits below the portal's reach."""
        batch = self._walk_pages(sirens, since, until)
        if batch.announced_total > REACH and since < until:
            middle = since + (until - since) // 2
            yield from self._walk_days(sirens, since, middle)
            yield from self._walk_days(sirens, middle + timedelta(days=1), until)
            return
        if not batch.complete:
            # The content moved while it was read: once more from the start.
            batch = self._walk_pages(sirens, since, until)
        yield batch

    def _walk_pages(self, sirens, since, until):
        found, ids, total, answer = {}, set(), 0, None
        for offset in range(0, REACH, PAGE):
            answer = self._ask(sirens, since, until, PAGE, offset)
            reader = self._read(answer)
            total = int(reader.text('total_count', required=True))
            records = reader.children('results', required=True)
            for record in records:
                ids.add(record.text('id'))
                event = self._load(record.own(), sirens, answer)
                if event:
                    found[event.event_id] = event
            if len(records) < PAGE or (total > REACH and since < until):
                break
        complete = len(ids) >= total
        return Batch(
            tuple(found.values()), complete, announced_total=total,
            attention=() if complete else (Attention('total_differs', 'total_count', str(total)),),
            meta=self._meta(answer, {'total_count': total}))

    def _ask(self, sirens, since, until, limit, offset):
        companies = ' or '.join(f'registre="{siren}"' for siren in sirens)
        families = ', '.join(f'"{family}"' for family in FAMILIES)
        where = (f"familleavis in ({families}) and ({companies}) "
                 f"and dateparution>=date'{since}' and dateparution<=date'{until}'")
        return self._get('list_notices', self._url('api', RECORDS), {
            'where': where, 'order_by': 'dateparution, id', 'limit': limit, 'offset': offset})

    def _load(self, reader, sirens, answer):
        registered = {re.sub(r'\D', '', str(x)) for x in self._get_list(reader.get('registre'))}
        siren = next((x for x in sirens if x in registered), '')
        if not siren:
            # Digits are compared exactly, names never: the notice is somebody else's.
            return None
        judgment = self._load_judgment(reader)
        kind = read_nature(
            judgment.text('nature'), judgment.text('complementJugement'), judgment.text('famille'))
        if reader.text('familleavis') == 'conciliation' and kind == Notice.TO_CHECK:
            kind = Notice.CONCILIATION
        if kind == Notice.TO_CHECK:
            reader.note('unknown_code', 'jugement.nature', judgment.text('nature'))
        details = {
            'type': reader.text('typeavis') or 'annonce',
            'court': reader.text('tribunal'), 'url': reader.text('url_complete'),
            'replaces': self._get_replaced(reader), 'complement': _shorten(judgment),
        }
        happened = judgment.day('date')
        return CompanyEvent(
            event_id=reader.text('id', required=True), kind=kind, company_id=siren,
            code=judgment.text('nature'), source=reader.text('publicationavis'),
            label=judgment.text('famille'), happened_on=happened,
            published_on=reader.day('dateparution'), details=MappingProxyType(details),
            attention=(*reader.attention, *judgment.attention),
            meta=self._meta(answer, reader.data))

    def _load_judgment(self, reader):
        """Return the judgment: JSON written inside a text."""
        return self._load_inner(reader, 'jugement')

    def _load_inner(self, reader, key):
        value = reader.get(key)
        if isinstance(value, str) and value:
            try:
                value = load_json(value)
            except ValueError:
                reader.note('unreadable_field', key, value)
        return Reader(value if isinstance(value, dict) else {}, reader.fail, self.zone, key)

    def _get_replaced(self, reader):
        """Return the id of the notice that this one corrects or cancels."""
        previous = self._load_inner(reader, 'parutionavisprecedent')
        name = previous.text('nomPublication').split()
        number = previous.text('numeroParution') + previous.text('numeroAnnonce')
        if reader.text('typeavis') in ('', 'annonce') or not name or not number:
            return ''
        return name[-1] + number

    @staticmethod
    def _get_list(value):
        return value if isinstance(value, list) else str(value or '').split(',')


def _shorten(judgment):
    """Return the start of the complement: it may name persons further down."""
    return judgment.text('complementJugement')[:200]
