from odoo import fields, models


class ResCompany(models.Model):
    _inherit = 'res.company'

    ar_mention_on_invoices = fields.Boolean(
        string="Late payment on invoices",
        help="Print what the law of your country wants on invoices between businesses: the rate "
             "by its rule, the flat compensation, the discount for early payment or that there is "
             "none.")


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_mention_on_invoices = fields.Boolean(
        related='company_id.ar_mention_on_invoices', readonly=False)


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
        regime = move.env['ar.legal.regime'].search([
            ('country_id', '=', company.country_id.id), ('debtor', '=', 'business'),
            ('state', '=', 'confirmed')], limit=1)
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
        if not move.invoice_payment_term_id.early_discount:
            texts.append(self.env._("No discount for early payment."))
        return " ".join(texts)
