from odoo import fields, models


class PaymentTransaction(models.Model):
    """EXTENDS payment: a payment of chosen items settles these, whatever document they are on."""
    _inherit = 'payment.transaction'

    ar_item_ids = fields.Many2many(
        'account.move.line', 'ar_payment_transaction_item_rel', 'transaction_id',
        'move_line_id', string="Items paid", readonly=True, copy=False,
        help="What the customer chose to pay on its page.")

    def _create_payment(self, **extra_create_values):
        """EXTENDS account_payment: what the invoices leave goes to the other chosen items.

        Those are entries that are no invoice, credits, single instalments of an invoice, and items
        disputed in part: they come last, so that the money does not settle what is disputed before
        what is not.
        """
        # sudo: the transaction is processed for a visitor.
        accounts = self.sudo().ar_item_ids.account_id
        account = accounts.filtered(lambda one: one.account_type == 'asset_receivable')[:1]
        if account and not self.invoice_ids:
            # Without an invoice Odoo would take the account of the partner as it is today. A
            # doubtful account is none that a payment may name.
            extra_create_values.setdefault('destination_account_id', account.id)
        payment = super()._create_payment(**extra_create_values)
        for tx in self.filtered('ar_item_ids'):
            # sudo: the transaction is processed for a visitor.
            items = tx.sudo().ar_item_ids
            disputed = items.browse(self.env['ar.door'].sudo()._get_disputed(items.ids))
            for part in (items - disputed, disputed):
                tx._match_chosen(payment, part)
        return payment

    def _match_chosen(self, payment, items):
        """Match what is left of a payment with some of the chosen items."""
        account = payment.destination_account_id
        items = items.filtered(
            lambda item: not item.reconciled and item.parent_state == 'posted'
            and item.account_id == account)
        money = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == account and not line.reconciled)
        if items and (money or any(item.amount_residual < 0 for item in items)):
            (items | money).reconcile()
