"""What a person has newly written in an e-mail: no quoted message, no signature.

Pure functions: no database, no network, no clock.
"""
import re
import unicodedata
from html.parser import HTMLParser

# Elements in which mail programs put the message that is answered.
QUOTE_TAGS = {'blockquote', 'style', 'script', 'head'}
QUOTE_MARKS = (
    'gmail_quote', 'gmail_attr', 'divrplyfwdmsg', 'appendonsend', 'moz-cite-prefix',
    'yahoo_quoted', 'outlookmessageheader', 'protonmail_quote', 'gmail_signature',
    'moz-signature', 'data-o-mail-quote',
)
BLOCKS = {'p', 'div', 'br', 'li', 'tr', 'table', 'ul', 'ol', 'h1', 'h2', 'h3', 'h4', 'hr'}
VOID = {'br', 'hr', 'img', 'meta', 'link', 'input', 'col', 'area', 'base', 'wbr'}

# "On Monday X wrote:", in one or two lines, and the headers of a forwarded or answered message.
QUOTE_HEADERS = re.compile(
    r"""^[ \t]*(?:
        (?:On|Le|Am|Op|El)\ (?=[^\n]*\d)[^\n]{5,160}?(?:\n(?!(?:On|Le|Am|Op|El)\ )[^\n]{0,120}?)?
            (?:\ ?\bwrote | \ ?\ba\ écrit | \ ?\bschrieb\b[^\n]{0,120}?
             | \ ?\bschreef\b[^\n]{0,120}? | \ ?\bescribió)\s*:
        | [^\n]{0,80}\bschrieb\ am\ [^\n]{5,100}?:
        | -{2,}\s*(?:Original\ Message|Message\ d['’]origine|Ursprüngliche\ Nachricht
            |Oorspronkelijk\ bericht|Mensaje\ original|Forwarded\ message|Message\ transféré
            |Weitergeleitete\ Nachricht|Doorgestuurd\ bericht|Mensaje\ reenviado)[^\n]*
        | _{20,}
        | (?:From|De|Von|Van)\s?:\ [^\n]{1,200}\n(?:[^\n]{0,200}\n)?[ \t]*
            (?:Sent|Date|Envoyé|Gesendet|Datum|Verzonden|Enviado|Fecha)\s?:[^\n]*
    )[ \t]*$""",
    re.MULTILINE | re.VERBOSE)

# A line of its own that ends what was said.
CLOSINGS = re.compile(
    r"""^[ \t]*(?:
        (?:(?:kind|best|warm|kindest|many)\ )?regards | best(?:\ wishes)?
        | yours\ (?:sincerely|faithfully|truly)
        | sincerely | cheers | (?:many\ )?thanks | thank\ you(?:\ very\ much)?
        | (?:bien\ )?(?:cordialement|à\ vous) | salutations(?:\ distinguées)?
        | sincères\ salutations
        | bonne\ (?:journée|fin\ de\ journée|semaine|réception)
        | mit\ (?:freundlichen|besten|herzlichen)\ gr(?:ü|ue)(?:ß|ss)en
        | (?:(?:viele|beste|freundliche|liebe|schöne)\ )?gr(?:ü|u|ue)(?:ß|ss)e? | mfg
        | (?:met\ )?(?:vriendelijke|hartelijke)\ groet(?:en)? | groet(?:en|jes)? | mvg
        | (?:(?:un|reciba(?:n)?\ un)\ )?(?:cordial\ )?saludos?(?:\ cordiales)? | atentamente
        | (?:sent|envoyé|gesendet|verzonden|enviado)\ (?:from|de|depuis|von|vanaf|vanuit
            |desde)\ .{2,40}
        | von\ meinem\ .{2,30}\ gesendet
    )[ \t]*[,.!]?[ \t]*$""",
    re.MULTILINE | re.VERBOSE | re.IGNORECASE)
# A dot after one of these, or after a single letter, ends no sentence.
ABBREVIATION = re.compile(
    r"\b(?:no|nr|ref|réf|st|mr|mrs|ms|dr|z\.b|bzw|inkl|ca|núm|num|art|tel|sra?|mme|incl|evt|jan"
    r"|feb|febr|mar|apr|jun|jul|aug|sep|sept|okt|oct|nov|dec|dez|déc|janv|févr|juil|mo|di|mi|do|fr"
    r"|sa|so|lun|mié|jue|vie|[a-z])$", re.IGNORECASE)
SIGNATURE_MARK = re.compile(r"^--[ \t]?$", re.MULTILINE)
# An address in angle brackets is no element.
HTML = re.compile(
    r"<(?:p|div|br|pre|span|html|body|table|blockquote|a|b|i|font|ul|ol|li|h\d|em|strong)[\s/>]",
    re.IGNORECASE)
