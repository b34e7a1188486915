from odoo import api, fields, models
from odoo.tools import config


class ArFirstSteps(models.TransientModel):
    """The panel of an empty database: what is done, and a button for what is not."""
    _name = 'ar.first.steps'
    _description = "First steps in Receivables"

    company_id = fields.Many2one(
        'res.company', required=True, default=lambda self: self.env.company)
    has_items = fields.Boolean(compute='_compute_steps')
    has_customers = fields.Boolean(compute='_compute_steps')
    has_mail = fields.Boolean(compute='_compute_steps')
    has_preview = fields.Boolean(compute='_compute_steps')
    is_nightly = fields.Boolean(compute='_compute_steps')
    is_done = fields.Boolean(compute='_compute_steps')
    customer_count = fields.Integer(compute='_compute_steps')
    overdue_count = fields.Integer(compute='_compute_steps')
    policy_id = fields.Many2one(
        'ar.dunning.policy', string="Default policy", compute='_compute_policy_id',
        inverse='_inverse_policy_id', compute_sudo=True,
        domain="['|', ('company_id', '=', False), ('company_id', 'parent_of', company_id)]")
    approver_id = fields.Many2one(
        'res.users', string="Who approves", compute='_compute_approver_id',
        inverse='_inverse_approver_id', compute_sudo=True, domain=[('share', '=', False)])

    # === COMPUTES === #

    def _compute_display_name(self):
        self.display_name = self.env._("First steps")

    @api.depends('company_id', 'policy_id', 'approver_id')
    def _compute_steps(self):
        """A handful of counts; the panel is opened for one company at a time."""
        for panel in self:
            # sudo: the panel says whether things exist, it does not show them.
            panel_sudo, company = panel.sudo(), panel.company_id
            mine = [('company_id', '=', company.id)]
            Customer = panel_sudo.env['ar.customer']
            panel.customer_count = Customer.search_count(mine)
            panel.overdue_count = Customer.search_count([*mine, ('overdue_amount', '>', 0)])
            panel.has_customers = bool(panel.customer_count)
            panel.has_items = panel.has_customers or bool(
                panel_sudo.env['account.move.line'].search_count([
                    ('account_id', 'in', company._get_ar_account_ids()),
                    ('parent_state', '=', 'posted'), *mine], limit=1))
            panel.has_mail = bool(company.sudo().email) and panel_sudo._has_mail_server()
            panel.has_preview = any(
                panel_sudo.env[model].search_count(mine, limit=1)
                for model in ('ar.dunning.run', 'ar.dunning.preview'))
            panel.is_nightly = company.sudo().ar_dunning_active
            panel.is_done = bool(
                panel.has_customers and panel.has_mail and panel.policy_id and panel.approver_id
                and panel.has_preview and panel.is_nightly)

    @api.depends('company_id')
    def _compute_policy_id(self):
        for panel in self:
            panel.policy_id = panel.company_id.ar_dunning_policy_id

    def _inverse_policy_id(self):
        for panel in self:
            panel._get_company_sudo().ar_dunning_policy_id = panel.policy_id

    @api.depends('company_id')
    def _compute_approver_id(self):
        for panel in self:
            panel.approver_id = panel.company_id.ar_approver_id

    def _inverse_approver_id(self):
        for panel in self:
            panel._get_company_sudo().ar_approver_id = panel.approver_id

    @api.model
    def _has_mail_server(self):
        # The default of the server's configuration is nobody's choice; anything else is.
        chosen = (config.get('smtp_server') or 'localhost', int(config.get('smtp_port') or 25))
        return chosen != ('localhost', 25) or bool(
            self.env['ir.mail_server'].search_count([], limit=1))

    def _get_company_sudo(self):
        """Return the company to be written, for those who may decide about reminders."""
        self.env['ar.dunning.policy'].check_access('write')
        self.company_id.check_access('read')
        # sudo: a credit manager chooses these two, without the right to edit companies.
        return self.company_id.sudo()

    # === ACTIONS === #

    @api.model
    def action_open_home(self):
        """Open the panel when the company has no customer yet, else the cockpit."""
        empty = not self.env['ar.customer'].sudo().search_count(
            [('company_id', 'in', self.env.companies.ids)], limit=1)
        if empty and self.has_access('create'):
            return self.action_open()
        return self.env['ir.actions.client']._for_xml_id('ar_collections.ar_cockpit_action')

    @api.model
    def action_open(self):
        """Open the panel of the current company."""
        panel = self.create({})
        return {
            'type': 'ir.actions.act_window', 'res_model': self._name, 'res_id': panel.id,
            'view_mode': 'form', 'views': [(False, 'form')], 'target': 'current',
            'name': self.env._("First steps"),
        }

    @api.model
    def action_open_customers(self):
        """Open the customers."""
        return self.env['ir.actions.act_window']._for_xml_id('ar_collections.ar_customer_action')

    def action_open_invoices(self):
        """Open the customer invoices, to create or import some."""
        return self.env['ir.actions.act_window']._for_xml_id('account.action_move_out_invoice')

    def action_open_company(self):
        """Open the company, to give it an e-mail address."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'res.company', 'view_mode': 'form',
            'views': [(False, 'form')], 'res_id': self.company_id.id,
        }

    def action_read_ledger(self):
        """Read the whole ledger of the company, now."""
        self.ensure_one()
        self.env['ar.customer'].check_access('write')
        self.company_id.check_access('read')
        # sudo: the figures are about every customer of the company.
        self.env['ar.customer'].sudo()._refresh(self.company_id)
        return True

    def action_preview(self):
        """Show what the first run would do."""
        self.ensure_one()
        return self.env['ar.dunning.preview'].with_company(self.company_id).action_open()

    def action_switch_nightly(self):
        """Switch the nightly run of the company on or off."""
        self.ensure_one()
        company = self._get_company_sudo()
        company.ar_dunning_active = not company.ar_dunning_active
        return True
