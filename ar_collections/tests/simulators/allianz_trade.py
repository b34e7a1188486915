"""Allianz Trade: token and job flow as documented, cover bodies as seen in public clients."""
import itertools
import json

from .server import Response, Simulator, route

COMPANIES = {
    '7100001': {'name': "ATELIERS DU LEVANT", 'town': "NANTES", 'zip': "44000", 'country': 'FR',
                'siren': '012345674', 'grade': 4},
    '7100002': {'name': "BOIS ET TOITURES DE L'AUBE", 'town': "TROYES", 'zip': "10000",
                'country': 'FR', 'siren': '002003002', 'grade': 7},
    '7100003': {'name': "BOIS ET TOITURES DU NORD", 'town': "LILLE", 'zip': "59000",
                'country': 'FR', 'siren': '047000815', 'grade': 'NA'},
}
POLICY = {'businessUnitCode': 'EHXX', 'policyId': '900100', 'extensionId': ''}
FAMILIES = {
    'production': {'token': '/v1/idp', 'risk': '/riskinfo/v3', 'search': '/search/v2'},
    'test': {'token': '/uatm/v1/idp', 'risk': '/uatm/riskinfo/v3', 'search': '/search/uatm-v2'},
}

# Of a request under way (AT-7).
SEEN = {'requestId', 'creditLimitDetails', 'creationDate', 'lastUpdateDate', 'coverId'}


