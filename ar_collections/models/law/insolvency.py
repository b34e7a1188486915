from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, format_date, formatLang

# Overseas territories of France that Odoo counts as countries of their own.
OVERSEAS = ('GP', 'MQ', 'GF', 'RE', 'YT', 'PM', 'BL', 'MF', 'WF', 'PF', 'NC', 'TF')
# Aliases as everywhere: `l` the item, `m` its entry. A claim that moved to the doubtful account,
# or came back from it, arose with its invoice, whatever the date of the entry that moved it.
ARISEN = SQL(
    """COALESCE(
        (SELECT COALESCE(first.invoice_date, first.date) FROM ar_doubtful_line moved
           JOIN account_move_line first ON first.id = moved.root_line_id
          WHERE moved.doubtful_line_id = l.id LIMIT 1),
        (SELECT COALESCE(first.invoice_date, first.date) FROM ar_doubtful_line moved
           JOIN account_move_line first ON first.id = moved.root_line_id
          WHERE moved.back_line_id = l.id LIMIT 1),
        m.invoice_date, l.date)""")


class ArCustomer(models.Model):
    """EXTENDS core: which claims an opening judgment keeps from being pursued."""
    _inherit = 'ar.customer'

    insolvency_paid_note = fields.Text(
        string="Paid since the insolvency", compute='_compute_insolvency_paid_note',
        compute_sudo=True)

    @api.depends('insolvency_date')
    def _compute_insolvency_paid_note(self):
        """Tell what was received since the judgment on claims that arose before it.

        French commercial code, L622-7: such a payment is forbidden, and void when anybody asks.
        """
        self.insolvency_paid_note = False
        for company, customers in self.filtered(
                lambda one: one._origin.id and one.insolvency_date).grouped('company_id').items():
            found = {customer_id: row for customer_id, *row in self._read_paid_since(
                company, customers._origin)}
            for customer in customers:
                if customer._origin.id not in found:
                    continue
                amount, first, names = found[customer._origin.id]
                customer.insolvency_paid_note = self.env._(
                    "%(amount)s was received since then, from %(date)s on, for older invoices "
                    "(%(invoices)s). The judgment forbids such payments, and they may be void: ask "
                    "the administrator before you count on them. Source: %(origin)s",
                    amount=formatLang(self.env, amount, currency_obj=company.currency_id),
                    date=format_date(self.env, first), invoices=", ".join(sorted(names)),
                    origin=self.env._("Article L622-7 of the French commercial code")
                    if customer._is_under_french_law() else self.env._(
                        "Law of insolvency of the debtor's country: not read, followed as in "
                        "France"))

    @api.model
    def _read_paid_since(self, company, customers):
        """Return [(customer id, received in company currency, first day, invoices)]: one query."""
        self.env['ar.customer'].flush_model(['insolvency_date'])
        return self.env.execute_query(SQL(
            """
            SELECT c.id, SUM(pr.amount), MIN(paid.date), array_agg(DISTINCT m.name)
              FROM ar_customer c
              JOIN res_partner p ON p.commercial_partner_id = c.partner_id
              JOIN account_move_line l ON l.partner_id = p.id AND l.company_id = c.company_id
              JOIN account_move m ON m.id = l.move_id
              JOIN account_partial_reconcile pr ON pr.debit_move_id = l.id
              JOIN account_move_line paid ON paid.id = pr.credit_move_id
             WHERE c.id = ANY(%s) AND l.account_id = ANY(%s) AND l.parent_state = 'posted'
               AND paid.journal_id = ANY(%s) AND paid.date >= c.insolvency_date
               AND %s < c.insolvency_date
             GROUP BY c.id
            """, customers.ids, company._get_ar_exposure_account_ids(),
            self._get_cash_journal_ids(company), ARISEN))

    def _is_under_french_law(self):
        """Tell whether the insolvency of this customer is one of France."""
        return (self.partner_id.country_id or self.company_id.country_id).code in (
            'FR', *OVERSEAS)

    def _get_owed_items(self):
        """Return the open items of this customer, those on the doubtful account too."""
        self.ensure_one()
        return self.env['account.move.line'].search([
            ('account_id', 'in', self.company_id._get_ar_exposure_account_ids()),
            ('reconciled', '=', False), ('parent_state', '=', 'posted'),
            ('company_id', '=', self.company_id.id), ('amount_residual', '>', 0),
            ('partner_id.commercial_partner_id', '=', self.partner_id.id)])

    def _filter_stayed(self, items):
        """Return those of some items that arose before the insolvency of this customer.

        :param items: `account.move.line` of this customer
        """
        self.ensure_one()
        opened = self.insolvency_date
        if not opened or opened > self.company_id._get_ar_today():
            return items.browse()
        origins = self.env['ar.doubtful.line']._get_origins(items)

        def arose(item):
            first = origins.get(item.id, item)
            return first.invoice_date or first.date

        return items.filtered(lambda item: arose(item) < opened)

    def _get_law_on_insolvency(self, items):
        """Return the `Verdict` on pursuing some items of this customer, or None when lawful."""
        self.ensure_one()
        if not self._filter_stayed(items):
            return None
        guard = self.env['ar.law.guard']
        return guard._describe_insolvency(self, guard._get_claim_clocks(self).get(self.id))


