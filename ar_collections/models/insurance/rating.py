from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


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
    scale = fields.Char(
        string="Code of the scale", required=True, help="What the connector calls the scale.")
    value = fields.Char(help="As the provider writes it.")
    label = fields.Char(help="The provider's own words or class.")
    rated_on = fields.Date(
        string="Date", required=True, default=fields.Date.context_today,
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
    advised_amount = fields.Monetary(
        string="Advised amount", currency_field='advised_currency_id', aggregator=None,
        help="The credit that the provider advises, in the currency beside it. Not a limit.")
    advised_currency_id = fields.Many2one('res.currency', string="Currency advised")
    comments = fields.Text(readonly=True)
    scale_id = fields.Many2one(
        'ar.rating.scale', ondelete='set null', domain=[('is_used', '=', True)],
        help="Version of the mapping table that gave the grade. Only scales that a credit manager "
             "has confirmed can be chosen.")
    reading = fields.Selection(
        [('read', "Read"), ('unconfirmed', "Unconfirmed, off"), ('unmapped', "In no line")],
        compute='_compute_reading',
        help="Whether a table has given this value a meaning. Unconfirmed: nobody has confirmed "
             "the lines of the scale yet, and the value counts for nothing.")
    grade = fields.Integer(
        readonly=True, aggregator=None, help="1 is the safest, 10 the worst; 0: not mapped.")
    risk_class_id = fields.Many2one(
        'ar.risk.class', string="Class", readonly=True, ondelete='set null')
    environment = fields.Char(readonly=True)
    confidence = fields.Selection(
        [('documented', "Published by the provider"), ('observed', "Seen in public programs"),
         ('unconfirmed', "Our assumption: unconfirmed"), ('hand', "Typed in")],
        string="How well it is known", readonly=True)

    _customer_date_idx = models.Index('(customer_id, rated_on DESC)')

    def _compute_display_name(self):
        for rating in self:
            rating.display_name = f"{rating.value or '–'} ({rating.rated_on})"

    @api.depends('grade', 'unrated', 'scale_id')
    def _compute_reading(self):
        for rating in self:
            rating.reading = 'read' if rating.grade or rating.unrated else (
                'unmapped' if rating.scale_id else 'unconfirmed')

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Read each value with the mapping table of its scale; note a typed one as typed."""
        for vals in vals_list:
            if not self.env.su:
                vals.update(
                    confidence='hand', environment='production', provider_id=False,
                    link_id=False, received_at=fields.Datetime.now())
            if vals.get('scale_id') and not vals.get('scale'):
                vals['scale'] = self.env['ar.rating.scale'].browse(vals['scale_id']).code
            vals.setdefault('seen_on', vals.get('rated_on'))
            vals.update(self._read_meaning(vals))
        ratings = super().create(vals_list)
        # The poll combines a batch at once.
        if not (self.env.su and self.env.context.get('ar_combine_later')):
            ratings.customer_id._refresh_external_ratings()
        return ratings

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("A rating is history. Enter a new one instead."))
        return super().write(vals)

    @api.model
    def _read_meaning(self, vals):
        """Return scale, grade, class and the flags outside the scale."""
        date = fields.Date.to_date(vals.get('rated_on')) or fields.Date.context_today(self)
        Scale = self.env['ar.rating.scale']
        scale = Scale._get_scale(vals.get('scale'), date)
        band = (scale or Scale._get_scale(vals.get('scale'), date, is_used=False))._read_value(
            vals.get('value'))
        if not scale and band.meaning == 'grade':
            # Nobody has confirmed these lines: only what the provider says itself is read.
            band = band.browse()
        in_default = bool(vals.get('in_default') or (band and band.meaning == 'default'))
        unrated = not in_default and bool(
            vals.get('unrated') or (band and band.meaning == 'unrated'))
        grade = 0 if unrated else 10 if in_default else band.grade if band else 0
        risk_class = self.env['ar.rating.grade']._get_class(grade) if grade else None
        return {
            'scale_id': scale.id if scale else False, 'grade': grade, 'in_default': in_default,
            'unrated': unrated, 'risk_class_id': risk_class.id if risk_class else False}

    # === FROM A PROVIDER === #

    @api.model
    def _get_last(self, links):
        """Return {(customer id, scale): last rating} of a provider's links: one query."""
        ratings = self.search([
            ('customer_id', 'in', links.customer_id.ids),
            ('provider_id', 'in', links.provider_id.ids)], order='rated_on, id')
        return {(rating.customer_id.id, rating.scale): rating for rating in ratings}

    @api.model
    def _keep(self, link, result, lasts=None):
        """Keep what a provider says of a customer now, if it is news.

        :param link: `ar.provider.link`, one
        :param result: `connectors.results.Rating`
        :param lasts: of `_get_last`, when many links are read
        :return: (`ar.rating`, whether it is new)
        """
        today = link.company_id._get_ar_today()
        lasts = self._get_last(link) if lasts is None else lasts
        last = lasts.get((link.customer_id.id, result.scale))
        if last and self._is_same(last, result):
            last.seen_on = today
            return last, False
        meta = result.meta
        advised = result.advised_amount
        currency = advised and self.env['res.currency'].with_context(active_test=False).search(
            [('name', '=', advised.currency)], limit=1)
        rating = self.create([{
            'customer_id': link.customer_id.id, 'provider_id': link.provider_id.id,
            'link_id': link.id, 'scale': result.scale, 'value': result.value or False,
            'label': result.label or False,
            # A second change on one day has the day of its reading.
            'rated_on': result.rated_on if result.rated_on and (
                not last or result.rated_on > last.rated_on) else today,
            'received_at': fields.Datetime.now(), 'seen_on': today,
            'previous': result.previous or (last.value if last else False),
            'trend': result.trend or False, 'in_default': result.in_default,
            'unrated': result.unrated,
            'advised_amount': float(advised.amount) if advised else 0.0,
            'advised_currency_id': currency.id if currency else False,
            'comments': "\n".join(result.comments) or False,
            'environment': meta.environment if meta else False,
            'confidence': meta.confidence.value if meta else 'unconfirmed'}])
        return rating, True

    @staticmethod
    def _is_same(last, result):
        return (
            (last.value or '') == (result.value or '') and (last.label or '') == (
                result.label or '') and last.in_default >= result.in_default
            and (not result.rated_on or result.rated_on <= last.rated_on))

    def _read_again(self):
        """Read ratings again with the tables of today: somebody has changed a mapping."""
        names = ('scale', 'value', 'rated_on', 'unrated', 'in_default')
        for said, ratings in self.grouped(
                lambda rating: tuple(rating[name] for name in names)).items():
            ratings.write(self._read_meaning(dict(zip(names, said, strict=True))))
        self.customer_id._refresh_external_ratings()

    def action_read_again(self):
        """Button: apply the mapping tables of today to these ratings."""
        if not self.env.user.has_group('ar_collections.group_ar_manager'):
            raise AccessError(self.env._("Only a credit manager reads ratings again."))
        if not self:
            raise UserError(self.env._("Select at least one rating."))
        self.check_access('read')
        self.sudo()._read_again()
        return True
