import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ArCreditHold(models.Model):
    """Why an order was held, and who let it go. Append-only: it is the proof."""
    _name = 'ar.credit.hold'
    _description = "Credit hold of an order"
    _inherit = ['mail.activity.mixin', 'mail.thread']
    _order = 'id desc'

    order_id = fields.Many2one(
        'sale.order', required=True, ondelete='cascade', index=True, readonly=True)
    customer_id = fields.Many2one(
        'ar.customer', required=True, ondelete='cascade', index=True, readonly=True)
    company_id = fields.Many2one('res.company', required=True, index=True, readonly=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    user_id = fields.Many2one(related='order_id.user_id', string="Salesperson")
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Contact")
    held_at = fields.Datetime(
        string="Held at", readonly=True, required=True, default=fields.Datetime.now)
    days_held = fields.Integer(string="Age (days)", compute='_compute_days_held')
    amount = fields.Monetary(
        string="Order total", readonly=True, help="Total of the order when it was held, in company "
                                            "currency.")
    amount_added = fields.Monetary(
        string="Credit needed", readonly=True, help="What was not prepaid.")
    exposure = fields.Monetary(readonly=True, help="Exposure without this order, at that moment.")
    limit = fields.Monetary(readonly=True, help="Limit in force at that moment.")
    reasons = fields.Text(
        string="Reasons as told", readonly=True,
        help="In the words shown at that moment to whoever confirmed.")
    reason_codes = fields.Char(readonly=True)
    reason_data = fields.Json(readonly=True)
    reasons_told = fields.Text(
        string="Reasons", compute='_compute_reasons_told',
        help="In the words shown to the salesperson, in your language.")
    salesperson_id = fields.Many2one(
        'res.users', string="Sold by", readonly=True,
        help="Salesperson of the order when it was held.")
    confirm_on_release = fields.Boolean(
        readonly=True, help="The order was being confirmed: it goes on by itself.")
    state = fields.Selection(
        [('held', "Held"), ('released', "Released"), ('auto_released', "Released by itself"),
         ('refused', "Refused"), ('withdrawn', "Withdrawn")],
        required=True, default='held', readonly=True, index=True)
    decided_by_id = fields.Many2one('res.users', string="Decided by", readonly=True)
    decided_at = fields.Datetime(string="Decided on", readonly=True)
    decision_reason = fields.Char(string="Reason of the decision", readonly=True)
    release_cap = fields.Monetary(
        string="Released up to", readonly=True,
        help="The release covers the order up to this total, in company currency.")
    release_until = fields.Date(
        string="Released until", readonly=True, help="Last day of the release. Empty: no end.")

    _order_held_uniq = models.UniqueIndex(
        "(order_id) WHERE state = 'held'", "This order is held already.")

    @api.depends('held_at')
    def _compute_days_held(self):
        now = fields.Datetime.now()
        for hold in self:
            hold.days_held = (now - hold.held_at).days if hold.held_at else 0

    @api.depends('reasons', 'reason_data')
    @api.depends_context('lang')
    def _compute_reasons_told(self):
        Decision = self.env['ar.credit.decision']
        for hold in self:
            hold.reasons_told = "\n".join(
                Decision._tell(reason) for reason in hold.reason_data or ()) or hold.reasons

    @api.depends('order_id', 'state')
    def _compute_display_name(self):
        for hold in self:
            hold.display_name = hold.order_id.display_name

    # === CRUD === #

    def write(self, vals):
        if not self.env.su and any(
                not name.startswith(('activity_', 'message_')) for name in vals):
            raise AccessError(self.env._("A hold changes only through its buttons."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        if any(hold.order_id.exists() for hold in self):
            raise UserError(self.env._("Holds are the log of credit decisions; none is deleted."))

    # === ACTIONS === #

    def action_release(self):
        """Open the release dialogue for these orders."""
        return self._get_answer_action('release', self.env._("Release"))

    def action_refuse(self):
        """Open the refusal dialogue for these orders."""
        return self._get_answer_action('refuse', self.env._("Refuse"))

    def action_judge_again(self):
        """Judge again with today's figures; what no longer has a reason is released."""
        self.check_access('read')
        self.sudo()._judge_again()
        return True

    def action_view_order(self):
        """Open the order."""
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'res_model': 'sale.order', 'view_mode': 'form',
                'views': [(False, 'form')], 'res_id': self.order_id.id}

    def _get_answer_action(self, mode, title):
        self.check_access('write')
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.credit.answer', 'target': 'new',
            'view_mode': 'form', 'name': title,
            'context': {
                'default_hold_ids': self.ids, 'default_mode': mode,
                'default_cap': self.amount if mode == 'release' and len(self) == 1 else 0.0,
            },
        }

    # === STATE === #

    def _update_state(self, target, **vals):
        """The only writer of the state; a hold is decided once."""
        moving = self.filtered(lambda hold: hold.state == 'held')
        moving.write(dict(vals, state=target, decided_at=fields.Datetime.now()))
        moving.activity_unlink(['ar_collections.mail_activity_type_credit'])
        return moving

    def _release(self, user, reason, *, cap=None, until=None):
        """Release these orders by a person, and let those go on that were being confirmed.

        :param user: `res.users` who decides; its authority was checked by the caller
        :param cap: highest order total covered, company currency; the present total by default
        :param until: last day of the release
        """
        for hold in self:
            moved = hold._update_state(
                'released', decided_by_id=user.id, decision_reason=reason,
                release_cap=cap or hold.amount, release_until=until)
            moved._tell_salesperson(self.env._("Released by %(user)s: %(reason)s",
                                               user=user.name, reason=reason))
            moved._go_on()

    def _refuse(self, user, reason):
        moved = self._update_state('refused', decided_by_id=user.id, decision_reason=reason)
        for hold in moved:
            hold._tell_salesperson(self.env._("Refused: %s", reason))

    def _judge_again(self):
        """Release by itself what nothing holds any more: a payment came, a limit was granted."""
        for company, holds in self.filtered(lambda h: h.state == 'held').grouped(
                'company_id').items():
            verdicts = holds.order_id._get_credit_verdicts(company)
            for hold in holds:
                reasons = verdicts.get(hold.order_id, [])
                if any(reason['decision'] == 'hold' for reason in reasons):
                    continue
                moved = hold._update_state('auto_released', release_cap=hold.amount)
                moved._tell_salesperson(self.env._("Released by itself: no reason is left."))
                moved._go_on()

    def _go_on(self):
        """Confirm the orders that were waiting for this release."""
        for hold in self:
            order = hold.order_id
            if hold.confirm_on_release and order.state in ('draft', 'sent'):
                order.with_company(order.company_id).action_confirm()

    def _is_own(self, user):
        """Return whether ``user`` sold or confirmed one of these orders, then or now."""
        # Whoever confirms causes the hold. A larger order that was allowed is nobody's own.
        caused = self.filtered(lambda hold: hold.reason_codes != '[]')
        return user in self.salesperson_id | caused.create_uid | self.order_id.user_id

    def _tell_salesperson(self, message):
        for hold in self:
            hold.order_id.message_post(
                body=message, partner_ids=hold.order_id.user_id.partner_id.ids,
                subtype_xmlid='mail.mt_note')

    @api.model
    def _prepare_hold_values(self, order, customer, verdict, fact, amounts, confirming):
        """Return the values of the hold of one order.

        :param verdict: reasons of `ar.credit.decision`
        :param fact: figures the decision was made on
        :param amounts: (credit needed, total), company currency
        """
        reasons = [reason for reason in verdict if reason['decision'] == 'hold']
        return {
            'order_id': order.id, 'customer_id': customer.id, 'company_id': order.company_id.id,
            'amount_added': amounts[0], 'amount': amounts[1],
            'exposure': fact['exposure'], 'limit': fact['limit'],
            'reasons': "\n".join(reason['message'] for reason in reasons),
            'reason_codes': json.dumps([reason['code'] for reason in reasons]),
            'reason_data': [
                {key: reason[key] for key in ('code', 'values', 'message')} for reason in reasons],
            'salesperson_id': order.user_id.id,
            'confirm_on_release': confirming,
        }
