from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, formatLang

STAGES = [
    ('notice', "Formal notice"), ('agency', "Collection agency"), ('lawyer', "Lawyer"),
    ('court', "Court"), ('judgment', "Judgment"), ('closed', "Closed")]
OUTCOMES = [
    ('paid', "Paid"), ('settled', "Settled"), ('uncollectible', "Uncollectible")]


class ArLegalCase(models.Model):
    """Open items that leave the ladder: notice, agency, lawyer, court, judgment, end.

    The row comes before everything else: it stops reminders about its items at once. The buttons
    move it on, each move is a step that nobody changes afterwards, and the ledger closes it when
    nothing is owed any more (and opens it again when a reconciliation is undone).
    """
    _name = 'ar.legal.case'
    _description = "Legal case"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'next_date, id desc'
    _check_company_auto = True

    name = fields.Char(string="Reference", readonly=True, copy=False, default="/", index=True)
    customer_id = fields.Many2one('ar.customer', required=True, index=True, ondelete='restrict')
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Customer contact")
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    collector_id = fields.Many2one(related='customer_id.collector_id')
    company_currency_id = fields.Many2one(
        related='company_id.currency_id', string="Company currency")
    user_id = fields.Many2one(
        'res.users', string="Followed by", tracking=True, index='btree_not_null',
        default=lambda self: self.env.user, domain=[('share', '=', False)])
    opened_on = fields.Date(string="Opened on", required=True, default=fields.Date.context_today)
    closed_on = fields.Date(readonly=True, copy=False)
    stage = fields.Selection(
        STAGES, required=True, default='notice', readonly=True, copy=False, tracking=True,
        index=True, group_expand=True)
    outcome = fields.Selection(OUTCOMES, readonly=True, copy=False, tracking=True)
    closed_by_ledger = fields.Boolean(readonly=True, copy=False)
    stage_before = fields.Selection(STAGES, readonly=True, copy=False)

    line_ids = fields.One2many('ar.legal.case.line', 'case_id', string="Items", copy=False)
    amount = fields.Monetary(
        string="Amount at opening", compute='_compute_amount', store=True,
        currency_field='company_currency_id',
        help="What the items owed when they came into the case, in company currency.")
    residual = fields.Monetary(
        string="Open today", compute='_compute_residual', currency_field='company_currency_id',
        help="In company currency; what stands on the doubtful account counts.")
    amounts_text = fields.Char(
        string="Open by currency", compute='_compute_residual',
        help="What is still owed, in the currencies of the invoices.")

    party_id = fields.Many2one(
        'res.partner', string="Agency or lawyer", tracking=True, index='btree_not_null')
    party_reference = fields.Char(string="Their file number", tracking=True)
    court = fields.Char(tracking=True)
    court_reference = fields.Char(string="Number at the court", tracking=True)
    next_step = fields.Char(tracking=True)
    next_date = fields.Date(string="Next step on", tracking=True, index='btree_not_null')
    expected_date = fields.Date(
        string="Money expected on",
        help="What expected cash counts on. Empty: the days of recovery of the settings.")
    note = fields.Html(string="Internal note", help="Never part of the case file.")
    step_ids = fields.One2many('ar.legal.step', 'case_id', readonly=True, copy=False)
    cost_ids = fields.One2many('ar.legal.cost', 'case_id', string="Costs", copy=False)
    cost_amount = fields.Monetary(
        string="Costs so far", compute='_compute_cost_amount', store=True,
        currency_field='company_currency_id')

    # === COMPUTES === #

    @api.depends('line_ids.balance')
    def _compute_amount(self):
        for case in self:
            case.amount = sum(case.line_ids.mapped('balance'))

    @api.depends('cost_ids.amount')
    def _compute_cost_amount(self):
        for case in self:
            case.cost_amount = sum(case.cost_ids.mapped('amount'))

    @api.depends('line_ids.move_line_id.amount_residual')
    def _compute_residual(self):
        for case in self:
            case.residual = sum(case.line_ids.mapped('residual_company'))
            amounts = [
                formatLang(self.env, sum(line.residual for line in lines), currency_obj=currency)
                for currency, lines in case.line_ids.grouped('currency_id').items()
                if currency and not currency.is_zero(sum(line.residual for line in lines))]
            case.amounts_text = " + ".join(amounts)

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(set(vals) & self._get_derived_fields() for vals in vals_list):
            raise AccessError(self.env._("A legal case moves on only through its buttons."))
        cases = super().create(vals_list)
        for case in cases:
            # sudo: a collector takes the next number without managing sequences.
            case.with_context(tracking_disable=True).sudo().name = (
                self.env['ir.sequence'].sudo().with_company(case.company_id).next_by_code(
                    self._name) or "/")
            case._log_step(
                case.stage, self.env._("Case opened: %s", case.amounts_text), date=case.opened_on)
            case.customer_id.sudo()._message_log(body=Markup("%s %s") % (
                self.env._("Legal case opened, reminders stop for its items:"),
                case._get_html_link()))
        cases._check_line_ids()
        return cases

    def write(self, vals):
        if not self.env.su:
            if set(vals) & self._get_derived_fields():
                raise AccessError(self.env._("A legal case moves on only through its buttons."))
            if set(vals) & {'line_ids', 'customer_id', 'opened_on'} and any(
                    case.stage == 'closed' for case in self):
                raise UserError(self.env._("Open the case again before you change its items."))
            if 'customer_id' in vals and any(
                    case.customer_id.id != vals['customer_id'] for case in self):
                raise UserError(self.env._("A case stays with its customer. Open another one."))
        return super().write(vals)

    def _get_derived_fields(self):
        """Return the names of the fields that buttons and the ledger alone write."""
        return {'stage', 'outcome', 'name', 'closed_on', 'closed_by_ledger', 'stage_before',
                'step_ids', 'amount'}

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A legal case is history: close it instead."))

    @api.constrains('line_ids')
    def _check_line_ids(self):
        for case in self:
            if not case.line_ids:
                raise ValidationError(self.env._(
                    "Choose at least one open item of %s.", case.customer_id.display_name))

    # === STAGES === #

    def action_hand_over(self):
        """Open the dialogue that hands the case to an agency, a lawyer or a court."""
        return self._get_step_action('hand_over', self.env._("Hand over"))

    def action_judgment(self):
        """Open the dialogue that notes the judgment."""
        return self._get_step_action('judgment', self.env._("Judgment"))

    def action_note_step(self):
        """Open the dialogue that notes what happened, without changing the stage."""
        return self._get_step_action('note', self.env._("Note a step"))

    def action_close(self):
        """Open the dialogue that closes the case."""
        return self._get_step_action('close', self.env._("Close the case"))

    def _get_step_action(self, mode, name):
        self.ensure_one()
        self.check_access('write')
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.legal.step.note', 'name': name,
            'view_mode': 'form', 'target': 'new',
            'context': {'default_case_id': self.id, 'default_mode': mode},
        }

    def action_reopen(self):
        """Open a closed case again at the stage it had; something must be owed."""
        self.check_access('write')
        for case in self.filtered(lambda case: case.stage == 'closed'):
            if not case._is_owed():
                raise UserError(self.env._(
                    "%s cannot be opened again: nothing is owed on its items.", case.name))
            taken = case._get_taken()
            if taken:
                raise ValidationError(self.env._(
                    "%(item)s already stands in the open legal case %(case)s.",
                    item=taken.move_line_id.display_name, case=taken.case_id.name))
            case.sudo()._open_again(self.env._("Opened again"))
        return True

    def _get_taken(self):
        """Return a line of another open case that is about an item of this one, or nothing."""
        self.ensure_one()
        # Read without flushing: the unique index would answer first, in words nobody understands.
        rows = self.env.execute_query(SQL(
            "SELECT id FROM ar_legal_case_line WHERE move_line_id = ANY(%s) AND case_id <> %s",
            self.line_ids.move_line_id.ids, self.id))
        # sudo: the other case may be a colleague's.
        return self.env['ar.legal.case.line'].sudo().browse(row[0] for row in rows).filtered(
            lambda line: line.case_id.stage != 'closed')[:1]

    def _set_stage(self, stage, text, *, outcome=None, by_ledger=False, date=None):
        """Move the case; the only writer of the stage.

        :param str stage: see `STAGES`
        :param str text: what happened, in words; stays in the steps
        :param str outcome: with 'closed' only, see `OUTCOMES`
        :param bool by_ledger: nothing is owed any more; opens again when that is undone
        :param date: day of the step; today when omitted
        """
        self.ensure_one()
        today = date or self.company_id._get_ar_today()
        closing = stage == 'closed'
        # sudo: the callers have asked whether the user may; the stage is written here only.
        self.sudo().write({
            'stage_before': self.stage if closing else False, 'stage': stage,
            'outcome': outcome if closing else False, 'closed_by_ledger': closing and by_ledger,
            'closed_on': today if closing else False})
        self._log_step(stage, text, date=today)
        if closing:
            self.sudo().activity_unlink(['mail.mail_activity_data_todo'])

    def _open_again(self, text):
        self.ensure_one()
        self._set_stage(self.stage_before or 'notice', text)

    def _log_step(self, stage, text, *, date=None, attachment=None, kind='stage'):
        self.ensure_one()
        # sudo: steps are written by what happens, nobody types them in.
        return self.env['ar.legal.step'].sudo().create({
            'case_id': self.id, 'stage': stage, 'name': text, 'kind': kind,
            'date': date or self.company_id._get_ar_today(), 'party_id': self.party_id.id,
            'user_id': self.env.uid, 'attachment_id': attachment.id if attachment else False})

    # === FOLLOWING THE LEDGER === #

    def _is_owed(self):
        self.ensure_one()
        return any(line.currency_id.compare_amounts(line.residual, 0) > 0
                   for line in self.line_ids)

    def _follow(self):
        """Close what is no longer owed, and open it again when it is.

        :return: cases whose stage changed
        """
        changed = self.browse()
        self.env.flush_all()
        # sudo: the stage follows the ledger, whoever made the payment.
        for case in self.sudo():
            case.line_ids.invalidate_recordset(['residual', 'residual_company'])
            owed = case._is_owed()
            if case.stage != 'closed' and not owed and case.line_ids:
                outcome = case._get_outcome()
                label = dict(self._fields['outcome']._description_selection(self.env))[outcome]
                case._set_stage('closed', self.env._(
                    "Nothing is owed any more: %s", label), outcome=outcome, by_ledger=True)
                changed |= case
            elif case.stage == 'closed' and case.closed_by_ledger and owed and (
                    not case._get_taken()):
                case._open_again(self.env._("Owed again: a reconciliation was undone"))
                changed |= case
        return changed

    def _get_outcome(self):
        """Return how a case ended on which nothing is owed: all, a part, or nothing was lost."""
        self.ensure_one()
        items = self._get_items()
        lost = sum(self.env['ar.write.off.line'].search([
            ('move_line_id', 'in', items.ids), ('write_off_id.state', '=', 'booked'),
        ]).mapped('balance'))
        currency = self.company_currency_id
        if currency.is_zero(lost):
            return 'paid'
        return 'uncollectible' if currency.compare_amounts(lost, self.amount) >= 0 else 'settled'

    # === ACTIONS === #

    def action_view_items(self):
        """Open the items of the case, those on the doubtful account too."""
        self.ensure_one()
        return self.customer_id._get_items_action(
            fields.Domain('id', 'in', self._get_items().ids))

    def _get_items(self):
        """Return the items of the case, wherever their claims stand or stood."""
        items = self.line_ids.move_line_id
        return items.union(*self.env['ar.doubtful.line']._get_successors(items).values())


