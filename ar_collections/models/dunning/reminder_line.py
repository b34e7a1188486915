from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...const import OPEN_STATES, REMINDER_STATES
from ..core.unkeyed import UnkeyedMany2one

OPEN_SQL = ", ".join(f"'{state}'" for state in OPEN_STATES)


class ArReminderLine(models.Model):
    _name = 'ar.reminder.line'
    _description = "Item in a reminder"
    _order = 'reminder_id, kind desc, date_maturity, id'
    _check_company_auto = True
    # A run writes these rows by the ten thousand: each foreign key and each index costs as much
    # as the row itself. The reminder says who and when: four columns and two foreign keys less.
    _log_access = False

    # === FIELDS === #
    # Inserted together with its reminder, deleted by `unlink` of the reminder.
    reminder_id = UnkeyedMany2one('ar.reminder', required=True, index=True)
    # Copies of what the reminder says, which has the foreign keys.
    customer_id = UnkeyedMany2one('ar.customer', required=True)
    company_id = UnkeyedMany2one('res.company', required=True)
    company_currency_id = fields.Many2one(
        related='company_id.currency_id', string="Company currency")
    # A posted invoice that is reset to draft gets new lines: history keeps its own words.
    move_line_id = UnkeyedMany2one('account.move.line', string="Item")
    move_id = UnkeyedMany2one('account.move', string="Document")
    kind = fields.Selection(
        [('step', "Reaches the level"), ('listed', "Listed only"), ('credit', "Open credit")],
        required=True, default='step')
    level_id = UnkeyedMany2one('ar.dunning.level')
    state = fields.Selection(REMINDER_STATES, required=True, default='proposed')
    counted = fields.Boolean(
        default=True, help="Unticked by a reset: the item starts its ladder again.")
    name = fields.Char(string="Number")
    invoice_date = fields.Date()
    date_maturity = fields.Date(string="Due date")
    currency_id = UnkeyedMany2one('res.currency', required=True)
    amount_total = fields.Monetary(
        string="Amount", currency_field='currency_id',
        help="Amount of the item when it was booked.")
    amount_residual_currency = fields.Monetary(
        string="Remaining", currency_field='currency_id',
        help="What was open on the item when the reminder was made, and again when it was sent.")
    amount_residual = fields.Monetary(
        string="Remaining in company currency", currency_field='company_currency_id')
    days_overdue = fields.Integer(help="On the day of the reminder; negative before the due date.")

    # The two promises of the ladder, kept by the database whatever the code does.
    _item_open_uniq = models.UniqueIndex(
        f"(move_line_id) WHERE kind = 'step' AND state IN ({OPEN_SQL})",
        "This item is already in a reminder that is not finished.")
    # Over all rows and with the document first, so that it finds the history of an invoice and of
    # an item too (name both): no index for that alone. An item belongs to one document.
    _item_level_uniq = models.UniqueIndex(
        f"(move_id, move_line_id, (CASE WHEN kind = 'step' AND counted"
        f" AND state IN ({OPEN_SQL}, 'sent', 'skipped') THEN level_id END))",
        "This item has already had this level.")

    def init(self):
        """Drop the indexes of earlier versions, which the ORM keeps."""
        for column in ('customer_id', 'move_line_id', 'move_id'):
            self.env.cr.execute(SQL("DROP INDEX IF EXISTS %s", SQL.identifier(
                f'{self._table}__{column}_index')))
        return super().init()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        if any(line.reminder_id._is_frozen() for line in self):
            raise UserError(self.env._("Items of a reminder that has left are history."))

    @api.model
    def _forget_items(self, item_ids, move_ids):
        """Cut the link to receivable lines that are gone; the row keeps its own words.

        :param item_ids: ids of `account.move.line`
        :param move_ids: ids of their `account.move`
        """
        self.env.cr.execute(SQL(
            "UPDATE ar_reminder_line SET move_line_id = NULL"
            " WHERE move_id = ANY(%s) AND move_line_id = ANY(%s)",
            list(move_ids), list(item_ids)))
        if self.env.cr.rowcount:
            self.invalidate_model(['move_line_id'])

    @api.autovacuum
    def _gc_lost_items(self):
        """Forget items deleted behind the ORM's back, or in the very second of a run."""
        self.env.flush_all()
        self.env.cr.execute(SQL(
            """
            UPDATE ar_reminder_line line SET move_line_id = NULL
             WHERE line.move_line_id IS NOT NULL AND NOT EXISTS (
                   SELECT 1 FROM account_move_line item WHERE item.id = line.move_line_id)
            """))
        self.invalidate_model(['move_line_id'])
        return self.env.cr.rowcount, 0

    @api.model
    def _get_level_sql(self, move_id, item_id=None):
        """Return the sub-query of the highest level sent and still counted.

        :param SQL move_id: expression of the id of the invoice
        :param SQL item_id: expression of the id of one of its items; the whole invoice without
        :rtype: SQL
        """
        item = SQL() if item_id is None else SQL(" AND step.move_line_id = %s", item_id)
        return SQL(
            "(SELECT step.level_id FROM ar_reminder_line step"
            "   JOIN ar_dunning_level level ON level.id = step.level_id"
            "  WHERE step.move_id = %s%s AND step.kind = 'step' AND step.counted"
            "    AND step.state = 'sent'"
            "  ORDER BY level.offset_days DESC, level.id DESC LIMIT 1)",
            move_id, item)

    def _is_claimed(self):
        """Return whether the message asks for this item: it moves on the ladder, or is overdue."""
        self.ensure_one()
        return self.kind == 'step' or self.kind == 'listed' and self.days_overdue > 0
