from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

# What a legal entity decides once, for its branches too.
ENTITY_FIELDS = {'ar_credit_active', 'ar_exposure_drafts', 'ar_invoice_stop',
                 'ar_limit_warning_days', 'ar_proposal_rule', 'ar_release_own'}


class ResCompany(models.Model):
    _inherit = 'res.company'

    ar_credit_active = fields.Boolean(
        string="Credit control on orders",
        help="Judge every order at confirmation by the credit rules. Odoo's own credit banner "
             "steps back for ours.")
    ar_exposure_drafts = fields.Boolean(
        string="Draft invoices count", help="Count draft invoices in the exposure.")
    ar_doubtful_account_ids = fields.Many2many(
        'account.account', 'ar_company_doubtful_account_rel', string="Doubtful customer accounts",
        domain="[('account_type', '!=', 'asset_receivable'), ('reconcile', '=', True)]",
        help="Accounts to which doubtful claims are moved (416 in France): Odoo does not type them "
             "as receivable, yet the customer still owes what stands there.")
    ar_limit_warning_days = fields.Integer(
        string="Warn before a limit expires (days)", default=15)
    ar_proposal_rule = fields.Selection(
        [('lowest', "The lowest of behaviour and advice"),
         ('behaviour', "Behaviour; advice is shown beside it")],
        string="Proposed limits", required=True, default='lowest',
        help="Behaviour is the highest balance of 12 months times the factor of the class; advice "
             "is what a provider recommends and what the insurer covers.")
    ar_invoice_stop = fields.Boolean(
        string="Stop invoices too",
        help="Judge customer invoices and receipts at posting that do not come from an order. "
             "Credit notes and payments are never stopped.")

    ar_release_own = fields.Boolean(
        string="Own orders may be released",
        help="Whoever sold or confirmed an order may release it. Left off, a colleague decides.")

    # === BRANCHES === #

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        for branch in companies.filtered('parent_id'):
            branch._follow_root(ENTITY_FIELDS)
        return companies

    def write(self, vals):
        """EXTENDS base: a legal entity has one credit control; its branches follow the root."""
        result = super().write(vals)
        names = ENTITY_FIELDS & set(vals)
        if names:
            roots = self.filtered(lambda company: not company.parent_id)
            # sudo: the whole entity follows, whatever branches the user may see.
            entities = self.sudo().search([('id', 'child_of', roots.ids)]) if roots else roots
            (entities - self)._follow_root(names)
            for branch in self - roots:
                if any(branch[name] != branch.root_id[name] for name in names):
                    raise ValidationError(self.env._(
                        "%(branch)s is a branch: credit control is set on %(root)s, and holds for "
                        "both.", branch=branch.name, root=branch.root_id.name))
        return result

    def _follow_root(self, names):
        for root, branches in self.grouped('root_id').items():
            branches.write({name: root[name] for name in names})

    @api.model
    def _get_ar_everyday_fields(self):
        """EXTENDS core."""
        return super()._get_ar_everyday_fields() | {
            'ar_credit_active', 'ar_exposure_drafts', 'ar_invoice_stop'}

    def cache_invalidation_fields(self):
        """EXTENDS base: accounts on which a customer can owe and rates are kept in memory."""
        return super().cache_invalidation_fields() | {
            'ar_doubtful_account_ids', 'currency_id'}

    def _get_ar_exposure_account_ids(self):
        """Return the ids of the accounts on which a customer can owe: receivable and doubtful."""
        return list(self._get_ar_exposure_accounts_of(tuple(self.ids)))

    @tools.ormcache('company_ids')
    def _get_ar_exposure_accounts_of(self, company_ids):
        companies = self.sudo().browse(company_ids)
        return (*companies._get_ar_account_ids(), *companies.root_id.ar_doubtful_account_ids.ids)
