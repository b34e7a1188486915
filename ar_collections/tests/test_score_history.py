from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..tools.scoring import compute_score
from .test_scorecard import ScoringCommon


@tagged('post_install', '-at_install')
class TestScoreHistory(ScoringCommon):
    """What is kept, what it costs, and who may see it."""

    def scores(self):
        return self.env['ar.credit.score'].search([('company_id', '=', self.company.id)])

    def test_a_night_without_news_leaves_no_trace(self):
        self.invoice(100, due='2026-05-20')
        self.env['ar.customer']._refresh(self.company)
        self.assertEqual(self.env['ar.customer']._score(self.company), 1)
        self.assertEqual(self.env['ar.customer']._score(self.company), 0)
        self.go('2026-06-02')
        self.env['ar.customer']._refresh(self.company)
        self.assertEqual(self.env['ar.customer']._score(self.company), 0, "same bands")
        self.go('2026-06-30')
        self.env['ar.customer']._refresh(self.company)
        self.assertEqual(self.env['ar.customer']._score(self.company), 1)
        self.assertEqual(len(self.scores()), 2)

    def night(self):
        """Return (scores stored, scores computed) by a night on fresh figures."""
        self.env['ar.customer']._refresh(self.company)
        path = 'odoo.addons.ar_collections.models.credit.score_compute.compute_score'
        with patch(path, side_effect=compute_score) as computed:
            return self.env['ar.customer']._score(self.company), computed.call_count

    def test_a_night_scores_those_whose_figures_changed(self):
        """A payment, a rating, a rule: one score each; nothing new is not even computed."""
        item = self.items(self.invoice(1000, due='2026-04-20'))
        other = self.customer("Other")
        self.invoice(100, due='2026-05-20', partner=other)
        self.assertEqual(self.night()[0], 2)
        # Whoever was never scored and has no figure is computed in vain.
        unknown = self.env['ar.customer'].search_count([
            ('company_id', '=', self.company.id), ('credit_score_id', '=', False)])
        self.assertEqual(self.night(), (0, unknown))
        self.pay(item.move_id, 1000, '2026-06-01')
        self.assertEqual(self.night(), (1, unknown + 1))
        self.assertEqual(self.night(), (0, unknown))
        self.env['ar.rating'].create({
            'customer_id': self.account_of(other).id, 'scale': 'own_grade', 'value': '9',
            'rated_on': '2026-06-01', 'environment': 'production'})
        self.assertEqual(self.night(), (1, unknown + 1))
        self.criterion('share_overdue').band_ids[:1].points = 1
        self.assertEqual(self.night(), (1, unknown + 2), "one of the two is in that band")
        self.criterion('share_overdue').band_ids[:1].value_from -= 1
        self.assertEqual(self.night(), (0, unknown + 2), "another band, the same points")
        self.assertEqual(len(self.scores()), 5)

    def test_on_demand_every_figure_is_kept(self):
        self.invoice(100, due='2026-05-20')
        self.score()
        self.score()
        self.assertEqual(len(self.scores()), 1)
        self.go('2026-06-02')
        self.score()
        self.assertEqual(len(self.scores()), 2)

    def test_another_weight_makes_another_score(self):
        self.invoice(100, due='2026-05-20')
        first = self.score()
        self.criterion('share_overdue').weight = 40
        self.assertEqual(self.env['ar.customer']._score(self.company), 1)
        self.assertLess(self.scores()[0].score, first.score)

    def test_a_company_may_have_a_scorecard_of_its_own(self):
        own = self.card.copy({'name': "Ours", 'company_id': self.company.id, 'sequence': 99})
        self.assertEqual(len(own.criterion_ids.band_ids), len(self.card.criterion_ids.band_ids))
        own.criterion_ids.filtered(lambda c: c.code != 'oldest_overdue').unlink()
        self.invoice(100, due='2026-05-20')
        score = self.score()
        self.assertEqual((score.scorecard_id, score.score, len(score.line_ids)), (own, 80, 1))

    def test_without_a_scorecard_it_says_so(self):
        self.env['ar.scorecard'].search([]).active = False
        with self.assertRaises(UserError):
            self.account_of().action_score_now()
        self.env['ar.customer']._cron_score()

    def test_bands_neither_overlap_nor_leave_gaps(self):
        bands = self.criterion('altman').band_ids
        self.assertEqual(
            [(b.value_from, b.value_to, b.is_highest) for b in bands],
            [(0, 1.1, False), (1.1, 2.6, False), (2.6, 0, True)])
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'):
            bands[0].copy()
        with self.assertRaises(ValidationError):
            self.criterion('altman').band_ids = False

    def test_nobody_rewrites_a_score(self):
        self.invoice(100, due='2026-05-20')
        score = self.score()
        for role in ('own', 'collector', 'manager', 'admin'):
            user = self.user(role, f'score_{role}')
            for record, vals in ((score, {'score': 100}), (score.line_ids[0], {'points': 100})):
                with self.assertRaises(AccessError):
                    record.with_user(user).write(vals)
                with self.assertRaises(AccessError):
                    record.with_user(user).unlink()
            with self.assertRaises(AccessError):
                self.account_of().with_user(user).write({'credit_score_id': False})
        self.account_of().with_user(self.user('collector')).action_score_now()
        with self.assertRaises(AccessError):
            self.account_of().with_user(self.user('auditor')).action_score_now()

    def test_companies_and_perimeters_see_their_own_scores(self):
        self.invoice(100, due='2026-05-20')
        score = self.score()
        collector, own = self.user('collector'), self.user('own')
        self.assertEqual(score.with_user(own).search([('id', '=', score.id)]), score)
        self.account_of().collector_id = collector
        self.assertFalse(score.with_user(own).search([('id', '=', score.id)]))
        self.assertFalse(score.line_ids.with_user(own).search([('score_id', '=', score.id)]))
        self.assertTrue(score.line_ids.with_user(collector).search([('score_id', '=', score.id)]))
        other = self.make_company("Elsewhere")
        collector.write({'company_id': other.id, 'company_ids': [Command.set(other.ids)]})
        self.assertFalse(score.with_user(collector).with_company(other).with_context(
            allowed_company_ids=other.ids).search([('id', '=', score.id)]))

    def test_a_merged_customer_brings_its_history(self):
        twin = self.customer("Twin")
        kept, gone = self.account_of(), self.account_of(twin)
        limit = gone._grant_limit(500, reason="Test", user=self.env.user, date_to='2026-12-31')
        guarantee = self.env['ar.credit.guarantee'].create(
            {'name': "G1", 'customer_id': gone.id, 'amount': 10})
        accounts = self.env['ar.financial.statement'].create([
            {'customer_id': customer.id, 'year': year}
            for customer, year in ((kept, 2025), (gone, 2025), (gone, 2024))])
        self.invoice(100, due='2026-05-20', partner=twin)
        score = self.score(twin)
        wizard = self.env['base.partner.merge.automatic.wizard'].create({
            'partner_ids': [Command.set((self.buyer | twin).ids)], 'dst_partner_id': self.buyer.id})
        wizard.action_merge()
        self.assertFalse(gone.exists())
        self.assertEqual(
            limit.customer_id | guarantee.customer_id | score.customer_id, kept)
        self.assertEqual(kept.credit_score_id, score)
        self.assertEqual(accounts.exists(), accounts[0] | accounts[2])
        self.assertEqual(kept.credit_limit_today, 500)

    def test_accounts_can_be_typed_in_by_a_collector(self):
        with Form(self.env['ar.financial.statement'].with_user(self.user('collector'))) as form:
            form.customer_id = self.account_of()
            form.year = 2025
            form.total_assets = 100
            form.current_assets = 50
            form.total_debt = 50
            form.equity = 50
        self.assertAlmostEqual(form.record.altman, 6.56 * 0.5 + 1.05, 2)

    def make_customers(self, count):
        """Create customers with figures; return their ids."""
        partners = self.env['res.partner'].create(
            [{'name': f"C{count}-{n}", 'is_company': True} for n in range(count)])
        customers = self.env['ar.customer'].sudo().create([
            {'partner_id': partner.id, 'company_id': self.company.id} for partner in partners])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ar_customer SET avg_days_late = id %% 97, overdue_amount = id %% 13,"
            " not_due_amount = id %% 17, oldest_due_date = '2026-05-01'::date - (id %% 97)::int"
            " WHERE id = ANY(%s)", [customers.ids])
        self.env.invalidate_all()
        return customers.ids

    def count_queries(self, ids):
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        stored = self.env['ar.customer']._score(self.company, ids)
        self.env.flush_all()
        return stored, self.env.cr.sql_log_count - before

    def test_ten_or_a_thousand_customers_cost_the_same_queries(self):
        few, many = self.make_customers(10), self.make_customers(1000)
        self.criterion('country').country_ids = self.env.ref('base.td')
        self.count_queries(few)
        self.env['ar.customer'].browse(many)._set_risk_class(
            self.risk_class('b'), "By hand: the class stays, only scores are stored")
        self.env['ar.credit.score'].search([('customer_id', 'in', few)]).unlink()
        self.env['ar.customer'].browse(few)._set_risk_class(self.risk_class('b'), "By hand")
        self.env.flush_all()
        stored_few, cost_few = self.count_queries(few)
        stored_many, cost_many = self.count_queries(many)
        self.assertEqual((stored_few, stored_many), (10, 1000))
        self.assertEqual(cost_few, cost_many)
        self.assertEqual(self.count_queries(few)[1], self.count_queries(many)[1])
        self.assertLess(cost_many, 40)
