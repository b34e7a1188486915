"""Infolegale webservices 2.2: as its Swagger file says (IL-1), companies invented."""
import itertools

from .server import Response, Simulator, route

COMPANIES = {
    '012345674': {'name': "ATELIERS DU LEVANT", 'score': 17, 'class': '17-20',
                  'label': "Risque très faible", 'status': 'active'},
    '002003002': {'name': "BOIS ET TOITURES DE L'AUBE", 'score': 3, 'class': '3-5',
                  'label': "Risque élevé", 'status': 'insolvancy'},
    '031000425': {'name': "CAVES DU MIDI INVENTE", 'score': 0, 'class': '0',
                  'label': "Fermée", 'status': 'closed'},
}
LIFETIME = 900
C = '/v2/companies/*/*'


class Infolegale(Simulator):
    """State: `alerts`, `supervised`, `items`, `statuses` {siren: status}."""

    code = 'infolegale'
    username = 'canary-infolegale-user'
    password = 'canary-infolegale-pass-88d'

    def setup(self):
        """An empty portfolio."""
        self.tokens, self.refreshes = {}, set()
        self.ids = itertools.count(1)
        self.alerts, self.items, self.supervised = [], {}, set()
        self.statuses = {}

    def _issue(self):
        number = next(self.ids)
        token, refresh = f'canary-infolegale-jwt-{number}', f'canary-infolegale-refresh-{number}'
        self.tokens[token] = self.now() + LIFETIME
        self.refreshes.add(refresh)
        return Response({'token': token, 'refresh_token': refresh})

    @route('POST', '/v2/login_json', "D IL-1")
    def login(self, request):
        """User and password."""
        data = request.json
        if (data.get('_username'), data.get('_password')) != (self.username, self.password):
            return Response({'code': 401, 'message': "Bad credentials"}, 401)
        return self._issue()

    @route('POST', '/v2/refresh', "D IL-1")
    def refresh(self, request):
        """A refresh token, with the old JWT, ended or not, in the header."""
        old = (request.headers.get('Authorization') or '').removeprefix('Bearer ')
        refresh = request.form.get('refresh_token')
        if old not in self.tokens or refresh not in self.refreshes:
            return Response({'code': 401, 'message': "An authentication exception occurred."}, 401)
        self.refreshes.discard(refresh)
        return self._issue()

    def _refuse(self, request):
        token = (request.headers.get('Authorization') or '').removeprefix('Bearer ')
        if self.tokens.get(token, 0) <= self.now():
            return Response({'code': 401, 'message': "Expired JWT Token"}, 401)
        return None

    def _about(self, request, make):
        company = COMPANIES.get(request.groups[1])
        if not company:
            return self._refuse(request) or Response(
                {'code': 404, 'message': "Company not found"}, 404)
        return self._refuse(request) or Response(make(request.groups[1], company))

    @route('POST', '/v2/companies/*/find', "D IL-1")
    def find(self, request):
        """By SIREN or SIRET."""
        siren = request.form['registrationId'][:9]
        company = COMPANIES.get(siren)
        if not company:
            return self._refuse(request) or Response({'code': 404, 'message': "Not found"}, 404)
        return self._refuse(request) or Response({
            'company': {'@type': 'Company', 'identity': {
                'id': siren, 'registrationId': siren, 'vatnumber': 'FR00' + siren,
                'name': company['name'], 'legalForm': {'code': '5710'},
                'activity': {'code': '4391B'}, 'status': 1 if company['status'] != 'closed' else 0,
                'address': {'countryCode': 'FR', 'street': "1 RUE DES INVENTIONS",
                            'postalCode': '44000', 'locality': "NANTES"}}},
            'site': {'id': siren + '00014', 'registrationId': siren + '00014'}})

    @route('POST', '/v2/search/companies', "D IL-1")
    def search(self, request):
        """By words."""
        words = request.form['simpleSearch'].upper().split()
        found = [
            {'companyId': siren, 'id': siren + '00014', 'name': company['name'],
             'address': {'countryCode': None, 'postalCode': '44000', 'locality': "NANTES"},
             'actif': '0' if company['status'] == 'closed' else '1'}
            for siren, company in COMPANIES.items()
            if all(word in company['name'] for word in words)]
        return self._refuse(request) or Response(
            {'results': found, 'count': len(found), 'found': len(found)})

    @route('GET', C + '/score', "D IL-1")
    def score(self, request):
        """`comments` is declared a list and comes as a map with HTML."""
        return self._about(request, lambda siren, company: {
            '@type': 'Score', 'score': company['score'], 'previous': company['score'] + 1,
            'creditLimit': 500000, 'comments': {
                'COP_8': "Paie en <span class='x'>204</span> jours."},
            'summary': None, 'history': [], 'tendance': '='})

    @route('GET', C + '/risk', "D IL-1")
    def risk(self, request):
        """`insolvancy` is spelled so."""
        return self._about(request, lambda siren, company: {
            '@type': 'Risk', 'class': company['class'], 'label': company['label'],
            'status': self.statuses.get(siren, company['status']),
            'insolvency': {'code': '5210', 'label': "Redressement judiciaire",
                           'effectiveStart': '2026-11-03', 'effectiveEnd': None}
            if company['status'] == 'insolvancy' else None})

    @route('GET', '/v2/monitoring/alert', "D IL-1")
    def alert(self, request):
        """Pages of alerts; the SIREN is an integer."""
        refused = self._refuse(request)
        if refused:
            return refused
        page, size = int(request.arg('page', 1)), int(request.arg('number', 20))
        found = [x for x in self.alerts
                 if request.arg('alertMinDate') <= x['parutionDate'] <= request.arg('alertMaxDate')]
        part = found[(page - 1) * size:page * size]
        return Response({'id': '/alert', 'start': 1, 'page': page, 'total': len(found),
                         'count': len(part), 'alertes': part})

    @route('POST', '/v2/monitoring/portfolio/*/item', "D IL-1")
    def add_item(self, request):
        """201, or 409 when it is there already."""
        siren = request.form['siren']
        if siren in self.items:
            return self._refuse(request) or Response(
                {'code': 409, 'message': "Already in portfolio"}, 409)
        refused = self._refuse(request)
        if not refused:
            self.items[siren] = str(next(self.ids))
        return refused or Response({'id': self.items[siren]}, 201)

    @route('DELETE', '/v2/monitoring/portfolio/*/item/*', "D IL-1")
    def remove_item(self, request):
        """204."""
        siren = next((key for key, item in self.items.items()
                      if item == request.groups[1]), None)
        if not siren:
            return self._refuse(request) or Response({'code': 404, 'message': "Not found"}, 404)
        del self.items[siren]
        return Response(None, 204)

    @route('POST', C + '/supervision', "D IL-1")
    def supervise(self, request):
        """201, or 304 without a body when it is supervised already."""
        siren = request.groups[1]
        refused = self._refuse(request)
        if refused:
            return refused
        if siren in self.supervised:
            return Response(None, 304)
        self.supervised.add(siren)
        return Response({'id': 1}, 201)
