from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, formatLang

from ...tools.interest_rules import to_decimal

STATES = [
    ('draft', "Draft"), ('claimed', "Claimed"), ('waived', "Waived"), ('cancelled', "Cancelled")]


class ArClaim(models.Model):
    """A statement of late interest and compensation: what is claimed from a customer, replayable.

    A draft follows the ledger; once claimed or waived its lines are history and the next
    statement starts from what they have claimed.
    """
    _name = 'ar.claim'
    _description = "Statement of late interest"
    _inherit = ['ar.law.entry', 'mail.activity.mixin']
    _order = 'date desc, id desc'
    _check_company_auto = True
    _protected_fields = frozenset({
        'state', 'move_id', 'claimed_on', 'regime_id', 'contract_rate', 'name', 'warning',
        'contract_kind', 'contract_reference', 'contract_factor', 'contract_margin',
        'amount_cost'})

    # === FIELDS === #
    name = fields.Char(string="Number", readonly=True, copy=False, default="/")
    customer_id = fields.Many2one(
        'ar.customer', required=True, ondelete='cascade', index=True, readonly=True)
    partner_id = fields.Many2one(
        related='customer_id.partner_id', string="Contact", store=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    currency_id = fields.Many2one('res.currency', required=True, readonly=True)
    date = fields.Date(
        required=True, tracking=True, help="Last day counted, included.")
    paid_since = fields.Date(
        string="Also paid late since",
        help="Add invoices that were paid late and in full, the last payment on this day or "
             "later. Empty: open items only.")
    allocation = fields.Selection(
        [('regime', "As the law or the contract says"), ('principal', "The principal first")],
        string="Part payments pay", required=True, default='regime',
        help="Your books set a payment against the invoice. Where the law lets it pay interest "
             "first, more principal stays open and bears interest.")
    line_ids = fields.One2many('ar.claim.line', 'claim_id', readonly=True)
    regime_id = fields.Many2one('ar.legal.regime', string="Rule of law", readonly=True)
    contract_rate = fields.Float(
        string="Contract rate (%)", digits=(16, 4), readonly=True, aggregator=None)
    amount_interest = fields.Monetary(
        string="Interest", compute='_compute_amounts', store=True)
    amount_compensation = fields.Monetary(
        string="Compensation", compute='_compute_amounts', store=True)
    amount_cost = fields.Monetary(
        string="Cost on proof", readonly=True, copy=False,
        help="What was spent beyond the flat compensation of the same invoices.")
    amount_total = fields.Monetary(
        string="Total", compute='_compute_amounts', store=True, tracking=True)
    warning = fields.Text(
        readonly=True, help="Items that could not be computed, and other things to look at.")
    state = fields.Selection(
        STATES, required=True, readonly=True, default='draft', copy=False, tracking=True)
    move_id = fields.Many2one(
        'account.move', string="Document", readonly=True, copy=False, ondelete='set null',
        index='btree_not_null', check_company=True)
    claimed_on = fields.Date(readonly=True, copy=False)
    waive_reason = fields.Char(string="Why waived", tracking=True, copy=False)

    # === COMPUTES === #

    @api.depends(
        'line_ids.interest_amount', 'line_ids.compensation_amount', 'amount_cost')
    def _compute_amounts(self):
        for claim in self:
            interest = sum(claim.line_ids.mapped('interest_amount'))
            compensation = sum(claim.line_ids.mapped('compensation_amount'))
            claim.amount_interest = interest
            claim.amount_compensation = compensation
            claim.amount_total = interest + compensation + claim.amount_cost

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_protected(set().union(*vals_list) if vals_list else set())
        claims = super().create(vals_list)
        for claim in claims:
            # sudo: the number follows the id.
            claim.sudo().name = f"INT/{claim.date.year}/{claim.id:06d}"
        return claims

    def write(self, vals):
        self._refuse_protected(set(vals))
        if not self.env.su and {'customer_id', 'currency_id', 'reminder_id'} & set(vals):
            raise AccessError(self.env._(
                "A statement is about one customer and one currency: prepare another one."))
        if {'date', 'paid_since', 'allocation'} & set(vals) and any(
                claim.state != 'draft' for claim in self):
            raise UserError(self.env._("Only a draft statement can be changed."))
        result = super().write(vals)
        if {'date', 'paid_since', 'allocation'} & set(vals):
            self._fill()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        if any(claim.state in ('claimed', 'waived') for claim in self):
            raise UserError(self.env._(
                "A statement that was claimed or waived is history. Cancel it instead."))

    # === FILLING === #

    @api.model
    def _prepare_for(self, customer, date, moves=None):
        """Return fresh drafts for a customer, one per currency; nothing when nothing is owed.

        :param customer: `ar.customer`, one
        :param date date: last day counted
        :param moves: only these invoices
        """
        drafts = self.search([
            ('customer_id', '=', customer.id), ('state', '=', 'draft'),
            ('reminder_id', '=', False)])
        kept = drafts._filter_kept()
        (drafts - kept).unlink()
        found = self.env['ar.interest.engine']._get_item_claims(customer, date, moves=moves)
        owed = [claim for claim in found if claim.interest or claim.compensation]
        claims = self.create([
            {'customer_id': customer.id, 'date': date, 'currency_id': currency_id}
            for currency_id in dict.fromkeys(claim.currency_id for claim in owed)
            if currency_id not in kept.currency_id.ids])
        kept.write({'date': date})
        (claims | kept)._fill(only_items=[claim.item_id for claim in owed] if moves else None)
        return claims | kept

    def _filter_kept(self):
        """Hook: return the drafts in which somebody typed what the ledger does not know."""
        return self.browse()

    def _fill(self, only_items=None):
        """Compute the lines of drafts again from the ledger.

        :param only_items: ids of receivable lines; all that are owed when omitted
        """
        engine = self.env['ar.interest.engine']
        for claim in self:
            found = engine._get_item_claims(
                claim.customer_id, claim.date, paid_since=claim.paid_since,
                allocation='principal' if claim.allocation == 'principal' else None)
            mine = [item for item in found if item.currency_id == claim.currency_id.id]
            if only_items is not None:
                mine = [item for item in mine if item.item_id in only_items]
            customer = claim.customer_id
            regime = customer.effective_regime_id
            contract = customer._get_contract() if regime.debtor != 'consumer' else None
            # sudo: the lines are computed, nobody types them.
            claim.sudo().write({
                'regime_id': regime.id,
                'contract_rate': float(contract.fixed) if contract and (
                    contract.fixed is not None) else 0.0,
                **self._get_formula_vals(contract),
                'warning': claim._get_warning(mine),
                'line_ids': [Command.clear(), *(
                    Command.create(self.env['ar.claim.line']._get_vals(item))
                    for item in mine if item.interest or item.compensation)],
            })
        self._apply_costs()

    def _get_warning(self, items):
        """Return what a person should look at before claiming, or False."""
        engine = self.env['ar.interest.engine']
        texts = [
            self.env._("%(name)s: %(why)s", name=item.name, why=engine._describe_reason(item))
            for item in items if item.reason]
        customer = self.customer_id
        if customer.contract_rate_warning:
            texts.append(customer.contract_rate_warning)
        texts += [text for item in items for text in engine._describe_flags(item)]
        regime = customer.effective_regime_id
        if regime and regime.currency_id != self.currency_id and regime.bracket_ids:
            texts.append(self.env._(
                "No compensation: the law names it in %(law)s, these invoices are in %(own)s.",
                law=regime.currency_id.name, own=self.currency_id.name))
        return "\n".join(texts) or False

    # === ACTIONS === #

    def action_refresh(self):
        """Compute the drafts again."""
        self.check_access('write')
        self._check_draft()
        self._fill()
        return True

    def action_claim(self):
        """Make a draft document of each statement: from now on it is claimed."""
        self._check_manager()
        self._check_draft()
        for claim in self:
            claim._lock_customer()
            # Another statement may have claimed the same days meanwhile.
            claim._fill(only_items=claim.line_ids.move_line_id.ids)
            if not claim.amount_total:
                raise UserError(self.env._(
                    "There is nothing left to claim on %s.", claim.name))
            # sudo: a credit manager prepares the document; an accountant posts it.
            move = self.env['account.move'].sudo().create(claim._get_move_vals())
            claim.sudo().write({
                'state': 'claimed', 'move_id': move.id,
                'claimed_on': claim.company_id._get_ar_today()})
            claim.message_post(body=Markup("%s %s") % (
                self.env._("Draft document:"), move._get_html_link()))
        return self.action_view_move() if len(self) == 1 else True

    def action_waive(self):
        """Give up what the statements claim; the reason stays."""
        self._check_manager()
        self._check_draft()
        for claim in self:
            if not (claim.waive_reason or '').strip():
                raise UserError(self.env._("Say why it is waived, then waive it."))
            claim._lock_customer()
            claim._fill(only_items=claim.line_ids.move_line_id.ids)
            claim.sudo().write({
                'state': 'waived', 'claimed_on': claim.company_id._get_ar_today()})
        return True

    def action_cancel(self):
        """Take a statement back; its draft document is deleted."""
        self._check_manager()
        for claim in self:
            # sudo: the document is ours, and a draft.
            move = claim.sudo().move_id
            if move.state == 'posted' and move.payment_state != 'reversed':
                raise UserError(self.env._(
                    "%(move)s is posted: credit it first, then cancel %(claim)s.",
                    move=move.name, claim=claim.name))
            if move.state == 'draft':
                move.unlink()
            claim.sudo().write({'state': 'cancelled'})
        return True

    def action_print(self):
        """Print the statements in the language of the customer."""
        self.check_access('read')
        return self.env.ref('ar_collections.ar_claim_report').report_action(self)

    def action_xlsx(self):
        """Download the statement as a spreadsheet with its formulas."""
        self.ensure_one()
        self.check_access('read')
        return {
            'type': 'ir.actions.act_url', 'target': 'download',
            'url': f'/ar_collections/claim/{self.id}/xlsx',
        }

    def _get_action(self):
        action = self.env['ir.actions.act_window']._for_xml_id('ar_collections.ar_claim_action')
        if len(self) == 1:
            action.update(view_mode='form', views=[(False, 'form')], res_id=self.id)
        else:
            action['domain'] = [('id', 'in', self.ids)]
        return action

    def _check_draft(self):
        if any(claim.state != 'draft' for claim in self):
            raise UserError(self.env._("Only a draft statement can be changed."))

    def _lock_customer(self):
        """Update the customer's row: of two simultaneous claims the second is tried again."""
        self.customer_id.flush_recordset()
        self.env.cr.execute(SQL(
            "UPDATE ar_customer SET write_date = write_date WHERE id = %s", self.customer_id.id))

    # === DOCUMENT === #

    def _get_move_vals(self):
        """Return the values of the draft document: outside VAT, in the accounts of the company."""
        self.ensure_one()
        company = self.company_id
        lines = []
        language = self.partner_id.lang or company.partner_id.lang
        env = self.with_context(lang=language).env
        for amount, account, label in (
            (self.amount_interest, company._get_ar_interest_account(),
             env._("Late interest, statement %s", self.name)),
            (self.amount_compensation, company._get_ar_compensation_account(),
             env._("Compensation for recovery cost, statement %s", self.name)),
            (self.amount_cost, company._get_ar_compensation_account(),
             env._("Recovery cost on proof, statement %s", self.name)),
        ):
            if amount:
                lines.append(Command.create({
                    'name': label, 'quantity': 1, 'price_unit': amount,
                    'account_id': account.id, 'tax_ids': [Command.clear()]}))
        journal = company.sudo().ar_claim_journal_id
        return {
            'move_type': 'out_invoice', 'partner_id': self.partner_id.id,
            'company_id': company.id, 'currency_id': self.currency_id.id,
            'invoice_date': company._get_ar_today(), 'ref': self.name,
            'invoice_payment_term_id': False, 'invoice_line_ids': lines,
            **({'journal_id': journal.id} if journal else {}),
        }

    def _format_rate(self, percent):
        """Return a percentage with as many decimals as it has, at least two."""
        text = f"{to_decimal(float(percent)):f}"
        digits = max(len(text.partition('.')[2]), 2)
        return formatLang(self.env, float(percent), digits=digits)
