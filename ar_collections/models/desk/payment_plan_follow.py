from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date, formatLang

# Read again together in the night.
BATCH = 200

STARTED = ('active', 'kept', 'broken')


class ArPaymentPlan(models.Model):
    """How a plan follows the ledger.

    Money pays the instalments in the order of their dates. What is settled otherwise (credit
    notes, write-offs) lowers the last ones. An instalment is missed when the money received by its
    deadline does not reach it and those before it, less the tolerance; money that comes later does
    not mend that, money booked later does. Missed instalments break the plan.
    """
    _inherit = 'ar.payment.plan'

    def _follow(self):
        """OVERRIDE agreement: active, kept or broken, from the ledger alone.

        :return: plans whose state changed
        """
        changed = self.browse()
        # sudo: the state follows the ledger, whoever made the payment.
        started = self.sudo().filtered(lambda plan: plan.state in STARTED)
        for company, plans in started.grouped('company_id').items():
            changed |= plans._follow_company(company)
        changed.filtered(lambda plan: plan.state == 'broken')._tell_broken()
        return changed

    def _follow_company(self, company):
        today = company._get_ar_today()
        figures = self._read_figures(company)
        changed, states, parts = self.browse(), {}, {}
        for plan in self:
            state = plan._read_state(figures, today, parts)
            if state != plan.state:
                states.setdefault(state, []).append(plan.id)
        for state, ids in parts.items():
            self.env['ar.payment.plan.instalment'].sudo().browse(ids).write({'state': state})
        if 'active' in states:
            reopened = self.browse(states.pop('active'))
            # A newer plan has taken an item over: it says what was agreed last.
            replaced = reopened.line_ids._get_taken_again()
            states['cancelled'] = replaced.ids
            states['active'] = (reopened - replaced).ids
        for state, ids in states.items():
            plans = self.browse(ids)
            plans._close(state, today)
            plans.filtered(lambda plan: plan.state != 'broken').activity_unlink(
                ['mail.mail_activity_data_call'])
            changed |= plans
        return changed

    def _read_figures(self, company):
        """Return what came in by each deadline, see `_read_settlements`; plans of one company."""
        return self.env['ar.payment.plan.line']._read_settlements(SQL(
            "SELECT plan_id AS agreement_id, id AS term_id, deadline"
            " FROM ar_payment_plan_instalment WHERE plan_id = ANY(%s)", self.ids), company)

    def _read_state(self, figures, today, parts):
        """Write what came in, and return the state of the plan.

        :param dict figures: as returned by `_read_settlements`, one term per instalment
        :param dict parts: {state: instalment ids}, completed with the instalments that change
        """
        self.ensure_one()
        currency = self.currency_id
        paid, otherwise, weighed = self._weigh(figures, today)
        allowed = max(self.missed_allowed, 1)
        before, missed, open_count = 0.0, 0, 0
        for part, up_to, needed, is_missed in weighed:
            is_paid = currency.compare_amounts(paid, needed) >= 0
            open_count += not is_paid
            if is_paid:
                state = 'paid_late' if is_missed else 'paid'
            elif missed >= allowed:
                state = 'due'  # After the one that broke the plan there is nothing to wait for.
            else:
                state = 'missed' if is_missed else 'late' if part.due_date < today else 'open'
            missed += is_missed
            if state != part.state:
                parts.setdefault(state, []).append(part.id)
            part_paid = currency.round(min(max(paid - before, 0.0), part.amount))
            if currency.compare_amounts(part_paid, part.paid_amount):
                part.paid_amount = part_paid
            before = up_to
        for name, amount in (('paid_amount', paid), ('other_amount', otherwise)):
            if currency.compare_amounts(amount, self[name]):
                self[name] = amount
        if missed >= allowed:
            return 'broken'
        return 'active' if open_count else 'kept'

    def _weigh(self, figures, today):
        """Return what came in, beside what was needed by the deadline of each instalment.

        :param dict figures: as returned by `_read_settlements`, one term per instalment
        :return: (received, settled otherwise, list of (instalment, planned up to it, needed by
            its deadline, whether it was missed)); currency of the plan
        """
        self.ensure_one()
        currency = self.currency_id
        paid, otherwise = next(
            (figures[self.id, part.id][1:] for part in self.instalment_ids
             if (self.id, part.id) in figures), (0.0, 0.0))
        owed = currency.round(max(self.amount - otherwise, 0.0))
        weighed, up_to = [], 0.0
        for part in self.instalment_ids.sorted(lambda one: (one.due_date, one.id)):
            up_to = currency.round(up_to + part.amount)
            needed = currency.round(min(up_to, owed) - part.amount * self.tolerance / 100)
            in_time = figures.get((self.id, part.id), (0.0,))[0]
            weighed.append((part, up_to, needed, (
                part.deadline < today and currency.compare_amounts(in_time, needed) < 0)))
        return paid, otherwise, weighed

    def _tell_broken(self):
        """Tell the collector once that an instalment has not come."""
        for plan in self:
            collector = plan.collector_id or plan.company_id._get_ar_responsible()
            theirs = plan.with_context(lang=collector.lang).env
            text = theirs._(
                "Payment plan %(name)s was broken: %(paid)s of %(amount)s received by %(date)s.",
                name=plan.name, paid=formatLang(
                    theirs, plan.paid_amount, currency_obj=plan.currency_id),
                amount=formatLang(theirs, plan.amount, currency_obj=plan.currency_id),
                date=format_date(
                    theirs, plan.company_id._get_ar_today(), lang_code=collector.lang))
            plan.customer_id._message_log(body=text)
            plan.activity_schedule(
                'mail.mail_activity_data_call', user_id=collector.id, summary=text,
                date_deadline=plan.company_id._get_ar_today())

    # === NIGHT === #

    @api.model
    def _cron_follow(self):
        """Scheduled action: each night, read due instalments again and let old proposals lapse."""
        # A day more than the server's own: a company may live east of it. Its own calendar decides.
        tomorrow = fields.Date.today() + relativedelta(days=1)
        waiting = self.search(self._get_night_domain(tomorrow), order='id')
        self.env['ir.cron']._ar_work_through(waiting, type(self)._follow_calendar, size=BATCH)

    def _follow_calendar(self):
        """Read due instalments again and let old proposals lapse, where nobody is writing them."""
        free = self.try_lock_for_update()
        free._follow()
        free._lapse()

    @api.model
    def _get_night_domain(self, tomorrow):
        """Hook: return the plans that the night looks at."""
        return fields.Domain('state', '=', 'active') & fields.Domain(
            'next_date', '<', tomorrow) | fields.Domain([
                ('state', '=', 'proposed'), ('valid_until', '<', tomorrow)])

    def _lapse(self):
        """Cancel the proposals that nobody signed in time."""
        for company, plans in self.grouped('company_id').items():
            today = company._get_ar_today()
            lapsed = plans.filtered(
                lambda plan, today=today: plan.state == 'proposed' and plan.valid_until < today)
            # sudo: the state is written by the buttons and by the calendar only.
            lapsed.sudo()._close('cancelled', today)
            for plan in lapsed:
                plan._message_log(body=self.env._(
                    "Not signed by %s: the proposal has lapsed.",
                    format_date(self.env, plan.valid_until)))

    # === HOOKS FOR OTHER ROOMS === #

    @api.model
    def _get_acknowledgements(self, company):
        """Return the query of debts that customers have acknowledged by signing a plan.

        Whatever became of the plan: the acknowledgement stands. French law, for one, restarts the
        limitation period from its day (Civil Code, articles 2231 and 2240).

        :param company: `res.company`
        :return: SQL of (move_line_id, move_id, customer_id, date, amount, currency_id, model,
            record_id, name); one row per item and plan, ``amount`` in the item's currency
        """
        self.flush_model()
        self.env['ar.payment.plan.line'].flush_model()
        return SQL(
            """
            SELECT line.move_line_id, line.move_id, plan.customer_id,
                   plan.acknowledged_on AS date, line.amount, plan.currency_id,
                   'ar.payment.plan' AS model, plan.id AS record_id, plan.name
              FROM ar_payment_plan plan
              JOIN ar_payment_plan_line line ON line.plan_id = plan.id
             WHERE plan.acknowledged_on IS NOT NULL AND plan.company_id = %s
               AND line.move_line_id IS NOT NULL
            """, company.id)
