"""What a customer's reply to a reminder says, read by rules: nothing leaves the house.

`read_reply` proposes one of: a promise to pay with its day, a payment made, a dispute with its
reason, an absence until a day, a wrong contact, a request about personal data. Whatever is not
clear is "unknown" and a person reads it: a promise without a day, a condition, a refusal, a
question, two different statements. The sentence that was read and a confidence come with it.

The words of each language are data in `reply_words`. Pure functions: no database, no network, no
clock; the day on which the reply arrived comes in.
"""
import re
from collections import namedtuple
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from .reply_amounts import find_amounts
from .reply_dates import find_dates
from .reply_text import fold, get_new_text, split_sentences
from .reply_words import LANGUAGES

HIGH, MEDIUM, LOW = 'high', 'medium', 'low'
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# A person writes a promise in a few sentences; further down stand disclaimers and histories.
MAX_SENTENCES = 40

Finding = namedtuple('Finding', 'kind sentence date exact amount currency reason reference hedged')


@dataclass
class Reading:
    """What a reply seems to say.

    kind: promise, paid, dispute, out_of_office, contact, privacy, mixed or unknown.
    date: day of the promise or payment, last day of the absence. amount: with its currency code.
    reason: code of the reason of the dispute, None when several fit. confidence: high, medium or
    low, None for unknown. items: the numbers of documents named in the text, as given.
    """
    kind: str = 'unknown'
    confidence: str = None
    sentence: str = ''
    language: str = None
    text: str = ''
    date: object = None
    amount: Decimal = None
    currency: str = None
    reason: str = None
    reference: str = None
    email: str = None
    items: list = field(default_factory=list)
    findings: list = field(default_factory=list)


def read_reply(source, today, subject='', numbers=(), own_emails=(), month_first=None):
    """Read a reply.

    :param str source: body of the message, HTML or plain text
    :param date today: the day on which it arrived, where the company works
    :param str subject: of the message
    :param numbers: numbers of the open documents of this customer; those named are returned
    :param own_emails: addresses of the writer and of the house: no news
    :param month_first: whether the writer's country writes the month first in 5/6; None: unknown
    :rtype: Reading
    """
    text = get_new_text(source)
    folded = fold(text)
    code = get_language(folded, fold(subject or ''))
    reading = Reading(language=code, text=text, items=find_numbers(text, numbers))
    reading.email = find_email(text, own_emails)
    words = LANGUAGES[code] if code else None
    if words is None:
        return reading
    sentences = split_sentences(text)[:MAX_SENTENCES]
    if _read_absence(reading, sentences, fold(subject or ''), words, today, month_first):
        return reading
    for sentence in sentences:
        reading.findings += _read_sentence(sentence, words, today, month_first)
    return _decide(reading)


def get_language(folded, subject=''):
    """Return the code of the language whose common words occur most; None for no word at all."""
    tokens = re.findall(r"[a-z']+", folded)
    tokens += [part for token in tokens if "'" in token for part in token.split("'")]
    counts = {code: sum(token in words.STOPWORDS for token in tokens)
              for code, words in LANGUAGES.items()}
    if len(tokens) < 12 or not max(counts.values()):
        # A few words only: what they say decides too.
        for code, words in LANGUAGES.items():
            counts[code] += 2 * any(
                pattern.search(folded) for pattern in (
                    words.PAID, words.PROMISE, words.ABSENT, words.PRIVACY, words.CONTACT,
                    words.DISPUTE, *words.REASONS.values()))
            counts[code] += 2 * bool(words.ABSENT_SUBJECT.search(subject))
    best = max(counts, key=counts.get)
    return best if counts[best] else None


def find_numbers(text, numbers):
    """Return those of ``numbers`` (of documents) that the text names.

    Separators do not matter: INV/2026/0012 is found in "INV-2026-0012" and "inv 2026 0012".
    """
    found = []
    for number in numbers:
        parts = re.findall(r"[a-z]+|\d+", (number or '').lower())
        if not parts or len(''.join(parts)) < 4 or not any(part.isdigit() for part in parts):
            continue
        pattern = r"[\s/_.-]*".join(map(re.escape, parts))
        if re.search(rf"(?<![a-z0-9]){pattern}(?![a-z0-9])", text.lower()):
            found.append(number)
    return found


