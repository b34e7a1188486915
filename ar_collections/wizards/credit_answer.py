from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ArCreditAnswer(models.TransientModel):
    """One dialogue for every credit decision of a person: it asks for the reason and the bounds."""
    _name = 'ar.credit.answer'
    _description = "Credit decision of a person"

    mode = fields.Selection(
        [('release', "Release"), ('refuse', "Refuse"), ('refuse_request', "Refuse the request"),
         ('allow_growth', "Allow a larger order")], required=True)
    hold_ids = fields.Many2many('ar.credit.hold')
    request_id = fields.Many2one('ar.credit.request')
    order_id = fields.Many2one('sale.order')
    company_id = fields.Many2one('res.company', compute='_compute_company_id')
    currency_id = fields.Many2one(related='company_id.currency_id')
    reason = fields.Char(required=True)
    cap = fields.Monetary(
        string="Up to", help="Order total covered, in company currency. Empty: the present total.")
    until = fields.Date(help="Last day of the release. Empty: no end.")

    @api.depends('hold_ids', 'request_id', 'order_id')
    def _compute_company_id(self):
        for answer in self:
            answer.company_id = (
                answer.hold_ids[:1].company_id or answer.request_id.company_id
                or answer.order_id.company_id or self.env.company)

    def action_confirm(self):
        """Carry out the decision, within the authority of the current user."""
        self.ensure_one()
        if not self.env.user.has_group('ar_collections.group_ar_manager'):
            raise AccessError(self.env._("Only a credit manager decides on credit."))
        {'release': self._do_release, 'refuse': self._do_refuse,
         'refuse_request': self._do_refuse_request,
         'allow_growth': self._do_allow_growth}[self.mode]()
        return {'type': 'ir.actions.act_window_close'}

    def _do_release(self):
        self.hold_ids.check_access('write')
        if len(self.hold_ids) > 1 and self.cap:
            raise UserError(self.env._("Set a cap on one order at a time."))
        for hold in self.hold_ids:
            self._check_not_own(hold.order_id)
            self.env['ar.credit.authority']._check(
                hold.company_id, max(self.cap, hold.amount))
        # sudo: the log is written by the decision only.
        self.hold_ids.sudo()._release(
            self.env.user, self.reason, cap=self.cap or None, until=self.until)

    def _do_refuse(self):
        self.hold_ids.check_access('write')
        self.hold_ids.sudo()._refuse(self.env.user, self.reason)

    def _do_refuse_request(self):
        self.request_id.check_access('write')
        self.request_id._check_decidable()
        self.request_id.sudo()._refuse(self.env.user, self.reason)

    def _do_allow_growth(self):
        order = self.order_id
        order.check_access('read')
        self._check_not_own(order)
        total = order._get_credit_amounts()[1]
        self.env['ar.credit.authority']._check(order.company_id, max(self.cap, total))
        customer = self.env['ar.customer'].sudo()._get_or_create(
            order._get_debtors(), order.company_id)
        self.env['ar.credit.hold'].sudo().create({
            'order_id': order.id, 'customer_id': customer.id, 'company_id': order.company_id.id,
            'salesperson_id': order.user_id.id,
            'amount': total, 'amount_added': self.cap - total, 'exposure': customer.exposure,
            'limit': customer.credit_limit_today, 'state': 'released',
            'reasons': self.env._("A larger order was allowed in advance."),
            'reason_codes': '[]', 'reason_data': [{'code': 'allowed', 'values': {}}],
            'decided_by_id': self.env.uid, 'decided_at': fields.Datetime.now(),
            'decision_reason': self.reason,
            'release_cap': self.cap, 'release_until': self.until,
        })

    def _check_not_own(self, order):
        """Nobody releases an order that they sold or confirmed, administrators included."""
        # sudo: the setting and the log, whatever the user may read of them.
        order_sudo, user = order.sudo(), self.env.user
        if order_sudo.company_id.ar_release_own:
            return
        if order_sudo.user_id == user or order_sudo.ar_hold_ids._is_own(user):
            raise AccessError(self.env._(
                "You sold or confirmed order %s: ask a colleague to decide on it.", order.name))
