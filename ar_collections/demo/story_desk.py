"""The desk of the story: what customers have said about their invoices."""
from datetime import timedelta

from odoo import Command, api, models


class ArDemoStory(models.AbstractModel):
    """EXTENDS demo: a promise that waits, one that was broken, and a dispute."""
    _inherit = 'ar.demo.story'

    @api.model
    def _tell_desk(self, company, partners, users):
        today = company._get_ar_today()
        story = self.with_context(mail_activity_quick_update=True)
        oldest = {key: story._get_oldest_item(company, partners[key])
                  for key in ('gare', 'martin', 'mairie')}
        story._note_promise(
            oldest['gare'], users['collector'], today - timedelta(days=2),
            today + timedelta(days=5), "The owner pays after the weekend.")
        broken = story._note_promise(
            oldest['martin'], users['collector'], today - timedelta(days=25),
            today - timedelta(days=15), "Promised by the director on the phone.")
        broken._follow()
        item = oldest['mairie']
        # Noted in the name of the collector, who settles it.
        story.env['ar.dispute'].with_user(users['collector']).create({
            'customer_id': story.env['ar.customer']._get_or_create(
                item.partner_id, company).id,
            'currency_id': item.currency_id.id, 'opened_on': today - timedelta(days=12),
            'reason_id': self.env.ref('ar_collections.ar_dispute_reason_quality').id,
            'owner_id': users['collector'].id,
            'description': "Two of the lamps arrived broken.",
            'line_ids': [Command.create({'move_line_id': item.id})]})
        # From here on the dispute keeps it out of the reminders.
        item.no_followup = False

    def _get_oldest_item(self, company, partner):
        return self.env['account.move.line'].search([
            ('account_id', 'in', company._get_ar_account_ids()), ('reconciled', '=', False),
            ('parent_state', '=', 'posted'), ('partner_id', 'child_of', partner.id),
            ('amount_residual', '>', 0), ('company_id', '=', company.id),
        ], order='date_maturity, id', limit=1)

    def _note_promise(self, item, user, taken_on, promise_date, note):
        return self.env['ar.promise'].with_user(user).create({
            'customer_id': self.env['ar.customer']._get_or_create(
                item.partner_id, item.company_id).id,
            'currency_id': item.currency_id.id, 'taken_on': taken_on,
            'promise_date': promise_date, 'amount': item.amount_residual_currency, 'note': note,
            'line_ids': [Command.create({'move_line_id': item.id})]})
