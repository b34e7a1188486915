from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date


class ArCourtStep(models.Model):
    """One payment order, from the order to the enforceable title: the days that count."""
    _name = 'ar.court.step'
    _description = "Payment order"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'order_date desc, id desc'
    _check_company_auto = True

    name = fields.Char(string="Number", readonly=True, copy=False, default="/")
    customer_id = fields.Many2one('ar.customer', required=True, ondelete='cascade', index=True)
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Contact", store=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    country_id = fields.Many2one(
        'res.country', string="Country of the court", required=True,
        default=lambda self: self.env.company.country_id)
    court = fields.Char(tracking=True)
    reference = fields.Char(string="Number of the court", tracking=True)
    item_ids = fields.Many2many(
        'account.move.line', 'ar_court_step_item_rel', 'step_id', 'move_line_id', string="Items")
    amount = fields.Monetary(
        string="Amount ordered", tracking=True, help="In the currency of the company.")
    filed_on = fields.Date(
        string="Filed on", tracking=True, help="Day on which the court got the request.")
    order_date = fields.Date(string="Date of the order", tracking=True)
    served_on = fields.Date(
        string="Served on", tracking=True, help="Day on which a bailiff served the order.")
    served_in_person = fields.Boolean(
        string="Served to the debtor in person", default=True, tracking=True,
        help="Otherwise opposition stays possible until one month after the first deed that "
             "reaches the debtor in person or makes goods unavailable.")
    opposed_on = fields.Date(string="Opposition on", tracking=True)
    deposit_asked_on = fields.Date(
        string="Court fee asked for on", tracking=True,
        help="Day on which the clerk asked for the court fee.")
    deposit_paid_on = fields.Date(string="Court fee deposited on", tracking=True)
    closed_on = fields.Date(string="Closed on", tracking=True, readonly=True, copy=False)
    closed_reason = fields.Char(string="Closed reason", tracking=True, copy=False)
    state = fields.Selection(
        [('filed', "Filed"), ('ordered', "Ordered"), ('served', "Served"),
         ('opposed', "Opposed"), ('title', "Enforceable"), ('lapsed', "Lapsed"),
         ('closed', "Closed")],
        compute='_compute_state', search='_search_state')
    deadline_ids = fields.One2many('ar.deadline', 'court_step_id')

    _order_served = models.Constraint(
        'CHECK(served_on >= order_date)', "An order is served after it was made.")
    _served_opposed = models.Constraint(
        'CHECK(opposed_on >= served_on)', "Opposition comes after service.")

    # === COMPUTES === #

    @api.depends('order_date', 'served_on', 'opposed_on', 'closed_on', 'deadline_ids.state')
    def _compute_state(self):
        for step in self:
            days = {deadline.kind: deadline for deadline in step.sudo().deadline_ids}
            service, opposition = days.get('order_service'), days.get('opposition')
            step.state = (
                'closed' if step.closed_on
                else 'lapsed' if service and service.state == 'missed'
                else 'opposed' if step.opposed_on
                else 'title' if step.served_on and step.served_in_person and opposition and (
                    opposition.state == 'obsolete' and opposition.days_left < 0)
                else 'served' if step.served_on
                else 'ordered' if step.order_date else 'filed')

    def _search_state(self, operator, value):
        if operator != 'in':
            return NotImplemented
        steps = self.search(fields.Domain('closed_on', '=', False) | fields.Domain(
            'closed_on', '!=', False))
        return fields.Domain('id', 'in', steps.filtered(lambda step: step.state in value).ids)

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        for step in steps:
            # sudo: the number follows the id.
            step.sudo().with_context(tracking_disable=True).name = f"PO/{step.id:05d}"
        steps._check_items()
        steps._check_lawful()
        steps._note_service()
        steps._rebuild()
        return steps

    def write(self, vals):
        if not self.env.su and set(vals) & {'closed_on', 'name'}:
            raise AccessError(self.env._("Close it with its button."))
        result = super().write(vals)
        if set(vals) & {'customer_id', 'item_ids'}:
            self._check_items()
            self._check_lawful()
        if set(vals) & {'served_on', 'order_date', 'country_id'}:
            self._note_service()
        self._rebuild()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_served(self):
        if any(step.order_date for step in self):
            raise UserError(self.env._("An order is history: close it with a reason instead."))

    def _check_items(self):
        for step in self:
            # sudo: whoever notes an order need not read the ledger.
            items = step.sudo().item_ids
            if not items or any(
                    item.company_id != step.company_id
                    or item.partner_id.commercial_partner_id != step.partner_id
                    for item in items):
                raise ValidationError(self.env._(
                    "Choose the items of %s that the order is about.",
                    step.customer_id.display_name))

    def _check_lawful(self):
        """Refuse to go to court for what must be declared, or what a consumer owes no more.

        An order that was made before is history, and may be noted. A barred claim between
        businesses may be brought: the debtor must object.

        :raise UserError: why, by which rule, and what to do instead
        """
        guard = self.env['ar.law.guard']
        for step in self:
            # sudo: the law binds whoever notes the order.
            customer, items = step.customer_id.sudo(), step.sudo().item_ids
            made, opened = step.order_date, customer.insolvency_date
            verdict = None if made and opened and made < opened else (
                customer._get_law_on_insolvency(items))
            if not verdict and customer._get_debtor()[0] in ('consumer', None):
                day = made or step.filed_on or step.company_id._get_ar_today()
                barred = [row for row in guard._get_barred(items.ids).values()
                          if row.last_day < day]
                verdict = guard._describe_barred(barred[0]) if barred else None
            if verdict:
                raise UserError(guard._tell(verdict))

    def _get_last_service_day(self):
        """Return the last day on which the order could be served, or None without a rule."""
        self.ensure_one()
        rules = self.env['ar.procedural.rule']._get_rules(self.country_id).get('order_service')
        rule = rules and self.order_date and rules._pick(self.order_date)
        if not rule:
            return None
        # sudo: the calendar of the courts is a setting of the company.
        calendar = self.company_id.sudo()._get_ar_court_calendar(self.country_id)
        return rule._get_days(self.order_date, calendar)[1]

    def _note_service(self):
        """Note the service as the act that interrupts prescription: one per order.

        Not when it came too late: the order was void by then (French code of civil procedure,
        article 1411), and the service of a void order interrupts nothing.
        """
        # sudo: the act follows from the order.
        Act = self.env['ar.limitation.act'].sudo()
        for step in self:
            key = f'{step._name},{step.id}'
            act = Act.search([('key', '=', key)])
            last = step.served_on and step._get_last_service_day()
            if last and step.served_on > last:
                self._void_service(act, self.env._(
                    "Served after the last day, %s", format_date(self.env, last)))
            elif step.served_on and act:
                act.write({'date': step.served_on, 'item_ids': step.item_ids.ids})
            elif step.served_on:
                Act.create({
                    'key': key, 'customer_id': step.customer_id.id, 'kind': 'claim',
                    'date': step.served_on, 'reference': step.reference or step.name,
                    'item_ids': step.item_ids.ids})
            else:
                self._void_service(act, self.env._("Service taken back"))

    @api.model
    def _void_service(self, act, reason):
        """Void the act of a service, and give its key free: a right day makes a new act."""
        if act.state == 'valid':
            act.write({
                'state': 'void', 'void_reason': reason, 'key': f'{act.key}:{act.id}'})

    def _rebuild(self):
        for company, steps in self.grouped('company_id').items():
            # sudo: what is written follows from the dates entered.
            self.env['ar.deadline'].sudo()._build(company, steps.customer_id.sudo())

    # === ACTIONS === #

    def action_close(self):
        """Close the order: paid, given up, or replaced by other proceedings."""
        self.check_access('write')
        for step in self:
            if not (step.closed_reason or '').strip():
                raise UserError(self.env._("Write under “Closed reason” why it is closed."))
            # sudo: the day is not for typing.
            step.sudo().closed_on = step.company_id._get_ar_today()
        return True

    def action_reopen(self):
        """Open the order again."""
        self.check_access('write')
        self.sudo().closed_on = False
        return True

    def action_view_items(self):
        """Open the items that the order is about."""
        self.ensure_one()
        return self.customer_id._get_items_action(fields.Domain('id', 'in', self.item_ids.ids))
