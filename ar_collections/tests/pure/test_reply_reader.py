import json
from datetime import date
from decimal import Decimal
from pathlib import Path

from odoo.tests import BaseCase, tagged

from ...tools.reply_amounts import find_amounts, parse_number
from ...tools.reply_reader import find_numbers, read_reply
from ...tools.reply_text import get_new_text, split_sentences
from ...tools.reply_words import LANGUAGES, REQUIRED

DATA = Path(__file__).parents[1] / 'data'
TODAY = date(2026, 6, 1)
# Nothing to accept: a person reads it.
FOR_A_PERSON = ('unknown', 'mixed')


def load(name):
    return json.loads((DATA / name).read_text(encoding='utf-8'))


def judge(row):
    """Return (expected, found) as comparable tuples."""
    found = read_reply(
        row['text'], TODAY, subject=row.get('subject', ''), month_first=False)
    expected = (
        'unknown' if row['kind'] in FOR_A_PERSON else row['kind'], row.get('date'),
        Decimal(row['amount']) if row.get('amount') else None, row.get('reason'),
        row.get('email'))
    got = (
        'unknown' if found.kind in FOR_A_PERSON else found.kind,
        found.date and found.date.isoformat(), found.amount,
        found.reason if found.kind == 'dispute' else None,
        found.email if row.get('email') else None)
    return expected, got


