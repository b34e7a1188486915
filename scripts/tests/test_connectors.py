"""Simulators as a command, the script for test accounts, and what the pages of docs/ claim."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest
from conftest import ROOT, SCRIPTS

sys.path.insert(0, str(ROOT / 'ar_collections'))
MARKS = {'documented': 'D', 'observed': 'C', 'unconfirmed': 'A'}


@pytest.fixture(scope='module')
def simulators():
    """The command of `make simulators` on free ports: {code: (address, credentials)}."""
    from connectors.registry import CLIENTS
    process = subprocess.Popen([SCRIPTS / 'simulators', '0'], stdout=subprocess.PIPE, text=True)
    lines = [process.stdout.readline().split(' ', 2) for _client in CLIENTS]
    yield {code: (url, json.loads(credentials)) for code, url, credentials in lines}
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    process.stdout.close()


def control(url, name, data=None):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f'{url}/_sim/{name}', json.dumps(data or {}).encode(), timeout=20) as answer:
        return json.load(answer)


def try_sandbox(code, url, tmp_path, *args, **env):
    return subprocess.run(
        [SCRIPTS / 'sandbox', code, '--simulator', url, '--keep', tmp_path, *args], text=True,
        env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)


def test_all_clients_have_a_simulator(simulators):
    from connectors.registry import CLIENTS
    assert set(simulators) == set(CLIENTS)


def test_a_simulator_obeys_over_http(simulators):
    url = simulators['atradius'][0]
    before = control(url, 'clock')['now']
    assert control(url, 'clock', {'advance': 1800})['now'] >= before + 1800
    control(url, 'faults', {'route': 'token', 'fault': 'status', 'status': 503})
    request = urllib.request.Request(f'{url}/authenticate/v2/tokens', b'')
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError, match='503'):
        opener.open(request, timeout=20)
    assert [x['route'] for x in control(url, 'calls')] == ['token']
    control(url, 'reset')
    assert control(url, 'calls') == []


def test_the_script_for_test_accounts_keeps_masked_answers(simulators, tmp_path):
    url, secrets = simulators['atradius']
    env = {f'AR_SANDBOX_{key.upper()}': value for key, value in secrets.items()}
    env['AR_SANDBOX_OPTIONS'] = json.dumps(
        {'customer_id': '1', 'policy_id': '700123', 'policy_currency': 'EUR'})
    done = try_sandbox('atradius', url, tmp_path, '--search', '012345674', **env)
    assert done.returncode == 0, done.stdout
    kept = {path.stem for path in tmp_path.rglob('*.json')}
    assert kept == {
        'test_connection', 'search_company', 'get_policy', 'list_requests', 'list_covers',
        'recording'}
    text = done.stdout + ''.join(path.read_text() for path in tmp_path.rglob('*.json'))
    assert '8200001' in text
    assert not [x for x in (*secrets.values(), 'canary') if x in text]


def test_the_script_tells_what_went_wrong(simulators, tmp_path):
    url = simulators['creditsafe'][0]
    done = try_sandbox('creditsafe', url, tmp_path, AR_SANDBOX_USERNAME='nobody',
                       AR_SANDBOX_PASSWORD='wrong-pass')
    assert done.returncode == 1
    assert 'login_refused' in done.stdout
    assert 'wrong-pass' not in done.stdout


def test_the_table_of_the_docs_is_what_the_code_says():
    from connectors.capability import Capability
    from connectors.registry import CLIENTS, get_client_class
    text = (ROOT / 'docs' / 'connectors.md').read_text()
    rows = [[x.strip() for x in line.strip('|').split('|')]
            for line in text.splitlines() if line.startswith('|')]
    head = next(row for row in rows if row[0] == 'operation')
    assert set(head[1:]) == set(CLIENTS)
    table = {row[0].strip('`'): row[1:] for row in rows if len(row) == len(head)}
    for capability in Capability:
        cells = []
        for code in head[1:]:
            cls = get_client_class(code)
            spec = cls.specs.get(capability)
            cells.append(MARKS[spec.confidence] if spec else
                         'hand' if capability in cls.manual else '')
        assert table.get(capability.value, [''] * len(cells)) == cells, capability


def test_every_test_named_in_the_list_of_faults_exists():
    text = (ROOT / 'docs' / 'faults.md').read_text()
    named = set(re.findall(r'`(test_\w+)`', text))
    folder = ROOT / 'ar_collections' / 'tests'
    # Odoo runs no file that is not named there.
    run = set(re.findall(r'\w+', (folder / '__init__.py').read_text()))
    files = [path for path in folder.rglob('test_*.py') if path.stem in run]
    files += (ROOT / 'scripts' / 'tests').glob('test_*.py')
    written = set(re.findall(
        r'^ *def (test_\w+)', ''.join(path.read_text() for path in files), re.M))
    assert named and not named - written
    assert [int(x) for x in re.findall(r'^\| (\d+) \|', text, re.M)] == list(range(1, 42))
