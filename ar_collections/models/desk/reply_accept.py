from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, format_date

from .reply import UNCLEAR

# Where a reply keeps what it led to.
RESULTS = {'ar.promise': 'promise_id', 'ar.dispute': 'dispute_id'}
# What an accepted reply is in the history of contacts.
OUTCOMES = {
    'promise': 'promise', 'paid': 'paid', 'dispute': 'dispute', 'out_of_office': 'no_answer',
    'contact': 'wrong_contact', 'privacy': 'request', 'mixed': 'spoken', 'unknown': 'spoken',
}


class ArReply(models.Model):
    """What a person does with a reply: accept the proposal, or decide otherwise."""
    _inherit = 'ar.reply'

    # === ACTIONS === #

    def action_accept(self):
        """Carry out the proposals of these replies.

        A promise or dispute is noted at once when nothing is missing; else its form opens with
        what was read.

        :return: a form to complete, or True
        :raise UserError: nothing clear was read, or several replies of which one needs a form
        """
        self.check_access('write')
        todo = self.filtered(lambda reply: reply.state == 'new')
        if not todo:
            raise UserError(self.env._("Choose replies that are still to read."))
        action = True
        for reply in todo:
            if reply.kind in UNCLEAR:
                raise UserError(self.env._(
                    "“%s” says nothing that can be accepted with one click: open it, then note a "
                    "promise or a dispute, or mark it as handled.", reply.subject or ""))
            found = getattr(reply, f'_accept_{reply.kind}')()
            if isinstance(found, dict):
                if len(todo) > 1:
                    raise UserError(self.env._(
                        "“%s” needs a look first: open it alone.", reply.subject or ""))
                action = found
        return action

    def action_reject(self):
        """The proposal is wrong, and there is nothing else to do about this reply."""
        self.check_access('write')
        return self._close('rejected')

    def action_done(self):
        """Handled by other means: a call, an answer, nothing."""
        self.check_access('write')
        return self._close('other')

    def action_reopen(self):
        """Put it back among those to read; what it led to stays."""
        self.check_access('write')
        # sudo: the state is written by the buttons only.
        self.sudo().write({
            'state': 'new', 'done_by_id': False, 'done_at': False, 'wait_until': False})
        return True

    def action_new_promise(self):
        """Open the form of a promise with what was read."""
        self.ensure_one()
        return self._open_form('ar.promise', self.env._("Promise to pay"))

    def action_new_dispute(self):
        """Open the form of a dispute with what was read."""
        self.ensure_one()
        return self._open_form('ar.dispute', self.env._("Dispute"))

    def action_view_customer(self):
        """Open the customer account."""
        self.ensure_one()
        return self._open_record(self.customer_id)

    def action_view_reminder(self):
        """Open the reminder that was answered."""
        self.ensure_one()
        return self._open_record(self.reminder_id)

    def _open_record(self, record):
        return {
            'type': 'ir.actions.act_window', 'res_model': record._name, 'res_id': record.id,
            'view_mode': 'form', 'views': [(False, 'form')],
        }

    def _close(self, state, **vals):
        """Write the outcome, who decided and when.

        :param str state: accepted, rejected or other
        """
        closing = self.filtered(lambda reply: reply.state == 'new')
        # sudo: the state is written by the buttons only; they have asked for the right.
        closing.sudo().write({
            'state': state, 'done_by_id': self.env.uid, 'done_at': fields.Datetime.now(), **vals})
        if state == 'accepted' and 'ar.interaction' in self.env:
            for reply in closing:
                reply._log_interaction()
        return True

    def _log_interaction(self):
        """Write the contact down in the customer's history of contacts, once."""
        contact = self.author_id if (
            self.author_id.commercial_partner_id == self.partner_id) else self.author_id.browse()
        # sudo: the items of a reply may be more than its reader may open one by one.
        self.env['ar.interaction'].sudo()._log(
            self.customer_id, 'email', OUTCOMES[self.kind], key=f'reply:{self.id}',
            direction='in', date=self.received_at, contact_id=contact.id, note=self.sentence,
            item_ids=self.move_line_ids, message_id=self.message_id.id,
            promise_id=self.promise_id.id, dispute_id=self.dispute_id.id)

    # === PROMISE AND DISPUTE === #

    def _accept_promise(self):
        items = self._get_free_items('ar.promise.line')
        owed = sum(items.mapped('amount_residual_currency'))
        complete = (
            self.date and self.date >= self.company_id._get_ar_today()
            and len(items.currency_id) == 1
            and items.currency_id.compare_amounts(self._get_said_amount(items), owed) <= 0)
        if not complete:
            return self.action_new_promise()
        self.env['ar.promise'].create({
            'customer_id': self.customer_id.id, 'reply_id': self.id,
            **self._prepare_agreement_values('ar.promise', items),
            'line_ids': [fields.Command.create({'move_line_id': item.id}) for item in items],
        })
        return True

    def _accept_dispute(self):
        items = self._get_free_items('ar.dispute.line')
        if not self.reason_id or len(items.currency_id) != 1:
            return self.action_new_dispute()
        self.env['ar.dispute'].create({
            'customer_id': self.customer_id.id, 'reply_id': self.id,
            **self._prepare_agreement_values('ar.dispute', items),
            'line_ids': [fields.Command.create({'move_line_id': item.id}) for item in items],
        })
        return True

    def _get_free_items(self, line_model):
        """Return the open items of this reply that no open promise or dispute is about.

        :raise UserError: when none is left, with what stands in the way
        """
        self.ensure_one()
        items = self.move_line_ids.filtered(
            lambda item: not item.reconciled and item.amount_residual > 0)
        # sudo: the other agreement may belong to a colleague.
        taken = self.env[line_model].sudo().search([
            ('state', '=', 'open'), ('move_line_id', 'in', items.ids)]).move_line_id
        if not items:
            raise UserError(self.env._(
                "Nothing is open any more on the items of this reply: mark it as handled."))
        if not items - taken:
            raise UserError(self.env._(
                "These items stand in an open promise or dispute already: change or close that "
                "one, then mark this reply as handled."))
        return items - taken

    def _prepare_agreement_values(self, model, items):
        contact = self.author_id if (
            self.author_id.commercial_partner_id == self.partner_id) else self.author_id.browse()
        values = {'currency_id': items.currency_id[:1].id, 'contact_id': contact.id}
        if model == 'ar.dispute':
            return {**values, 'reason_id': self.reason_id.id,
                    'description': self.text or self.sentence}
        owed = items.currency_id[:1].round(sum(items.mapped('amount_residual_currency')))
        return {**values, 'promise_date': self.date, 'channel': 'email', 'note': self.sentence,
                'taken_on': self.company_id._get_ar_today(),
                'amount': self._get_said_amount(items) or owed}

    def _get_said_amount(self, items):
        """Return the amount named, when it is in the one currency of these items; else 0."""
        return self.amount if self.currency_id == items.currency_id else 0.0

    def _open_form(self, model, name):
        """Open the form of a promise or dispute; saved, it closes this reply."""
        self.check_access('write')
        items = self._get_free_items(f'{model}.line')
        action = self.env[model]._get_new_action(self.customer_id, items, name)
        # The form opens with one currency: nothing is summed over two.
        items = items.filtered(
            lambda item: item.currency_id.id == action['context']['default_currency_id'])
        values = self._prepare_agreement_values(model, items)
        del values['currency_id']
        if model == 'ar.promise' and not (
                self.date and self.date >= self.company_id._get_ar_today()):
            del values['promise_date']
        action['context'].update({
            f'default_{key}': fields.Date.to_string(value) if key.endswith(('_date', '_on'))
            else value for key, value in values.items() if value})
        action['context']['default_reply_id'] = self.id
        return action

    # === THE OTHERS === #

    def _accept_paid(self):
        """Leave the items alone while the money is looked for; they come back by themselves."""
        today = self.company_id._get_ar_today()
        until = today + relativedelta(days=self.company_id.ar_paid_wait_days)
        self._plan_follow_up(until + relativedelta(days=1))
        return self._close('accepted', wait_until=until)

    def _accept_out_of_office(self):
        if not self.date:
            raise UserError(self.env._(
                "The message does not say until when. Type the day in, then accept."))
        self._plan_follow_up(self.date + relativedelta(days=1))
        return self._close('accepted')

    def _plan_follow_up(self, day):
        """Put the next look at this customer on a day, or leave a later one."""
        # sudo: the right to decide about this reply was asked for.
        customer = self.customer_id.sudo()
        if not customer.follow_up_date or customer.follow_up_date < day:
            customer.follow_up_date = day

    def _accept_contact(self):
        """Write to the address that the message names from now on.

        Without one a person has to find it: the card opens, and a task stays until that is done.
        """
        # sudo: the right to decide about this reply was asked for; contacts are kept by others.
        customer = self.customer_id.sudo()
        email = email_normalize(self.email_found)
        if email:
            contact = customer._take_named_contact(email, email, comment=self.env._(
                "Named by the customer in its message of %s.",
                format_date(self.env, self.received_on)))
            return self._close('accepted', new_contact_id=contact.id)
        customer.activity_schedule(
            'mail.mail_activity_data_todo', user_id=self.env.uid,
            date_deadline=self.company_id._get_ar_today(),
            summary=self.env._("Wrong contact: find the right one"), note=self.sentence)
        self._close('accepted')
        return self._open_record(self.partner_id)

    def _accept_privacy(self):
        """Give it to the person in charge: one month to answer (GDPR, article 12(3))."""
        self.customer_id.sudo().activity_schedule(
            'mail.mail_activity_data_todo', user_id=self.company_id._get_ar_responsible().id,
            date_deadline=self.received_on + relativedelta(months=1),
            summary=self.env._("Answer the request about personal data"), note=self.sentence)
        return self._close('accepted')


class ArAgreement(models.AbstractModel):
    """EXTENDS desk: a promise or dispute that a reply led to closes that reply."""
    _inherit = 'ar.agreement'

    reply_id = fields.Many2one(
        'ar.reply', string="From the reply", readonly=True, copy=False, ondelete='set null',
        index='btree_not_null')

    @api.model_create_multi
    def create(self, vals_list):
        agreements = super().create(vals_list)
        for agreement in agreements.filtered('reply_id'):
            reply = agreement.reply_id
            if not self.env.su:
                reply.check_access('write')
            if reply.customer_id != agreement.customer_id:
                raise UserError(self.env._("This reply is of another customer."))
            name = RESULTS.get(self._name)
            reply._close('accepted', **({name: agreement.id} if name else {}))
        return agreements
