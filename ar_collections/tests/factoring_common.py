from odoo.fields import Command

from .test_desk import DeskCommon


class FactoringCommon(DeskCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.factor = cls.customer("Factor House", is_company=True)
        cls.bank = cls.env['res.partner.bank'].create({
            'acc_number': 'FR7630006000011234567890189', 'partner_id': cls.factor.id})
        cls.own_bank = cls.env['res.partner.bank'].create({
            'acc_number': 'FR1420041010050500013M02606', 'partner_id': cls.company.partner_id.id})
        cls.accounts = {code: cls.env['account.account'].create({
            'name': name, 'code': code, 'account_type': kind, 'reconcile': kind != 'expense',
            'company_ids': [Command.set(cls.company.ids)]}) for code, name, kind in (
            ('467100', "Factor", 'asset_current'), ('467200', "Reserve", 'asset_current'),
            ('519300', "Advances of the factor", 'liability_current'),
            ('622500', "Fees", 'expense'), ('661600', "Interest", 'expense'))}
        cls.contract = cls.env['ar.factoring.contract'].create({
            'name': "Domestic", 'partner_id': cls.factor.id, 'company_id': cls.company.id,
            'currency_id': cls.company.currency_id.id, 'advance_rate': 80, 'reserve_rate': 10,
            'fee_rate': 1, 'interest_rate': 6, 'bank_id': cls.bank.id,
            'legal_text': "<p>Pay Factor House only.</p>",
            'journal_id': cls.journal('general').id,
            'account_factor_id': cls.accounts['467100'].id,
            'account_reserve_id': cls.accounts['467200'].id,
            'account_debt_id': cls.accounts['519300'].id,
            'account_fee_id': cls.accounts['622500'].id,
            'account_interest_id': cls.accounts['661600'].id})

    def assignment(self, moves, contract=None):
        return self.env['ar.factoring.assignment'].create({
            'contract_id': (contract or self.contract).id, 'date': '2026-06-01',
            'line_ids': [Command.create({'move_id': move.id}) for move in moves]})

    def balance(self, code):
        """What an account holds in posted entries."""
        lines = self.env['account.move.line'].search([
            ('account_id', '=', self.accounts[code].id), ('parent_state', '=', 'posted')])
        return round(sum(lines.mapped('balance')), 2)

    def receivable(self):
        """Odoo's own balance of the customer."""
        self.buyer.invalidate_recordset(['credit'])
        return round(self.buyer.with_company(self.company).credit, 2)
