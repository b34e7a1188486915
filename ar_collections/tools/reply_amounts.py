"""Amounts of money in a sentence, as people write them in different countries.

Pure functions.
"""
import re
from collections import namedtuple
from decimal import Decimal

FoundAmount = namedtuple('FoundAmount', 'start end amount currency')

SIGNS = {'€': 'EUR', '$': 'USD', '£': 'GBP', 'euro': 'EUR', 'euros': 'EUR', 'eur': 'EUR',
         'usd': 'USD', 'dollars': 'USD', 'gbp': 'GBP', 'pounds': 'GBP', 'chf': 'CHF', 'fr.': 'CHF',
         'francs': 'CHF', 'franken': 'CHF', 'sek': 'SEK', 'dkk': 'DKK', 'nok': 'NOK', 'pln': 'PLN'}
SIGN = '|'.join(sorted((re.escape(sign) for sign in SIGNS), key=len, reverse=True))
NUMBER = r"\d{1,3}(?:[ .,']\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
AMOUNT = re.compile(
    rf"(?<![\w.,])(?:(?P<before>{SIGN})\s?(?P<first>{NUMBER})(?![\d])"
    rf"|(?P<second>{NUMBER})(?:,-)?\s?(?P<after>{SIGN})(?!\w))")


def parse_number(text):
    """Return the number written as text: 1.234,56 and 1,234.56 are the same.

    A last group of three digits is thousands, one of one or two digits are cents.

    :rtype: Decimal
    """
    text = text.replace(' ', '').replace("'", '')
    cents = re.search(r"[.,](\d{1,2})$", text)
    whole = re.sub(r"[.,]", '', text[:cents.start()] if cents else text)
    return Decimal(f"{whole}.{cents.group(1) if cents else '0'}")


def find_amounts(sentence):
    """Return the amounts that stand with a currency in a folded sentence.

    :rtype: list[FoundAmount]
    """
    return [
        FoundAmount(
            match.start(), match.end(), parse_number(match['first'] or match['second']),
            SIGNS[match['before'] or match['after']])
        for match in AMOUNT.finditer(sentence)]
