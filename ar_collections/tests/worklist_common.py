"""Builders for the worklist: a click with its token, and the points worked out the slow way."""
from bisect import bisect_right
from decimal import ROUND_HALF_UP, Decimal

from .test_desk import DeskCommon

CENT = Decimal('0.01')


class WorklistCommon(DeskCommon):

    def click(self, partner=None, outcome='no_answer', user=None, token=None, **values):
        """Do what a button of the screen does; a new visit unless a token is given."""
        customer = self.account_of(partner)
        Worklist = self.env['ar.worklist'].with_user(user or self.env.user)
        token = token or Worklist.load_customer(customer.id)['token']
        return Worklist.log_outcome(customer.id, outcome, token, values)

    def work(self, user=None, **filters):
        """Return the rows of the screen as {name: row}, in their order."""
        self.env.invalidate_all()
        Worklist = self.env['ar.worklist'].with_user(user or self.env.user)
        rows = Worklist.load_worklist({'scope': 'all', 'limit': 200, **filters})['rows']
        return {row['name']: row for row in rows}

    def row(self, partner=None):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env['ar.worklist'].search(
            [('customer_id', '=', self.account_of(partner).id)])

    # === THE SLOW WAY === #

    def slow_money(self, customer):
        """Return (amount, points) of the money part of a customer, one item after the other."""
        today = customer.company_id._get_ar_today()
        items = self.env['account.move.line'].search([
            ('account_type', '=', 'asset_receivable'), ('parent_state', '=', 'posted'),
            ('company_id', '=', customer.company_id.id), ('amount_residual', '>', 0),
            ('partner_id.commercial_partner_id', '=', customer.partner_id.id)])
        total, weighted = Decimal(0), Decimal(0)
        for item in items:
            age = (today - (item.date_maturity or item.date)).days
            if age <= 0 or item.no_followup or self.slow_is_kept_out(item, today):
                continue
            residual = Decimal(str(item.amount_residual)) - self.slow_disputed(item)
            total, weighted = total + residual, weighted + residual * age
        if not total:
            return Decimal(0), Decimal(0)
        days = int((weighted / total).quantize(Decimal(1), ROUND_HALF_UP))
        factor = (1 + Decimal(min(days, 180)) / 90).quantize(CENT, ROUND_HALF_UP)
        points = total * self.slow_likelihood(customer, days) * factor / Decimal(
            str(customer.company_id.ar_worklist_point_amount))
        return total, points.quantize(Decimal('0.1'), ROUND_HALF_UP)

    def slow_is_kept_out(self, item, today):
        promised = self.env['ar.promise.line'].search([('move_line_id', '=', item.id)]).filtered(
            lambda line: line.state == 'open' and line.promise_id.deadline >= today)
        said_paid = self.env['ar.interaction'].search([]).filtered(
            lambda said: said.outcome == 'paid' and item in said.item_ids
            and said.next_date > today)
        in_full = self.slow_disputed(item) >= Decimal(str(item.amount_residual))
        return bool(promised or said_paid or in_full)

    def slow_disputed(self, item):
        lines = self.env['ar.dispute.line'].search([('move_line_id', '=', item.id)])
        return sum((Decimal(str(line.amount)) for line in lines if line.state == 'open'),
                   Decimal(0))

    def slow_likelihood(self, customer, days):
        habit = self.env['ar.forecast.habit'].search([
            ('partner_id', '=', customer.partner_id.id),
            ('company_id', '=', customer.company_id.id)])
        risk = customer.risk_class_id
        if risk.kind == 'default':
            value = Decimal(1)
        elif habit.payment_count >= 3:
            delays = [int(delay) for delay in habit.delays.strip('{}').split(',')]
            totals = [int(total) for total in habit.totals.strip('{}').split(',')]
            index = bisect_right(delays, days)
            value = Decimal(totals[index - 1]) / totals[-1] if index else Decimal(0)
        elif risk.kind == 'normal':
            value = (100 - Decimal(str(risk.score_from))) / 100
        else:
            value = Decimal('0.5')
        return max(min(value, Decimal(1)), Decimal('0.05')).quantize(CENT, ROUND_HALF_UP)
