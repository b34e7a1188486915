from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL, html2plaintext

from .legal_common import LegalCommon


@tagged('post_install', '-at_install')
class TestLegalCase(LegalCommon):
    """Off the ladder, stage by stage, closed and opened again by the ledger."""

    def test_reminders_stop_for_its_items_and_say_why(self):
        case = self.case(self.invoice(100, due='2026-05-20'))
        self.invoice(60, due='2026-05-20', partner=self.customer("Other"))
        run = self.run_dunning('2026-06-01')
        self.assertEqual(self.reasons(run), [('legal', 100)])
        self.assertEqual(run.reminder_ids.mapped('amount_claimed'), [60])
        label = dict(run.skip_ids._fields['reason']._description_selection(self.env))['legal']
        self.assertEqual(label, "At legal stage")
        self.assertEqual(case.name[:9], 'LEG/2026/')

    def test_a_waiting_reminder_is_cancelled(self):
        invoice = self.invoice(100, due='2026-05-24')
        self.run_dunning('2026-06-01')
        self.case(invoice)
        self.send()
        self.assertEqual(self.reminders().state, 'cancelled')

    def test_closing_by_hand_puts_the_rest_back_on_the_ladder(self):
        case = self.case(self.invoice(100, due='2026-05-20'))
        self.env['ar.legal.step.note'].create({
            'case_id': case.id, 'mode': 'close', 'outcome': 'settled'}).action_note()
        self.assertRecordValues(case, [{'stage': 'closed', 'outcome': 'settled'}])
        self.assertEqual(len(self.run_dunning('2026-06-02').reminder_ids), 1)

    def test_the_stages_leave_steps_that_nobody_changes(self):
        case = self.case(self.invoice(100, due='2026-05-20'), user=self.clerk)
        self.hand_over(case)
        self.go('2026-06-02')
        counsel = self.customer("Maître Counsel")
        self.hand_over(case, 'lawyer', party_id=counsel.id, party_reference='2026/17')
        self.assertRecordValues(case, [
            {'stage': 'lawyer', 'party_id': counsel.id, 'party_reference': '2026/17'}])
        self.assertFalse(self.run_dunning('2026-06-02').reminder_ids)
        self.go('2026-06-03')
        self.hand_over(
            case, 'court', court="Tribunal de commerce de Nantes", party_id=counsel.id)
        self.env['ar.legal.step.note'].with_user(self.clerk).create({
            'case_id': case.id, 'mode': 'judgment', 'text': "Ordered to pay"}).action_note()
        self.assertEqual(case.stage, 'judgment')
        self.assertEqual(
            [(str(step.date), step.stage) for step in case.step_ids.sorted('id')],
            [('2026-06-01', 'notice'), ('2026-06-01', 'agency'), ('2026-06-02', 'lawyer'),
             ('2026-06-03', 'court'), ('2026-06-03', 'judgment')])
        self.assertEqual(case.step_ids.sorted('id').mapped('party_id'), self.agency | counsel)
        with self.assertRaises(AccessError):
            case.write({'stage': 'closed'})
        for call in (lambda: case.step_ids[0].sudo().write({'name': "Other"}),
                     lambda: case.step_ids[0].sudo().unlink(), case.sudo().unlink):
            with self.assertRaises(UserError):
                call()

    def test_nobody_lifts_the_stop_through_the_lines(self):
        case = self.case(self.invoice(100, due='2026-05-20'), user=self.clerk)
        line = case.line_ids
        for vals in ({'is_open': False}, {'amount': 1}, {'balance': 1}):
            with self.assertRaises(AccessError):
                line.write(vals)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            line.unlink()
        self.env['ar.legal.step.note'].with_user(self.clerk).create({
            'case_id': case.id, 'mode': 'close', 'outcome': 'settled'}).action_note()
        with self.assertRaises(UserError):
            line.write({'move_line_id': line.move_line_id.id})
        with self.assertRaises(UserError), self.env.cr.savepoint():
            line.unlink()

    def test_a_collector_of_own_customers_does_the_whole_way(self):
        own = self.user('own')
        invoice = self.invoice(100, due='2026-05-20')
        customer = self.account_of().with_user(own)
        action = customer.action_new_legal_case()
        self.assertEqual(len(action['context']['default_line_ids']), 1)
        case = self.env['ar.legal.case'].with_user(own).with_context(
            **action['context']).create({})
        case.action_print_notice()
        self.hand_over(case, make_file=True)
        self.assertEqual(case.file_ids.state, 'done')
        self.assertTrue(case.story_html)
        action = case.action_write_off()
        record = self.env['ar.write.off'].with_user(own).with_context(
            **action['context']).create({'reason': "Gone"})
        record.action_submit()
        self.assertRecordValues(record, [{'state': 'submitted', 'amount': 100}])
        self.assertEqual(record.case_id, case)
        self.pay(invoice, 100, '2026-06-01')
        self.assertEqual(case.stage, 'closed')

    def test_an_agency_must_be_named(self):
        case = self.case(self.invoice(100, due='2026-05-20'))
        with self.assertRaises(UserError):
            self.hand_over(case, party_id=False)
        with self.assertRaises(UserError):
            self.hand_over(case, 'court')

    def test_payment_closes_it_and_undoing_opens_it_at_its_stage(self):
        invoice = self.invoice(100, due='2026-05-20')
        case = self.case(invoice)
        self.hand_over(case)
        self.pay(invoice, 40, '2026-06-01')
        self.assertRecordValues(case, [{'stage': 'agency', 'residual': 60}])
        self.pay(invoice, 60, '2026-06-01')
        self.assertRecordValues(case, [{'stage': 'closed', 'outcome': 'paid', 'residual': 0}])
        invoice.line_ids.remove_move_reconcile()
        self.assertRecordValues(case, [{
            'stage': 'agency', 'outcome': False, 'residual': 100, 'closed_on': False}])

    def test_what_a_person_closed_stays_closed(self):
        invoice = self.invoice(100, due='2026-05-20')
        case = self.case(invoice)
        self.env['ar.legal.step.note'].create({
            'case_id': case.id, 'mode': 'close', 'outcome': 'settled'}).action_note()
        self.pay(invoice, 40, '2026-06-01')
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(case.stage, 'closed')
        case.action_reopen()
        self.assertEqual(case.stage, 'notice')

    def test_an_item_stands_in_one_open_case(self):
        invoice = self.invoice(100, due='2026-05-20')
        first = self.case(invoice)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.case(invoice)
        self.env['ar.legal.step.note'].create({
            'case_id': first.id, 'mode': 'close', 'outcome': 'settled'}).action_note()
        self.assertEqual(self.case(invoice).stage, 'notice')
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            first.action_reopen()

    def test_items_of_another_customer_are_refused(self):
        stranger = self.account_of(self.customer("Stranger"))
        item = self.items(self.invoice(100, due='2026-05-20'))
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.env['ar.legal.case'].create({
                'customer_id': stranger.id, 'line_ids': [(0, 0, {'move_line_id': item.id})]})

    def test_amounts_by_currency(self):
        dollar = self.use_dollar(('2026-01-01', 2.0))
        case = self.case(self.invoice(100, due='2026-05-20')
                         | self.invoice(300, due='2026-05-21', currency=dollar))
        self.assertEqual(case.residual, 250)
        self.assertIn("100.00", case.amounts_text)
        self.assertIn("300.00", case.amounts_text)

    # === FIGURES === #

    def test_the_aged_balance_shows_it_as_of_any_day(self):
        invoice = self.invoice(100, due='2026-05-20')
        self.go('2026-06-02')
        self.case(invoice)
        self.pay(invoice, 30, '2026-06-10')

        def legal(date, valuation='company'):
            self.env.flush_all()
            rows = self.env['ar.aged.balance'].with_context(
                ar_date=date, ar_valuation=valuation)._read_group(
                [], [], ['legal_amount:sum', 'amount:sum'])
            return tuple(round(value, 2) for value in rows[0])

        self.go('2026-06-12')
        self.assertEqual(legal('2026-06-01'), (0, 100))
        self.assertEqual(legal('2026-06-02'), (100, 100))
        self.assertEqual(legal('2026-06-12'), (70, 70))
        dollar = self.env.ref('base.USD')
        dollar.active = True
        self.env['res.currency.rate'].create([
            {'currency_id': dollar.id, 'company_id': self.company.id, 'name': day, 'rate': rate}
            for day, rate in (('2026-01-01', 1.0), ('2026-06-11', 2.0))])
        self.case(self.invoice(50, due='2026-05-20', currency=dollar))
        self.assertEqual(legal('2026-06-12'), (120, 120))
        self.assertEqual(legal('2026-06-12', 'revalued'), (70 + 25, 70 + 25))

    def test_expected_cash_waits_for_the_recovery(self):
        item = self.items(self.invoice(100, due='2026-05-20'))

        def expected():
            self.env.flush_all()
            self.env.invalidate_all()
            return self.env['ar.forecast.item'].search([('line_id', '=', item.id)])

        before = expected().likely_date
        self.company.ar_legal_days = 90
        case = self.case(item.move_id)
        self.assertGreaterEqual(str(expected().likely_date), '2026-08-30')
        self.assertLess(str(before), '2026-08-30')
        self.assertIn(case.name, expected().reason)
        case.expected_date = '2026-12-24'
        self.assertGreaterEqual(str(expected().likely_date), '2026-12-24')

    def test_the_cockpit_reminds_of_next_steps(self):
        case = self.case(self.invoice(100, due='2026-05-20'))
        case.write({'next_step': "Call the lawyer", 'next_date': '2026-05-31'})
        todos = self.env['ar.cockpit'].load_cockpit()['actions']
        self.assertEqual(
            [todo['count'] for todo in todos if todo['code'] == 'legal'], [1], todos)

    # === NOTICE === #

    def notice_text(self, case):
        html, _kind = self.env['ir.actions.report']._render_qweb_html(
            'ar_collections.report_ar_formal_notice', case.ids)
        return " ".join(html2plaintext(html).replace('\xa0', ' ').split())

    def test_the_notice_names_debt_law_time_and_consequence(self):
        invoice = self.invoice(1234.5, due='2026-05-20')
        self.pay(invoice, 234.5, '2026-05-25')
        case = self.case(invoice, user=self.clerk)
        self.assertEqual(case.notice_text_id, self.env.ref('ar_collections.ar_formal_notice_fr'))
        case.action_print_notice()
        text = self.notice_text(case)
        for words in ("formal notice", "article 1344", "1,000.00", invoice.name, "05/20/2026",
                      "within 8 days", "legal means", case.name, "L441-10"):
            self.assertIn(words, text)
        self.assertNotIn("[[", text)
        attachment = case.notice_attachment_id
        self.assertEqual((attachment.res_model, attachment.res_id), ('ar.legal.case', case.id))

    def test_an_opening_balance_without_a_due_date(self):
        entry = self.entry(300, '2026-04-01')
        self.items(entry).date_maturity = False
        case = self.case(self.invoice(100, due='2026-05-20') | entry)
        case.action_print_notice()
        self.assertIn("400.00", self.notice_text(case))
        self.assertIn("04/01/2026", case.story_html)

    def test_receipt_starts_the_days_to_pay(self):
        case = self.case(self.invoice(100, due='2026-05-20'), user=self.clerk)
        case.action_print_notice()
        first = case.notice_attachment_id
        case.action_print_notice()
        kept = case.notice_attachment_id
        self.assertFalse(first.exists())
        case.write({'notice_tracking': '1A 123', 'notice_sent_on': '2026-06-01'})
        case.action_print_notice()
        self.assertEqual(case.notice_attachment_id, kept)
        case.notice_received_on = '2026-06-04'
        self.assertEqual(str(case.notice_deadline), '2026-06-12')
        self.assertEqual(
            [step.kind for step in case.step_ids.sorted('id')],
            ['stage', 'notice', 'notice'])
        self.assertEqual(case.step_ids.attachment_id, kept)
        with self.assertRaises(ValidationError):
            case.notice_received_on = '2026-05-01'

    def acts(self, case):
        return self.env['ar.limitation.act'].search(
            [('customer_id', '=', case.customer_id.id)], order='id')

    def test_the_receipt_is_noted_as_an_act_that_does_nothing_in_france(self):
        case = self.case(self.invoice(100, due='2021-10-20'), user=self.clerk)
        case.action_print_notice()
        case.write({'notice_tracking': '1A 123', 'notice_sent_on': '2026-06-01'})
        self.assertFalse(self.acts(case), "a demand counts when it has arrived")
        case.notice_received_on = '2026-06-04'
        act = self.acts(case)
        self.assertRecordValues(act, [{
            'kind': 'formal_notice', 'state': 'valid', 'item_ids': case.line_ids.move_line_id.ids,
            'document_ids': case.notice_attachment_id.ids,
            'reference': f"{case.name} 1A 123"}])
        self.assertEqual(str(act.date), '2026-06-04')
        self.assertIn("Does not interrupt prescription", act.effect_text)
        self.assertIn("20-23.204", act.effect_text)
        self.env['ar.deadline']._build(self.company)
        self.assertEqual(self.acts(case), act, "once")
        [deadline] = self.env['ar.deadline'].search([
            ('customer_id', '=', case.customer_id.id), ('kind', '=', 'prescription')])
        self.assertEqual(str(deadline.last_day), '2026-10-20')
        case.notice_received_on = '2026-06-03'
        self.assertEqual(self.acts(case).mapped('state'), ['void', 'valid'])
        self.assertIn("corrected", act.void_reason)
        case.notice_received_on = False
        self.assertEqual(set(self.acts(case).mapped('state')), {'void'})

    def test_where_the_law_says_so_the_notice_begins_a_new_period(self):
        jan = self.customer("Jan", is_company=True, country_id=self.env.ref('base.nl').id)
        rule = self.env.ref('ar_collections.limitation_nl_business')
        rule.action_confirm()
        self.account_of(jan).limitation_rule_id = rule
        invoice = self.invoice(100, due='2021-10-20', partner=jan)
        case = self.case(invoice)
        self.env['ar.deadline']._build(self.company)
        domain = [('customer_id', '=', case.customer_id.id), ('kind', '=', 'prescription')]
        self.assertEqual(
            self.env['ar.deadline'].search(domain).mapped(lambda one: str(one.last_day)),
            ['2026-10-20'])
        # Neither letter nor number on file: somebody must see the paper first.
        case.write({'notice_sent_on': '2026-06-01', 'notice_received_on': '2026-06-02'})
        act = self.acts(case)
        self.assertEqual(act.state, 'proposed')
        self.assertTrue(self.env['ar.deadline'].search(domain))
        act.action_confirm()
        self.assertIn("A new period runs", act.effect_text)
        self.assertFalse(self.env['ar.deadline'].search(domain + [('state', '=', 'open')]))
        items = self.env['ar.deadline']._read_prescription_items(self.company, SQL("TRUE"))
        [(_item, _rule, limitation)] = self.env['ar.deadline']._get_limitations(
            self.company, items)
        self.assertEqual(str(limitation.last_day), '2031-06-02')

    def test_an_unconfirmed_text_is_never_printed(self):
        hans = self.customer("Hans", country_id=self.env.ref('base.de').id)
        case = self.case(self.invoice(100, due='2026-05-20', partner=hans))
        self.assertFalse(case.notice_text_id)
        with self.assertRaises(UserError):
            case.action_print_notice()
        text = self.env.ref('ar_collections.ar_formal_notice_de')
        case.notice_text_id = text
        with self.assertRaises(UserError):
            case.action_print_notice()
        with self.assertRaises(UserError):
            text.with_user(self.boss).write({'state': 'confirmed'})
        text.with_user(self.boss).action_confirm()
        case.action_print_notice()
        text.with_user(self.boss).body = "<p>[[amount]] [[items]] now</p>"
        self.assertEqual(text.state, 'unconfirmed')
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            text.body = "<p>[[amount]] [[items]] [[unknown]]</p>"

    def test_a_name_is_no_markup_in_the_letter(self):
        self.buyer.name = "<b>Buyer</b> & [[days]]"
        text = self.env.ref('ar_collections.ar_formal_notice_fr')
        text.body = "<p>[[debtor]] [[amount]]</p>[[items]]"
        case = self.case(self.invoice(100, due='2026-05-20'))
        case.notice_text_id = text
        self.assertIn("&lt;b&gt;Buyer&lt;/b&gt; &amp; [[days]]",
                      str(case._get_notice_document()['before']))

    # === COST === #

    def test_the_list_costs_the_same_for_ten_and_sixty(self):
        def ask(number):
            for index in range(number):
                partner = self.customer(f"Debtor {number} {index}")
                self.case(self.invoice(100, due='2026-05-20', partner=partner))
            self.env.flush_all()
            self.env.invalidate_all()
            cases = self.env['ar.legal.case'].search([('stage', '!=', 'closed')])
            self.env.cr.execute("SELECT 1")
            start = self.env.cr.sql_log_count
            cases.read(['residual', 'amounts_text', 'sales_needed_text', 'stage', 'amount'])
            return self.env.cr.sql_log_count - start

        few = ask(10)
        self.assertLessEqual(ask(50), few + 2)

    def test_matching_without_cases_costs_one_query(self):
        items = self.items(self.invoice(100, due='2026-05-20')).ids
        Partial = self.env['account.partial.reconcile']
        Partial._ar_follow_items(items)
        with self.assertQueryCount(1):
            Partial._ar_follow_items(items)
        move = self.invoice(100, due='2026-05-20')
        self.env.flush_all()
        with self.assertQueryCount(1):
            self.assertFalse(move._ar_get_proposals())

    def test_a_merged_customer_keeps_its_cases(self):
        case = self.case(self.invoice(100, due='2026-05-20'))
        other = self.customer("Heir")
        self.env['base.partner.merge.automatic.wizard'].create({})._merge(
            (self.buyer | other).ids, other)
        self.env.invalidate_all()
        self.assertEqual(case.customer_id.partner_id, other)
        self.assertEqual(case.line_ids.customer_id, case.customer_id)
        self.assertEqual(case.residual, 100)

    def test_a_perimeter_hides_cases(self):
        mine, other = self.user('own', login='mine'), self.user('own', login='other')
        case = self.case(self.invoice(100, due='2026-05-20'))
        case.customer_id.collector_id = mine
        for model in ('ar.legal.case', 'ar.legal.case.line', 'ar.legal.step'):
            self.assertEqual(self.env[model].with_user(mine).search_count([]), 1, model)
            self.assertEqual(self.env[model].with_user(other).search_count([]), 0, model)
