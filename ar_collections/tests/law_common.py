"""Builders of the tests on the law: a French company and a French business that pays late."""
from datetime import date

from .common import CollectionsCommon


class LawCommon(CollectionsCommon):
    """A French company and a French business that pays late."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.france = cls.env.ref('base.fr')
        cls.buyer.country_id = cls.france
        cls.company.ar_interest_account_id = cls.env['account.account'].create({
            'name': "Late interest", 'code': '763000', 'account_type': 'income_other',
            'company_ids': [(6, 0, cls.company.ids)]})
        cls.boss = cls.user('manager', 'law_boss')

    def items_of(self, partner=None, day=None, **options):
        customer = self.account_of(partner)
        return self.env['ar.interest.engine']._get_item_claims(
            customer, date.fromisoformat(day or self.now[:10]), **options)

    def amounts(self, partner=None, day=None, **options):
        return [(claim.name, f'{claim.interest:.2f}', f'{claim.compensation:.2f}', claim.reason)
                for claim in self.items_of(partner, day, **options)]

    def draft(self, day='2026-06-01', partner=None):
        self.go(day)
        return self.env['ar.claim']._prepare_for(
            self.account_of(partner), date.fromisoformat(day))
