from odoo import api, models

from ...connectors.errors import ConnectorError, NotFoundError, UnexpectedAnswerError
from ...connectors.results import NO_COVER, LayerKind

# What a client calls the number of the policy in its options.
NUMBER_OPTIONS = ('policy_id', 'policy_number')
COMMIT_EVERY = 100


class ArCover(models.Model):
    """EXTENDS: the covers of a provider, read again. The list of the insurer is the truth; a list
    that is not complete says nothing about what is not in it."""
    _inherit = 'ar.cover'

    @api.model
    def _poll(self, provider, client):
        """Step of the poll: read the covers of a provider and apply what has changed.

        Calls nobody bills. May be killed anywhere and run again: what was applied is the same.

        :param client: from `provider._open_client`
        :raise ConnectorError: the provider cannot be asked now; everything stays as it was
        """
        if not provider._can('list_covers'):
            return
        policy = self._choose_policy(provider)
        if not policy:
            yield 0
            return
        batch = provider._call('list_covers', client=client)
        by_buyer = {}
        for decision in batch.items:
            if self._is_about(policy, decision):
                by_buyer.setdefault(decision.buyer_id, []).append(decision)
        customers = self._get_customers(provider, list(by_buyer))
        known = {cover.customer_id.id: cover.id for cover in self.search([
            ('policy_id', '=', policy.id), ('kind', '=', 'named')])}
        # Read before anything is committed: caches are empty after each commit.
        fresh, same = [], []
        for buyer_id, decisions in by_buyer.items():
            for customer in customers.get(buyer_id, ()):
                cover = self.browse(known.get(customer.id, ()))
                if cover._says_already(decisions):
                    same.append(cover.id)
                else:
                    fresh.append((customer.id, decisions))
        self.browse(same)._confirm()
        yield 0
        for number, (customer_id, decisions) in enumerate(fresh, 1):
            self._apply_list(policy, self.env['ar.customer'].browse(customer_id), decisions)
            if not number % COMMIT_EVERY:
                yield 0
        yield 0
        if batch.complete:
            yield from self._read_missing(provider, client, policy, set(by_buyer))

    @api.model
    def _choose_policy(self, provider):
        """Return the policy whose covers a provider lists: the one in force today.

        Among several, the one whose number stands in the settings of the connection. If that is
        still not exactly one, nothing may be read: an administrator is told on the provider, and
        the covers stay as they were.
        """
        policies = self.env['ar.insurance.policy'].search([('provider_id', '=', provider.id)])
        live = policies.filtered(
            lambda policy: policy._is_live(policy.company_id._get_ar_today()))
        chosen = live
        if len(live) > 1:
            numbers = set(provider.option_ids.filtered(
                lambda option: option.name in NUMBER_OPTIONS and option.value).mapped('value'))
            chosen = live.filtered(lambda policy: policy.policy_number in numbers)
        if len(chosen) == 1:
            provider._forget_policies()
            return chosen
        # One that has yet to start has no covers: nobody need be told.
        if live or any(policy.state == 'ended' for policy in policies):
            provider._tell_policies(live)
        return policies.browse()

    @api.model
    def _is_about(self, policy, decision):
        """Return whether a decision belongs to the policy: one account may hold several."""
        return bool(decision.buyer_id) and (
            not decision.policy_id or not policy.policy_number
            or decision.policy_id == policy.policy_number)

    @api.model
    def _get_customers(self, provider, buyer_ids):
        """Return {buyer at the provider: customers linked to it}: one query."""
        customers = {}
        for link in self.env['ar.provider.link'].search([
                ('provider_id', '=', provider.id), ('state', '=', 'linked'),
                ('external_id', 'in', buyer_ids)]):
            customers.setdefault(link.external_id, []).append(link.customer_id)
        return customers

    def _says_already(self, decisions):
        """Return whether the cover was made from these very decisions."""
        if not self or len(decisions) != 1:
            return False
        only = self._get_only(decisions[0])
        family = ','.join(sorted(only)) if only else 'all'
        return (self.fingerprints or {}).get(family) == self._get_fingerprint(decisions[0])

    @api.model
    def _get_only(self, decision):
        """Return the kinds of layers that a decision is about: a top-up is a cover of its own."""
        kinds = {str(layer.kind) for layer in decision.layers}
        return ['top_up'] if kinds == {str(LayerKind.TOP_UP)} else None

    @api.model
    def _apply_list(self, policy, customer, decisions):
        """Apply what the insurer lists for one buyer: a limit, and maybe a top-up on it."""
        topped = [x for x in decisions if self._get_only(x)]
        main = [x for x in decisions if not self._get_only(x) and x.status not in NO_COVER]
        if len(main) > 1:
            self._ask_which(policy, customer, main)
            return
        for decision in main or [x for x in decisions if not self._get_only(x)][:1]:
            only = ['permanent', 'temporary'] if topped else None
            self._apply(policy, customer, decision, only=only)
        for decision in topped[:1]:
            self._apply(policy, customer, decision, only=['top_up'])

    @api.model
    def _ask_which(self, policy, customer, decisions):
        """Two limits in force for one buyer: nobody but a person may choose."""
        cover = self._get_for(policy, customer, 'named')
        text = self.env._(
            "The insurer lists several covers in force for this buyer: %s. Nothing was changed.",
            ", ".join(x.cover_id for x in decisions))
        if not cover:
            cover = self.create({
                'policy_id': policy.id, 'customer_id': customer.id, 'status': 'unknown',
                'source': 'provider', 'buyer_reference': decisions[0].buyer_id})
        cover._flag(text)

    def _flag(self, text):
        """Ask a person to look, once for the same words."""
        self.ensure_one()
        if self.attention == text:
            return
        user = self.collector_id or self.company_id._get_ar_responsible()
        self.write({'needs_person': True, 'attention': text})
        self.activity_schedule(
            'mail.mail_activity_data_todo', user_id=user.id, note=text,
            date_deadline=self.company_id._get_ar_today(),
            summary=self.with_context(lang=user.lang).env._("Cover to look at"))

    def _confirm(self):
        """Note that the insurer said the same again: one statement for all."""
        for company, group in self.grouped('company_id').items():
            today = company._get_ar_today()
            group.filtered_domain(['|', ('checked_on', '=', False), ('checked_on', '<', today)]
                                  ).checked_on = today

    def _read_missing(self, provider, client, policy, listed):
        """Ask about covers that have left a complete list: withdrawn, given up or replaced."""
        today = policy.company_id._get_ar_today()
        covers = self.search([
            ('policy_id', '=', policy.id), ('kind', '=', 'named'), ('source', '=', 'provider'),
            ('insurer_reference', '!=', False), ('buyer_reference', 'not in', list(listed))])
        amounts = covers._get_amounts(today)
        for cover in map(self.browse, [x.id for x in covers if amounts.get(x.id)]):
            try:
                decision = provider._call(
                    'read_cover', cover.insurer_reference, client=client,
                    buyer_id=cover.buyer_reference or '')
            except (NotFoundError, UnexpectedAnswerError):
                decision = None
            except ConnectorError:
                # Not now: the list of tomorrow misses it again.
                break
            if decision:
                self._apply(policy, cover.customer_id, decision)
            if not decision or decision.status not in NO_COVER and not decision.withdrawal_on:
                cover._flag(self.env._(
                    "The insurer no longer lists this cover and does not say why. Look it up in "
                    "its portal; until then it counts as before."))
            yield 0


