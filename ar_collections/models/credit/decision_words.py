from odoo import api, models
from odoo.tools import format_date, formatLang


class ArCreditDecision(models.AbstractModel):
    """The words of the judge: kept as figures, told in the language of who reads them."""
    _inherit = 'ar.credit.decision'

    @api.model
    def _get_tellers(self):
        """Return {reason of a rule: method(values) -> sentence that a salesperson may see}."""
        return {
            'over_limit': self._tell_over_limit,
            'over_group_limit': self._tell_over_group_limit,
            'no_limit': self._tell_no_limit,
            'limit_expired': self._tell_limit_expired,
            'overdue': self._tell_overdue,
            'stop': self._tell_stop,
            'risk_class': self._tell_risk_class,
            'review_late': self._tell_review_late,
            'deposit': self._tell_deposit,
            'not_covered': self._tell_not_covered,
            'allowed': self._tell_allowed,
        }

    @api.model
    def _tell(self, reason):
        """Return the sentence of one reason in the language of the environment.

        :param dict reason: with 'code' and 'values'; what has no teller (any more) is told in the
            words of its 'message'
        """
        teller = self._get_tellers().get(reason['code'])
        return teller(reason['values']) if teller else reason.get('message') or reason['code']

    def _money(self, amount, currency_id):
        return formatLang(
            self.env, amount, currency_obj=self.env['res.currency'].browse(currency_id))

    def _tell_over_limit(self, values):
        if values.get('no_credit'):
            return self.env._("This customer has no credit: orders are paid in advance.")
        return self.env._(
            "The credit limit of %(limit)s is exceeded by %(excess)s.",
            limit=self._money(values['limit'], values['currency']),
            excess=self._money(values['excess'], values['currency']))

    def _tell_over_group_limit(self, values):
        return self.env._(
            "The common limit of %(group)s, %(limit)s, is exceeded by %(excess)s.",
            group=values['group'], limit=self._money(values['limit'], values['currency']),
            excess=self._money(values['excess'], values['currency']))

    def _tell_allowed(self, values):
        return self.env._("A larger order was allowed in advance.")

    def _tell_no_limit(self, values):
        return self.env._("No credit limit has been granted to this customer.")

    def _tell_limit_expired(self, values):
        return self.env._(
            "The temporary limit expired on %s.", format_date(self.env, values['date']))

    def _tell_overdue(self, values):
        return self.env._(
            "%(amount)s are overdue by more than %(days)s days.",
            amount=self._money(values['amount'], values['currency']), days=values['days'])

    def _tell_stop(self, values):
        return self.env._(
            "Orders of this customer are stopped: %s",
            values['reason'] or self.env._("ask the credit team."))

    def _tell_risk_class(self, values):
        # sudo: the name of a term, told to whoever sees the order.
        term = self.env['account.payment.term'].sudo().browse(values.get('term') or ()).exists()
        if term:
            return self.env._(
                "The risk class of this customer asks for a look at new orders, unless they have "
                "the payment term “%s”.", term.name)
        return self.env._("The risk class of this customer asks for a look at new orders.")

    def _tell_review_late(self, values):
        return self.env._(
            "The credit review was due on %s.", format_date(self.env, values['date']))

    def _tell_deposit(self, values):
        percent = values['percent']
        return self.env._(
            "A deposit of %(percent)s %% is needed: %(missing)s are missing.",
            percent=formatLang(self.env, percent, digits=0 if percent == int(percent) else 2),
            missing=self._money(values['missing'], values['currency']))

    def _tell_not_covered(self, values):
        return self.env._(
            "Guarantees leave %(risk)s uncovered; %(allowed)s may be.",
            risk=self._money(values['risk'], values['currency']),
            allowed=self._money(values['allowed'], values['currency']))
