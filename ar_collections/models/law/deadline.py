from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .procedural_rule import CLOCKS

# Red from here on, whatever the time of warning.
NOW_DAYS = 15
STATES = [
    ('open', "Running"),
    ('done', "Done"),
    ('missed', "Missed"),
    ('obsolete', "No longer applies"),
]


class ArDeadline(models.Model):
    """One day after which a claim, or the cover of a claim, is lost.

    Written by `_build` from the ledger, the law and the contracts; a person only says that it was
    done. Unique per company, kind and key: building twice gives the same rows.
    """
    _name = 'ar.deadline'
    _description = "Deadline"
    _inherit = ['mail.thread']
    _order = 'last_day, amount desc, id'
    _check_company_auto = True

    # === FIELDS: WHAT === #
    kind = fields.Selection(
        [('prescription', "Prescription"), *CLOCKS], required=True, readonly=True, index=True)
    key = fields.Char(required=True, readonly=True, help="The record that the clock belongs to.")
    customer_id = fields.Many2one(
        'ar.customer', required=True, readonly=True, ondelete='cascade', index=True)
    partner_id = fields.Many2one(
        'res.partner', string="Contact", readonly=True, ondelete='cascade', index=True)
    company_id = fields.Many2one('res.company', required=True, readonly=True, ondelete='cascade')
    currency_id = fields.Many2one('res.currency', required=True, readonly=True)
    collector_id = fields.Many2one(related='customer_id.collector_id')
    move_line_id = fields.Many2one(
        'account.move.line', string="Item", readonly=True, ondelete='cascade',
        index='btree_not_null')
    move_id = fields.Many2one(
        'account.move', string="Invoice", readonly=True, ondelete='cascade',
        index='btree_not_null')
    court_step_id = fields.Many2one(
        'ar.court.step', string="Payment order", readonly=True, ondelete='cascade',
        index='btree_not_null')

    # === FIELDS: WHEN === #
    start_day = fields.Date(
        string="Counted from", readonly=True, help="The day that starts the clock.")
    counted_day = fields.Date(
        string="Counted to", readonly=True,
        help="Last day as counted, before it moves off a closed day.")
    last_day = fields.Date(
        string="Last lawful day", required=True, readonly=True, index=True,
        help="What is done on this day is in time; the day after it is too late.")
    days_left = fields.Integer(
        string="Days left", compute='_compute_days_left', search='_search_days_left',
        help="Days from today to the last lawful day; negative when it has passed.")
    urgency = fields.Selection(
        [('passed', "Passed"), ('now', "Within 15 days"), ('soon', "In the time of warning"),
         ('later', "Later")], compute='_compute_days_left')
    amount = fields.Monetary(
        string="At risk", readonly=True,
        help="Open today on the items concerned, in the currency of the company.")
    limitation_rule_id = fields.Many2one(
        'ar.limitation.rule', string="Rule of prescription", readonly=True, ondelete='set null')
    procedural_rule_id = fields.Many2one(
        'ar.procedural.rule', string="Rule of the time limit", readonly=True, ondelete='set null')
    is_abroad = fields.Boolean(
        string="Creditor abroad", readonly=True, help="The longer time of creditors elsewhere.")
    limitation_act_id = fields.Many2one(
        'ar.limitation.act', string="Counted from the act", readonly=True, ondelete='set null')
    source = fields.Char(string="Rule", compute='_compute_source')
    explanation = fields.Text(compute='_compute_source')
    built_at = fields.Datetime(string="Read at", readonly=True)

    # === FIELDS: WHAT BECAME OF IT === #
    state = fields.Selection(
        STATES, required=True, default='open', readonly=True, copy=False, tracking=True,
        index=True)
    done_on = fields.Date(string="Done on", readonly=True, tracking=True)
    done_by_id = fields.Many2one('res.users', string="Done by", readonly=True, tracking=True)
    done_note = fields.Char(string="What was done", readonly=True, tracking=True)
    activity_id = fields.Many2one('mail.activity', readonly=True, ondelete='set null')
    told_on = fields.Date(string="Told on", readonly=True, help="Day on which somebody was told.")

    # === SQL OBJECTS === #
    _kind_key_uniq = models.Constraint(
        'UNIQUE(company_id, kind, key)', "This deadline is in the list already.")
    _open_idx = models.Index("(company_id, last_day) WHERE state = 'open'")

    # === COMPUTES === #

    @api.depends('last_day', 'company_id', 'kind')
    def _compute_days_left(self):
        for company, deadlines in self.grouped('company_id').items():
            today = company._get_ar_today() if company else fields.Date.today()
            for deadline in deadlines:
                left = (deadline.last_day - today).days if deadline.last_day else 0
                deadline.days_left = left
                deadline.urgency = (
                    'passed' if left < 0 else 'now' if left <= NOW_DAYS
                    else 'soon' if left <= deadline._get_lead_days() else 'later')

    def _search_days_left(self, operator, value):
        """Search on days through the stored date: fewer days, earlier date."""
        today = self.env.company._get_ar_today()
        if operator == 'in':
            last_days = [fields.Date.add(today, days=int(days)) for days in value]
            # Without a last day, zero is shown.
            return fields.Domain('last_day', 'in', [*last_days, *(
                [False] if 0 in value else [])])
        if operator not in ('<', '<=', '>', '>=') or not isinstance(value, (int, float)):
            return NotImplemented
        return fields.Domain('last_day', operator, fields.Date.add(today, days=int(value)))

    @api.depends('kind', 'partner_id', 'move_id')
    def _compute_display_name(self):
        kinds = dict(self._fields['kind']._description_selection(self.env))
        for deadline in self:
            what = deadline.move_id.name or deadline.partner_id.display_name or ''
            deadline.display_name = f"{kinds.get(deadline.kind, '')}: {what}"

    @api.depends('kind', 'start_day', 'counted_day', 'last_day')
    @api.depends_context('lang')
    def _compute_source(self):
        for deadline in self:
            deadline.source = deadline._get_source() or False
            deadline.explanation = "\n".join(filter(None, deadline._get_explanations()))

    def _get_source(self):
        """Hook: return the article of law or the contract that sets the day."""
        self.ensure_one()
        # sudo: the law is no secret.
        sudo = self.sudo()
        return sudo.limitation_rule_id.source or sudo.procedural_rule_id.source

    def _get_explanations(self):
        """Hook: return the sentences that tell how the day was counted."""
        self.ensure_one()
        sudo = self.sudo()
        texts = []
        if sudo.limitation_rule_id:
            texts.append(self.env._(
                "%(rule)s: %(period)s.", rule=sudo.limitation_rule_id.name,
                period=sudo.limitation_rule_id._describe_period()))
        if sudo.limitation_act_id:
            act = sudo.limitation_act_id
            texts.append(self.env._(
                "Counted again from: %(what)s of %(date)s (%(number)s).",
                what=dict(act._fields['kind']._description_selection(self.env))[act.kind],
                date=format_date(self.env, act.date), number=act.name))
        if sudo.procedural_rule_id:
            texts.append(self.env._(
                "%(period)s from %(date)s.", period=sudo._get_period_text(),
                date=format_date(self.env, self.start_day)))
        if self.counted_day and self.counted_day != self.last_day:
            texts.append(self.env._(
                "Counted to %(counted)s, a day on which courts are closed: moved to %(moved)s.",
                counted=format_date(self.env, self.counted_day),
                moved=format_date(self.env, self.last_day)))
        return texts

    def _get_period_text(self):
        return self.procedural_rule_id._describe_period(self.is_abroad)

    def _get_lead_days(self):
        """Return how many days before the last one somebody is told."""
        self.ensure_one()
        company = self.company_id
        return (company.ar_prescription_lead_days if self.kind == 'prescription'
                else company.ar_deadline_lead_days)

    # === CRUD === #

    def write(self, vals):
        if not self.env.su and set(vals) & set(self._get_built_fields()):
            raise AccessError(self.env._(
                "Deadlines are read from the ledger, the law and your contracts. Say that one is "
                "done with its button."))
        return super().write(vals)

    @api.model
    def _get_built_fields(self):
        """Return the names of the fields that nobody types."""
        return [name for name, field in self._fields.items()
                if field.store and field.readonly and name not in models.MAGIC_COLUMNS]

    # === ACTIONS === #

    def action_done(self):
        """Ask what was done, and when."""
        self.check_access('write')
        if any(deadline.state not in ('open', 'missed') for deadline in self):
            raise UserError(self.env._("Choose deadlines that are open or missed."))
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.deadline.done',
            'name': self.env._("What was done"), 'view_mode': 'form', 'target': 'new',
            'context': {'default_deadline_ids': self.ids},
        }

    def _set_done(self, day, note):
        """Close the deadlines: what had to be done was done.

        :param date day: day on which it was done
        :param str note: what was done
        """
        self.check_access('write')
        if not (note or '').strip():
            raise UserError(self.env._("Write what was done: it is the proof of tomorrow."))
        # sudo: the fields are not for typing, see `write`.
        self.sudo().write({
            'state': 'done', 'done_on': day, 'done_by_id': self.env.uid,
            'done_note': note.strip()})
        self._close_activities()

    def action_reopen(self):
        """Take back that it was done."""
        self.check_access('write')
        done = self.filtered(lambda deadline: deadline.state == 'done')
        done.sudo().write({
            'state': 'open', 'done_on': False, 'done_by_id': False, 'done_note': False,
            'told_on': False})
        for company, deadlines in done.grouped('company_id').items():
            self.sudo()._build(company, deadlines.customer_id)
        return True

    def action_build(self):
        """Read the ledger and the law again, for the companies chosen in the switcher."""
        self.browse().check_access('write')
        for company in self.env.companies:
            # sudo: the job sees all customers; what it writes is no secret of theirs.
            self.sudo()._build(company)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    def action_view_items(self):
        """Open the items that are at risk."""
        self.ensure_one()
        return self.customer_id._get_items_action(self._get_items_domain())

    def _get_items_domain(self):
        """Hook: return the domain of the items behind the amount at risk."""
        self.ensure_one()
        if self.move_line_id:
            return fields.Domain('id', '=', self.move_line_id.id)
        if self.court_step_id:
            return fields.Domain('id', 'in', self.court_step_id.item_ids.ids)
        return self.customer_id._get_open_items_domain()

    def action_view_customer(self):
        """Open the customer."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.customer',
            'res_id': self.customer_id.id, 'view_mode': 'form', 'views': [(False, 'form')],
        }
