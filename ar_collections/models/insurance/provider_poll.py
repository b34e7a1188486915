import logging
from functools import partial

from odoo import api, fields, models
from odoo.tools import SQL

from ...connectors.errors import (
    BudgetError,
    ConfigurationError,
    ConnectorError,
    TemporaryError,
)
from ...tools.transaction import CONFLICTS, TRIES, write_again
from .provider_codes import BILLED

_logger = logging.getLogger(__name__)
# Links read in one go between two commits, when the calls cost nothing.
BATCH = 50
# Changes are told late now and then; the first look goes back a month.
OVERLAP_DAYS, FIRST_LOOK_DAYS = 3, 30
# Whose list of changes is asked between two days; the others give what they have.
DATED_CHANGES = frozenset({'atradius', 'coface_icon', 'infolegale'})


class ArProvider(models.Model):
    """The nightly poll. It is the truth; a callback only makes it come earlier.

    Each provider by itself: one that is down, refused or out of budget does not stop the others.
    A billed call is noted and committed before it is made, and its answer after: killed anywhere,
    the poll goes on with what is left, and no billed call is made twice.
    """
    _inherit = 'ar.provider'

    def _get_poll_steps(self):
        """Return [(name, method)] in their order. Rooms that read more add their step.

        A method takes a client and is a generator: it yields after each piece of work, and
        whatever it wrote is committed there. Yield 0 before a call that must be noted first,
        1 after a record is done. Caches are empty after each yield. Errors of the connectors end
        the provider's turn; business errors of one record are the method's own to handle.
        """
        return [('search', self._poll_searches), ('changes', self._poll_changes),
                ('ratings', self._poll_ratings)]

    @api.model
    def _cron_poll(self):
        """Scheduled action: read everything that is due at every provider."""
        write_again(self.env, self._make_public_providers)
        cron = self.env.ref('ar_collections.ir_cron_ar_provider_poll')
        providers = self.search([('is_on', '=', True)]).filtered(
            lambda provider: provider._get_poll_cron() == cron)
        if not providers._poll_all():
            # The time of this run is over: the scheduler comes back at once.
            return
        for company in providers.company_id:
            # Ratings grow old without any call.
            self.env['ir.cron']._ar_keep_on(company, partial(
                write_again, self.env,
                partial(self.env['ar.customer']._combine_ratings, company)))
            self.env['ir.cron']._commit_progress()
        self.env['ir.cron']._commit_progress(remaining=0)
        self._plan_next_poll(providers)

    def _poll_all(self):
        """Give each of these providers its turn.

        :return: False when the time of the scheduled action is over
        """
        self.env['ir.cron']._commit_progress(remaining=sum(
            provider._count_due() for provider in self))
        return all(provider._poll() for provider in self)

    def _poll(self):
        """Take the turn of one provider.

        :return: False when the time of the scheduled action is over
        """
        self.ensure_one()
        if not self._may_poll():
            return True
        start = fields.Datetime.now()
        try:
            with self._open_client() as client:
                for _name, method in self._get_poll_steps():
                    if not self._take_step(method, client):
                        return False
        except (ConnectorError, ConfigurationError) as error:
            # Noted and told by the call, before which nothing was left half done; the next
            # provider has its turn.
            _logger.info("Poll of provider %s ended: %s", self.id, error.code)
        except Exception as error:
            self.env.cr.rollback()
            _logger.exception("Poll of provider %s failed", self.id)
            self._note_internal_error(error)
        # A call that came meanwhile is seen by a fresh transaction only.
        self.env['ir.cron']._commit_progress()
        self._forget_poll_wish(start)
        self.env['ir.cron']._commit_progress()
        return True

    def _take_step(self, method, client):
        """Take one step of the poll, from its start again when somebody else has written the same
        rows: it goes on with what is left.

        :param method: of `_get_poll_steps`
        :return: False when the time of the scheduled action is over
        """
        tries_left = TRIES
        while True:
            try:
                for done in method(client):
                    if not self.env['ir.cron']._commit_progress(done):
                        return False
                    if done:
                        tries_left = TRIES
            except CONFLICTS as error:
                self.env.cr.rollback()
                tries_left -= 1
                if not tries_left:
                    raise
                _logger.info(
                    "Poll of provider %s: %s, once more", self.id, type(error).__name__)
            else:
                return True

    def _may_poll(self):
        """Return whether this account may be asked now: no pause, nothing to mend."""
        self.ensure_one()
        # What a call has noted is not seen by a transaction that began before it.
        with self._own_environment() as env:
            health = env['ar.provider.health'].search([('provider_id', '=', self.id)])
            return not health.problem and (
                not health.paused_until or health.paused_until <= fields.Datetime.now())

    def _note_internal_error(self, error):
        """A mistake of ours in one provider is kept beside it and does not stop the others."""
        with self._own_environment() as env:
            env['ar.provider.error'].create({
                'provider_id': self.id, 'happened_at': fields.Datetime.now(),
                'operation': 'poll', 'code': type(error).__name__, 'next_step': 'ask_person',
                'message': self.env._(
                    "The poll of this provider stopped at an error of the program. The log of "
                    "the server tells it; the other providers were read.")})

    # === WHEN === #

    def _get_poll_cron(self):
        """Return the scheduled action that reads this provider: one, so that no two read it."""
        return self.env.ref('ar_collections.ir_cron_ar_provider_poll')

    @api.model
    def _trigger_poll(self, at=None):
        """Have the poll run within a minute, or at a time. Without the right to write scheduled
        actions."""
        # sudo: whoever asks for a search or a rating may bring the poll forward.
        self.env.ref('ar_collections.ir_cron_ar_provider_poll').sudo()._trigger(at)

    def action_poll_now(self):
        """Have everything due read within a minute."""
        self._check_administrator()
        # sudo: an administrator of Receivables may bring the poll forward.
        self._get_poll_cron().sudo()._trigger()
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
                'type': 'success', 'message': self.env._(
                    "The poll starts within a minute. Its results arrive in the inbox.")}}

    def _get_due_domain(self):
        """Return the domain of the links whose rating is read now."""
        now = fields.Datetime.now()
        due = fields.Domain('rating_wanted', '=', True)
        if self.rating_days:
            limit = fields.Datetime.subtract(now, days=self.rating_days)
            due |= fields.Domain('answered_at', '=', False) | fields.Domain(
                'answered_at', '<', limit)
        return due & fields.Domain([
            ('provider_id', '=', self.id), ('state', '=', 'linked'),
            ('customer_id.active', '=', True),
            '|', ('next_try_at', '=', False), ('next_try_at', '<=', now)])

    def _count_due(self):
        """Return how many companies this provider will be asked about now."""
        if not self._may_poll():
            return 0
        Link = self.env['ar.provider.link']
        due = Link.search_count(self._get_waiting_domain())
        return due + (Link.search_count(self._get_due_domain()) if self._reads_ratings() else 0)

    def _reads_ratings(self):
        # Coface delivers what was ordered: no rating without an order.
        return self._can('get_rating') and not self._can('order_rating')

    def _plan_next_poll(self, providers):
        """Come back when a pause ends, and when a link that failed may be tried again.

        :param providers: those of one scheduled action
        """
        now = fields.Datetime.now()
        pauses = self.env['ar.provider.health'].search([
            ('provider_id', 'in', providers.ids), ('paused_until', '>', now),
            ('problem', '=', False)]).mapped('paused_until')
        tries = self.env['ar.provider.link'].search([
            ('provider_id', 'in', providers.ids), ('state', 'in', ('linked', 'waiting')),
            ('next_try_at', '>', now)], order='next_try_at', limit=1).mapped('next_try_at')
        if pauses or tries:
            providers[:1]._get_poll_cron()._trigger(at=min(pauses + tries))
            self.env['ir.cron']._commit_progress()

    def _has_poll_wish(self):
        """Return whether the provider has called us since it was read."""
        return bool(self.env['ar.provider.event'].search_count([
            ('provider_id', '=', self.id), ('source', '=', 'callback'), ('state', '=', 'new'),
        ], limit=1))

    def _forget_poll_wish(self, start):
        """Note that what the provider called for was read; what it called for since, is not.

        :param datetime start: when its turn began
        """
        # Beside: it waits for a call that is just being noted, and leaves it alone.
        with self._own_environment() as env:
            env.cr.execute(SQL(
                "UPDATE ar_provider_event SET state = 'done', processed_at = %(now)s"
                " WHERE provider_id = %(provider)s AND source = 'callback' AND state = 'new'"
                " AND received_at <= %(start)s",
                provider=self.id, now=fields.Datetime.now(), start=start))
        self.env['ar.provider.event'].invalidate_model(flush=False)
        if self._has_poll_wish():
            self._trigger_poll(fields.Datetime.add(start, minutes=1))

    # === SEARCHES === #

    def _get_waiting_domain(self):
        now = fields.Datetime.now()
        return fields.Domain([
            ('provider_id', '=', self.id), ('state', '=', 'waiting'), ('asked_at', '=', False),
            '|', ('next_try_at', '=', False), ('next_try_at', '<=', now)])

    def _poll_searches(self, client):
        """Search the customers that wait for it."""
        if not self._can('search_company'):
            return
        self._hand_over_lost_searches()
        Link = self.env['ar.provider.link']
        while ids := Link.search(self._get_waiting_domain(), limit=BATCH, order='id').ids:
            for link in map(Link.browse, ids):
                if link._is_search_billed():
                    link.asked_at = fields.Datetime.now()
                    yield 0
                try:
                    keep = link._search_company(client)
                except BudgetError:
                    link.asked_at = False
                    yield 0
                    return
                except TemporaryError as error:
                    link._put_off(error)
                    yield 0
                    self._stop_if_paused(error)
                except (ConnectorError, ConfigurationError) as error:
                    link.asked_at = False
                    if self._is_problem(error):
                        # Not this company's fault: it waits until the account is mended.
                        yield 0
                        raise
                    link._set_missing(self._get_error_text(error))
                    yield 1
                else:
                    write_again(self.env, partial(link._take_search, keep))
                    yield 1

    def _hand_over_lost_searches(self):
        """A billed search whose answer was lost is not repeated by itself."""
        lost = self.env['ar.provider.link'].search([
            ('provider_id', '=', self.id), ('state', '=', 'waiting'), ('asked_at', '!=', False)])
        for link in lost:
            link.write({'state': 'stopped', 'message': self.env._(
                "The answer to a billed search was lost. Press “Search again” to ask once more.")})

    # === CHANGES === #

    def _poll_changes(self, client):
        """Read what the provider says has changed; the companies concerned are asked again."""
        if not self._can('list_changes'):
            return
        today = self.company_id._get_ar_today()
        since = fields.Date.subtract(
            self.changes_read_until or today,
            days=OVERLAP_DAYS if self.changes_read_until else FIRST_LOOK_DAYS)
        arguments = (since, today) if self.code in DATED_CHANGES else ()
        try:
            batch = self._call('list_changes', *arguments, client=client)
        except TemporaryError as error:
            self._stop_if_paused(error)
            return
        for start in range(0, len(batch.items), BATCH):
            self._keep_changes(batch.items[start:start + BATCH], today)
            yield 0
        # Only a complete list says that nothing else has happened.
        if batch.complete:
            self.changes_read_until = today
            yield 0

    def _keep_changes(self, changes, today):
        """Put changes into the inbox, each once, and have the companies asked again."""
        Event, Link = self.env['ar.provider.event'], self.env['ar.provider.link']
        numbers = [change.company_id for change in changes]
        # Some tell a change by the national number and answer by a number of their own.
        links = Link.search([
            ('provider_id', '=', self.id), ('state', '=', 'linked'),
            '|', ('external_id', 'in', numbers),
            '&', ('evidence', '=', 'national'), ('evidence_value', 'in', numbers)])
        last = {event.external_id: event.summary for event in Event.search([
            ('provider_id', '=', self.id), ('kind', '=', 'company'),
            ('external_id', 'in', numbers)], order='id')}
        for change in changes:
            number, summary = change.company_id, change.label or str(change.kind)
            key, day = f'change:{change.event_id}', change.happened_on or change.published_on
            if not day:
                # A state without a date: news only when it differs from the last one told.
                if last.get(number) == summary:
                    continue
                key += f':{today}'
            concerned = links.filtered(lambda link, number=number: number in (
                link.external_id, link.evidence_value))
            new = Event._record(self, key, {
                'kind': 'company', 'external_id': number, 'summary': summary,
                'code': change.code or str(change.kind), 'happened_on': day, 'result': change,
                'link_id': concerned[:1].id, 'customer_id': concerned.customer_id[:1].id})
            if not new:
                continue
            last[number] = summary
            concerned.write({'rating_wanted': True, 'next_try_at': False})
            if new.attention:
                new._set_person(new.attention)
            else:
                new._set_done(self.env._("The rating is read again.") if concerned else
                              self.env._("No customer is linked to this company."))

    # === BILLED, PAUSED === #

    def _is_billed(self, operation):
        return operation in BILLED.get(self.code, ())

    def _stop_if_paused(self, error):
        """End the turn of this provider when it is paused or must be mended.

        :raise ConnectorError: the error given, or one that says so
        """
        if not self._may_poll():
            raise error or TemporaryError('paused', "left alone after failures")