def find_email(text, own_emails=()):
    """Return the one e-mail address in the text that is news, or None."""
    known = {email.lower() for email in own_emails if email}
    found = {email.lower().rstrip('.') for email in EMAIL.findall(text)} - known
    return found.pop() if len(found) == 1 else None


# === ONE SENTENCE === #

def _read_sentence(sentence, words, today, month_first):
    """Return the findings of one sentence."""
    folded = _without_denials(fold(sentence), words)
    if words.PRIVACY.search(folded):
        return [Finding('privacy', sentence, None, True, None, None, None, None, False)]
    kinds = []
    asks = folded.endswith('?')
    reasons = [code for code, pattern in words.REASONS.items() if pattern.search(folded)]
    contact = words.CONTACT.search(folded)
    if contact and reasons == ['not_received'] and EMAIL.search(sentence):
        # "Send the invoices to X": where to, not that one is missing.
        reasons = []
    if reasons or words.DISPUTE.search(folded):
        kinds.append(_dispute(sentence, reasons))
    if contact and not reasons:
        kinds.append(Finding('contact', sentence, None, True, None, None, None, None, False))
    if asks or kinds:
        return kinds
    hedged = bool(words.HEDGE.search(folded))
    if not words.MONEY.search(folded) and (
            words.OTHER.search(folded) or not words.ABOUT.search(folded)):
        # "We will send you the contract on Friday" promises no money.
        return []
    paid, promise = words.PAID.search(folded), words.PROMISE.search(folded)
    if paid and not words.NOT_PAID.search(folded) and not _is_denied(folded, paid, words):
        return [_payment('paid', sentence, folded, words, today, month_first, hedged)]
    if (promise and not words.NO_PROMISE.search(folded) and not words.CONDITION.search(folded)
            and not _is_denied(folded, promise, words)):
        return [_payment('promise', sentence, folded, words, today, month_first, hedged)]
    if words.NO_PROMISE.search(folded) or promise:
        return [Finding('refusal', sentence, None, True, None, None, None, None, hedged)]
    return []


def _without_denials(folded, words):
    """Return the sentence without what it says is not so; places stay the same.

    "There is no dispute, we will pay on Friday" is read as a promise alone.
    """
    return words.DENIAL.sub(lambda match: ' ' * len(match.group()), folded)


def _is_denied(folded, match, words):
    """Return whether a "not" stands in the clause of what was found."""
    start = max((one.end() for one in words.CLAUSE.finditer(folded, 0, match.start())), default=0)
    after = words.CLAUSE.search(folded, match.end())
    return bool(words.NOT.search(folded[start:after.start() if after else len(folded)]))


def _dispute(sentence, reasons):
    reason = reasons[0] if len(reasons) == 1 else None
    return Finding('dispute', sentence, None, len(reasons) < 2, None, None,
                   reason if reasons else 'other', None, False)


def _payment(kind, sentence, folded, words, today, month_first, hedged):
    """Return a promise or a payment with day and amount, when one of each is named."""
    past = kind == 'paid'
    amounts = find_amounts(folded)
    # Cents are no day: "12.50 €" names no twelfth.
    hidden = folded
    for found in amounts:
        hidden = hidden[:found.start] + ' ' * (found.end - found.start) + hidden[found.end:]
    dates = find_dates(hidden, words, today, past, month_first)
    sensible = [one for one in dates if (one.date <= today if past else one.date >= today)]
    days = {one.date for one in sensible}
    reference = words.REFERENCE.search(folded) if past else None
    written = sentence[slice(*reference.span('reference'))] if reference else None
    values = {(one.amount, one.currency) for one in amounts}
    amount, currency = values.pop() if len(values) == 1 else (None, None)
    if past and len(days) > 1:
        # "Sent this morning, you should have it by Wednesday": the day beside the verb.
        verb = words.PAID.search(hidden)
        days = {one.date for one in sensible if verb and -25 <= one.start - verb.end() <= 25}
    # Two days in one promise: halves, or a document's date; nobody guesses which.
    day = days.pop() if len(days) == 1 else None
    exact = bool(sensible) and all(one.exact for one in sensible)
    return Finding(kind, sentence, day, exact, amount, currency, None, written, hedged)


# === THE WHOLE REPLY === #