class ArLegalCaseLine(models.Model):
    _name = 'ar.legal.case.line'
    _description = "Item of a legal case"
    _inherit = ['ar.item.line']
    _order = 'date_maturity, id'

    case_id = fields.Many2one('ar.legal.case', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='case_id.customer_id', store=True)
    company_id = fields.Many2one(related='case_id.company_id', store=True)
    is_open = fields.Boolean(compute='_compute_is_open', store=True)
    invoice_date = fields.Date(related='move_line_id.invoice_date', string="Invoice date")
    amount = fields.Monetary(
        string="Open when it came in", compute='_compute_amounts', store=True, precompute=True)
    balance = fields.Monetary(
        string="In company currency", compute='_compute_amounts', store=True, precompute=True,
        currency_field='company_currency_id')
    residual = fields.Monetary(string="Open today", compute='_compute_residual')
    residual_company = fields.Monetary(
        string="Open today, company currency", compute='_compute_residual',
        currency_field='company_currency_id')

    _open_uniq = models.UniqueIndex(
        "(move_line_id) WHERE is_open",
        "One of these items already stands in an open legal case.")

    @api.depends('case_id.stage')
    def _compute_is_open(self):
        for line in self:
            line.is_open = line.case_id.stage != 'closed'

    @api.depends('move_line_id')
    def _compute_amounts(self):
        for line in self:
            line.amount = line.move_line_id.amount_residual_currency
            line.balance = line.move_line_id.amount_residual

    @api.depends('move_line_id.amount_residual', 'move_line_id.amount_residual_currency')
    def _compute_residual(self):
        """What the claim owes: on the item, on the doubtful account, or on what came back."""
        Doubtful, owed = self.env['ar.doubtful.line'], {}
        if self.move_line_id.ids and Doubtful._is_used():
            owed = Doubtful._read_owed(SQL(
                "SELECT id, id FROM account_move_line WHERE id = ANY(%s)", self.move_line_id.ids))
        for line in self:
            # sudo: a collector reads what is owed without reading the books.
            item = line.move_line_id.sudo()
            line.residual, line.residual_company = owed.get(
                item._origin.id, (item.amount_residual_currency, item.amount_residual))

    def _get_due_date(self):
        """Return the due date; that of the entry for an item without one."""
        self.ensure_one()
        return self.date_maturity or self.move_line_id.date

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_derived(vals_list)
        lines = super().create(vals_list)
        lines._refuse_closed()
        return lines

    def write(self, vals):
        self._refuse_derived([vals])
        self._refuse_closed()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_closed(self):
        self._refuse_closed()

    def unlink(self):
        cases = self.case_id
        result = super().unlink()
        cases.exists()._check_line_ids()
        return result

    def _refuse_derived(self, vals_list):
        """What keeps an item off the ladder is written by the case, by nobody else."""
        if not self.env.su and any(
                {'is_open', 'amount', 'balance', 'customer_id', 'company_id', 'move_id'}
                & set(vals) for vals in vals_list):
            raise AccessError(self.env._("A legal case moves on only through its buttons."))

    def _refuse_closed(self):
        if not self.env.su and any(line.case_id.stage == 'closed' for line in self):
            raise UserError(self.env._("Open the case again before you change its items."))

    # === CHECKS === #

    @api.constrains('move_line_id', 'case_id')
    def _check_move_line_id(self):
        for line in self:
            item, case = line.move_line_id.sudo(), line.case_id
            if (item.company_id != case.company_id
                    or item.account_id.id not in case.company_id._get_ar_exposure_account_ids()
                    or item.partner_id.commercial_partner_id != case.partner_id
                    or item.parent_state != 'posted'):
                raise ValidationError(self.env._(
                    "%(item)s is no receivable item of %(customer)s.",
                    item=item.display_name, customer=case.customer_id.display_name))
            twin = case._get_taken()
            if line.is_open and twin:
                raise ValidationError(self.env._(
                    "%(item)s already stands in the open legal case %(case)s.",
                    item=twin.move_line_id.display_name, case=twin.case_id.name))
