from odoo import api, fields, models
from odoo.exceptions import UserError

from .cover_status import LAYER_KINDS, LAYER_ORDER, STATUSES

SOURCES = [
    ('provider', "Connection"), ('manual', "Typed in"), ('policy', "Policy rules")]


class ArCoverLayer(models.Model):
    """One amount of a cover and the deliveries it covers, by their date.

    Layers are the history of a cover: a new decision ends those in force and adds its own. Only
    the end of a layer ever changes.
    """
    _name = 'ar.cover.layer'
    _description = "Layer of a cover"
    _order = 'date_from desc, id desc'

    cover_id = fields.Many2one('ar.cover', required=True, index=True, ondelete='cascade')
    policy_id = fields.Many2one(related='cover_id.policy_id', store=True, index=True)
    customer_id = fields.Many2one(related='cover_id.customer_id', store=True, index=True)
    company_id = fields.Many2one(related='cover_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='cover_id.currency_id')
    kind = fields.Selection(LAYER_KINDS, required=True, default='permanent')
    rank = fields.Integer(
        compute='_compute_rank', store=True, help="Layers with a lower rank are used up first.")
    amount = fields.Monetary(required=True)
    insured_percentage = fields.Float(
        digits=(5, 2), help="Zero: the percentage of the policy for this kind of cover.")
    date_from = fields.Date(
        string="Deliveries from", required=True, help="First day of delivery that is covered.")
    date_to = fields.Date(
        string="Deliveries until", help="Last day of delivery that is covered. Empty: no end.")
    status = fields.Selection(STATUSES, string="Decision", required=True)
    provider_code = fields.Char(string="Insurer's code")
    decided_on = fields.Date()
    conditions = fields.Text()
    source = fields.Selection(SOURCES, required=True, default='manual')
    environment = fields.Char(
        help="Which installation of the insurer said so: production, test or simulator.")
    proof = fields.Text(help="On what the policy lets us grant this ourselves, as read that day.")
    document_ids = fields.Many2many('ir.attachment', string="Documents")
    state = fields.Selection(
        [('future', "Not started"), ('active', "In force"), ('ended', "Ended")],
        compute='_compute_state')

    _amount_positive = models.Constraint('CHECK(amount >= 0)', "Cover cannot be negative.")
    # A layer that was replaced before it began ends on the day before its first.
    _dates_order = models.Constraint(
        'CHECK(date_to IS NULL OR date_to >= date_from - 1)',
        "A layer cannot end before it starts.")
    _percentage_range = models.Constraint(
        'CHECK(insured_percentage BETWEEN 0 AND 100)', "Percentages run from 0 to 100.")
    _cover_dates_idx = models.Index('(cover_id, date_from)')

    @api.depends('kind')
    def _compute_rank(self):
        for layer in self:
            layer.rank = LAYER_ORDER.get(layer.kind, 99)

    @api.depends('date_from', 'date_to')
    def _compute_state(self):
        for layer in self:
            today = (layer.company_id or self.env.company)._get_ar_today()
            if layer.date_to and layer.date_to < today:
                layer.state = 'ended'
            else:
                layer.state = 'active' if layer.date_from <= today else 'future'

    def write(self, vals):
        """A layer is history: a decision ends it and writes another."""
        self.check_access('write')
        if set(vals) - {'date_to', 'document_ids', 'rank', 'policy_id', 'customer_id',
                        'company_id'}:
            raise UserError(self.env._(
                "What was decided is history. Type in the new decision instead."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What was decided is history and cannot be deleted."))
