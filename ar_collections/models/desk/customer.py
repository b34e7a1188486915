from odoo import api, fields, models
from odoo.tools import SQL

BROKEN_MONTHS = 12


class ArCustomer(models.Model):
    """EXTENDS core: promises and disputes of a customer."""
    _inherit = 'ar.customer'

    promise_ids = fields.One2many('ar.promise', 'customer_id')
    dispute_ids = fields.One2many('ar.dispute', 'customer_id')
    open_promise_count = fields.Integer(compute='_compute_agreement_counts')
    broken_promise_count = fields.Integer(
        string="Broken promises", compute='_compute_agreement_counts',
        help="Promises broken over the last 12 months.")
    open_dispute_count = fields.Integer(compute='_compute_agreement_counts')

    @api.depends('promise_ids.state', 'dispute_ids.state')
    def _compute_agreement_counts(self):
        since = fields.Date.subtract(self.env.company._get_ar_today(), months=BROKEN_MONTHS)
        Promise, Dispute = self.env['ar.promise'], self.env['ar.dispute']
        of_these = [('customer_id', 'in', self.ids)]
        counts = {
            'open_promise_count': Promise._read_group(
                [*of_these, ('state', '=', 'open')], ['customer_id'], ['__count']),
            'broken_promise_count': Promise._read_group(
                [*of_these, ('state', '=', 'broken'), ('closed_on', '>', since)],
                ['customer_id'], ['__count']),
            'open_dispute_count': Dispute._read_group(
                [*of_these, ('state', '=', 'open')], ['customer_id'], ['__count']),
        }
        for name, rows in counts.items():
            numbers = {customer.id: count for customer, count in rows}
            for customer in self:
                customer[name] = numbers.get(customer._origin.id, 0)

    # === HOOKS === #

    @api.model
    def _get_score_values(self, company, customer_ids, scorecard):
        """EXTENDS credit: promises broken over 12 months; unknown for who never promised."""
        values = super()._get_score_values(company, customer_ids, scorecard)
        if 'broken_promises' in set(scorecard.criterion_ids.mapped('code')):
            self.env['ar.promise'].flush_model()
            rows = self.env.execute_query(SQL(
                """
                SELECT customer_id, COUNT(*) FILTER (WHERE state = 'broken')
                  FROM ar_promise
                 WHERE customer_id = ANY(%(ids)s) AND state IN ('kept', 'broken')
                   AND closed_on > %(since)s
                 GROUP BY customer_id
                """,
                ids=list(customer_ids),
                since=fields.Date.subtract(company._get_ar_today(), months=BROKEN_MONTHS)))
            values['broken_promises'] = {row[0]: float(row[1]) for row in rows}
        return values

    def _absorb(self, other):
        """EXTENDS core: what was agreed follows the merged customer."""
        # What waits in memory is written first, or it would come back over the new owner.
        self.env.flush_all()
        for model in (
            'ar_promise', 'ar_promise_line', 'ar_dispute', 'ar_dispute_line', 'ar_dispute_step',
            'ar_payment_plan', 'ar_payment_plan_line', 'ar_payment_plan_instalment',
        ):
            self.env.cr.execute(SQL(
                "UPDATE %s SET customer_id = %s WHERE customer_id = %s",
                SQL.identifier(model), self.id, other.id))
        self.env.invalidate_all()
        return super()._absorb(other)

    # === ACTIONS === #

    def action_new_promise(self):
        """Note a promise about the overdue items, or about all open ones."""
        self.ensure_one()
        return self.env['ar.promise']._get_new_action(
            self, self._get_agreeable_items('ar.promise.line'), self.env._("Promise to pay"))

    def action_new_dispute(self):
        """Note a dispute; the form opens with nothing chosen when several items are open."""
        self.ensure_one()
        items = self._get_agreeable_items('ar.dispute.line')
        return self.env['ar.dispute']._get_new_action(
            self, items if len(items) == 1 else items.browse(), self.env._("Dispute"))

    def _get_agreeable_items(self, line_model):
        """Return the open items that no live agreement of this kind is about: overdue ones first.

        :param str line_model: the model of its lines
        """
        Line = self.env[line_model]
        states = self.env[Line._fields[Line._agreement].comodel_name]._get_live_states()
        # sudo: an item that a colleague has agreed about is taken, too.
        taken = Line.sudo().search([
            ('state', 'in', states), ('customer_id', '=', self.id)]).move_line_id
        items = self.env['account.move.line'].search(
            self._get_open_items_domain() & fields.Domain('amount_residual', '>', 0)
        ).filtered(lambda item: item not in taken)
        today = self.company_id._get_ar_today()
        overdue = items.filtered(lambda item: (item.date_maturity or item.date) < today)
        return overdue or items

    def action_view_promises(self):
        """Open the promises of this customer."""
        return self._get_agreements_action('ar_collections.ar_promise_action')

    def action_view_disputes(self):
        """Open the disputes of this customer."""
        return self._get_agreements_action('ar_collections.ar_dispute_action')

    def _get_agreements_action(self, xmlid):
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(xmlid)
        action['domain'] = [('customer_id', '=', self.id)]
        action['context'] = {'default_customer_id': self.id}
        return action
