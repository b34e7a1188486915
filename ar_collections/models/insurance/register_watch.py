from odoo import api, fields, models
from odoo.tools import SQL, format_date

STATES = [
    ('active', "Company active"),
    ('closed', "Company closed"),
    ('replaced', "Number replaced by another"),
    ('missing', "Not found or not shown"),
    ('to_check', "To be checked by a person"),
]
# Nobody is there any more to order, or nobody knows who.
GONE = frozenset({'closed', 'replaced'})


class ArCustomer(models.Model):
    """EXTENDS core: whether the company still exists, as the State's register tells it.

    Nothing is stopped by what the register says: a person is told and reviews the customer. A
    credit rule may hold orders, where the house wants it.
    """
    _inherit = 'ar.customer'

    register_siren = fields.Char(
        string="SIREN asked", readonly=True, copy=False,
        help="What the register said is about this number.")
    register_state = fields.Selection(
        STATES, string="Company register", readonly=True, copy=False, tracking=True,
        help="State of the company in the French register. Not found: deleted, or the company "
             "asked not to be shown.")
    register_closed_on = fields.Date(
        string="Closed on", readonly=True, copy=False,
        help="Day of the closure, as the register tells it.")
    register_name = fields.Char(
        string="Name in the register", readonly=True, copy=False)
    register_siret = fields.Char(
        string="Head office (SIRET)", readonly=True, copy=False)
    register_checked_on = fields.Date(
        string="Register read on", readonly=True, copy=False,
        help="Last day on which the register answered for this customer.")
    register_event_ids = fields.One2many(
        'ar.provider.event', 'customer_id', string="Events in the register",
        domain=[('kind', '=', 'register')], readonly=True)

    def _get_derived_fields(self):
        """EXTENDS core."""
        return super()._get_derived_fields() | {
            'register_siren', 'register_state', 'register_closed_on', 'register_name',
            'register_siret', 'register_checked_on'}

    # === WHAT THE REGISTER SAYS === #

    def _take_register(self, provider, siren, standing):
        """Keep what a register says now; tell what has changed since the last time, once.

        :param provider: `ar.provider` that was asked
        :param str siren: number that was asked for
        :param standing: `provider_register.Standing`
        """
        self.ensure_one()
        today = self.company_id._get_ar_today()
        is_first = self.register_siren != siren or not self.register_state
        changes = self._get_register_changes(standing, is_first)
        values = {
            'register_siren': siren, 'register_state': standing.state,
            'register_closed_on': standing.closed_on, 'register_checked_on': today}
        # What a register does not say it has not changed.
        if is_first or standing.name:
            values['register_name'] = standing.name or False
        if is_first or standing.siret:
            values['register_siret'] = standing.siret or False
        # The first look is no news: not a line in the history of thousands of customers.
        self.with_context(tracking_disable=is_first).write(
            {name: value for name, value in values.items() if self[name] != (value or False)})
        events = self.env['ar.provider.event']
        for code, summary in changes:
            events |= events._record(
                provider, f'register:{self.id}:{siren}:{code}:{today}', {
                    'kind': 'register', 'customer_id': self.id, 'external_id': siren,
                    'code': code, 'summary': summary, 'attention': standing.remark or False,
                    'happened_on': standing.closed_on if code == 'closed' else today,
                    **({'result': standing.result} if standing.result else {})})
        if events:
            self._tell_register(provider, events, is_first)

    def _get_register_changes(self, standing, is_first):
        """Return [(code, what happened)] since the last answer, in the language of whoever reads.

        An active company that is seen for the first time is no news, nor one that was never found.
        """
        self.ensure_one()
        state, before, changes = standing.state, not is_first and self.register_state, []
        moved = [] if is_first else [
            (code, new, old) for code, new, old in (
                ('name', standing.name, self.register_name),
                ('seat', standing.siret, self.register_siret)) if new and old and new != old]
        if not moved and (state == before or is_first and state in ('active', 'missing')):
            # The usual case, thousands of times a night.
            return changes
        user = self.collector_id or self.company_id._get_ar_responsible()
        env = self.with_context(lang=user.lang).env
        if state != before:
            if state == 'closed':
                changes.append(('closed', env._(
                    "Closed since %s", format_date(env, standing.closed_on))
                    if standing.closed_on else env._("Closed, the day is not told")))
            elif state == 'replaced':
                changes.append(('replaced', env._(
                    "The SIREN was replaced by %s", standing.replaced_by)
                    if standing.replaced_by else env._("The SIREN was replaced by another one")))
            elif state == 'to_check':
                changes.append(('to_check', env._("The register says something unclear")))
            elif state == 'missing' and before:
                changes.append(('missing', env._("Not found any more")))
            elif state == 'active' and before:
                changes.append(('active', env._("Active again")))
        changes += [
            (code, env._("New name: %(new)s (before: %(old)s)", new=new, old=old)
             if code == 'name' else
             env._("New head office: SIRET %(new)s (before: %(old)s)", new=new, old=old))
            for code, new, old in moved]
        return changes

    def _tell_register(self, provider, events, is_first):
        """Plan one activity for whoever follows the customer, and bring its review forward.

        A first look finds what was so for years: it is told where something is open, and stands
        in the list of events otherwise.
        """
        codes = set(events.mapped('code'))
        today = self.company_id._get_ar_today()
        if codes - {'name', 'seat', 'to_check'} and (
                not self.review_date or self.review_date > today):
            self.review_date = today
        if (is_first or codes == {'to_check'}) and not self.item_count:
            events.write({'state': 'person'})
            return
        events.write({'state': 'person', 'note': self.env._("Told to whoever follows it.")})
        user = self.collector_id or self.company_id._get_ar_responsible()
        customer = self.with_context(lang=user.lang)
        texts = events.mapped('summary')
        advice = customer.env._("Review the customer, its limit and its open orders.")
        if codes <= {'name', 'seat'}:
            advice = customer.env._("Compare the contact, and correct it where it is out of date.")
        customer.activity_schedule(
            'mail.mail_activity_data_todo', user_id=user.id, date_deadline=today,
            summary=customer.env._("Company register: %s", texts[0]),
            note=customer.env._(
                "%(provider)s, %(day)s: %(said)s. %(advice)s",
                provider=provider.name, day=format_date(customer.env, today),
                said="; ".join(texts), advice=advice))

    def action_view_register_events(self):
        """Open what the register told about this customer."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_provider_event_action')
        return dict(action, name=self.env._("Events in the register"), context={},
                    domain=[('customer_id', '=', self.id), ('kind', '=', 'register')])

    # === WHAT FOLLOWS === #

    def _get_score_values(self, company, customer_ids, scorecard):
        """EXTENDS credit: a company that is gone, or that nobody can tell, is a warning."""
        values = super()._get_score_values(company, customer_ids, scorecard)
        if 'legal_event' in scorecard.criterion_ids.mapped('code'):
            found = values.setdefault('legal_event', {})
            for customer_id, state in self.env.execute_query(SQL(
                    "SELECT id, register_state FROM ar_customer"
                    " WHERE id = ANY(%s) AND register_state IS NOT NULL", list(customer_ids))):
                level = LEGAL_EVENTS.get(state)
                if level is not None:
                    found[customer_id] = max(found.get(customer_id, 0.0), level)
        return values


# As the scorecard explains it: 0 none, 1 a warning. Not found says nothing: some are not shown.
LEGAL_EVENTS = {'active': 0.0, 'closed': 1.0, 'replaced': 1.0, 'to_check': 1.0}


class ArCreditRule(models.Model):
    """EXTENDS credit: a company that the register calls closed may hold new orders."""
    _inherit = 'ar.credit.rule'

    reason = fields.Selection(
        selection_add=[('register_closed', "Closed in the company register")],
        ondelete={'register_closed': 'cascade'})


class ArCreditDecision(models.AbstractModel):
    """EXTENDS credit: judges and tells the rule of closed companies."""
    _inherit = 'ar.credit.decision'

    @api.model
    def _get_fact_columns(self, company, date, rules):
        """EXTENDS credit: is the customer gone at this legal entity, and since when."""
        columns = super()._get_fact_columns(company, date, rules)
        if any(rule.reason == 'register_closed' for rule in rules):
            known = SQL(
                """
                FROM ar_customer gone
               WHERE gone.partner_id = p.id AND gone.company_id = ANY(%s)
                 AND gone.register_state = ANY(%s)
                """,
                self.env['ar.credit.exposure']._get_company_ids(company), list(GONE))
            columns['register_closed'] = SQL("EXISTS (SELECT 1 %s)", known)
            columns['register_closed_on'] = SQL("(SELECT MIN(gone.register_closed_on) %s)", known)
        return columns

    @api.model
    def _get_fact_gates(self, company, date):
        """EXTENDS credit: anything known from a register."""
        known = SQL(
            "EXISTS (SELECT 1 FROM mine JOIN ar_customer gone ON gone.id = mine.id"
            " WHERE gone.register_state IS NOT NULL)")
        return {**super()._get_fact_gates(company, date),
                'register_closed': known, 'register_closed_on': known}

    @api.model
    def _get_rule_methods(self):
        """EXTENDS credit."""
        return {**super()._get_rule_methods(), 'register_closed': self._judge_register_closed}

    def _judge_register_closed(self, rule, fact, added, total, company):
        if not fact.get('register_closed') or company.currency_id.compare_amounts(added, 0) <= 0:
            return None
        return {'date': fields.Date.to_string(fact['register_closed_on']) or False}

    @api.model
    def _get_tellers(self):
        """EXTENDS credit."""
        return {**super()._get_tellers(), 'register_closed': self._tell_register_closed}

    def _tell_register_closed(self, values):
        if not values.get('date'):
            return self.env._("The company register says that this customer is closed.")
        return self.env._(
            "The company register says that this customer is closed since %s.",
            format_date(self.env, values['date']))
