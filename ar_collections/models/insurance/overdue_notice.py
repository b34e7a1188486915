from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

STATES = [
    ('draft', "To send"),
    ('sent', "Sent"),
    ('answered', "Answered"),
    ('closed', "Closed"),
    ('cancelled', "Cancelled"),
]
# Set by the buttons or by what they ask for.
PROTECTED = {'state', 'name', 'sent_by_id'}
# What was told to the insurer; it stays as it was sent.
TOLD = {'customer_id', 'policy_id', 'line_ids', 'category', 'new_due_date', 'payment_plan_id'}


class ArOverdueNotice(models.Model):
    """What is told to a credit insurer about unpaid items of one customer.

    No insurer's contract for this service is public: it is sent by hand, in the portal or by
    letter, from the data pack. The record comes first, unique per item and policy, so that nothing
    is told twice and nothing is forgotten; the reference and the answer are typed in.
    """
    _name = 'ar.overdue.notice'
    _description = "Overdue notice"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'id desc'
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char(string="Number", readonly=True, copy=False, default="/")
    policy_id = fields.Many2one(
        'ar.insurance.policy', string="Insurance policy", required=True, ondelete='restrict',
        index=True, tracking=True)
    customer_id = fields.Many2one('ar.customer', required=True, ondelete='cascade', index=True)
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Contact", store=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    category = fields.Selection(
        [('overdue', "Overdue reported"), ('extension', "Extension of a due date asked for"),
         ('rescheduling', "Repayment plan asked for")],
        string="What is told", required=True, default='overdue', tracking=True)
    new_due_date = fields.Date(
        string="New due date asked for", tracking=True,
        help="For an extension: the day on which the customer is to pay instead.")
    payment_plan_id = fields.Many2one(
        'ar.payment.plan', string="Repayment plan", ondelete='set null', tracking=True,
        index='btree_not_null', domain="[('customer_id', '=', customer_id), "
        "('state', 'not in', ('broken', 'cancelled'))]",
        help="For a repayment plan: its instalments are printed in the data pack.")
    cause = fields.Selection(
        [('unknown', "Not known"), ('slow', "Slow payer"), ('cash', "Short of cash"),
         ('dispute', "Dispute"), ('insolvency', "Insolvency"), ('other', "Other, see the note")],
        string="Why unpaid", required=True, default='unknown', tracking=True)
    buyer_reference = fields.Char(
        string="Buyer number", compute='_compute_buyer_reference', store=True, readonly=False,
        help="Number of the customer at the insurer.")
    steps_taken = fields.Text(
        string="Steps taken", compute='_compute_steps_taken', store=True, readonly=False,
        help="What was done to be paid: the insurer asks for it.")
    line_ids = fields.One2many('ar.overdue.notice.line', 'notice_id', string="Items")
    amount = fields.Monetary(
        string="Overdue", compute='_compute_amount', store=True,
        help="Open on the items when the notice was prepared, in company currency.")
    last_day = fields.Date(
        string="To send by", compute='_compute_last_day', store=True,
        help="The first of the last lawful days of the items.")
    state = fields.Selection(
        STATES, required=True, default='draft', readonly=True, copy=False, tracking=True,
        index=True)

    # === FIELDS: BY HAND === #
    sent_on = fields.Date(string="Sent on", tracking=True, copy=False)
    sent_by_id = fields.Many2one('res.users', string="Sent by", readonly=True, copy=False)
    reference = fields.Char(
        string="Insurer's reference", tracking=True, copy=False,
        help="Number that the portal or the insurer gave.")
    provider_status = fields.Char(
        string="Status at the insurer", tracking=True, copy=False,
        help="In the insurer's own words.")
    answer = fields.Selection(
        [('kept', "Cover kept"), ('reduced', "Cover reduced"), ('withdrawn', "Cover withdrawn"),
         ('stop', "Deliveries to be stopped"), ('other', "Other, see the note")],
        tracking=True, copy=False)
    answered_on = fields.Date(string="Answered on", tracking=True, copy=False)
    handed_over_on = fields.Date(
        string="Handed over to collections on", tracking=True, copy=False)
    claim_filed_on = fields.Date(string="Claim filed on", tracking=True, copy=False)
    claim_reference = fields.Char(string="Claim number", tracking=True, copy=False)
    document_ids = fields.Many2many(
        'ir.attachment', 'ar_overdue_notice_attachment_rel', 'notice_id', 'attachment_id',
        string="Documents")
    note = fields.Text()
    deadline_ids = fields.One2many('ar.deadline', 'overdue_notice_id', readonly=True)

    # === COMPUTES === #

    @api.depends('line_ids.residual')
    def _compute_amount(self):
        for notice in self:
            notice.amount = sum(notice.line_ids.mapped('residual'))

    @api.depends('line_ids.original_due', 'policy_id.overdue_notice_days')
    def _compute_last_day(self):
        for notice in self:
            # A new notice has no policy yet.
            policy = notice.policy_id
            days = policy and policy._get_days('overdue_notice_days')
            dues = [line.original_due for line in notice.line_ids if line.original_due]
            notice.last_day = days and dues and fields.Date.add(min(dues), days=days)

    @api.depends('policy_id', 'customer_id')
    def _compute_buyer_reference(self):
        # sudo: the number of the buyer is meant for whoever writes the notice.
        covers = self.env['ar.cover'].sudo().search([
            ('customer_id', 'in', self.customer_id.ids), ('policy_id', 'in', self.policy_id.ids),
            ('buyer_reference', '!=', False)]).grouped(lambda one: (one.customer_id, one.policy_id))
        for notice in self.sudo():
            found = covers.get((notice.customer_id, notice.policy_id))
            notice.buyer_reference = found[0].buyer_reference if found else notice.buyer_reference

    @api.depends('customer_id', 'policy_id')
    def _compute_steps_taken(self):
        for notice in self:
            # In the language of whoever reads the pack.
            lang = (notice.sudo().policy_id.insurer_id.lang
                    or notice.company_id.partner_id.lang or self.env.lang)
            customer = notice.customer_id.with_context(lang=lang)
            notice.steps_taken = notice.steps_taken or (customer and customer._get_steps_taken())

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_protected(set().union(*vals_list) if vals_list else set())
        notices = super().create(vals_list)
        for notice in notices:
            # sudo: the number follows the id.
            notice.sudo().with_context(tracking_disable=True).name = (
                f"ODN/{notice.create_date.year}/{notice.id:05d}")
        notices._check_whole()
        notices._adopt_documents()
        notices._rebuild()
        return notices

    def write(self, vals):
        self._refuse_protected(set(vals))
        if TOLD & set(vals) and any(notice.state != 'draft' for notice in self):
            raise UserError(self.env._(
                "What was told to the insurer is history: cancel the notice and prepare another."))
        result = super().write(vals)
        if {'customer_id', 'policy_id', 'line_ids'} & set(vals):
            self._check_whole()
        if 'document_ids' in vals:
            self._adopt_documents()
        if {'sent_on', 'handed_over_on', 'claim_filed_on', 'state', 'line_ids'} & set(vals):
            self._rebuild()
        return result

    def _refuse_protected(self, names):
        if not self.env.su and names & PROTECTED:
            raise AccessError(self.env._("A notice changes its state by its buttons only."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if any(notice.state not in ('draft', 'cancelled') for notice in self):
            raise UserError(self.env._("A notice that was sent is history."))

    def _check_whole(self):
        for notice in self:
            if not notice.line_ids:
                raise ValidationError(self.env._(
                    "Choose the unpaid items of %s.", notice.customer_id.display_name))
            # sudo: the policy of a root company serves its branches.
            policy = notice.sudo().policy_id
            if policy.company_id not in (
                    notice.company_id | notice.sudo().company_id.parent_ids):
                raise ValidationError(self.env._(
                    "%(policy)s does not cover %(company)s.", policy=policy.name,
                    company=notice.company_id.name))

    @api.constrains('payment_plan_id', 'customer_id')
    def _check_plan(self):
        # sudo: whoever tells the insurer need not read plans.
        for notice in self.sudo():
            if notice.payment_plan_id and notice.payment_plan_id.customer_id != notice.customer_id:
                raise ValidationError(self.env._(
                    "Plan %(plan)s is not one of %(customer)s.",
                    plan=notice.payment_plan_id.display_name,
                    customer=notice.customer_id.display_name))

    @api.constrains('new_due_date', 'line_ids', 'category')
    def _check_new_due_date(self):
        for notice in self.filtered(lambda one: one.category == 'extension' and one.new_due_date):
            latest = max((line.original_due for line in notice.line_ids if line.original_due),
                         default=None)
            if latest and notice.new_due_date <= latest:
                raise ValidationError(self.env._(
                    "The new due date must lie after %s, the original one.",
                    format_date(self.env, latest)))

    def _check_asked(self):
        """Raise unless what is asked for is there: the new day, or the plan."""
        for notice in self:
            if notice.category == 'extension' and not notice.new_due_date:
                raise UserError(self.env._(
                    "Enter the new due date that is asked for in %s.", notice.name))
            if notice.category == 'rescheduling' and not notice.payment_plan_id:
                raise UserError(self.env._(
                    "Choose the repayment plan that %s asks for; draw it up first, on the "
                    "customer, if there is none.", notice.name))

    def _adopt_documents(self):
        """Let the documents hang on the notice, so that who may read it may read them."""
        for notice in self:
            loose = notice.document_ids.filtered(lambda document: not document.res_id)
            loose.write({'res_model': notice._name, 'res_id': notice.id})

    def _rebuild(self):
        for company, notices in self.grouped('company_id').items():
            # sudo: what is written follows from the dates entered.
            self.env['ar.deadline'].sudo()._build(company, notices.customer_id.sudo())

    # === PREPARING === #

    @api.model
    def _prepare_from(self, deadlines):
        """Prepare one notice per policy and customer about the items of these deadlines.

        Items that stand in a notice already are opened, not told twice.

        :param deadlines: `ar.deadline`
        :return: action that opens the notices
        """
        self.check_access('create')
        deadlines.check_access('read')
        timed = deadlines.filtered(lambda row: row.insurance_policy_id and row.move_line_id)
        if not timed:
            raise UserError(self.env._("Choose deadlines of overdue notices."))
        known = timed.overdue_notice_id
        values = []
        for (policy, customer), rows in timed.filtered(
                lambda row: not row.overdue_notice_id).grouped(
                    lambda row: (row.insurance_policy_id, row.customer_id)).items():
            values.append({
                'policy_id': policy.id, 'customer_id': customer.id,
                'line_ids': [Command.create({'move_line_id': item.id})
                             for item in rows.move_line_id],
            })
        return (known | self.create(values))._get_action()

    # === ACTIONS === #

    def action_mark_sent(self):
        """It was sent by hand: today, unless another day is entered."""
        self.check_access('write')
        self._check_asked()
        for notice in self:
            if notice.state != 'draft':
                raise UserError(self.env._("%s was sent already.", notice.name))
            day = notice.sent_on or notice.company_id._get_ar_today()
            if day > notice.company_id._get_ar_today():
                raise UserError(self.env._("That day is still to come."))
            # sudo: the state is not for typing.
            notice.sudo().write({
                'state': 'sent', 'sent_on': day, 'sent_by_id': self.env.uid})
        return True

    def action_mark_answered(self):
        """The insurer has answered; what follows for the cover is typed in there."""
        self.check_access('write')
        for notice in self:
            if notice.state != 'sent' or not notice.answer:
                raise UserError(self.env._("Enter the answer of the insurer to a notice sent."))
            # sudo: see above.
            notice.sudo().write({
                'state': 'answered',
                'answered_on': notice.answered_on or notice.company_id._get_ar_today()})
        return True

    def action_close(self):
        """Close the file: paid, or indemnified."""
        self.check_access('write')
        if any(notice.state not in ('sent', 'answered') for notice in self):
            raise UserError(self.env._("Only a notice that was sent can be closed."))
        # sudo: see above.
        self.sudo().write({'state': 'closed'})
        return True

    def action_cancel(self):
        """Take it back: prepared by mistake, or withdrawn at the insurer's."""
        self.check_access('write')
        # sudo: see above.
        self.sudo().write({'state': 'cancelled'})
        return True

    def action_view_items(self):
        """Open the items that are told about."""
        self.ensure_one()
        return self.customer_id._get_items_action(
            fields.Domain('id', 'in', self.line_ids.move_line_id.ids))

    def _get_action(self):
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_overdue_notice_action')
        if len(self) == 1:
            action.update(view_mode='form', views=[(False, 'form')], res_id=self.id)
        else:
            action['domain'] = [('id', 'in', self.ids)]
        action['context'] = {}
        return action


class ArOverdueNoticeLine(models.Model):
    """One unpaid item in a notice, as it stood when the notice was prepared."""
    _name = 'ar.overdue.notice.line'
    _description = "Item of an overdue notice"
    _order = 'original_due, id'

    notice_id = fields.Many2one('ar.overdue.notice', required=True, ondelete='cascade', index=True)
    policy_id = fields.Many2one(related='notice_id.policy_id', store=True)
    customer_id = fields.Many2one(related='notice_id.customer_id', store=True, index=True)
    company_id = fields.Many2one(related='notice_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='notice_id.currency_id')
    state = fields.Selection(related='notice_id.state', store=True)
    move_line_id = fields.Many2one(
        'account.move.line', string="Item", required=True, ondelete='cascade', index=True)
    move_id = fields.Many2one(related='move_line_id.move_id', string="Invoice", store=True)
    item_currency_id = fields.Many2one(
        related='move_line_id.currency_id', string="Currency of the invoice")
    invoice_date = fields.Date(string="Invoice date", compute='_compute_item', store=True)
    original_due = fields.Date(
        string="Original due date", compute='_compute_item', store=True,
        help="The due date before anybody postponed it: insurers count from it.")
    amount_total = fields.Monetary(
        string="Invoiced", compute='_compute_item', store=True,
        currency_field='item_currency_id', help="Tax included, in the currency of the invoice.")
    residual_currency = fields.Monetary(
        string="Open amount", compute='_compute_item', store=True,
        currency_field='item_currency_id')
    residual = fields.Monetary(
        string="Open (company currency)", compute='_compute_item', store=True)

    _told_once = models.UniqueIndex(
        "(policy_id, move_line_id) WHERE state <> 'cancelled'",
        "One of these items stands in a notice under this policy already.")

    @api.depends('move_line_id')
    def _compute_item(self):
        """Once, when the notice is prepared: what was told does not follow the ledger."""
        # sudo: whoever prepares a notice need not read the ledger.
        lines = self.sudo()
        dues = {due.move_line_id: due.date for due in self.env['ar.original.due'].sudo().search([
            ('move_line_id', 'in', lines.move_line_id.ids)])}
        for line in lines:
            item = line.move_line_id
            due = item.date_maturity or item.date
            line.invoice_date = item.invoice_date or item.date
            line.original_due = due and min(dues.get(item, due), due)
            line.amount_total = item.amount_currency
            line.residual_currency = item.amount_residual_currency
            line.residual = item.amount_residual

    @api.constrains('move_line_id', 'notice_id')
    def _check_item(self):
        for line in self.sudo():
            item, notice = line.move_line_id, line.notice_id
            if (item.company_id != notice.company_id
                    or item.partner_id.commercial_partner_id != notice.partner_id
                    or item.account_id.account_type != 'asset_receivable'
                    or item.parent_state != 'posted'):
                raise ValidationError(self.env._(
                    "%(item)s is no posted receivable item of %(customer)s.",
                    item=item.display_name, customer=notice.customer_id.display_name))
