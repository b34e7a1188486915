"""Replay the year 2012 of a real ledger, night by night, and check who heard what.

The file is the public sample of late payment histories that IBM published for Watson Analytics
(100 customers, invoices with due date and day of settlement). It is not part of the project: give
its path as argument or in AR_DATA.

Each day the invoices of the day are posted and the payments of the day registered through Odoo;
then the nightly actions run as they are. Mails leave by SMTP to a catcher on this machine, and the
verdict is drawn from the caught files and the CSV alone, not from our own tables.
"""

import argparse
import collections
import csv
import email
import email.policy
import os
import re
import statistics
import subprocess
import sys
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path

from environment import (
    RESULTS,
    ROOT,
    database_exists,
    drop_database,
    markdown_table,
    open_env,
    run_odoo,
)

FILE_NAME = 'receivables_2012_2013h1.csv'
INVOICE_NAME = re.compile(r'INV/\d{4}/\d{5}')
# Working hours of the nightly job in the replay: early enough for the policy to send the same day.
RUN_HOUR = 9


class Replay:
    """One database, one year; `sent` collects (day, recipient, CSV invoice numbers)."""

    def __init__(self, env, rows, arguments, mail_folder):
        self.env = env
        self.rows = rows
        self.arguments = arguments
        self.mail_folder = Path(mail_folder)
        self.seen = set()
        self.sent = []
        self.csv_numbers = {}
        self.moves = {}

    # === SET-UP === #
    def prepare(self):
        """Company, term, customers and policy."""
        from ledger_setup import LedgerSetup

        from odoo.fields import Command

        setup = LedgerSetup(self.env, date(2012, 1, 1))
        setup._setup_currencies()
        self.company = setup._setup_main_company()
        self.journal = setup.journal(self.company, 'bank')
        self.term = setup._setup_term("30 days (replay)", [(100, 30)])
        self.env['mail.mail'].search([]).unlink()
        names = sorted({row['customer'] for row in self.rows})
        partners = self.env['res.partner'].create([{
            'name': f"Customer {name}",
            'is_company': True,
            'email': f'accounts@{name.lower()}.example',
            'lang': 'en_US', 'street': "1 Main Street", 'city': "Springfield",
        } for name in names])
        self.partners = dict(zip(names, partners, strict=True))
        policy = self.env.ref(f'ar_collections.ar_dunning_policy_{self.arguments.policy}')
        policy.max_auto_steps = self.arguments.cap
        self.company.write({'ar_dunning_policy_id': policy.id, 'ar_dunning_active': True})
        self.company.resource_calendar_id.tz = 'UTC'
        self.line_command = Command
        self.env['ir.config_parameter'].set_param('web.base.url', 'http://localhost')
        self.env.cr.commit()

    # === DAYS === #
    def run(self, until):
        """Live through the year."""
        from freezegun import freeze_time

        by_day = collections.defaultdict(list)
        settled = collections.defaultdict(list)
        for row in self.rows:
            by_day[row['invoice_date']].append(row)
            settled[row['settled_date']].append(row)
        day = min(by_day)
        while day <= until:
            with freeze_time(datetime(day.year, day.month, day.day, RUN_HOUR)):
                self._post(by_day[day])
                self._pay(settled[day])
                self._work(day)
            self._collect(day)
            if day.day == 1:
                print(f"  {day}: {len(self.sent)} messages so far", flush=True)
            day += timedelta(days=1)

    def _post(self, rows):
        Command = self.line_command
        moves = self.env['account.move'].create([{
            'move_type': 'out_invoice',
            'partner_id': self.partners[row['customer']].id,
            'invoice_date': row['invoice_date'],
            'invoice_payment_term_id': self.term.id,
            'invoice_line_ids': [Command.create({
                'name': f"Invoice {row['invoice']}", 'quantity': 1, 'price_unit': row['amount'],
                'tax_ids': [Command.clear()],
            })],
        } for row in rows])
        if moves:
            moves.action_post()
        for row, move in zip(rows, moves, strict=True):
            if move.invoice_date_due != row['due_date']:
                raise SystemExit(f"{row['invoice']}: due {move.invoice_date_due} in Odoo")
            self.moves[row['invoice']] = move.id
            self.csv_numbers[move.name] = row['invoice']

    def _pay(self, rows):
        for row in rows:
            move_id = self.moves.get(row['invoice'])
            if not move_id:
                continue
            self.env['account.payment.register'].with_context(
                active_model='account.move', active_ids=[move_id],
            ).create({'payment_date': row['settled_date'], 'journal_id': self.journal.id}
                     )._create_payments()
        self.env.cr.commit()

    def _work(self, day):
        """What the scheduled actions do, and once a week what the approver does."""
        self.env['ar.dunning.run']._cron_nightly()
        if self.arguments.approve == 'weekly' and day.weekday() == 4:
            waiting = self.env['ar.reminder'].search([
                ('state', '=', 'proposed'), ('channel', '=', 'email')])
            if waiting:
                waiting._approve()
        self.env['ar.reminder']._cron_send()
        self.env['mail.mail'].process_email_queue()
        self.env.cr.commit()
        self.env.invalidate_all()

    def _collect(self, day):
        """Read what has reached the catcher since yesterday."""
        for path in sorted(set(self.mail_folder.glob('*.eml')) - self.seen):
            self.seen.add(path)
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = message.get_body(('html', 'plain'))
            names = INVOICE_NAME.findall(body.get_content() if body else '')
            invoices = sorted({self.csv_numbers[name] for name in names})
            self.sent.append((day, message['X-Catcher-To'], invoices, message['Subject']))


