from odoo import models
from odoo.fields import Domain
from odoo.tools import format_date, formatLang

MAX_ITEMS = 60


class ArWorklist(models.Model):
    """The open items of one customer on the screen: what is agreed about each, and what of it may
    still be asked for.
    """
    _inherit = 'ar.worklist'

    def _get_item_rows(self, customer):
        """Return the open items with what stands about each, oldest first.

        ``residual`` is what the item owes, ``claim`` what is asked for: without what is disputed,
        and under a payment plan what is late of its instalments; both in the item's currency.
        ``is_free``: an outcome may be about it. ``waits``: not chosen unless somebody ticks it.
        """
        items = self.env['account.move.line'].search(
            customer._get_open_items_domain() & Domain('amount_residual', '>', 0),
            order='date_maturity, id', limit=MAX_ITEMS)
        today = customer.company_id._get_ar_today()
        states, held = self._get_item_states(customer, items)
        claims, waiting = self._get_item_claims(customer, items)
        return [{
            'id': item.id, 'name': item.move_name or item.name or "",
            'move_id': item.move_id.id, 'due': format_date(
                self.env, item.date_maturity or item.date),
            'days': max((today - (item.date_maturity or item.date)).days, 0),
            'residual': item.amount_residual_currency, 'currency_id': item.currency_id.id,
            'company_residual': item.amount_residual, 'claim': claims[item.id],
            'state': "\n".join(states.get(item.id, ())), 'is_free': item.id not in held,
            'waits': item.id in waiting,
        } for item in items]

    def _get_item_states(self, customer, items):
        """Return what is agreed about each item, and which items no outcome can be about.

        :return: ({item id: list of what is agreed, in words}, set of item ids)
        """
        today, states, held = customer.company_id._get_ar_today(), {}, set()

        def say(item, text, holds=True):
            states.setdefault(item.id, []).append(text)
            if holds:
                held.add(item.id)

        for line in self.env['ar.promise.line'].search(
                [('move_line_id', 'in', items.ids), ('state', '=', 'open')]):
            say(line.move_line_id, self.env._(
                "Promised for %s", format_date(self.env, line.promise_id.promise_date)))
        for line in self._get_disputed_lines(items):
            reason, currency = line.dispute_id.reason_id.name, line.currency_id
            if currency.compare_amounts(
                    line.amount, line.move_line_id.amount_residual_currency) >= 0:
                say(line.move_line_id, self.env._("Disputed: %s", reason))
            else:
                # The rest is asked for like any other money.
                say(line.move_line_id, self.env._(
                    "%(amount)s disputed: %(reason)s", reason=reason,
                    amount=formatLang(self.env, line.amount, currency_obj=currency)), holds=False)
        for line in self.env['ar.payment.plan.line'].search(
                [('move_line_id', 'in', items.ids), ('plan_id.state', '=', 'active')]):
            say(line.move_line_id, self.env._("Payment plan %s", line.plan_id.name), holds=False)
        for said in self.env['ar.interaction'].search(
                [('customer_id', '=', customer.id), ('outcome', '=', 'paid'),
                 ('next_date', '>', today), ('item_ids', 'in', items.ids)]):
            for item in said.item_ids & items:
                if item.id not in held:
                    say(item, self.env._("Said to be paid, wait until %s", format_date(
                        self.env, said.next_date)))
        for item in items.filtered('no_followup'):
            if item.id not in held:
                say(item, self.env._("Excluded from follow-up"))
        return states, held

    def _get_disputed_lines(self, items):
        return self.env['ar.dispute.line'].search(
            [('move_line_id', 'in', items.ids), ('state', '=', 'open')])

    def _get_item_claims(self, customer, items):
        """Return what may be asked for of each item, and which items wait for an instalment.

        :return: ({item id: amount in the item's currency}, set of item ids)
        """
        company = customer.company_id
        disputed = {
            line.move_line_id.id: line.amount for line in self._get_disputed_lines(items)}
        # sudo: the plans of a customer whom the reader may see.
        late = self.env['ar.dunning.engine'].sudo()._read_late_parts(
            company, company._get_ar_today())
        claims = {}
        for item in items:
            owed = item.amount_residual_currency - disputed.get(item.id, 0.0)
            if late.get(item.id, 0) > 0:
                owed = min(owed, float(late[item.id]))
            claims[item.id] = item.currency_id.round(max(owed, 0.0))
        return claims, {item.id for item in items if late.get(item.id, 1) <= 0}
