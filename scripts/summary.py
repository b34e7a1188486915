#!/usr/bin/env python3
"""Add up the results of Odoo's runner and of pytest; the last line is `N passed, N failed`.

Odoo's runner exits with 0 when no test was selected and says nothing about skipped ones, so its log
is read here. A skipped test and an unexpected warning count as failed.
"""

import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

LINE = re.compile(
    r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ '
    r'(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) \S+ (?P<logger>[\w.]+): (?P<text>.*)$'
)
RESULT = re.compile(r'(\d+) failed, (\d+) error\(s\) of (\d+) tests when loading')
PASSED_LEVELS = ('DEBUG', 'INFO')
# What a correct run of Odoo 19.0 itself warns about; nothing of our modules belongs here.
EXPECTED = (
    re.compile(r'^odoo\.addons\.base\.models\.ir_actions_report: .*wkhtmltopdf'),
)


@dataclass
class Summary:
    """Counts of one or several runs, and what a person must read."""

    passed: int = 0
    failed: int = 0
    problems: list = field(default_factory=list)

    def add(self, other):
        """Add the counts of another run."""
        self.passed += other.passed
        self.failed += other.failed
        self.problems += other.problems


def read_log(text, status=0, tests=True):
    """Return the summary of a log of Odoo's test runner.

    :param str text: content of the log
    :param int status: exit status of Odoo
    :param bool tests: whether there were tests to run
    """
    summary = Summary()
    total = bad = runs = skipped = 0
    for raw in text.splitlines():
        line = LINE.match(raw)
        if not line:
            continue
        message = f"{line['logger']}: {line['text']}"
        result = RESULT.search(line['text'])
        if result and line['logger'] == 'odoo.tests.result':
            failed, errors, ran = map(int, result.groups())
            total, bad, runs = total + ran, bad + failed + errors, runs + 1
        elif re.match(r'skipped .* : ', line['text']):
            skipped += 1
            summary.problems.append(f"skipped: {message}")
        elif line['level'] not in PASSED_LEVELS and not any(e.search(message) for e in EXPECTED):
            summary.problems.append(f"{line['level']}: {message}")
    if status and not bad:
        summary.problems.append(f"Odoo ended with status {status}")
    if not tests:
        pass
    elif not runs:
        summary.problems.append("Odoo printed no test result: it stopped before the end")
    elif not total:
        summary.problems.append("no test was run by Odoo")
    summary.passed = max(total - bad - skipped, 0)
    # A problem that is no failed test (a warning, a crash) must still be seen in the count.
    summary.failed = max(bad + skipped, len(summary.problems) and 1)
    return summary


def read_junit(text):
    """Return the summary of pytest's JUnit file.

    :param str text: content of the XML file
    """
    summary = Summary()
    for suite in ElementTree.fromstring(text).iter('testsuite'):
        tests, *others = (int(suite.get(k)) for k in ('tests', 'failures', 'errors', 'skipped'))
        summary.failed += sum(others)
        summary.passed += max(tests - sum(others), 0)
        for case in suite.iter('testcase'):
            for kind in ('failure', 'error', 'skipped'):
                for node in case.iter(kind):
                    summary.problems.append(
                        f"{kind}: {case.get('classname')}.{case.get('name')}:"
                        f" {(node.get('message') or '').splitlines()[:1]}")
    if not summary.passed + summary.failed:
        summary.problems.append("no system test was run by pytest")
        summary.failed = 1
    return summary


def read_folder(folder):
    """Return the summary of everything that scripts/test left in its folder.

    :param Path folder: `install.log`, one `NUMBER.log` per runner, each with the exit status in
        `.status` and what Odoo printed in `.out`; `system.xml` of pytest
    """
    total = Summary()
    installed = read_run(folder / 'install.log', tests=False)
    total.add(installed)
    if installed.failed:
        return total
    # A runner that was meant to run and left no log is a failure too.
    for status in sorted({folder / '1.status', *folder.glob('[0-9].status')}):
        total.add(read_run(status.with_suffix('.log')))
    junit = folder / 'system.xml'
    if junit.exists():
        total.add(read_junit(junit.read_text()))
    else:
        total.add(Summary(failed=1, problems=["pytest left no result"]))
    return total


def read_run(log, tests=True):
    """Return the summary of one call of Odoo.

    :param Path log: its log; beside it the exit status (`.status`) and the output (`.out`)
    :param bool tests: whether it had tests to run
    """
    status, output = log.with_suffix('.status'), log.with_suffix('.out')
    text = log.read_text(errors='replace') if log.exists() else ''
    # Without an exit status it never came to its end.
    ended = status.read_text().strip() if status.exists() else ''
    code = int(ended) if ended.isdigit() else 1
    found = read_log(text, code, tests)
    if code and found.failed and output.exists():
        found.problems += output.read_text(errors='replace').splitlines()[-15:]
    return found


def main():
    """Print the problems and the count; exit with 1 when there is any."""
    parser = argparse.ArgumentParser(description="Summarise a test run.")
    parser.add_argument('folder', type=Path, help="where scripts/test put logs and results")
    summary = read_folder(parser.parse_args().folder)
    for problem in summary.problems:
        sys.stdout.write(problem + '\n')
    sys.stdout.write(f"{summary.passed} passed, {summary.failed} failed\n")
    return 1 if summary.failed or summary.problems or not summary.passed else 0


if __name__ == '__main__':
    sys.exit(main())
