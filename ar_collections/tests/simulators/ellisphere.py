"""Ellisphere's Data Access Gateway: XML as seen in public clients (EL-1, EL-2), all invented."""
from lxml import etree

from .server import Response, Simulator, route

COMPANIES = {
    '012345674': {'name': "ATELIERS DU LEVANT", 'src': '4400001', 'score': '7', 'class': 'B'},
    '002003002': {'name': "BOIS ET TOITURES DE L'AUBE", 'src': '4400002', 'score': '3',
                  'class': 'D'},
    '031000425': {'name': "CAVES DU MIDI INVENTE", 'src': '4400003', 'score': '0', 'class': 'E'},
}
BASE = '/1/rest'


class Ellisphere(Simulator):
    """Credentials in each body; ERR with HTTP 200 and with 401; a legend before the real score."""

    code = 'ellisphere'
    contract_id = 'canary-ellisphere-contract'
    user_id = 'canary-ellisphere-user'
    password = 'canary-ellisphere-pass-<3&'

    def setup(self):
        """Nothing is monitored."""
        self.monitored, self.orders = set(), []
        self.hits = 1

    def _check(self, request):
        """Return (root, error response)."""
        root = etree.fromstring(request.body)
        client = root.find('admin/client')
        given = [client.findtext(name) for name in ('contractId', 'userId', 'password')]
        if given != [self.contract_id, self.user_id, self.password]:
            return root, self._fail(request, "Accès refusé", '1001', "Identification", 401)
        return root, None

    def _reply(self, request, inner, status=200):
        service = request.path.rsplit('/', 1)[1]
        name = 'svcSearch' if service.startswith('svcSearch') else service
        body = (f'<?xml version="1.0" encoding="UTF-8"?><{name}Response lang="FR" version="2.2">'
                f'{inner}</{name}Response>')
        return Response(body, status, content_type='application/xml')

    def _fail(self, request, major, code, minor, status=200):
        return self._reply(request, f'<result code="ERR"><majorMessage>{major}</majorMessage>'
                           f'<minorCode>{code}</minorCode><minorMessage>{minor}</minorMessage>'
                           '<additionalInfo/></result>', status)

    @route('POST', f'{BASE}/svcSearch', "C EL-1 EL-2")
    def search(self, request):
        """By identifier or name."""
        root, refused = self._check(request)
        if refused:
            return refused
        number = root.findtext('request/searchCriteria/id')
        words = (root.findtext('request/searchCriteria/name') or '').upper().split()
        found = [
            siren for siren, company in COMPANIES.items()
            if (siren == (number or '')[:9] or company['src'] == number)
            or (words and all(word in company['name'] for word in words))] * self.hits
        if not found:
            return self._fail(request, "Recherche", '2001', "Aucun résultat")
        limit = int(root.findtext('request/searchOptions/maxHits') or 20)
        return self._reply(request, '<result code="OK"/><response>' + ''.join(
            self._dump(siren) for siren in found[:limit]) + '</response>')

    @staticmethod
    def _dump(siren):
        company = COMPANIES[siren]
        name = company['name'].replace("'", '&apos;')
        return (f'<establishment><name type="businessname">{name}</name>'
                f'<id type="register" idName="SIREN">{siren}</id>'
                f'<id type="register-estb" idName="SIRET">{siren}00014</id>'
                f'<id type="src" idName="Identifiant interne">{company["src"]}</id>'
                '<address><addressLine>1 RUE DES INVENTIONS</addressLine>'
                '<cityCode>44000</cityCode><cityName>NANTES</cityName></address></establishment>')

    @route('POST', f'{BASE}/svcOnlineOrder', "C EL-1 EL-2")
    def order(self, request):
        """The first score element is a legend, the real one stands under assessmentData."""
        root, refused = self._check(request)
        if refused:
            return refused
        number = root.findtext('request/id')
        siren = next((key for key, company in COMPANIES.items()
                      if number in (key, company['src'])), None)
        if not siren:
            return self._fail(request, "Commande", '3100', "Entreprise inconnue")
        self.orders.append(siren)
        company = COMPANIES[siren]
        state = 'INA' if company['score'] == '0' else 'ACT'
        return self._reply(request, (
            '<result code="OK"/><response><intlReport>'
            '<header><score><value type="score" scale="0 - 10">10</value></score></header>'
            f'<identificationData><companyStatus>{state}</companyStatus></identificationData>'
            '<assessmentData><score>'
            f'<value type="score" scale="0 - 10">{company["score"]}</value>'
            f'<value type="riskclass">{company["class"]}</value>'
            '<value type="creditlimit" currency="EUR">25 000</value>'
            '<comment type="score">Point &lt;b&gt;faible&lt;/b&gt;</comment>'
            '<date>2026-12-31</date></score>'
            '<score><value type="score">9</value></score></assessmentData>'
            '</intlReport></response>'))

    @route('POST', f'{BASE}/svcStartMonitoring', "C EL-2")
    def monitor(self, request):
        """Already monitored comes as HTTP 401 with 3201: no failure of authentication."""
        root, refused = self._check(request)
        if refused:
            return refused
        siren = root.findtext('request/id')
        if siren in self.monitored:
            return self._fail(request, "Surveillance", '3201', "Déjà sous surveillance", 401)
        self.monitored.add(siren)
        return self._reply(request, '<result code="OK"/>')

    @route('POST', f'{BASE}/svcConsultList', "C EL-2")
    def consult(self, request):
        """The list of monitored companies; the id stands inside the list criteria."""
        root, refused = self._check(request)
        if refused:
            return refused
        wanted = root.findtext('request/listCriteria/id')
        found = [x for x in sorted(self.monitored) if not wanted or x == wanted]
        return self._reply(request, '<result code="OK"/><response>' + ''.join(
            f'<company><id type="register">{x}</id><score scale="0 - 10">'
            f'{COMPANIES[x]["score"]}</score></company>' for x in found) + '</response>')
