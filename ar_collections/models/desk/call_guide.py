import re

from odoo import api, fields, models

SITUATIONS = [
    ('any', "Any"),
    ('first', "First contact"),
    ('broken', "A promise was broken"),
    ('paid', "Said it was paid"),
    ('unreached', "Not reached last time"),
    ('dispute', "A dispute is open"),
]
WORD = re.compile(r'\{(\w+)\}')


class ArCallGuide(models.Model):
    """What to say on the telephone, by dunning level, age and what happened before."""
    _name = 'ar.call.guide'
    _description = "Call guide"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10, help="The first guide that fits is shown.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', index=True, help="Empty: every company.")
    situation = fields.Selection(SITUATIONS, required=True, default='any')
    level_ids = fields.Many2many(
        'ar.dunning.level', string="Levels", help="Empty: whatever the level of the customer.")
    min_days = fields.Integer(
        string="Days overdue from", help="Of the oldest item, included.")
    body = fields.Text(
        string="What to say", required=True, translate=True,
        help="{customer}, {amount}, {days}, {items}, {company} and {me} are replaced.")

    @api.model
    def _get_guide(self, customer, facts):
        """Return the first guide that fits.

        :param customer: `ar.customer`
        :param dict facts: ``situations`` (set of codes), ``days`` of the oldest overdue item
        :return: `ar.call.guide`, one or empty
        """
        guides = self.search([('company_id', 'in', (False, customer.company_id.id))])
        level = customer.dunning_level_id
        for guide in guides:
            if (guide.situation in facts['situations'] and facts['days'] >= guide.min_days
                    and (not guide.level_ids or level in guide.level_ids)):
                return guide
        return self.browse()

    def _render(self, words):
        """Return the text with its words replaced; unknown ones stay as they are.

        :param dict words: {name in braces: text}
        """
        self.ensure_one()
        return WORD.sub(lambda match: str(words.get(match[1], match[0])), self.body or '')
