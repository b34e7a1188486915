from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

# Kinds of acts from which a plan is drawn up, and those whose answer the customer reads.
PLANNED = ('instalments', 'refusal', 'renewal')
TOLD = ('copy', *PLANNED)
# Whoever proposes to pay is told why not.
EXPLAINED = ('instalments', 'renewal')


class ArPortalAct(models.Model):
    """What we do with what the customer asked for: a person decides."""
    _inherit = 'ar.portal.act'

    def action_accept(self):
        """Accept: add the contact, draw up the plan, or say that the copy was sent."""
        self._check_right()
        self._check_waiting()
        action = True
        # sudo: rows are written by the buttons only; the right was checked.
        for act in self.sudo():
            if act.kind == 'contact':
                act._accept_contact()
            elif act.kind in PLANNED:
                act.plan_id = act.with_env(self.env)._draw_up_plan()
                action = act.with_env(self.env).action_open_result()
            act._close('accepted')
        return action

    def action_refuse(self):
        """Ask for our answer, then close: it was answered otherwise."""
        self._check_right()
        self._check_waiting()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.portal.act.refuse',
            'name': self.env._("Answered otherwise"), 'view_mode': 'form', 'target': 'new',
            'context': {'default_act_ids': [fields.Command.set(self.ids)]},
        }

    def _refuse(self, answer, by_mail=False):
        """Close with our answer; the ladder goes on.

        :param str answer: read by the customer on its pages; may be empty, but not for those who
            propose to pay in instalments, or ask for another proposal
        :param bool by_mail: send it to the customer, too
        """
        self._check_right()
        self._check_waiting()
        answer = (answer or '').strip()
        if not answer and any(act.kind in EXPLAINED for act in self):
            raise UserError(self.env._(
                "Please say why, in words for the customer: it reads them on its pages."))
        # sudo: see `action_accept`.
        self.sudo().answer = answer
        self.sudo()._close('refused')
        if by_mail:
            self.env['ar.answer']._answer(self._get_told())

    def _get_told(self):
        """Return those whose answer the customer reads on its pages.

        Who else is to be written to is our affair.
        """
        return self.filtered(lambda act: act.kind in TOLD)

    def action_open_result(self):
        """Open what came of it."""
        self.ensure_one()
        record = (self.promise_id or self.dispute_id or self.plan_id or self.new_contact_id
                  or self.transaction_id)
        if not record:
            raise UserError(self.env._("Nothing was made of it yet."))
        return {
            'type': 'ir.actions.act_window', 'res_model': record._name, 'res_id': record.id,
            'view_mode': 'form', 'views': [(False, 'form')],
        }

    def action_view_items(self):
        """Open the items that this is about."""
        self.ensure_one()
        return self.customer_id._get_items_action(
            fields.Domain('id', 'in', self.sudo().move_line_ids.ids))

    def _check_right(self):
        self.check_access('read')
        self.customer_id.check_access('write')
        if not self.env.su and not self.env.user.has_group(
                'ar_collections.group_ar_collector_own'):
            raise AccessError(self.env._("Only a collector answers customers."))

    def _check_waiting(self):
        if any(act.state != 'new' for act in self):
            raise UserError(self.env._("This was answered already."))

    def _close(self, state):
        self.write({
            'state': state, 'answered_by_id': self.env.uid,
            'answered_on': fields.Date.context_today(self)})
        # What became a plan waits on while the plan is drawn up, see `door_dunning`.
        self.filtered(lambda act: not act.plan_id).wait_until = False
        self.activity_unlink(['mail.mail_activity_data_todo'])

    # === CONTACT === #

    def _accept_contact(self):
        """Add the contact, or take the one with the same address; it gets the reminders."""
        self.ensure_one()
        self.new_contact_id = self.customer_id._take_named_contact(
            self.new_email, self.new_name, phone=self.new_phone,
            comment=self.env._("Named by the customer on its page."))

    # === INSTALMENTS === #

    def _draw_up_plan(self):
        """Draw up the plan as the customer proposed it, about what its items owe by now.

        :return: `ar.payment.plan`, a draft: who accepted it may change the terms, and submits it
        :raise UserError: nothing is owed any more
        """
        self.ensure_one()
        # sudo: which items the customer chose; the plan checks each of them.
        items = self.sudo().move_line_ids.filtered(
            lambda item: item.parent_state == 'posted' and item.currency_id.compare_amounts(
                item.amount_residual_currency, 0) > 0)
        if not items:
            raise UserError(self.env._(
                "Nothing is owed on these items any more. Choose “Answered otherwise”."))
        customer = self.customer_id
        contact = self.sudo().contact_id.filtered(
            lambda one: one.commercial_partner_id == customer.partner_id)
        plan = self.env['ar.payment.plan'].with_company(self.company_id).create({
            'customer_id': customer.id, 'currency_id': items.currency_id.id,
            'contact_id': contact.id, 'number': self.instalment_count,
            'interval': self.former_plan_id.interval or 'month', 'first_date': self.first_date,
            'line_ids': [fields.Command.create({'move_line_id': item.id}) for item in items]})
        day = format_date(self.env, self.done_on)
        plan._message_log(body=self.env._(
            "Instead of %(plan)s, see what the customer said on its page on %(date)s.",
            plan=self.former_plan_id.name, date=day) if self.former_plan_id else self.env._(
            "As the customer proposed on its page on %s.", day))
        return plan
