"""A batch of statements, killed while it is prepared and while it leaves: once each, or unknown."""

import time

from test_crash_safety import INVOICES, Worker, make_work, received, states

CUSTOMERS = 24

LEDGER = INVOICES + """accounts = env['ar.customer']._get_or_create(partners, company)
env['ar.statement.run']._start(accounts, date_to=fields.Date.today(), skip_empty=True)
env.cr.commit()
"""

WORK = make_work("env['ar.statement.sending']._cron_send(batch_size=8)")


def test_a_batch_of_statements_killed_at_several_instants(odoo, scratch_db, mail_catcher):
    """Between recording and preparing, between two batches, and between two messages."""
    odoo.shell(scratch_db, LEDGER.format(count=CUSTOMERS))
    assert states(odoo, scratch_db, 'ar_statement_sending') == {'waiting': CUSTOMERS}

    def prepared(count):
        return sum(states(odoo, scratch_db, 'ar_statement_sending').get(state, 0)
                   for state in ('queued', 'sending', 'sent', 'unknown')) >= count

    def arrived(count):
        return len(list(mail_catcher.folder.glob('*.eml'))) >= count

    kills = 0
    for is_time, count in ((lambda _count: True, 0), (prepared, 8), (arrived, 1), (arrived, 14)):
        worker = Worker(odoo, scratch_db, mail_catcher, WORK).wait_ready()
        end = time.monotonic() + 60
        while (not is_time(count) and worker.process.poll() is None
               and time.monotonic() < end):
            time.sleep(0.001)
        kills += worker.process.poll() is None
        worker.kill()
    assert kills >= 3, "the workers were faster than the killer: nothing was tested"
    Worker(odoo, scratch_db, mail_catcher, WORK).wait()
    check_each_left_once(odoo, scratch_db, mail_catcher, kills)


def check_each_left_once(odoo, database, catcher, kills):
    """Sent: one message with the customer's own statement. Unknown: at most one, one per kill."""
    rows = odoo.sql(
        database, "SELECT p.email, p.name, s.state FROM ar_statement_sending s"
                  " JOIN ar_customer c ON c.id = s.customer_id"
                  " JOIN res_partner p ON p.id = c.partner_id")
    assert len(rows) == CUSTOMERS
    mails = received(catcher)
    assert max(mails.values()) == 1, f"sent twice: {mails.most_common(3)}"
    unknown = [address for address, _name, state in rows if state == 'unknown']
    assert len(unknown) <= kills, unknown
    for address, _name, state in rows:
        assert state in ('sent', 'unknown'), (address, state)
        assert state == 'unknown' or mails[address] == 1, f"{address} got nothing"
    names = {address: name for address, name, _state in rows}
    for message in catcher.messages():
        [document] = [part.get_filename() for part in message.iter_attachments()]
        assert f"{names[message['X-Catcher-To']]} " in document, document
