"""Documents made through Odoo's own methods: every kind of open item that real ledgers contain."""

import random
from datetime import timedelta

from ledger_setup import MOVING_CURRENCY

from odoo.fields import Command

BATCH = 100
# Share of each kind among the documents of one company.
KINDS = {
    'single': 34,
    'instalments': 14,
    'foreign': 16,
    'moving_currency': 6,
    'credit_note_open': 5,
    'credit_note_used': 5,
    'reversed': 3,
    'on_account': 6,
    'manual_entry': 5,
    'bank_statement': 4,
    'in_process': 2,
}


class OrmDocuments:
    """A few thousand documents for the first customers of the ledger."""

    def __init__(self, setup, customers, seed):
        self.setup = setup
        self.env = setup.env
        self.today = setup.today
        self.customers = customers
        self.random = random.Random(seed)

    def run(self, count):
        """Create about `count` documents over the three companies; return how many per kind."""
        shares = (
            (self.setup.company_a, 0.7), (self.setup.branch_a, 0.1), (self.setup.company_b, 0.2),
        )
        done = {}
        for company, share in shares:
            maker = self.with_company(company)
            for kind, number in self._get_counts(int(count * share)).items():
                for start in range(0, number, BATCH):
                    size = min(BATCH, number - start)
                    getattr(maker, f'_make_{kind}')(size)
                    self.env.flush_all()
                    self.env.cr.commit()
                    self.env.invalidate_all()
                done[kind] = done.get(kind, 0) + number
        return done

    def with_company(self, company):
        """Return a maker whose documents belong to the company."""
        maker = object.__new__(OrmDocuments)
        maker.__dict__.update(self.__dict__)
        maker.env = self.env(context=dict(
            self.env.context, allowed_company_ids=company.ids, mail_create_nolog=True,
            tracking_disable=True,
        ))
        maker.company = company.with_env(maker.env)
        maker.sales = self.setup.journal(company, 'sale').with_env(maker.env)
        maker.bank = self.setup.journal(company, 'bank').with_env(maker.env)
        maker.general = self.setup.journal(company, 'general').with_env(maker.env)
        maker.tax = self.setup.tax(company)
        return maker

    def _get_counts(self, total):
        whole = sum(KINDS.values())
        return {kind: max(1, total * part // whole) for kind, part in KINDS.items()}

    # === BUILDING BLOCKS === #
    def _pick_partner(self):
        customer = self.random.choice(self.customers)
        # A third of the documents names a contact of the company instead of the company itself.
        contacts = customer.child_ids
        return contacts[0] if contacts and self.random.random() < 0.33 else customer

    def _pick_date(self, oldest=400, newest=5):
        return self.today - timedelta(days=self.random.randint(newest, oldest))

    def _pick_amount(self, currency):
        euros = self.random.randint(20, 9000) + self.random.choice((0, 0.5, 0.99, 0.37))
        factor = {'JPY': 125, 'KWD': 0.4}.get(currency.name, 1)
        return currency.round(euros * factor)

    def _make_invoices(self, size, *, kind='inv1', move_type='out_invoice', currency=None):
        currency = currency or self.company.currency_id
        moves = self.env['account.move'].create([
            self._prepare_invoice_values(kind, move_type, currency) for _index in range(size)
        ])
        moves.action_post()
        return moves

    def _prepare_invoice_values(self, kind, move_type, currency):
        return {
            'move_type': move_type,
            'journal_id': self.sales.id,
            'partner_id': self._pick_partner().id,
            'invoice_date': self._pick_date(),
            'invoice_payment_term_id': self.setup.terms[kind].id,
            'currency_id': currency.id,
            'invoice_line_ids': [Command.create({
                'name': "Delivered goods",
                'quantity': 1,
                'price_unit': self._pick_amount(currency),
                'tax_ids': [Command.set(self.tax.ids)],
            })],
        }

    def _pay(self, move, share=1.0, delay=None):
        delay = self.random.randint(-10, 70) if delay is None else delay
        day = min(move.invoice_date_due + timedelta(days=delay), self.today)
        values = {'payment_date': max(day, move.invoice_date), 'journal_id': self.bank.id}
        if share < 1.0:
            values['amount'] = move.currency_id.round(move.amount_residual * share)
        wizard = self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=move.ids,
        ).create(values)
        return wizard._create_payments()

    def _settle_some(self, moves, paid=0.5, partly=0.15):
        for move in moves:
            chance = self.random.random()
            if chance < paid:
                self._pay(move)
            elif chance < paid + partly:
                self._pay(move, share=0.4)

    def _receivable_lines(self, moves):
        return moves.line_ids.filtered(
            lambda line: line.account_id.account_type == 'asset_receivable')

    # === KINDS === #
    def _make_single(self, size):
        self._settle_some(self._make_invoices(size))

    def _make_instalments(self, size):
        moves = self._make_invoices(size, kind='inv3')
        for move in moves:
            chance = self.random.random()
            if chance < 0.4:
                self._pay(move)
            elif chance < 0.7:
                self._pay(move, share=0.3)

    def _make_foreign(self, size):
        for index, name in enumerate(('USD', 'JPY', 'KWD')):
            part = (size + index) // 3
            currency = self.setup.currency(name)
            if part:
                self._settle_some(self._make_invoices(part, currency=currency))

    def _make_moving_currency(self, size):
        # The rate changes every month: settling leaves an exchange difference.
        currency = self.setup.currency(MOVING_CURRENCY)
        self._settle_some(self._make_invoices(size, currency=currency), paid=0.7)

    def _make_credit_note_open(self, size):
        self._make_invoices(size, move_type='out_refund')

    def _make_credit_note_used(self, size):
        for invoice in self._make_invoices(size):
            values = self._prepare_invoice_values('inv1', 'out_refund', invoice.currency_id)
            values['partner_id'] = invoice.partner_id.id
            values['invoice_line_ids'][0][2]['price_unit'] = invoice.amount_untaxed / 2
            refund = self.env['account.move'].create(values)
            refund.action_post()
            self._receivable_lines(invoice + refund).reconcile()

    def _make_reversed(self, size):
        invoices = self._make_invoices(size)
        invoices._reverse_moves([{'date': move.date} for move in invoices], cancel=True)

    def _make_on_account(self, size):
        payments = self.env['account.payment'].create([{
            'payment_type': 'inbound',
            'partner_type': 'customer',
            'partner_id': self._pick_partner().commercial_partner_id.id,
            'amount': self._pick_amount(self.company.currency_id),
            'date': self._pick_date(),
            'journal_id': self.bank.id,
        } for _index in range(size)])
        payments.action_post()

    def _make_manual_entry(self, size):
        receivable, revenue = self._get_entry_accounts()
        moves = self.env['account.move'].create([
            self._prepare_entry_values(receivable, revenue) for _index in range(size)
        ])
        moves.action_post()

    def _get_entry_accounts(self):
        Account = self.env['account.account'].with_company(self.company)
        domain = Account._check_company_domain(self.company.root_id)
        partner = self.customers[0].with_company(self.company)
        return (
            partner.property_account_receivable_id,
            Account.search([*domain, ('account_type', '=', 'income')], limit=1),
        )

    def _prepare_entry_values(self, receivable, revenue):
        amount = self._pick_amount(self.company.currency_id)
        day = self._pick_date()
        return {
            'move_type': 'entry',
            'journal_id': self.general.id,
            'date': day,
            'line_ids': [
                Command.create({
                    'name': "Opening balance", 'account_id': receivable.id, 'debit': amount,
                    'partner_id': self._pick_partner().id,
                    'date_maturity': day + timedelta(days=30),
                }),
                Command.create({
                    'name': "Opening balance", 'account_id': revenue.id, 'credit': amount,
                }),
            ],
        }

    def _make_bank_statement(self, size):
        for invoice in self._make_invoices(size):
            receivable = self._receivable_lines(invoice).account_id
            line = self.env['account.bank.statement.line'].create({
                'journal_id': self.bank.id,
                'date': min(invoice.invoice_date_due, self.today),
                'payment_ref': invoice.name,
                'partner_id': invoice.commercial_partner_id.id,
                'amount': invoice.amount_total,
            })
            suspense = line.move_id.line_ids.filtered(
                lambda item, journal=self.bank: item.account_id == journal.suspense_account_id
            )
            suspense.account_id = receivable
            (suspense + self._receivable_lines(invoice)).filtered(
                lambda item: not item.reconciled
            ).reconcile()

    def _make_in_process(self, size):
        # A payment without an entry, as with bank direct debits: the invoice reads "in payment"
        # while its item is still open in the ledger.
        for invoice in self._make_invoices(size):
            payment = self.env['account.payment'].create({
                'payment_type': 'inbound',
                'partner_type': 'customer',
                'partner_id': invoice.commercial_partner_id.id,
                'amount': invoice.amount_total,
                'date': invoice.invoice_date,
                'journal_id': self.bank.id,
                'invoice_ids': [Command.set(invoice.ids)],
            })
            payment.outstanding_account_id = False
            payment.write({'state': 'in_process'})
