"""Builders of the tests on the clocks of a policy and the notices to an insurer."""
from odoo import Command

from .deadline_common import DeadlineCommon

# Invented: as somebody would type it from the paper.
TERMS = {
    'max_credit_days': 60, 'max_extension_days': 60, 'overdue_notice_days': 30,
    'collections_days': 90, 'claim_window_days': 180, 'insolvency_notice_days': 10}


class InsuredCommon(DeadlineCommon):
    """A policy with its terms, and a customer under a named cover of 5,000."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy_2026 = cls.env['ar.insurance.policy'].create({
            'name': "House policy", 'policy_number': "P-0042", 'date_from': '2026-01-01',
            'company_id': cls.company.id, 'currency_id': cls.company.currency_id.id,
            'insurer_id': cls.customer("Insurer").id, **TERMS})
        cls.cover(cls.buyer)

    @classmethod
    def cover(cls, partner, amount=5000, date_from='2026-01-01', **vals):
        customer = cls.env['ar.customer']._get_or_create(partner, cls.company)
        return cls.env['ar.cover'].sudo().create({
            'policy_id': cls.policy_2026.id, 'customer_id': customer.id, 'status': 'granted',
            'buyer_reference': "B-77", 'layer_ids': [Command.create({
                'amount': amount, 'date_from': date_from, 'status': 'granted'})], **vals})

    def last_days(self, partner=None):
        return {row.kind: str(row.last_day) for row in self.env['ar.deadline'].search([
            ('company_id', '=', self.company.id), ('state', 'in', ('open', 'missed')),
            ('partner_id', '=', (partner or self.buyer).id),
            ('insurance_policy_id', '!=', False)])}

    def notice(self, *bills):
        return self.env['ar.overdue.notice'].create({
            'policy_id': self.policy_2026.id, 'customer_id': self.account_of().id,
            'line_ids': [Command.create({'move_line_id': item.id})
                         for bill in bills for item in self.items(bill)]})