class ArClaim(models.Model):
    """EXTENDS law: interest of earlier debts is declared with them, not invoiced afterwards.

    An invoice of it would bear a day after the judgment, and be reminded like a new debt.
    """
    _inherit = 'ar.claim'

    def _get_warning(self, items):
        """EXTENDS law."""
        verdict = self._get_law_on_insolvency(
            [item.item_id for item in items if item.interest or item.compensation])
        return "\n".join(filter(None, (
            verdict and self.env['ar.law.guard']._tell(verdict), super()._get_warning(items)))
        ) or False

    def _get_law_on_insolvency(self, item_ids):
        self.ensure_one()
        # sudo: the law binds whoever presses the button.
        return self.sudo().customer_id._get_law_on_insolvency(
            self.env['account.move.line'].sudo().browse(item_ids))

    def action_claim(self):
        """EXTENDS law: refuse what must be declared.

        :raise UserError: with the reason, its source, and what to do
        """
        for claim in self:
            verdict = claim._get_law_on_insolvency(claim.line_ids.move_line_id.ids)
            if verdict:
                raise UserError(self.env._(
                    "%(why)s\nPrint %(claim)s and declare it with the claim.",
                    why=self.env['ar.law.guard']._tell(verdict), claim=claim.name))
        return super().action_claim()


class ArPaymentPlan(models.Model):
    """EXTENDS desk: no plan is proposed, signed or started for what must be declared.

    French commercial code, L622-7: what is paid on earlier claims after the judgment is void.
    """
    _inherit = 'ar.payment.plan'

    def _check_proposable(self):
        """EXTENDS desk."""
        result = super()._check_proposable()
        verdict = self._get_law_on_insolvency()
        if verdict:
            raise ValidationError(self.env['ar.law.guard']._tell(verdict))
        return result

    def _check_signable(self, lapsed=False):
        """EXTENDS desk: proposed before, and overtaken by the judgment."""
        result = super()._check_signable(lapsed=lapsed)
        verdict = self._get_law_on_insolvency()
        if verdict:
            # A customer who would sign it online reads that it is over; we read why.
            raise UserError(self.env._(
                "This proposal is not valid any more. Please get in touch with us.")
                if self.env.user.share else self.env['ar.law.guard']._tell(verdict))
        return result

    def _get_law_on_insolvency(self):
        self.ensure_one()
        # sudo: the law binds whoever presses the button.
        plan = self.sudo()
        return plan.customer_id._get_law_on_insolvency(plan.line_ids.move_line_id)


class ArDunningEngine(models.AbstractModel):
    """EXTENDS dunning: nobody reminds an insolvent customer of an older debt.

    In France the opening judgment forbids to pursue earlier claims (L622-21, L622-24: they are
    declared); later ones are paid as they fall due.
    """
    _inherit = 'ar.dunning.engine'

    @api.model
    def _get_item_exclusions(self, company, date):
        """EXTENDS dunning: told before the stop that an insolvency puts on a customer as well."""
        reasons = super()._get_item_exclusions(company, date)
        place = next((number for number, (code, _condition) in enumerate(reasons)
                      if code == 'stopped'), len(reasons))
        return [*reasons[:place], ('insolvency', SQL(
            "(c.insolvency_date IS NOT NULL AND c.insolvency_date <= %s"
            " AND %s < c.insolvency_date)", date, ARISEN)),
            *reasons[place:]]
