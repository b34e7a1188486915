import hashlib
import logging

from odoo import fields, http
from odoo.http import request
from odoo.tools import SQL

_logger = logging.getLogger(__name__)
# Of one address: more in a minute are turned away.
PER_MINUTE = 30
# The same message within so many minutes is one message.
WINDOW_MINUTES = 5
LONGEST_BODY = 65_536


class ProviderCallback(http.Controller):
    """Where providers tell that something has changed. Nothing they say is believed.

    The address holds a secret of which only a fingerprint is stored. A call makes one row in the
    inbox and brings the poll forward, at most; whoever repeats or forges it can do no more.
    """

    @http.route('/ar_collections/callback/<string:token>', type='http', auth='public',
                methods=['GET', 'POST'], csrf=False, save_session=False, readonly=False)
    def provider_callback(self, token, **params):
        """Note that a provider called, and have it read again.

        :return: 200 when noted or known, 404 for an unknown address, 413 when it is too long,
            429 when there are too many
        """
        Provider = request.env['ar.provider']
        # sudo: nobody is logged in; the fingerprint of the secret is the condition.
        provider = Provider.sudo().search([
            ('callback_digest', '=', Provider._get_callback_digest(token[:200])),
            ('is_on', '=', True)], limit=1)
        if not provider:
            return request.make_response("", status=404)
        if (request.httprequest.content_length or 0) > LONGEST_BODY:
            return request.make_response("", status=413)
        body = request.httprequest.get_data()
        if self._count_last_minute(provider) >= PER_MINUTE:
            return request.make_response("", status=429, headers=[('Retry-After', '60')])
        before = self._note(provider, params, body)
        if not before:
            provider._trigger_poll()
        elif before == 'done':
            # Whoever repeats himself has us read once a minute, no more.
            provider._trigger_poll(fields.Datetime.add(fields.Datetime.now(), minutes=1))
        return request.make_response("")

    @staticmethod
    def _count_last_minute(provider):
        since = fields.Datetime.subtract(fields.Datetime.now(), minutes=1)
        return request.env['ar.provider.event'].sudo().search_count([
            ('provider_id', '=', provider.id), ('source', '=', 'callback'),
            ('received_at', '>=', since)])

    @staticmethod
    def _note(provider, params, body):
        """Insert the message; two at the same instant make one row.

        Some providers call without any content: the same words after we have read are news again.

        :return: what the same message was before: 'done' when we have read since, 'new' when that
            is still to be done, None when it came for the first time
        """
        now = fields.Datetime.now()
        window = int(now.timestamp() // (WINDOW_MINUTES * 60))
        content = repr(sorted(params.items())).encode() + body
        digest = hashlib.sha256(content).hexdigest()[:32]
        rows = request.env.execute_query(SQL(
            """
            WITH known AS (SELECT state FROM ar_provider_event
                            WHERE provider_id = %(provider)s AND key = %(key)s)
            INSERT INTO ar_provider_event (
                provider_id, company_id, key, kind, source, environment, received_at, state,
                summary, create_date, write_date)
            SELECT p.id, p.company_id, %(key)s, 'callback', 'callback', p.environment, %(now)s,
                   'new', %(summary)s, %(now)s, %(now)s
              FROM ar_provider p WHERE p.id = %(provider)s
            ON CONFLICT (provider_id, key) DO UPDATE
            SET state = 'new', received_at = EXCLUDED.received_at, processed_at = NULL
            RETURNING (SELECT state FROM known)
            """,
            key=f'callback:{window}:{digest}', now=now, provider=provider.id,
            # Length and fingerprint only: the content is neither believed nor kept.
            summary=f'{len(body)} B, {digest[:8]}'))
        return rows[0][0]
