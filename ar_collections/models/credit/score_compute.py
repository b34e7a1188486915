from collections import namedtuple
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.scoring import compute_score, get_signature, get_version
from ...tools.transaction import write_again

# Customers scored in one go, between two commits of the nightly job.
BATCH = 2000
# What is known of the last score that was stored; `value` is None for an unrated one.
LastScore = namedtuple('LastScore', ['signature', 'figures', 'value'])


class ArCustomer(models.Model):
    """EXTENDS core: the score of a customer, and the class that follows from it."""
    _inherit = 'ar.customer'

    score_ids = fields.One2many('ar.credit.score', 'customer_id', string="Scores")
    credit_score_id = fields.Many2one(
        'ar.credit.score', string="Last score", readonly=True, copy=False, ondelete='set null',
        index='btree_not_null')
    credit_score = fields.Float(
        related='credit_score_id.score', string="Score", digits=(16, 1), aggregator=None)
    score_checked_on = fields.Date(
        readonly=True, copy=False,
        help="Last day on which the figures were compared with those of the last score.")
    statement_ids = fields.One2many(
        'ar.financial.statement', 'customer_id', string="Annual accounts")

    def _get_derived_fields(self):
        """EXTENDS core."""
        return super()._get_derived_fields() | {'credit_score_id', 'score_checked_on'}

    # === ACTIONS === #

    def action_score_now(self):
        """Read the figures of these customers and score them now."""
        self.check_access('write')
        for company, customers in self.grouped('company_id').items():
            if not self.env['ar.scorecard']._get_for_company(company):
                raise UserError(self.env._("There is no active scorecard to rate with."))
            # sudo: scores and classes are written by the rating, never by a user.
            customers.sudo()._refresh(company, partner_ids=customers.partner_id.ids)
            self.env['ar.customer'].sudo()._score(company, customers.ids, keep_all=True)
        return True

    def action_view_scores(self):
        """Open the history of the scores, as a chart.

        A day on which nothing was known, or no score was stored, is left out: it is no zero.
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.credit.score',
            'name': self.env._("Scores of %s", self.partner_id.display_name),
            'view_mode': 'graph,list,form', 'domain': [('customer_id', '=', self.id)],
            'context': {
                'create': False, 'search_default_rated': 1, 'fill_temporal': False},
        }

    # === SCORING === #

    @api.model
    def _score(self, company, customer_ids=None, keep_all=False):
        """Score customers of one company and give them the class that follows.

        The figures of all are read; a score is computed for those whose figures or scorecard
        changed since the last one that was stored, and stored when points or weights changed: a
        night in which nothing happened leaves no trace. The number of queries does not
        depend on the number of customers, except for those whose class changes.

        :param customer_ids: all active customers when omitted
        :param bool keep_all: store a score also when only a figure moved within its band
        :return: number of scores stored
        :rtype: int
        """
        scorecard = self.env['ar.scorecard']._get_for_company(company)
        if not scorecard:
            return 0
        self.env.flush_all()
        lasts = self._get_last_scores(company, customer_ids)
        values = self._get_score_values(company, list(lasts), scorecard)
        criteria = scorecard._get_criteria()
        card, ladder = get_version(criteria), self._get_classes()
        changed, figures, classes, rated = {}, {}, {}, set()
        for customer_id, last in lasts.items():
            own = {code: by_id.get(customer_id) for code, by_id in values.items()}
            text = self._get_figures_text(card, criteria, own)
            if text == last.figures:
                # The same figures and the same scorecard give the same score.
                value = last.value
            else:
                score = compute_score(criteria, own)
                value = score.value
                if (last.signature is not None or value is not None) and (
                        keep_all or get_signature(score) != last.signature):
                    changed[customer_id], figures[customer_id] = score, text
            classes[customer_id] = self._get_class_of_score(value, ladder)
            if last.signature is not None or customer_id in changed:
                rated.add(customer_id)
        self._store_scores(company, scorecard, changed, figures, classes)
        self._mark_checked(company, list(lasts))
        self._apply_classes(company, classes, rated)
        return len(changed)

    def _get_last_scores(self, company, customer_ids):
        """Return {customer id: `LastScore`}; all of it None without one."""
        scope = SQL("c.active") if customer_ids is None else SQL(
            "c.id = ANY(%s)", list(customer_ids))
        rows = self.env.execute_query(SQL(
            """
            SELECT c.id, s.signature, s.figures, CASE WHEN s.is_rated THEN s.score END
              FROM ar_customer c LEFT JOIN ar_credit_score s ON s.id = c.credit_score_id
             WHERE c.company_id = %s AND %s ORDER BY c.id
            """,
            company.id, scope))
        return {customer_id: LastScore(
            signature, figures, None if value is None else float(value))
            for customer_id, signature, figures, value in rows}

    @staticmethod
    def _get_figures_text(card, criteria, values):
        """Return what a score is computed from, as text: the scorecard, and figures to the bit."""
        return "|".join([card, *(
            f"{criterion.code}={values[criterion.code]!r}" for criterion in criteria
            if values.get(criterion.code) is not None)])

    @staticmethod
    def _get_class_of_score(value, ladder):
        """Return the class of a score: the best ordinary one whose floor it reaches."""
        if value is None:
            return ladder['unrated']
        value = round(value, 1)
        return next(
            (risk_class for risk_class in ladder['normal'] if value >= risk_class.score_from),
            ladder['normal'][-1:])

    @api.model
    def _get_classes(self):
        """Return the classes a score may give, the best first."""
        classes = self.env['ar.risk.class'].sudo().search([('kind', 'in', ('normal', 'unrated'))])
        return {
            'normal': classes.filtered(lambda c: c.kind == 'normal').sorted(
                'score_from', reverse=True),
            'unrated': classes.filtered(lambda c: c.kind == 'unrated')[:1],
        }

    # === STORING === #

    def _store_scores(self, company, scorecard, scores, figures, classes):
        """Write the scores and their lines: three statements for any number of customers.

        :param figures: {customer id: text of `_get_figures_text`}
        """
        if not scores:
            return
        rows = list(scores.items())
        stored = dict(self.env.execute_query(SQL(
            """
            INSERT INTO ar_credit_score (
                customer_id, score, is_rated, coverage, risk_class_id, signature, figures,
                company_id, scorecard_id, date, computed_at,
                create_uid, create_date, write_uid, write_date)
            SELECT row.*, %(company)s, %(scorecard)s, %(today)s::date, %(now)s::timestamp,
                   %(uid)s, %(now)s::timestamp, %(uid)s, %(now)s::timestamp
              FROM UNNEST(%(ids)s::int[], %(values)s::numeric[], %(rated)s::bool[],
                          %(coverages)s::numeric[], %(classes)s::int[], %(signatures)s::text[],
                          %(figures)s::text[]) row
            RETURNING customer_id, id
            """,
            company=company.id, scorecard=scorecard.id, today=company._get_ar_today(),
            now=fields.Datetime.now(), uid=self.env.uid,
            ids=[customer_id for customer_id, score in rows],
            values=[round(score.value or 0.0, 1) for _id, score in rows],
            rated=[score.value is not None for _id, score in rows],
            coverages=[round(score.coverage, 1) for _id, score in rows],
            classes=[classes[customer_id].id or None for customer_id, _score in rows],
            signatures=[get_signature(score) for _id, score in rows],
            figures=[figures[customer_id] for customer_id, _score in rows])))
        self._store_score_lines([
            (stored[customer_id], line) for customer_id, score in rows for line in score.lines])
        self.env.cr.execute(SQL(
            "UPDATE ar_customer c SET credit_score_id = s.id FROM ar_credit_score s"
            " WHERE s.id = ANY(%s) AND c.id = s.customer_id", list(stored.values())))

    def _store_score_lines(self, lines):
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_credit_score_line (
                score_id, code, weight, is_known, value, points, has_band_from, band_from,
                has_band_to, band_to, share, contribution,
                create_uid, create_date, write_uid, write_date)
            SELECT row.*, %(uid)s, %(now)s::timestamp, %(uid)s, %(now)s::timestamp
              FROM UNNEST(%(scores)s::int[], %(codes)s::text[], %(weights)s::numeric[],
                          %(known)s::bool[], %(values)s::numeric[], %(points)s::numeric[],
                          %(has_from)s::bool[], %(froms)s::numeric[], %(has_to)s::bool[],
                          %(tos)s::numeric[], %(shares)s::numeric[], %(parts)s::numeric[]) row
            """,
            uid=self.env.uid, now=fields.Datetime.now(),
            scores=[score_id for score_id, _line in lines],
            codes=[line.code for _id, line in lines],
            weights=[line.weight for _id, line in lines],
            known=[line.value is not None for _id, line in lines],
            values=[line.value for _id, line in lines],
            points=[line.points for _id, line in lines],
            has_from=[line.band_from is not None for _id, line in lines],
            froms=[line.band_from for _id, line in lines],
            has_to=[line.band_to is not None for _id, line in lines],
            tos=[line.band_to for _id, line in lines],
            shares=[line.share for _id, line in lines],
            parts=[line.contribution for _id, line in lines]))

    def _mark_checked(self, company, customer_ids):
        today = company._get_ar_today()
        self.env.cr.execute(SQL(
            "UPDATE ar_customer SET score_checked_on = %(today)s"
            " WHERE id = ANY(%(ids)s) AND score_checked_on IS DISTINCT FROM %(today)s",
            today=today, ids=customer_ids))
        self.env.invalidate_all(flush=False)

    # === CLASS === #

    def _apply_classes(self, company, classes, scored_ids):
        """Give the customers the class of their score, unless a person or a default stands first.

        :param classes: {customer id: `ar.risk.class` the score gives}
        :param scored_ids: ids of those who have a score now; the others keep what they have
        """
        today = company._get_ar_today()
        over = self.sudo().search([
            ('id', 'in', list(classes)), ('risk_class_manual', '=', True),
            ('risk_class_until', '<', today)])
        wanted = {}
        for customer in self.sudo().browse(sorted(scored_ids | set(over.ids))):
            risk_class = classes[customer.id]
            if customer._has_standing_class(today) or not risk_class:
                continue
            if customer.risk_class_id != risk_class or customer.risk_class_manual:
                wanted.setdefault(risk_class, self.browse())
                wanted[risk_class] |= customer
        for risk_class, customers in wanted.items():
            # The history of the scores tells the change; a note per customer would say it twice.
            customers.with_context(tracking_disable=True)._set_risk_class(
                risk_class, self.env._("By its score."), manual=False)

    def _has_standing_class(self, today):
        """Return whether a score leaves this class alone: set by hand and not over, or default."""
        self.ensure_one()
        if self.risk_class_manual:
            return not self.risk_class_until or self.risk_class_until >= today
        return self.risk_class_id.kind == 'default'

    # === CRON === #

    @api.model
    def _cron_score(self):
        """Scheduled action: every night, after the figures were read, score who changed.

        It takes up where it was stopped: who was looked at today is not looked at again.
        """
        for company in self.env['res.company'].search([('active', '=', True)]):
            domain = [
                ('company_id', '=', company.id), '|', ('score_checked_on', '=', False),
                ('score_checked_on', '<', company._get_ar_today())]
            if not self.env['ar.scorecard']._get_for_company(company):
                continue
            left = self.search_count(domain)
            while left:
                ids = self.search(domain, limit=BATCH, order='id').ids
                # A company without a rate keeps its old scores; those behind it get theirs.
                if not self.env['ir.cron']._ar_keep_on(company, partial(
                        write_again, self.env, partial(self._score, company, ids))):
                    self.env['ir.cron']._commit_progress(remaining=0)
                    break
                left = max(left - len(ids), 0)
                if not self.env['ir.cron']._commit_progress(len(ids), remaining=left):
                    return
