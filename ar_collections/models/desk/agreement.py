from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL


class ArAgreement(models.AbstractModel):
    """What promises and disputes share: they are about open items of one customer.

    Their state follows the ledger: `_follow` reads it again and may be called at any time, any
    number of times, with the same result.
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

    def _get_derived_fields(self):
        """Return the names of the fields that only `_follow` and the buttons write."""
        return {'state', 'closed_on', 'name', 'user_id'}

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
        """Bring the states in step with the ledger, as of the company's today."""
        raise NotImplementedError


class ArAgreementLine(models.AbstractModel):
    _name = 'ar.agreement.line'
    _description = "Item of an agreement"

    move_line_id = fields.Many2one(
        'account.move.line', string="Item", required=True, ondelete='cascade', index=True)
    move_id = fields.Many2one(related='move_line_id.move_id', string="Invoice", store=True)
    date_maturity = fields.Date(related='move_line_id.date_maturity', string="Due date")
    currency_id = fields.Many2one('res.currency')
    residual = fields.Monetary(
        related='move_line_id.amount_residual_currency', string="Open today",
        currency_field='currency_id')

    def _check_items(self, parent):
        """Refuse an item that is no open receivable of this customer in this currency."""
        self._check_once()
        for line in self:
            item, agreement = line.move_line_id, line[parent]
            if (item.company_id != agreement.company_id
                    or item.account_id.account_type != 'asset_receivable'
                    or item.partner_id.commercial_partner_id != agreement.partner_id):
                raise ValidationError(self.env._(
                    "%(item)s is no receivable item of %(customer)s.",
                    item=item.display_name, customer=agreement.customer_id.display_name))
            if item.currency_id != agreement.currency_id:
                raise ValidationError(self.env._(
                    "%(item)s is in %(found)s, not in %(expected)s: note one currency at a time.",
                    item=item.display_name, found=item.currency_id.name,
                    expected=agreement.currency_id.name))
            if item.parent_state != 'posted':
                raise ValidationError(self.env._("%s is not posted.", item.move_id.display_name))

    def _check_once(self):
        """Refuse an item that another open agreement of this kind is about.

        Read without flushing: the unique index would answer first, in words nobody understands.
        """
        opened = self.filtered(lambda line: line.state == 'open')
        rows = self.env.execute_query(SQL(
            "SELECT id FROM %s WHERE move_line_id = ANY(%s) AND id <> ALL(%s)",
            SQL.identifier(self._table), opened.move_line_id.ids, self.ids))
        # sudo: the other one may belong to a colleague.
        taken = self.sudo().browse(row[0] for row in rows).filtered(
            lambda line: line.state == 'open')
        if taken:
            raise ValidationError(self.env._(
                "%s already stands in an open promise or dispute of this kind: change or close "
                "that one first.", taken[0].move_line_id.display_name))
