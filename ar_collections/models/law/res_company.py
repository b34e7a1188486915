from odoo import fields, models
from odoo.exceptions import UserError


class ResCompany(models.Model):
    """Accounts of what is claimed for lateness."""
    _inherit = 'res.company'

    ar_interest_account_id = fields.Many2one(
        'account.account', string="Account of late interest",
        help="763 in France. Late interest and compensation bear no VAT.")
    ar_compensation_account_id = fields.Many2one(
        'account.account', string="Account of compensation",
        help="Empty: the account of late interest.")
    ar_claim_journal_id = fields.Many2one(
        'account.journal', string="Journal of late interest", domain=[('type', '=', 'sale')],
        help="Empty: the first sales journal.")

    def _get_ar_interest_account(self):
        """Return the account of late interest.

        :raise UserError: when none is set and the chart has no 763
        """
        self.ensure_one()
        # sudo: whoever prepares a claim need not read the chart of accounts.
        company = self.sudo()
        if company.ar_interest_account_id:
            return company.ar_interest_account_id
        account = self.env['account.account'].sudo().with_company(company).search([
            *self.env['account.account']._check_company_domain(company),
            ('code', '=like', '763%'), ('account_type', 'in', ('income', 'income_other')),
        ], limit=1) if company.country_id.code == 'FR' else False
        if not account:
            raise UserError(self.env._(
                "Choose the account of late interest in the settings of Receivables."))
        return account

    def _get_ar_compensation_account(self):
        """Return the account of compensation: that of interest unless another was chosen."""
        self.ensure_one()
        # sudo: see above.
        return self.sudo().ar_compensation_account_id or self._get_ar_interest_account()


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_interest_account_id = fields.Many2one(
        related='company_id.ar_interest_account_id', readonly=False)
    ar_compensation_account_id = fields.Many2one(
        related='company_id.ar_compensation_account_id', readonly=False)
    ar_claim_journal_id = fields.Many2one(
        related='company_id.ar_claim_journal_id', readonly=False)
    ar_rate_warning_days = fields.Integer(
        related='company_id.ar_rate_warning_days', readonly=False)
