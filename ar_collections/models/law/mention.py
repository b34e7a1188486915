from odoo import api, fields, models
from odoo.tools import formatLang


class ResCompany(models.Model):
    _inherit = 'res.company'

    ar_mention_on_invoices = fields.Boolean(
        string="Late payment on invoices",
        help="Print what the law of your country wants on invoices between businesses: the rate "
             "by its rule, the flat compensation, the discount for early payment or that there is "
             "none.")

    def _get_ar_mention_rule(self):
        """Return the confirmed rule between businesses of this company's country, or none."""
        self.ensure_one()
        # sudo: the law is no secret.
        return self.env['ar.legal.regime'].sudo().search([
            ('country_id', '=', self.country_id.id), ('country_id', '!=', False),
            ('debtor', '=', 'business'), ('state', '=', 'confirmed')], limit=1)


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_mention_on_invoices = fields.Boolean(
        related='company_id.ar_mention_on_invoices', readonly=False)
    ar_mention_text = fields.Text(
        string="What is printed", compute='_compute_ar_mention_text')

    @api.depends('company_id')
    @api.depends_context('lang')
    def _compute_ar_mention_text(self):
        """The text block of the country, ready to copy; or why there is none."""
        for settings in self:
            company = settings.company_id
            mention = company._get_ar_mention_rule().mention
            settings.ar_mention_text = mention or (self.env._(
                "Nothing: no confirmed rule of law between businesses gives a text for %s. Write "
                "it with your counsel as “Mention on invoices” under Configuration, Rules of law.",
                company.country_id.name) if company.country_id else self.env._(
                "Nothing: enter the country of your company first."))


class AccountMove(models.Model):
    """EXTENDS account: the mention about late payment on the printed invoice."""
    _inherit = 'account.move'

    def _get_ar_mention(self):
        """Return the mention for the printed invoice in the language of the context, or False.

        The law of the seller's country obliges the seller (France: L441-9 and L441-10 of the
        commercial code), towards businesses only. A rule that nobody has confirmed prints nothing.
        """
        self.ensure_one()
        # sudo: whoever prints an invoice, a customer in the portal too, may read its mention.
        move = self.sudo()
        company = move.company_id
        if not company.ar_mention_on_invoices or move.move_type != 'out_invoice':
            return False
        customer = move.env['ar.customer'].with_context(active_test=False).search([
            ('company_id', '=', company.id), ('partner_id', '=', move.commercial_partner_id.id)])
        partner = move.commercial_partner_id
        kind = customer.debtor_kind or partner._ar_guess_debtor()[0]
        regime = company._get_ar_mention_rule()
        if kind != 'business' or not regime.mention:
            return False
        texts = [regime.mention]
        # The rate of the invoice beats that of the customer, as in the claim.
        contract = move.env['ar.contract.rate']._get_rates(move.ids).get(
            move.id, customer._get_contract() if customer else None)
        if contract is not None:
            texts.append(self.env._(
                "Rate agreed by contract: %s.",
                self.env['ar.indexed.rate']._describe_contract(contract)))
        term = move.invoice_payment_term_id
        if not term.early_discount:
            texts.append(self.env._("No discount for early payment."))
        elif not term.display_on_invoice:
            # Else Odoo prints it beside the due dates.
            texts.append(self.env._(
                "Discount for early payment: %(percent)s %% when paid within %(days)s days.",
                percent=formatLang(self.env, term.discount_percentage, digits=2),
                days=term.discount_days))
        return " ".join(texts)
