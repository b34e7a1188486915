from odoo import api, fields, models
from odoo.tools import SQL, format_date


class ArDunningSkip(models.Model):
    """EXTENDS dunning: the law behind a reason, until when it forbids, what to do instead."""
    _name = 'ar.dunning.skip'
    _inherit = ['ar.dunning.skip', 'ar.law.verdict']

    reason = fields.Selection(selection_add=[
        ('free_notice', "Charges before the free notice that the law wants"),
        ('free_days', "Charges before the days of the free notice have passed"),
        ('no_policy',),
    ], ondelete={'free_notice': 'cascade', 'free_days': 'cascade'})

    def _get_verdict_row(self):
        """EXTENDS law."""
        return self.reason, self.customer_id, self.move_line_id, self.run_id.date


class ArDunningEngine(models.AbstractModel):
    """EXTENDS dunning: a level that claims cost or interest waits for the free notice."""
    _inherit = 'ar.dunning.engine'

    def _exclude_refused_levels(self, company, date):
        """EXTENDS dunning: refuse items whose level claims what may not be charged yet.

        A level that claims nothing leaves: to ask for the debt itself is always free. A few
        queries, and none beyond the first where no level claims.
        """
        super()._exclude_refused_levels(company, date)
        rows = self.env.execute_query(SQL(
            """
            SELECT item.item_id, item.customer_id, item.due
              FROM ar_dunning_item item JOIN ar_dunning_level level
                ON level.id = item.step_level_id AND level.interest_mode = 'claim'
             WHERE item.reason IS NULL
            """))
        if not rows:
            return
        customers = self.env['ar.customer'].browse({row[1] for row in rows})
        refused = self.env['ar.law.guard']._judge_charges(customers, rows, date)
        if refused:
            self.env.cr.execute(SQL(
                """
                UPDATE ar_dunning_item item SET reason = refused.code
                  FROM unnest(%s::int[], %s::text[]) refused (item_id, code)
                 WHERE refused.item_id = item.item_id
                """, list(refused), [code for code, _day, _rule in refused.values()]))


class ArReminder(models.Model):
    """EXTENDS dunning: the guard judges again on the day of sending, and tells what it finds."""
    _inherit = 'ar.reminder'

    law_note = fields.Text(
        string="What the law says", compute='_compute_law_note', compute_sudo=True)

    def _reread(self):
        """EXTENDS dunning: what became unlawful since the run is cancelled, with the reason."""
        ready = super()._reread()
        refused = ready._get_refused_charges()
        for reminder, (code, day, rule) in refused.items():
            verdict = self.env['ar.law.guard']._describe_charge(code, day, rule)
            reminder._set_cancelled(self.env._(
                "%(why)s Lawful from %(date)s. Source: %(origin)s", why=verdict.why,
                date=format_date(self.env, day), origin=verdict.source))
        return ready - self.browse().union(*refused)

    def _get_refused_charges(self):
        """Return {reminder: (code, first lawful day, rule)} of those that claim too early.

        As in the run, by the items that are at a level that claims. Others stand beside them: the
        engine of late interest charges nothing on them before their own notice, where the rule
        says so; under another rule each of them holds the message back.
        """
        found = {}
        claiming = self.filtered(lambda reminder: reminder._get_interest_mode() == 'claim')
        for company, reminders in claiming.grouped('company_id').items():
            lines = reminders.line_ids.filtered(
                lambda line: line.kind == 'step' and line.move_line_id and (
                    (line.level_id or line.reminder_id.level_id).interest_mode == 'claim'
                    or not line.customer_id.sudo().effective_regime_id._waits_item_by_item()))
            # sudo: the law binds whoever presses the button.
            refused = self.env['ar.law.guard'].sudo()._judge_charges(
                reminders.customer_id.sudo(), [
                    (line.move_line_id.id, line.customer_id.id, line.date_maturity)
                    for line in lines], company._get_ar_today())
            for line in lines:
                if line.move_line_id.id in refused:
                    found[line.reminder_id] = refused[line.move_line_id.id]
        return found

    @api.depends('state', 'channel', 'level_id', 'free_until')
    def _compute_law_note(self):
        """What is forbidden, why, where that stands, from when, and what to do instead."""
        self.law_note = False
        guard = self.env['ar.law.guard']
        waiting = self.filtered(lambda reminder: reminder.state in ('proposed', 'approved'))
        refused = waiting._get_refused_charges()
        for reminder, (code, day, rule) in refused.items():
            verdict = guard._describe_charge(code, day, rule)
            reminder.law_note = self.env._(
                "It will not leave. %(why)s Lawful from %(date)s. Source: %(origin)s",
                why=verdict.why, date=format_date(self.env, day), origin=verdict.source)
        for reminder in waiting - self.browse().union(*refused):
            if reminder._get_interest_mode() not in ('figure', 'claim'):
                continue
            _regime, why = reminder.customer_id._get_laws()[reminder.customer_id]
            if not _regime:
                reminder.law_note = self.env._(
                    "It leaves without late interest and without cost. %s", why)
            elif not reminder._get_late_texts():
                note = reminder.customer_id.late_claim_note
                reminder.law_note = self.env._(
                    "It leaves without late interest and without cost. %(why)s Source: %(origin)s",
                    why=note or "", origin=guard._get_source(_regime.sudo()))
        for reminder in self:
            if reminder.free_notice and reminder.state != 'sent':
                reminder.law_note = self.env._(
                    "Free notice: it charges nothing, names the days and the cost, and moves "
                    "nothing on the ladder. Source: %s",
                    guard._get_source(reminder.customer_id.effective_regime_id.sudo()))
            elif reminder.free_until and reminder.state == 'sent':
                reminder.law_note = self.env._(
                    "Served as the free notice: nothing may be charged on its items up to and "
                    "including %(date)s. Source: %(origin)s",
                    date=format_date(self.env, reminder.free_until),
                    origin=guard._get_source(reminder.customer_id.effective_regime_id.sudo()))