MAX_CHARS = 6000


class _Text(HTMLParser):
    """Text of an HTML message, without what is quoted."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts, self.open, self.hidden = [], [], 0

    def handle_starttag(self, tag, attrs):
        if tag in BLOCKS:
            self.parts.append('\n')
        if tag in VOID:
            return
        marks = ' '.join(value or '' for name, value in attrs if name in ('class', 'id')).lower()
        marks += ' '.join(name for name, _value in attrs if name.startswith('data-o-mail'))
        quoted = tag in QUOTE_TAGS or any(mark in marks for mark in QUOTE_MARKS)
        self.open.append((tag, quoted))
        self.hidden += quoted

    def handle_endtag(self, tag):
        if tag in ('p', 'div', 'li', 'tr'):
            self.parts.append('\n')
        if tag not in [name for name, _quoted in self.open]:
            return
        while self.open:
            name, quoted = self.open.pop()
            self.hidden -= quoted
            if name == tag:
                break

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data)


def html_to_text(source):
    """Return the text of an HTML message without quoted parts.

    :param str source: HTML; plain text passes unchanged
    :rtype: str
    """
    if not HTML.search(source or ''):
        return source or ''
    parser = _Text()
    # In HTML a line break in the source is a blank.
    parser.feed(re.sub(r"\s*\n\s*", ' ', source) if not re.search(
        r"<pre\b", source, re.IGNORECASE) else source)
    parser.close()
    return ''.join(parser.parts)


def get_new_text(source):
    """Return what was newly written: no quoted message, no signature, no more than 6,000 letters.

    An answer below the quoted text is kept: lines that begin with ">" go, the rest stays.

    :param str source: HTML or plain text
    :rtype: str
    """
    text = html_to_text(source).replace('\r\n', '\n').replace('\xa0', ' ').replace('\u202f', ' ')
    text = text[:MAX_CHARS * 5]
    header = QUOTE_HEADERS.search(text)
    if header:
        below = text[header.end():].lstrip('\n')
        text = text[:header.start()] + ('\n' + below if below.lstrip().startswith('>') else '')
    lines = [line for line in text.split('\n') if not line.lstrip().startswith('>')]
    text = '\n'.join(lines)
    for pattern in (SIGNATURE_MARK, CLOSINGS):
        for found in pattern.finditer(text):
            # "Thanks" as the first line greets; what follows is the message.
            if text[:found.start()].strip():
                text = text[:found.start()]
                break
    return re.sub(r"\n{3,}", '\n\n', text).strip()[:MAX_CHARS]


def fold(text):
    """Return the text in lower case without accents, so that "payé" and "paye" meet.

    Every letter stays one letter: positions in the folded text are positions in the original.

    :rtype: str
    """
    folded = []
    for letter in text:
        if letter in '’‘`´':
            folded.append("'")
            continue
        base = unicodedata.normalize('NFD', letter)[:1].lower()[:1] or letter
        folded.append('s' if base == 'ß' else base)
    return ''.join(folded)


def split_sentences(text):
    """Return the sentences of a text, in order.

    A dot ends one when a capital follows and it is neither in a number nor after a day ("5. Juni").

    :rtype: list[str]
    """
    sentences = []
    for block in _join_lines(text):
        start = 0
        for end in re.finditer(r"[!?…]+(?=\s|$)|\.(?=\s|$)|;(?=\s)", block):
            if end.group() == '.' and _inside(block, end):
                continue
            sentences.append(block[start:end.end()].strip())
            start = end.end()
        sentences.append(block[start:].strip())
    return [sentence for sentence in sentences if len(sentence) > 1]


def _join_lines(text):
    """Join lines that a mail program has wrapped; a short line ends what it says."""
    blocks, current = [], ''
    for line in text.split('\n'):
        line = line.strip()
        if not line:
            blocks.append(current)
            current = ''
        elif current and len(current.rsplit('\n', 1)[-1]) > 55 and not current.endswith(
                ('.', '!', '?', ':')) and not re.match(r"[-*•\d]", line):
            current += ' ' + line
        else:
            blocks.append(current)
            current = line
    return [block for block in [*blocks, current] if block]


def _inside(block, dot):
    before, after = block[:dot.start()], block[dot.end():].lstrip()
    if not after:
        return False
    if ABBREVIATION.search(before):
        return True
    if re.search(r"\b\d{1,2}$", before):
        # "am 5. Juni", "19.06. ausgeglichen": a day; "am 5.6. Bitte prüfen" is one too, rarely.
        return bool(re.match(r"[A-Za-zÄÖÜäöüé]", after))
    return after[:1].islower()
