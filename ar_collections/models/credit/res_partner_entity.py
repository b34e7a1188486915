from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.tools import formatLang


class ResPartner(models.Model):
    """EXTENDS credit: a debtor who becomes a contact of somebody else is a credit decision.

    The commercial entity owes. Who makes a debtor a contact below another customer moves its debt
    there and leaves its limit, its stop and its holds behind. A contact who goes to another
    customer takes along the confirmed orders that are invoiced to it: they are judged there.
    """
    _inherit = 'res.partner'

    def write(self, vals):
        leaving = self._get_leaving(vals)
        if leaving:
            leaving._decide_leaving()
        debtors = self._get_moving(vals)
        result = super().write(vals)
        for order, debtor in debtors.items():
            if order._get_debtors() != debtor:
                self._judge_moved(order)
        return result

    def _get_moving(self, vals):
        """Return {confirmed order: who owes it}, of contacts who may go to another customer.

        :raise AccessError: when the commercial entity itself is typed in
        """
        if self.env.su or not {'parent_id', 'is_company', 'commercial_partner_id'} & set(vals):
            return {}
        # sudo: whoever edits contacts may not read the companies and the orders.
        if 'commercial_partner_id' in vals and self.env['res.company'].sudo().search_count(
                [('ar_credit_active', '=', True)], limit=1):
            raise AccessError(self.env._(
                "Odoo finds the commercial entity of a contact itself: change the company that it "
                "belongs to."))
        moving = self.filtered(lambda partner: partner.commercial_partner_id != partner and (
            vals.get('parent_id', partner.parent_id.id) != partner.parent_id.id
            or vals.get('is_company', partner.is_company) != partner.is_company))
        if not moving:
            return {}
        orders = self.env['sale.order'].sudo().search([
            ('partner_invoice_id', 'child_of', moving.ids), ('state', '=', 'sale'),
            ('invoice_status', '!=', 'invoiced'), ('company_id.ar_credit_active', '=', True)])
        return {order: order._get_debtors() for order in orders}

    def _judge_moved(self, order):
        """Judge a confirmed order on the customer who owes it now.

        :raise UserError: when the rules hold it there
        """
        try:
            order._refuse_growth(force=True)
        except UserError as error:
            raise UserError(self.env._(
                "%(contact)s cannot go to %(customer)s, who would owe its orders:\n%(why)s",
                contact=order.partner_invoice_id.name, customer=order._get_debtors().name,
                why=error.args[0])) from error

    def _get_leaving(self, vals):
        """Return those who owe for themselves now, and would not any more: no query of its own.

        :param dict vals: as for `write`
        """
        if self.env.su or not {'parent_id', 'is_company'} & set(vals):
            return self.browse()
        # As in `_compute_commercial_partner`, before it happens.
        return self.filtered(
            lambda partner: partner.commercial_partner_id == partner
            and vals.get('parent_id', partner.parent_id)
            and not vals.get('is_company', partner.is_company))

    def _decide_leaving(self):
        """Check the authority of the current user for what these debtors would leave behind.

        :raise AccessError: when it is not theirs to decide
        """
        # sudo: whoever edits contacts may not see what they owe; the figures judge the user.
        Customer = self.env['ar.customer'].sudo()
        companies = self.env['res.company'].sudo().search([('ar_credit_active', '=', True)])
        # A limit typed on the contact may be all there is: the row of the account comes later.
        customers = Customer.union(
            *(Customer._get_or_create(self, company) for company in companies))
        for customer in customers:
            company, currency = customer.company_id, customer.currency_id
            amount = max(abs(customer.exposure), customer.credit_limit_today)
            held = customer.hold_ids.filtered(lambda hold: hold.state == 'held')
            if currency.is_zero(amount) and not (
                    customer.credit_stop or customer.no_credit_today or held):
                continue
            ceiling = self.env['ar.credit.authority']._get_ceiling(company, self.env.user)
            if ceiling is not None and (
                    currency.compare_amounts(ceiling, 0) <= 0
                    or currency.compare_amounts(amount, ceiling) > 0):
                raise AccessError(self.env._(
                    "%(customer)s owes for itself at %(company)s: it has a credit limit, a credit "
                    "stop, a held order or an open debt. Making it a contact of another company "
                    "moves all that, which is a credit decision. You may decide up to %(ceiling)s. "
                    "Ask somebody of the credit team to change the contact.",
                    customer=customer.partner_id.display_name, company=company.name,
                    ceiling=formatLang(self.env, ceiling, currency_obj=currency)))
            customer.message_post(body=self.env._(
                "%(user)s made this customer a contact of another company. Exposure until then: "
                "%(exposure)s, limit: %(limit)s.",
                user=self.env.user.name,
                exposure=formatLang(self.env, customer.exposure, currency_obj=currency),
                limit=formatLang(self.env, customer.credit_limit_today, currency_obj=currency)))
