"""A small French company with a story, for demonstration databases only.

Dates are counted from today, so that the story is always fresh. Nothing here runs unless the
module is installed with demonstration data.
"""
from datetime import timedelta

from odoo import Command, api, models
from odoo.tools import SQL

from .story_data import CUSTOMERS, OPEN, PAID, USERS

HISTORY_DAYS = range(-75, 0)


class ArDemoStory(models.AbstractModel):
    _name = 'ar.demo.story'
    _description = "Demonstration data of Receivables"

    @api.model
    def _load(self):
        """Create the company, its customers, their invoices, payments and past reminders."""
        company = self._create_company()
        story = self.with_company(company).with_context(
            allowed_company_ids=company.ids, lang='en_US', tracking_disable=True,
            mail_create_nolog=True, mail_auto_subscribe_no_notify=True)
        users = story._create_users(company)
        partners = story._create_customers(users)
        story._create_documents(company, partners)
        story.env['ar.customer']._refresh(company)
        story._tell_the_rest(company, partners, users)
        story._write_history(company)
        story.env['ar.customer']._refresh(company)
        story._tell_credit(company, partners, users)
        story._tell_desk(company, partners, users)
        story._tell_providers(company, partners)

    # === PEOPLE === #

    @api.model
    def _create_company(self):
        eur = self.env.ref('base.EUR')
        usd, gbp, jpy = (self.env.ref(f'base.{code}') for code in ('USD', 'GBP', 'JPY'))
        (eur | usd | gbp | jpy).active = True
        company = self.env['res.company'].create({
            'name': "Atelier Lumière SAS", 'currency_id': eur.id,
            'country_id': self.env.ref('base.fr').id, 'street': "12 rue des Arts",
            'zip': "69002", 'city': "Lyon", 'phone': "+33 4 72 00 00 12",
            'email': "comptabilite@atelier-lumiere.example", 'vat': "FR23334175221",
            'website': "https://www.atelier-lumiere.example",
        })
        company.partner_id.lang = self._get_lang('fr_FR')
        company.resource_calendar_id.tz = 'Europe/Paris'
        french = self.env['ir.module.module']._get('l10n_fr_account').state == 'installed'
        template = 'fr' if french else 'generic_coa'
        # Not `try_loading`: it expects a finished registry, which demonstration data never has.
        self.env['account.chart.template']._load(template, company, install_demo=False)
        # The generic chart counts in dollars.
        company.currency_id = eur
        bank = self.env['res.bank'].create({'name': "Banque des Canuts", 'bic': "AGRIFRPP"})
        self.env['res.partner.bank'].create({
            'acc_number': "FR7630006000011234567890189", 'partner_id': company.partner_id.id,
            'company_id': company.id, 'bank_id': bank.id, 'allow_out_payment': True,
        })
        for currency, rate in ((usd, 1.09), (gbp, 0.85), (jpy, 163.0)):
            self.env['res.currency.rate'].create({
                'currency_id': currency.id, 'company_id': company.id, 'name': '2020-01-01',
                'rate': rate})
        admin = self.env.ref('base.user_admin')
        admin.write({'company_ids': [Command.link(company.id)], 'company_id': company.id})
        self.env.ref('base.user_root').company_ids = [Command.link(company.id)]
        return company

    def _get_lang(self, code):
        return code if self.env['res.lang']._lang_get(code) else 'en_US'

    def _create_users(self, company):
        users = {}
        for login, name, group in USERS:
            users[login] = self.env['res.users'].with_context(no_reset_password=True).create({
                'name': name, 'login': login, 'password': login,
                'email': f"{login}@atelier-lumiere.example", 'company_id': company.id,
                'company_ids': [Command.set(company.ids)],
                'group_ids': [Command.link(self.env.ref(xmlid).id)
                              for xmlid in ('base.group_user', group)],
            })
        company.write({
            'ar_approver_id': users['manager'].id, 'ar_collector_id': users['collector'].id,
            'ar_dunning_active': True,
        })
        return users

    def _create_customers(self, users):
        partners = {}
        for key, values in CUSTOMERS.items():
            values = dict(values)
            country = values.pop('country', 'fr')
            lang = values.pop('lang', 'fr_FR' if country == 'fr' else 'en_US')
            tag = values.pop('tag', None)
            partners[key] = self.env['res.partner'].create({
                'is_company': True, **values, 'lang': self._get_lang(lang),
                'country_id': self.env.ref(f'base.{country}').id,
                'category_id': [Command.link(self._get_tag(tag).id)] if tag else [],
                'user_id': users['sales'].id,
            })
        self.env['res.partner'].create({
            'parent_id': partners['lopez'].id, 'type': 'invoice', 'name': "Service comptabilité",
            'email': "compta@menuiserie-lopez.example", 'lang': partners['lopez'].lang,
            'street': "4 allée du Bois", 'zip': "42000", 'city': "Saint-Étienne",
            'country_id': self.env.ref('base.fr').id,
        })
        return partners

    def _get_tag(self, name):
        Tag = self.env['res.partner.category']
        return Tag.search([('name', '=', name)], limit=1) or Tag.create({'name': name})

    # === DOCUMENTS === #

    def _create_documents(self, company, partners):
        today = company._get_ar_today()
        thirds = self._create_instalment_term(company)
        for key, amount, due, options in OPEN:
            self._create_invoice(partners[key], amount, today + timedelta(days=due),
                                 thirds=thirds if options.get('instalments') else None, **{
                                     k: v for k, v in options.items() if k != 'instalments'})
        for key, amount, due, late in PAID:
            due_date = today + timedelta(days=due)
            invoice = self._create_invoice(partners[key], amount, due_date)
            self._pay(invoice, due_date + timedelta(days=late))
        # A payment nobody has matched yet, and a part payment.
        self._create_payment(company, partners['leroux'], 2400.0, today - timedelta(days=4))
        part = self.env['account.move'].search([
            ('partner_id', '=', partners['bellevue'].id), ('move_type', '=', 'out_invoice'),
            ('payment_state', '=', 'not_paid')], limit=1)
        self._pay(part, today - timedelta(days=8), amount=500.0)

    def _create_instalment_term(self, company):
        return self.env['account.payment.term'].create({
            'name': "Three instalments: 0, 30, 60 days", 'company_id': company.id,
            'line_ids': [Command.create({'value': 'percent', 'value_amount': share,
                                         'nb_days': days})
                         for share, days in ((34, 0), (33, 30), (33, 60))],
        })

    def _create_invoice(self, partner, amount, due, *, thirds=None, currency=None, credit=False,
                        disputed=False, label="Éclairage sur mesure"):
        company = self.env.company
        taxes = company.account_sale_tax_id if partner.country_id == company.country_id else (
            self.env['account.tax'])
        invoice_date = due if thirds else due - timedelta(days=30)
        values = {
            'move_type': 'out_refund' if credit else 'out_invoice', 'partner_id': partner.id,
            'invoice_date': invoice_date, 'invoice_date_due': due,
            'invoice_payment_term_id': thirds.id if thirds else False,
            'invoice_line_ids': [Command.create({
                'name': label, 'quantity': 1, 'price_unit': amount,
                'tax_ids': [Command.set(taxes.ids)]})],
        }
        if currency:
            values['currency_id'] = self.env.ref(f'base.{currency}').id
        move = self.env['account.move'].create(values)
        move.action_post()
        if disputed:
            move.no_followup = True
            move.message_post(body=self.env._(
                "Two lamps arrived broken; a credit note is being discussed."))
        return move

    def _pay(self, invoice, date, amount=None):
        values = {'payment_date': date}
        if amount:
            values['amount'] = amount
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids).create(values)._create_payments()

    def _create_payment(self, company, partner, amount, date):
        journal = self.env['account.journal'].search(
            [('type', '=', 'bank'), ('company_id', '=', company.id)], limit=1)
        self.env['account.payment'].create({
            'payment_type': 'inbound', 'partner_type': 'customer', 'partner_id': partner.id,
            'amount': amount, 'date': date, 'journal_id': journal.id,
        }).action_post()

    # === STORY === #

    def _tell_the_rest(self, company, partners, users):
        """Collectors, rules, a stop, a contact of its own, and hours that suit a visitor."""
        Customer = self.env['ar.customer']
        by_partner = {c.partner_id: c for c in Customer.search([('company_id', '=', company.id)])}
        for partner, customer in by_partner.items():
            customer.collector_id = users['collector'] if partner.country_id.code == 'FR' \
                else users['export']
        by_partner[partners['moreau']].write({
            'dunning_stop': True,
            'dunning_stop_reason': "Judicial recovery opened; claim to be declared.",
        })
        rules = self.env['ar.dunning.rule'].create([
            {'name': "Public bodies: always cautious", 'company_id': company.id, 'sequence': 1,
             'policy_id': self.env.ref('ar_collections.ar_dunning_policy_cautious').id,
             'domain': "[('partner_id.category_id.name', '=', 'Public body')]"},
            {'name': "Customers abroad: firm", 'company_id': company.id, 'sequence': 2,
             'policy_id': self.env.ref('ar_collections.ar_dunning_policy_firm').id,
             'domain': "[('partner_id.country_id.code', '!=', 'FR')]"},
        ])
        if self._get_lang('fr_FR') == 'fr_FR':
            names = ("Organismes publics : toujours prudent", "Clients à l'étranger : ferme")
            for rule, name in zip(rules, names, strict=True):
                rule.with_context(lang='fr_FR').name = name
        policies = (self.env.ref('ar_collections.ar_dunning_policy_cautious')
                    | self.env.ref('ar_collections.ar_dunning_policy_firm'))
        # A visitor may come on a Sunday evening: the demonstration sends at any hour.
        policies.write({'saturday': True, 'sunday': True, 'hour_from': 0, 'hour_to': 24})

    def _write_history(self, company):
        """Play the nights of the past weeks, as if each message had left that day."""
        today = company._get_ar_today()
        Run = self.env['ar.dunning.run']
        for day in HISTORY_DAYS:
            date = today + timedelta(days=day)
            # The last days are left to the visitor's own first run.
            if date.weekday() >= 5 or day > -4:
                continue
            run = Run.create({'company_id': company.id, 'date': date, 'kind': 'nightly'})
            reminders = run._generate(self.env['ar.customer'].search([
                ('company_id', '=', company.id)]))
            for reminder in reminders:
                self._send_in_the_past(reminder, date)
            if not reminders:
                run.unlink()

    def _send_in_the_past(self, reminder, date):
        message = reminder._render_message()[reminder.id]
        reminder._set_approved(person=None if reminder.auto else reminder.company_id.ar_approver_id)
        reminder._set_sent()
        reminder.activity_unlink(['mail.mail_activity_data_call'])
        reminder.write({
            'subject': message['subject'], 'body': message['body'], 'sent_date': date,
            'sent_at': f"{date} 08:15:00",
        })
        reminder._log_history()
        self.env.cr.execute(SQL(
            "UPDATE mail_message SET date = %s WHERE message_id LIKE %s AND body LIKE %s",
            f"{date} 08:15:00", '%@ar-collections>', f"%{reminder.name}%"))
