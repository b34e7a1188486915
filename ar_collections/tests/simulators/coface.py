"""Coface: ICON as documented (CO-1 to CO-8); CofaServe mostly our assumption, see each route."""
import http.client
import itertools
from urllib.parse import urlsplit

from .server import Response, Simulator, route

COMPANIES = {
    'ICO0000000101': {'name': "ATELIERS DU LEVANT", 'country': 'FR', 'siren': '012345674',
                      'easy': '00990001', 'dra': '6', 'opinion': '@@@'},
    'ICO0000000102': {'name': "BOIS ET TOITURES DE L'AUBE", 'country': 'FR', 'siren': '002003002',
                      'easy': '00990002', 'dra': '0', 'opinion': 'X'},
}
DATA = '/dataapi-v1'
# Seconds until an order with an address is delivered: our assumption; and how often the address is
# called when it does not answer (CO-3): after 1, 2, 4 … 256 minutes, then every 8 hours.
DELIVERY = 120
CALLBACK_WAITS = [60 * 2 ** n for n in range(9)] + [8 * 3600] * 6
CALLBACK_TIMEOUT = 10


class _Coface(Simulator):
    api_key = 'canary-coface-key-0d2'
    username = 'canary-coface-user'
    password = 'canary-coface-pass-6e1'
    grant_field = 'grantType'

    def setup(self):
        """Start empty."""
        self.tokens, self.ids = {}, itertools.count(1001)

    @route('POST', '/authentication/v1/token', "D CO-1 CO-2, C CO-4 CO-5")
    def token(self, request):
        """API key in the header; ICON says grantType, CofaServe grant_type."""
        data = request.json or {}
        given = (request.headers.get('x-api-key'), data.get('username'), data.get('password'),
                 data.get(self.grant_field))
        if given != (self.api_key, self.username, self.password, 'password'):
            return _error(401, 'invalid_token', "Wrong credentials")
        value = f'canary-coface-idtoken-{next(self.ids)}'
        self.tokens[value] = self.now() + 3600
        return Response({'idToken': value, 'accessToken': 'canary-coface-access',
                         'refreshToken': 'canary-coface-refresh', 'expiresIn': 3600,
                         'tokenType': 'Bearer'})

    def _refuse(self, request):
        if request.headers.get('x-api-key') != self.api_key:
            return _error(403, 'forbiden', "No access")
        if self.tokens.get(request.headers.get('authorization'), 0) <= self.now():
            return _error(401, 'invalid_token', "Token not valid")
        return None


