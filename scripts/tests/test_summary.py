"""The last line of `make test` tells the truth: nothing run, skipped or warned of stays hidden."""

import check_tests
import pytest
import summary

HEAD = "2026-01-01 10:00:00,000 42"


def result(failed, errors, total):
    return (f"{HEAD} INFO db odoo.tests.result: {failed} failed, {errors} error(s) of {total} "
            "tests when loading database 'db'")


def test_a_clean_run_is_counted():
    found = summary.read_log(result(0, 0, 12))
    assert (found.passed, found.failed, found.problems) == (12, 0, [])


@pytest.mark.parametrize(('text', 'status', 'counts'), [
    ('', 0, (0, 1)),
    (result(0, 0, 0), 0, (0, 1)),
    (result(2, 1, 12), 1, (9, 3)),
    (result(0, 0, 12), 255, (12, 1)),
    (f"{HEAD} INFO db odoo.addons.x.tests.test_a: skipped TestA.test_b : no browser\n"
     + result(0, 0, 12), 0, (11, 1)),
    (f"{HEAD} WARNING db odoo.addons.ar_collections.models: something odd\n"
     + result(0, 0, 12), 0, (12, 1)),
    (f"{HEAD} ERROR db odoo.sql_db: bad query\n" + result(0, 0, 12), 0, (12, 1)),
], ids=['empty', 'no test', 'failures', 'crash', 'skipped', 'warning', 'error'])
def test_what_must_not_pass(text, status, counts):
    found = summary.read_log(text, status)
    assert (found.passed, found.failed) == counts


@pytest.mark.parametrize(('attributes', 'counts'), [
    ('tests="3" failures="0" errors="0" skipped="0"', (3, 0)),
    ('tests="3" failures="1" errors="0" skipped="1"', (1, 2)),
    ('tests="0" failures="0" errors="0" skipped="0"', (0, 1)),
])
def test_pytest_is_counted(attributes, counts):
    found = summary.read_junit(f'<testsuites><testsuite {attributes}/></testsuites>')
    assert (found.passed, found.failed) == counts


JUNIT = '<testsuite tests="3" failures="0" errors="0" skipped="0"/>'


def leave(folder, name, text, status='0'):
    (folder / f'{name}.log').write_text(text)
    (folder / f'{name}.status').write_text(status)


def test_all_runners_are_added_up(tmp_path):
    leave(tmp_path, 'install', f"{HEAD} INFO db odoo.modules.loading: loaded\n")
    leave(tmp_path, '1', result(0, 0, 12))
    leave(tmp_path, '2', result(0, 0, 5))
    (tmp_path / 'system.xml').write_text(JUNIT)
    found = summary.read_folder(tmp_path)
    assert (found.passed, found.failed, found.problems) == (20, 0, [])


@pytest.mark.parametrize(('name', 'text', 'status'), [
    ('install', f"{HEAD} WARNING db odoo.modules.loading: odd\n", '0'),
    ('install', '', '1'),
    ('2', '', 'not run'),
    ('2', result(0, 1, 5), '1'),
    ('2', result(0, 0, 0), '0'),
])
def test_no_runner_fails_unseen(tmp_path, name, text, status):
    leave(tmp_path, 'install', '')
    leave(tmp_path, '1', result(0, 0, 12))
    leave(tmp_path, '2', result(0, 0, 5))
    (tmp_path / 'system.xml').write_text(JUNIT)
    leave(tmp_path, name, text, status)
    assert summary.read_folder(tmp_path).failed >= 1


def test_a_runner_that_left_nothing_fails(tmp_path):
    leave(tmp_path, 'install', '')
    (tmp_path / 'system.xml').write_text(JUNIT)
    assert summary.read_folder(tmp_path).failed == 1


def test_a_plain_unittest_class_is_found(tmp_path):
    folder = tmp_path / 'ar_collections' / 'tests'
    folder.mkdir(parents=True)
    (folder / '__init__.py').write_text("from . import test_a\n")
    (folder / 'test_a.py').write_text(
        "class TestPlain(unittest.TestCase):\n    def test_x(self): pass\n"
        "class TestGood(Common):\n    def test_x(self): pass\n")
    (folder / 'common.py').write_text("class Common(common.TransactionCase): pass\n")
    (folder / 'test_b.py').write_text("class TestB(Common):\n    def test_x(self): pass\n")
    problems = check_tests.find_problems(tmp_path)
    assert len(problems) == 2
    assert 'TestPlain does not derive' in problems[0]
    assert 'test_b.py: no __init__.py imports it' in problems[1]
