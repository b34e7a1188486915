from odoo import Command, api, fields, models
from odoo.exceptions import UserError

# The act that doing it is, for the prescription of the items.
ACTS_OF_KINDS = {'insolvency_claim': 'insolvency_claim'}


class ArDeadlineDone(models.TransientModel):
    """Say what was done before a deadline, and when; note the act when it interrupts."""
    _name = 'ar.deadline.done'
    _description = "Deadline: what was done"

    deadline_ids = fields.Many2many('ar.deadline', required=True)
    done_on = fields.Date(
        string="Done on", required=True, default=lambda self: self._default_done_on())
    note = fields.Char(string="What was done", required=True)
    act = fields.Selection(
        selection='_get_acts', string="Interrupts prescription as",
        compute='_compute_act', store=True, readonly=False, precompute=True,
        help="It is noted among the acts, with its proof, and the prescription counts again.")
    reference = fields.Char()
    document_ids = fields.Many2many(
        'ir.attachment', 'ar_deadline_done_attachment_rel', 'wizard_id', 'attachment_id',
        string="Proof")
    is_late = fields.Boolean(compute='_compute_is_late')

    @api.model
    def _default_done_on(self):
        return self.env.company._get_ar_today()

    @api.model
    def _get_acts(self):
        return self.env['ar.limitation.act']._fields['kind']._description_selection(self.env)

    @api.depends('deadline_ids')
    def _compute_act(self):
        for wizard in self:
            kinds = set(wizard.deadline_ids.mapped('kind'))
            wizard.act = ACTS_OF_KINDS.get(kinds.pop()) if len(kinds) == 1 else False

    @api.depends('deadline_ids', 'done_on')
    def _compute_is_late(self):
        for wizard in self:
            wizard.is_late = bool(wizard.done_on) and any(
                deadline.last_day < wizard.done_on for deadline in wizard.deadline_ids)

    def action_done(self):
        """Close the deadlines and note the act."""
        self.ensure_one()
        deadlines = self.deadline_ids
        deadlines.check_access('write')
        if self.done_on > self.env.company._get_ar_today():
            raise UserError(self.env._("That day is still to come."))
        deadlines._set_done(self.done_on, self.note)
        if self.act:
            for customer, here in deadlines.grouped('customer_id').items():
                items = self.env['account.move.line'].sudo().union(*(
                    self.env['account.move.line'].sudo().search(
                        list(deadline._get_items_domain())) for deadline in here))
                self.env['ar.limitation.act'].create({
                    'customer_id': customer.id, 'kind': self.act, 'date': self.done_on,
                    'item_ids': [Command.set(items.ids)], 'reference': self.reference,
                    'note': self.note, 'document_ids': [Command.set(self.document_ids.ids)]})
        return {'type': 'ir.actions.act_window_close'}
