from odoo import fields, models
from odoo.tools import format_date

from ...tools.typography import keep_signs

INTEREST_MODES = [
    ('none', "Not mentioned"),
    ('mention', "The rule is mentioned"),
    ('notice', "Free notice: the days and the cost, before anything is charged"),
    ('figure', "Shown as a figure, not claimed"),
    ('claim', "Claimed, statement attached"),
]
# Where `_read_ahead` leaves what a batch of messages needs, to be taken once.
CACHE = 'ar_collections.late_claims'
RATES = 'ar_collections.agreed_rates'


class ArDunningLevel(models.Model):
    """EXTENDS dunning: what a message says about late interest."""
    _inherit = 'ar.dunning.level'

    interest_mode = fields.Selection(
        INTEREST_MODES, string="Late interest", required=True, default='none',
        help="What the law does not give, or what cannot be computed, is never printed: the "
             "message then leaves without it.")


class ArDunningSkip(models.Model):
    """EXTENDS dunning: why the law keeps an item out of a run."""
    _inherit = 'ar.dunning.skip'

    reason = fields.Selection(selection_add=[
        ('insolvency', "Insolvency opened: declare the claim, no reminder"),
        ('no_policy',),
    ], ondelete={'insolvency': 'cascade'})


class ArReminder(models.Model):
    """EXTENDS dunning: late interest in the message, as its level wants it."""
    _inherit = 'ar.reminder'

    def _read_ahead(self):
        """EXTENDS dunning: what lateness costs, for all customers of the batch at once."""
        result = super()._read_ahead()
        known = self.env.cr.cache.setdefault(CACHE, {})
        speaking = self.sudo().filtered(
            lambda r: r._get_interest_mode() in ('figure', 'claim') and r.line_ids)
        for company, reminders in speaking.grouped('company_id').items():
            found = {}
            for claim in self.env['ar.interest.engine'].sudo()._get_item_claims(
                    reminders.customer_id, company._get_ar_today()):
                found.setdefault(claim.customer_id, []).append(claim)
            for reminder in reminders:
                known[reminder.id] = found.get(reminder.customer_id.id, [])
        speaking = self.sudo().filtered(lambda r: r._get_interest_mode() != 'none')
        rates = self.env['ar.contract.rate']._get_rates(speaking.line_ids.move_id.ids)
        self.env.cr.cache.setdefault(RATES, {}).update({
            reminder.id: {move_id: rates[move_id] for move_id in reminder.line_ids.move_id.ids
                          if move_id in rates} for reminder in speaking})
        return result

    def _get_items_values(self):
        """EXTENDS dunning: the paragraphs on late interest."""
        return {
            **super()._get_items_values(),
            'late_texts': [keep_signs(text) for text in self._get_late_texts()]}

    def _get_late_texts(self):
        """Return the sentences on late interest, in the language of the customer.

        :return: list of texts; empty when the level is silent or the law gives nothing
        """
        self.ensure_one()
        mode = self._get_interest_mode()
        if mode == 'none':
            return []
        env = self.with_context(lang=self.lang).env
        if mode == 'notice':
            return self._get_free_notice_texts(env)
        # sudo: the rule is printed on the message.
        regime = self.customer_id.sudo().effective_regime_id.with_context(lang=self.lang)
        if not regime:
            return []
        if mode == 'mention':
            return self._get_mention_texts(env, regime)
        claims = self._take_item_claims()
        texts = self._get_late_amount_texts(env, [claim for claim in claims if claim.statement])
        if not texts:
            # The rate of the day is not entered yet: what the rule gives is named without figures.
            missing = any(claim.reason == 'rate' for claim in claims)
            return self._get_mention_texts(env, regime) if missing else []
        agreed = self._get_contract_rate_text(env, regime)
        return [text for text in (*texts, agreed, regime.sentence) if text]

    def _get_mention_texts(self, env, regime):
        # Where a rate was agreed, the rule alone would announce another one.
        sentence = " ".join(filter(None, (
            self._get_contract_rate_text(env, regime), regime.sentence)))
        if regime.needs_notice:
            # Not every delay gives a claim here: to say so would be false.
            return [self._get_mention_after_notice(env, regime, sentence)]
        if regime.rate_kind == 'none':
            return [env._("Late payment entitles us to compensation. %s", sentence)]
        return [env._("Late payment entitles us to interest and compensation. %s", sentence)
                if regime.bracket_ids else
                env._("Late payment entitles us to interest. %s", sentence)]

    def _get_mention_after_notice(self, env, regime, sentence):
        if regime.rate_kind == 'none':
            return env._(
                "After the notice that the law asks for, late payment entitles us to "
                "compensation. %s", sentence)
        if regime.bracket_ids:
            return env._(
                "After the notice that the law asks for, late payment entitles us to interest "
                "and compensation. %s", sentence)
        return env._(
            "After the notice that the law asks for, late payment entitles us to interest. %s",
            sentence)

    def _get_contract_rate_text(self, env, regime):
        """Return the rates that the parties agreed, which beat that of the rule, or ''.

        That of an invoice beats that of the customer, as in the claim.
        """
        if regime.debtor == 'consumer':
            return ''
        # sudo: what is printed on the message comes with the message.
        customer = self.customer_id.sudo()
        moves = self.sudo().line_ids.filtered(lambda line: line.kind != 'credit').move_id
        own = self.env.cr.cache.get(RATES, {}).pop(self.id, None)
        if own is None:
            own = env['ar.contract.rate']._get_rates(moves.ids)
        describe = env['ar.indexed.rate']._describe_contract
        texts = []
        if customer.has_contract_rate and (not moves or any(move.id not in own for move in moves)):
            texts.append(env._("Rate agreed by contract: %s.", describe(customer._to_contract())))
        agreed = {own[move.id]: describe(own[move.id]) for move in moves if move.id in own}
        for contract, words in sorted(agreed.items(), key=lambda pair: pair[1]):
            texts.append(env._(
                "Rate agreed by contract for %(invoices)s: %(rate)s.", rate=words,
                invoices=", ".join(
                    move.name for move in moves if own.get(move.id) == contract)))
        return " ".join(texts)

    def _get_late_amount_texts(self, env, claims):
        texts = []
        day = format_date(env, self.company_id._get_ar_today(), lang_code=self.lang)
        for currency_id in dict.fromkeys(claim.currency_id for claim in claims):
            currency = env['res.currency'].browse(currency_id)
            interest, compensation = (
                sum(getattr(claim, name) for claim in claims if claim.currency_id == currency_id)
                for name in ('interest', 'compensation'))
            if not interest and not compensation:
                continue
            values = {
                'date': day, 'interest': self._format_amount(float(interest), currency),
                'compensation': self._format_amount(float(compensation), currency),
                'total': self._format_amount(float(interest + compensation), currency),
            }
            texts.append(self._get_late_amount_text(
                env, bool(interest), bool(compensation), values))
        return texts

    def _get_late_amount_text(self, env, interest, compensation, values):
        """Return the sentence on what is owed in one currency; what is zero is not named.

        :param bool interest: there is interest
        :param bool compensation: there is compensation
        :param dict values: formatted date, interest, compensation and total
        """
        if self._get_interest_mode() == 'figure':
            if not compensation:
                return env._(
                    "For information, not included in the amount above: late interest of "
                    "%(interest)s to %(date)s.", **values)
            if not interest:
                return env._(
                    "For information, not included in the amount above: compensation for recovery "
                    "cost of %(compensation)s.", **values)
            return env._(
                "For information, not included in the amount above: late interest of "
                "%(interest)s to %(date)s, compensation for recovery cost of %(compensation)s.",
                **values)
        if not compensation:
            return env._(
                "In addition to the amount above we claim late interest to %(date)s of "
                "%(interest)s.", **values)
        if not interest:
            return env._(
                "In addition to the amount above we claim compensation for recovery cost of "
                "%(compensation)s.", **values)
        return env._(
            "In addition to the amount above we claim late interest to %(date)s of "
            "%(interest)s and compensation for recovery cost of %(compensation)s, "
            "together %(total)s.", **values)

    def _take_late_claims(self):
        """Return the `ItemClaim` of the late items that this message lists and that owe it."""
        return [claim for claim in self._take_item_claims() if claim.statement]

    def _take_item_claims(self):
        """Return the `ItemClaim` of the listed items, those with a reason of no claim too."""
        claims = self.env.cr.cache.get(CACHE, {}).pop(self.id, None)
        if claims is None:
            # sudo: what is printed on the message comes with the message.
            claims = self.env['ar.interest.engine'].sudo()._get_item_claims(
                self.customer_id, self.company_id._get_ar_today())
        # What came back from the doubtful account is listed as an item of its own.
        listed = set(self.line_ids.filtered(
            lambda line: line.kind != 'credit').move_line_id.ids)
        return [claim for claim in claims if not listed.isdisjoint(claim.parts)]

    # === STATEMENT === #

    def _get_documents(self):
        """EXTENDS dunning: the statement of late interest, where the level claims it."""
        documents = super()._get_documents()
        for claim in self._prepare_claims():
            content, report_type = self.env['ir.actions.report'].sudo()._render_qweb_pdf(
                'ar_collections.ar_claim_report', res_ids=claim.ids)
            name = claim.name.replace('/', '-')
            if report_type == 'pdf':
                documents.append((f"{name}.pdf", content, 'application/pdf'))
            else:
                # Under test Odoo returns the HTML instead.
                content = content.encode() if isinstance(content, str) else bytes(content)
                documents.append((f"{name}.html", content, 'text/html'))
        return documents

    def _log_history(self):
        """EXTENDS dunning: what a message claims waits as a statement for the credit manager."""
        for reminder in self:
            reminder._prepare_claims()
        return super()._log_history()

    def _prepare_claims(self):
        """Return the statements of this message, made once; a person turns them into documents.

        :return: `ar.claim` records; none when the level claims nothing
        """
        self.ensure_one()
        Claim = self.env['ar.claim'].sudo()
        if self._get_interest_mode() != 'claim':
            return Claim
        claims = Claim.search([('reminder_id', '=', self.id)])
        if claims:
            return claims
        owed = [claim for claim in self._take_late_claims()
                if claim.interest or claim.compensation]
        for currency_id in dict.fromkeys(claim.currency_id for claim in owed):
            claim = Claim.create({
                'customer_id': self.customer_id.id, 'currency_id': currency_id,
                'date': self.company_id._get_ar_today(), 'reminder_id': self.id})
            claim._fill(only_items=[item.item_id for item in owed])
            claims |= claim
        return claims


class ArClaim(models.Model):
    _inherit = 'ar.claim'

    reminder_id = fields.Many2one(
        'ar.reminder', string="Announced in", readonly=True, copy=False, ondelete='set null',
        index='btree_not_null')
