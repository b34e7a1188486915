"""The words of each language that the reader of replies knows: data only, one file each.

All patterns are matched against folded text: lower case, without accents, "ß" as one "s".
A language needs every name of `REQUIRED`; `reply_reader` finds it here by its code.
"""
from . import de, en, es, fr, nl

LANGUAGES = {'en': en, 'fr': fr, 'de': de, 'nl': nl, 'es': es}
REQUIRED = (
    'STOPWORDS', 'MONTHS', 'WEEKDAYS', 'NUMBERS', 'DAY_FIRST', 'DOCUMENT_DATE', 'DATE_PATTERNS',
    'PROMISE', 'NO_PROMISE', 'PAID', 'NOT_PAID', 'REASONS', 'DISPUTE', 'ABSENT', 'ABSENT_SUBJECT',
    'BACK', 'CONTACT', 'PRIVACY', 'HEDGE', 'CONDITION', 'REFERENCE', 'NOT', 'CLAUSE', 'DENIAL',
    'MONEY', 'OTHER', 'ABOUT', 'BACK_AFTER',
)
