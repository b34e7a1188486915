from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class ArDisputeReasonStep(models.Model):
    """One thing to do about disputes of a kind."""
    _name = 'ar.dispute.reason.step'
    _description = "Step of a reason of disputes"
    _order = 'sequence, id'

    reason_id = fields.Many2one(
        'ar.dispute.reason', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='reason_id.company_id', store=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(string="What to do", required=True, translate=True)


class ArDisputeReason(models.Model):
    _inherit = 'ar.dispute.reason'

    step_ids = fields.One2many(
        'ar.dispute.reason.step', 'reason_id', string="Steps", copy=True,
        help="What to do, in order. Each new dispute of this kind gets them as a list to tick.")


class ArDisputeStep(models.Model):
    """One thing to do about one dispute: ticked by whom and when is kept.

    A copy of the reason's step, so that a later change of the reason rewrites no history.
    """
    _name = 'ar.dispute.step'
    _description = "Step of a dispute"
    _order = 'sequence, id'

    dispute_id = fields.Many2one('ar.dispute', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='dispute_id.customer_id', store=True)
    company_id = fields.Many2one(related='dispute_id.company_id', store=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(string="What to do", required=True, translate=True)
    done = fields.Boolean()
    done_by_id = fields.Many2one('res.users', string="Done by", readonly=True, copy=False)
    done_on = fields.Date(string="Done on", readonly=True, copy=False)

    @api.model_create_multi
    def create(self, vals_list):
        self._check_derived(vals_list)
        steps = super().create(vals_list)
        steps._check_dispute_open()
        steps.filtered('done')._stamp()
        return steps

    def write(self, vals):
        self._check_derived([vals])
        self._check_dispute_open()
        self._check_own_words(vals)
        ticked = self.filtered(lambda step: step.done != vals.get('done', step.done))
        result = super().write(vals)
        ticked._stamp()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        if any(step.done for step in self):
            raise UserError(self.env._("What was done stays: take the tick away first."))
        self._check_dispute_open()

    def _stamp(self):
        """Write down who ticked these steps and when, or forget it with the tick."""
        for company, steps in self.grouped('company_id').items():
            done = steps.filtered('done')
            # sudo: nobody signs for somebody else; the hand of the user is what is written.
            done.sudo().write({'done_by_id': self.env.uid, 'done_on': company._get_ar_today()})
            (steps - done).sudo().write({'done_by_id': False, 'done_on': False})

    def _check_derived(self, vals_list):
        derived = {'done_by_id', 'done_on', 'customer_id', 'company_id'}
        if not self.env.su and any(set(vals) & derived for vals in vals_list):
            raise AccessError(self.env._("Who did a step and when is written by its tick."))

    def _check_own_words(self, vals):
        """What somebody signed for stays what it was, and stays where it was."""
        if self.env.su:
            return
        if 'dispute_id' in vals and any(step.dispute_id.id != vals['dispute_id'] for step in self):
            raise AccessError(self.env._("A step belongs to its dispute."))
        if 'name' in vals and any(step.done and step.name != vals['name'] for step in self):
            raise UserError(self.env._("What was done stays: take the tick away first."))

    def _check_dispute_open(self):
        if not self.env.su and any(step.dispute_id.state != 'open' for step in self):
            raise UserError(self.env._("Open the dispute again before you change its steps."))


class ArDispute(models.Model):
    """A dispute begins with the steps of its reason."""
    _inherit = 'ar.dispute'

    step_ids = fields.One2many('ar.dispute.step', 'dispute_id', string="Steps", copy=False)
    next_step = fields.Char(
        compute='_compute_next_step', help="The first step that nobody has ticked.")

    @api.depends('step_ids.done', 'step_ids.name', 'step_ids.sequence', 'state')
    @api.depends_context('lang')
    def _compute_next_step(self):
        for dispute in self:
            waiting = dispute.step_ids.filtered(lambda step: not step.done)
            dispute.next_step = waiting[:1].name if dispute.state == 'open' else False

    @api.model_create_multi
    def create(self, vals_list):
        disputes = super().create(vals_list)
        # A form that shows them already sends them along.
        disputes.filtered(lambda dispute: not dispute.step_ids)._copy_steps()
        return disputes

    def write(self, vals):
        """EXTENDS agreement: another reason has other steps; what was done stays."""
        changed = self.filtered(
            lambda dispute: dispute.state == 'open' and 'reason_id' in vals
            and dispute.reason_id.id != vals['reason_id'])
        result = super().write(vals)
        if changed:
            # sudo: the steps follow the reason, which the user could write.
            changed.sudo().step_ids.filtered(lambda step: not step.done).unlink()
            changed._copy_steps()
        return result

    def _copy_steps(self):
        """Give these disputes the steps of their reasons, in every language, in one statement."""
        self.flush_recordset()
        self.env['ar.dispute.reason.step'].flush_model()
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_dispute_step (
                dispute_id, customer_id, company_id, sequence, name, done,
                create_uid, write_uid, create_date, write_date)
            SELECT dispute.id, dispute.customer_id, dispute.company_id, step.sequence, step.name,
                   FALSE, %(user)s, %(user)s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
              FROM ar_dispute dispute
              JOIN ar_dispute_reason_step step ON step.reason_id = dispute.reason_id
             WHERE dispute.id = ANY(%(ids)s)
             ORDER BY dispute.id, step.sequence, step.id
            """, ids=self.ids, user=self.env.uid))
        self.invalidate_recordset(['step_ids', 'next_step'])
