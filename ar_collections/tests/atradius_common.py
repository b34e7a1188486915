from .cover_common import CoverCommon
from .simulators.atradius import Atradius

BUYER = 8200001


class AtradiusCommon(CoverCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = Atradius().start()
        cls.addClassCleanup(cls.sim.stop)

    def setUp(self):
        super().setUp()
        self.sim.reset()
        self.provider = self.make_provider(self.sim, 'atradius', {
            'client_id': Atradius.client_id, 'client_secret': Atradius.client_secret,
            'app_key': Atradius.app_key}, {
            'customer_id': '4711', 'policy_id': '700123', 'policy_currency': 'EUR'})
        self.link(self.provider, str(BUYER))

    def tearDown(self):
        self.assertFalse(self.sim.errors, "an error of the simulator itself")
        super().tearDown()

    def confirm_changes(self):
        """Somebody has compared what a PUT expects with the contract."""
        self.provider.operation_ids.filtered(
            lambda operation: operation.capability == 'change_cover').confirmed = True

    def send(self):
        self.run_cron('ir_cron_ar_cover_send')

    def poll(self):
        self.run_cron('ir_cron_ar_provider_poll')

    def decide_there(self, **values):
        """The insurer changes its mind about the only cover in force."""
        [cover] = [x for x in self.sim.covers.values() if x['coverStatus'] != 'HISTORIC']
        cover.update(values)

    def grant(self, amount):
        self.decide_there(coverStatus='DECISION', decisionCode='DC04', totalDecision={
            'decisionAmtInPolicyCurrency': str(amount), 'decisionExpiryDate': '',
            'decisionConditions': []})
