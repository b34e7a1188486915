from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...connectors.errors import ConnectorError, InvalidInputError, TemporaryError
from ...connectors.vies import COUNTRIES, ViesClient
from ...tools.transaction import end_reading

# Somebody waits at the screen: one repetition, and no long silence.
TIMEOUTS, TOTAL_TIMEOUT = (5.0, 10.0), 15.0


class ArCustomer(models.Model):
    """EXTENDS core: whether the VAT number is valid, asked of VIES on request, with its proof.

    VIES is the European Commission's question to the tax office of a member state (regulation
    904/2010, article 31). The proof (consultation number) is given when we name ourselves.
    """
    _inherit = 'ar.customer'

    partner_vat = fields.Char(
        related='partner_id.vat', string="VAT number", help="As it stands on the contact.")
    vat_state = fields.Selection(
        [('valid', "Valid"), ('invalid', "Not valid")], string="VIES says", readonly=True,
        copy=False)
    vat_checked_number = fields.Char(string="Number checked", readonly=True, copy=False)
    vat_checked_on = fields.Date(
        string="Checked on", readonly=True, copy=False, help="The answer is that of this day.")
    vat_consultation = fields.Char(
        string="Consultation number", readonly=True, copy=False,
        help="Proof that the number was asked for on that day; VIES gives it when the company has "
             "a VAT number of its own.")
    vat_check_is_other = fields.Boolean(compute='_compute_vat_check_is_other')

    @api.depends('vat_checked_number', 'partner_id.vat')
    def _compute_vat_check_is_other(self):
        for customer in self:
            customer.vat_check_is_other = bool(customer.vat_checked_number) and (
                customer.vat_checked_number != customer.partner_id.vat)

    def _get_derived_fields(self):
        """EXTENDS core."""
        return super()._get_derived_fields() | {
            'vat_state', 'vat_checked_number', 'vat_checked_on', 'vat_consultation'}

    @api.model
    def _get_vat_client(self):
        """Return the client of VIES. Tests hand over one that speaks to a simulator."""
        return ViesClient(environment='production', timeouts=TIMEOUTS)

    @staticmethod
    def _split_vat(partner):
        """Return (country, number) of a contact: the prefix says the country, else the address."""
        vat = (partner.vat or '').strip()
        prefix = vat[:2].upper()
        return prefix if prefix.isalpha() else partner.country_id.code or '', vat

    def action_check_vat(self):
        """Button: ask VIES whether the VAT number is valid today; keep answer, day and proof.

        VIES is asked before anything is written: however long it takes, no row stays locked and no
        transaction open.
        Nothing but the answer is kept, so no name or address of a sole trader.

        :raise UserError: no number, or no answer; what was known before is kept
        """
        self.ensure_one()
        self.check_access('write')
        partner = self.partner_id
        if not partner.vat:
            raise UserError(self.env._(
                "%s has no VAT number: fill in the tax ID on the contact.", partner.display_name))
        country, number = self._split_vat(partner)
        own_country, own_number = self._split_vat(self.company_id.partner_id)
        asked, client = partner.vat, self._get_vat_client()
        client.max_retries, client.total_timeout = 1, TOTAL_TIMEOUT
        requester = (own_country, own_number) if (
            own_country in COUNTRIES and own_number) else None
        end_reading(self.env)
        try:
            check = client.check_vat(country, number, requester=requester)
        except ConnectorError as error:
            raise UserError(self._get_vat_error(error, number)) from None
        finally:
            client.close()
        today = self.company_id._get_ar_today()
        # sudo: the answer is written by the program only; the user's right was checked above.
        self.sudo().write({
            'vat_state': 'valid' if check.valid else 'invalid', 'vat_checked_number': asked,
            'vat_checked_on': today, 'vat_consultation': check.consultation or False})
        text = self.env._("VIES says that the VAT number %(number)s is valid on %(day)s.",
                          number=number, day=format_date(self.env, today)) if check.valid else (
            self.env._("VIES says that the VAT number %(number)s is not valid on %(day)s.",
                       number=number, day=format_date(self.env, today)))
        if check.consultation:
            text += " " + self.env._("Consultation number: %s", check.consultation)
        self._message_log(body=text)
        return True

    def _get_vat_error(self, error, number):
        """Return what the user can do about an error of VIES: none of them says "not valid"."""
        if isinstance(error, InvalidInputError):
            return self.env._(
                "VIES answers for VAT numbers of the European Union and Northern Ireland only, and "
                "%s is none: correct the tax ID or the country of the contact.", number)
        if isinstance(error, TemporaryError):
            return self.env._(
                "VIES, or the tax office of the member state behind it, does not answer now "
                "(%s). This says nothing about the number. Try again in a few minutes; what was "
                "known before is kept.", error.code)
        if error.code == 'invalid_requester_info':
            return self.env._(
                "VIES does not accept the VAT number of our own company: correct it in the "
                "settings of the company.")
        return self.env._(
            "VIES did not give an answer that can be read (%s). This says nothing about the "
            "number; try again later.", error.code)
