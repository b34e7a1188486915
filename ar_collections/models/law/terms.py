from datetime import date, timedelta

from odoo import api, fields, models
from odoo.tools import format_date

from ...tools.terms import get_longest_due
from ..core.described_fields import PlainChar

READERS = 'ar_collections.group_ar_auditor,ar_collections.group_ar_collector_own'
# Every day of a leap year and of the next: whatever the month, a term beyond the limit shows.
SAMPLE = [date(2028, 1, 1) + timedelta(days=number) for number in range(731)]


class ResCompany(models.Model):
    _inherit = 'res.company'

    def _get_ar_term_caps(self, debtor='business', country=None):
        """Return the confirmed caps for a kind of debtor.

        :param str debtor: 'business', 'public' or 'health' (a public body of health)
        :param country: that of the public body; that of the company when omitted
        """
        self.ensure_one()
        # sudo: the law is no secret.
        return self.env['ar.term.cap'].sudo().search([
            ('country_id', '=', (country or self.country_id).id), ('debtor', '=', debtor),
            ('state', '=', 'confirmed')])


class AccountPaymentTerm(models.Model):
    """EXTENDS account: a term beyond the legal longest is flagged, never changed."""
    _inherit = 'account.payment.term'

    ar_term_warning = fields.Char(
        string="Longest lawful term", compute='_compute_ar_term_warning', compute_sudo=True)

    ar_term_public_note = fields.Char(
        string="Longest lawful term of public bodies", compute='_compute_ar_term_warning',
        compute_sudo=True)

    @api.depends('line_ids.nb_days', 'line_ids.delay_type', 'line_ids.days_next_month',
                 'company_id')
    @api.depends_context('company')
    def _compute_ar_term_warning(self):
        for term in self:
            company = term.company_id or self.env.company
            today = company._get_ar_today()
            term.ar_term_warning = term._get_ar_term_warning(company._get_ar_term_caps()._at(today))
            # A term does not know its debtors: for public bodies it is a note, not a warning.
            caps = [cap for debtor in ('public', 'health')
                    if (cap := company._get_ar_term_caps(debtor)._at(today))
                    and term._get_late_days(cap)]
            term.ar_term_public_note = self.env._(
                "Too long for public bodies: %s.", "; ".join(cap.name for cap in caps)
            ) if caps else False

    def _get_ar_term_warning(self, cap, periodic=False):
        """Return in words on which invoices the term goes beyond the cap, or False.

        :param cap: `ar.term.cap`, possibly none
        :param bool periodic: the invoices sum up the deliveries of a period
        """
        self.ensure_one()
        if not cap:
            return False
        late = self._get_late_days(cap, periodic)
        if not late:
            return False
        if cap.debtor != 'business':
            return self.env._(
                "Longer than the law of %(country)s allows to this public body, counted from the "
                "date of the invoice: %(rule)s.",
                country=cap.country_id.name, rule=cap._describe())
        return self.env._(
            "Longer than the law of %(country)s allows between businesses on %(share)s %% of the "
            "days of a year, for example on invoices of %(date)s: %(rule)s.",
            country=cap.country_id.name, share=round(100 * len(late) / len(SAMPLE)),
            date=format_date(self.env, late[0], date_format='d MMMM'),
            rule=cap._describe(periodic))


    def _get_late_days(self, cap, periodic=False):
        """Return the days of invoicing on which the term goes beyond the cap."""
        self.ensure_one()
        return [day for day in SAMPLE if any(
            line._get_due_date(day) > cap._get_longest_due(day, periodic)
            for line in self.line_ids)]


class ArTermCap(models.Model):
    _inherit = 'ar.term.cap'

    def _get_longest_due(self, invoiced, periodic=False):
        """Return the last lawful due date of an invoice.

        :param date invoiced: date of the invoice
        :param bool periodic: it sums up the deliveries of a period (L441-10 I, third sentence, of
            the French commercial code: 45 days)
        """
        self.ensure_one()
        if periodic and self.periodic_days:
            return get_longest_due(invoiced, self.periodic_days)
        return get_longest_due(invoiced, self.days, self.month_end_days)


