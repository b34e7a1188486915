"""The contract tests themselves, tried on simulators, and recorded answers read again."""

import copy
import json
import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT, SCRIPTS

sys.path.insert(0, str(ROOT / 'ar_collections'))
RECORDED = ROOT / 'scripts' / 'tests' / 'recorded'
# Provider, options, a search, a company whose rating is read: as somebody with an account types it.
ACCOUNTS = {
    'infolegale': ({}, "levant", '012345674'),
    'creditsafe': ({}, "levant", 'FR-0-012345674'),
    'atradius': ({'customer_id': '1', 'policy_id': '700123', 'policy_currency': 'EUR'},
                 '012345674', '8200001'),
}


def get_simulator(code):
    """Return a running simulator and its credentials as variables of the environment."""
    from connectors.registry import get_client_class
    sys.path.insert(0, str(ROOT / 'ar_collections' / 'tests'))
    from simulators.__main__ import SIMULATORS
    cls = next(cls for cls in SIMULATORS if cls.code == code)
    return cls().start(), {
        f'AR_SANDBOX_{name.upper()}': getattr(cls, name)
        for name in get_client_class(code).credential_fields}


def run_contract(code, **more):
    """Run the contract tests in a process of their own, as the page says. Return it."""
    options, words, company = ACCOUNTS[code]
    simulator, secrets = get_simulator(code)
    for fault in more.pop('faults', ()):
        simulator.fail(**fault)
    try:
        return subprocess.run(
            [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider',
             SCRIPTS / 'tests' / 'test_contract_sandbox.py'],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, cwd=ROOT,
            env={**os.environ, **secrets, 'AR_SANDBOX_PROVIDER': code,
                 'AR_SANDBOX_OPTIONS': json.dumps(options), 'AR_SANDBOX_SEARCH': words,
                 'AR_SANDBOX_COMPANY': company, 'AR_SANDBOX_BILLED': '1',
                 'AR_SANDBOX_SIMULATOR': simulator.url, **more})
    finally:
        simulator.stop()


@pytest.mark.parametrize('code', ACCOUNTS)
def test_the_contract_tests_pass_on_a_simulator(code):
    done = run_contract(code)
    assert done.returncode == 0, done.stdout
    assert re.search(r'^4 passed', done.stdout, re.M), done.stdout


def test_the_contract_tests_fail_on_what_we_do_not_know():
    done = run_contract('infolegale', faults=[
        {'route': 'risk', 'fault': 'mutate', 'set': {'status': 'hibernating'}, 'times': 9}])
    assert done.returncode == 1, done.stdout
    assert 'hibernating' in done.stdout
    assert re.search(r'^1 failed, 3 passed', done.stdout, re.M), done.stdout


def read(recording):
    """Replay a recording; return what the client reads now, operation by operation."""
    from recording import read_back, replay
    with replay(recording) as client:
        return [read_back(getattr(client, call['operation'])(*call['arguments']))
                for call in recording['calls']]


def load_recordings():
    return {path.stem: json.loads(path.read_text()) for path in sorted(RECORDED.glob('*.json'))}


@pytest.mark.parametrize(('name', 'recording'), load_recordings().items())
def test_what_was_recorded_is_read_as_on_that_day(name, recording):
    assert recording['calls'], name
    assert read(recording) == [call['result'] for call in recording['calls']]
    text = json.dumps(recording)
    assert not re.search(r'canary|PERSONNE-INVENTEE', text), "neither credentials nor persons"


def test_a_recording_notices_when_an_answer_is_read_otherwise():
    recording = copy.deepcopy(load_recordings()['atradius'])
    covers = next(answer for answer in recording['answers'] if answer['path'].endswith('/covers'))
    before = json.dumps(covers['body'])
    changed = before.replace('"coverId"', '"cover_number"')
    assert changed != before
    covers['body'] = json.loads(changed)
    with pytest.raises(Exception, match='coverId'):
        read(recording)
