from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .door import ACTS_PER_CUSTOMER, paths
from .payment_plan import PaymentPlanPortal

# What the page sends, and what becomes of it.
KINDS = {'refuse': 'refusal', 'renew': 'renewal'}
ANSWER = '<any(refuse,renew):answer>'


class PaymentPlanAnswers(PaymentPlanPortal):
    """What a customer answers to a proposed plan instead of a signature: plain forms, so that
    they work on any telephone.
    """

    @http.route(f'/my/payment_plan/<int:plan_id>/{ANSWER}', type='http', auth='public',
                website=True, methods=['POST'])
    def portal_payment_plan_answer(self, plan_id, answer, access_token=None, note=None, **kwargs):
        """Take the answer of whoever has the link of the mail, or is logged in."""
        plan_sudo, other = self._open_plan(plan_id, access_token)
        if other:
            return other
        return self._take_answer(
            plan_sudo, answer, note, self._get_own_contact(plan_sudo.customer_id), None,
            plan_sudo.get_portal_url(), lambda error: self._show_plan(plan_sudo, error=error))

    @http.route(paths(f'/plan/<int:plan_id>/{ANSWER}'), type='http', auth='public',
                website=True, sitemap=False, multilang=False, methods=['POST'])
    def door_plan_answer(self, plan_id, answer, door_token=None, customer_id=None, note=None,
                         **kwargs):
        """Take the answer given on the customer's pages."""
        door, other = self._open_door(door_token, customer_id)
        if other:
            return other
        plan = self._get_door_plan(door, plan_id)
        if not plan:
            return self._refuse_gone()
        return self._take_answer(
            plan, answer, note, door.contact, door.link, f'{door.address}/plan/{plan.id}',
            lambda error: self._show_door_plan(door, plan, error=error))

    def _take_answer(self, plan_sudo, answer, note, contact, link, url, show_error):
        """Write the answer down and come back to the page with thanks.

        :param contact: `res.partner` who is logged in, or none
        :param show_error: function of a text, shows the page again
        """
        # sudo: counters belong to no user.
        Hit = request.env['ar.portal.hit'].sudo()
        if not Hit._take(f'act:{plan_sudo.customer_id.id}', ACTS_PER_CUSTOMER):
            return self._refuse_too_many()
        if request.env.user._is_internal():
            return show_error(request.env._(
                "Only the customer answers here. Cancel the plan, or set it back to draft."))
        try:
            plan_sudo._answer(
                KINDS[answer], note if isinstance(note, str) else '', link=link, contact=contact)
        except UserError as error:
            request.env.invalidate_all()
            return show_error(error.args[0])
        return self._keep_secret(request.redirect(
            f"{url}{'&' if '?' in url else '?'}message={answer}"))
