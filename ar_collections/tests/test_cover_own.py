from odoo import fields
from odoo.tests import Form, tagged

from .cover_common import CoverCommon

DAY = fields.Date.to_date


@tagged('post_install', '-at_install')
class TestOwnCover(CoverCommon):
    """Cover that the policy lets us grant ourselves: each rule refuses, the proof is kept."""

    def setUp(self):
        super().setUp()
        self.contract.write({
            'discretionary_ceiling': 5000, 'discretionary_percentage': 80,
            'discretionary_proof': 'either', 'proof_max_age': 180,
            'experience_min_invoices': 2, 'experience_max_days_late': 10,
            'non_named_ceiling': 1000, 'non_named_percentage': 60})

    def refused(self, words, **options):
        kind = options.pop('kind', 'discretionary')
        with self.assertRaisesRegex(Exception, words):
            self.contract._grant_own(
                self.account, kind, options.pop('amount', 1000), **{
                    'proof': 'experience', **options})

    def test_experience(self):
        self.refused("too short")
        for due, paid in (('2026-03-20', '2026-03-25'), ('2026-04-20', '2026-04-28')):
            self.pay(self.invoice(100, due=due), 100, paid)
        self.refused("up to", amount=5001)
        cover = self.contract._grant_own(self.account, 'discretionary', 5000, proof='experience')
        layer = cover.layer_ids
        self.assertEqual((layer.source, layer.date_to), ('policy', DAY('2026-11-28')))
        self.assertIn("2 invoices paid", layer.proof)
        self.assertIn("8 days", layer.proof)
        self.pay(self.invoice(100, due='2026-05-01'), 100, '2026-05-20')
        self.refused("19 days late")

    def test_only_money_is_a_payment_experience(self):
        """What was written off or credited shows nobody who pays: the insurer asks for payments."""
        self.pay(self.invoice(100, due='2026-03-20'), 100, '2026-03-25')
        written, credited = self.invoice(100, due='2026-04-20'), self.invoice(80, due='2026-04-20')
        self.match(written, self.entry(-100, '2026-04-22'))
        self.match(credited, self.credit_note(80, '2026-04-22'))
        self.refused("too short: 1 invoices")
        part = self.invoice(100, due='2026-04-25')
        self.pay(part, 60, '2026-04-26')
        self.match(part, self.credit_note(40, '2026-04-28'))
        cover = self.contract._grant_own(self.account, 'discretionary', 1000, proof='experience')
        self.assertIn("2 invoices paid", cover.layer_ids.proof)

    def test_report_must_be_attached_and_young(self):
        self.refused("Attach", proof='report')
        report = self.env['ir.attachment'].create({'name': "report.pdf", 'raw': b'%PDF'})
        self.refused("180 days", proof='report', documents=report, proof_date=DAY('2025-11-01'))
        cover = self.contract._grant_own(
            self.account, 'discretionary', 4000, proof='report', documents=report,
            proof_date=DAY('2026-05-01'))
        self.assertEqual(cover.layer_ids.document_ids, report)
        self.assertEqual(cover.layer_ids.date_to, DAY('2026-10-28'))

    def test_overdue_excluded_or_turned_down_gets_none(self):
        self.invoice(100, due='2026-05-20')
        self.refused("overdue", kind='non_named')
        self.contract.max_extension_days = 30
        self.contract._grant_own(self.account, 'non_named', 1000)
        self.contract.excluded_category_ids = self.env['res.partner.category'].create(
            {'name': "Public body"})
        self.buyer.category_id = self.contract.excluded_category_ids
        self.refused("Public body", kind='non_named')
        self.buyer.category_id = False
        self.decide('refused')
        self.refused("turned this buyer down", kind='non_named')

    def test_a_policy_that_says_nothing_of_the_proof_grants_nothing(self):
        self.contract.discretionary_proof = False
        self.refused("which proof")

    def test_by_itself_every_night_and_once(self):
        self.contract.non_named_auto = True
        others = [self.customer(f"Small {number}") for number in range(3)]
        for partner in others:
            self.invoice(100, due='2026-06-20', partner=partner)
        self.invoice(100, due='2026-05-01', partner=others[2])
        self.env['ar.customer']._refresh(self.company)
        for _twice in range(2):
            self.run_cron('ir_cron_ar_cover_follow')
        covers = self.env['ar.cover'].search([('kind', '=', 'non_named')])
        self.assertEqual(covers.customer_id.partner_id, others[0] | others[1])
        self.assertEqual(covers.layer_ids.mapped('amount'), [1000, 1000])
        # The working is kept: ceiling, rules, day.
        by_hand = self.contract._grant_own(self.account, 'non_named', 700)
        for layer, amount in (*((layer, "1,000.00") for layer in covers.layer_ids),
                              (by_hand.layer_ids, "700.00")):
            for words in (f"cover of {amount}", "ceiling is 1,000.00", "Export", "06/01/2026"):
                self.assertIn(words, layer.proof.replace('€', '').replace('\xa0', ''))

    def test_the_dialogue(self):
        for due, paid in (('2026-03-20', '2026-03-25'), ('2026-04-20', '2026-04-28')):
            self.pay(self.invoice(100, due=due), 100, paid)
        action = self.account.with_user(self.collector).action_own_cover()
        form = Form(self.env['ar.cover.own'].with_user(self.collector).with_context(
            **action['context']))
        self.assertEqual((form.amount, form.kind), (5000, 'discretionary'))
        form.proof = 'experience'
        form.save().action_grant()
        self.assertEqual(self.account.cover_ids.amount_today, 5000)
