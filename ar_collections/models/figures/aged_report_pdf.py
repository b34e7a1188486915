from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_date, get_lang
from odoo.tools.pdf import merge_pdf

REPORT = 'ar_collections.ar_aged_balance_report'
# Lines that fit on a landscape A4, head included; the first page also holds the parameters.
LINES_ON_PAGE = 41
LINES_ON_FIRST = 38
# wkhtmltopdf keeps all it prints in memory: a long report is printed part by part and joined.
PAGES_PER_RUN = 40
MAX_ITEMS = 20_000
# In pixels of the style sheet: the lines of a page, what a cell leaves empty, sizes of the text.
PAGE_WIDTH, PADDING, FONT_SIZE, SMALLEST = 1440, 6, 11, 6
# Of the width of a page, in percent: what stands before the amounts; see the template.
HEAD_SHARE = {1: 26, 5: 33, 6: 38.5}
# Width of a bold figure or letter, and of anything else, in heights of a wide font (DejaVu).
WIDE, NARROW = 0.7, 0.4


class ArAgedReport(models.AbstractModel):
    """The PDF, cut into pages here: each has its head and its number with any wkhtmltopdf."""
    _inherit = 'ar.aged.report'

    @api.model
    def _render_pdf(self, dataset):
        """Return the PDF of a dataset.

        :param dict dataset: as returned by `_get_dataset`
        :rtype: bytes
        :raise UserError: when nobody could read it any more
        """
        if dataset['detailed'] and dataset['item_count'] > MAX_ITEMS:
            raise UserError(self.env._(
                "%(count)s items would fill %(pages)s pages. Take the XLSX, choose fewer "
                "customers, or print it from the screen, where it is made in the background.",
                count=dataset['item_count'],
                pages=dataset['item_count'] // LINES_ON_PAGE))
        values, pages = self._get_page_values(dataset), list(self._iter_pages(dataset))
        parts = [
            self._print_pages(values, pages[start:start + PAGES_PER_RUN], start + 1, len(pages))
            for start in range(0, len(pages), PAGES_PER_RUN)]
        return parts[0] if len(parts) == 1 else merge_pdf(parts)

    def _print_pages(self, values, pages, first, count):
        """Return the PDF of some pages of a document.

        :param dict values: what stands beside the lines, see `_get_page_values`
        :param list pages: lists of lines, as cut by `_iter_pages`
        :param int first: number of the first of them
        :param int count: how many pages the document has
        :rtype: bytes
        """
        html = self.env['ir.qweb']._render('ar_collections.report_ar_aged_balance', {
            **values, 'page_count': count, 'pages': [{
                'number': number, 'lines': lines,
                'label': self.env._("Page %(number)s/%(count)s", number=number, count=count),
            } for number, lines in enumerate(pages, first)]})
        return self.env['ir.actions.report']._run_wkhtmltopdf(
            [html], report_ref=REPORT, landscape=True)

    # === PAGES === #

    def _get_page_values(self, dataset):
        head_count = (6 if dataset['shows_base'] else 5) if dataset['detailed'] else 1
        return {
            **self._get_sizes(dataset, head_count),
            'title': self.env._("Aged balance"), 'parameters': self._get_parameter_texts(dataset),
            'columns': [label for _name, label in dataset['columns']],
            'total_index': [name for name, _label in dataset['columns']].index('amount'),
            'companies': ", ".join(self.env.companies.sudo().mapped('name')),
            'date': self.env._(
                "as of %s", format_date(self.env, dataset['options']['date'])),
            'printed': self.env._("Printed: %s", self._get_print_text()),
            'detailed': dataset['detailed'], 'shows_base': dataset['shows_base'],
            'head_count': head_count,
            'filtered': dataset['filtered'] and self.env._("a selection, not the whole ledger"),
            'control': [
                dict(line, **{key: self._format(line[key], line['decimals'], True)
                              for key in ('ledger', 'aged', 'difference')},
                     ties=not line['difference'])
                for line in dataset['control']],
            'counts': self.env._(
                "%(customers)s customers, %(items)s items",
                customers=self._format(dataset['customer_count'], 0, True),
                items=self._format(dataset['item_count'], 0, True)),
        }

    def _get_sizes(self, dataset, head_count):
        """Return the sizes of amounts and heads: the widest of them fits between its neighbours."""
        columns = dataset['columns']
        room = PAGE_WIDTH * (100 - HEAD_SHARE[head_count]) / 100 / len(columns) - PADDING
        amounts = []
        for section in dataset['sections']:
            values = [value for group in section['groups'] for row in group['rows']
                      for value in row['values']] + section['values']
            amounts += [self._format(value, section['decimals'])
                        for value in (min(values), max(values))]
        words = [word for _name, label in columns for word in label.split()]

        def fit(texts):
            width = max((sum(WIDE if char.isalnum() else NARROW for char in text)
                         for text in texts), default=0)
            return max(min(FONT_SIZE, round(room / width, 1)), SMALLEST) if width else FONT_SIZE

        return {'amount_size': fit(amounts), 'head_size': fit(words)}

    @api.model
    def _get_parameter_texts(self, dataset):
        """Return the parameters as they stand in a line of text: list of (label, text)."""
        # The colon is part of the term: some languages put a space before it.
        return [(self.env._("%(label)s:", label=label), text)
                for label, text in dataset['parameters']]

    @api.model
    def _iter_pages(self, dataset):
        """Yield the pages: lists of lines that fit, each line with its kind, label and cells."""
        page, room, customer = [], LINES_ON_FIRST, None
        for line in self._get_lines(dataset):
            # A head does not stay alone at the foot of a page.
            needed = {'section': 3, 'group': 2, 'customer': 2}.get(line['kind'], 1)
            if room < needed and page:
                yield page
                page, room = [], LINES_ON_PAGE
                if line['kind'] == 'item':
                    page.append(dict(customer, label=self.env._(
                        "%s (continued)", customer['label'])))
                    room -= 1
            if line['kind'] == 'customer':
                customer = line
            page.append(line)
            room -= 1
        yield page
        if dataset['control'] and room < len(dataset['control']) + 4:
            yield []

    def _get_lines(self, dataset):
        """Yield every line of the report from top to bottom, formatted."""
        several = len(dataset['sections']) > 1
        for section in dataset['sections']:
            digits = section['decimals']
            if several:
                yield {'kind': 'section', 'cells': [],
                       'label': f"{section['company']} – {section['currency']}"}
            for group in section['groups']:
                if dataset['group_by']:
                    yield {'kind': 'group', 'label': group['name'], 'cells': []}
                for row in self._iter_rows(dataset, section, group):
                    yield from self._get_customer_lines(row, digits, dataset['detailed'])
                if dataset['group_by']:
                    yield {'kind': 'subtotal', 'cells': self._format_all(group['values'], digits),
                           'label': self.env._("Sub-total %s", group['name'])}
            yield {'kind': 'total', 'cells': self._format_all(section['values'], digits),
                   'label': self.env._(
                       "Total %(currency)s", currency=section['currency'])}
            yield {'kind': 'share', 'cells': self._get_shares(section, dataset),
                   'label': self.env._("Share of the total")}

    def _iter_rows(self, _dataset, _section, group):
        """Hook: yield the customers of a group, with their items when the report is detailed."""
        yield from group['rows']

    def _get_customer_lines(self, row, digits, detailed):
        name = f"{row['ref']} {row['name']}" if row['ref'] else row['name']
        if not detailed:
            yield {'kind': 'row', 'label': name, 'cells': self._format_all(row['values'], digits)}
            return
        yield {'kind': 'customer', 'label': name, 'cells': []}
        for item in row['items']:
            yield {
                'kind': 'item', 'label': item['document'], 'reference': item['reference'],
                'invoice_date': format_date(self.env, item['invoice_date']),
                'due_date': format_date(self.env, item['due_date']), 'days': item['days'],
                'base_date': format_date(self.env, item['base_date']),
                'cells': self._format_all(item['values'], digits),
            }
        yield {'kind': 'subtotal', 'label': self.env._("Sub-total %s", row['name']),
               'cells': self._format_all(row['values'], digits)}

    # === NUMBERS === #

    def _get_shares(self, section, dataset):
        names = [name for name, _label in dataset['columns']]
        total = section['values'][names.index('amount')]
        if not total:
            return [''] * len(names)
        return [self._format(value / total * 100, 1, True) + '\xa0%'
                for value in section['values']]

    def _format_all(self, values, digits):
        return [self._format(value, digits) for value in values]

    @api.model
    def _format(self, value, digits, zero=False):
        """Return a number as the reader's language writes it; nothing for zero, unless asked.

        Plain Python in place of `formatLang` for the usual grouping by three: a report has a
        hundred thousand of them.
        """
        value = round(value, digits)
        if not value and not zero:
            return ''
        lang = get_lang(self.env)
        if lang.grouping != '[3,0]':
            return self.env['res.lang'].browse(lang.id).format(
                f'%.{digits}f', value, grouping=True)
        text = f'{value:,.{digits}f}'
        return text.replace(',', '\0').replace('.', lang.decimal_point).replace(
            '\0', (lang.thousands_sep or '').replace(' ', '\xa0'))
