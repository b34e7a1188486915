from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.searching import answers_any
from ..core.described_fields import (
    GroupableDate,
    GroupableMany2one,
    PlainInteger,
    PlainMany2one,
)

READERS = 'ar_collections.group_ar_auditor,ar_collections.group_ar_collector_own'


class AccountMove(models.Model):
    """EXTENDS account: what dunning knows about an invoice. Nothing is stored on it."""
    _inherit = 'account.move'

    ar_dunning_level_id = GroupableMany2one(
        'ar.dunning.level', string="Dunning level", compute='_compute_ar_dunning',
        search='_search_ar_dunning_level_id', compute_sudo=True, groups=READERS,
        help="Highest level sent among its instalments.")
    ar_last_reminder_date = GroupableDate(
        string="Last reminder", compute='_compute_ar_dunning',
        search='_search_ar_last_reminder_date', compute_sudo=True, groups=READERS)
    ar_reminder_count = PlainInteger(
        compute='_compute_ar_dunning', compute_sudo=True, groups=READERS)
    ar_next_action_date = GroupableDate(
        string="Next dunning step", compute='_compute_ar_next_action_date',
        search='_search_ar_next_action_date', compute_sudo=True, groups=READERS,
        help="Day on which an open instalment reaches its next level.")
    ar_dunning_policy_id = PlainMany2one(
        'ar.dunning.policy', string="Own dunning policy", compute='_compute_ar_dunning_policy_id',
        inverse='_inverse_ar_dunning_policy_id', search='_search_ar_dunning_policy_id',
        compute_sudo=True, groups=READERS,
        # Not `check_company`, which would read it of every new entry: its row is checked.
        domain="['|', ('company_id', '=', False), ('company_id', 'parent_of', company_id)]",
        help="Set it to dun this invoice by another policy than its customer's.")

    # === COMPUTES === #

    def _compute_payment_count(self):
        """EXTENDS account: count with all rights.

        A collector of own customers may open invoices, but not the payments of the house, and
        could not open an invoice because Odoo counts them.
        """
        # sudo: a number on the invoice; the payments behind it keep their own rights.
        return super(AccountMove, self.sudo())._compute_payment_count()

    def _compute_ar_dunning(self):
        """One query for any number of invoices."""
        rows = {}
        if self.ids:
            self.env['ar.reminder.line'].flush_model()
            rows = {row['move_id']: row for row in self.env.execute_query_dict(SQL(
                """
                SELECT line.move_id, COUNT(DISTINCT line.reminder_id) AS reminders,
                       MAX(reminder.sent_date) AS last_date,
                       (array_agg(line.level_id ORDER BY level.offset_days DESC)
                           FILTER (WHERE line.kind = 'step' AND line.counted
                                   AND line.state = 'sent'))[1] AS level_id
                  FROM ar_reminder_line line
                  JOIN ar_reminder reminder ON reminder.id = line.reminder_id
                  LEFT JOIN ar_dunning_level level ON level.id = line.level_id
                 WHERE line.move_id = ANY(%s) AND line.kind = 'step'
                 GROUP BY line.move_id
                """, self.ids))}
        for move in self:
            row = rows.get(move._origin.id, {})
            move.ar_dunning_level_id = row.get('level_id')
            move.ar_last_reminder_date = row.get('last_date')
            move.ar_reminder_count = row.get('reminders') or 0

    def _compute_ar_next_action_date(self):
        """One query per company."""
        self.ar_next_action_date = False
        engine = self.env['ar.dunning.engine']
        for company, moves in self.filtered('id').grouped('company_id').items():
            customers = self.env['ar.customer'].search([
                ('company_id', '=', company.id),
                ('partner_id', 'in', moves.commercial_partner_id.ids)])
            self.env.flush_all()
            dates = dict(self.env.execute_query(SQL(
                "SELECT step.move_id, MIN(step.next_date) FROM (%s) step GROUP BY step.move_id",
                engine._get_next_step_query(
                    company, company._get_ar_today(),
                    SQL("l.move_id = ANY(%s)", moves._origin.ids), customers.ids))))
            for move in moves:
                move.ar_next_action_date = dates.get(move._origin.id)

    def _compute_ar_dunning_policy_id(self):
        overrides = self.env['ar.dunning.override'].search([('move_id', 'in', self.ids)])
        policies = {override.move_id.id: override.policy_id for override in overrides}
        for move in self:
            move.ar_dunning_policy_id = policies.get(move._origin.id)

    def _inverse_ar_dunning_policy_id(self):
        # sudo: the right to choose is the right to write the customer, checked here.
        Override = self.env['ar.dunning.override'].sudo()
        existing = Override.search([('move_id', 'in', self.ids)]).grouped('move_id')
        # A form sends the field with every new invoice: who leaves it empty has chosen nothing.
        changed = self.filtered(lambda move: (
            move.ar_dunning_policy_id != existing.get(move, Override).policy_id))
        if changed:
            self.env['ar.customer'].check_access('write')
        for move in changed:
            override = existing.get(move, Override)
            if not move.ar_dunning_policy_id:
                override.unlink()
            elif override:
                override.policy_id = move.ar_dunning_policy_id
            else:
                Override.create(
                    {'move_id': move.id, 'policy_id': move.ar_dunning_policy_id.id})

    # === SEARCH AND GROUP === #

    @answers_any
    def _search_ar_dunning_level_id(self, operator, value):
        if operator != 'in':
            return NotImplemented
        level = self._get_ar_level_sql(SQL("account_move.id"))
        return self._search_ar_sql(level, value)

    @answers_any
    def _search_ar_dunning_policy_id(self, operator, value):
        if operator != 'in':
            return NotImplemented
        ids = [v for v in value if v]
        overrides = self.env['ar.dunning.override'].sudo().search([('policy_id', 'in', ids)])
        domain = fields.Domain('id', 'in', overrides.move_id.ids)
        if False in value:
            domain |= fields.Domain('id', 'not in', SQL(
                "(SELECT move_id FROM ar_dunning_override)"))
        return domain

    def _search_ar_last_reminder_date(self, operator, value):
        return self._search_ar_day(operator, value, SQL(
            "SELECT line.move_id, MAX(reminder.sent_date) AS day FROM ar_reminder_line line"
            "  JOIN ar_reminder reminder ON reminder.id = line.reminder_id"
            " WHERE line.kind = 'step' AND line.state = 'sent' AND line.move_id IS NOT NULL"
            " GROUP BY line.move_id"))

    def _search_ar_next_action_date(self, operator, value):
        return self._search_ar_day(operator, value, SQL(
            "SELECT move_id, next_date AS day FROM (%s) step", self._get_ar_next_step_sql()))

    def _search_ar_day(self, operator, value, days):
        """Return the domain of the invoices by a day that a query knows.

        :param SQL days: query of (move_id, day)
        """
        if operator == 'in':
            asked = [fields.Date.to_string(day) for day in value if day]
            found = fields.Domain('id', 'in', SQL(
                "(SELECT move_id FROM (%s) known WHERE day = ANY(%s::date[]))", days, asked))
            if False in value:
                found |= fields.Domain(
                    'id', 'not in', SQL("(SELECT move_id FROM (%s) known)", days))
            return found
        if operator not in ('<', '<=', '>', '>='):
            return NotImplemented
        return fields.Domain('id', 'in', SQL(
            "(SELECT move_id FROM (%s) known WHERE day %s %s)", days, SQL(operator), value))

    @api.model
    def _get_ar_next_step_sql(self):
        """Return the query of move_id and next_date of the invoices in the chosen companies."""
        # sudo: the engine decides by the settings of the company, whoever reads.
        engine = self.env['ar.dunning.engine'].sudo()
        self.env.flush_all()
        steps = SQL(" UNION ALL ").join(
            SQL("(%s)", engine._get_next_step_query(
                company, company._get_ar_today(), SQL("l.company_id = %s", company.id)))
            for company in self.env.companies)
        return SQL("SELECT move_id, MIN(next_date) AS next_date FROM (%s) every_step"
                   " WHERE next_date IS NOT NULL GROUP BY move_id", steps)

    def _search_ar_sql(self, expression, value):
        ids = [v for v in value if v]
        found = SQL("(SELECT account_move.id FROM account_move WHERE %s = ANY(%s))",
                    expression, ids)
        domain = fields.Domain('id', 'in', found)
        if False in value:
            domain |= fields.Domain('id', 'in', SQL(
                "(SELECT account_move.id FROM account_move WHERE %s IS NULL)", expression))
        return domain

    @api.model
    def _get_ar_level_sql(self, move_id):
        """Return the sub-query of the highest level sent on an invoice.

        :param SQL move_id: expression of the invoice's id
        """
        return self.env['ar.reminder.line']._get_level_sql(move_id)

    def _field_to_sql(self, alias, fname, query=None):
        """EXTENDS account: lists can be grouped by what we know about invoices."""
        sql = fname.startswith('ar_') and self._ar_field_to_sql(alias, fname, query)
        return sql or super()._field_to_sql(alias, fname, query=query)

    def _ar_field_to_sql(self, alias, name, query):
        """Hook: return the expression of a computed field of ours, or None."""
        if name not in ('ar_dunning_level_id', 'ar_last_reminder_date', 'ar_next_action_date'):
            return None
        self._check_field_access(self._fields[name], 'read')
        move_id = SQL.identifier(alias, 'id')
        if name == 'ar_dunning_level_id':
            return self._get_ar_level_sql(move_id)
        if name == 'ar_last_reminder_date':
            return SQL(
                "(SELECT MAX(reminder.sent_date) FROM ar_reminder_line line"
                "   JOIN ar_reminder reminder ON reminder.id = line.reminder_id"
                "  WHERE line.kind = 'step' AND line.state = 'sent' AND line.move_id = %s)",
                move_id)
        if query is None:
            return None
        step = query.make_alias(alias, 'ar_next_step')
        query.add_join('LEFT JOIN', step, SQL("(%s)", self._get_ar_next_step_sql()), SQL(
            "%s = %s", SQL.identifier(step, 'move_id'), move_id))
        return SQL.identifier(step, 'next_date')

    # === CRUD === #

    def unlink(self):
        """EXTENDS account: history keeps the words of a deleted draft, not a link to nothing."""
        if not self:
            return super().unlink()  # Odoo does so several times whenever it posts.
        # sudo: whoever may delete a draft need not see its reminders.
        lines = self.env['ar.reminder.line'].sudo().search([('move_id', 'in', self.ids)])
        result = super().unlink()
        lines.write({'move_id': False})
        return result

    # === ACTIONS === #

    def action_view_ar_reminders(self):
        """Open the reminders in which this invoice appears."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('ar_collections.ar_reminder_action')
        action['domain'] = [('line_ids.move_id', '=', self.id)]
        action['context'] = {}
        return action

    def action_view_ar_customer(self):
        """Open the customer account of this invoice."""
        self.ensure_one()
        return self.with_company(self.company_id).partner_id.action_view_ar_customer()
