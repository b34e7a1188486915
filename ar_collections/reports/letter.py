import base64
import io

from markupsafe import Markup
from PIL import Image

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.image import base64_to_image
from odoo.tools.misc import format_date
from odoo.tools.pdf import PdfReader, PdfWriter

# Countries whose window envelopes have the address on the right.
RIGHT_WINDOW = ('BE', 'ES', 'FR', 'IT', 'LU', 'MC', 'PT')
LOGO_BOX = (300, 90)
# The first page of each document carries a hairline of this colour (see the letter template): the
# merged PDF is cut there. `wkhtmltopdf` without patched Qt leaves no other mark, and reading the
# text of every page would cost more than rendering it.
MARK_RGB = (1, 2, 3)
# Lines of a table that fit: on the letter beside its text, and on a page of its own.
ROWS_ON_LETTER = 12
ROWS_ON_PAGE = 45
# A section costs its head and its totals besides its rows.
SECTION_ROWS = 5


class ArLetter(models.AbstractModel):
    """What every paper of ours shares: sender, window address, logo, pages of a long table.

    All of it stands in the body: without patched Qt, wkhtmltopdf prints no header and no footer.
    """
    _name = 'ar.letter'
    _description = "Letter head and address block"

    @api.model
    def _get_values(self, model, docids, method):
        """Return the values of a report whose documents the records prepare themselves.

        :param str model: what is printed; the right to read it is checked
        :param str method: name of the method of one record that returns its document
        """
        records = self.env[model].browse(docids)
        records.check_access('read')
        return {
            'doc_ids': docids, 'doc_model': model,
            'docs': [getattr(record, method)() for record in records],
            # sudo: the logo of the sender is printed on every document.
            'logo_style': self._get_logo_style(records.sudo().company_id),
        }

    @api.model
    def _get_head(self, company, lang):
        """Return the identity of the sender, in ``lang``."""
        # sudo: the sender's own address is printed on every document.
        company = company.sudo().with_context(lang=lang)
        partner = company.partner_id
        town = " ".join(part for part in (partner.zip, partner.city) if part)
        ids = []
        if company.vat:
            ids.append(f"{company.country_id.vat_label or company.env._('Tax ID')} {company.vat}")
        if company.company_registry and company.company_registry != company.vat:
            # Not the field: it keeps the language in which it was read first.
            labels = partner._get_company_registry_labels()
            label = labels.get(company.country_id.code) or company.env._("Company ID")
            ids.append(f"{label} {company.company_registry}")
        contact = [company.phone, company.email]
        website = (company.website or '').removeprefix('https://').removeprefix('http://')
        return {
            'name': company.name, 'logo_class': f'ar-logo-{company.id}',
            'has_logo': bool(company.logo) and not company.uses_default_logo,
            'address': [line for line in (partner.street, partner.street2, town,
                                          partner.country_id.name) if line],
            'contact': [line for line in contact if line], 'website': website.rstrip('/'),
            'ids': ids, 'city': partner.city or '',
            'right': company.country_id.code in RIGHT_WINDOW,
        }

    @api.model
    def _get_logo_style(self, companies):
        """Return the logos as one style sheet, so that 500 letters hold each logo once."""
        rules = []
        for company in companies.sudo():
            if not company.logo or company.uses_default_logo:
                continue
            try:
                image = base64_to_image(company.logo)
            except UserError:
                continue  # An image that cannot be read: the name stands in its place.
            image = image.convert('RGBA')
            image.thumbnail((LOGO_BOX[0] * 2, LOGO_BOX[1] * 2))
            paper = Image.new('RGB', image.size, 'white')
            paper.paste(image, mask=image)
            stream = io.BytesIO()
            paper.save(stream, 'PNG')
            ratio = min(LOGO_BOX[0] / image.width, LOGO_BOX[1] / image.height, 1)
            width, height = int(image.width * ratio), int(image.height * ratio)
            rules.append(
                f".ar-logo-{company.id}{{width:{width}px;height:{height}px;"
                f"background-size:{width}px {height}px;background-repeat:no-repeat;"
                "background-image:url(data:image/png;base64,"
                f"{base64.b64encode(stream.getvalue()).decode()})}}")
        return Markup('<style>%s</style>') % Markup("".join(rules)) if rules else ''

    @api.model
    def _get_address_lines(self, partner, company):
        """Return the lines of the address block; the country only when it is abroad."""
        commercial = partner.commercial_partner_id
        names = [commercial.name]
        if partner != commercial and partner.name:
            names.append(partner.name)
        elif not partner.is_company and partner.commercial_company_name:
            names.insert(0, partner.commercial_company_name)
        address = partner if partner.street or partner.city else commercial
        lines = [
            line.strip()
            for line in address._display_address(without_company=True).splitlines()
            if line.strip()
        ]
        country = address.country_id.name
        if lines and lines[-1] == country and address.country_id == company.country_id:
            lines.pop()
        return [name for name in names if name] + lines

    @api.model
    def _get_place_and_date(self, company, date, lang):
        """Return "Lyon, 21 November 2026" as that language writes it."""
        env = self.with_context(lang=lang).env
        day = format_date(env, date, lang_code=lang, date_format='long')
        if date.day == 1 and (lang or '').startswith('fr'):
            # French writes the first of a month as an ordinal, which no format of dates knows.
            day = day.replace("1", "1er", 1)
        city = company.sudo().partner_id.city
        return env._("%(city)s, %(date)s", city=city, date=day) if city else day

    # === PAGES === #

    @api.model
    def _paginate_annex(self, sections):
        """Return the pages of the annex, or an empty list when the table fits on the letter."""
        size = sum(self._count_rows(section) + (SECTION_ROWS - 3) for section in sections)
        return [] if size <= ROWS_ON_LETTER + 2 else self._paginate(sections, ROWS_ON_PAGE)

    @api.model
    def _count_rows(self, section):
        return sum(len(section[key]) for key in ('rows', 'not_due_rows', 'credit_rows'))

    @api.model
    def _paginate(self, sections, following, first=None):
        """Cut sections into pages, so that each page has its own table head.

        :param list sections: dictionaries with 'rows', 'not_due_rows' and 'credit_rows'
        :param int following: rows on a page
        :param int first: rows on the first page, when it holds something else too
        :return: list of pages; a page is a list of sections, each with ``last`` (totals follow)
        """
        pages, room = [[]], first if first is not None else following
        for section in sections:
            queue = [(key, row) for key in ('rows', 'not_due_rows', 'credit_rows')
                     for row in section[key]]
            while True:
                if room < SECTION_ROWS + 1 and pages[-1]:
                    pages.append([])
                    room = following
                chunk, queue = queue[:room - SECTION_ROWS], queue[room - SECTION_ROWS:]
                part = dict(section, rows=[], not_due_rows=[], credit_rows=[], last=not queue)
                for key, row in chunk:
                    part[key].append(row)
                pages[-1].append(part)
                room -= len(chunk) + SECTION_ROWS
                if not queue:
                    break
                room = 0
        return pages

    # === CUTTING === #

    @api.model
    def _cut_pdf(self, content, count):
        """Cut a merged PDF where a document begins.

        :param bytes content: merged PDF
        :param int count: number of documents in it
        :return: list of bytes, one PDF per document; None when the marks do not add up
        """
        if count == 1:
            return [content]
        reader = PdfReader(io.BytesIO(content))
        starts = [number for number, page in enumerate(reader.pages) if self._has_mark(page)]
        if len(starts) != count or starts[0] != 0:
            return None
        singles = []
        for start, end in zip(starts, [*starts[1:], len(reader.pages)], strict=True):
            writer = PdfWriter()
            for number in range(start, end):
                writer.add_page(reader.pages[number])
            stream = io.BytesIO()
            writer.write(stream)
            singles.append(stream.getvalue())
        return singles

    @api.model
    def _has_mark(self, page):
        """Tell whether the hairline colour is set anywhere in the page's drawing commands."""
        contents = page.get_contents()
        data = contents.get_data() if contents is not None else b''
        # Qt writes nine decimals, other engines fewer: three are enough to know the colour.
        wanted = [f"{value / 255:.9f}"[:5].encode() for value in MARK_RGB]
        for line in data.splitlines():
            words = line.split()
            if len(words) >= 4 and words[-1] in (b'scn', b'SCN', b'rg', b'RG', b'sc', b'SC'):
                colour = words[-4:-1]
                if all(word.startswith(want) for word, want in zip(colour, wanted, strict=True)):
                    return True
        return False
