from odoo import api, models

from ..core.described_fields import PlainMany2one


class ArDiagnosisTarget(models.AbstractModel):
    """Lets a list show the documents behind a figure without sending thousands of ids around."""
    _name = 'ar.diagnosis.target'
    _description = "Document behind a figure of the diagnosis"

    ar_diagnosis_line_id = PlainMany2one(
        'ar.diagnosis.line', string="Behind the figure", store=False, exportable=False,
        compute='_compute_ar_diagnosis_line_id', search='_search_ar_diagnosis_line_id')

    def _compute_ar_diagnosis_line_id(self):
        self.ar_diagnosis_line_id = False

    @api.model
    def _search_ar_diagnosis_line_id(self, operator, value):
        if operator not in ('=', 'in'):
            return NotImplemented
        ids = [value] if isinstance(value, int) else list(value)
        lines = self.env['ar.diagnosis.line'].browse([one for one in ids if one]).exists()
        lines = lines.filtered(lambda line: line.res_model == self._name)
        self.env.flush_all()
        found = {row[0] for line in lines
                 for row in self.env.execute_query(line._get_documents_query())}
        return [('id', 'in', list(found))]


class AccountMove(models.Model):
    _name = 'account.move'
    _inherit = ['account.move', 'ar.diagnosis.target']


class AccountMoveLine(models.Model):
    _name = 'account.move.line'
    _inherit = ['account.move.line', 'ar.diagnosis.target']


class SaleOrder(models.Model):
    _name = 'sale.order'
    _inherit = ['sale.order', 'ar.diagnosis.target']


class SaleOrderLine(models.Model):
    _name = 'sale.order.line'
    _inherit = ['sale.order.line', 'ar.diagnosis.target']


class ResPartner(models.Model):
    _name = 'res.partner'
    _inherit = ['res.partner', 'ar.diagnosis.target']
