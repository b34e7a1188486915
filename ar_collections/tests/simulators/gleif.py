"""GLEIF, the register of Legal Entity Identifiers (GL-1 to GL-5): JSON:API, no key.

All companies are invented.

LEI that begin with 0000 are given by nobody; their check digits are right.
"""
from .server import Response, Simulator, route

LEVANT, AUBE, MIDI = '000000LEVANT00000181', '000000AUBE0000000144', '000000MIDI0000000128'
HOLDING, TOP = '000000HOLDING0000131', '000000ERFINDUNG00105'
DUPLICATE, SOLE = '000000DUPLICATE00171', '000000SOLE0000000107'

# Number as written there: plain, or in groups of three (GL-4).
RECORDS = {
    LEVANT: {'name': "ATELIERS DU LEVANT", 'number': '012345674', 'authority': 'RA000189',
             'street': ["1 RUE DES INVENTIONS"], 'zip': '44000', 'city': "NANTES",
             'direct': HOLDING, 'ultimate': TOP},
    AUBE: {'name': "BOIS ET TOITURES DE L'AUBE", 'number': '002 003 002',
           'authority': 'RA000192', 'street': ["4 CHEMIN DU RABOT"], 'zip': '10000',
           'city': "TROYES", 'direct': TOP, 'ultimate': TOP},
    MIDI: {'name': "CAVES DU MIDI INVENTE", 'number': '031000425', 'authority': 'RA000189',
           'street': ["2 QUAI DES FABLES"], 'zip': '30000', 'city': "NIMES",
           'status': 'INACTIVE', 'registration': 'LAPSED', 'ended': '2025-11-30T00:00:00Z',
           'direct': 'NATURAL_PERSONS', 'ultimate': 'NATURAL_PERSONS'},
    HOLDING: {'name': "LEVANT PARTICIPATIONS", 'number': '047000815', 'authority': 'RA000189',
              'street': ["1 RUE DES INVENTIONS", "BATIMENT B"], 'zip': '44000',
              'city': "NANTES", 'direct': TOP, 'ultimate': TOP},
    TOP: {'name': "HAUS DER ERFINDUNGEN SE", 'number': 'HRB 000001', 'authority': 'RA000259',
          'street': ["MUSTERWEG 1"], 'zip': '10000', 'city': "BERLIN", 'country': 'DE',
          'direct': 'NO_KNOWN_PERSON', 'ultimate': 'NO_KNOWN_PERSON'},
    # The same company twice, as two issuers may have given it: never to be linked.
    DUPLICATE: {'name': "ATELIERS DU LEVANT", 'number': '012345674', 'authority': 'RA000189',
                'street': ["1 RUE DES INVENTIONS"], 'zip': '44000', 'city': "NANTES",
                'registration': 'DUPLICATE'},
    SOLE: {'name': "PERSONNE-INVENTEE Camille", 'number': '061200077', 'authority': 'RA000189',
           'street': ["9 IMPASSE PRIVEE"], 'zip': '44000', 'city': "NANTES",
           'category': 'SOLE_PROPRIETOR'},
}
TYPES = {'direct': 'IS_DIRECTLY_CONSOLIDATED_BY', 'ultimate': 'IS_ULTIMATELY_CONSOLIDATED_BY'}
CATEGORIES = {'direct': 'DIRECT_ACCOUNTING_CONSOLIDATION_PARENT',
              'ultimate': 'ULTIMATE_ACCOUNTING_CONSOLIDATION_PARENT'}
FILTERS = {'lei', 'fulltext', 'entity.legalName', 'entity.registeredAs', 'entity.registeredAt',
           'entity.legalAddress.country', 'entity.status'}
API = '/api/v1'


