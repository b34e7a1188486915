from odoo import api, models


class AccountAccount(models.Model):
    """EXTENDS account: the receivable accounts of a company are kept in memory."""
    _inherit = 'account.account'

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        self.env.registry.clear_cache()
        return accounts

    def write(self, vals):
        result = super().write(vals)
        if {'account_type', 'company_ids', 'code'} & set(vals):
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
