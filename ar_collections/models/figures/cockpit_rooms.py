from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, formatLang

OPERATORS = {
    'in': "%s = ANY(%s::numeric[])", '>': "%s > %s", '>=': "%s >= %s", '<': "%s < %s",
    '<=': "%s <= %s",
}


class ArCockpit(models.AbstractModel):
    """What dunning and credit, the rooms below this one, say on the cockpit.

    A room above adds its own in the same way: its tiles stand where its `sequence` says.
    """
    _inherit = 'ar.cockpit'

    @api.model
    def _read_figures(self, scope):
        """EXTENDS: the exposure."""
        return {**super()._read_figures(scope), 'exposure': self._read_exposure(scope)}

    # === TILES === #

    @api.model
    def _get_tiles(self, scope, figures):
        """EXTENDS: exposure, held orders, reminders to approve and today's steps."""
        return [
            *super()._get_tiles(scope, figures),
            self._get_exposure_tile(scope, figures['exposure']),
            *self._get_hold_tiles(scope),
            *self._get_reminder_tiles(scope),
            self._get_today_tile(scope),
        ]

    def _get_exposure_tile(self, scope, exposure):
        over = exposure['over']
        return {
            'code': 'exposure', 'sequence': 30, 'label': self.env._("Exposure"), 'kind': 'money',
            'value': exposure['total'], 'tone': 'warning' if over else False, 'trend': False,
            'note': exposure['problem'] or (
                over and self.env._("%s customers over their limit", over)),
            'help': self.env._(
                "What customers owe or will owe: open items, orders not yet invoiced, drafts and "
                "payments on their way. A legal entity and its branches count as one."),
            'action': self._get_list_action(
                self.env._("Exposure"), 'ar.customer',
                [*self._get_customer_domain(scope), ('exposure', '!=', 0)],
                view='ar_customer_view_list_exposure', context={'active_test': False}),
        }

    def _read_exposure(self, scope):
        """Return the exposure of the customers in scope, and how many are over their limit.

        One query per legal entity; its branches share one debtor file.

        :return: {'total', 'over', 'problem': why there is no total}
        """
        total, over = 0.0, 0
        customers = SQL("TRUE") if scope['customer_ids'] is None else SQL(
            "c.id = ANY(%s)", scope['customer_ids'])
        for companies in scope['companies'].grouped('root_id').values():
            company = companies[0]
            try:
                # sudo: sums over customers whom the reader may see, see `customers`.
                totals = self.env['ar.credit.exposure'].sudo()._get_total_query(company)
            except UserError as error:
                # A currency without a rate: the tile says so, the others stand.
                return {'total': None, 'over': 0, 'problem': error.args[0]}
            [(amount, count)] = self.env.execute_query(SQL(
                """
                SELECT COALESCE(SUM(total.amount), 0), COUNT(*) FILTER (
                           WHERE limits.amount > 0
                             AND ROUND(total.amount, %(digits)s) > limits.amount)
                  FROM (%(totals)s) total
                  LEFT JOIN (%(limits)s) limits ON limits.partner_id = total.partner_id
                 WHERE EXISTS (SELECT 1 FROM ar_customer c
                                WHERE c.partner_id = total.partner_id
                                  AND c.company_id = ANY(%(companies)s) AND %(customers)s)
                """,
                totals=totals, digits=company.currency_id.decimal_places,
                # sudo: the limits of the same customers.
                limits=self.env['ar.credit.limit'].sudo()._get_limit_query(
                    company, scope['date']),
                companies=companies.ids, customers=customers))
            total += float(amount) * scope['rates'][company.id]
            over += count
        return {'total': scope['currency'].round(total), 'over': over, 'problem': False}

    def _get_hold_tiles(self, scope):
        Hold = self.env['ar.credit.hold']
        if not Hold.has_access('read'):
            return []
        domain = [*self._get_through_customer(scope), ('state', '=', 'held')]
        count, amount = 0, 0.0
        for company, held, total in Hold._read_group(
                domain, ['company_id'], ['__count', 'amount:sum']):
            count += held
            amount += total * scope['rates'][company.id]
        return [{
            'code': 'holds', 'sequence': 40, 'label': self.env._("Held orders"), 'value': count,
            'kind': 'count', 'tone': 'warning' if count else False, 'trend': False,
            'note': count and formatLang(
                self.env, amount, rounding_unit='units', currency_obj=scope['currency']),
            'help': self.env._("Orders that a credit rule holds until somebody decides."),
            'action': self._get_list_action(
                self.env._("Held orders"), 'ar.credit.hold', domain,
                search='ar_credit_hold_view_search'),
        }]

    def _get_reminder_tiles(self, scope):
        Reminder = self.env['ar.reminder']
        if not Reminder.has_access('read'):
            return []
        domain = [*self._get_through_customer(scope), ('state', '=', 'proposed')]
        count = Reminder.search_count(domain)
        return [{
            'code': 'reminders', 'sequence': 60, 'label': self.env._("Reminders to approve"),
            'value': count, 'kind': 'count', 'tone': 'warning' if count else False,
            'note': False, 'trend': False,
            'help': self.env._("Proposed by the last runs; nothing leaves before somebody agrees."),
            'action': self._get_list_action(
                self.env._("Reminders to approve"), 'ar.reminder', domain,
                search='ar_reminder_view_search'),
        }]

    def _get_today_tile(self, scope):
        domain = [*self._get_customer_domain(scope),
                  ('next_action_date', '<=', fields.Date.to_string(scope['date']))]
        return {
            'code': 'today', 'sequence': 70, 'label': self.env._("Actions today"),
            'value': self.env['ar.customer'].search_count(domain), 'kind': 'count',
            'tone': False, 'note': self.env._("customers with a next step"), 'trend': False,
            'help': self.env._(
                "Customers with a follow-up date that has come, or an item that has reached its "
                "next level."),
            'action': self._get_list_action(
                self.env._("Next step today or before"), 'ar.customer', domain),
        }

    # === TO DO === #

    @api.model
    def _get_todos(self, scope):
        """EXTENDS: what waits in dunning and in credit; one count each."""
        today = fields.Date.to_string(scope['date'])
        labels = {
            'holds': self.env._("Held orders to decide"),
            'reminders': self.env._("Reminders to approve"),
            'problems': self.env._("Reminders that failed"),
            'letters': self.env._("Letters to print"),
            'requests': self.env._("Limit requests to decide"),
            'reviews': self.env._("Credit reviews due"),
            'never': self.env._("Overdue, never reminded"),
        }
        # Apart from the words: the export of terms would take these codes for more of them.
        rows = [
            ('holds', 'fa-lock', 'warning', 'ar.credit.hold', [('state', '=', 'held')], None),
            ('reminders', 'fa-paper-plane-o', 'warning', 'ar.reminder',
             [('state', '=', 'proposed')], None),
            ('problems', 'fa-exclamation-triangle', 'bad', 'ar.reminder',
             [('state', 'in', ('failed', 'unknown'))], None),
            ('letters', 'fa-print', False, 'ar.reminder',
             [('state', '=', 'approved'), ('channel', '=', 'letter')], None),
            ('requests', 'fa-balance-scale', 'warning', 'ar.credit.request',
             [('state', '=', 'submitted')], None),
            ('reviews', 'fa-calendar-check-o', False, 'ar.customer',
             [('review_date', '<=', today)], 'ar_customer_view_list_review'),
            ('never', 'fa-bell-slash-o', False, 'ar.customer',
             [('overdue_amount', '>', 0), ('last_reminder_date', '=', False),
              ('dunning_stop', '=', False)], None),
        ]
        return [*super()._get_todos(scope), *(
            self._get_todo(scope, code, labels[code], *row) for code, *row in rows
            if self.env[row[2]].has_access('read'))]

    def _get_todo(self, scope, code, label, icon, tone, model, condition, view):
        domain = condition + (
            self._get_customer_domain(scope) if model == 'ar.customer'
            else self._get_through_customer(scope))
        return {
            'code': code, 'label': label, 'icon': icon, 'tone': tone,
            'count': self.env[model].search_count(domain),
            'action': self._get_list_action(label, model, domain, view=view),
        }


class ArCustomer(models.Model):
    """EXTENDS credit: the list of the exposure holds those who have one."""
    _inherit = 'ar.customer'

    exposure = fields.Monetary(search='_search_exposure')

    def _search_exposure(self, operator, value):
        """One grouped query per legal entity for any number of customers."""
        if operator not in OPERATORS:
            return NotImplemented
        self.env.flush_all()
        ids = []
        for companies in self.env.companies.grouped('root_id').values():
            company = companies[0]
            condition = SQL(
                OPERATORS[operator],
                SQL("ROUND(COALESCE(total.amount, 0), %s)", company.currency_id.decimal_places),
                [number or 0 for number in value] if operator == 'in' else value)
            ids += [row[0] for row in self.env.execute_query(SQL(
                """
                SELECT c.id FROM ar_customer c
                  LEFT JOIN (%(totals)s) total ON total.partner_id = c.partner_id
                 WHERE c.company_id = ANY(%(companies)s) AND %(condition)s
                """,
                # sudo: which of the customers one may see anyway; the search adds the rules.
                totals=self.env['ar.credit.exposure'].sudo()._get_total_query(company),
                companies=companies.ids, condition=condition))]
        return fields.Domain('id', 'in', ids)
