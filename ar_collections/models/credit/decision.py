from odoo import api, fields, models, tools
from odoo.tools import SQL

from ...tools.prepared import execute_prepared
from .exposure import FAMILY, FEW


class ArCreditDecision(models.AbstractModel):
    """The one judge. Orders, invoices, deliveries and previews all ask here.

    It reads the customers' figures once for any number of documents, and answers with reasons in
    words that a salesperson may see.
    """
    _name = 'ar.credit.decision'
    _description = "Credit decision"

    @api.model
    def _judge(self, company, demands, binding=False, seen=None, passed=None, standings=None):
        """Judge demands for credit of one company, on fresh figures.

        :param company: `res.company`
        :param demands: list of {'key', 'partner': commercial partner, 'added': credit asked for,
            'total': of the document, 'counted': part of it that the exposure holds already,
            'term': id of its payment term, False for none, None or missing when no term could
            let it pass}, amounts in company currency. Demands of one customer are judged one
            after the other: the second counts the first when that one passes.
        :param bool binding: only what holds is wanted; rules that warn are not asked
        :param dict seen: receives {key: what the answer was made on}, see `_take_snapshot`
        :param dict passed: what passed so far, given again to the next company of one action: see
            `_count`
        :param dict standings: {partner_id: row}, what was read in this transaction already, as
            `_get_facts_query` gives it
        :return: {key: list of {'code', 'decision': 'warn'|'hold', 'values', 'message'}}; the
            message is in the language of the current user, the values tell it in any other
        :raise UserError: when a currency has no rate
        """
        verdicts = {demand['key']: [] for demand in demands}
        rules = self._get_asked_rules(company, binding)
        if not rules and seen is None:
            return verdicts
        partners = self.env['res.partner'].browse(
            {demand['partner'].id for demand in demands})
        facts = self._get_facts(company, partners, rules, standings)
        methods = self._get_rule_methods()
        passed = {} if passed is None else passed
        for demand in demands:
            fact, added, total = facts[demand['partner'].id], demand['added'], demand['total']
            self._count(company, fact, passed, counted=demand['counted'])
            fact['term'] = demand.get('term')
            reasons, asked = [], []
            for rule in rules:
                if rule.risk_class_ids and fact['risk_class'] not in rule.risk_class_ids:
                    continue
                asked.append(rule.id)
                found = methods[rule.reason](rule, fact, added, total, company)
                decision = found and self._get_decision(rule, fact)
                if found and not (binding and decision != 'hold'):
                    reasons.append(reason := {
                        'code': rule.reason, 'decision': decision, 'values': found})
                    reason['message'] = self._tell(reason)
            verdicts[demand['key']] = reasons
            if seen is not None:
                seen[demand['key']] = self._take_snapshot(company, fact, demand, asked)
            if not any(reason['decision'] == 'hold' for reason in reasons):
                self._count(company, fact, passed, together=added)
        return verdicts

    def _get_asked_rules(self, company, binding):
        rules = self.env['ar.credit.rule']._get_rules(company)
        return rules.filtered(lambda rule: rule.decision == 'hold') if binding else rules

    def _count(self, company, fact, passed, together=0.0, counted=0.0):
        """Bring the exposure of a customer and of its group in step with what passed before.

        The ledger knows nothing yet of what passed in the same action, at this company, at its
        root or its branches, or for another member of the group: one running total for each.

        :param dict passed: {(root company id, partner id): [together, counted] in its currency,
            `ar.credit.group`: sum in the currency of the group}, changed here
        :param float together: of a demand that has just passed, in company currency
        :param float counted: what the ledger holds already of a demand, in company currency
        """
        own = passed.setdefault(
            (company._get_ar_lineage()[0], fact['partner_id']), [0.0, 0.0])
        own[0] += together
        own[1] += counted
        fact['together'], fact['counted'] = own
        fact['exposure'] = fact['ledger'] + own[0] - own[1]
        if group := fact['group']:
            # What the group's exposure does not hold cannot be taken out of it.
            held = counted if company.root_id in group.company_ids.root_id else 0.0
            passed[group] = passed.get(group, 0.0) + company.currency_id._convert(
                together - held, group.currency_id, company, fact['date'])
            fact['group_exposure'] = fact['group_ledger'] + passed[group]

    def _take_snapshot(self, company, fact, demand, rule_ids):
        """Return what one answer was made on, to be kept.

        :return: columns of `ar.credit.check`; amounts in company currency, those of the group in
            its own
        """
        digits = company.currency_id.round
        parts = {code: digits(amount) for code, amount in fact['parts'].items() if amount}
        for code, amount in (('together', fact['together']), ('counted', -fact['counted'])):
            if amount:
                parts[code] = digits(amount)
        after = fact['exposure'] + demand['added']
        covered, insured = self._get_covered(fact, after)
        figures = {'parts': parts, 'covered': digits(covered),
                   'insured': None if insured is None else digits(insured)}
        if fact['group']:
            figures['group'] = {
                'name': fact['group'].name, 'limit': fact['group'].limit,
                'exposure': fact['group_exposure'], 'currency': fact['group'].currency_id.id}
        return {
            'customer_id': fact['customer'].id, 'exposure': digits(fact['exposure']),
            'own_risk': digits(max(after - covered - (insured or 0.0), 0.0)),
            'limit': fact['limit'], 'figures': figures,
            'limit_kind': 'none' if fact['no_credit'] else (
                'amount' if fact['limit'] else 'unlimited'),
            'rules': self.env['ar.credit.rule']._describe(company, rule_ids)}

    def _get_covered(self, fact, after):
        """Hook: return (covered by guarantees, insured of ``after`` or None when not read)."""
        return fact['covered'], None

    def _get_decision(self, rule, fact):
        """A class that only warns is not made stricter by the rule that listens to it."""
        if rule.reason == 'risk_class' and fact['class_decision'] == 'warn':
            return 'warn'
        return rule.decision

    @api.model
    def _get_rule_methods(self):
        """Return {reason of a rule: method(rule, fact, added, total, company)}.

        The method returns None, or the values from which `_get_tellers` makes the words: plain
        figures, dates as text, `currency` an id. Rooms that know another reason add it here and
        there.
        """
        return {
            'over_limit': self._judge_over_limit,
            'over_group_limit': self._judge_over_group_limit,
            'no_limit': self._judge_no_limit,
            'limit_expired': self._judge_limit_expired,
            'overdue': self._judge_overdue,
            'stop': self._judge_stop,
            'risk_class': self._judge_risk_class,
            'review_late': self._judge_review_late,
            'deposit': self._judge_deposit,
            'not_covered': self._judge_not_covered,
        }

    # === FACTS === #

    @api.model
    def _get_facts(self, company, partners, rules, standings=None):
        """Return what the rules need to know: a constant number of queries.

        :param dict standings: rows of these customers that were read before; read here when one of
            them is missing
        :return: {partner_id: dict}
        """
        self.env.flush_all()
        date = company._get_ar_today()
        if standings and all(partner_id in standings for partner_id in partners.ids):
            more = self._get_fact_names(company, date, rules)
            nothing = dict.fromkeys(more)
            rows = [nothing | standings[partner_id] for partner_id in partners.ids]
        else:
            more = self._get_fact_columns(company, date, rules)
            query = self._get_facts_query(company, partners, date, more)
            rows = execute_prepared(self.env, query) if len(partners) <= FEW else (
                self.env.execute_query(query))
            names = [column.name for column in self.env.cr.description]
            rows = [dict(zip(names, row, strict=True)) for row in rows]
        overdue_rules = rules.filtered(lambda rule: rule.reason == 'overdue')
        sums = self.env['ar.credit.exposure']._get_sums(
            company, partners.ids,
            [fields.Date.subtract(date, days=rule.overdue_days) for rule in overdue_rules],
            {row['partner_id']: row['family'] for row in rows})
        facts = {}
        for row in rows:
            total, late, parts = sums.get(
                row['partner_id'], (0.0, [0.0] * len(overdue_rules), {}))
            fact = facts[row['partner_id']] = self._get_standing(company, row)
            fact.update(
                partner_id=row['partner_id'], date=date, ledger=total, exposure=total,
                parts=parts, together=0.0, counted=0.0,
                limit=float(row['amount']),
                no_credit=row['no_credit'], expired=row['expired'],
                covered=float(row['covered'] or 0.0),
                overdue=dict(zip(overdue_rules.ids, late, strict=True)), group_ledger=0.0)
            fact.update((name, row[name]) for name in more)
        groups = self.env['ar.credit.group'].sudo().union(
            *(fact['group'] for fact in facts.values() if fact['group']))
        exposures = groups._get_exposures() if groups else {}
        for fact in facts.values():
            fact['group_ledger'] = exposures.get(fact['group'], 0.0)
        return facts

    @api.model
    def _get_fact_columns(self, company, date, rules):
        """Hook: return {name of a fact: SQL column} that a rule among ``rules`` asks for.

        Read with everything else, in the one query about the customers `p` and their accounts
        `c0` at this company: a reason that looks at one figure costs no query of its own.
        """
        return {}

    @api.model
    @tools.ormcache('company.id', 'date', 'rules._ids')
    def _get_fact_names(self, company, date, rules):
        return tuple(self._get_fact_columns(company, date, rules))

    @api.model
    def _get_fact_gates(self, company, date):
        """Hook: return {name of a column of `_get_fact_columns`: SQL condition}.

        The condition asks quickly whether the column can say anything at all about one of the
        customers `mine` (ids of `ar.customer` at every company). A column without a condition is
        always read.
        """
        return {}

    @api.model
    def _get_plain_condition(self, company, rules, date):
        """Return when all that the rules ask stands in the customers' own rows: SQL, or None.

        Most customers have no temporary limit, guarantee, cover or broken promise. That they have
        none is quicker to ask than what it would be: to plan a statement over fifteen tables takes
        longer than everything else in a decision. Who has one is read by `_get_facts_query`.
        """
        columns = self._get_fact_columns(company, date, rules)
        gates = self._get_fact_gates(company, date)
        if company.parent_id or columns.keys() - gates.keys():
            return None
        return SQL("NOT (%s)", SQL(" OR ").join([
            SQL("EXISTS (SELECT 1 FROM mine JOIN ar_credit_limit l ON l.customer_id = mine.id"
                " WHERE l.date_to IS NOT NULL)"),
            SQL("EXISTS (SELECT 1 FROM mine JOIN ar_credit_guarantee g"
                " ON g.customer_id = mine.id)"),
            *(gates[name] for name in columns)]))

    @api.model
    def _get_plain_columns(self, company):
        """Return the columns of `_get_facts_query` for customers of whom nothing else is known.

        Of the customer `t`, its partner `e` and its class `k`, in a company that is no branch.
        """
        Partner = self.env['res.partner'].sudo().with_company(company)
        return SQL(
            """
            t.partner_id, CASE WHEN t.no_credit THEN 0 ELSE COALESCE(%(limit)s, 0)::numeric END
            AS amount, t.no_credit IS TRUE AS no_credit, t.id AS customer_id, t.risk_class_id,
            k.order_decision, k.deposit_percent, t.credit_group_id, t.credit_stop,
            CASE WHEN k.propose_term THEN k.payment_term_id END AS offered_term_id,
            t.credit_stop_reason, t.review_date, NULL::date AS expired, NULL::numeric AS covered,
            ARRAY(SELECT family.id FROM res_partner family
                   WHERE family.commercial_partner_id = t.partner_id LIMIT %(most)s) AS family
            """, limit=Partner._field_to_sql('e', 'credit_limit'), most=FAMILY + 1)

    def _get_facts_query(self, company, partners, date, more):
        joins, limit = self.env['ar.credit.limit']._get_limit_pieces(company, date)
        columns = SQL("").join(
            SQL(", %s AS %s", column, SQL.identifier(name))
            for name, column in more.items())
        # One contact more than the limit says that there are too many to name.
        return SQL(
            """
            SELECT p.id AS partner_id, %(limit)s, c0.id AS customer_id, c0.risk_class_id,
                   k.order_decision, k.deposit_percent, c0.credit_group_id, c0.credit_stop,
                   CASE WHEN k.propose_term THEN k.payment_term_id END AS offered_term_id,
                   c0.credit_stop_reason, c0.review_date,
                   (SELECT MAX(l.date_to) FROM ar_credit_limit l
                     WHERE l.customer_id = c0.id AND l.date_to < %(date)s) AS expired,
                   (SELECT cover.amount FROM (%(cover)s) cover) AS covered,
                   ARRAY(SELECT family.id FROM res_partner family
                          WHERE family.commercial_partner_id = p.id LIMIT %(most)s) AS family
                   %(columns)s
              FROM res_partner p %(joins)s
              LEFT JOIN ar_risk_class k ON k.id = c0.risk_class_id
             WHERE p.id = ANY(%(partners)s)
            """, limit=limit, joins=joins, partners=partners.ids, date=date, columns=columns,
            most=FAMILY + 1,
            cover=self.env['ar.credit.guarantee']._get_cover_query(
                company, date, SQL("c.partner_id = p.id")))

    def _get_standing(self, company, row):
        """Return what is known of one customer.

        A preview is computed while a form is read: it must not write. Who has no row yet stays in
        memory; a decision that binds made the missing rows before.
        """
        # sudo: the judge reads customers whom a salesperson may not open.
        Customer = self.env['ar.customer'].sudo()
        if row['customer_id']:
            return {
                'customer': Customer.browse(row['customer_id']),
                'risk_class': self.env['ar.risk.class'].sudo().browse(row['risk_class_id'] or ()),
                'class_decision': row['order_decision'] or 'allow',
                'deposit_percent': row['deposit_percent'] or 0.0,
                'offered_term': row['offered_term_id'],
                'group': self.env['ar.credit.group'].sudo().browse(row['credit_group_id'] or ()),
                'stop': row['credit_stop'], 'stop_reason': row['credit_stop_reason'] or '',
                'review_date': row['review_date'],
            }
        customer = Customer.new({'partner_id': row['partner_id'], 'company_id': company.id})
        risk_class = customer.risk_class_id
        return {
            'customer': customer, 'risk_class': risk_class,
            'class_decision': risk_class.order_decision or 'allow',
            'deposit_percent': risk_class.deposit_percent, 'group': customer.credit_group_id,
            'offered_term': risk_class.propose_term and risk_class.payment_term_id.id,
            'stop': False, 'stop_reason': '', 'review_date': None,
        }

    # === RULES === #

    def _judge_over_limit(self, rule, fact, added, total, company):
        limit, after = fact['limit'], fact['exposure'] + added
        currency = company.currency_id
        if fact['no_credit']:
            return {'no_credit': True} if currency.compare_amounts(added, 0) > 0 else None
        if not limit or currency.compare_amounts(after, limit + rule._get_tolerance(limit)) <= 0:
            return None
        return {'limit': limit, 'excess': after - limit, 'currency': currency.id}

    def _judge_over_group_limit(self, rule, fact, added, total, company):
        group = fact['group']
        if not group or not group.limit:
            return None
        date = fact['date']
        after = company.currency_id._convert(added, group.currency_id, company, date) + (
            fact['group_exposure'])
        allowed = group.limit + rule._get_tolerance(group.limit)
        if group.currency_id.compare_amounts(after, allowed) <= 0:
            return None
        return {'group': group.name, 'limit': group.limit, 'excess': after - group.limit,
                'currency': group.currency_id.id}

    def _judge_no_limit(self, rule, fact, added, total, company):
        if fact['limit'] or fact['no_credit'] or (
                company.currency_id.compare_amounts(added, 0) <= 0):
            return None
        return {'none': True}

    def _judge_limit_expired(self, rule, fact, added, total, company):
        after = fact['exposure'] + added
        if not fact['expired'] or company.currency_id.compare_amounts(after, fact['limit']) <= 0:
            return None
        return {'date': fields.Date.to_string(fact['expired'])}

    def _judge_overdue(self, rule, fact, added, total, company):
        amount = fact['overdue'].get(rule.id, 0.0)
        if company.currency_id.compare_amounts(amount, rule.overdue_amount) <= 0:
            return None
        return {'amount': amount, 'days': rule.overdue_days, 'currency': company.currency_id.id}

    def _judge_stop(self, rule, fact, added, total, company):
        return {'reason': fact['stop_reason']} if fact['stop'] else None

    def _judge_risk_class(self, rule, fact, added, total, company):
        if fact['class_decision'] == 'allow':
            return None
        offered, term = fact['offered_term'], fact['term']
        if not offered or term is None:
            return {'class': True}
        return {'class': True, 'term': offered} if term != offered else None

    def _judge_review_late(self, rule, fact, added, total, company):
        review = fact['review_date']
        if not review or review >= fact['date']:
            return None
        return {'date': fields.Date.to_string(review)}

    def _judge_deposit(self, rule, fact, added, total, company):
        percent = fact['deposit_percent']
        if not percent:
            return None
        paid = total - added
        needed = company.currency_id.round(total * percent / 100)
        if company.currency_id.compare_amounts(paid, needed) >= 0:
            return None
        return {'percent': percent, 'missing': needed - paid, 'currency': company.currency_id.id}

    def _judge_not_covered(self, rule, fact, added, total, company):
        currency = company.currency_id
        risk = currency.round(fact['exposure'] + added - fact['covered'])
        if currency.compare_amounts(added, 0) <= 0 or (
                currency.compare_amounts(risk, rule.tolerance_amount) <= 0):
            return None
        return {'risk': risk, 'allowed': rule.tolerance_amount, 'currency': currency.id}
