"""The exported terms are current and every one has its French."""

import subprocess

from conftest import SCRIPTS


def test_terms_are_exported_and_translated(odoo, installed_db):
    done = subprocess.run(
        [SCRIPTS / 'i18n', '--check', installed_db], text=True, stdout=subprocess.PIPE,
        check=False, env=odoo.env)
    assert done.returncode == 0, done.stdout[-3000:]
