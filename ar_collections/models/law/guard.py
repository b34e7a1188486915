from datetime import date as Date
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import format_date

STEPS = [
    ('free_notice', "Send the free notice"),
    ('wait', "Wait until the day told"),
    ('formal_notice', "Send a formal notice"),
    ('declare', "Declare the claim to the administrator"),
    ('settle', "Settle the dispute first"),
    ('barred', "Ask for an acknowledgement, or write it off"),
    ('kind', "Say what kind of debtor it is"),
    ('confirm', "Have the rule of law read and confirmed"),
    ('rate', "Enter the missing reference rate"),
]
# The reasons of a dunning run that come from here; the others are no matter of law.
LAW_REASONS = ('free_notice', 'free_days', 'insolvency', 'prescribed', 'disputed')


class Verdict(NamedTuple):
    """What the law says about one step: why not, where that stands, from when, what instead."""
    why: str
    source: str = ''
    allowed_from: Date | None = None
    step: str | None = None


class ArLawGuard(models.AbstractModel):
    """Is it lawful for this debtor, on this day? And if not: by which rule, until when, what else.

    One judge for the run, the preview, the message that is about to leave and the screens.
    """
    _name = 'ar.law.guard'
    _description = "What the law allows"

    @api.model
    def _judge_charges(self, customers, items, date):
        """Return which items may not be charged with cost or interest for want of a free notice.

        :param customers: `ar.customer` of the items
        :param items: list of (item id, customer id, due date)
        :param date date: the day
        :return: {item id: (code, first lawful day, rule)}; see `_judge_free_notice`
        """
        regimes = {customer.id: law[0].sudo() for customer, law in customers._get_laws().items()}
        watched = [item for item in items if regimes[item[1]]._wants_free_notice()]
        if not watched:
            return {}
        ids = [item_id for item_id, _customer, _due in watched]
        engine = self.env['ar.interest.engine']
        free = engine._read_free_notices(ids)
        counts = engine._count_free_reminders(ids, date)
        typed = {customer.id: engine._get_notices({}, customer) for customer in customers}
        verdicts = {}
        for item_id, customer_id, due in watched:
            notices = [notice for notice in (*typed[customer_id], *free.get(item_id, ()))
                       if notice[0] <= date]
            code, day = regimes[customer_id]._judge_free_notice(
                due, notices, counts.get(item_id, 0), date)
            if code:
                verdicts[item_id] = (code, day, regimes[customer_id])
        return verdicts

    # === IN WORDS === #

    @api.model
    def _tell(self, verdict, what=None):
        """Return a verdict as one sentence: why, from when, what instead, and where it stands.

        :param verdict: `Verdict`
        :param str what: whom or what it is about
        """
        labels = dict(self.env['ar.customer']._fields['lawful_step']._description_selection(
            self.env))
        text = " ".join(filter(None, (
            verdict.why,
            verdict.allowed_from and self.env._(
                "Lawful from %s.", format_date(self.env, verdict.allowed_from)),
            verdict.step and self.env._("Do instead: %s.", labels[verdict.step]),
            verdict.source and self.env._("Source: %s", verdict.source))))
        return self.env._("%(what)s: %(why)s", what=what, why=text) if what else text

    @api.model
    def _explain(self, rows, date):
        """Return what stands behind the reasons of a run.

        :param rows: list of (key, reason, `ar.customer`, `account.move.line`)
        :param date date: day of the run
        :return: {key: Verdict}; keys whose reason is no matter of law are missing
        """
        rows = [row for row in rows if row[1] in LAW_REASONS]
        customers = self.env['ar.customer'].union(*(row[2] for row in rows))
        charged = self._judge_charges(customers, [
            (item.id, customer.id, item.date_maturity or item.date)
            for _key, reason, customer, item in rows
            if reason in ('free_notice', 'free_days') and item], date)
        barred = self._get_barred([item.id for _key, reason, _customer, item in rows
                                   if reason == 'prescribed'])
        clocks = self._get_claim_clocks(self.env['ar.customer'].union(
            *(customer for _key, reason, customer, _item in rows if reason == 'insolvency')))
        verdicts = {}
        for key, reason, customer, item in rows:
            if reason in ('free_notice', 'free_days'):
                # What was decided then stays, whatever the rule says by now.
                _code, day, regime = charged.get(
                    item.id, (None, None, customer.effective_regime_id.sudo()))
                verdicts[key] = self._describe_charge(reason, day, regime)
            elif reason == 'insolvency':
                verdicts[key] = self._describe_insolvency(customer, clocks.get(customer.id))
            elif reason == 'prescribed':
                verdicts[key] = self._describe_barred(barred.get(item.id))
            else:
                verdicts[key] = Verdict(self.env._(
                    "The debtor disputes it. What is undisputed may be asked for."),
                    self._get_dispute_source(), step='settle')
        return verdicts

    @api.model
    def _get_dispute_source(self):
        """Return where the rule on disputed claims stands."""
        return self.env._(
            "Directive 2011/7/EU, article 3 (1): no late interest where the debtor is not "
            "responsible for the delay, %(place)s. Not to remind of what is disputed is a rule of "
            "ours.", place="https://legislation.gov.uk/eudr/2011/7/article/3/2011-02-16")

    @api.model
    def _get_barred(self, item_ids):
        """Return {item id: `ar.deadline` that says since when it is barred}, in one query."""
        if not item_ids:
            return {}
        # sudo: why an item was left out is told to whoever may see that it was.
        return {row.move_line_id.id: row for row in self.env['ar.deadline'].sudo().search([
            ('move_line_id', 'in', item_ids), ('kind', '=', 'prescription'),
            ('state', 'in', ('open', 'missed'))], order='last_day')}

    @api.model
    def _describe_charge(self, code, day, regime):
        """Return the verdict on charging cost or interest under a rule that wants a free notice."""
        if code == 'free_days':
            return Verdict(self.env._(
                "The free notice has left. Nothing may be charged before its %s days have passed.",
                regime.notice_days), self._get_source(regime), day, 'wait')
        return Verdict(self.env._(
            "Before cost or interest is charged, a free message must have left by e-mail or "
            "letter, naming the cost, and %s days must have passed. The day told is the first "
            "lawful one when it leaves by e-mail on the day of the decision.",
            regime.notice_days), self._get_source(regime), day, 'free_notice')

    @api.model
    def _get_claim_clocks(self, customers):
        """Return {customer id: `ar.deadline` to declare a claim in insolvency}, in one query."""
        if not customers:
            return {}
        # sudo: see `_get_barred`.
        return {clock.customer_id.id: clock for clock in self.env['ar.deadline'].sudo().search([
            ('customer_id', 'in', customers.ids), ('kind', '=', 'insolvency_claim'),
            ('state', '=', 'open')], order='last_day desc')}

    @api.model
    def _describe_insolvency(self, customer, clock=None):
        """Return the verdict on asking for what arose before an insolvency.

        :param clock: `ar.deadline` to declare the claim, if one runs
        """
        why = self.env._(
            "Insolvency opened on %s: what was invoiced before may not be demanded.",
            format_date(self.env, customer.insolvency_date)) if customer.insolvency_date else (
            self.env._("The debtor was insolvent on that day."))
        if clock:
            why += " " + self.env._(
                "Declare it until %s.", format_date(self.env, clock.last_day))
        return Verdict(why, self.env._(
            "Articles L622-21 and L622-24 of the French commercial code")
            if customer._is_under_french_law() else self.env._(
            "Law of insolvency of the debtor's country: not read, followed as in France"),
            None, 'declare')

    @api.model
    def _describe_barred(self, clock):
        why = self.env._(
            "Prescription passed on %s. It never becomes lawful again by itself: only an "
            "acknowledgement in writing, or a waiver of the debtor, helps.",
            format_date(self.env, clock.last_day)) if clock else self.env._(
            "Prescription had passed on that day.")
        return Verdict(why, clock.source or '' if clock else '', None, 'barred')

    @api.model
    def _get_source(self, regime):
        """Return the name of a rule and where it was read."""
        return f"{regime.name}: {regime.source}" if regime else ''


