from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, format_date

from ..const import CHANNELS, EXECUTIONS


class ArDunningPreview(models.TransientModel):
    """What a run would do, before anything is created. Same decision, same tables."""
    _name = 'ar.dunning.preview'
    _description = "Preview of a dunning run"

    company_id = fields.Many2one(
        'res.company', required=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related='company_id.currency_id')
    date = fields.Date(required=True, default=lambda self: self.env.company._get_ar_today())
    customer_ids = fields.Many2many(
        'ar.customer', help="Empty: every customer of the company.")
    line_ids = fields.One2many('ar.dunning.preview.line', 'preview_id', readonly=True)
    skip_ids = fields.One2many('ar.dunning.preview.skip', 'preview_id', readonly=True)
    message_count = fields.Integer(compute='_compute_totals')
    automatic_count = fields.Integer(compute='_compute_totals')
    waiting_count = fields.Integer(compute='_compute_totals')
    item_count = fields.Integer(compute='_compute_totals')
    skip_count = fields.Integer(compute='_compute_totals')
    amount = fields.Monetary(compute='_compute_totals')

    @api.depends('line_ids', 'skip_ids')
    def _compute_totals(self):
        for preview in self:
            lines = preview.line_ids
            preview.message_count = len(lines)
            preview.automatic_count = len(
                lines.filtered(lambda line: line.execution == 'automatic'))
            preview.waiting_count = preview.message_count - preview.automatic_count
            preview.item_count = sum(lines.mapped('item_count'))
            preview.amount = sum(lines.mapped('amount'))
            preview.skip_count = len(preview.skip_ids)

    @api.depends('date')
    def _compute_display_name(self):
        for preview in self:
            preview.display_name = self.env._("Preview of %s", format_date(self.env, preview.date))

    @api.model_create_multi
    def create(self, vals_list):
        previews = super().create(vals_list)
        for preview in previews:
            preview._fill()
        return previews

    def _fill(self):
        """Decide and copy the decision here: no reminder is created."""
        self.ensure_one()
        self._check_scope()
        # sudo: the decision is about all the customers of the company.
        engine = self.env['ar.dunning.engine'].sudo()
        if not self.customer_ids:
            self.env['ar.customer'].sudo()._refresh(self.company_id, changed_only=True)
        engine._decide(self.company_id, self.date, self.customer_ids.ids or None)
        meta = SQL("%s, %s, %s, %s", self.env.uid, self.env.cr.now(), self.env.uid,
                   self.env.cr.now())
        self.line_ids.unlink()
        self.skip_ids.unlink()
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_dunning_preview_line (
                preview_id, customer_id, level_id, policy_id, move_id, channel, execution, capped,
                item_count, amount, recipient_id, create_uid, create_date, write_uid, write_date)
            SELECT %s, message.customer_id, message.level_id, message.policy_id, message.move_id,
                   message.channel, message.execution, message.capped, total.items,
                   total.claimed, message.recipient_id, %s
              FROM ar_dunning_group message
              LEFT JOIN (%s) total ON total.group_id = message.group_id
             WHERE message.reason IS NULL
            """, self.id, meta, engine._get_total_query()))
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_dunning_preview_skip (
                preview_id, customer_id, move_line_id, move_id, level_id, reason, amount,
                create_uid, create_date, write_uid, write_date)
            SELECT %s, customer_id, move_line_id, move_id, level_id, reason, amount, %s
              FROM (%s) skip
            """, self.id, meta, engine._get_skip_query(self.company_id)))
        self.env.invalidate_all()

    def _check_scope(self):
        """The engine runs with all rights: say here for whom this user may ask.

        :raise AccessError: another company, or customers whom the user may not see
        """
        self.env['ar.dunning.run'].check_access('create')
        self.customer_ids.check_access('write')
        if self.company_id not in self.env.companies or (
                self.customer_ids.company_id - self.company_id):
            raise AccessError(self.env._(
                "Choose one of your companies, and customers of that company."))

    def action_refresh(self):
        """Decide again, for instance after changing the date."""
        self.ensure_one()
        self._fill()
        return True

    @api.model
    def action_open(self):
        """Decide for every customer of the current company, and show the result."""
        return self.create({})._get_form_action()

    def action_view_lines(self):
        """Open the messages as a list, by level: to filter, group and export."""
        return self._get_list_action(
            'ar.dunning.preview.line', self.env._("Messages"), {'group_by': ['level_id']})

    def action_view_skips(self):
        """Open what is left out as a list, by reason."""
        return self._get_list_action(
            'ar.dunning.preview.skip', self.env._("Left out"), {'group_by': ['reason']})

    def _get_form_action(self):
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': self._name, 'res_id': self.id,
            'view_mode': 'form', 'views': [(False, 'form')], 'target': 'current',
            'name': self.env._("Preview"),
        }

    def _get_list_action(self, model, name, context):
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': model, 'name': name,
            'view_mode': 'list', 'views': [(False, 'list')],
            'domain': [('preview_id', '=', self.id)], 'context': context,
        }

    def action_create_reminders(self):
        """Create the proposals that were previewed, and open the run."""
        self.ensure_one()
        self._check_scope()
        run = self.env['ar.dunning.run'].sudo()._run(
            self.company_id, self.date, customers=self.customer_ids or None)
        run.reminder_ids.filtered(lambda r: r.state == 'approved')._trigger_sending()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.dunning.run', 'res_id': run.id,
            'view_mode': 'form', 'views': [(False, 'form')], 'target': 'current',
        }


class ArDunningPreviewLine(models.TransientModel):
    _name = 'ar.dunning.preview.line'
    _description = "Message that a run would create"
    _order = 'amount desc, id'

    preview_id = fields.Many2one(
        'ar.dunning.preview', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='preview_id.company_id')
    currency_id = fields.Many2one(related='preview_id.currency_id')
    customer_id = fields.Many2one('ar.customer')
    recipient_id = fields.Many2one('res.partner')
    policy_id = fields.Many2one('ar.dunning.policy')
    level_id = fields.Many2one('ar.dunning.level')
    move_id = fields.Many2one('account.move', string="Invoice")
    channel = fields.Selection(CHANNELS)
    execution = fields.Selection(EXECUTIONS)
    capped = fields.Boolean(string="Held by the cap")
    item_count = fields.Integer(string="Items")
    amount = fields.Monetary()


class ArDunningPreviewSkip(models.TransientModel):
    _name = 'ar.dunning.preview.skip'
    _description = "Item that a run would leave out"
    _order = 'reason, amount desc, id'

    preview_id = fields.Many2one(
        'ar.dunning.preview', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='preview_id.company_id')
    currency_id = fields.Many2one(related='preview_id.currency_id')
    customer_id = fields.Many2one('ar.customer')
    move_line_id = fields.Many2one('account.move.line', string="Item", ondelete='cascade')
    move_id = fields.Many2one('account.move', string="Invoice")
    level_id = fields.Many2one('ar.dunning.level')
    reason = fields.Selection(selection='_get_reasons')

    @api.model
    def _get_reasons(self):
        """Return the reasons of a run, those of every room."""
        return self.env['ar.dunning.skip']._fields['reason']._description_selection(self.env)
    amount = fields.Monetary()
