from odoo import models


class ArOverdueNotice(models.Model):
    """The data pack: every field that insurers ask for about an unpaid item."""
    _name = 'ar.overdue.notice'
    _inherit = ['ar.overdue.notice', 'ar.insurer.pack']

    def _get_pack(self):
        """Return what is told, for the PDF and the table alike.

        :return: {'policy', 'buyer', 'cover', 'debt': lists of (label, value);
            'heads': labels of the columns; 'rows': values of each item; 'note': free text}; dates
            as dates, amounts as (number, currency), instalments as a list of (date, amount)
        """
        self.ensure_one()
        # sudo: the right to read the notice was checked; what it tells comes with it.
        notice = self.sudo()
        customer, company = notice.customer_id, notice.company_id
        labels = {name: dict(notice._fields[name]._description_selection(self.env))
                  for name in ('category', 'cause')}
        money = company.currency_id
        return {
            'policy': [
                *notice._get_policy_facts(notice.sent_by_id or self.env.user),
                (self.env._("Our number of this notice"), notice.name),
                (self.env._("What is told"), labels['category'][notice.category]),
                *notice._get_asked_facts(),
            ],
            'buyer': notice._get_buyer_facts(notice.buyer_reference),
            'cover': notice._get_cover_facts(),
            'debt': [
                (self.env._("Owed in all, less credits"), (customer.balance, money)),
                (self.env._("Overdue in all"), (customer.overdue_amount, money)),
                (self.env._("Told in this notice"), (notice.amount, money)),
                (self.env._("Why unpaid"), labels['cause'][notice.cause]),
                (self.env._("Insolvency opened on"), customer.insolvency_date or ''),
                (self.env._("Last payment"), customer.last_payment_date or ''),
                (self.env._("To send by"), notice.last_day or ''),
            ],
            'heads': [
                self.env._("Invoice"), self.env._("Date"), self.env._("Original due date"),
                self.env._("Due date today"), self.env._("Days overdue"),
                self.env._("Currency"), self.env._("Invoiced, tax included"),
                self.env._("Paid or credited"), self.env._("Open amount"), self.env._("Disputed"),
                self.env._("Delivered on")],
            'rows': [notice._get_pack_row(line) for line in notice.line_ids],
            'note': notice.note or '',
        }

    def _get_asked_facts(self):
        """Return what is asked for beside the notice: the new day, or the plan of repayment."""
        plan = self.payment_plan_id
        if self.category == 'extension':
            return [(self.env._("New due date asked for"), self.new_due_date or '')]
        if self.category == 'rescheduling' and plan:
            return [
                (self.env._("Repayment plan"), plan.name or ''),
                (self.env._("Sum of instalments"), (plan.planned_amount, plan.currency_id)),
                (self.env._("Instalments"), [
                    (one.due_date, (one.amount, plan.currency_id))
                    for one in plan.instalment_ids.sorted(lambda one: (one.due_date, one.id))])]
        return []

    def _get_pack_row(self, line):
        item = line.move_line_id
        today = self.company_id._get_ar_today()
        money = line.item_currency_id
        disputed = self.env['ar.dispute.line'].sudo().search([
            ('move_line_id', '=', item.id), ('state', '=', 'open')], limit=1)
        return [
            item.move_id.name or '', line.invoice_date, line.original_due,
            item.date_maturity or item.date, max((today - line.original_due).days, 0),
            money.name, (line.amount_total, money),
            (line.amount_total - line.residual_currency, money),
            (line.residual_currency, money),
            self.env._("Yes") if disputed else self.env._("No"), item.move_id.delivery_date or '']

    # === THE TABLE === #

    def _get_pack_csv(self):
        """Return the table as bytes: one row per item, the facts of the buyer on each."""
        self.ensure_one()
        pack = self._get_pack()
        steps = self.env._("Steps taken")
        facts = [*pack['policy'], *pack['buyer'], *pack['cover'], *pack['debt']]
        facts += [(steps, (self.steps_taken or '').replace('\n', ' | ')),
                  (self.env._("Note"), pack['note'].replace('\n', ' | '))]
        return self._write_pack_csv(pack['heads'], pack['rows'], facts)
