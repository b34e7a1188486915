from odoo import api, models


class ResCurrencyRate(models.Model):
    """EXTENDS base: rates are kept in memory between credit decisions."""
    _inherit = 'res.currency.rate'

    @api.model_create_multi
    def create(self, vals_list):
        rates = super().create(vals_list)
        self.env.registry.clear_cache()
        return rates

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
