from odoo import api, fields, models
from odoo.tools import SQL, format_date, formatLang


class ArCreditDecision(models.AbstractModel):
    """The one judge. Orders, invoices, deliveries and previews all ask here.

    It reads the customers' figures once for any number of documents, and answers with reasons in
    words that a salesperson may see.
    """
    _name = 'ar.credit.decision'
    _description = "Credit decision"

    @api.model
    def _judge(self, company, demands):
        """Judge demands for credit of one company, on fresh figures.

        :param company: `res.company`
        :param demands: list of {'key', 'partner': commercial partner, 'added': credit asked for,
            'total': of the document, 'counted': part of it that the exposure holds already},
            amounts in company currency. Demands of one customer are judged one after the other:
            the second counts the first when that one passes.
        :return: {key: list of {'code', 'decision': 'warn'|'hold', 'message'}}
        :raise UserError: when a currency has no rate
        """
        verdicts = {}
        rules = self.env['ar.credit.rule']._get_rules(company)
        partners = self.env['res.partner'].browse(
            {demand['partner'].id for demand in demands})
        facts = self._get_facts(company, partners, rules)
        for demand in demands:
            fact, added, total = facts[demand['partner'].id], demand['added'], demand['total']
            fact['exposure'] -= demand['counted']
            fact['group_exposure'] -= demand['counted']
            reasons = []
            for rule in rules:
                if rule.risk_class_ids and fact['risk_class'] not in rule.risk_class_ids:
                    continue
                message = self._get_rule_methods()[rule.reason](rule, fact, added, total, company)
                if message:
                    reasons.append({
                        'code': rule.reason, 'message': message,
                        'decision': self._get_decision(rule, fact)})
            verdicts[demand['key']] = reasons
            if not any(reason['decision'] == 'hold' for reason in reasons):
                fact['exposure'] += added
                fact['group_exposure'] += added
        return verdicts

    def _get_decision(self, rule, fact):
        """A class that only warns is not made stricter by the rule that listens to it."""
        if rule.reason == 'risk_class' and fact['risk_class'].order_decision == 'warn':
            return 'warn'
        return rule.decision

    @api.model
    def _get_rule_methods(self):
        """Return {reason of a rule: method(rule, fact, added, total, company) -> message or None}.

        Rooms that know another reason add it here.
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
        }

    # === FACTS === #

    @api.model
    def _get_facts(self, company, partners, rules):
        """Return what the rules need to know: a constant number of queries.

        :return: {partner_id: dict}
        """
        date = company._get_ar_today()
        customers = self._get_customers(company, partners)
        by_partner = {customer.partner_id.id: customer for customer in customers}
        exposures = self.env['ar.credit.exposure']._get_exposures(company, partners.ids)
        limits = self._get_limits(company, partners, date)
        overdue = self._get_overdue(company, partners, date, rules)
        groups = {group: group._get_exposure() for group in customers.credit_group_id}
        facts = {}
        for partner in partners:
            customer = by_partner[partner.id]
            limit, expired = limits.get(partner.id, (0.0, None))
            facts[partner.id] = {
                'customer': customer, 'risk_class': customer.risk_class_id, 'date': date,
                'exposure': float(sum(exposures.get(partner.id, {}).values())),
                'limit': float(limit), 'expired': expired,
                'overdue': overdue.get(partner.id, {}), 'group': customer.credit_group_id,
                'group_exposure': groups.get(customer.credit_group_id, 0.0),
            }
        return facts

    def _get_customers(self, company, partners):
        """Return the customers of these partners; those who have no row yet stay in memory.

        A preview is computed while a form is read: it must not write. A decision that binds made
        the missing rows before.
        """
        Customer = self.env['ar.customer'].sudo()
        customers = Customer.with_context(active_test=False).search([
            ('partner_id', 'in', partners.ids), ('company_id', '=', company.id)])
        return customers.union(*(
            Customer.new({'partner_id': partner.id, 'company_id': company.id})
            for partner in partners - customers.partner_id))

    def _get_limits(self, company, partners, date):
        """Return {partner_id: (limit in force, last day of the last one that expired)}."""
        self.env.flush_all()
        rows = self.env.execute_query(SQL(
            """
            SELECT limits.partner_id, limits.amount, expired.date_to
              FROM (%(limits)s WHERE p.id = ANY(%(partners)s)) limits
              LEFT JOIN (
                SELECT c.partner_id, MAX(l.date_to) AS date_to
                  FROM ar_credit_limit l JOIN ar_customer c ON c.id = l.customer_id
                 WHERE l.company_id = %(company)s AND l.date_to < %(date)s
                 GROUP BY c.partner_id
              ) expired ON expired.partner_id = limits.partner_id
            """,
            limits=self.env['ar.credit.limit']._get_limit_query(company, date),
            partners=partners.ids, company=company.id, date=date))
        return {partner_id: (amount, expired) for partner_id, amount, expired in rows}

    def _get_overdue(self, company, partners, date, rules):
        """Return {partner_id: {rule_id: amount overdue by more than its days}}, in one query."""
        rules = rules.filtered(lambda rule: rule.reason == 'overdue')
        if not rules:
            return {}
        columns = SQL(", ").join(
            SQL("COALESCE(SUM(l.amount_residual) FILTER (WHERE l.amount_residual > 0"
                " AND COALESCE(l.date_maturity, l.date) < %s), 0)",
                fields.Date.subtract(date, days=rule.overdue_days)) for rule in rules)
        rows = self.env.execute_query(SQL(
            """
            SELECT p.commercial_partner_id, %(columns)s
              FROM account_move_line l JOIN res_partner p ON p.id = l.partner_id
             WHERE l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE
               AND l.company_id = ANY(%(companies)s) AND l.parent_state = 'posted'
               AND p.commercial_partner_id = ANY(%(partners)s)
             GROUP BY p.commercial_partner_id
            """,
            columns=columns, accounts=company._get_ar_exposure_account_ids(),
            companies=self.env['ar.credit.exposure']._get_company_ids(company),
            partners=partners.ids))
        return {row[0]: dict(zip(rules.ids, row[1:], strict=True)) for row in rows}

    # === RULES === #

    def _format(self, amount, currency):
        return formatLang(self.env, amount, currency_obj=currency)

    def _judge_over_limit(self, rule, fact, added, total, company):
        limit, after = fact['limit'], fact['exposure'] + added
        currency = company.currency_id
        if not limit or currency.compare_amounts(after, limit + rule._get_tolerance(limit)) <= 0:
            return None
        return self.env._(
            "The credit limit of %(limit)s is exceeded by %(excess)s.",
            limit=self._format(limit, currency), excess=self._format(after - limit, currency))

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
        return self.env._(
            "The common limit of %(group)s, %(limit)s, is exceeded by %(excess)s.",
            group=group.name, limit=self._format(group.limit, group.currency_id),
            excess=self._format(after - group.limit, group.currency_id))

    def _judge_no_limit(self, rule, fact, added, total, company):
        if fact['limit'] or company.currency_id.compare_amounts(added, 0) <= 0:
            return None
        return self.env._("No credit limit has been granted to this customer.")

    def _judge_limit_expired(self, rule, fact, added, total, company):
        if not fact['expired'] or fact['exposure'] + added <= fact['limit']:
            return None
        return self.env._(
            "The temporary limit expired on %s.", format_date(self.env, fact['expired']))

    def _judge_overdue(self, rule, fact, added, total, company):
        amount = float(fact['overdue'].get(rule.id, 0.0))
        if company.currency_id.compare_amounts(amount, rule.overdue_amount) <= 0:
            return None
        return self.env._(
            "%(amount)s are overdue by more than %(days)s days.",
            amount=self._format(amount, company.currency_id), days=rule.overdue_days)

    def _judge_stop(self, rule, fact, added, total, company):
        customer = fact['customer']
        if not customer.credit_stop:
            return None
        return self.env._(
            "Orders of this customer are stopped: %s",
            customer.credit_stop_reason or self.env._("ask the credit team."))

    def _judge_risk_class(self, rule, fact, added, total, company):
        risk_class = fact['risk_class']
        if not risk_class or risk_class.order_decision == 'allow':
            return None
        return self.env._("The risk class of this customer asks for a look at new orders.")

    def _judge_review_late(self, rule, fact, added, total, company):
        review = fact['customer'].review_date
        if not review or review >= fact['date']:
            return None
        return self.env._(
            "The credit review was due on %s.", format_date(self.env, review))

    def _judge_deposit(self, rule, fact, added, total, company):
        percent = fact['risk_class'].deposit_percent if fact['risk_class'] else 0.0
        paid = total - added
        needed = company.currency_id.round(total * percent / 100)
        if not percent or company.currency_id.compare_amounts(paid, needed) >= 0:
            return None
        return self.env._(
            "A deposit of %(percent)s %% is needed: %(missing)s are missing.",
            percent=formatLang(self.env, percent, digits=0 if percent == int(percent) else 2),
            missing=self._format(needed - paid, company.currency_id))
