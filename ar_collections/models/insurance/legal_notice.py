from types import MappingProxyType

from odoo import fields, models

from ...connectors.bodacc_reading import Notice
from ...connectors.results import CompanyEvent

KINDS = [
    ('safeguard', "Safeguard opened"),
    ('reorganisation', "Reorganisation opened"),
    ('liquidation', "Liquidation opened"),
    ('conversion_to_liquidation', "Converted to liquidation"),
    ('conciliation', "Conciliation"),
    ('personal_recovery', "Personal recovery opened"),
    ('plan', "Plan adopted or changed"),
    ('plan_ended', "Plan ended"),
    ('closed_for_lack_of_assets', "Closed for lack of assets"),
    ('closed_debts_paid', "Closed, debts paid"),
    ('list_of_claims', "List of claims filed"),
    ('extension', "Extended to another company"),
    ('reversed', "Reversed by a court"),
    ('struck_off', "Struck off"),
    ('to_check', "To be read by a person"),
]


class ArLegalNotice(models.Model):
    """A notice of the official gazette about one customer. Written by the nightly poll only."""
    _name = 'ar.legal.notice'
    _description = "Legal notice"
    _order = 'published_on desc, id desc'
    _rec_name = 'nature'

    customer_id = fields.Many2one(
        'ar.customer', required=True, index=True, ondelete='cascade', readonly=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    event_id = fields.Char(string="Notice number", required=True, readonly=True)
    siren = fields.Char(string="SIREN", readonly=True)
    kind = fields.Selection(KINDS, string="Meaning", required=True, readonly=True)
    nature = fields.Char(readonly=True, help="The gazette's own words.")
    complement = fields.Char(string="Text", readonly=True, help="Beginning of the judgment.")
    court = fields.Char(readonly=True)
    notice_type = fields.Selection(
        [('annonce', "Notice"), ('rectificatif', "Correction"), ('annulation', "Cancellation")],
        string="Type", readonly=True)
    replaces = fields.Char(
        readonly=True, help="Number of the notice that this one corrects or cancels.")
    judged_on = fields.Date(readonly=True, help="Day of the judgment, when it can be read.")
    published_on = fields.Date(
        readonly=True, help="Day of publication: the time for filing claims runs from here.")
    url = fields.Char(string="Link", readonly=True)

    _customer_event_uniq = models.Constraint(
        'UNIQUE(customer_id, event_id)', "This notice is already kept for this customer.")

    def _get_event(self):
        """Return the notice as the reading rules of the gazette want it."""
        self.ensure_one()
        return CompanyEvent(
            self.event_id, Notice(self.kind), self.siren or '',
            happened_on=self.judged_on or None, published_on=self.published_on or None,
            details=MappingProxyType({
                'type': self.notice_type or 'annonce', 'replaces': self.replaces or ''}))

    def _get_values(self, event):
        """Return what is kept of a notice: no names of persons."""
        types = dict(self._fields['notice_type'].selection)
        return {
            'event_id': event.event_id, 'siren': event.company_id, 'kind': str(event.kind),
            'nature': event.code, 'complement': event.details.get('complement'),
            'court': event.details.get('court'),
            # A type that nobody knows is read by a person as well.
            'notice_type': event.details.get('type') if event.details.get('type') in types
            else 'annonce',
            'replaces': event.details.get('replaces'), 'judged_on': event.happened_on,
            'published_on': event.published_on, 'url': event.details.get('url'),
        }
