from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .plan_common import PlanCommon


@tagged('post_install', '-at_install')
class TestPlanRights(PlanCommon):
    """Who may agree to what; nothing is typed in that follows from something else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.user('collector')
        cls.boss = cls.user('manager')
        cls.company.ar_approver_id = cls.boss
        cls.env['ar.credit.authority'].search([]).unlink()
        cls.authority = cls.env['ar.credit.authority'].create({
            'group_id': cls.env.ref('ar_collections.group_ar_manager').id, 'max_amount': 8000})

    def test_small_ones_need_nobody(self):
        plan = self.draft_plan(self.invoice(5000, due='2026-05-20'), user=self.collector)
        self.assertFalse(plan.needs_approval)
        plan.action_submit()
        self.assertEqual(plan.state, 'proposed')

    def test_large_ones_wait_for_somebody_else(self):
        plan = self.draft_plan(self.invoice(5000.01, due='2026-05-20'), user=self.collector)
        plan.action_submit()
        self.assertEqual(plan.state, 'to_approve')
        self.assertEqual(plan.activity_ids.user_id, self.boss)
        with self.assertRaises(AccessError):
            plan.action_approve()
        plan.with_user(self.boss).action_approve()
        self.assertRecordValues(plan, [{'state': 'proposed', 'approved_by_id': self.boss.id}])
        self.assertFalse(plan.activity_ids)

    def test_long_ones_too(self):
        plan = self.draft_plan(self.invoice(100, due='2026-05-20'), number=14)
        plan.action_submit()
        self.assertEqual(plan.state, 'to_approve')

    def test_a_proposal_goes_to_nobody_else_s_person(self):
        stranger = self.customer("Stranger")
        plan = self.draft_plan(self.invoice(100, due='2026-05-20'), user=self.collector)
        with self.assertRaisesRegex(ValidationError, "no contact of Buyer"):
            plan.contact_id = stranger

    def test_a_day_to_come_makes_no_plan_shorter(self):
        plan = self.draft_plan(
            self.invoice(100, due='2026-05-20'), number=14, user=self.collector,
            date='2027-06-01')
        self.assertTrue(plan.needs_approval)

    def test_nobody_approves_their_own(self):
        own = self.draft_plan(self.invoice(6000, due='2026-05-20'), user=self.boss)
        own.action_submit()
        submitted = self.draft_plan(self.invoice(6000, due='2026-05-20'), user=self.collector)
        submitted.with_user(self.boss).action_submit()
        for plan in (own, submitted):
            with self.assertRaisesRegex(AccessError, "of their own"):
                plan.with_user(self.boss).action_approve()
        own.action_send_back()
        self.assertEqual(own.state, 'draft', "who submitted it may take it back")

    def test_the_authority_has_a_ceiling(self):
        plan = self.draft_plan(self.invoice(9000, due='2026-05-20'), user=self.collector)
        plan.action_submit()
        with self.assertRaisesRegex(AccessError, "higher authority"):
            plan.with_user(self.boss).action_approve()
        self.authority.unlink()
        with self.assertRaises(AccessError):
            plan.with_user(self.boss).action_approve()
        plan.with_user(self.boss).action_send_back()
        self.assertEqual(plan.state, 'draft')

    def test_nothing_overtaken_is_approved(self):
        """What was paid, or has come due, since the submission: drawn up again."""
        invoice = self.invoice(6000, due='2026-05-20')
        plan = self.draft_plan(invoice, user=self.collector)
        plan.action_submit()
        self.pay(invoice, 1500)
        with self.assertRaisesRegex(ValidationError, "have changed.*back to draft"):
            plan.with_user(self.boss).action_approve()
        plan.with_user(self.boss).action_send_back()
        plan.action_spread()
        plan.action_submit()
        self.assertRecordValues(plan, [{'state': 'proposed', 'amount': 4500}])
        late = self.draft_plan(self.invoice(6000, due='2026-05-20'), user=self.collector)
        late.action_submit()
        self.go('2026-06-16')
        with self.assertRaisesRegex(ValidationError, "lies in the past"):
            late.with_user(self.boss).action_approve()

    def test_nobody_types_what_the_buttons_write(self):
        plan = self.draft_plan(self.invoice(9000, due='2026-05-20'), user=self.collector)
        for vals in (
            {'state': 'proposed'}, {'state': 'active'}, {'acknowledged_on': '2026-06-01'},
            {'signed_by': "Me"}, {'approved_by_id': self.boss.id}, {'grace_days': 99},
            {'tolerance': 100}, {'missed_allowed': 99}, {'user_id': self.boss.id},
            {'submitted_by_id': self.boss.id}, {'access_token': 'mine'}, {'amount': 1},
        ):
            with self.assertRaises(AccessError, msg=vals):
                plan.write(vals)
        line, part = plan.line_ids, plan.instalment_ids[0]
        for record, vals in (
            (line, {'amount': 1}), (line, {'state': 'kept'}), (line, {'last_partial_id': 0}),
            (part, {'state': 'paid'}), (part, {'paid_amount': 9}), (part, {'deadline': False}),
        ):
            with self.assertRaises(AccessError, msg=vals):
                record.write(vals)
        with self.assertRaises(AccessError):
            plan.create({
                'customer_id': plan.customer_id.id, 'state': 'active',
                'line_ids': [Command.create({'move_line_id': line.move_line_id.id})]})

    def test_started_it_is_closed_to_changes(self):
        plan = self.draft_plan(self.invoice(900, due='2026-05-20'), user=self.collector)
        plan.action_submit()
        plan.action_start()
        item = self.items(self.invoice(50, due='2026-05-20'))
        for change in (
            lambda: plan.line_ids.unlink(), lambda: plan.instalment_ids[0].unlink(),
            lambda: plan.unlink(), lambda: plan.action_submit(), lambda: plan.action_spread(),
            lambda: plan.instalment_ids[0].write({'amount': 1}),
            lambda: plan.instalment_ids[0].create(
                {'plan_id': plan.id, 'due_date': '2030-01-01', 'amount': 1}),
            lambda: plan.line_ids.create({'plan_id': plan.id, 'move_line_id': item.id}),
            lambda: plan.write({'instalment_ids': [Command.clear()]}),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()

    def test_a_perimeter_hides_what_others_follow(self):
        mine, other = self.user('own', login='mine'), self.user('own', login='other')
        plan = self.draft_plan(self.invoice(100, due='2026-05-20'))
        plan.customer_id.collector_id = mine
        for model in ('ar.payment.plan', 'ar.payment.plan.line', 'ar.payment.plan.instalment'):
            self.assertTrue(self.env[model].with_user(mine).search_count([]))
            self.assertFalse(self.env[model].with_user(other).search_count([]))
        with self.assertRaises(AccessError):
            plan.with_user(other).action_cancel()
        auditor = self.user('auditor')
        with self.assertRaises(AccessError):
            plan.with_user(auditor).action_submit()

    def test_signed_on_paper(self):
        invoice = self.invoice(900, due='2026-05-20')
        plan = self.draft_plan(invoice, user=self.collector)
        plan.action_submit()
        self.go('2026-06-03')
        dialogue = self.env['ar.payment.plan.paper'].with_user(self.collector).create({
            'plan_id': plan.id, 'name': "Jane Buyer", 'date': '2026-06-04',
            'document': b'JVBERi0xLjQK', 'document_name': "signed.pdf"})
        with self.assertRaises(ValidationError):
            dialogue.action_sign()
        dialogue.date = '2026-06-02'
        dialogue.action_sign()
        self.assertRecordValues(plan, [{
            'state': 'active', 'signed_by': "Jane Buyer", 'signature_way': 'paper',
            'acknowledged_on': date(2026, 6, 2)}])
        names = self.env['ir.attachment'].search([
            ('res_model', '=', 'ar.payment.plan'), ('res_id', '=', plan.id),
            ('res_field', '=', False)]).mapped('name')
        self.assertEqual(set(names), {'signed.pdf', f'{plan._get_report_base_filename()}.pdf'})
        with self.assertRaises(UserError):
            dialogue.action_sign()

    def test_the_law_reads_the_acknowledgement(self):
        invoice = self.invoice(900, due='2026-05-20')
        plan = self.draft_plan(invoice)
        plan.action_submit()
        plan._sign("Jane Buyer", 'paper', date(2026, 6, 1))
        plan.action_cancel()
        [row] = self.env.execute_query_dict(plan._get_acknowledgements(self.company))
        self.assertEqual(
            (row['move_line_id'], row['move_id'], row['date'], row['amount'], row['record_id']),
            (self.items(invoice).id, invoice.id, date(2026, 6, 1), 900, plan.id))

    def test_the_proposal_by_e_mail(self):
        plan = self.draft_plan(self.invoice(900, due='2026-05-20'), user=self.collector)
        with self.assertRaises(UserError):
            plan.action_send()
        plan.action_submit()
        action = plan.action_send()
        composer = self.env['mail.compose.message'].with_user(self.collector).with_context(
            **action['context']).create({})
        self.assertIn(plan.name, composer.subject)
        composer._action_send_mail()
        message = plan.message_ids.filtered('partner_ids')
        self.assertEqual(message.partner_ids, plan.recipient_id)
        self.assertIn(f'access_token={plan.access_token}', message.body)
        self.assertEqual(len(message.attachment_ids), 1)
