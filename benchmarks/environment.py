"""Opening a database, measuring a block and writing result tables."""

import contextlib
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / 'results'

# Started by hand or by make with any Python: continue in the project's own.
if 'AR_BENCH_READY' not in os.environ:
    os.execv(str(HERE / 'python'), [str(HERE / 'python'), *sys.argv])


def run_odoo(*arguments, check=True):
    """Run the project's Odoo command; its output is shown only when it fails."""
    command = ['nice', str(ROOT / 'scripts' / 'odoo'), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode:
        sys.stderr.write(done.stdout[-4000:] + done.stderr[-8000:])
        raise SystemExit(f"{' '.join(arguments)} failed with code {done.returncode}")
    return done


def prepare_odoo(addons=(), options=()):
    """Configure the Odoo library in this process: quiet, no HTTP server, no scheduled actions."""
    from odoo.tools import config

    options = ['--no-http', '--log-level', 'error', '--max-cron-threads', '0', *options]
    if addons:
        config.parse_config([])
        paths = [*addons, *config['addons_path']]
        options += ['--addons-path', ','.join(str(path) for path in paths)]
    config.parse_config(options)


@contextlib.contextmanager
def open_env(database, addons=(), options=()):
    """Yield an Odoo environment of the superuser on the database; commits at the end."""
    prepare_odoo(addons, options)
    from odoo.api import SUPERUSER_ID, Environment
    from odoo.modules.registry import Registry

    registry = Registry(database)
    with registry.cursor() as cr:
        yield Environment(cr, SUPERUSER_ID, {})


# === DATABASES === #
def connect(database='postgres'):
    """Return a plain autocommit connection to a database of the project's PostgreSQL."""
    import psycopg2

    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    return connection


def execute(database, query, params=None):
    """Run one statement outside a transaction and return its rows, if any."""
    connection = connect(database)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, params)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def database_exists(database):
    """Tell whether the database is there."""
    return bool(execute('postgres', 'SELECT 1 FROM pg_database WHERE datname = %s', [database]))


def drop_database(database):
    """Drop the database when it exists."""
    execute('postgres', f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def clone_database(source, target):
    """Make `target` a fresh copy of `source` (files copied, no WAL per block)."""
    drop_database(target)
    execute('postgres', f'CREATE DATABASE "{target}" TEMPLATE "{source}" STRATEGY FILE_COPY')


# === MEASURING === #
class Measure:
    """Wall time, number of queries and processor time of a `with` block.

    Processor time is that of this process and of its PostgreSQL backend, without parallel workers:
    unlike wall time it hardly depends on what else the machine does. None on a remote server.
    """

    def __init__(self, cr):
        self.cr = cr

    def __enter__(self):
        self.queries = self.cr.sql_log_count
        self.cpu = self._read_cpu()
        self.started = time.perf_counter()
        return self

    def __exit__(self, *_error):
        self.seconds = time.perf_counter() - self.started
        self.cpu = None if self.cpu is None else self._read_cpu() - self.cpu
        self.queries = self.cr.sql_log_count - self.queries

    def _read_cpu(self):
        backend = Path(f'/proc/{self.cr._cnx.info.backend_pid}/schedstat')
        try:
            return time.process_time() + int(backend.read_text().split()[0]) / 1e9
        except OSError:
            return None


def peak_memory_mb():
    """Return the highest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def markdown_table(header, rows):
    """Return a GitHub table as text."""
    lines = ['| ' + ' | '.join(header) + ' |', '|' + ' --- |' * len(header)]
    lines += ['| ' + ' | '.join(str(cell) for cell in row) + ' |' for row in rows]
    return '\n'.join(lines) + '\n'
