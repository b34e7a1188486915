from odoo import api, models
from odoo.exceptions import UserError


class ArDoubtfulLine(models.Model):
    """VAT that falls due on payment (cash basis) of claims that were moved to doubtful accounts.

    Odoo declares such VAT when something is matched with the item of the invoice, and looks no
    further. Moving a claim pays nothing, so nothing is declared by it; what is paid afterwards on
    the doubtful account, or on what came back from it, is a payment of that invoice: Odoo's own
    entry is made at its date, and taken back by Odoo when the payment is unmatched.
    """
    _inherit = 'ar.doubtful.line'

    @api.model
    def _sort_partials(self, partials):
        """Tell the moving of a claim from its payment.

        :param partials: `account.partial.reconcile`
        :return: (partials that move a claim or take the moving back, [(partial, item on which the
            claim stands, first item of the claim)] of those that pay it there)
        """
        moving, paying = partials.browse(), []
        if not partials or not self._is_used():
            return moving, paying
        items = partials.debit_move_id | partials.credit_move_id
        roots = {}
        # sudo: VAT is declared, whoever books the payment.
        for line in self.sudo().search([
                '|', '|', ('root_line_id', 'in', items.ids), ('credit_line_id', 'in', items.ids),
                '|', '|', ('doubtful_line_id', 'in', items.ids), ('out_line_id', 'in', items.ids),
                ('back_line_id', 'in', items.ids)]):
            for item in line._get_made_items() | line.root_line_id:
                roots[item.id] = line.root_line_id
        for partial in partials:
            debit, credit = partial.debit_move_id, partial.credit_move_id
            root = roots.get(debit.id)
            if root and root == roots.get(credit.id):
                moving |= partial
            elif root and root != debit:
                if credit.move_id.reversed_entry_id == debit.move_id:
                    moving |= partial
                else:
                    paying.append((partial, debit, root))
        return moving, paying

    def _get_made_items(self):
        """Return the items that the transfers made of the claims."""
        return (self.credit_line_id | self.doubtful_line_id | self.out_line_id
                | self.back_line_id)


class AccountPartialReconcile(models.Model):
    """EXTENDS account: what is paid on a doubtful claim pays its invoice."""
    _inherit = 'account.partial.reconcile'

    def _collect_tax_cash_basis_values(self):
        """EXTENDS account: without the moving of claims, with what is paid where they stand.

        The shares and rates are counted as Odoo counts them for the item of the invoice.
        """
        moving, paying = self.env['ar.doubtful.line']._sort_partials(self)
        values = super(AccountPartialReconcile, self - moving)._collect_tax_cash_basis_values()
        for partial, item, root in paying:
            invoice = root.move_id
            invoice_values = values.get(invoice.id) or invoice._collect_tax_cash_basis_values()
            payment = invoice_values and partial._get_doubtful_tax_payment(item, invoice_values)
            if payment:
                invoice_values.setdefault('partials', []).append(payment)
                values[invoice.id] = invoice_values
        return values

    def _get_doubtful_tax_payment(self, item, values):
        """Return what part of an invoice this pays, as Odoo's cash basis entries take it.

        :param item: the item where the claim stands, debited
        :param values: of the invoice, as `account.move._collect_tax_cash_basis_values` returns it
        :return: dict, or None when nothing falls due
        """
        self.ensure_one()
        taxes = [line for kind, line in values['to_process_lines'] if kind == 'tax']
        if taxes and all(
                line.account_id.reconcile and line.reconciled for line in taxes):
            # All of it was declared or taken off before: never twice.
            return None
        invoice = values['move']
        if not self.company_id.tax_cash_basis_journal_id:
            raise UserError(self.env._(
                "VAT on %(invoice)s falls due with this payment. Choose the journal of VAT on "
                "payment of %(company)s in the settings of Invoicing first.",
                invoice=invoice.name, company=self.company_id.display_name))
        if values['currency'] == invoice.company_id.currency_id:
            paid, whole = self.amount, values['total_balance']
        else:
            paid, whole = self.debit_amount_currency, values['total_amount_currency']
        if values['currency'].is_zero(paid):
            # A difference of exchange.
            return None
        other = self.credit_move_id
        if item.currency_id != other.currency_id:
            rate = self.env['res.currency']._get_conversion_rate(
                other.company_currency_id, item.currency_id, other.company_id, other.date)
        elif other.move_id.is_invoice(include_receipts=True):
            # A credit note against what came back: each document at its own rate.
            rate = item.balance and item.amount_currency / item.balance
        else:
            rate = other.balance and other.amount_currency / other.balance
        return {
            'partial': self, 'percentage': paid / whole, 'payment_rate': rate,
            'both_move_posted': item.parent_state == other.parent_state == 'posted',
        }


