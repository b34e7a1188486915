from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools import SQL

# The items that a transfer makes of one claim, beside the item itself.
MADE = ('credit_line_id', 'doubtful_line_id', 'out_line_id', 'back_line_id')


class ArDoubtfulLine(models.Model):
    """One claim on its way to the doubtful account, and maybe back.

    The claim is one, wherever it stands: the item of the invoice, what the transfer took off it,
    the item on the doubtful account, and the two of the way back. Together they owe what the
    customer owes, whatever is matched with what among them.
    """
    _name = 'ar.doubtful.line'
    _description = "Item moved to doubtful claims"
    _inherit = ['ar.item.line']
    _order = 'date_maturity, id'

    transfer_id = fields.Many2one(
        'ar.doubtful.transfer', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='transfer_id.customer_id', store=True)
    company_id = fields.Many2one(related='transfer_id.company_id', store=True)
    state = fields.Selection(related='transfer_id.state', store=True)
    amount = fields.Monetary(required=True, help="What is moved, in the currency of the item.")
    balance = fields.Monetary(
        string="In company currency", required=True, currency_field='company_currency_id')
    root_line_id = fields.Many2one(
        'account.move.line', string="First item", compute='_compute_root_line_id', store=True,
        precompute=True, ondelete='cascade', index='btree_not_null',
        help="Where the claim stood before it was ever moved.")
    credit_line_id = fields.Many2one(
        'account.move.line', readonly=True, ondelete='set null', index='btree_not_null')
    doubtful_line_id = fields.Many2one(
        'account.move.line', string="Doubtful item", readonly=True, ondelete='set null',
        index='btree_not_null')
    out_line_id = fields.Many2one(
        'account.move.line', string="Moved back from", readonly=True, ondelete='set null',
        index='btree_not_null')
    back_line_id = fields.Many2one(
        'account.move.line', string="Moved back to", readonly=True, ondelete='set null',
        index='btree_not_null')
    residual = fields.Monetary(
        related='doubtful_line_id.amount_residual_currency', string="Open today")

    _open_uniq = models.UniqueIndex(
        "(move_line_id) WHERE state = 'draft'",
        "One of these items is already being moved to the doubtful account.")

    @api.depends('move_line_id')
    def _compute_root_line_id(self):
        origins = self._get_origins(self.move_line_id)
        for line in self:
            line.root_line_id = origins.get(line.move_line_id.id, line.move_line_id)

    @api.constrains('amount')
    def _check_amount(self):
        for line in self:
            if line.currency_id.compare_amounts(line.amount, 0) <= 0:
                raise ValidationError(self.env._("What is moved must be positive."))

    @api.model_create_multi
    def create(self, vals_list):
        first = not self._is_used()
        lines = super().create(vals_list)
        if first:
            self.env.registry.clear_cache()
            # Once more when others can see it: one of them may have asked meanwhile.
            self.env.cr.postcommit.add(self.env.registry.clear_cache)
        return lines

    @api.model
    @tools.ormcache()
    def _is_used(self):
        """Return whether anything was ever moved: who never did pays for no question about it."""
        # sudo: whether there is one is no secret.
        return bool(self.sudo().search_count([], limit=1))

    # === ONE CLAIM === #

    @api.model
    def _get_successors(self, items):
        """Return {item id: where else its claim stands or stood: doubtful, or come back}.

        :param items: `account.move.line`
        """
        if not items or not self._is_used():
            return {}
        origins = self._get_origins(items)
        roots = {item: origins.get(item.id, item) for item in items}
        # sudo: what is owed on an item does not depend on who may see the transfer.
        lines = self.sudo().search([('root_line_id', 'in', [one.id for one in roots.values()])])
        moved = lines.grouped('root_line_id')
        found = {}
        for item, root in roots.items():
            of = moved.get(root.sudo(), lines.browse())
            # Open on both sides after somebody unmatched them it is owed once: by the invoice.
            doubtful = of.filtered(lambda line: (
                line.state == 'booked' or line.doubtful_line_id.reconciled)).doubtful_line_id
            others = (doubtful | of.back_line_id | root.sudo()).filtered(
                lambda one: one.parent_state == 'posted') - item.sudo()
            if of and others:
                found[item.id] = others.with_env(self.env)
        return found

    @api.model
    def _get_origins(self, items):
        """Return {id of a doubtful item, or of one that came back: the first item}, in one query.

        :param items: `account.move.line`
        """
        if not items or not self._is_used():
            return {}
        # sudo: see above.
        lines = self.sudo().search([
            '|', ('doubtful_line_id', 'in', items.ids), ('back_line_id', 'in', items.ids)])
        return {item.id: line.root_line_id.with_env(self.env) for line in lines
                for item in line.doubtful_line_id | line.back_line_id}

    @api.model
    def _get_claim_query(self, items):
        """Return the query of (key, item_id): all the items of each claim, those given included.

        :param SQL items: query of (key, item_id)
        :rtype: SQL
        """
        return self._make_claim_query(items) if self._is_used() else items

    def _make_claim_query(self, items):
        """Return the same query without asking first whether anything was ever moved."""
        self.flush_model()
        moved = SQL(" UNION ").join(SQL(
            "SELECT given.key, moved.root_line_id FROM given"
            " JOIN ar_doubtful_line moved ON moved.%s = given.item_id", SQL.identifier(name))
            for name in ('root_line_id', *MADE))
        return SQL(
            """
            SELECT every_item.key, every_item.item_id FROM (
                WITH given (key, item_id) AS (%(items)s), claim (key, root_id) AS (%(moved)s)
                SELECT key, item_id FROM given
                 UNION
                SELECT claim.key, part.item_id
                  FROM claim JOIN ar_doubtful_line moved ON moved.root_line_id = claim.root_id
                 CROSS JOIN LATERAL (VALUES (moved.root_line_id), %(made)s) part (item_id)
                 WHERE part.item_id IS NOT NULL
            ) every_item
            """, items=items, moved=moved, made=self._get_made_values())

    @api.model
    def _read_owed(self, items):
        """Return {key: (owed in its currency, owed in company currency)} of claims, in one query.

        :param SQL items: query of (key, item_id)
        """
        self.env['account.move.line'].flush_model(['amount_residual', 'amount_residual_currency'])
        return {key: (float(amount), float(balance)) for key, amount, balance in (
            self.env.execute_query(SQL(
                """
                SELECT claim.key, SUM(l.amount_residual_currency), SUM(l.amount_residual)
                  FROM (%s) claim (key, item_id)
                  JOIN account_move_line l ON l.id = claim.item_id
                 GROUP BY claim.key
                """, self._get_claim_query(items))))}

    @api.model
    def _get_claim_pairs(self):
        """Return the query of (item_id, other_id): where else the claim of an item stands or stood.

        Each item is its own other, too. Empty as long as nothing was ever moved.

        :rtype: SQL
        """
        self.flush_model()
        member = SQL(
            "SELECT moved.root_line_id AS root_id, part.item_id FROM ar_doubtful_line moved"
            " CROSS JOIN LATERAL (VALUES (moved.root_line_id), %s) part (item_id)"
            " WHERE part.item_id IS NOT NULL", self._get_made_values())
        return SQL(
            "SELECT DISTINCT mine.item_id, other.item_id AS other_id"
            " FROM (%(member)s) mine JOIN (%(member)s) other ON other.root_id = mine.root_id",
            member=member)

    def _get_made_values(self):
        return SQL(", ").join(SQL("(moved.%s)", SQL.identifier(name)) for name in MADE)

    @api.model
    def _widen(self, item_ids):
        """Return the ids of all the items of the claims that these items belong to.

        :param item_ids: ids of `account.move.line`
        :rtype: list[int]
        """
        if not item_ids or not self._is_used():
            return list(item_ids)
        return sorted({row[1] for row in self.env.execute_query(self._get_claim_query(SQL(
            "SELECT NULL::int, unnest(%s)", list(item_ids))))})

    # === WHAT WAS AGREED === #

    def _lead_agreements(self):
        """Lead promises, disputes and plans to the item on which the claim stands now."""
        targets = {}
        for line in self:
            target = line._get_standing_item()
            for item in (line.move_line_id | line.doubtful_line_id | line.back_line_id) - target:
                targets[item.id] = target
        for model in self.env['ar.agreement']._get_line_models().values():
            # sudo: whoever posts the entry need not know the collector's desk.
            lines = self.env[model].sudo().search(
                [('move_line_id', 'in', list(targets))], order='id')
            for target, passed in lines.grouped(
                    lambda one: targets[one.move_line_id.id]).items():
                passed._stand_on(target)

    def _get_standing_item(self):
        """Return the item on which the claim stands after this transfer, as the ledger says."""
        self.ensure_one()
        item, back = self.move_line_id, self.back_line_id
        if self.state == 'booked' and self.doubtful_line_id:
            return self.doubtful_line_id
        # Partly paid as a doubtful claim, the rest came back as an item of its own.
        if back.parent_state == 'posted' and item in (
                self.credit_line_id.matched_debit_ids.debit_move_id):
            return back
        return item
