"""Two workers, two colleagues, one buyer: the insurer is asked once, and no note of it is lost.

Real threads with a connection to PostgreSQL each; the insurer is a simulator that
keeps them waiting until they have met.
"""

import json
import sys
import time

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / 'ar_collections' / 'tests'))

SETUP = """
import json, threading, time, urllib.request
from datetime import datetime, timedelta
from decimal import Decimal
from odoo import SUPERUSER_ID, api
from odoo.service.model import retrying
from odoo.addons.ar_collections.connectors.errors import (
    CredentialsError, SentBeforeError, TemporaryError)
from odoo.addons.ar_collections.models.insurance.provider_memory import KeptBudget
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


def tell_insurer(what, **details):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
    with opener.open(url + '/_sim/' + what, json.dumps(details).encode()) as answer:
        return json.load(answer)


def at_once(works, after_first=lambda: None, call=lambda work, mine: work()):
    '''Run each in a thread with a transaction that began before any other had done anything.

    `after_first` is called when one of them is through. `call` runs a work: as it is, like a
    scheduled action, or `retrying`, like a button.
    '''
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
                said[number] = str(call(attempt, mine))
            except Exception as error:
                cr.rollback()
                said[number] = getattr(error, 'code', None) or str(error)
        if len(said) == 1:
            after_first()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return sorted(said.values())


def wait_for(what, condition):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(what)


def meanwhile(work, statement, value, route=None):
    '''Do a work; somebody else writes one of its rows in the meantime and commits when it waits.

    With a route, the insurer keeps its answer until that row is locked.
    '''
    def count_calls():
        return sum(call['route'] == route for call in tell_insurer('calls'))

    def count_waiting():
        with env.registry.cursor() as cr:
            cr.execute("SELECT COUNT(*) FROM pg_locks WHERE NOT granted")
            return cr.fetchone()[0]

    def run():
        with env.registry.cursor() as cr:
            try:
                said.append(str(work(api.Environment(cr, SUPERUSER_ID, {{}}))))
            except Exception as error:
                cr.rollback()
                said.append(repr(error))

    said, before = [], route and count_calls()
    if route:
        tell_insurer('faults', route=route, fault='hold', times=2)
    thread = threading.Thread(target=run)
    if route:
        thread.start()
        wait_for("the call", lambda: count_calls() > before)
    with env.registry.cursor() as other:
        other.execute(statement, (value,))
        if route:
            tell_insurer('release')
        else:
            thread.start()
        wait_for("the other one's row", count_waiting)
    thread.join(120)
    return said[0]

"""
WORK = """
order = CoverOrder('8200002', Money(Decimal(20000), company.currency_id.name), 'AR/TWICE')
result = {'colleagues': at_once([
    lambda mine, id=id: mine['ar.cover.request'].browse(id).action_send() for id in requests.ids],
    call=retrying)}
# The insurer answers the worker that holds the queue only when another worker has been through
# (two calls of that kind would be held together, and answered).
tell_insurer('faults', route='apply', fault='hold', times=2)
result['workers'] = at_once([lambda mine: mine.ref(
    'ar_collections.ir_cron_ar_cover_send').method_direct_trigger()] * 2,
    after_first=lambda: tell_insurer('release'))
# All have read that there is no limit yet when the first of them writes.
tell_insurer('faults', route='covers', fault='hold', times=4)
result['calls'] = at_once([lambda mine: mine['ar.provider'].browse(provider.id)._call(
    'request_cover', order).status] * 4)
# What is noted beside the calls: counters, and a problem that is told once.
env.cr.commit()
provider.daily_budget = 5
provider._forget_problem()
env.cr.commit()
result['budget'] = at_once([lambda mine: KeptBudget(mine['ar.provider'].browse(
    provider.id)).take('report')] * 8)
result['notes'] = at_once([lambda mine, error=error: mine['ar.provider'].browse(
    provider.id)._note_error('report', error) for error in (
    *[TemporaryError('later', "not now")] * 3, *[CredentialsError('refused', "who are you")] * 3)])
print('RESULT', json.dumps(result))
"""
MEANWHILE = """
cron = 'ar_collections.ir_cron_ar_cover_send'
request = requests[0]
request.action_send()
env.cr.commit()
result = {'send': meanwhile(
    lambda mine: mine.ref(cron).method_direct_trigger(),
    "UPDATE ar_cover_request SET reason = 'meanwhile' WHERE id = %s", request.id, 'apply')}

# A billed rating: asked for once, whoever writes on its link meanwhile.
link = env['ar.provider.link'].search([('provider_id', '=', provider.id)])
provider.daily_budget = 5
link.rating_wanted = True
env.cr.commit()
poll = lambda mine: mine['ar.provider'].browse(provider.id)._poll()
result['rating'] = meanwhile(
    poll, "UPDATE ar_provider_link SET message = 'meanwhile' WHERE id = %s", link.id, 'buyer')

# A list that costs nothing is read once more.
env.cr.commit()
cover = env['ar.cover'].search([])
tell_insurer('state', cover={'coverId': cover.insurer_reference, 'decisionCode': 'DC09',
    'totalDecision': {'decisionAmtInPolicyCurrency': '12000', 'decisionConditions': []}})
env.cr.commit()
result['cover'] = meanwhile(
    poll, "UPDATE ar_cover SET attention = 'meanwhile' WHERE id = %s", cover.id, 'covers')

# What follows from a cover does not wait for the next night.
env.cr.commit()
policy.limit_follows = True
cover.followed_key = False
env.cr.commit()
result['follow'] = meanwhile(
    lambda mine: mine['ar.cover']._cron_follow(),
    "UPDATE ar_cover SET conditions = 'meanwhile' WHERE id = %s", cover.id)

# The provider calls again in the very moment in which its call is taken for read.
now = datetime.now().replace(microsecond=0)
event = env['ar.provider.event'].create({
    'provider_id': provider.id, 'key': 'callback:1', 'source': 'callback',
    'received_at': now - timedelta(minutes=5)})
env.cr.commit()
result['callback'] = meanwhile(
    lambda mine: mine['ar.provider'].browse(provider.id)._forget_poll_wish(
        now - timedelta(minutes=1)),
    "UPDATE ar_provider_event SET received_at = now() at time zone 'UTC' WHERE id = %s", event.id)
env.cr.commit()
result['event'] = event.state

# What was sent before and is not sent again says nothing about the connection.
provider._forget_problem()
env.cr.commit()
result['journal'] = at_once([lambda mine: mine['ar.provider'].browse(provider.id)._note_error(
    'request_cover', SentBeforeError('look_up_first'))] * 6)
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


def run(odoo, database, insurer, script):
    """Run a script after the set-up; return what it printed as its result."""
    secrets = {name: getattr(insurer, name) for name in ('client_id', 'client_secret', 'app_key')}
    company = odoo.sql(database, "SELECT c.name FROM res_company r"
                                 " JOIN res_currency c ON c.id = r.currency_id ORDER BY r.id")
    insurer.policy['policyCurrency'] = company[0][0]
    out = odoo.shell(database, SETUP.format(url=insurer.url, secrets=secrets) + script,
                     AR_COLLECTIONS_SIMULATORS='1')
    said = json.loads(out.split('RESULT', 1)[1].strip().splitlines()[0])
    assert not insurer.errors
    return said


def test_one_request_for_a_buyer_whoever_sends_it(odoo, scratch_db, insurer):
    """Unique row, queue taken by one worker, write known to all by its reference."""
    said = run(odoo, scratch_db, insurer, WORK)
    sent, refused = said['colleagues']
    assert (sent == 'True') != (refused == 'True'), said
    assert 'open already' in sent + refused
    states = odoo.sql(scratch_db, "SELECT state, COUNT(*) FROM ar_cover_request GROUP BY 1"
                                  " ORDER BY 1")
    assert states == [['answered', '1'], ['draft', '1']], said
    assert any('already executing' in answer for answer in said['workers']), "they never met"
    assert said['calls'] == ['granted'] + ['look_up_first'] * 3
    asked = [json.loads(call['body']) for call in insurer.calls if call['route'] == 'apply']
    assert sorted(body['buyerId'] for body in asked) == [8200001, 8200002]
    assert odoo.sql(scratch_db, "SELECT state, COUNT(*) FROM ar_provider_write GROUP BY 1") == [
        ['done', '2']]
    assert said['budget'] == ['None'] * 5 + ['budget'] * 3
    assert said['notes'] == ['None'] * 6
    assert odoo.sql(scratch_db, "SELECT billed, calls, failures FROM ar_provider_usage"
                                " WHERE operation = 'report'") == [['5', '6', '6']]
    assert odoo.sql(scratch_db, "SELECT failures, problem FROM ar_provider_health") == [
        ['3', 'refused']]
    assert odoo.sql(scratch_db, "SELECT COUNT(*) FROM mail_activity"
                                " WHERE res_model = 'ar.provider'") == [['1']]


def test_an_answer_is_kept_whoever_writes_meanwhile(odoo, scratch_db, insurer):
    """What a scheduled action was told is written once more after a conflict, not asked again."""
    said = run(odoo, scratch_db, insurer, MEANWHILE)
    assert [said[name] for name in ('send', 'rating', 'cover', 'follow', 'callback')] == [
        'True', 'True', 'True', 'None', 'None'], said
    assert odoo.sql(scratch_db, "SELECT state, reason FROM ar_cover_request ORDER BY id LIMIT 1") \
        == [['answered', 'meanwhile']]
    assert insurer.count('apply') == 1
    assert odoo.sql(scratch_db, "SELECT value FROM ar_rating") == [['38']]
    assert odoo.sql(scratch_db, "SELECT billed FROM ar_provider_usage"
                                " WHERE operation = 'get_rating'") == [['1']]
    assert insurer.count('buyer') == 1
    assert odoo.sql(scratch_db, "SELECT rating_wanted, asked_at IS NULL"
                                " FROM ar_provider_link") == [['f', 't']]
    assert odoo.sql(scratch_db, "SELECT status, reduced_from, attention FROM ar_cover") == [
        ['reduced', '40000.00', 'meanwhile']]
    assert odoo.sql(scratch_db, "SELECT conditions, followed_key IS NULL FROM ar_cover") == [
        ['meanwhile', 'f']]
    assert said['event'] == 'new', "what it called for in the meantime is still to be read"
    assert odoo.sql(scratch_db, "SELECT operation, code FROM ar_provider_error"
                                " WHERE code != 'look_up_first'") == []
    assert said['journal'] == ['None'] * 6
    assert odoo.sql(scratch_db, "SELECT failures, paused_until IS NULL FROM ar_provider_health") \
        == [['0', 't']]
