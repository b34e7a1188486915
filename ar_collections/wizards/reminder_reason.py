from odoo import fields, models


class ArReminderReason(models.TransientModel):
    """Asks why a reminder is skipped or given up: the answer stays on it."""
    _name = 'ar.reminder.reason'
    _description = "Reason to stop a reminder"

    reminder_ids = fields.Many2many('ar.reminder', required=True)
    mode = fields.Selection([('skip', "Skip"), ('cancel', "Give up")], required=True,
                            help="Either way the level counts as done and is not proposed again.")
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Skip the reminders, or give up those that failed, with the reason given."""
        self.ensure_one()
        self.reminder_ids.check_access('write')
        # sudo: only the state machine writes states; the right to stop was checked above.
        reminders = self.reminder_ids.sudo()
        reminders._set_skipped(self.reason)
        reminders.run_id._close_approval_activities()
        return {'type': 'ir.actions.act_window_close'}
