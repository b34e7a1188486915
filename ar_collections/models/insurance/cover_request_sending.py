import logging
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytz

from odoo import api, fields, models

from ...connectors.errors import AccessError as RouteError
from ...connectors.errors import (
    AlreadyPendingError,
    BudgetError,
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    NotFoundError,
    RefusedError,
    TemporaryError,
    UnconfirmedError,
)
from ...connectors.results import Cover, CoverOrder, CoverStatus, LayerKind, Money
from ...tools.transaction import write_again

_logger = logging.getLogger(__name__)
BATCH = 200
# A look-up is free and asked soon; settings take a person's time.
LOOK_UP_MINUTES, SETTINGS_MINUTES, LONGEST_MINUTES = 5, 360, 720
FIRST_NEWS_MINUTES, NEWS_MINUTES = 2, 60
# The simulated insurer thinks again after three minutes: whoever tries the module out sees it.
SIMULATED_NEWS_MINUTES = 4
# A request is under way at the insurer, and nobody can say for which customer.
UNNAMED = 'unnamed_request'


class ArCoverRequest(models.Model):
    """EXTENDS: the way to the insurer and back, outside the transaction of any user.

    A request that was being sent when the server died has an unknown outcome: it is looked up by
    its reference before anything is sent again.
    """
    _inherit = 'ar.cover.request'

    _todo_idx = models.Index("(state) WHERE state IN ('queued', 'sending', 'unknown', 'open')")

    # === SENDING === #

    @api.model
    def _cron_send(self):
        """Scheduled action: look up what is unknown, send what waits. Each row is committed."""
        # Nobody else sends: what is still being sent was interrupted.
        interrupted = self.search([('state', '=', 'sending')])
        interrupted.write({'state': 'unknown', 'next_try_at': False})
        now = fields.Datetime.now()
        todo = self.search([
            ('state', 'in', ('queued', 'unknown')), ('provider_id', '!=', False),
            '|', ('next_try_at', '=', False), ('next_try_at', '<=', now)],
            order='next_try_at, id', limit=BATCH)
        self.env['ir.cron']._commit_progress(remaining=len(todo))
        for request in map(self.browse, todo.ids):
            request._send_alone()
            if not self.env['ir.cron']._commit_progress(1):
                break

    def _send_alone(self):
        """Look up or send one request; a mistake of ours in it does not stop the others."""
        self.ensure_one()
        try:
            # Once more is safe: what was begun is "being sent" by then, and left to the next run.
            write_again(self.env, self._send_one)
        except Exception:
            self.env.cr.rollback()
            _logger.exception("Request %s could not be sent", self.id)
            write_again(self.env, lambda: self.write({
                'problem': self.env._(
                    "Sending stopped at an error of the program. The log of the server tells it."),
                'next_try_at': fields.Datetime.now() + timedelta(minutes=LONGEST_MINUTES)}))

    def _send_one(self):
        """Look up or send one request, unless somebody is writing it now."""
        self.ensure_one()
        if not self.try_lock_for_update():
            return
        if self.state == 'unknown' and not self._look_up():
            return
        if self.state != 'queued' or not self._is_ready():
            return
        operation, args, kwargs = self._get_operation()
        self.write({
            'state': 'sending', 'sent_at': fields.Datetime.now(), 'attempts': self.attempts + 1})
        # Record first: from here on a crash is known as one.
        self.env['ir.cron']._commit_progress()
        try:
            result = self.provider_id._call(operation, *args, **kwargs)
        except (ConnectorError, ConfigurationError) as error:
            write_again(self.env, partial(self._note_failure, error))
        else:
            write_again(self.env, partial(self._take_sent, result))

    def _take_sent(self, result):
        """Note the answer to what was just sent, and come back soon for a decision."""
        self._take(result)
        if self.state == 'open':
            # Many answers come within minutes.
            self.env.ref('ar_collections.ir_cron_ar_provider_poll')._trigger(
                at=fields.Datetime.now() + timedelta(minutes=FIRST_NEWS_MINUTES))

    def _is_ready(self):
        """Return whether the provider may be asked now; otherwise the request waits."""
        provider = self.provider_id
        if not provider.is_on or provider.health in ('off', 'problem', 'paused'):
            self.write({
                'problem': provider.health_text or self.env._("The connection is switched off."),
                'next_try_at': fields.Datetime.now() + timedelta(minutes=LOOK_UP_MINUTES)})
            return False
        return True

    def _look_up(self):
        """Find out what became of a request; return whether it may be sent again."""
        if not self._is_ready():
            return False
        if not self.provider_id._can('find_request') or self.action == 'cancel':
            self._ask_person(self.env._(
                "Nobody knows whether this arrived. Look it up in the insurer's portal."))
            return False
        # Nobody waits for this row while the insurer takes its time.
        self.env['ir.cron']._commit_progress()
        try:
            found = self.provider_id._call('find_request', self._get_order())
        except (ConnectorError, ConfigurationError) as error:
            if error.code == UNNAMED:
                self._ask_person(self._tell_error(error))
            else:
                self._wait(error, LOOK_UP_MINUTES)
            return False
        if found:
            write_again(self.env, partial(self._take, found))
            return False
        self.write({'state': 'queued', 'next_try_at': False, 'problem': False})
        self._message_log(body=self.env._("Looked up: it had not arrived. Sent again."))
        return True

    def _note_failure(self, error):
        """Decide what follows a call that failed."""
        if isinstance(error, UnconfirmedError):
            # Nothing was sent: the insurer has a cover in force, and changing one is off.
            self._ask_by_hand()
            self._message_log(body=self._tell_error(error))
        elif error.code == UNNAMED:
            # Nothing was sent. "Look it up" sends it once nothing unnamed is under way.
            self._ask_person(self._tell_error(error))
        elif isinstance(error, CredentialsError | RouteError | ConfigurationError | BudgetError):
            self.state = 'queued'
            self._wait(error, SETTINGS_MINUTES)
        elif isinstance(error, TemporaryError):
            self.state = 'queued'
            self._wait(error, min(15 * 2 ** min(self.attempts, 6), LONGEST_MINUTES))
        elif isinstance(error, RefusedError) and not isinstance(error, AlreadyPendingError):
            text = self._tell_error(error)
            self.write({'state': 'failed', 'status': 'rejected_input', 'problem': text})
            self.message_post(
                body=self.env._("The insurer did not accept the request: %s", text),
                partner_ids=self.user_id.partner_id.ids)
        else:
            # Silence, or an answer that cannot be read: it may have arrived.
            self.write({'state': 'unknown', 'status': 'error'})
            self._wait(error, LOOK_UP_MINUTES)

    def _wait(self, error, minutes):
        seconds = max(minutes * 60, getattr(error, 'retry_after', None) or 0)
        self.write({
            'problem': self._tell_error(error),
            'next_try_at': fields.Datetime.now() + timedelta(seconds=seconds)})

    def _tell_error(self, error):
        return self.provider_id._get_error_text(error)

    def _ask_person(self, text):
        """Plan one activity; the request stays as it is until a person has looked."""
        self.write({'state': 'open', 'status': 'error', 'problem': text})
        user = self.user_id if self.user_id.active else self.company_id._get_ar_responsible()
        self.activity_unlink(['mail.mail_activity_data_todo'])
        self.activity_schedule(
            'mail.mail_activity_data_todo', user_id=user.id, note=text,
            date_deadline=self.company_id._get_ar_today(),
            summary=self.env._("Cover request to look up"))

    # === WHAT IS SENT === #

    def _get_order(self):
        """Return what is asked for, in the client's words."""
        return CoverOrder(
            buyer_id=self._get_link().external_id or '',
            amount=Money(Decimal(str(self.amount)), self.currency_id.name), reference=self.name,
            kind=LayerKind.TOP_UP if self.action == 'topup' else LayerKind.PERMANENT)

    def _get_operation(self):
        """Return (operation, args, kwargs); no operation: only a person can do it."""
        # sudo: see `_get_step`.
        client = self.policy_id.provider_id.sudo()._get_client_class()
        order = self._get_order()
        reference = (self.cover_id or self._get_cover()).insurer_reference
        change = {'buyer_id': order.buyer_id, 'reference': self.name}
        if self.action == 'topup':
            return 'request_topup', (order,), {}
        if self.action == 'cancel':
            return 'change_cover' if client.can_cancel and reference else None, (
                reference, None), change
        if self.action != 'request' and reference:
            return 'change_cover', (reference, order), change
        return 'request_cover', (order,), {}

    # === WHAT COMES BACK === #

    def _take(self, result):
        """Note what the insurer says about this request.

        :param result: `connectors.results.CoverRequest`
        """
        self.ensure_one()
        values = {
            'insurer_reference': result.request_id, 'status': str(result.status), 'state': 'open',
            'polled_at': fields.Datetime.now(), 'problem': False, 'next_try_at': False}
        if result.attached and self.state in ('sending', 'queued'):
            self._message_log(body=self.env._(
                "A request for this buyer was open at the insurer already: this one follows it."))
        if result.status == CoverStatus.REJECTED_INPUT:
            values['state'] = 'failed'
        self.write(values)
        decision = result.cover
        if result.status == CoverStatus.CANCELLED and not decision and self.action == 'cancel':
            decision = Cover(
                self.cover_id.insurer_reference or result.request_id, CoverStatus.CANCELLED,
                decided_on=self.company_id._get_ar_today(), meta=result.meta)
        if decision:
            self._answer(decision)
        elif result.status in (CoverStatus.ERROR, CoverStatus.UNKNOWN):
            self._ask_person(self.env._(
                "The insurer's answer cannot be read: look the request up in its portal."))

    def _answer(self, decision, source='provider', **options):
        """Apply a decision to the cover; a decision that can be read closes the request."""
        self.ensure_one()
        cover = self.env['ar.cover']._apply(
            self.policy_id, self.customer_id, decision, asked=self, source=source, **options)
        if decision.status == CoverStatus.UNKNOWN or (cover and cover.status == 'unknown'):
            self.write({'cover_id': cover.id or self.cover_id.id, 'status': 'unknown'})
            return cover
        self.write({
            'cover_id': cover.id or self.cover_id.id, 'state': 'answered',
            'status': str(decision.status), 'answered_on': self.company_id._get_ar_today(),
            'granted_amount': self._get_granted(decision), 'problem': False})
        self.activity_unlink(['mail.mail_activity_data_todo'])
        # sudo: the address of a simulator is none of the collector's business, nor a secret.
        if source == 'provider' and cover.amount_today and self.provider_id.sudo().simulator_url:
            self.env.ref('ar_collections.ir_cron_ar_provider_poll').sudo()._trigger(
                at=fields.Datetime.now() + timedelta(minutes=SIMULATED_NEWS_MINUTES))
        if not cover:
            self._message_log(body=self.env._(
                "The answer comes from a test environment: it changes no cover."))
        return cover

    def _get_granted(self, decision):
        """Return what was granted, in policy currency; never what was asked for."""
        if decision.status in (CoverStatus.REFUSED, CoverStatus.CANCELLED, CoverStatus.WITHDRAWN):
            return 0.0
        return float(sum((
            layer.amount.amount for layer in decision.layers if layer.amount), Decimal(0)))

    # === ASKING FOR NEWS === #

    @api.model
    def _poll(self, provider, client):
        """Step of the poll: ask for news of the open requests. A failure leaves them as they are.

        :param client: from `provider._open_client`
        :raise ConnectorError: the provider cannot be asked now
        """
        requests = self.search([
            ('provider_id', '=', provider.id), ('state', '=', 'open'), ('by_hand', '=', False),
            ('status', '!=', 'error'), ('insurer_reference', '!=', False)], order='polled_at, id')
        if not requests or not provider._can('poll_request'):
            return
        for request in map(self.browse, requests.ids):
            request._poll_one(client)
            yield 0

    def _poll_one(self, client):
        self.ensure_one()
        order = self._get_order()
        previous = self.cover_id._get_amounts(self.company_id._get_ar_today()).get(
            self.cover_id.id) if self.cover_id else None
        try:
            result = self.provider_id._call(
                'poll_request', self.insurer_reference, client=client, buyer_id=order.buyer_id,
                sent_at=pytz.utc.localize(self.sent_at), requested=order.amount,
                previous=None if previous is None else Decimal(str(previous)))
        except NotFoundError as error:
            self._ask_person(self._tell_error(error))
        except (RefusedError, TemporaryError, ConfigurationError):
            # Told by the provider's own health; nothing is known about the request.
            raise
        except ConnectorError as error:
            self._ask_person(self._tell_error(error))
        else:
            if result.request_id != self.insurer_reference and not result.cover:
                self.insurer_reference = result.request_id
            self._take(result)


