from odoo import api, models
from odoo.tools import SQL
from odoo.tools.misc import format_amount

# The reasons of dunning that forbid to ask for the debt itself; the others bind our own steps.
FORBIDDEN = ('insolvency', 'prescribed')
# A dialogue about a thousand customers stays one to read.
MAX_TOLD = 20


class ArLawGuard(models.AbstractModel):
    """EXTENDS law: what may not be asked for on any paper or page, not only in a reminder."""
    _inherit = 'ar.law.guard'

    @api.model
    def _read_unasked(self, company, date, condition):
        """Return [(item id, customer id, code)] of items that may not be asked for: one query.

        By the conditions of dunning, so that a statement never asks for what no reminder may.

        :param company: `res.company`
        :param date date: the day
        :param SQL condition: which items; alias `l` the item, `c` the customer
        """
        # sudo: the law binds whoever asks.
        reasons = SQL(" ").join(
            SQL("WHEN %s THEN %s", forbidden, code) for code, forbidden
            in self.env['ar.dunning.engine'].sudo()._get_item_exclusions(company, date)
            if code in FORBIDDEN)
        self.env['ar.deadline'].flush_model()
        return self.env.execute_query(SQL(
            """
            SELECT item_id, customer_id, code
              FROM (SELECT l.id AS item_id, c.id AS customer_id, CASE %s END AS code
                      FROM account_move_line l
                      JOIN account_move m ON m.id = l.move_id
                      JOIN res_partner p ON p.id = l.partner_id
                      JOIN ar_customer c ON c.partner_id = p.commercial_partner_id
                           AND c.company_id = l.company_id
                     WHERE l.account_id = ANY(%s) AND l.parent_state = 'posted'
                       AND l.reconciled IS NOT TRUE AND l.amount_residual > 0 AND %s) judged
             WHERE code IS NOT NULL
             ORDER BY customer_id, item_id
            """, reasons, self._get_asked_accounts(company), condition))

    @api.model
    def _get_asked_accounts(self, company):
        """Return the ids of the accounts of customers, in the branches of a company too."""
        # sudo: a statement with branches asks for them all; who may read them was asked there.
        companies = self.env['res.company'].sudo().search([('id', 'child_of', company.id)])
        return list(companies._get_ar_exposure_account_ids())


class ArStatement(models.AbstractModel):
    """EXTENDS figures: a statement lists what may not be asked for, and does not ask for it."""
    _inherit = 'ar.statement'

    @api.model
    def _get_unasked(self, company, date, ids):
        """EXTENDS figures."""
        return {**super()._get_unasked(company, date, ids), **{
            item_id: code for item_id, _customer, code in self.env[
                'ar.law.guard']._read_unasked(company, date, SQL("l.id = ANY(%s)", list(ids)))
        }} if ids else {}

    @api.model
    def _get_unasked_text(self, code):
        """EXTENDS figures."""
        if code == 'insolvency':
            return self.env._("invoiced before the insolvency proceedings")
        if code == 'prescribed':
            return self.env._("of older date")
        return super()._get_unasked_text(code)


class ArDoor(models.AbstractModel):
    """EXTENDS desk: the customer's pages take no money that may not be paid."""
    _inherit = 'ar.door'

    @api.model
    def _get_payable_items(self, items):
        """EXTENDS desk: the opening judgment forbids to pay earlier claims.

        French commercial code, article L622-7: such a payment is void. What is only barred may be
        paid by whoever chooses to.
        """
        return [item for item in super()._get_payable_items(items)
                if item.get('unasked') != 'insolvency']

    @api.model
    def _format_section(self, section, today, notes):
        """EXTENDS desk: the note beside each item, and the sum that is not asked for."""
        Statement = self.env['ar.statement']
        for item in section['items']:
            if item['unasked']:
                notes.setdefault(item['line_id'], []).append(('unasked', 'info', self.env._(
                    "Not asked for: %s", Statement._get_unasked_text(item['unasked']))))
        values = super()._format_section(section, today, notes)
        values['unasked'] = [
            (format_amount(self.env, amount, section['currency']).replace('\ufeff', ''),
             Statement._get_unasked_text(code)) for code, amount in section['unasked']]
        return values


class ArCustomer(models.Model):
    _inherit = 'ar.customer'

    def _describe_unasked(self):
        """Return in words which of these customers owe what may not be asked for, or False.

        Each with the reason, its source and the lawful step; a few queries for any number.
        """
        guard, found = self.env['ar.law.guard'], {}
        for company, customers in self.grouped('company_id').items():
            for item_id, customer_id, code in guard._read_unasked(
                    company, company._get_ar_today(), SQL("c.id = ANY(%s)", customers.ids)):
                found.setdefault((customer_id, code), []).append(item_id)
        if not found:
            return False
        barred = guard._get_barred([
            item_id for (_customer, code), ids in found.items() if code == 'prescribed'
            for item_id in ids])
        # sudo: why nothing is asked is told to whoever may send the statement.
        customers = self.sudo().browse(dict.fromkeys(key[0] for key in found))
        clocks = guard._get_claim_clocks(customers)
        texts = []
        for (customer_id, code), ids in found.items():
            customer = customers.browse(customer_id)
            verdict = (
                guard._describe_insolvency(customer, clocks.get(customer_id))
                if code == 'insolvency' else guard._describe_barred(barred.get(ids[0])))
            texts.append(guard._tell(verdict, customer.display_name))
            if len(texts) == MAX_TOLD and len(found) > MAX_TOLD:
                texts.append(self.env._("and %s more", len(found) - MAX_TOLD))
                break
        return "\n".join(texts)
