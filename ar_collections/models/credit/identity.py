from odoo import api, fields, models

from ...tools.identifiers import MISMATCH, WRONG_DIGIT, check_identifiers


class ResPartner(models.Model):
    """EXTENDS base: whoever types a company number sees at once that it cannot be right."""
    _inherit = 'res.partner'

    ar_identity_warning = fields.Text(
        string="Company numbers", compute='_compute_ar_identity_warning',
        help="What is wrong with the SIREN, the SIRET or the VAT number, by their check digits. "
             "It never stops anybody from saving.")

    @api.depends('vat', 'company_registry', 'country_id')
    def _compute_ar_identity_warning(self):
        for partner in self:
            problems = check_identifiers(
                partner.country_id.code, partner.company_registry, partner.vat)
            partner.ar_identity_warning = "\n".join(
                self._ar_get_identity_text(*problem) for problem in problems) or False

    def _ar_get_identity_text(self, problem, kind, number):
        if problem == WRONG_DIGIT:
            return self.env._(
                "The %(kind)s %(number)s has a wrong check digit.", kind=kind, number=number)
        if problem == MISMATCH:
            return self.env._(
                "The VAT number %s belongs to another company than the SIREN.", number)
        if kind == 'SIREN':
            return self.env._(
                "%s is no company number: a SIREN has 9 digits, a SIRET 14.", number)
        return self.env._(
            "The %(kind)s %(number)s does not have the right form.", kind=kind, number=number)


class ArCustomer(models.Model):
    """EXTENDS core: wrong company numbers are said aloud, and never stop anybody from saving."""
    _inherit = 'ar.customer'

    identity_warning = fields.Text(
        related='partner_id.ar_identity_warning', string="Company numbers",
        help="What is wrong with the SIREN, the SIRET or the VAT number, by their check digits.")

    def action_check_identity(self):
        """Say whether the company numbers of this customer can be right."""
        self.ensure_one()
        self.check_access('read')
        warning = self.identity_warning
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification',
            'params': {
                'type': 'warning' if warning else 'success', 'sticky': bool(warning),
                'title': self.env._("Company numbers"),
                'message': warning or self.env._("No mistake was found."),
            },
        }


class ArCreditRequest(models.Model):
    """EXTENDS credit: who decides on a limit sees a wrong company number."""
    _inherit = 'ar.credit.request'

    # sudo: whoever asks for a limit may not open the customer; only our own sentence comes back.
    identity_warning = fields.Text(
        related='customer_id.identity_warning', string="Company numbers")

    def action_submit(self):
        """EXTENDS credit: keep the warning in the history of the request."""
        drafts = self.filtered(lambda request: request.state == 'draft')
        result = super().action_submit()
        for request in drafts.sudo().filtered('identity_warning'):
            request.message_post(body=request.identity_warning)
        return result
