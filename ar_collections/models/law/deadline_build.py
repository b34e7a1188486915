from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.tools import SQL

# What a room gives for each deadline: column and its type in PostgreSQL.
COLUMNS = {
    'kind': 'varchar', 'key': 'varchar', 'customer_id': 'int4', 'partner_id': 'int4',
    'move_line_id': 'int4', 'move_id': 'int4', 'court_step_id': 'int4', 'start_day': 'date',
    'counted_day': 'date', 'last_day': 'date', 'amount': 'numeric',
    'limitation_rule_id': 'int4', 'procedural_rule_id': 'int4', 'limitation_act_id': 'int4',
    'is_abroad': 'bool', 'done_on': 'date', 'state': 'varchar',
}
# Decided by a person once: building leaves them alone.
DECIDED = ('state', 'done_on')
IDENTITY = ('kind', 'key')


class ArDeadline(models.Model):
    """From the ledger, the law and the contracts to the list of deadlines."""
    _inherit = 'ar.deadline'

    @api.model
    def _build(self, company, customers=None):
        """Read the deadlines of a company again, all or those of some customers.

        A fixed number of queries whatever the number of customers and items; one row per company,
        kind and key. Building twice changes nothing more. What the ledger or the law no longer
        asks for becomes "no longer applies"; what a person said is kept.

        :param company: `res.company`, one
        :param customers: `ar.customer`; all of the company when omitted
        :return: number of rows written
        :rtype: int
        """
        company.ensure_one()
        ids = None if customers is None else customers.filtered(
            lambda customer: customer.company_id == company).ids
        if ids == []:
            return 0
        today = company._get_ar_today()
        self.env['ar.limitation.act']._collect(company, ids)
        self.env.flush_all()
        rows = self._get_rows(company, today, ids)
        for row in rows:
            row['state'] = 'done' if row.get('done_on') else (
                'missed' if row['last_day'] < today else 'open')
        count = self._store_rows(company, rows, ids)
        # States of payment orders and figures of customers are read from these rows.
        self.env.invalidate_all(flush=False)
        self._tell(company, today, ids)
        return count

    @api.model
    def _get_rows(self, company, today, customer_ids):
        """Hook: return the deadlines of a company as dictionaries with the names of `_get_columns`.

        :param company: `res.company`, one
        :param date today: day of the company
        :param customer_ids: ids of `ar.customer`; None for all
        """
        return []

    @api.model
    def _get_columns(self):
        """Hook: return {column: type in PostgreSQL} of what `_get_rows` gives."""
        return dict(COLUMNS)

    def _store_rows(self, company, rows, customer_ids):
        """Write what is new or changed and retire what is not asked for any more: one query."""
        columns = self._get_columns()
        names = list(columns)
        facts = [name for name in names if name not in (*IDENTITY, *DECIDED)]
        values = [{
            name: fields.Date.to_string(row.get(name)) or None if columns[name] == 'date'
            else str(row[name]) if columns[name] == 'numeric' else row.get(name)
            for name in names} for row in rows]
        identifiers = {name: SQL.identifier(name) for name in names}
        scope = SQL("TRUE") if customer_ids is None else SQL(
            "d.customer_id = ANY(%s)", list(customer_ids))
        [(count,)] = self.env.execute_query(SQL(
            """
            WITH given AS MATERIALIZED (
                SELECT * FROM jsonb_to_recordset(%(rows)s) AS g (%(types)s)
            ), kept AS (
                INSERT INTO ar_deadline AS d (
                       %(names)s, company_id, currency_id, built_at,
                       create_uid, create_date, write_uid, write_date)
                SELECT %(given)s, %(company)s, %(currency)s, %(now)s,
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM given g
                 ORDER BY g.last_day, g.kind, g.key
                    ON CONFLICT (company_id, kind, key) DO UPDATE
                   SET %(updates)s, built_at = EXCLUDED.built_at, write_date = EXCLUDED.write_date,
                       -- What a person said stands.
                       state = CASE WHEN d.done_by_id IS NULL THEN EXCLUDED.state
                                    ELSE d.state END,
                       done_on = CASE WHEN d.done_by_id IS NULL THEN EXCLUDED.done_on
                                      ELSE d.done_on END
                 WHERE (%(old)s) IS DISTINCT FROM (%(new)s)
                    OR d.done_by_id IS NULL AND (d.state, d.done_on) IS DISTINCT FROM (
                           EXCLUDED.state, EXCLUDED.done_on)
                RETURNING d.id
            ), gone AS (
                UPDATE ar_deadline d
                   SET state = 'obsolete', built_at = %(now)s, write_date = %(now)s
                 WHERE d.company_id = %(company)s AND d.state IN ('open', 'missed') AND %(scope)s
                   AND NOT EXISTS (SELECT 1 FROM given g
                                    WHERE g.kind = d.kind AND g.key = d.key)
                RETURNING d.id
            )
            SELECT (SELECT COUNT(*) FROM kept) + (SELECT COUNT(*) FROM gone)
            """,
            rows=Json(values), company=company.id, currency=company.currency_id.id,
            now=fields.Datetime.now(), uid=self.env.uid, scope=scope,
            types=SQL(", ").join(
                SQL("%s %s", identifiers[name], SQL.identifier(columns[name])) for name in names),
            names=SQL(", ").join(identifiers.values()),
            given=SQL(", ").join(SQL("g.%s", identifiers[name]) for name in names),
            updates=SQL(", ").join(
                SQL("%s = EXCLUDED.%s", identifiers[name], identifiers[name]) for name in facts),
            old=SQL(", ").join(SQL("d.%s", identifiers[name]) for name in facts),
            new=SQL(", ").join(SQL("EXCLUDED.%s", identifiers[name]) for name in facts)))
        return count

    # === CRON === #

    @api.model
    def _cron_build(self):
        """Scheduled action: every night, the deadlines of each company."""
        companies = self.env['res.company'].search(fields.Domain.TRUE)
        self.env['ir.cron']._ar_work_through(
            companies, lambda company: self.with_company(company)._build(company))
