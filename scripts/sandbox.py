#!/usr/bin/env python3
"""Try a client on its provider's test installation and keep the masked answers.

    AR_SANDBOX_API_KEY=… AR_SANDBOX_OPTIONS='{"policy_id": "…"}' sandbox.py allianz_trade

Makes a token, one search if asked for, and the lists that cost nothing. Production is never spoken
to, except by clients of open data. Exits with 1 when something was not understood.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from connectors.capability import Capability, Support
from connectors.errors import ConfigurationError, ConnectorError
from connectors.registry import CLIENTS, get_client_class
from connectors.transport import LocalSimulator
from recording import Recorder, make_plain

FREE_LISTS = (Capability.GET_POLICY, Capability.LIST_REQUESTS, Capability.LIST_COVERS)


def make_client(code, simulator=''):
    """Return the client of a provider with what the environment holds.

    :param simulator: address of a simulator on this machine, to try this script
    """
    cls = get_client_class(code)
    names = (*cls.credential_fields, 'user_prefix')
    credentials = {
        name: os.environ[f'AR_SANDBOX_{name.upper()}'] for name in names
        if os.environ.get(f'AR_SANDBOX_{name.upper()}')}
    options = json.loads(os.environ.get('AR_SANDBOX_OPTIONS') or '{}')
    return cls(credentials, environment='test', options=options,
               simulator=LocalSimulator(simulator) if simulator else None)


def collect_attention(result):
    """Return what a result asks a person to look at, however deep it stands."""
    found = [f'{x.code} {x.field} {x.value}'.strip() for x in getattr(result, 'attention', ())]
    for name in ('items', 'companies'):
        for item in getattr(result, name, ()):
            found += collect_attention(item)
    return found


def keep(folder, name, result):
    """Write a result with its masked answer; floats and dates become text."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(make_plain(result), default=str, ensure_ascii=False, indent=1)
    (folder / f'{name}.json').write_text(text, encoding='utf-8')


def run(client, search, folder):
    """Make the calls, keep each result and the recording of them all.

    :return: what was not understood
    """
    recorder = Recorder(client)
    steps = [('test_connection', ())]
    if search:
        steps.append(('search_company', (search,)))
    steps += [(x.value, ()) for x in FREE_LISTS]
    problems = []
    for name, args in steps:
        if client.get_support(Capability(name)) != Support.YES:
            continue
        try:
            result = getattr(client, name)(*args)
        except (ConnectorError, ConfigurationError) as error:
            problems.append(f'{name}: {error}')
            continue
        keep(folder, name, result)
        recorder.add(name, args, result)
        problems += [f'{name}: {x}' for x in dict.fromkeys(collect_attention(result))]
        sys.stdout.write(f'{name}: answered\n')
    keep(folder, 'recording', recorder.dump())
    return problems


def main():
    """Read the arguments, make the calls, tell the rest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('provider', choices=sorted(CLIENTS))
    parser.add_argument('--search', default='', help="name or number to look for; may be billed")
    parser.add_argument('--keep', default='sandbox', help="folder of the masked answers")
    parser.add_argument('--simulator', default='', help="address of a simulator instead")
    args = parser.parse_args()
    client = make_client(args.provider, args.simulator)
    problems = run(client, args.search, Path(args.keep) / args.provider)
    for problem in problems:
        sys.stdout.write(f'{problem}\n')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
