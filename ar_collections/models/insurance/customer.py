from odoo import api, fields, models
from odoo.tools import format_date

from ...connectors.bodacc_reading import Insolvency, read_standing
from ...tools.transaction import write_again

STATES = [
    ('none_found', "No notice found"),
    ('conciliation', "Conciliation"),
    ('safeguard', "Safeguard"),
    ('reorganisation', "Reorganisation"),
    ('liquidation', "Liquidation"),
    ('plan', "Plan running"),
    ('closed', "Proceedings closed"),
    ('closed_unpaid', "Closed, debts unpaid"),
    ('to_check', "To be read by a person"),
]
# From here on nothing older is paid any more: no reminder, no new order.
GRAVE = frozenset({
    Insolvency.SAFEGUARD, Insolvency.REORGANISATION, Insolvency.LIQUIDATION,
    Insolvency.CLOSED_UNPAID})


class ArCustomer(models.Model):
    """EXTENDS core: insolvency, as the official gazette (BODACC) tells it."""
    _inherit = 'ar.customer'

    legal_notice_ids = fields.One2many('ar.legal.notice', 'customer_id', readonly=True)
    insolvency_state = fields.Selection(
        STATES, string="Insolvency", readonly=True, copy=False, tracking=True,
        help="What the notices of the BODACC say together. No notice found does not mean sound.")
    insolvency_published_on = fields.Date(
        string="Opening published on", readonly=True, copy=False,
        help="Publication of the opening judgment in force: claims must be filed in time from "
             "this day.")
    bodacc_checked_on = fields.Date(
        string="BODACC read on", readonly=True, copy=False,
        help="Last day on which the gazette was read completely for this customer.")

    # === POLL === #

    @api.model
    def _cron_poll_bodacc(self):
        """Scheduled action: read the notices of all customers with a SIREN, in batches.

        The gazette is a provider like the others: each batch is committed, failures in a row
        pause it, and what was not read is due again when the pause is over.
        """
        Provider = self.env['ar.provider']
        write_again(self.env, Provider._make_public_providers)
        gazettes = Provider.search([('code', '=', 'bodacc'), ('is_on', '=', True)])
        if gazettes._poll_all():
            self.env['ir.cron']._commit_progress(remaining=0)
            Provider._plan_next_poll(gazettes)

    def _store_notices(self, numbers, events):
        """Keep the notices that are new, and read the standing of their customers again."""
        Notice = self.env['ar.legal.notice']
        known = {(notice.customer_id.id, notice.event_id)
                 for notice in Notice.search([('customer_id', 'in', self.ids)])}
        new = Notice.create([
            {**Notice._get_values(event), 'customer_id': customer_id}
            for event in events for customer_id, siren in numbers.items()
            if siren == event.company_id and (customer_id, event.event_id) not in known])
        for customer in new.customer_id:
            customer._update_insolvency()

    # === STANDING === #

    def _update_insolvency(self):
        """Read all notices of a customer together and act when its standing has changed."""
        self.ensure_one()
        standing = read_standing([notice._get_event() for notice in self.legal_notice_ids])
        before = self.insolvency_state
        opened = standing.opened
        self.insolvency_state = standing.state.value
        self.insolvency_published_on = opened.published_on if opened else False
        if opened and not self.insolvency_date:
            # The law room stops interest and reminders of older items from that day on.
            self.insolvency_date = opened.happened_on or opened.published_on
        if standing.state == before:
            if standing.to_check:
                self._tell_insolvency()
            return
        if standing.state in GRAVE:
            self._stop_for_insolvency()
        self._tell_insolvency()

    def _stop_for_insolvency(self):
        """Stop reminders and new orders, and give the class of customers in default.

        Nothing is lifted by program when a notice is cancelled later: a person does.
        """
        state = dict(self._fields['insolvency_state']._description_selection(self.env))[
            self.insolvency_state]
        reason = self.env._("BODACC: %s", state)
        self.write({
            'dunning_stop': True, 'dunning_stop_until': False, 'dunning_stop_reason': reason,
            'credit_stop': True, 'credit_stop_reason': reason})
        risk_class = self.env['ar.risk.class'].search([('kind', '=', 'default')], limit=1)
        if risk_class:
            self._set_risk_class(risk_class, reason, manual=False)

    def _tell_insolvency(self):
        """Plan an activity for whoever follows the customer, in that person's language."""
        user = self.collector_id or self.company_id._get_ar_responsible()
        customer = self.with_context(lang=user.lang)
        state = dict(customer._fields['insolvency_state']._description_selection(customer.env))[
            customer.insolvency_state]
        note = customer.env._("Read the legal notices on the customer's account.")
        if customer.insolvency_published_on and customer.insolvency_state in GRAVE:
            note = customer.env._(
                "Opening published on %s. File the claim with the trustee in time; tell the credit "
                "insurer. Reminders and new orders are stopped.",
                format_date(customer.env, customer.insolvency_published_on))
        customer.activity_schedule(
            'mail.mail_activity_data_todo', date_deadline=self.company_id._get_ar_today(),
            summary=customer.env._("BODACC: %s", state), note=note, user_id=user.id)

    def _absorb(self, other):
        """EXTENDS core: notices follow, each once."""
        known = set(self.legal_notice_ids.mapped('event_id'))
        moving = other.legal_notice_ids.filtered(lambda notice: notice.event_id not in known)
        moving.customer_id = self
        result = super()._absorb(other)
        if moving:
            self._update_insolvency()
        return result
