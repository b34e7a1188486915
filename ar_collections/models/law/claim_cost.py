from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL


class ArClaimCost(models.Model):
    """What was spent to be paid: claimed on proof, as far as it exceeds the flat compensation.

    Directive 2011/7/EU, article 6(3); France: L441-10 II of the commercial code. Only where the
    rule of law of the statement says so.
    """
    _name = 'ar.claim.cost'
    _description = "Recovery cost on proof"
    _order = 'claim_id, date, id'

    claim_id = fields.Many2one('ar.claim', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='claim_id.customer_id', store=True)
    company_id = fields.Many2one(related='claim_id.company_id', store=True)
    partner_id = fields.Many2one(related='claim_id.partner_id')
    currency_id = fields.Many2one(related='claim_id.currency_id')
    date = fields.Date(string="Spent on", required=True, default=fields.Date.context_today)
    name = fields.Char(
        string="What for", required=True, help="Bailiff, lawyer, agency: printed on the statement.")
    move_ids = fields.Many2many(
        'account.move', string="Invoices",
        domain="[('commercial_partner_id', '=', partner_id), ('company_id', '=', company_id),"
               " ('move_type', 'in', ('out_invoice', 'out_receipt')), ('state', '=', 'posted')]",
        help="The invoices that it was spent on: their flat compensation is taken off. Empty: all "
             "of the statement.")
    amount = fields.Monetary(
        string="Spent", required=True, help="Without the VAT that you deduct.")
    attachment_ids = fields.Many2many('ir.attachment', string="Proof", copy=False)

    _amount_positive = models.Constraint('CHECK(amount > 0)', "A cost is more than nothing.")

    # === CONSTRAINTS === #

    @api.constrains('move_ids', 'claim_id')
    def _check_moves(self):
        for cost in self:
            # sudo: whoever types a cost need not read every invoice.
            for move in cost.sudo().move_ids:
                if move.commercial_partner_id != cost.partner_id or (
                        move.company_id != cost.company_id):
                    raise ValidationError(self.env._(
                        "%(invoice)s is no invoice of %(customer)s.",
                        invoice=move.display_name, customer=cost.partner_id.display_name))

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        costs = super().create(vals_list)
        costs._follow()
        return costs

    def write(self, vals):
        self.claim_id._check_draft()
        result = super().write(vals)
        self._follow()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        self.claim_id.filtered(lambda claim: claim.state != 'cancelled')._check_draft()

    def unlink(self):
        claims = self.claim_id
        result = super().unlink()
        claims.exists()._apply_costs()
        return result

    def _follow(self):
        """Count what was typed, and let its proof hang on the statement, for who may read it."""
        self.claim_id._check_draft()
        for cost in self:
            if not cost.move_ids:
                # Taking the flat sum of every invoice off claims the least.
                cost.move_ids = cost.claim_id.line_ids.move_id
                if not cost.move_ids:
                    raise UserError(self.env._(
                        "Choose the invoices that “%s” was spent on.", cost.name))
            loose = cost.attachment_ids.filtered(lambda proof: not proof.res_id)
            loose.write({'res_model': 'ar.claim', 'res_id': cost.claim_id.id})
        self.claim_id._apply_costs()


class ArClaim(models.Model):
    _inherit = 'ar.claim'

    cost_ids = fields.One2many('ar.claim.cost', 'claim_id', string="Recovery cost on proof")
    allows_costs = fields.Boolean(related='regime_id.proven_costs')
    amount_spent = fields.Monetary(string="Spent", readonly=True, copy=False)
    amount_flat = fields.Monetary(
        string="Flat compensation taken off", readonly=True, copy=False,
        help="Of the invoices that the costs were spent on, as far as no earlier statement with "
             "costs has taken it off.")

    def _filter_kept(self):
        """EXTENDS: costs were typed by a person."""
        return super()._filter_kept() | self.filtered('cost_ids')

    def _apply_costs(self):
        """Compute what the typed costs add to drafts: the part beyond the flat compensation."""
        for claim in self.filtered(lambda claim: claim.state == 'draft' and (
                claim.cost_ids or claim.amount_spent)):
            # sudo: the law is no secret, and these amounts are computed, nobody types them.
            allowed = claim.sudo().regime_id.proven_costs
            currency = claim.currency_id
            spent = currency.round(sum(claim.cost_ids.mapped('amount')))
            flat = claim._get_flat_sum() if spent else 0.0
            claim.sudo().write({
                'amount_spent': spent, 'amount_flat': flat,
                'amount_cost': currency.round(max(spent - flat, 0.0)) if allowed else 0.0})

    def _get_flat_sum(self):
        """Return the flat compensation of the invoices of the costs, once per invoice.

        That of an invoice is what this statement counts, or what earlier ones claimed. One query.
        """
        self.ensure_one()
        self.env['ar.claim.line'].flush_model()
        self.env['ar.claim.cost'].flush_model()
        self.env['ar.claim'].flush_model()
        [[flat]] = self.env.execute_query(SQL(
            """
            SELECT COALESCE(SUM(flat), 0) FROM (
                SELECT line.move_id, GREATEST(
                       SUM(line.compensation_amount) FILTER (WHERE claim.state = 'claimed'),
                       MAX(line.compensation_total) FILTER (WHERE claim.id = %(claim)s)) AS flat
                  FROM ar_claim_line line JOIN ar_claim claim ON claim.id = line.claim_id
                 WHERE (claim.id = %(claim)s OR claim.state = 'claimed')
                   AND line.move_id IN (
                       SELECT rel.account_move_id FROM ar_claim_cost cost
                         JOIN account_move_ar_claim_cost_rel rel
                              ON rel.ar_claim_cost_id = cost.id
                        WHERE cost.claim_id = %(claim)s)
                   AND line.move_id NOT IN (
                       SELECT rel.account_move_id FROM ar_claim_cost cost
                         JOIN account_move_ar_claim_cost_rel rel
                              ON rel.ar_claim_cost_id = cost.id
                         JOIN ar_claim before ON before.id = cost.claim_id
                        WHERE before.state = 'claimed' AND before.amount_cost > 0
                          AND before.id <> %(claim)s)
                 GROUP BY line.move_id) one
            """, claim=self.id))
        return self.currency_id.round(float(flat))

    def _get_warning(self, items):
        """EXTENDS: costs that add nothing, and why."""
        texts = [super()._get_warning(items) or '']
        if self.cost_ids and not self.customer_id.effective_regime_id.proven_costs:
            texts.append(self.env._(
                "The costs are not claimed: the rule of law gives nothing beyond the flat sum, "
                "or nobody has read that it does."))
        return "\n".join(text for text in texts if text) or False

    def action_claim(self):
        """EXTENDS: no cost without its proof, which goes along with the document."""
        for cost in self.cost_ids:
            if not cost.attachment_ids:
                raise UserError(self.env._(
                    "Attach the proof of “%s”: the bill that was paid.", cost.name))
        action = super().action_claim()
        for claim in self:
            # sudo: the document is ours.
            for proof in claim.sudo().cost_ids.attachment_ids:
                proof.copy({'res_model': 'account.move', 'res_id': claim.move_id.id})
        return action
