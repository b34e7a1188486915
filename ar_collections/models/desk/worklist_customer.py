import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date, format_datetime, formatLang

MAX_HISTORY = 8


class ArWorklist(models.Model):
    """One customer on the screen: why, what to say, whom to call, what is open and agreed."""
    _inherit = 'ar.worklist'

    @api.model
    def load_customer(self, customer_id):
        """Return everything about one customer that a collector needs during a call.

        :param int customer_id: id of an `ar.customer`
        :return: dict for the client action; ``token`` names this visit: what comes of it is
            written once, however often the button is clicked
        :raise AccessError: outside the reader's companies and perimeter
        """
        customer = self._get_customer(customer_id)
        if self.env['ar.interaction'].has_access('create'):
            customer._refresh_now()
        work = self._read_one(customer)
        items = self._get_item_rows(customer)
        facts = self._get_facts(customer, work)
        return {
            'id': customer.id, 'token': uuid.uuid4().hex,
            'name': customer.partner_id.sudo().display_name,
            'company': customer.company_id.name, 'company_id': customer.company_id.id,
            'currency_id': customer.currency_id.id,
            'collector': customer.sudo().collector_id.name or "",
            'risk_class': customer.risk_class_id.display_name or "",
            'level': customer.dunning_level_id.sudo().name or "",
            'balance': customer.balance, 'overdue': customer.overdue_amount,
            'credits': customer.open_credit_amount,
            'avg_days_late': customer.avg_days_late,
            'last_payment': format_date(self.env, customer.last_payment_date)
            if customer.last_payment_date else "",
            'follow_up': format_date(self.env, customer.follow_up_date)
            if customer.follow_up_date else "",
            'priority': work['priority'], 'amount': work['amount'],
            'lines': self._get_line_rows(customer, work['parts']),
            'contacts': self._get_contact_rows(customer),
            'items': items, 'guides': self._get_guides(customer, work, facts),
            # Overdue, and all of it agreed about: there is nothing to say but to wait.
            'is_all_agreed': customer.overdue_amount > 0 and (
                customer.currency_id.compare_amounts(work['amount'], 0.0) <= 0),
            'history': self._get_history_rows(customer),
            'promises': self._get_promise_rows(customer),
            'disputes': self._get_dispute_rows(customer),
            'reasons': self._get_reason_rows(customer), 'kinds': self._get_kind_rows(),
            'defaults': self._get_default_values(customer, work, items),
            'tries': customer._get_tries(),
            'can_write': self.env['ar.interaction'].has_access('create')
            and customer.has_access('write'),
        }

    def _read_one(self, customer):
        """Return what the list knows of a customer, which the reader may see; zero when nothing.

        Of one that comes back on a later day, the money that may be asked for all the same.
        """
        self.env.flush_all()
        # sudo: the query is the same for everybody; the customer has been checked.
        Worklist, company = self.sudo(), customer.company_id.sudo()
        rows = self.env.execute_query_dict(SQL(
            "SELECT priority::float, amount::float, item_count, COALESCE(max_days, 0) AS max_days,"
            " parts FROM (%s) work", Worklist._get_company_query(company, customer.ids)))
        if rows:
            return rows[0]
        rows = self.env.execute_query_dict(SQL(
            "SELECT amount::float, items AS item_count, max_days FROM (%s) money",
            Worklist._get_money_query(
                company, company._get_ar_today(), SQL("c.id = %s", customer.id))))
        return {'priority': 0.0, 'parts': [], **(
            rows[0] if rows else {'amount': 0.0, 'item_count': 0, 'max_days': 0})}

    @api.model
    def _get_customer(self, customer_id):
        """Return the customer after checking that the reader may see it."""
        customer = self.env['ar.customer'].browse(int(customer_id)).exists()
        if not customer:
            raise UserError(self.env._(
                "This customer does not exist any more. Read the list again."))
        customer.check_access('read')
        return customer

    def _get_line_rows(self, customer, parts):
        """Return the lines of the sum; a line that counts records says where to find them."""
        company, rows = customer.company_id, []
        for line in self._get_part_lines(company, parts):
            # sudo: the days of warning are settings of the company.
            found = self._get_part_records(company.sudo(), line['code'])
            if found and self.env[found[0]].has_access('read'):
                model, domain = found
                line.update(model=model, domain=[
                    list(leaf) if isinstance(leaf, tuple) else leaf
                    for leaf in (('customer_id', '=', customer.id), *domain)])
            rows.append(line)
        return rows

    def _get_facts(self, customer, work):
        """Return what chooses the call guide: situations, and the age of the oldest item that may
        be asked for.
        """
        situations = {'any'}
        last = self.env['ar.interaction'].search([('customer_id', '=', customer.id)], limit=1)
        if not last:
            situations.add('first')
        if last.outcome == 'no_answer':
            situations.add('unreached')
        if last.outcome == 'paid':
            situations.add('paid')
        if customer.broken_promise_count:
            situations.add('broken')
        if customer.open_dispute_count:
            situations.add('dispute')
        return {'situations': situations, 'days': work['max_days']}

    def _get_guides(self, customer, work, facts):
        """Return what to say: the script of the level, else the guide for the age.

        After it, what the last contacts ask for: a broken promise, an open dispute... Nothing when
        nothing may be asked for: nobody is called about what is agreed.
        """
        if customer.currency_id.compare_amounts(work['amount'], 0.0) <= 0:
            return []
        script = self._get_script_words(customer, work, facts)
        guide = self.env['ar.call.guide']._get_guide(customer, facts)
        if not script:
            return [self._get_guide_words(guide, customer, work, facts)] if guide else []
        if not guide or guide.situation == 'any' and not guide.level_ids:
            return [script]
        return [script, self._get_guide_words(guide, customer, work, facts)]

    def _get_guide_words(self, guide, customer, work, facts):
        return {'name': guide.name, 'text': guide._render({
            'customer': customer.partner_id.sudo().name,
            'amount': formatLang(
                self.env, work['amount'], currency_obj=customer.currency_id),
            'days': facts['days'], 'items': work['item_count'],
            'company': customer.company_id.name, 'me': self.env.user.name,
        })}

    def _get_contact_rows(self, customer):
        """Return whom to call, the collections contact first; wrong contacts are left out."""
        # sudo: the contacts of a customer whom the reader may see.
        customer = customer.sudo()
        partner = customer.partner_id
        invoice = partner.child_ids.filtered(lambda contact: contact.type == 'invoice')
        people = (customer.collections_contact_id | invoice | partner | partner.child_ids)
        people = people.filtered('active') - customer.wrong_contact_ids
        return [{
            'id': contact.id, 'name': contact.name or contact.display_name,
            'function': contact.function or "", 'phone': contact.phone or "",
            'email': contact.email or "",
            'is_main': contact == customer.collections_contact_id,
            'is_company': contact == partner,
        } for contact in people if contact.phone or contact.email or contact == partner][:8]

    def _get_history_rows(self, customer):
        outcomes = dict(self.env['ar.interaction']._fields['outcome']._description_selection(
            self.env))
        kinds = dict(self.env['ar.interaction']._fields['kind']._description_selection(self.env))
        return [{
            'id': row.id, 'when': format_datetime(self.env, row.date, dt_format='short'),
            'kind': kinds.get(row.kind, ""), 'outcome': outcomes.get(row.outcome, ""),
            'contact': row.contact_id.sudo().name or "", 'who': row.user_id.sudo().name,
            'note': row.note or "", 'direction': row.direction,
        } for row in self.env['ar.interaction'].search(
            [('customer_id', '=', customer.id)], limit=MAX_HISTORY)]

    def _get_promise_rows(self, customer):
        states = dict(self.env['ar.promise']._fields['state']._description_selection(self.env))
        return [{
            'id': row.id, 'name': row.name, 'date': format_date(self.env, row.promise_date),
            'amount': row.amount, 'currency_id': row.currency_id.id, 'state': row.state,
            'state_label': states[row.state],
        } for row in self.env['ar.promise'].search(
            [('customer_id', '=', customer.id)], order='id desc', limit=4)]

    def _get_dispute_rows(self, customer):
        return [{
            'id': row.id, 'name': row.name, 'reason': row.reason_id.name, 'amount': row.amount,
            'currency_id': row.currency_id.id, 'deadline': format_date(self.env, row.deadline),
            'owner': row.owner_id.sudo().name or "", 'step': row.next_step or "",
        } for row in self.env['ar.dispute'].search(
            [('customer_id', '=', customer.id), ('state', '=', 'open')], limit=4)]

    def _get_reason_rows(self, customer):
        return [{'id': reason.id, 'name': reason.name}
                for reason in self.env['ar.dispute.reason'].search(
                    [('company_id', 'in', (False, *customer.company_id.parent_ids.ids))])]

    def _get_kind_rows(self):
        """Return the ways in which a person contacts a customer."""
        labels = dict(self.env['ar.interaction']._fields['kind']._description_selection(self.env))
        return [{'code': code, 'label': labels[code]}
                for code in ('call', 'visit', 'email', 'letter')]

    def _get_default_values(self, customer, work, items):
        """Return what the outcome forms open with: days as settings say, free overdue items."""
        company, today = customer.company_id.sudo(), customer.company_id._get_ar_today()
        free = [item for item in items if item['is_free'] and not item['waits']]
        free = [item for item in free if item['days'] > 0] or free
        return {
            'item_ids': [item['id'] for item in free],
            'today': fields.Date.to_string(today),
            'call_back': fields.Date.to_string(company._get_ar_work_day(today, 1)),
            'promise': fields.Date.to_string(fields.Date.add(today, days=7)),
            'paid': fields.Date.to_string(
                company._get_ar_work_day(today, company.ar_said_paid_days)),
        }
