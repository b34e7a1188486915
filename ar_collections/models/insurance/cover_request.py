from odoo import fields, models

from .cover_status import STATUSES

ACTIONS = [
    ('request', "New cover"), ('increase', "Increase"), ('reduce', "Reduction"),
    ('topup', "Top-up"), ('cancel', "Give up the cover")]
STATES = [
    ('draft', "Draft"), ('queued', "Waiting to be sent"), ('sending', "Being sent"),
    ('unknown', "Outcome unknown"), ('open', "With the insurer"), ('answered', "Answered"),
    ('failed', "Not accepted"), ('cancelled', "Withdrawn")]
# One request for a buyer at a time: no insurer takes a second one.
OPEN = ('queued', 'sending', 'unknown', 'open')


class ArCoverRequest(models.Model):
    """Asking the insurer for cover. The record is there before anything is sent; its reference is
    what the insurer keeps, and the way to find the request again when its answer was lost."""
    _name = 'ar.cover.request'
    _description = "Cover request"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'id desc'
    _check_company_auto = True

    name = fields.Char(string="Reference", readonly=True, copy=False, default="/", index=True)
    customer_id = fields.Many2one(
        'ar.customer', required=True, index=True, ondelete='cascade', tracking=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    collector_id = fields.Many2one(related='customer_id.collector_id')
    policy_id = fields.Many2one(
        'ar.insurance.policy', required=True, index=True, ondelete='restrict', tracking=True)
    provider_id = fields.Many2one(related='policy_id.provider_id', store=True, index=True)
    cover_id = fields.Many2one('ar.cover', readonly=True, copy=False, ondelete='set null')
    action = fields.Selection(ACTIONS, required=True, default='request', tracking=True)
    currency_id = fields.Many2one('res.currency', required=True)
    amount = fields.Monetary(string="Amount asked for", tracking=True)
    reason = fields.Text(help="For ourselves. It is not sent.")
    user_id = fields.Many2one(
        'res.users', string="Asked by", readonly=True, default=lambda self: self.env.user)
    state = fields.Selection(
        STATES, required=True, readonly=True, default='draft', tracking=True, copy=False)
    status = fields.Selection(
        STATUSES, string="Insurer's answer", readonly=True, tracking=True, copy=False)
    by_hand = fields.Boolean(
        string="Asked for by hand", readonly=True, copy=False,
        help="Sent in the insurer's portal; the answer is typed in.")
    insurer_reference = fields.Char(string="Insurer's reference", readonly=True, copy=False)
    sent_at = fields.Datetime(readonly=True, copy=False)
    polled_at = fields.Datetime(string="Asked for news at", readonly=True, copy=False)
    answered_on = fields.Date(readonly=True, copy=False, tracking=True)
    granted_amount = fields.Monetary(
        readonly=True, copy=False, currency_field='policy_currency_id', tracking=True,
        help="In policy currency. Never filled from what was asked for.")
    policy_currency_id = fields.Many2one(related='policy_id.currency_id')
    problem = fields.Text(readonly=True, copy=False)
    attempts = fields.Integer(readonly=True, copy=False)

    _amount_positive = models.Constraint('CHECK(amount >= 0)', "Cover cannot be negative.")
    _one_open_uniq = models.UniqueIndex(
        "(policy_id, customer_id) WHERE state IN ('queued', 'sending', 'unknown', 'open')",
        "A request for this customer is open already. Wait for its answer or withdraw it.")
