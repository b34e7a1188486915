from odoo.http import Controller, content_disposition, request, route


class OverdueNoticeController(Controller):
    """The data pack of an overdue notice as a table."""

    @route('/ar_collections/overdue_notice/<int:notice_id>/csv', type='http', auth='user',
           readonly=True)
    def download_pack(self, notice_id):
        """Return the table of one notice; 404 when it may not be read."""
        notice = request.env['ar.overdue.notice'].browse(notice_id).exists()
        if not notice or not notice.has_access('read'):
            raise request.not_found()
        name = f"{notice.name.replace('/', '-')}.csv"
        return request.make_response(notice._get_pack_csv(), headers=[
            ('Content-Type', 'text/csv; charset=utf-8'),
            ('Content-Disposition', content_disposition(name)),
        ])
