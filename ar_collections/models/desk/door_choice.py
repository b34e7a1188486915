from odoo import api, models
from odoo.tools import SQL
from odoo.tools.misc import format_amount, format_date

from ...tools.form_values import read_numbers


class ArDoor(models.AbstractModel):
    """What a customer may pay: what is due, that without what it disputes, all, or chosen items.
    """
    _inherit = 'ar.door'

    @api.model
    def _get_choices(self, section, today, money):
        """Return the buttons of one currency: list of (code, amount as text)."""
        choices = []
        section = {**section, 'items': self._get_payable_items(section['items'])}
        disputed = self._get_disputed([item['line_id'] for item in section['items']])
        seen = set()
        for code in ('due', 'undisputed', 'all'):
            _items, amount = self._choose(section, code, today, disputed)
            # Two buttons with the same amount are one question too many.
            if section['currency'].compare_amounts(amount, 0) > 0 and amount not in seen:
                seen.add(amount)
                choices.append((code, money(amount)))
        return choices

    @api.model
    def _get_payment(self, customer, currency_id, choice):
        """Return what a choice comes to now, from the ledger alone.

        :param customer: `ar.customer`, sudoed
        :param int currency_id: of the section
        :param str choice: 'due', 'undisputed', 'all', or ids of items joined by '-'
        :return: (items as dictionaries of `ar.statement`, amount to pay in the currency, ids of
            items that are disputed in part); ([], 0.0, set()) when nothing is to be paid
        """
        sections = self.env['ar.statement'].sudo()._read_statements(customer)[customer.id]
        section = next(
            (one for one in sections if one['currency'].id == currency_id), None)
        if not section:
            return [], 0.0, set()
        section = {**section, 'items': self._get_payable_items(section['items'])}
        disputed = self._get_disputed([item['line_id'] for item in section['items']])
        today = customer.company_id._get_ar_today()
        items, amount = self._choose(section, choice, today, disputed)
        if section['currency'].compare_amounts(amount, 0) <= 0:
            return [], 0.0, set()
        parts = set(disputed) if choice == 'undisputed' else set()
        return items, amount, parts & {item['line_id'] for item in items}

    @api.model
    def _get_payable_items(self, items):
        """Hook: return those of some items that may be paid to us.

        A room that knows of somebody else who is to be paid takes items away.

        :param items: dictionaries of `ar.statement`
        """
        return items

    @api.model
    def _choose(self, section, choice, today, disputed):
        """Return (items, amount) of one choice; open credits are subtracted from the first three.
        """
        currency = section['currency']
        credits = [item for item in section['items'] if item['residual'] < 0]
        debts = [item for item in section['items'] if item['residual'] > 0]
        if choice == 'all':
            items = debts
        elif choice in ('due', 'undisputed'):
            items = [item for item in debts
                     if item['due_date'] <= today and not item['unasked']]
        else:
            ids = read_numbers(choice.split('-'))
            chosen = [item for item in section['items'] if item['line_id'] in ids]
            if len(chosen) < len(ids):
                # One of them is paid, or nobody's business: never pay less than was shown.
                return [], 0.0
            return chosen, currency.round(sum(item['residual'] for item in chosen))
        amount = sum(item['residual'] for item in [*items, *credits])
        if choice == 'undisputed':
            amount -= sum(min(disputed.get(item['line_id'], 0.0), item['residual'])
                          for item in items)
            items = [item for item in items if currency.compare_amounts(
                item['residual'], disputed.get(item['line_id'], 0.0)) > 0]
        return [*items, *credits], currency.round(amount)

    @api.model
    def _get_disputed(self, ids):
        """Return {item id: disputed amount in its currency} of open disputes."""
        self.env['ar.dispute.line'].flush_model()
        return {row[0]: float(row[1]) for row in self.env.execute_query(SQL(
            "SELECT move_line_id, amount FROM ar_dispute_line"
            " WHERE state = 'open' AND move_line_id = ANY(%s)", ids))}

    @api.model
    def _format_paid(self, items, parts, currency):
        """Return {'rows', 'amount_text'} of the page of payment.

        :param parts: ids of items of which only the undisputed part is paid
        """
        disputed = self._get_disputed(list(parts)) if parts else {}

        def money(amount):
            return format_amount(self.env, amount, currency).replace('\ufeff', '')

        rows, total = [], 0.0
        for item in items:
            amount = item['residual'] - disputed.get(item['line_id'], 0.0)
            total += amount
            rows.append({
                'document': item['name'] or '', 'amount': money(amount),
                'label': self.env['ar.statement']._get_kind_label(item),
                'due': format_date(self.env, item['due_date']) if amount > 0 else '',
                'is_part': item['line_id'] in disputed,
            })
        return {'rows': rows, 'amount_text': money(currency.round(total))}
