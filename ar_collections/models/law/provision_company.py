from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# Accounts of the two books, and the codes of the French chart that stand in when none is set.
ACCOUNTS = {
    'ecl': {'expense': '6817', 'income': '7817', 'allowance': '491'},
    'individual': {'expense': '6817', 'income': '7817', 'allowance': '491'},
}
# An entry that stands: posted, and no posted entry reverses it.
STANDING = [('state', '=', 'posted'), ('reversal_move_ids', 'not any', [('state', '=', 'posted')])]


def is_reversed(move):
    """Tell whether a posted entry was taken back by another one."""
    return 'posted' in move.reversal_move_ids.mapped('state')


class ResCompany(models.Model):
    """Accounts of provisions; the two books have accounts of their own."""
    _inherit = 'res.company'

    ar_provision_journal_id = fields.Many2one(
        'account.journal', string="Journal of provisions", domain=[('type', '=', 'general')],
        help="Empty: the first general journal.")
    ar_ecl_expense_account_id = fields.Many2one(
        'account.account', string="Expected losses: expense")
    ar_ecl_income_account_id = fields.Many2one(
        'account.account', string="Expected losses: taken back")
    ar_ecl_allowance_account_id = fields.Many2one(
        'account.account', string="Expected losses: allowance")
    ar_individual_expense_account_id = fields.Many2one(
        'account.account', string="Individual provisions: expense", help="6817 in France.")
    ar_individual_income_account_id = fields.Many2one(
        'account.account', string="Individual provisions: taken back", help="7817 in France.")
    ar_individual_allowance_account_id = fields.Many2one(
        'account.account', string="Individual provisions: allowance", help="491 in France.")

    @api.constrains(*(
        f'ar_{book}_{role}_account_id' for book, roles in ACCOUNTS.items() for role in roles))
    def _check_ar_books(self):
        """Refuse an account that serves both books: nobody could tell their balances apart."""
        for company in self:
            shared = company._get_ar_book_accounts('ecl') & company._get_ar_book_accounts(
                'individual')
            if shared:
                raise ValidationError(company._describe_ar_shared_account(shared))

    def _get_ar_book_accounts(self, book):
        """Return the accounts that were chosen for one book."""
        return self.env['account.account'].union(
            *(self[f'ar_{book}_{role}_account_id'] for role in ACCOUNTS[book]))

    def _describe_ar_shared_account(self, accounts):
        return self.env._(
            "%s would serve expected losses and individual provisions at once. Choose another "
            "account for one of the two books in the settings of Receivables: they are never "
            "mixed.", ", ".join(accounts.mapped('display_name')))

    def _get_ar_provision_accounts(self, book):
        """Return the accounts of one book.

        :param str book: 'ecl' (group accounts) or 'individual' (books and tax)
        :return: {'expense': `account.account`, 'income': …, 'allowance': …}
        :raise UserError: naming what is missing, or what the other book has already; in France
            the chart's own accounts stand in for individual provisions only: expected losses are
            no entry of the French books
        """
        self.ensure_one()
        # sudo: whoever prepares a provision need not manage the chart of accounts.
        company = self.sudo()
        found, missing = {}, []
        for role, code in ACCOUNTS[book].items():
            field = f'ar_{book}_{role}_account_id'
            account = company[field]
            if not account and book == 'individual' and company.country_id.code == 'FR':
                accounts = self.env['account.account'].sudo().with_company(company)
                account = accounts.search([
                    *accounts._check_company_domain(company), ('code', '=like', f'{code}%'),
                ], order='code desc', limit=1)
            if account:
                found[role] = account
            else:
                missing.append(company._fields[field].get_description(
                    self.env, ['string'])['string'])
        if missing:
            raise UserError(self.env._(
                "Choose these accounts in the settings of Receivables: %s.", ", ".join(missing)))
        # An account of the chart that stands in here may have been chosen for the other book.
        other = company._get_ar_book_accounts('individual' if book == 'ecl' else 'ecl')
        shared = self.env['account.account'].union(*found.values()) & other
        if shared:
            raise UserError(company._describe_ar_shared_account(shared))
        return found

    def _get_ar_provision_journal(self):
        """Return the journal of provisions.

        :raise UserError: when the company has no general journal
        """
        self.ensure_one()
        # sudo: see above.
        company = self.sudo()
        journal = company.ar_provision_journal_id or self.env['account.journal'].sudo().search([
            *self.env['account.journal']._check_company_domain(company),
            ('type', '=', 'general'), ('id', '!=', company.currency_exchange_journal_id.id),
        ], limit=1)
        if not journal:
            raise UserError(self.env._("Create a general journal for the provisions."))
        return journal


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_provision_journal_id = fields.Many2one(
        related='company_id.ar_provision_journal_id', readonly=False)
    ar_ecl_expense_account_id = fields.Many2one(
        related='company_id.ar_ecl_expense_account_id', readonly=False)
    ar_ecl_income_account_id = fields.Many2one(
        related='company_id.ar_ecl_income_account_id', readonly=False)
    ar_ecl_allowance_account_id = fields.Many2one(
        related='company_id.ar_ecl_allowance_account_id', readonly=False)
    ar_individual_expense_account_id = fields.Many2one(
        related='company_id.ar_individual_expense_account_id', readonly=False)
    ar_individual_income_account_id = fields.Many2one(
        related='company_id.ar_individual_income_account_id', readonly=False)
    ar_individual_allowance_account_id = fields.Many2one(
        related='company_id.ar_individual_allowance_account_id', readonly=False)
