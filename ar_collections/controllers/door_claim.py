from odoo import http
from odoo.http import content_disposition, request

from .door import DoorPortal, paths
from .statement import SHEET


class DoorClaim(DoorPortal):
    """The statement of late interest as a page that the debtor can compute again by hand."""

    @http.route(paths('/interest/<int:claim_id>'), type='http', auth='public', website=True,
                sitemap=False, multilang=False, methods=['GET'])
    def door_claim(self, claim_id, door_token=None, customer_id=None, file=None, **kwargs):
        """Show one statement, or download it as PDF or spreadsheet."""
        door, other = self._open_door(door_token, customer_id)
        if other:
            return other
        # sudo: link or login were checked; the conditions say whose statement it is.
        claim = request.env['ar.claim'].sudo().search([
            ('id', '=', claim_id), ('customer_id', '=', door.customer.id),
            ('state', '=', 'claimed')])
        if not claim:
            return self._refuse_gone()
        if file == 'pdf':
            return self._keep_secret(self._show_report(
                claim, 'pdf', 'ar_collections.ar_claim_report', download=True))
        if file == 'xlsx':
            return self._keep_secret(request.make_response(claim._get_xlsx(), headers=[
                ('Content-Type', SHEET),
                ('Content-Disposition', content_disposition(
                    f"{claim.name.replace('/', '-')}.xlsx"))]))
        Report = request.env['report.ar_collections.report_ar_claim'].sudo()
        return self._show('door_claim', door, {
            'doc': Report._get_document(claim, lang=request.env.lang), 'claim': claim})
