from odoo import models


class ArReminder(models.Model):
    """The statement of account that some levels attach."""
    _inherit = 'ar.reminder'

    def _get_statement_document(self):
        """Return the statement of the customer as an attachment: (file name, bytes, mimetype)."""
        self.ensure_one()
        # sudo: the statement goes to the customer, not to whoever pressed the button.
        content, report_type = self.env['ir.actions.report'].sudo()._render_qweb_pdf(
            'ar_collections.ar_statement_report', res_ids=self.customer_id.ids)
        company = self.company_id
        day = company._get_ar_today().isoformat()
        name = self.with_context(lang=self.lang).env._("Statement of account %s", day)
        # Under test Odoo returns the HTML instead.
        if report_type != 'pdf':
            content = content.encode() if isinstance(content, str) else bytes(content)
            return f"{name}.html", content, 'text/html'
        return f"{name}.pdf", content, 'application/pdf'
