from odoo import api, fields, models
from odoo.exceptions import AccessError

KEEP_DAYS = 90

NEXT_STEPS = [
    ('retry_later', "Tried again by itself"),
    ('tell_user', "Refused"),
    ('fix_credentials', "Credentials to mend"),
    ('ask_person', "A person must look"),
    ('look_up', "Outcome unknown"),
    ('fix_configuration', "Settings to mend"),
]


class ArProviderNote(models.AbstractModel):
    """What is written down about an account stands with it, in its company."""
    _name = 'ar.provider.note'
    _description = "Note about a provider"

    provider_id = fields.Many2one(
        'ar.provider', required=True, index=True, ondelete='cascade', readonly=True)
    company_id = fields.Many2one(related='provider_id.company_id', store=True)


class ArProviderUsage(models.Model):
    """How often an operation was called on one day (UTC), and how often it was billed."""
    _name = 'ar.provider.usage'
    _inherit = ['ar.provider.note']
    _description = "Calls of a provider"
    _order = 'day desc, id desc'
    _rec_name = 'operation'

    day = fields.Date(required=True, readonly=True, help="Day of the calls, in UTC.")
    operation = fields.Char(required=True, readonly=True)
    calls = fields.Integer(readonly=True, help="Operations called; one may make several requests.")
    billed = fields.Integer(
        string="Billed calls", readonly=True,
        help="Counted before they are sent: a call whose answer was lost counts.")
    failures = fields.Integer(readonly=True)

    _day_uniq = models.Constraint(
        'UNIQUE(provider_id, day, operation)', "Calls are counted once for a day.")


class ArProviderError(models.Model):
    """What went wrong with a call, in words for people, with masked evidence for the provider."""
    _name = 'ar.provider.error'
    _inherit = ['ar.provider.note']
    _description = "Error of a provider"
    _order = 'happened_at desc, id desc'
    _rec_name = 'code'

    happened_at = fields.Datetime(required=True, readonly=True)
    operation = fields.Char(readonly=True)
    code = fields.Char(readonly=True)
    next_step = fields.Selection(NEXT_STEPS, string="What follows", readonly=True)
    message = fields.Text(readonly=True)
    status = fields.Integer(string="HTTP status", readonly=True)
    correlation_id = fields.Char(
        readonly=True, help="Tell it to the provider's support: it stands in their log too.")
    evidence = fields.Text(
        readonly=True, help="The provider's answer, without secrets and natural persons.")

    @api.autovacuum
    def _gc_errors(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_DAYS)
        old = self.search([('happened_at', '<', limit)], limit=1000)
        old.unlink()
        return len(old), 0


class ArProviderHealth(models.Model):
    """How an account is doing. Its own table, written in transactions of its own.

    A call is noted even when everything around it is rolled back; a row that the caller's
    transaction writes too would then be in the way.
    """
    _name = 'ar.provider.health'
    _inherit = ['ar.provider.note']
    _description = "Health of a provider"
    _rec_name = 'provider_id'

    provider_id = fields.Many2one(index=False)  # unique, see below
    failures = fields.Integer(
        string="Failures in a row", readonly=True, default=0)
    recent_calls = fields.Integer(
        readonly=True, aggregator=None,
        help="Calls of the minute before the last one, for a provider that counts them.")
    last_call_at = fields.Datetime(string="Last call", readonly=True)
    last_success_at = fields.Datetime(string="Last answer", readonly=True)
    last_error_at = fields.Datetime(string="Last error", readonly=True)
    paused_until = fields.Datetime(
        readonly=True, help="After failures in a row nothing is asked before this time.")
    problem = fields.Char(
        readonly=True, help="Code of what a person must mend before anything is asked again.")
    problem_text = fields.Char(readonly=True)
    blocked_key = fields.Char(
        readonly=True, groups=fields.NO_ACCESS,
        help="Fingerprint of the credentials that were refused: never tried again.")
    poll_wanted_at = fields.Datetime(
        readonly=True, help="A callback or a person asked to read the provider again.")

    _provider_uniq = models.Constraint('UNIQUE(provider_id)', "A provider has one health.")


class ArProviderWrite(models.Model):
    """Memory of a write by our own reference: what may have arrived is not sent again."""
    _name = 'ar.provider.write'
    _inherit = ['ar.provider.note']
    _description = "Write sent to a provider"
    _order = 'id desc'
    _rec_name = 'key'

    provider_id = fields.Many2one(ondelete='restrict')
    key = fields.Char(required=True, readonly=True)
    state = fields.Selection(
        [('sending', "Being sent"), ('unknown', "Outcome unknown"), ('done', "Arrived"),
         ('refused', "Refused or never sent")], required=True, readonly=True)
    begun_at = fields.Datetime(required=True, readonly=True)
    settled_at = fields.Datetime(readonly=True)

    _key_uniq = models.Constraint('UNIQUE(provider_id, key)', "A write has one reference.")

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("What was sent is history."))
        return super().write(vals)
