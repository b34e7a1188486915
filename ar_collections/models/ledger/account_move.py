from odoo import models


class AccountMove(models.Model):
    """EXTENDS account: the paper of a posted invoice, for whoever is asked to pay it."""
    _inherit = 'account.move'

    # The drafts of a customer count in the exposure: without this index each decision reads every
    # invoice that the customer ever had.
    _ar_draft_idx = models.Index("(partner_id) WHERE state = 'draft'")

    def _get_ar_invoice_pdf(self):
        """Return the document of this invoice: the stored legal one, as it was sent, else a print.

        Odoo's own way out when nothing was stored is a "pro forma": that is no invoice, and nobody
        pays or books it. A posted invoice has its number and is an invoice, so it is printed as
        one, with the template of the customer or journal. The print is not stored: the legal
        document is made by Odoo's sending, with the files that belong to it.

        :return: dict with ``filename`` and ``content`` (bytes), or None when the invoice is not
            posted
        :rtype: dict
        """
        self.ensure_one()
        if self.state != 'posted':
            return None
        legal = self._get_invoice_legal_documents('pdf')
        if legal:
            return legal
        report = self.env['account.move.send']._get_default_pdf_report_id(self)
        Report = self.env['ir.actions.report'].with_company(self.company_id)
        content, kind = Report._pre_render_qweb_pdf(report.report_name, self.ids)
        return {
            'filename': self._get_invoice_report_filename(report=report),
            'content': Report._get_splitted_report(report.report_name, content, kind)[self.id],
        }
