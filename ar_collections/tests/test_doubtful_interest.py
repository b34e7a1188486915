import random
from dataclasses import replace
from datetime import date, timedelta

from odoo.tests import tagged

from .legal_common import LegalCommon


@tagged('post_install', '-at_install')
class TestDoubtfulInterest(LegalCommon):
    """For the law a claim moved to 416 is the same debt: its interest runs on, to the cent."""

    def late(self, partner=None, day=date(2026, 6, 1), **options):
        """Return what lateness costs, item by item, without the names of the entries."""
        claims = self.env['ar.interest.engine']._get_item_claims(
            self.account_of(partner), day, **options)
        return [(claim.due, claim.reason, claim.interest, claim.compensation, claim.statement
                 and replace(claim.statement, allocations=tuple(
                     replace(move, label='') for move in claim.statement.allocations)))
                for claim in claims]

    def test_interest_runs_as_on_the_same_claim_that_never_moved(self):
        twin = self.customer("Twin", country_id=self.france.id)
        for seed in range(4):
            self.live_twice(random.Random(seed), twin, date(2025, 9, 1) + timedelta(seed * 30))
        for day in (date(2025, 11, 3), date(2026, 3, 1), date(2026, 6, 1)):
            for options in ({}, {'allocation': 'principal'}, {'paid_since': date(2025, 1, 1)}):
                with self.subTest(day=day, **options):
                    self.assertEqual(self.late(day=day, **options), self.late(twin, day, **options))
        self.assertTrue(any(row[2] for row in self.late()))
        self.assertEqual(self.count(self.buyer), self.count(twin), "a claim that moved costs none")

    def count(self, partner):
        """Return the number of queries of one reading."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.late(partner)
        return self.env.cr.sql_log_count - before

    def live_twice(self, rng, twin, due):
        """Let one claim move there and back between payments and losses, and its twin stand."""
        moved, plain = (
            self.items(self.invoice(1000, due=str(due), partner=partner))
            for partner in (self.buyer, twin))
        transfer = self.env['ar.doubtful.transfer']
        days = sorted(due + timedelta(rng.randrange(-5, 120)) for _step in range(5))
        for day in days:
            if moved.account_id == self.doubtful and rng.random() < .4:
                transfer.with_user(self.boss).action_back()
                transfer.back_move_id.action_post()
                moved = transfer.line_ids._get_standing_item()
            elif moved.account_id == self.receivable:
                transfer = transfer._transfer_to_doubtful(moved, "Insolvent", date=day)
                transfer.move_id.action_post()
                moved = transfer.line_ids.doubtful_line_id
            kind = rng.choice(('nothing', 'pay', 'pay', 'lose', 'rest'))
            amount = plain.amount_residual if kind == 'rest' else rng.choice((100, 233.33))
            for item in (moved, plain) if not plain.reconciled else ():
                self.assertFalse(item.reconciled)
                if kind == 'lose':
                    self.book(self.write_off(None, items=item, amount=100, date=str(day)))
                elif kind != 'nothing':
                    self.pay_doubtful(item, min(amount, item.amount_residual), str(day))
            if plain.reconciled:
                break

    def test_a_loss_on_the_doubtful_account_ends_interest(self):
        invoice = self.invoice(3650, due='2026-01-31')
        [before] = self.late(day=date(2026, 2, 10))
        self.assertEqual((str(before[2]), before[3]), ('12.15', 40))
        moved = self.to_doubtful(invoice).line_ids.doubtful_line_id
        self.assertEqual(self.late(day=date(2026, 2, 10)), [before])
        self.assertTrue(invoice.ar_late_interest)
        [line] = self.env['ar.claim']._prepare_for(self.account_of(), date(2026, 2, 10)).line_ids
        self.assertEqual((line.move_id, line.interest_amount), (invoice, 12.15))
        loss = self.book(self.write_off(None, items=moved, date='2026-02-10'))
        self.assertEqual(self.late(), [])
        self.assertEqual(self.late(paid_since=date(2026, 1, 1)), [], "it was never paid")
        self.reverse(loss)
        self.assertEqual(self.late(day=date(2026, 2, 10)), [before])

    def test_the_aged_balance_shows_it_where_the_claim_stands(self):
        """On the doubtful account, back on the invoice, and on what came back of a part."""
        whole, part, undone = (self.invoice(3650, due=due) for due in (
            '2026-01-31', '2026-02-28', '2026-03-31'))
        transfers = [self.to_doubtful(invoice) for invoice in (whole, part, undone)]
        self.pay_doubtful(transfers[1].line_ids.doubtful_line_id, 1000)

        def check():
            self.env.flush_all()
            rows = self.env['ar.aged.balance'].with_context(ar_late=True)._read_group(
                [('partner_id', '=', self.buyer.id)], ['due_date:day'], ['late_amount:sum'])
            self.assertEqual(
                sorted((day, round(amount, 2)) for day, amount in rows),
                sorted((row[0], float(row[2])) for row in self.late()))

        check()
        for transfer in transfers[:2]:
            transfer.with_user(self.boss).action_back()
            transfer.back_move_id.action_post()
        self.reverse(transfers[2])
        self.assertFalse(self.items(whole).reconciled or self.items(undone).reconciled)
        check()

    def test_what_holds_interest_back_holds_it_wherever_the_claim_stands(self):
        invoice = self.invoice(3650, due='2026-01-31')
        [before] = self.late()
        transfer = self.to_doubtful(invoice)
        moved = transfer.line_ids.doubtful_line_id
        dispute = self.agree('ar.dispute', moved)
        self.assertEqual([row[1] for row in self.late()], ['disputed'])
        dispute._settle('withdrawn', "All of it is owed")
        plan = self.agree('ar.payment.plan', moved, interest_stayed=True)
        self.assertEqual([row[1] for row in self.late()], ['planned'])
        plan.action_cancel()
        self.assertEqual(self.late(), [before])
        self.reverse(transfer)
        self.assertEqual(self.late(), [before], "taken back, it was neither paid nor cut")

    def test_prescription_bars_the_interest_of_a_doubtful_claim(self):
        self.company.country_id = self.france
        self.to_doubtful(self.invoice(1000, due='2021-05-20'))
        self.env['ar.deadline']._build(self.company)
        self.assertEqual([row[1] for row in self.late()], ['prescribed'])

    def test_a_message_about_what_came_back_speaks_of_its_interest(self):
        invoice = self.invoice(3650, due='2026-01-31')
        transfer = self.to_doubtful(invoice)
        self.pay_doubtful(transfer.line_ids.doubtful_line_id, 1000)
        transfer.with_user(self.boss).action_back()
        transfer.back_move_id.action_post()
        reminder = self.run_dunning('2026-06-02').reminder_ids
        back = self.items(transfer.back_move_id)
        self.assertEqual(reminder.line_ids.move_line_id, back)
        [claim] = reminder._take_late_claims()
        self.assertEqual((claim.move_id, claim.statement.principal), (invoice.id, 3650))
        back.no_followup = True
        self.assertEqual(self.late(), [], "left out of all follow-up, as an invoice is")
