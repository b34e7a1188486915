"""`make demo` on a database of its own: created once, quick afterwards, mails in files, stopped."""

import email
import email.policy
import html
import http.cookiejar
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from conftest import ROOT, SCRIPTS

DATABASE = 'ar_demo_test'


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope='module')
def demo(odoo):
    """A running demo: a callable for scripts/demo, with `port` and the text of the first call."""
    env = {**os.environ, 'PORT': free_port(), 'AR_DEMO_DB': DATABASE}

    def call(command):
        return subprocess.run(
            [SCRIPTS / 'demo', command], env=env, text=True, stdout=subprocess.PIPE, check=False)

    call('stop')
    odoo.drop(DATABASE)
    call.url = f"http://127.0.0.1:{env['PORT']}"
    call.folder = odoo.cache / 'demo' / DATABASE
    call.tour = call('start').stdout
    yield call
    call('stop')
    odoo.drop(DATABASE)


def test_it_answers_and_tells_where(demo):
    assert demo.url in demo.tour
    assert 'admin' in demo.tour
    assert str(demo.folder / 'mails') in demo.tour
    assert len(re.findall(r'^  \d\. ', demo.tour, re.M)) == 5
    assert urllib.request.urlopen(f'{demo.url}/web/login', timeout=20).status == 200


def test_installing_with_demo_data_warns_of_nothing(demo):
    log = (demo.folder / 'install.log').read_text()
    assert 'Modules loaded' in log
    assert not re.findall(r'^.* (?:WARNING|ERROR|CRITICAL) .*$', log, re.M)


def test_insurers_and_providers_are_simulated(demo):
    sys.path.insert(0, str(ROOT / 'ar_collections'))
    from connectors.registry import CLIENTS
    lines = (demo.folder / 'simulators.log').read_text().splitlines()
    assert {line.split()[0] for line in lines} == set(CLIENTS)
    for line in lines:
        assert line.split()[1].startswith('http://127.0.0.1:')


def test_a_second_call_takes_seconds(demo):
    start = time.monotonic()
    assert demo.url in demo('start').stdout
    assert time.monotonic() - start < 20


def test_both_languages_are_there(demo, odoo):
    codes = odoo.sql(DATABASE, "SELECT code FROM res_lang WHERE active ORDER BY code")
    assert codes == [['en_US'], ['fr_FR']]


def test_its_scheduled_actions_run_and_mails_become_files(demo, odoo):
    odoo.shell(DATABASE, """
env['mail.mail'].create({
    'subject': "Proof of delivery", 'email_to': 'customer@example.com',
    'email_from': 'us@example.com', 'body_html': "<p>Hello</p>"})
env.ref('mail.ir_cron_mail_scheduler_action')._trigger()
env.cr.commit()
""")
    end = time.monotonic() + 90
    found = []
    while not found and time.monotonic() < end:
        time.sleep(0.5)
        parsed = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in (demo.folder / 'mails').glob('*.eml')]
        found = [m for m in parsed if m['Subject'] == "Proof of delivery"]
    assert [m['X-Catcher-To'] for m in found] == ['customer@example.com']


# Whatever the day on which the tests run, the demo may write to its customers now. First
# reminders wait for a person, so that both ways are walked: approved, and by themselves.
START_THE_NIGHT = """
env['ar.dunning.policy'].search([]).write({
    'hour_from': 0, 'hour_to': 24, 'saturday': True, 'sunday': True, 'skip_holidays': False})
env['ar.dunning.level'].search([('offset_days', '=', 5)]).execution = 'approve'
env.ref('ar_collections.ir_cron_ar_dunning_run')._trigger()
env.cr.commit()
"""
# One invoice that a proposal claims is paid before anybody approves; then all of it may leave.
PAY_AND_APPROVE = """
run = env['ar.dunning.run'].search([('kind', '=', 'nightly')])
waiting = run.reminder_ids.filtered(
    lambda r: r.state == 'proposed' and r.channel == 'email' and r.execution != 'manual')
paid = waiting.line_ids.filtered(
    lambda line: line.kind == 'step' and line.move_id.move_type == 'out_invoice')[0].move_id
env['account.payment.register'].with_context(
    active_model='account.move', active_ids=paid.ids).create({})._create_payments()
run.reminder_ids.filtered(lambda r: r.state == 'proposed')._approve()
env.ref('ar_collections.ir_cron_ar_reminder_send')._trigger()
env.cr.commit()
print(paid.name)
"""
NIGHTLY = "SELECT id FROM ar_dunning_run WHERE kind = 'nightly' AND date >= CURRENT_DATE - 1"
CLOSING = {'en_US': "Our reference:", 'fr_FR': "Nos références :"}


