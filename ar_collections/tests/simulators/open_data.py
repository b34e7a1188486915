"""Open data: Recherche d'entreprises, INSEE Sirene, BODACC, VIES. Invented companies."""
import json
import re

from .server import Response, Simulator, route

# SIREN numbers that begin with 0 are given to nobody; their check digit is right.
COMPANIES = {
    '012345674': {'name': "ATELIERS DU LEVANT", 'city': "NANTES", 'zip': "44000", 'state': 'A'},
    '002003002': {'name': "BOIS ET TOITURES DE L'AUBE", 'city': "TROYES", 'zip': "10000",
                  'state': 'A'},
    '031000425': {'name': "CAVES DU MIDI INVENTE", 'city': "NIMES", 'zip': "30000", 'state': 'C',
                  'closed': '2025-11-30'},
    '047000815': {'name': "DOMAINE DU MIDI INVENTE", 'city': "NIMES", 'zip': "30000", 'state': 'A'},
}


def make_siret(siren, site=1):
    """Return the number of a company's site (its first), with a right check digit."""
    for digit in '0123456789':
        number = f'{siren}{site:04}{digit}'
        doubled = [int(x) * (1 + place % 2) for place, x in enumerate(reversed(number))]
        if sum(x - 9 if x > 9 else x for x in doubled) % 10 == 0:
            return number
    raise AssertionError("one digit always fits")


