"""Recherche d'entreprises (French State, no key): names, SIREN, closure. No insolvency data.

Source OD-1. Seven calls a second for an address, and a limit shared with the whole network: a 429
may come although we kept to ours.
"""
import re

from .base import Client
from .capability import provides
from .errors import NotFoundError
from .exchange import Problem
from .numbers import check_siren
from .results import Address, Batch, Candidates, Company, Confidence, Identifier

PAGE = 25


class RechercheEntreprisesClient(Client):
    """Find a French company by name or number, and see whether it still exists."""

    code = 'recherche_entreprises'
    bases = {
        'production': {'api': 'https://recherche-entreprises.api.gouv.fr'},
        'test': {'api': 'https://recherche-entreprises.api.gouv.fr'},
    }
    uses_token = False
    rate = (7, 1.0)
    rate_is_shared = True
    # Managers and elected persons are nobody's business here.
    personal_keys = frozenset({'dirigeants', 'colter', 'elus'})

    def _read_problem(self, answer):
        data = answer.json_or_none()
        if isinstance(data, dict) and data.get('erreur'):
            return Problem(messages=(str(data['erreur']),))
        return super()._read_problem(answer)

    @provides(Confidence.DOCUMENTED)
    def test_connection(self) -> bool:
        """Ask for one company of the State's own example."""
        self._get('test_connection', self._url('api', '/search'),
                  {'q': 'la poste', 'per_page': 1, 'minimal': 'true'})
        return True

    @provides(Confidence.DOCUMENTED)
    def search_company(self, words: str, *, postal_code: str = '', active_only: bool = True,
                       pages: int = 1) -> Candidates:
        """Return companies by name or number, best first.

        :param words: name, SIREN or SIRET. A number is a direct look-up: no filter applies to it
        :param pages: of 25 companies each, to read at most
        """
        digits = re.sub(r'\s', '', words)
        if re.fullmatch(r'\d{9}|\d{14}', digits):
            try:
                company = self.get_company(digits)
            except NotFoundError:
                return Candidates(())
            return Candidates((company,), True, 1, company.meta)
        params = {'q': words.strip(), 'etat_administratif': 'A' if active_only else None,
                  'code_postal': postal_code or None, 'per_page': PAGE}
        found, total, answer = {}, 0, None
        for page in range(1, pages + 1):
            answer = self._get(
                'search_company', self._url('api', '/search'), {**params, 'page': page})
            reader = self._read(answer)
            for item in reader.children('results', required=True):
                company = self._load(item.own(), 'name', answer)
                found.setdefault(company.provider_id, company)
            total = int(reader.text('total_results') or 0)
            if page >= int(reader.text('total_pages') or 0):
                break
        return Candidates(tuple(found.values()), len(found) >= total, total, self._meta(answer))

    @provides(Confidence.DOCUMENTED)
    def get_company(self, number: str) -> Company:
        """Return the company of a SIREN or SIRET.

        :raise NotFoundError: unknown, or not diffusible: this register does not tell which
        """
        siren = check_siren(number)
        answer = self._get('get_company', self._url('api', '/search'), {'q': siren})
        for item in self._read(answer).children('results', required=True):
            # The search may fall back to words: only the exact number counts.
            if item.number('siren', 9) == siren:
                return self._load(item.own(), 'number', answer)
        raise self._error(NotFoundError, 'not_found', siren, answer=answer)

    @provides(Confidence.DOCUMENTED)
    def list_changes(self, numbers: list[str]) -> Batch:
        """Return the present state of known companies, to notice closures; one call for each.

        Unknown companies are left out: they may have asked not to be shown.
        """
        companies = []
        for number in numbers:
            try:
                companies.append(self.get_company(number))
            except NotFoundError:
                continue
        return Batch(tuple(companies), True, announced_total=len(numbers))

    def _load(self, reader, reason, answer):
        seat = reader.child('siege')
        state = reader.text('etat_administratif')
        if state not in ('A', 'C'):
            reader.note('unknown_code', 'etat_administratif', state)
        self._check_seat(reader, seat, state)
        siren = reader.number('siren', 9) or reader.text('siren', required=True)
        siret = seat.number('siret', 14)
        return Company(
            provider_id=siren, reason=reason,
            name=reader.text('nom_raison_sociale') or reader.text('nom_complet', required=True),
            address=Address(
                _first_line(seat.text('adresse'), seat.text('code_postal')),
                seat.text('code_postal'), seat.text('libelle_commune'), 'FR'),
            identifiers=(
                Identifier('siren', siren, 'FR'),
                *([Identifier('siret', siret, 'FR')] if siret else [])),
            active={'A': True, 'C': False}.get(state), closed_on=reader.day('date_fermeture'),
            legal_form=reader.text('nature_juridique'),
            activity_code=reader.text('activite_principale'),
            attention=tuple(reader.attention), meta=self._meta(answer, reader.data))

    @staticmethod
    def _check_seat(reader, seat, state):
        """Note what a person must look at: a closed head office of a company that is active."""
        seat_state = seat.text('etat_administratif')
        if seat_state not in ('', 'A', 'F'):
            reader.note('unknown_code', 'siege.etat_administratif', seat_state)
        elif seat_state == 'F' and state == 'A':
            reader.note('contradiction', 'siege.etat_administratif', seat_state)


def _first_line(address, postal_code):
    """Return the street of an address written in one line."""
    return address.split(postal_code)[0].strip() if postal_code else address
