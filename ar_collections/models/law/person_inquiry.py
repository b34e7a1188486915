from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

# Article 6(1) of the GDPR, (a) to (d) as far as they fit here, and (f).
BASES = [
    ('contract', "Contract with the person, or steps the person asked for (6(1)(b))"),
    ('consent', "Consent of the person (6(1)(a))"),
    ('obligation', "Legal obligation (6(1)(c))"),
    ('interest', "Legitimate interest, weighed against the person's (6(1)(f))"),
]
BASIS_FIELDS = {'inquiry_basis', 'inquiry_reason'}


class ArCustomer(models.Model):
    """EXTENDS: solvency data of natural persons are asked for on a recorded basis only.

    GDPR, article 6(1): every processing of personal data needs a lawful basis. The CNIL's
    reference text on unpaid items (deliberation 2021-130, JO of 10 April 2022) covers unpaid sums
    that are established; it does not cover scoring or the search for risks.
    """
    _inherit = 'ar.customer'

    inquiry_basis = fields.Selection(
        BASES, string="Lawful basis of inquiries", tracking=True, copy=False,
        help="Without one, no provider is asked about a natural person: no search, no rating, no "
             "report, no monitoring.")
    inquiry_reason = fields.Text(
        string="Why it is lawful", tracking=True, copy=False,
        help="In your own words: what was agreed, asked for or weighed, and where it is filed.")
    inquiry_user_id = fields.Many2one(
        'res.users', string="Recorded by", readonly=True, copy=False)
    inquiry_date = fields.Date(string="Recorded on", readonly=True, copy=False)
    inquiry_refusal = fields.Text(
        string="No inquiry", compute='_compute_inquiry_refusal',
        help="Why no provider is asked about this customer.")

    @api.depends('debtor_kind', 'partner_id.is_company', 'partner_id.vat',
                 'partner_id.country_id', 'inquiry_basis', 'inquiry_reason')
    def _compute_inquiry_refusal(self):
        for customer in self:
            customer.inquiry_refusal = customer._get_inquiry_refusal()

    def _get_inquiry_refusal(self):
        """Return why nobody may be asked about the solvency of this customer, or False.

        Whom nothing shows to be a business is taken for a natural person.
        """
        self.ensure_one()
        if self._get_debtor()[0] in ('business', 'public') or (
                self.inquiry_basis and (self.inquiry_reason or '').strip()):
            return False
        return self.env._(
            "%(customer)s is a natural person, or nothing shows a business. Solvency data of a "
            "person may be asked for on a lawful basis only (GDPR, article 6(1); the reference "
            "text of the CNIL on unpaid items, deliberation 2021-130, does not cover scoring). "
            "A credit manager records the basis and the reason on the customer, page “Late "
            "interest”; if it is a business, say so there under “Kind of debtor”.",
            customer=self.partner_id.display_name)

    def _check_inquiry(self):
        """Raise UserError when a provider may not be asked about one of these customers."""
        for refusal in filter(None, (customer._get_inquiry_refusal() for customer in self)):
            raise UserError(refusal)

    def write(self, vals):
        """EXTENDS: the basis belongs to the credit manager; who recorded it, and when, is kept."""
        if BASIS_FIELDS & set(vals):
            if not self.env.su and not self.env.user.has_group('ar_collections.group_ar_manager'):
                raise AccessError(self.env._(
                    "Only a credit manager records why a natural person may be asked about."))
            recorded = vals.get('inquiry_basis', True)
            vals = {**vals, 'inquiry_user_id': recorded and self.env.uid,
                    'inquiry_date': recorded and fields.Date.context_today(self)}
        elif {'inquiry_user_id', 'inquiry_date'} & set(vals) and not self.env.su:
            raise AccessError(self.env._("Who recorded the basis is not typed in."))
        return super().write(vals)
