from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.misc import format_amount, format_date


class ReportProvision(models.AbstractModel):
    """Expected credit losses: the matrix, where each rate comes from, and the largest losses."""
    _name = 'report.ar_collections.report_ar_provision'
    _description = "Report of expected credit losses"

    LARGEST = 20

    @api.model
    def _get_report_values(self, docids, data=None):
        runs = self.env['ar.provision'].browse(docids)
        runs.check_access('read')
        return {
            'doc_ids': docids, 'doc_model': 'ar.provision',
            'docs': [self._get_document(run) for run in runs],
        }

    @api.model
    def _get_document(self, run):
        """Return one run, formatted in the reader's language."""
        env = self.env

        def money(amount):
            return format_amount(env, amount, run.currency_id).replace('\ufeff', '')

        kinds = dict(env['ar.provision.line']._fields['kind']._description_selection(env))
        others = env['ar.provision.line']._read_group(
            [('provision_id', '=', run.id), ('kind', '!=', 'matrix')], ['kind'],
            ['gross:sum', 'insured:sum', 'base:sum', 'loss:sum'])
        largest = env['ar.provision.line']._read_group(
            [('provision_id', '=', run.id), ('loss', '>', 0)], ['partner_id'],
            ['gross:sum', 'base:sum', 'loss:sum'], order='loss:sum desc', limit=self.LARGEST)
        percent = run.env['ar.claim']._format_rate
        return {
            'name': run.name, 'company': run.company_id.name, 'draft': run.state == 'draft',
            'date': format_date(env, run.date), 'warning': run.warning,
            'groups': [{
                'name': group.name,
                'method': dict(group._fields['method']._description_selection(env))[group.method],
                'adjustment': percent(group.adjustment) if group.adjustment else '',
                'note': group.adjustment_note,
                'rows': [{
                    'label': rate.label, 'reached': money(rate.reached), 'lost': money(rate.lost),
                    'history': percent(rate.history_rate) if rate.has_rate else '–',
                    'rate': percent(rate.rate), 'gross': money(rate.gross),
                    'insured': money(rate.insured), 'base': money(rate.base),
                    'loss': money(rate.loss), 'reason': rate.reason,
                } for rate in rates],
                'gross': money(sum(rates.mapped('gross'))),
                'base': money(sum(rates.mapped('base'))),
                'loss': money(sum(rates.mapped('loss'))),
            } for group, rates in run.rate_ids.grouped('group_id').items()],
            'others': [{
                'label': kinds[kind], 'gross': money(gross), 'base': money(base),
                'loss': money(loss)} for kind, gross, _insured, base, loss in others],
            'largest': [{
                'name': partner.name or '–', 'gross': money(gross), 'base': money(base),
                'loss': money(loss)} for partner, gross, base, loss in largest],
            'gross': money(run.amount_gross), 'insured': money(run.amount_insured),
            'loss': money(run.amount_loss), 'previous': money(run.amount_previous),
            'previous_name': run.previous_id.name, 'change': money(run.amount_change),
        }


