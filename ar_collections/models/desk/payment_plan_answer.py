from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class ArPaymentPlan(models.Model):
    """When a proposal can be signed online, and what else the customer may answer: that it does
    not agree, or that it wants another proposal. What was proposed never changes by that.
    """
    _inherit = 'ar.payment.plan'

    sign_until = fields.Date(
        string="To be signed by", compute='_compute_sign_until',
        help="Last day of the validity, or of the first instalment with its days of grace if that "
             "comes earlier: signed later and unpaid, the plan would be broken at once.")
    is_overtaken = fields.Boolean(
        string="Instalment missed before the signature", compute='_compute_is_overtaken',
        help="The customer has not signed, and the instalments that had to arrive by now have not.")
    overtaken_on = fields.Date(
        string="Told on", readonly=True, copy=False,
        help="Day on which the collector was told that nobody signed in time.")
    refused_on = fields.Date(string="Refused on", readonly=True, copy=False, tracking=True)
    refusal = fields.Text(
        string="Why it was refused", readonly=True, copy=False,
        help="In the words of the customer.")

    # === UNTIL WHEN === #

    @api.depends('valid_until', 'missed_allowed', 'instalment_ids.deadline')
    def _compute_sign_until(self):
        for plan in self:
            deadlines = sorted(filter(None, plan.instalment_ids.mapped('deadline')))
            # The one that breaks the plan when it is missed.
            breaking = deadlines[max(plan.missed_allowed, 1) - 1:][:1]
            plan.sign_until = plan.valid_until and min([plan.valid_until, *breaking])

    @api.depends('state', 'sign_until', 'instalment_ids.amount', 'line_ids.residual')
    def _compute_is_overtaken(self):
        self.is_overtaken = False
        for company, plans in self.grouped('company_id').items():
            today = (company or self.env.company)._get_ar_today()
            late = plans.filtered(lambda plan, today=today: (
                plan.state == 'proposed' and plan.sign_until < today))
            # sudo: what came in is read from the ledger, whoever looks at the plan.
            figures = late and late.sudo()._read_figures(company)
            for plan in late:
                _paid, _otherwise, weighed = plan.sudo()._weigh(figures, today)
                plan.is_overtaken = sum(
                    is_missed for _part, _up_to, _needed, is_missed in weighed
                ) >= max(plan.missed_allowed, 1)

    def _is_signable_online(self):
        """Return whether the page takes a signature: none that would be worthless at once."""
        self.ensure_one()
        return self.state == 'proposed' and not self.is_overtaken and (
            self.valid_until >= self.company_id._get_ar_today())

    def _check_signable_online(self):
        """Refuse a signature on the page after the proposal has lapsed.

        :raise UserError: until when it could be signed
        """
        self._check_signable()
        if not self._is_signable_online():
            raise UserError(self.env._(
                "This proposal was valid until %s. Please ask for a new one.",
                format_date(self.env, self.sign_until)))

    def action_send(self):
        """EXTENDS desk: no e-mail leads to a page that takes no signature."""
        if self.is_overtaken:
            raise UserError(self.env._(
                "What was to arrive by %s has not: set the plan back to draft and choose other "
                "days.", format_date(self.env, self.sign_until)))
        return super().action_send()

    def _get_last_day(self):
        """Return the day by which the page asks for the signature.

        Who has paid in time what had to come before may still sign until the validity ends.
        """
        self.ensure_one()
        is_past = self.sign_until and self.sign_until < self.company_id._get_ar_today()
        return self.valid_until if is_past and self._is_signable_online() else self.sign_until

    def _has_lapsed(self):
        """Return whether nobody signed in time: neither refused nor taken back by us."""
        self.ensure_one()
        if self.state == 'proposed':
            return not self._is_signable_online()
        return (self.state == 'cancelled' and bool(self.valid_until) and not self.refused_on
                and not self.started_on and bool(self.closed_on)
                and self.closed_on > self.valid_until)

    # === ANSWERS === #

    def _answer(self, kind, note, link=None, contact=None):
        """Take what the customer answers instead of a signature, once.

        :param str kind: 'refusal' or 'renewal' (wants another proposal), of `ar.portal.act`
        :param str note: what the customer says, may be empty
        :param link: `ar.portal.link` that was used, if any
        :param contact: `res.partner` in whose name it is said, if known
        :return: `ar.portal.act`; the first one when it was answered before
        :raise UserError: why it is not possible any more
        """
        self.ensure_one()
        # sudo: link or login were checked; the visitor has no rights.
        return self.env['ar.portal.act'].sudo()._submit(
            self.customer_id.sudo(), kind, {'plan_id': self.id, 'note': note},
            key=f'plan-{kind}-{self.id:09d}-{self.proposed_on:%Y%m%d}', link=link,
            contact=contact)

    def _may_renew(self):
        """Return whether another proposal may be asked for: once, about what is still open."""
        self.ensure_one()
        return (self._has_lapsed() and self.customer_id._may_act('renewal')
                and bool(self._get_open_items()) and not self._get_answers('renewal'))

    def _get_answers(self, kind):
        """Return the act of this kind that answered this proposal, sudoed, or none."""
        self.ensure_one()
        # sudo: rows of the pages; the plan is the condition.
        return self.env['ar.portal.act'].sudo().search([
            ('former_plan_id', '=', self.id), ('kind', '=', kind),
            ('done_on', '>=', self.proposed_on)], limit=1)

    def _get_open_items(self):
        """Return the items still owed that stand in no other live plan."""
        self.ensure_one()
        # sudo: the plan was opened by its customer.
        items = self.env['ar.door'].sudo()._get_items(
            self.customer_id.sudo(), self.sudo().line_ids.move_line_id.ids)
        taken = self.env['ar.payment.plan.line'].sudo().search([
            ('move_line_id', 'in', items.ids), ('plan_id', '!=', self.id),
            ('state', 'in', self._get_live_states())])
        return items - taken.move_line_id

    def _close_refused(self, reason):
        """Close the proposal: it was refused; the ladder goes on with its items.

        :param str reason: as the customer says it, or False
        """
        self.ensure_one()
        today = self.company_id._get_ar_today()
        self.write({'refused_on': today, 'refusal': reason})
        self._close('cancelled', today)

    def _propose(self):
        """EXTENDS desk: what was said of an earlier proposal is settled."""
        self._forget_lapse()
        return super()._propose()

    def _start(self):
        """EXTENDS desk: nobody is to be called about a signature any more."""
        self._forget_lapse()
        return super()._start()

    def _forget_lapse(self):
        told = self.filtered('overtaken_on')
        told.overtaken_on = False
        told.activity_unlink(['mail.mail_activity_data_call'])

    # === NIGHT === #

    @api.model
    def _get_night_domain(self, tomorrow):
        """EXTENDS desk: proposals whose instalments came before the signature, once."""
        return super()._get_night_domain(tomorrow) | fields.Domain([
            ('state', '=', 'proposed'), ('overtaken_on', '=', False),
            ('instalment_ids.deadline', '<', tomorrow)])

    def _lapse(self):
        """EXTENDS desk: tell the collector when nobody can, or did, sign in time; once."""
        proposed = self.filtered(lambda plan: plan.state == 'proposed')
        result = super()._lapse()
        for plan in proposed:
            if plan.overtaken_on or plan.state == 'proposed' and not plan.is_overtaken:
                continue
            # sudo: nobody types this day in.
            plan.sudo().overtaken_on = plan.company_id._get_ar_today()
            plan._tell_lapsed()
        return result

    def _tell_lapsed(self):
        self.ensure_one()
        collector = self.collector_id or self.company_id._get_ar_responsible()
        theirs = self.with_context(lang=collector.lang).env
        day = format_date(theirs, self.sign_until, lang_code=collector.lang)
        text = theirs._(
            "Payment plan %(name)s was not signed by %(date)s, and can be signed online no more.",
            name=self.name, date=day)
        self.customer_id._message_log(body=text)
        self.activity_schedule(
            'mail.mail_activity_data_call', user_id=collector.id, summary=text,
            date_deadline=self.company_id._get_ar_today())

    def _get_derived_fields(self):
        return super()._get_derived_fields() | {'overtaken_on', 'refused_on', 'refusal'}
