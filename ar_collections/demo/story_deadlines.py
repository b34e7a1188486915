"""The clocks of the story: a claim that is nearly barred, and a payment order to serve."""
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import Command, api, models

from .story_agreed import NOTICE_NUMBER


class ArDemoStory(models.AbstractModel):
    """EXTENDS demo: what is lost soon, and a formal notice that interrupts nothing."""
    _inherit = 'ar.demo.story'

    @api.model
    def _tell_desk(self, company, partners, users):
        """EXTENDS demo: the deadlines come after what was agreed."""
        result = super()._tell_desk(company, partners, users)
        today = company._get_ar_today()
        story = self.with_context(mail_activity_quick_update=True)
        old = story._create_invoice(
            partners['durand'], 1450.0,
            today - relativedelta(years=5) + timedelta(days=40))
        # Nobody reminds it any more: all the same it dies.
        old.no_followup = True
        customer = story.env['ar.customer']._get_or_create(partners['moreau'], company)
        item = story._get_oldest_item(company, partners['moreau'])
        values = {'customer_id': customer.id, 'item_ids': [Command.set(item.ids)]}
        story.env['ar.limitation.act'].create({
            **values, 'kind': 'formal_notice', 'date': today - timedelta(days=50),
            'reference': NOTICE_NUMBER})
        story.env['ar.court.step'].create({
            **values, 'court': "Tribunal de commerce de Romans", 'reference': "2026IP00451",
            'country_id': story.env.ref('base.fr').id, 'amount': item.amount_residual,
            'filed_on': today - timedelta(days=40), 'order_date': today - timedelta(days=21)})
        story.env['ar.deadline']._build(company)
        return result