class CofaceIcon(_Coface):
    """Paths of the test environment. State: `orders` (status by id), `companies`, `notices`,
    `callbacks` (the addresses to call, by id)."""

    code = 'coface_icon'

    def setup(self):
        """No orders, all companies."""
        self.orders, self.watched, self.callbacks = {}, {}, {}
        self.companies = {key: dict(value) for key, value in COMPANIES.items()}
        self.notices = []
        self.seen = {}
        self.content = None
        return super().setup()

    def handle(self, request):
        """Sixty calls a minute for each endpoint, then 429 (CO-1)."""
        taken = self.seen.setdefault((request.method, request.path), [])
        taken[:] = [moment for moment in taken if moment > self.now() - 60]
        if len(taken) >= 60:
            self.calls.append({'route': 'limited', 'path': request.path})
            answer = _error(429, 'too_many_request', "Slow down")
            answer.headers.update({'X-RateLimit-Limit': '60', 'X-RateLimit-Remaining': '0'})
            return answer, None
        taken.append(self.now())
        return super().handle(request)

    @route('GET', f'{DATA}/companies', "D CO-2 CO-3")
    def find(self, request):
        """By id, by external id (slug#value) or by name; pages of twenty by `range`."""
        refused = self._refuse(request)
        if refused:
            return refused
        external, name = request.arg('externalId'), request.arg('companyName')
        if external:
            found = self._find_by_number(external)
        else:
            found = [key for key, x in self.companies.items()
                     if all(word in x['name'] for word in name.upper().split())]
        if not found:
            return _error(400, 'too_many_results', "Company not found")
        return self._page(request, [self._dump(key) for key in found])

    def _dump(self, key):
        company = self.companies[key]
        return {'companyId': 'C' + key, 'companyName': company['name'],
                'countryCode': company['country'],
                'address': {'street': "1 RUE DES INVENTIONS", 'postalCode': '44000',
                            'city': "NANTES"},
                'externalIds': [{'slug': 'icon', 'value': key},
                                {'slug': 'easy', 'value': company['easy']},
                                {'slug': 'registration-number', 'value': company['siren']}]}

    @staticmethod
    def _page(request, items):
        first, last = (int(x) for x in request.arg('range', '0-19').split('-'))
        last = min(last, first + 19, len(items) - 1)
        part = items[first:last + 1]
        headers = {'Content-Range': f'{first}-{first + len(part) - 1}/{len(items)}',
                   'Accept-Range': 'companies 20'}
        return Response(part, 206 if len(part) < len(items) else 200, headers)

    @route('POST', f'{DATA}/companies/identifications', "D CO-3")
    def identify(self, request):
        """Known companies are identified, others initiate a search that takes days."""
        refused = self._refuse(request)
        if refused:
            return refused
        found = [key for key, x in self.companies.items() if x['name'] == request.json['name']]
        if found:
            return Response({'status': 'identified',
                             'matchingCompanies': [self._dump(x) for x in found]})
        number = str(next(self.ids))
        return Response({'status': 'initiated', 'id': number}, 201)

    def _find_by_number(self, external):
        slug, value = external.split('#')
        return [key for key, x in self.companies.items() if {
            'registration-number': x['siren'], 'easy': x['easy'], 'icon': key}[slug] == value]

    @route('POST', f'{DATA}/publications/orders', "D CO-2 CO-3")
    def order(self, request):
        """Accepted; ready on the next look unless the state says otherwise, or delivered later
        when it names an address to call. A number of nobody: as the search answers (A)."""
        refused = self._refuse(request)
        if refused:
            return refused
        if not self._find_by_number(request.json['externalId']):
            return _error(400, 'too_many_results', "Company not found")
        number = str(next(self.ids))
        if request.json.get('callbackUrl'):
            self.callbacks[number] = {
                'url': request.json['callbackUrl'], 'at': self.now() + DELIVERY, 'statuses': []}
        self.orders[number] = {
            'id': number, 'status': 'in-preparation',
            'customerReference': request.json.get('customerReference'),
            'publications': [{'id': 'P' + number, 'status': 'in-preparation',
                              'expectedDeliveryDate': self.today(3)}],
            'request': request.json}
        return Response({key: x for key, x in self.orders[number].items() if key != 'request'})

    def tick(self):
        """Deliver what is due and call its address: a bare GET, up to sixteen times (CO-3)."""
        with self.lock:
            due = [(number, x) for number, x in self.callbacks.items() if x['at'] <= self.now()]
            for number, callback in due:
                if number in self.orders and not callback['statuses']:
                    self.orders[number]['publications'][0]['status'] = 'delivered'
        for _number, callback in due:
            callback['statuses'].append(_ping(callback['url']))
            tries = len(callback['statuses'])
            if 200 <= callback['statuses'][-1] < 300 or tries > len(CALLBACK_WAITS):
                callback['at'] = float('inf')
            else:
                callback['at'] = self.now() + CALLBACK_WAITS[tries - 1]

    @route('GET', f'{DATA}/publications/orders', "D CO-3 CO-7")
    def order_state(self, request):
        """One order or all; 202 while it is made, 205 when it was cancelled, [] when lost."""
        refused = self._refuse(request)
        if refused:
            return refused
        number = request.arg('id')
        if not number:
            page = self._page(request, list(self.orders.values()))
            page.headers['X-Simulator-Source'] = "A: documented with ?id= only"
            return page
        order = self.orders.get(number)
        if order and order['status'] == '202':
            return _error(202, 'order_not_finished', "Not finished")
        if order and order['status'] == '205':
            return Response(None, 205)
        return Response([order] if order else [])

    @route('GET', f'{DATA}/publications', "D CO-3, samples CO-8")
    def publication(self, request):
        """Debtor risk with its history; dates as in the sample, month first."""
        refused = self._refuse(request)
        if refused:
            return refused
        if self.content is not None:
            return Response(self.content)
        order = self.orders.get(request.arg('id')[1:])
        if not order:
            return _error(404, 'resource_not_found', "Unknown publication")
        key = order['request'].get('externalId', '#').split('#')[1]
        company = self.companies.get(key, COMPANIES['ICO0000000101'])
        if order['request']['assessments'][0]['slug'] == 'opinion':
            return Response({'assessment': {'rating': company['opinion'], 'maxCreditAmount': {
                'currency': 'EUR', 'value': 50000}}})
        return Response({'scores': [
            {'debtorRiskValue': '9', 'isCurrent': False, 'releaseDate': '02/03/2025'},
            {'debtorRiskValue': company['dra'], 'isCurrent': True, 'releaseDate': '11/03/2026',
             'probabilityOfDefault': '2.0 %', 'comment': "Stable"}]})

    @route('POST', f'{DATA}/monitorings/orders', "D CO-3")
    def watch(self, request):
        """Watch a company."""
        refused = self._refuse(request)
        if refused:
            return refused
        number = str(next(self.ids))
        self.watched[number] = request.json
        return Response({'id': number, 'status': 'monitoring_active'})

    @route('GET', f'{DATA}/notifications', "D CO-3")
    def notifications(self, request):
        """What was delivered between two days."""
        refused = self._refuse(request)
        if refused:
            return refused
        found = [x for x in self.notices if request.arg('deliveryDateFrom')
                 <= x['deliveryDate'] <= request.arg('deliveryDateTo')]
        return self._page(request, found) if found else Response([])


class CofaServe(_Coface):
    """Token and look-up of a company as seen (CO-4); product details are our assumption."""

    code = 'coface_cofaserve'
    grant_field = 'grant_type'
    policy_number = '900200'

    def _refuse(self, request):
        if request.headers.get('X-COF-Policy-Number') != self.policy_number:
            return _error(403, 'forbiden', "Unknown policy")
        return super()._refuse(request)

    @route('GET', '/companies/identifier', "C CO-4")
    def identifier(self, request):
        """By number; country of three letters."""
        found = [{'easyNumber': x['easy'], 'name': x['name'], 'countryCode': 'FRA'}
                 for x in COMPANIES.values() if x['siren'] == request.arg('identifierValue')
                 and request.arg('countryCode') == 'FRA']
        return self._refuse(request) or Response({'companies': found, 'count': len(found)})

    @route('GET', '/assumed/deliveries/*', "A: the route is not public")
    def delivery(self, request):
        """Our assumption of product details by delivery."""
        return self._refuse(request) or Response({
            'deliveryId': request.groups[0], 'status': 'DELIVERED', 'decision': {
                'code': 'AGREED', 'amount': 25000, 'currency': 'EUR'}})


def _ping(url):
    """Call an address; return its status, 0 when nobody answers."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == 'https' else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=CALLBACK_TIMEOUT)
    try:
        connection.request('GET', parts.path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def _error(status, code, message):
    return Response({'httpCode': status, 'url': '', 'errorDate': '2027-01-15',
                     'fishtag': 'FT-INVENTED-1', 'messages': [
                         {'code': code, 'message': message, 'docUrl': ''}]}, status)
