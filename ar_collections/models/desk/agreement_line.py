from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL


class ArAgreementLine(models.AbstractModel):
    """One item of an agreement. It stays as history when Odoo replaces the item itself."""
    _name = 'ar.agreement.line'
    _description = "Item of an agreement"

    # Set in each kind of agreement: the field that leads to it.
    _agreement = None

    # Not deleted with the item: an invoice in draft may get new instalments, see `_relink`.
    move_line_id = fields.Many2one(
        'account.move.line', string="Item", ondelete='set null', index=True)
    move_id = fields.Many2one(
        'account.move', string="Invoice", compute='_compute_move_id', store=True, precompute=True,
        index='btree_not_null')
    date_maturity = fields.Date(related='move_line_id.date_maturity', string="Due date")
    currency_id = fields.Many2one('res.currency')
    residual = fields.Monetary(
        string="Open today", compute='_compute_residual', compute_sudo=True,
        currency_field='currency_id', help="Nothing while the invoice is not posted.")
    last_partial_id = fields.Integer(
        readonly=True, copy=False,
        help="Reconciliations with a higher number came after the item was chosen.")

    @api.depends('move_line_id')
    def _compute_move_id(self):
        origins = self.env['ar.doubtful.line']._get_origins(self.move_line_id)
        for line in self:
            # Kept when the item is gone: it says which invoice this was about.
            item = line.move_line_id
            line.move_id = origins.get(item.id, item).move_id or line.move_id

    @api.depends('move_line_id.amount_residual_currency', 'move_id.state')
    def _compute_residual(self):
        """What the claim owes, wherever it stands: on the invoice or on the doubtful account."""
        owed = self._read_owed()
        for line in self:
            item = line.move_line_id
            line.residual = owed.get(line._origin.id, item.amount_residual_currency) if (
                item and line.move_id.state == 'posted') else 0

    def _read_owed(self):
        """Return {line id: what the claim owes, in its currency}; {} where none was ever moved."""
        Doubtful = self.env['ar.doubtful.line']
        if not self.ids or not Doubtful._is_used():
            return {}
        self.flush_recordset(['move_line_id'])
        return {line_id: amount for line_id, (amount, _balance) in Doubtful._read_owed(SQL(
            "SELECT id, move_line_id FROM %s WHERE id = ANY(%s) AND move_line_id IS NOT NULL",
            SQL.identifier(self._table), self.ids)).items()}

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_derived(vals_list)
        self.env.flush_all()
        # What is reconciled from here on counts; the numbers of reconciliations only grow.
        [(last,)] = self.env.execute_query(SQL(
            "SELECT COALESCE(MAX(id), 0) FROM account_partial_reconcile"))
        lines = super().create([{**vals, 'last_partial_id': last} for vals in vals_list])
        lines._check_agreement_open()
        return lines

    def write(self, vals):
        self._check_derived([vals])
        if not self.env.su:
            self._check_agreement_open()
            if self._agreement in vals:
                raise UserError(self.env._("An item does not move to another agreement."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_closed(self):
        self._check_agreement_open()

    def unlink(self):
        agreements = self[self._agreement]
        result = super().unlink()
        agreements.exists()._check_has_items()
        return result

    def _get_derived_fields(self):
        """Return the names of the fields that nobody types in."""
        return {'state', 'customer_id', 'company_id', 'move_id', 'last_partial_id'}

    def _check_derived(self, vals_list):
        if not self.env.su and any(set(vals) & self._get_derived_fields() for vals in vals_list):
            raise AccessError(self.env._("The state follows the ledger and cannot be typed in."))

    def _check_agreement_open(self):
        """Refuse to change the items of an agreement that is closed: they are history."""
        for agreement in self[self._agreement]:
            if agreement.state not in agreement._get_draft_states():
                raise UserError(self.env._(
                    "The items of %s cannot be changed any more.", agreement.display_name))

    # === CHECKS === #

    def _check_items(self):
        """Refuse an item that is no open receivable of this customer in this currency."""
        self._check_once()
        for line in self:
            item, agreement = line.move_line_id, line[self._agreement]
            if not item:
                if line.move_id:
                    continue  # History of an item that Odoo has replaced since.
                raise ValidationError(self.env._("Choose an item on each line."))
            # sudo: which accounts are those of customers is no secret.
            accounts = agreement.company_id.sudo()._get_ar_exposure_account_ids()
            if (item.company_id != agreement.company_id or item.account_id.id not in accounts
                    or item.partner_id.commercial_partner_id != agreement.partner_id):
                raise ValidationError(self.env._(
                    "%(item)s is no receivable item of %(customer)s.",
                    item=item.display_name, customer=agreement.customer_id.display_name))
            if item.currency_id != agreement.currency_id:
                raise ValidationError(self.env._(
                    "%(item)s is in %(found)s, not in %(expected)s: note one currency at a time.",
                    item=item.display_name, found=item.currency_id.name,
                    expected=agreement.currency_id.name))
            if item.balance < 0:
                raise ValidationError(self.env._(
                    "%s is a credit: choose what is owed.", item.display_name))
            if item.parent_state != 'posted':
                raise ValidationError(self.env._("%s is not posted.", item.move_id.display_name))

    def _check_once(self):
        """Refuse an item that another open agreement of this kind is about.

        Read without flushing: the unique index would answer first, in words nobody understands.
        """
        states = self.env[self._fields[self._agreement].comodel_name]._get_live_states()
        opened = self.filtered(lambda line: line.state in states)
        rows = self.env.execute_query(SQL(
            "SELECT id FROM %s WHERE move_line_id = ANY(%s) AND id <> ALL(%s)",
            SQL.identifier(self._table), opened.move_line_id.ids, self.ids))
        # sudo: the other one may belong to a colleague.
        taken = self.sudo().browse(row[0] for row in rows).filtered(
            lambda line: line.state in states)
        if taken:
            raise ValidationError(self.env._(
                "%s already stands in an open promise or dispute of this kind: change or close "
                "that one first.", taken[0].move_line_id.display_name))

    def _check_free(self):
        """Refuse to open an agreement whose items stand in another live one of its kind."""
        states = self[self._agreement]._get_live_states()
        # sudo: the other one may belong to a colleague.
        taken = self.sudo().search([
            ('move_line_id', 'in', self.move_line_id.ids), ('state', 'in', states),
            (self._agreement, 'not in', self[self._agreement].ids)], limit=1)
        if taken:
            raise ValidationError(self.env._(
                "%(item)s stands in %(agreement)s by now: close that one first.",
                item=taken.move_line_id.display_name,
                agreement=taken[self._agreement].display_name))

    # === LEDGER === #

    def _get_taken_again(self):
        """Return the agreements of these lines that lost an item to a newer one.

        They cannot be opened again: an item stands in one of a kind at a time. One query.

        :return: agreements
        """
        Agreement = self[self._agreement]
        self.env.flush_all()
        rows = self.env.execute_query(SQL(
            """
            SELECT DISTINCT mine.%(parent)s
              FROM %(table)s mine
              JOIN %(table)s other ON other.move_line_id = mine.move_line_id
                   AND other.%(parent)s > mine.%(parent)s
             WHERE mine.id = ANY(%(ids)s) AND %(takes)s
            """,
            parent=SQL.identifier(self._agreement), table=SQL.identifier(self._table),
            ids=self.ids, takes=self._get_taking_condition()))
        return Agreement.browse(row[0] for row in rows)

    @api.model
    def _get_taking_condition(self):
        """Hook: return which lines take their item over from an older agreement; alias `other`.

        :rtype: SQL
        """
        return SQL("TRUE")

    @api.model
    def _read_settlements(self, terms, company):
        """Return what came in on the items of some agreements, up to several deadlines each.

        Never more than what the residual of the item has really gone down by: matching an older
        payment again brings no new money. A claim that was moved to the doubtful account, or back,
        is still one: what came in on any of its items counts, and moving it settles nothing. An
        item whose invoice is not posted owes nothing. One query.

        :param SQL terms: query of (agreement_id, term_id, deadline)
        :param company: `res.company`; its cash and bank journals bring money
        :return: {(agreement id, term id): (received by the deadline, received, settled
            otherwise)}; currency of the agreement, `float`
        """
        self.env.flush_all()
        table, parent = SQL.identifier(self._table), SQL.identifier(self._agreement)
        claims = self.env['ar.doubtful.line']._get_claim_query(SQL(
            "SELECT line.id, line.move_line_id FROM %s line WHERE line.move_line_id IS NOT NULL"
            " AND line.%s IN (SELECT agreement_id FROM term)", table, parent))
        rows = self.env.execute_query(SQL(
            """
            WITH term AS (%(terms)s), claim (line_id, item_id) AS (%(claims)s)
            SELECT settled.agreement_id, settled.term_id, SUM(LEAST(settled.cash, settled.gone)),
                   SUM(LEAST(settled.all_cash, settled.gone)),
                   SUM(GREATEST(settled.gone - settled.all_cash, 0))
              FROM (
                SELECT line.id, term.agreement_id, term.term_id,
                       CASE WHEN invoice.state = 'posted'
                            THEN GREATEST(line.amount - owed.amount, 0)
                            ELSE line.amount END AS gone,
                       COALESCE(SUM(money.amount) FILTER (
                           WHERE money.date <= term.deadline), 0) AS cash,
                       COALESCE(SUM(money.amount), 0) AS all_cash
                  FROM term
                  JOIN %(table)s line ON line.%(parent)s = term.agreement_id
                  LEFT JOIN (
                    SELECT claim.line_id, SUM(l.amount_residual_currency) AS amount
                      FROM claim JOIN account_move_line l ON l.id = claim.item_id
                     GROUP BY claim.line_id
                  ) owed ON owed.line_id = line.id
                  LEFT JOIN account_move invoice
                         ON invoice.id = line.move_id AND owed.line_id IS NOT NULL
                  LEFT JOIN (
                    SELECT claim.line_id, cl.date, pr.debit_amount_currency AS amount
                      FROM claim
                      JOIN %(table)s line ON line.id = claim.line_id
                      JOIN account_partial_reconcile pr ON pr.debit_move_id = claim.item_id
                           AND pr.id > COALESCE(line.last_partial_id, 0)
                      JOIN account_move_line cl ON cl.id = pr.credit_move_id
                     WHERE %(money)s
                  ) money ON money.line_id = line.id
                 GROUP BY line.id, term.agreement_id, term.term_id, invoice.state, owed.amount
              ) settled
             GROUP BY settled.agreement_id, settled.term_id
            """,
            terms=terms, claims=claims, table=table, parent=parent,
            money=self._get_money_condition(company)))
        return {(row[0], row[1]): tuple(map(float, row[2:])) for row in rows}

    @api.model
    def _get_money_condition(self, company):
        """Hook: return which credits are money from the customer; alias `cl`.

        :param company: `res.company`
        :rtype: SQL
        """
        return SQL("cl.journal_id = ANY(%s)",
                   self.env['ar.customer']._get_cash_journal_ids(company))

    @api.model
    def _relink(self, move_ids):
        """Find the new items of lines whose item Odoo has replaced while the invoice was in draft.

        The items of the invoice, by due date, that no line of the same agreement is about.

        :param move_ids: ids of posted entries
        """
        lost = self.sudo().search(
            [('move_line_id', '=', False), ('move_id', 'in', list(move_ids))], order='id')
        for (agreement, move), lines in lost.grouped(
                lambda line: (line[self._agreement], line.move_id)).items():
            items = move.line_ids.filtered_domain([
                ('account_id.account_type', '=', 'asset_receivable'),
                ('currency_id', '=', agreement.currency_id.id)])
            items -= agreement.line_ids.move_line_id
            free = items.sorted(lambda item: (item.date_maturity or item.date, item.id))
            for line, item in zip(lines, free, strict=False):
                line._follow_item(item)

    def _stand_on(self, item):
        """Lead these lines to the item on which the claim stands now; nothing else changes.

        Not through `write`: what the item owed when it was chosen and the invoice that this is
        about stay, and no new item is checked. A line stays where it is when a live agreement of
        the kind has the item already.

        :param item: `account.move.line`
        """
        if not self:
            return
        states = self[self._agreement]._get_live_states()
        live = self.filtered(lambda line: line.state in states)
        if self.search_count([('move_line_id', '=', item.id), ('state', 'in', states)], limit=1):
            lines = self - live
        else:
            lines = self - live[1:]
        if not lines:
            return
        lines.flush_recordset()
        self.env.cr.execute(SQL(
            "UPDATE %s SET move_line_id = %s WHERE id = ANY(%s)",
            SQL.identifier(self._table), item.id, lines.ids))
        lines.invalidate_recordset(['move_line_id', 'date_maturity', 'residual'], flush=False)

    def _follow_item(self, item):
        """Point to the item that replaced the lost one, unless a live agreement has it already."""
        self.ensure_one()
        states = self[self._agreement]._get_live_states()
        if self.state not in states or not self.search_count([
                ('move_line_id', '=', item.id), ('state', 'in', states)], limit=1):
            self.write({'move_line_id': item.id, **self._get_follow_values(item)})

    def _get_follow_values(self, item):
        """Hook: return what else changes on a line whose item was replaced by this one.

        :param item: `account.move.line`, posted
        :rtype: dict
        """
        return {}


class ArAgreementOwedLine(models.AbstractModel):
    """An item of an agreement about all that it owes: the amount is the ledger's, never typed."""
    _name = 'ar.agreement.owed.line'
    _description = "Item of an agreement about all that it owes"
    _inherit = ['ar.agreement.line']

    amount = fields.Monetary(
        compute='_compute_amount', store=True, precompute=True, currency_field='currency_id')

    @api.depends('move_line_id')
    def _compute_amount(self):
        for line in self:
            # Kept when the item is gone: what was agreed is history.
            line.amount = line.move_line_id.amount_residual_currency or line.amount

    @api.constrains(lambda self: ['move_line_id', self._agreement])
    def _check_move_line_id(self):
        self._check_items()

    @api.model_create_multi
    def create(self, vals_list):
        """EXTENDS agreement: what an item owed is read from the ledger, whatever a form says."""
        return super().create([
            {name: value for name, value in vals.items() if name != 'amount'}
            for vals in vals_list])

    def write(self, vals):
        if 'amount' in vals and not self.env.su:
            raise AccessError(self.env._("What an item owes is read from the ledger."))
        return super().write(vals)
