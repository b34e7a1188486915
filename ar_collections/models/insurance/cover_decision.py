import hashlib
import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_date, formatLang

from ...connectors.insurer import OPEN as UNDECIDED
from ...connectors.results import UNREADABLE, CoverStatus
from .cover_reading import GRANTING
from .cover_status import TURNED_DOWN

# What people are told at once: the cover is worth less than yesterday, or may be.
BAD_NEWS = frozenset({
    'refused', 'increase_refused', 'reduced', 'withdrawal_announced', 'withdrawn', 'suspended',
    'expired'})


class ArCover(models.Model):
    """EXTENDS: decisions of the insurer. `_apply` is the only writer of a cover."""
    _inherit = 'ar.cover'

    # === APPLYING === #

    @api.model
    def _apply(self, policy, customer, decision, *, kind='named', source='provider', only=None,
               asked=None, proof='', documents=None):
        """Make the cover of a customer say what a decision says. Twice is once.

        A decision that cannot be read (a code that nobody knows, an amount that is missing or in
        another currency) leaves the layers alone and asks for a person. Amounts are in policy
        currency, days are days of delivery.

        :param policy: `ar.insurance.policy`
        :param customer: `ar.customer` of the same company
        :param decision: `connectors.results.Cover`
        :param str kind: named, discretionary or non_named
        :param str source: provider, manual or policy
        :param only: kinds of layers that the decision is about; all when omitted
        :param asked: `ar.cover.request` that it answers
        :param str proof: on what we granted it ourselves
        :param documents: `ir.attachment` records kept with the new layers
        :return: the cover; empty when there is nothing to say yet (a request under way)
        """
        # sudo: whether the user may do this was checked by the button; polls have no user.
        self = self.sudo()
        policy, customer = policy.sudo(), customer.sudo()
        if decision.status in UNDECIDED or decision.status == CoverStatus.DRAFT:
            return self.browse()
        cover = self._get_for(policy, customer, kind)
        family = ','.join(sorted(only)) if only else 'all'
        fingerprint = self._get_fingerprint(decision)
        today = customer.company_id._get_ar_today()
        if cover and (cover.fingerprints or {}).get(family) == fingerprint:
            if cover.checked_on != today:
                cover.checked_on = today
            return cover
        problems = self._get_problems(policy, decision)
        event = self._record_event(policy, customer, decision, fingerprint, source)
        if not self._counts(policy, decision):
            event._set_done(self.env._("A test answer: it changes no cover."))
            return self.browse()
        if not cover:
            cover = self.create({
                'policy_id': policy.id, 'customer_id': customer.id, 'kind': kind,
                'status': 'unknown', 'source': source,
                'buyer_reference': decision.buyer_id or False})
        before = cover._get_amounts(today).get(cover.id, 0.0)
        reading = cover._read_decision(decision, only, asked, bool(problems))
        fingerprints = {**(cover.fingerprints or {}), family: fingerprint}
        if not problems and cover._is_known(reading, decision):
            # Told by the answer to a request before, in other words.
            cover.write({'fingerprints': fingerprints, 'checked_on': today})
            event._set_done(self.env._("Says the same again."))
            return cover
        cover._write_layers(reading, decision, only, source, proof, documents)
        cover.write({
            **cover._get_decision_values(decision, source), 'status': reading.status,
            'checked_on': today,
            # The calendar has no say in what was decided anew.
            'expired_on': False,
            'fingerprints': fingerprints,
            'needs_person': cover.needs_person or bool(problems),
            'attention': "\n".join(problems) if problems else cover.attention,
        })
        cover._note_fall(before, reading, today)
        if problems:
            event.write({'state': 'person', 'note': problems[0]})
        else:
            label = dict(cover._fields['status']._description_selection(cover.env))[cover.status]
            event._set_done(label)
            # "Granted in part", for less than before, is a reduction: the inbox says so.
            event.summary = label
        cover._tell(before, reading, problems, asked)
        cover._follow()
        return cover

    def _is_known(self, reading, decision):
        """Return whether a grant says only what the layers in force and their code say."""
        return reading.layers is None and decision.status in GRANTING and bool(
            self.layer_ids) and self.status not in ('unknown', 'withdrawal_announced') and (
            self.provider_code or '') == (decision.provider_code or '') and (
            self.insurer_reference or '') == (decision.cover_id or '') and (
            self.pending_action or '') == str(decision.pending_action or '')

    @api.model
    def _counts(self, policy, decision):
        """Return whether an answer may change what is insured: a test answer may not, unless the
        provider is there for a demonstration."""
        return not decision.meta or decision.meta.environment == 'production' or bool(
            policy.provider_id.test_counts)

    @api.model
    def _record_event(self, policy, customer, decision, fingerprint, source):
        """Keep what arrived in the inbox, with its raw answer."""
        Event = self.env['ar.provider.event'].sudo()
        if source != 'provider' or not policy.provider_id:
            return Event.browse()
        status = dict(self._fields['status']._description_selection(self.env))
        day = customer.company_id._get_ar_today()
        return Event._record(
            policy.provider_id, f'cover:{customer.id}:{decision.cover_id}:{fingerprint}:{day}', {
                'kind': 'cover', 'customer_id': customer.id, 'external_id': decision.cover_id,
                'code': decision.provider_code, 'happened_on': decision.decided_on,
                'summary': status.get(str(decision.status)), 'result': decision})

    @api.model
    def _get_for(self, policy, customer, kind):
        return self.search([
            ('policy_id', '=', policy.id), ('customer_id', '=', customer.id),
            ('kind', '=', kind)], limit=1)

    @api.model
    def _get_fingerprint(self, decision):
        """Return a digest of all that a decision says; not of when it was read."""
        def number(value):
            # 80000.0 says no more than 80000.
            return None if value is None else f'{value.normalize():f}'

        said = [
            decision.cover_id, decision.status, decision.provider_code, decision.pending_action,
            decision.requested and number(decision.requested.amount), decision.decided_on,
            decision.effective_from, decision.effective_until, decision.withdrawal_on,
            [(x.kind, x.amount and number(x.amount.amount), x.amount and x.amount.currency,
              x.valid_from, x.valid_until, number(x.insured_percentage),
              [c.code for c in x.conditions]) for x in decision.layers],
            [(c.code, c.text) for c in decision.conditions],
            [(a.code, a.field, a.value) for a in decision.attention]]
        return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()[:24]

    @api.model
    def _get_problems(self, policy, decision):
        """Return what a person must look at, in words; empty when all can be read."""
        env, problems = self.env, []
        words = {
            'unknown_code': env._("a code that is not known"),
            'unreadable_date': env._("a date that cannot be read"),
            'unreadable_amount': env._("an amount that cannot be read"),
            'missing_field': env._("a value is missing"),
            'ended_early': env._("the list ended early"),
            'total_differs': env._("a total does not add up"),
            'other_currency': env._("another currency"),
        }
        for attention in decision.attention:
            # The names of the insurer's interface stay as they are: they are looked up in it.
            problems.append(env._(
                "%(what)s: %(value)s (%(field)s)", field=attention.field,
                what=words.get(attention.code, attention.code), value=attention.value or "–"))
        for layer in decision.layers:
            if layer.amount and layer.amount.currency != policy.currency_id.name:
                problems.append(env._(
                    "An amount is in %(currency)s, the policy is in %(policy)s.",
                    currency=layer.amount.currency, policy=policy.currency_id.name))
        if decision.status in UNREADABLE and not problems:
            problems.append(env._("Code %s is not known.", decision.provider_code or "–"))
        if decision.status == CoverStatus.WITHDRAWAL_ANNOUNCED and not decision.withdrawal_on and (
                not policy.withdrawal_notice_days):
            problems.append(env._(
                "A withdrawal is announced without its date, and the policy's notice is not "
                "known."))
        return problems

    def _get_decision_values(self, decision, source):
        values = {
            'provider_code': decision.provider_code or False,
            'pending_action': decision.pending_action and str(decision.pending_action),
            'source': source,
            'environment': decision.meta.environment if decision.meta else False,
            'conditions': "\n".join(
                ": ".join(filter(None, (x.code, x.text))) for x in (
                    *decision.conditions,
                    *(x for layer in decision.layers for x in layer.conditions))) or False,
        }
        if decision.status in UNREADABLE:
            # What was known of the decision before stays beside the cover that stays.
            return {name: values[name] for name in ('provider_code', 'pending_action')}
        requested = decision.requested
        if requested and requested.currency == self.policy_id.currency_id.name:
            values['requested_amount'] = float(requested.amount)
        return {
            **values, 'insurer_reference': decision.cover_id or self.insurer_reference,
            'decided_on': decision.decided_on, 'effective_from': decision.effective_from,
            'effective_until': decision.effective_until,
            'withdrawal_on': decision.withdrawal_on if decision.status in (
                CoverStatus.WITHDRAWN, CoverStatus.WITHDRAWAL_ANNOUNCED) else False,
        }

    # === WRITING === #

    def _write_layers(self, reading, decision, only, source, proof, documents):
        """End the layers in force and add the new ones, by the dates of the reading."""
        self.ensure_one()
        today = self.company_id._get_ar_today()
        current = self._get_current_layers(only, min(reading.start, today))
        if reading.last_day:
            # A withdrawal that is put off covers until its new day.
            announced = self.withdrawal_on and self.withdrawal_on - timedelta(days=1)
            for layer in current:
                last = max(reading.last_day, layer.date_from - timedelta(days=1))
                if not layer.date_to or layer.date_to > last or layer.date_to == announced:
                    layer.date_to = last
        if reading.layers is None:
            return
        for layer in current:
            last = max(reading.start, layer.date_from) - timedelta(days=1)
            if not layer.date_to or layer.date_to > last:
                layer.date_to = last
        self.env['ar.cover.layer'].create([{
            **values, 'cover_id': self.id, 'date_from': values['date_from'] or reading.start,
            'status': reading.status, 'provider_code': decision.provider_code or False,
            'decided_on': decision.decided_on or today, 'source': source,
            'environment': decision.meta.environment if decision.meta else False,
            'proof': proof or False,
            'document_ids': [fields.Command.set(documents.ids)] if documents else False,
        } for values in reading.layers])
        self.invalidate_recordset(['amount_today', 'layer_ids'])

    def _note_fall(self, before, reading, today):
        """Remember the last time the insurer took something away."""
        bad = reading.status in TURNED_DOWN or reading.status in (
            'reduced', 'withdrawal_announced')
        if bad and before > 0:
            self.write({'reduced_on': today, 'reduced_from': before})

    # === TELLING === #

    def _tell(self, before, reading, problems, asked):
        """Tell whoever follows the customer, once, in that person's language."""
        self.ensure_one()
        user = self.collector_id or self.company_id._get_ar_responsible()
        cover = self.with_context(lang=user.lang)
        env = cover.env
        status = dict(cover._fields['status']._description_selection(env))[cover.status]
        after = cover._get_amounts(max(reading.start, self.company_id._get_ar_today())).get(
            self.id, 0.0)
        text = env._(
            "%(policy)s: %(status)s. Covered: %(after)s from %(date)s, before: %(before)s.",
            policy=cover.policy_id.name, status=status,
            after=formatLang(env, after, currency_obj=self.currency_id),
            before=formatLang(env, before, currency_obj=self.currency_id),
            date=format_date(env, reading.start))
        if cover.withdrawal_on and cover.status in ('withdrawal_announced', 'withdrawn'):
            text += " " + env._(
                "Deliveries from %s on are not covered.",
                format_date(env, cover.withdrawal_on))
        self.customer_id._message_log(body=text)
        if problems or reading.status in BAD_NEWS:
            cover.activity_schedule(
                'mail.mail_activity_data_todo', user_id=user.id,
                date_deadline=self.company_id._get_ar_today(),
                summary=env._("Cover to look at") if problems else env._("Cover: %s", status),
                note="\n".join([text, *problems]))
        if asked and asked.user_id.active and asked.user_id != user:
            asked.message_post(body=text, partner_ids=asked.user_id.partner_id.ids)

    def action_looked_at(self):
        """Note that a person has read what the insurer said."""
        self.env['ar.cover.request']._check_collector()
        self.check_access('read')
        for cover in self.filtered('needs_person'):
            cover.message_post(body=self.env._(
                "Looked at by %(user)s: %(attention)s",
                user=self.env.user.name, attention=cover.attention or ""))
        # sudo: a cover is written by decisions only; this is the answer to one.
        self.sudo().write({'needs_person': False, 'attention': False})
        self.sudo().activity_unlink(['mail.mail_activity_data_todo'])
        return True
