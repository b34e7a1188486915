import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, formatLang

from ...tools.prepared import take_reset
from .limit import KINDS

RESULTS = [('passed', "Passed"), ('held', "Held"), ('released', "Released before"),
           ('prepaid', "No credit needed")]
COLUMNS = ('order_id', 'order_name', 'customer_id', 'company_id', 'user_id', 'checked_at',
           'occasion', 'result', 'amount', 'amount_added', 'exposure', 'own_risk', 'limit',
           'limit_kind', 'figures', 'rules', 'reasons')
INSERT = SQL(
    "INSERT INTO ar_credit_check (%s) VALUES", SQL(", ").join(map(SQL.identifier, COLUMNS)))


class ArCreditCheck(models.Model):
    """What the judge saw and answered when an order was confirmed or grew. Append-only.

    The figures are frozen: later payments, limits or rules change nothing here. One INSERT for
    any number of orders.
    """
    _name = 'ar.credit.check'
    _description = "Credit check of an order"
    _order = 'id desc'
    _rec_name = 'order_name'
    # Date and user have columns of their own.
    _log_access = False

    order_id = fields.Many2one(
        'sale.order', index='btree_not_null', ondelete='set null', readonly=True)
    order_name = fields.Char(
        string="Order number", readonly=True, help="Stays when the order is deleted.")
    customer_id = fields.Many2one(
        'ar.customer', required=True, ondelete='cascade', index=True, readonly=True)
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Contact")
    company_id = fields.Many2one('res.company', required=True, index=True, readonly=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    user_id = fields.Many2one('res.users', string="Confirmed by", readonly=True)
    checked_at = fields.Datetime(string="Checked at", required=True, readonly=True)
    occasion = fields.Selection(
        [('order', "Confirmation"), ('growth', "Change of a confirmed order")],
        required=True, readonly=True)
    result = fields.Selection(RESULTS, required=True, readonly=True)
    amount = fields.Monetary(string="Order total", readonly=True, help="In company currency.")
    amount_added = fields.Monetary(
        string="Credit needed", readonly=True, help="What was not prepaid.")
    exposure = fields.Monetary(
        readonly=True, help="Exposure without this order, at that moment.")
    exposure_after = fields.Monetary(
        string="Exposure with this order", compute='_compute_exposure_after')
    own_risk = fields.Monetary(
        string="Own risk", readonly=True,
        help="Exposure with this order, minus deposits and guarantees of that day; minus what was "
             "insured, when a credit rule asked for it.")
    limit = fields.Monetary(
        string="Limit in force", readonly=True, help="Limit in force at that moment.")
    limit_kind = fields.Selection(KINDS, string="Kind of limit", readonly=True)
    figures = fields.Json(string="Figures kept", readonly=True)
    rules = fields.Json(string="Rules kept", readonly=True)
    reasons = fields.Json(string="Reasons kept", readonly=True)
    figures_html = fields.Html(
        string="Figures", compute='_compute_figures_html', sanitize=False)
    rules_told = fields.Text(string="Rules asked", compute='_compute_rules_told')
    reasons_told = fields.Text(string="Reasons", compute='_compute_reasons_told')

    # === COMPUTES === #

    @api.depends('exposure', 'amount_added')
    def _compute_exposure_after(self):
        for check in self:
            check.exposure_after = check.exposure + check.amount_added

    @api.depends('figures')
    @api.depends_context('lang')
    def _compute_figures_html(self):
        labels = self._get_part_labels()
        for check in self:
            parts = (check.figures or {}).get('parts')
            check.figures_html = parts is not None and self.env['ir.qweb']._render(
                'ar_collections.credit_check_figures', {
                    'check': check, 'figures': check.figures,
                    'rows': [(labels.get(code, code), amount) for code, amount in sorted(
                        parts.items(), key=lambda part: [*labels, part[0]].index(part[0]))]})

    def _get_part_labels(self):
        """Return {code of a part: its label}, in the order of the exposure."""
        # sudo: labels only.
        exposure = self.env['ar.credit.exposure'].sudo()
        parts = exposure._get_exposure_parts(self.env.company, SQL("TRUE"))
        return {**{part['code']: part['label'] for part in parts},
                'together': self.env._("Orders confirmed together with this one"),
                'counted': self.env._("Of this order, counted above")}

    @api.depends('rules')
    @api.depends_context('lang')
    def _compute_rules_told(self):
        labels = dict(self.env['ar.credit.rule']._fields['reason']._description_selection(
            self.env))
        for check in self:
            check.rules_told = "\n".join(
                check._tell_rule(rule, labels) for rule in check.rules or ())

    def _tell_rule(self, rule, labels):
        """Return one rule as it stood, in words: its reason, and what it was set to."""
        def money(amount):
            return formatLang(self.env, amount, currency_obj=self.currency_id)

        details = []
        if rule.get('tolerance_percent'):
            details.append(self.env._("tolerance %s %%", formatLang(
                self.env, rule['tolerance_percent'], digits=2)))
        if rule.get('tolerance_amount'):
            details.append(self.env._("tolerance %s", money(rule['tolerance_amount'])))
        if rule['reason'] == 'overdue':
            details.append(self.env._(
                "more than %(days)s days, above %(amount)s", days=rule['overdue_days'],
                amount=money(rule['overdue_amount'])))
        if rule['reason'] == 'external_rating':
            details.append(self.env._("from grade %s", rule['rating_grade']))
        label = labels.get(rule['reason'], rule['reason'])
        return f"{label} ({', '.join(details)})" if details else label

    @api.depends('reasons')
    @api.depends_context('lang')
    def _compute_reasons_told(self):
        Decision = self.env['ar.credit.decision']
        for check in self:
            check.reasons_told = "\n".join(
                Decision._tell(reason) for reason in check.reasons or ())

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        if vals_list:
            raise AccessError(self.env._("Credit checks are written by the credit rules only."))
        return super().create(vals_list)

    def write(self, vals):
        # Not even with elevated rights: what was decided on stays as it was seen.
        if vals:
            raise UserError(self.env._("A credit check is history and cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("A credit check is history and cannot be deleted."))

    # === RECORD === #

    @api.model
    def _record(self, company, rows):
        """Write the checks of one company, in one statement.

        :param company: `res.company`
        :param rows: list of dictionaries with the columns of this table, without those that are
            the same for all; `rules` is JSON text, `figures` and `reasons` are data
        """
        reset = take_reset(self.env)
        if not rows:
            return
        same = {'company_id': company.id, 'user_id': self.env.uid,
                'checked_at': fields.Datetime.now()}
        rows = [{**row, **same, 'figures': json.dumps(row['figures']),
                 'reasons': json.dumps(row['reasons'])} for row in rows]
        self.env.cr.execute(SQL("%s %s %s", reset, INSERT, SQL(", ").join(
            tuple(row[name] for name in COLUMNS) for row in rows)))

    # === ACTIONS === #

    def action_view_order(self):
        """Open the order; it may be gone."""
        self.ensure_one()
        if not self.order_id:
            raise UserError(self.env._("Order %s was deleted.", self.order_name))
        return {'type': 'ir.actions.act_window', 'res_model': 'sale.order', 'view_mode': 'form',
                'views': [(False, 'form')], 'res_id': self.order_id.id}
