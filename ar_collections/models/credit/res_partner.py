from odoo import api, models
from odoo.exceptions import AccessError


class ResPartner(models.Model):
    """EXTENDS account: Odoo's own credit limit is the base limit, whoever types it.

    With credit control on, a typed limit takes the same authority as a granted one and leaves the
    same trail. With credit control off, Odoo's field works as it always did.
    """
    _inherit = 'res.partner'

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        if partners._limits_are_decisions():
            default = self._fields['credit_limit'].get_company_dependent_fallback(partners) or 0.0
            # A default of one's own, or sent along, is typed in as well.
            chosen = self.default_get(['credit_limit']).get('credit_limit', default)
            typed = self.browse(
                partner.id for partner, vals in zip(partners, vals_list, strict=True)
                if vals.get('credit_limit', chosen) != default)
            typed._decide_typed_limits(dict.fromkeys(typed.ids, default))
        return partners

    def write(self, vals):
        if 'credit_limit' not in vals or not self._limits_are_decisions():
            return super().write(vals)
        before = {partner.id: partner.credit_limit for partner in self}
        result = super().write(vals)
        self._decide_typed_limits(before)
        return result

    def _limits_are_decisions(self):
        return bool(self) and not self.env.su and self.env.company.ar_credit_active

    def _decide_typed_limits(self, before):
        """Check the authority for the limits typed by the current user, and log them.

        :param dict before: limit of each partner before the change
        :raise AccessError: when the limit is not theirs to grant
        """
        company, user = self.env.company, self.env.user
        for partner in self.filtered(lambda p: p.commercial_partner_id == p):
            amount = partner.credit_limit
            if not company.currency_id.compare_amounts(amount, before[partner.id]):
                continue
            kind = 'amount' if amount else 'unlimited'
            try:
                self.env['ar.credit.authority']._check_limit(company, kind, amount)
            except AccessError as error:
                raise AccessError(self.env._(
                    "%(why)s\nWith credit control on, the limit of %(customer)s is a credit "
                    "decision: ask for it with a limit request.",
                    why=error.args[0], customer=partner.display_name)) from error
            # sudo: the trail is ours, and the row of a customer is made when it is needed.
            customer_sudo = self.env['ar.customer'].sudo()._get_or_create(partner, company).sudo()
            customer_sudo.no_credit = False
            customer_sudo._log_limit(
                amount, reason=self.env._("Typed in on the contact."), user=user, kind=kind)
            customer_sudo.hold_ids.filtered(lambda hold: hold.state == 'held')._judge_again()
