from odoo import api, fields, models

from ...connectors.capability import Capability
from ...connectors.registry import get_client_class
from .provider_codes import BILLED

CAPABILITIES = [
    ('test_connection', "Test the connection"),
    ('search_company', "Find a company"),
    ('get_company', "Read a company"),
    ('get_parents', "Read the parents of a company"),
    ('identify_company', "Have a company identified"),
    ('get_rating', "Read a rating"),
    ('order_rating', "Order a rating"),
    ('poll_order', "Follow an order"),
    ('request_cover', "Ask for cover"),
    ('find_request', "Look a request up"),
    ('poll_request', "Follow a request"),
    ('get_cover', "Read a cover"),
    ('list_covers', "List the covers"),
    ('list_requests', "List the requests"),
    ('change_cover', "Change a cover"),
    ('request_topup', "Ask for a second layer"),
    ('get_policy', "Read the policy"),
    ('declare_overdue', "Declare an overdue"),
    ('extend_due_date', "Extend a due date"),
    ('reschedule', "Agree on instalments"),
    ('get_overdue', "Follow an overdue"),
    ('start_monitoring', "Start watching a company"),
    ('stop_monitoring', "Stop watching a company"),
    ('list_changes', "List the changes"),
    ('list_notices', "List legal notices"),
    ('check_vat', "Check a VAT number"),
    ('parse_callback', "Be called back"),
]


class ArProviderSecret(models.Model):
    """One credential. Nobody has a right on this model: code reads it to make a call."""
    _name = 'ar.provider.secret'
    _description = "Credential of a provider"
    _rec_name = 'name'

    provider_id = fields.Many2one(
        'ar.provider', required=True, index=True, ondelete='cascade')
    name = fields.Char(required=True)
    value = fields.Char(
        required=True, copy=False, exportable=False, groups=fields.NO_ACCESS)

    _name_uniq = models.Constraint(
        'UNIQUE(provider_id, name)', "A provider has each credential once.")


class ArProviderOption(models.Model):
    """A setting of a client that is no secret: a policy number, a unit, a route."""
    _name = 'ar.provider.option'
    _description = "Option of a provider"
    _order = 'sequence, id'

    provider_id = fields.Many2one(
        'ar.provider', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='provider_id.company_id', store=True)
    sequence = fields.Integer(default=50)
    name = fields.Char(string="Option", required=True)
    value = fields.Char()
    is_required = fields.Boolean(string="Required", compute='_compute_is_required')
    explanation = fields.Char(string="What it is", compute='_compute_explanation')

    _name_uniq = models.Constraint(
        'UNIQUE(provider_id, name)', "A provider has each option once.")

    @api.depends('provider_id.code', 'name')
    def _compute_is_required(self):
        for option in self:
            code = option.provider_id.code
            option.is_required = bool(code) and option.name in get_client_class(
                code).required_options

    @api.depends('name')
    def _compute_explanation(self):
        texts = {
            'business_unit': self.env._("Business unit of the insurer, as the contract names it"),
            'policy_id': self.env._("Number of the policy"),
            'policy_currency': self.env._("Currency of the policy, e.g. EUR"),
            'extension_id': self.env._("Extension of the policy, when the contract has one"),
            'id_type': self.env._("The insurer's code of the national number (SIREN)"),
            'grade_path': self.env._("Route of the grade, with {company_id} in it"),
            'customer_id': self.env._("Our customer number at the insurer"),
            'policy_number': self.env._("Number of the policy"),
            'delivery_path': self.env._("Route of a delivery, with {delivery_id} in it"),
            'identifier_type': self.env._("The insurer's word for the national number"),
            'portfolio_id': self.env._("Number of the portfolio of watched companies"),
            'callback_header': self.env._(
                "Unconfirmed, off when empty: name of the header that tells the insurer our "
                "callback address, as your technical contract names it"),
            'block_id': self.env._("Data block of the contract that holds the failure score"),
        }
        for option in self:
            option.explanation = texts.get(option.name)

    def write(self, vals):
        result = super().write(vals)
        self.provider_id._forget_problem()
        return result


class ArProviderOperation(models.Model):
    """What a provider's client can do, how well its contract is known, and whether it is on."""
    _name = 'ar.provider.operation'
    _description = "Operation of a provider"
    _order = 'id'
    _rec_name = 'capability'

    provider_id = fields.Many2one(
        'ar.provider', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='provider_id.company_id', store=True)
    capability = fields.Selection(CAPABILITIES, string="Operation", required=True, readonly=True)
    support = fields.Selection(
        [('yes', "Automatic"), ('manual', "By hand"), ('unconfirmed', "Unconfirmed, off"),
         ('no', "No")], string="How", compute='_compute_support')
    confidence = fields.Selection(
        [('documented', "Published by the provider"), ('observed', "Seen in public programs"),
         ('unconfirmed', "Our assumption: unconfirmed"), ('closed', "Contract not public")],
        string="How well it is known", compute='_compute_support')
    is_billed = fields.Boolean(string="Billed", compute='_compute_support')
    confirmed = fields.Boolean(
        string="Confirmed by us",
        help="Tick it after you have compared our assumption with your contract's documents: only "
             "then is the operation used.")

    _capability_uniq = models.Constraint(
        'UNIQUE(provider_id, capability)', "A provider has each operation once.")

    @api.depends('provider_id.code', 'capability', 'confirmed')
    def _compute_support(self):
        for operation in self:
            code, capability = operation.provider_id.code, operation.capability
            if not code or not capability:
                operation.update({'support': False, 'confidence': False, 'is_billed': False})
                continue
            client = get_client_class(code)
            spec = client.specs.get(capability)
            operation.support = client.get_support(
                Capability(capability), {capability} if operation.confirmed else ()).value
            operation.confidence = spec.confidence.value if spec else 'closed'
            operation.is_billed = capability in BILLED.get(code, ())

    def write(self, vals):
        result = super().write(vals)
        if vals.get('confirmed'):
            for operation in self:
                operation.provider_id.message_post(body=self.env._(
                    "“%(operation)s” rests on an assumption; %(user)s has confirmed it.",
                    operation=operation.display_name, user=self.env.user.name))
        return result

    def _compute_display_name(self):
        labels = dict(self._fields['capability']._description_selection(self.env))
        for operation in self:
            operation.display_name = labels.get(operation.capability)
