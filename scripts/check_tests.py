#!/usr/bin/env python3
"""Find tests that Odoo's runner would leave out in silence: check_tests.py ROOT

It runs only classes that derive from its own cases, only in files named test_*.py that
tests/__init__.py imports, and inherited test methods only where a class allows it.
"""

import ast
import sys
from pathlib import Path

# Bases of odoo.tests and of Odoo's own modules that our tests may start from.
ODOO_CASES = {
    'BaseCase', 'TransactionCase', 'SingleTransactionCase', 'HttpCase', 'HttpCaseWithUserDemo',
    'AccountTestInvoicingCommon', 'AccountTestInvoicingHttpCommon', 'MailCommon', 'TestSaleCommon',
}


def read_classes(folder):
    """Return {class name: (file, base names, has tests)} of all files below a tests folder."""
    classes = {}
    for path in sorted(folder.rglob('*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                bases = [b.attr if isinstance(b, ast.Attribute) else getattr(b, 'id', '')
                         for b in node.bases]
                has_tests = any(isinstance(n, ast.FunctionDef) and n.name.startswith('test')
                                for n in node.body)
                classes[node.name] = (path, bases, has_tests)
    return classes


def is_odoo_case(name, classes):
    """Tell whether a class derives from a case of Odoo."""
    if name in ODOO_CASES:
        return True
    return name in classes and any(is_odoo_case(base, classes) for base in classes[name][1])


def imported_names(folder):
    """Return the names that tests/__init__.py itself imports: a package below it is not enough."""
    return {
        alias.name for node in ast.walk(ast.parse((folder / '__init__.py').read_text()))
        if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def find_problems(root):
    """Return one sentence for each test that would not run below a checkout."""
    problems = []
    everything = {}
    folders = sorted(Path(root).glob('ar_collections*/tests'))
    for folder in folders:
        everything.update(read_classes(folder))
    for folder in folders:
        imported = imported_names(folder)
        for name, (path, _bases, has_tests) in read_classes(folder).items():
            if not has_tests:
                continue
            where = path.relative_to(root)
            if not is_odoo_case(name, everything):
                problems.append(f"{where}: {name} does not derive from a test case of Odoo")
            elif path.name.startswith('test_') and path.stem not in imported:
                problems.append(f"{where}: no __init__.py imports it")
    return problems


def main():
    """Print the problems; exit with 1 when there is any."""
    problems = find_problems(Path(sys.argv[1]))
    for problem in problems:
        sys.stdout.write(f"{problem}: its tests would never run\n")
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
