"""GLEIF: the world's register of Legal Entity Identifiers. Open data (CC0), no key.

Sources, listed in docs/connectors.md: GL-1 (the guide of the API: its introduction could be read,
not its pages on single routes), GL-2 (why a parent is not named), GL-3 to GL-5 (routes and fields
as public clients use and have recorded them; hence "observed"). Calls in a minute: 60, as public
clients say (GL-4).

Quirks: `registeredAs` is plain or in groups; of a parent and the reason for having none exactly one
exists, the other is a 404; one company may have a second, void identifier.
"""
from .base import Client
from .capability import provides
from .errors import InvalidInputError, NotFoundError, UnexpectedAnswerError
from .exchange import Problem
from .gleif_reading import (
    EXCEPTIONS,
    SOLE_PROPRIETOR,
    VOID,
    LeiRecord,
    Parent,
    RegisterEntry,
    read_record,
    spell_number,
)
from .numbers import check_lei, check_siren, compact
from .results import Candidates, Confidence

# A name with more hits than a page: the person types more of it.
PAGE = 50
RELATIONS = {
    'direct': 'IS_DIRECTLY_CONSOLIDATED_BY', 'ultimate': 'IS_ULTIMATELY_CONSOLIDATED_BY'}


class GleifClient(Client):
    """Find a company by LEI, national number or name; read its entry and who consolidates it."""

    code = 'gleif'
    bases = {
        'production': {'api': 'https://api.gleif.org/api/v1'},
        'test': {'api': 'https://api.gleif.org/api/v1'},
    }
    uses_token = False
    rate = (60, 60.0)
    rate_is_shared = True
    longest_wait = 60.0

    def _ask(self, operation, path, *parts, params=None):
        # The limit is one for all routes.
        return self._get(operation, self._url('api', path, *parts), params, rate_name='all',
                         headers={'Accept': 'application/vnd.api+json'})

    def _read_problem(self, answer):
        data = answer.json_or_none()
        errors = data.get('errors') if isinstance(data, dict) else None
        if not isinstance(errors, list):
            return super()._read_problem(answer)
        first = errors[0] if errors and isinstance(errors[0], dict) else {}
        return Problem(
            code=str(first.get('status') or ''),
            messages=tuple(str(x.get('detail') or x.get('title') or '')
                           for x in errors if isinstance(x, dict)))

    @provides(Confidence.OBSERVED)
    def test_connection(self) -> bool:
        """Ask for one entry of the register, whichever."""
        self._ask('test_connection', '/lei-records', params={'page[size]': 1})
        return True

    @provides(Confidence.OBSERVED)
    def search_company(self, name: str = '', country: str = '', *, number: str = '',
                       lei: str = '') -> Candidates:
        """Return companies by LEI, by the number of their national register, or by name.

        Entries that are void (given twice, annulled) are left out, and traders who are natural
        persons from a search by name.

        :param country: ISO code; needed with a number
        :raise InvalidInputError: for a wrong check digit: no call is made
        """
        params = {'page[size]': PAGE}
        if lei:
            params['filter[lei]'] = check_lei(lei)
        elif number:
            if not country:
                raise InvalidInputError('country', "a number needs its country")
            wanted = check_siren(number) if country == 'FR' else compact(number)
            params['filter[entity.registeredAs]'] = ','.join(spell_number(country, wanted))
            params['filter[entity.legalAddress.country]'] = country
        elif name.strip():
            # A comma would part the name in two.
            params['filter[entity.legalName]'] = name.replace(',', ' ').strip()
            params['filter[entity.legalAddress.country]'] = country or None
        else:
            raise InvalidInputError('search', "nothing to search for")
        answer = self._ask('search_company', '/lei-records', params=params)
        reader = self._read(answer)
        reason = 'id' if lei else 'number' if number else 'name'
        found = {}
        for item in reader.children('data', required=True):
            record = self._load(item.own(), reason, answer)
            if record.registration_status in VOID:
                continue
            if number and wanted not in (compact(x.value) for x in record.identifiers):
                # Only the exact number counts.
                continue
            if reason == 'name' and record.category == SOLE_PROPRIETOR:
                continue
            found[record.provider_id] = record
        page = reader.child('meta').child('pagination')
        total = page.number('total', 1)
        complete = page.text('lastPage') in ('', '0', '1')
        return Candidates(tuple(found.values()), complete,
                          int(total) if total.isdigit() else None, self._meta(answer, {}))

    @provides(Confidence.OBSERVED)
    def get_company(self, lei: str) -> LeiRecord:
        """Return the entry of an LEI.

        :raise NotFoundError: unknown to the register
        """
        code = check_lei(lei)
        answer = self._ask('get_company', '/lei-records/{}', code)
        record = self._load(self._read(answer).child('data'), 'id', answer)
        if record.provider_id != code:
            raise self._error(
                UnexpectedAnswerError, 'other_company', record.provider_id, answer=answer)
        return record

    @provides(Confidence.OBSERVED)
    def get_parents(self, lei: str) -> RegisterEntry:
        """Return the entry of an LEI with its direct and ultimate accounting parents.

        Up to five calls. A relation that has ended, or that is not the one asked for, names nobody.
        """
        record = self.get_company(lei)
        known, parents, attention = {record.provider_id: record}, [], list(record.attention)
        for level, kind in record.told:
            parent = (self._read_parent(record.provider_id, level, known, attention)
                      if kind == 'parent' else
                      self._read_exception(record.provider_id, level, attention))
            if parent:
                parents.append(parent)
        return RegisterEntry(record, tuple(parents), tuple(attention), record.meta)

    def _read_parent(self, lei, level, known, attention):
        """Return the parent of a level; None, with a remark, when the relation does not stand."""
        try:
            answer = self._ask(
                'get_parents', '/lei-records/{}/{}', lei, f'{level}-parent-relationship')
        except NotFoundError:
            # The link was older than the relation.
            return None
        reader = self._read(answer).child('data').child('attributes').child('relationship')
        parent = reader.child('endNode').text('id')
        if (reader.child('startNode').text('id') != lei or not parent or parent == lei
                or reader.text('type') != RELATIONS[level]):
            reader.note('contradiction', 'relationship', parent)
        elif reader.text('status') != 'ACTIVE':
            if reader.text('status') != 'INACTIVE':
                reader.note('unknown_code', 'status', reader.text('status'))
        else:
            if parent not in known:
                known[parent] = self._load_parent(lei, level, parent)
            return Parent(level, known[parent])
        attention += reader.attention
        return None

    def _load_parent(self, lei, level, parent):
        answer = self._ask('get_parents', '/lei-records/{}/{}', lei, f'{level}-parent')
        record = self._load(self._read(answer).child('data'), 'id', answer)
        if record.provider_id != parent:
            raise self._error(
                UnexpectedAnswerError, 'other_company', record.provider_id, answer=answer)
        return record

    def _read_exception(self, lei, level, attention):
        try:
            answer = self._ask(
                'get_parents', '/lei-records/{}/{}', lei, f'{level}-parent-reporting-exception')
        except NotFoundError:
            return None
        reader = self._read(answer).child('data').child('attributes')
        reason = reader.text('reason', required=True)
        if reason not in EXCEPTIONS:
            reader.note('unknown_code', 'reason', reason)
        attention += reader.attention
        return Parent(level, exception=reason)

    def _load(self, reader, reason, answer):
        return read_record(reader, reason, lambda data: self._meta(answer, data))