def wait_for(condition, seconds=120):
    """Return what the condition returns as soon as that is something."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "the scheduled actions did not come to an end"
        time.sleep(0.5)
    return found


def read_mail(path):
    """Return (addresses of the envelope, subject, text without tags) of a message in a file."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    page = message.get_body(('html',)).get_content()
    text = html.unescape(re.sub(r'<[^>]+>', ' ', page)).replace('\xa0', ' ')
    return message['X-Catcher-To'], message['Subject'], ' '.join(text.split())


def test_a_night_leaves_the_mails_of_its_reminders(demo, odoo):
    """Night, approval, sender, mail queue, SMTP: each .eml against its reminder and the ledger."""
    odoo.shell(DATABASE, START_THE_NIGHT)
    wait_for(lambda: odoo.sql(DATABASE, NIGHTLY))
    paid = odoo.shell(DATABASE, PAY_AND_APPROVE).splitlines()[-1]
    # A letter waits for its printer, everything else comes to rest.
    wait_for(lambda: not odoo.sql(DATABASE, f"""
        SELECT id FROM ar_reminder WHERE run_id IN ({NIGHTLY}) AND channel != 'letter'
           AND state IN ('approved', 'queued', 'sending')"""))
    reminders = odoo.sql(DATABASE, f"""
        SELECT r.name, p.email_normalized, p.lang, string_agg(DISTINCT m.name, ' '),
               r.execution, r.state
          FROM ar_reminder r
          JOIN res_partner p ON p.id = r.recipient_id
          JOIN ar_reminder_line line ON line.reminder_id = r.id
          JOIN account_move m ON m.id = line.move_id
         WHERE r.run_id IN ({NIGHTLY}) AND r.channel = 'email' AND r.state != 'cancelled'
         GROUP BY r.id, p.id""")
    # One customer of the demo has an address that the mail server refuses.
    refused = {address for _name, address, *_others, state in reminders if state == 'failed'}
    assert refused == {'refuse@patisserie-rivoire.example'}
    left_house = [row for row in reminders if row[5] == 'sent']
    expected = {name: (address, lang, set(items.split(' ')))
                for name, address, lang, items, *_others in left_house}
    assert len(expected) + len(refused) == len(reminders)
    assert {lang for _name, _address, lang, *_others in left_house} == {'en_US', 'fr_FR'}
    assert {execution for *_others, execution, _state in left_house} == {'approve', 'automatic'}
    is_open = {name: flag == 't' for name, flag in odoo.sql(DATABASE, """
        SELECT m.name, bool_or(l.amount_residual != 0)
          FROM account_move_line l
          JOIN account_move m ON m.id = l.move_id
          JOIN account_account a ON a.id = l.account_id AND a.account_type = 'asset_receivable'
         WHERE l.parent_state = 'posted' GROUP BY m.name""")}
    assert is_open[paid] is False
    left = {}
    for path in (demo.folder / 'mails').glob('*.eml'):
        address, subject, text = read_mail(path)
        words = set(re.findall(r'[\w/]+', f'{subject} {text}'))
        named = words & set(is_open)
        assert all(is_open[name] for name in named), (subject, named)
        for lang, closing in CLOSING.items():
            if found := re.search(rf'{closing} ?(\S+)', text):
                assert found[1] not in left, f"{found[1]} left twice"
                left[found[1]] = (address, lang, named)
    assert left == expected


def ask_server(opener, url, data):
    request = urllib.request.Request(
        url, json.dumps(data).encode(), {'Content-Type': 'application/json'})
    with opener.open(request, timeout=60) as answer:
        return json.load(answer)


class Visitor:
    """Somebody who logs in as the demo tells, and presses buttons over HTTP."""

    def __init__(self, url, login='admin', password='admin'):
        self.url = url
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self._post('/web/session/authenticate', {
            'db': DATABASE, 'login': login, 'password': password})

    def _post(self, path, params):
        answer = ask_server(self.opener, f'{self.url}{path}', {
            'jsonrpc': '2.0', 'method': 'call', 'params': params})
        assert 'error' not in answer, answer['error']
        return answer['result']

    def call(self, model, method, *args, **kwargs):
        return self._post(f'/web/dataset/call_kw/{model}/{method}', {
            'model': model, 'method': method, 'args': args, 'kwargs': kwargs})

    def find(self, model, domain, *names):
        return self.call(model, 'search_read', domain, names)


