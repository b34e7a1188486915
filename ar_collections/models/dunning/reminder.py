from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ...const import CHANNELS, EXECUTIONS, FROZEN_STATES, OPEN_STATES, REMINDER_STATES
from ..core.unkeyed import UnkeyedMany2one
from .reminder_line import OPEN_SQL

# What a person may still change on a reminder that has left: chatter and activities only.
FREE_FIELDS = (
    'message_ids', 'message_follower_ids', 'message_partner_ids', 'message_main_attachment_id',
    'activity_', 'website_message_ids', 'rating_ids',
)


class ArReminder(models.Model):
    _name = 'ar.reminder'
    _description = "Reminder"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'date desc, id desc'
    _check_company_auto = True
    _mail_post_access = 'read'

    # === FIELDS === #
    # No foreign keys: who proposed and who sent stands in the chatter.
    create_uid = UnkeyedMany2one('res.users', string="Created by", readonly=True)
    write_uid = UnkeyedMany2one('res.users', string="Last Updated by", readonly=True)
    name = fields.Char(string="Reference", readonly=True, copy=False)
    key = fields.Char(
        required=True, readonly=True, copy=False,
        help="Unique key of this action: it exists before anything leaves.")
    # The customer belongs to the company, and the level to the policy, by foreign keys of theirs.
    company_id = UnkeyedMany2one('res.company', required=True, readonly=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    # Nobody may delete a run.
    run_id = UnkeyedMany2one('ar.dunning.run', index='btree_not_null', readonly=True)
    customer_id = fields.Many2one(
        'ar.customer', required=True, index=True, ondelete='restrict', readonly=True)
    # That of the customer, whose foreign key keeps it; a merge takes it along.
    partner_id = UnkeyedMany2one(
        'res.partner', string="Company or person", required=True, readonly=True)
    recipient_id = fields.Many2one('res.partner', tracking=True, ondelete='set null')
    move_id = fields.Many2one(
        'account.move', string="Invoice", readonly=True, ondelete='set null',
        help="Set when the policy sends one message per invoice.")
    policy_id = UnkeyedMany2one('ar.dunning.policy', required=True, readonly=True)
    level_id = fields.Many2one('ar.dunning.level', required=True, readonly=True,
                               ondelete='restrict', index=True)
    user_id = fields.Many2one('res.users', string="Collector", tracking=True)

    date = fields.Date(
        required=True, readonly=True, help="Day of the run: ages are counted on that day.")
    send_after = fields.Datetime(
        string="Leaves from", readonly=True,
        help="First moment at which the policy allows this message to leave.")
    sent_at = fields.Datetime(readonly=True, copy=False)
    sent_date = fields.Date(
        readonly=True, copy=False, help="Day of sending, where the company works.")

    planned_channel = fields.Selection(CHANNELS, readonly=True)
    channel = fields.Selection(CHANNELS, required=True, tracking=True)
    execution = fields.Selection(EXECUTIONS, required=True, readonly=True)
    auto = fields.Boolean(
        string="Without a person", readonly=True,
        help="Left by itself. As soon as somebody approves it, a person has acted.")
    capped = fields.Boolean(
        string="Held by the automation cap", readonly=True,
        help="An automatic level that waits, because too many automatic messages went before.")
    approved_by_id = fields.Many2one('res.users', readonly=True, copy=False)
    state = fields.Selection(
        REMINDER_STATES, required=True, default='proposed', readonly=True, copy=False)
    reason = fields.Char(
        readonly=True, copy=False,
        help="Why it was skipped, cancelled or failed, in words.")
    retry_count = fields.Integer(readonly=True, copy=False)

    line_ids = fields.One2many('ar.reminder.line', 'reminder_id', readonly=True)
    item_count = fields.Integer(string="Items", readonly=True)
    days_overdue = fields.Integer(
        string="Days overdue", readonly=True, aggregator='max', help="Of its oldest item.")
    amount_due = fields.Monetary(
        readonly=True, help="Residual of the listed items, in company currency.")
    amount_credit = fields.Monetary(
        string="Open credits", readonly=True, help="Open credits listed, as a positive amount.")
    amount_claimed = fields.Monetary(
        readonly=True,
        help="What the message asks for, in company currency, when it was last read.")

    subject = fields.Char(readonly=True, copy=False, help="As sent.")
    body = fields.Html(readonly=True, copy=False, sanitize=False, help="As sent.")
    custom_subject = fields.Char(copy=False)
    custom_body = fields.Html(
        copy=False, sanitize='email_outgoing',
        help="Your own words. [[items]] is replaced by the table of items when it leaves.")
    mail_id = fields.Many2one('mail.mail', readonly=True, copy=False, ondelete='set null',
                              index='btree_not_null')
    message_id = fields.Many2one('mail.message', readonly=True, copy=False, ondelete='set null',
                                 index='btree_not_null')
    attachment_id = fields.Many2one(
        'ir.attachment', string="Letter", readonly=True, copy=False, ondelete='set null')

    _key_uniq = models.Constraint('UNIQUE(key)', "This reminder already exists.")
    _customer_open_uniq = models.UniqueIndex(
        f"(customer_id, COALESCE(move_id, 0)) WHERE state IN ({OPEN_SQL})",
        "This customer already has a reminder that is not finished.")
    _state_send_idx = models.Index("(state, send_after)")
    _contact_idx = models.Index("(company_id, customer_id, sent_date)")

    def init(self):
        """Drop the index of an earlier version: another one starts with the company too."""
        self.env.cr.execute(SQL("DROP INDEX IF EXISTS ar_reminder__company_id_index"))
        return super().init()

    # === CRUD === #

    def write(self, vals):
        if not self.env.su and any(not name.startswith(FREE_FIELDS) for name in vals):
            frozen = self.filtered(lambda reminder: reminder._is_frozen())
            if frozen:
                raise UserError(self.env._(
                    "Reminder %s has left: it is history and cannot be changed.",
                    frozen[0].name))
            protected = set(vals) - self._get_editable_fields()
            protected = {name for name in protected if not name.startswith(FREE_FIELDS)}
            if protected:
                raise AccessError(self.env._(
                    "These fields of a reminder change only through its buttons: %s",
                    ", ".join(sorted(protected))))
        return super().write(vals)

    def unlink(self):
        """OVERRIDE base: the items go with their reminder, without a foreign key."""
        ids = self.ids
        result = super().unlink()
        self.env.cr.execute(SQL("DELETE FROM ar_reminder_line WHERE reminder_id = ANY(%s)", ids))
        self.env['ar.reminder.line'].invalidate_model()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        if not all(reminder.state in ('cancelled', 'skipped') for reminder in self):
            raise UserError(self.env._(
                "A reminder is part of the history. Skip it instead of deleting it."))

    def _get_editable_fields(self):
        """Return the names of what a collector may change before the reminder leaves."""
        return {'recipient_id', 'channel', 'custom_subject', 'custom_body', 'user_id'}

    def _is_frozen(self):
        return self.state in FROZEN_STATES

    def _mail_get_partner_fields(self, introspect_fields=False):
        """EXTENDS mail: mails go to the recipient of the reminder."""
        return ['recipient_id']

    # === ACTIONS === #

    def action_approve(self):
        """Approve the proposals: they leave as soon as their policy allows it."""
        self.check_access('write')
        approved = self._approve()
        return self._notify_user(self.env._("%s reminders approved.", len(approved)))

    def action_skip(self):
        """Ask why, then skip."""
        return self._open_reason_wizard('skip')

    def action_cancel_failed(self):
        """Ask why, then give up a failed reminder or one whose outcome is unknown."""
        return self._open_reason_wizard('cancel')

    def action_mark_sent(self):
        """A person found out that the message of unknown outcome did arrive."""
        self.check_access('write')
        self._check_state(('unknown',), self.env._("Only an unknown outcome can be settled."))
        self.sudo()._set_sent(reason=self.env._("Outcome settled by %s", self.env.user.name))
        return True

    def action_retry(self):
        """Send again by the same channel what has failed, with today's amounts."""
        self.check_access('write')
        self._check_state(
            ('failed', 'unknown'), self.env._("Only a failed reminder can be retried."))
        self.sudo()._set_approved(person=self.env.user)
        self._trigger_sending()
        return True

    def action_other_channel(self):
        """Try the next channel that reaches the customer; the task is always the last."""
        self.check_access('write')
        self._check_state(('failed', 'unknown', 'proposed', 'approved'),
                          self.env._("This reminder has left already."))
        for reminder in self:
            reminder.sudo()._switch_channel()
        self._trigger_sending()
        return True

    def action_edit_text(self):
        """Copy the text as it would leave now, to be edited; the items stay a live table."""
        self.ensure_one()
        self._check_state(('proposed', 'approved', 'failed'),
                          self.env._("This reminder has left already."))
        if not self.custom_body:
            message = self._render_message(with_marker=True)[self.id]
            self.write({'custom_subject': message['subject'], 'custom_body': message['body']})
        return True

    def action_reset_text(self):
        """Forget the edited text: the template speaks again."""
        self._check_state(('proposed', 'approved', 'failed'),
                          self.env._("This reminder has left already."))
        self.write({'custom_subject': False, 'custom_body': False})
        return True

    def action_view_items(self):
        """Open the receivable lines of this reminder."""
        self.ensure_one()
        return self.customer_id._get_items_action(
            fields.Domain('id', 'in', self.line_ids.move_line_id.ids))

    def action_view_customer(self):
        """Open the customer account."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.customer', 'view_mode': 'form',
            'views': [(False, 'form')], 'res_id': self.customer_id.id,
        }

    def _open_reason_wizard(self, mode):
        self.check_access('write')
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.reminder.reason',
            'view_mode': 'form', 'target': 'new', 'name': self.env._("Why?"),
            'context': {'default_reminder_ids': self.ids, 'default_mode': mode},
        }

    def _notify_user(self, message):
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification',
            'params': {'type': 'success', 'message': message, 'sticky': False,
                       'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}},
        }

    def _check_state(self, allowed, message):
        wrong = self.filtered(lambda reminder: reminder.state not in allowed)
        if wrong:
            raise UserError(self.env._("%(reminder)s: %(message)s",
                                       reminder=wrong[0].name, message=message))

    @api.model
    def _get_open_states(self):
        return OPEN_STATES
