"""What a salesperson waits for: the button over HTTP, committed, and the form read again.

Called through bench_steps.py as `click_confirm`. One Odoo server for both databases, in turns.
Unlike the bare method, every click has a transaction, access rights and a tracking message of its
own, and nothing that PostgreSQL has prepared for an earlier one.
"""

import json
import socket
import statistics
import subprocess
import time

import bench_credit
import requests
from environment import ROOT, execute
from lxml import etree

LOGIN = PASSWORD = 'bench-salesperson'


def prepare(env, number):
    """Create a salesperson and their quotations; commit; return the ids of the quotations."""
    side = bench_credit._Confirming(env)
    company = side.env.companies
    user = side.env['res.users'].with_context(no_reset_password=True).create({
        'name': "Salesperson", 'login': LOGIN, 'password': PASSWORD,
        'email': 'salesperson@example.com', 'company_id': company.id,
        'company_ids': [side.Command.set(company.ids)],
        'group_ids': [side.Command.set([
            side.env.ref('base.group_user').id,
            side.env.ref('sales_team.group_sale_salesman_all_leads').id])]})
    side.env = side.env(user=user.id)
    ids = []
    for _turn in range(number):
        # Another customer each time, as for the bare method.
        side.turn += 1
        ids += side.create_orders(1).ids
    side.env.flush_all()
    side.env.cr.commit()
    execute(side.env.cr.dbname, "ANALYZE sale_order, sale_order_line")
    return ids


class Browser:
    """Asks what the web client asks when a button of an order's form is pressed."""

    def __init__(self, url, database):
        self.url, self.session, self.context = url, requests.Session(), {}
        self.session.trust_env = False
        info = self.post('/web/session/authenticate', {
            'db': database, 'login': LOGIN, 'password': PASSWORD})
        self.context = {**info['user_context'],
                        'allowed_company_ids': [info['user_companies']['current_company']]}
        views = self.call('get_views', [], {'views': [[False, 'form']]})
        self.models = views['models']
        self.specification = self.describe(
            etree.fromstring(views['views']['form']['arch']), 'sale.order')

    def post(self, path, params):
        answer = self.session.post(self.url + path, json={
            'jsonrpc': '2.0', 'method': 'call', 'id': 1, 'params': params}, timeout=120).json()
        if 'error' in answer:
            raise SystemExit(json.dumps(answer['error'])[:3000])
        return answer['result']

    def call(self, method, args, kwargs, path='call_kw'):
        return self.post(f'/web/dataset/{path}/sale.order/{method}', {
            'model': 'sale.order', 'method': method, 'args': args,
            'kwargs': {**kwargs, 'context': self.context}})

    def describe(self, arch, model):
        """Return what the form reads: its fields, and those of its lists."""
        result = {}
        for node in arch.xpath(".//field[not(ancestor::field)]"):
            field = self.models[model]['fields'][node.get('name')]
            result.setdefault(node.get('name'), {})
            if field['type'] == 'many2one' or 'tags' in (node.get('widget') or ''):
                result[node.get('name')] = {'fields': {'display_name': {}}}
            elif field['type'] in ('one2many', 'many2many') and field['relation'] in self.models:
                inner = {}
                for view in node:
                    inner |= self.describe_view(view, field['relation'])
                result[node.get('name')] = {'fields': inner}
        return result

    def describe_view(self, view, model):
        root = etree.fromstring(etree.tostring(view))
        return self.describe(root, model)

    def click(self, order_id):
        """Return the seconds of the button and those of reading the form again."""
        started = time.perf_counter()
        self.call('action_confirm', [[order_id]], {}, 'call_button')
        pressed = time.perf_counter()
        [order] = self.call('web_read', [[order_id]], {'specification': self.specification})
        assert order['state'] == 'sale'
        return pressed - started, time.perf_counter() - pressed


def start_server(databases):
    """Start an Odoo server for these databases; return its process and its address."""
    with socket.socket() as place:
        place.bind(('127.0.0.1', 0))
        port = place.getsockname()[1]
    process = subprocess.Popen([
        str(ROOT / 'scripts' / 'odoo'), '--http-port', str(port), '--max-cron-threads', '0',
        '--db-filter', f"^({'|'.join(databases)})$", '--log-level', 'error'])
    url = f'http://127.0.0.1:{port}'
    session = requests.Session()
    session.trust_env = False
    for _try in range(240):
        try:
            session.get(f'{url}/web/health', timeout=5)
            return process, url
        except requests.ConnectionError:
            time.sleep(0.5)
    process.terminate()
    raise SystemExit("The server does not answer.")


def step_confirm(env, options):
    """Press the button with and without the module, in turns."""
    from odoo.api import SUPERUSER_ID, Environment
    from odoo.modules.registry import Registry

    databases = {'with': env.cr.dbname, 'without': options['plain']}
    with Registry(options['plain']).cursor() as cr:
        plain = Environment(cr, SUPERUSER_ID, {})
        orders = {'with': prepare(env, options['number']),
                  'without': prepare(plain, options['number'])}
    process, url = start_server(databases.values())
    try:
        sides = {name: Browser(url, database) for name, database in databases.items()}
        seconds = {name: [] for name in sides}
        for turn in range(options['number']):
            for name in list(sides) if turn % 2 else list(reversed(sides)):
                seconds[name].append(sides[name].click(orders[name][turn]))
    finally:
        process.terminate()
        process.wait()
    # The first ones warm the caches of the server.
    warm = options['number'] // 5
    return {'number': options['number'], **{
        name: [statistics.median(values) for values in (
            [button for button, _read in rows[warm:]], [read for _button, read in rows[warm:]],
            [button + read for button, read in rows[warm:]])]
        for name, rows in seconds.items()}}


def add_row(bench, click):
    """Add the row of the click beside that of the bare method."""
    (button, read, ours), (plain_button, plain_read, theirs) = click['with'], click['without']
    bench.add(f"… as a salesperson's click over HTTP, committed, and the form read again (median "
              f"of {click['number']})",
              f"{button * 1000:.1f} + {read * 1000:.1f} ms",
              f"without the module {plain_button * 1000:.1f} + {plain_read * 1000:.1f} ms: button "
              f"{button / plain_button:.3f} ×, together {ours / theirs:.3f} ×", "≤ 1.05 ×",
              ours / theirs <= 1.05)
