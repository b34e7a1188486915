from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request
from odoo.tools import format_date

from ..models.desk.payment_plan_signing import REPORT
from .door import MISSES_PER_ADDRESS, DoorPortal, paths

NAME_LENGTH = 100


class PaymentPlanPortal(DoorPortal):
    """The customer's page of a payment plan: what is owed, the instalments, the signature.

    Opened by the token of the proposal's mail, by a contact of the customer who has logged in, or
    from the customer's pages: then as long as the link that opened those.
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
        plan_sudo, other = self._open_plan(plan_id, access_token)
        if other:
            return other
        if report_type in ('pdf', 'html'):
            return self._keep_secret(self._show_report(
                plan_sudo, report_type, REPORT, download=bool(download)))
        return self._show_plan(plan_sudo, message)

    def _open_plan(self, plan_id, access_token):
        """Return (plan, None) to whoever has the link of the mail or is logged in, else (None,
        the response to give instead); wrong links are counted.
        """
        if self._is_full_of_misses(access_token):
            return None, self._refuse_too_many()
        try:
            return self._get_plan(plan_id, access_token), None
        except (AccessError, MissingError):
            self._count_miss(access_token)
            return None, request.redirect('/my')

    def _show_plan(self, plan_sudo, message=None, error=None):
        """Show the page that the mail leads to."""
        return self._keep_secret(request.render(
            'ar_collections.portal_my_payment_plan', {
                **self._get_page_values(plan_sudo, message),
                'access_token': plan_sudo.access_token, 'error': error,
                'pdf_url': plan_sudo.get_portal_url(report_type='pdf', download=True),
                'accept_url': plan_sudo.get_portal_url(suffix='/accept'),
                'refuse_url': plan_sudo.get_portal_url(suffix='/refuse'),
                'renew_url': plan_sudo.get_portal_url(suffix='/renew'),
            }, status=422 if error else 200))

    def _get_page_values(self, plan_sudo, message=None):
        Report = request.env['report.ar_collections.report_ar_payment_plan'].sudo()
        return {
            'plan': plan_sudo, 'doc': Report._get_document(plan_sudo, request.env.lang),
            'page_name': 'ar_payment_plan', 'can_sign': plan_sudo._is_signable_online(),
            'pay_by': self._get_pay_by(plan_sudo),
            'note': request.httprequest.form.get('note'),
            'message': message, 'res_company': plan_sudo.company_id, 'object': plan_sudo,
        }

    def _get_pay_by(self, plan_sudo):
        """Return until when an instalment must arrive whose day came before the signature, as
        text, or nothing.
        """
        first = plan_sudo.instalment_ids.sorted('due_date')[:1]
        if first and first.due_date < plan_sudo.company_id._get_ar_today() <= first.deadline:
            return format_date(request.env, first.deadline)
        return False

    @http.route('/my/payment_plan/<int:plan_id>/accept', type='jsonrpc', auth='public',
                website=True)
    def portal_payment_plan_accept(self, plan_id, access_token=None, name=None, signature=None):
        """Take the signature. The answer is as Odoo's signature form expects it."""
        access_token = access_token or request.httprequest.args.get('access_token')
        if self._is_full_of_misses(access_token):
            return {'error': request.env._(
                "Too many visits. Please try again in an hour, or call us.")}
        try:
            plan_sudo = self._get_plan(plan_id, access_token)
        except (AccessError, MissingError):
            self._count_miss(access_token)
            return {'error': request.env._("This link is not valid any more.")}
        author = plan_sudo.recipient_id if request.env.user._is_public() else (
            request.env.user.partner_id)
        return self._accept(plan_sudo, name, signature, author, plan_sudo.get_portal_url())

    def _accept(self, plan_sudo, name, signature, author, url):
        """Take the signature of whoever was let in; ``url`` is the page to show then."""
        name = " ".join(name.split())[:NAME_LENGTH] if isinstance(name, str) else ''
        if not name or not signature:
            return {'error': request.env._("Please write your name and sign.")}
        if request.env.user._is_internal():
            return {'error': request.env._(
                "Only the customer signs here. File a signature on paper on the plan itself.")}
        try:
            plan_sudo._check_signable_online()
            plan_sudo._sign(
                name, 'portal', plan_sudo.company_id._get_ar_today(), signature=signature,
                author=author)
        except UserError as error:
            return {'error': str(error)}
        return {
            'force_refresh': True,
            'redirect_url': f"{url}{'&' if '?' in url else '?'}message=signed"}

    # === FROM THE CUSTOMER'S PAGES === #

    @http.route(paths('/plan/<int:plan_id>'), type='http', auth='public', website=True,
                sitemap=False, multilang=False, methods=['GET'])
    def door_plan(self, plan_id, door_token=None, customer_id=None, file=None, message=None,
                  **kwargs):
        """Show one plan of the customer whose pages are open, or its PDF."""
        door, other = self._open_door(door_token, customer_id)
        if other:
            return other
        plan = self._get_door_plan(door, plan_id)
        if not plan:
            return self._refuse_gone()
        if file == 'pdf':
            return self._keep_secret(self._show_report(plan, 'pdf', REPORT, download=True))
        return self._show_door_plan(door, plan, message)

    def _show_door_plan(self, door, plan, message=None, error=None):
        """Show the page as part of the customer's pages."""
        url = f'{door.address}/plan/{plan.id}'
        return self._show('portal_my_payment_plan', door, {
            **self._get_page_values(plan, message), 'pdf_url': f'{url}?file=pdf',
            'accept_url': f'{url}/accept', 'refuse_url': f'{url}/refuse',
            'renew_url': f'{url}/renew', 'error': error}, status=422 if error else 200)

    @http.route(paths('/plan/<int:plan_id>/accept'), type='jsonrpc', auth='public',
                website=True, multilang=False)
    def door_plan_accept(self, plan_id, door_token=None, customer_id=None, name=None,
                         signature=None, **kwargs):
        """Take the signature given on the customer's pages."""
        door, _other = self._open_door(door_token, customer_id)
        plan = door and self._get_door_plan(door, plan_id)
        if not plan:
            return {'error': request.env._("This link is not valid any more.")}
        author = door.contact or door.link.recipient_id or plan.recipient_id
        return self._accept(
            plan, name, signature, author, f'{door.address}/plan/{plan.id}')

    def _get_door_plan(self, door, plan_id):
        # sudo: link or login were checked; the conditions say whose plan it is.
        return request.env['ar.payment.plan'].sudo().search([
            ('id', '=', plan_id), ('customer_id', '=', door.customer.id),
            ('state', 'in', ('proposed', 'active', 'kept', 'broken', 'cancelled')),
            ('proposed_on', '!=', False)])

    # === COMING IN === #

    def _is_full_of_misses(self, access_token):
        """Return whether this visitor has tried too many wrong tokens to try another."""
        # sudo: counters belong to no user.
        return bool(access_token) and request.env['ar.portal.hit'].sudo()._is_full(
            self._get_miss_key(), MISSES_PER_ADDRESS)

    def _count_miss(self, access_token):
        if access_token:
            request.env['ar.portal.hit'].sudo()._take(self._get_miss_key(), MISSES_PER_ADDRESS)

    def _get_miss_key(self):
        Hit = request.env['ar.portal.hit'].sudo()
        return f'miss:{Hit._get_address_key(request.httprequest.remote_addr)}'

    def _get_plan(self, plan_id, access_token):
        """Return the plan, sudoed, for its token or for a contact of its customer.

        :raise AccessError: anybody else, drafts for everybody, and a token that has expired
        """
        entity = request.env.user.partner_id.commercial_partner_id
        # sudo: only to compare the customer of the plan with that of the user.
        plan_sudo = request.env['ar.payment.plan'].sudo().browse(plan_id).exists()
        own = plan_sudo and not request.env.user._is_public() and (
            plan_sudo.customer_id.partner_id == entity)
        if not own:
            plan_sudo = self._document_check_access('ar.payment.plan', plan_id, access_token)
            if not request.env.user._is_internal() and not plan_sudo._is_link_open():
                raise AccessError(request.env._("This link is not valid any more."))
        if plan_sudo.state in ('draft', 'to_approve'):
            raise AccessError(request.env._("This payment plan is not proposed yet."))
        return plan_sudo
