from odoo import api, fields, models
from odoo.exceptions import UserError

from ..connectors.errors import ConnectorError, InvalidInputError, TemporaryError
from ..connectors.recherche_entreprises import RechercheEntreprisesClient
from ..tools.transaction import end_reading

# Somebody waits at the screen: one repetition, and no long silence.
TIMEOUTS, TOTAL_TIMEOUT = (5.0, 10.0), 15.0


class ArCompanySearch(models.TransientModel):
    """Finds a French company in the State's register and fills in a contact. A person picks."""
    _name = 'ar.company.search'
    _description = "Find a company in the French register"

    partner_id = fields.Many2one('res.partner', string="Contact", required=True, readonly=True)
    words = fields.Char(
        string="Name, SIREN or SIRET", required=True,
        help="A SIREN or SIRET finds exactly one company; the other fields do not count then.")
    postal_code = fields.Char(string="ZIP")
    include_closed = fields.Boolean(string="Closed companies too")
    replace_all = fields.Boolean(
        string="Replace what the contact says",
        help="Otherwise only what is empty is filled; an address is taken as a whole or not at "
             "all.")
    line_ids = fields.One2many('ar.company.search.line', 'search_id', readonly=True)
    message = fields.Char(readonly=True)

    @api.model
    def default_get(self, fields):
        """EXTENDS base: begin with what the contact says."""
        vals = super().default_get(fields)
        if self.env.context.get('active_model') == 'res.partner' and 'partner_id' in fields:
            contact = self.env['res.partner'].browse(self.env.context.get('active_id'))
            partner = contact.commercial_partner_id
            vals['partner_id'] = partner.id
            vals['words'] = partner.company_registry or partner.name
            # A number needs no other hint.
            vals['postal_code'] = not partner.company_registry and partner.zip
        return vals

    @api.model
    def _get_client(self):
        """Return the client of the register. Tests hand over one that speaks to a simulator."""
        return RechercheEntreprisesClient(environment='production', timeouts=TIMEOUTS)

    def action_search(self):
        """Ask the register and show what it answers; nothing is changed in the contact.

        The register is asked before anything is written here: however long it takes, no row stays
        locked and no transaction open. It is only read: where the database has this request run
        again, it is asked again.
        """
        self.ensure_one()
        self.partner_id.check_access('write')
        client = self._get_client()
        client.max_retries, client.total_timeout = 1, TOTAL_TIMEOUT
        words, postal_code = self.words, (self.postal_code or '').strip()
        active_only = not self.include_closed
        end_reading(self.env)
        try:
            found = client.search_company(
                words, postal_code=postal_code, active_only=active_only)
        except ConnectorError as error:
            raise UserError(self._get_error_text(error)) from None
        finally:
            client.close()
        self.line_ids.unlink()
        self.line_ids = self.env['ar.company.search.line'].create([
            {**self._get_line_values(company), 'search_id': self.id}
            for company in found.companies])
        self.message = self._get_message(found)
        return {
            'type': 'ir.actions.act_window', 'res_model': self._name, 'res_id': self.id,
            'view_mode': 'form', 'views': [(False, 'form')], 'target': 'new',
            'name': self.env._("Find in the French register"),
        }

    def _get_message(self, found):
        if not found.companies:
            return self.env._(
                "No company was found. Some companies ask not to be shown in this register.")
        if not found.complete:
            return self.env._(
                "The first %(shown)s of %(total)s companies. Add a ZIP code or more words.",
                shown=len(found.companies), total=found.announced_total)
        return False

    def _get_error_text(self, error):
        """Return what the user can do about an error of the register."""
        if isinstance(error, InvalidInputError):
            return self.env._(
                "%s has a wrong check digit: it is no SIREN or SIRET. Nothing was asked.",
                self.words)
        if isinstance(error, TemporaryError):
            return self.env._(
                "The register does not answer now. Try again in a few minutes. (%s)", error.code)
        return self.env._(
            "The register did not accept the question: %s",
            ", ".join(error.provider_messages) or error.code)

    @staticmethod
    def _get_line_values(company):
        return {
            'name': company.name, 'siren': company.provider_id, 'siret': company.number('siret'),
            'street': company.address.street, 'zip': company.address.postal_code,
            'city': company.address.city, 'activity_code': company.activity_code,
            'state': {True: 'active', False: 'closed', None: 'unknown'}[company.active],
            'closed_on': company.closed_on, 'found_by': company.reason,
        }


class ArCompanySearchLine(models.TransientModel):
    _name = 'ar.company.search.line'
    _description = "Company found in the register"

    search_id = fields.Many2one('ar.company.search', required=True, ondelete='cascade')
    name = fields.Char(string="Company", readonly=True)
    siren = fields.Char(string="SIREN", readonly=True)
    siret = fields.Char(string="SIRET of the head office", readonly=True)
    street = fields.Char(readonly=True)
    zip = fields.Char(string="ZIP", readonly=True)
    city = fields.Char(readonly=True)
    activity_code = fields.Char(string="Activity", readonly=True)
    state = fields.Selection(
        [('active', "Active"), ('closed', "Closed"), ('unknown', "Unknown")],
        string="Register says", readonly=True)
    closed_on = fields.Date(string="Closed on", readonly=True)
    found_by = fields.Selection(
        [('number', "By its number"), ('name', "By its name")], readonly=True)

    def action_take(self):
        """Fill the contact in with this company, and note who picked it and on what evidence."""
        self.ensure_one()
        search = self.search_id
        partner = search.partner_id
        partner.check_access('write')
        address = {'street': self.street, 'zip': self.zip, 'city': self.city,
                   'country_id': self.env.ref('base.fr').id}
        changes = {
            field: value for field, value in (
                ('name', self.name), ('company_registry', self.siret or self.siren))
            if value and (search.replace_all or not partner[field])}
        # An address is one thing: half of ours and half of theirs would be a third place.
        if self.city and (search.replace_all or not any(partner[field] for field in (
                'street', 'street2', 'zip', 'city'))):
            changes.update(address)
        partner.write(changes)
        partner.message_post(body=self._get_note(changes))
        return {'type': 'ir.actions.act_window_close'}

    def _get_note(self, changes):
        labels = self.env['res.partner'].fields_get(list(changes), ['string'])
        filled = ", ".join(labels[field]['string'] for field in changes) or self.env._("nothing")
        note = self.env._(
            "Identified in the French register (Recherche d'entreprises): %(name)s, SIREN "
            "%(siren)s. Filled in: %(fields)s.",
            name=self.name, siren=self.siren, fields=filled)
        if self.state == 'closed':
            note += " " + self.env._(
                "The register says that this company is closed since %s.", self.closed_on or "?")
        return note
