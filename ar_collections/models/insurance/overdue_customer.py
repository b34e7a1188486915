from odoo import fields, models
from odoo.tools import SQL, format_date

MAX_STEPS = 10


class ArCustomer(models.Model):
    """EXTENDS core: overdue notices of a customer, and the day an insolvency was published."""
    _inherit = 'ar.customer'

    overdue_notice_ids = fields.One2many('ar.overdue.notice', 'customer_id', readonly=True)
    overdue_notice_count = fields.Integer(
        string="Overdue notices", compute='_compute_overdue_notice_count')

    def _compute_overdue_notice_count(self):
        counts = dict(self.env['ar.overdue.notice']._read_group(
            [('customer_id', 'in', self.ids), ('state', '!=', 'cancelled')],
            ['customer_id'], ['__count']))
        for customer in self:
            customer.overdue_notice_count = counts.get(customer._origin, 0)

    def _get_insolvency_event(self):
        """EXTENDS law: the publication in the gazette, where it was found.

        Proceedings that are closed or that a court reversed ask for no declaration any more. What
        somebody typed in before the gazette told anything, or about proceedings newer than all its
        notices, stands: no notice found is no proof that there is none.
        """
        told = max((notice.judged_on or notice.published_on for notice in self.legal_notice_ids
                    if notice.judged_on or notice.published_on), default=None)
        if told and self.insolvency_state in ('closed', 'none_found') and self.bodacc_checked_on:
            newer = self.insolvency_date and self.insolvency_date > told
            return super()._get_insolvency_event() if newer else False
        return self.insolvency_published_on or super()._get_insolvency_event()

    def _get_steps_taken(self):
        """Return in words what was done so far to be paid, the last steps first."""
        self.ensure_one()
        # sudo: the right to read the customer was checked; this is told to the insurer.
        customer = self.sudo()
        channels = dict(self.env['ar.reminder']._fields['channel']._description_selection(self.env))
        reminders = self.env['ar.reminder'].sudo().search(
            [('customer_id', '=', customer.id), ('state', '=', 'sent')],
            order='date desc, id desc', limit=MAX_STEPS)
        steps = [self.env._(
            "%(date)s: %(level)s, %(channel)s", date=format_date(self.env, reminder.date),
            level=reminder.level_id.display_name or '', channel=channels.get(reminder.channel, ''))
            for reminder in reminders]
        if customer.notice_date:
            steps.append(self.env._(
                "%s: formal notice", format_date(self.env, customer.notice_date)))
        for promise in customer.promise_ids.filtered(lambda promise: promise.state == 'broken'):
            steps.append(self.env._(
                "%(date)s: promise to pay %(name)s, broken",
                date=format_date(self.env, promise.promise_date), name=promise.name))
        for dispute in customer.dispute_ids.filtered(lambda dispute: dispute.state == 'open'):
            steps.append(self.env._("Open dispute: %s", dispute.name))
        return "\n".join(steps)

    def action_view_overdue_notices(self):
        """Open the overdue notices of this customer."""
        self.ensure_one()
        return self.overdue_notice_ids._get_action()

    def _absorb(self, other):
        """EXTENDS core: notices follow."""
        self.env.flush_all()
        # By SQL: what was told to an insurer is history that no ordinary write may touch.
        for table in ('ar_overdue_notice', 'ar_overdue_notice_line', 'ar_original_due'):
            self.env.cr.execute(SQL(
                "UPDATE %s SET customer_id = %s WHERE customer_id = %s",
                SQL.identifier(table), self.id, other.id))
        self.env.cr.execute(SQL(
            "UPDATE ar_overdue_notice SET partner_id = %s WHERE customer_id = %s",
            self.partner_id.id, self.id))
        self.env.invalidate_all(flush=False)
        return super()._absorb(other)
