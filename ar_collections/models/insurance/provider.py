import hashlib
import os
import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...connectors.capability import Capability, Support
from ...connectors.errors import ConfigurationError
from ...connectors.registry import get_client_class
from ...connectors.transport import LocalSimulator
from .provider_codes import EXTRA_OPTIONS, PROVIDERS, PUBLIC

ADMIN = 'ar_collections.group_ar_admin'
# A server that may speak to simulators says so when it is started: no record can.
SIMULATORS_ALLOWED = 'AR_COLLECTIONS_SIMULATORS'
# Stored beside the credentials, and told to providers that want it with each order.
CALLBACK_SECRET = 'callback_token'


class ArProvider(models.Model):
    """An account of ours at a credit insurer or a provider of company information."""
    _name = 'ar.provider'
    _description = "Provider"
    _order = 'sequence, id'
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _check_company_domain = models.check_company_domain_parent_of

    # === FIELDS === #
    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        'res.company', required=True, index=True, ondelete='cascade',
        default=lambda self: self.env.company)
    code = fields.Selection(PROVIDERS, string="Provider", required=True)
    is_on = fields.Boolean(
        string="Switched on", copy=False,
        help="Off: nothing is asked and nothing is sent, by night or by a button.")
    environment = fields.Selection(
        [('test', "Test"), ('production', "Production")], required=True, default='test',
        help="There is no way from one to the other: a call in test never falls back to "
             "production, and what was learnt in test is marked so.")
    simulator_url = fields.Char(
        string="Simulator", copy=False,
        help="Address of a simulator on this machine, asked instead of the provider. Test only, "
             "and only on a server that was started for it.")
    test_counts = fields.Boolean(
        string="Test answers count",
        help="For a demonstration: what the test environment or a simulator says is taken for "
             "true. Leave it off where real customers are.")
    daily_budget = fields.Integer(
        string="Billed calls per day",
        help="So many calls that the provider bills are made in a day (UTC), no more. Zero: none.")
    rating_days = fields.Integer(
        string="Ask for ratings every (days)", default=30,
        help="Zero: only when the provider tells a change, or on request.")
    billing_note = fields.Char(compute='_compute_capabilities')
    has_ratings = fields.Boolean(compute='_compute_capabilities')
    has_covers = fields.Boolean(compute='_compute_capabilities')
    has_callbacks = fields.Boolean(compute='_compute_capabilities')
    has_search = fields.Boolean(compute='_compute_capabilities')
    option_ids = fields.One2many('ar.provider.option', 'provider_id', copy=True)
    operation_ids = fields.One2many('ar.provider.operation', 'provider_id', copy=False)
    credential_state = fields.Char(
        string="Credentials", compute='_compute_credential_state',
        help="Which credentials are stored. Nobody can read them again; type new ones to change "
             "them.")
    has_credentials = fields.Boolean(
        string="Credentials complete", compute='_compute_credential_state')
    callback_digest = fields.Char(
        copy=False, readonly=True, index='btree_not_null', groups=ADMIN,
        help="Fingerprint of the secret in the callback address.")
    callback_since = fields.Datetime(
        string="Callback address made on", readonly=True, copy=False)
    link_ids = fields.One2many('ar.provider.link', 'provider_id')
    event_ids = fields.One2many('ar.provider.event', 'provider_id')
    error_ids = fields.One2many('ar.provider.error', 'provider_id', readonly=True)
    usage_ids = fields.One2many(
        'ar.provider.usage', 'provider_id', readonly=True, domain=[('operation', '!=', '*')])
    health_ids = fields.One2many(
        'ar.provider.health', 'provider_id', string="State of the account", readonly=True)
    health = fields.Selection(
        [('off', "Off"), ('never', "Never asked"), ('good', "Answers"),
         ('paused', "Paused after failures"), ('problem', "To mend")], compute='_compute_health')
    health_text = fields.Char(string="What to do", compute='_compute_health')
    last_success_at = fields.Datetime(string="Last answer", compute='_compute_health')
    last_error_at = fields.Datetime(string="Last error", compute='_compute_health')
    paused_until = fields.Datetime(compute='_compute_health')
    billed_today = fields.Integer(
        string="Billed today", compute='_compute_billed_today',
        help="Billed calls made today (UTC), of the number allowed.")
    changes_read_until = fields.Date(
        string="Changes read until", readonly=True, copy=False,
        help="Up to this day the list of changes of the provider was read completely.")

    _name_uniq = models.Constraint(
        'UNIQUE(company_id, name)', "Two providers of a company cannot have the same name.")
    _numbers_positive = models.Constraint(
        'CHECK(daily_budget >= 0 AND rating_days >= 0)', "These numbers cannot be negative.")
    _callback_uniq = models.UniqueIndex(
        '(callback_digest) WHERE callback_digest IS NOT NULL', "A callback address is used once.")

    # === COMPUTES === #

    @api.depends('code', 'operation_ids.confirmed')
    def _compute_capabilities(self):
        for provider in self:
            able = provider._can
            provider.has_ratings = bool(provider.code) and able('get_rating')
            provider.has_covers = bool(provider.code) and (
                able('request_cover') or provider._get_support('request_cover') == Support.MANUAL)
            provider.has_callbacks = bool(provider.code) and able('parse_callback')
            provider.has_search = bool(
                provider.code) and provider.code not in PUBLIC and able('search_company')
            billed = provider.operation_ids.filtered('is_billed').mapped('display_name')
            provider.billing_note = ", ".join(billed)

    @api.depends('code')
    def _compute_credential_state(self):
        # sudo: only the names of what is stored are told, never a value.
        stored = self.env['ar.provider.secret'].sudo().search([('provider_id', 'in', self.ids)])
        names = stored.grouped('provider_id')
        for provider in self:
            wanted = provider._get_client_class().credential_fields if provider.code else ()
            have = set(names.get(provider._origin, stored.browse()).mapped('name'))
            missing = [name for name in wanted if name not in have]
            provider.has_credentials = not missing
            if not wanted:
                provider.credential_state = self.env._("None are needed.")
            elif not missing:
                provider.credential_state = self.env._("Stored: %s", ", ".join(wanted))
            else:
                provider.credential_state = self.env._("Missing: %s", ", ".join(missing))

    def _compute_display_name(self):
        labels = dict(self._fields['environment']._description_selection(self.env))
        for provider in self:
            provider.display_name = provider.name
            if provider.environment == 'test':
                provider.display_name = f"{provider.name} ({labels['test']})"

    # === WHAT IT CAN DO === #

    def _get_client_class(self):
        """Return the class of the client behind this provider."""
        self.ensure_one()
        return get_client_class(self.code)

    def _get_confirmed(self):
        """Return the capabilities whose assumptions an administrator has confirmed."""
        return frozenset(
            Capability(operation.capability)
            for operation in self.operation_ids.filtered('confirmed'))

    def _get_support(self, operation):
        """Return how this provider offers an operation: yes, by hand, unconfirmed or no."""
        self.ensure_one()
        return self._get_client_class().get_support(Capability(operation), self._get_confirmed())

    def _can(self, operation):
        """Return whether an operation can be called now."""
        return self._get_support(operation) == Support.YES

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        providers = super().create(vals_list)
        providers._make_settings()
        return providers

    def write(self, vals):
        if 'code' in vals and any(provider.code != vals['code'] for provider in self):
            raise UserError(self.env._(
                "Another provider is another record: archive this one and create a new one."))
        switched = self.filtered(lambda provider: provider.environment != vals.get(
            'environment', provider.environment))
        result = super().write(vals)
        if switched.filtered(lambda provider: provider.environment == 'production'):
            switched._forget_test_links()
        if {'environment', 'simulator_url', 'is_on'} & set(vals):
            self._forget_problem()
        return result

    def _forget_test_links(self):
        """What the test environment called a customer may be somebody else in production."""
        # sudo: links are written by searches; an administrator has switched the environment.
        links = self.env['ar.provider.link'].sudo().search([
            ('provider_id', 'in', self.ids), ('environment', 'in', ('test', 'simulator')),
            ('state', 'in', ('linked', 'choose'))])
        links.candidate_ids.unlink()
        links.write({'state': 'stopped', 'rating_wanted': False, 'message': self.env._(
            "Found in the test environment. Press “Search again” to find it in production.")})
        self.changes_read_until = False

    @api.constrains('simulator_url', 'environment')
    def _check_simulator_url(self):
        for provider in self.filtered('simulator_url'):
            if provider.environment != 'test':
                raise ValidationError(self.env._(
                    "A simulator can be used in the test environment only."))
            try:
                LocalSimulator(provider.simulator_url)
            except ConfigurationError:
                raise ValidationError(self.env._(
                    "A simulator listens on this machine: http://127.0.0.1 and a port.")) from None

    def init(self):
        """A new version of the module may know more options and operations than the last one."""
        self.with_context(active_test=False).search(fields.Domain.TRUE)._make_settings()

    def _make_settings(self):
        """Give new providers their rows of options and operations, without values."""
        for provider in self:
            client = provider._get_client_class()
            wanted = [*client.required_options, *EXTRA_OPTIONS.get(provider.code, ())]
            have = set(provider.option_ids.mapped('name'))
            # sudo: which options and operations there are is told by the client, not by a user.
            self.env['ar.provider.option'].sudo().create([
                {'provider_id': provider.id, 'name': name, 'sequence': number}
                for number, name in enumerate(wanted) if name not in have])
            have = set(provider.operation_ids.mapped('capability'))
            self.env['ar.provider.operation'].sudo().create([
                {'provider_id': provider.id, 'capability': capability.value}
                for capability in Capability
                if client.get_support(capability) != Support.NO and capability not in have])

    # === CREDENTIALS === #

    def _check_administrator(self):
        """Raise AccessError unless the user is an administrator of Receivables."""
        if not self.env.su and not self.env.user.has_group(ADMIN):
            raise AccessError(self.env._(
                "Only an administrator of Receivables may do this with a provider."))

    def _set_credentials(self, values):
        """Store credentials. There is no way to read them back but to make a call.

        :param values: {name: value}; an empty value changes nothing
        """
        self.ensure_one()
        self._check_administrator()
        known = self._get_client_class().credential_fields
        for name, value in values.items():
            if name not in (*known, 'user_prefix'):
                raise ValidationError(self.env._("%s is no credential of this provider.", name))
            if value:
                self._store_secret(name, value)
        self._forget_problem()
        self.invalidate_recordset(['credential_state', 'has_credentials'])

    def _store_secret(self, name, value):
        """Store a secret in the place of the one before. The caller has checked the user."""
        # sudo: nobody has a right on secrets.
        Secret = self.env['ar.provider.secret'].sudo()
        secret = Secret.search([('provider_id', '=', self.id), ('name', '=', name)])
        if secret:
            secret.value = value
        else:
            Secret.create({'provider_id': self.id, 'name': name, 'value': value})

    def action_set_credentials(self):
        """Open the dialogue in which new credentials are typed in."""
        self.ensure_one()
        self._check_administrator()
        wizard = self.env['ar.provider.credentials'].create({'provider_id': self.id})
        return {
            'type': 'ir.actions.act_window', 'res_model': wizard._name, 'res_id': wizard.id,
            'view_mode': 'form', 'target': 'new', 'name': self.env._("Credentials"),
        }

    # === CALLBACK ADDRESS === #

    def action_new_callback(self):
        """Make a new callback address and show it once; the one before stops working.

        Its secret is kept as a credential: orders tell it to the provider. The address itself is
        made anew each time, so that it follows the address of this Odoo.
        """
        self.ensure_one()
        self._check_administrator()
        token = secrets.token_urlsafe(32)
        self._store_secret(CALLBACK_SECRET, token)
        self.sudo().write({
            'callback_digest': self._get_callback_digest(token),
            'callback_since': fields.Datetime.now()})
        wizard = self.env['ar.provider.credentials'].create({'provider_id': self.id})
        return {
            'type': 'ir.actions.act_window', 'res_model': wizard._name, 'res_id': wizard.id,
            'view_mode': 'form', 'target': 'new', 'name': self.env._("Callback address"),
            'views': [(self.env.ref('ar_collections.ar_provider_callback_view_form').id, 'form')],
            'context': {'ar_callback_url': self._get_callback_url(token)},
        }

    def _get_callback_url(self, token):
        return f'{self.get_base_url()}/ar_collections/callback/{token}' if token else ''

    @api.model
    def _get_callback_digest(self, token):
        return hashlib.sha256(token.encode()).hexdigest()

    @api.model
    def _are_simulators_allowed(self):
        """Return whether this server was started to speak to simulators."""
        return os.environ.get(SIMULATORS_ALLOWED) == '1'