def test_a_visitor_asks_for_cover_and_sees_grade_partial_grant_and_reduction(demo, odoo):
    """By buttons and scheduled actions alone. Only the simulator's three minutes are skipped."""
    address = dict(line.split()[:2] for line in (
        demo.folder / 'simulators.log').read_text().splitlines())['allianz_trade']
    visitor = Visitor(demo.url)
    [draft] = visitor.find(
        'ar.cover.request', [('state', '=', 'draft')], 'customer_id', 'policy_id', 'amount')
    [policy] = visitor.find(
        'ar.insurance.policy', [('id', '=', draft['policy_id'][0])], 'provider_id')
    customer, provider = draft['customer_id'][0], policy['provider_id'][0]

    def read_request():
        return visitor.find('ar.cover.request', [('id', '=', draft['id'])],
                            'state', 'status', 'granted_amount', 'cover_id')[0]

    def read_now(condition):
        """Press "Read now" until the scheduled action has brought the news."""
        visitor.call('ar.provider', 'action_poll_now', [provider])
        end = time.monotonic() + 60
        while not (found := condition()):
            assert time.monotonic() < end, (read_request(), odoo.sql(
                DATABASE, "SELECT operation, code, message FROM ar_provider_error"))
            time.sleep(0.5)
        return found

    def polled_within_minutes():
        return int(odoo.sql(DATABASE, """
            SELECT COUNT(*) FROM ir_cron_trigger t JOIN ir_model_data d ON d.res_id = t.cron_id
             WHERE d.model = 'ir.cron' AND d.name = 'ir_cron_ar_provider_poll'
               AND t.call_at > timezone('UTC', now())
               AND t.call_at < timezone('UTC', now()) + interval '6 minutes'""")[0][0])

    visitor.call('ar.cover.request', 'action_send', [draft['id']])
    wait_for(lambda: read_request()['state'] == 'open')
    assert polled_within_minutes(), "the answer would come in the night"
    # At the first look the insurer is still at work; the next one is planned beside the first.
    read_now(lambda: polled_within_minutes() > 1 and any(
        call['route'] == 'job' for call in ask_server(visitor.opener, f'{address}/_sim/calls', {})))
    assert read_request()['state'] == 'open'
    request = read_now(lambda: (found := read_request())['state'] == 'answered' and found)
    assert (request['status'], request['granted_amount']) == ('granted_partial', 48000)
    assert draft['amount'] == 80000
    [rating] = visitor.find(
        'ar.rating', [('customer_id', '=', customer), ('provider_id', '=', provider)],
        'value', 'grade', 'environment')
    assert (rating['value'], rating['grade'], rating['environment']) == ('4', 4, 'simulator')

    def read_cover():
        return visitor.find(
            'ar.cover', [('id', '=', request['cover_id'][0])], 'status', 'amount_today',
            'reduced_from', 'activity_ids', 'customer_id')[0]

    cover = read_cover()
    assert (cover['status'], cover['amount_today']) == ('granted_partial', 48000)
    assert cover['customer_id'][0] == customer
    assert polled_within_minutes(), "the reduction would come in the night"
    ask_server(visitor.opener, f'{address}/_sim/clock', {'advance': 200})
    cover = read_now(lambda: (found := read_cover())['status'] == 'reduced' and found)
    assert (cover['amount_today'], cover['reduced_from']) == (24000, 48000)
    assert len(cover['activity_ids']) == 1
    told = visitor.find('ar.provider.event', [
        ('customer_id', '=', customer), ('kind', '=', 'cover')], 'summary', 'state', 'id')
    assert [(event['summary'], event['state']) for event in sorted(
        told, key=lambda event: event['id'])] == [
            ('Granted in part', 'done'), ('Reduced by the insurer', 'done')]
    # The same polls have asked the company register: one customer has closed meanwhile.
    [gone] = wait_for(lambda: visitor.find(
        'ar.customer', [('register_state', '=', 'closed')], 'display_name', 'register_closed_on',
        'activity_ids'))
    assert 'Rivoire' in gone['display_name'] and gone['register_closed_on']
    [event] = visitor.find('ar.provider.event', [
        ('kind', '=', 'register')], 'customer_id', 'code', 'environment')
    assert (event['customer_id'][0], event['code'], event['environment']) == (
        gone['id'], 'closed', 'simulator')
    assert visitor.find('mail.activity', [
        ('id', 'in', gone['activity_ids']), ('summary', 'like', 'Company register: Closed')], 'id')


def test_stop_leaves_nothing_running(demo):
    assert demo('stop').returncode == 0
    assert demo('status').stdout.strip() == 'stopped'
    with pytest.raises(OSError):
        urllib.request.urlopen(f'{demo.url}/web/login', timeout=5)
