from odoo.http import Controller, content_disposition, request, route

TYPES = {
    'csv': 'text/csv; charset=utf-8',
    'xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}


class FactoringController(Controller):
    """The list of assigned invoices as a file."""

    @route('/ar_collections/factoring/<int:assignment_id>/<string:kind>', type='http',
           auth='user', readonly=True)
    def download_assignment(self, assignment_id, kind):
        """Return the list of one assignment; 404 when it may not be read."""
        assignment = request.env['ar.factoring.assignment'].browse(assignment_id).exists()
        if kind not in TYPES or not assignment or not assignment.has_access('read'):
            raise request.not_found()
        # sudo: the right to read the assignment was checked; its invoices come with it.
        source = assignment.sudo()
        content = source._get_csv() if kind == 'csv' else source._get_xlsx()
        name = f"{assignment.name.replace('/', '-')}.{kind}"
        return request.make_response(content, headers=[
            ('Content-Type', TYPES[kind]), ('Content-Disposition', content_disposition(name))])
