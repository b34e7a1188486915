from dataclasses import dataclass
from datetime import date, timedelta

from odoo import models

from ...connectors.results import UNREADABLE, CoverStatus
from .cover_status import ENDED

# An amount that falls under one of these was reduced by the insurer, whatever its code says.
GRANTING = frozenset({
    CoverStatus.GRANTED, CoverStatus.GRANTED_CONDITIONAL, CoverStatus.GRANTED_PARTIAL,
    CoverStatus.PRELIMINARY})


@dataclass
class Reading:
    """What is about to be done with a decision."""

    status: str
    start: date
    #: Values of the new layers; None: those in force stay.
    layers: list | None
    #: Last day of delivery of the layers that stay, when the decision says one.
    last_day: date | None = None


class ArCover(models.Model):
    """EXTENDS: what a decision says about amounts and days. Nothing is written here."""
    _inherit = 'ar.cover'

    def _read_decision(self, decision, only, asked, doubtful):
        """Return what the decision does to the layers.

        :param bool doubtful: a person must look at it
        :rtype: Reading
        """
        self.ensure_one()
        status, today = str(decision.status), self.company_id._get_ar_today()
        current = self._get_current_layers(only, today)
        if decision.status in UNREADABLE or any(
                layer.amount is None
                or layer.amount.currency != self.policy_id.currency_id.name
                for layer in decision.layers):
            return Reading('unknown', today, None)
        since = max(
            (layer.date_from for layer in current if layer.date_from <= today), default=None)
        if status == CoverStatus.WITHDRAWAL_ANNOUNCED:
            end = self._get_end(decision, status, None)
            return Reading(
                status, today, None if current else self._get_layers(decision, None, only),
                end and end - timedelta(days=1))
        if status == CoverStatus.INCREASE_REFUSED and current:
            return Reading(status, today, None)
        if status == CoverStatus.SUPERSEDED:
            return Reading(status, today, None)
        if status in ENDED or status == CoverStatus.SUSPENDED:
            end = self._get_end(decision, status, decision.decided_on or today)
            return Reading(status, end, [self._get_zero(only)])
        layers = self._get_layers(decision, since, only)
        if not layers:
            # Granted, and no amount said: nothing may be read into it.
            return Reading('unknown' if doubtful or not current else status, today, None)
        old = sum(current.mapped('amount'))
        new = sum(layer['amount'] for layer in layers)
        falls = self.currency_id.compare_amounts(new, old) < 0
        if self._is_our_reduction(asked, new):
            status = 'granted' if status == CoverStatus.REDUCED else status
        elif falls and status != CoverStatus.REDUCED and decision.status in GRANTING:
            status = 'reduced'
        if status == CoverStatus.REDUCED:
            said = decision.effective_from
            start = said if said and (not since or said > since) else self._get_end(
                decision, status, self._get_start(decision, None, since))
            for layer in layers:
                layer['date_from'] = start
        if self._is_same(current, layers):
            return Reading(status, today, None)
        return Reading(status, min(layer['date_from'] for layer in layers), layers)

    def _is_our_reduction(self, asked, amount):
        """Return whether a lower amount is no less than what we asked to be reduced to.

        :param asked: `ar.cover.request` that the decision answers, or None
        :param amount: granted, in policy currency
        """
        return bool(asked) and asked.action == 'reduce' and (
            asked.currency_id != self.currency_id
            or self.currency_id.compare_amounts(amount, asked.amount) >= 0)

    def _get_current_layers(self, only, day):
        """Return the layers that cover deliveries of ``day`` or will."""
        return self.layer_ids.filtered(lambda layer: (
            not only or layer.kind in only) and (not layer.date_to or (
                layer.date_to >= day and layer.date_to >= layer.date_from)))

    def _get_start(self, decision, layer, since):
        """Return the first day of delivery that a decision is about.

        An insurer may repeat the first day of the whole cover beside a changed amount: a day that
        is not later than the start of what is in force says nothing about the change.
        """
        days = (layer and layer.valid_from, decision.effective_from, decision.decided_on)
        today = self.company_id._get_ar_today()
        return next((day for day in days if day and (not since or day > since)), today)

    def _get_end(self, decision, status, otherwise):
        """Return the first day of delivery that has lost its cover.

        The insurer's own date; else the day of the decision plus the notice of the policy, when
        somebody has typed it in; else ``otherwise``.
        """
        if decision.withdrawal_on:
            return decision.withdrawal_on
        notice = self.policy_id._get_days('withdrawal_notice_days')
        if notice and status in (
                CoverStatus.REDUCED, CoverStatus.WITHDRAWN, CoverStatus.WITHDRAWAL_ANNOUNCED):
            return (decision.decided_on or self.company_id._get_ar_today()) + timedelta(
                days=notice)
        if decision.status == CoverStatus.EXPIRED and decision.effective_until:
            return decision.effective_until + timedelta(days=1)
        return otherwise

    def _get_layers(self, decision, since, only):
        """Return the values of the layers that a decision grants.

        :param since: first day of what is in force, None when nothing is
        """
        layers = []
        for layer in decision.layers:
            first = self._get_start(decision, layer, since)
            ends = [day for day in (
                layer.valid_until, decision.effective_until,
                # Of a reduction it is the day from which the lower amount counts.
                decision.withdrawal_on and decision.status != CoverStatus.REDUCED
                and decision.withdrawal_on - timedelta(days=1)) if day]
            layers.append({
                'kind': str(layer.kind), 'amount': float(layer.amount.amount),
                'insured_percentage': float(layer.insured_percentage or 0),
                'date_from': first,
                'date_to': max(min(ends), first - timedelta(days=1)) if ends else False,
                'conditions': "\n".join(
                    ": ".join(filter(None, (x.code, x.text))) for x in layer.conditions),
            })
        return [layer for layer in layers if not only or layer['kind'] in only]

    def _get_zero(self, only):
        """Return the values of the layer that says: nothing."""
        kind = self.kind if self.kind in ('discretionary', 'non_named') else 'permanent'
        return {'kind': next(iter(only)) if only and len(only) == 1 else kind, 'amount': 0.0,
                'insured_percentage': 0.0, 'date_from': None, 'date_to': False, 'conditions': ''}

    def _is_same(self, current, layers):
        """Return whether these values say what the layers in force say already."""
        def tell(kind, amount, percentage, last):
            return (kind, self.currency_id.round(amount), round(percentage, 2), last or None)
        return sorted(map(str, (tell(
            x.kind, x.amount, x.insured_percentage, x.date_to) for x in current))) == sorted(
            map(str, (tell(x['kind'], x['amount'], x['insured_percentage'], x['date_to'])
                      for x in layers)))
