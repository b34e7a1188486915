from odoo import fields, models
from odoo.tools import SQL, format_date


class ArCreditRequest(models.Model):
    """EXTENDS credit: what providers recommend and what the insurer covers, in the proposal."""
    _inherit = 'ar.credit.request'

    def _get_limit_advice(self, company):
        """EXTENDS credit: the newest live recommendation, and the insured amount of today.

        Two queries for any number of requests.
        """
        advice = {partner_id: list(rows) for partner_id, rows in super()._get_limit_advice(
            company).items()}
        for partner_id, row in (*self._get_recommended(company), *self._get_granted(company)):
            advice.setdefault(partner_id, []).append(row)
        return advice

    def _get_recommended(self, company):
        """Yield (partner id, (amount, text)): the newest recommendation that is live.

        Of each provider and scale only the last rating counts: one that came without an amount
        has taken the amount before it back. Older than `ar_rating_months` counts no more.
        """
        today = company._get_ar_today()
        self.env['ar.rating'].flush_model()
        rows = self.env.execute_query(SQL(
            """
            WITH latest AS (
                SELECT DISTINCT ON (r.customer_id, r.provider_id, r.scale)
                       r.customer_id, r.id, r.rated_on, COALESCE(r.seen_on, r.rated_on) AS day,
                       r.advised_amount, r.advised_currency_id, p.name
                  FROM ar_rating r LEFT JOIN ar_provider p ON p.id = r.provider_id
                 WHERE r.customer_id = ANY(%(customers)s)
                   AND (r.environment = 'production' OR p.test_counts)
                 ORDER BY r.customer_id, r.provider_id, r.scale, r.rated_on DESC, r.id DESC
            )
            SELECT DISTINCT ON (l.customer_id) c.partner_id, l.advised_amount,
                   l.advised_currency_id, l.name, l.rated_on
              FROM latest l JOIN ar_customer c ON c.id = l.customer_id
             WHERE l.advised_currency_id IS NOT NULL AND l.day > %(since)s
             ORDER BY l.customer_id, l.rated_on DESC, l.id DESC
            """,
            customers=self.customer_id.ids,
            since=fields.Date.subtract(today, months=company.ar_rating_months or 12)))
        for partner_id, amount, currency_id, name, rated_on in rows:
            currency = self.env['res.currency'].browse(currency_id)
            yield partner_id, (
                currency._convert(float(amount or 0), company.currency_id, company, today),
                self.env._(
                    "%(provider)s recommends, on %(day)s:",
                    provider=name or self.env._("A report on paper"),
                    day=format_date(self.env, rated_on)))

    def _get_granted(self, company):
        """Yield (partner id, (amount, text)): what is insured today, of those with a cover."""
        partners = self.customer_id.partner_id
        facts = {partner.id: {} for partner in partners}
        self.env.flush_all()
        self.env['ar.credit.decision']._read_cover_facts(company, partners, facts)
        for partner_id, fact in facts.items():
            if fact['cover'] or fact['cover_status']:
                yield partner_id, (
                    company.currency_id.round(fact['cover']),
                    self.env._("Covered by the credit insurance today:"))
