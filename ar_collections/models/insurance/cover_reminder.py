from markupsafe import Markup

from odoo import fields, models
from odoo.tools import SQL


class ArDunningLevel(models.Model):
    """EXTENDS dunning: whether the messages of a level may name the credit insurer."""
    _inherit = 'ar.dunning.level'

    mention_insurer = fields.Boolean(
        string="Mention the credit insurer",
        help="When a listed invoice is covered and the policy allows it, one sentence below the "
             "table says that the insurer is told about unpaid invoices.")


class ArReminder(models.Model):
    """EXTENDS dunning: one sentence about the insurer, when an item of the message is covered."""
    _inherit = 'ar.reminder'

    def _render_items(self, template='ar_collections.reminder_items', values=None):
        """EXTENDS dunning: the sentence stands below the table, in mails and letters alike."""
        table = super()._render_items(template, values)
        notice = self._get_insurer_notice()
        return table + Markup('<p>%s</p>') % notice if notice else table

    def _get_insurer_notice(self):
        """Return the sentence in the recipient's language, or ''.

        Two ticks are needed, of the level and of the policy: not every contract allows it.
        """
        self.ensure_one()
        # sudo: the message is the company's, whoever looks at it.
        reminder = self.sudo()
        if not reminder.level_id.mention_insurer:
            return ''
        policies = self.env['ar.insurance.policy'].sudo()._get_live(
            reminder.company_id).filtered('mention_in_reminders')
        covers = self.env['ar.cover'].sudo().search([
            ('policy_id', 'in', policies.ids), ('customer_id', '=', reminder.customer_id.id)])
        if not covers or not self._has_insured_item():
            return ''
        env = reminder.with_context(lang=reminder.lang).env
        insurer = covers.policy_id[:1].insurer_id.name
        if insurer:
            return env._(
                "These invoices are covered by credit insurance with %s. We have to notify the "
                "insurer of invoices that remain unpaid.", insurer)
        return env._(
            "These invoices are covered by credit insurance. We have to notify the insurer of "
            "invoices that remain unpaid.")

    def _has_insured_item(self):
        """Return whether an item of the message is insured today."""
        lines = self.sudo().line_ids.move_line_id
        if not lines:
            return False
        self.env.flush_all()
        return bool(self.env.execute_query(SQL(
            "SELECT 1 FROM (%s) part WHERE amount > 0 LIMIT 1",
            self.env['ar.cover'].sudo()._get_insured_query(
                self.company_id, self.company_id._get_ar_today(),
                partner_ids=self.partner_id.commercial_partner_id.ids,
                where=SQL("insured.line_id = ANY(%s)", lines.ids)))))
