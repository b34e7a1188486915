from odoo import api, models
from odoo.tools.misc import format_amount, format_date

from ..tools.interest_rules import to_decimal
from ..tools.typography import keep_signs


class ReportClaim(models.AbstractModel):
    """Statement of late interest: every line can be computed again by the customer, by hand."""
    _name = 'report.ar_collections.report_ar_claim'
    _description = "Statement of late interest"

    @api.model
    def _get_report_values(self, docids, data=None):
        claims = self.env['ar.claim'].browse(docids)
        claims.check_access('read')
        return {
            'doc_ids': docids, 'doc_model': 'ar.claim',
            'docs': [self._get_document(claim) for claim in claims],
            'logo_style': self.env['ar.letter']._get_logo_style(claims.company_id),
        }

    @api.model
    def _get_document(self, claim, lang=None):
        """Return one statement, formatted in the language of the customer, or in ``lang``."""
        # sudo: the right to read the statement was checked; what it quotes comes with it.
        claim = claim.sudo()
        customer, company = claim.customer_id, claim.company_id
        lang = lang or claim.partner_id.lang or company.partner_id.lang or self.env.lang
        claim = claim.with_context(lang=lang)
        env = claim.env
        Letter = env['ar.letter']

        def money(amount):
            return format_amount(env, float(amount), claim.currency_id, lang_code=lang).replace(
                '\ufeff', '')

        def day(date):
            return format_date(env, date, lang_code=lang) if date else ''

        recipient = customer.collections_contact_id or customer.partner_id
        regime, contract = claim.regime_id, claim._to_contract()
        has_contract = bool(claim.contract_rate or claim.contract_kind == 'indexed')
        return {
            'lang': lang, 'head': Letter._get_head(company, lang),
            'address': Letter._get_address_lines(recipient.with_context(lang=lang), company),
            'place': Letter._get_place_and_date(
                company, claim.claimed_on or company._get_ar_today(), lang),
            'customer_number': customer.partner_id.ref, 'name': claim.name,
            'draft': claim.state == 'draft', 'date': day(claim.date),
            'blocks': [self._get_block(line, money, day) for line in claim.line_ids],
            'interest': money(claim.amount_interest),
            'compensation': money(claim.amount_compensation),
            'has_compensation': bool(claim.amount_compensation),
            'shared': regime.compensation_scope == 'notice' and len(
                claim.line_ids.filtered('compensation_amount')) > 1,
            'has_interest': regime.rate_kind != 'none' or has_contract,
            'after_notice': regime.needs_notice and not regime.letter_receipt,
            'interest_months': regime.interest_months,
            'after_receipt': regime.needs_notice and regime.letter_receipt,
            **self._get_costs(claim, money, day),
            'total': money(claim.amount_total),
            'sentence': keep_signs(regime.sentence or ''), 'has_contract': has_contract,
            'contract_rate': claim._describe_contract(contract),
            'rounding': regime.rounding, 'day_count': regime.day_count,
            'compounding': regime.compounding,
            'interest_first': any(
                float(move['to_interest']) for line in claim.line_ids
                for move in (line.statement or {}).get('payments', ())),
            'sources': self._get_sources(claim, day),
            'bank': env['ar.reminder'].new({'company_id': company.id})._get_bank_values(),
        }

    @api.model
    def _get_block(self, line, money, day):
        """Return one invoice: what was owed, its segments with the payments between them."""
        claim = line.claim_id
        rows = [(segment['from'], 1, {
            'kind': segment['rule'], 'from': day(segment['from']), 'to': day(segment['to']),
            'days': segment['days'], 'base': money(segment['base']),
            'capitalised': money(segment['capitalised']) if segment['capitalised'] else '',
            'rate': claim._format_rate(segment['rate']), 'amount': money(segment['amount']),
            'label': segment['source'], 'divisor': segment['divisor'],
            'flag': claim._get_flag_text(segment),
        }) for segment in line._get_segments()]
        for move in (line.statement or {}).get('payments', ()):
            date = line._fields['date_maturity'].to_date(move['date'])
            rows.append((date, 2, {
                'kind': 'credit' if move['is_credit'] else 'payment', 'from': day(date),
                'label': move['label'], 'amount': money(to_decimal(float(move['amount']))),
                'to_interest': money(to_decimal(float(move['to_interest'])))
                if float(move['to_interest']) else '',
            }))
        agreed = line._get_contract()
        return {
            # Named where it is not that of the head of the statement.
            'contract': claim._describe_contract(agreed)
            if agreed and agreed != claim._to_contract() else '',
            'name': line.name, 'invoice_date': day(line.invoice_date),
            'due': day(line.date_maturity), 'principal': money(line.principal),
            'still_open': self._get_still_open(line, money),
            'rows': [row for _date, _rank, row in sorted(rows, key=lambda row: row[:2])],
            'interest': money(line.interest_total),
            'prior': money(line.prior_interest) if line.prior_interest else '',
            'left': money(line.interest_amount),
            'compensation': money(line.compensation_amount)
            if line.compensation_amount else '',
        }

    @api.model
    def _get_costs(self, claim, money, day):
        """Return the costs that are claimed on proof: (day, what for, amount, invoices, proof)."""
        if not claim.amount_cost:
            return {'costs': []}
        return {
            'costs': [
                (day(cost.date), cost.name, money(cost.amount),
                 ", ".join(cost.move_ids.mapped('name')),
                 ", ".join(cost.attachment_ids.mapped('name'))) for cost in claim.cost_ids],
            'cost_spent': money(claim.amount_spent), 'cost_flat': money(claim.amount_flat),
            'cost': money(claim.amount_cost),
        }

    @api.model
    def _get_still_open(self, line, money):
        """Return what the books leave open on the invoice after its payments, or nothing."""
        payments = (line.statement or {}).get('payments', ())
        left = line.principal - sum(float(move['amount']) for move in payments)
        currency = line.currency_id
        return money(left) if payments and currency.compare_amounts(left, 0) > 0 else ''

    @api.model
    def _get_sources(self, claim, day):
        """Return where the rates come from: (period, reference rate, rate, source)."""
        found = []
        for contract, lines in claim.line_ids.grouped(lambda line: line._get_contract()).items():
            rule = claim.regime_id._to_regime(contract)
            if rule.fixed_rate is not None:
                continue
            used = set()
            for segments in (line._get_segments() for line in lines):
                # Only the rates that were applied: a frozen one is that of a single day.
                if rule.anchoring != 'payment':
                    used |= {segment['from'] for segment in segments[:1]}
                if rule.anchoring != 'start':
                    used |= {segment['to'] for segment in segments}
                if rule.anchoring == 'segment':
                    used |= {segment['from'] for segment in segments}
            rates = claim.env['ar.reference.rate'].search([
                ('reference', '=', rule.reference), ('state', '=', 'confirmed')],
                order='date_from')
            found += [
                (day(rate.date_from), day(rate.date_to), claim._format_rate(rate.value),
                 claim._format_rate(rule.get_rate(to_decimal(rate.value))), rate.source)
                for rate in rates if any(rate.date_from <= date <= rate.date_to for date in used)]
        return found