class AccountMove(models.Model):
    """EXTENDS account: the same flag on the invoice."""
    _inherit = 'account.move'

    ar_term_warning = PlainChar(
        compute='_compute_ar_term_warning', compute_sudo=True, groups=READERS)

    def _compute_ar_term_warning(self):
        """The header's due date is that of the last instalment: the longest one.

        Computed for each page anew. Nearly every change of an entry or of its lines may move the
        due date: to depend on it would hang this field into all that Odoo looks through when an
        invoice is posted or paid.
        """
        self.ar_term_warning = False
        invoices = self.filtered(lambda move: move.move_type == 'out_invoice' and (
            move.company_id and move.invoice_date_due and move.commercial_partner_id))
        for company, moves in invoices.grouped('company_id').items():
            today = company._get_ar_today()
            laws = moves._get_ar_debtors(company)
            known = {}
            for move in moves:
                partner = move.commercial_partner_id
                debtor, periodic = laws[partner]
                country = partner.country_id if debtor != 'business' else company.country_id
                if not debtor or not country or debtor == 'consumer':
                    continue
                if (debtor, country) not in known:
                    known[debtor, country] = company._get_ar_term_caps(debtor, country)
                # A draft without a date becomes one of today: flagged before it leaves.
                invoiced = move.invoice_date or today
                cap = known[debtor, country]._at(invoiced)
                if not cap:
                    continue
                longest = cap._get_longest_due(invoiced, periodic)
                if move.invoice_date_due <= longest:
                    continue
                if debtor != 'business':
                    move.ar_term_warning = self.env._(
                        "Due after %(date)s, the longest term that the law of %(country)s allows "
                        "to this public body, counted from the date of the invoice: %(rule)s.",
                        date=format_date(self.env, longest), country=country.name,
                        rule=cap._describe())
                else:
                    move.ar_term_warning = self.env._(
                        "Due after %(date)s, the longest term that the law of %(country)s allows "
                        "between businesses: %(rule)s.",
                        date=format_date(self.env, longest), country=cap.country_id.name,
                        rule=cap._describe(periodic))

    @api.onchange('invoice_date', 'invoice_date_due', 'company_id', 'partner_id')
    def _onchange_ar_term_warning(self):
        """Compute the flag again while the form is edited, with the rights of its compute."""
        self.invalidate_recordset(['ar_term_warning'], flush=False)

    def _get_ar_debtors(self, company):
        """Return {commercial partner: (kind of debtor, whether invoices are periodic)}.

        The kind is one of `ar.term.cap`, 'consumer' or None.
        """
        customers = self.env['ar.customer'].with_context(active_test=False).search([
            ('company_id', '=', company.id),
            ('partner_id', 'in', self.commercial_partner_id.ids)])
        known = {customer.partner_id: customer for customer in customers}
        none = customers.browse()
        return {partner: (
            known.get(partner, none)._get_capped_kind() or partner._ar_guess_debtor()[0],
            known.get(partner, none).periodic_invoices) for partner in self.commercial_partner_id}


class ArCustomer(models.Model):
    """EXTENDS core: the flag of the customer's own payment term."""
    _inherit = 'ar.customer'

    ar_term_warning = fields.Char(
        string="Payment term", compute='_compute_ar_term_warning', compute_sudo=True)
    periodic_invoices = fields.Boolean(
        string="Periodic invoices",
        help="Its invoices sum up the deliveries of a period: where the law knows a shorter "
             "longest term for them (45 days in France), that one is watched.")

    is_health_body = fields.Boolean(
        string="Public health body",
        help="A public hospital or the like, which some laws give a longer term than other public "
             "bodies (France: 50 days instead of 30).")

    def _get_capped_kind(self):
        """Return the kind of debtor that was set by hand, as `ar.term.cap` names it, or None."""
        if self.debtor_kind == 'public' and self.is_health_body:
            return 'health'
        return self.debtor_kind or None

    @api.depends('partner_id', 'company_id', 'debtor_kind', 'periodic_invoices',
                 'is_health_body')
    def _compute_ar_term_warning(self):
        for customer in self:
            term = customer.partner_id.with_company(
                customer.company_id).property_payment_term_id
            kind = customer._get_capped_kind() or customer._get_debtor()[0]
            country = (customer.company_id if kind == 'business' else
                       customer.partner_id).country_id
            if not term or not country or kind in (None, 'consumer'):
                customer.ar_term_warning = False
                continue
            caps = customer.company_id._get_ar_term_caps(kind, country)
            warning = term._get_ar_term_warning(
                caps._at(customer.company_id._get_ar_today()), customer.periodic_invoices)
            customer.ar_term_warning = f"{term.name}: {warning}" if warning else False