class Gleif(Simulator):
    """Records, parents, and the reasons for having none."""

    code = 'gleif'

    def setup(self):
        """Start with the records above."""
        self.records = {lei: dict(record) for lei, record in RECORDS.items()}
        self.updated = '2026-10-02T07:17:31Z'

    @route('GET', f'{API}/lei-records', "C GL-3 GL-4")
    def records_found(self, request):
        """Filters are joined by AND, the values of one filter (with commas) by OR."""
        wanted = {}
        for key, values in request.query.items():
            if key.startswith('filter['):
                if key[7:-1] not in FILTERS:
                    return self._fail(400, "Invalid Query Parameter",
                                      "Filter should contain only allowed values.")
                wanted[key[7:-1]] = values[0].split(',')
        size, page = int(request.arg('page[size]', 15)), int(request.arg('page[number]', 1))
        if size > 200 or size * page > 10_000:
            return self._fail(400, "Invalid Query Parameter",
                              "page[number] * page[size] must not exceed 10000")
        found = [lei for lei, record in self.records.items() if self._matches(
            lei, record, wanted)]
        part = found[(page - 1) * size:page * size]
        return Response({
            'meta': {'goldenCopy': {'publishDate': '2026-10-03T08:00:00Z'}, 'pagination': {
                'currentPage': page, 'perPage': size, 'total': len(found),
                'lastPage': max(1, -(-len(found) // size))}},
            'data': [self._dump(lei) for lei in part]})

    @route('GET', f'{API}/lei-records/*', "C GL-3")
    def record(self, request):
        """Return one record with the links to what else is known."""
        lei = request.groups[0]
        if lei not in self.records:
            return self._missing()
        return Response({'meta': {}, 'data': self._dump(lei)})

    @route('GET', f'{API}/lei-records/*/*', "C GL-3 GL-5")
    def related(self, request):
        """Answer for `direct-parent`, `…-relationship`, `…-reporting-exception`, and `ultimate-`.

        Of a parent and an exception one exists; asking for the other is a 404.
        """
        lei, name = request.groups
        level = name.split('-')[0]
        said = self.records.get(lei, {}).get(level, '')
        parent = said if said in self.records else ''
        if name == f'{level}-parent' and parent:
            return Response({'meta': {}, 'data': self._dump(parent)})
        if name == f'{level}-parent-relationship' and parent:
            return Response({'meta': {}, 'data': {
                'type': 'relationship-records', 'id': f'{lei}|LEI|{TYPES[level]}|10|abc|',
                'attributes': {
                    'validFrom': '2025-08-28T00:00:00Z', 'validTo': None,
                    'relationship': {
                        'startNode': {'id': lei, 'type': 'LEI'},
                        'endNode': {'id': parent, 'type': 'LEI'},
                        'type': TYPES[level], 'status': 'ACTIVE', 'periods': []},
                    'registration': {'status': 'PUBLISHED',
                                     'corroborationLevel': 'FULLY_CORROBORATED'}}}})
        if name == f'{level}-parent-reporting-exception' and said and not parent:
            return Response({'meta': {}, 'data': {
                'type': 'reporting-exceptions', 'id': f'{lei}|0|abc|{CATEGORIES[level]}|',
                'attributes': {'validFrom': None, 'validTo': None, 'lei': lei,
                               'category': CATEGORIES[level], 'reason': said,
                               'reference': None}}})
        return self._missing()

    def _matches(self, lei, record, wanted):
        fields = {
            'lei': lei, 'entity.registeredAs': record['number'],
            'entity.registeredAt': record['authority'],
            'entity.legalAddress.country': record.get('country', 'FR'),
            'entity.status': record.get('status', 'ACTIVE')}
        for name, values in wanted.items():
            if name in ('entity.legalName', 'fulltext'):
                words = ','.join(values).upper().split()
                if not all(word in record['name'] for word in words):
                    return False
            elif fields[name] not in values:
                return False
        return True

    def _dump(self, lei):
        record = self.records[lei]
        address = {
            'language': 'fr', 'addressLines': record['street'], 'addressNumber': None,
            'addressNumberWithinBuilding': None, 'mailRouting': None, 'city': record['city'],
            'region': None, 'country': record.get('country', 'FR'), 'postalCode': record['zip']}
        here = f'https://api.gleif.org{API}/lei-records/{lei}'
        links = {}
        for level in ('direct', 'ultimate'):
            said = record.get(level)
            if said in self.records:
                links[f'{level}-parent'] = {'links': {
                    'relationship-record': f'{here}/{level}-parent-relationship',
                    'lei-record': f'{here}/{level}-parent'}}
            elif said:
                links[f'{level}-parent'] = {'links': {
                    'reporting-exception': f'{here}/{level}-parent-reporting-exception'}}
        return {
            'type': 'lei-records', 'id': lei, 'attributes': {
                'lei': lei,
                'entity': {
                    'legalName': {'name': record['name'], 'language': 'fr'}, 'otherNames': [],
                    'legalAddress': address, 'headquartersAddress': dict(address),
                    'registeredAt': {'id': record['authority'], 'other': None},
                    'registeredAs': record['number'],
                    'jurisdiction': record.get('country', 'FR'),
                    'category': record.get('category', 'GENERAL'),
                    'legalForm': {'id': '6CHY', 'other': None},
                    'status': record.get('status', 'ACTIVE'),
                    'expiration': {'date': record.get('ended'), 'reason': None},
                    'successorEntity': {'lei': None, 'name': None}},
                'registration': {
                    'initialRegistrationDate': '2019-03-27T00:00:00Z',
                    'lastUpdateDate': self.updated,
                    'status': record.get('registration', 'ISSUED'),
                    'nextRenewalDate': '2027-07-06T07:17:33Z',
                    'corroborationLevel': 'FULLY_CORROBORATED'}},
            'relationships': links, 'links': {'self': here}}

    def _missing(self):
        return self._fail(404, "Resource not found", "Related resource not found")

    def _fail(self, status, title, detail):
        return Response({'errors': [{
            'status': str(status), 'title': title, 'detail': detail}]}, status)
