"""INSEE Sirene 3.11: legal status from the source. Needs a free integration key. Source OD-2."""
import re

from .base import Client
from .capability import provides
from .errors import CredentialsError, InvalidInputError, NotFoundError, RefusedError
from .exchange import Problem
from .numbers import check_siren
from .results import Company, Confidence, Identifier


class InseeSireneClient(Client):
    """Ask whether a SIREN is active, ceased, a duplicate, or not to be shown."""

    code = 'insee_sirene'
    bases = {
        'production': {'api': 'https://api.insee.fr/api-sirene/3.11'},
        'test': {'api': 'https://api.insee.fr/api-sirene/3.11'},
    }
    credential_fields = ('api_key',)
    uses_token = False
    rate = (30, 60.0)
    rate_is_shared = True
    longest_wait = 60.0
    personal_keys = frozenset({
        'nomUniteLegale', 'nomUsageUniteLegale', 'prenom1UniteLegale', 'prenom2UniteLegale',
        'prenom3UniteLegale', 'prenom4UniteLegale', 'prenomUsuelUniteLegale', 'sexeUniteLegale',
        'pseudonymeUniteLegale'})

    def _sign(self, headers, token):
        return {**headers, 'X-INSEE-Api-Key-Integration': self._secret('api_key')}

    def _read_problem(self, answer):
        data = answer.json_or_none()
        header = data.get('header') if isinstance(data, dict) else None
        if isinstance(header, dict):
            return Problem(str(header.get('statut') or ''), (str(header.get('message') or ''),))
        return super()._read_problem(answer)

    def _classify(self, call, answer, problem):
        if answer.status == 301:
            return self._error(
                NotFoundError, 'duplicate', "replaced by another number", answer=answer,
                problem=problem,
                details={'replaced_by': _read_siren(answer.headers.get('Location'))})
        if answer.status == 403:
            return self._error(RefusedError, 'not_diffusible', "asked not to be shown",
                               answer=answer, problem=problem)
        if answer.status == 401:
            return self._error(CredentialsError, 'key_refused', answer=answer, problem=problem)
        return None

    @provides(Confidence.OBSERVED)
    def test_connection(self) -> bool:
        """Read INSEE's own entry: proves the key."""
        self.get_company('120027016')
        return True

    @provides(Confidence.OBSERVED)
    def get_company(self, number: str) -> Company:
        """Return the legal status of a SIREN.

        :raise NotFoundError: unknown ('not_found') or replaced by another number ('duplicate', the
            number in `details['replaced_by']`, '' when it cannot be read)
        :raise RefusedError: 'not_diffusible'
        """
        siren = check_siren(number)
        answer = self._get(
            'get_company', self._url('api', '/siren/{}', siren))
        unit = self._read(answer).child('uniteLegale')
        periods = unit.children('periodesUniteLegale', required=True)
        # The open period has no end; they usually come newest first, which nobody promises.
        now = next((x for x in periods if not x.text('dateFin')), None)
        if now is None:
            unit.fail('missing_field', 'periodesUniteLegale[dateFin=null]')
        state = now.text('etatAdministratifUniteLegale')
        if state not in ('A', 'C'):
            now.note('unknown_code', 'etatAdministratifUniteLegale', state)
        return Company(
            provider_id=siren, name=now.text('denominationUniteLegale'),
            identifiers=(Identifier('siren', siren, 'FR'),), reason='number',
            active={'A': True, 'C': False}.get(state),
            closed_on=now.day('dateDebut') if state == 'C' else None,
            legal_form=now.text('categorieJuridiqueUniteLegale'),
            activity_code=now.text('activitePrincipaleUniteLegale'),
            attention=tuple(now.attention), meta=self._meta(answer))


def _read_siren(address):
    """Return the SIREN at the end of an address, '' when none is there. It is not followed."""
    found = re.search(r'/(\d{9})$', address or '')
    try:
        return check_siren(found[1]) if found else ''
    except InvalidInputError:
        return ''
