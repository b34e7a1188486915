from odoo.http import Controller, content_disposition, request, route


class ClaimController(Controller):
    """The statement of late interest as a spreadsheet."""

    @route('/ar_collections/claim/<int:claim_id>/xlsx', type='http', auth='user', readonly=True)
    def download_claim(self, claim_id):
        """Return the workbook of one statement; 404 when it may not be read."""
        claim = request.env['ar.claim'].browse(claim_id).exists()
        if not claim or not claim.has_access('read'):
            raise request.not_found()
        name = f"{claim.name.replace('/', '-')}.xlsx"
        return request.make_response(claim._get_xlsx(), headers=[
            ('Content-Type',
             'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'),
            ('Content-Disposition', content_disposition(name)),
        ])
