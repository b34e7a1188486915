"""Kill -9 at any instant, two workers, a mail server that is down: once each, or marked unknown.

Real processes, a real mail server, and nothing between them but Odoo's own queue.
"""

import os
import signal
import subprocess
import time
from collections import Counter

import pytest

CUSTOMERS = 24
READERS = 8

# One late invoice of each customer.
INVOICES = """
from odoo import Command, fields
company = env.company
if not company.chart_template:
    env['account.chart.template'].try_loading('generic_coa', company=company, install_demo=False)
company.email = 'credit@house.example.com'
due = fields.Date.subtract(fields.Date.today(), days=10)
partners = env['res.partner'].create([
    {{'name': f"Customer {{n}}", 'is_company': True, 'email': f'c{{n}}@example.com'}}
    for n in range({count})])
moves = env['account.move'].create([
    {{'move_type': 'out_invoice', 'partner_id': partner.id, 'invoice_date': due,
      'invoice_date_due': due, 'invoice_payment_term_id': False,
      'invoice_line_ids': [Command.create(
          {{'name': "Goods", 'price_unit': 100, 'tax_ids': False}})]}}
    for partner in partners])
moves.action_post()
"""

LEDGER = INVOICES + """template = env.ref('ar_collections.mail_template_ar_reminder_first')
company.ar_dunning_policy_id = env['ar.dunning.policy'].create({{
    'name': "All day", 'hour_from': 0, 'hour_to': 24, 'saturday': True, 'sunday': True,
    'skip_holidays': False,
    'level_ids': [Command.create({{
        'name': "First", 'offset_days': 5, 'execution': 'automatic', 'channel': 'email',
        'mail_template_id': template.id}})],
}})
env['ar.dunning.run']._run(company)
readers = env['res.users'].create([
    {{'name': f"Reader {{n}}", 'login': f'r{{n}}', 'email': f'r{{n}}@house.example.com',
      'group_ids': [Command.set([env.ref('base.group_user').id,
                                 env.ref('ar_collections.group_ar_auditor').id])]}}
    for n in range({readers})])
# The same report twice a day would be the same row: one schedule, due today.
env['ar.report.schedule'].create({{
    'name': "Aged balance", 'kind': 'xlsx', 'company_id': company.id,
    'user_ids': [Command.set(readers.ids)], 'next_date': fields.Date.today()}})
env.cr.commit()
"""



def make_work(*actions):
    """Return what scheduled actions do, and the mail queue after them, in a process to be killed.

    :param actions: Python statements
    """
    steps = "\n        ".join((*actions, "env['mail.mail'].process_email_queue()"))
    return f"""
print('ready', flush=True)
for attempt in range(5):
    try:
        {steps}
        env.cr.commit()
    except Exception as error:
        print('again', type(error).__name__, flush=True)
        env.cr.rollback()
print('done', flush=True)
"""


WORK = make_work(
    "env['ar.reminder']._cron_send(batch_size=4)", "env['ar.report.schedule']._cron_send()")


class Worker:
    """A process that prepares and sends; it can be killed at any instant."""

    def __init__(self, odoo, database, catcher, work=WORK):
        self.process = subprocess.Popen(
            [str(odoo_script()), 'shell', '-d', database, '--no-http', '--log-level=critical',
             *catcher.options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=odoo.env, start_new_session=True)
        # One line: the shell reads a block until the first empty line otherwise.
        self.process.stdin.write(f"exec({work!r})\n")
        self.process.stdin.close()

    def wait_ready(self):
        for line in self.process.stdout:
            if 'ready' in line:
                return self
        raise AssertionError("the worker never started")

    def wait(self):
        out = self.process.stdout.read()
        assert self.process.wait(120) == 0
        assert 'done' in out, out

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)
        self.process.stdout.close()


def odoo_script():
    from conftest import SCRIPTS
    return SCRIPTS / 'odoo'


@pytest.fixture
def ledger(odoo, scratch_db):
    """A database whose run has just approved one reminder per customer; a report is due too."""
    odoo.shell(scratch_db, LEDGER.format(count=CUSTOMERS, readers=READERS))
    assert states(odoo, scratch_db) == {'approved': CUSTOMERS}
    return scratch_db


def states(odoo, database, table='ar_reminder'):
    rows = odoo.sql(database, f"SELECT state, COUNT(*) FROM {table} GROUP BY 1")
    return {state: int(count) for state, count in rows}


