import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, plaintext2html

from ...tools.form_values import read_numbers

KINDS = [
    ('payment', "Payment"), ('promise', "Promise to pay"), ('dispute', "Dispute"),
    ('copy', "Copy wanted"), ('instalments', "Instalments proposed"),
    ('contact', "Better contact"), ('refusal', "Payment plan refused"),
    ('renewal', "New proposal wanted"),
]
# As `ar.interaction` names what came of a contact.
OUTCOMES = {'promise': 'promise', 'dispute': 'dispute', 'copy': 'request',
            'instalments': 'request', 'contact': 'wrong_contact', 'refusal': 'request',
            'renewal': 'request'}
KEY = re.compile(r'[A-Za-z0-9_-]{16,64}')


class ArPortalAct(models.Model):
    """What a customer did on its pages, written down before it has any effect.

    The key comes with the form: a form that is sent twice is one row, and acts once.
    """
    _name = 'ar.portal.act'
    _description = "Act of a customer on its pages"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'id desc'
    # Nobody writes it by hand, yet whoever reads it may speak about it and close its task.
    _mail_post_access = 'read'

    customer_id = fields.Many2one(
        'ar.customer', required=True, readonly=True, index=True, ondelete='cascade')
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Contact")
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    collector_id = fields.Many2one(related='customer_id.collector_id')
    currency_id = fields.Many2one('res.currency', readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    done_on = fields.Date(string="Date", required=True, readonly=True)
    key = fields.Char(required=True, readonly=True, copy=False)
    link_id = fields.Many2one(
        'ar.portal.link', string="By the link", readonly=True, ondelete='set null',
        index='btree_not_null')
    contact_id = fields.Many2one(
        'res.partner', string="By", readonly=True, ondelete='set null',
        help="The person who was logged in; empty when the link was used.")
    state = fields.Selection(
        [('done', "Done"), ('new', "Waits for us"), ('accepted', "Accepted"),
         ('refused', "Answered")],
        required=True, readonly=True, default='done', tracking=True, index=True)
    note = fields.Text(string="What the customer says", readonly=True)
    amount = fields.Monetary(readonly=True)
    move_line_ids = fields.Many2many(
        'account.move.line', 'ar_portal_act_item_rel', 'act_id', 'move_line_id', readonly=True,
        string="Items")
    wait_until = fields.Date(
        string="Ladder waits until", readonly=True,
        help="No reminder about these items up to this day, unless it is answered before. A plan "
             "drawn up from the proposal keeps them waiting until it lapses or is cancelled.")
    # What came of it.
    promise_id = fields.Many2one('ar.promise', readonly=True, ondelete='set null')
    dispute_id = fields.Many2one('ar.dispute', readonly=True, ondelete='set null')
    transaction_id = fields.Many2one(
        'payment.transaction', readonly=True, ondelete='set null', index='btree_not_null')
    plan_id = fields.Many2one(
        'ar.payment.plan', string="Payment plan", readonly=True, ondelete='set null',
        index='btree_not_null')
    answer = fields.Text(
        string="Our answer to the customer", readonly=True, copy=False, tracking=True,
        help="The customer reads this on its pages.")
    # Instalments that the customer proposes.
    instalment_count = fields.Integer(string="Instalments", readonly=True)
    first_date = fields.Date(string="First payment", readonly=True)
    # A contact that the customer names.
    new_name = fields.Char(string="Name", readonly=True)
    new_email = fields.Char(string="E-mail", readonly=True)
    new_phone = fields.Char(string="Phone", readonly=True)
    new_contact_id = fields.Many2one(
        'res.partner', string="Contact made", readonly=True, ondelete='set null')
    answered_on = fields.Date(readonly=True)
    answered_by_id = fields.Many2one('res.users', readonly=True)

    _customer_key_uniq = models.Constraint(
        'UNIQUE(customer_id, key)', "This form was sent before.")
    _waiting_idx = models.Index("(wait_until) WHERE state = 'new'")

    @api.depends('kind', 'customer_id')
    def _compute_display_name(self):
        kinds = dict(self._fields['kind']._description_selection(self.env))
        for act in self:
            act.display_name = f"{kinds.get(act.kind, '')} – {act.customer_id.display_name or ''}"

    # === ONCE === #

    @api.model
    def _submit(self, customer, kind, values, *, key, link=None, contact=None):
        """Do what a form of the pages asks for, once.

        :param customer: `ar.customer`, one, sudoed: link or login were checked
        :param str kind: one of `KINDS`, a form
        :param dict values: what `_do_<kind>` takes, as the browser sent it
        :param str key: of the form
        :param link: `ar.portal.link` that was used
        :param contact: `res.partner` who was logged in
        :return: the act; the first one when the form was sent before
        :raise UserError: what is wrong and what to do, in the language of the visitor
        """
        if not KEY.fullmatch(key or ''):
            raise UserError(self.env._("This page is too old. Please open it again."))
        if not customer._may_act(kind):
            raise UserError(self.env._(
                "This is not possible online. Please reply to our last message instead."))
        # The robot acts, in the company of the customer: the visitor is no user of the house.
        company = customer.company_id
        acts = self.sudo().with_user(self.env.ref('base.user_root')).with_company(
            company).with_context(allowed_company_ids=company.ids)
        with self.env.cr.savepoint():
            self.env.flush_all()
            rows = self.env.execute_query(SQL(
                """
                INSERT INTO ar_portal_act (customer_id, company_id, kind, key, done_on, state,
                                           link_id, contact_id, currency_id, create_uid,
                                           write_uid, create_date, write_date)
                VALUES (%(customer)s, %(company)s, %(kind)s, %(key)s, %(today)s, 'done',
                        %(link)s, %(contact)s, %(currency)s, 1, 1,
                        now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')
                    ON CONFLICT (customer_id, key) DO NOTHING
                RETURNING id
                """, customer=customer.id, company=company.id, kind=kind, key=key,
                today=company._get_ar_today(), link=link.id if link else None,
                contact=contact.id if contact else None, currency=company.currency_id.id))
            if not rows:
                return acts.search([('customer_id', '=', customer.id), ('key', '=', key)])
            act = acts.browse(rows[0][0])
            getattr(act, f'_do_{kind}')(values)
            act._note_interaction()
            self.env.flush_all()
        return act

    def _note_interaction(self):
        """Write the act among the contacts with the customer."""
        self.ensure_one()
        if 'ar.interaction' not in self.env:
            return
        house = self._with_house_lang()
        house.env['ar.interaction']._log(
            self.customer_id, 'portal', OUTCOMES[self.kind], key=f'portal-act-{self.id}',
            direction='in', note=self.note, contact_id=self.contact_id.id,
            user_id=self._get_house_user().id, item_ids=self.move_line_ids,
            promise_id=self.promise_id.id, dispute_id=self.dispute_id.id)

    @api.model
    def _note_payment(self, customer, transaction, link, contact):
        """Write down that the customer began to pay; the transaction says what became of it.

        :param transaction: `payment.transaction` with the items
        :param link: `ar.portal.link` that was used, or none
        :param contact: `res.partner` who was logged in, or none
        """
        # sudo: rows are written here only.
        return self.sudo().create({
            'customer_id': customer.id, 'kind': 'payment',
            'key': f'transaction-{transaction.id:09d}', 'transaction_id': transaction.id,
            'done_on': customer.company_id._get_ar_today(), 'amount': transaction.amount,
            'currency_id': transaction.currency_id.id, 'link_id': link.id,
            'contact_id': contact.id,
            'move_line_ids': [fields.Command.set(transaction.ar_item_ids.ids)]})

    def _tell(self, summary, note=None):
        """Give the collector the task to answer."""
        self.ensure_one()
        user = self.collector_id or self.company_id._get_ar_responsible()
        local = self.with_context(lang=user.lang)
        local.activity_schedule(
            'mail.mail_activity_data_todo', user_id=user.id, summary=summary,
            note=plaintext2html(note) if note else False,
            date_deadline=self.company_id._get_ar_today())

    # === ITEMS === #

    def _take_items(self, values):
        """Return the items that the form chose: open debts of this customer in one currency.

        :param dict values: 'items' as ids
        :raise UserError: none chosen, or not open any more
        """
        self.ensure_one()
        ids = read_numbers(values.get('items') or ())
        found = self.env['ar.door']._get_items(self.customer_id, ids)
        if not ids:
            raise UserError(self.env._("Please choose at least one item."))
        if len(found) < len(ids):
            raise UserError(self.env._(
                "One of these items is not open any more. Please look at the list again."))
        if len(found.currency_id) > 1:
            raise UserError(self.env._("Please choose items in one currency at a time."))
        self.move_line_ids = found
        self.currency_id = found.currency_id
        return found
