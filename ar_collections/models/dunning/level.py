from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import CHANNELS, EXECUTIONS, TONES

FALLBACKS = [channel for channel in CHANNELS if channel[0] != 'task']


class ArDunningLevel(models.Model):
    _name = 'ar.dunning.level'
    _description = "Dunning level"
    _order = 'policy_id, offset_days, id'

    # === FIELDS === #
    name = fields.Char(required=True, translate=True)
    policy_id = fields.Many2one(
        'ar.dunning.policy', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='policy_id.company_id')
    currency_id = fields.Many2one('res.currency', compute='_compute_currency_id')
    offset_days = fields.Integer(
        string="Days from due date", required=True, aggregator=None,
        help="Counted from the due date of each item. Negative: before it is due.")
    channel = fields.Selection(CHANNELS, required=True, default='email')
    fallback_channel = fields.Selection(
        FALLBACKS, string="Otherwise", help="Used when the customer has no address for the first.")
    second_fallback_channel = fields.Selection(
        FALLBACKS, string="Or else",
        help="Used when both fail. When nothing works, the collector gets a task.")
    execution = fields.Selection(EXECUTIONS, required=True, default='approve')
    also_call = fields.Boolean(
        string="And a call", help="Plan a call by the collector when the message has left.")
    tone = fields.Selection(TONES, required=True, default='neutral')
    scope = fields.Selection(
        [('step', "Items that reach this level"),
         ('overdue', "All overdue items"),
         ('open', "All open items")],
        string="Items listed", required=True, default='overdue',
        help="What the message lists. Only the items that reach the level move on the ladder.")
    min_amount = fields.Monetary(
        string="Minimum amount", currency_field='currency_id',
        help="In company currency: below it, the items stay where they are.")

    mail_template_id = fields.Many2one(
        'mail.template', domain=[('model', '=', 'ar.reminder')], ondelete='restrict')
    letter_body = fields.Html(
        string="Letter text", translate=True, sanitize=False,
        help="The table of items, totals and bank details stand where the text puts "
             "object.items_html, else at its end.")
    sms_body = fields.Text(string="SMS text", translate=True)
    call_script = fields.Text(translate=True, help="What to say, for the collector who calls.")
    attach_invoices = fields.Boolean(
        help="Attach the stored PDF of each listed invoice; a pro forma only if none was made.")
    attach_statement = fields.Boolean(help="Attach the list of all open items as PDF.")
    payment_link = fields.Boolean(default=True, help="Link each invoice to its payment page.")

    _policy_offset_uniq = models.Constraint(
        'UNIQUE(policy_id, offset_days)', "Two levels of one policy cannot fall on the same day.")
    _min_amount_positive = models.Constraint(
        'CHECK(min_amount >= 0)', "The minimum amount cannot be negative.")

    # === COMPUTES === #

    @api.depends('policy_id.company_id')
    @api.depends_context('company')
    def _compute_currency_id(self):
        for level in self:
            company = level.policy_id.company_id or self.env.company
            level.currency_id = company.currency_id

    @api.depends('name', 'policy_id.name')
    @api.depends_context('ar_short_level')
    def _compute_display_name(self):
        short = self.env.context.get('ar_short_level')
        for level in self:
            if short:
                level.display_name = level.name or ""
                continue
            level.display_name = self.env._(
                "%(policy)s: %(level)s", policy=level.policy_id.name or "", level=level.name or "")

    # === CONSTRAINTS === #

    @api.constrains('channel', 'fallback_channel', 'second_fallback_channel', 'mail_template_id')
    def _check_mail_template(self):
        for level in self:
            if 'email' in level._get_channels() and not level.mail_template_id:
                raise ValidationError(self.env._(
                    "Level %s may send e-mails but has no mail template. Choose one.",
                    level.name))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.env['ar.reminder.line'].sudo().search([('level_id', 'in', self.ids)], limit=1)
        if used:
            raise ValidationError(self.env._(
                "Level %s is part of the history of reminders and cannot be deleted.",
                used.level_id.name))

    # === BUSINESS === #

    def _get_channels(self):
        """Return the channels to try, in order, without the final task."""
        self.ensure_one()
        channels = (self.channel, self.fallback_channel, self.second_fallback_channel)
        return [channel for channel in channels if channel]
