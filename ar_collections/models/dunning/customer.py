from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class ArCustomer(models.Model):
    """EXTENDS core: policy, stop, level and reminders of a customer."""
    _inherit = 'ar.customer'

    policy_id = fields.Many2one(
        'ar.dunning.policy', string="Own policy", tracking=True, check_company=True,
        help="Set it to overrule the rules for this customer.")
    effective_policy_id = fields.Many2one(
        'ar.dunning.policy', string="Policy", compute='_compute_effective_policy')
    policy_reason = fields.Char(
        string="Why this policy", compute='_compute_effective_policy')
    dunning_stop = fields.Boolean(string="Stop reminders", tracking=True)
    dunning_stop_until = fields.Date(
        string="Stopped until", tracking=True, help="Included. Empty: until somebody lifts it.")
    dunning_stop_reason = fields.Char(string="Reason of the stop", tracking=True)
    dunning_level_id = fields.Many2one(
        'ar.dunning.level', string="Dunning level", readonly=True, ondelete='set null',
        index='btree_not_null', help="Highest level sent among the items still open.")
    last_reminder_date = fields.Date(readonly=True)
    reminder_ids = fields.One2many('ar.reminder', 'customer_id')
    reminder_count = fields.Integer(compute='_compute_reminder_count')
    waiting_reminder_count = fields.Integer(compute='_compute_reminder_count')

    @api.depends('policy_id', 'partner_id')
    @api.depends_context('company')
    def _compute_effective_policy(self):
        """One query per company: which policy applies, and what chose it."""
        Rule = self.env['ar.dunning.rule']
        self.effective_policy_id = False
        self.policy_reason = False
        for company, customers in self.filtered('id').grouped('company_id').items():
            customers.flush_model()
            rows = {row['customer_id']: row for row in self.env.execute_query_dict(
                Rule._get_policy_query(company, customers._origin.ids))}
            for customer in customers:
                row = rows.get(customer._origin.id, {'policy_id': None, 'origin': 'none'})
                customer.effective_policy_id = row['policy_id']
                customer.policy_reason = customer._get_policy_reason(row)

    def _get_policy_reason(self, row):
        if row['origin'] == 'customer':
            return self.env._("Chosen on this customer.")
        if row['origin'] == 'rule':
            rule = self.env['ar.dunning.rule'].sudo().browse(row['rule_id'])
            return self.env._("Rule “%s” is the first that matches.", rule.name)
        if row['origin'] == 'company':
            return self.env._("No rule matches: default of the company.")
        return self.env._(
            "No rule matches and the company has no default policy: nothing is sent.")

    def _compute_reminder_count(self):
        counts = {}
        for customer, state, count in self.env['ar.reminder']._read_group(
                [('customer_id', 'in', self.ids)], ['customer_id', 'state'], ['__count']):
            counts.setdefault(customer.id, {})[state] = count
        for customer in self:
            by_state = counts.get(customer.id, {})
            customer.reminder_count = sum(by_state.values())
            customer.waiting_reminder_count = by_state.get('proposed', 0)

    # === REFRESH === #

    def _get_derived_fields(self):
        """EXTENDS core."""
        return super()._get_derived_fields() | {'dunning_level_id', 'last_reminder_date'}

    def _get_figure_parts(self, company, scope):
        """EXTENDS core: level and last reminder, derived from what was sent."""
        return [*super()._get_figure_parts(company, scope), {
            'name': 'dunning', 'query': self._get_level_query(company, scope),
            'columns': {'last_reminder_date': None, 'dunning_level_id': None},
        }]

    def _get_level_query(self, company, scope):
        """Highest level among the sent lines of items still open, and the last reminder."""
        condition = self._get_scope_condition(scope, SQL("customer.partner_id"))
        return SQL(
            """
            SELECT customer.partner_id, last.last_reminder_date, level.dunning_level_id
              FROM ar_customer customer
              LEFT JOIN (
                SELECT customer_id, MAX(sent_date) AS last_reminder_date FROM ar_reminder
                 WHERE company_id = %(company)s AND state = 'sent' GROUP BY customer_id
              ) last ON last.customer_id = customer.id
              LEFT JOIN (
                SELECT line.customer_id,
                       (array_agg(line.level_id ORDER BY step.offset_days DESC, step.id DESC))[1]
                           AS dunning_level_id
                  FROM ar_reminder_line line
                  JOIN ar_dunning_level step ON step.id = line.level_id
                  JOIN account_move_line item ON item.id = line.move_line_id
                       AND item.reconciled IS NOT TRUE AND item.parent_state = 'posted'
                 WHERE line.company_id = %(company)s AND line.kind = 'step' AND line.counted
                   AND line.state = 'sent'
                 GROUP BY line.customer_id
              ) level ON level.customer_id = customer.id
             WHERE customer.company_id = %(company)s AND %(scope)s
            """,
            company=company.id, scope=condition,
        )

    def _get_changed_partner_ids(self, company):
        """EXTENDS core: whoever got a reminder since the last refresh has another level."""
        partner_ids = super()._get_changed_partner_ids(company)
        last = self.env['ar.refresh.log'].search([('company_id', '=', company.id)], limit=1)
        if partner_ids is None or not last:
            return partner_ids
        rows = self.env.execute_query(SQL(
            "SELECT DISTINCT partner_id FROM ar_reminder"
            " WHERE company_id = %s AND write_date >= %s", company.id, last.started_at))
        return [*partner_ids, *(row[0] for row in rows)]

    def _absorb(self, other):
        """EXTENDS core: reminders follow; only one of two unfinished ones can go on."""
        open_here = self.reminder_ids.filtered(lambda r: r.state in r._get_open_states())
        if open_here:
            other.reminder_ids.filtered(lambda r: r.state in r._get_open_states())._set_cancelled(
                self.env._("The customer was merged into another one."))
        other.reminder_ids.line_ids.write({'customer_id': self.id})
        other.reminder_ids.write({'customer_id': self.id})
        self.env['ar.dunning.skip'].search([('customer_id', '=', other.id)]).write(
            {'customer_id': self.id})
        return super()._absorb(other)

    def _update_next_action(self, company, scope):
        """EXTENDS core: the first of the follow-up date and the next step of an open item.

        Where the open credits of a currency cover all its items, nothing will be sent: no date.
        Items that credits never pay have theirs.
        """
        condition = self._get_scope_condition(scope, SQL("c.partner_id"))
        engine = self.env['ar.dunning.engine']
        steps = engine._get_next_step_query(company, company._get_ar_today(), condition)
        # Materialized: joined once, whatever the planner believes about a table just filled.
        self.env.cr.execute(SQL(
            """
            WITH owed AS MATERIALIZED (
                SELECT every_step.customer_id, every_step.currency_id, %(apart)s AS is_apart,
                       MIN(every_step.next_date) AS next_date,
                       SUM(every_step.residual_currency) FILTER (
                           WHERE policy.netting = 'subtract') AS covered_by
                  FROM (%(steps)s) every_step
                  JOIN ar_dunning_policy policy ON policy.id = every_step.policy_id
                 GROUP BY 1, 2, 3
            ), credit AS MATERIALIZED (
                SELECT customer_id, currency_id, -SUM(residual_currency) AS amount
                  FROM (%(credits)s) open_credit GROUP BY customer_id, currency_id
            ), step AS MATERIALIZED (
                SELECT owed.customer_id, MIN(owed.next_date) AS next_date
                  FROM owed
                  LEFT JOIN credit USING (customer_id, currency_id)
                 WHERE owed.is_apart OR (credit.amount >= owed.covered_by) IS NOT TRUE
                 GROUP BY owed.customer_id
            )
            UPDATE ar_customer customer SET next_action_date = planned.next_date
              FROM (
                SELECT c.id, LEAST(c.follow_up_date, step.next_date) AS next_date
                  FROM ar_customer c
                  LEFT JOIN step ON step.customer_id = c.id
                 WHERE c.company_id = %(company)s AND %(condition)s
              ) planned
             WHERE planned.id = customer.id
               AND customer.next_action_date IS DISTINCT FROM planned.next_date
            """,
            steps=steps, credits=engine._get_credit_query(company, condition),
            company=company.id, condition=condition,
            apart=engine._get_kept_apart_condition(SQL("every_step.move_id")),
        ))

    # === ACTIONS === #

    def action_remind_now(self):
        """Open the preview of what would be sent to these customers today."""
        companies = self.company_id
        if len(companies) > 1:
            raise UserError(self.env._("Choose customers of one company at a time."))
        preview = self.env['ar.dunning.preview'].create({
            'company_id': companies.id, 'customer_ids': [fields.Command.set(self.ids)]})
        return preview._get_form_action()

    def action_view_reminders(self):
        """Open the reminders of this customer."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('ar_collections.ar_reminder_action')
        action['domain'] = [('customer_id', '=', self.id)]
        action['context'] = {}
        return action

    def action_reset_level(self):
        """Open the dialogue that lowers the level of open items, with a reason."""
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.dunning.reset',
            'view_mode': 'form', 'target': 'new', 'name': self.env._("Lower the level"),
            'context': {'default_customer_ids': [fields.Command.set(self.ids)]},
        }


class MergePartnerAutomatic(models.TransientModel):
    _inherit = 'base.partner.merge.automatic.wizard'

    def _update_foreign_keys(self, src_partners, dst_partner):
        """EXTENDS base: reminders name the customer without a foreign key of their own."""
        result = super()._update_foreign_keys(src_partners, dst_partner)
        self.env.cr.execute(SQL(
            "UPDATE ar_reminder SET partner_id = %s WHERE partner_id = ANY(%s)",
            dst_partner.id, src_partners.ids))
        self.env['ar.reminder'].invalidate_model(['partner_id'], flush=False)
        return result
