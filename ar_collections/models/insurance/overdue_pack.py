import csv
import io

from odoo import models
from odoo.tools import format_date
from odoo.tools.misc import format_amount

# A cell that begins with one of these is read as a formula by spreadsheets.
FORMULA = ('=', '+', '-', '@', '\t', '\r')


class ArOverdueNotice(models.Model):
    """The data pack: every field that insurers ask for about an unpaid item."""
    _inherit = 'ar.overdue.notice'

    def _get_pack(self):
        """Return what is told, for the PDF and the table alike.

        :return: {'policy', 'buyer', 'cover', 'debt': lists of (label, value);
            'heads': labels of the columns; 'rows': values of each item}; dates as dates, amounts
            as (number, currency)
        """
        self.ensure_one()
        # sudo: the right to read the notice was checked; what it tells comes with it.
        notice = self.sudo()
        customer, policy = notice.customer_id, notice.policy_id
        buyer, company = customer.partner_id, notice.company_id
        labels = {name: dict(notice._fields[name]._description_selection(self.env))
                  for name in ('category', 'cause')}
        money = company.currency_id
        return {
            'policy': [
                (self.env._("Insurer"), policy.insurer_id.name or ''),
                (self.env._("Policy number"), policy.policy_number or policy.name),
                (self.env._("Policyholder"), company.name),
                (self.env._("Company number of the policyholder"), company.company_registry or ''),
                (self.env._("Contact"), (notice.sent_by_id or self.env.user).name),
                (self.env._("E-mail"), (notice.sent_by_id or self.env.user).email or ''),
                (self.env._("Our number of this notice"), notice.name),
                (self.env._("What is told"), labels['category'][notice.category]),
            ],
            'buyer': [
                (self.env._("Buyer"), buyer.name or ''),
                (self.env._("Buyer number"), notice.buyer_reference or ''),
                (self.env._("Our customer number"), buyer.ref or ''),
                (self.env._("Company number"), buyer.company_registry or ''),
                (self.env._("Tax number"), buyer.vat or ''),
                (self.env._("Address"), ", ".join(filter(None, (
                    buyer.street, buyer.street2,
                    " ".join(filter(None, (buyer.zip, buyer.city))))))),
                (self.env._("Country"), buyer.country_id.name or ''),
                (self.env._("Phone"), buyer.phone or ''),
                (self.env._("E-mail"), buyer.email or ''),
            ],
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
                self.env._("Paid or credited"), self.env._("Open amount"), self.env._("Disputed")],
            'rows': [notice._get_pack_row(line) for line in notice.line_ids],
        }

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
            self.env._("Yes") if disputed else self.env._("No")]

    def _get_cover_facts(self):
        """Return the covers of the buyer under the policy: [(label, value)]."""
        covers = self.env['ar.cover'].search([
            ('customer_id', '=', self.customer_id.id), ('policy_id', '=', self.policy_id.id)])
        kinds = dict(covers._fields['kind']._description_selection(self.env))
        today = self.company_id._get_ar_today()
        facts = []
        for cover in covers:
            layers = cover.layer_ids.filtered(lambda layer: layer.date_from <= today and (
                not layer.date_to or layer.date_to >= today))
            facts.append((self.env._("Cover today: %s", kinds[cover.kind]),
                          (sum(layers.mapped('amount')), cover.currency_id)))
            facts += [(self.env._("Decision of"), layer.decided_on or layer.date_from)
                      for layer in layers[:1]]
        return facts

    # === THE TABLE === #

    def _get_pack_csv(self):
        """Return the table as bytes: one row per item, the facts of the buyer on each.

        Semicolons and a mark of the encoding, so that spreadsheets of Europe open it by a click;
        dates as 2026-03-31, amounts with a point.
        """
        self.ensure_one()
        pack = self._get_pack()
        steps = self.env._("Steps taken")
        facts = [*pack['policy'], *pack['buyer'], *pack['cover'], *pack['debt']]
        facts.append((steps, (self.steps_taken or '').replace('\n', ' | ')))
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter=';')
        writer.writerow([*pack['heads'], *(label for label, _value in facts)])
        for row in pack['rows']:
            writer.writerow([
                self._get_csv_cell(value)
                for value in (*row, *(value for _label, value in facts))])
        return stream.getvalue().encode('utf-8-sig')

    def _get_csv_cell(self, value):
        if isinstance(value, tuple):
            amount, currency = value
            return f"{amount:.{currency.decimal_places}f}"
        text = value.isoformat() if hasattr(value, 'isoformat') else str(value)
        return f"'{text}" if text.startswith(FORMULA) and not isinstance(value, int) else text

    # === THE PAPER === #

    def _format_pack_value(self, value, lang):
        """Return a value of the pack as a person reads it."""
        if isinstance(value, tuple):
            amount, currency = value
            return format_amount(self.env, amount, currency, lang_code=lang).replace('\ufeff', '')
        if hasattr(value, 'isoformat'):
            return format_date(self.env, value, lang_code=lang)
        return str(value)
