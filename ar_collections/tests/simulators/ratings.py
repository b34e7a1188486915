"""Creditsafe (CS-1, documented) and D&B Direct+ (DB-2 to DB-5, seen in public clients)."""
import base64
import itertools

from .server import Response, Simulator, route

COMPANIES = {
    'FR-0-012345674': {'name': "ATELIERS DU LEVANT", 'siren': '012345674', 'value': '74',
                       'letter': 'A', 'status': 'Active'},
    'FR-0-002003002': {'name': "BOIS ET TOITURES DE L'AUBE", 'siren': '002003002', 'value': '18',
                       'letter': 'D', 'status': 'Active'},
    'FR-0-031000425': {'name': "CAVES DU MIDI INVENTE", 'siren': '031000425', 'value': 'N/R',
                       'letter': 'E', 'status': 'NonActive'},
}


class Creditsafe(Simulator):
    """Five equal bad logins in two minutes lock the account for five minutes."""

    code = 'creditsafe'
    username = 'canary-creditsafe-user'
    password = 'canary-creditsafe-pass-3b3'

    def setup(self):
        """Nobody is locked out."""
        self.tokens, self.bad, self.locked_until = {}, [], 0.0
        self.ids = itertools.count(1)
        self.events, self.watched = [], set()

    @route('POST', '/v1/authenticate', "D CS-1")
    def authenticate(self, request):
        """A token for one hour."""
        if self.now() < self.locked_until:
            return Response({'message': "Too many requests"}, 429)
        data = request.json
        if (data.get('username'), data.get('password')) != (self.username, self.password):
            self.bad = [moment for moment in self.bad if moment > self.now() - 120] + [self.now()]
            if len(self.bad) >= 5:
                self.locked_until = self.now() + 300
            return Response({'message': "Invalid credentials", 'correlationId': 'c-1'}, 401)
        value = f'canary-creditsafe-token-{next(self.ids)}'
        self.tokens[value] = self.now() + 3600
        return Response({'token': value})

    def _refuse(self, request):
        token = (request.headers.get('Authorization') or '').removeprefix('Bearer ')
        if self.tokens.get(token, 0) <= self.now():
            return Response({'message': "Unauthorized"}, 401)
        return None

    @route('GET', '/v1/companies', "D CS-1")
    def find(self, request):
        """By number, by VAT number (French ones end with the SIREN) or by name."""
        number, name = request.arg('regNo'), (request.arg('name') or '').upper()
        vat = request.arg('vatNo') or ''
        found = [
            {'id': key, 'country': x.get('country', 'FR'), 'regNo': x['siren'], 'name': x['name'],
             'status': x['status'], 'officeType': 'HeadOffice',
             'address': {'simpleValue': "1 RUE DES INVENTIONS", 'city': "NANTES",
                         'postCode': '44000'}}
            for key, x in COMPANIES.items()
            if (number and x['siren'] == number) or (name and name in x['name'])
            or (len(vat) == 13 and x['siren'] == vat[4:])]
        page, size = int(request.arg('page', 1)), int(request.arg('pageSize', 10))
        return self._refuse(request) or Response({
            'totalSize': len(found), 'companies': found[(page - 1) * size:page * size]})

    @route('GET', '/v1/companies/*', "D CS-1 CS-2")
    def report(self, request):
        """The report with its score and limit."""
        company = COMPANIES.get(request.groups[0])
        if not company:
            return self._refuse(request) or Response({'message': "Report unavailable"}, 404)
        return self._refuse(request) or Response({'report': {
            'companyId': request.groups[0],
            'companySummary': {'businessName': company['name'],
                               'companyStatus': {'status': company['status']}},
            'creditScore': {
                'latestRatingChangeDate': '2026-10-02T00:00:00Z',
                'currentCreditRating': {
                    'commonValue': company['letter'], 'commonDescription': "Risk",
                    'creditLimit': {'currency': 'EUR', 'value': '12000'},
                    'providerValue': {'maxValue': '100', 'minValue': '0',
                                      'value': company['value']}},
                'previousCreditRating': {'providerValue': {'value': '70'}}},
            'directors': {'currentDirectors': [{'name': "PERSONNE-INVENTEE Camille"}]}}})

    @route('POST', '/v1/monitoring/portfolios/*/companies', "D CS-1")
    def watch(self, request):
        """Into the portfolio."""
        refused = self._refuse(request)
        if refused:
            return refused
        number = request.json['id']
        if number in self.watched:
            return Response({'message': "Company already in portfolio"}, 409)
        self.watched.add(number)
        return Response({'message': "Company added"}, 201)

    @route('GET', '/v1/monitoring/notificationEvents', "D CS-1; names of fields A")
    def changes(self, request):
        """Events of the portfolios, page by page."""
        page, size = int(request.arg('page', 0)), int(request.arg('pageSize', 50))
        return self._refuse(request) or Response({
            'totalCount': len(self.events), 'data': self.events[page * size:(page + 1) * size]})


