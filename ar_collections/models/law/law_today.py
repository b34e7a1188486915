from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .guard import STEPS, Verdict


class ArCustomer(models.Model):
    """EXTENDS core: what the law allows against this customer today, and the step it proposes."""
    _inherit = 'ar.customer'

    law_today = fields.Html(
        string="What the law allows today", compute='_compute_law_today', sanitize=False)
    lawful_step = fields.Selection(
        STEPS, string="Do instead", compute='_compute_law_today')

    @api.depends('debtor_kind', 'regime_id', 'notice_date', 'notice_channel', 'insolvency_date')
    def _compute_law_today(self):
        for customer in self:
            rows = customer._origin._get_law_today() if customer._origin else []
            customer.law_today = customer._format_law_today(rows) if rows else False
            customer.lawful_step = next(
                (verdict.step for _what, verdict in rows
                 if verdict and verdict.step and verdict.step != 'wait'), False)

    def _get_law_today(self):
        """Return [(step in words, None when lawful or `Verdict`)] for the open items of today."""
        self.ensure_one()
        # sudo: the law is no secret to whoever may open the customer.
        customer = self.sudo()
        today = customer.company_id._get_ar_today()
        regime, why = customer._get_laws()[customer]
        regime = regime.sudo()
        claims = customer.env['ar.interest.engine']._get_item_claims(customer, today)
        ask = customer._get_law_on_asking(today)
        charge = customer._get_law_on_charging(regime, why, claims, today)
        rows = [(self.env._("Ask for payment"), ask or customer._get_law_on_disputed())]
        if not regime or regime.rate_kind != 'none':
            rows.append((self.env._("Claim late interest"), charge))
        rows.append((self.env._("Claim compensation or collection cost"), charge or (
            None if regime.bracket_ids else Verdict(
                self.env._("The rule of law gives none to this kind of debtor."),
                self.env['ar.law.guard']._get_source(regime)))))
        if customer.contract_rate_warning:
            rows.append((self.env._("Claim the rate of the contract"), Verdict(
                customer.contract_rate_warning, self.env['ar.law.guard']._get_source(regime))))
        rows.append((self.env._("Formal notice, agency or court"), ask))
        return rows

    def _get_law_on_asking(self, today):
        """Return the verdict on asking for the debt itself: insolvency, then prescription."""
        guard = self.env['ar.law.guard']
        items = self._get_owed_items()
        stayed = self._get_law_on_insolvency(items)
        if stayed:
            return stayed
        barred = [row for row in guard._get_barred(items.ids).values() if row.last_day < today]
        return guard._describe_barred(barred[0]) if barred else None

    def _get_law_on_disputed(self):
        """Return the verdict on asking for what is disputed, or None when nothing is."""
        lines = self.env['ar.dispute.line'].search([
            ('customer_id', '=', self.id), ('state', '=', 'open')])
        if not lines:
            return None
        guard = self.env['ar.law.guard']
        return Verdict(self.env._(
            "Disputed: %s. What is undisputed may be asked for.",
            ", ".join(dict.fromkeys(
                line.move_id.name or line.move_line_id.display_name for line in lines))),
            guard._get_dispute_source(), step='settle')

    def _tell_no_claim(self, moves=None):
        """Return why nothing can be claimed for lateness, from when, what instead, by which rule.

        :param moves: only these invoices
        """
        self.ensure_one()
        # sudo: as `_get_law_today`.
        customer = self.sudo()
        today = customer.company_id._get_ar_today()
        regime, why = customer._get_laws()[customer]
        verdict = customer._get_law_on_charging(
            regime.sudo(), why, customer.env['ar.interest.engine']._get_item_claims(
                customer, today, moves=moves), today)
        return verdict and self.env['ar.law.guard']._tell(verdict)

    def _get_law_on_charging(self, regime, why, claims, today):
        """Return the verdict on charging anything beside the debt: the first obstacle found."""
        guard = self.env['ar.law.guard']
        if not regime:
            debtor, _reason = self._get_debtor()
            # An unknown country is told by the reason itself: no button can know it.
            step = 'kind' if not debtor or debtor == 'consumer' and self.regime_id else (
                self.partner_id.country_id and 'confirm')
            return Verdict(why, step=step or None)
        stayed = self._get_law_on_insolvency(self.env['account.move.line'].browse(
            [claim.item_id for claim in claims]))
        if stayed:
            return stayed
        late = [(claim.item_id, self.id, claim.due) for claim in claims]
        refused = guard._judge_charges(self, late, today)
        if refused:
            # The missing notice is told before the running one: that one needs only time.
            code, day, rule = sorted(
                refused.values(), key=lambda found: found[0] != 'free_notice')[0]
            return guard._describe_charge(code, day, rule)
        steps = {'notice': 'formal_notice', 'later': 'formal_notice', 'wait': 'wait',
                 'early': 'wait',
                 'rate': 'rate', 'disputed': 'settle', 'prescribed': 'barred'}
        for claim in claims:
            if claim.reason in steps:
                return Verdict(
                    self.env['ar.interest.engine']._describe_reason(claim),
                    guard._get_source(regime), None, steps[claim.reason])
        return None

    def _format_law_today(self, rows):
        """Return the verdicts as a table."""
        labels = dict(self._fields['lawful_step']._description_selection(self.env))
        lines = Markup('').join(
            Markup(
                '<tr><td class="text-nowrap pe-3"><b>%s</b></td>'
                '<td class="text-nowrap pe-3 %s">%s</td><td>%s</td></tr>') % (
                what, 'text-success' if verdict is None else 'text-danger',
                self.env._("Lawful") if verdict is None else self.env._("Not today"),
                self._format_verdict(verdict, labels) if verdict else "")
            for what, verdict in rows)
        return Markup('<table class="table table-sm mb-0"><tbody>%s</tbody></table>') % lines

    def _format_verdict(self, verdict, labels):
        parts = [escape(verdict.why)]
        if verdict.allowed_from:
            parts.append(Markup('<b>%s</b>') % self.env._(
                "Lawful from %s.", format_date(self.env, verdict.allowed_from)))
        if verdict.step:
            parts.append(escape(self.env._("Do instead: %s.", labels[verdict.step])))
        if verdict.source:
            parts.append(Markup('<span class="text-muted">%s</span>') % verdict.source)
        return Markup('<br/>').join(parts)

    # === THE LAWFUL STEP === #

    def action_lawful_step(self):
        """Do what the law allows instead of what it forbids today."""
        self.ensure_one()
        return self._do_lawful_step(self.lawful_step)

    def action_free_notice(self):
        """Propose the free notice for what is late: it waits for approval as any reminder."""
        return self._do_lawful_step('free_notice')

    def _do_lawful_step(self, step):
        """Do a step of `STEPS` for this customer, or open the page on which it is done.

        :raise UserError: when there is nothing to do but wait
        """
        self.ensure_one()
        self.check_access('read')
        if step == 'free_notice':
            return self._propose_free_notice()._get_law_action()
        if step == 'formal_notice':
            return self.action_new_legal_case()
        if step in ('declare', 'barred'):
            return self.action_view_deadlines()
        if step == 'settle':
            return self.action_view_disputes()
        if step == 'confirm':
            return self.env['ir.actions.act_window']._for_xml_id(
                'ar_collections.ar_legal_regime_action')
        if step == 'rate':
            return self.env['ir.actions.act_window']._for_xml_id(
                'ar_collections.ar_reference_rate_action')
        if step == 'kind':
            return {
                'type': 'ir.actions.act_window', 'res_model': 'ar.customer', 'res_id': self.id,
                'view_mode': 'form', 'views': [(False, 'form')]}
        raise UserError(self.env._(
            "There is nothing to do here but wait until the day told, or no step is needed."))

    def _propose_free_notice(self):
        """Return the free notice about what is late, made as a proposal.

        By e-mail, else by letter; only for items that may not be charged for want of one. Its
        lines move nothing on the ladder, so that the level that claims comes afterwards.

        :raise UserError: when none is wanted, a reminder is open, or no address carries it
        """
        self.ensure_one()
        self.check_access('write')
        self.env['ar.reminder'].check_access('write')
        company = self.company_id
        today = company._get_ar_today()
        # sudo: reminders are made by the engine, with all rights; the user may write the customer.
        engine = self.env['ar.dunning.engine'].sudo()
        waiting = self.env['ar.reminder'].sudo().search([
            ('customer_id', '=', self.id),
            ('state', 'in', self.env['ar.reminder']._get_open_states())], limit=1)
        if waiting:
            raise UserError(self.env._(
                "Reminder %s of this customer is not finished: approve it or skip it first.",
                waiting.name))
        rows = engine._get_free_notice_items(company, today, self)
        refused = self.env['ar.law.guard'].sudo()._judge_charges(
            self.sudo(), [(row['item_id'], self.id, row['due']) for row in rows], today)
        rows = [row for row in rows
                if refused.get(row['item_id'], (None,))[0] == 'free_notice']
        if not rows:
            raise UserError(self.env._(
                "No free notice is wanted: nothing is late, or it has left already, or the law of "
                "this customer asks for none."))
        level = self.env['ar.dunning.policy'].sudo().browse(
            rows[0]['policy_id']).level_ids.filtered(lambda one: one.offset_days >= 0)[:1]
        if not level:
            raise UserError(self.env._(
                "The policy of this customer has no level after the due date: add one."))
        channel, recipient = self._get_notice_address()
        return self.env['ar.reminder'].sudo()._create_free_notice(
            self.sudo(), level, channel, recipient, rows, today)

    def _get_notice_address(self):
        """Return (channel, `res.partner`) that carry a written notice.

        :raise UserError: when no e-mail and no address is known
        """
        probe = self.env['ar.reminder'].sudo().new(
            {'customer_id': self.id, 'partner_id': self.partner_id.id})
        for channel in ('email', 'letter'):
            for partner in probe._get_candidates():
                if probe._can_reach(channel, partner._origin):
                    return channel, partner._origin
        raise UserError(self.env._(
            "A free notice leaves by e-mail or letter: enter an address of %s.",
            self.partner_id.display_name))
