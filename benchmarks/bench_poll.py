"""10,000 linked companies polled against simulators: time, calls, memory; killed and resumed.

Called through bench_steps.py as `poll_<step>`. The simulators are real HTTP servers in a process of
their own, started here; nothing leaves this machine.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / 'ar_collections' / 'tests'
COMPANIES = 10_000
# Of the register that counts calls by the minute: what it allows, and whom we ask about.
LIMIT, WINDOW, REGISTERED = 30, 60.0, 60
# Of the gazette: calls that we allow ourselves in ten seconds (the portal publishes no figure),
# companies in a call, and how many of the companies have failed.
GAZETTE_LIMIT, GAZETTE_WINDOW, GAZETTE_PART, FAILED = 100, 10.0, 30, 100
# Codes of the two accounts: one that bills each report, one that does not.
BILLED, FREE = 'creditsafe', 'infolegale'
SERVER = """
import sys, time
from simulators import infolegale, open_data, ratings, server
from simulators.server import Response

number = int(sys.argv[1])
server.KEPT_CALLS = 20 * number
sirens = [f'{n:08d}' for n in range(number)]
def luhn(digits):
    total = 0
    for place, digit in enumerate(reversed(digits), 1):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
sirens = [siren + luhn(siren) for siren in sirens]
infolegale.COMPANIES.update({siren: {
    'name': 'COMPANY ' + siren, 'score': int(siren[-3:-1]) % 21, 'class': '', 'label': 'Invented',
    'status': 'active'} for siren in sirens})
ratings.COMPANIES.update({'FR-0-' + siren: {
    'name': 'COMPANY ' + siren, 'siren': siren, 'value': str(int(siren[-3:-1])), 'letter': 'B',
    'status': 'Active'} for siren in sirens})
