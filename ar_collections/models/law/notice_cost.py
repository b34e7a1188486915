from odoo import api, models

from ...tools.interest_rules import (
    ZERO,
    Bracket,
    Compensation,
    share_amount,
    split_compensation,
)


class ArInterestEngine(models.AbstractModel):
    """EXTENDS law: what a notice names for the cost of collection is what is claimed after it.

    One way of counting for the statement, the free reminder and the formal notice. Where the rule
    says so, invoices whose first notice is the same owe the compensation of their sum.
    """
    _inherit = 'ar.interest.engine'

    @api.model
    def _count_costs(self, regime, rows, prior):
        """Return {invoice id: compensation that is left}.

        :param regime: `ar.legal.regime`
        :param list rows: (day of the first notice or None, invoice id, what is owed on the item
            as `Decimal`), in the currency of the rule, oldest first
        :param dict prior: {invoice id: compensation that was claimed or waived before}
        """
        compensation = regime._to_regime().compensation
        digits = regime.currency_id.decimal_places
        if regime.compensation_scope != 'notice':
            # Due per invoice, not per instalment (C-585/20): on its oldest item.
            first = {move_id: base for _day, move_id, base in reversed(rows)}
            amounts = {move_id: compensation.get_amount(base, digits)
                       for move_id, base in first.items()}
            return {move_id: max(amounts[move_id] - prior.get(move_id, ZERO), ZERO)
                    for _day, move_id, _base in rows}
        left, groups, days = {}, {}, {}
        for day, move_id, base in rows:
            # An invoice stands in one notice only: that of its oldest item.
            if days.setdefault(move_id, day) == day and base > 0:
                bases = groups.setdefault(day, {})
                bases[move_id] = bases.get(move_id, ZERO) + base
        for bases in groups.values():
            shares = split_compensation(compensation, bases, digits)
            waiting = {move_id: base for move_id, base in bases.items() if not prior.get(move_id)}
            if waiting and len(waiting) < len(bases):
                # The sum was named once: what some of them have paid of it is not asked twice.
                rest = sum(shares.values(), ZERO) - sum(
                    (prior[move_id] for move_id in bases if move_id not in waiting), ZERO)
                shares = share_amount(max(rest, ZERO), waiting, digits)
            left.update({move_id: shares[move_id] if move_id in waiting else ZERO
                         for move_id in bases})
        return left

    @api.model
    def _get_named_costs(self, customer, regime, items, day):
        """Return what a notice names: ({invoice id: left to claim}, {invoice id: claimed before}).

        :param customer: `ar.customer`
        :param regime: `ar.legal.regime`
        :param list items: (item id, invoice id, due date, what is open on it as `Decimal`), in the
            currency of the rule, oldest first
        :param date day: of the notice; only an earlier one is another
        """
        _interest, prior = self._read_prior([], [item[1] for item in items])
        free = self._read_free_notices([item[0] for item in items])
        typed = self._get_notices({}, customer)
        rows = []
        for item_id, move_id, due, base in items:
            days = [notice[0] for notice in (*typed, *free.get(item_id, ()))
                    if due < notice[0] < day]
            rows.append((min(days, default=None), move_id, base))
        return self._count_costs(regime, rows, prior), prior

    @api.model
    def _share_costs(self, items, frames, compute, prior):
        """EXTENDS law: for rules that count on the sum of one notice."""
        groups = {}
        for item in items:
            regime = frames[item['customer_id']].get('regime')
            if (not regime or regime.compensation_scope != 'notice'
                    or regime.currency_id.id != item['currency_id']):
                continue
            claim = compute(item, Compensation())
            if claim.statement and claim.statement.base:
                groups.setdefault((item['customer_id'], regime), []).append(claim)
        found = {}
        for (_customer_id, regime), claims in groups.items():
            left = self._count_costs(regime, [
                (claim.notice, claim.move_id, claim.statement.base) for claim in claims], prior)
            for claim in claims:
                # The oldest item of the invoice bears it; what was claimed is taken off later.
                amount = left.pop(claim.move_id, None)
                amount = ZERO if amount is None else amount + prior.get(claim.move_id, ZERO)
                found[claim.item_id] = Compensation((Bracket(ZERO, amount),))
        return found
