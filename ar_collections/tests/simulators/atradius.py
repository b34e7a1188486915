"""Atradius: routes, fields and codes as a public client recorded them from real calls (AX-1)."""
import base64
import itertools

from .server import Response, Simulator, route

BUYERS = {
    8200001: {'name': "ATELIERS DU LEVANT", 'siren': '012345674', 'rating': '38', 'was': '35'},
    8200002: {'name': "BOIS ET TOITURES DE L'AUBE", 'siren': '002003002', 'rating': '71',
              'was': '52'},
}
ORGANISATION = '/credit-insurance/organisation-management/v1'
COVERS = '/credit-insurance/cover-management/v1/covers'


class Atradius(Simulator):
    """State: `decisions` {buyer id: {"code", "amount", …fields of the cover}}, `refer` buyer ids,
    `refusal` text in a 2xx, `policy` fields, `double` duplicates every buyer."""

    code = 'atradius'
    client_id = 'canary-atradius-id-55'
    client_secret = 'canary-atradius-secret-a7f'
    app_key = 'canary-atradius-app-c31'

    def setup(self):
        """No covers; the policy is live."""
        self.tokens, self.covers = {}, {}
        self.decisions, self.refer = {}, set()
        self.refusal = None
        self.double = False
        self.policy = {'policyId': '700123', 'policyStatus': 'live',
                       'policyStartDate': '2026-01-01', 'policyExpiryDate': '2027-12-31',
                       'policyCurrency': 'EUR'}
        self.ids = itertools.count(31000001)

    def change(self, data):
        """Take {"cover": {"coverId", …fields}} too: what is decided anew about a cover."""
        cover = data.pop('cover', None)
        if cover:
            self.covers[cover['coverId']].update(cover)
        return super().change(data)

    def unknown_route(self, request):
        """The gateway says 403, not 404 (AX-1)."""
        return Response({'faultstring': "Forbidden"}, 403)

    @route('POST', '/authenticate/v2/tokens', "C AX-1")
    def token(self, request):
        """Basic credentials, application key, empty body; 30 minutes."""
        if request.headers.get('Atradius-App-Key') != self.app_key:
            return Response({'faultstring': "Forbidden"}, 403)
        basic = base64.b64encode(f'{self.client_id}:{self.client_secret}'.encode()).decode()
        if request.headers.get('Authorization') != f'Basic {basic}' or request.body:
            return Response({'errors': [{'detail': "Invalid credentials"}]}, 401)
        value = f'canary-atradius-token-{next(self.ids)}'
        self.tokens[value] = self.now() + 1800
        return Response({'data': {'access_token': value, 'token_type': 'Bearer',
                                  'expires_in': 1800}})

    def _refuse(self, request):
        if request.headers.get('Atradius-App-Key') != self.app_key:
            return Response({'faultstring': "Forbidden"}, 403)
        if not request.headers.get('Atradius-Correlation-Id'):
            return _error(400, "Missing correlation id")
        token = (request.headers.get('Authorization') or '').removeprefix('Bearer ')
        if self.tokens.get(token, 0) <= self.now():
            return _error(401, "Invalid access token")
        return None

    @route('GET', '/credit-insurance/policy-management/v1/policies/details', "C AX-1")
    def policies(self, request):
        """One object; customerId is an unknown parameter here."""
        if request.arg('customerId'):
            return _error(400, "Unknown query parameter", 'customerId')
        return self._refuse(request) or Response({'data': self.policy})

    # === BUYERS === #

    @route('GET', f'{ORGANISATION}/buyers', "C AX-1 AX-2", 'buyers')
    def buyers(self, request):
        """Always an array, even of one."""
        found = [
            self._dump_buyer(key) for key, buyer in BUYERS.items()
            if request.arg('country') == 'FRA' and buyer['siren'] == request.arg('uid')]
        if not found:
            return self._refuse(request) or _error(404, "No buyer match found")
        return self._refuse(request) or Response({'data': found * (2 if self.double else 1)})

    @route('GET', f'{ORGANISATION}/buyers/my-buyers', "C AX-1", 'my_buyers')
    def my_buyers(self, request):
        """Buyers of the portfolio whose rating has changed."""
        wanted = request.arg('healthChange')
        found = [self._dump_buyer(key) for key in BUYERS]
        return self._refuse(request) or Response({
            'data': [x for x in found if not wanted or x['buyerRatingChange'] == wanted]})

    @route('GET', f'{ORGANISATION}/buyers/*', "C AX-1", 'buyer')
    def buyer(self, request):
        """Still an array of one."""
        key = int(request.groups[0])
        if key not in BUYERS:
            return self._refuse(request) or _error(404, "No buyer match found")
        return self._refuse(request) or Response({'data': [self._dump_buyer(key)]})

    def _dump_buyer(self, key):
        buyer = BUYERS[key]
        return {
            'buyerId': key, 'currentBuyerRating': buyer['rating'], 'currentBuyerRatingClass': "",
            'previousBuyerRating': buyer['was'],
            'buyerRatingChange': 'up' if key % 2 else 'down', 'tradingStatus': "Active",
            'tradingStatusCode': 'A', 'registeredAddress': {'city': "NANTES", 'country': 'FRA'},
            'uniqueIdentifiers': [{'uid': buyer['siren'], 'uidType': 'SN',
                                   'uidTypeDescription': "SIREN"}]}

    # === COVERS === #

    @route('POST', COVERS, "C AX-1", 'apply')
    def apply(self, request):
        """201 decided, 202 referred; refusals also inside a 2xx."""
        refused = self._refuse(request)
        if refused:
            return refused
        data = request.json
        if data['creditLimitAmount'] % 1000 or data['creditLimitAmount'] <= 0:
            return _error(422, "Amount must be a positive multiple of 1000", 'creditLimitAmount')
        if any(x['buyerId'] == data['buyerId'] and x['coverStatus'] in ('DECISION', 'REFERRED')
               for x in self.covers.values()):
            return _error(422, "A limit or check already exists for this buyer", 'buyerId')
        return self._decide(data)

    @route('PUT', COVERS, "C AX-1; fields beside `action` A", 'change')
    def change_limit(self, request):
        """supersede, reduce, cancel."""
        refused = self._refuse(request)
        if refused:
            return refused
        data = request.json
        old = self.covers[str(data['coverId'])]
        if data['action'] == 'cancel':
            old.update(coverStatus='HISTORIC', historicCode='CCLD')
            return Response({'data': [{'coverId': old['coverId'],
                                       'response': "Action successful"}]}, 201)
        answer = self._decide(data)
        if answer.status == 201 and not self.refusal:
            old.update(coverStatus='HISTORIC', historicCode='SCLD')
        return answer

    def _decide(self, data):
        if self.refusal:
            return Response({'data': [{'coverId': None, 'response': self.refusal}]}, 201)
        number = str(next(self.ids))
        asked = data['creditLimitAmount']
        decision = dict(self.decisions.get(data['buyerId'], {}))
        referred = data['buyerId'] in self.refer
        code = decision.pop('code', 'DC01' if asked <= 50_000 else 'DC04')
        granted = decision.pop('amount', str(asked if asked <= 50_000 else asked * 6 // 10))
        self.covers[number] = {
            'coverId': number, 'policyId': data['policyId'], 'buyerId': data['buyerId'],
            'buyerName': BUYERS[data['buyerId']]['name'], 'coverType': data['coverType'],
            'customerRefNumber': data.get('customerRefNumber'),
            'coverStatus': 'REFERRED' if referred else 'DECISION',
            'decisionCode': '' if referred else code,
            'creditLimitApplicationAmountInPolicyCurrency': str(asked),
            # In the user's currency: must never be read.
            'creditLimitApplicationAmountInUserCurrency': str(asked * 2),
            'totalDecision': {'decisionAmtInPolicyCurrency': '' if referred else granted,
                              'decisionAmtInUserCurrency': '999999', 'decisionExpiryDate': '',
                              'decisionConditions': []},
            'applicationDate': self.today(), 'decisionDate': '' if referred else self.today(),
            'effectFromDate': self.today(), 'withdrawalDate': '', 'effectiveToDate': '',
            'pendingProcessIndicator': '', 'historicCode': '', **decision}
        return Response({'data': [{'coverId': number, 'response': "Action successful"}]},
                        202 if referred else 201)

    @route('GET', COVERS, "C AX-1", 'covers')
    def live(self, request):
        """Live covers of a buyer or of all; no paging."""
        return self._filter(request, lambda x: x['coverStatus'] == 'DECISION')

    @route('GET', f'{COVERS}/decisions', "C AX-1", 'decisions_list')
    def decided(self, request):
        """All decisions."""
        return self._filter(request, lambda x: x['coverStatus'] == 'DECISION')

    @route('GET', f'{COVERS}/applications', "C AX-1", 'applications')
    def undecided(self, request):
        """Applications still undecided."""
        return self._filter(request, lambda x: x['coverStatus'] == 'REFERRED')

    @route('GET', f'{COVERS}/historic', "C AX-1", 'historic')
    def past(self, request):
        """What is no longer in force."""
        return self._filter(request, lambda x: x['coverStatus'] == 'HISTORIC')

    def _filter(self, request, keep):
        refused = self._refuse(request)
        if refused:
            return refused
        buyer = request.arg('buyerId')
        return Response({'data': [
            x for x in self.covers.values()
            if keep(x) and (not buyer or str(x['buyerId']) == buyer)]})


def _error(status, detail, parameter=''):
    return Response({'errors': [{'detail': detail, 'source': {'parameter': parameter}}]}, status)
