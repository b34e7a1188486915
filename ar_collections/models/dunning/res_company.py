from odoo import fields, models


class ResCompany(models.Model):
    _inherit = 'res.company'

    ar_dunning_policy_id = fields.Many2one(
        'ar.dunning.policy', string="Default dunning policy",
        domain="['|', ('company_id', '=', False), ('company_id', 'parent_of', id)]",
        help="For customers whom no rule and no choice of their own gives another policy.")
    ar_dunning_active = fields.Boolean(
        string="Nightly dunning run",
        help="The scheduled action reads the ledger every night, sends the automatic levels and "
             "proposes the others.")

    ar_letter_sending = fields.Selection(
        [('print', "Print and post them ourselves"), ('snailmail', "Posted by Snailmail")],
        string="Letters", default='print', required=True,
        help="Snailmail prints and posts for a fee; it needs Odoo's Snailmail app.")

    def _ar_posts_by_snailmail(self):
        """Return whether letters go to Odoo's postal service."""
        self.ensure_one()
        return self.ar_letter_sending == 'snailmail' and 'snailmail.letter' in self.env

    def _ar_set_defaults(self):
        """EXTENDS core: new companies start on the cautious policy, with the night run off."""
        result = super()._ar_set_defaults()
        policy = self.env.ref('ar_collections.ar_dunning_policy_cautious', raise_if_not_found=False)
        if policy:
            self.filtered(lambda company: not company.ar_dunning_policy_id).ar_dunning_policy_id = (
                policy)
        return result