class ArLawVerdict(models.AbstractModel):
    """What stands behind the reason of a row: mixed into the items that a run leaves out.

    Counted for the day of the run when it is looked at: a few queries per day, however many rows.
    """
    _name = 'ar.law.verdict'
    _description = "Verdict of the law"

    law_why = fields.Char(string="What the law says", compute='_compute_law_verdict')
    law_source = fields.Char(string="Where it stands", compute='_compute_law_verdict')
    allowed_from = fields.Date(string="Lawful from", compute='_compute_law_verdict')
    lawful_step = fields.Selection(
        STEPS, string="Do instead", compute='_compute_law_verdict')

    def _get_verdict_row(self):
        """Hook: return (reason, `ar.customer`, `account.move.line`, day of the decision)."""
        self.ensure_one()
        raise NotImplementedError(f"{self._name} does not say what the law judges")

    def _compute_law_verdict(self):
        self.update({
            'law_why': False, 'law_source': False, 'allowed_from': False, 'lawful_step': False})
        by_day = {}
        for row in self:
            reason, customer, item, day = row._get_verdict_row()
            if reason in LAW_REASONS and day:
                by_day.setdefault(day, []).append((row, reason, customer, item))
        for day, rows in by_day.items():
            for row, verdict in self.env['ar.law.guard']._explain(rows, day).items():
                row.law_why = verdict.why
                row.law_source = verdict.source or False
                row.allowed_from = verdict.allowed_from or False
                row.lawful_step = verdict.step or False

    def action_lawful_step(self):
        """Do what the law allows instead: the button of a row that was left out."""
        self.ensure_one()
        _reason, customer, _item, _day = self._get_verdict_row()
        return customer._do_lawful_step(self.lawful_step)
