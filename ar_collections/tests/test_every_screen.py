from lxml import etree

from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval, time

from .common import CollectionsCommon

# The other roles see the same screens with less or more buttons.
ROLES = ('auditor', 'own', 'admin')
# Written by our own drill-downs, in a form that only they write: nobody types into these.
DRILL_DOWNS = {
    'ar_diagnosis_line_id', 'ar_open_on', 'ar_open_through', 'ar_paid_within',
    'ar_paid_late_within', 'followed_within'}
WORDS = {'char', 'text', 'html', 'many2one', 'one2many', 'many2many'}
QUESTIONS = {
    'integer': [('>', 1), ('<=', 1), ('=', 1), ('!=', 0)],
    'float': [('>', 1), ('<=', 1), ('=', 1), ('!=', 0)],
    'monetary': [('>', 1), ('<=', 1), ('=', 1), ('!=', 0)],
    'date': [('>', '2026-01-01'), ('<=', '2026-01-01'), ('=', '2026-06-01'), ('=', False)],
    'datetime': [('>', '2026-01-01'), ('<=', '2026-01-01'), ('=', False)],
    'boolean': [('=', True), ('!=', True)],
    'many2one': [('ilike', 'a'), ('not ilike', 'a'), ('=', False), ('!=', False)],
    'many2many': [('ilike', 'a'), ('not ilike', 'a'), ('=', False), ('!=', False)],
    'one2many': [('ilike', 'a'), ('not ilike', 'a'), ('=', False), ('!=', False)],
    'char': [('ilike', 'a'), ('not ilike', 'a'), ('=', 'a'), ('=', False)],
    'text': [('ilike', 'a'), ('not ilike', 'a'), ('=', 'a'), ('=', False)],
}


def get_spec(model, node):
    """Return what a client asks for to show this view."""
    spec = {}
    for field in node.xpath('.//field[not(ancestor::field)]' if node.tag != 'field' else './*'):
        known = model._fields.get(field.get('name'))
        if known is None:
            continue
        spec[known.name] = {}
        if known.type == 'many2one':
            spec[known.name] = {'fields': {'display_name': {}}}
        elif known.relational:
            inner = {}
            for view in field:
                if view.tag in ('list', 'kanban', 'form'):
                    inner.update(get_spec(model.env[known.comodel_name], view))
            spec[known.name] = {'fields': inner or {'display_name': {}}, 'limit': 40}
    return spec


