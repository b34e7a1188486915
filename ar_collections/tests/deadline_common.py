"""Builders of the tests on deadlines: rows, acts and orders in a few words."""
from datetime import date

from odoo import Command

from .law_common import LawCommon


def day(text):
    return date.fromisoformat(text)


class DeadlineCommon(LawCommon):
    """A French company, a French business, and the rules of prescription that come along."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.user('collector', 'clock_collector')
        cls.company.ar_collector_id = cls.collector

    def build(self, on=None):
        if on:
            self.go(on)
        return self.env['ar.deadline']._build(self.company)

    def rows(self, kind='prescription', partner=None):
        return self.env['ar.deadline'].search([
            ('company_id', '=', self.company.id), ('kind', '=', kind),
            ('partner_id', '=', (partner or self.buyer).id)])

    def table(self, kind='prescription', partner=None):
        self.env.invalidate_all()
        return [(row.move_id.name, str(row.last_day), row.state, row.amount)
                for row in self.rows(kind, partner)]

    def act(self, kind, on, moves, partner=None, **vals):
        return self.env['ar.limitation.act'].create({
            'customer_id': self.account_of(partner).id, 'kind': kind, 'date': on,
            'item_ids': [Command.set(self.items(moves).ids)], **vals})

    def order(self, moves, on, **vals):
        return self.env['ar.court.step'].create({
            'customer_id': self.account_of().id, 'order_date': on, 'amount': 1000,
            'country_id': self.france.id,
            'item_ids': [Command.set(self.items(moves).ids)], **vals})
