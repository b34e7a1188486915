"""Builders of the end of the line: accounts as in France, cases, losses, doubtful claims."""
from odoo import Command

from .common import CollectionsCommon


class LegalCommon(CollectionsCommon):
    """One company with a doubtful account, accounts of losses and agencies, and two people."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.france = cls.env.ref('base.fr')
        cls.buyer.write({
            'country_id': cls.france.id, 'street': "1 rue du Port", 'zip': '44000',
            'city': "Nantes", 'vat': 'FR23334175221'})
        cls.doubtful = cls.account('416000', "Doubtful", 'asset_current', reconcile=True)
        cls.losses = cls.account('654100', "Bad debts", 'expense')
        cls.agency_account = cls.account('467000', "Agencies", 'asset_current', reconcile=True)
        cls.fees = cls.account('622600', "Fees", 'expense')
        cls.company.write({
            'ar_doubtful_account_ids': [Command.set(cls.doubtful.ids)],
            'ar_bad_debt_account_id': cls.losses.id,
            'ar_agency_account_id': cls.agency_account.id,
            'ar_agency_fee_account_id': cls.fees.id,
        })
        cls.agency = cls.env['res.partner'].create({'name': "Agency", 'is_company': True})
        cls.boss = cls.user('manager')
        cls.clerk = cls.user('collector')
        cls.accountant = cls.user('account.group_account_invoice', login='accountant')

    @classmethod
    def account(cls, code, name, kind, **vals):
        return cls.env['account.account'].create({
            'code': code, 'name': name, 'account_type': kind,
            'company_ids': [Command.set(cls.company.ids)], **vals})

    # === BUILD === #

    def case(self, moves, user=None, **vals):
        """Open a case about the open items of some invoices."""
        items = self.items(moves).filtered(lambda item: not item.reconciled)
        customer = self.account_of(moves.partner_id)
        return self.env['ar.legal.case'].with_user(user or self.env.user).create({
            'customer_id': customer.id, **vals,
            'line_ids': [Command.create({'move_line_id': item.id}) for item in items]})

    def hand_over(self, case, target='agency', **vals):
        """Fill in the dialogue and save it."""
        note = self.env['ar.legal.step.note'].with_user(case.env.user).create({
            'case_id': case.id, 'mode': 'hand_over', 'target': target,
            'party_id': self.agency.id, 'make_file': False, **vals})
        return note.action_note()

    def write_off(self, moves, amount=None, user=None, items=None, **vals):
        """Ask for a write-off."""
        items = items or self.items(moves).filtered(lambda item: not item.reconciled)
        customer = self.account_of(items.partner_id)
        return self.env['ar.write.off'].with_user(user or self.clerk).create({
            'customer_id': customer.id, 'reason': "Nothing left to seize.", **vals,
            'line_ids': [Command.create({
                'move_line_id': item.id, **({'amount': amount} if amount else {})})
                for item in items]})

    def book(self, record):
        """Approve as the manager and post as the accountant."""
        self.env['ar.credit.authority'].search([]).max_write_off = 1000000
        record.action_submit()
        if record.state == 'submitted':
            record.with_user(self.boss).action_approve()
        record.sudo(False).with_user(self.accountant).move_id.action_post()
        return record

    def reverse(self, record):
        """Reverse the entry as Odoo's dialogue does, by the accountant."""
        record.move_id.with_user(self.accountant)._reverse_moves(
            [{'date': '2026-06-01'}], cancel=True)

    def to_doubtful(self, moves, post=True):
        """Propose the transfer, and post it."""
        transfer = self.env['ar.doubtful.transfer']._transfer_to_doubtful(
            self.items(moves), "Insolvent")
        if post:
            transfer.move_id.action_post()
        return transfer

    def pay_doubtful(self, item, amount, day='2026-06-01'):
        """Book money straight on the account of an item, as a bank entry does."""
        journal = self.journal('bank')
        entry = self.env['account.move'].create({
            'move_type': 'entry', 'journal_id': journal.id, 'date': day, 'line_ids': [
                Command.create({'account_id': account.id, 'partner_id': item.partner_id.id,
                                'balance': balance})
                for account, balance in (
                    (item.account_id, -amount), (journal.default_account_id, amount))]})
        entry.action_post()
        (item | entry.line_ids.filtered(lambda one: one.account_id == item.account_id)).reconcile()
        return entry

    def taxed(self, amount, rate=20, due='2026-03-01', partner=None, currency=None):
        """Create a posted invoice with tax."""
        tax = self.env['account.tax'].search([
            ('company_id', '=', self.company.id), ('name', '=', f"Tax {rate}")]) or \
            self.env['account.tax'].create({
                'name': f"Tax {rate}", 'amount': rate, 'company_id': self.company.id,
                'country_id': self.company.account_fiscal_country_id.id})
        invoice = self.invoice(amount, due=due, partner=partner, currency=currency, post=False)
        invoice.invoice_line_ids.tax_ids = tax
        invoice.invoice_date_due = due
        invoice.action_post()
        return invoice

    def tax_on_payment(self):
        """Create a VAT of 20 % that falls due on payment.

        :return: (tax, account where it waits, account where it is declared)
        """
        waiting = self.account('445799', "VAT waiting", 'liability_current', reconcile=True)
        declared = self.account('445710', "VAT collected", 'liability_current')
        self.company.tax_exigibility = True
        self.company.tax_cash_basis_journal_id = self.journal('general')
        country = self.company.account_fiscal_country_id
        tax = self.env['account.tax'].create({
            'name': "On payment", 'amount': 20, 'company_id': self.company.id,
            'country_id': country.id, 'tax_exigibility': 'on_payment',
            'cash_basis_transition_account_id': waiting.id})
        for line in tax.invoice_repartition_line_ids:
            line.tag_ids = self.env['account.account.tag'].create({
                'name': f"Grid of the {line.repartition_type}", 'applicability': 'taxes',
                'country_id': country.id})
            if line.repartition_type == 'tax':
                line.account_id = declared
        return tax, waiting, declared

    def agree(self, model, items, sign=False, part=None, **vals):
        """Note a promise, a dispute or a plan about some items; a plan starts, or is signed."""
        kinds = {
            'ar.promise': {'promise_date': '2026-06-05',
                           'amount': sum(items.mapped('amount_residual'))},
            'ar.dispute': {'reason_id': self.env.ref('ar_collections.ar_dispute_reason_price').id},
            'ar.payment.plan': {'number': 2, 'interval': 'week', 'first_date': '2026-06-10'},
        }
        record = self.env[model].create({
            'customer_id': self.account_of().id, 'currency_id': items.currency_id.id,
            **kinds[model], **vals,
            'line_ids': [Command.create({
                'move_line_id': item.id, **({'amount': part} if part else {})})
                for item in items]})
        if model == 'ar.payment.plan':
            self.company.ar_plan_approval_amount = 10**6
            record.action_submit()
            if sign:
                record.with_context(force_report_rendering=True)._sign(
                    "Jane Buyer", 'paper', self.company._get_ar_today())
            else:
                record.action_start()
        return record

    # === CHECK === #

    def balance(self, account):
        """Return what the books hold, as Odoo sums it."""
        [(total,)] = self.env['account.move.line']._read_group([
            ('account_id', 'in', account.ids), ('parent_state', '=', 'posted'),
            ('company_id', '=', self.company.id)], [], ['balance:sum'])
        return round(total, 2)

    @property
    def receivable(self):
        return self.buyer.with_company(self.company).property_account_receivable_id

    def aged_total(self, date=None):
        """Return the total of the aged balance."""
        self.env.flush_all()
        date = date or str(self.company._get_ar_today())
        [(total,)] = self.env['ar.aged.balance'].with_context(ar_date=date)._read_group(
            [], [], ['amount:sum'])
        return round(total or 0.0, 2)

    def assertTies(self):
        """The aged balance is the balance of the receivable and doubtful accounts."""
        accounts = self.env['account.account'].search([
            ('account_type', '=', 'asset_receivable'),
            ('company_ids', 'in', self.company.ids)]) | self.doubtful
        self.assertEqual(self.aged_total(), self.balance(accounts))
