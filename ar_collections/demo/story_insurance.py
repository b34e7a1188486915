"""The credit insurance of the story: one export policy and four buyers abroad."""
from datetime import timedelta
from decimal import Decimal

from odoo import api, models

from ..connectors.results import Attention, Cover, CoverStatus, Layer, LayerKind, Money

# Customer, decided so many days ago, status, amount, takes effect (days from today), reference.
DECISIONS = [
    ('muller', 45, 'granted_partial', 36000, -45, 'C880411'),
    ('muller', 3, 'reduced', 18000, -3, 'C880411'),
    ('northwind', 120, 'granted', 25000, -120, 'C880502'),
    ('northwind', 2, 'withdrawal_announced', 25000, 28, 'C880502'),
    ('tanaka', 90, 'granted', 15000, -90, 'C880617'),
    ('tanaka', 1, 'unknown', None, 0, 'C880617'),
]
# What the simulated insurer calls the customer whom the visitor asks cover for.
VISITORS_BUYER = ('hudson', '7100001')


class ArDemoStory(models.AbstractModel):
    """EXTENDS demo: cover granted in part, then reduced; a withdrawal announced; a code to read."""
    _inherit = 'ar.demo.story'

    @api.model
    def _tell_providers(self, company, partners):
        """EXTENDS demo: the policy is asked for at the simulated insurer."""
        providers = super()._tell_providers(company, partners)
        story = self.with_context(mail_activity_quick_update=True)
        policy = story._create_policy(company, providers['allianz_trade'])
        customers = {
            key: story.env['ar.customer']._get_or_create(partners[key], company)
            for key in ('muller', 'northwind', 'tanaka', VISITORS_BUYER[0])}
        story._tell_covers(company, policy, customers)
        story._link(policy.provider_id, customers[VISITORS_BUYER[0]], VISITORS_BUYER[1])
        story._ask_for_cover(policy, customers[VISITORS_BUYER[0]])
        return providers

    def _create_policy(self, company, provider):
        insurer = self.env['res.partner'].create({
            'name': "Allianz Trade (simulated)", 'is_company': True,
            'email': "policies@insurer.example"})
        # The grade rests on an assumption; in a demonstration somebody has confirmed it.
        provider.option_ids.filtered(lambda option: option.name == 'grade_path').value = (
            '/assumed-grades/{company_id}')
        provider.operation_ids.filtered(
            lambda operation: operation.capability == 'get_rating').confirmed = True
        return self.env['ar.insurance.policy'].create({
            'name': "Export", 'company_id': company.id, 'insurer_id': insurer.id,
            'provider_id': provider.id, 'policy_number': '900100',
            'currency_id': company.currency_id.id,
            'date_from': company._get_ar_today().replace(month=1, day=1) - timedelta(days=365),
            'insured_percentage': 90, 'discretionary_percentage': 80,
            'discretionary_ceiling': 10000, 'discretionary_proof': 'either',
            'proof_max_age': 365, 'experience_min_invoices': 2, 'experience_max_days_late': 30,
            'non_named_ceiling': 3000, 'non_named_percentage': 60, 'vat_covered': 'no',
            'earlier_covered': 'yes', 'max_credit_days': 90, 'max_extension_days': 60,
            'overdue_notice_days': 75})

    def _tell_covers(self, company, policy, customers):
        today = company._get_ar_today()
        first = self._answer_in_the_past(policy, customers['muller'], today)
        for key, days, status, amount, start, reference in DECISIONS:
            decided, day = today - timedelta(days=days), today + timedelta(days=start)
            money = amount and Money(Decimal(amount), policy.currency_id.name)
            announced = status == 'withdrawal_announced'
            cover = self.env['ar.cover']._apply(policy, customers[key], Cover(
                reference, CoverStatus(status),
                {'unknown': 'ReviewPending'}.get(status, 'AlreadyAgreed'),
                requested=Money(Decimal(60000), 'EUR') if key == 'muller' else None,
                layers=(Layer(LayerKind.PERMANENT, money, None if announced else day),)
                if money else (), decided_on=decided,
                effective_from=None if announced else day,
                withdrawal_on=day if announced else None,
                attention=(Attention(
                    'unknown_code', 'technicalDecisionStatusCode', 'ReviewPending'),)
                if status == 'unknown' else ()), source='manual')
            if status == 'granted_partial':
                first.cover_id = cover

    def _answer_in_the_past(self, policy, customer, today):
        """The request that was granted in part."""
        return self.env['ar.cover.request'].create({
            'customer_id': customer.id, 'policy_id': policy.id, 'amount': 60000,
            'user_id': self._get_asker().id,
            'reason': "New frame contract, two deliveries a month.", 'state': 'answered',
            'status': 'granted_partial', 'granted_amount': 36000, 'insurer_reference': 'job-880410',
            'sent_at': f'{today - timedelta(days=46)} 09:12:00',
            'answered_on': today - timedelta(days=45)})

    def _get_asker(self):
        return self.env['res.users'].search([('login', '=', 'export')], limit=1)

    def _ask_for_cover(self, policy, customer):
        """A draft for the visitor: sent, it is granted in part, then reduced within minutes."""
        return self.env['ar.cover.request'].create({
            'customer_id': customer.id, 'policy_id': policy.id, 'amount': 80000,
            'user_id': self._get_asker().id,
            'reason': "Press “Send to the insurer”. Within minutes the simulator grants a part, "
                      "then reduces it."})
