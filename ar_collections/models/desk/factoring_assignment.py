from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

# Invoices proposed at once: a bordereau that nobody can read is of no use.
MAX_PROPOSED = 500


class ArFactoringAssignment(models.Model):
    """A bordereau: invoices handed to the factor together, with their amounts on that day."""
    _name = 'ar.factoring.assignment'
    _description = "Assignment of invoices to a factor"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'date desc, id desc'
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char(string="Number", readonly=True, copy=False, default="/", index=True)
    contract_id = fields.Many2one(
        'ar.factoring.contract', required=True, ondelete='restrict', check_company=True,
        index=True)
    company_id = fields.Many2one(related='contract_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='contract_id.currency_id', store=True)
    partner_id = fields.Many2one(related='contract_id.partner_id', string="Factor")
    recourse = fields.Boolean(related='contract_id.recourse')
    date = fields.Date(required=True, default=fields.Date.context_today)
    line_ids = fields.One2many('ar.factoring.line', 'assignment_id', copy=False)
    line_count = fields.Integer(string="Invoices", compute='_compute_amounts', store=True)
    state = fields.Selection(
        [('draft', "Draft"), ('assigned', "Assigned"), ('cancelled', "Cancelled")],
        required=True, default='draft', readonly=True, copy=False, tracking=True, index=True)
    amount = fields.Monetary(string="Invoices assigned", compute='_compute_amounts', store=True)
    advance_amount = fields.Monetary(
        string="Advance", compute='_compute_amounts', store=True)
    reserve_amount = fields.Monetary(
        string="Reserve", compute='_compute_amounts', store=True)
    fee_amount = fields.Monetary(string="Fee", compute='_compute_amounts', store=True)
    interest_amount = fields.Monetary(
        string="Interest", compute='_compute_amounts', store=True,
        help="On the advance, from this day to the due date of each invoice.")
    move_id = fields.Many2one(
        'account.move', string="Entry", readonly=True, copy=False, ondelete='set null',
        index='btree_not_null')
    problems = fields.Text(
        compute='_compute_problems', help="Why invoices on this list cannot be assigned.")

    # === COMPUTES === #

    @api.depends('line_ids.amount', 'line_ids.date_due', 'date', 'contract_id')
    def _compute_amounts(self):
        """Rates of the contract, each amount rounded once per assignment."""
        for assignment in self:
            contract, currency = assignment.contract_id, assignment.currency_id
            lines = assignment.line_ids
            total = sum(lines.mapped('amount'))
            days = sum(
                line.amount * max((line.date_due - assignment.date).days, 0)
                for line in lines if line.date_due and assignment.date)
            rates = {
                'amount': total,
                'advance_amount': total * contract.advance_rate / 100,
                'reserve_amount': total * contract.reserve_rate / 100,
                'fee_amount': total * contract.fee_rate / 100,
                'interest_amount': (days * contract.advance_rate / 100
                                    * contract.interest_rate / 100 / 360),
            }
            for name, amount in rates.items():
                assignment[name] = currency.round(amount) if currency else amount
            assignment.line_count = len(lines)

    @api.depends('line_ids.move_id', 'state', 'contract_id')
    def _compute_problems(self):
        for assignment in self:
            refusals = {}
            if assignment.state == 'draft' and assignment.contract_id and assignment.line_ids:
                refusals = assignment.contract_id._get_refusals(assignment.line_ids.move_id)
            assignment.problems = "\n".join(
                f"{self.env['account.move'].browse(move_id).name}: {reason}"
                for move_id, reason in refusals.items()) or False

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        assignments = super().create(vals_list)
        for assignment in assignments:
            # sudo: whoever assigns takes the next number without managing sequences.
            assignment.sudo().name = self.env['ir.sequence'].sudo().with_company(
                assignment.company_id).next_by_code(self._name) or "/"
        return assignments

    def write(self, vals):
        if not self.env.su and set(vals) & {
                'state', 'name', 'move_id', 'amount', 'advance_amount', 'reserve_amount',
                'fee_amount', 'interest_amount'}:
            raise AccessError(self.env._("An assignment changes only through its buttons."))
        if set(vals) & {'contract_id', 'date', 'line_ids'} and any(
                one.state != 'draft' for one in self):
            raise UserError(self.env._("This assignment has been made: it cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_made(self):
        if any(one.state == 'assigned' for one in self):
            raise UserError(self.env._("An assignment that was made is history."))

    # === ACTIONS === #

    def action_propose(self):
        """Add every invoice of the company that can be assigned under this contract today."""
        self.ensure_one()
        self.check_access('write')
        contract = self.contract_id
        known = self.line_ids.move_id
        moves = self.env['account.move'].search([
            ('company_id', '=', contract.company_id.id), ('move_type', '=', 'out_invoice'),
            ('state', '=', 'posted'), ('currency_id', '=', contract.currency_id.id),
            ('payment_state', 'in', ('not_paid', 'partial')), ('id', 'not in', known.ids),
            ('id', 'not in', self._get_taken_query()),
        ], order='invoice_date_due, id', limit=MAX_PROPOSED)
        refusals = contract._get_refusals(known | moves)
        self._add(moves.filtered(lambda move: move.id not in refusals))
        return True

    def _get_taken_query(self):
        # sudo: drafts of colleagues count too.
        return self.env['ar.factoring.line'].sudo()._search(
            [('state', 'in', ('draft', 'assigned', 'paid'))]).subselect('move_id')

    def _add(self, moves):
        self.write({'line_ids': [fields.Command.create({'move_id': move.id}) for move in moves]})

    def action_assign(self):
        """Check every invoice again, then assign them: number, documents, proposed entry.

        :raise UserError: with one line per invoice that cannot be assigned, and why
        """
        for assignment in self:
            assignment.check_access('write')
            if assignment.state != 'draft':
                raise UserError(self.env._("%s has been made already.", assignment.name))
            if not assignment.line_ids:
                raise UserError(self.env._(
                    "Add invoices first: “Propose invoices” finds those that can be assigned."))
            assignment.line_ids._read_amounts()
            # The invoices are locked by the unique index; what they owe was just read again.
            self.env.flush_all()
            assignment.invalidate_recordset(['problems'])
            if assignment.problems:
                raise UserError(self.env._(
                    "These invoices cannot be assigned. Take them off the list:\n%s",
                    assignment.problems))
            # sudo: states are written by the buttons only.
            assignment.sudo().state = 'assigned'
            assignment.line_ids.sudo().write({'state': 'assigned'})
            assignment.line_ids._show_factor_bank()
            if assignment.contract_id._makes_entries():
                assignment.sudo().move_id = assignment._create_entry()
        return True

    def action_cancel(self):
        """Take the assignment back, as long as its entry is not posted."""
        for assignment in self:
            assignment.check_access('write')
            if assignment.move_id.state == 'posted':
                raise UserError(self.env._(
                    "The entry of %s is posted. Return the invoices one by one, or reverse the "
                    "entry first.", assignment.name))
            if any(line.state in ('paid', 'returned') for line in assignment.line_ids):
                raise UserError(self.env._(
                    "Invoices of %s were paid or returned already.", assignment.name))
            # sudo: states are written by the buttons only.
            assignment.move_id.sudo().unlink()
            assignment.sudo().state = 'cancelled'
            assignment.line_ids._hide_factor_bank()
            # What was with the factor for some days stays so in the figures of those days.
            given = assignment.line_ids.filtered(lambda line: line.state == 'assigned')
            given.sudo().settled_on = assignment.company_id._get_ar_today()
            assignment.line_ids.sudo().write({'state': 'cancelled'})
            # The unique index must know before the invoices are listed again.
            assignment.line_ids.flush_recordset(['state'])
        return True

    def action_view_entry(self):
        """Open the proposed entry: a person checks and posts it."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'account.move', 'view_mode': 'form',
            'views': [(False, 'form')], 'res_id': self.move_id.id,
        }

    def action_download_csv(self):
        """Download the list of invoices for the factor's system."""
        return self._get_download('csv')

    def action_download_xlsx(self):
        """Download the list of invoices as a spreadsheet."""
        return self._get_download('xlsx')

    def _get_download(self, kind):
        self.ensure_one()
        return {'type': 'ir.actions.act_url', 'target': 'download',
                'url': f'/ar_collections/factoring/{self.id}/{kind}'}

    def _get_form_action(self):
        return {
            'type': 'ir.actions.act_window', 'res_model': self._name, 'view_mode': 'form',
            'views': [(False, 'form')], 'res_id': self.id,
        }


class ArFactoringLine(models.Model):
    _name = 'ar.factoring.line'
    _description = "Assigned invoice"
    _order = 'date_due, id'
    _rec_name = 'move_id'

    assignment_id = fields.Many2one(
        'ar.factoring.assignment', required=True, ondelete='cascade', index=True)
    contract_id = fields.Many2one(related='assignment_id.contract_id', store=True, index=True)
    company_id = fields.Many2one(related='assignment_id.company_id', store=True)
    currency_id = fields.Many2one(related='assignment_id.currency_id')
    date = fields.Date(related='assignment_id.date', string="Assigned on", store=True)
    move_id = fields.Many2one(
        'account.move', string="Invoice", required=True, ondelete='restrict', index=True)
    partner_id = fields.Many2one(
        'res.partner', string="Customer", compute='_compute_figures', store=True, index=True)
    invoice_date = fields.Date(related='move_id.invoice_date')
    date_due = fields.Date(string="Due date", compute='_compute_figures', store=True)
    amount = fields.Monetary(
        compute='_compute_figures', store=True, help="Open amount when it was assigned.")
    # Read for each page anew: to depend on the amount itself would make every posting and payment
    # look for lines to forget.
    residual = fields.Monetary(
        related='move_id.amount_residual', string="Open today", depends=['move_id'])
    state = fields.Selection(
        [('draft', "Draft"), ('assigned', "Assigned"), ('paid', "Paid by the customer"),
         ('returned', "Returned"), ('cancelled', "Cancelled")],
        required=True, default='draft', readonly=True, index=True)
    settled_on = fields.Date(string="With the factor until", readonly=True)
    settle_move_id = fields.Many2one(
        'account.move', string="Entry of the payment or return", readonly=True,
        ondelete='set null', index='btree_not_null')
    previous_bank_id = fields.Many2one(
        'res.partner.bank', string="Previous bank account", readonly=True, ondelete='set null')
    paid_by_ledger = fields.Boolean(
        string="Settled with us", readonly=True,
        help="Read from the ledger: undone there, the invoice is with the factor again.")

    _move_uniq = models.UniqueIndex(
        "(move_id) WHERE state IN ('draft', 'assigned', 'paid')",
        "One of these invoices is on another assignment already.")

    @api.depends('move_id')
    def _compute_figures(self):
        self._read_amounts()

    def _read_amounts(self):
        """Read what the invoices owe, as of now; only drafts move."""
        for line in self.filtered(lambda line: line.state == 'draft'):
            line.partner_id = line.move_id.commercial_partner_id
            line.date_due = line.move_id.invoice_date_due
            line.amount = line.move_id.amount_residual

    def write(self, vals):
        if not self.env.su and set(vals) & {
                'state', 'settle_move_id', 'settled_on', 'previous_bank_id', 'assignment_id',
                'paid_by_ledger'}:
            raise AccessError(self.env._("An assigned invoice changes only through its buttons."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_made(self):
        if any(line.assignment_id.state == 'assigned' for line in self):
            raise UserError(self.env._("This assignment has been made: it cannot be changed."))

    # === ACTIONS === #

    def action_paid(self):
        """The customer has paid the factor: propose the entry that releases the reserve."""
        self.check_access('write')
        lines = self._get_assigned()
        lines._settle('paid', '_prepare_payment_lines')
        return True

    def action_return(self):
        """The factor hands the invoices back: they are ours again, and so is the risk."""
        self.check_access('write')
        lines = self._get_assigned()
        without = lines.filtered(lambda line: not line.contract_id.recourse)
        if without:
            raise UserError(self.env._(
                "%s is assigned without recourse: the factor bears the risk and cannot return it.",
                without[0].move_id.name))
        lines._settle('returned', '_prepare_return_lines')
        lines._hide_factor_bank()
        return True

    def _get_assigned(self):
        lines = self.filtered(lambda line: line.state == 'assigned')
        if not lines:
            raise UserError(self.env._("Choose invoices that are with the factor."))
        return lines

    def _settle(self, state, method):
        """Write the state and propose one entry for all these invoices of one contract.

        :param str method: name of the method that returns the lines of the entry of one invoice
        """
        for contract, lines in self.grouped('contract_id').items():
            today = contract.company_id._get_ar_today()
            # sudo: states are written by the buttons only.
            lines.sudo().write({'state': state, 'settled_on': today})
            # The unique index must know before the invoices are listed again.
            lines.flush_recordset(['state'])
            if contract._makes_entries():
                lines.sudo().settle_move_id = contract._create_entry(
                    today, [part for line in lines for part in getattr(line, method)()],
                    ", ".join(lines.move_id.mapped('name')))

    # === WHERE TO PAY === #

    def _show_factor_bank(self):
        """Print the factor's account on the invoices; remember ours."""
        for line in self:
            bank = line.contract_id.bank_id
            if bank and line.move_id.partner_bank_id != bank:
                # sudo: the assignment decides where the customer pays, see `action_assign`.
                line.sudo().previous_bank_id = line.move_id.partner_bank_id
                line.move_id.sudo().partner_bank_id = bank

    def _hide_factor_bank(self):
        """Put our own account back on the invoices."""
        for line in self:
            move = line.move_id.sudo()
            if line.contract_id.bank_id and move.partner_bank_id == line.contract_id.bank_id:
                move.partner_bank_id = line.previous_bank_id

    # === FOLLOWING THE LEDGER === #

    def _get_owed(self):
        """Return what the customer owes on the invoice; on the doubtful account it is owed, too."""
        Doubtful = self.env['ar.doubtful.line']
        if not Doubtful._is_used():
            return self.move_id.amount_residual
        return sum(amount for amount, _balance in Doubtful._read_owed(SQL(
            "SELECT id, id FROM account_move_line WHERE id = ANY(%s)",
            self._get_items().ids)).values())

    def _follow(self):
        """An assigned invoice that was paid to us: note it, and tell to pass the money on."""
        self.sudo()._take_back_paid()
        # sudo: whoever registers a payment need not know about factoring.
        for line in self.sudo().filtered(lambda line: line.state == 'assigned'):
            move = line.move_id
            if move.currency_id.compare_amounts(line._get_owed(), 0) > 0:
                continue
            line.write({'state': 'paid', 'settled_on': line.company_id._get_ar_today(),
                        'paid_by_ledger': True})
            line.assignment_id.activity_schedule(
                'mail.mail_activity_data_todo',
                user_id=line.company_id._get_ar_responsible().id,
                date_deadline=line.company_id._get_ar_today(),
                summary=self.env._(
                    "%(invoice)s was settled with us: pass the advance on to %(factor)s",
                    invoice=move.name, factor=line.contract_id.partner_id.name))

    def _take_back_paid(self):
        """A payment to us that is undone, as one that bounces, leaves the invoice with the factor.
        """
        for line in self.filtered('paid_by_ledger'):
            if line.move_id.currency_id.compare_amounts(line.move_id.amount_residual, 0) > 0:
                line.write({'state': 'assigned', 'settled_on': False, 'paid_by_ledger': False})
