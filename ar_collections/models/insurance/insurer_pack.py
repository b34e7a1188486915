import csv
import io

from odoo import models
from odoo.tools import format_date
from odoo.tools.misc import format_amount

# A cell that begins with one of these is read as a formula by spreadsheets.
FORMULA = ('=', '+', '-', '@', '\t', '\r')


class ArInsurerPack(models.AbstractModel):
    """What is told to an insurer by hand, because it has published no contract for a connection:
    the same facts on paper and as a table.

    Whoever inherits it has `customer_id`, `policy_id` and `company_id`.
    """
    _name = 'ar.insurer.pack'
    _description = "Data pack for an insurer"

    def action_pack_pdf(self):
        """Print what the insurer asks for."""
        self.check_access('read')
        return self.env.ref(f'ar_collections.{self._table}_report').report_action(self)

    def action_pack_csv(self):
        """Download the same data as a table, for the portal of the insurer."""
        self.ensure_one()
        self.check_access('read')
        return {
            'type': 'ir.actions.act_url', 'target': 'download',
            'url': f"/ar_collections/{self._table.removeprefix('ar_')}/{self.id}/csv",
        }

    def _get_policy_facts(self, user):
        """Return who speaks to whom, under which policy: [(label, value)].

        :param user: who asks or tells
        """
        policy, company = self.policy_id, self.company_id
        return [
            (self.env._("Insurer"), policy.insurer_id.name or ''),
            (self.env._("Policy number"), policy.policy_number or policy.name),
            (self.env._("Policyholder"), company.name),
            (self.env._("Company number of the policyholder"), company.company_registry or ''),
            (self.env._("Contact"), user.name), (self.env._("E-mail"), user.email or ''),
        ]

    def _get_buyer_facts(self, number):
        """Return who the buyer is: [(label, value)].

        :param str number: of the buyer at the insurer
        """
        buyer = self.customer_id.partner_id
        return [
            (self.env._("Buyer"), buyer.name or ''),
            (self.env._("Buyer number"), number or ''),
            (self.env._("Our customer number"), buyer.ref or ''),
            (self.env._("Company number"), buyer.company_registry or ''),
            (self.env._("Tax number"), buyer.vat or ''),
            (self.env._("Address"), ", ".join(filter(None, (
                buyer.street, buyer.street2,
                " ".join(filter(None, (buyer.zip, buyer.city))))))),
            (self.env._("Country"), buyer.country_id.name or ''),
            (self.env._("Phone"), buyer.phone or ''),
            (self.env._("E-mail"), buyer.email or ''),
        ]

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

    # === FORMS === #

    def _write_pack_csv(self, heads, rows, facts):
        """Return a table as bytes: the facts on each row.

        Semicolons and a mark of the encoding, so that spreadsheets of Europe open it by a click;
        dates as 2026-03-31, amounts with a point.
        """
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter=';')
        writer.writerow([*heads, *(label for label, _value in facts)])
        for row in rows:
            writer.writerow([
                self._get_csv_cell(value)
                for value in (*row, *(value for _label, value in facts))])
        return stream.getvalue().encode('utf-8-sig')

    def _get_csv_cell(self, value):
        if isinstance(value, list):
            return ' | '.join(f'{day.isoformat()}: {self._get_csv_cell(amount)}'
                              for day, amount in value)
        if isinstance(value, tuple):
            amount, currency = value
            return f"{amount:.{currency.decimal_places}f}"
        text = value.isoformat() if hasattr(value, 'isoformat') else str(value)
        return f"'{text}" if text.startswith(FORMULA) and not isinstance(value, int) else text

    def _format_pack_value(self, value, lang):
        """Return a value of the pack as a person reads it."""
        if isinstance(value, list):
            return ' · '.join(': '.join(self._format_pack_value(part, lang) for part in pair)
                              for pair in value)
        if isinstance(value, tuple):
            amount, currency = value
            return format_amount(self.env, amount, currency, lang_code=lang).replace('\ufeff', '')
        if hasattr(value, 'isoformat'):
            return format_date(self.env, value, lang_code=lang)
        return str(value)

    def _get_pack_lang(self):
        """Return the language of the insurer, else of the company."""
        # sudo: the language in which the insurer reads.
        insurer = self.sudo().policy_id.insurer_id
        return insurer.lang or self.company_id.partner_id.lang or self.env.lang
