from odoo import api, fields, models
from odoo.tools import format_datetime


class SaleOrder(models.Model):
    """EXTENDS credit: every binding decision on an order leaves what it was made on.

    The credit team reads the figures; a salesperson reads that the order passed, and when.
    """
    _inherit = 'sale.order'

    ar_check_count = fields.Integer(
        string="Credit checks", compute='_compute_ar_checks', compute_sudo=True)
    ar_check_told = fields.Char(
        string="Credit control", compute='_compute_ar_checks', compute_sudo=True)

    @api.depends('state', 'ar_credit_state')
    @api.depends_context('lang', 'tz')
    def _compute_ar_checks(self):
        checks = self.env['ar.credit.check'].search([('order_id', 'in', self._origin.ids)])
        results = dict(checks._fields['result']._description_selection(self.env))
        by_order = checks.grouped('order_id')
        for order in self:
            own = by_order.get(order._origin, checks.browse())
            last = own[:1]
            order.ar_check_count = len(own)
            order.ar_check_told = self.env._(
                "%(result)s, %(date)s", result=results[last.result],
                date=format_datetime(self.env, last.checked_at, dt_format='short')
            ) if last else False

    def action_view_credit_checks(self):
        """Open what was decided on this order, with the figures of that moment."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_credit_check_action')
        return dict(action, domain=[('order_id', '=', self.id)], context={'create': False})

    def _record_checks(self, company, occasion, asked, verdicts):
        """Keep what was decided on these orders of one company.

        :param str occasion: 'order' or 'growth'
        :param dict asked: {order: (credit needed, total, snapshot of `ar.credit.decision`, or None
            when no rule was asked)}
        :param dict verdicts: {order: reasons}
        """
        # sudo: the log is the judge's; whoever confirms may not write it.
        Check = self.env['ar.credit.check'].sudo()
        unasked = [order for order, (*_amounts, seen) in asked.items() if not seen]
        # An order that needs no credit makes no account for a customer who has none.
        customers = self.env['ar.customer'].sudo().search([
            ('partner_id', 'in', [order._get_debtors().id for order in unasked]),
            ('company_id', '=', company.id)]).grouped('partner_id') if unasked else {}
        rows = []
        for order, (needed, total, seen) in asked.items():
            customer_id = seen['customer_id'] if seen else customers.get(
                order._get_debtors(), Check).id
            if not customer_id:
                continue
            holding = [reason for reason in verdicts.get(order, ())
                       if reason['decision'] == 'hold']
            seen = seen or Check._get_nothing_seen(needed)
            rows.append({
                **{name: seen[name] for name in (
                    'exposure', 'own_risk', 'limit', 'limit_kind', 'figures', 'rules')},
                'order_id': order.id, 'order_name': order.name, 'customer_id': customer_id,
                'occasion': occasion, 'amount': total, 'amount_added': needed,
                'result': 'held' if holding else seen.get('result', 'passed'),
                'reasons': [{key: reason[key] for key in ('code', 'values', 'message')}
                            for reason in holding],
            })
        Check._record(company, rows)
        self.invalidate_recordset(['ar_check_count', 'ar_check_told'], flush=False)


class ArCreditCheck(models.Model):
    _inherit = 'ar.credit.check'

    @api.model
    def _get_nothing_seen(self, needed):
        """Return the snapshot of an order that no rule was asked about."""
        return {
            'exposure': None, 'own_risk': None, 'limit': None, 'limit_kind': None, 'figures': {},
            'rules': '[]', 'result': 'released' if needed > 0 else 'prepaid'}
