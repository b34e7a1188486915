"""Builders of the tests: a ledger in a few words, a clock, and a table of expected reminders.

Everything is real: Odoo's own invoices, payments and reconciliations in a company with a chart of
accounts. The clock stands still in every test and moves with `go`.
"""
from freezegun import freeze_time

from odoo import Command, fields
from odoo.tests import TransactionCase, new_test_user
from odoo.tools.translate import TranslationImporter

from odoo.addons.base.tests.common import MockSmtplibCase

TEMPLATE = 'ar_collections.mail_template_ar_reminder_first'
GROUPS = {
    'auditor': 'ar_collections.group_ar_auditor',
    'own': 'ar_collections.group_ar_collector_own',
    'collector': 'ar_collections.group_ar_collector',
    'manager': 'ar_collections.group_ar_manager',
    'admin': 'ar_collections.group_ar_admin',
}


class CollectionsCommon(MockSmtplibCase, TransactionCase):
    """One company in euro, one ladder, one customer; all of it may be changed by a test."""

    # Where the clock stands when a test begins; a Monday, late morning in Paris.
    now = '2026-06-01 09:00:00'
    # A browser does not believe in a clock that stands still.
    frozen = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(
            cls.env.context, tracking_disable=True, no_reset_password=True,
            mail_create_nosubscribe=True))
        cls.company = cls.make_company("Our House")
        cls.env = cls.env(context=dict(
            cls.env.context, allowed_company_ids=cls.company.ids))
        cls.company = cls.company.with_env(cls.env)
        cls.ladder = cls.policy(
            [(-3, 'automatic'), (5, 'automatic'), (15, 'approve'), (30, 'approve')])
        cls.company.ar_dunning_policy_id = cls.ladder
        cls.buyer = cls.customer("Buyer")

    def setUp(self):
        super().setUp()
        if self.frozen:
            clock = freeze_time(self.now)
            self.clock = clock.start()
            self.addCleanup(clock.stop)

    def go(self, date, hour='09:00:00'):
        """Move the clock to a day."""
        self.clock.move_to(f'{date} {hour}')

    def use_french(self, module, *xmlids):
        """Let these views or records speak the French that is delivered with a module."""
        self.env['res.lang']._activate_lang('fr_FR')
        importer = TranslationImporter(self.env.cr, verbose=False)
        importer.load_file(f'{module}/i18n/fr.po', 'fr_FR', xmlids=set(xmlids))
        importer.save(overwrite=True)
        self.env.registry.clear_cache('templates')

    # === SET-UP === #

    @classmethod
    def make_company(cls, name, currency='EUR', parent=None):
        """Create a company with a chart, or a branch that shares its parent's."""
        cls.env.ref(f'base.{currency}').active = True
        company = cls.env['res.company'].create({
            'name': name, 'parent_id': parent.id if parent else False,
            'country_id': cls.env.ref('base.fr').id, 'email': 'credit@house.example.com',
            **({} if parent else {'currency_id': cls.env.ref(f'base.{currency}').id}),
        })
        cls.env['account.chart.template'].try_loading(
            'generic_coa', company=company, install_demo=False)
        if not parent:
            company.currency_id = cls.env.ref(f'base.{currency}')
            cls.env['account.journal'].create(
                {'name': "Cash", 'type': 'cash', 'code': 'CSHT', 'company_id': company.id})
        company.resource_calendar_id.tz = 'Europe/Paris'
        return company

    @classmethod
    def use_dollar(cls, *rates):
        """Activate the dollar.

        :param rates: (first day, dollars per euro)
        """
        dollar = cls.env.ref('base.USD')
        dollar.active = True
        cls.env['res.currency.rate'].create([{
            'currency_id': dollar.id, 'company_id': cls.company.id, 'name': day, 'rate': rate,
        } for day, rate in rates])
        return dollar

    @classmethod
    def policy(cls, levels, **vals):
        """Create a ladder that may send at any hour.

        :param levels: list of (offset, execution) or (offset, execution, {more values})
        """
        opening = {
            'hour_from': 0, 'hour_to': 24, 'saturday': True, 'sunday': True,
            'skip_holidays': False, 'min_days_between': 0, 'max_auto_steps': 10,
        }
        template = cls.env.ref(TEMPLATE)
        return cls.env['ar.dunning.policy'].create({
            'name': "Ladder", **opening, **vals,
            'level_ids': [Command.create({
                'name': f"Level {offset:+d}", 'offset_days': offset, 'execution': execution,
                'channel': 'email', 'mail_template_id': template.id,
                'scope': 'step' if offset < 0 else 'overdue',
                **(more[0] if more else {}),
            }) for offset, execution, *more in levels],
        })

    @classmethod
    def customer(cls, name, **vals):
        """Create the partner of a customer, reachable by e-mail."""
        login = name.lower().replace(' ', '.')
        return cls.env['res.partner'].create({
            'name': name, 'is_company': not vals.get('parent_id'),
            'email': f'{login}@example.com', **vals})

    @classmethod
    def user(cls, role, login=None, **vals):
        """Create a user of one role of ours, or of a group given by its xml id."""
        login = login or role
        return new_test_user(
            cls.env, login=login, email=f'{login}@house.example.com', tz='Europe/Paris',
            groups=f"base.group_user,{GROUPS.get(role, role)}",
            company_id=cls.company.id, company_ids=[Command.set(cls.company.ids)], **vals)

    # === LEDGER === #

    @classmethod
    def journal(cls, kind, company=None):
        """Return the first journal of a type that the company may use."""
        company = company or cls.company
        return cls.env['account.journal'].search([
            *cls.env['account.journal']._check_company_domain(company), ('type', '=', kind),
        ], limit=1)

    @classmethod
    def invoice(cls, amount, due=None, partner=None, *, date=None, currency=None, terms=None,
                kind='out_invoice', company=None, post=True):
        """Create an invoice without tax.

        :param due: due date of a single instalment; the invoice is 30 days older
        :param terms: list of (days, percent) instead: one instalment each
        """
        company = company or cls.company
        if not date:
            date = fields.Date.subtract(fields.Date.to_date(due), days=30)
        vals = {
            'move_type': kind, 'partner_id': (partner or cls.buyer).id, 'invoice_date': date,
            'date': date, 'company_id': company.id,
            'journal_id': cls.journal('sale', company).id,
            'currency_id': (currency or company.currency_id).id,
            'invoice_payment_term_id': False, 'invoice_date_due': due or date,
            'invoice_line_ids': [Command.create(
                {'name': "Goods", 'price_unit': amount, 'quantity': 1, 'tax_ids': False})],
        }
        if terms:
            vals['invoice_payment_term_id'] = cls.env['account.payment.term'].create({
                'name': "Instalments", 'line_ids': [Command.create(
                    {'value': 'percent', 'value_amount': percent, 'nb_days': days})
                    for days, percent in terms],
            }).id
        move = cls.env['account.move'].with_company(company).create(vals)
        if post:
            move.action_post()
        return move

    @classmethod
    def credit_note(cls, amount, date, partner=None, **options):
        """Create a posted credit note that nothing is matched with yet."""
        return cls.invoice(
            amount, due=date, partner=partner, date=date, kind='out_refund', **options)

    @classmethod
    def pay(cls, target, amount=None, date=None, *, match=True, journal='bank'):
        """Receive money for an invoice, or from a partner when there is no invoice.

        :param amount: in the invoice's currency; all that is open when omitted
        """
        is_invoice = target._name == 'account.move'
        company = target.company_id if is_invoice else cls.company
        partner = target.partner_id.commercial_partner_id if is_invoice else target
        payment = cls.env['account.payment'].with_company(company).create({
            'payment_type': 'inbound', 'partner_type': 'customer', 'partner_id': partner.id,
            'amount': target.amount_residual if amount is None else amount,
            'currency_id': (target.currency_id if is_invoice else company.currency_id).id,
            'date': date or fields.Date.today(), 'journal_id': cls.journal(journal, company).id,
            'company_id': company.id,
        })
        payment.action_post()
        if is_invoice and match:
            cls.match(payment.move_id, target)
        return payment

    @classmethod
    def items(cls, moves):
        """Return the receivable lines, by due date."""
        return moves.line_ids.filtered(
            lambda line: line.account_id.account_type == 'asset_receivable').sorted(
            lambda line: (line.date_maturity or line.date, line.id))

    @classmethod
    def match(cls, *moves):
        """Reconcile what is open between these entries."""
        lines = cls.items(cls.env['account.move'].union(*moves))
        lines.filtered(lambda line: not line.reconciled).reconcile()

    @classmethod
    def entry(cls, amount, date, partner=None, due=None):
        """Book an entry of a general journal on the receivable account."""
        partner = partner or cls.buyer
        income = cls.journal('sale').default_account_id
        move = cls.env['account.move'].create({
            'move_type': 'entry', 'date': date, 'journal_id': cls.journal('general').id,
            'line_ids': [
                Command.create({
                    'account_id': partner.property_account_receivable_id.id,
                    'partner_id': partner.id, 'balance': amount, 'date_maturity': due or date}),
                Command.create({'account_id': income.id, 'balance': -amount}),
            ],
        })
        move.action_post()
        return move

    # === COLLECTIONS === #

    def account_of(self, partner=None, company=None):
        """Return the customer account, created when missing."""
        return self.env['ar.customer']._get_or_create(
            partner or self.buyer, company or self.company)

    def run_dunning(self, date=None, **options):
        """Move to a day and run; return the run."""
        if date:
            self.go(date)
        run = self.env['ar.dunning.run']._run(
            self.company, fields.Date.to_date(date) if date else None, **options)
        self.check_totals(run.reminder_ids)
        return run

    def check_totals(self, reminders):
        """Check that a run writes the totals that its own lines sum up to."""
        names = ['item_count', 'days_overdue', 'amount_due', 'amount_credit', 'amount_claimed']
        written = reminders.read(names)
        self.env['ar.dunning.engine']._update_totals(reminders.ids)
        reminders.invalidate_recordset(names)
        self.assertEqual(written, reminders.read(names))

    def send(self, reminders=None):
        """Do what the sending action does for all that may leave now, or for some."""
        if reminders is None:
            reminders = self.env['ar.reminder'].search(
                self.env['ar.reminder']._get_sendable_domain(), order='id')
        if reminders:
            self.env['ar.reminder']._send_batch(reminders)
        return reminders

    def deliver(self):
        """Let Odoo's mail queue hand our mails to a mail server; return what it received."""
        with self.mock_smtplib_connection():
            self.env['mail.mail'].process_email_queue(
                email_ids=self.reminders().mail_id.ids or [0])
        return self.emails

    def night(self, date):
        """One whole night: run, approve everything, send, deliver."""
        run = self.run_dunning(date)
        waiting = run.reminder_ids.filtered(lambda r: r.state == 'proposed')
        if waiting:
            waiting._approve()
        self.send()
        self.deliver()
        return run

    def reminders(self, partner=None):
        """Return the reminders of this company, oldest first."""
        domain = [('company_id', '=', self.company.id)]
        if partner:
            domain.append(('partner_id', '=', partner.id))
        return self.env['ar.reminder'].search(domain, order='date, id')

    def assertReminders(self, expected, partner=None):
        """Compare the reminders with a table of (day, offset of the level, claimed, state)."""
        self.env.flush_all()
        found = [
            (str(r.date), r.level_id.offset_days, round(r.amount_claimed, 3), r.state)
            for r in self.reminders(partner)
        ]
        self.assertEqual(found, expected, [r.reason for r in self.reminders(partner) if r.reason])

    def reasons(self, run, partner=None):
        """Return why items were left out: [(reason, amount)], sorted."""
        skips = run.skip_ids
        if partner:
            skips = skips.filtered(lambda skip: skip.customer_id.partner_id == partner)
        return sorted((skip.reason, skip.amount) for skip in skips)
