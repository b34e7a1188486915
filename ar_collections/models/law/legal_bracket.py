from decimal import Decimal

from odoo import fields, models

from ...tools.interest_rules import Bracket, to_decimal


class ArLegalBracket(models.Model):
    """One step of the compensation for recovery cost."""
    _name = 'ar.legal.bracket'
    _description = "Compensation for recovery cost: step"
    _order = 'regime_id, start'

    regime_id = fields.Many2one(
        'ar.legal.regime', required=True, ondelete='cascade', index=True)
    currency_id = fields.Many2one(related='regime_id.currency_id')
    start = fields.Monetary(
        string="From", help="Smallest principal, tax included, on which this step applies.")
    amount = fields.Monetary(string="Fixed sum")
    percent = fields.Float(string="Plus %", digits=(16, 4), aggregator=None)
    over = fields.Monetary(
        string="Of what exceeds", help="The percentage applies to the principal above this sum.")

    _start_uniq = models.Constraint(
        'UNIQUE(regime_id, start)', "Two steps cannot begin at the same amount.")
    _positive = models.Constraint(
        'CHECK(start >= 0 AND amount >= 0 AND percent >= 0 AND over >= 0)',
        "Sums and percentages of a compensation are not negative.")

    def _to_brackets(self):
        """Return these rows as `tools.interest_rules.Bracket`."""
        return tuple(
            Bracket(to_decimal(row.start), to_decimal(row.amount), to_decimal(row.percent),
                    to_decimal(row.over) if row.percent else Decimal(0))
            for row in self)
