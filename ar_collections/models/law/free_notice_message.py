from odoo import models
from odoo.tools import SQL, format_date

from ...tools.interest_rules import ZERO, to_decimal

PRODUCTS = 3


class ArReminder(models.Model):
    """EXTENDS dunning: the words that make a message the free notice of the law.

    The mandatory mentions of Book XIX of the Belgian code of economic law, which serve the Dutch
    notice of 14 days as well: what is owed and what will be added, who claims it, for which
    products and since when, and the days.
    """
    _inherit = 'ar.reminder'

    def _get_free_notice_texts(self, env):
        """Return the sentences of the free notice; none where the law wants no such notice."""
        if not self._is_free_notice():
            return []
        # sudo: what is printed on the message comes with the message.
        regime = self.customer_id.sudo().effective_regime_id.sudo().with_env(env)
        regime = regime.sudo()
        lines = self.sudo().line_ids.filtered(
            lambda line: line.kind != 'credit' and line.days_overdue > 0)
        texts = [self._get_free_days_text(env, regime)]
        costs = self._get_free_notice_costs(regime, lines)
        if costs:
            total = {}
            for _name, amount, currency in costs:
                total[currency] = total.get(currency, ZERO) + amount
            cost = ", ".join(
                self._format_amount(float(amount), currency) for currency, amount in total.items())
            detail = ", ".join(env._(
                "%(invoice)s: %(amount)s", invoice=name,
                amount=self._format_amount(float(amount), currency))
                for name, amount, currency in costs)
            texts.append(env._(
                "If we have not received it by then, we may charge %(cost)s for the cost of "
                "collection (%(detail)s).", cost=cost, detail=detail))
        if regime.rate_kind != 'none':
            texts.append(env._("Late interest by law may then be charged as well."))
        texts.append(self._get_creditor_text(env))
        products = self._get_product_names(lines.move_id)
        for line in lines.sorted(lambda line: (line.date_maturity, line.name or '')):
            texts.append(env._(
                "%(invoice)s, due on %(date)s: %(products)s.", invoice=line.name or "–",
                date=format_date(env, line.date_maturity, lang_code=self.lang),
                products=products.get(line.move_id.id) or "–"))
        return [text for text in (*texts, regime.sentence) if text]

    def _get_free_days_text(self, env, regime):
        """Return the sentence on the days, counted as the guard counts them."""
        if not regime.notice_days:
            return env._("This reminder is free of charge.")
        if self.channel == 'email':
            return env._(
                "This reminder is free of charge. Nothing is added if we receive the amount above "
                "within %s calendar days, counted from the day after this e-mail.",
                regime.notice_days)
        if regime.letter_receipt:
            return env._(
                "This reminder is free of charge. Nothing is added if we receive the amount above "
                "within %(days)s calendar days, counted from the day after you received this "
                "letter. We count it as received on working day number %(number)s after it was "
                "posted.", days=regime.notice_days, number=regime.letter_days)
        if regime.letter_days:
            return env._(
                "This reminder is free of charge. Nothing is added if we receive the amount above "
                "within %(days)s calendar days, counted from working day number %(number)s after "
                "this letter was posted.", days=regime.notice_days, number=regime.letter_days)
        return env._(
            "This reminder is free of charge. Nothing is added if we receive the amount above "
            "within %s calendar days, counted from the day after this letter was posted.",
            regime.notice_days)

    def _get_free_notice_costs(self, regime, lines):
        """Return the exact cost as the engine will claim it: [(invoice, amount, currency)].

        On what is open of its late items, less what was claimed before; only in the currency that
        the law names.
        """
        currency = regime.currency_id
        lines = lines.filtered(lambda line: line.currency_id == currency).sorted(
            lambda line: (line.date_maturity, line.move_line_id.id))
        left, _prior = self.env['ar.interest.engine'].sudo()._get_named_costs(
            self.sudo().customer_id, regime, [
                (line.move_line_id.id, line.move_id.id, line.date_maturity,
                 to_decimal(line.amount_residual_currency, currency.decimal_places))
                for line in lines], self.sent_date or self.date)
        names = {line.move_id.id: line.name for line in reversed(lines)}
        return [(names[move_id] or "–", amount, currency)
                for move_id, amount in left.items() if amount]

    def _get_creditor_text(self, env):
        # sudo: who the creditor is stands on every invoice.
        company = self.company_id.sudo()
        number = company.company_registry or company.vat
        return env._("Creditor: %(name)s, company number %(number)s.", name=company.name,
                     number=number) if number else env._("Creditor: %s.", company.name)

    def _get_product_names(self, moves):
        """Return {invoice id: the first of its lines, in words}, in one query."""
        if not moves:
            return {}
        self.env['account.move.line'].flush_model(['name', 'display_type', 'sequence'])
        return {move_id: ", ".join(
            name.strip().split('\n')[0] for name in names[:PRODUCTS] if name and name.strip())
            for move_id, names in self.env.execute_query(SQL(
                """
                SELECT move_id, array_agg(name ORDER BY sequence, id) FROM account_move_line
                 WHERE move_id = ANY(%s) AND display_type = 'product' GROUP BY move_id
                """, moves.ids))}