class RechercheEntreprises(Simulator):
    """Search without a key; knows no insolvency."""

    code = 'recherche_entreprises'

    def setup(self):
        """Start with the companies above."""
        self.companies = {key: dict(value) for key, value in COMPANIES.items()}

    @route('GET', '/search', "D OD-1")
    def search(self, request):
        """Nine or fourteen digits are a direct look-up: other filters are then ignored."""
        words = request.arg('q', '')
        if not words:
            return Response({'erreur': "Veuillez indiquer un paramètre de recherche."}, 400)
        size, page = int(request.arg('per_page', 10)), int(request.arg('page', 1))
        if size > 25:
            return Response({'erreur': "Veuillez indiquer `per_page` entre 1 et 25."}, 400)
        if re.fullmatch(r'\d{9}|\d{14}', words):
            found = [self._dump(x) for x in self.companies if x == words[:9]]
        else:
            found = [
                self._dump(siren) for siren, company in self.companies.items()
                if all(word in company['name'].lower() for word in words.lower().split())
                and request.arg('etat_administratif', company['state']) == company['state']
                and request.arg('code_postal', company['zip']) == company['zip']
            ]
        start = (page - 1) * size
        return Response({
            'results': found[start:start + size], 'total_results': len(found), 'page': page,
            'per_page': size, 'total_pages': -(-len(found) // size)})

    def _dump(self, siren):
        company = self.companies[siren]
        return {
            'siren': siren, 'nom_complet': company['name'],
            'nom_raison_sociale': company['name'],
            'nature_juridique': company.get('form', '5710'),
            'activite_principale': '43.91B',
            'etat_administratif': company['state'], 'date_fermeture': company.get('closed'),
            'siege': {
                'siret': make_siret(siren, company.get('site', 1)), 'code_postal': company['zip'],
                'libelle_commune': company['city'], 'adresse': "1 RUE DES INVENTIONS "
                + f"{company['zip']} {company['city']}",
                'etat_administratif': company.get('seat_state') or (
                    'A' if company['state'] == 'A' else 'F'),
                'date_fermeture': company.get('closed')},
            'dirigeants': [{'nom': "PERSONNE-INVENTEE", 'prenoms': "Camille",
                            'type_dirigeant': 'personne physique'}],
            'finances': {'2024': {'ca': 1250000, 'resultat_net': 31000}},
        }


class InseeSirene(Simulator):
    """Sirene with an integration key."""

    code = 'insee_sirene'
    key = 'canary-insee-key-2b7'

    def setup(self):
        """One hidden company, one duplicate, one ceased."""
        self.companies = {key: dict(value) for key, value in COMPANIES.items()}
        self.hidden = {'055500011'}
        self.duplicates = {'061200077': '012345674'}

    @route('GET', '/api-sirene/3.11/siren/*', "C OD-2")
    def siren(self, request):
        """200, 301 for a duplicate, 403 not diffusible, 404 unknown, 401 without the key."""
        if request.headers.get('X-INSEE-Api-Key-Integration') != self.key:
            return Response({'message': "Unauthorized"}, 401)
        (siren,) = request.groups
        if siren in self.hidden:
            return Response({'header': {'statut': 403, 'message': "Unité non diffusable"}}, 403)
        if siren in self.duplicates:
            where = f'/api-sirene/3.11/siren/{self.duplicates[siren]}'
            return Response({'header': {'statut': 301, 'message': "Doublon"}}, 301,
                            {'Location': where})
        company = self.companies.get(siren)
        if not company:
            return Response({'header': {'statut': 404, 'message': "Aucun élément trouvé"}}, 404)
        return Response({'header': {'statut': 200, 'message': "OK"}, 'uniteLegale': {
            'siren': siren, 'periodesUniteLegale': [
                {'dateFin': None, 'dateDebut': company.get('closed', '2019-01-01'),
                 'etatAdministratifUniteLegale': company['state'],
                 'denominationUniteLegale': company['name'],
                 'activitePrincipaleUniteLegale': '43.91B',
                 'categorieJuridiqueUniteLegale': '5710'},
                {'dateFin': '2018-12-31', 'dateDebut': '2010-01-01',
                 'etatAdministratifUniteLegale': 'A',
                 'denominationUniteLegale': "ANCIEN NOM"},
            ]}})


def make_notice(number, siren, day, nature, famille='collective', kind='annonce', **more):
    """Return one BODACC record as the portal gives it.

    :param more: complement, judged (text of the date), cancels (id of another notice), person
    """
    issue = day.replace('-', '')[:6] + '10'
    judgment = None
    if nature or more.get('complement'):
        judgment = json.dumps({
            'type': 'initial', 'famille': more.get('family', "Jugement d'ouverture"),
            'nature': nature, 'date': more.get('judged', day),
            'complementJugement': more.get('complement', '')}, ensure_ascii=False)
    previous = None
    if more.get('cancels'):
        cancelled = more['cancels']
        previous = json.dumps({
            'nomPublication': f'BODACC {cancelled[0]}', 'numeroParution': cancelled[1:9],
            'dateParution': day, 'numeroAnnonce': cancelled[9:]})
    return {
        'id': f'A{issue}{number}', 'publicationavis': 'A', 'parution': issue,
        'dateparution': day, 'numeroannonce': number, 'typeavis': kind, 'familleavis': famille,
        'familleavis_lib': "Procédures collectives", 'tribunal': "Tribunal inventé",
        'commercant': more.get('name', COMPANIES.get(siren, {}).get('name', "SOCIETE INVENTEE")),
        'ville': "Nantes", 'cp': '44000',
        'registre': [f'{siren[:3]} {siren[3:6]} {siren[6:]}', siren],
        'listepersonnes': json.dumps({'personne': {
            'typePersonne': 'pp' if more.get('person') else 'pm',
            'nom': "PERSONNE-INVENTEE", 'denomination': "SOCIETE INVENTEE"}}),
        'jugement': judgment, 'depot': None, 'acte': None, 'parutionavisprecedent': previous,
        'url_complete': f'https://www.bodacc.fr/pages/annonces-commerciales-detail/?q.id=id:A{number}',
    }


class Bodacc(Simulator):
    """The portal's `records` route: `where`, `order_by`, limit up to 100, offset + limit 10,000."""

    code = 'bodacc'

    def setup(self):
        """No notices at first."""
        self.notices = []

    def change(self, data):
        """Take {"notice": {...arguments of make_notice}}."""
        if 'notice' in data:
            self.notices.append(make_notice(**data.pop('notice')))
        return super().change(data)

    @route('GET', '/api/explore/v2.1/catalog/datasets/annonces-commerciales/records', "C OD-3 OD-4")
    def records(self, request):
        """Understands the kind of `where` that public clients send, and nothing else."""
        where = request.arg('where', '')
        limit, offset = int(request.arg('limit', 10)), int(request.arg('offset', 0))
        if limit > 100 or offset + limit > 10_000:
            return Response({'error_code': 'InvalidRESTParameterError',
                             'message': "Invalid value for offset or limit"}, 400)
        sirens = set(re.findall(r'registre\s*=\s*"(\d{9})"', where))
        families = set(re.findall(r'"([a-z_]+)"', where.split('dateparution')[0]))
        since = re.search(r"dateparution\s*>=\s*date'([\d-]+)'", where)
        until = re.search(r"dateparution\s*<=\s*date'([\d-]+)'", where)
        found = [
            x for x in self.notices
            if (not sirens or sirens & set(x['registre']))
            and (not families or x['familleavis'] in families)
            and (not since or x['dateparution'] >= since[1])
            and (not until or x['dateparution'] <= until[1])
        ]
        found.sort(key=lambda x: (x['dateparution'], x['id']))
        return Response({'total_count': len(found), 'results': found[offset:offset + limit]})


class Vies(Simulator):
    """VIES answers 200 even when a member state is down."""

    code = 'vies'

    def setup(self):
        """Two valid numbers; `outage` is the error to answer with instead."""
        self.numbers = {('FR', '83012345674'): "ATELIERS DU LEVANT", ('DE', '111111117'): '---',
                        ('EL', '094000000'): "INVENTED A.E."}
        self.outage = self.wrapped = None

    @route('POST', '/taxation_customs/vies/rest-api/check-vat-number', "C OD-7")
    def check(self, request):
        """Valid, invalid, or an outage that looks like invalid."""
        data = request.json
        if self.wrapped:
            return Response({'actionSucceed': False, 'errorWrappers': [{'error': self.wrapped}]})
        name = self.numbers.get((data['countryCode'], data['vatNumber']))
        answer = {
            'countryCode': data['countryCode'], 'vatNumber': data['vatNumber'],
            'requestDate': '2027-01-15T08:00:00.000Z', 'valid': bool(name) and not self.outage,
            'requestIdentifier': '', 'name': name or '---', 'address': '---',
            'userError': self.outage or ('VALID' if name else 'INVALID')}
        if data.get('requesterNumber') and name and not self.outage:
            answer['requestIdentifier'] = 'WAPIAAAAXinvented01'
        return Response(answer)