class AccountMoveLine(models.Model):
    """EXTENDS account: Odoo asks for VAT on payment on receivable accounts only."""
    _inherit = 'account.move.line'

    @api.model
    def _reconcile_plan_with_sync(self, plan_list, all_amls):
        """EXTENDS account: a payment of a doubtful claim declares the VAT of its invoice."""
        result = super()._reconcile_plan_with_sync(plan_list, all_amls)
        if self.env.context.get('move_reverse_cancel') or self.env.context.get('no_cash_basis'):
            return result
        partials = self.env['account.partial.reconcile'].union(*(
            plan['partials'] for plan in plan_list
            if any(plan['amls'].company_id.mapped('tax_exigibility'))
            and plan['amls'].account_id.account_type not in (
                'asset_receivable', 'liability_payable')))
        _moving, paying = self.env['ar.doubtful.line']._sort_partials(partials)
        if paying:
            # Odoo's own method, for these partials only.
            partials.union(*(row[0] for row in paying)).with_context(
                no_exchange_difference_no_recursive=False)._create_tax_cash_basis_moves()
        return result


class AccountMove(models.Model):
    """EXTENDS account: an invoice is paid in full when its claims are, wherever they stand."""
    _inherit = 'account.move'

    @api.model_create_multi
    def create(self, vals_list):
        """EXTENDS account: VAT falls due on the day of the payment, even before the transfer."""
        wanted = [vals for vals in vals_list if vals.get('tax_cash_basis_rec_id')]
        if wanted:
            _moving, paying = self.env['ar.doubtful.line']._sort_partials(
                self.env['account.partial.reconcile'].browse(
                    [vals['tax_cash_basis_rec_id'] for vals in wanted]))
            days = {partial.id: max(root.date, partial.credit_move_id.date)
                    for partial, _item, root in paying}
            for vals in wanted:
                day = days.get(vals['tax_cash_basis_rec_id'])
                if day and vals.get('tax_cash_basis_origin_move_id'):
                    invoice = self.browse(vals['tax_cash_basis_origin_move_id'])
                    journal = self.env['account.journal'].browse(vals['journal_id'])
                    # In a closed period it stays where Odoo puts it.
                    if day > invoice.company_id._get_user_fiscal_lock_date(journal):
                        vals['date'] = day
        return super().create(vals_list)

    def _post(self, soft=True):
        """EXTENDS account: the VAT of a payment that was matched as a draft falls due now."""
        posted = super()._post(soft)
        if any(posted.company_id.mapped('tax_exigibility')) and (
                self.env['ar.doubtful.line']._is_used()):
            lines = posted.line_ids
            # sudo: made and posted as Odoo does, by whoever posts the payment.
            self.sudo().search([
                ('state', '=', 'draft'), ('tax_cash_basis_rec_id', 'in', (
                    lines.matched_debit_ids | lines.matched_credit_ids).ids),
                ('tax_cash_basis_rec_id.debit_move_id.parent_state', '=', 'posted'),
                ('tax_cash_basis_rec_id.credit_move_id.parent_state', '=', 'posted'),
            ])._post(soft=False)
        return posted

    def _collect_tax_cash_basis_values(self):
        """EXTENDS account: the last payment takes what is left of the VAT, so it must be one."""
        values = super()._collect_tax_cash_basis_values()
        Doubtful = self.env['ar.doubtful.line']
        if not values or not Doubtful._is_used():
            return values
        # sudo: see above. Drafts count: the two sides of an entry that is not posted add up to
        # nothing, and after it was set back to draft its items stay matched.
        elsewhere = Doubtful.sudo().search(
            [('root_line_id', 'in', self.line_ids.ids)])._get_made_items()
        if elsewhere:
            values['total_residual'] += sum(elsewhere.mapped('amount_residual'))
            values['total_residual_currency'] += sum(elsewhere.mapped('amount_residual_currency'))
            values['is_fully_paid'] = (
                self.company_id.currency_id.is_zero(values['total_residual'])
                or values['currency'].is_zero(values['total_residual_currency']))
        return values
