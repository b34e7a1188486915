"""The credit side of the story: limits, classes, a guarantee, and orders that were judged."""
from datetime import timedelta

from odoo import Command, api, models

from .story_data import LIMITS, ORDERS


class ArDemoStory(models.AbstractModel):
    """EXTENDS demo: credit control is on, and the sales team has been busy."""
    _inherit = 'ar.demo.story'

    @api.model
    def _tell_credit(self, company, partners, users):
        """Limits and classes first, then orders, so that each is judged as in real life."""
        # A planned activity would write to whom it is assigned; nothing leaves by itself here.
        story = self.with_context(mail_activity_quick_update=True)
        users['sales'].notification_type = 'inbox'
        customers = {
            key: story.env['ar.customer']._get_or_create(partner, company)
            for key, partner in partners.items()}
        story._grant_limits(company, customers, users['manager'])
        story.env['ar.customer']._score(company)
        customers['moreau'].with_user(users['manager'])._set_risk_class(
            self.env.ref('ar_collections.ar_risk_class_default'),
            "Judicial recovery opened by the court.")
        customers['moreau'].write({
            'credit_stop': True, 'credit_stop_reason': "judicial recovery, prepayment only."})
        story._take_guarantees(company, customers)
        company.ar_credit_active = True
        story._take_orders(company, partners, users)
        story._ask_for_limit(customers['lopez'], users['sales'])

    def _grant_limits(self, company, customers, manager):
        today = company._get_ar_today()
        for key, amount, days, reason in LIMITS:
            customers[key]._grant_limit(
                amount, reason=reason, user=manager,
                date_to=today + timedelta(days=days) if days else None)

    def _take_guarantees(self, company, customers):
        today = company._get_ar_today()
        self.env['ar.credit.guarantee'].create([{
            'customer_id': customers['muller'].id, 'kind': 'bank', 'amount': 10000.0,
            'name': "Bank guarantee BG-2207", 'date_from': today - timedelta(days=160),
            'date_to': today + timedelta(days=205),
        }, {
            'customer_id': customers['bellevue'].id, 'kind': 'deposit', 'amount': 1500.0,
            'name': "Deposit for the lobby", 'date_from': today - timedelta(days=60),
        }])

    # === ORDERS === #

    def _take_orders(self, company, partners, users):
        today = company._get_ar_today()
        product = self.env['product.product'].create({
            'name': "Made-to-measure lamp", 'type': 'consu', 'invoice_policy': 'order',
            'list_price': 480.0, 'company_id': company.id,
        })
        product.with_context(lang=self._get_lang('fr_FR')).name = "Luminaire sur mesure"
        for key, quantity, days, outcome in ORDERS:
            order = self.env['sale.order'].create({
                'partner_id': partners[key].id, 'company_id': company.id,
                'user_id': users['sales'].id, 'date_order': today - timedelta(days=days),
                'order_line': [Command.create({
                    'product_id': product.id, 'product_uom_qty': quantity})],
            })
            if outcome == 'quotation':
                continue
            order.with_user(users['sales']).action_confirm()
            # sudo: the log is written by decisions only, and this one is told afterwards.
            hold = order.sudo().ar_hold_ids
            hold.held_at = f"{today - timedelta(days=days)} 09:40:00"
            if outcome == 'released':
                hold._release(
                    users['manager'], "The manager called: transfer promised for Friday.",
                    until=today + timedelta(days=30))

    def _ask_for_limit(self, customer, salesperson):
        """A request that waits for the visitor's own decision."""
        request = self.env['ar.credit.request'].with_user(salesperson).create({
            'customer_id': customer.id, 'amount': 35000.0,
            'reason': "Fitting out of twelve shops, order signed by their customer.",
        })
        request.action_submit()
