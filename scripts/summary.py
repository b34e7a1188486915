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


def read_log(text, status=0):
    """Return the summary of a log of Odoo's test runner.

    :param str text: content of the log
    :param int status: exit status of Odoo
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
            failed, errors, tests = map(int, result.groups())
            total, bad, runs = total + tests, bad + failed + errors, runs + 1
        elif re.match(r'skipped .* : ', line['text']):
            skipped += 1
            summary.problems.append(f"skipped: {message}")
        elif line['level'] not in PASSED_LEVELS and not any(e.search(message) for e in EXPECTED):
            summary.problems.append(f"{line['level']}: {message}")
    if not runs:
        summary.problems.append("Odoo printed no test result: it stopped before the end")
    elif not total:
        summary.problems.append("no test was run by Odoo")
    elif status and not bad:
        summary.problems.append(f"Odoo ended with status {status}")
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


def main():
    """Print the problems and the count; exit with 1 when there is any."""
    parser = argparse.ArgumentParser(description="Summarise a test run.")
    parser.add_argument('--log', type=Path, required=True, help="log of Odoo's runner")
    parser.add_argument('--output', type=Path, help="what Odoo printed besides")
    parser.add_argument('--status', type=int, default=0, help="exit status of Odoo")
    parser.add_argument('--junit', type=Path, required=True, help="JUnit file of pytest")
    options = parser.parse_args()

    log = options.log.read_text(errors='replace') if options.log.exists() else ''
    summary = read_log(log, options.status)
    if options.status and summary.failed and options.output and options.output.exists():
        summary.problems += options.output.read_text(errors='replace').splitlines()[-15:]
    if options.junit.exists():
        summary.add(read_junit(options.junit.read_text()))
    else:
        summary.add(Summary(failed=1, problems=["pytest left no result"]))
    for problem in summary.problems:
        sys.stdout.write(problem + '\n')
    sys.stdout.write(f"{summary.passed} passed, {summary.failed} failed\n")
    return 1 if summary.failed or summary.problems or not summary.passed else 0


if __name__ == '__main__':
    sys.exit(main())
