"""Reading of Atradius covers: codes, amounts in policy currency, what is under way (AX-1)."""
from . import atradius_codes as codes
from .insurer import InsurerClient
from .results import Condition, Cover, CoverStatus, Layer, LayerKind, Money


class AtradiusReading(InsurerClient):
    """The part of the client that understands a cover."""

    def _load_cover(self, item, answer):
        currency = self.options['policy_currency']
        asked = item.amount('creditLimitApplicationAmountInPolicyCurrency')
        indicator = item.text('pendingProcessIndicator')
        pending = codes.PENDING.get(indicator)
        if indicator and not pending:
            item.note('unknown_code', 'pendingProcessIndicator', indicator)
        layers, conditions = self._load_layers(item, currency)
        return Cover(
            cover_id=item.text('coverId', required=True),
            status=self._get_status(item, layers, asked),
            provider_code=item.text('historicCode') or item.text('decisionCode'),
            buyer_id=item.text('buyerId', required=True), policy_id=item.text('policyId'),
            own_reference=item.text('customerRefNumber'),
            requested=None if asked is None else Money(asked, currency), layers=layers,
            applied_on=item.day('applicationDate'), decided_on=item.day('decisionDate'),
            effective_from=item.day('effectFromDate'), effective_until=item.day('effectiveToDate'),
            withdrawal_on=item.day('withdrawalDate'), pending_action=pending,
            conditions=conditions, attention=tuple(item.attention),
            meta=self._meta(answer, item.data))

    def _load_layers(self, item, currency):
        """Return (layers, conditions). The total counts; its two parts only when they add up."""
        layers, conditions = [], []
        for name in ('totalDecision', 'firstAmtDecision', 'secondAmtDecision'):
            part = item.child(name)
            if not part:
                continue
            conditions += [
                Condition(x.text('conditionCode'), x.text('conditionDescription'),
                          x.text('conditionType')) for x in part.children('decisionConditions')]
            amount = part.amount('decisionAmtInPolicyCurrency')
            until = part.day('decisionExpiryDate')
            layers.append(Layer(
                LayerKind.TEMPORARY if until else LayerKind.PERMANENT,
                None if amount is None else Money(amount, currency), valid_until=until))
        total, parts = layers[:1], [x for x in layers[1:] if x.amount]
        if parts and total and total[0].amount:
            if sum(x.amount.amount for x in parts) == total[0].amount.amount:
                return tuple(parts), tuple(dict.fromkeys(conditions))
            item.note('total_differs', 'totalDecision')
        return tuple(total), tuple(dict.fromkeys(conditions))

    def _get_status(self, item, layers, asked):
        historic, decision = item.text('historicCode'), item.text('decisionCode')
        state = item.text('coverStatus')
        if historic and historic not in codes.HISTORIC:
            item.note('unknown_code', 'historicCode', historic)
            return CoverStatus.UNKNOWN
        if historic and codes.HISTORIC[historic]:
            return codes.HISTORIC[historic]
        if state == 'REFERRED' and not decision:
            return CoverStatus.PENDING
        status = codes.DECISIONS.get(decision)
        if not status:
            item.note('unknown_code', 'decisionCode', decision or state)
            return CoverStatus.UNKNOWN
        amount = layers[0].amount if layers else None
        if decision in codes.GRANTING and (amount is None or not amount.amount):
            # Empty is not zero, and nobody grants zero.
            item.note('missing_field' if amount is None else 'unknown_code', 'decisionAmt')
            return CoverStatus.UNKNOWN
        if decision not in codes.ENDING and item.text('pendingProcessIndicator') in ('F', 'P'):
            return CoverStatus.WITHDRAWAL_ANNOUNCED
        if decision == 'DC10' and asked is not None and amount.amount < asked:
            # Less than asked for is no reduction: whoever knows what was in force compares.
            return CoverStatus.GRANTED_PARTIAL
        return status
