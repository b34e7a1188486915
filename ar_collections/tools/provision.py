"""Expected credit loss by provision matrix, and the figures it is made of.

Simplified approach for trade receivables: IFRS 9 5.5.15 and B5.5.35. Amounts and shares are exact
`Decimal`; a rate is a share between 0 and 1, or None where history says nothing.
"""
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from .kpi import ROLL_EDGES

ZERO, ONE = Decimal(0), Decimal(1)
# Not due, 1-30, 31-60, 61-90, 91-120, over 120 days.
BUCKETS = len(ROLL_EDGES) + 1
# A loss: what is not paid in money or by credit note so many days after its due date.
LOSS_DAYS = 365


def loss_share(reached: Decimal, lost: Decimal) -> Decimal | None:
    """Return the share of what reached a bucket that was never paid; None without history.

    :param reached: amount that was still open when it reached the bucket
    :param lost: of that, what nobody had paid `LOSS_DAYS` after the due date
    """
    return min(max(lost / reached, ZERO), ONE) if reached > 0 else None


def roll_losses(rolls: Sequence[tuple[Decimal, Decimal]], last: Decimal | None) -> list:
    """Return the loss rate of each bucket: the product of the roll rates from it to the end.

    Source: roll-rate method, Comptroller's Handbook (US OCC), retail lending; the last bucket has
    nowhere to roll to and needs a rate of its own.

    :param rolls: (amount one month before, amount that rolled on) of each bucket but the last,
        added up over the months observed
    :param last: loss rate of the oldest bucket
    :return: list of `BUCKETS` rates; None from the first bucket (seen from the oldest) without
        history on
    """
    rates = [last]
    for before, moved in reversed(rolls):
        share = loss_share(before, moved)
        rates.append(None if share is None or rates[-1] is None else share * rates[-1])
    return rates[::-1]


def adjusted(rate: Decimal | None, percent: Decimal) -> Decimal | None:
    """Return a historical rate with its forward-looking adjustment (IFRS 9 B5.5.52).

    :param percent: how much worse (or, negative, better) than history the months ahead look: 10
        turns a rate of 2 % into 2.2 %
    """
    if rate is None:
        return None
    return min(max(rate * (1 + percent / 100), ZERO), ONE)


def base(gross: Decimal, insured: Decimal) -> Decimal:
    """Return what can be lost of a claim: never below zero, the insured part left out."""
    return max(gross - insured, ZERO)


def loss(amount: Decimal, rate: Decimal, digits: int) -> Decimal:
    """Return the expected loss of an amount, rounded half up to ``digits`` decimals."""
    return (amount * rate).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def net_of_vat(amount: Decimal, untaxed: Decimal, total: Decimal, digits: int) -> Decimal:
    """Return the part of an open amount that is not VAT, as the invoice is made up.

    A provision never covers VAT, which the state gives back once the claim is lost: BOI-BIC-PROV-40
    for the provision, art. 272 CGI for the tax.

    :param amount: open, VAT included
    :param untaxed: amount of the invoice before taxes
    :param total: amount of the invoice with taxes
    """
    if not total:
        return amount
    return (amount * untaxed / total).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
