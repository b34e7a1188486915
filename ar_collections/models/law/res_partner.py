import re

from odoo import models

# Spanish numbers of natural persons: eight digits and a letter, or X, Y, Z first (DNI, NIE);
# K, L, M are tax numbers of persons too. Everybody in Spain has one: it shows no business.
SPANISH_PERSON = re.compile(r'(ES)?(\d{8}[A-Z]|[XYZKLM]\d{7}[A-Z])', re.IGNORECASE)


class ResPartner(models.Model):
    _inherit = 'res.partner'

    def _ar_guess_debtor(self):
        """Return (kind of debtor or None, why), from what the contact shows."""
        self.ensure_one()
        if self.is_company:
            return 'business', self.env._("The contact is a company.")
        if self.vat and not self._ar_has_personal_tax_number():
            return 'business', self.env._("The contact has a tax number.")
        return None, False

    def _ar_has_personal_tax_number(self):
        """Return whether the tax number is one that a private person has as well."""
        self.ensure_one()
        number = re.sub(r'[\s.-]', '', self.vat or '')
        spanish = self.country_id.code == 'ES' or number[:2].upper() == 'ES'
        return bool(spanish and SPANISH_PERSON.fullmatch(number))
