from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..models.desk.payment_plan_signing import REPORT

NAME_LENGTH = 100


class PaymentPlanPortal(CustomerPortal):
    """The customer's page of a payment plan: what is owed, the instalments, the signature.

    Opened by the token of the link, or by a contact of the customer who has logged in.
    """

    # === LIST === #

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'ar_payment_plan_count' in counters:
            values['ar_payment_plan_count'] = len(self._get_own_plans())
        return values

    def _get_own_plans(self):
        """Return the plans of the user's own commercial entity that were proposed."""
        entity = request.env.user.partner_id.commercial_partner_id
        # sudo: portal users have no right on the model; the entity is the condition.
        return request.env['ar.payment.plan'].sudo().search([
            ('customer_id.partner_id', '=', entity.id),
            ('state', 'in', ('proposed', 'active', 'kept', 'broken'))])

    @http.route('/my/payment_plans', type='http', auth='user', website=True)
    def portal_my_payment_plans(self, **kwargs):
        """List the plans of one's own company."""
        return request.render('ar_collections.portal_my_payment_plans', {
            'plans': self._get_own_plans(), 'page_name': 'ar_payment_plan'})

    # === ONE PLAN === #

    @http.route('/my/payment_plan/<int:plan_id>', type='http', auth='public', website=True)
    def portal_my_payment_plan(self, plan_id, access_token=None, report_type=None,
                               download=False, message=None, **kwargs):
        """Show one plan; with ``report_type`` its PDF."""
        try:
            plan_sudo = self._get_plan(plan_id, access_token)
        except (AccessError, MissingError):
            return request.redirect('/my')
        if report_type in ('pdf', 'html'):
            return self._show_report(plan_sudo, report_type, REPORT, download=bool(download))
        Report = request.env['report.ar_collections.report_ar_payment_plan'].sudo()
        response = request.render('ar_collections.portal_my_payment_plan', {
            'plan': plan_sudo, 'doc': Report._get_document(plan_sudo, request.env.lang),
            'page_name': 'ar_payment_plan', 'access_token': plan_sudo.access_token,
            'can_sign': self._can_sign(plan_sudo), 'message': message,
            'res_company': plan_sudo.company_id, 'object': plan_sudo,
        })
        # The link is a key: it goes into no search engine and to no other site.
        response.headers['X-Robots-Tag'] = 'noindex, nofollow'
        response.headers['Referrer-Policy'] = 'no-referrer'
        return response

    @http.route('/my/payment_plan/<int:plan_id>/accept', type='jsonrpc', auth='public',
                website=True)
    def portal_payment_plan_accept(self, plan_id, access_token=None, name=None, signature=None):
        """Take the signature. The answer is as Odoo's signature form expects it."""
        access_token = access_token or request.httprequest.args.get('access_token')
        try:
            plan_sudo = self._get_plan(plan_id, access_token)
        except (AccessError, MissingError):
            return {'error': request.env._("This link is not valid any more.")}
        name = " ".join(name.split())[:NAME_LENGTH] if isinstance(name, str) else ''
        if not name or not signature:
            return {'error': request.env._("Please write your name and sign.")}
        if request.env.user._is_internal():
            return {'error': request.env._(
                "Only the customer signs here. File a signature on paper on the plan itself.")}
        author = plan_sudo.recipient_id if request.env.user._is_public() else (
            request.env.user.partner_id)
        try:
            plan_sudo._sign(
                name, 'portal', plan_sudo.company_id._get_ar_today(), signature=signature,
                author=author)
        except UserError as error:
            return {'error': str(error)}
        return {
            'force_refresh': True,
            'redirect_url': plan_sudo.get_portal_url(query_string='&message=signed')}

    def _get_plan(self, plan_id, access_token):
        """Return the plan, sudoed, for its token or for a contact of its customer.

        :raise AccessError: anybody else, and drafts for everybody
        """
        entity = request.env.user.partner_id.commercial_partner_id
        # sudo: only to compare the customer of the plan with that of the user.
        plan_sudo = request.env['ar.payment.plan'].sudo().browse(plan_id).exists()
        own = plan_sudo and not request.env.user._is_public() and (
            plan_sudo.customer_id.partner_id == entity)
        if not own:
            plan_sudo = self._document_check_access('ar.payment.plan', plan_id, access_token)
        if plan_sudo.state in ('draft', 'to_approve'):
            raise AccessError(request.env._("This payment plan is not proposed yet."))
        return plan_sudo

    def _can_sign(self, plan_sudo):
        return plan_sudo.state == 'proposed' and (
            plan_sudo.valid_until >= plan_sudo.company_id._get_ar_today())
