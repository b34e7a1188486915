from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core.described_fields import PlainDate, PlainSelection
from ..dunning.account_move import READERS


class AccountMove(models.Model):
    """EXTENDS account: what was agreed about an invoice. Nothing is stored on it."""
    _inherit = 'account.move'

    ar_promise_date = PlainDate(
        string="Payment promised on", compute='_compute_ar_agreements',
        search='_search_ar_promise_date', compute_sudo=True, groups=READERS,
        help="Day of the open promise about one of its instalments.")
    ar_dispute_state = PlainSelection(
        [('open', "Disputed"), ('settled', "Dispute settled")], string="Dispute",
        compute='_compute_ar_agreements', search='_search_ar_dispute_state', compute_sudo=True,
        groups=READERS)

    @api.depends_context('uid')
    def _compute_ar_agreements(self):
        """One query for any number of invoices."""
        promises, disputes = {}, {}
        if self.ids:
            self.env['ar.promise.line'].flush_model()
            self.env['ar.promise'].flush_model(['promise_date'])
            self.env['ar.dispute.line'].flush_model()
            for move_id, date, state in self.env.execute_query(SQL(
                """
                SELECT line.move_id, MIN(promise.promise_date), NULL
                  FROM ar_promise_line line JOIN ar_promise promise ON promise.id = line.promise_id
                 WHERE line.state = 'open' AND line.move_id = ANY(%(ids)s) GROUP BY line.move_id
                 UNION ALL
                SELECT move_id, NULL, CASE WHEN bool_or(state = 'open') THEN 'open'
                                           ELSE 'settled' END
                  FROM ar_dispute_line WHERE move_id = ANY(%(ids)s) GROUP BY move_id
                """, ids=self.ids)):
                if state:
                    disputes[move_id] = state
                else:
                    promises[move_id] = date
        for move in self:
            move.ar_promise_date = promises.get(move._origin.id)
            move.ar_dispute_state = disputes.get(move._origin.id)

    def _search_ar_promise_date(self, operator, value):
        if operator not in ('in', 'any', '<', '<=', '>', '>='):
            return NotImplemented

        def promised(*conditions):
            # sudo: which of the invoices one may see anyway; the search adds the rules.
            return fields.Domain('id', 'in', self.env['ar.promise.line'].sudo()._search([
                ('state', '=', 'open'), ('move_id', '!=', False), *conditions,
            ]).subselect('move_id'))

        if operator != 'in' or False not in value:
            return promised(('promise_id.promise_date', operator, value))
        dates = [date for date in value if date]
        return ~promised() | promised(('promise_id.promise_date', 'in', dates))

    def _search_ar_dispute_state(self, operator, value):
        if operator != 'in':
            return NotImplemented
        # sudo: which of the invoices one may see anyway; the search adds the rules.
        Line = self.env['ar.dispute.line'].sudo()
        known = fields.Domain('move_id', '!=', False)
        opened = fields.Domain('id', 'in', Line._search(
            known & fields.Domain('state', '=', 'open')).subselect('move_id'))
        every = fields.Domain('id', 'in', Line._search(known).subselect('move_id'))
        parts = {'open': opened, 'settled': every & ~opened, False: ~every}
        return fields.Domain.OR(parts[state] for state in value if state in parts)

    # === FOLLOWING === #

    def write(self, vals):
        """EXTENDS account: what was agreed follows an invoice into draft, cancelled, and back."""
        # Nothing was ever agreed about an entry that is posted for the first time.
        known = self.browse() if 'state' not in vals else self.filtered(
            lambda move: move.posted_before or move.state != 'draft')
        result = super().write(vals)
        if known:
            self.env['ar.agreement']._follow_moves(
                known.ids, relink=vals['state'] == 'posted')
        return result

    # === ACTIONS === #

    def action_ar_promise(self):
        """Note a promise to pay about these invoices."""
        return self._ar_get_new_agreement('ar.promise', self.env._("Promise to pay"))

    def action_ar_dispute(self):
        """Note a dispute about these invoices."""
        return self._ar_get_new_agreement('ar.dispute', self.env._("Dispute"))

    def _ar_get_new_agreement(self, model, name):
        self.env[model].check_access('create')
        if len(self.commercial_partner_id) != 1 or len(self.company_id) != 1:
            raise UserError(self.env._("Choose invoices of one customer and one company."))
        items = self.line_ids.filtered(
            lambda line: line.account_type == 'asset_receivable' and not line.reconciled)
        if not items or set(self.mapped('state')) != {'posted'}:
            raise UserError(self.env._("Nothing is owed on these invoices."))
        customer = self.env['ar.customer']._get_or_create(
            self.commercial_partner_id, self.company_id)
        return self.env[model]._get_new_action(customer, items, name)