def received(catcher, house=False):
    """Return {address: messages}: of the customers, or of the readers of the house."""
    return Counter(
        message['X-Catcher-To'] for message in catcher.messages()
        if message['X-Catcher-To'].endswith('@house.example.com') == house)


def check_nothing_twice_nothing_lost(odoo, database, catcher, kills):
    """Sent: exactly one message. Unknown: none or one, at most one per kill. Nothing else."""
    reminders = odoo.sql(
        database, "SELECT p.email, r.state FROM ar_reminder r"
                  " JOIN res_partner p ON p.id = r.recipient_id")
    reports = odoo.sql(
        database, "SELECT p.email, s.state FROM ar_report_sending s"
                  " JOIN res_users u ON u.id = s.user_id JOIN res_partner p ON p.id = u.partner_id")
    unknown = []
    for rows, count, mails in ((reminders, CUSTOMERS, received(catcher)),
                               (reports, READERS, received(catcher, house=True))):
        assert len(rows) == count
        assert max(mails.values()) == 1, f"sent twice: {mails.most_common(3)}"
        for address, state in rows:
            assert state in ('sent', 'unknown'), (address, state)
            if state == 'sent':
                assert mails[address] == 1, f"{address} counts as sent and got nothing"
        unknown += [address for address, state in rows if state == 'unknown']
    assert len(unknown) <= kills, unknown
    lines = odoo.sql(database, "SELECT DISTINCT l.state = r.state FROM ar_reminder_line l"
                               " JOIN ar_reminder r ON r.id = l.reminder_id")
    assert lines == [['t']]


def test_killed_at_several_instants_every_message_leaves_once(odoo, ledger, mail_catcher):
    kills = 0
    # While preparing, then after so many messages have arrived: among the reports of the house
    # and among the reminders, whichever the queue takes first.
    for instant in (0.1, 1, 5, 16, 27):
        worker = Worker(odoo, ledger, mail_catcher).wait_ready()
        if instant < 1:
            time.sleep(instant)
        else:
            end = time.monotonic() + 60
            while (len(list(mail_catcher.folder.glob('*.eml'))) < instant
                   and worker.process.poll() is None and time.monotonic() < end):
                time.sleep(0.001)
        kills += worker.process.poll() is None
        worker.kill()
    assert kills >= 3, "the workers were faster than the killer: nothing was tested"
    Worker(odoo, ledger, mail_catcher).wait()
    check_nothing_twice_nothing_lost(odoo, ledger, mail_catcher, kills)


def test_two_workers_at_once_send_each_message_once(odoo, ledger, mail_catcher):
    workers = [Worker(odoo, ledger, mail_catcher) for _number in range(2)]
    for worker in workers:
        worker.wait()
    # What one worker had locked when the other passed is left for the next round.
    Worker(odoo, ledger, mail_catcher).wait()
    check_nothing_twice_nothing_lost(odoo, ledger, mail_catcher, kills=0)


def test_a_mail_server_that_is_down_or_in_trouble_delays_and_loses_nothing(
        odoo, ledger, start_catcher):
    """Out of reach, then answering 451, then sound; one address is refused for good."""
    odoo.sql(ledger, "UPDATE res_partner SET email = 'refuse@example.com',"
                     " email_normalized = 'refuse@example.com' WHERE name = 'Customer 3'")
    down = start_catcher()
    down.stop()
    Worker(odoo, ledger, down).wait()
    assert states(odoo, ledger) == {'queued': CUSTOMERS}
    assert states(odoo, ledger, 'ar_report_sending') == {'queued': READERS}
    retry_now = "UPDATE mail_mail SET scheduled_date = NULL WHERE state = 'outgoing'"
    odoo.sql(ledger, retry_now)
    trouble = start_catcher(fail=451, port=down.port)
    Worker(odoo, ledger, trouble).wait()
    assert states(odoo, ledger) == {'queued': CUSTOMERS - 1, 'failed': 1}
    odoo.sql(ledger, retry_now)
    sound = start_catcher()
    Worker(odoo, ledger, sound).wait()
    assert states(odoo, ledger) == {'sent': CUSTOMERS - 1, 'failed': 1}
    mails = received(sound)
    assert set(mails.values()) == {1} and len(mails) == CUSTOMERS - 1
    assert states(odoo, ledger, 'ar_report_sending') == {'sent': READERS}
    mails = received(sound, house=True)
    assert set(mails.values()) == {1} and len(mails) == READERS
    assert odoo.sql(ledger, "SELECT 1 FROM ar_reminder WHERE state = 'failed'"
                            " AND reason LIKE '%recipient refused%'")
