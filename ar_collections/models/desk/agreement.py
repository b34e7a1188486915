from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL


class ArAgreement(models.AbstractModel):
    """What promises, disputes and plans share: they are about open items of one customer.

    Their state follows the ledger: `_follow` reads it again and may be called at any time, any
    number of times, with the same result. An item whose invoice is cancelled, or in draft again,
    owes nothing until it is posted again.
    """
    _name = 'ar.agreement'
    _description = "Agreement about open items"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _check_company_auto = True

    name = fields.Char(string="Reference", readonly=True, copy=False, default="/", index=True)
    customer_id = fields.Many2one('ar.customer', required=True, index=True, ondelete='cascade')
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Customer contact")
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    collector_id = fields.Many2one(related='customer_id.collector_id')
    currency_id = fields.Many2one(
        'res.currency', required=True, default=lambda self: self.env.company.currency_id)
    contact_id = fields.Many2one(
        'res.partner', string="Said by", domain="[('commercial_partner_id', '=', partner_id)]",
        help="The person at the customer's.")
    user_id = fields.Many2one(
        'res.users', string="Noted by", readonly=True, default=lambda self: self.env.user)
    closed_on = fields.Date(readonly=True, copy=False)

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(set(vals) & self._get_derived_fields() for vals in vals_list):
            raise AccessError(self.env._("The state follows the ledger and cannot be typed in."))
        records = super().create(vals_list)
        for record in records:
            record.with_context(tracking_disable=True).sudo().name = (
                # sudo: a collector takes the next number without managing sequences.
                self.env['ir.sequence'].sudo().with_company(record.company_id).next_by_code(
                    self._name) or "/")
        records._check_has_items()
        return records

    def write(self, vals):
        if not self.env.su and set(vals) & self._get_derived_fields():
            raise AccessError(self.env._("The state follows the ledger and cannot be typed in."))
        if set(vals) & {'customer_id', 'currency_id'} and any(record.line_ids for record in self):
            changed = self.filtered(lambda record: any(
                record[name].id != vals[name] for name in ('customer_id', 'currency_id')
                if name in vals))
            if changed:
                raise ValidationError(self.env._(
                    "Remove the items first: they belong to this customer and currency."))
        result = super().write(vals)
        if 'line_ids' in vals:
            self._check_has_items()
        return result

    @api.constrains('contact_id', 'customer_id')
    def _check_contact_id(self):
        """Refuse somebody else's person: proposals and their links are sent to the contact."""
        for agreement in self.sudo().filtered('contact_id'):
            if agreement.contact_id.commercial_partner_id != agreement.partner_id:
                raise ValidationError(self.env._(
                    "%(contact)s is no contact of %(customer)s.",
                    contact=agreement.contact_id.display_name,
                    customer=agreement.partner_id.display_name))

    def _get_derived_fields(self):
        """Return the names of the fields that only `_follow` and the buttons write."""
        return {'state', 'closed_on', 'name', 'user_id'}

    @api.model
    def _get_live_states(self):
        """Return the states in which an agreement holds its items: one of its kind per item."""
        return ('open',)

    @api.model
    def _get_draft_states(self):
        """Return the states in which the items may still be chosen."""
        return ('open',)

    def _check_has_items(self):
        for record in self:
            if not record.line_ids:
                raise ValidationError(self.env._(
                    "Choose at least one open item of %s.", record.customer_id.display_name))

    # === ITEMS === #

    @api.model
    def _get_item_values(self, items):
        """Return the values of lines about receivable items, for a form that opens with them.

        :param items: `account.move.line`, open
        :return: list of values of the line model
        """
        return [{'move_line_id': item.id, 'amount': item.amount_residual_currency}
                for item in items]

    @api.model
    def _get_new_action(self, customer, items, name):
        """Open the form of a new agreement about some items.

        :param items: `account.move.line`; those of the most owed currency are taken
        """
        items = items.filtered(lambda item: not item.reconciled and item.amount_residual > 0)
        currency = max(
            items.currency_id, default=customer.company_id.currency_id,
            key=lambda money: sum(items.filtered(
                lambda item: item.currency_id == money).mapped('amount_residual')))
        items = items.filtered(lambda item: item.currency_id == currency)
        return {
            'type': 'ir.actions.act_window', 'res_model': self._name, 'view_mode': 'form',
            'name': name, 'target': 'current',
            'context': {
                'default_customer_id': customer.id, 'default_currency_id': currency.id,
                'default_line_ids': [
                    fields.Command.create(values) for values in self._get_item_values(items)],
                **self._get_new_defaults(items, currency),
            },
        }

    @api.model
    def _get_new_defaults(self, items, currency):
        """Return more defaults of the form of `_get_new_action`."""
        return {}

    def action_view_items(self):
        """Open the items that this is about."""
        self.ensure_one()
        return self.customer_id._get_items_action(
            fields.Domain('id', 'in', self.line_ids.move_line_id.ids))

    # === FOLLOWING THE LEDGER === #

    def _follow(self):
        """Bring the states in step with the ledger, as of the company's today.

        Abstract by design: each kind of agreement has rules of its own, and one that forgot to
        say them must not go unnoticed.

        :return: the records whose state changed
        """
        raise NotImplementedError(f"{self._name} does not say how it follows the ledger")

    def _close(self, state, today):
        """Write a state that the ledger says, with the day on which it was read.

        :param str state: one of the model's; its open states have no day of closing
        """
        if self:
            self.write({
                'state': state,
                'closed_on': False if state in self._get_live_states() else today})

    @api.model
    def _get_line_models(self):
        """Return {model of an agreement: model of its lines}, in the order of following."""
        return {
            'ar.promise': 'ar.promise.line', 'ar.dispute': 'ar.dispute.line',
            'ar.payment.plan': 'ar.payment.plan.line',
        }

    @api.model
    def _follow_moves(self, ids, relink=False):
        """Bring in step every agreement about these entries: one query when there is none.

        :param ids: ids of entries
        :param bool relink: the entries are posted again: look for items that were replaced
        """
        models, queries = self._get_line_models(), []
        for model, line_model in models.items():
            Line = self.env[line_model]
            Line.flush_model(['move_line_id', 'move_id'])
            queries.append(SQL(
                "SELECT %s, %s, move_line_id IS NULL FROM %s WHERE move_id = ANY(%s)", model,
                SQL.identifier(Line._agreement), SQL.identifier(Line._table), list(ids)))
        rows = self.env.execute_query(SQL(" UNION ").join(queries))
        for model, line_model in models.items():
            if relink and any(lost for name, _id, lost in rows if name == model):
                self.env[line_model]._relink(ids)
            # Nothing is flushed for nobody: every payment comes by here.
            if found := sorted({row[1] for row in rows if row[0] == model}):
                # sudo: whoever registers a payment need not know the collector's desk.
                self.env[model].sudo().browse(found)._follow()
