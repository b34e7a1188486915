from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class ArReminder(models.Model):
    """EXTENDS dunning: the receipt of a free notice by letter, where the law counts from it.

    Netherlands, article 6:96 (6) of the civil code: fourteen days from the day after the debtor
    received the notice. What is noted here beats the day on which we take a letter to arrive; it
    is the only thing that anybody writes on a reminder that has left.
    """
    _inherit = 'ar.reminder'

    free_received_on = fields.Date(
        string="Received on", copy=False, tracking=True,
        help="Day on which the customer received this letter, as a proof of delivery or the "
             "customer says. The days to wait begin on the day after. Empty: not known, the day "
             "of the rule of law counts.")
    counts_receipt = fields.Boolean(compute='_compute_counts_receipt')

    @api.depends('state', 'free_notice', 'channel', 'customer_id')
    def _compute_counts_receipt(self):
        """Tell whether the days of this message count from its receipt."""
        for reminder in self:
            # sudo: the law is no secret.
            regime = reminder.customer_id.sudo().effective_regime_id.sudo()
            reminder.counts_receipt = bool(
                reminder.state == 'sent' and reminder.free_notice
                and reminder.channel == 'letter' and regime.letter_receipt)

    def write(self, vals):
        """EXTENDS dunning: the day of receipt alone may be noted after the message has left."""
        if 'free_received_on' not in vals or self.env.su and 'free_until' in vals:
            return super().write(vals)
        # Whatever comes with it is judged as ever, and refused once the message has left.
        others = {name: value for name, value in vals.items() if name != 'free_received_on'}
        if others:
            self.write(others)
        return self._set_received(fields.Date.to_date(vals['free_received_on']))

    def _set_received(self, day):
        """Note on which day these free notices were received, and count their days again.

        :param date day: False or None takes back what was noted
        :raise UserError: when the law does not count from the receipt, or the day is not possible
        """
        self.check_access('write')
        for reminder in self:
            if not reminder.counts_receipt:
                raise UserError(self.env._(
                    "The receipt of %s changes nothing: it is noted for a free notice that has "
                    "left by letter to a customer whose law counts from the receipt.",
                    reminder.name))
            if day and not reminder.sent_date <= day <= reminder.company_id._get_ar_today():
                raise UserError(self.env._(
                    "%(name)s left on %(date)s: it was received on that day or later, and not "
                    "after today.", name=reminder.name,
                    date=format_date(self.env, reminder.sent_date)))
            regime = reminder.customer_id.sudo().effective_regime_id.sudo()
            # sudo: what has left is written here only; the right to write it was checked above.
            reminder.sudo().write({
                'free_received_on': day or False,
                'free_until': regime._get_last_free_day(
                    reminder.sent_date, reminder.channel, day or None)})
        return True
