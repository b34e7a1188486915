from datetime import timedelta
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date, formatLang

from ...connectors.results import Cover, CoverStatus, Layer, LayerKind, Money
from .cover_status import TURNED_DOWN

# How many customers one night gives non-named cover; the next night goes on.
BATCH = 2000


class ArInsurancePolicy(models.Model):
    """EXTENDS: cover that the policy lets us grant ourselves, by its own rules.

    Discretionary cover needs a proof, which is kept with it: the insurer asks for it on the day of
    the claim. Non-named cover needs none; which rules were asked that day is kept. Neither is there
    for a buyer whom the insurer has turned down, nor for one who is overdue.
    """
    _inherit = 'ar.insurance.policy'

    def _grant_own(self, customer, kind, amount, *, proof=None, proof_date=None, documents=None):
        """Grant cover by the rules of the policy.

        :param str kind: discretionary or non_named
        :param float amount: policy currency
        :param str proof: experience or report; of a non-named cover, none
        :param proof_date: date of the report
        :param documents: `ir.attachment` records
        :return: `ar.cover`
        :raise UserError: with the rule that is not met
        """
        self.ensure_one()
        today = customer.company_id._get_ar_today()
        self._check_own(customer, kind, amount)
        last = None
        if kind != 'discretionary':
            text = self._get_working(amount, today)
        else:
            text, since = self._check_proof(customer, proof, proof_date, documents)
            if self.proof_max_age:
                last = since + timedelta(days=self.proof_max_age)
        money = Money(Decimal(str(amount)), self.currency_id.name)
        return self.env['ar.cover']._apply(self, customer, Cover(
            cover_id='', status=CoverStatus.GRANTED, decided_on=today, effective_from=today,
            requested=money, layers=(Layer(
                LayerKind(kind), money, valid_from=today, valid_until=last),)),
            kind=kind, source='policy', proof=text, documents=documents)

    def _check_own(self, customer, kind, amount):
        """Raise UserError unless the rules for every buyer are met."""
        ceiling = self.discretionary_ceiling if kind == 'discretionary' else self.non_named_ceiling
        if not self._is_live(customer.company_id._get_ar_today()):
            raise UserError(self.env._("Policy %s is not in force today.", self.name))
        if self.currency_id.compare_amounts(amount, 0) <= 0:
            raise UserError(self.env._("Say for how much cover is granted."))
        if self.currency_id.compare_amounts(amount, ceiling) > 0:
            raise UserError(self.env._(
                "The policy allows up to %s for each buyer. Ask the insurer for a named limit.",
                formatLang(self.env, ceiling, currency_obj=self.currency_id)))
        excluded = self._get_exclusion(customer)
        if excluded:
            raise UserError(excluded)
        named = customer.sudo().cover_ids.filtered(
            lambda cover: cover.policy_id == self and cover.kind == 'named')
        if named.status in TURNED_DOWN:
            raise UserError(self.env._(
                "The insurer has turned this buyer down: no cover may be granted by the rules of "
                "the policy."))
        late = self._get_overdue(customer)
        if late:
            raise UserError(self.env._(
                "An invoice has been overdue since %s: the policy allows no cover of one's own.",
                format_date(self.env, late)))

    def _get_overdue(self, customer):
        """Return the due date of an item that is overdue beyond the maximum extension period, of
        any overdue item when that period is not known; or None."""
        limit = customer.company_id._get_ar_today() - timedelta(
            days=self._get_days('max_extension_days') or 0)
        item = self.env['account.move.line'].sudo().search(
            customer.sudo()._get_open_items_domain() & fields.Domain([
                ('amount_residual', '>', 0), ('date_maturity', '<', limit)]),
            order='date_maturity', limit=1)
        return item.date_maturity or None

    def _check_proof(self, customer, proof, proof_date, documents):
        """Return (proof in words, day it stands for); raise UserError when it is not enough."""
        wanted = self.discretionary_proof
        if not wanted:
            raise UserError(self.env._(
                "Policy %s does not say which proof is wanted. A credit manager types it in from "
                "the contract.", self.name))
        if proof not in ('experience', 'report') or wanted not in (proof, 'either'):
            raise UserError(self.env._(
                "The policy wants this proof: %s.", dict(
                    self._fields['discretionary_proof']._description_selection(self.env))[wanted]))
        today = customer.company_id._get_ar_today()
        if proof == 'report':
            if not documents or not proof_date:
                raise UserError(self.env._("Attach the report and say of which day it is."))
            if proof_date > today or (self.proof_max_age and proof_date < today - timedelta(
                    days=self.proof_max_age)):
                raise UserError(self.env._(
                    "The report must not be older than %s days.", self.proof_max_age))
            return self.env._(
                "Credit report of %(date)s: %(names)s", date=format_date(self.env, proof_date),
                names=", ".join(documents.mapped('name'))), proof_date
        paid, worst, first = self._get_experience(customer, today)
        if paid < max(self.experience_min_invoices, 1):
            raise UserError(self.env._(
                "The payment experience is too short: %(paid)s invoices were paid since %(since)s, "
                "the policy wants %(wanted)s.", paid=paid, since=format_date(self.env, first),
                wanted=max(self.experience_min_invoices, 1)))
        if worst > self.experience_max_days_late:
            raise UserError(self.env._(
                "An invoice was paid %(days)s days late; the policy allows %(allowed)s.",
                days=worst, allowed=self.experience_max_days_late))
        return self.env._(
            "Payment experience read on %(today)s: %(paid)s invoices paid since %(since)s, the "
            "latest %(worst)s days after its due date.", today=format_date(self.env, today),
            paid=paid, since=format_date(self.env, first), worst=max(worst, 0)), today

    def _get_experience(self, customer, today):
        """Return (invoices paid, days late of the latest, first day looked at).

        Items settled since the first day: each is late by its last matching, counted from its own
        due date. Only those on which money came in count as paid, none that a general entry
        settled: what was written off or credited shows nobody who pays. One that is not paid yet is
        looked at by `_check_own`.
        """
        first = today - timedelta(days=self.proof_max_age or 365)
        self.env['account.move.line'].flush_model()
        company = customer.company_id
        [(paid, worst)] = self.env.execute_query(SQL(
            """
            SELECT COUNT(*) FILTER (WHERE money AND NOT general), COALESCE(MAX(days), 0) FROM (
                SELECT l.id, MAX(part.max_date) - COALESCE(l.date_maturity, l.date) AS days,
                       BOOL_OR(other.journal_id = ANY(%(cash)s)) AS money,
                       BOOL_OR(other.journal_id = ANY(%(general)s)) AS general
                  FROM account_move_line l
                  JOIN account_move m ON m.id = l.move_id AND m.move_type = 'out_invoice'
                  JOIN res_partner p ON p.id = l.partner_id
                  JOIN account_partial_reconcile part ON part.debit_move_id = l.id
                  JOIN account_move_line other ON other.id = part.credit_move_id
                 WHERE l.account_id = ANY(%(accounts)s) AND l.reconciled AND l.balance > 0
                   AND l.company_id = ANY(%(companies)s) AND l.parent_state = 'posted'
                   AND p.commercial_partner_id = %(partner)s
                 GROUP BY l.id HAVING MAX(part.max_date) >= %(first)s
            ) item
            """,
            accounts=company._get_ar_account_ids(), companies=company._get_ar_tree_ids(),
            cash=self.env['ar.customer']._get_cash_journal_ids(company),
            general=self.env['ar.provision.history']._get_general_journals(company),
            partner=customer.partner_id.id, first=first))
        return paid, worst, first

    # === NON-NAMED === #

    def _get_working(self, amount, today):
        """Return on what a non-named cover was granted, in words: kept for the day of the claim.

        :param float amount: policy currency
        :param today: day of the company on which the rules were asked
        """
        late = today - timedelta(days=self._get_days('max_extension_days') or 0)
        return self.env._(
            "Non-named cover of %(amount)s by the rules of %(policy)s, asked on %(today)s: the "
            "ceiling is %(ceiling)s for each buyer; the policy was in force; neither the country "
            "nor a tag of the buyer is excluded; the insurer had not turned the buyer down; "
            "no invoice was open that had been due before %(late)s.",
            amount=formatLang(self.env, amount, currency_obj=self.currency_id),
            ceiling=formatLang(self.env, self.non_named_ceiling, currency_obj=self.currency_id),
            policy=" ".join(filter(None, (self.name, self.policy_number))),
            today=format_date(self.env, today), late=format_date(self.env, late))

    def _renew_own_covers(self):
        """Give non-named cover to those who have none, when the policy is set up so.

        One query finds them, two statements write: for thousands of buyers a message each would
        be noise.
        """
        self.ensure_one()
        company = self.company_id
        today = company._get_ar_today()
        if not (self.non_named_auto and self.non_named_ceiling and self._is_live(today)):
            return
        for model in ('ar.customer', 'ar.cover'):
            self.env[model].flush_model()
        rows = self.env.execute_query(SQL(
            """
            SELECT c.id FROM ar_customer c JOIN res_partner p ON p.id = c.partner_id
             WHERE c.company_id = %(company)s AND c.active AND c.balance > 0
               AND (p.country_id IS NULL OR p.country_id <> ALL(%(countries)s))
               AND NOT EXISTS (SELECT 1 FROM res_partner_res_partner_category_rel tag
                                WHERE tag.partner_id = p.id AND tag.category_id = ANY(%(tags)s))
               AND NOT EXISTS (SELECT 1 FROM ar_cover cover
                                WHERE cover.customer_id = c.id AND cover.policy_id = %(policy)s
                                  AND cover.kind IN ('named', 'non_named'))
               AND (c.oldest_due_date IS NULL OR c.oldest_due_date >= %(late)s)
             ORDER BY c.id LIMIT %(batch)s
            """,
            company=company.id, policy=self.id, batch=BATCH,
            countries=self.excluded_country_ids.ids, tags=self.excluded_category_ids.ids,
            late=today - timedelta(days=self._get_days('max_extension_days') or 0)))
        # sudo: a cover is written by the rules of the policy here, nobody types it in.
        covers = self.env['ar.cover'].sudo().with_context(tracking_disable=True).create([{
            'policy_id': self.id, 'customer_id': customer_id, 'kind': 'non_named',
            'status': 'granted', 'source': 'policy', 'decided_on': today,
            'effective_from': today, 'checked_on': today} for (customer_id,) in rows])
        # The night has no language: the words are those of the company.
        working = self.with_context(lang=company.partner_id.lang)._get_working(
            self.non_named_ceiling, today)
        self.env['ar.cover.layer'].sudo().create([{
            'cover_id': cover.id, 'kind': 'non_named', 'amount': self.non_named_ceiling,
            'date_from': today, 'status': 'granted', 'decided_on': today, 'source': 'policy',
            'proof': working}
            for cover in covers])
