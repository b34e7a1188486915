"""Measure the module on a ledger made by `make ledger` and store the table: `make bench`."""

import argparse
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from environment import (
    HERE,
    RESULTS,
    clone_database,
    database_exists,
    drop_database,
    execute,
    markdown_table,
    run_odoo,
)

PEER = 'odoo-addon-account-credit-control==19.0.1.0.0.13'
RISK_PEER = 'odoo-addon-account-financial-risk==19.0.1.0.0.6'


# A line on the largest ledger may cost so much more than on the smallest to be called linear.
LINEAR = 1.2


class Bench:
    """Runs the steps one after the other and collects the rows of the table."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.rows = []
        self.figures = {}

    # === RUNNING === #
    def step(self, name, database, **options):
        """Run one step in its own process and return its figures."""
        command = [sys.executable, str(HERE / 'bench_steps.py'), name, database,
                   json.dumps(options)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.stderr.write(done.stderr[-6000:])
            raise SystemExit(f"Step {name} failed on {database}.")
        figures = json.loads(done.stdout.strip().splitlines()[-1])
        self.figures[f'{name} {database}'] = figures
        print(f"  {name} on {database}: {json.dumps(figures, default=str)[:300]}", flush=True)
        return figures

    def add(self, what, ours, against='', target='', met=None):
        """Add a row; `met` writes yes or no in the last column."""
        verdict = '' if met is None else ('yes' if met else '**no**')
        self.rows.append((what, ours, against, target, verdict))

    @staticmethod
    def update(database):
        """Bring the module of a copy to the state of this checkout."""
        run_odoo('-d', database, '-u', 'ar_collections', '--stop-after-init', '--no-http')
        execute(database, 'ANALYZE')

    # === ROWS === #
    def run(self):
        """Measure everything that was asked for."""
        wanted = self.arguments.only or [
            'refresh', 'queries', 'run', 'send', 'letters', 'posting', 'credit', 'kpi',
            'figures', 'covers', 'growth', 'worklist', 'poll',
            'forecast', 'peer']
        main = self.arguments.database
        work = f'{main}_work'
        clone_database(main, work)
        try:
            self.update(work)
            for name in wanted:
                getattr(self, f'bench_{name}')(work)
        finally:
            drop_database(work)

    def bench_refresh(self, database):
        """Figures of all customers, and the preview of a run."""
        refresh = self.step('refresh', database)
        self.add(f"Refresh of {refresh['customers']:,} customers, complete",
                 f"{refresh['full']['seconds']:.2f} s, {refresh['full']['queries']} queries")
        self.add(f"Refresh, changed only ({refresh['changed_customers']} changed)",
                 f"{refresh['changed']['seconds']:.2f} s, {refresh['changed']['queries']} queries")
        preview = self.step('preview', database)
        self.add(f"Preview of {preview['messages']:,} messages",
                 f"{preview['preview']['seconds']:.2f} s, "
                 f"{preview['preview']['queries']} queries")

    def bench_run(self, database):
        """All proposals, against bare SQL that writes the same rows."""
        run = self.step('run', database, keep=True)
        self.figures['run'] = run
        ratio = run['ours'] / run['bare']
        same = "same rows" if run['same'] else "**different rows**"
        self.add(f"Proposals: {run['reminders']:,} reminders, {run['lines']:,} lines",
                 f"{run['ours']:.2f} s, {run['queries']} queries, {run['memory']:.0f} MB",
                 f"bare SQL {run['bare']:.2f} s ({same}): {ratio:.2f} ×", "≤ 3 ×",
                 ratio <= 3 and run['same'])

    def bench_queries(self, database):
        """The number of queries must not grow with the number of customers."""
        counts = self.step('queries', database, sizes=[10, 100, 1000])
        counts.pop('memory')
        text = ', '.join(f"{size}: {refresh} / {run}" for size, (refresh, run) in counts.items())
        constant = len({tuple(pair) for pair in counts.values()}) == 1
        self.add("Queries of refresh / run by number of customers", text, '', "constant", constant)

    def bench_send(self, database):
        """E-mails rendered, queued, history written; against Odoo's own batch."""
        send = self.step('send', database, number=self.arguments.mails, batch=100)
        rate = send['prepared'] / send['ours']
        ratio = send['ours'] / send['core']
        self.figures['send'] = send
        self.add(f"E-mails prepared: {send['prepared']:,} of {send['number']:,}",
                 f"{send['ours']:.1f} s, {rate:.0f} a second, "
                 f"{send['queries'] / max(send['number'], 1):.1f} queries each", '',
                 "≥ 50 a second", rate >= 50)
        self.add("… against `send_mail_batch` of the same template and records",
                 f"{send['ours']:.1f} s", f"Odoo {send['core']:.1f} s: {ratio:.2f} ×", "≤ 1.5 ×",
                 ratio <= 1.5)

    def bench_letters(self, database):
        """One PDF of many letters."""
        letters = self.step('letters', database, number=500)
        self.add(f"{letters['number']} letters in one PDF ({letters['pages']} pages, "
                 f"{letters['bytes'] / 1e6:.1f} MB)",
                 f"{letters['seconds']:.1f} s, {letters['memory']:.0f} MB", '', "≤ 15 s",
                 letters['seconds'] <= 15 and letters['number'] == 500)

    def bench_posting(self, database):
        """Posting and paying an invoice with and without the module, in turns."""
        plain = f'{self.arguments.database}_plain'
        if not database_exists(plain):
            print(f"  no database {plain}: posting is left out")
            return
        work = f'{plain}_work'
        clone_database(plain, work)
        try:
            posting = self.step('posting', database, plain=work, number=self.arguments.postings)
        finally:
            drop_database(work)
        ours, theirs = posting['median']['with'], posting['median']['without']
        ratio = ours / theirs
        self.add(f"Post and pay one invoice (median of {posting['number']})",
                 f"{ours * 1000:.1f} ms, {posting['queries']['with']} queries",
                 f"without the module {theirs * 1000:.1f} ms, "
                 f"{posting['queries']['without']} queries: {ratio:.3f} ×", "≤ 1.03 ×",
                 ratio <= 1.03)

    def bench_credit(self, _database):
        """Who is over the limit, and what judging adds to the confirmation of an order."""
        import bench_credit

        plain, work = f'{self.arguments.database}_plain', f'{self.arguments.database}_credit'
        clone_database(self.arguments.database, work)
        try:
            self.update(work)
            over = self.step('credit_over_limit', work, customers=20_000)
        finally:
            drop_database(work)
        confirm = None
        if database_exists(plain):
            clone_database(self.arguments.database, work)
            clone_database(plain, f'{plain}_credit')
            try:
                self.update(work)
                options = {'plain': f'{plain}_credit', 'number': self.arguments.postings}
                confirm = self.step('credit_confirm', work, **options)
                confirm['click'] = self.step('click_confirm', work, **options)
            finally:
                drop_database(work)
                drop_database(f'{plain}_credit')
        bench_credit.add_rows(self, over, confirm, self.measure_risk_peer(plain))

    def measure_risk_peer(self, plain):
        """OCA account_financial_risk 19.0 on as many customers, without our module."""
        if not database_exists(plain):
            return None
        addons = [str(self.get_peer((RISK_PEER,), 'account_financial_risk'))]
        peer = f'{plain}_risk'
        clone_database(plain, peer)
        try:
            run_odoo(
                '-d', peer, '-i', 'account_financial_risk', '--stop-after-init', '--no-http',
                '--addons-path', self.get_addons_path(addons))
            execute(peer, 'ANALYZE')
            return self.step('peer_risk', peer, addons=addons, customers=20_000)
        finally:
            drop_database(peer)

    def bench_figures(self, _database):
        """Aged balance: screen, documents, and the peer's."""
        import bench_figures

        bench_figures.run(self)

    def bench_covers(self, database):
        """The insured part of every open item today."""
        import bench_covers

        bench_covers.add_rows(self, self.step('covers_balance', database))

    def bench_forecast(self, _database):
        """Days by which the expected date misses, on half a year that the forecast has not seen."""
        import forecast_2012

        path = self.arguments.data
        if not path:
            print("  no ledger of 2012 (--data or AR_DATA): the forecast is left out")
            return
        forecast_2012.add_rows(self, path)

    def bench_worklist(self, database):
        """The collector's list of 20,000 customers."""
        import bench_worklist

        bench_worklist.add_rows(self, self.step('worklist_page', database))

    def bench_kpi(self, database):
        """Key figures of 24 months: stored, rebuilt, and the plain way."""
        import bench_kpi

        bench_kpi.add_rows(self, self.step('kpi_page', database))

    def bench_poll(self, _database):
        """Linked companies read at simulated providers; killed half-way and resumed."""
        import bench_poll

        work = f'{self.arguments.database}_poll'
        clone_database(self.arguments.database, work)
        try:
            self.update(work)
            bench_poll.add_rows(self, self.step('poll_companies', work))
            bench_poll.add_limited_row(self, self.step('poll_limited', work))
            bench_poll.add_gazette_row(self, self.step('poll_gazette', work))
        finally:
            drop_database(work)

    def bench_growth(self, _database):
        """Refresh, proposals, aged balance and key figures on ledgers of other sizes."""
        points = []
        for size in self.arguments.scales:
            database = f'{self.arguments.database}_{size}'
            if not database_exists(database):
                subprocess.run([
                    sys.executable, str(HERE / 'ledger.py'), '--database', database, '--single',
                    '--invoices', str(size), '--customers', str(max(size * 3 // 100, 100)),
                    '--documents', '300'], check=True)
            points.append((size, database))
        per_line = None
        for size, database in sorted(points):
            work = f'{database}_work'
            clone_database(database, work)
            try:
                self.update(work)
                refresh = self.step('refresh', work)
                aged = self.step('figures_aged', work)
                page = self.step('kpi_page', work, turns=1, customers=False)
                run = self.step('run', work)
            finally:
                drop_database(work)
            memory = max(step['memory'] for step in (refresh, aged, page, run))
            self.add(
                f"Growth: {size:,} invoices, {refresh['customers']:,} customers",
                f"refresh {refresh['full']['seconds']:.2f} s, proposals {run['ours']:.2f} s for "
                f"{run['lines']:,} lines ({run['ours'] / max(run['lines'], 1) * 1e6:.0f} µs each),"
                f" {memory:.0f} MB",
                f"bare SQL {run['bare']:.2f} s" + ("" if run['same'] else " (**different rows**)")
                + f", {run['bare'] / max(run['lines'], 1) * 1e6:.0f} µs each",
                "linear, < 1 GB", memory < 1024 and run['same'] and (
                    per_line is None or run['ours'] / max(run['lines'], 1) <= LINEAR * per_line))
            per_line = per_line or run['ours'] / max(run['lines'], 1)
            self.add(
                f"… aged balance of {aged['today']['customers']:,} customers there",
                f"today {aged['today']['ours']:.2f} s, 180 days ago {aged['past']['ours']:.2f} s",
                f"bare SQL {aged['today']['bare']:.2f} s and {aged['past']['bare']:.2f} s"
                + ("" if aged['today']['same'] and aged['past']['same']
                   else " (**different amounts**)"),
                "≤ 2 ×", all(aged[when]['same'] and aged[when]['ours'] <= 2 * aged[when]['bare']
                             for when in ('today', 'past')))
            self.add(
                "… key figures of 24 months there",
                f"stored {page['page'][0]:.2f} s, rebuilt {page['told'][0]:.1f} s, nightly "
                f"reading {page['night'][0]:.0f} s",
                f"bare SQL {page['bare'][0]:.1f} s")

    def bench_peer(self, _database):
        """OCA account_credit_control 19.0 on the same ledger without our module."""
        plain = f'{self.arguments.database}_plain'
        if not database_exists(plain):
            print(f"  no database {plain}: the peer is left out")
            return
        addons = [str(self.get_peer())]
        peer = f'{self.arguments.database}_peer'
        clone_database(plain, peer)
        try:
            done = run_odoo(
                '-d', peer, '-i', 'account_credit_control', '--stop-after-init', '--no-http',
                '--addons-path', self.get_addons_path(addons))
            if done.returncode:
                return
            run = self.step('peer_run', peer, addons=addons)
            send = self.step('peer_send', peer, addons=addons, number=self.arguments.peer_mails)
        finally:
            drop_database(peer)
        self.add_peer_rows(run, send)

    def add_peer_rows(self, run, send):
        """Compare with our own figures when they were measured in this call."""
        ours = self.figures.get('run')
        ratio = run['seconds'] / ours['ours'] if ours else None
        faster = f": {ratio:.0f} ×" if ours else ''
        if ours and ours['cpu'] and run['cpu']:
            faster += (f"; processor time {run['cpu']:.1f} s against {ours['cpu']:.2f} s: "
                       f"{run['cpu'] / ours['cpu']:.0f} ×")
        self.add(
            "OCA account_credit_control: its run",
            f"ours {ours['ours']:.2f} s for {ours['lines']:,} lines" if ours else '',
            f"{run['seconds']:.1f} s, {run['queries']:,} queries, {run['lines']:,} lines, "
            f"{run['memory']:.0f} MB{faster}", "≥ 50 × faster", ratio >= 50 if ours else None)
        each = (send['create'] + send['mail']) / send['number']
        mails = self.figures.get('send')
        self.add(
            "OCA account_credit_control: one message prepared, no PDF",
            f"ours {mails['ours'] / mails['prepared'] * 1000:.0f} ms" if mails else '',
            f"{each * 1000:.0f} ms, {send['queries'] / send['number']:.0f} queries")

    # === PEER === #
    def get_peer(self, packages=(PEER,), name='account_credit_control'):
        """Install the peer into the cache, outside the project, and return its addons folder."""
        # A folder each: pip leaves alone what it finds in a target.
        target = Path(os.environ['AR_CACHE']) / 'peer' / name
        if not (target / 'odoo' / 'addons' / name).is_dir():
            subprocess.run([sys.executable, '-m', 'pip', 'install', '--quiet', '--no-deps',
                            '--target', str(target), *packages], check=True)
        return target / 'odoo' / 'addons'

    def get_addons_path(self, addons):
        """Return the configured addons path with these folders added."""
        from environment import prepare_odoo

        prepare_odoo(addons)
        from odoo.tools import config

        return ','.join(config['addons_path'])

    # === RESULT === #
    def write(self):
        """Print the table and store it with what it was measured on."""
        database = self.arguments.database
        [(server,)] = execute('postgres', 'SHOW server_version')
        [(invoices,)] = execute(
            database, "SELECT count(*) FROM account_move WHERE move_type = 'out_invoice'")
        text = (
            "# Benchmark\n\n"
            f"Measured on {date.today()} on {os.cpu_count()} cores, PostgreSQL "
            f"{server.split()[0]}, Python {sys.version.split()[0]}, a ledger of {invoices:,} "
            "invoices. Every row comes from one run of `make bench`; ours and what it is compared "
            "with were measured in turns, medians are shown. What the rows mean: "
            "[README](../README.md).\n\n"
            + markdown_table(("What", "Result", "Compared with", "Target", "Met"), self.rows)
        )
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / self.arguments.output).write_text(text)
        print(text)


def parse_arguments():
    """Return the command line as a namespace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--database', default=os.environ.get('DB', 'ar_bench'))
    parser.add_argument('--only', nargs='*', help="names of the rows to measure")
    parser.add_argument('--mails', type=int, default=1000)
    parser.add_argument('--peer-mails', type=int, default=50)
    parser.add_argument('--postings', type=int, default=150)
    parser.add_argument('--scales', type=lambda text: [int(x) for x in text.split(',') if x],
                        default=[20_000], help="other ledger sizes: 20000,2000000")
    parser.add_argument('--output', default='bench.md')
    parser.add_argument('--data', default=os.environ.get('AR_DATA'),
                        help="the public ledger of 2012 that the forecast is measured on")
    return parser.parse_args()


def main():
    """Measure, print and store; a missed target is shown, not hidden, and fails nothing."""
    arguments = parse_arguments()
    if not database_exists(arguments.database):
        raise SystemExit(f"No database {arguments.database}: run `make ledger` first.")
    bench = Bench(arguments)
    bench.run()
    bench.write()


if __name__ == '__main__':
    main()
