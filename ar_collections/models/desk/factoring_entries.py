from odoo import api, fields, models
from odoo.tools import SQL


class ArFactoringContract(models.Model):
    """The entries that factoring needs: always drafts; a person checks, completes, posts.

    Invoices stay on the customer's account (`keep`): the advance is a debt to the factor, paid
    back by what the customer pays to it. Invoices leave (`transfer`): the claim is now one on the
    factor, the reserve a part of it. VAT on the fee is left to the person who posts.
    """
    _inherit = 'ar.factoring.contract'

    def _create_entry(self, date, parts, reference):
        """Create a draft entry.

        :param parts: list of (account, partner, amount in the contract's currency, label, more
            values); debit positive
        :return: `account.move`, draft, or empty when nothing moves
        """
        self.ensure_one()
        currency, company = self.currency_id, self.company_id
        # sudo: a credit manager proposes, an accountant posts; the draft binds nobody.
        lines = []
        for account, partner, amount, label, more in parts:
            amount = currency.round(amount)
            if not currency.is_zero(amount):
                lines.append({
                    'account_id': account.id, 'partner_id': partner.id, 'name': label,
                    'amount_currency': amount, 'currency_id': currency.id,
                    'balance': currency._convert(amount, company.currency_id, company, date),
                    **more})
        if not lines:
            return self.env['account.move']
        # Converted line by line, the sum may miss a cent: the factor's account takes it.
        gap = company.currency_id.round(sum(line['balance'] for line in lines))
        target = next((line for line in lines if line['account_id'] == self.account_factor_id.id),
                      lines[0])
        target['balance'] -= gap
        return self.env['account.move'].sudo().with_company(company).create({
            'move_type': 'entry', 'journal_id': self.journal_id.id, 'date': date,
            'ref': f"{self.name}: {reference}"[:200], 'company_id': company.id,
            'line_ids': [fields.Command.create(line) for line in lines],
        })


class ArFactoringAssignment(models.Model):
    _inherit = 'ar.factoring.assignment'

    def _create_entry(self):
        """Propose the entry of the assignment.

        :return: `account.move`, draft
        """
        self.ensure_one()
        contract, factor = self.contract_id, self.partner_id
        label = self.env._("Assignment %s", self.name)
        fee, interest = self.fee_amount, self.interest_amount
        costs = [
            (contract.account_fee_id, factor, fee, self.env._("Factoring fee"), {}),
            (contract.account_interest_id, factor, interest, self.env._("Interest"), {}),
        ]
        if contract.method == 'keep':
            parts = [
                (contract.account_factor_id, factor, self.advance_amount - fee - interest,
                 label, {}),
                *costs,
                (contract.account_debt_id, factor, -self.advance_amount, label, {}),
            ]
        else:
            parts = [
                (contract.account_factor_id, factor,
                 self.amount - self.reserve_amount - fee - interest, label, {}),
                (contract.account_reserve_id, factor, self.reserve_amount, label, {}),
                *costs,
                *(part for line in self.line_ids for part in line._prepare_claim_parts(-1)),
            ]
        return contract._create_entry(self.date, parts, self.name)


