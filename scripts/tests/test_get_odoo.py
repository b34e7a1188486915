"""Odoo is looked for in three places, in order, and a failure names all three."""

import os
import re
import stat
import subprocess
import sys

import pytest
from conftest import ROOT, SCRIPTS


@pytest.fixture
def package(odoo):
    """Folder that holds the package `odoo` of the running set-up."""
    line = subprocess.run(
        ['bash', '-c', f'. {SCRIPTS}/lib.sh; odoo_path'], check=True, capture_output=True,
        text=True, env=odoo.env)
    return line.stdout.strip()


def get_odoo(cache, **env):
    """Run scripts/get-odoo with a cache of its own and no way to any Debian mirror."""
    (cache / 'apt.conf').write_text(
        'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "/dev/null";\n')
    plain = {k: v for k, v in os.environ.items() if k not in ('ODOO_HOME', 'AR_CACHE')}
    return subprocess.run(
        [SCRIPTS / 'get-odoo'], capture_output=True, text=True, check=False,
        env={**plain, 'AR_CACHE': str(cache), 'APT_CONFIG': str(cache / 'apt.conf'), **env})


def make_release(folder, version):
    """Write the one file of a checkout that tells its series."""
    (folder / 'odoo').mkdir(parents=True)
    (folder / 'odoo' / 'release.py').write_text(f"version_info = ({version}, 0, FINAL, 0, '')\n")
    return folder


def assert_names_the_three_ways(done):
    assert done.returncode == 1
    for way in ('ODOO_HOME=', 'an installed Odoo', "Debian's package odoo-19"):
        assert way in done.stderr


def test_without_any_way_one_message_names_all_three(tmp_path):
    assert_names_the_three_ways(get_odoo(tmp_path))


def test_another_series_in_odoo_home_is_refused(tmp_path):
    done = get_odoo(tmp_path, ODOO_HOME=str(make_release(tmp_path / 'checkout', '18, 0')))
    assert_names_the_three_ways(done)
    assert "holds series '18.0'" in done.stderr


def test_odoo_home_comes_first_and_runs(tmp_path, package, odoo):
    assert get_odoo(tmp_path, ODOO_HOME=package).returncode == 0
    assert not (tmp_path / 'odoo-path').exists(), "a setting of one call must not be remembered"
    assert 'Odoo Server 19.0' in odoo.run('--version', ODOO_HOME=package).stdout


def test_an_installed_odoo_is_found_and_its_missing_file_is_added(tmp_path):
    site = make_release(tmp_path / 'site', '19, 0')
    (site / 'odoo' / 'addons' / 'mail').mkdir(parents=True)
    command = tmp_path / 'bin' / 'odoo'
    command.parent.mkdir()
    command.write_text(f"#!{sys.executable}\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    done = get_odoo(
        tmp_path, PATH=f"{command.parent}:{os.environ['PATH']}", PYTHONPATH=str(site))
    assert done.returncode == 0, done.stderr
    links = tmp_path / 'odoo-links'
    assert (tmp_path / 'odoo-path').read_text().strip() == str(links)
    assert (links / 'odoo' / 'release.py').resolve() == site / 'odoo' / 'release.py'
    stub = 'odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js'
    assert (links / stub).exists()
    assert not (site / stub).exists(), "an installed Odoo is not ours to change"


def test_no_mirror_and_no_version_is_named_in_the_scripts():
    for path in [*SCRIPTS.glob('*'), ROOT / 'Makefile']:
        text = path.read_text() if path.is_file() else ''
        assert not re.search(r'https?://(?!127\.0\.0\.1|\$)', text), path
        assert '.deb"' not in text.replace('*.deb"', '').replace('_*.deb"', ''), path
