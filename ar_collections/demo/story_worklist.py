"""The collector's day in the story: contacts so far, a target, who follows whom."""
from datetime import datetime, time, timedelta

from odoo import api, models


class ArDemoStory(models.AbstractModel):
    """EXTENDS demo: what was said on the telephone."""
    _inherit = 'ar.demo.story'

    @api.model
    def _tell_desk(self, company, partners, users):
        told = super()._tell_desk(company, partners, users)
        today, collector = company._get_ar_today(), users['collector']
        for key, days, kind, outcome, note in (
            ('durand', 12, 'call', 'no_answer', ""),
            ('durand', 9, 'call', 'spoken', "The bookkeeper asks for copies of two invoices."),
            ('martin', 25, 'call', 'promise', "The director promises to pay in ten days."),
            ('moreau', 4, 'call', 'no_answer', ""),
            ('bellevue', 6, 'email', 'request', "Which of our payments have you found?"),
        ):
            customer = self.env['ar.customer']._get_or_create(partners[key], company)
            self.env['ar.interaction'].with_user(collector)._log(
                customer, kind, outcome, note=note,
                direction='in' if outcome == 'request' else 'out',
                date=datetime.combine(today - timedelta(days=days), time(9, 30)))
        self.env['ar.collector.target'].create({
            'collector_id': collector.id, 'company_id': company.id, 'month': today,
            'call_target': 40, 'promise_target': 10, 'cash_target': 20000})
        self.env['ar.collector.rule'].create({
            'name': "All customers", 'collector_id': collector.id, 'company_id': company.id,
            'sequence': 90})
        return told