def _decide(reading):
    """Put the findings of all sentences together."""
    findings = reading.findings
    for kind in ('privacy',):
        if any(one.kind == kind for one in findings):
            return _take(reading, next(one for one in findings if one.kind == kind), HIGH)
    firm = [one for one in findings if one.kind != 'refusal']
    kinds = {one.kind for one in firm}
    if kinds > {'dispute'} and kinds <= {'dispute', 'contact'}:
        firm = [one for one in firm if one.kind == 'dispute']
        kinds = {'dispute'}
    if len(kinds) > 1:
        reading.kind = 'mixed'
        reading.sentence = "\n".join(dict.fromkeys(one.sentence for one in firm))
        return reading
    if not kinds:
        reading.sentence = "\n".join(dict.fromkeys(one.sentence for one in findings))
        return reading
    return {'promise': _decide_promise, 'paid': _decide_paid, 'dispute': _decide_dispute,
            'contact': _decide_contact}[kinds.pop()](reading, firm)


def _decide_promise(reading, firm):
    """One day for all that is promised; without a day a person asks for it."""
    dated = [one for one in firm if one.date]
    days = {one.date for one in dated}
    if len(days) != 1:
        reading.kind = 'mixed' if days else 'unknown'
        reading.sentence = "\n".join(dict.fromkeys(one.sentence for one in firm))
        return reading
    refused = len(firm) != len(reading.findings)
    confidence = HIGH if all(one.exact and not one.hedged for one in dated) else MEDIUM
    if any(one.hedged for one in dated) or refused:
        confidence = LOW
    return _take(reading, dated[0], confidence)


def _decide_paid(reading, firm):
    dated = [one for one in firm if one.date]
    if len({one.date for one in dated}) > 1:
        reading.kind = 'mixed'
        reading.sentence = "\n".join(dict.fromkeys(one.sentence for one in firm))
        return reading
    best = dated[0] if dated else firm[0]
    merged = best._replace(
        reference=next((one.reference for one in firm if one.reference), None),
        amount=next((one.amount for one in firm if one.amount), None),
        currency=next((one.currency for one in firm if one.amount), None))
    confidence = HIGH if best.date else MEDIUM
    return _take(reading, merged, LOW if best.hedged else confidence)


def _decide_dispute(reading, firm):
    reasons = {one.reason for one in firm} - {'other'}
    reason = reasons.pop() if len(reasons) == 1 else None if reasons else 'other'
    best = next((one for one in firm if one.reason == reason), firm[0])
    _take(reading, best._replace(reason=reason), HIGH if reason and reason != 'other' else MEDIUM)
    if reason is None:
        reading.confidence = LOW
        reading.sentence = "\n".join(dict.fromkeys(one.sentence for one in firm))
    return reading


def _decide_contact(reading, firm):
    return _take(reading, firm[0], HIGH if reading.email or len(firm) > 1 else MEDIUM)


def _take(reading, found, confidence):
    reading.kind, reading.confidence, reading.sentence = found.kind, confidence, found.sentence
    reading.date, reading.amount, reading.currency = found.date, found.amount, found.currency
    reading.reason, reading.reference = found.reason, found.reference
    return reading


def _read_absence(reading, sentences, subject, words, today, month_first):
    """Read an automatic answer: who is away, and until when.

    What else stands in it (whom to write to meanwhile) is no news about an invoice.

    :return: whether it is one
    """
    automatic = bool(words.ABSENT_SUBJECT.search(subject))
    away = [sentence for sentence in sentences if words.ABSENT.search(
        _without_denials(fold(sentence), words))]
    if not away and not automatic:
        return False
    last = None
    for sentence in sentences:
        folded = fold(sentence)
        for found in find_dates(folded, words, today, False, month_first):
            back = (words.BACK.search(folded[:found.start])
                    or words.BACK.search(folded[:found.end])
                    or words.BACK_AFTER.match(folded[found.end:]))
            day = found.date - timedelta(days=1) if back else found.date
            if day >= today and (last is None or day > last):
                last = day
    reading.kind = 'out_of_office'
    reading.date = last
    reading.sentence = away[0] if away else (sentences or [''])[0]
    reading.confidence = HIGH if last and automatic else MEDIUM if last or automatic else LOW
    # The substitute's address is none of the invoices'.
    reading.email = None
    return True
