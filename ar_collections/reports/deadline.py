from odoo import api, models
from odoo.tools import SQL
from odoo.tools.misc import format_amount, format_date


class ArDeadline(models.Model):
    """EXTENDS law: the page of a file that says until when each claim lives."""
    _inherit = 'ar.deadline'

    @api.model
    def _get_report_block(self, customer, lang=None, items=None):
        """Return what the template `ar_collections.report_deadlines` prints as `deadlines`.

        :param customer: `ar.customer`, one; who prints it must have been allowed to read it
        :param str lang: language of the reader; that of the environment when omitted
        :param items: `account.move.line`, to print these only; all open items when omitted
        :return: {'date', 'rule', 'rows': deadlines, 'items': prescription of every item,
            'acts': acts and their effect}, formatted
        """
        lang = lang or self.env.lang
        # sudo: the right to read the customer was checked.
        customer = customer.sudo().with_context(lang=lang)
        env, company = customer.env, customer.company_id
        today = company._get_ar_today()

        def day(date):
            return format_date(env, date, lang_code=lang) if date else ''

        def money(amount):
            return format_amount(env, float(amount), company.currency_id, lang_code=lang).replace(
                '\ufeff', '')

        deadlines = env['ar.deadline'].search([
            ('customer_id', '=', customer.id), ('state', '!=', 'obsolete'),
            ('kind', '!=', 'prescription')])
        kinds = dict(deadlines._fields['kind']._description_selection(env))
        states = dict(deadlines._fields['state']._description_selection(env))
        acts = customer.limitation_act_ids.sorted('date')
        act_kinds = dict(acts._fields['kind']._description_selection(env))
        return {
            'date': day(today),
            'rule': customer.limitation_note,
            'rows': [{
                'kind': kinds[row.kind], 'what': row.move_id.name or row.court_step_id.name or '',
                'start': day(row.start_day), 'last': day(row.last_day), 'amount': money(row.amount),
                'source': row.source or '', 'state': states[row.state],
                'done': ", ".join(filter(None, (day(row.done_on), row.done_note or ''))),
                'late': row.state == 'missed',
            } for row in deadlines],
            'items': [{
                'name': item['name'], 'due': day(item['due']), 'amount': money(item['amount']),
                'start': day(item['limitation'].start), 'last': day(item['limitation'].last_day),
                'late': item['limitation'].last_day < today,
            } for item in self._get_item_limitations(customer, items)],
            'acts': [{
                'date': day(act.date), 'kind': act_kinds[act.kind],
                'reference': act.reference or act.name, 'effect': act.effect_text,
            } for act in acts],
        }

    @api.model
    def _get_item_limitations(self, customer, items=None):
        """Return the prescription of the open items of a customer, the earliest last day first.

        :param customer: `ar.customer`, one, elevated
        :param items: `account.move.line`, to return these only
        :return: list of dictionaries: id, move_id, name, due, amount, limitation
        """
        wanted = None if items is None else set(items.ids)
        found = self._read_prescription_items(customer.company_id, SQL("c.id = %s", customer.id))
        names = {move.id: move.name for move in self.env['account.move'].sudo().browse(
            {item['move_id'] for item in found})}
        return sorted(({
            **item, 'name': names[item['move_id']] or '', 'limitation': limitation,
        } for item, _rule, limitation in self._get_limitations(customer.company_id, [
            item for item in found if wanted is None or item['id'] in wanted])),
            key=lambda item: (item['limitation'].last_day, item['id']))


class ReportDeadlines(models.AbstractModel):
    """Deadlines of customers, one page each, for a file or a lawyer."""
    _name = 'report.ar_collections.report_ar_deadlines'
    _description = "Deadlines of a customer"

    @api.model
    def _get_report_values(self, docids, data=None):
        customers = self.env['ar.customer'].browse(docids)
        customers.check_access('read')
        return {
            'doc_ids': docids, 'doc_model': 'ar.customer',
            'docs': [self._get_document(customer) for customer in customers],
            'logo_style': self.env['ar.letter']._get_logo_style(customers.company_id),
        }

    @api.model
    def _get_document(self, customer):
        """Return one page, in the language of whoever prints it: it is for the house."""
        lang = self.env.lang or customer.company_id.partner_id.lang
        Letter, company = self.env['ar.letter'], customer.company_id
        return {
            'lang': lang, 'head': Letter._get_head(company, lang),
            'place': Letter._get_place_and_date(company, company._get_ar_today(), lang),
            'customer': customer.partner_id.display_name,
            'customer_number': customer.partner_id.ref,
            'deadlines': self.env['ar.deadline']._get_report_block(customer, lang),
        }
