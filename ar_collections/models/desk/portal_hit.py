import hashlib
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

KEEP_HOURS = 24


class ArPortalHit(models.Model):
    """One visit to the pages without login, to count them: the workers share the counters.

    Rows are only added, so that simultaneous visits never wait for each other, and they are
    deleted after a day. An address is kept as a keyed hash: who visited is nobody's business.
    """
    _name = 'ar.portal.hit'
    _description = "Visit counted for the limits of the customer's pages"
    _log_access = False
    _order = 'id'

    key = fields.Char(required=True)
    hit_at = fields.Datetime(required=True)

    _key_time_idx = models.Index('(key, hit_at)')

    @api.model
    def _take(self, key, limit, minutes=60):
        """Count a visit if there is room for it.

        :param str key: what is limited
        :param int limit: visits allowed in that time
        :return: False when the limit is reached; the visit is not counted then
        """
        now = fields.Datetime.now()
        with self.env.registry.cursor() as cr:
            # Of its own transaction: what is refused, or fails, counts all the same.
            cr.execute(SQL(
                """
                INSERT INTO ar_portal_hit (key, hit_at)
                SELECT %(key)s, %(now)s
                 WHERE (SELECT COUNT(*) FROM ar_portal_hit
                         WHERE key = %(key)s AND hit_at > %(since)s) < %(limit)s
                RETURNING id
                """, key=key, now=now, since=now - timedelta(minutes=minutes), limit=limit))
            return bool(cr.fetchall())

    @api.model
    def _is_full(self, key, limit, minutes=60):
        """Return whether the limit is reached, without counting anything."""
        since = fields.Datetime.now() - timedelta(minutes=minutes)
        [(count,)] = self.env.execute_query(SQL(
            "SELECT COUNT(*) FROM ar_portal_hit WHERE key = %s AND hit_at > %s", key, since))
        return count >= limit

    @api.model
    def _get_address_key(self, address):
        """Return the key of a visitor's address; of the whole network part for IPv6.

        :param str address: IPv4 or IPv6
        """
        if address and ':' in address and '.' not in address:
            address = ":".join(address.split(':')[:4])
        # sudo: the secret only keys the hash.
        secret = self.env['ir.config_parameter'].sudo().get_param('database.secret') or ''
        return hashlib.sha256(f"{secret}|{address}".encode()).hexdigest()[:24]

    @api.autovacuum
    def _gc_hits(self):
        limit = fields.Datetime.now() - timedelta(hours=KEEP_HOURS)
        self.env.cr.execute(SQL(
            "DELETE FROM ar_portal_hit WHERE id IN ("
            "SELECT id FROM ar_portal_hit WHERE hit_at < %s LIMIT 50000)", limit))
        count = self.env.cr.rowcount
        return count, int(count == 50000)
