from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import plaintext2html
from odoo.tools.sql import column_exists

from ...tools.own_defaults import keep_own_defaults

# What may raise the credit that a confirmed order takes; lines are watched in their own model.
GROWTH_FIELDS = {'partner_id', 'partner_invoice_id', 'currency_id', 'pricelist_id',
                 'fiscal_position_id', 'company_id'}
OWN_FIELDS = {'ar_decided_amount', 'ar_credit_state'}
# What Odoo computes and the judge reads; an RPC client could type it in or link it.
COMPUTED_FIELDS = {'amount_untaxed', 'amount_tax', 'amount_total', 'invoice_status',
                   'transaction_ids'}


class SaleOrder(models.Model):
    """EXTENDS sale: no way leads an order past the credit rules.

    Confirmation holds the offenders and lets the others go. Every other way to reach the state of
    a sale (a write, an import, a creation) is judged in `write` and `create`, for every user: no
    context key and no elevated rights lift it, only a release does.
    """
    _inherit = 'sale.order'

    ar_closed = fields.Boolean(
        string="Closed for credit", copy=False, tracking=True,
        help="This order will not be invoiced any further: it no longer counts in the exposure.")
    ar_decided_amount = fields.Monetary(
        string="Total judged", readonly=True, copy=False,
        help="Total of the order when the credit rules let it pass.")
    ar_hold_ids = fields.One2many('ar.credit.hold', 'order_id', string="Credit holds", copy=False)
    ar_credit_state = fields.Selection(
        [('none', "No credit hold"), ('held', "On credit hold"), ('released', "Released"),
         ('refused', "Refused by credit")],
        string="Credit", compute='_compute_ar_credit_state', store=True, precompute=True,
        copy=False)
    ar_credit_message = fields.Text(
        string="Credit reasons", compute='_compute_ar_credit_message', compute_sudo=True)
    ar_credit_preview = fields.Text(
        string="At confirmation", compute='_compute_ar_credit_preview', compute_sudo=True,
        help="What the credit rules would say if this quotation were confirmed now.")
    ar_credit_would_hold = fields.Boolean(
        string="Would be held", compute='_compute_ar_credit_preview', compute_sudo=True)

    def _auto_init(self):
        """Every order begins without a hold: nothing to compute for each of a large database."""
        if not column_exists(self.env.cr, 'sale_order', 'ar_credit_state'):
            self.env.cr.execute(
                "ALTER TABLE sale_order ADD COLUMN ar_credit_state varchar DEFAULT 'none'")
            self.env.cr.execute(
                "ALTER TABLE sale_order ALTER COLUMN ar_credit_state DROP DEFAULT")
        return super()._auto_init()

    # === COMPUTES === #

    @api.depends('ar_hold_ids.state')
    def _compute_ar_credit_state(self):
        for order in self:
            order.ar_credit_state = {
                'held': 'held', 'refused': 'refused', 'released': 'released',
                'auto_released': 'released',
            }.get(order._get_last_hold().state, 'none')

    @api.depends('ar_hold_ids.state', 'ar_hold_ids.reasons')
    @api.depends_context('lang')
    def _compute_ar_credit_message(self):
        for order in self:
            last = order._get_last_hold()
            order.ar_credit_message = (
                last.reasons_told if last.state in ('held', 'refused') else False)

    def _get_last_hold(self):
        """Return the latest hold that means something; in memory, new ones come last.

        A hold that was withdrawn decided nothing: a release of before stands behind it.
        """
        return self.ar_hold_ids.filtered(
            lambda hold: hold.state != 'withdrawn').sorted('id')[-1:]

    @api.depends(
        'partner_invoice_id', 'amount_total', 'company_id', 'state', 'payment_term_id')
    @api.depends_context('lang')
    def _compute_ar_credit_preview(self):
        self.ar_credit_preview = self.ar_credit_would_hold = self.ar_offered_term_id = False
        quotes = self.filtered(
            lambda order: order.state in ('draft', 'sent') and order.company_id.ar_credit_active
            and order.partner_invoice_id)
        for company, orders in quotes.grouped('company_id').items():
            for order, reasons in orders._get_credit_verdicts(company).items():
                order.ar_credit_preview = "\n".join(
                    reason['message'] for reason in reasons) or False
                holding = [reason for reason in reasons if reason['decision'] == 'hold']
                order.ar_credit_would_hold = bool(holding)
                # A term is worth a click only when nothing else holds the order.
                order.ar_offered_term_id = len(holding) == 1 and holding[0]['values'].get('term')

    # === CRUD === #

    @api.model
    def default_get(self, fields):
        """EXTENDS sale: no default types in what nobody may type in."""
        return keep_own_defaults(
            self, super().default_get(fields), OWN_FIELDS | COMPUTED_FIELDS | {'ar_closed'})

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        typed = set().union(*vals_list)
        if OWN_FIELDS & typed and not self.env.su:
            raise AccessError(self.env._("The credit decision of an order cannot be typed in."))
        orders._refuse_typed(COMPUTED_FIELDS & typed)
        born = orders.filtered(lambda order: order.state == 'sale')
        if born:
            born._refuse_offenders()
            born._keep_decided_amount()
        return orders

    def write(self, vals):
        if OWN_FIELDS & set(vals) and not self.env.su:
            raise AccessError(self.env._("The credit decision of an order cannot be typed in."))
        self._refuse_typed(COMPUTED_FIELDS & set(vals))
        confirming = self.browse()
        if vals.get('state') == 'sale':
            confirming = self.filtered(lambda order: order.state != 'sale')
            confirming._refuse_offenders()
        promised = self._get_promised_terms(vals)
        result = super().write(vals)
        confirming._keep_decided_amount()
        self._refuse_term_change(promised)
        if vals.get('state') == 'cancel':
            # sudo: whoever cancels may not touch the log.
            self.sudo().ar_hold_ids._update_state('withdrawn')
        if GROWTH_FIELDS & set(vals):
            self._refuse_growth(force=True)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_judged(self):
        # sudo: the log belongs to the credit team, and stands whoever deletes.
        judged = self.filtered(lambda order: order.sudo().ar_hold_ids)
        if judged:
            raise UserError(self.env._(
                "Order %s carries credit decisions, which are kept. Cancel it instead.",
                judged[0].name))

    def _refuse_typed(self, names):
        """Refuse computed figures given by a client: the rules would believe them."""
        if names and not self.env.su and any(self.company_id.mapped('ar_credit_active')):
            raise AccessError(self.env._(
                "Odoo computes these fields itself, they cannot be typed in: %s",
                ", ".join(sorted(names))))

    # === CONFIRMATION === #

    def action_confirm(self):
        """EXTENDS sale: hold the offenders, confirm the others."""
        held = self._hold_offenders()
        going = self - held
        result = super(SaleOrder, going).action_confirm()
        # Due in any case. Computed now, Odoo writes the lines once instead of twice, which saves a
        # quarter of what the decision costs.
        going.order_line._recompute_recordset(['untaxed_amount_to_invoice'])
        return held._get_hold_notification() if held else result

    def _hold_offenders(self):
        """Judge these orders and put the offenders on hold.

        :return: the orders that do not go on
        """
        held, passed = self.browse(), {}
        candidates = self.filtered(
            lambda order: order.state in ('draft', 'sent') and order.company_id.ar_credit_active)
        for company, orders in candidates.grouped('company_id').items():
            seen = {}
            verdicts = orders._get_credit_verdicts(
                company, binding=True, seen=seen, passed=passed)
            for order in orders:
                if any(r['decision'] == 'hold' for r in verdicts.get(order, [])):
                    held |= order
                else:
                    order._remember_passed()
            (held & orders)._put_on_hold(company, verdicts, seen)
        return held

    def _refuse_offenders(self):
        """Raise when one of these orders is not allowed to become a sale."""
        unjudged = self.filtered(
            lambda order: order.company_id.ar_credit_active and not order._has_passed())
        passed = {}
        for company, orders in unjudged.grouped('company_id').items():
            verdicts = orders._get_credit_verdicts(company, binding=True, passed=passed)
            for order in orders:
                reasons = [r for r in verdicts.get(order, []) if r['decision'] == 'hold']
                if reasons:
                    raise UserError(order._get_refusal(reasons))
                order._remember_passed()

    def _get_refusal(self, reasons):
        self.ensure_one()
        return self.env._(
            "Order %(order)s is on credit hold:\n%(reasons)s\nConfirm it with its button to put it "
            "before the credit team, or ask them for a release.",
            order=self.display_name,
            reasons="\n".join(f"• {reason['message']}" for reason in reasons))

    def _put_on_hold(self, company, verdicts, seen):
        """Write the holds, tell the credit team once per order.

        :param dict seen: {order: what its answer was made on}
        """
        if not self:
            return
        # sudo: a hold is the credit team's record, caused by whoever confirms.
        Hold = self.env['ar.credit.hold'].sudo()
        waiting = Hold.search([('order_id', 'in', self.ids), ('state', '=', 'held')])
        waiting.write({'confirm_on_release': True})
        holds = Hold.create([
            Hold._prepare_hold_values(
                order, Hold.customer_id.browse(seen[order]['customer_id']), verdicts[order],
                seen[order], order._get_credit_amounts(), True)
            for order in self - waiting.order_id
        ])
        responsible = company.ar_approver_id or company._get_ar_responsible()
        for hold in holds:
            theirs = hold.with_context(lang=responsible.lang)
            hold.activity_schedule(
                'ar_collections.mail_activity_type_credit', user_id=responsible.id,
                summary=theirs.env._("Order %s is on credit hold", hold.order_id.name),
                note=plaintext2html(theirs.reasons_told))
            hold.order_id.message_post(body=plaintext2html(self.env._(
                "Credit hold: %s", hold.reasons)), subtype_xmlid='mail.mt_note')

    def _get_hold_notification(self):
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification',
            'params': {
                'type': 'warning', 'sticky': True, 'title': self.env._("On credit hold"),
                'message': "\n".join(
                    f"{order.name}: {order.ar_credit_message or ''}" for order in self),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }
