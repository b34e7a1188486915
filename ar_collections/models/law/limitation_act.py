from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ...tools.limitation import Act
from .limitation_rule import ACTS


class ArLimitationAct(models.Model):
    """Something that happened to a debt and may interrupt its prescription.

    Kept as evidence: it is voided with a reason, never changed. What it does to which item is read
    from the rule of law that binds the customer.
    """
    _name = 'ar.limitation.act'
    _description = "Act that interrupts prescription"
    _inherit = ['mail.thread']
    _order = 'date desc, id desc'
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char(string="Number", readonly=True, copy=False, default="/")
    customer_id = fields.Many2one('ar.customer', required=True, ondelete='cascade', index=True)
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Contact", store=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    kind = fields.Selection(ACTS, string="What happened", required=True, tracking=True)
    date = fields.Date(
        required=True, tracking=True, default=fields.Date.context_today,
        help="Day on which the customer signed, the claim was filed or the measure was served.")
    date_end = fields.Date(
        string="Ended on", tracking=True,
        help="Day on which the proceedings or negotiations ended. Empty: they go on, or there is "
             "no such day.")
    item_ids = fields.Many2many(
        'account.move.line', 'ar_limitation_act_item_rel', 'act_id', 'move_line_id',
        string="Items", help="The open items that the act is about.")
    reference = fields.Char(help="Number of the case, of the letter or of the deed.")
    document_ids = fields.Many2many(
        'ir.attachment', 'ar_limitation_act_attachment_rel', 'act_id', 'attachment_id',
        string="Documents", help="The proof: what was signed, filed or served.")
    note = fields.Text()
    state = fields.Selection(
        [('proposed', "To confirm"), ('valid', "In force"), ('void', "Without effect")],
        required=True, default='valid', readonly=True, copy=False, tracking=True, index=True,
        help="What was found by itself waits until somebody has seen the document.")
    void_reason = fields.Char(string="Void reason", tracking=True, copy=False)
    user_id = fields.Many2one(
        'res.users', string="Entered by", readonly=True, default=lambda self: self.env.user)
    key = fields.Char(
        string="Source", readonly=True, copy=False,
        help="The record that it was made from: one act each.")
    effect_text = fields.Char(string="Effect", compute='_compute_effect_text')

    _key_uniq = models.Constraint('UNIQUE(key)', "This act was noted already.")
    _dates_order = models.Constraint(
        'CHECK(date_end >= date)', "Proceedings end after they begin.")

    # === COMPUTES === #

    @api.depends('kind', 'state', 'date_end', 'customer_id.limitation_rule_id')
    @api.depends_context('lang')
    def _compute_effect_text(self):
        """Say what the rule of the customer gives to each act; silence would be taken for yes."""
        for company, acts in self.grouped('company_id').items():
            rules = acts.customer_id.sudo()._get_limitation_rules(company) if company else {}
            for act in acts:
                found, _why = rules.get(
                    act.customer_id._origin.id, (act.env['ar.limitation.rule'], ''))
                act.effect_text = act._get_effect_text(found[:1])

    def _get_effect_text(self, rule):
        self.ensure_one()
        if self.state == 'void':
            return self.env._("Without effect: %s", self.void_reason or '')
        if not rule:
            return self.env._("No confirmed rule of prescription binds this customer.")
        effect = rule.effect_ids.filtered(lambda effect: effect.act == self.kind)
        source = effect.source or rule.source
        if not effect or effect.effect == 'none':
            return self.env._("Does not interrupt prescription. %s", source)
        if self.state == 'proposed':
            return self.env._("Counts once somebody has seen the document and confirmed it.")
        if effect.effect == 'suspend':
            return (self.env._("The period stood still until it ended. %s", source)
                    if self.date_end else self.env._(
                        "The period stands still; counted once its end is entered. %s", source))
        if effect.lasting and not self.date_end:
            return self.env._(
                "A new period runs, counted from this day until the end is entered. %s", source)
        return self.env._("A new period runs. %s", source)

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_protected(set().union(*vals_list) if vals_list else set())
        acts = super().create(vals_list)
        for act in acts:
            # sudo: the number follows the id.
            act.sudo().with_context(tracking_disable=True).name = (
                f"ACT/{act.date.year}/{act.id:05d}")
        acts._check_items()
        acts._adopt_documents()
        acts._rebuild()
        return acts

    def write(self, vals):
        self._refuse_protected(set(vals))
        if not self.env.su and set(vals) & {'customer_id', 'kind', 'date', 'item_ids'} and any(
                act.state != 'proposed' for act in self):
            raise UserError(self.env._(
                "An act is evidence: void it with a reason and enter the right one."))
        result = super().write(vals)
        if set(vals) & {'customer_id', 'item_ids'}:
            self._check_items()
        if 'document_ids' in vals:
            self._adopt_documents()
        if set(vals) & {'customer_id', 'kind', 'date', 'date_end', 'item_ids', 'state'}:
            self._rebuild()
        return result

    def _refuse_protected(self, names):
        if not self.env.su and names & {'state', 'key', 'name', 'user_id'}:
            raise AccessError(self.env._("An act changes its state by its buttons only."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_proposed(self):
        if any(act.state != 'proposed' for act in self):
            raise UserError(self.env._("An act is evidence: void it with a reason instead."))

    def _check_items(self):
        for act in self:
            if not act.item_ids:
                raise ValidationError(self.env._(
                    "Choose the items of %s that the act is about.", act.customer_id.display_name))
            # sudo: whoever notes an act need not read the ledger.
            foreign = [item for item in act.sudo().item_ids if (
                item.company_id != act.company_id
                or item.partner_id.commercial_partner_id != act.partner_id)]
            if foreign:
                raise ValidationError(self.env._(
                    "%(item)s is no item of %(customer)s.", item=foreign[0].display_name,
                    customer=act.customer_id.display_name))

    def _adopt_documents(self):
        """Let the documents hang on the act, so that who may read it may read them."""
        for act in self:
            loose = act.document_ids.filtered(lambda document: not document.res_id)
            loose.write({'res_model': act._name, 'res_id': act.id})

    def _rebuild(self):
        """Count the prescriptions of these customers again."""
        for company, acts in self.grouped('company_id').items():
            # sudo: what is written follows from the act.
            self.env['ar.deadline'].sudo()._build(company, acts.customer_id.sudo())

    # === ACTIONS === #

    def action_confirm(self):
        """Take what was found by itself for true: the document was seen."""
        self.check_access('write')
        waiting = self.filtered(lambda act: act.state == 'proposed')
        for act in waiting:
            if act.kind == 'acknowledgement' and not act.document_ids:
                raise UserError(self.env._(
                    "Attach what the customer signed or wrote to %s first.", act.name))
        # sudo: the state is not for typing.
        waiting.sudo().write({'state': 'valid', 'user_id': self.env.uid})
        return True

    def action_void(self):
        """Take its effect away: withdrawn, rejected, or entered by mistake."""
        self.check_access('write')
        for act in self:
            if not (act.void_reason or '').strip():
                raise UserError(self.env._(
                    "Write under “Void reason” why %s has no effect.", act.name))
        self.sudo().write({'state': 'void'})
        return True

    def action_view_items(self):
        """Open the items that the act is about."""
        self.ensure_one()
        return self.customer_id._get_items_action(fields.Domain('id', 'in', self.item_ids.ids))

    # === READING === #

    @api.model
    def _read_acts(self, item_ids):
        """Return {item id: [`tools.limitation.Act`]} of the acts in force: one query."""
        if not item_ids:
            return {}
        self.env.flush_all()
        acts = {}
        # What was done about a claim counts wherever it stands since: 416 is the same debt.
        claims = self.env['ar.doubtful.line']._get_claim_query(SQL(
            "SELECT unnest(%s) AS key, unnest(%s) AS item_id", list(item_ids), list(item_ids)))
        for item_id, *act in self.env.execute_query(SQL(
                """
                SELECT DISTINCT claim.key, a.kind, a.date, a.date_end, a.id
                  FROM (%s) claim (key, item_id)
                  JOIN ar_limitation_act_item_rel rel ON rel.move_line_id = claim.item_id
                  JOIN ar_limitation_act a ON a.id = rel.act_id
                 WHERE a.state = 'valid'
                 ORDER BY a.date, a.id
                """, claims)):
            acts.setdefault(item_id, []).append(Act(*act))
        return acts

    # === FOUND BY ITSELF === #

    @api.model
    def _collect(self, company, customer_ids=None):
        """Note the acts that other rooms know of, each once.

        :param company: `res.company`, one
        :param customer_ids: ids of `ar.customer`; None for all
        :return: new acts
        """
        found = self._get_found_acts(company, customer_ids)
        known = set(self.sudo().search([
            ('key', 'in', [values['key'] for values in found])]).mapped('key')) if found else ()
        # sudo: the night notes them, and nobody types their source. Not through our own `create`:
        # it builds the list again, which is what calls this.
        # pylint: disable-next=super-method-mismatch
        acts = super(ArLimitationAct, self.sudo()).create([
            {**values, 'item_ids': [Command.set(values['item_ids'])]} for values in found
            if values['key'] not in known and values['item_ids']])
        for act in acts:
            act.name = f"ACT/{act.date.year}/{act.id:05d}"
        return acts

    @api.model
    def _get_found_acts(self, company, customer_ids):
        """Hook: return the values of acts that other records of ours prove.

        :return: list of {key, customer_id, kind, date, item_ids (list of ids), state ('valid' when
            a signed document is on file, else 'proposed'), note}
        """
        return [*self._get_promise_acts(company, customer_ids),
                *self._get_plan_acts(company, customer_ids)]

    @api.model
    def _get_plan_acts(self, company, customer_ids):
        """Return the payment plans that customers signed: the signature is on file.

        An acknowledgement stands whatever becomes of the plan.
        """
        scope = SQL("TRUE") if customer_ids is None else SQL(
            "signed.customer_id = ANY(%s)", list(customer_ids))
        return [{
            'key': f'ar.payment.plan,{plan_id}', 'customer_id': customer_id,
            'kind': 'acknowledgement', 'date': day, 'item_ids': item_ids, 'state': 'valid',
            'reference': name,
        } for plan_id, name, customer_id, day, item_ids in self.env.execute_query(SQL(
            """
            SELECT signed.record_id, signed.name, signed.customer_id, signed.date,
                   array_agg(signed.move_line_id ORDER BY signed.move_line_id)
              FROM (%s) signed
             WHERE %s AND NOT EXISTS (
                   SELECT 1 FROM ar_limitation_act act
                    WHERE act.key = 'ar.payment.plan,' || signed.record_id)
             GROUP BY signed.record_id, signed.name, signed.customer_id, signed.date
            """,
            # sudo: the night reads the plans of every collector.
            self.env['ar.payment.plan'].sudo()._get_acknowledgements(company), scope))]

    @api.model
    def _get_promise_acts(self, company, customer_ids):
        """Return the promises that were made in writing: a person must see the paper."""
        scope = SQL("TRUE") if customer_ids is None else SQL(
            "promise.customer_id = ANY(%s)", list(customer_ids))
        self.env['ar.promise'].flush_model()
        self.env['ar.promise.line'].flush_model()
        return [{
            'key': f'ar.promise,{promise_id}', 'customer_id': customer_id,
            'kind': 'acknowledgement', 'date': day, 'item_ids': item_ids, 'state': 'proposed',
            'reference': name,
        } for promise_id, name, customer_id, day, item_ids in self.env.execute_query(SQL(
            """
            SELECT promise.id, promise.name, promise.customer_id, promise.taken_on,
                   array_agg(line.move_line_id ORDER BY line.move_line_id)
              FROM ar_promise promise JOIN ar_promise_line line ON line.promise_id = promise.id
             WHERE promise.company_id = %s AND promise.channel IN ('email', 'letter', 'portal')
               AND promise.state <> 'cancelled' AND %s
               AND NOT EXISTS (SELECT 1 FROM ar_limitation_act act
                                WHERE act.key = 'ar.promise,' || promise.id)
             GROUP BY promise.id
            """, company.id, scope))]
