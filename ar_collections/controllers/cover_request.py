from odoo.http import Controller, content_disposition, request, route


class CoverRequestController(Controller):
    """The data pack of a cover request as a table."""

    @route('/ar_collections/cover_request/<int:request_id>/csv', type='http', auth='user',
           readonly=True)
    def download_pack(self, request_id):
        """Return the table of one request; 404 when it may not be read."""
        record = request.env['ar.cover.request'].browse(request_id).exists()
        if not record or not record.has_access('read'):
            raise request.not_found()
        name = f"{record.name.replace('/', '-')}.csv"
        return request.make_response(record._get_pack_csv(), headers=[
            ('Content-Type', 'text/csv; charset=utf-8'),
            ('Content-Disposition', content_disposition(name)),
        ])
