from odoo import models
from odoo.exceptions import UserError

from ..core.described_fields import PlainChar, PlainMonetary

READERS = 'ar_collections.group_ar_auditor,ar_collections.group_ar_collector_own'


class AccountMove(models.Model):
    """EXTENDS account: what the lateness of an invoice costs to date. Nothing is stored on it."""
    _inherit = 'account.move'

    ar_late_interest = PlainMonetary(
        string="Late interest to date", compute='_compute_ar_late_claim', compute_sudo=True,
        groups=READERS, help="Memo figure, less what was claimed or waived.")
    ar_late_compensation = PlainMonetary(
        string="Compensation to date", compute='_compute_ar_late_claim', compute_sudo=True,
        groups=READERS)
    ar_late_note = PlainChar(
        compute='_compute_ar_late_claim', compute_sudo=True, groups=READERS)

    def _compute_ar_late_claim(self):
        """A few queries per company, however many invoices are shown."""
        self.update({'ar_late_interest': 0.0, 'ar_late_compensation': 0.0, 'ar_late_note': False})
        engine = self.env['ar.interest.engine']
        late = self.filtered(lambda move: move.id and move.state == 'posted' and (
            move.move_type in ('out_invoice', 'out_receipt')))
        for company, moves in late.grouped('company_id').items():
            customers = self.env['ar.customer'].with_context(active_test=False).search([
                ('company_id', '=', company.id),
                ('partner_id', 'in', moves.commercial_partner_id.ids)])
            by_id = {move._origin.id: move for move in moves}
            for claim in engine._get_item_claims(
                    customers, company._get_ar_today(), moves=moves._origin):
                move = by_id[claim.move_id]
                if claim.reason:
                    move.ar_late_note = engine._describe_reason(claim)
                move.ar_late_interest += float(claim.interest)
                move.ar_late_compensation += float(claim.compensation)

    def action_ar_new_claim(self):
        """Prepare the statement of late interest of this invoice."""
        self.ensure_one()
        self.env['ar.claim'].check_access('create')
        customer = self.env['ar.customer']._get_or_create(
            self.commercial_partner_id, self.company_id)
        customer.check_access('read')
        claims = self.env['ar.claim']._prepare_for(
            customer, self.company_id._get_ar_today(), moves=self)
        if not claims:
            raise UserError(customer._tell_no_claim(self) or self.ar_late_note or self.env._(
                "There is nothing to claim: no open item is late, or all was claimed already."))
        return claims._get_action()
