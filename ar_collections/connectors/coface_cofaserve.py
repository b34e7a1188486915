"""Coface CofaServe, credit insurance. Token and one look-up were seen (CO-4); orders, decisions,
overdues and policy have no public contract: they are done by hand, with the data pack."""
from .atradius_codes import COUNTRIES
from .capability import Capability, provides
from .coface import CofaceClient
from .errors import ConfigurationError, InvalidInputError
from .results import Candidates, Company, Confidence, Cover, CoverStatus, Identifier


class CofaServeClient(CofaceClient):
    """Find the Easy number of a company. Options: policy_number; delivery_path when confirmed."""

    code = 'coface_cofaserve'
    # Nothing public names a test installation: there is none until its address is known.
    bases = {
        'production': {'token': 'https://cofaserve-api.coface.com',
                       'api': 'https://cofaserve-api.coface.com'},
    }
    required_options = ('policy_number',)
    grant_field = 'grant_type'
    manual = frozenset({
        Capability.REQUEST_COVER, Capability.POLL_REQUEST, Capability.LIST_COVERS,
        Capability.CHANGE_COVER, Capability.REQUEST_TOPUP, Capability.GET_POLICY,
        Capability.DECLARE_OVERDUE, Capability.EXTEND_DUE_DATE, Capability.RESCHEDULE,
        Capability.GET_OVERDUE, Capability.START_MONITORING, Capability.LIST_CHANGES})

    def _login_headers(self):
        return {**super()._login_headers(),
                'x-cof-policy-number': str(self.options['policy_number'])}

    def _sign(self, headers, token):
        return {**super()._sign(headers, token),
                'X-COF-Policy-Number': str(self.options['policy_number'])}

    @provides(Confidence.OBSERVED)
    def test_connection(self) -> bool:
        """Get a token. Five refusals lock the account: a refusal is never repeated."""
        return bool(self._token())

    @provides(Confidence.OBSERVED)
    def search_company(self, number: str, country: str = 'FR', *, kind: str) -> Candidates:
        """Return companies by number.

        :param kind: Coface's word for the kind of number; the list is in the contract documents
        """
        if country not in COUNTRIES:
            raise InvalidInputError('country', f"{country} is not known")
        answer = self._get('search_company', self._url('api', '/companies/identifier'), {
            'countryCode': COUNTRIES[country], 'identifierType': kind, 'identifierValue': number})
        reader = self._read(answer)
        found = tuple(
            Company(item.text('easyNumber', required=True), item.text('name'), reason='number',
                    identifiers=(Identifier(kind, number, country),),
                    meta=self._meta(answer, item.data))
            for item in reader.children('companies', required=True))
        total = int(reader.text('count') or len(found))
        return Candidates(found, len(found) >= total, total, self._meta(answer))

    @provides(Confidence.UNCONFIRMED)
    def get_cover(self, delivery_id: str) -> Cover:
        """Return product details by delivery. An assumption: option `delivery_path` with
        {delivery_id}. No decision code is public: each is unknown until a table is typed in."""
        path = self.options.get('delivery_path') or ''
        if '{delivery_id}' not in path:
            raise ConfigurationError('delivery_path', "the route is not public")
        answer = self._get(
            'get_cover', self._url('api', path.replace('{delivery_id}', '{}'), delivery_id))
        reader = self._read(answer)
        code = reader.child('decision').text('code')
        reader.note('unknown_code', 'decision.code', code)
        return Cover(
            reader.text('deliveryId', required=True), CoverStatus.UNKNOWN, code,
            attention=tuple(reader.attention), meta=self._meta(answer))
