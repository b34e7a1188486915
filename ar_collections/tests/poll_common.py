from .provider_common import AUBE, LEVANT, MIDI, ProviderCommon
from .simulators.infolegale import Infolegale
from .simulators.ratings import Creditsafe

KEYS = {LEVANT: 'FR-0-012345674', AUBE: 'FR-0-002003002', MIDI: 'FR-0-031000425'}


class PollCommon(ProviderCommon):
    """A provider that asks nothing for an answer and one that bills; three customers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start(Infolegale)
        cls.billed_sim = cls.start(Creditsafe)
        cls.free = cls.make_provider(cls.sim)
        cls.billed = cls.make_provider(cls.billed_sim)
        cls.accounts = cls.env['ar.customer'].union(*(
            cls.make_account(f"Customer {siren}", siren) for siren in (LEVANT, AUBE, MIDI)))

    def setUp(self):
        super().setUp()
        self.sim.reset()
        self.billed_sim.reset()

    def link_all(self, provider):
        return self.env['ar.provider.link'].union(*(
            self.link(provider, account, KEYS[account.partner_id.company_registry]
                      if provider == self.billed else account.partner_id.company_registry)
            for account in self.accounts))

    def values(self, provider):
        ratings = self.env['ar.rating'].search([('provider_id', '=', provider.id)])
        return {rating.customer_id.partner_id.company_registry: rating.value
                for rating in ratings}
