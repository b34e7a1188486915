"""Fixtures of the system tests: Odoo as a command, scratch databases, the mail catcher."""

import email
import email.policy
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / 'scripts'
sys.path.insert(0, str(SCRIPTS))


def _read_environment():
    """Return the settings that scripts/pg-env prints; starts PostgreSQL when it is down."""
    text = subprocess.run(
        [SCRIPTS / 'pg-env'], check=True, capture_output=True, text=True).stdout
    return dict(re.findall(r'^export (\w+)=(.*)$', text, re.M))


class Odoo:
    """The commands of scripts/ as methods. Every database name is given in full."""

    def __init__(self):
        self.env = {**os.environ, **_read_environment()}
        self.cache = Path(self.env['AR_CACHE'])

    def run(self, *args, check=True, stdin=None, timeout=900, **env):
        """Run `scripts/odoo` with these arguments and wait for it.

        :param str stdin: text for the standard input (a script for `shell`)
        :param env: environment variables to set besides
        :return: CompletedProcess; `stdout` holds the log as well
        """
        done = subprocess.run(
            [SCRIPTS / 'odoo', *map(str, args)], input=stdin, text=True, timeout=timeout,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**self.env, **env},
        )
        if check and done.returncode:
            raise AssertionError(f"odoo {args}: {done.returncode}\n{done.stdout[-6000:]}")
        return done

    def start(self, *args, **env):
        """Start `scripts/odoo` and return its Popen at once; the caller ends it."""
        return subprocess.Popen(
            [SCRIPTS / 'odoo', *map(str, args)], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env={**self.env, **env}, start_new_session=True,
        )

    def install(self, database, *modules, options=()):
        """Install modules (and create the database); return the log."""
        return self.run('-d', database, '-i', ','.join(modules), '--stop-after-init', '--no-http',
                        '--max-cron-threads=0', *options).stdout

    def upgrade(self, database, *modules, options=()):
        """Upgrade modules; return the log."""
        return self.run('-d', database, '-u', ','.join(modules), '--stop-after-init', '--no-http',
                        '--max-cron-threads=0', *options).stdout

    def shell(self, database, code, options=(), **env):
        """Run Python code with `env` in Odoo's shell; return what it printed.

        Log lines are left out. An exception in the code is an AssertionError here.
        """
        marker = uuid.uuid4().hex
        script = (
            "import traceback as _traceback\n"
            f"try:\n    exec(compile({code!r}, '<shell>', 'exec'), globals())\n"
            "except BaseException:\n    _traceback.print_exc()\n"
            f"else:\n    print({marker!r})\n"
        )
        done = self.run('shell', '-d', database, '--no-http', '--log-level=error', *options,
                        stdin=script, **env)
        if marker not in done.stdout:
            raise AssertionError(done.stdout[-6000:])
        lines = done.stdout.replace(marker, '').splitlines()
        return '\n'.join(
            x for x in lines
            if not re.match(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} |Running as user', x)).strip()

    def sql(self, database, query):
        """Return the rows of a query as lists of text."""
        out = subprocess.run(
            ['psql', '-XAtq', '-F', '\t', '-v', 'ON_ERROR_STOP=1', database, '-c', query],
            check=True, capture_output=True, text=True, env=self.env).stdout
        return [line.split('\t') for line in out.splitlines()]

    def exists(self, database):
        """Tell whether the database exists."""
        query = f"SELECT 1 FROM pg_database WHERE datname = '{database}'"
        return bool(self.sql('postgres', query))

    def drop(self, database):
        """Drop a database and its attachments."""
        subprocess.run(['dropdb', '--if-exists', '--force', database], check=True, env=self.env,
                       capture_output=True)
        shutil.rmtree(self.cache / 'data' / 'filestore' / database, ignore_errors=True)

    def clone(self, template, database):
        """Copy a database that nobody is connected to, attachments included."""
        self.drop(database)
        subprocess.run(['createdb', '-T', template, database], check=True, env=self.env,
                       capture_output=True)
        store = self.cache / 'data' / 'filestore'
        if (store / template).exists():
            shutil.copytree(store / template, store / database)
        return database


class Catcher:
    """A running mail catcher."""

    def __init__(self, folder, fail=0, port=0):
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, SCRIPTS / 'mailcatcher.py', '--dir', folder, '--fail', str(fail),
             '--port', str(port)],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith('listening on '), "the mail catcher did not start"
        self.port = int(line.split()[-1])

    @property
    def options(self):
        """Options that point Odoo to this server."""
        return ('--smtp=127.0.0.1', f'--smtp-port={self.port}')

    def messages(self):
        """Return the messages received so far, oldest first, parsed."""
        return [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted(self.folder.glob('*.eml'))
        ]

    def wait(self, count, timeout=60):
        """Return the messages as soon as there are `count`; fail after `timeout` seconds."""
        end = time.monotonic() + timeout
        while len(self.messages()) < count and time.monotonic() < end:
            time.sleep(0.2)
        assert len(self.messages()) >= count, f"{len(self.messages())} of {count} messages"
        return self.messages()

    def stop(self):
        """End the server."""
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture(scope='session')
def odoo():
    """Odoo's command line on the private PostgreSQL."""
    return Odoo()


@pytest.fixture(scope='session')
def installed_db(odoo):
    """Name of a database with ar_collections and without demo data. Clone it; do not change it.

    `scripts/test` hands over the one that it has just installed. Alone, pytest makes one and
    keeps it for as long as the code stays as it is.
    """
    if os.environ.get('AR_TEST_DB'):
        return os.environ['AR_TEST_DB']
    digest = hashlib.md5()
    for path in sorted((ROOT / 'ar_collections').rglob('*')):
        if path.is_file() and path.suffix != '.pyc' and 'tests' not in path.parts:
            digest.update(path.read_bytes())
    name = f'ar_system_{digest.hexdigest()[:10]}'
    if not odoo.exists(name):
        for (old,) in odoo.sql(
                'postgres', r"SELECT datname FROM pg_database WHERE datname LIKE 'ar\_system\_%'"):
            odoo.drop(old)
        odoo.install(f'{name}_new', 'ar_collections')
        odoo.clone(f'{name}_new', name)
        odoo.drop(f'{name}_new')
    return name


@pytest.fixture
def scratch_name(odoo):
    """A database name that nobody uses; what gets created under it is dropped afterwards."""
    name = f'ar_scratch_{uuid.uuid4().hex[:8]}'
    yield name
    odoo.drop(name)


@pytest.fixture
def scratch_db(odoo, installed_db, scratch_name):
    """A fresh copy of the installed database, to change at will."""
    return odoo.clone(installed_db, scratch_name)


@pytest.fixture
def start_catcher(tmp_path):
    """Factory of mail catchers: start_catcher(fail=451) refuses everything."""
    running = []

    def start(fail=0, port=0):
        catcher = Catcher(tmp_path / f'mails{len(running)}', fail, port)
        running.append(catcher)
        return catcher

    yield start
    for catcher in running:
        catcher.stop()


@pytest.fixture
def mail_catcher(start_catcher):
    """A mail server that keeps what it receives."""
    return start_catcher()
