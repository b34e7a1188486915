"""Two orders confirmed at the same instant cannot both slip under one limit.

Two real processes with a connection each. Both open their transaction and look at the figures
before either of them decides; the loser is run again by Odoo, on fresh figures.
"""

import json
import subprocess
import time

import pytest
from conftest import SCRIPTS

SHOP = """
from odoo import Command
company = env.company
if not company.chart_template:
    env['account.chart.template'].try_loading('generic_coa', company=company, install_demo=False)
branch = env['res.company'].create({'name': "Branch", 'parent_id': company.id})
env['account.chart.template'].try_loading('generic_coa', company=branch, install_demo=False)
(company | branch).ar_credit_active = True
goods = env['product.product'].create({'name': "Goods", 'type': 'service', 'taxes_id': False})

def quote(partner, where=company):
    return env['sale.order'].with_company(where).create({
        'partner_id': partner.id, 'company_id': where.id, 'order_line': [Command.create(
            {'product_id': goods.id, 'price_unit': 600, 'tax_ids': False})]}).id

def customer(name, limit=1000):
    partner = env['res.partner'].create({'name': name, 'is_company': True})
    for where in company | branch:
        partner.with_company(where).credit_limit = limit
    return partner

known, unknown, entity, first, second, grower = map(
    customer, ['known', 'new', 'entity', 'one', 'two', 'grower'])
env['ar.customer']._get_or_create(known | entity, company)
(first | second).credit_limit = 0
group = env['ar.credit.group'].create({
    'name': "Holding", 'limit': 1000, 'company_ids': [Command.set(company.ids)],
    'currency_id': company.currency_id.id})
env['ar.customer']._get_or_create(first | second, company).credit_group_id = group
growing = env['sale.order'].browse([quote(grower), quote(grower)])
growing.order_line.price_unit = 100
growing.action_confirm()
orders = {
    'known customer': [quote(known), quote(known)],
    'new customer': [quote(unknown), quote(unknown)],
    'company and branch': [quote(entity), quote(entity, branch)],
    'group': [quote(first), quote(second)],
    'growth': growing.ids,
}
env.cr.commit()
import json
print('ORDERS', json.dumps(orders))
"""

# One request: open the transaction, read the figures, wait for the other, decide, commit. The
# retries are those of Odoo's own server.
REQUEST = """
import json, os, time
from odoo.service.model import retrying
order_id, growth, here, there, result = {order_id}, {growth}, {here!r}, {there!r}, {result!r}
attempts = []

def work():
    attempts.append(1)
    env.invalidate_all()
    order = env['sale.order'].browse(order_id)
    order.partner_id.name
    env.cr.execute('SELECT COUNT(*) FROM sale_order')
    open(here, 'w').close()
    end = time.monotonic() + 60
    while not os.path.exists(there) and time.monotonic() < end:
        time.sleep(0.01)
    if growth:
        order.order_line.price_unit = 600
    else:
        order.with_company(order.company_id).action_confirm()
    # The decision stands open for a moment, as in a slow request.
    env.flush_all()
    time.sleep(0.5)

try:
    retrying(work, env)
    env.cr.commit()
    error = ''
except Exception as failure:
    env.cr.rollback()
    error = str(failure)
with open(result, 'w') as file:
    json.dump(dict(attempts=len(attempts), error=error), file)
"""


@pytest.fixture(scope='module')
def shop(odoo, installed_db):
    """A database with pairs of orders of 600 each under limits of 1000."""
    name = f'ar_pairs_{time.time_ns() % 10**8}'
    odoo.clone(installed_db, name)
    out = odoo.shell(name, SHOP)
    orders = json.loads(out.split('ORDERS', 1)[1].strip().splitlines()[0])
    yield name, orders
    odoo.drop(name)


@pytest.mark.parametrize('pair', [
    'known customer', 'new customer', 'company and branch', 'group', 'growth'])
def test_only_one_of_two_passes(odoo, shop, tmp_path, pair):
    database, orders = shop
    processes, results = [], []
    for number, order_id in enumerate(orders[pair]):
        result = tmp_path / f'result{number}'
        code = REQUEST.format(
            order_id=order_id, growth=pair == 'growth', here=str(tmp_path / f'at{number}'),
            there=str(tmp_path / f'at{1 - number}'), result=str(result))
        process = subprocess.Popen(
            [str(SCRIPTS / 'odoo'), 'shell', '-d', database, '--no-http',
             '--log-level=critical'], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, text=True, env=odoo.env, start_new_session=True)
        process.stdin.write(f"exec({code!r})\n")
        process.stdin.close()
        processes.append(process)
        results.append(result)
    for process in processes:
        assert process.wait(180) == 0
    answers = [json.loads(result.read_text()) for result in results]
    attempts = sorted(answer['attempts'] for answer in answers)
    assert attempts[0] == 1 and attempts[1] > 1, f"they never met: {answers}"
    ids = ','.join(map(str, orders[pair]))
    rows = odoo.sql(database, f"SELECT state, amount_total FROM sale_order WHERE id IN ({ids})"
                              f" ORDER BY state, amount_total")
    if pair == 'growth':
        assert [row[1] for row in rows] == ['100.00', '600.00'], (rows, answers)
        assert any('cannot grow' in answer['error'] for answer in answers)
    else:
        assert [row[0] for row in rows] == ['draft', 'sale'], (rows, answers)
        assert not any(answer['error'] for answer in answers), answers
