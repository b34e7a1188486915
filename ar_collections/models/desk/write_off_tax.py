from odoo import api, fields, models
from odoo.exceptions import AccessError

LIST = 'ar_collections.ar_vat_recovery_report'


class ArWriteOff(models.Model):
    """VAT that falls due on payment: a loss is no payment, and no VAT falls due by it.

    It is taken off the account where it waits, whether or not other VAT is recovered: it was never
    owed to the state, so it is no loss either.
    """
    _inherit = 'ar.write.off'

    has_vat_list = fields.Boolean(
        string="List for lost VAT", compute='_compute_has_vat_list')

    @api.depends('recover_tax', 'company_id', 'state')
    def _compute_has_vat_list(self):
        """French VAT comes back only after the customer was sent the list of art. 272 CGI."""
        for record in self:
            record.has_vat_list = bool(
                record.recover_tax and record.company_id.country_id.code == 'FR'
                and record.state not in ('refused', 'cancelled', 'undone'))

    def action_vat_list(self):
        """Print the list of unpaid invoices for the customer; the copy to keep stays here.

        Source: art. 272, 1 CGI; see `report.ar_collections.report_vat_recovery`.

        :raise UserError: when nothing of an invoice is lost, or no VAT can come back
        """
        self.ensure_one()
        self.check_access('write')
        if not self.env.user.has_group('ar_collections.group_ar_manager'):
            raise AccessError(self.env._("Only a credit manager makes the list of lost VAT."))
        invoices = self.env['account.move'].union(
            *(line._get_origin().move_id.sudo(False) for line in self.line_ids))
        content, kind = self.env['ir.actions.report']._render_qweb_pdf(LIST, invoices.ids)
        message = self.message_post(
            body=self.env._("List of unpaid invoices for the customer: send it, this is the copy "
                            "to keep."),
            attachments=[(f"{self.name.replace('/', '-')}.{kind}", content)])
        return {
            'type': 'ir.actions.act_url', 'target': 'download',
            'url': f'/web/content/{message.attachment_ids.id}?download=true',
        }

    def _get_waiting_tax(self):
        """Return the VAT in this write-off that never fell due, in company currency."""
        self.ensure_one()
        return sum(part[1] for line in self.line_ids
                   for part in line._get_tax_parts(waiting_only=True))

    def _settle(self):
        """EXTENDS proposed entry: Odoo would book the VAT as due, as for a payment."""
        result = super(ArWriteOff, self.with_context(no_cash_basis=True))._settle()
        for record in self.filtered(lambda record: record.move_id.state == 'posted'):
            for line in record.line_ids:
                line._settle_waiting_tax()
        return result


class ArWriteOffLine(models.Model):
    _inherit = 'ar.write.off.line'

    def _is_tax_waiting(self, tax_line):
        """Return whether a tax of the invoice waits for its payment, wherever the claim stands."""
        return tax_line.tax_line_id.tax_exigibility == 'on_payment'

    def _settle_waiting_tax(self):
        """Match what was taken off a waiting account, so that the last payment finds the rest."""
        self.ensure_one()
        invoice = self._get_origin().move_id
        waiting = invoice.line_ids.filtered(
            lambda item: item.tax_line_id and self._is_tax_waiting(item)
            and item.account_id.reconcile and not item.reconciled)
        for account, items in waiting.grouped('account_id').items():
            ours = self.write_off_id.sudo().move_id.line_ids.filtered(
                lambda item, account=account: item.account_id == account
                and item.name == invoice.name and not item.reconciled)
            if ours:
                (items | ours).reconcile()
