import hashlib
import json
import time

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.json import json_default

# How old the figures of the ledger may be; the page says it, and has a button.
KEEP_MINUTES = 15


class ArCockpitCache(models.Model):
    """Figures of the cockpit as one person last saw them: the page opens at once when it is opened
    again. Nobody reads it but the cockpit.
    """
    _name = 'ar.cockpit.cache'
    _description = "Kept figures of the cockpit"

    key = fields.Char(required=True, readonly=True)
    figures = fields.Text(required=True, readonly=True)
    read_at = fields.Datetime(required=True, readonly=True, index=True)

    _key_uniq = models.Constraint('UNIQUE(key)', "One row per person and question.")

    @api.autovacuum
    def _gc_cache(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), minutes=KEEP_MINUTES)
        rows = self.search([('read_at', '<', limit)], limit=1000)
        rows.unlink()
        return len(rows), 0


class ArCockpit(models.AbstractModel):
    _inherit = 'ar.cockpit'

    def _get_figures(self, scope, refresh):
        """Return `_read_figures`, kept or read now.

        :param bool refresh: read now
        :return: with ``read_at`` and ``seconds``
        """
        key, now = self._get_cache_key(scope), fields.Datetime.now()
        limit = fields.Datetime.subtract(now, minutes=KEEP_MINUTES)
        if not refresh:
            kept = self.env.execute_query(SQL(
                "SELECT figures FROM ar_cockpit_cache WHERE key = %s AND read_at > %s", key, limit))
            if kept:
                return json.loads(kept[0][0])
        clock = time.monotonic()
        figures = self._read_figures(scope)
        figures.update(
            read_at=fields.Datetime.to_string(now), seconds=time.monotonic() - clock)
        text = json.dumps(figures, default=json_default)
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_cockpit_cache (key, figures, read_at) VALUES (%s, %s, %s)
            ON CONFLICT (key) DO UPDATE
                    SET figures = EXCLUDED.figures, read_at = EXCLUDED.read_at
            """, key, text, now))
        return json.loads(text)

    def _get_cache_key(self, scope):
        """Return what the figures depend on but the ledger: who asks, what for, with which rights.

        A right lost, a customer given to a colleague or another company ticked is another key.
        """
        parts = [
            self.env.uid, self.env.su, sorted(self.env.user._get_group_ids()),
            self.env.companies.ids, self.env.lang, scope['months'],
            fields.Date.to_string(scope['date']), scope['customer_domain'], scope['customer_ids'],
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