class AllianzTrade(Simulator):
    """Answers below the paths of the test environment; with `production` below the others.

    State: `decisions` {company id: {"code", "amount"}}, `polls` before a job ends, `job_state`,
    `resource_url`, `next_token` lifetime; a request above 50,000 is granted for 60 %;
    `reduce_after` seconds, a cover is cut by half once; `names_companies`, the list of requests
    under way says for whom they are, which no client needs and nobody has seen.
    """

    code = 'allianz_trade'
    api_key = 'canary-allianz-key-91c4'
    environment = 'test'

    def __init__(self):
        super().__init__()
        # The place of "uatm" in a path follows no rule: the paths stand in a table.
        paths = FAMILIES[self.environment]
        routes = []
        for method, pattern, source, name, function in self._routes:
            family, *rest = pattern[1:]
            routes.append((
                method, [*paths[family].split('/'), *rest], source, name, function))
        self._routes = routes

    def setup(self):
        """No covers yet."""
        self.tokens = {}
        self.covers, self.requests, self.jobs = {}, {}, {}
        self.decisions = {}
        self.polls = 1
        self.job_state = self.resource_url = None
        self.lifetime = 3600
        self.ids = itertools.count(500001)
        self.extra_covers = []
        self.reduce_after = None
        self.names_companies = False
        self.granted_at = {}

    def change(self, data):
        """Besides attributes: {"reduce": {"cover": id, "amount": n}}."""
        reduction = data.pop('reduce', None)
        if reduction:
            self.covers[reduction['cover']]['creditLimitsAggregation']['creditLimits'][0][
                'amount'] = reduction['amount']
        return super().change(data)

    # === TOKEN === #

    @route('POST', '/token/oauth2/authorize', "D AT-1")
    def token(self, request):
        """A JSON body with apiKey alone; 60 minutes; no refresh."""
        if (request.json or {}).get('apiKey') != self.api_key:
            return Response({'message': "Unauthorized"}, 401)
        value = f'canary-allianz-token-{next(self.ids)}'
        self.tokens[value] = self.now() + self.lifetime
        return Response({'access_token': value, 'token_type': 'Bearer',
                         'expires_in': self.lifetime})

    def _refuse(self, request):
        token = (request.headers.get('Authorization') or '').removeprefix('Bearer ')
        if self.tokens.get(token, 0) <= self.now():
            return Response({'message': "Unauthorized"}, 401)
        return None

    # === COMPANIES === #

    @route('POST', '/search/companies/matching', "C AT-5 AT-6 AT-8")
    def matching(self, request):
        """Companies by identifier or words of the name."""
        data = request.json
        numbers = {x['idValue'] for x in data.get('companyIdentifiers') or []}
        words = (data.get('companyName') or '').upper().split()
        found = [
            {'company': self._dump_company(key)} for key, company in COMPANIES.items()
            if company['country'] == data['countryCode'] and (
                company['siren'] in numbers
                or words and all(word in company['name'] for word in words))
        ]
        return self._refuse(request) or Response({'results': found[:data['requestedSize']]})

    def _dump_company(self, key):
        company = COMPANIES[key]
        return {
            'companyId': key, 'legalData': {'companyName': company['name']},
            'address': {'streetName': "RUE DES INVENTIONS", 'town': company['town'],
                        'countryCode': company['country'],
                        'postCodes': [{'postCodeValue': company['zip']}]},
            'communicationChannels': [{'typeCode': 'WEBSITE', 'value': 'www.example.com'}]}

    @route('GET', '/risk/assumed-grades/*', "A: no public route of the grade")
    def grade(self, request):
        """Our assumption; the scale 1 to 10 or NA is documented."""
        company = COMPANIES.get(request.groups[0])
        if not company:
            return Response({'message': "not found"}, 404)
        return self._refuse(request) or Response(
            {'companyId': request.groups[0], 'grade': company['grade'],
             'gradeDate': self.today(-20)})

    # === COVERS === #

    @route('POST', '/risk/covers', "C AT-6 AT-7", 'create_cover')
    def create_cover(self, request):
        """Answers with a job id as a bare JSON value (AT-6)."""
        refused = self._refuse(request)
        if refused:
            return refused
        data = request.json
        if data['policy']['policyId'] != POLICY['policyId']:
            return Response({'message': "unknown policy"}, 403)
        if any(x['companyId'] == data['companyId'] and x['requestStatusCode'] == 'InProgress'
               for x in self.requests.values()):
            return Response({'code': 'A_REQUEST_IS_PENDING', 'message': "A cover request is "
                             "already in progress for this company"}, 409)
        return self._make_job(data['companyId'], data['creditLimitDetails'],
                              data['policy'].get('extensionId', ''))

    def _make_job(self, company, details, extension, cover=None):
        number = str(next(self.ids))
        self.requests[number] = {
            'requestId': number, 'companyId': company, 'creditLimitDetails': details,
            'creationDate': self.today(), 'lastUpdateDate': self.today(), 'coverId': cover,
            'requestStatusCode': 'InProgress', 'extensionId': extension}
        job = f'job-{number}'
        self.jobs[job] = {'polls': self.polls, 'request': number}
        return Response(json.dumps(job).encode(), 200)

    @route('GET', '/risk/jobs/*', "D AT-2")
    def job(self, request):
        """Pending for `polls` calls, then processed with a resourceUrl."""
        job = self.jobs.get(request.groups[0])
        if not job:
            return self._refuse(request) or Response({'message': "not found"}, 404)
        job['polls'] -= 1
        if self.job_state:
            answer = {'jobStatusCode': self.job_state}
        elif job['polls'] >= 0:
            answer = {'jobStatusCode': 'PENDING'}
        else:
            answer = {'jobStatusCode': 'PROCESSED', 'resourceUrl': self._decide(job['request'])}
        if self.resource_url is not None:
            answer['resourceUrl'] = self.resource_url
        return self._refuse(request) or Response(answer)

    def _decide(self, number):
        request = self.requests[number]
        cover = request['coverId'] or f'C{number}'
        asked = request['creditLimitDetails']['requestedAmount']
        decision = self.decisions.get(request['companyId'], {})
        amount = decision.get('amount', asked if asked <= 50_000 else asked * 6 // 10)
        if request['requestStatusCode'] == 'InProgress':
            request.update(requestStatusCode='Closed', coverId=cover)
            self.covers[cover] = {
                'coverId': cover, 'companyId': request['companyId'], 'policy': dict(
                    POLICY, extensionId=request['extensionId']),
                'creditLimitDetails': request['creditLimitDetails'],
                'creditLimitsAggregation': {'creditLimits': [{
                    'technicalDecisionStatusCode': decision.get('code', 'AlreadyAgreed'),
                    'amount': amount, 'currencyCode': 'EUR', 'startDate': self.today()}]}}
            self.granted_at[cover] = self.now()
        return f'{self.url}{FAMILIES[self.environment]["risk"]}/covers/{cover}'

    def _reduce_old(self):
        """For a demonstration: the insurer thinks again."""
        if self.reduce_after is None:
            return
        for cover, granted in list(self.granted_at.items()):
            if self.now() - granted > self.reduce_after:
                limits = self.covers[cover]['creditLimitsAggregation']['creditLimits']
                limits[0]['amount'] = limits[0]['amount'] // 2
                del self.granted_at[cover]

    @route('GET', '/risk/covers/*', "C AT-6")
    def cover(self, request):
        """A cover with its credit limits."""
        self._reduce_old()
        cover = self.covers.get(request.groups[0])
        return self._refuse(request) or (
            Response(cover) if cover else Response({'message': "not found"}, 404))

    @route('PATCH', '/risk/covers/*', "A: PATCH exists (AT-2), its body is not public")
    def patch_cover(self, request):
        """Asks for another amount; asynchronous."""
        cover = self.covers[request.groups[0]]
        return self._refuse(request) or self._make_job(
            cover['companyId'], request.json['creditLimitDetails'],
            cover['policy']['extensionId'], cover['coverId'])

    @route('POST', '/risk/covers/search', "C AT-7 AT-8", 'search_covers')
    def search_covers(self, request):
        """Pages of covers; 206 while more follow, as v2 did (AT-5)."""
        page = request.json['pagination']
        size, number = page['pageSize'], page['page']
        self._reduce_old()
        found = [*self.covers.values(), *self.extra_covers]
        part = found[(number - 1) * size:number * size]
        return self._refuse(request) or Response(
            {'covers': part, 'totalItems': len(found)}, 206 if number * size < len(found) else 200)

    @route('POST', '/risk/coverRequests/search', "C AT-7", 'search_requests')
    def search_requests(self, request):
        """Requests by status, with the fields that were seen: the company is none of them."""
        wanted = request.json.get('requestStatusCode')
        names = SEEN | ({'companyId'} if self.names_companies else set())
        found = [{key: x[key] for key in x if key in names} for x in self.requests.values()
                 if x['requestStatusCode'] == wanted]
        return self._refuse(request) or Response({'coverRequests': found})
