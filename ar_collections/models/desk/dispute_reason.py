from odoo import fields, models


class ArDisputeReason(models.Model):
    _name = 'ar.dispute.reason'
    _description = "Reason of a dispute"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', help="Empty: for every company.")
    owner_id = fields.Many2one(
        'res.users', domain=[('share', '=', False)],
        help="Who settles disputes of this kind. Empty: the collector of the customer.")
    deadline_days = fields.Integer(
        string="Settle within (days)", default=10, required=True,
        help="Deadline of a new dispute, and the usual time for the forecast until disputes of "
             "this kind have been settled.")

    _deadline_positive = models.Constraint(
        'CHECK(deadline_days > 0)', "Give at least one day to settle a dispute.")
