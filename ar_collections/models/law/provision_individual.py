from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ...tools import provision as tool
from ...tools.open_items import items_at
from .provision_company import STANDING, is_reversed

REASONS = [
    ('insolvency', "Insolvency proceedings"), ('lawsuit', "Claimed in court"),
    ('dispute', "Seriously disputed"), ('difficulty', "Known financial difficulty"),
    ('gone', "Customer cannot be found"), ('other', "Other")]


class ArProvisionIndividual(models.Model):
    """What one claim is worth at a closing: the individual provision of the books and of tax law.

    Claim by claim, without VAT, for a loss that is probable by a fact known at the closing
    (BOI-BIC-PROV-40): so a reason, the day of the fact, and a proof. The next closing looks at the
    claim again; the entry books the difference.
    """
    _name = 'ar.provision.individual'
    _description = "Individual provision"
    _inherit = ['ar.law.entry']
    _order = 'date desc, id desc'
    _check_company_auto = True
    _protected_fields = frozenset({
        'state', 'move_id', 'amount_open', 'amount_net', 'amount', 'previous_id'})

    company_id = fields.Many2one(
        related='move_line_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    date = fields.Date(
        string="Closing", required=True, tracking=True, default=fields.Date.context_today)
    move_line_id = fields.Many2one(
        'account.move.line', string="Item", required=True, ondelete='restrict', index=True,
        domain=lambda self: self._get_item_domain(),
        help="Where the claim stood first: an item of the doubtful account is replaced by that of "
             "its invoice, and what is open is read on both.")
    move_id_origin = fields.Many2one(
        related='move_line_id.move_id', string="Invoice", store=True)
    partner_id = fields.Many2one(
        related='move_line_id.partner_id.commercial_partner_id', string="Customer", store=True)
    amount_open = fields.Monetary(
        string="Open, VAT included", readonly=True, copy=False,
        help="What was open at the end of the closing day, company currency.")
    amount_net = fields.Monetary(
        string="Open, without VAT", readonly=True, copy=False,
        help="VAT is no loss: the state gives it back. As the invoice is made up.")
    rate = fields.Float(
        string="Probable loss (%)", digits=(16, 2), default=50.0, tracking=True, aggregator=None)
    amount = fields.Monetary(
        string="Provision", compute='_compute_amount', store=True, tracking=True,
        recursive=True)
    reason = fields.Selection(REASONS, required=True, default='difficulty', tracking=True)
    explanation = fields.Text(help="What makes the loss probable, precisely.")
    event_date = fields.Date(
        string="Fact of", tracking=True,
        help="Day of the fact that makes the loss probable: not after the closing.")
    attachment_ids = fields.Many2many('ir.attachment', string="Proof")
    previous_id = fields.Many2one(
        'ar.provision.individual', string="At the closing before", readonly=True, copy=False)
    amount_previous = fields.Monetary(
        string="Provided before", related='previous_id.amount')
    amount_change = fields.Monetary(string="Change", compute='_compute_amount', store=True)
    state = fields.Selection(
        [('draft', "Draft"), ('confirmed', "Confirmed"), ('booked', "Entry made"),
         ('cancelled', "Cancelled")],
        required=True, readonly=True, default='draft', copy=False, tracking=True)
    move_id = fields.Many2one(
        'account.move', string="Entry", readonly=True, copy=False, ondelete='set null',
        index='btree_not_null')

    _rate_range = models.Constraint(
        'CHECK(rate >= 0 AND rate <= 100)', "A probable loss lies between 0 and 100 %.")
    _item_uniq = models.UniqueIndex(
        "(move_line_id, date) WHERE state <> 'cancelled'",
        "This claim is valued at this closing already.")

    # === COMPUTES === #

    @api.depends('amount_net', 'rate', 'previous_id.amount')
    def _compute_amount(self):
        for claim in self:
            digits = claim.currency_id.decimal_places
            amount = tool.loss(
                Decimal(str(claim.amount_net)), Decimal(str(claim.rate)) / 100, digits)
            claim.amount = float(amount)
            claim.amount_change = float(amount - Decimal(str(claim.previous_id.amount)))

    @api.depends('move_line_id', 'date')
    def _compute_display_name(self):
        for claim in self:
            claim.display_name = f"{claim.move_id_origin.name or '/'} ({claim.date})"

    @api.onchange('move_line_id')
    def _onchange_move_line_id(self):
        if self.move_line_id:
            self.move_line_id = self._get_roots(self.move_line_id)[self.move_line_id.id]

    @api.constrains('event_date', 'date')
    def _check_event(self):
        for claim in self:
            if claim.event_date and claim.event_date > claim.date:
                raise ValidationError(self.env._(
                    "The fact of %(fact)s came after the closing of %(closing)s: it counts at the "
                    "next one.", fact=claim.event_date, closing=claim.date))

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_protected(set().union(*vals_list) if vals_list else set())
        # A valuation just cancelled makes room for this one.
        self.flush_model(['state'])
        claims = super().create(self._name_by_root(vals_list))
        claims._keep_proof()
        claims._fill()
        return claims

    def write(self, vals):
        self._refuse_protected(set(vals))
        if not self.env.su and set(vals) & {'date', 'move_line_id', 'rate', 'reason', 'event_date'}:
            self._check_state('draft')
        result = super().write(self._name_by_root([vals])[0])
        if 'attachment_ids' in vals:
            self._keep_proof()
        if {'date', 'move_line_id'} & set(vals):
            self._fill()
        return result

    def _keep_proof(self):
        """Let uploaded proof hang on its valuation: else nobody but the uploader could read it."""
        for claim in self:
            claim.attachment_ids.filtered(lambda proof: not proof.res_id).write(
                {'res_model': self._name, 'res_id': claim.id})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_booked(self):
        if any(claim.state == 'booked' for claim in self):
            raise UserError(self.env._("Its entry is made: cancel it first."))

    # === THE CLAIM === #

    @api.model
    def _get_item_domain(self):
        """Return the domain of the items that can be valued: open, doubtful ones too."""
        return [
            ('account_id', 'in', self.env.companies._get_ar_exposure_account_ids()),
            ('parent_state', '=', 'posted'), ('reconciled', '=', False), ('balance', '>', 0)]

    @api.model
    def _get_roots(self, items):
        """Return {item id: the item on which its claim stood first}: that of the invoice.

        A claim has one name, wherever it stands: two valuations of it would provide twice.
        """
        origins = self.env['ar.doubtful.line']._get_origins(items)
        return {item.id: origins.get(item.id, item) for item in items}

    @api.model
    def _name_by_root(self, vals_list):
        """Return these values with each item replaced by the first one of its claim."""
        ids = [vals['move_line_id'] for vals in vals_list if vals.get('move_line_id')]
        roots = self._get_roots(self.env['account.move.line'].browse(ids))
        return [{**vals, 'move_line_id': roots[vals['move_line_id']].id}
                if vals.get('move_line_id') else vals for vals in vals_list]

    @api.model
    def _read_open(self, items, date):
        """Return {item id: what its whole claim owed at the end of a day}, in one query.

        On every item that the moves to the doubtful account and back made of it, and on the
        accounts where these stand: what the settings call doubtful may have changed since.

        :param items: `account.move.line` of one company, first items of their claims
        :param date: last day that counts
        :return: company currency, VAT included, `Decimal`; nothing of claims that owed nothing
        """
        Doubtful = self.env['ar.doubtful.line']
        # sudo: what is owed does not depend on who may see the transfer.
        every = items.sudo().browse(Doubtful._widen(items.ids))
        claims = Doubtful._get_claim_query(SQL(
            "SELECT item_id, item_id FROM unnest(%s) item (item_id)", items.ids))
        opened = items_at(
            every.company_id.ids, every.account_id.ids, date, columns=SQL("l.id AS line_id"),
            where=SQL("l.id = ANY(%s)", every.ids), far=self.env['res.company']._is_ar_far(date))
        return dict(self.env.execute_query(SQL(
            """
            SELECT claim.key, SUM(item.residual)
              FROM (%s) claim (key, item_id) JOIN (%s) item ON item.line_id = claim.item_id
             GROUP BY claim.key
            """, claims, opened)))

    # === FILLING === #

    def _fill(self):
        """Read what was open at the closing, and the valuation before; one query per company."""
        self.env.flush_all()
        for (company, date), claims in self.sudo().grouped(
                lambda claim: (claim.company_id, claim.date)).items():
            residuals = self._read_open(claims.move_line_id, date)
            for claim in claims:
                move, digits = claim.move_id_origin, company.currency_id.decimal_places
                amount = Decimal(str(residuals.get(claim.move_line_id.id, 0)))
                invoice = move.is_invoice(include_receipts=True)
                net = tool.net_of_vat(
                    amount, Decimal(str(abs(move.amount_untaxed_signed))),
                    Decimal(str(abs(move.amount_total_signed))), digits) if invoice else amount
                claim.write({
                    'amount_open': float(amount), 'amount_net': float(net),
                    'previous_id': claim._get_previous().id})

    def _get_previous(self):
        """Return the last valuation of the same claim whose entry stands."""
        return self.search([
            ('move_line_id', '=', self.move_line_id.id), ('date', '<', self.date),
            ('state', '=', 'booked'), ('move_id', 'any', STANDING),
        ], order='date desc', limit=1)

    def _check_order(self):
        """Refuse an entry that would provide twice: each one books the difference to the last."""
        # sudo: which entry is the last does not depend on the reader.
        booked = self.sudo().search([
            ('move_line_id', 'in', self.move_line_id.ids), ('state', '=', 'booked')])
        standing = booked.filtered_domain([('move_id', 'any', STANDING)])
        days = {claim.move_line_id.id: claim.date for claim in self}
        for claim in booked:
            if claim.move_id.state == 'draft':
                raise UserError(self.env._(
                    "The entry of %s is not posted yet: post it, or cancel that one.",
                    claim.display_name))
            if claim in standing and claim.date >= days[claim.move_line_id.id]:
                raise UserError(self.env._(
                    "%s has an entry already, which this one would not take back: cancel it first, "
                    "or choose a later day.", claim.display_name))

    @api.model
    def _carry_forward(self, company, date):
        """Value every claim that was provided for at the closing before again, as of ``date``.

        A claim paid meanwhile comes with nothing open: its provision is taken back. One that was
        moved to the doubtful account is owed as before, and keeps it.

        :return: new drafts; those that exist for the day already are left alone
        """
        # One that changed nothing has no entry: its rate, reason and proof are the newest still.
        last = self.search([
            ('company_id', '=', company.id), ('state', '=', 'booked'), ('date', '<', date),
            '|', ('move_id', 'any', STANDING), '&', '&', ('move_id', '=', False),
            ('amount_change', '=', 0), ('previous_id', '!=', False)], order='date, id')
        latest = {claim.move_line_id: claim for claim in last}
        done = self.search([
            ('move_line_id', 'in', [item.id for item in latest]), ('date', '>=', date),
            ('state', '!=', 'cancelled')]).move_line_id
        owed = self.env['ar.doubtful.line']._read_owed(SQL(
            "SELECT item_id, item_id FROM unnest(%s) item (item_id)",
            [item.id for item in latest]))
        return self.create([{
            'move_line_id': item.id, 'date': date, 'rate': claim.rate, 'reason': claim.reason,
            'explanation': claim.explanation, 'event_date': claim.event_date,
            # Its own copy: the last valuation may be deleted one day, and its proof with it.
            'attachment_ids': [Command.set(claim.attachment_ids.copy({'res_id': False}).ids)],
        } for item, claim in latest.items() if item not in done and (
            claim.amount or not company.currency_id.is_zero(owed[item.id][1]))])

    # === ACTIONS === #

    def action_confirm(self):
        """Confirm: the claim can be defended before an auditor and the tax office."""
        self._check_manager()
        self._check_state('draft')
        self._fill()
        for claim in self:
            if not claim.currency_id.is_zero(claim.amount) and not (
                    (claim.explanation or '').strip() and claim.event_date
                    and claim.attachment_ids):
                raise UserError(self.env._(
                    "%s: say what makes the loss probable, since which day, and attach the proof.",
                    claim.display_name))
        self.sudo().state = 'confirmed'
        return True

    def action_book(self):
        """Make one draft entry per company and closing from the confirmed valuations."""
        self._check_manager()
        self._check_state('confirmed')
        moves = self.env['account.move']
        for (company, date), claims in self.grouped(
                lambda claim: (claim.company_id, claim.date)).items():
            claims._check_order()
            claims._fill()
            vals = claims._get_move_vals(company, date)
            # sudo: a credit manager prepares the entry, an accountant posts it.
            move = self.env['account.move'].sudo().create(vals) if vals else moves
            claims.sudo().write({'state': 'booked', 'move_id': move.id})
            moves |= move
        if not moves:
            return True
        name = self.env._("Entries of provisions")
        return {
            'type': 'ir.actions.act_window', 'res_model': 'account.move', 'view_mode': 'list,form',
            'name': name, 'domain': [('id', 'in', moves.ids)],
        }

    def action_cancel(self):
        """Take valuations back; a draft entry made for them goes with all it was made for."""
        self._check_manager()
        # sudo: the entry is ours.
        for move in self.sudo().move_id:
            if move.state == 'posted' and not is_reversed(move):
                raise UserError(self.env._(
                    "%s is posted: reset it to draft or reverse it first.", move.name))
            others = self.sudo().search([('move_id', '=', move.id)]) - self.sudo()
            others.write({'state': 'confirmed', 'move_id': False})
            move.filtered(lambda entry: entry.state != 'posted').unlink()
        self.sudo().write({'state': 'cancelled', 'move_id': False})
        return True

    def action_carry_forward(self):
        """Open the valuations of today's closing, made from those of the closing before."""
        self._check_manager()
        self._carry_forward(self.env.company, fields.Date.context_today(self))
        return self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_provision_individual_action')

    def _check_state(self, state):
        if any(claim.state != state for claim in self):
            raise UserError(self.env._(
                "Choose valuations in the state “%s” only.",
                dict(self._fields['state']._description_selection(self.env))[state]))

    def _get_move_vals(self, company, date):
        """Return the values of the draft entry of these valuations; None when nothing changes."""
        env = self.with_context(lang=company.partner_id.lang or self.env.lang).env
        accounts = company._get_ar_provision_accounts('individual')
        lines = []
        for claim in self:
            change = claim.amount_change
            if company.currency_id.is_zero(change):
                continue
            pair = (accounts['expense'], accounts['allowance']) if change > 0 else (
                accounts['allowance'], accounts['income'])
            label = env._("Provision for %(invoice)s, %(customer)s",
                          invoice=claim.move_id_origin.name, customer=claim.partner_id.name)
            for account, side in zip(pair, ('debit', 'credit'), strict=True):
                lines.append(Command.create({
                    'name': label, 'account_id': account.id, 'partner_id': claim.partner_id.id,
                    side: abs(change)}))
        if not lines:
            return None
        return {
            'move_type': 'entry', 'company_id': company.id, 'date': date,
            'journal_id': company._get_ar_provision_journal().id, 'line_ids': lines,
            'ref': env._("Individual provisions at %s", date),
        }
