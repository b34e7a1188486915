"""What a stranger may send as a file: recognised by its content, never by its name."""
import io
import re
import unicodedata

from PIL import Image

# A photograph of a telephone has 12 to 50 million pixels; more is a bomb.
MAX_PIXELS = 80_000_000
KINDS = {
    'JPEG': ('image/jpeg', 'jpg'), 'PNG': ('image/png', 'png'), 'WEBP': ('image/webp', 'webp'),
}
SIGNATURES = (b'\xff\xd8\xff', b'\x89PNG\r\n\x1a\n', b'RIFF')


class UploadError(ValueError):
    """A file that is refused; ``code`` is 'type', 'size' or 'broken'."""

    def __init__(self, code, name):
        super().__init__(f'{code}: {name}')
        self.code = code
        self.name = name


def check_upload(name: str, content: bytes, max_bytes: int) -> tuple[str, str]:
    """Return (safe file name, media type) of a photo or PDF that a visitor sent.

    :param name: as the browser says, believed in nothing but its letters
    :param content: the whole file
    :param max_bytes: largest size accepted
    :raise UploadError: other content, too large, or damaged
    """
    if len(content) > max_bytes:
        raise UploadError('size', clean_name(name))
    if content.startswith(b'%PDF-'):
        return f"{clean_name(name)}.pdf", 'application/pdf'
    if not content.startswith(SIGNATURES):
        raise UploadError('type', clean_name(name))
    try:
        with Image.open(io.BytesIO(content), formats=list(KINDS)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UploadError('size', clean_name(name))
            kind = image.format
            image.verify()
    except UploadError:
        raise
    except Exception as error:
        # Pillow raises whatever the decoder met: SyntaxError, struct.error, OSError...
        raise UploadError('broken', clean_name(name)) from error
    mimetype, extension = KINDS[kind]
    return f"{clean_name(name)}.{extension}", mimetype


def clean_name(name: str) -> str:
    """Return a file name without path, extension and signs that mean something elsewhere."""
    base = re.split(r'[\\/]', name or '')[-1].rsplit('.', 1)[0]
    base = unicodedata.normalize('NFC', base)
    return re.sub(r'[^\w .()-]', '_', base).strip(' ._')[:80] or 'document'
