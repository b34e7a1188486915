from odoo import models


class ArDunningPreviewSkip(models.TransientModel):
    """EXTENDS dunning: the law behind a reason, as on the items that a run leaves out."""
    _name = 'ar.dunning.preview.skip'
    _inherit = ['ar.dunning.preview.skip', 'ar.law.verdict']

    def _get_verdict_row(self):
        """EXTENDS law."""
        return self.reason, self.customer_id, self.move_line_id, self.preview_id.date
