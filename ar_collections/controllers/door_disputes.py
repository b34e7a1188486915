from odoo import http
from odoo.http import content_disposition, request

from ..models.desk.door_disputes import SHOWN_TYPES
from .door import DoorPortal, paths


class DoorDisputes(DoorPortal):
    """What became of the customer's disputes. Only a person of ours opens one again."""

    # === INSIDE /my === #

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'ar_dispute_count' in counters:
            values['ar_dispute_count'] = len(
                request.env['ar.door'].sudo()._get_disputes(self._get_own_customers()))
        return values

    @http.route('/my/disputes', type='http', auth='user', website=True)
    def portal_my_disputes(self, **kwargs):
        """List the disputes of one's own company."""
        return self._keep_secret(request.render('ar_collections.portal_my_disputes', {
            'disputes': request.env['ar.door'].sudo()._read_disputes(self._get_own_customers()),
            'page_name': 'ar_dispute', 'door': None}))

    # === FROM THE CUSTOMER'S PAGES === #

    @http.route(paths('/disputes'), type='http', auth='public', website=True, sitemap=False,
                multilang=False, methods=['GET'])
    def door_disputes(self, door_token=None, customer_id=None, **kwargs):
        """List the disputes of the customer whose pages are open."""
        door, other = self._open_door(door_token, customer_id)
        if other:
            return other
        return self._show('portal_my_disputes', door, {
            'disputes': request.env['ar.door'].sudo()._read_disputes(door.customer),
            'page_name': 'ar_dispute'})

    @http.route(paths('/disputes/<int:dispute_id>/file/<int:attachment_id>'), type='http',
                auth='public', website=True, sitemap=False, multilang=False, methods=['GET'])
    def door_dispute_file(self, dispute_id, attachment_id, door_token=None, customer_id=None,
                          **kwargs):
        """Show a photo that the customer sent; anything else is downloaded."""
        door, other = self._open_door(door_token, customer_id)
        if other:
            return other
        Door = request.env['ar.door'].sudo()
        found = Door._get_dispute_file(door.customer, dispute_id, attachment_id)
        if not found:
            return self._refuse_gone()
        from_page = found.mimetype in SHOWN_TYPES
        return self._keep_secret(request.make_response(found.raw, headers=[
            ('Content-Type', found.mimetype if from_page else 'application/octet-stream'),
            ('Content-Disposition', 'inline' if from_page else content_disposition(found.name)),
            ('Content-Security-Policy', "default-src 'none'"),
            ('X-Content-Type-Options', 'nosniff')]))
