from odoo import models
from odoo.tools import SQL


class ArCustomer(models.Model):
    """The statement of account of a customer: who receives it, in which language, and its page."""
    _name = 'ar.customer'
    _inherit = ['ar.customer', 'portal.mixin']

    def _compute_access_url(self):
        """OVERRIDES portal: the page of the statement."""
        for customer in self:
            customer.access_url = f'/my/statement/{customer.id}'

    def _get_report_base_filename(self):
        """Return the name of the file that the portal page downloads."""
        self.ensure_one()
        return self.env['report.ar_collections.report_ar_statement']._get_file_name(
            self, self.company_id._get_ar_today())

    def _get_statement_candidates(self):
        """Return the addresses to try, in order: as for reminders."""
        self.ensure_one()
        invoice_contacts = self.partner_id.child_ids.filtered(
            lambda partner: partner.type == 'invoice')
        # Who has left is archived, and gets nothing any more.
        return (self.collections_contact_id.filtered('active') | invoice_contacts
                | self.partner_id)

    def _get_statement_recipient(self):
        """Return the first address with an e-mail, or nothing."""
        candidates = self._get_statement_candidates()
        return candidates.filtered('email_normalized')[:1]

    def _get_statement_lang(self):
        """Return the language of the statement: that of its recipient."""
        self.ensure_one()
        recipient = self._get_statement_recipient()
        return (recipient.lang or self.partner_id.lang or self.company_id.partner_id.lang
                or self.env.lang or 'en_US')

    def _get_statement_url(self):
        """Return the address of the page, with the token that opens it without a login."""
        self.ensure_one()
        return f"{self.get_base_url()}{self.access_url}?access_token={self._portal_ensure_token()}"

    def _ensure_statement_tokens(self):
        """Give each of these customers the token of its page, all in one statement."""
        self.flush_recordset(['access_token'])
        self.env.cr.execute(SQL(
            "UPDATE ar_customer SET access_token = gen_random_uuid()::text"
            " WHERE id = ANY(%s) AND access_token IS NULL", self.ids))
        self.invalidate_recordset(['access_token'], flush=False)

    def action_open_statement(self):
        """Open the dialog of the statement for these customers."""
        self.check_access('read')
        return self.env['ar.statement.wizard']._open(self)

    def action_reset_statement_link(self):
        """Make a new token: links sent before open the page no longer."""
        self.check_access('write')
        # sudo: the token is no figure of the customer; the right to change it was asked above.
        self.sudo().write({'access_token': False})
        return True
