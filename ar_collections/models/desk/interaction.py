from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError, ValidationError
from odoo.fields import Command

# After so many hours what was said is history.
CORRECTION_HOURS = 24

KINDS = [
    ('call', "Call"),
    ('visit', "Visit"),
    ('email', "E-mail"),
    ('letter', "Letter"),
    ('sms', "SMS"),
    ('portal', "Portal"),
]
OUTCOMES = [
    ('spoken', "Spoke, nothing agreed"),
    ('no_answer', "No answer"),
    ('call_back', "Call back"),
    ('promise', "Promise to pay"),
    ('dispute', "Dispute"),
    ('paid', "Says it is paid"),
    ('wrong_contact', "Wrong contact"),
    ('wrong_address', "Wrong address"),
    ('escalate', "Escalated"),
    ('request', "Asks for something"),
]


class ArInteraction(models.Model):
    """One contact with a customer, in one direction or the other: who, when, and what came of it.

    Written down once: the author may correct it for a day, after that it is history. What a machine
    writes (a reply read, an act in the portal) carries a `key`, so that it exists once.
    """
    _name = 'ar.interaction'
    _description = "Contact with a customer"
    _order = 'date desc, id desc'
    _check_company_auto = True

    # === FIELDS === #
    customer_id = fields.Many2one(
        'ar.customer', required=True, index=True, ondelete='cascade', check_company=True)
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Customer contact")
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    collector_id = fields.Many2one(related='customer_id.collector_id')
    currency_id = fields.Many2one(related='company_id.currency_id')
    contact_id = fields.Many2one(
        'res.partner', domain="[('commercial_partner_id', '=', partner_id)]",
        ondelete='set null', help="The person at the customer's.")
    user_id = fields.Many2one(
        'res.users', string="Who", required=True, readonly=True, index=True,
        default=lambda self: self.env.user)
    date = fields.Datetime(
        string="When", required=True, index=True, default=fields.Datetime.now)
    logged_at = fields.Datetime(
        string="Written down", readonly=True, required=True, copy=False,
        default=fields.Datetime.now)
    direction = fields.Selection(
        [('out', "We contacted"), ('in', "The customer contacted us")], required=True,
        default='out')
    kind = fields.Selection(KINDS, required=True, default='call')
    outcome = fields.Selection(OUTCOMES, required=True, default='spoken')
    phone = fields.Char(string="Number", help="The number that was called, or that called.")
    note = fields.Text()
    next_date = fields.Date(
        string="Next contact", copy=False,
        help="Day on which this customer is to be contacted again.")
    item_ids = fields.Many2many(
        'account.move.line', 'ar_interaction_item_rel', 'interaction_id', 'move_line_id',
        string="Items", help="The open items that were spoken about.")
    amount = fields.Monetary(
        readonly=True, help="Open amount of these items when it was written down.")
    promise_id = fields.Many2one('ar.promise', readonly=True, copy=False, ondelete='set null')
    dispute_id = fields.Many2one('ar.dispute', readonly=True, copy=False, ondelete='set null')
    message_id = fields.Many2one(
        'mail.message', readonly=True, copy=False, ondelete='set null')
    key = fields.Char(
        readonly=True, copy=False,
        help="Set by what writes contacts without a person: the same act is written once.")
    is_history = fields.Boolean(compute='_compute_is_history')
    active = fields.Boolean(
        default=True, readonly=True, copy=False,
        help="Off: undone by its author. It is kept, and counts nowhere.")

    _key_uniq = models.UniqueIndex(
        "(company_id, key) WHERE key IS NOT NULL", "This contact is written down already.")
    _customer_date_idx = models.Index('(customer_id, date DESC)')

    # === COMPUTES === #

    @api.depends('active', 'logged_at', 'user_id')
    @api.depends_context('uid')
    def _compute_is_history(self):
        limit = fields.Datetime.now() - timedelta(hours=CORRECTION_HOURS)
        for interaction in self:
            interaction.is_history = bool(interaction.id) and (
                not interaction.active or interaction.logged_at < limit
                or interaction.user_id != self.env.user)

    @api.depends('kind', 'outcome', 'customer_id')
    def _compute_display_name(self):
        kinds = dict(self._fields['kind']._description_selection(self.env))
        outcomes = dict(self._fields['outcome']._description_selection(self.env))
        for interaction in self:
            interaction.display_name = self.env._(
                "%(kind)s: %(outcome)s (%(customer)s)", kind=kinds.get(interaction.kind, ""),
                outcome=outcomes.get(interaction.outcome, ""),
                customer=interaction.customer_id.display_name or "")

    # === CONSTRAINTS === #

    @api.constrains('contact_id', 'item_ids', 'customer_id')
    def _check_belongs(self):
        for interaction in self.sudo():
            partner = interaction.customer_id.partner_id
            if interaction.contact_id and (
                    interaction.contact_id.commercial_partner_id != partner):
                raise ValidationError(self.env._(
                    "%(contact)s is no contact of %(customer)s.",
                    contact=interaction.contact_id.display_name, customer=partner.display_name))
            for item in interaction.item_ids:
                if (item.partner_id.commercial_partner_id != partner
                        or item.company_id != interaction.company_id
                        or item.account_id.account_type != 'asset_receivable'):
                    raise ValidationError(self.env._(
                        "%(item)s is no receivable item of %(customer)s.",
                        item=item.display_name, customer=partner.display_name))

    @api.constrains('date')
    def _check_date(self):
        # A clock may be a little ahead of ours.
        limit = fields.Datetime.now() + timedelta(minutes=15)
        if any(interaction.date > limit for interaction in self):
            raise ValidationError(self.env._(
                "A contact is written down when it has been. For one to come, set the date of the "
                "next contact."))

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            for vals in vals_list:
                for name in self._get_derived_fields() & set(vals):
                    del vals[name]
        interactions = super().create(vals_list)
        for interaction in interactions:
            if interaction.item_ids:
                # sudo: the amount is a copy of what the items owe, see `_get_derived_fields`.
                interaction.sudo().amount = sum(interaction.item_ids.mapped('amount_residual'))
            if interaction.next_date:
                interaction.customer_id.follow_up_date = interaction.next_date
        return interactions

    def write(self, vals):
        if not self.env.su:
            if set(vals) & (self._get_derived_fields() | {'customer_id', 'date'}):
                raise UserError(self.env._(
                    "Who was contacted, when and by whom does not change. Write down another "
                    "contact."))
            if any(self.mapped('is_history')):
                raise UserError(self.env._(
                    "Only the author may correct a contact, for %s hours. Write down another "
                    "contact.", CORRECTION_HOURS))
        result = super().write(vals)
        if vals.get('next_date'):
            for interaction in self:
                interaction.customer_id.follow_up_date = interaction.next_date
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._(
            "Contacts are history and stay. Correct it, or write down another one."))

    def _get_derived_fields(self):
        """Return the names of the fields that nobody types in."""
        return {'active', 'user_id', 'logged_at', 'amount', 'promise_id', 'dispute_id',
                'message_id', 'key'}

    # === LOGGING === #

    @api.model
    def _log(self, customer, kind, outcome, key=None, **values):
        """Write down a contact, once per key.

        :param customer: `ar.customer`, one
        :param str kind: code of `KINDS`
        :param str outcome: code of `OUTCOMES`
        :param key: text that names the act (unique per company); None for what a person types
        :param values: more fields; `item_ids` as records or commands, dates of the reader's day
        :return: the interaction, new or found
        :raise ConcurrencyError: when the same act is being written at this instant; the request is
            run again and finds it
        """
        if key:
            # sudo: the same act may have been written by somebody else; undone, it stays undone.
            found = self.sudo().with_context(active_test=False).search(
                [('company_id', '=', customer.company_id.id), ('key', '=', key)], limit=1)
            if found:
                return found.with_env(self.env)
        items = values.pop('item_ids', ())
        if isinstance(items, models.BaseModel):
            items = [Command.set(items.ids)]
        try:
            # The index speaks here, not at some later flush.
            with self.env.cr.savepoint():
                # sudo: the derived fields are ours; who may write is checked by the callers.
                interaction = self.sudo().create({
                    'customer_id': customer.id, 'kind': kind, 'outcome': outcome, 'key': key,
                    'user_id': self.env.uid, 'item_ids': items, **values})
                self.env.flush_all()
        except UniqueViolation as error:
            raise ConcurrencyError(str(error)) from error
        return interaction.with_env(self.env)

    # === ACTIONS === #

    def action_view_customer(self):
        """Open the customer."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.customer', 'view_mode': 'form',
            'res_id': self.customer_id.id, 'views': [(False, 'form')],
        }

    def action_view_items(self):
        """Open the items that were spoken about."""
        self.ensure_one()
        return self.customer_id._get_items_action(
            fields.Domain('id', 'in', self.item_ids.ids))
