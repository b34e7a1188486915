from odoo import fields, models
from odoo.exceptions import AccessError, UserError


class ArPortalAct(models.Model):
    """What we do with what the customer asked for: a person decides."""
    _inherit = 'ar.portal.act'

    def action_accept(self):
        """Accept: add the contact, open the plan, or say that the copy was sent."""
        self._check_right()
        self._check_waiting()
        action = True
        # sudo: rows are written by the buttons only; the right was checked.
        for act in self.sudo():
            if act.kind == 'contact':
                act._accept_contact()
            elif act.kind == 'instalments':
                action = act.with_env(self.env)._get_plan_action() or action
            act._close('accepted')
        return action

    def action_refuse(self):
        """Close: it was answered otherwise. The ladder goes on."""
        self._check_right()
        self._check_waiting()
        # sudo: see `action_accept`.
        self.sudo()._close('refused')
        return True

    def action_open_result(self):
        """Open what came of it."""
        self.ensure_one()
        record = self.promise_id or self.dispute_id or self.new_contact_id or self.transaction_id
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
            'state': state, 'wait_until': False, 'answered_by_id': self.env.uid,
            'answered_on': fields.Date.context_today(self)})
        self.activity_unlink(['mail.mail_activity_data_todo'])

    # === CONTACT === #

    def _accept_contact(self):
        """Add the contact, or take the one with the same address; it gets the reminders."""
        self.ensure_one()
        customer = self.customer_id
        Partner = self.env['res.partner']
        contact = Partner
        if self.new_email:
            contact = Partner.search([
                ('id', 'child_of', customer.partner_id.id),
                ('email_normalized', '=', self.new_email)], limit=1)
        if not contact:
            contact = Partner.create({
                'name': self.new_name, 'email': self.new_email, 'phone': self.new_phone,
                'parent_id': customer.partner_id.id, 'type': 'contact',
                'lang': customer.partner_id.lang,
                'comment': self.env._("Named by the customer on its page.")})
        self.new_contact_id = contact
        customer.collections_contact_id = contact

    # === INSTALMENTS === #

    def _get_plan_action(self):
        """Hook: open a new payment plan with what the customer proposes.

        :return: action, or nothing when there are no payment plans
        """
        self.ensure_one()
        if 'ar.payment.plan' not in self.env:
            return None
        action = self.env['ar.payment.plan']._get_new_action(
            self.customer_id, self.sudo().move_line_ids, self.env._("Payment plan"))
        action['context'] = {
            **action['context'], 'default_number': self.instalment_count,
            'default_first_date': fields.Date.to_string(self.first_date)}
        return action
