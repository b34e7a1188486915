import random

from odoo.tests import tagged

from .legal_common import LegalCommon


@tagged('post_install', '-at_install')
class TestLegalRandom(LegalCommon):
    """Whatever happens in whatever order: the books tie, and each state says what they say."""

    def test_any_order_of_losses_transfers_payments_and_their_undoing(self):
        for seed in (1, 2, 3):
            with self.subTest(seed=seed):
                self.play(random.Random(seed))

    def play(self, rng):
        moves = self.env['account.move'].union(*(
            self.invoice(amount, due='2026-03-01') for amount in (100, 75.5)))
        case = self.case(moves)
        done = []
        for _step in range(7):
            action = rng.choice((self.lose, self.move, self.back, self.receive, self.undo))
            record = action(rng, moves, done)
            done.append((action.__name__, record))
            self.check(moves, case, [name for name, _record in done])

    def open_items(self, moves):
        items = self.items(moves)
        for moved in self.env['ar.doubtful.line']._get_successors(items).values():
            items |= moved
        return items.filtered(lambda item: not item.reconciled)

    def lose(self, rng, moves, done):
        items = self.open_items(moves)
        if not items:
            return None
        item = rng.choice(items)
        part = item.amount_residual if rng.random() < .5 else round(item.amount_residual / 3, 2)
        return self.book(self.write_off(None, amount=part, items=item))

    def move(self, rng, moves, done):
        items = self.open_items(moves).filtered(
            lambda item: item.account_id.account_type == 'asset_receivable')
        if not items:
            return None
        transfer = self.env['ar.doubtful.transfer']._transfer_to_doubtful(
            rng.choice(items), "Random")
        transfer.move_id.action_post()
        return transfer

    def back(self, rng, moves, done):
        transfers = [record for _name, record in done if record and (
            record._name == 'ar.doubtful.transfer') and record.state == 'booked' and any(
                not line.doubtful_line_id.reconciled for line in record.line_ids)]
        if transfers:
            transfer = rng.choice(transfers)
            transfer.with_user(self.boss).action_back()
            transfer.back_move_id.action_post()
        return None

    def receive(self, rng, moves, done):
        move = rng.choice(moves)
        if self.items(move).reconciled:
            return None
        self.pay(move, round(self.items(move).amount_residual / 2, 2), '2026-06-01')
        return None

    def undo(self, rng, moves, done):
        records = [record for _name, record in done if record and record.state == 'booked']
        if records:
            record = rng.choice(records)
            if record._name == 'ar.doubtful.transfer' and any(
                    line.doubtful_line_id.matched_credit_ids for line in record.line_ids):
                return None
            self.reverse(record)
        return None

    def check(self, moves, case, done):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertTies()
        owed = sum(self.open_items(moves).mapped('amount_residual'))
        # What came back in part stands as an item of its own: the case follows it there.
        self.assertAlmostEqual(case.residual, owed, 2, done)
        self.assertEqual(case.stage == 'closed', self.company.currency_id.is_zero(owed), done)
        for record in self.env['ar.write.off'].search([('state', 'in', ('booked', 'undone'))]):
            matched = record.line_ids.credit_line_id.matched_debit_ids.filtered(
                lambda partial, record=record: (
                    partial.debit_move_id in record.line_ids.move_line_id))
            self.assertEqual(record.state == 'booked', bool(matched), done)
