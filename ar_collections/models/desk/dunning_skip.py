from odoo import fields, models


class ArDunningSkip(models.Model):
    """EXTENDS dunning: why the desk keeps an item out of a run."""
    _inherit = 'ar.dunning.skip'

    reason = fields.Selection(
        selection_add=[('promised', "Payment is promised"), ('disputed', "Disputed")],
        ondelete={'promised': 'cascade', 'disputed': 'cascade'})
