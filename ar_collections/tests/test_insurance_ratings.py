import random
from datetime import date, timedelta
from decimal import Decimal

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..connectors.results import Cover, CoverStatus, Layer, LayerKind, Money
from .provider_common import ProviderCommon

# Values, their scale, and the grade that the published tables give (insurers' own words: which
# end is safe; the bands are the house's).
PUBLISHED = [
    ('allianz_grade', '1', 1), ('allianz_grade', '10', 10), ('coface_dra', '10', 1),
    ('coface_dra', '1', 10), ('infolegale_score', '20', 1), ('infolegale_score', '19', 1),
    ('infolegale_score', '18', 1), ('infolegale_score', '10', 5), ('infolegale_score', '11', 5),
    ('infolegale_score', '0', 10), ('infolegale_score', '1', 10), ('ellisphere_score', '7', 4),
    ('creditsafe_score', '71', 2), ('creditsafe_score', '70', 4), ('creditsafe_score', '51', 4),
    ('creditsafe_score', '50', 6), ('creditsafe_score', '30', 6), ('creditsafe_score', '29', 8),
    ('creditsafe_score', '21', 8), ('creditsafe_score', '20', 10),
    ('dnb_failure_percentile', '1', 10), ('dnb_failure_percentile', '10', 10),
    ('dnb_failure_percentile', '11', 9), ('dnb_failure_percentile', '100', 1),
    ('dnb_failure_percentile', '91', 1), ('infolegale_score', '9,5', 6),
]