class Dnb(Simulator):
    """Token with Basic credentials; match with confidence codes; data blocks."""

    code = 'dnb'
    key = 'canary-dnb-key-77'
    secret = 'canary-dnb-secret-f0'

    def setup(self):
        """Both forms of expiry were seen: the long one first."""
        self.tokens, self.ids = {}, itertools.count(1)
        self.expiry = 'expiresIn'
        self.assessment = {'failureScore': {'nationalPercentile': 62, 'classScore': 2,
                                            'rawScore': 1502, 'scoreDate': '2026-12-01'}}

    @route('POST', '/v3/token', "C DB-2 DB-3")
    def token(self, request):
        """Client credentials."""
        basic = base64.b64encode(f'{self.key}:{self.secret}'.encode()).decode()
        if request.headers.get('Authorization') != f'Basic {basic}':
            return Response({'error': {'errorCode': '00001', 'errorMessage': "Not valid"}}, 401)
        value = f'canary-dnb-token-{next(self.ids)}'
        self.tokens[value] = self.now() + 86400
        answer = {'access_token': value, 'token_type': 'Bearer'}
        if self.expiry == 'expiresIn':
            answer['expiresIn'] = 86400
        else:
            answer['expirationDateTime'] = self.today(1) + 'T08:00:00Z'
        return Response(answer)

    def _refuse(self, request):
        token = (request.headers.get('Authorization') or '').removeprefix('Bearer ')
        if self.tokens.get(token, 0) <= self.now():
            return Response({'error': {'errorCode': '00040', 'errorMessage': "Expired"}}, 401)
        return None

    @route('GET', '/v1/match/cleanseMatch', "C DB-3")
    def match(self, request):
        """Candidates with a confidence code from 1 to 10."""
        name = (request.arg('name') or '').upper()
        number = request.arg('registrationNumber')
        found = [(key, x) for key, x in COMPANIES.items()
                 if (name and name in x['name']) or number == x['siren']]
        if not found:
            return self._refuse(request) or Response({'error': {
                'errorCode': '20505', 'errorMessage': "No Match found"}}, 404)
        return self._refuse(request) or Response({
            'candidatesMatchedQuantity': len(found), 'matchCandidates': [
                {'displaySequence': n, 'organization': {
                    'duns': f'99000000{n}', 'primaryName': x['name'],
                    'dunsControlStatus': {'operatingStatus': {'description': "Active"}},
                    'registrationNumbers': [{'registrationNumber': x['siren']}],
                    'primaryAddress': {'addressCountry': {'isoAlpha2Code': 'FR'},
                                       'addressLocality': {'name': "NANTES"},
                                       'postalCode': '44000'}},
                 'matchQualityInformation': {'confidenceCode': 10 - n}}
                for n, (_key, x) in enumerate(found, 1)]})

    @route('GET', '/v1/data/duns/*', "C DB-4 DB-7, scales D DB-5")
    def data(self, request):
        """A data block."""
        if not request.groups[0].startswith('99000000'):
            return self._refuse(request) or Response({'error': {
                'errorCode': '10001', 'errorMessage': "Not found"}}, 404)
        return self._refuse(request) or Response({'organization': {
            'duns': request.groups[0], 'dnbAssessment': self.assessment}})
