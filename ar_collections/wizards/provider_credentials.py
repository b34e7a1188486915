from odoo import Command, api, fields, models


class ArProviderCredentials(models.TransientModel):
    """Takes new credentials of a provider and forgets them: they cannot be read back."""
    _name = 'ar.provider.credentials'
    _description = "Credentials of a provider"

    provider_id = fields.Many2one('ar.provider', required=True, readonly=True)
    line_ids = fields.One2many('ar.provider.credentials.line', 'wizard_id')
    callback_url = fields.Char(
        string="Callback address", compute='_compute_callback_url',
        help="Shown once. Give it to the provider; whoever has it can only make us read again.")

    callback_is_secure = fields.Boolean(
        string="Has https", compute='_compute_callback_url')

    @api.depends_context('ar_callback_url')
    def _compute_callback_url(self):
        # Travels with the action that shows it: not even this table sees it.
        url = self.env.context.get('ar_callback_url')
        for wizard in self:
            wizard.callback_url = url
            wizard.callback_is_secure = bool(url) and url.startswith('https://')

    @api.model_create_multi
    def create(self, vals_list):
        """Prepare one empty line for each credential that the provider wants."""
        wizards = super().create(vals_list)
        for wizard in wizards.filtered(lambda wizard: not wizard.line_ids):
            names = wizard.provider_id._get_client_class().credential_fields
            if wizard.provider_id.code == 'ellisphere':
                names = (*names, 'user_prefix')
            wizard.line_ids = [Command.create({'name': name}) for name in names]
        return wizards

    def action_store(self):
        """Store what was typed in and empty the dialogue."""
        self.ensure_one()
        provider = self.provider_id
        provider._check_administrator()
        values = {line.name: (line.value or '').strip() for line in self.line_ids}
        changed = ", ".join(name for name, value in values.items() if value)
        provider._set_credentials(values)
        # Not one second longer than needed, in a table that is emptied at night only.
        # sudo: nobody deletes dialogues by hand; this one is the user's own.
        self.sudo().unlink()
        if changed:
            provider.message_post(body=self.env._(
                "Credentials typed in by %(user)s: %(names)s.",
                user=self.env.user.name, names=changed))
        return {'type': 'ir.actions.act_window_close'}


class ArProviderCredentialsLine(models.TransientModel):
    _name = 'ar.provider.credentials.line'
    _description = "Credential to type in"

    wizard_id = fields.Many2one(
        'ar.provider.credentials', required=True, ondelete='cascade')
    name = fields.Char(string="Credential", required=True, readonly=True)
    value = fields.Char(
        string="New value", copy=False, exportable=False,
        help="Leave it empty to keep what is stored.")
