"""Builders for the worklist: a click with its token, and the points worked out the slow way."""
from bisect import bisect_right
from decimal import ROUND_HALF_UP, Decimal

from odoo.fields import Command

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

    def hold(self, partner=None, amount=500, **vals):
        """Note a held order; judging orders is the subject of other tests."""
        customer = self.account_of(partner)
        order = self.env['sale.order'].create({
            'partner_id': customer.partner_id.id, 'company_id': customer.company_id.id})
        return self.env['ar.credit.hold'].sudo().create({
            'order_id': order.id, 'customer_id': customer.id,
            'company_id': customer.company_id.id, 'amount': amount, **vals})

    def limit_request(self, partner=None, state='submitted'):
        return self.env['ar.credit.request'].sudo().create({
            'customer_id': self.account_of(partner).id, 'amount': 9000, 'reason': "They grow",
            'state': state})

    def deadline(self, kind, last_day, invoice=None, partner=None, **vals):
        """Note a deadline; counting their days is the subject of other tests."""
        customer = self.account_of(partner)
        item = self.items(invoice) if invoice else self.env['account.move.line']
        return self.env['ar.deadline'].sudo().create({
            'kind': kind, 'key': f"test:{self.env['ar.deadline'].search_count([])}",
            'customer_id': customer.id, 'partner_id': customer.partner_id.id,
            'company_id': customer.company_id.id, 'currency_id': customer.currency_id.id,
            'last_day': last_day, 'amount': 1000, 'move_line_id': item.id, **vals})

    def waiting_plan(self, partner=None, state='to_approve'):
        """Note a payment plan in a state; the way there is the subject of other tests."""
        return self.waiting_record('ar.payment.plan', partner, state, currency_id=(
            self.company.currency_id.id), number=2, first_date='2026-07-01')

    def waiting_write_off(self, partner=None, state='submitted'):
        return self.waiting_record('ar.write.off', partner, state, reason="Nothing left")

    def waiting_record(self, model, partner, state, **vals):
        """Note a record about an item of its own that is not due yet: no money to collect."""
        customer = self.account_of(partner)
        item = self.items(self.invoice(10, due='2027-01-01', partner=customer.partner_id))
        record = self.env[model].sudo().create({
            'customer_id': customer.id, **vals,
            'line_ids': [Command.create({'move_line_id': item.id})]})
        record.state = state
        return record

    def reply_of(self, partner=None, state='new', date='2026-05-30'):
        customer = self.account_of(partner)
        message = customer.sudo()._message_log(body="Hello")
        return self.env['ar.reply'].sudo().create({
            'message_id': message.id, 'customer_id': customer.id, 'subject': "Hello",
            'received_at': f'{date} 10:00:00', 'received_on': date, 'state': state})

    def act_of(self, partner=None, kind='copy', state='new', date='2026-05-30'):
        """Note an act on the pages, with the contact that goes with it."""
        customer = self.account_of(partner)
        number = self.env['ar.portal.act'].search_count([])
        act = self.env['ar.portal.act'].sudo().create({
            'customer_id': customer.id, 'kind': kind, 'state': state, 'done_on': date,
            'key': f'act-of-a-test-{number:06d}'})
        act._note_interaction()
        return act

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

    def slow_waiting(self, customer):
        """Return {code: (points, number)} of what waits for a decision or a last day."""
        company, today = customer.company_id, customer.company_id._get_ar_today()
        mine = [('customer_id', '=', customer.id)]
        numbers = {
            'approval': len(self.env['ar.reminder'].search(mine).filtered(
                lambda reminder: reminder.state == 'proposed')),
            'hold': len(self.env['ar.credit.hold'].search(mine).filtered(
                lambda hold: hold.state == 'held')),
            'limit': len(self.env['ar.credit.request'].search(mine).filtered(
                lambda request: request.state == 'submitted')),
            'plan': len(self.env['ar.payment.plan'].search(mine).filtered(
                lambda plan: plan.state == 'to_approve')),
            'write_off': len(self.env['ar.write.off'].search(mine).filtered(
                lambda loss: loss.state == 'submitted')),
            'reply': len(self.env['ar.reply'].search(mine).filtered(
                lambda reply: reply.state == 'new')),
            'contact': 0, 'question': 0, 'law_deadline': 0, 'insurer_deadline': 0,
        }
        for act in self.env['ar.portal.act'].search(mine):
            if act.state == 'new':
                numbers['contact' if act.kind == 'contact' else 'question'] += 1
        of_insurers = {
            'credit_period', 'overdue_notice', 'extension', 'collections', 'insurance_claim',
            'insolvency_notice'}
        for row in self.env['ar.deadline'].search(mine):
            lead = (company.ar_prescription_lead_days if row.kind == 'prescription'
                    else company.ar_deadline_lead_days)
            paid = row.move_line_id and not row.move_line_id.amount_residual
            if (row.state != 'open' or paid or row.kind == 'opposition'
                    or not 0 <= (row.last_day - today).days <= lead):
                continue
            numbers['insurer_deadline' if row.kind in of_insurers else 'law_deadline'] += 1
        return {
            code: (company.ar_worklist_deadline_points if code.endswith('deadline')
                   else company.ar_worklist_waiting_points, number)
            for code, number in numbers.items() if number}

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


class OutcomeCommon(WorklistCommon):
    """One invoice overdue for a month, and the collector who calls about it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.invoice(1000, due='2026-05-02')
        cls.collector = cls.user('collector', 'outcome_collector')
        cls.env['ar.customer']._get_or_create(cls.buyer, cls.company).collector_id = cls.collector

    def activities(self):
        return self.env['mail.activity'].search([
            ('res_model', '=', 'ar.customer'), ('res_id', '=', self.account_of().id)])

    def contacts(self):
        return self.env['ar.interaction'].search([])
