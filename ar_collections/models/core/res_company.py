from datetime import datetime

import pytz

from odoo import api, fields, models, tools


class ResCompany(models.Model):
    _inherit = 'res.company'

    ar_approver_id = fields.Many2one(
        'res.users', string="Reminders approved by", domain=[('share', '=', False)],
        help="Gets one activity a day when reminders wait for approval.",
    )
    ar_collector_id = fields.Many2one(
        'res.users', string="Default collector", domain=[('share', '=', False)],
        help="Gets the tasks and calls of customers who have no collector.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies.sudo()._ar_set_defaults()
        return companies

    def _ar_set_defaults(self):
        """Hook: give new companies what the module needs to work at once."""

    def _register_hook(self):
        """EXTENDS base: our settings are read together when one is needed, not before.

        Odoo reads the company in nearly every transaction, with all its columns: those of ours
        nearly doubled the time of that.
        """
        super()._register_hook()
        often = self._get_ar_everyday_fields()
        for name, field in self._fields.items():
            if name.startswith('ar_') and field.prefetch is True and name not in often:
                field.prefetch = 'ar_collections'

    @api.model
    def _get_ar_everyday_fields(self):
        """Hook: return the names of the settings that orders, invoices or payments read."""
        return set()

    def _get_ar_responsible(self):
        """Return the user who takes what nobody else is named for; never the robot.

        :return: `res.users`, one
        """
        self.ensure_one()
        # sudo: looking for a colleague's group is no secret.
        group = self.env.ref('ar_collections.group_ar_manager').sudo()
        managers = group.all_user_ids.filtered(
            lambda user: user.active and self in user.company_ids and user != self.env.ref(
                'base.user_root'))
        return (self.ar_collector_id or self.ar_approver_id or managers[:1]
                or self.env.ref('base.user_admin'))

    def cache_invalidation_fields(self):
        """EXTENDS base: the time zone of a company is kept in memory."""
        return super().cache_invalidation_fields() | {'resource_calendar_id', 'partner_id'}

    def _get_ar_account_ids(self):
        """Return the ids of the receivable accounts of these companies.

        Resolved first, so that ledger queries can use the index on account.

        :rtype: list[int]
        """
        return list(self._get_ar_accounts_of(tuple(self.ids)))

    @tools.ormcache('company_ids')
    def _get_ar_accounts_of(self, company_ids):
        # sudo: whoever may open a customer need not be allowed to read the chart of accounts.
        accounts = self.env['account.account'].sudo().with_context(active_test=False)
        return tuple(accounts.search([
            ('account_type', '=', 'asset_receivable'),
            ('company_ids', 'parent_of', list(company_ids)),
        ]).ids)

    def _get_ar_tree_ids(self):
        """Return the ids of the legal entity of this company: its root and all branches.

        :rtype: list[int]
        """
        self.ensure_one()
        return list(self._get_ar_tree_of(self._get_ar_lineage()[0]))

    def _get_ar_lineage(self):
        """Return the ids of the companies from the root down to this one; they never change.

        :rtype: tuple[int]
        """
        self.ensure_one()
        return self._get_ar_lineage_of(self.id)

    @tools.ormcache('company_id')
    def _get_ar_lineage_of(self, company_id):
        # sudo: ids of the own legal entity, whatever branches the user has ticked.
        return tuple(self.sudo().browse(company_id).parent_ids.ids)

    @tools.ormcache('root_id')
    def _get_ar_tree_of(self, root_id):
        # sudo: a figure is that of the whole entity, whatever branches the user has ticked.
        return tuple(self.sudo().with_context(active_test=True).search(
            [('id', 'child_of', root_id)]).ids)

    def _get_ar_tz(self):
        """Return the name of the company's time zone: its working hours say it."""
        self.ensure_one()
        return self._get_ar_tz_of(self.id)

    @tools.ormcache('company_id')
    def _get_ar_tz_of(self, company_id):
        company = self.sudo().browse(company_id)
        return company.resource_calendar_id.tz or company.partner_id.tz or 'UTC'

    def _get_ar_today(self):
        """Return the date of today where the company works."""
        self.ensure_one()
        return datetime.now(pytz.timezone(self._get_ar_tz())).date()
