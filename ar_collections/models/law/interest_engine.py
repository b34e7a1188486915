from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date

from ...tools.contract_rates import ContractRate
from ...tools.interest import (
    Credit,
    MissingRate,
    Payment,
    Statement,
    Stay,
    Stop,
    compute_statement,
)
from ...tools.interest_rules import ZERO, Compensation, to_decimal
from ..core.customer_refresh import CASH_JOURNALS


@dataclass(frozen=True)
class ItemClaim:
    """What one open or paid item owes for its lateness.

    ``interest`` and ``compensation`` are what is left after earlier claims and waivers; with a
    ``reason`` there is no claim and no statement.
    """
    item_id: int
    move_id: int
    customer_id: int
    currency_id: int
    name: str
    invoice_date: date | None
    due: date
    regime_id: int | None = None
    statement: Statement | None = None
    interest: Decimal = ZERO
    compensation: Decimal = ZERO
    prior_interest: Decimal = ZERO
    prior_compensation: Decimal = ZERO
    # The day of the first notice about it, where interest waits for one.
    notice: date | None = None
    reason: str | None = None
    detail: str = ''
    # All the items on which it stands or stood, the item of the invoice among them.
    parts: tuple[int, ...] = ()
    # The rate that the parties agreed, and what is wrong with it by index of the segment.
    contract: ContractRate | None = None
    flags: dict = field(default_factory=dict)