class ArFactoringLine(models.Model):
    _inherit = 'ar.factoring.line'

    def _prepare_claim_parts(self, sign):
        """Return the parts of an entry on the customer's account, one per receivable account.

        :param int sign: -1 takes the invoice off the account, 1 puts it back
        """
        self.ensure_one()
        items = self._get_items()
        account = items.account_id[:1] or self.partner_id.with_company(
            self.company_id).property_account_receivable_id
        return [(account, self.partner_id, sign * self.amount, self.move_id.name, {
            'date_maturity': self.date_due, 'no_followup': False})]

    def _get_items(self):
        self.ensure_one()
        return self.move_id.line_ids.filtered(
            lambda item: item.account_id.account_type == 'asset_receivable')

    def _get_share(self, name):
        """Return this invoice's part of an amount of its assignment, by its own amount."""
        assignment = self.assignment_id
        if not assignment.amount:
            return 0.0
        return self.currency_id.round(assignment[name] * self.amount / assignment.amount)

    def _prepare_payment_lines(self):
        """Return the parts of the entry when the customer has paid the factor."""
        contract, factor, label = self.contract_id, self.contract_id.partner_id, self.move_id.name
        if contract.method == 'transfer':
            reserve = self._get_share('reserve_amount')
            return [(contract.account_factor_id, factor, reserve, label, {}),
                    (contract.account_reserve_id, factor, -reserve, label, {})]
        advance = self._get_share('advance_amount')
        return [(contract.account_debt_id, factor, advance, label, {}),
                (contract.account_factor_id, factor, self.amount - advance, label, {}),
                *self._prepare_claim_parts(-1)]

    def _prepare_return_lines(self):
        """Return the parts of the entry when the factor hands the invoice back."""
        contract, factor, label = self.contract_id, self.contract_id.partner_id, self.move_id.name
        if contract.method == 'transfer':
            reserve = self._get_share('reserve_amount')
            return [(contract.account_factor_id, factor, -(self.amount - reserve), label, {}),
                    (contract.account_reserve_id, factor, -reserve, label, {}),
                    *self._prepare_claim_parts(1)]
        advance = self._get_share('advance_amount')
        return [(contract.account_debt_id, factor, advance, label, {}),
                (contract.account_factor_id, factor, -advance, label, {})]


class AccountMove(models.Model):
    """EXTENDS account: a factoring entry that a person posts settles or reopens its invoices."""
    _inherit = 'account.move'

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        entries = posted.filtered(lambda move: move.move_type == 'entry')
        if entries and self.env['ar.factoring.contract']._is_used():
            # sudo: whoever posts need not be allowed to open the assignments.
            self.env['ar.factoring.line'].sudo()._match_entries(entries)
        return posted


class ArFactoringLineMatching(models.Model):
    _inherit = 'ar.factoring.line'

    @api.model
    def _match_entries(self, entries):
        """Reconcile the invoices with the parts of entries that were just posted.

        Returned: the invoice itself is open again, with its own due date and history, because
        the part of the assignment is matched with that of the return instead.
        """
        for line in self.search([
                '|', ('assignment_id.move_id', 'in', entries.ids),
                ('settle_move_id', 'in', entries.ids)]):
            items = line._get_items()
            taken = line._find_part(line.assignment_id.move_id, 'credit')
            if line.settle_move_id in entries and line.state == 'returned':
                back = line._find_part(line.settle_move_id, 'debit')
                if taken and back:
                    taken.remove_move_reconcile()
                    (taken | back).reconcile()
                continue
            paid = line._find_part(line.settle_move_id, 'credit')
            part = paid if line.settle_move_id in entries else taken
            open_items = items.filtered(lambda item: not item.reconciled)
            if part and open_items and part.parent_state == 'posted' and not part.reconciled:
                (open_items | part).reconcile()

    def _find_part(self, entry, side):
        """Return the part of an entry on the customer's account about this invoice."""
        self.ensure_one()
        return entry.line_ids.filtered(
            lambda part: part[side] and part.name == self.move_id.name
            and part.partner_id == self.partner_id
            and part.account_id.account_type == 'asset_receivable')


class ArAgreementLine(models.AbstractModel):
    """EXTENDS desk: what a customer paid to the factor keeps its promises and plans."""
    _inherit = 'ar.agreement.line'

    @api.model
    def _get_money_condition(self, company):
        """EXTENDS desk: an entry that says so, on its day."""
        condition = super()._get_money_condition(company)
        if not self.env['ar.factoring.contract']._is_used():
            return condition
        self.env['ar.factoring.line'].flush_model(['settle_move_id', 'state'])
        return SQL(
            "(%s OR cl.move_id IN (SELECT settle_move_id FROM ar_factoring_line"
            " WHERE state = 'paid' AND settle_move_id IS NOT NULL))", condition)
