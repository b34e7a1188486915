from odoo import api, models


class ArWorklist(models.Model):
    """EXTENDS desk: who calls reads first what may not be asked for, and why."""
    _inherit = 'ar.worklist'

    @api.model
    def _get_guides(self, customer, work, facts):
        """EXTENDS desk: the law comes before the script, or in its place."""
        guides = super()._get_guides(customer, work, facts)
        # sudo: the law is no secret to whoever may call the customer.
        verdict = customer.sudo()._get_law_on_asking(customer.company_id._get_ar_today())
        if not verdict:
            return guides
        law = {'name': self.env._("What the law says"),
               'text': self.env['ar.law.guard']._tell(verdict)}
        return [law, *(guides if work['item_count'] else ())]