class Verdict:
    """Checks drawn from the caught mails and the CSV."""

    def __init__(self, replay):
        self.replay = replay
        self.rows = {row['invoice']: row for row in replay.rows}

    def check(self):
        """Return the list of broken promises; empty is good."""
        problems = []
        for day, recipient, invoices, _subject in self.replay.sent:
            if not invoices:
                problems.append(f"{day}: a mail to {recipient} names no invoice")
            for number in invoices:
                row = self.rows[number]
                if row['settled_date'] <= day:
                    problems.append(f"{day}: {number} was paid on {row['settled_date']}")
                if row['customer'].lower() not in recipient:
                    problems.append(f"{day}: {number} of {row['customer']} went to {recipient}")
        self.replay.env.cr.execute("""
            SELECT move_line_id, level_id, count(*) FROM ar_reminder_line
             WHERE kind = 'step' AND state = 'sent' GROUP BY 1, 2 HAVING count(*) > 1
        """)
        problems += [f"item {item} was sent level {level} {count} times"
                     for item, level, count in self.replay.env.cr.fetchall()]
        self.replay.env.cr.execute("""
            SELECT count(*) FROM ar_reminder WHERE state = 'sent' AND channel = 'email'""")
        [(recorded,)] = self.replay.env.cr.fetchall()
        if recorded != len(self.replay.sent):
            problems.append(f"{recorded} reminders are marked sent, {len(self.replay.sent)} mails "
                            "were caught")
        return problems

    # === REPORT === #
    def report(self, problems):
        """Return the stored page."""
        arguments = self.replay.arguments
        approval = ("a person approves what waits every Friday" if arguments.approve == 'weekly'
                    else "nobody approves anything")
        return (
            "# Replay of 2012\n\n"
            f"{len(self.replay.moves):,} real invoices of {len(self.replay.partners)} customers, "
            "posted and paid in Odoo on their real days; the nightly action ran on each of the "
            f"{self._get_days()} days. Policy \"{arguments.policy}\", at most {arguments.cap} "
            f"automatic messages in a row about an item; {approval}.\n\n"
            + self._get_monthly_table() + "\n" + self._get_level_table() + "\n"
            + self._get_facts()
            + f"\nChecked against the caught mails and the CSV: {len(problems)} problems. Nobody "
            "heard about a paid invoice, and no item was told the same level twice.\n"
            if not problems else "# Replay of 2012\n\n" + '\n'.join(problems[:50]) + '\n'
        )

    def _get_days(self):
        first = min(row['invoice_date'] for row in self.replay.rows)
        return (self.replay.arguments.until - first).days + 1

    def _get_monthly_table(self):
        held = dict(self._query("""
            SELECT to_char(date, 'YYYY-MM'), count(*) FROM ar_reminder WHERE capped GROUP BY 1"""))
        cancelled = dict(self._query("""
            SELECT to_char(date, 'YYYY-MM'), count(*) FROM ar_reminder
             WHERE state = 'cancelled' GROUP BY 1"""))
        rows = []
        for month in range(1, 13):
            name = f'2012-{month:02d}'
            sent = [entry for entry in self.replay.sent if f'{entry[0]:%Y-%m}' == name]
            posted = [row for row in self.replay.rows if f"{row['invoice_date']:%Y-%m}" == name]
            late = [row for row in self.replay.rows if f"{row['settled_date']:%Y-%m}" == name
                    and row['settled_date'] > row['due_date']]
            rows.append((name, len(posted), len(late), len(sent),
                         len({entry[1] for entry in sent}),
                         sum(len(entry[2]) for entry in sent), held.get(name, 0),
                         cancelled.get(name, 0)))
        rows.append(('**2012**', *(sum(row[i] for row in rows) for i in (1, 2, 3)),
                     len({entry[1] for entry in self.replay.sent}),
                     *(sum(row[i] for row in rows) for i in (5, 6, 7))))
        return markdown_table(
            ("Month", "Invoices posted", "Paid late", "Mails sent", "Customers written to",
             "Invoices listed", "Held by the automation cap", "Cancelled: paid meanwhile"), rows)

    def _get_level_table(self):
        rows = self._query("""
            SELECT level.name->>'en_US', level.offset_days,
                   count(DISTINCT r.id) FILTER (WHERE r.state = 'sent' AND r.auto),
                   count(DISTINCT r.id) FILTER (WHERE r.state = 'sent' AND NOT r.auto),
                   count(DISTINCT r.id) FILTER (WHERE r.capped),
                   count(l.id) FILTER (WHERE r.state = 'sent' AND l.kind = 'step'),
                   count(DISTINCT r.id) FILTER (WHERE r.state = 'proposed')
              FROM ar_reminder r
              JOIN ar_dunning_level level ON level.id = r.level_id
              LEFT JOIN ar_reminder_line l ON l.reminder_id = r.id
             GROUP BY level.id ORDER BY level.offset_days""")
        return markdown_table(
            ("Level", "Days from due date", "Sent by itself", "Sent after approval",
             "Held by the cap", "Items that reached it", "Still waiting on 31 December"), rows)

    def _get_facts(self):
        rows = [row for row in self.replay.rows if row['settled_date'].year == 2012]
        late = [row for row in rows if row['settled_date'] > row['due_date']]
        told = {number for entry in self.replay.sent for number in entry[2]}
        overdue = [row for row in late if (row['settled_date'] - row['due_date']).days > 5]
        unheard = [row for row in overdue if row['invoice'] not in told]
        days = statistics.median((row['settled_date'] - row['due_date']).days for row in late)
        return (
            f"Of {len(rows):,} invoices settled in 2012, {len(late):,} were late (median "
            f"{days:.0f} days). {len(overdue):,} were more than five days late; {len(unheard):,} "
            "of them were never named in a mail.\n")

    def _query(self, query):
        self.replay.env.cr.execute(query)
        return self.replay.env.cr.fetchall()