class ArProvider(models.Model):
    """EXTENDS: the poll also asks for news of requests, and reads the covers again."""
    _inherit = 'ar.provider'

    @api.model
    def _get_poll_steps(self):
        """EXTENDS: covers stand before ratings: a reduction cannot wait, and costs nothing."""
        first, *others = super()._get_poll_steps()
        return [first, ('requests', self._poll_requests), ('covers', self._poll_covers), *others]

    def _poll_requests(self, client):
        """Ask for news of the open requests."""
        yield from self.env['ar.cover.request']._poll(self, client)

    def _poll_covers(self, client):
        """Read the covers again."""
        yield from self.env['ar.cover']._poll(self, client)

    def _forget_problem(self):
        """EXTENDS: what waited for the settings to be mended need not wait any longer."""
        result = super()._forget_problem()
        self.env['ar.cover.request'].sudo().search([
            ('provider_id', 'in', self.ids), ('state', 'in', ('queued', 'unknown')),
            ('next_try_at', '!=', False)]).next_try_at = False
        return result

    def _plan_next_poll(self, providers):
        """EXTENDS: while requests are open, come back: each time after as long as the youngest has
        waited by then (2, 4, 8 minutes…), within the hour."""
        result = super()._plan_next_poll(providers)
        youngest = self.env['ar.cover.request'].search([
            ('provider_id', 'in', providers.ids), ('state', '=', 'open'), ('by_hand', '=', False),
            ('status', '!=', 'error'), ('sent_at', '!=', False)], order='sent_at desc', limit=1)
        if youngest:
            now = fields.Datetime.now()
            wait = min(max(now - youngest.sent_at, timedelta(minutes=FIRST_NEWS_MINUTES)),
                       timedelta(minutes=NEWS_MINUTES))
            self.env.ref('ar_collections.ir_cron_ar_provider_poll')._trigger(at=now + wait)
            self.env['ir.cron']._commit_progress()
        return result
