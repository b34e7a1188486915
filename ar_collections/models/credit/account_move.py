from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """EXTENDS account: optional stop at posting, and one credit banner instead of two."""
    _inherit = 'account.move'

    def _post(self, soft=True):
        """EXTENDS account: judge invoices that no order has judged; never what lowers the debt."""
        self.filtered(lambda move: move._needs_credit_decision())._refuse_credit_offenders()
        posted = super()._post(soft)
        posted._wake_held_orders()
        return posted

    def _wake_held_orders(self):
        """What lowers a debt may free a held order, matched with an invoice or not."""
        moves = self.filtered(lambda move: move.company_id.ar_credit_active and (
            move.move_type in ('entry', 'out_refund')))
        lines = moves.line_ids.filtered(lambda line: line.balance < 0 and line.partner_id and (
            line.account_id.account_type == 'asset_receivable'))
        self.env['ar.credit.hold']._wake_for(lines.partner_id)

    def _needs_credit_decision(self):
        self.ensure_one()
        return (
            self.move_type in ('out_invoice', 'out_receipt')
            and self.company_id.ar_credit_active and self.company_id.ar_invoice_stop
            and not self._is_judged_by_order()
        )

    def _is_judged_by_order(self):
        """The orders of an invoice were judged for it, unless it goes beyond them."""
        return bool(self.line_ids.sale_line_ids) and (
            self.company_id.currency_id.compare_amounts(self._get_unjudged_amount(), 0) <= 0)

    def _refuse_credit_offenders(self):
        """Raise when the rules hold one of these invoices, for what no order was judged for."""
        passed = {}
        for company, moves in self.grouped('company_id').items():
            demands = []
            for move in moves:
                added = move._get_unjudged_amount()
                demands.append({
                    'key': move, 'partner': move.commercial_partner_id,
                    'added': added, 'total': added, 'counted': added if (
                        company.ar_exposure_drafts or move.line_ids.sale_line_ids) else 0.0})
            # sudo: as for orders, only messages come back.
            self.env['ar.customer'].sudo()._touch_for_decision(
                moves.commercial_partner_id, company)
            for move, holding in self.env['ar.credit.decision'].sudo()._judge(
                    company, demands, binding=True, passed=passed).items():
                if holding:
                    raise UserError(self.env._(
                        "Invoice for %(customer)s is stopped by credit control:\n%(reasons)s\n"
                        "Ask a credit manager for a higher limit.",
                        customer=move.partner_id.display_name,
                        reasons="\n".join(f"• {reason['message']}" for reason in holding)))

    def _build_credit_warning_message(self, record, current_amount=0.0, exclude_current=False,
                                      exclude_amount=0.0):
        """EXTENDS account: step back for our own banner, which reads the right company."""
        if record.company_id.ar_credit_active:
            return ''
        return super()._build_credit_warning_message(
            record, current_amount=current_amount, exclude_current=exclude_current,
            exclude_amount=exclude_amount)
