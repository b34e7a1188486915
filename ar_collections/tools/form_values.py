"""What a browser sends in: a stranger may send anything."""

# Beyond it no id lies, and no number of instalments.
LARGEST = 2 ** 31 - 1


def read_number(text):
    """Return the whole number that a form or an address says, or None.

    :param text: of the browser; superscripts, signs, files and thousands of digits are no number
    """
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()) or len(text) > 10:
        return None
    number = int(text)
    return number if number <= LARGEST else None


def read_numbers(texts):
    """Return the whole numbers among some texts, as a set."""
    return {number for text in texts if (number := read_number(text)) is not None}


def keep_texts(values):
    """Return the texts among the values of a form, without what no database stores."""
    return {name: value.replace('\x00', '') for name, value in values.items()
            if isinstance(value, str)}
