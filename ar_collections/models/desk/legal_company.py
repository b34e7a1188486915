from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class ResCompany(models.Model):
    """Accounts and figures of the end of the line."""
    _inherit = 'res.company'

    ar_write_off_journal_id = fields.Many2one(
        'account.journal', string="Journal of losses and transfers",
        domain=[('type', '=', 'general')], help="Empty: the first miscellaneous journal.")
    ar_bad_debt_account_id = fields.Many2one(
        'account.account', string="Account of losses",
        help="Losses on bad debts: 6541 in France.")
    ar_doubtful_account_id = fields.Many2one(
        'account.account', string="Account that doubtful claims move to",
        domain=[('reconcile', '=', True)],
        help="416 in France. Empty: the only one of the doubtful customer accounts.")
    ar_agency_account_id = fields.Many2one(
        'account.account', string="Account of collection agencies",
        domain=[('reconcile', '=', True)],
        help="What the agency has collected and will pay out: 467 in France.")
    ar_agency_fee_account_id = fields.Many2one(
        'account.account', string="Account of collection fees",
        help="Fees that the agency keeps back: 6226 in France. Where the agency sends a bill "
             "with VAT, choose the account of the agency instead and book its bill.")
    ar_write_off_free = fields.Monetary(
        string="Write-offs without approval up to", currency_field='currency_id',
        help="Tax included. Zero: every write-off is approved by somebody else.")
    ar_legal_days = fields.Integer(
        string="Days of recovery", default=180,
        help="Expected cash counts on money this many days after a case was opened, unless the "
             "case names a day.")
    ar_margin_percent = fields.Float(
        string="Usual margin (%)",
        help="Margin on sales, for customers whose own is not known. Zero: not known.")

    _ar_legal_days_positive = models.Constraint(
        'CHECK(ar_legal_days >= 0 AND ar_write_off_free >= 0)',
        "Days and amounts of the legal stage are not negative.")
    _ar_margin_percent_range = models.Constraint(
        'CHECK(ar_margin_percent >= 0 AND ar_margin_percent <= 100)',
        "A margin is a share between 0 and 100 %.")

    @api.constrains('ar_doubtful_account_id', 'ar_doubtful_account_ids')
    def _check_ar_doubtful_account_id(self):
        """What moves to an account that nobody counts would vanish from the aged balance."""
        for company in self.filtered('ar_doubtful_account_id'):
            account = company.ar_doubtful_account_id
            if account.account_type != 'asset_receivable' and (
                    account not in company.root_id.ar_doubtful_account_ids):
                raise ValidationError(self.env._(
                    "Add %s to the doubtful customer accounts too: the aged balance and the "
                    "exposure count those.", account.display_name))

    def _get_ar_doubtful_account(self):
        """Return the account to which doubtful claims move.

        :raise UserError: when none is chosen, or several and none of them named
        """
        self.ensure_one()
        # sudo: whoever decides on a transfer need not read the chart of accounts.
        company = self.sudo()
        account = (company.ar_doubtful_account_id or company.root_id.ar_doubtful_account_id
                   or company.root_id.ar_doubtful_account_ids)
        if len(account) != 1:
            raise UserError(self.env._(
                "Choose the account that doubtful claims move to, in the settings of "
                "Receivables, block Legal stage and losses."))
        return account

    def _get_ar_bad_debt_account(self):
        """Return the account of losses.

        :raise UserError: when none is chosen and the chart has no 6541
        """
        return self._get_ar_legal_account('ar_bad_debt_account_id', '6541', self.env._(
            "Choose the account of losses in the settings of Receivables, block Legal stage and "
            "losses."))

    def _get_ar_agency_account(self):
        """Return the account of what agencies have collected."""
        return self._get_ar_legal_account('ar_agency_account_id', '467', self.env._(
            "Choose the account of collection agencies in the settings of Receivables, block "
            "Legal stage and losses."))

    def _get_ar_agency_fee_account(self):
        """Return the account of the fees that agencies keep back."""
        return self._get_ar_legal_account('ar_agency_fee_account_id', '6226', self.env._(
            "Choose the account of collection fees in the settings of Receivables, block Legal "
            "stage and losses."))

    def _get_ar_legal_account(self, name, french_code, message):
        self.ensure_one()
        # sudo: see above.
        company = self.sudo()
        account = company[name] or company.root_id[name]
        if not account and company.account_fiscal_country_id.code == 'FR':
            account = self.env['account.account'].sudo().with_company(company).search([
                *self.env['account.account']._check_company_domain(company),
                ('code', '=like', f'{french_code}%')], order='code', limit=1)
        if not account:
            raise UserError(message)
        return account


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_write_off_journal_id = fields.Many2one(
        related='company_id.ar_write_off_journal_id', readonly=False)
    ar_bad_debt_account_id = fields.Many2one(
        related='company_id.ar_bad_debt_account_id', readonly=False)
    ar_doubtful_account_id = fields.Many2one(
        related='company_id.ar_doubtful_account_id', readonly=False)
    ar_agency_account_id = fields.Many2one(
        related='company_id.ar_agency_account_id', readonly=False)
    ar_agency_fee_account_id = fields.Many2one(
        related='company_id.ar_agency_fee_account_id', readonly=False)
    ar_write_off_free = fields.Monetary(
        related='company_id.ar_write_off_free', readonly=False,
        currency_field='currency_id')
    ar_legal_days = fields.Integer(related='company_id.ar_legal_days', readonly=False)
    ar_margin_percent = fields.Float(related='company_id.ar_margin_percent', readonly=False)
