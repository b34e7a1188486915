from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core.described_fields import PlainChar, PlainMonetary

READERS = 'ar_collections.group_ar_auditor,ar_collections.group_ar_collector_own'


class AccountMoveLine(models.Model):
    """EXTENDS account: what the lateness of one open item costs to date. Nothing is stored."""
    _inherit = 'account.move.line'

    ar_late_interest = PlainMonetary(
        string="Late interest to date", compute='_compute_ar_late_claim', compute_sudo=True,
        currency_field='company_currency_id', groups=READERS,
        help="Memo figure in company currency, less what was claimed or waived.")
    ar_late_compensation = PlainMonetary(
        string="Compensation to date", compute='_compute_ar_late_claim', compute_sudo=True,
        currency_field='company_currency_id', groups=READERS,
        help="Memo figure in company currency; once per invoice, on its oldest late item.")
    ar_late_note = PlainChar(
        string="Why no late interest", compute='_compute_ar_late_claim', compute_sudo=True,
        groups=READERS)

    def _compute_ar_late_claim(self):
        """A few queries per company, however many items are shown."""
        self.update({'ar_late_interest': 0.0, 'ar_late_compensation': 0.0, 'ar_late_note': False})
        engine = self.env['ar.interest.engine']
        late = self.filtered(lambda line: line.id and line.parent_state == 'posted' and (
            not line.reconciled and line.amount_residual > 0 and line.partner_id))
        for company, lines in late.grouped('company_id').items():
            today = company._get_ar_today()
            lines = lines.filtered(lambda line, today=today: (
                line.date_maturity or line.date) < today)
            customers = self.env['ar.customer'].with_context(active_test=False).search([
                ('company_id', '=', company.id),
                ('partner_id', 'in', lines.partner_id.commercial_partner_id.ids)])
            by_id = {line._origin.id: line for line in lines}
            # Compensation is due once per invoice: its other items must be known as well.
            for claim in engine._get_item_claims(
                    customers, today, moves=lines._origin.move_id):
                line = by_id.get(claim.item_id)
                if line is None:
                    continue
                if claim.reason:
                    line.ar_late_note = engine._describe_reason(claim)
                    continue
                currency = self.env['res.currency'].browse(claim.currency_id)
                line.ar_late_interest = currency._convert(
                    float(claim.interest), company.currency_id, company, today)
                line.ar_late_compensation = currency._convert(
                    float(claim.compensation), company.currency_id, company, today)


class ArAgedBalance(models.Model):
    """EXTENDS figures: late interest beside the buckets, only when somebody asks for it."""
    _inherit = 'ar.aged.balance'

    @api.model
    def _get_options(self):
        """EXTENDS figures: ``ar_late`` asks for late interest, which takes its time.

        :raise UserError: for another day than today: what was owed then is not known any more
        """
        options = super()._get_options()
        options['late'] = bool(self.env.context.get('ar_late'))
        return options

    @api.model
    def _get_item_overlays(self, options):
        """EXTENDS figures: interest to date of every late item, in the valuation of the report."""
        overlays = super()._get_item_overlays(options)
        if options.get('late'):
            overlays['late'] = self._get_late_query(options)
        return overlays

    @api.model
    def _get_late_query(self, options):
        """Return the query of (line_id, amount) of late interest; items without a claim: none."""
        rows = []
        for company in self.env.companies:
            today = company._get_ar_today()
            if options['date'] != today:
                raise UserError(self.env._(
                    "Late interest is counted to today: choose today as the day of the report, or "
                    "leave late interest out."))
            # sudo: the record rules of the report choose the rows that are shown.
            customers = self.env['ar.customer'].sudo().with_context(active_test=False).search([
                ('company_id', '=', company.id)])
            claims = [claim for claim in self.env['ar.interest.engine'].sudo()._get_item_claims(
                customers, today) if claim.interest]
            opened = self._get_open_parts(claims)
            for claim in claims:
                amount, currency = float(claim.interest), self.env['res.currency'].browse(
                    claim.currency_id)
                if options['valuation'] != 'document':
                    amount = currency._convert(amount, company.currency_id, company, today)
                # What moved to the doubtful account is listed where it is owed now.
                part = next((part for part in claim.parts if part in opened), claim.item_id)
                rows.append((part, amount))
        return SQL(
            "SELECT * FROM unnest(%s::int[], %s::numeric[]) late (line_id, amount)",
            [row[0] for row in rows], [row[1] for row in rows])

    @api.model
    def _get_open_parts(self, claims):
        """Return the ids of the open items of claims that stand, or stood, on several."""
        ids = [part for claim in claims if len(claim.parts) > 1 for part in claim.parts]
        return {item_id for item_id, in self.env.execute_query(SQL(
            "SELECT id FROM account_move_line WHERE id = ANY(%s) AND reconciled IS NOT TRUE"
            " AND amount_residual > 0", ids))} if ids else set()

    @api.model
    def get_view(self, view_id=None, view_type='form', **options):
        """EXTENDS base: the list with late interest has its column, the others do not."""
        late = self.env['ir.model.data']._xmlid_to_res_id(
            'ar_collections.ar_aged_balance_view_list_late', raise_if_not_found=False)
        if late and view_id == late:
            self = self.with_context(ar_late=True)
        return super().get_view(view_id, view_type, **options)

    @api.model
    def _get_action(self, options, domain=(), name=None, group_by=('partner_id',)):
        """EXTENDS figures: with late interest, the list that has its column."""
        action = super()._get_action(options, domain, name=name, group_by=group_by)
        if options.get('late'):
            view = self.env.ref('ar_collections.ar_aged_balance_view_list_late')
            action.update(views=[(view.id, 'list')], view_mode='list')
        return action