@tagged('post_install', '-at_install')
class TestRatings(ProviderCommon):
    """What providers say, mapped by tables with versions; the worst recent one counts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.confirm_scales()
        cls.account = cls.make_account("Rated")
        cls.manager = cls.user('manager')
        cls.providers = cls.env['ar.provider'].create([
            {'name': code, 'code': code, 'company_id': cls.company.id}
            for code in ('creditsafe', 'infolegale', 'ellisphere')])

    def rate(self, value, scale='own_grade', day='2026-06-01', provider=None, account=None, **vals):
        return self.env['ar.rating'].create({
            'customer_id': (account or self.account).id, 'scale': scale, 'value': value,
            'rated_on': day, 'provider_id': provider.id if provider else False,
            'environment': 'production', **vals})

    def classes(self):
        return {code: self.env.ref(f'ar_collections.ar_risk_class_{code}') for code in 'abcde'}

    # === TABLES === #

    def test_values_are_read_as_the_providers_publish_them(self):
        for scale, value, grade in PUBLISHED:
            self.assertEqual(self.rate(value, scale).grade, grade, (scale, value))

    def test_what_stands_outside_a_scale(self):
        self.assertRecordValues(self.rate('0', 'coface_dra'), [{'in_default': True, 'grade': 10}])
        self.assertRecordValues(self.rate('NA', 'allianz_grade'), [{'unrated': True, 'grade': 0}])
        self.assertRecordValues(self.rate('X', 'coface_opinion'), [{'unrated': True, 'grade': 0}])
        self.assertEqual(self.rate('77', 'atradius_buyer_rating').grade, 0,
                         "the direction is not public: kept, without a meaning")
        self.assertEqual(self.rate('soon', 'infolegale_score').grade, 0)
        self.assertEqual(self.rate('NaN', 'infolegale_score').grade, 0)

    def test_a_new_version_reads_the_ratings_of_its_days_only(self):
        scale = self.env.ref('ar_collections.ar_rating_scale_own_grade')
        old = self.rate('3', day='2026-05-01')
        new = scale.copy()
        self.assertRecordValues(new, [{'version': 2, 'is_used': False, 'code': 'own_grade'}])
        new.band_ids.filtered(lambda band: band.value_from == 3).grade = 7
        new.write({'date_from': '2026-05-15', 'is_used': True})
        self.assertEqual(self.rate('3', day='2026-05-20').grade, 7)
        self.assertEqual((old.grade, old.scale_id), (3, scale))
        old.with_user(self.manager).action_read_again()
        self.assertEqual(old.grade, 3, "its day lies before the new version")

    def test_an_empty_table_is_not_used(self):
        scale = self.env.ref('ar_collections.ar_rating_scale_atradius_buyer_rating')
        with self.assertRaises(ValidationError):
            scale.is_used = True
        with self.assertRaises(ValidationError):
            scale.band_ids = [Command.create({'value_from': 1, 'grade': 11})]

    def test_a_corrected_table_is_applied_on_request(self):
        rating = self.rate('5')
        self.env.ref('ar_collections.ar_rating_scale_own_grade').band_ids.filtered(
            lambda band: band.value_from == 5).grade = 9
        self.assertEqual(rating.grade, 5)
        rating.with_user(self.manager).action_read_again()
        self.assertEqual((rating.grade, self.account.external_grade), (9, 9))
        with self.assertRaises(AccessError):
            rating.with_user(self.user('collector')).action_read_again()

    def test_who_confirms_stands_there_and_is_never_typed_in(self):
        scale = self.env.ref('ar_collections.ar_rating_scale_creditsafe_score')
        scale.with_user(self.manager).action_withdraw()
        self.assertRecordValues(scale, [{
            'state': 'unconfirmed', 'confirmed_by_id': False, 'confirmed_on': False}])
        scale.with_user(self.manager).write({
            'is_used': True, 'confirmed_by_id': self.user('own').id, 'confirmed_on': '2020-01-01'})
        self.assertRecordValues(scale, [{
            'state': 'used', 'confirmed_by_id': self.manager.id,
            'confirmed_on': date(2026, 6, 1)}])
        self.assertFalse(scale.copy().confirmed_by_id)
        with self.assertRaises(AccessError):
            scale.with_user(self.user('collector')).action_withdraw()
        made = self.env['ar.rating.scale'].with_user(self.manager).create({
            'name': "Bank", 'code': 'bank', 'is_used': True, 'confirmed_on': '2020-01-01',
            'band_ids': [Command.create({'value_from': 0, 'grade': 5})]})
        self.assertEqual((made.confirmed_by_id, made.confirmed_on),
                         (self.manager, date(2026, 6, 1)))

    def test_what_a_provider_says_itself_needs_no_confirmation(self):
        self.env['ar.rating.scale'].search([]).action_withdraw()
        self.assertRecordValues(self.rate('0', 'coface_dra'), [{
            'in_default': True, 'grade': 10, 'reading': 'read', 'scale_id': False}])
        self.assertRecordValues(self.rate('NA', 'allianz_grade'), [{
            'unrated': True, 'grade': 0, 'reading': 'read'}])
        self.assertRecordValues(self.rate('1', 'coface_dra'), [{
            'in_default': False, 'grade': 0, 'reading': 'unconfirmed'}])
        lines = self.env.ref('ar_collections.ar_rating_scale_coface_dra').band_ids
        self.assertEqual(lines.sorted('value_from').mapped('state'),
                         ['said'] + ['unconfirmed'] * 10)

    # === COMBINED === #

    def test_the_worst_counts_and_never_an_average(self):
        self.rate('80', 'creditsafe_score', provider=self.providers[0])
        self.assertEqual(self.account.external_grade, 2)
        worst = self.rate('3', 'infolegale_score', provider=self.providers[1])
        self.assertRecordValues(self.account, [{
            'external_grade': 9, 'external_rating_id': worst.id,
            'external_class_id': self.classes()['e'].id}])
        # The same provider thinks better of it: its last word counts.
        self.rate('19', 'infolegale_score', provider=self.providers[1], day='2026-06-02')
        self.assertEqual(self.account.external_grade, 2)

    def test_an_old_rating_counts_no_more(self):
        self.rate('8', day='2025-05-01')
        self.assertEqual(self.account.external_grade, 0)
        self.rate('7', day='2025-07-01')
        self.assertEqual(self.account.external_grade, 7)
        self.go('2026-07-02')
        self.env['ar.customer']._combine_ratings(self.company)
        self.assertRecordValues(self.account, [{
            'external_grade': 0, 'external_rating_id': False, 'external_class_id': False}])

    def test_combined_ratings_agree_with_a_slow_computation(self):
        dice = random.Random(20260601)
        accounts = self.env['ar.customer'].union(*(
            self.make_account(f"Random {number}") for number in range(12)))
        facts = {account.id: {} for account in accounts}
        for _number in range(150):
            account, provider = dice.choice(accounts), dice.choice(self.providers)
            scale = {'creditsafe': 'creditsafe_score', 'infolegale': 'infolegale_score',
                     'ellisphere': 'ellisphere_score'}[provider.code]
            day = date(2026, 6, 1) - timedelta(days=dice.randrange(600))
            environment = dice.choice(['production', 'production', 'test'])
            rating = self.rate(
                str(dice.randrange(0, 11)), scale, day, provider, account,
                environment=environment)
            if environment == 'production':
                last = facts[account.id].get(provider.id)
                if not last or (day, rating.id) > last[:2]:
                    facts[account.id][provider.id] = (day, rating.id, rating.grade)
        for account in accounts:
            grades = [grade for day, _id, grade in facts[account.id].values()
                      if day > date(2025, 6, 1)]
            self.assertEqual(account.external_grade, max(grades, default=0), account)

    def test_the_nightly_combination_is_one_query_for_any_number(self):
        counts = []
        for number in (10, 60):
            for index in range(number):
                self.rate('4', account=self.make_account(f"Count {number} {index}"))
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env['ar.customer']._combine_ratings(self.company)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    # === WHAT FOLLOWS === #

    def test_a_worse_rating_suggests_a_class_brings_the_review_forward_and_tells(self):
        collector = self.user('collector')
        self.account.write({'collector_id': collector.id, 'review_date': '2026-12-01'})
        self.account._set_risk_class(self.classes()['b'], "Good", manual=False)
        self.rate('3')
        self.assertFalse(self.account.suggested_class_id, "B is what it says")
        self.assertFalse(self.account.activity_ids)
        self.rate('8', day='2026-06-02')
        self.assertEqual(self.account.suggested_class_id, self.classes()['d'])
        self.assertEqual(str(self.account.review_date), '2026-06-01')
        activity = self.account.activity_ids
        self.assertEqual((len(activity), activity.user_id), (1, collector))
        self.assertIn("grade 8", activity.note)
        self.rate('8', day='2026-06-03')
        self.assertEqual(len(self.account.activity_ids), 1)
        self.assertEqual(self.account.risk_class_id.code, 'B', "a person decides")
        action = self.account.with_user(self.manager).action_take_suggested_class()
        wizard = self.env['ar.risk.class.set'].with_user(self.manager).with_context(
            **action['context']).create({})
        wizard.action_set()
        self.assertEqual(self.account.risk_class_id.code, 'D')

    def test_the_scorecard_reads_the_combined_grade(self):
        card = self.env['ar.scorecard']._get_for_company(self.company)
        for value, figure in (('1', 100.0), ('10', 0.0), ('4', 200 / 3)):
            self.env['ar.rating'].search([('customer_id', '=', self.account.id)]).unlink()
            self.rate(value)
            values = self.env['ar.customer']._get_score_values(
                self.company, self.account.ids, card)
            self.assertAlmostEqual(values['external_rating'][self.account.id], figure)
        other = self.make_account("Unknown")
        values = self.env['ar.customer']._get_score_values(self.company, other.ids, card)
        self.assertNotIn(other.id, values['external_rating'])

    def test_a_company_may_let_external_ratings_lower_the_class(self):
        card = self.env['ar.scorecard']._get_for_company(self.company)
        card.criterion_ids.filtered(lambda line: line.code == 'external_rating').unlink()
        self.rate('9')
        self.env['ar.customer']._score(self.company, self.account.ids)
        before = self.account.risk_class_id
        self.assertNotEqual(before.code, 'E')
        self.company.ar_rating_caps_class = True
        self.env['ar.customer']._score(self.company, self.account.ids)
        self.assertEqual(self.account.risk_class_id.code, 'E')
        self.account.with_user(self.manager)._set_risk_class(self.classes()['a'], "I know them")
        self.env['ar.customer']._score(self.company, self.account.ids)
        self.assertEqual(self.account.risk_class_id.code, 'A', "a person stands first")

    def test_an_order_is_held_by_the_rule_of_ratings(self):
        self.env['ar.credit.rule'].search([]).decision = 'ignore'
        self.env['ar.credit.rule'].create({
            'reason': 'external_rating', 'decision': 'hold', 'rating_grade': 8})
        demand = {'key': 1, 'partner': self.account.partner_id, 'added': 10.0, 'total': 10.0,
                  'counted': 0.0}
        judge = self.env['ar.credit.decision']
        for value, held in (('7', False), ('8', True), ('10', True)):
            self.rate(value, day=f'2026-06-{value:>02}')
            verdict = judge._judge(self.company, [dict(demand)])[1]
            self.assertEqual([reason['code'] for reason in verdict],
                             ['external_rating'] if held else [], value)
        self.assertIn("10 on a scale", verdict[0]['message'])

    # === RIGHTS === #

    def test_a_manager_types_in_a_report_and_nobody_changes_history(self):
        rating = self.env['ar.rating'].with_user(self.manager).create({
            'customer_id': self.account.id, 'value': '8',
            'scale_id': self.env.ref('ar_collections.ar_rating_scale_own_grade').id,
            'environment': 'simulator', 'confidence': 'documented',
            'provider_id': self.providers[0].id})
        self.assertRecordValues(rating, [{
            'confidence': 'hand', 'environment': 'production', 'provider_id': False, 'grade': 8,
            'scale': 'own_grade'}])
        self.assertEqual(self.account.external_grade, 8)
        with self.assertRaises(AccessError):
            rating.value = '1'
        with self.assertRaises(AccessError):
            rating.unlink()
        for role in ('collector', 'auditor'):
            with self.assertRaises(AccessError):
                self.env['ar.rating'].with_user(self.user(role)).create({
                    'customer_id': self.account.id, 'value': '1', 'scale': 'own_grade'})
        with self.assertRaises(AccessError):
            self.account.with_user(self.manager).external_grade = 1

    def test_a_perimeter_sees_its_own_ratings(self):
        rating = self.rate('5')
        own = self.user('own')
        self.account.collector_id = self.manager
        self.assertFalse(rating.with_user(own).search([('id', '=', rating.id)]))
        self.account.collector_id = own
        self.assertTrue(rating.with_user(own).search([('id', '=', rating.id)]))

    # === PROPOSED LIMITS === #

    def propose(self, account=None):
        """Return (proposed amount, its working) of a new request."""
        self.env.flush_all()
        request = self.env['ar.credit.request'].new({'customer_id': (account or self.account).id})
        return request.proposed_amount, request.proposal_note

    def test_the_lowest_of_behaviour_and_advice_is_proposed_with_its_working(self):
        self.invoice(11800, due='2026-05-01', partner=self.account.partner_id)
        self.account._set_risk_class(self.classes()['a'], "Known", manual=False)
        factor = self.classes()['a'].limit_factor
        behaviour, note = self.propose()
        self.assertEqual(behaviour, -(-11800 * factor // 500) * 500)
        self.assertNotIn("recommends", note)
        euro = self.company.currency_id
        self.rate('60', 'creditsafe_score', '2026-04-01', self.providers[0],
                  advised_amount=3000, advised_currency_id=euro.id)
        self.rate('15', 'infolegale_score', '2026-05-02', self.providers[1],
                  advised_amount=9000, advised_currency_id=euro.id)
        amount, note = self.propose()
        self.assertEqual(amount, 9000, "the newest advice, lower than the behaviour")
        self.assertRegex(note, r"infolegale recommends, on 05/02/2026: \D*9,000\.00")
        self.assertIn("Highest balance", note)
        # The insurer grants less still.
        policy = self.env['ar.insurance.policy'].create({
            'name': "Policy", 'company_id': self.company.id, 'date_from': '2026-01-01',
            'currency_id': euro.id, 'insured_percentage': 90})
        self.env['ar.cover']._apply(policy, self.account, Cover(
            'C1', CoverStatus('granted'), layers=(
                Layer(LayerKind.PERMANENT, Money(Decimal(7500), 'EUR')),)))
        amount, note = self.propose()
        self.assertEqual(amount, 7500)
        self.assertRegex(note, r"credit insurance today: \D*7,500\.00")
        self.company.ar_proposal_rule = 'behaviour'
        amount, note = self.propose()
        self.assertEqual(amount, behaviour)
        self.assertIn("7,500.00", note)

    def test_advice_that_is_old_taken_back_or_from_a_test_does_not_count(self):
        euro = {'advised_amount': 9000, 'advised_currency_id': self.company.currency_id.id}
        self.rate('60', 'creditsafe_score', '2025-05-01', self.providers[0], **euro)
        self.rate('15', 'infolegale_score', '2026-04-01', self.providers[1], **euro)
        self.rate('14', 'infolegale_score', '2026-05-01', self.providers[1])
        self.rate('7', 'ellisphere_score', '2026-05-01', self.providers[2],
                  **euro | {'environment': 'test'})
        self.assertEqual(self.propose()[0], 0)
        # Of a customer without any balance the advice stands alone; zero is advice as well.
        dollar = self.env.ref('base.USD')
        dollar.active = True
        self.env['res.currency.rate'].create({
            'currency_id': dollar.id, 'company_id': self.company.id, 'name': '2026-01-01',
            'rate': 2.0})
        self.rate('13', 'infolegale_score', '2026-05-20', self.providers[1],
                  advised_amount=9000, advised_currency_id=dollar.id)
        self.assertEqual(self.propose()[0], 4500)
        self.rate('1', 'infolegale_score', '2026-05-25', self.providers[1],
                  advised_amount=0, advised_currency_id=dollar.id)
        amount, note = self.propose()
        self.assertEqual(amount, 0)
        self.assertRegex(note, r"recommends, on 05/25/2026: \D*0\.00")