class ReportVatRecovery(models.AbstractModel):
    """List of unpaid invoices for the debtor, so that the VAT of a loss can be recovered.

    Source: art. 272, 1 CGI and BOI-TVA-DED-40-10-20: instead of a marked duplicate of each
    invoice, one list per debtor with number, label, date, amount without VAT and VAT, and the
    mention that the VAT may not be deducted.

    VAT that falls due on payment was never declared on what nobody paid: nothing of it is given
    back (same source, paragraph 20), and none of it is in the list.
    """
    _name = 'report.ar_collections.report_vat_recovery'
    _description = "List of unpaid invoices for VAT recovery"

    @api.model
    def _get_report_values(self, docids, data=None):
        moves = self.env['account.move'].browse(docids)
        moves.check_access('read')
        wrong = moves.filtered(lambda move: move.move_type not in ('out_invoice', 'out_receipt')
                               or move.state != 'posted')
        if wrong:
            raise UserError(self.env._(
                "Choose posted customer invoices only: %s.", wrong[:3].mapped('display_name')))
        foreign = moves.company_id.filtered(lambda company: company.country_id.code != 'FR')
        if foreign:
            raise UserError(self.env._(
                "This list follows French law (art. 272 CGI); %s is not a French company.",
                foreign[0].name))
        lost = self._get_unpaid(moves)
        paid = moves.filtered(lambda move: move.currency_id.is_zero(lost[move.id]))
        if paid:
            raise UserError(self.env._(
                "Nothing is lost on %s: it was paid.", ", ".join(paid[:3].mapped('name'))))
        waiting = moves.filtered(
            lambda move: self._get_declared_tax(move) <= 0 < move.amount_tax)
        if waiting:
            raise UserError(self.env._(
                "The VAT of %s falls due on payment: none was declared on what is unpaid, so there "
                "is none to recover. Leave these invoices out.",
                ", ".join(waiting[:3].mapped('name'))))
        return {
            'doc_ids': docids, 'doc_model': 'account.move',
            'docs': [self._get_document(company, partner, documents, lost)
                     for (company, partner), documents in moves.grouped(lambda move: (
                         move.company_id, move.commercial_partner_id)).items()],
            'logo_style': self.env['ar.letter']._get_logo_style(moves.company_id),
        }

    @api.model
    def _get_unpaid(self, moves):
        """Return {move id: amount that nobody paid}: open, or settled by a general entry.

        Of the whole claim, on the doubtful account too: moving it there or back settles nothing,
        and what was paid there was paid. Nor is lost what an agency or a factor was paid, or what
        was set off against a bill of the customer. In the currency of the invoice; one query per
        company.
        """
        Doubtful, lost = self.env['ar.doubtful.line'], dict.fromkeys(moves.ids, 0.0)
        self.env.flush_all()
        # sudo: what settled an invoice is part of it, whichever journal it stands in.
        for company, documents in moves.sudo().grouped('company_id').items():
            claims = Doubtful._get_claim_query(SQL(
                "SELECT l.move_id, l.id FROM account_move_line l"
                "  JOIN account_account a ON a.id = l.account_id"
                " WHERE l.move_id = ANY(%s) AND a.account_type = 'asset_receivable'",
                documents.ids))
            rows = self.env.execute_query(SQL(
                """
                WITH claim (key, item_id) AS (%(claims)s)
                SELECT part.key, SUM(part.amount)
                  FROM (
                    SELECT claim.key, l.amount_residual_currency AS amount
                      FROM claim JOIN account_move_line l ON l.id = claim.item_id
                     WHERE l.parent_state = 'posted'
                     UNION ALL
                    SELECT claim.key, pr.debit_amount_currency - %(payment)s
                      FROM claim
                      JOIN account_partial_reconcile pr ON pr.debit_move_id = claim.item_id
                      JOIN account_move_line cl ON cl.id = pr.credit_move_id
                      JOIN account_journal j ON j.id = cl.journal_id
                     WHERE j.type = 'general' AND j.id <> %(exchange)s
                       AND NOT EXISTS (SELECT FROM claim own WHERE own.key = claim.key
                                       AND own.item_id = pr.credit_move_id)
                  ) part
                 GROUP BY part.key
                """, claims=claims, exchange=company.root_id.currency_exchange_journal_id.id or 0,
                payment=self.env['ar.provision.history']._get_general_payment(
                    company, SQL("pr.debit_amount_currency"))))
            currencies = {move.id: move.currency_id for move in documents}
            lost.update({key: currencies[key].round(float(amount)) for key, amount in rows})
        return lost

    @api.model
    def _get_declared_tax(self, move):
        """Return the VAT of an invoice that was due without its payment, in its currency."""
        waiting = move.line_ids.filtered(
            lambda line: line.tax_line_id.tax_exigibility == 'on_payment')
        return move.currency_id.round(
            move.amount_tax + sum(waiting.mapped('amount_currency')))

    @api.model
    def _get_document(self, company, partner, moves, lost):
        """Return the list of one debtor in the debtor's language."""
        lang = partner.lang or company.partner_id.lang or self.env.lang
        env = self.with_context(lang=lang).env
        Letter = env['ar.letter']
        rows, totals = [], {}
        for move in moves.sorted(lambda move: (move.invoice_date, move.id)):
            currency = move.currency_id
            share = lost[move.id] / move.amount_total if move.amount_total else 0.0
            net = currency.round(share * move.amount_untaxed)
            declared = self._get_declared_tax(move)
            tax = currency.round(share * declared) if currency.compare_amounts(
                declared, move.amount_tax) else currency.round(lost[move.id] - net)
            before = totals.get(currency, (0.0, 0.0))
            totals[currency] = (before[0] + net, before[1] + tax)
            rows.append({
                'name': move.name, 'date': format_date(env, move.invoice_date, lang_code=lang),
                'label': ", ".join(dict.fromkeys(
                    (line.name or '').split('\n')[0] for line in move.invoice_line_ids
                    if line.display_type == 'product')),
                'net': format_amount(env, net, currency, lang_code=lang),
                'tax': format_amount(env, tax, currency, lang_code=lang),
            })
        return {
            'lang': lang, 'head': Letter._get_head(company, lang),
            'address': Letter._get_address_lines(partner.with_context(lang=lang), company),
            'place': Letter._get_place_and_date(company, company._get_ar_today(), lang),
            'rows': rows,
            'totals': [{
                'net': format_amount(env, currency.round(net), currency, lang_code=lang),
                'tax': format_amount(env, currency.round(tax), currency, lang_code=lang),
            } for currency, (net, tax) in totals.items()],
        }
