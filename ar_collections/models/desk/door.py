from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import format_amount, format_date

from .portal_act_answer import TOLD

INVOICES = ('out_invoice', 'out_refund', 'out_receipt')
# So long an answer stands on the first page.
ANSWER_DAYS = 60


class ArDoor(models.AbstractModel):
    """What a customer sees on its pages: read in a number of queries that does not grow with the
    items, formatted in the language of the context.
    """
    _name = 'ar.door'
    _description = "Pages of a customer"

    # === ITEMS === #

    @api.model
    def _get_items(self, customer, ids):
        """Return those of ``ids`` that are open debts of this customer.

        The one place where an id of a browser becomes a record: another customer's item, that of
        another company, a credit or a paid item is not among them.

        :param customer: `ar.customer`, sudoed
        :param ids: ids of receivable lines
        :rtype: account.move.line
        """
        return self._get_account_items(customer, ids).filtered(
            lambda item: item.account_id.account_type == 'asset_receivable'
            and item.currency_id.compare_amounts(item.amount_residual_currency, 0) > 0)

    @api.model
    def _get_account_items(self, customer, ids):
        """Return those of ``ids`` that are open on the account of this customer, credits too."""
        items = customer.env['account.move.line'].search([
            ('id', 'in', list(ids)),
            ('account_id', 'in', customer.company_id._get_ar_exposure_account_ids()),
            ('company_id', '=', customer.company_id.id), ('reconciled', '=', False),
            ('parent_state', '=', 'posted'),
            ('partner_id.commercial_partner_id', '=', customer.partner_id.id)])
        return items.sorted(lambda item: (item.date_maturity or item.date, item.id))

    @api.model
    def _get_document(self, customer, move_id):
        """Return an invoice of this customer, or nothing: whatever the browser asks for."""
        move = customer.env['account.move'].browse(move_id).exists()
        if (move.move_type in INVOICES and move.state == 'posted'
                and move.company_id == customer.company_id
                and move.commercial_partner_id == customer.partner_id):
            return move
        return move.browse()

    # === THE PAGE === #

    @api.model
    def _read(self, customer):
        """Return what the first page shows.

        :param customer: `ar.customer`, one, sudoed
        :return: {'sections', 'today', 'pay', 'contact', 'claims', 'answers'…}; see
            `_format_section`
        """
        sections = self.env['ar.statement'].sudo()._read_statements(customer)[customer.id]
        today = customer.company_id._get_ar_today()
        ids = [item['line_id'] for section in sections for item in section['items']]
        notes = self._get_item_notes(customer, ids)
        lang = self.env.lang
        Report = self.env['report.ar_collections.report_ar_statement'].sudo()
        reference = customer.partner_id.ref or customer.partner_id.name
        return {
            'today': format_date(self.env, today),
            'sections': [self._format_section(section, today, notes) for section in sections],
            'pay': Report._get_pay_values(
                customer.with_context(lang=lang), sections, reference, today, lang),
            'reference': reference,
            'contact': self._get_house_contact(customer),
            'claims': self._get_claims(customer), 'more': self._get_more(customer),
            'answers': self._get_answers(customer),
        }

    @api.model
    def _format_section(self, section, today, notes):
        """Return one currency: amounts as text, items as rows, choices of what to pay."""
        currency = section['currency']

        def money(amount):
            return format_amount(self.env, amount, currency).replace('\ufeff', '')

        labels = [label for label, _first, _last in self.env['ar.statement']._get_ages()]
        overdue = sum(item['residual'] for item in section['items']
                      if item['residual'] > 0 and item['due_date'] < today
                      and not item['unasked'])
        return {
            'currency': currency, 'balance': money(section['balance']),
            'due': money(section['due']), 'overdue': money(overdue),
            'has_overdue': currency.compare_amounts(overdue, 0) > 0,
            'credit': money(-section['credit']) if section['credit'] else False,
            'ages': [(label, money(amount), not currency.is_zero(amount)) for label, amount
                     in zip(labels, section['ages'], strict=True)],
            'rows': [self._format_row(item, today, notes, money) for item in section['items']],
            'choices': self._get_choices(section, today, money),
        }

    @api.model
    def _format_row(self, item, today, notes, money):
        late = (today - item['due_date']).days
        is_debt = item['residual'] > 0
        return {
            'id': item['line_id'], 'move_id': item['move_id'],
            'has_document': item['move_type'] in INVOICES,
            'document': item['name'] or '', 'label': self.env['ar.statement']._get_kind_label(item),
            'ref': item['ref'] if item['move_type'] == 'out_invoice' else '',
            'date': format_date(self.env, item['date']),
            'due': format_date(self.env, item['due_date']) if is_debt else '',
            'late': late if late > 0 and is_debt and not item['unasked'] else 0,
            'is_debt': is_debt,
            'amount': money(item['amount']), 'residual': money(item['residual']),
            'notes': notes.get(item['line_id'], []),
            'taken': {kind for kind, _tone, _text in notes.get(item['line_id'], [])},
        }

    @api.model
    def _get_item_notes(self, customer, ids):
        """Hook: return what stands beside an item: {item id: list of (kind, tone, text)}.

        :param customer: `ar.customer`, sudoed
        :param ids: its open items
        """
        notes = {}
        self.env['ar.promise.line'].flush_model()
        self.env['ar.dispute.line'].flush_model()
        rows = self.env.execute_query(SQL(
            """
            SELECT line.move_line_id, 'promise', promise.promise_date
              FROM ar_promise_line line JOIN ar_promise promise ON promise.id = line.promise_id
             WHERE line.state = 'open' AND line.move_line_id = ANY(%(ids)s)
             UNION ALL
            SELECT line.move_line_id, 'dispute', NULL FROM ar_dispute_line line
             WHERE line.state = 'open' AND line.move_line_id = ANY(%(ids)s)
             UNION ALL
            SELECT rel.move_line_id, act.kind, act.done_on
              FROM ar_portal_act act JOIN ar_portal_act_item_rel rel ON rel.act_id = act.id
             WHERE act.state = 'new' AND act.kind = ANY(%(told)s)
               AND rel.move_line_id = ANY(%(ids)s)
             UNION ALL
            SELECT rel.move_line_id, 'payment', NULL
              FROM payment_transaction tx
              JOIN ar_payment_transaction_item_rel rel ON rel.transaction_id = tx.id
             WHERE tx.state IN ('pending', 'authorized') AND rel.move_line_id = ANY(%(ids)s)
            """, ids=ids, told=list(TOLD)))
        for item_id, kind, date in rows:
            if kind in TOLD:
                text = self._get_asked_text(kind, date)
            elif kind == 'promise':
                text = self.env._("Payment promised on %s", format_date(self.env, date))
            else:
                text = self.env._("We are looking into it") if kind == 'dispute' else (
                    self.env._("Payment on its way"))
            tone = 'warning' if kind == 'dispute' else 'info'
            if (kind, tone, text) not in notes.setdefault(item_id, []):
                notes[item_id].append((kind, tone, text))
        return notes

    @api.model
    def _read_summaries(self, customers):
        """Return what is open on several accounts.

        :return: {customer id: list of (balance, due or False)} as text, one per currency
        """
        statements = self.env['ar.statement'].sudo()._read_statements(customers)
        return {
            customer_id: [
                (format_amount(self.env, section['balance'], section['currency']),
                 format_amount(self.env, section['due'], section['currency'])
                 if section['due'] else False)
                for section in sections]
            for customer_id, sections in statements.items()}

    # === AROUND === #

    @api.model
    def _get_house_contact(self, customer):
        """Return whom to talk to at ours: {'name', 'email', 'phone'}."""
        company = customer.company_id
        person = customer.collector_id.partner_id
        return {
            'name': person.name or company.name, 'email': person.email or company.email,
            'phone': person.phone or company.phone,
        }

    @api.model
    def _get_claims(self, customer):
        """Return the statements of late interest that were claimed: list of dictionaries."""
        claims = self.env['ar.claim'].sudo().search(
            [('customer_id', '=', customer.id), ('state', '=', 'claimed')])
        return [{
            'id': claim.id, 'name': claim.name, 'date': format_date(self.env, claim.date),
            'total': format_amount(
                self.env, claim.amount_total, claim.currency_id).replace('\ufeff', ''),
        } for claim in claims]

    @api.model
    def _get_answers(self, customer):
        """Return what we answered of late to what was asked here: list of {'asked', 'answer'}."""
        since = fields.Date.subtract(customer.company_id._get_ar_today(), days=ANSWER_DAYS)
        acts = self.env['ar.portal.act'].sudo().search([
            ('customer_id', '=', customer.id), ('state', '=', 'refused'),
            ('kind', 'in', TOLD), ('answer', '!=', False),
            ('answered_on', '>=', since)])
        return [{'asked': self._get_asked_text(act.kind, act.done_on), 'answer': act.answer}
                for act in acts]

    @api.model
    def _get_asked_text(self, kind, date):
        day = format_date(self.env, date)
        return {
            'copy': self.env._("Copy asked for on %s", day),
            'instalments': self.env._("Instalments proposed on %s", day),
            'refusal': self.env._("Payment plan refused on %s", day),
            'renewal': self.env._("New proposal asked for on %s", day),
        }[kind]

    @api.model
    def _get_more(self, customer):
        """Hook: return further pages of this customer: list of {'text', 'path'}.

        The path stands below the address of the pages: it opens as long as they do.
        """
        if 'ar.payment.plan' not in self.env:
            return []
        plans = self.env['ar.payment.plan'].sudo().search([
            ('customer_id', '=', customer.id), ('state', 'in', ('proposed', 'active'))])
        return [{'text': self._get_plan_text(plan), 'path': f'/plan/{plan.id}'} for plan in plans]

    @api.model
    def _get_plan_text(self, plan):
        if plan.state != 'proposed':
            return self.env._("Payment plan %s", plan.name)
        if plan._is_signable_online():
            return self.env._("Payment plan %s: please sign", plan.name)
        return self.env._("Payment plan %s: the proposal has lapsed", plan.name)

    @api.model
    def _get_bank(self, customer):
        """Return the account to pay to by transfer, as people read it, or False."""
        # sudo: the company's own bank details are printed on every invoice.
        return self.env['ar.reminder'].sudo().new(
            {'company_id': customer.company_id.id})._get_bank_values()

    @api.model
    def _get_last_day(self, company, today):
        """Return the last day that a customer may promise or begin to pay on."""
        return fields.Date.add(today, days=company.ar_door_promise_days)

    @api.model
    def _get_plan_limit_text(self, customer, section):
        """Return the largest sum for instalments as text, or False."""
        limit = section and customer._get_door_plan_limit(section['currency'])
        return format_amount(self.env, limit, section['currency']).replace(
            '\ufeff', '') if limit else False
