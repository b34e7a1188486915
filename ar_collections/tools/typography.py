"""Where a line must not break. No ORM."""
import re

NBSP = '\u00a0'
# A space before these signs belongs to the figure or the word before it.
BEFORE_SIGN = re.compile(r' (?=[%€£:;!?»])')


def keep_signs(text: str) -> str:
    """Return a text in which no line begins with "%", "€" or a colon.

    :param text: plain text; other spaces are left alone
    """
    return BEFORE_SIGN.sub(NBSP, text)
