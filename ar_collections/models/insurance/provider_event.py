
from odoo import fields, models

KINDS = [
    ('rating', "Rating"),
    ('cover', "Cover"),
    ('company', "Company"),
    ('order', "Order"),
    ('callback', "Callback"),
    ('other', "Other"),
]


class ArProviderEvent(models.Model):
    """What arrived from a provider, each thing once: results of polls, and callbacks.

    A callback is only a hint to read again; nothing in it is believed.
    """
    _name = 'ar.provider.event'
    _description = "Message from a provider"
    _order = 'received_at desc, id desc'
    _rec_name = 'summary'

    provider_id = fields.Many2one(
        'ar.provider', required=True, index=True, ondelete='cascade', readonly=True)
    company_id = fields.Many2one(related='provider_id.company_id', store=True, index=True)
    link_id = fields.Many2one(
        'ar.provider.link', ondelete='set null', index='btree_not_null', readonly=True)
    customer_id = fields.Many2one(
        'ar.customer', ondelete='cascade', index='btree_not_null', readonly=True)
    key = fields.Char(required=True, readonly=True, help="What arrives twice is kept once.")
    kind = fields.Selection(KINDS, required=True, readonly=True, default='other')
    source = fields.Selection(
        [('poll', "Read by us"), ('callback', "Sent to us"), ('hand', "Typed in")],
        required=True, readonly=True, default='poll')
    environment = fields.Char(
        readonly=True, help="Where it comes from: production, test or simulator.")
    external_id = fields.Char(string="Number at the provider", readonly=True)
    code = fields.Char(readonly=True, help="The provider's own code.")
    summary = fields.Char(readonly=True)
    happened_on = fields.Date(readonly=True)
    received_at = fields.Datetime(required=True, readonly=True)
    attention = fields.Text(
        string="To look at", readonly=True,
        help="Codes that we do not know and values that could not be read.")
    raw = fields.Text(
        string="Answer as it came", readonly=True,
        help="Without secrets and natural persons.")
    state = fields.Selection(
        [('new', "New"), ('done', "Processed"), ('person', "A person must look")],
        required=True, default='new', readonly=True, index=True)
    processed_at = fields.Datetime(readonly=True)
    processed_by = fields.Many2one('res.users', readonly=True)
    note = fields.Char(string="What was done", readonly=True)
    rating_id = fields.Many2one('ar.rating', ondelete='set null', readonly=True)

    _key_uniq = models.Constraint('UNIQUE(provider_id, key)', "This message was kept already.")
