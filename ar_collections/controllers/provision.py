from odoo.http import Controller, content_disposition, request, route


class ProvisionController(Controller):
    """The run of expected losses as a workbook."""

    @route('/ar_collections/provision/<int:run_id>/xlsx', type='http', auth='user', readonly=True)
    def download_provision(self, run_id):
        """Return the workbook of one run; 404 when it may not be read."""
        run = request.env['ar.provision'].browse(run_id).exists()
        if not run or not run.has_access('read'):
            raise request.not_found()
        return request.make_response(run._get_xlsx(), headers=[
            ('Content-Type',
             'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'),
            ('Content-Disposition', content_disposition(f"{run.name.replace('/', '-')}.xlsx")),
        ])