def read_rows(path):
    """Return the invoices of 2012, typed and in order."""
    if not Path(path).is_file():
        raise SystemExit(f"{path} is not there: give the path of {FILE_NAME} or set AR_DATA.")
    with open(path, newline='', encoding='utf-8') as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row['amount'] = float(row['amount'])
        for name in ('invoice_date', 'due_date', 'settled_date'):
            row[name] = date.fromisoformat(row[name])
    return sorted((row for row in rows if row['invoice_date'].year == 2012),
                  key=lambda row: (row['invoice_date'], row['invoice']))


def start_catcher(folder):
    """Start the project's mail catcher on a free port; return the process and the port."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / 'scripts' / 'mailcatcher.py'), '--dir', folder, '--port', '0'],
        stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline().split()[-1])


def main():
    """Import, replay, judge; exit code 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('csv', nargs='?', default=os.environ.get('AR_DATA', FILE_NAME))
    parser.add_argument('--database', default='ar_replay')
    parser.add_argument('--policy', choices=('cautious', 'firm'), default='firm')
    parser.add_argument('--cap', type=int, default=2)
    parser.add_argument('--approve', choices=('weekly', 'never'), default='weekly')
    parser.add_argument('--until', type=date.fromisoformat, default=date(2012, 12, 31))
    parser.add_argument('--output', default='replay_2012.md')
    arguments = parser.parse_args()
    rows = read_rows(arguments.csv)
    if database_exists(arguments.database):
        drop_database(arguments.database)
    run_odoo('-d', arguments.database, '-i', 'account,sale,ar_collections', '--stop-after-init',
             '--no-http')
    with tempfile.TemporaryDirectory() as folder:
        process, port = start_catcher(folder)
        try:
            options = ('--smtp', '127.0.0.1', '--smtp-port', str(port))
            with open_env(arguments.database, options=options) as env:
                replay = Replay(env, rows, arguments, folder)
                replay.prepare()
                replay.run(arguments.until)
                verdict = Verdict(replay)
                problems = verdict.check()
                page = verdict.report(problems)
        finally:
            process.terminate()
            process.wait()
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / arguments.output).write_text(page, encoding='utf-8')
    print(page)
    raise SystemExit(bool(problems))


if __name__ == '__main__':
    main()