@tagged('post_install', '-at_install')
class TestReplyReader(BaseCase):
    """Replies as customers write them, in five languages, received on Monday 1 June 2026."""

    def test_every_language_has_every_table(self):
        for code, words in LANGUAGES.items():
            missing = [name for name in REQUIRED if not hasattr(words, name)]
            self.assertFalse(missing, code)

    def test_replies_the_rules_were_written_with(self):
        for code in LANGUAGES:
            rows = load(f'replies_{code}.json')
            self.assertGreaterEqual(len(rows), 50, code)
            wrong = []
            for row in rows:
                expected, got = judge(row)
                if expected != got:
                    wrong.append((row['text'], expected, got))
            self.assertLessEqual(len(wrong), 2, (code, wrong))

    def test_nothing_is_proposed_where_a_person_must_read(self):
        for code in LANGUAGES:
            for row in load(f'replies_{code}.json'):
                if row['kind'] in FOR_A_PERSON:
                    self.assertEqual(judge(row)[1][0], 'unknown', row['text'])

    def test_replies_held_back_from_the_rules(self):
        """Written after the rules, which were not changed for them.

        Measured when they were written: 90 of 110 say something clear; 64 proposals, all of them
        right (precision 1.00, recall 0.71). What is not proposed is read by a person.
        """
        proposed = right = clear = 0
        wrong = []
        for code in LANGUAGES:
            rows = load(f'replies_held_{code}.json')
            self.assertGreaterEqual(len(rows), 20, code)
            for row in rows:
                expected, got = judge(row)
                clear += expected[0] != 'unknown'
                if got[0] == 'unknown':
                    continue
                proposed += 1
                same = got[:2] == expected[:2] and (not expected[3] or got[3] == expected[3])
                right += same
                if not same:
                    wrong.append((row['text'], expected, got))
        self.assertGreaterEqual(right / proposed, 0.95, wrong)
        self.assertGreaterEqual(right / clear, 0.65)

    def test_what_is_not_said(self):
        """"We have not paid", "no dispute", "we will send the contract": nobody may propose it.

        Denied, or of something else than money. A missed proposal is read by a person; a wrong one
        stops the ladder for nothing.
        """
        for row in (*load('replies_denied.json'), *load('replies_elsewhere.json')):
            if row.get('held'):
                continue
            expected, got = judge(row)
            self.assertEqual(got[:2], expected[:2], (row['text'], row['language']))

    def test_what_is_not_said_held_back_from_the_rules(self):
        """Written after the rules.

        Measured when they were written: of 76 denials, 1 wrong proposal and 3 missed (without
        these rules 10 wrong); of 28 about other things, none wrong and none missed. Two patterns
        were mended by them since.
        """
        rows = [row for row in (*load('replies_denied.json'), *load('replies_elsewhere.json'))
                if row.get('held')]
        self.assertGreaterEqual(len(rows), 100)
        wrong, missed = [], []
        for row in rows:
            expected, got = judge(row)
            if got[:2] != expected[:2]:
                (missed if got[0] == 'unknown' else wrong).append((row['text'], expected, got))
        self.assertFalse(wrong)
        self.assertLessEqual(len(missed), 3, missed)

    # === TEXT === #

    def test_what_is_quoted_is_not_said(self):
        html = ('<div dir="ltr">Thank you, noted.</div><br><div class="gmail_quote"><div '
                'class="gmail_attr">On Mon, Our House wrote:<br></div><blockquote>We will pay on '
                'Friday.</blockquote></div>')
        self.assertEqual(get_new_text(html), "Thank you, noted.")
        self.assertEqual(read_reply(html, TODAY).kind, 'unknown')

    def test_an_answer_below_the_quoted_text(self):
        text = "On Mon, 1 Jun 2026, House <a@b.example> wrote:\n> Please pay.\n\nWe will pay today."
        self.assertEqual(get_new_text(text), "We will pay today.")

    def test_thanks_as_a_greeting_is_no_signature(self):
        self.assertEqual(read_reply("Thanks\nWe will pay on Friday.", TODAY).kind, 'promise')

    def test_numbers_and_days_do_not_end_a_sentence(self):
        self.assertEqual(len(split_sentences(
            "Die Zahlung über 1.250,00 € erfolgt am 12. Juni. Danke für Ihre Geduld.")), 2)

    # === NUMBERS === #

    def test_amounts_of_every_country(self):
        for text, amount in (
            ("1.234,56", "1234.56"), ("1,234.56", "1234.56"), ("1 234,5", "1234.5"),
            ("1'234.50", "1234.50"), ("5000", "5000"), ("1.234", "1234"), ("12,50", "12.50"),
            ("1.234.567", "1234567"),
        ):
            self.assertEqual(parse_number(text), Decimal(amount), text)
        self.assertFalse(find_amounts("invoice 12345 of 12 may"), "no currency, no amount")

    def test_documents_named(self):
        numbers = ["INV/2026/0012", "INV/2026/00123", "12", "PO-77/A"]
        self.assertEqual(find_numbers("about INV-2026-0012, thanks", numbers), ["INV/2026/0012"])
        self.assertEqual(find_numbers("your inv 2026 00123", numbers), ["INV/2026/00123"])
        self.assertEqual(find_numbers("12 boxes", numbers), [])

    # === DAYS === #

    def test_relative_days(self):
        for today, text, expected in (
            (date(2026, 6, 5), "We will pay on Friday.", date(2026, 6, 12)),
            (date(2026, 6, 3), "Nous paierons vendredi prochain.", date(2026, 6, 5)),
            (date(2026, 12, 29), "Wir zahlen am 5. Januar.", date(2027, 1, 5)),
            (date(2026, 12, 29), "Wij betalen eind volgende maand.", date(2027, 1, 31)),
            (date(2026, 1, 30), "Pagaremos a finales del mes que viene.", date(2026, 2, 28)),
            (date(2026, 6, 1), "Die Rechnung wird in KW 25 bezahlt.", date(2026, 6, 19)),
            (date(2026, 6, 20), "Nous paierons le 15.", date(2026, 7, 15)),
        ):
            self.assertEqual(read_reply(text, today).date, expected, text)

    def test_a_slashed_day_that_may_be_either_is_no_day(self):
        text = "We will pay on 5/6/2026."
        self.assertEqual(read_reply(text, date(2026, 5, 1)).kind, 'unknown')
        self.assertEqual(
            read_reply(text, date(2026, 5, 1), month_first=False).date, date(2026, 6, 5))
        self.assertEqual(
            read_reply(text, date(2026, 5, 1), month_first=True).date, date(2026, 5, 6))
        self.assertEqual(
            read_reply("We will pay on 25/6/2026.", date(2026, 5, 1)).date, date(2026, 6, 25))

    def test_a_day_that_has_passed_is_no_promise(self):
        self.assertEqual(read_reply("We will pay on 5 May 2026.", TODAY).kind, 'unknown')

    def test_two_days_are_for_a_person(self):
        for text in ("We will pay half on 5 June and the rest on 20 June.",
                     "We will pay on 5 June. Payment will be made on 20 June."):
            self.assertIn(read_reply(text, TODAY).kind, FOR_A_PERSON)

    def test_strange_input_is_for_a_person(self):
        for text in ('', ' ', '<p></p>', '\x00', '?' * 5000, '<div>' * 2000, "12.12.12.12",
                     "We will pay on 31 February 2027.", "> quoted only"):
            self.assertEqual(read_reply(text, TODAY).kind, 'unknown', text[:30])
