from odoo import fields, models


class ArRating(models.Model):
    """What one provider said of one customer, raw, and what it means on our scale. History."""
    _name = 'ar.rating'
    _description = "External rating"
    _order = 'rated_on desc, id desc'
    _rec_name = 'value'

    customer_id = fields.Many2one(
        'ar.customer', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    provider_id = fields.Many2one(
        'ar.provider', index='btree_not_null', ondelete='restrict',
        help="Empty: typed in from a report on paper.")
    link_id = fields.Many2one('ar.provider.link', ondelete='set null', index='btree_not_null')
    scale = fields.Char(required=True, help="What the connector calls the scale.")
    value = fields.Char(help="As the provider writes it.")
    label = fields.Char(help="The provider's own words or class.")
    rated_on = fields.Date(
        string="Date", required=True,
        help="Day on which the provider made it; the day it was read when it does not say.")
    received_at = fields.Datetime(readonly=True)
    seen_on = fields.Date(
        string="Last seen on", help="Last day on which the provider still said so.")
    previous = fields.Char(string="Before", readonly=True)
    trend = fields.Selection(
        [('up', "Better"), ('down', "Worse"), ('same', "Same")], readonly=True)
    in_default = fields.Boolean(
        help="The company has failed or is closed: outside every scale.")
    unrated = fields.Boolean(string="No opinion", help="The provider gives no opinion.")
    advised_amount = fields.Float(
        string="Advised amount", digits=(16, 2), aggregator=None,
        help="The credit that the provider advises, in the currency beside it. Not a limit.")
    advised_currency_id = fields.Many2one('res.currency', string="Currency advised")
    comments = fields.Text(readonly=True)
    scale_id = fields.Many2one(
        'ar.rating.scale', string="Read with", readonly=True, ondelete='set null',
        help="Version of the mapping table that gave the grade.")
    grade = fields.Integer(
        readonly=True, aggregator=None, help="1 is the safest, 10 the worst; 0: not mapped.")
    risk_class_id = fields.Many2one(
        'ar.risk.class', string="Class", readonly=True, ondelete='set null')
    environment = fields.Char(readonly=True)
    confidence = fields.Selection(
        [('documented', "Published by the provider"), ('observed', "Seen in public programs"),
         ('unconfirmed', "Our assumption: unconfirmed"), ('hand', "Typed in")],
        string="How well it is known", readonly=True)
