from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date, formatLang

KINDS = [
    ('promise', "Promise to pay"),
    ('paid', "Says it is paid"),
    ('dispute', "Dispute"),
    ('out_of_office', "Out of office"),
    ('contact', "Wrong contact or address"),
    ('privacy', "Data protection request"),
    ('mixed', "Several things"),
    ('unknown', "Not clear"),
]
# What nobody can carry out with one click: a person reads it and decides.
UNCLEAR = ('mixed', 'unknown')
CONFIDENCES = [('high', "High"), ('medium', "Medium"), ('low', "Low")]


class ArReply(models.Model):
    """One message that came in about a reminder or a customer, and what it seems to say.

    The text is read by `tools/reply_reader.py`, in this house, with rules and no guessing. The
    reading is a proposal: nothing changes before a person has accepted it.
    """
    _name = 'ar.reply'
    _description = "Reply of a customer"
    _order = 'received_at desc, id desc'
    _rec_name = 'subject'
    _check_company_auto = True

    # === FIELDS === #
    message_id = fields.Many2one(
        'mail.message', required=True, readonly=True, ondelete='cascade')
    customer_id = fields.Many2one(
        'ar.customer', required=True, readonly=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Customer contact")
    collector_id = fields.Many2one(related='customer_id.collector_id')
    reminder_id = fields.Many2one(
        'ar.reminder', readonly=True, index='btree_not_null', ondelete='set null')
    author_id = fields.Many2one(
        'res.partner', string="From", readonly=True, ondelete='set null')
    email_from = fields.Char(string="Sender's address", readonly=True)
    subject = fields.Char(readonly=True)
    body = fields.Html(related='message_id.body', string="Whole message")
    text = fields.Text(
        string="What was written", readonly=True, help="Without quoted text and signature.")
    received_at = fields.Datetime(string="Received at", required=True, readonly=True)
    received_on = fields.Date(
        string="Received on", required=True, readonly=True,
        help="Where the company works; words such as “next Friday” count from this day.")

    kind = fields.Selection(KINDS, required=True, default='unknown', index=True)
    confidence = fields.Selection(CONFIDENCES, readonly=True)
    sentence = fields.Text(
        string="Sentence read", readonly=True, help="The words that the proposal rests on.")
    language = fields.Char(readonly=True, help="Language in which it was read, as its code.")
    currency_id = fields.Many2one('res.currency', readonly=True)
    amount = fields.Monetary(
        help="Amount named in the sentence. Empty: all that is owed on the items.")
    date = fields.Date(
        help="Day of the promise, of the payment, or the last day of absence.")
    reason_id = fields.Many2one('ar.dispute.reason', ondelete='set null')
    reference = fields.Char(readonly=True, help="Reference of the payment, as written.")
    email_found = fields.Char(string="Address named", readonly=True)
    move_line_ids = fields.Many2many(
        'account.move.line', 'ar_reply_item_rel', 'reply_id', 'move_line_id',
        string="Items",
        help="Items whose numbers stand in the text; without any, those of the reminder.")
    items_named = fields.Boolean(
        string="Items named", readonly=True, help="Whether the text names the items.")

    state = fields.Selection(
        [('new', "To read"), ('accepted', "Accepted"), ('rejected', "Proposal rejected"),
         ('other', "Handled otherwise")],
        required=True, default='new', readonly=True, index=True)
    wait_until = fields.Date(
        string="Wait until", readonly=True,
        help="Included. Until then reminders leave out the items that are said to be paid.")
    done_by_id = fields.Many2one('res.users', string="Handled by", readonly=True)
    done_at = fields.Datetime(string="Handled", readonly=True)
    promise_id = fields.Many2one('ar.promise', readonly=True, ondelete='set null')
    dispute_id = fields.Many2one('ar.dispute', readonly=True, ondelete='set null')
    new_contact_id = fields.Many2one(
        'res.partner', string="Contact made", readonly=True, ondelete='set null')

    _message_uniq = models.Constraint('UNIQUE(message_id)', "This message has been read already.")
    _state_idx = models.Index("(company_id, received_at DESC) WHERE state = 'new'")

    # === COMPUTES === #

    proposal = fields.Char(compute='_compute_proposal')

    @api.depends('kind', 'date', 'amount', 'reason_id', 'reference', 'email_found')
    def _compute_proposal(self):
        """Say in one line what accepting would note."""
        for reply in self:
            teller = getattr(reply, f'_tell_{reply.kind}', None)
            reply.proposal = teller() if teller else False

    def _tell_promise(self):
        if not self.date:
            return self.env._("Will pay; no day named")
        if not self.amount:
            return self.env._("Will pay on %s", format_date(self.env, self.date))
        return self.env._(
            "Will pay %(amount)s on %(date)s", date=format_date(self.env, self.date),
            amount=self._format_amount())

    def _tell_paid(self):
        parts = [self._format_amount() if self.amount else False,
                 format_date(self.env, self.date) if self.date else False, self.reference]
        known = ", ".join(part for part in parts if part)
        return (self.env._("Says it is paid: %s", known) if known
                else self.env._("Says it is paid"))

    def _tell_dispute(self):
        return (self.env._("Disputes: %s", self.reason_id.name) if self.reason_id
                else self.env._("Disputes; choose the reason"))

    def _tell_out_of_office(self):
        return (self.env._("Away until %s", format_date(self.env, self.date)) if self.date
                else self.env._("Away; no day named"))

    def _tell_contact(self):
        return (self.env._("Write to %s", self.email_found) if self.email_found
                else self.env._("Wrong person or address"))

    def _tell_privacy(self):
        return self.env._("Request about personal data: a person answers")

    def _format_amount(self):
        return formatLang(self.env, self.amount, currency_obj=self.currency_id)

    # === CONSTRAINTS === #

    @api.constrains('move_line_ids')
    def _check_move_line_ids(self):
        """Refuse items of others: what stands in a reply keeps the ladder away."""
        for reply in self.sudo():
            for item in reply.move_line_ids:
                if (item.company_id != reply.company_id
                        or item.partner_id.commercial_partner_id != reply.partner_id):
                    raise ValidationError(self.env._(
                        "%(item)s is no receivable item of %(customer)s.",
                        item=item.display_name, customer=reply.partner_id.display_name))

    # === CRUD === #

    def write(self, vals):
        if not self.env.su:
            protected = set(vals) - self._get_editable_fields()
            if protected:
                raise AccessError(self.env._(
                    "These fields of a reply change only through its buttons: %s",
                    ", ".join(sorted(protected))))
            if any(reply.state != 'new' for reply in self):
                raise UserError(self.env._("This reply has been handled: it is history."))
        return super().write(vals)

    def _get_editable_fields(self):
        """Return the names of what a person may correct before accepting."""
        return {'kind', 'date', 'amount', 'reason_id', 'move_line_ids'}

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A reply is history: mark it as handled instead."))
