from odoo import models


class MergePartnerAutomatic(models.TransientModel):
    _inherit = 'base.partner.merge.automatic.wizard'

    def _update_foreign_keys(self, src_partners, dst_partner):
        """EXTENDS base: merge the customer accounts first.

        A customer is unique per partner and company: left to itself, the merge would delete the
        account of the merged partner together with its history.
        """
        # sudo: whoever may merge partners may not see their receivables.
        Customer = self.env['ar.customer'].sudo().with_context(active_test=False)
        for customer in Customer.search([('partner_id', 'in', src_partners.ids)]):
            kept = Customer.search([
                ('partner_id', '=', dst_partner.id), ('company_id', '=', customer.company_id.id)])
            if kept:
                kept._absorb(customer)
            else:
                customer.partner_id = dst_partner
        return super()._update_foreign_keys(src_partners, dst_partner)


class ArCustomer(models.Model):
    _inherit = 'ar.customer'

    def _absorb(self, other):
        """Take over what hangs on ``other``, the account of a partner that is being merged.

        Rooms that hang records on a customer extend this.
        """
        self.ensure_one()
        self.message_post(body=self.env._(
            "The account of %s was merged into this one.", other.partner_id.display_name))
        other.unlink()
