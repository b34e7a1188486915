from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models.core.described_fields import Groupable, Plain, PlainInteger
from .common import CollectionsCommon


@tagged('post_install', '-at_install')
class TestFields(CollectionsCommon):
    """What invoices, items and contacts show, and how they are searched and grouped."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.late = cls.invoice(100, due='2026-05-26')
        cls.fresh = cls.invoice(40, due='2026-08-01', date='2026-05-20')
        cls.two = cls.invoice(200, date='2026-05-01', terms=[(25, 50), (120, 50)])
        cls.level = cls.ladder.level_ids[1]

    def setUp(self):
        super().setUp()
        self.night('2026-06-01')
        self.mine = [('company_id', '=', self.company.id), ('move_type', '=', 'out_invoice')]

    def found(self, *domain):
        return self.env['account.move'].search([*self.mine, *domain], order='id')

    def test_level_and_last_reminder_of_an_invoice(self):
        self.assertRecordValues(self.late + self.fresh + self.two, [
            {'ar_dunning_level_id': level, 'ar_last_reminder_date': day, 'ar_reminder_count': n}
            for level, day, n in (
                (self.level.id, fields.Date.to_date('2026-06-01'), 1), (False, False, 0),
                (self.level.id, fields.Date.to_date('2026-06-01'), 1))])

    def test_fields_that_describe_themselves_say_what_odoo_finds_out(self):
        described = [
            field for model in self.env.values() for field in model._fields.values()
            if isinstance(field, Plain | Groupable)]
        self.assertLessEqual(
            {'account.move', 'account.move.line'}, {field.model_name for field in described})
        for field in described:
            for what in ('sortable', 'groupable', 'aggregator'):
                name = f'_description_{what}'
                self.assertEqual(
                    getattr(field, name)(self.env),
                    getattr(fields.Field, name)(field, self.env) or (
                        None if what == 'aggregator' else False), f"{field} {what}")

    def test_all_items_are_described_once_in_a_transaction(self):
        """Odoo asks again each time items are written. Who asks otherwise gets his own answer."""
        self.env['res.lang']._activate_lang('fr_FR')
        items = self.env['account.move.line']
        for user in (self.user('auditor'), self.user('base.group_user', 'employee')):
            for lang in ('en_US', 'fr_FR'):
                asked = items.with_user(user).with_context(lang=lang)
                for _turn in range(2):
                    described = asked.fields_get([])
                    self.assertEqual(described, asked.fields_get())
                    described['name'].clear()
                    described.clear()
        elsewhere = self.make_company("Elsewhere SAS")
        foreign = asked.with_context(allowed_company_ids=elsewhere.ids)
        self.assertEqual(foreign.fields_get([]).keys(), asked.fields_get().keys())
        self.assertEqual(items.fields_get([], ['type'])['name'], {'type': 'char'})
        self.assertEqual(list(items.fields_get(['name'])), ['name'])
        counted, plain = [], PlainInteger.get_description

        def count(field, env, attributes=None):
            counted.append(field.name)
            return plain(field, env, attributes)

        draft = self.invoice(70, due='2026-07-01', post=False)
        draft = draft.with_context(tracking_disable=False)
        draft.invoice_date = False  # Odoo dates it when it is posted, its items too.
        self.env.flush_all()
        self.env.cr.cache.clear()
        with patch.object(PlainInteger, 'get_description', count):
            draft.action_post()
            draft.env['account.payment.register'].with_context(
                active_model='account.move', active_ids=draft.ids).create({})._create_payments()
            self.env.flush_all()
        self.assertEqual(draft.amount_residual, 0)
        self.assertEqual(counted.count('ar_days_overdue'), 1)

    def test_what_changes_in_a_posted_item_is_still_logged(self):
        invoice = self.late.with_context(tracking_disable=False)
        invoice.button_draft()
        invoice.line_ids.fields_get([])
        before = invoice.message_ids
        invoice.invoice_line_ids.write({'name': "Other goods"})
        self.env.flush_all()
        value = (invoice.message_ids - before).sudo().tracking_value_ids
        self.assertIn(("Goods", "Other goods"), [
            (change.old_value_char, change.new_value_char) for change in value])

    def test_own_policy_of_another_company_is_refused(self):
        other = self.make_company("Elsewhere SAS")
        foreign = self.ladder.copy({'company_id': other.id})
        with self.assertRaisesRegex(UserError, "Elsewhere|compan"):
            self.late.ar_dunning_policy_id = foreign
        self.late.ar_dunning_policy_id = self.ladder.copy({'company_id': self.company.id})
        with self.assertRaisesRegex(UserError, "Elsewhere|compan"):
            self.late.ar_dunning_policy_id = foreign

    def test_search_by_level_and_last_reminder(self):
        reached = self.late + self.two
        for domain, expected in (
            (('ar_dunning_level_id', '=', self.level.id), reached),
            (('ar_dunning_level_id', '!=', False), reached),
            (('ar_dunning_level_id', '=', False), self.fresh),
            (('ar_dunning_level_id', '!=', self.level.id), self.fresh),
            (('ar_dunning_level_id', 'in', [self.level.id, False]), reached + self.fresh),
            (('ar_last_reminder_date', '>=', '2026-06-01'), reached),
            (('ar_last_reminder_date', '<', '2026-06-01'), self.env['account.move']),
            (('ar_last_reminder_date', '=', False), self.fresh),
        ):
            self.assertEqual(self.found(domain), expected.sorted('id'), domain)

    def test_group_by_level(self):
        groups = self.env['account.move']._read_group(
            self.mine, ['ar_dunning_level_id'], ['__count'])
        self.assertEqual({level.id: count for level, count in groups},
                         {self.level.id: 2, False: 1})

    def assertGroups(self, domain, records, field, interval=None):
        """Compare the groups of a list, and what opening each shows, with each record's value."""
        self.env.flush_all()
        spec = f'{field}:{interval}' if interval else field
        rows = records.web_read_group(domain, [spec], ['__count'])['groups']
        expected = {}
        for record in records:
            value = record[field]
            value = value.replace(day=1) if value and interval else value
            expected.setdefault(value, records.browse())
            expected[value] |= record
        self.assertEqual(
            sorted(row['__count'] for row in rows), sorted(map(len, expected.values())))
        opened = {records.search(domain & fields.Domain(row['__extra_domain'])) for row in rows}
        self.assertEqual(opened, set(expected.values()), field)

    def test_invoices_are_grouped_by_last_reminder_and_next_step(self):
        self.assertEqual(self.late.ar_next_action_date.month, 6)
        self.assertEqual(self.fresh.ar_next_action_date.month, 7)
        # Paid: no next step.
        self.pay(self.two)
        self.env.invalidate_all()
        moves = self.late + self.fresh + self.two
        self.assertFalse(self.two.ar_next_action_date)
        domain = fields.Domain('id', 'in', moves.ids)
        for field in ('ar_last_reminder_date', 'ar_next_action_date'):
            for reader in (self.env.user, self.user('collector', f'reader.{field}')):
                with self.subTest(field=field, reader=reader.login):
                    self.assertGroups(domain, moves.with_user(reader), field, 'month')

    def test_contacts_are_grouped_by_level_within_the_readers_rights(self):
        self.env['ar.customer']._refresh(self.company)
        contact = self.customer("Contact", parent_id=self.buyer.id)
        partners = self.buyer + contact + self.customer("Nobody")
        domain = fields.Domain('id', 'in', partners.ids)
        self.assertEqual(contact.ar_dunning_level_id, self.level)
        self.assertGroups(domain, partners, 'ar_dunning_level_id')
        # A collector of own customers learns nothing about those of others.
        self.account_of().collector_id = self.user('collector')
        groups = partners.with_user(self.user('own'))._read_group(
            domain, ['ar_dunning_level_id'], ['__count'])
        self.assertEqual([(level.id, count) for level, count in groups], [(False, 3)])

    def test_level_of_an_item_is_its_own(self):
        first, second = self.items(self.two)
        self.assertEqual((first.ar_dunning_level_id, second.ar_dunning_level_id.id),
                         (self.level, False))
        lines = self.env['account.move.line']
        domain = [('move_id', '=', self.two.id), ('account_type', '=', 'asset_receivable')]
        self.assertEqual(
            lines.search([*domain, ('ar_dunning_level_id', '=', self.level.id)]), first)
        self.assertEqual(lines.search([*domain, ('ar_dunning_level_id', '=', False)]), second)
        self.assertEqual(
            dict(lines._read_group(domain, ['ar_dunning_level_id'], ['__count'])),
            {self.level: 1, self.env['ar.dunning.level']: 1})
        self.assertEqual((first.ar_days_overdue, second.ar_days_overdue), (6, 0))

    def test_next_step_of_an_invoice(self):
        self.assertEqual(
            [str(move.ar_next_action_date) for move in self.late + self.fresh + self.two],
            ['2026-06-10', '2026-07-29', '2026-06-10'])

    def test_highest_level_wins_and_a_reset_lowers_it(self):
        self.night('2026-06-10')
        self.assertEqual(self.late.ar_dunning_level_id, self.ladder.level_ids[2])
        self.env['ar.dunning.reset'].create({
            'customer_ids': self.account_of().ids, 'reason': "Agreed",
            'move_ids': self.late.ids}).action_reset()
        self.env.invalidate_all()
        self.assertFalse(self.late.ar_dunning_level_id)
        self.assertEqual(self.two.ar_dunning_level_id, self.ladder.level_ids[2])

    def test_customer_level_is_the_highest_of_what_is_open(self):
        self.env['ar.customer']._refresh(self.company)
        customer = self.account_of()
        self.assertEqual(customer.dunning_level_id, self.level)
        self.assertEqual(customer.last_reminder_date, fields.Date.to_date('2026-06-01'))
        self.pay(self.late)
        self.pay(self.two)
        self.env['ar.customer']._refresh(self.company)
        self.assertFalse(customer.dunning_level_id)

    def test_contact_and_company_show_the_same_figures(self):
        contact = self.customer("Contact", parent_id=self.buyer.id)
        other = self.customer("Nobody")
        for partner in self.buyer + contact:
            self.assertEqual(
                (partner.ar_overdue_amount, partner.ar_max_days_overdue,
                 partner.ar_dunning_level_id, partner.ar_reminder_count,
                 partner.ar_customer_id),
                (200, 6, self.level, 1, self.account_of()))
        self.assertEqual((other.ar_overdue_amount, other.ar_customer_id.id), (0, False))

    def test_search_contacts(self):
        self.env['ar.customer']._refresh(self.company)
        other = self.customer("Nobody")
        both = [('id', 'in', (self.buyer + other).ids)]
        Partner = self.env['res.partner']
        for domain, expected in (
            (('ar_overdue_amount', '>', 0), self.buyer), (('ar_overdue_amount', '=', 0), other),
            (('ar_overdue_amount', '>=', 0), self.buyer + other),
            (('ar_max_days_overdue', '>', 5), self.buyer),
            (('ar_max_days_overdue', '>', 6), Partner),
            (('ar_dunning_level_id', '=', self.level.id), self.buyer),
            (('ar_customer_id', '!=', False), self.buyer),
            (('ar_customer_id', '=', False), other),
        ):
            self.assertEqual(
                Partner.search([*both, domain]).sorted('id'), expected.sorted('id'), domain)

    def test_opening_a_customer_shows_fresh_figures(self):
        customer = self.account_of()
        self.env['ar.customer']._refresh(self.company)
        self.pay(self.late)
        self.assertEqual(customer.overdue_amount, 200, "the list is as of the last refresh")
        for role in ('collector', 'auditor', 'own'):
            [row] = customer.with_user(self.user(role)).web_read({'overdue_amount': {}})
            self.assertEqual(row['overdue_amount'], 100, role)

    def test_reading_its_name_from_another_form_writes_nothing(self):
        customer = self.account_of()
        self.env['ar.customer']._refresh(self.company)
        self.pay(self.late)
        self.reminders().web_read({'customer_id': {'fields': {'display_name': {}}}})
        self.assertEqual(customer.overdue_amount, 200)

    def test_partner_shows_fresh_figures_without_any_refresh(self):
        self.pay(self.late)
        self.env.invalidate_all()
        self.assertEqual(self.buyer.ar_overdue_amount, 100)

    def test_smart_buttons_open_what_they_say(self):
        customer = self.account_of()
        opening = self.entry(5, '2026-01-01')
        self.items(opening).write({'date_maturity': False})
        for action, expected in (
            (customer.action_view_overdue_items(),
             self.items(self.late + opening) + self.items(self.two)[0]),
            (customer.action_view_open_items(),
             self.items(self.late + self.fresh + self.two + opening)),
            (customer.action_view_invoices(), self.late + self.fresh + self.two),
            (customer.action_view_reminders(), self.reminders()),
            (self.late.action_view_ar_reminders(), self.reminders()),
        ):
            found = self.env[action['res_model']].search(action['domain'])
            self.assertEqual(found.sorted('id'), expected.sorted('id'), action['name'])
        self.assertEqual(self.buyer.action_view_ar_customer()['res_id'], customer.id)
        self.assertEqual(self.late.action_view_ar_customer()['res_id'], customer.id)
