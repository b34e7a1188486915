from odoo import api, fields, models

# What leads from the opening to the closing balance, and the days at which they are read.
MOVES = ('billed', 'credited', 'cash', 'exchange', 'written_off', 'other')
INVOICES = ('out_invoice', 'out_receipt')


class ArKpi(models.AbstractModel):
    """The movements of a month: their words and the items behind each."""
    _inherit = 'ar.kpi'

    @api.model
    def _get_movements(self):
        """Return the movements as `_get_figures` returns figures; kinds are their codes."""
        rows = [
            ['opening', self.env._("Opening"), self.env._(
                "Receivables at the end of the month before"), "%(opening)s"],
            ['billed', self.env._("Billed"), self.env._(
                "Invoices and receipts of the month, tax included"), "%(billed)s"],
            ['credited', self.env._("Credited"), self.env._(
                "Credit notes of the month, tax included"), "%(credited)s"],
            ['cash', self.env._("Received"), self.env._(
                "Bank, cash and card entries of the month, discounts and fees inside with them"),
             "%(cash)s"],
            ['written_off', self.env._("Written off"), self.env._(
                "Credits of general entries against an expense"), "%(written_off)s"],
            ['exchange', self.env._("Exchange differences"), self.env._(
                "Entries of the journal of exchange differences"), "%(exchange)s"],
            ['other', self.env._("Other entries"), self.env._(
                "Closing − opening − billed + credited + received + written off − exchange"),
             "%(receivables)s − %(opening)s − %(billed)s + %(credited)s + %(cash)s"
             " + %(written_off)s − %(exchange)s"],
            ['not_due', self.env._("Not due"), self.env._("Open items − overdue"),
             "%(open_items)s − %(overdue)s"],
            ['over90', self.env._("Over 90 days"), self.env._(
                "Open items more than 90 days after their due date"), "%(over90)s"],
            ['open_credits', self.env._("Open credits"), self.env._(
                "Open items − receivables"), "%(open_items)s − %(receivables)s"],
        ]
        return [{'code': code, 'label': label, 'unit': 'money', 'formula': formula,
                 'numbers': numbers, 'items': code} for code, label, formula, numbers in rows]

    def _get_moves_domain(self, kind, companies, start, end):
        """Return the condition on journal items behind a movement; None for another kind.

        Item by item what `_get_changes_query` adds up.

        :param companies: `res.company`, those of the scope
        :rtype: `fields.Domain` or None
        """
        Domain, day = fields.Domain, fields.Date.to_string
        if kind == 'opening':
            return Domain('ar_open_on', '=', day(fields.Date.subtract(start, days=1)))
        if kind in ('not_due', 'open_credits'):
            side = Domain('balance', '<', 0) if kind == 'open_credits' else (
                Domain('balance', '>', 0) & self._get_due_domain(first=end))
            return Domain('ar_open_on', '=', day(end)) & side
        if kind not in MOVES:
            return None
        span = Domain([('date', '>=', day(start)), ('date', '<=', day(end))])
        billed = Domain('move_id.move_type', 'in', INVOICES)
        credited = Domain('move_id.move_type', '=', 'out_refund')
        journals = self.env['ar.customer']
        cash = Domain('journal_id', 'in', sorted({
            journal for company in companies
            for journal in journals._get_cash_journal_ids(company)}))
        exchange = Domain(
            'journal_id', 'in', companies.root_id.currency_exchange_journal_id.ids)
        written = Domain([
            ('balance', '<', 0), ('journal_id.type', '=', 'general'),
            ('move_id.line_ids.account_id.account_type', '=like', 'expense%')])
        known = Domain.TRUE
        for code, condition in (('billed', billed), ('credited', credited), ('cash', cash),
                                ('exchange', exchange), ('written_off', written)):
            # Each movement is what those before it are not.
            if kind == code:
                return span & known & condition
            known &= ~condition
        return span & known
