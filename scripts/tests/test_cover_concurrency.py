"""Two workers, two colleagues, one buyer: the insurer is asked once.

Real threads with a connection to PostgreSQL each; the insurer is a simulator that answers slowly.
"""

import json
import sys
import time

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / 'ar_collections' / 'tests'))

SETUP = """
import threading, time
from decimal import Decimal
from odoo import SUPERUSER_ID, api
from odoo.service.model import retrying
from odoo.addons.ar_collections.connectors.results import CoverOrder, Money

url, secrets = {url!r}, {secrets!r}
company = env.company
provider = env['ar.provider'].create({{
    'name': "Insurer", 'code': 'atradius', 'company_id': company.id, 'environment': 'test',
    'simulator_url': url, 'is_on': True, 'test_counts': True}})
provider._set_credentials(secrets)
for option in provider.option_ids:
    option.value = {{'customer_id': '4711', 'policy_id': '700123',
                    'policy_currency': company.currency_id.name}}.get(option.name)
buyer, insurer = env['res.partner'].create([
    {{'name': name, 'is_company': True}} for name in ("Buyer", "Sure Insurance")])
customer = env['ar.customer']._get_or_create(buyer, company)
env['ar.provider.link'].create({{
    'provider_id': provider.id, 'customer_id': customer.id, 'external_id': '8200001',
    'state': 'linked'}})
policy = env['ar.insurance.policy'].create({{
    'name': "Export", 'company_id': company.id, 'insurer_id': insurer.id,
    'provider_id': provider.id, 'currency_id': company.currency_id.id,
    'date_from': '2020-01-01', 'insured_percentage': 90}})
requests = env['ar.cover.request'].create([
    {{'customer_id': customer.id, 'policy_id': policy.id, 'amount': amount}}
    for amount in (40000, 30000)])
env.cr.commit()


def at_once(works):
    '''Run each in a thread with a transaction that began before any other had done anything.'''
    barrier, said = threading.Barrier(len(works)), {{}}

    def run(number, work):
        with env.registry.cursor() as cr:
            mine = api.Environment(cr, SUPERUSER_ID, {{}})
            attempts = []

            def attempt():
                attempts.append(1)
                mine.invalidate_all()
                cr.execute("SELECT COUNT(*) FROM ar_cover_request")
                if len(attempts) == 1:
                    barrier.wait(60)
                result = work(mine)
                mine.flush_all()
                # The transaction stays open for a moment, as in a slow request.
                time.sleep(0.3)
                return result

            try:
                said[number] = str(retrying(attempt, mine))
            except Exception as error:
                cr.rollback()
                said[number] = getattr(error, 'code', None) or str(error)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return sorted(said.values())

"""
WORK = """
import json, urllib.request


def slow_down(route, seconds, times):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(url + '/_sim/faults', json.dumps({
        'route': route, 'fault': 'drip', 'seconds': seconds, 'times': times}).encode()).close()


order = CoverOrder('8200002', Money(Decimal(20000), company.currency_id.name), 'AR/TWICE')
slow_down('apply', 0.02, 1)
result = {
    'colleagues': at_once([
        lambda mine, id=id: mine['ar.cover.request'].browse(id).action_send()
        for id in requests.ids]),
    'workers': at_once([lambda mine: mine.ref(
        'ar_collections.ir_cron_ar_cover_send').method_direct_trigger()] * 2),
}
# All have read that there is no limit yet when the first of them writes.
slow_down('covers', 0.1, 4)
result['calls'] = at_once([lambda mine: mine['ar.provider'].browse(provider.id)._call(
    'request_cover', order).status] * 4)
print('RESULT', json.dumps(result))
"""


@pytest.fixture
def insurer():
    """An insurer on this machine."""
    from simulators.atradius import Atradius
    from simulators.server import EPOCH
    simulator = Atradius().start()
    simulator.offset = time.time() - EPOCH
    simulator.policy['policyExpiryDate'] = '2099-12-31'
    yield simulator
    simulator.stop()


def test_one_request_for_a_buyer_whoever_sends_it(odoo, scratch_db, insurer):
    """Unique row, queue taken by one worker, write known to all by its reference."""
    secrets = {name: getattr(insurer, name) for name in ('client_id', 'client_secret', 'app_key')}
    company = odoo.sql(scratch_db, "SELECT c.name FROM res_company r"
                                   " JOIN res_currency c ON c.id = r.currency_id ORDER BY r.id")
    insurer.policy['policyCurrency'] = company[0][0]
    out = odoo.shell(scratch_db, SETUP.format(url=insurer.url, secrets=secrets) + WORK,
                     AR_COLLECTIONS_SIMULATORS='1')
    said = json.loads(out.split('RESULT', 1)[1].strip().splitlines()[0])
    assert not insurer.errors
    sent, refused = said['colleagues']
    assert (sent == 'True') != (refused == 'True'), said
    assert 'open already' in sent + refused
    states = odoo.sql(scratch_db, "SELECT state, COUNT(*) FROM ar_cover_request GROUP BY 1"
                                  " ORDER BY 1")
    assert states == [['answered', '1'], ['draft', '1']], said
    assert any('already executing' in answer for answer in said['workers']), "they never met"
    # Who comes when all is over finds the limit in force; the others met.
    assert said['calls'].count('granted') == 1
    assert {'look_up_first'} <= set(said['calls']) <= {'granted', 'look_up_first', 'unchanged'}
    asked = [json.loads(call['body']) for call in insurer.calls if call['route'] == 'apply']
    assert sorted(body['buyerId'] for body in asked) == [8200001, 8200002]
    assert odoo.sql(scratch_db, "SELECT state, COUNT(*) FROM ar_provider_write GROUP BY 1") == [
        ['done', '2']]
