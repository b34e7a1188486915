from odoo import fields, models


class ResCompany(models.Model):
    _inherit = 'res.company'

    ar_credit_active = fields.Boolean(
        string="Credit control on orders",
        help="Judge every order at confirmation by the credit rules. Odoo's own credit banner "
             "steps back for ours.")
    ar_exposure_drafts = fields.Boolean(
        string="Draft invoices count", help="Count draft invoices in the exposure.")
    ar_doubtful_account_ids = fields.Many2many(
        'account.account', 'ar_company_doubtful_account_rel', string="Doubtful customer accounts",
        domain="[('account_type', '!=', 'asset_receivable'), ('reconcile', '=', True)]",
        help="Accounts to which doubtful claims are moved (416 in France): Odoo does not type them "
             "as receivable, yet the customer still owes what stands there.")
    ar_limit_warning_days = fields.Integer(
        string="Warn before a limit expires (days)", default=15)
    ar_invoice_stop = fields.Boolean(
        string="Stop invoices too",
        help="Judge customer invoices and receipts at posting that do not come from an order. "
             "Credit notes and payments are never stopped.")

    def _get_ar_exposure_account_ids(self):
        """Return the ids of the accounts on which a customer can owe: receivable and doubtful."""
        return [*self._get_ar_account_ids(), *self.root_id.sudo().ar_doubtful_account_ids.ids]
