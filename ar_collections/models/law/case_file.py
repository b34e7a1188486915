from odoo import models


class ArCaseFile(models.Model):
    """EXTENDS desk: the deadlines of the customer's claims have a page in the file."""
    _inherit = 'ar.case.file'

    def _get_documents(self):
        """EXTENDS desk."""
        documents = super()._get_documents()
        customer = self.case_id.customer_id
        if self.env['ar.deadline'].search_count([('customer_id', '=', customer.id)], limit=1):
            name = self.env._("13 Deadlines")
            documents.append(('', name, self.date, 'made', 'deadlines', customer.id, 'pdf'))
        return documents


class ArCaseFileDocument(models.Model):
    """EXTENDS desk."""
    _inherit = 'ar.case.file.document'

    def _get_content(self):
        """EXTENDS desk: the page of deadlines."""
        if self.maker == 'deadlines':
            return self._render('ar_collections.ar_deadlines_report', res_ids=[self.res_id])
        return super()._get_content()
