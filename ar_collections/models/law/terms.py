from datetime import date, timedelta

from odoo import api, fields, models
from odoo.tools import format_date

from ...tools.terms import get_longest_due

READERS = 'ar_collections.group_ar_auditor,ar_collections.group_ar_collector_own'
# Every day of a leap year and of the next: whatever the month, a term beyond the limit shows.
SAMPLE = [date(2028, 1, 1) + timedelta(days=number) for number in range(731)]


class ResCompany(models.Model):
    _inherit = 'res.company'

    def _get_ar_term_regime(self):
        """Return the confirmed rule between businesses of the company's country, or nothing."""
        self.ensure_one()
        # sudo: the law is no secret.
        return self.env['ar.legal.regime'].sudo().search([
            ('country_id', '=', self.country_id.id), ('debtor', '=', 'business'),
            ('state', '=', 'confirmed')], limit=1)


class AccountPaymentTerm(models.Model):
    """EXTENDS account: a term beyond the legal longest is flagged, never changed."""
    _inherit = 'account.payment.term'

    ar_term_warning = fields.Char(
        string="Longest lawful term", compute='_compute_ar_term_warning', compute_sudo=True)

    @api.depends('line_ids.nb_days', 'line_ids.delay_type', 'line_ids.days_next_month',
                 'company_id')
    @api.depends_context('company')
    def _compute_ar_term_warning(self):
        for term in self:
            company = term.company_id or self.env.company
            term.ar_term_warning = term._get_ar_term_warning(company._get_ar_term_regime())

    def _get_ar_term_warning(self, regime):
        """Return in words on which invoices the term goes beyond the limit, or False."""
        self.ensure_one()
        if not regime.longest_days:
            return False
        late = [day for day in SAMPLE if any(
            line._get_due_date(day) > get_longest_due(
                day, regime.longest_days, regime.longest_end_of_month)
            for line in self.line_ids)]
        if not late:
            return False
        return self.env._(
            "Longer than the law of %(country)s allows between businesses on %(share)s %% of the "
            "days of a year, for example on invoices of %(date)s: %(rule)s.",
            country=regime.country_id.name, share=round(100 * len(late) / len(SAMPLE)),
            date=format_date(self.env, late[0], date_format='d MMMM'),
            rule=regime._describe_longest())


class ArLegalRegime(models.Model):
    _inherit = 'ar.legal.regime'

    def _describe_longest(self):
        """Return the longest term in words."""
        self.ensure_one()
        if self.longest_end_of_month:
            return self.env._(
                "%(days)s days from the invoice, or %(end)s days end of month",
                days=self.longest_days, end=self.longest_end_of_month)
        return self.env._("%s days from the invoice", self.longest_days)


class AccountMove(models.Model):
    """EXTENDS account: the same flag on the invoice."""
    _inherit = 'account.move'

    ar_term_warning = fields.Char(
        compute='_compute_ar_term_warning', compute_sudo=True, groups=READERS)

    @api.depends('invoice_date', 'invoice_date_due', 'company_id', 'move_type')
    def _compute_ar_term_warning(self):
        """The header's due date is that of the last instalment: the longest one."""
        self.ar_term_warning = False
        invoices = self.filtered(lambda move: move.move_type == 'out_invoice' and (
            move.invoice_date and move.invoice_date_due))
        for company, moves in invoices.grouped('company_id').items():
            regime = company._get_ar_term_regime()
            laws = moves._get_ar_debtors(company) if regime.longest_days else {}
            for move in moves:
                longest = get_longest_due(
                    move.invoice_date, regime.longest_days, regime.longest_end_of_month)
                if longest and move.invoice_date_due > longest and (
                        laws.get(move.commercial_partner_id) == 'business'):
                    move.ar_term_warning = self.env._(
                        "Due after %(date)s, the longest term that the law of %(country)s allows "
                        "between businesses: %(rule)s.",
                        date=format_date(self.env, longest), country=regime.country_id.name,
                        rule=regime._describe_longest())

    def _get_ar_debtors(self, company):
        """Return {commercial partner: kind of debtor}."""
        customers = self.env['ar.customer'].with_context(active_test=False).search([
            ('company_id', '=', company.id),
            ('partner_id', 'in', self.commercial_partner_id.ids)])
        found = {partner: partner._ar_guess_debtor()[0] for partner in self.commercial_partner_id}
        found.update({
            customer.partner_id: customer.debtor_kind
            for customer in customers if customer.debtor_kind})
        return found


class ArCustomer(models.Model):
    """EXTENDS core: the flag of the customer's own payment term."""
    _inherit = 'ar.customer'

    ar_term_warning = fields.Char(
        string="Payment term", compute='_compute_ar_term_warning', compute_sudo=True)

    @api.depends('partner_id', 'company_id', 'debtor_kind')
    def _compute_ar_term_warning(self):
        for customer in self:
            term = customer.partner_id.with_company(
                customer.company_id).property_payment_term_id
            business = customer._get_debtor()[0] == 'business'
            warning = business and term and term._get_ar_term_warning(
                customer.company_id._get_ar_term_regime())
            customer.ar_term_warning = f"{term.name}: {warning}" if warning else False
