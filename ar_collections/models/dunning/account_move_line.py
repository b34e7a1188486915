from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.searching import answers_any
from ..core.described_fields import GroupableMany2one, PlainInteger
from .account_move import READERS


class AccountMoveLine(models.Model):
    """EXTENDS account: the dunning level of one open item."""
    _inherit = 'account.move.line'

    ar_dunning_level_id = GroupableMany2one(
        'ar.dunning.level', string="Dunning level", compute='_compute_ar_dunning_level_id',
        search='_search_ar_dunning_level_id', compute_sudo=True, groups=READERS,
        help="Highest level sent for this item.")
    ar_days_overdue = PlainInteger(
        string="Days overdue", compute='_compute_ar_days_overdue',
        help="Today minus the due date of the item; zero before it.")

    def _compute_ar_dunning_level_id(self):
        """One query for any number of items."""
        rows = {}
        if self.ids:
            self.env['ar.reminder.line'].flush_model()
            rows = dict(self.env.execute_query(SQL(
                "SELECT l.id, %s FROM account_move_line l WHERE l.id = ANY(%s)",
                self._get_ar_level_sql(SQL("l.id"), SQL("l.move_id")), self.ids)))
        for line in self:
            line.ar_dunning_level_id = rows.get(line._origin.id)

    def _compute_ar_days_overdue(self):
        """Read in lists only. Without `depends`: Odoo would follow them at every posting."""
        today = fields.Date.context_today(self)
        for line in self:
            due = line.date_maturity or line.date
            line.ar_days_overdue = (
                max((today - due).days, 0) if due and not line.reconciled else 0)

    # === CRUD === #

    def unlink(self):
        """EXTENDS account: history keeps the words of a deleted item, not a link to nothing."""
        ids, move_ids = self.ids, self.move_id.ids
        result = super().unlink()
        if ids:
            self.env['ar.reminder.line']._forget_items(ids, move_ids)
        return result

    # === ACTIONS === #

    def action_ar_exclude(self):
        """Exclude these items, and the other instalments of their invoices, from follow-up."""
        self._ar_set_no_followup(True)
        return True

    def action_ar_follow(self):
        """Take these items into follow-up, for instance opening balances."""
        self._ar_set_no_followup(False)
        return True

    def _ar_set_no_followup(self, excluded):
        self.check_access('read')
        self.env['ar.customer'].check_access('write')
        lines = self.filtered(lambda line: line.account_type == 'asset_receivable'
                              and line.no_followup != excluded)
        # sudo: a collector may decide who hears about an item, without editing the books.
        lines_sudo = lines.sudo()
        lines_sudo.write({'no_followup': excluded})
        text = (self.env._("Excluded from follow-up.") if excluded
                else self.env._("Taken into follow-up again."))
        lines_sudo.move_id._message_log_batch({move.id: text for move in lines_sudo.move_id})

    # === SEARCH AND GROUP === #

    @answers_any
    def _search_ar_dunning_level_id(self, operator, value):
        if operator != 'in':
            return NotImplemented
        ids = [v for v in value if v]
        reached = SQL(
            "(SELECT line.move_line_id FROM ar_reminder_line line"
            "  WHERE line.kind = 'step' AND line.counted AND line.state = 'sent'"
            "    AND line.move_line_id IS NOT NULL%s)",
            SQL(" AND %s = ANY(%s)", self._get_ar_level_sql(
                SQL("line.move_line_id"), SQL("line.move_id")), ids)
            if ids else SQL())
        if False not in value:
            return fields.Domain('id', 'in', reached)
        any_level = SQL(
            "(SELECT line.move_line_id FROM ar_reminder_line line WHERE line.kind = 'step'"
            " AND line.counted AND line.state = 'sent' AND line.move_line_id IS NOT NULL)")
        domain = fields.Domain('id', 'not in', any_level)
        return domain | fields.Domain('id', 'in', reached) if ids else domain

    @api.model
    def _get_ar_level_sql(self, line_id, move_id):
        """Return the sub-query of the highest level sent for an item.

        :param SQL line_id: expression of the item's id
        :param SQL move_id: expression of its document's id
        """
        return self.env['ar.reminder.line']._get_level_sql(move_id, line_id)

    def _field_to_sql(self, alias, field_expr, query=None):
        """EXTENDS account: items can be grouped by what we know about them."""
        # Odoo asks this hundreds of times whenever an invoice is posted: one layer for all rooms.
        sql = field_expr.startswith('ar_') and self._ar_field_to_sql(alias, field_expr, query)
        return sql or super()._field_to_sql(alias, field_expr, query)

    def _ar_field_to_sql(self, alias, name, query):
        """Hook: return the expression of a computed field of ours, or None."""
        if name != 'ar_dunning_level_id':
            return None
        self._check_field_access(self._fields[name], 'read')
        return self._get_ar_level_sql(SQL.identifier(alias, 'id'), SQL.identifier(alias, 'move_id'))