for kind in (infolegale.Infolegale, ratings.Creditsafe, open_data.InseeSirene, open_data.Bodacc):
    simulator = kind()
    if kind is open_data.Bodacc:
        step = max(number // int(sys.argv[2]), 1)
        day = time.strftime('%Y-%m-%d', time.gmtime(time.time() - 5 * 86400))
        simulator.notices = [open_data.make_notice(
            n, siren, day, "Jugement d'ouverture de liquidation judiciaire")
            for n, siren in enumerate(sirens[::step], 1)]
    simulator.now = time.time
    simulator.start()
    print(simulator.code, simulator.url, flush=True)
while True:
    time.sleep(60)
"""


def luhn(digits):
    """Return the check digit of a SIREN."""
    total = 0
    for place, digit in enumerate(reversed(digits), 1):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def start_simulators(number):
    """Start the servers; return the process and their addresses by code."""
    process = subprocess.Popen(
        [sys.executable, '-c', SERVER, str(number), str(FAILED)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, 'PYTHONPATH': str(TESTS)})
    return process, dict(process.stdout.readline().split() for _server in range(4))


def get_times(url, route):
    """Return when a simulator received each call of a route, by its own clock."""
    import requests

    session = requests.Session()
    session.trust_env = False
    calls = session.post(f'{url}/_sim/calls', json={}, timeout=60).json()
    return [call['at'] for call in calls if call['route'] == route]


def count_calls(url, route):
    """Return how many calls of a route a simulator has seen."""
    return len(get_times(url, route))


def prepare(env, urls, number):
    """Create the two accounts and as many linked customers; commit."""
    from odoo.tools import SQL

    company = env.ref('base.main_company')
    france = env.ref('base.fr')
    providers = {}
    for code in (BILLED, FREE):
        provider = env['ar.provider'].create({
            'name': f'Bench {code}', 'code': code, 'company_id': company.id, 'is_on': True,
            'simulator_url': urls[code], 'test_counts': True, 'daily_budget': number})
        provider._set_credentials({
            'username': f'canary-{code}-user',
            'password': {BILLED: 'canary-creditsafe-pass-3b3',
                         FREE: 'canary-infolegale-pass-88d'}[code]})
        providers[code] = provider
    sirens = [f'{n:08d}' for n in range(number)]
    sirens = [siren + luhn(siren) for siren in sirens]
    partners = env['res.partner'].create([
        {'name': f'Company {siren}', 'is_company': True, 'company_registry': siren,
         'country_id': france.id} for siren in sirens])
    customers = env['ar.customer']._get_or_create(partners, company)
    by_partner = {customer.partner_id.id: customer.id for customer in customers}
    for code, prefix in ((BILLED, 'FR-0-'), (FREE, '')):
        env.cr.execute(SQL(
            """
            INSERT INTO ar_provider_link (provider_id, customer_id, company_id, external_id,
                                          state, evidence, rating_wanted, failures)
            SELECT %s, customer_id, %s, number, 'linked', 'national', TRUE, 0
              FROM UNNEST(%s::int[], %s::text[]) row(customer_id, number)
            """,
            providers[code].id, company.id, [by_partner[partner.id] for partner in partners],
            [prefix + siren for siren in sirens]))
    env.cr.commit()
    return {code: provider.id for code, provider in providers.items()}


def poll(database, only, action='_cron_poll'):
    """Poll one account in a process of its own, as the scheduled action does.

    :param action: method of `ar.provider`, or of `ar.customer` for the gazette
    :return: the process; its output is seconds, queries, memory
    """
    code = (
        "import sys, time; sys.path.insert(0, %r)\n"
        "from environment import open_env, peak_memory_mb\n"
        "with open_env(%r) as env:\n"
        "    env['ar.provider'].search([('id', '!=', %d)]).is_on = False\n"
        "    env['ar.provider'].browse(%d).is_on = True\n"
        "    env.cr.commit()\n"
        "    started, before = time.perf_counter(), env.cr.sql_log_count\n"
        "    env[%r].%s()\n"
        "    print(time.perf_counter() - started, env.cr.sql_log_count - before,\n"
        "          peak_memory_mb())\n" % (
            str(Path(__file__).resolve().parent), database, only, only,
            'ar.provider' if action == '_cron_poll' else 'ar.customer', action))
    return subprocess.Popen(
        [sys.executable, '-c', code], stdout=subprocess.PIPE, text=True,
        env={**os.environ, 'AR_COLLECTIONS_SIMULATORS': '1'})


def read(process):
    """Wait for a poll; return its seconds, queries and memory in MB."""
    output = process.communicate()[0].split()
    return tuple(float(value) for value in output[-3:])


def count_ratings(env, provider_id):
    """Return how many ratings of a provider are committed."""
    env.cr.commit()
    env.cr.execute('SELECT COUNT(*) FROM ar_rating WHERE provider_id = %s', [provider_id])
    return env.cr.fetchone()[0]


def step_companies(env, options):
    """Poll both accounts; kill the billed one half-way and resume it."""
    number = options.get('companies', COMPANIES)
    database = env.cr.dbname
    server, urls = start_simulators(number)
    try:
        ids = prepare(env, urls, number)
        free = read(poll(database, ids[FREE]))
        again = read(poll(database, ids[FREE]))
        killed = poll(database, ids[BILLED])
        while count_ratings(env, ids[BILLED]) < number // 2:
            time.sleep(0.2)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        kept = count_ratings(env, ids[BILLED])
        resumed = read(poll(database, ids[BILLED]))
        env.cr.commit()
        env.cr.execute(
            "SELECT SUM(billed) FROM ar_provider_usage WHERE provider_id = %s"
            " AND operation = '*'", [ids[BILLED]])
        return {
            'companies': number, 'free': free, 'again': again, 'kept': kept,
            'resumed': resumed, 'billed': env.cr.fetchone()[0],
            'reports': count_calls(urls[BILLED], 'report'),
            'ratings': count_ratings(env, ids[BILLED]),
            'scores': count_calls(urls[FREE], 'score'),
        }
    finally:
        server.terminate()
        server.wait()


def add_french_customers(env, company, number):
    """Give a company customers with a SIREN each, and commit."""
    sirens = [f'{n:08d}' for n in range(number)]
    env['ar.customer']._get_or_create(env['res.partner'].create([
        {'name': f'Company {siren}', 'is_company': True,
         'company_registry': siren + luhn(siren), 'country_id': env.ref('base.fr').id}
        for siren in sirens]), company)
    env.cr.commit()


def step_limited(env, options):
    """Poll the register that allows 30 calls in a minute, in real time: about a minute."""
    number = options.get('companies', REGISTERED)
    server, urls = start_simulators(number)
    try:
        # Without a country: Odoo would install what French companies need.
        company = env['res.company'].create({
            'name': 'Bench register', 'ar_register_active': True})
        provider, _off = env['ar.provider'].create([
            {'name': code, 'code': code, 'company_id': company.id, 'test_counts': True,
             'is_on': code == 'insee_sirene', 'simulator_url': urls.get(code)}
            for code in ('insee_sirene', 'recherche_entreprises')])
        provider._set_credentials({'api_key': 'canary-insee-key-2b7'})
        add_french_customers(env, company, number)
        seconds, _queries, _memory = read(poll(env.cr.dbname, provider.id))
        times = get_times(urls['insee_sirene'], 'siren')
        return {
            'companies': number, 'seconds': seconds, 'calls': len(times),
            'most': max(sum(1 for at in times if first <= at < first + WINDOW)
                        for first in times)}
    finally:
        server.terminate()
        server.wait()


def step_gazette(env, options):
    """Read the gazette for all companies as the scheduled action of the night does; once more."""
    number = options.get('companies', COMPANIES)
    server, urls = start_simulators(number)
    try:
        company = env['res.company'].create({'name': 'Bench gazette', 'ar_bodacc_active': True})
        env['ar.provider'].search([]).is_on = False
        provider = env['ar.provider'].search([
            ('code', '=', 'bodacc'), ('company_id', '=', company.id)]) or env[
                'ar.provider'].create({
                    'name': 'bodacc', 'code': 'bodacc', 'company_id': company.id})
        provider.write({'is_on': True, 'environment': 'test', 'test_counts': True,
                        'simulator_url': urls['bodacc']})
        add_french_customers(env, company, number)
        first = read(poll(env.cr.dbname, provider.id, '_cron_poll_bodacc'))
        times = get_times(urls['bodacc'], 'records')
        again = read(poll(env.cr.dbname, provider.id, '_cron_poll_bodacc'))
        env.cr.commit()
        env.cr.execute(
            """SELECT COUNT(*) FILTER (WHERE bodacc_checked_on IS NOT NULL),
                      COUNT(*) FILTER (WHERE insolvency_state = 'liquidation')
                 FROM ar_customer WHERE company_id = %s""", [company.id])
        checked, failed = env.cr.fetchone()
        return {
            'companies': number, 'first': first, 'again': again, 'calls': len(times),
            'more': count_calls(urls['bodacc'], 'records') - len(times),
            'most': max(sum(1 for at in times if start <= at < start + GAZETTE_WINDOW)
                        for start in times),
            'checked': checked, 'failed': failed,
            'expected': len(range(0, number, max(number // FAILED, 1)))}
    finally:
        server.terminate()
        server.wait()


# === ROWS === #
def add_gazette_row(bench, figures):
    """Add the row of the official gazette."""
    number = figures['companies']
    seconds, queries, memory = figures['first']
    calls = -(-number // GAZETTE_PART)
    bench.add(
        f"Gazette (BODACC) read for {number:,} companies",
        f"{figures['calls']} calls in {seconds:.0f} s, {queries / number:.1f} queries each, "
        f"{memory:.0f} MB",
        f"at most {figures['most']} calls in any ten seconds, by the portal's own record; "
        f"{figures['failed']} liquidations found; once more the same night: {figures['more']} "
        "calls",
        f"{calls} calls, {GAZETTE_LIMIT} in ten seconds, < 1 GB",
        figures['calls'] == calls and figures['most'] <= GAZETTE_LIMIT and memory < 1024
        and figures['checked'] == number and figures['failed'] == figures['expected']
        and not figures['more'])


def add_limited_row(bench, figures):
    """Add the row of the register that counts calls by the minute."""
    bench.add(
        f"Poll of {figures['companies']} companies at a register of {LIMIT} calls a minute",
        f"{figures['calls']} calls in {figures['seconds']:.0f} s",
        f"at most {figures['most']} in any minute, by the register's own record",
        f"{LIMIT} a minute, each asked once",
        figures['most'] <= LIMIT and figures['calls'] == figures['companies'])


def add_rows(bench, poll_figures):
    """Add the rows of the poll to the table of bench.py."""
    figures = poll_figures
    number = figures['companies']
    seconds, queries, memory = figures['free']
    bench.add(
        f"Poll of {number:,} linked companies, two requests each",
        f"{seconds:.0f} s, {seconds / number * 1000:.0f} ms and {queries / number:.1f} queries "
        f"each, {memory:.0f} MB",
        f"{figures['scores']:,} scores asked for; once more the same night: "
        f"{figures['again'][0]:.1f} s", "< 1 GB, one call each",
        memory < 1024 and figures['scores'] == number)
    lost = number - figures['ratings']
    bench.add(
        f"Billed poll killed after {figures['kept']:,}, then resumed",
        f"{figures['reports']:,} reports ordered, {figures['billed']:,} counted, "
        f"{figures['ratings']:,} kept, {lost} lost and handed to a person",
        f"resumed in {figures['resumed'][0]:.0f} s", "no report ordered twice",
        figures['reports'] == figures['billed'] == number and lost <= 1)