class ArInterestEngine(models.AbstractModel):
    """From receivable lines and their reconciliations to statements of interest.

    The ledger is read in three queries for any number of customers; the arithmetic is pure.
    """
    _name = 'ar.interest.engine'
    _description = "Late interest"

    @api.model
    def _get_item_claims(self, customers, date, moves=None, paid_since=None, allocation=None):
        """Return what is owed for lateness on a day.

        :param customers: `ar.customer` records of one company
        :param date date: last day counted
        :param moves: only the items of these invoices
        :param date paid_since: also items paid in full, when the last payment came on or after it
        :param str allocation: beats the rule of the regime for part payments
        :rtype: list[ItemClaim]
        """
        if not customers:
            return []
        customers.company_id.ensure_one()
        items = self._read_items(customers, date, moves, paid_since)
        if not items:
            return []
        events = self._read_events(items)
        prior_items, prior_moves = self._read_prior(
            [item['id'] for item in items], [item['move_id'] for item in items])
        laws = customers._get_laws()
        rates = self.env['ar.reference.rate']._get_rates()
        agreed = self.env['ar.contract.rate']._get_rates([item['move_id'] for item in items])
        frames = {customer.id: self._get_frame(customer, laws[customer], allocation)
                  for customer in customers}

        def compute(item, compensation=None):
            return self._compute_item(
                item, frames[item['customer_id']], events.get(item['id'], []), rates, date,
                compensation, agreed.get(item['move_id']))

        shared = self._share_costs(items, frames, compute, prior_moves)
        claims, compensated = [], set()
        for item in items:
            claim = compute(item, Compensation() if item['move_id'] in compensated
                            else shared.get(item['id']))
            if claim.statement and claim.statement.compensation:
                compensated.add(item['move_id'])
            claims.append(self._subtract_prior(claim, prior_items, prior_moves))
        return claims

    # === READING === #

    def _read_items(self, customers, date, moves, paid_since):
        """Return the late receivable lines of invoices, oldest first, as dictionaries.

        ``parts`` are the items on which the claim stands or stood: that of the invoice, mostly
        alone. ``reconciled`` says whether nothing is left on any of them.
        """
        company = customers.company_id
        # What moved is open while anything is left of it; the array lets an index find the rest.
        scope = SQL(
            """(l.reconciled IS NOT TRUE OR l.id = ANY(ARRAY(SELECT root_id FROM moved)))
               AND CASE WHEN moved.root_id IS NULL THEN l.reconciled IS NOT TRUE
                        ELSE moved.owed > 0 END""")
        if paid_since:
            # What a credit note or a write-off closed alone was never paid, late or in time.
            scope = SQL(
                """(%s OR EXISTS (
                    SELECT 1 FROM account_partial_reconcile paid
                      JOIN account_move_line other ON other.id = paid.credit_move_id
                      JOIN account_move source ON source.id = other.move_id
                      JOIN account_journal j ON j.id = other.journal_id
                     WHERE paid.debit_move_id = ANY(COALESCE(moved.parts, ARRAY[l.id]))
                       AND paid.max_date >= %s
                       AND (j.type = ANY(%s) OR source.origin_payment_id IS NOT NULL)))""",
                scope, paid_since, list(CASH_JOURNALS))
        if moves is not None:
            scope = SQL("%s AND l.move_id = ANY(%s)", scope, moves.ids)
        for model in ('account.move.line', 'account.move', 'res.partner', 'ar.claim'):
            self.env[model].flush_model()
        return self.env.execute_query_dict(SQL(
            """
            WITH moved AS MATERIALIZED (%(moved)s)
            SELECT l.id, l.move_id, c.id AS customer_id, l.currency_id,
                   l.amount_currency AS amount, m.name, m.invoice_date,
                   COALESCE(l.date_maturity, l.date) AS due,
                   COALESCE(moved.owed <= 0, l.reconciled) AS reconciled,
                   COALESCE(moved.parts, ARRAY[l.id]) AS parts
              FROM account_move_line l
              JOIN account_move m ON m.id = l.move_id
              JOIN res_partner p ON p.id = l.partner_id
              JOIN ar_customer c
                ON c.partner_id = p.commercial_partner_id AND c.company_id = l.company_id
              LEFT JOIN moved ON moved.root_id = l.id
             WHERE l.account_id = ANY(%(accounts)s) AND l.company_id = %(company)s
               AND l.parent_state = 'posted' AND l.amount_currency > 0
               AND m.move_type IN ('out_invoice', 'out_receipt')
               AND l.no_followup IS NOT TRUE AND moved.excluded IS NOT TRUE
               AND c.id = ANY(%(customers)s)
               AND COALESCE(l.date_maturity, l.date) < %(date)s AND %(scope)s
               -- Interest bears no interest: our own documents stay out.
               AND NOT EXISTS (SELECT 1 FROM ar_claim own WHERE own.move_id = l.move_id)
             ORDER BY due, l.id
            """,
            moved=self._get_moved_claims(company),
            accounts=company._get_ar_account_ids(), company=company.id, date=date,
            customers=customers.ids, scope=scope))

    def _get_moved_claims(self, company):
        """Hook: return the query of the claims that stand, or stood, on other items as well.

        :return: query of (root_id: the item of the invoice, parts: ids of all its items, owed: in
            its currency, excluded: from all follow-up)
        :rtype: SQL
        """
        return SQL(
            "SELECT NULL::int AS root_id, NULL::int[] AS parts, NULL::numeric AS owed,"
            " NULL::boolean AS excluded WHERE FALSE")

    def _read_events(self, items):
        """Return {item id: [Payment or Credit]}, from what was matched with each claim.

        Entries of banks, cash and cards are payments; everything else (credit notes, write-offs,
        transfers) cuts the principal without paying interest. What is matched among the items of
        one claim, or merely takes the moving of it back, pays and cuts nothing.

        :param items: as `_read_items` returns them
        """
        self.env['account.partial.reconcile'].flush_model()
        pairs = [(item['id'], part) for item in items for part in item['parts']]
        rows = self.env.execute_query_dict(SQL(
            """
            WITH claim (item_id, part_id) AS (SELECT * FROM unnest(%s::int[], %s::int[]))
            SELECT claim.item_id, pr.debit_amount_currency AS amount, other.date,
                   m.name, (j.type = ANY(%s) OR m.origin_payment_id IS NOT NULL) AS paid,
                   cur.decimal_places AS decimals
              FROM claim
              JOIN account_partial_reconcile pr ON pr.debit_move_id = claim.part_id
              JOIN account_move_line other ON other.id = pr.credit_move_id
              JOIN account_move m ON m.id = other.move_id
              JOIN account_journal j ON j.id = m.journal_id
              JOIN account_move_line part ON part.id = claim.part_id
              JOIN res_currency cur ON cur.id = part.currency_id
             WHERE NOT EXISTS (
                    SELECT 1 FROM claim own
                     WHERE own.item_id = claim.item_id AND own.part_id = pr.credit_move_id)
               AND (claim.part_id = claim.item_id
                    OR m.reversed_entry_id IS DISTINCT FROM part.move_id)
             ORDER BY other.date, pr.id
            """,
            [item_id for item_id, _part in pairs], [part for _item_id, part in pairs],
            list(CASH_JOURNALS)))
        events = {}
        for row in rows:
            amount = to_decimal(row['amount'], row['decimals'])
            if amount > 0:
                kind = Payment if row['paid'] else Credit
                events.setdefault(row['item_id'], []).append(
                    kind(row['date'], amount, label=row['name'] or ''))
        return events

    def _read_prior(self, item_ids, move_ids):
        """Return ({item: interest}, {move: compensation}) that was claimed or waived before."""
        self.env['ar.claim.line'].flush_model()
        rows = self.env.execute_query_dict(SQL(
            """
            SELECT line.move_line_id, line.move_id, SUM(line.interest_amount) AS interest,
                   SUM(line.compensation_amount) AS compensation
              FROM ar_claim_line line JOIN ar_claim claim ON claim.id = line.claim_id
             WHERE claim.state IN ('claimed', 'waived')
               AND (line.move_line_id = ANY(%s) OR line.move_id = ANY(%s))
             GROUP BY 1, 2
            """, list(item_ids), list(move_ids)))
        by_item, by_move = {}, {}
        for row in rows:
            by_item[row['move_line_id']] = to_decimal(row['interest'])
            by_move[row['move_id']] = by_move.get(row['move_id'], ZERO) + to_decimal(
                row['compensation'])
        return by_item, by_move

    # === COMPUTING === #

    def _share_costs(self, items, frames, compute, prior):
        """Hook: return {item id: `Compensation`} where the law does not count invoice by invoice.

        :param items: as `_read_items` returns them
        :param dict frames: {customer id: as `_get_frame` returns it}
        :param compute: function of (item, `Compensation`) that returns its `ItemClaim`
        :param dict prior: {invoice id: compensation that was claimed or waived before}
        """
        return {}

    def _get_frame(self, customer, law, allocation):
        """Return what the items of a customer share: rule, events, or the reason of no claim."""
        regime, why = law
        if not regime:
            return {'reason': 'law', 'detail': why or ''}
        # sudo: the law is no secret.
        regime = regime.sudo()
        contract = customer._get_contract() if regime.debtor != 'consumer' else None
        rule = regime._to_regime(contract)
        if allocation:
            rule = replace(rule, allocation=allocation)
        events = [Stay(stay.date_from, stay.date_to, stay.reason) for stay in customer.stay_ids]
        if customer.insolvency_date:
            events.append(Stop(customer.insolvency_date))
        return {
            'reason': None, 'regime': regime, 'rule': rule, 'events': events,
            'customer': customer, 'contract': contract,
        }

    def _get_notices(self, item, customer):
        """Hook: return the notices that may be about an item, as (day it left, channel or None).

        A third value may be the day of its receipt: see `ar.legal.regime._get_last_free_day`.

        :param dict item: as `_read_items` returns it
        """
        if not customer.notice_date:
            return []
        return [(customer.notice_date, customer.notice_channel or None)]

    def _find_notice(self, item, customer, regime, date):
        """Return what a notice gives to an item: (day it left, start, reason, detail).

        ``start`` is the day on which it reached the debtor: interest runs from the day after.
        With a reason there is no claim; without a notice all is None.
        """
        if not regime.needs_notice:
            return None, None, None, ''
        notices = sorted(self._get_notices(item, customer), key=lambda notice: notice[0])
        if not notices:
            return None, None, 'notice', ''
        # A notice is about what was late by then: § 286 (1) BGB, article 1231-6 code civil.
        about = [notice for notice in notices if notice[0] > item['due']]
        if not about:
            return None, None, 'later', notices[-1][0].isoformat()
        wait = min(regime._get_last_free_day(*notice) for notice in about)
        if date <= wait:
            return None, None, 'wait', wait.isoformat()
        return about[0][0], min(regime._get_arrival(*notice) for notice in about), None, ''

    def _compute_item(self, item, frame, events, rates, date, compensation=None, agreed=None):
        """Return the `ItemClaim` of one item.

        :param compensation: `Compensation` that takes the place of that of the rule
        """
        claim = ItemClaim(
            item['id'], item['move_id'], item['customer_id'], item['currency_id'],
            item['name'] or '', item['invoice_date'], item['due'], parts=tuple(item['parts']))
        if frame['reason']:
            return replace(claim, reason=frame['reason'], detail=frame['detail'])
        if item.get('disputed') and not item['amount']:
            return replace(claim, regime_id=frame['regime'].id, reason='disputed')
        currency = self.env['res.currency'].browse(item['currency_id'])
        rule, regime, contract = frame['rule'], frame['regime'], frame['contract']
        if agreed is not None and regime.debtor != 'consumer':
            # The rate of the invoice beats that of the customer and that of the law.
            contract = agreed
            rule = replace(regime._to_regime(agreed), allocation=rule.allocation)
        if regime.currency_id != currency:
            compensation = Compensation()
        if compensation is not None:
            rule = replace(rule, compensation=compensation)
        notice, start, reason, detail = self._find_notice(item, frame['customer'], regime, date)
        if reason:
            return replace(claim, regime_id=regime.id, reason=reason, detail=detail)
        due = start or item['due']
        if regime.interest_months:
            due = max(due, self._get_grace_end(item, regime))
            if due >= date:
                return replace(
                    claim, regime_id=regime.id, reason='early', detail=due.isoformat())
        end = date
        if item['reconciled'] and events:
            # Settled in the books: nothing runs on after the last entry.
            end = min(date, max(event.date for event in events))
        decimals = currency.decimal_places
        try:
            statement = compute_statement(
                to_decimal(item['amount'], decimals), due, end, rule, rates,
                [*frame['events'], *events], decimals)
        except MissingRate as error:
            return replace(claim, regime_id=regime.id, reason='rate',
                           detail=f"{error.reference}|{error.day}")
        claim = replace(
            claim, regime_id=regime.id, statement=statement, interest=statement.interest,
            compensation=statement.compensation, contract=contract, notice=notice)
        return replace(claim, flags=self._get_flags(claim, rates))

    def _get_grace_end(self, item, regime):
        """Return the last day without interest of rules that give months after the invoice.

        Luxembourg counts them for consumers from the receipt of goods, which is not known here:
        the date of the invoice, which follows it, gives the lower claim.
        """
        return (item['invoice_date'] or item['due']) + relativedelta(
            months=regime.interest_months)

    def _subtract_prior(self, claim, prior_items, prior_moves):
        if not claim.statement:
            return claim
        interest = prior_items.get(claim.item_id, ZERO)
        compensation = prior_moves.get(claim.move_id, ZERO)
        return replace(
            claim, interest=max(claim.interest - interest, ZERO),
            compensation=max(claim.compensation - compensation, ZERO),
            prior_interest=interest, prior_compensation=min(compensation, claim.compensation))

    @api.model
    def _describe_reason(self, claim):
        """Return in words why an item gives no claim."""
        if claim.reason == 'notice':
            return self.env._(
                "No interest before a formal notice: enter the day on which it was sent.")
        if claim.reason == 'wait':
            return self.env._(
                "Nothing may be charged before the notice has run out on %s.",
                format_date(self.env, fields.Date.to_date(claim.detail)))
        if claim.reason == 'early':
            return self.env._(
                "The law gives no interest up to and including %s.",
                format_date(self.env, fields.Date.to_date(claim.detail)))
        if claim.reason == 'later':
            return self.env._(
                "Fell due after the formal notice of %s: it needs a notice of its own.",
                format_date(self.env, fields.Date.to_date(claim.detail)))
        if claim.reason == 'rate':
            reference, day = claim.detail.split('|')
            labels = dict(self.env['ar.reference.rate']._fields['reference']
                          ._description_selection(self.env))
            return self.env._(
                "Cannot be computed: “%(reference)s” is not known or not confirmed for "
                "%(date)s.", reference=labels.get(reference, reference),
                date=format_date(self.env, fields.Date.to_date(day)))
        return claim.detail
