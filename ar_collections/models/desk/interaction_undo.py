from odoo import api, fields, models
from odoo.exceptions import UserError

from .interaction import CORRECTION_HOURS

# What one click writes down, and what can be put back as it was. A promise and a dispute are
# records of their own: they are cancelled there.
UNDOABLE = {
    'no_answer', 'call_back', 'paid', 'spoken', 'wrong_contact', 'wrong_address', 'escalate'}


class ArInteraction(models.Model):
    """One key is pressed too quickly: the author takes the contact back.

    It stays, marked as undone, and counts nowhere: `active` is False.
    """
    _inherit = 'ar.interaction'

    activity_id = fields.Many2one(
        'mail.activity', string="Task", readonly=True, copy=False, index='btree_not_null',
        ondelete='set null', help="The task that this contact led to.")
    before = fields.Json(
        readonly=True, copy=False,
        help="What stood on the customer before a button of the worklist changed it.")
    can_undo = fields.Boolean(compute='_compute_can_undo')

    @api.depends('before', 'is_history')
    @api.depends_context('uid')
    def _compute_can_undo(self):
        for interaction in self:
            interaction.can_undo = bool(
                interaction.id and interaction.before and not interaction.is_history)

    def _get_derived_fields(self):
        """EXTENDS desk."""
        return super()._get_derived_fields() | {'activity_id', 'before'}

    def write(self, vals):
        """EXTENDS desk: what is added to an escalation reaches whoever has to act on it."""
        result = super().write(vals)
        if 'note' in vals:
            # sudo: the task of a colleague.
            for interaction in self.sudo().filtered(
                    lambda row: row.outcome == 'escalate' and row.activity_id.active):
                interaction.activity_id.summary = interaction._get_escalation_words(
                    interaction.activity_id.user_id)
        return result

    def _get_escalation_words(self, manager):
        """Return what the task of an escalation says, in the language of who gets it."""
        self.ensure_one()
        author = self.sudo().user_id
        return self.with_context(lang=manager.sudo().lang).env._(
            "Escalated by %(who)s: %(note)s", who=author.name,
            note=self.note or self.customer_id.display_name)

    # === UNDO === #

    def action_undo(self):
        """Take back what a button of the worklist wrote down, and put the customer back.

        Twice is once. What somebody has changed since is left as it is; a task that was done
        stays done.

        :return: True
        :raise AccessError: without the right to write, or outside the perimeter
        :raise UserError: after a day, for anybody but the author, for a promise or a dispute, once
            the proof of a payment was asked for, and while a later outcome stands
        """
        self.ensure_one()
        self.check_access('write')
        self.customer_id.check_access('write')
        if not self.active:
            return True
        if not self.can_undo:
            raise UserError(self.env._(
                "Only the author can undo this contact, for %s hours, and only an outcome that "
                "nothing else hangs on. Cancel the promise or close the dispute instead, or write "
                "down another contact.", CORRECTION_HOURS))
        # sudo: the right was asked for above; derived fields, and the task of a colleague.
        interaction = self.sudo()
        if interaction.search_count([
                ('customer_id', '=', self.customer_id.id), ('id', '>', self.id),
                ('next_date', '!=', False)], limit=1):
            raise UserError(self.env._(
                "Another outcome was written down for this customer since. Undo that one first, or "
                "correct the customer by hand."))
        interaction.active = False
        interaction.activity_id.filtered('active').unlink()
        interaction._put_back()
        return True

    def _put_back(self):
        """Give the customer what stood there before, unless somebody has changed it since."""
        self.ensure_one()
        customer, before = self.customer_id, self.before
        if customer.follow_up_date == self.next_date:
            customer.follow_up_date = before['follow_up_date']
        if before['wrong_contact_id']:
            customer.wrong_contact_ids -= self.env['res.partner'].browse(
                before['wrong_contact_id'])
        main = self.env['res.partner'].browse(before['main_contact_id']).exists()
        if main and not customer.collections_contact_id:
            customer.collections_contact_id = main


class ArCustomer(models.Model):
    _inherit = 'ar.customer'

    def _get_facts_before(self, outcome, contact):
        """Return what an outcome is about to change, so that it can be put back.

        :param str outcome: code of the outcome
        :param contact: `res.partner` that it is about, or none
        :return: dict for `ar.interaction.before`; False for what is not undone
        """
        self.ensure_one()
        if outcome not in UNDOABLE:
            return False
        # sudo: facts of a customer whom the writer may change.
        customer = self.sudo()
        main = customer.collections_contact_id
        contact = contact or main
        is_new = (
            outcome in ('wrong_contact', 'wrong_address')
            and contact not in customer.wrong_contact_ids)
        return {
            'follow_up_date': customer.follow_up_date and fields.Date.to_string(
                customer.follow_up_date),
            'wrong_contact_id': contact.id if is_new else False,
            'main_contact_id': main.id if outcome == 'wrong_contact' and contact == main else False,
        }
