"""Ellisphere, Data Access Gateway: XML by POST, credentials in every body. Sources EL-1, EL-2.

Traps: "already monitored" comes as HTTP 401 with minor code 3201; the first score of a report is a
legend, the real one stands under `assessmentData`; ERR also comes with HTTP 200.
"""
from datetime import UTC, datetime

from lxml import etree

from .base import Client
from .capability import provides
from .errors import (
    CredentialsError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    UnexpectedAnswerError,
)
from .exchange import Call, Kind, Problem
from .numbers import check_siren
from .parsing import load_xml, parse_amount, parse_day, strip_html
from .results import (
    Address,
    Attention,
    Batch,
    Candidates,
    Company,
    CompanyEvent,
    Confidence,
    Identifier,
    Money,
    Monitoring,
    Rating,
)

ALREADY_MONITORED = '3201'
SCORE_PRODUCT = '50001'
# Kinds of identifiers and what we call them.
KINDS = {'register': 'siren', 'register-estb': 'siret', 'vat': 'vat', 'src': 'src'}
NOT_FOUND = ('aucun', 'inconnu')
# Words of a refused identification; a 401 alone says nothing.
IDENTIFICATION = ('identification', 'authentif', 'accès refusé', 'mot de passe')


class EllisphereClient(Client):
    """Search, risk report and surveillance. Orders are billed."""

    code = 'ellisphere'
    bases = {
        'production': {'api': 'https://services.data-access-gateway.com/1/rest'},
        'test': {'api': 'https://services-test.data-access-gateway.com/1/rest'},
    }
    credential_fields = ('contract_id', 'user_id', 'password')
    uses_token = False

    # === XML === #

    def _ask(self, service, operation, fill, *, kind=Kind.READ, billed=False, app='WSRISK',
             key=None):
        """Send one request.

        :param fill: function that adds to the `request` element
        """
        root = etree.Element(f'{service}Request', lang='FR', version='2.2')
        admin = etree.SubElement(root, 'admin')
        client = etree.SubElement(admin, 'client')
        for name, field in (('contractId', 'contract_id'), ('userPrefix', 'user_prefix'),
                            ('userId', 'user_id'), ('password', 'password')):
            if self._secret(field):
                etree.SubElement(client, name).text = self._secret(field)
        context = etree.SubElement(admin, 'context')
        etree.SubElement(context, 'appId', version='1').text = app
        moment = datetime.fromtimestamp(self.clock(), UTC).astimezone(self.zone)
        etree.SubElement(context, 'date').text = moment.isoformat(timespec='seconds')
        fill(etree.SubElement(root, 'request'))
        # No token can be refused here: a blocked account sends nothing.
        self.tokens.check(self.account_key)
        call = Call(
            operation, 'POST', self._url('api', f'/{service}'), kind, body=etree.tostring(
                root, xml_declaration=True, encoding='UTF-8'), billed=billed,
            headers={'Content-Type': 'application/xml'}, form_of_answer='xml')
        answer = self._write(key, call) if key else self._run(call)
        return answer, load_xml(answer.body)

    def _get_result(self, answer):
        """Return the `result` element, None when the body is no such answer."""
        try:
            return load_xml(answer.body).find('result')
        except ValueError:
            return None

    def _is_business(self, call, answer):
        result = self._get_result(answer)
        if result is None:
            return False
        return result.get('code') == 'OK' or result.findtext('minorCode') == ALREADY_MONITORED

    def _judge(self, call, answer):
        """An ERR is an error whatever the HTTP status; the body is read before the status."""
        result = self._get_result(answer)
        if result is None or self._is_business(call, answer):
            return super()._judge(call, answer)
        return self._make_error(call, answer)

    def _read_problem(self, answer):
        result = self._get_result(answer)
        if result is None:
            return Problem()
        texts = (result.findtext(name) for name in (
            'majorMessage', 'minorMessage', 'additionalInfo'))
        return Problem(result.findtext('minorCode') or '', tuple(filter(None, texts)))

    def _classify(self, call, answer, problem):
        words = ' '.join(problem.messages).lower()
        if not problem.code and not words:
            return None
        if any(word in words for word in IDENTIFICATION):
            self.tokens.block(self.account_key)
            return self._error(CredentialsError, 'login_refused', answer=answer, problem=problem)
        if any(word in words for word in NOT_FOUND):
            return self._error(NotFoundError, 'not_found', answer=answer, problem=problem)
        return self._error(RefusedError, 'refused', answer=answer, problem=problem)

    def _require_text(self, element, path, answer):
        text = (element.findtext(path) or '').strip()
        if not text:
            raise self._error(UnexpectedAnswerError, 'missing_field', path, answer=answer)
        return text

    # === OPERATIONS === #

    @provides(Confidence.OBSERVED)
    def test_connection(self) -> bool:
        """There is no token: one search with one hit, which is not billed."""
        self.search_company("Ellisphere", size=1)
        return True

    @provides(Confidence.OBSERVED)
    def search_company(self, words: str, *, size: int = 20) -> Candidates:
        """Return establishments by SIREN, SIRET or name."""
        digits = words.replace(' ', '')
        by_number = digits.isdigit()
        if by_number:
            check_siren(digits)

        def fill(request):
            criteria = etree.SubElement(request, 'searchCriteria')
            if by_number:
                kind = 'register' if len(digits) == 9 else 'register-estb'
                etree.SubElement(criteria, 'id', type=kind).text = digits
            else:
                etree.SubElement(criteria, 'name').text = words
            address = etree.SubElement(criteria, 'address')
            etree.SubElement(address, 'country', code='FRA')
            options = etree.SubElement(request, 'searchOptions')
            for name, value in (('phoneticSearch', 'false'), ('maxHits', str(size)),
                                ('mainOnly', 'true')):
                etree.SubElement(options, name).text = value

        try:
            answer, root = self._ask('svcSearch', 'search_company', fill)
        except NotFoundError:
            return Candidates(())
        hits = root.findall('response/establishment')
        found = [self._load_company(x, 'number' if by_number else 'name', answer) for x in hits]
        unique = {company.provider_id: company for company in found}
        return Candidates(tuple(unique.values()), len(hits) < size or size == 1,
                          meta=self._meta(answer, answer.text))

    def _load_company(self, element, reason, answer):
        numbers = {x.get('type'): (x.text or '').strip() for x in element.findall('id')}
        if not numbers.get('src') and not numbers.get('register'):
            raise self._error(UnexpectedAnswerError, 'missing_field', 'id', answer=answer)
        name = element.find("name[@type='businessname']")
        name = element.find('name') if name is None else name
        address = element.find('address')
        texts = {} if address is None else {
            x.tag: (x.text or '').strip() for x in address}
        return Company(
            provider_id=numbers.get('src') or numbers['register'],
            name='' if name is None else (name.text or '').strip(), reason=reason,
            address=Address(texts.get('addressLine', ''), texts.get('cityCode', ''),
                            texts.get('cityName', ''), 'FR'),
            identifiers=tuple(
                Identifier(KINDS.get(kind, kind), value, 'FR')
                for kind, value in numbers.items() if value),
            meta=self._meta(answer, etree.tostring(element, encoding='unicode')))

    @provides(Confidence.OBSERVED)
    def get_rating(self, company_id: str) -> Rating:
        """Order the risk report and return its score: 0 to 10, higher is better. Billed.

        :param company_id: the provider's own number, as a search gives it
        """
        if not company_id.isalnum():
            raise InvalidInputError('company_id', "letters and digits only")

        def fill(request):
            etree.SubElement(request, 'id', type='src').text = company_id
            etree.SubElement(request, 'product', range=SCORE_PRODUCT, version='1')
            options = etree.SubElement(request, 'deliveryOptions')
            etree.SubElement(options, 'outputMethod').text = 'raw'

        answer, root = self._ask('svcOnlineOrder', 'get_rating', fill, billed=True)
        report = root.find('response/intlReport')
        block = None if report is None else report.find('assessmentData/score')
        if block is None:
            raise self._error(UnexpectedAnswerError, 'missing_field', 'assessmentData/score',
                              answer=answer)
        return self._load_rating(report, block, answer)

    def _load_rating(self, report, block, answer):
        attention = []
        value = self._require_text(block, "value[@type='score']", answer)
        state = (report.findtext('.//companyStatus') or '').strip()
        if state not in ('', 'ACT', 'INA'):
            attention.append(Attention('unknown_code', 'companyStatus', state))
        limit = block.find("value[@type='creditlimit']")
        advised = None
        if limit is not None:
            try:
                amount = parse_amount(limit.text)
                advised = None if amount is None else Money(amount, limit.get('currency') or 'EUR')
            except ValueError:
                attention.append(Attention('unreadable_amount', 'creditlimit', limit.text or ''))
        try:
            rated_on = parse_day(block.findtext('date'), self.zone)
        except ValueError:
            rated_on = None
            attention.append(Attention('unreadable_date', 'date', block.findtext('date')))
        return Rating(
            'ellisphere_score', value, rated_on, in_default=value == '0' or state == 'INA',
            advised_amount=advised,
            label=(block.findtext("value[@type='riskclass']") or '').strip(),
            comments=tuple(strip_html(x.text or '') for x in block.findall('comment')),
            attention=tuple(attention), meta=self._meta(answer, answer.text))

    @provides(Confidence.OBSERVED)
    def start_monitoring(self, siren: str) -> Monitoring:
        """Watch a company; being watched already is fine."""
        siren = check_siren(siren)

        def fill(request):
            etree.SubElement(request, 'id', type='register', idName='SIREN').text = siren
            etree.SubElement(request, 'product', range=SCORE_PRODUCT)

        key = f'monitor {siren}'
        answer, root = self._ask(
            'svcStartMonitoring', 'start_monitoring', fill, kind=Kind.WRITE, key=key)
        self._settle(key, found=False)
        already = root.findtext('result/minorCode') == ALREADY_MONITORED
        return Monitoring(siren, True, already, meta=self._meta(answer, answer.text))

    @provides(Confidence.OBSERVED)
    def list_changes(self, siren: str = '') -> Batch:
        """Return the present score of watched companies, of one or of all."""
        def fill(request):
            criteria = etree.SubElement(request, 'listCriteria', type='monitoring')
            if siren:
                # Beside the criteria instead of inside it filters nothing.
                etree.SubElement(criteria, 'id', type='register').text = check_siren(siren)

        answer, root = self._ask('svcConsultList', 'list_changes', fill, app='WSOM')
        events = []
        for company in root.findall('response/company'):
            number = self._require_text(company, 'id', answer)
            value = (company.findtext('score') or '').strip()
            events.append(CompanyEvent(
                f'{number}:{value}', 'rating', number, label=value, details={
                    'scale': 'ellisphere_score', 'value': value},
                meta=self._meta(answer, etree.tostring(company, encoding='unicode'))))
        return Batch(tuple(events), True, meta=self._meta(answer, ''))
