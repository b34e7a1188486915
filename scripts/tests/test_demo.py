"""`make demo` on a database of its own: created once, quick afterwards, mails in files, stopped."""

import email
import email.policy
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
    assert len(re.findall(r'^  \d\. ', demo.tour, re.M)) == 6
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


def test_stop_leaves_nothing_running(demo):
    assert demo('stop').returncode == 0
    assert demo('status').stdout.strip() == 'stopped'
    with pytest.raises(OSError):
        urllib.request.urlopen(f'{demo.url}/web/login', timeout=5)
