from odoo import models


class ResourceCalendar(models.Model):
    """EXTENDS resource: companies read their time zone here, once."""
    _inherit = 'resource.calendar'

    def write(self, vals):
        result = super().write(vals)
        if 'tz' in vals:
            self.env.registry.clear_cache()
        return result
