from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.contract_rates import ContractRate
from ...tools.interest_rules import to_decimal


class ArClaimLine(models.Model):
    """One late item in a statement, with the segments that its interest was computed from."""
    _name = 'ar.claim.line'
    _description = "Late item in a statement of interest"
    _order = 'claim_id, date_maturity, id'

    claim_id = fields.Many2one('ar.claim', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='claim_id.customer_id', store=True)
    company_id = fields.Many2one(related='claim_id.company_id', store=True)
    currency_id = fields.Many2one(related='claim_id.currency_id')
    move_line_id = fields.Many2one(
        'account.move.line', string="Item", ondelete='set null', index='btree_not_null')
    move_id = fields.Many2one(
        'account.move', string="Invoice", ondelete='set null', index='btree_not_null')
    name = fields.Char(string="Number")
    invoice_date = fields.Date()
    date_maturity = fields.Date(string="Due date")
    principal = fields.Monetary(help="Owed on the due date, tax included.")
    days = fields.Integer(help="Days that bore interest.", aggregator=None)
    interest_total = fields.Monetary(string="Interest since the due date")
    prior_interest = fields.Monetary(string="Claimed before")
    interest_amount = fields.Monetary(string="Interest")
    compensation_total = fields.Monetary(string="Compensation of the invoice")
    compensation_amount = fields.Monetary(string="Compensation")
    amount_total = fields.Monetary(string="Total", compute='_compute_amount_total')
    statement = fields.Json(help="Segments and payments, as computed.")

    @api.depends('interest_amount', 'compensation_amount')
    def _compute_amount_total(self):
        for line in self:
            line.amount_total = line.interest_amount + line.compensation_amount

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if any(line.claim_id.state not in ('draft', 'cancelled') for line in self):
            raise UserError(self.env._("Only a draft statement can be changed."))

    @api.model
    def _get_vals(self, item):
        """Return the values of one line.

        :param item: `ItemClaim` with a statement
        """
        found = item.statement
        return {
            'move_line_id': item.item_id, 'move_id': item.move_id, 'name': item.name,
            'invoice_date': item.invoice_date, 'date_maturity': item.due,
            'principal': float(found.principal), 'days': found.days,
            'interest_total': float(found.interest),
            'prior_interest': float(item.prior_interest),
            'interest_amount': float(item.interest),
            'compensation_total': float(found.compensation),
            'compensation_amount': float(item.compensation),
            'statement': self._dump(found, item.flags, item.contract),
        }

    @api.model
    def _dump(self, statement, flags, contract):
        """Return a statement as JSON: amounts as text, so that they stay exact.

        :param statement: `Statement`
        :param dict flags: {index of the segment: Flag} of an agreed rate
        :param contract: `ContractRate` or None
        """
        return {
            'contract': contract and {
                'fixed': None if contract.fixed is None else str(contract.fixed),
                'reference': contract.reference, 'factor': str(contract.factor),
                'margin': str(contract.margin)},
            'due': statement.due.isoformat(), 'end': statement.end.isoformat(),
            'principal_due': str(statement.principal_due),
            'stopped_on': statement.stopped_on and statement.stopped_on.isoformat(),
            'segments': [{
                'from': segment.date_from.isoformat(), 'to': segment.date_to.isoformat(),
                'days': segment.days, 'base': str(segment.base), 'rate': str(segment.rate),
                'divisor': segment.divisor, 'amount': str(segment.amount), 'rule': segment.rule,
                'source': segment.source, 'capitalised': str(segment.capitalised),
                **({'flag': flags[index].code,
                    'limit': str(flags[index].limit) if flags[index].limit is not None else None}
                   if index in flags else {}),
            } for index, segment in enumerate(statement.segments)],
            'payments': [{
                'date': move.date.isoformat(), 'amount': str(move.amount),
                'to_cost': str(move.to_cost), 'to_interest': str(move.to_interest),
                'to_principal': str(move.to_principal), 'label': move.label,
                'is_credit': move.is_credit,
            } for move in statement.allocations],
        }

    def _get_contract(self):
        """Return the `ContractRate` that was applied, or None."""
        self.ensure_one()
        statement = self.statement or {}
        if 'contract' not in statement and self.claim_id.contract_rate:
            # Made before the rate was kept with each line.
            return ContractRate(fixed=to_decimal(self.claim_id.contract_rate))
        found = statement.get('contract')
        return found and ContractRate(
            None if found['fixed'] is None else Decimal(found['fixed']), found['reference'],
            Decimal(found['factor']), Decimal(found['margin']))

    def _get_segments(self):
        """Return the segments with amounts as `Decimal` and dates as dates."""
        self.ensure_one()
        return [{
            **segment, 'from': fields.Date.to_date(segment['from']),
            'to': fields.Date.to_date(segment['to']),
            **{name: to_decimal(float(segment[name]))
               for name in ('base', 'rate', 'amount', 'capitalised')},
        } for segment in (self.statement or {}).get('segments', ())]
