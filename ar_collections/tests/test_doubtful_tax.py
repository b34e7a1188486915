import random

from odoo import Command
from odoo.tests import tagged

from .legal_common import LegalCommon


@tagged('post_install', '-at_install')
class TestDoubtfulTax(LegalCommon):
    """VAT that falls due on payment: moved or not, the same VAT on the same accounts by month.

    Each claim has a twin that was never moved, and lives the same life: what Odoo declares for it
    is what must be declared.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.twin = cls.customer("Twin")

    def setUp(self):
        super().setUp()
        self.tax, self.waiting, self.declared = self.tax_on_payment()

    def sell(self, partner, amount=1000, **options):
        """Create an invoice with VAT on payment."""
        invoice = self.invoice(
            amount, date='2026-02-01', partner=partner, post=False, **options)
        invoice.invoice_line_ids.tax_ids = self.tax
        invoice.action_post()
        return invoice

    def receive(self, item, amount, day, currency=None):
        """Book money on an item, wherever it stands, and match it; return the line of the money.

        :param amount: in the currency of the money
        """
        currency = currency or item.currency_id
        balance = currency._convert(amount, self.company.currency_id, self.company, day)
        journal = self.journal('bank')
        entry = self.env['account.move'].create({
            'move_type': 'entry', 'journal_id': journal.id, 'date': day, 'line_ids': [
                Command.create({
                    'account_id': account.id, 'partner_id': item.partner_id.id,
                    'balance': sign * balance, 'currency_id': currency.id,
                    'amount_currency': sign * amount})
                for account, sign in ((item.account_id, -1), (journal.default_account_id, 1))]})
        entry.action_post()
        line = entry.line_ids.filtered(lambda one: one.account_id == item.account_id)
        (item | line).reconcile()
        return line

    def standing(self, invoice):
        """Return the open items of an invoice, wherever its claims stand; oldest first."""
        items = self.items(invoice)
        for others in self.env['ar.doubtful.line']._get_successors(items).values():
            items |= others
        return items.filtered(lambda item: not item.reconciled).sorted(
            lambda item: (item.date_maturity, item.id))

    def declaration(self, partner):
        """Return what the books say of VAT, by month: accounts and grids of the declaration."""
        self.env.flush_all()
        domain = [('partner_id', '=', partner.id), ('parent_state', '=', 'posted')]
        accounts = self.env['account.move.line']._read_group(
            [*domain, ('account_id', 'in', (self.waiting | self.declared).ids)],
            ['date:month', 'account_id'], ['balance:sum'])
        grids = self.env['account.move.line']._read_group(
            [*domain, ('tax_tag_ids', '!=', False)],
            ['date:month', 'tax_tag_ids'], ['balance:sum', 'tax_base_amount:sum'])
        return sorted(
            (str(month.date()) if hasattr(month, 'date') else str(month), record.display_name,
             *(round(total, 2) for total in totals))
            for month, record, *totals in [*accounts, *grids] if any(
                round(total, 2) for total in totals))

    def assertTwins(self, message=None):
        self.assertEqual(self.declaration(self.buyer), self.declaration(self.twin), message)
        self.assertTies()

    # === THE SAME LIFE === #

    def test_the_transfer_declares_nothing_and_each_payment_its_part(self):
        moved, twin = self.sell(self.buyer, 999.99), self.sell(self.twin, 999.99)
        transfer = self.to_doubtful(moved)
        self.assertEqual(transfer.state, 'booked')
        self.assertEqual(self.balance(self.declared), 0)
        self.assertTwins("moving pays nothing")
        for amount, day in ((333.33, '2026-03-10'), (500, '2026-04-20'), (366.66, '2026-05-05')):
            for invoice in (moved, twin):
                self.receive(self.standing(invoice), amount, day)
            self.assertTwins(day)
        self.assertFalse(self.standing(moved))
        self.assertEqual((self.balance(self.waiting), self.balance(self.declared)), (0, -400))
        # Odoo's own entries, shown on the invoice.
        self.assertEqual(len(moved.tax_cash_basis_created_move_ids), 3)

    def test_back_in_part_and_unmatched(self):
        moved, twin = self.sell(self.buyer), self.sell(self.twin)
        before = [self.receive(self.items(one), 200, '2026-03-05') for one in (moved, twin)]
        transfer = self.to_doubtful(moved)
        lines = [self.receive(self.standing(one), 300, '2026-04-05') for one in (moved, twin)]
        self.assertTwins("a part paid before, a part as a doubtful claim")
        transfer.with_user(self.boss).action_back()
        transfer.back_move_id.with_user(self.accountant).action_post()
        self.assertTwins("coming back pays nothing")
        back = self.standing(moved)
        self.assertEqual((back.account_id, back.amount_residual), (self.receivable, 700))
        for item in (back, self.items(twin)):
            self.receive(item, 700, '2026-05-05')
        self.assertTwins("the rest, paid on what came back")
        self.assertEqual((self.balance(self.waiting), self.balance(self.declared)), (0, -400))
        for line in lines:
            line.remove_move_reconcile()
        self.assertTwins("the payment of the doubtful claim bounced")
        for line in before:
            line.remove_move_reconcile()
        self.assertTwins("the first one too")

    def test_two_instalments_one_moved(self):
        terms = [(0, 40), (30, 60)]
        moved, twin = self.sell(self.buyer, terms=terms), self.sell(self.twin, terms=terms)
        old = self.items(moved)[0]
        transfer = self.env['ar.doubtful.transfer']._transfer_to_doubtful(old, "Insolvent")
        transfer.move_id.action_post()
        for item in (self.items(moved)[1], self.items(twin)[1]):
            self.receive(item, 720, '2026-04-05')
        self.assertTwins("the other one is not the last payment")
        self.assertEqual(self.balance(self.declared), -240)
        for item in (transfer.line_ids.doubtful_line_id, self.items(twin)[0]):
            self.receive(item, 480, '2026-05-05')
        self.assertTwins()

    def test_a_foreign_currency_at_the_rates_of_its_payments(self):
        dollar = self.env.ref('base.USD')
        dollar.active = True
        for day, rate in (('2026-01-01', 2.0), ('2026-03-01', 1.7), ('2026-05-01', 2.3)):
            self.env['res.currency.rate'].create({
                'currency_id': dollar.id, 'company_id': self.company.id, 'name': day,
                'rate': rate})
        def live(*steps):
            moved, twin = (self.sell(one, currency=dollar) for one in (self.buyer, self.twin))
            transfer = self.to_doubtful(moved)
            items = transfer.line_ids.doubtful_line_id, self.items(twin)
            for amount, day, currency in steps:
                for item in items:
                    self.receive(item, amount or item.amount_residual_currency, day, currency)
                self.assertTwins(day)
            self.assertFalse(self.standing(moved))

        live((400, '2026-03-10', dollar), (0, '2026-05-10', dollar))
        # Money in euro pays dollars at the rate of its day on accounts of receivables only: so
        # Odoo matches.
        target = self.account('407000', "Doubtful debtors", 'asset_receivable', reconcile=True)
        self.company.ar_doubtful_account_id = target
        live((400, '2026-03-10', dollar), (100, '2026-04-10', self.company.currency_id),
             (0, '2026-05-10', dollar))

    def test_a_loss_on_the_doubtful_account_declares_nothing(self):
        moved, twin = self.sell(self.buyer), self.sell(self.twin)
        self.to_doubtful(moved)
        for invoice in (moved, twin):
            self.receive(self.standing(invoice), 300, '2026-03-10')
            record = self.book(self.write_off(None, amount=450, items=self.standing(invoice)))
            self.assertRecordValues(
                record, [{'amount': 450, 'tax_amount': 75, 'loss_amount': 375}])
        self.assertTwins("a part is lost")
        for invoice in (moved, twin):
            self.receive(self.standing(invoice), 450, '2026-06-01')
        self.assertTwins("the rest is paid after all")
        self.assertEqual((self.balance(self.waiting), self.balance(self.declared)), (0, -250))

    def test_reversed_and_matched_again(self):
        moved, twin = self.sell(self.buyer), self.sell(self.twin)
        transfer = self.to_doubtful(moved)
        item = self.items(moved)
        item.remove_move_reconcile()
        self.assertTwins("unmatched")
        (item | transfer.line_ids.credit_line_id).reconcile()
        self.assertTwins("matched again by hand")
        transfer.move_id.button_draft()
        transfer.move_id.action_post()
        self.assertTwins("set back to draft and posted")
        self.reverse(transfer)
        self.assertTwins("reversed")
        for invoice in (moved, twin):
            self.receive(self.items(invoice), 1200, '2026-06-01')
        self.assertTwins("paid as if nothing had been")

    def test_an_account_of_receivables_as_the_target(self):
        target = self.account('407000', "Doubtful debtors", 'asset_receivable', reconcile=True)
        self.company.ar_doubtful_account_id = target
        moved, twin = self.sell(self.buyer), self.sell(self.twin)
        transfer = self.to_doubtful(moved)
        self.assertTwins()
        for item in (transfer.line_ids.doubtful_line_id, self.items(twin)):
            self.receive(item, 400, '2026-04-05')
            self.receive(item, 800, '2026-05-05')
        self.assertTwins()

    def test_any_order(self):
        for seed in (3, 5, 8):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self.play(random.Random(seed))
                savepoint.rollback()

    def play(self, rng):
        twins = self.sell(self.buyer, 777.77), self.sell(self.twin, 777.77)
        received, log = [], []
        for month in range(6, 13):
            action, part, late = (
                rng.choice(('pay', 'pay', 'there', 'back', 'undo')), rng.random(), rng.random())
            log.append((action, part, late))
            self.go(f'2026-{month:02}-15')
            # After a payment was unmatched the claim may stand in two places.
            left = self.standing(twins[0])[:1].amount_residual
            if action == 'pay' and left:
                amount = left if part > .8 else round(left * part, 2) or left
                # Some are booked a month later, maybe after the claim was moved.
                day = f'2026-{month - (late > .6):02}-15'
                received.append([
                    self.receive(self.standing(one)[0], amount, day) for one in twins])
            elif action == 'undo' and received:
                for line in received.pop(rng.randrange(len(received))):
                    line.remove_move_reconcile()
            elif action in ('there', 'back'):
                self.shift(twins[0], action)
            self.assertTwins(log)

    def shift(self, invoice, action):
        """Move a claim to the doubtful account, or back."""
        item = self.standing(invoice)
        if len(item) != 1:
            return
        if action == 'there' and item.account_id == self.receivable:
            self.env['ar.doubtful.transfer']._transfer_to_doubtful(
                item, "Random").move_id.action_post()
        elif action == 'back' and item.account_id == self.doubtful:
            transfer = self.env['ar.doubtful.line'].search(
                [('doubtful_line_id', '=', item.id)]).transfer_id
            transfer.with_user(self.boss).action_back()
            transfer.back_move_id.action_post()
