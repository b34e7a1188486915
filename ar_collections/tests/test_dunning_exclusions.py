from odoo import Command
from odoo.tests import tagged

from .common import CollectionsCommon


@tagged('post_install', '-at_install')
class TestExclusions(CollectionsCommon):
    """Every item that is left out can be listed with its reason."""

    def setUp(self):
        super().setUp()
        self.bill = self.invoice(100, due='2026-05-26')

    def assertLeftOut(self, reason, day='2026-06-01'):
        run = self.run_dunning(day)
        self.assertFalse(run.reminder_ids)
        self.assertEqual(self.reasons(run), [(reason, 100)])
        self.assertRecordValues(run.skip_ids, [{
            'customer_id': self.account_of().id, 'move_id': self.bill.id,
            'move_line_id': self.items(self.bill).id, 'company_id': self.company.id}])

    def test_excluded_on_the_invoice(self):
        self.bill.no_followup = True
        self.assertLeftOut('no_followup')

    def test_entries_of_a_general_journal_start_excluded(self):
        self.bill.button_draft()
        self.bill.unlink()
        self.bill = self.entry(100, '2026-05-26')
        self.assertLeftOut('no_followup')
        self.items(self.bill).no_followup = False
        self.assertEqual(len(self.run_dunning('2026-06-01').reminder_ids), 1)

    def test_payment_blocked(self):
        self.bill.action_toggle_block_payment()
        self.assertLeftOut('blocked')

    def test_payment_in_process(self):
        """A payment that has no entry yet leaves the residual open; the money is on its way."""
        payment = self.env['account.payment'].create({
            'payment_type': 'inbound', 'partner_type': 'customer', 'amount': 100,
            'partner_id': self.buyer.id, 'journal_id': self.journal('bank').id,
            'invoice_ids': [Command.set(self.bill.ids)]})
        # Odoo Community always books an entry; Enterprise and some payment modules do not.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_payment SET state = 'in_process', move_id = NULL WHERE id = %s",
            [payment.id])
        self.env.invalidate_all()
        self.assertEqual(self.bill.amount_residual, 100)
        self.assertLeftOut('in_payment')

    def test_customer_on_stop(self):
        customer = self.account_of()
        customer.dunning_stop = True
        self.assertLeftOut('stopped')
        customer.dunning_stop_until = '2026-06-02'
        self.assertLeftOut('stopped', '2026-06-02')
        self.assertEqual(len(self.run_dunning('2026-06-03').reminder_ids), 1)

    def test_already_in_an_open_reminder(self):
        self.run_dunning('2026-05-31')
        self.assertLeftOut('open_reminder')

    def test_a_paid_invoice_is_no_candidate_at_all(self):
        self.pay(self.bill)
        run = self.run_dunning('2026-06-01')
        self.assertFalse(run.reminder_ids)
        self.assertFalse(run.skip_ids)

    def test_items_that_reach_no_level_are_not_listed(self):
        self.invoice(10, due='2026-08-01')
        self.bill.no_followup = True
        self.assertEqual(self.reasons(self.run_dunning('2026-06-01')), [('no_followup', 100)])

    def test_vendor_bills_and_drafts_are_no_candidates(self):
        self.bill.button_draft()
        self.assertFalse(self.run_dunning('2026-06-01').reminder_ids)

    def test_a_skipped_level_is_done_and_the_next_one_comes(self):
        self.run_dunning('2026-06-01').reminder_ids._set_skipped("They pay on Friday")
        self.assertFalse(self.run_dunning('2026-06-02').reminder_ids)
        self.assertEqual(
            self.run_dunning('2026-06-10').reminder_ids.level_id.offset_days, 15)
