import json

from odoo import api, fields, models
from odoo.exceptions import AccessError

RAW_LENGTH = 20_000
KEEP_RAW_MONTHS = 24
KINDS = [
    ('rating', "Rating"),
    ('cover', "Cover"),
    ('company', "Company"),
    ('register', "Company register"),
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
    received_at = fields.Datetime(string="Received on", required=True, readonly=True)
    attention = fields.Text(
        string="To look at", readonly=True,
        help="Codes that we do not know and values that could not be read.")
    raw = fields.Text(
        string="Answer as it came", readonly=True,
        groups='ar_collections.group_ar_manager,ar_collections.group_ar_auditor',
        help="Without secrets and natural persons.")
    state = fields.Selection(
        [('new', "New"), ('done', "Processed"), ('person', "A person must look")],
        required=True, default='new', readonly=True, index=True)
    processed_at = fields.Datetime(readonly=True)
    processed_by = fields.Many2one('res.users', readonly=True)
    note = fields.Char(string="What was done", readonly=True)
    rating_id = fields.Many2one('ar.rating', ondelete='set null', readonly=True)

    _key_uniq = models.Constraint('UNIQUE(provider_id, key)', "This message was kept already.")

    # === RECORDING === #

    @api.model
    def _record(self, provider, key, vals):
        """Keep what arrived, once.

        :param provider: `ar.provider`, one
        :param str key: the same thing has the same key for ever
        :param dict vals: more fields; `result` is a typed result, from which environment, raw
            answer and what needs attention are taken
        :return: the new record, an empty one when it was known
        """
        if self.search_count([('provider_id', '=', provider.id), ('key', '=', key)], limit=1):
            return self.browse()
        result = vals.pop('result', None)
        taken = self._get_result_values(result) if result is not None else {}
        return self.create({
            'received_at': fields.Datetime.now(), **taken, **vals,
            'provider_id': provider.id, 'key': key})

    @api.model
    def _get_result_values(self, result):
        """Return what every typed result tells beside its content."""
        meta = result.meta
        attention = "\n".join(
            f"{item.code}: {item.field} {item.value}".strip() for item in result.attention)
        raw = meta.raw if meta else None
        text = raw if isinstance(raw, str) else json.dumps(
            raw, ensure_ascii=False, default=str, indent=1)
        return {
            'environment': meta.environment if meta else False, 'attention': attention or False,
            'raw': text[:RAW_LENGTH] if raw else False}

    def _set_done(self, note=None):
        """Note that what followed from these messages was done."""
        self.write({
            'state': 'done', 'processed_at': fields.Datetime.now(),
            'processed_by': self.env.uid, 'note': note})

    def _set_person(self, reason):
        """Hand a message to a person: whoever follows the customer, or an administrator."""
        self.ensure_one()
        self.write({'state': 'person', 'note': reason})
        if self.customer_id:
            record = self.customer_id
            user = record.collector_id or record.company_id._get_ar_responsible()
        else:
            record, user = self.provider_id, self.provider_id._get_administrator()
        record = record.with_context(lang=user.lang)
        record.activity_schedule(
            'mail.mail_activity_data_todo', user_id=user.id,
            summary=record.env._("%s: a message to look at", self.provider_id.name), note=reason)

    # === ACTIONS === #

    def action_done(self):
        """A person has looked at these messages."""
        if not self.env.user.has_group('ar_collections.group_ar_collector_own'):
            raise AccessError(self.env._("Only a collector closes a message of a provider."))
        self.check_access('read')
        # sudo: messages are written by the poll; closing one is all that a person does.
        self.sudo().filtered(lambda event: event.state != 'done').write({
            'state': 'done', 'processed_at': fields.Datetime.now(),
            'processed_by': self.env.uid})
        return True

    def action_view_customer(self):
        """Open the customer."""
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'res_model': 'ar.customer', 'view_mode': 'form',
                'views': [(False, 'form')], 'res_id': self.customer_id.id}

    @api.autovacuum
    def _gc_raw(self):
        """Personal data are not kept for ever: the answers go, what they meant stays."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), months=KEEP_RAW_MONTHS)
        old = self.search([('received_at', '<', limit), ('raw', '!=', False)], limit=1000)
        old.raw = False
        return len(old), 0
