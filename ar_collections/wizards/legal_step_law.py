from odoo import fields, models


class ArLegalStepNote(models.TransientModel):
    """EXTENDS desk: what the law says against going on, before the hand-over."""
    _inherit = 'ar.legal.step.note'

    pursuit_warning = fields.Text(related='case_id.pursuit_warning')