class ArProvider(models.Model):
    """EXTENDS: an administrator is told when nobody can say which policy the covers belong to."""
    _inherit = 'ar.provider'

    def _get_policies_activities(self):
        """Return what was planned for this, whatever the language it was written in."""
        summaries = {
            self.with_context(lang=code).env._("Covers are not read: which policy?")
            for code, _name in self.env['res.lang'].get_installed()}
        return self.activity_ids.filtered(lambda activity: activity.summary in summaries)

    def _tell_policies(self, live):
        """Plan one activity; none while the last one stands.

        :param live: the policies in force that ask this provider
        """
        self.ensure_one()
        if self._get_policies_activities():
            return
        user = self._get_administrator()
        provider = self.with_context(lang=user.lang)
        env = provider.env
        note = env._(
            "Several policies with this connection are in force: %s. Give the one that the "
            "connection asks for the number that stands in its settings, or take the connection "
            "off the others. Until then no covers are read.", ", ".join(live.mapped('name')),
        ) if live else env._(
            "No policy with this connection is in force today. Extend its dates, put the "
            "connection on the new policy, or switch it off. Until then no covers are read.")
        provider.activity_schedule(
            'mail.mail_activity_data_todo', user_id=user.id, note=note,
            summary=env._("Covers are not read: which policy?"))

    def _forget_policies(self):
        """The question has answered itself."""
        self._get_policies_activities().unlink()
