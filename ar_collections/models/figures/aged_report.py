from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL, remove_accents

from .aged_balance import OVERLAYS

GROUPS = ('collector_id', 'user_id', 'risk_class_id', 'country_id', 'parent_group_id',
          'credit_group_id', 'policy_id', 'account_id')
ITEM_FIELDS = (
    'document', 'reference', 'invoice_date', 'due_date', 'base_date', 'days',
    'document_currency_id', 'residual_currency')


class ArAgedReport(models.AbstractModel):
    """One set of figures behind the screen, the PDF and the XLSX of the aged balance.

    Read as the user who asks: record rules decide what is in it.
    """
    _name = 'ar.aged.report'
    _description = "Figures of the printed aged balance"

    @api.model
    def _get_dataset(self, options, domain=(), *, detailed=False, group_by=None):
        """Return everything that a document of the aged balance shows, as plain values.

        :param dict options: part of what `ar.aged.balance._get_options` returns
        :param domain: restriction on `ar.aged.balance`
        :param bool detailed: with the items of each customer
        :param str group_by: field of `GROUPS` by which sub-totals are made
        :return: {'options', 'parameters', 'columns': [(name, label)], 'sections', 'control',
            'customer_count', 'item_count'}; a section is a company and currency with 'groups' of
            'rows', one per customer; 'values' are numbers in the order of the columns;
            'shows_base' tells whether the date that is aged is another one than the due date
        """
        Balance = self._get_balance(options)
        options = Balance._get_options()
        domain = fields.Domain(domain)
        columns = self._get_columns(Balance, options)
        dataset = {
            'options': options, 'columns': columns, 'detailed': detailed, 'group_by': group_by,
            'parameters': Balance._describe_options(options),
            'sections': self._get_sections(Balance, domain, columns, group_by),
            'filtered': not domain.is_true(), 'shows_base': options['age_by'] != 'due',
        }
        if detailed:
            self._add_items(Balance, domain, dataset)
        rows = [row for section in dataset['sections'] for group in section['groups']
                for row in group['rows']]
        dataset['customer_count'] = len({(row['partner_id'], row['company_id']) for row in rows})
        dataset['item_count'] = sum(row['count'] for row in rows)
        dataset['control'] = self._get_control(Balance, options, domain)
        return dataset

    @api.model
    def _get_balance(self, options):
        """Return the model of the aged balance under these options, whatever the context said."""
        context = {key: value for key, value in self.env.context.items()
                   if not key.startswith('ar_')}
        context.update({f'ar_{key}': value for key, value in options.items() if value})
        if options.get('date'):
            context['ar_date'] = fields.Date.to_string(fields.Date.to_date(options['date']))
        return self.env(context=context)['ar.aged.balance']

    @api.model
    def _get_columns(self, Balance, options):
        names = [f'bucket_{index + 1}' for index in range(
            len(self.env['ar.aged.bucket']._get_bounds()))]
        if options['credits'] != 'own':
            names.append('credit_amount')
        overlays = Balance._get_overlays(options)
        names += ['amount', *(f'{name}_amount' for name in OVERLAYS if name in overlays)]
        labels = Balance.fields_get(names, ['string'])
        return [(name, labels[name]['string']) for name in names]

    # === CUSTOMERS === #

    def _get_sections(self, Balance, domain, columns, group_by):
        """Read the customers, in one query, and add them up by group and section."""
        keys = ['company_id', 'currency_id', *([group_by] if group_by else []), 'partner_id']
        rows = Balance._read_group(
            domain, keys, [*(f'{name}:sum' for name, _label in columns), self._get_count(Balance)])
        sections = {}
        for company, currency, *group, _partner in (row[:len(keys)] for row in rows):
            section = sections.setdefault((company, currency), {
                'company': company.sudo().name, 'company_id': company.id,
                'currency': currency.name, 'currency_id': currency.id,
                'decimals': currency.decimal_places, 'groups': {}})
            key = group[0] if group else None
            section['groups'].setdefault(key, {
                'name': self._get_group_name(key) if group else None, 'rows': []})
        for values in rows:
            company, currency, *group, partner = values[:len(keys)]
            sections[company, currency]['groups'][group[0] if group else None]['rows'].append({
                'partner_id': partner.id, 'company_id': company.id,
                'group_id': group[0].id if group else None,
                # sudo: the right to read the row was checked; its customer's name comes with it.
                'name': partner.sudo().display_name or self.env._("No customer"),
                'ref': partner.sudo().ref or '',
                'values': [currency.round(value) for value in values[len(keys):-1]],
                'count': values[-1],
            })
        for section in sections.values():
            # By name, as one looks for them on paper; what has no group stands last.
            section['groups'] = [section['groups'][key] for key in sorted(
                section['groups'], key=lambda key, groups=section['groups']: (
                    not key, self._get_sort_key(groups[key]['name'])))]
            for group in section['groups']:
                group['rows'].sort(key=lambda row: (
                    not row['partner_id'], self._get_sort_key(row['name']), row['partner_id']))
                group['values'] = self._add_up(group['rows'], section)
            section['values'] = self._add_up(section['groups'], section)
        return list(sections.values())

    @staticmethod
    def _get_sort_key(name):
        """Return what a name is sorted by: "Épicerie" stands with the E."""
        return remove_accents(name or '').casefold(), name or ''

    def _get_count(self, Balance):
        """Return the aggregate that counts items: one under a plan is one, however it is cut."""
        in_parts = Balance._get_options()['age_by'] == 'plan'
        return 'line_id:count_distinct' if in_parts else '__count'

    def _get_group_name(self, record):
        return record.sudo().display_name or self.env._("None")

    @staticmethod
    def _add_up(rows, section):
        digits = section['decimals']
        return [round(sum(column), digits) for column in zip(
            *(row['values'] for row in rows), strict=True)]

    # === ITEMS === #

    def _add_items(self, Balance, domain, dataset):
        """Give each customer of the dataset its items, oldest first."""
        group_by, columns = dataset['group_by'], [name for name, _label in dataset['columns']]
        keys = ['company_id', 'currency_id', *([group_by] if group_by else []), 'partner_id']
        query = Balance._search(domain)
        names = [*keys, *ITEM_FIELDS, *columns]
        query.order = SQL("%s, %s", SQL.identifier(query.table, 'base_date'),
                          SQL.identifier(query.table, 'id'))
        rows = self.env.execute_query(query.select(*(
            Balance._field_to_sql(query.table, name, query) for name in names)))
        currencies = {currency.id: currency.name for currency in self.env[
            'res.currency'].with_context(active_test=False).search(fields.Domain.TRUE)}
        items = defaultdict(list)
        size = len(keys)
        for row in rows:
            values = row[size + len(ITEM_FIELDS):]
            document, reference, invoiced, due, base, days, currency, residual = row[
                size:size + len(ITEM_FIELDS)]
            items[row[:size]].append({
                'document': document or '', 'reference': reference or '',
                'invoice_date': invoiced, 'due_date': due, 'base_date': base, 'days': days,
                'currency': currencies.get(currency, ''), 'residual_currency': residual,
                'values': values,
            })
        for section in dataset['sections']:
            for group in section['groups']:
                for row in group['rows']:
                    key = [row['company_id'], section['currency_id']]
                    if group_by:
                        key.append(row['group_id'] or None)
                    row['items'] = items.get((*key, row['partner_id'] or None), [])

    # === CONTROL === #

    def _get_control(self, Balance, options, domain):
        """Compare with the ledger, account by account; nothing when the report is a part of it.

        A legal entity as a whole: Odoo books the exchange difference of a branch in its parent and
        matches the two, so that neither ties alone.

        :return: list of {'company', 'account', 'ledger', 'aged', 'difference', 'currency'}
        """
        if options['valuation'] != 'company' or not domain.is_true() or not self._sees_everything():
            return []
        roots = {company.id: company.root_id for company in self.env.companies.sudo()}
        account_ids, scope = self.env.companies._get_ar_account_scope()
        ledger = self.env.execute_query(SQL(
            """
            SELECT l.company_id, l.account_id, SUM(l.balance)
              FROM account_move_line l
             WHERE l.account_id = ANY(%s) AND l.company_id = ANY(%s)
               AND l.parent_state = 'posted' AND l.date <= %s AND %s
             GROUP BY 1, 2
            """, account_ids, self.env.companies.ids, options['date'], scope))
        sums = defaultdict(lambda: [0.0, 0.0])
        for company_id, account_id, balance in ledger:
            sums[roots[company_id], account_id][0] += balance
        for company, account, amount in Balance._read_group(
                [], ['company_id', 'account_id'], ['amount:sum']):
            sums[roots[company.id], account.id][1] += amount
        result = []
        for (root, account_id), values in sorted(
                sums.items(), key=lambda pair: (pair[0][0].id, pair[0][1])):
            # sudo: the auditor who reads the balance may lack the right to open the account.
            account = self.env['account.account'].sudo().with_company(root).browse(account_id)
            balance, amount = (root.currency_id.round(value) for value in values)
            if balance or amount:
                result.append({
                    'company': root.name, 'account': account.display_name, 'ledger': balance,
                    'aged': amount, 'difference': root.currency_id.round(balance - amount),
                    'currency': root.currency_id.name,
                    'decimals': root.currency_id.decimal_places,
                })
        return result

    @api.model
    def _sees_everything(self):
        """Return whether the user reads every customer: only then can the ledger be compared."""
        user = self.env.user
        return self.env.su or user.has_group('ar_collections.group_ar_auditor') or user.has_group(
            'ar_collections.group_ar_collector')