@tagged('post_install', '-at_install')
class TestEveryScreen(CollectionsCommon):
    """Every menu as every role: lists, filters, groups, words typed, records, new records."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {role: cls.user(role, f'screen_{role}') for role in ROLES}
        cls.bill = cls.invoice(100, due='2026-05-26')
        cls.pay(cls.bill, 40, '2026-05-20')

    def setUp(self):
        super().setUp()
        self.account_of().collector_id = self.users['own']
        self.night('2026-06-01')
        self.env.flush_all()

    def attempt(self, trouble, where, call, *args, **options):
        try:
            with self.env.cr.savepoint():
                return call(*args, **options)
        except Exception as error:
            # All of them are wanted in one answer.
            trouble.append((where, type(error).__name__, str(error)[:200]))

    def get_actions(self, user):
        """Return the windows behind the menus of our app that this user sees."""
        menus = self.env['ir.ui.menu'].with_user(user).load_menus(False)
        root = self.env.ref('ar_collections.menu_ar_root').id
        ids = {menu['action_id'] for menu in menus.values() if menu.get('app_id') == root
               and menu.get('action_model') == 'ir.actions.act_window'}
        return self.env['ir.actions.act_window'].browse(sorted(ids)).filtered(
            lambda action: action.res_model != 'res.config.settings')

    def evaluate(self, text, user):
        return safe_eval(text or '[]', {
            'uid': user.id, 'time': time, 'active_id': False, 'context': {}, 'self': 'a',
            'raw_value': 'a', 'allowed_company_ids': self.company.ids,
            'company_id': self.company.id,
            'context_today': lambda: fields.Date.context_today(self.company)})

    def walk(self, role):
        user, trouble, seen = self.users[role], [], 0
        for action in self.get_actions(user):
            context = self.evaluate(action.context or '{}', user)
            model = self.env[action.res_model].with_user(user).with_context(
                **context, allowed_company_ids=self.company.ids)
            domain = self.evaluate(action.domain, user)
            name = f'{role}: {action.name}'
            views = self.attempt(trouble, f'{name}, views', model.get_views,
                [*action.views, (action.search_view_id.id, 'search')],
                {'toolbar': True, 'load_filters': True, 'action_id': action.id})
            arches = {kind: etree.fromstring(view['arch'])
                      for kind, view in (views or {'views': {}})['views'].items()}
            seen += len(arches)
            self.walk_records(trouble, name, model, domain, arches)
            if 'search' in arches and model._name.startswith('ar.'):
                self.walk_search(trouble, name, model, domain, arches['search'], user)
        self.assertGreater(seen, 100, "The menus were not found.")
        self.assertFalse(trouble, "\n".join(map(str, trouble)))

    def walk_records(self, trouble, name, model, domain, arches):
        ids = []
        for kind in ('list', 'kanban'):
            if kind in arches:
                found = self.attempt(trouble, f'{name}, {kind}', model.web_search_read,
                    domain, get_spec(model, arches[kind]), limit=80)
                ids = [row['id'] for row in (found or {'records': []})['records']]
        if 'form' not in arches:
            return
        spec = get_spec(model, arches['form'])
        if ids:
            self.attempt(trouble, f'{name}, form', model.browse(ids[0]).web_read, spec)
        closed = any(arch.get('create') in ('0', 'false', 'False') for arch in arches.values())
        if not closed and model.has_access('create'):
            self.attempt(trouble, f'{name}, new', model.onchange, {}, [], spec)

    def walk_search(self, trouble, name, model, domain, search, user):
        for node in search.iter('filter'):
            where = f"{name}, filter {node.get('name')}"
            if node.get('domain'):
                self.attempt(trouble, where, model.search_count,
                             domain + self.evaluate(node.get('domain'), user))
            group = self.evaluate(node.get('context') or '{}', user).get('group_by')
            if group:
                field = model._fields[group.partition(':')[0]]
                if field.type in ('date', 'datetime') and ':' not in group:
                    group += ':month'
                self.attempt(trouble, where, model.web_read_group, domain, [group])
        for node in search.iter('field'):
            field = model._fields[node.get('name')]
            if node.get('filter_domain'):
                asked = self.evaluate(node.get('filter_domain'), user)
            elif field.type in WORDS:
                asked = [(field.name, node.get('operator') or 'ilike', 'a')]
            else:
                continue
            self.attempt(trouble, f'{name}, word for {field.name}',
                         model.search_count, asked)

    def test_auditor(self):
        self.walk('auditor')

    def test_collector_of_own_customers(self):
        self.walk('own')

    def test_administrator(self):
        self.walk('admin')

    # === FIELDS === #

    def test_every_field_of_ours_answers_what_may_be_asked(self):
        """Custom filters offer every field with a search: none may end in a server error."""
        trouble, seen = [], 0
        for model in self.env.values():
            if model._abstract or model._transient:
                continue
            for field in model._fields.values():
                if not field.search or field.name in DRILL_DOWNS or (
                        not (field._module or '').startswith('ar_collections')):
                    continue
                for operator, value in QUESTIONS.get(field.type, ()):
                    seen += 1
                    self.attempt(
                        trouble, (model._name, field.name, operator, value),
                        model.search_count, [(field.name, operator, value)])
        self.assertGreater(seen, 60)
        self.assertFalse(trouble, "\n".join(map(str, trouble)))

    def test_every_record_of_ours_is_found_by_its_name(self):
        trouble = []
        for name in self.env.registry:
            model = self.env[name]
            if name.startswith('ar.') and not model._abstract and model._rec_name:
                self.attempt(trouble, name, model.name_search, 'a')
        self.assertFalse(trouble, "\n".join(map(str, trouble)))

    def test_a_word_finds_what_the_reader_sees(self):
        self.env['ar.customer']._refresh(self.company)
        level = self.account_of().dunning_level_id
        self.assertTrue(level)
        word = level.name[:6]
        for model, record in (
                ('res.partner', self.buyer), ('account.move', self.bill),
                ('account.move.line', self.items(self.bill))):
            mine = [('id', 'in', record.ids)]
            for asked, expected in (
                    ([('ar_dunning_level_id', 'ilike', word)], record),
                    ([('ar_dunning_level_id', 'ilike', 'no such level')], record.browse()),
                    ([('ar_dunning_level_id', 'not ilike', word)], record.browse()),
                    ([('ar_dunning_level_id', 'not ilike', 'no such level')], record)):
                self.assertEqual(self.env[model].search(mine + asked), expected, asked)
        run = self.env['ar.dunning.run'].search([], limit=1)
        self.assertIn(run, run.search([('name', 'ilike', run.name[3:14].upper())]))
        self.assertNotIn(run, run.search([('name', 'not ilike', run.name[3:14])]))
        self.assertFalse(run.search([('name', 'ilike', 'no such run')]))

    def test_figures_that_are_equal(self):
        customer = self.account_of()
        self.env['ar.customer']._refresh(self.company)
        days = customer.max_days_overdue
        self.assertEqual(days, 6)
        mine = [('id', '=', customer.id)]
        for asked, found in (([('max_days_overdue', '=', days)], True),
                             ([('max_days_overdue', '=', days + 1)], False),
                             ([('max_days_overdue', '!=', days)], False),
                             ([('max_days_overdue', '!=', 0)], True),
                             ([('max_days_overdue', '=', 0)], False)):
            self.assertEqual(bool(customer.search(mine + asked)), found, asked)
        sent = self.bill.ar_last_reminder_date
        self.assertEqual(fields.Date.to_string(sent), '2026-06-01')
        mine = [('id', '=', self.bill.id)]
        for asked, found in (([('ar_last_reminder_date', '=', sent)], True),
                             ([('ar_last_reminder_date', '=', '2026-06-02')], False),
                             ([('ar_last_reminder_date', 'in', [False, '2026-06-01'])], True),
                             ([('ar_last_reminder_date', '=', False)], False),
                             ([('ar_next_action_date', '=', self.bill.ar_next_action_date)], True),
                             ([('ar_next_action_date', '=', '1999-01-01')], False)):
            self.assertEqual(bool(self.bill.search(mine + asked)), found, asked)

    # === INVOICES AND ITEMS === #

    def test_a_collector_of_own_customers_opens_invoices_and_items(self):
        """Part of the invoice is paid, and another payment is on its way."""
        own, item = self.users['own'], self.items(self.bill)
        for record in (self.bill, item):
            mine = record.with_user(own).with_context(allowed_company_ids=self.company.ids)
            arch = etree.fromstring(mine.get_view(view_type='form')['arch'])
            row, = mine.web_read(get_spec(mine, arch))
            self.assertEqual(row['id'], record.id)
        matched = item.with_user(own).matched_credit_ids
        self.assertEqual(matched.sudo(), item.matched_credit_ids)
        self.assertTrue(matched)
        Partial = self.env['account.partial.reconcile']
        other = self.invoice(70, due='2026-05-26', partner=self.customer("Somebody else's"))
        self.pay(other, 70, '2026-05-20')
        collector = self.user('collector', 'screen_other')
        self.account_of(other.partner_id).collector_id = collector
        theirs = self.items(other).matched_credit_ids
        self.assertTrue(theirs)
        self.assertFalse(Partial.with_user(own).search([('id', 'in', theirs.ids)]))
        self.assertTrue(Partial.with_user(collector).search([('id', 'in', theirs.ids)]))
        clerk = self.user('own', 'screen_clerk')
        clerk.group_ids = [Command.link(self.env.ref('account.group_account_invoice').id)]
        self.assertEqual(Partial.with_user(clerk).search([('id', 'in', theirs.ids)]), theirs)
