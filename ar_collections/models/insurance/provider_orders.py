from odoo import fields, models

from ...connectors.errors import (
    BudgetError,
    ConnectorError,
    NotFoundError,
    TemporaryError,
    UnexpectedAnswerError,
    UnknownOutcomeError,
)
from ...tools.transaction import write_again


class ArProviderLink(models.Model):
    """The order of an assessment at a provider that delivers days later."""
    _inherit = 'ar.provider.link'

    order_reference = fields.Char(
        string="Our order", readonly=True, copy=False,
        help="Noted before the order is sent: it is looked up by it when the answer was lost.")
    order_id = fields.Char(string="Order at the provider", readonly=True, copy=False)
    order_expected_on = fields.Date(string="Expected on", readonly=True, copy=False)


class ArProvider(models.Model):
    """EXTENDS the poll: providers whose ratings are ordered, and arrive later (Coface iCON)."""
    _inherit = 'ar.provider'

    def _get_poll_steps(self):
        """Orders are read before new ones are made."""
        return [*super()._get_poll_steps(), ('deliveries', self._poll_deliveries),
                ('orders', self._poll_orders)]

    def _count_due(self):
        """Add the orders to make and those to follow."""
        count = super()._count_due()
        if self._can('order_rating') and self._may_poll():
            Link = self.env['ar.provider.link']
            count += Link.search_count(self._get_due_domain() & fields.Domain(
                'order_reference', '=', False))
            count += Link.search_count(self._get_ordered_domain(self._has_poll_wish()))
        return count

    def _get_ordered_domain(self, is_called):
        """Return the domain of the orders to look at now.

        :param is_called: the provider has called us, and it may be about orders
        """
        now = fields.Datetime.now()
        due = fields.Domain('next_try_at', '=', False) | fields.Domain('next_try_at', '<=', now)
        if is_called:
            # A call does not say which order is ready. One that failed still waits for its time.
            due |= fields.Domain('failures', '=', 0)
        return due & fields.Domain([
            ('provider_id', '=', self.id), ('order_reference', '!=', False)])

    def _poll_deliveries(self, client):
        """Follow the orders under way; what is ready is read and kept."""
        if not self._can('poll_order'):
            return
        Link = self.env['ar.provider.link']
        # What a call may be about is the client's to say; nothing that was sent is kept.
        is_called = self._has_poll_wish() and client.parse_callback({}).kind == 'open_orders'
        domain = self._get_ordered_domain(is_called)
        for link in map(Link.browse, Link.search(domain, order='id').ids):
            try:
                link._follow_order(client)
            except TemporaryError as error:
                link._put_off(error)
                yield 0
                self._stop_if_paused(error)
            except ConnectorError as error:
                if self._is_problem(error):
                    raise
                link._end_order(self._get_error_text(error))
                yield 1
            else:
                yield 1

    def _poll_orders(self, client):
        """Order what is due. Our reference is committed first: nothing is ordered twice."""
        if not self._can('order_rating'):
            return
        Link = self.env['ar.provider.link']
        domain = self._get_due_domain() & fields.Domain('order_reference', '=', False)
        for link in map(Link.browse, Link.search(domain, order='id').ids):
            if link._is_inquiry_refused():
                yield 1
                continue
            link.order_reference = f"AR{link.id}-{fields.Datetime.now():%Y%m%d%H%M%S}"
            yield 0
            try:
                link._send_order(client)
            except BudgetError:
                link.order_reference = False
                yield 0
                return
            except (UnknownOutcomeError, UnexpectedAnswerError) as error:
                # It may have arrived: the next poll looks it up by our reference.
                link._put_off(error)
                yield 0
                self._stop_if_paused(error)
            except TemporaryError as error:
                link.order_reference = False
                link._put_off(error)
                yield 0
                self._stop_if_paused(error)
            except ConnectorError as error:
                if self._is_problem(error):
                    link.order_reference = False
                    yield 0
                    raise
                if isinstance(error, NotFoundError):
                    link._note_lost_number(error)
                link._end_order(self._get_error_text(error))
                yield 1
            else:
                yield 1


class ArProviderLinkOrder(models.Model):
    """One order's way from our reference to the rating."""
    _inherit = 'ar.provider.link'

    def _send_order(self, client):
        self.ensure_one()
        country = self.customer_id.partner_id.country_id.code or 'FR'
        order = self.provider_id._call(
            'order_rating', self.external_id, country, self.order_reference, client=client)
        write_again(self.env, lambda: self._set_order(order))

    def _set_order(self, order):
        self.write({
            'order_id': order.order_id, 'order_expected_on': order.expected_on,
            'asked_at': fields.Datetime.now(), 'failures': 0,
            'next_try_at': fields.Datetime.add(fields.Datetime.now(), hours=1),
            'message': self.env._("Ordered; the provider delivers later.")})

    def _follow_order(self, client):
        """Look where an order is; read the rating when it is ready."""
        self.ensure_one()
        provider = self.provider_id
        if not self.order_id and not provider._can('find_request'):
            self._hand_over_order()
            return
        if not self.order_id:
            # Sent and never answered: only a look-up may say that it did not arrive.
            order = provider._call('find_request', self.order_reference, client=client)
            if not order:
                self.write({'order_reference': False, 'next_try_at': False})
                return
            self._set_order(order)
        order = provider._call('poll_order', self.order_id, client=client)
        if order.state == 'ready' and order.publications:
            result = provider._call('get_rating', order.publications[-1], client=client)
            rating, is_new = self.env['ar.rating']._keep(self, result)
            if is_new:
                self._record_rating(rating, result)
            self._end_order(False)
        elif order.state == 'pending':
            self.next_try_at = fields.Datetime.add(fields.Datetime.now(), hours=12)
        else:
            event = self.env['ar.provider.event']._record(
                provider, f'order:{self.order_reference}:{order.state}', {
                    'kind': 'order', 'link_id': self.id, 'customer_id': self.customer_id.id,
                    'external_id': self.external_id, 'code': order.state,
                    'summary': order.order_id, 'result': order})
            if event:
                event._set_person(self.env._(
                    "The order %(order)s of the provider is %(state)s. It is not ordered again by "
                    "itself: press “Ask for the rating” on the link.",
                    order=order.order_id, state=order.state))
            self._end_order(self.env._("The order was lost or cancelled."))

    def _hand_over_order(self):
        """Sent and never answered, and looking it up is off: a billed order is for a person."""
        event = self.env['ar.provider.event']._record(
            self.provider_id, f'order:{self.order_reference}:unanswered', {
                'kind': 'order', 'link_id': self.id, 'customer_id': self.customer_id.id,
                'external_id': self.external_id, 'code': 'unanswered',
                'summary': self.order_reference})
        if event:
            event._set_person(self.env._(
                "Nobody knows whether the order %(order)s arrived at %(provider)s. Look for it in "
                "the provider's portal. It is not ordered again by itself: press “Ask for the "
                "rating” on the link.", order=self.order_reference,
                provider=self.provider_id.name))
        self._end_order(self.env._(
            "The answer to an order was lost: a person looks for it at the provider."))

    def _end_order(self, message):
        self.write({'order_reference': False, 'order_id': False, 'order_expected_on': False})
        self._set_answered(message)
