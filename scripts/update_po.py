#!/usr/bin/env python3
"""Bring a module's .pot and fr.po up to date with a fresh export; fail on missing French.

    update_po.py [--check] EXPORT FOLDER MODULE

With --check nothing is written, and a .pot that is out of date is a failure too.
"""

import argparse
import sys
from pathlib import Path

import polib

# They change with every export and say nothing.
VOLATILE = ('POT-Creation-Date', 'PO-Revision-Date')


def read_terms(catalogue):
    """Return what a catalogue is about: the set of its terms."""
    return {(entry.msgctxt, entry.msgid) for entry in catalogue if not entry.obsolete}


def merge(translations, template):
    """Bring translations to the terms of the template; a changed term loses its old translation."""
    translations.merge(template)
    for entry in list(translations):
        if entry.obsolete or 'fuzzy' in entry.flags:
            if entry.obsolete:
                translations.remove(entry)
            else:
                entry.flags.remove('fuzzy')
                entry.msgstr = ''


def save(catalogue, path, old):
    """Write a catalogue unless only its dates differ from the old file."""
    for key in VOLATILE:
        if old is not None and key in old.metadata:
            catalogue.metadata[key] = old.metadata[key]
    path.parent.mkdir(exist_ok=True)
    catalogue.wrapwidth = 78
    catalogue.save(str(path))


def main():
    """Update the files, print what is missing, and exit with 1 when anything is."""
    parser = argparse.ArgumentParser(description="Update the translations of a module.")
    parser.add_argument('--check', action='store_true')
    parser.add_argument('export', type=Path)
    parser.add_argument('folder', type=Path)
    parser.add_argument('module')
    options = parser.parse_args()

    export = polib.pofile(str(options.export))
    pot_path = options.folder / f'{options.module}.pot'
    po_path = options.folder / 'fr.po'
    problems = []
    pot = polib.pofile(str(pot_path)) if pot_path.exists() else None
    if options.check and (pot is None or read_terms(pot) != read_terms(export)):
        problems.append(f"{pot_path.name} is out of date: run make i18n")
    if po_path.exists():
        french = polib.pofile(str(po_path))
    else:
        french = polib.POFile()
        french.metadata = {**export.metadata, 'Language': 'fr',
                           'Plural-Forms': 'nplurals=2; plural=(n > 1);'}
    merge(french, export)
    if not options.check:
        save(export, pot_path, pot)
        save(french, po_path, polib.pofile(str(po_path)) if po_path.exists() else None)
    missing = [entry.msgid for entry in french if not entry.msgstr]
    problems += [f"{options.module}: no French for: {term[:120]!r}" for term in missing]
    for problem in problems:
        sys.stdout.write(problem + '\n')
    if not problems:
        sys.stdout.write(f"{options.module}: {len(french)} terms, all in French\n")
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
