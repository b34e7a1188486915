from odoo import fields, models


class ArDunningOverride(models.Model):
    """Policy of one invoice. A row of ours, because nothing is stored on `account.move`."""
    _name = 'ar.dunning.override'
    _description = "Dunning policy of one invoice"
    _check_company_auto = True

    move_id = fields.Many2one('account.move', required=True, ondelete='cascade')
    company_id = fields.Many2one(related='move_id.company_id', store=True)
    policy_id = fields.Many2one(
        'ar.dunning.policy', required=True, ondelete='cascade', check_company=True)

    _move_uniq = models.Constraint('UNIQUE(move_id)', "This invoice already has its own policy.")
