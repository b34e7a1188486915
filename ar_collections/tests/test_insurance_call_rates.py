import time

from odoo.tests import tagged

from .provider_common import ProviderCommon, make_siren
from .simulators.open_data import InseeSirene, RechercheEntreprises


@tagged('post_install', '-at_install')
class TestCallRates(ProviderCommon):
    """Fault 7: what the registers allow, by their own record of the calls, on one clock for all.

    A wait moves the clock and an answer takes no time: more calls in a window cannot be made.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.insee, cls.register = cls.start(InseeSirene), cls.start(RechercheEntreprises)
        for sim in (cls.insee, cls.register):
            sim.now = lambda: time.time()
        cls.company.ar_register_active = True

    def setUp(self):
        super().setUp()
        self.insee.reset()
        self.register.reset()
        self.patch(self.registry['ar.provider'], '_get_client_tools', lambda model: {
            'sleep': self.clock.tick, 'clock': lambda: time.time(), 'timeouts': (2.0, 2.0)})

    def make_accounts(self, number):
        return self.env['ar.customer'].union(*(
            self.make_account(f"Customer {index}", make_siren(index))
            for index in range(number)))

    def check(self, sim, number, calls, seconds):
        """No window of so many seconds, wherever it begins, holds more than so many calls."""
        times = [call['at'] for call in sim.calls]
        self.assertEqual(len(times), number)
        for first, after in zip(times, times[calls:], strict=False):
            self.assertGreaterEqual(after - first, seconds - 1e-3)
        return times[-1] - times[0]

    def test_thirty_calls_in_any_minute_at_insee(self):
        self.make_provider(self.insee, {'api_key': InseeSirene.key})
        accounts = self.make_accounts(65)
        self.poll()
        self.assertEqual(set(accounts.mapped('register_state')), {'missing'})
        waited = self.check(self.insee, 65, 30, 60)
        self.assertAlmostEqual(waited, 121, places=1, msg="nor slower than needed")

    def test_the_next_worker_takes_the_last_minute_into_account(self):
        """The time of a scheduled action ends; another process goes on at once."""
        self.make_provider(self.insee, {'api_key': InseeSirene.key})
        accounts = self.make_accounts(65)
        spent = iter((60, 0))
        with self.as_job():
            self.patch(self.registry['ir.cron'], '_commit_progress',
                       lambda job, *args, **more: next(spent, 0))
            self.assertFalse(self.env['ar.provider'].search([('is_on', '=', True)])._poll())
        self.assertEqual(len(accounts.filtered('register_checked_on')), 40)
        self.forget_process()
        self.patch(self.registry['ir.cron'], '_commit_progress', lambda job, *args, **more: 60)
        with self.as_job():
            self.env['ar.provider'].search([('is_on', '=', True)])._poll()
        self.check(self.insee, 65, 30, 60)

    def test_seven_calls_in_any_second_of_this_machine(self):
        """The limit is that of an address: two companies and a button share it."""
        provider = self.make_provider(self.register)
        accounts = self.make_accounts(12)
        other = self.make_company("Other House")
        other.ar_register_active = True
        self.make_provider(self.register, company_id=other.id)
        self.env['ar.customer']._get_or_create(accounts.partner_id, other)
        for _press in range(3):
            self.call(provider, 'test_connection')
        self.call(provider, 'search_company', "levant")
        self.poll()
        waited = self.check(self.register, 4 + 2 * 12, 7, 1)
        self.assertLess(waited, 4)
