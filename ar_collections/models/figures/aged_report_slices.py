from odoo import api, fields, models
from odoo.exceptions import UserError

# Items in memory at one time.
SLICE_ITEMS = 20_000


class ArAgedReport(models.AbstractModel):
    """A detailed report of any length: its items are read slice by slice, while it is printed."""
    _inherit = 'ar.aged.report'

    @api.model
    def _count_items(self, options, domain=()):
        """Return how many items a detailed report would show."""
        Balance = self._get_balance(options)
        [(count,)] = Balance._read_group(list(domain), [], [self._get_count(Balance)])
        return count

    @api.model
    def _get_sliced_dataset(self, options, domain=(), *, group_by=None):
        """Return a detailed dataset whose customers get their items only while `_iter_pages` writes
        their lines, and lose them again.

        To be read to its end in one transaction: PostgreSQL then shows all slices the same ledger.

        :return: as `_get_dataset`
        """
        dataset = self._get_dataset(options, domain, group_by=group_by)
        dataset.update(detailed=True, sliced=(options, fields.Domain(domain)))
        return dataset

    def _iter_rows(self, dataset, section, group):
        """EXTENDS: read the items of the next customers, check them, and forget them after use."""
        if not dataset.get('sliced'):
            yield from super()._iter_rows(dataset, section, group)
            return
        for rows in self._cut_rows(group['rows']):
            self._read_slice(dataset, section, group, rows)
            for row in rows:
                self._check_row(dataset, section, row)
                yield row
                del row['items']

    @staticmethod
    def _cut_rows(rows):
        """Yield lists of customers with `SLICE_ITEMS` items together; at least one customer."""
        chosen, count = [], 0
        for row in rows:
            if chosen and count + row['count'] > SLICE_ITEMS:
                yield chosen
                chosen, count = [], 0
            chosen.append(row)
            count += row['count']
        if chosen:
            yield chosen

    def _read_slice(self, dataset, section, group, rows):
        options, domain = dataset['sliced']
        domain &= fields.Domain('company_id', '=', section['company_id'])
        domain &= fields.Domain('currency_id', '=', section['currency_id'])
        domain &= fields.Domain('partner_id', 'in', [row['partner_id'] for row in rows])
        if dataset['group_by']:
            domain &= fields.Domain(dataset['group_by'], 'in', [rows[0]['group_id'] or False])
        self._add_items(self._get_balance(options), domain, {
            **dataset, 'sections': [{**section, 'groups': [{**group, 'rows': rows}]}]})

    def _check_row(self, dataset, section, row):
        """Refuse a customer whose items are not the sum that was read before them.

        Nothing should make them differ; a document that an auditor signs says so rather than show
        it.
        """
        total = [name for name, _label in dataset['columns']].index('amount')
        items = sum(item['values'][total] for item in row['items'])
        if round(items - row['values'][total], section['decimals']):
            raise UserError(self.env._(
                "The items of %(customer)s add up to %(items)s instead of %(total)s: the ledger "
                "moved while it was read. Resume to read it again.", customer=row['name'],
                items=self._format(items, section['decimals'], True),
                total=self._format(row['values'][total], section['decimals'], True)))
