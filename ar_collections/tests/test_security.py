from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.models import MAGIC_COLUMNS
from odoo.tests import Form, tagged

from .common import CollectionsCommon

READ = (
    'ar.customer', 'ar.reminder', 'ar.reminder.line', 'ar.dunning.policy', 'ar.dunning.level',
    'ar.dunning.rule', 'ar.dunning.override', 'ar.dunning.run', 'ar.dunning.skip',
    'ar.letter.batch', 'ar.refresh.log',
)
CONFIGURATION = ('ar.dunning.policy', 'ar.dunning.level', 'ar.dunning.rule', 'ar.dunning.override')
ENGINE_ROOM = ('ar.reminder.line', 'ar.dunning.skip', 'ar.letter.batch', 'ar.refresh.log')
WIZARDS = ('ar.dunning.preview', 'ar.dunning.reset', 'ar.reminder.reason')


@tagged('post_install', '-at_install')
class TestRoles(CollectionsCommon):
    """What each role may do, and what it is refused."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {role: cls.user(role, f'ar_{role}') for role in (
            'auditor', 'own', 'collector', 'manager', 'admin')}
        cls.seller = cls.user('sales_team.group_sale_salesman', 'seller')
        cls.stranger = cls.user('own', 'stranger')

        cls.bill = cls.invoice(100, due='2026-05-26')

    def setUp(self):
        super().setUp()
        self.reminder = self.run_dunning('2026-06-01').reminder_ids
        self.customer_row = self.account_of()

    def test_everybody_with_a_role_reads(self):
        for role, user in self.users.items():
            for model in READ:
                self.assertTrue(self.env[model].with_user(user).has_access('read'), (role, model))

    def test_an_auditor_changes_nothing(self):
        auditor = self.users['auditor']
        for model in READ + WIZARDS:
            for operation in ('write', 'create', 'unlink'):
                self.assertFalse(
                    self.env[model].with_user(auditor).has_access(operation), (model, operation))
        reminder = self.reminder.with_user(auditor)
        for button in ('action_approve', 'action_skip', 'action_other_channel', 'action_retry',
                       'action_mark_sent', 'action_print_letters', 'action_edit_text'):
            with self.assertRaises(UserError, msg=button):
                getattr(reminder, button)()
        self.reminder._set_proposed()
        for button in ('action_approve_all', 'action_stop'):
            with self.assertRaises(AccessError, msg=button):
                getattr(reminder.run_id, button)()
        with self.assertRaises(AccessError):
            self.customer_row.with_user(auditor).dunning_stop = True
        with self.assertRaises(AccessError):
            self.bill.with_user(auditor).ar_dunning_policy_id = self.ladder

    def test_a_salesperson_sees_no_ledger(self):
        for model in READ + WIZARDS:
            self.assertFalse(self.env[model].with_user(self.seller).has_access('read'), model)
        with self.assertRaises(AccessError):
            self.buyer.with_user(self.seller).read(['ar_overdue_amount'])
        with self.assertRaises(AccessError):
            self.buyer.with_user(self.seller).search([('ar_overdue_amount', '>', 0)])
        with self.assertRaises(AccessError):
            self.buyer.with_user(self.seller).action_view_ar_customer()

    def test_only_managers_write_the_rules_of_the_house(self):
        for role, allowed in (('own', False), ('collector', False), ('manager', True),
                              ('admin', True)):
            for model in CONFIGURATION:
                for operation in ('write', 'create', 'unlink'):
                    self.assertEqual(
                        self.env[model].with_user(self.users[role]).has_access(operation),
                        allowed, (role, model, operation))

    def test_the_engine_room_is_closed_to_all(self):
        for role, user in self.users.items():
            for model in ENGINE_ROOM:
                for operation in ('write', 'create', 'unlink'):
                    self.assertFalse(
                        self.env[model].with_user(user).has_access(operation),
                        (role, model, operation))

    def test_a_collector_acts_on_customers(self):
        row = self.customer_row.with_user(self.users['collector'])
        row.write({'dunning_stop': True, 'note': "<p>Called</p>", 'follow_up_date': '2026-07-01'})
        self.reminder._set_proposed()
        self.reminder.with_user(self.users['collector']).action_approve()
        self.assertEqual(self.reminder.state, 'approved')

    def test_figures_and_keys_cannot_be_typed_in(self):
        row = self.customer_row.with_user(self.users['manager'])
        for vals in ({'balance': 0}, {'overdue_amount': 0}, {'avg_days_late': 0},
                     {'partner_id': self.company.partner_id.id}, {'dunning_level_id': False},
                     {'last_reminder_date': False}, {'next_action_date': False},
                     {'company_id': self.env.ref('base.main_company').id}):
            with self.assertRaises(AccessError, msg=str(vals)):
                row.write(vals)

    def test_a_run_is_history(self):
        run = self.reminder.run_id
        for role in ('collector', 'manager', 'admin'):
            own = run.with_user(self.users[role])
            for vals in ({'date': '2026-01-01'}, {'kind': 'nightly'}, {'seconds': 1},
                         {'company_id': self.env.ref('base.main_company').id}):
                with self.assertRaises(AccessError, msg=str(vals)):
                    own.write(vals)
            with self.assertRaises(AccessError):
                own.create({'date': '2026-06-02', 'company_id': self.company.id})
            own.message_post(body="Seen")

    def test_the_first_steps_say_what_is_done(self):
        """Each step turns from open to done by the thing itself; a collector decides nothing."""
        empty = self.make_company("Nothing yet")
        empty.write({'email': False, 'ar_dunning_active': False, 'ar_approver_id': False})
        self.users['manager'].company_ids |= empty
        steps = self.env['ar.first.steps'].with_user(self.users['manager']).with_context(
            allowed_company_ids=empty.ids)
        panel = steps.browse(steps.action_open()['res_id'])
        names = ['has_items', 'has_customers', 'has_mail', 'has_preview', 'is_nightly', 'is_done']

        def done():
            self.env.invalidate_all()
            return {name for name in names if panel[name]}

        self.assertEqual(done(), set())
        self.invoice(100, due='2026-05-26', company=empty)
        self.assertEqual(done(), {'has_items'})
        panel.action_read_ledger()
        self.assertEqual(done(), {'has_items', 'has_customers'})
        self.assertEqual((panel.customer_count, panel.overdue_count), (1, 1))
        empty.email = "us@example.com"
        self.env['ir.mail_server'].create({'name': "Out", 'smtp_host': "mail.example.com"})
        panel.action_preview()
        panel.action_switch_nightly()
        self.assertEqual(done(), {*names} - {'is_done'})
        panel.approver_id = self.users['manager']
        panel.policy_id = self.env.ref('ar_collections.ar_dunning_policy_cautious')
        self.assertEqual(done(), {*names})
        self.assertEqual((empty.ar_approver_id, empty.ar_dunning_active),
                         (self.users['manager'], True))
        self.assertFalse(steps.with_user(self.users['collector']).has_access('create'))

    def test_every_setting_is_on_the_page_and_reaches_the_company(self):
        """In Odoo's own settings page, for who has Odoo's right to it."""
        user = self.users['admin']
        user.group_ids += self.env.ref('base.group_system')
        Settings = self.env['res.config.settings'].with_user(user).with_context(
            allowed_company_ids=self.company.ids)
        ours = [name for name, field in Settings._fields.items() if (
            name.startswith('ar_') and str(field.related).startswith('company_id.'))]
        self.assertGreater(len(ours), 30)
        page = etree.fromstring(Settings.get_view(view_type='form')['arch'])
        shown = {node.get('name') for node in page.iter('field')}
        self.assertFalse(sorted(set(ours) - shown), "a setting that nobody can reach")
        changed = {'ar_dunning_active': not self.company.ar_dunning_active,
                   'ar_promise_grace_days': 4, 'ar_credit_active': True, 'ar_invoice_stop': True,
                   'ar_exposure_drafts': True, 'ar_approver_id': user.id}
        with Form(Settings) as form:
            for name, value in changed.items():
                setattr(form, name, user if name == 'ar_approver_id' else value)
        form.save().execute()
        self.env.invalidate_all()
        self.assertEqual(self.company.read([*changed], load=None)[0] | {'id': 0},
                         changed | {'id': 0})

    # === PERIMETER === #

    def test_a_collector_with_a_perimeter_sees_only_it(self):
        mine, free, foreign = (self.customer(name) for name in ("Mine", "Free", "Foreign"))
        moves = {p: self.invoice(10, due='2026-05-26', partner=p) for p in mine + free + foreign}
        self.account_of(mine).collector_id = self.users['own']
        self.account_of(foreign).collector_id = self.stranger
        run = self.run_dunning('2026-06-01')
        self.send()
        own = self.users['own']
        for model, field in (
            ('ar.customer', 'partner_id'), ('ar.reminder', 'partner_id'),
            ('ar.reminder.line', 'customer_id.partner_id'),
            ('account.move', 'commercial_partner_id'),
            ('account.move.line', 'move_id.commercial_partner_id'),
        ):
            found = self.env[model].with_user(own).search([]).sudo().mapped(field)
            self.assertIn(mine, found, model)
            self.assertIn(free, found, model)
            self.assertNotIn(foreign, found, model)
        self.assertEqual(
            (mine + free + foreign).with_user(own).mapped('ar_overdue_amount'), [10, 10, 0])
        with self.assertRaises(AccessError):
            moves[foreign].with_user(own).read(['name'])
        with self.assertRaises(AccessError):
            self.account_of(foreign).with_user(own).web_read({'overdue_amount': {}})
        with self.assertRaises(AccessError):
            run.reminder_ids.filtered(
                lambda r: r.partner_id == foreign).with_user(own).action_approve()
        with self.assertRaises(AccessError):
            self.env['ar.dunning.reset'].with_user(own).create({
                'customer_ids': self.account_of(foreign).ids, 'reason': "x"}).action_reset()
        with self.assertRaises(AccessError):
            self.env['ar.dunning.preview'].with_user(own).create({})

    def test_a_batch_of_letters_is_open_to_who_printed_it(self):
        own, every = self.user('own', 'printer'), self.user('collector', 'everybody')
        Batch = self.env['ar.letter.batch']
        others = Batch.create({'company_id': self.company.id})
        mine = Batch.with_user(own).sudo().create({'company_id': self.company.id})
        for user, batches in ((own, mine), (every, mine | others)):
            self.assertEqual(Batch.with_user(user).search([
                ('company_id', '=', self.company.id)]), batches)

    def test_a_perimeter_says_nothing_about_vendor_bills(self):
        bill = self.env['account.move'].create({
            'move_type': 'in_invoice', 'partner_id': self.buyer.id, 'invoice_date': '2026-05-01',
            'company_id': self.company.id,
            'invoice_line_ids': [(0, 0, {'name': "x", 'price_unit': 5, 'tax_ids': False})]})
        self.assertNotIn(bill, self.env['account.move'].with_user(self.users['own']).search([]))

    def test_invoices_cannot_be_changed_by_a_collector(self):
        for role in ('own', 'collector'):
            for operation in ('write', 'create', 'unlink'):
                for model in ('account.move', 'account.move.line'):
                    self.assertFalse(
                        self.env[model].with_user(self.users[role]).has_access(operation),
                        (role, model, operation))

    # === COMPANIES === #

    def test_company_a_never_sees_company_b(self):
        other = self.make_company("Other House")
        self.env = self.env(context=dict(
            self.env.context, allowed_company_ids=(self.company + other).ids))
        secret = self.customer("Secret")
        self.invoice(777, due='2026-05-26', partner=secret, company=other)
        other.ar_dunning_policy_id = self.ladder
        run = self.env['ar.dunning.run']._run(other)
        self.assertTrue(run.reminder_ids)
        for role, user in self.users.items():
            for model in ('ar.customer', 'ar.reminder', 'ar.reminder.line', 'ar.dunning.run',
                          'ar.dunning.skip', 'ar.refresh.log'):
                records = self.env[model].with_user(user).with_context(
                    allowed_company_ids=self.company.ids)
                companies = records.search([]).sudo().company_id
                self.assertLessEqual(companies, self.company, (role, model))
            partner = secret.with_user(user).with_context(allowed_company_ids=self.company.ids)
            self.assertEqual(partner.ar_overdue_amount, 0, role)
            with self.assertRaises(AccessError):
                run.reminder_ids.with_user(user).with_context(
                    allowed_company_ids=self.company.ids).read(['amount_claimed'])

    def test_a_preview_of_another_company_is_refused(self):
        other = self.make_company("Other House")
        self.invoice(777, due='2026-05-26', company=other)
        Preview = self.env['ar.dunning.preview'].with_user(self.users['collector'])
        with self.assertRaises(AccessError):
            Preview.create({'company_id': other.id})
        own = Preview.create({})
        with self.assertRaises(AccessError):
            own.company_id = other
            own.action_create_reminders()

    def test_a_preview_belongs_to_whoever_asked(self):
        preview = self.env['ar.dunning.preview'].with_user(self.users['collector']).create({})
        with self.assertRaises(AccessError):
            preview.with_user(self.users['manager']).read(['amount'])

    # === CONTEXT AND RPC === #

    def test_no_context_key_lifts_a_control(self):
        self.bill.no_followup = True
        self.reminder._set_cancelled("again")
        context = {
            'active_test': False, 'force': True, 'ar_force': True, 'tracking_disable': True,
            'bypass': True, 'install_mode': True, 'su': True,
            'default_state': 'sent', 'default_no_followup': False, 'dunning_ignore': True,
        }
        run = self.env['ar.dunning.run'].with_context(**context)._run(self.company)
        self.assertFalse(run.reminder_ids)
        reminder = self.reminder.with_user(self.users['manager']).with_context(**context)
        with self.assertRaises(UserError):
            reminder.write({'state': 'sent'})
        with self.assertRaises(UserError):
            reminder.write({'amount_claimed': 1})
        with self.assertRaises(AccessError):
            self.customer_row.with_user(self.users['auditor']).with_context(**context).write(
                {'dunning_stop': True})

    def test_no_default_is_born_decided(self):
        """Keys sent along and defaults stored by a user reach every record that is created."""
        collector = self.users['collector']
        for name, value in (('state', '"kept"'), ('paid_amount', '40')):
            self.env['ir.default'].with_user(collector).create({
                'field_id': self.env['ir.model.fields']._get('ar.promise', name).id,
                'user_id': collector.id, 'json_value': value})
        item = self.items(self.bill)
        line = {'move_line_id': item.id}
        values = {'customer_id': self.customer_row.id, 'currency_id': item.currency_id.id,
                  'line_ids': [Command.create(line)]}
        promise = self.env['ar.promise'].with_user(collector).create(
            {**values, 'amount': 100, 'promise_date': '2026-06-10'})
        self.assertEqual((promise.state, promise.paid_amount), ('open', 0))
        plan = self.env['ar.payment.plan'].with_user(collector).with_context(
            default_state='active', default_approved_by_id=collector.id,
            default_submitted_by_id=self.stranger.id).create(
            {**values, 'line_ids': [Command.create(line)]})
        self.assertEqual((plan.state, plan.approved_by_id, plan.submitted_by_id.ids),
                         ('draft', self.env['res.users'], []))

    def test_every_readonly_field_keeps_the_default_of_the_code(self):
        """Also in models to come: a promise kept, a plan approved, a write-off decided."""
        for model in self.env.values():
            if not model._name.startswith('ar.') or model._transient or model._abstract:
                continue
            names = [name for name, field in model._fields.items() if (
                field.store and field.readonly and field.type in ('selection', 'monetary', 'char')
                and name not in ('id', *MAGIC_COLUMNS))]
            context = {f'default_{name}': 7 if model._fields[name].type == 'monetary' else (
                model._fields[name].get_values(self.env)[-1]
                if model._fields[name].type == 'selection' else "x") for name in names}
            self.assertEqual(
                model.with_context(**context).default_get(names), model.default_get(names),
                model._name)

    def test_what_decides_and_sends_is_not_callable_from_outside(self):
        for model in ('ar.dunning.engine', 'ar.reminder', 'ar.dunning.run', 'ar.customer'):
            public = [
                name for name in dir(type(self.env[model]))
                if callable(getattr(type(self.env[model]), name)) and name.split('_')[0] in (
                    'set', 'send', 'run', 'decide', 'insert', 'refresh', 'cron')
            ]
            self.assertFalse(public, model)


@tagged('post_install', '-at_install')
class TestRules(CollectionsCommon):
    """No model of ours is open to everybody by oversight."""

    # Settings and dated law that every company shares; a cache that only the system opens.
    SHARED = {
        'ar.aged.bucket', 'ar.cockpit.cache', 'ar.legal.bracket', 'ar.legal.regime',
        'ar.limitation.effect', 'ar.limitation.rule', 'ar.procedural.rule', 'ar.reference.rate',
        'ar.risk.class', 'ar.term.cap',
    }

    def test_every_model_has_a_rule_for_everybody(self):
        names = set(self.env['ir.model.data'].search([
            ('module', '=', 'ar_collections'), ('model', '=', 'ir.model')]).mapped('res_id'))
        models = self.env['ir.model'].browse(names).filtered(
            lambda model: model.model.startswith('ar.') and not model.abstract)
        guarded = self.env['ir.rule'].search([('global', '=', True)]).model_id
        self.assertGreater(len(models), 60)
        self.assertEqual(set((models - guarded).mapped('model')), self.SHARED)

    def test_a_dialogue_belongs_to_whoever_opened_it(self):
        mine, other = self.user('collector', 'mine'), self.user('collector', 'other')
        reset = self.env['ar.dunning.reset'].with_user(mine).create(
            {'customer_ids': self.account_of().ids, 'reason': "Agreed"})
        self.assertTrue(reset.read(['reason']))
        with self.assertRaises(AccessError):
            reset.with_user(other).read(['reason'])
