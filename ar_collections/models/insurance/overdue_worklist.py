from odoo import api, models

from .overdue_deadline import CLOCKS

INSURER_KINDS = [code for code, _label in CLOCKS]


class ArWorklist(models.Model):
    """EXTENDS desk: the last days of the insurance contracts that come near."""
    _inherit = 'ar.worklist'

    @api.model
    def _get_priority_parts(self, company, date):
        """EXTENDS desk: overdue notice, maximum credit period and what else a policy asks for."""
        return [
            *super()._get_priority_parts(company, date),
            self._get_deadline_part('insurer_deadline', company, date, INSURER_KINDS),
        ]

    @api.model
    def _get_waiting_codes(self):
        """EXTENDS desk."""
        return [*super()._get_waiting_codes(), 'insurer_deadline']

    @api.model
    def _get_part_records(self, company, code):
        """EXTENDS desk."""
        if code == 'insurer_deadline':
            return self._get_deadline_records(company, INSURER_KINDS)
        return super()._get_part_records(company, code)

    @api.model
    def _get_part_text(self, company, code, part):
        """EXTENDS desk."""
        if code != 'insurer_deadline':
            return super()._get_part_text(company, code, part)
        return self._get_deadline_text(company, part)
