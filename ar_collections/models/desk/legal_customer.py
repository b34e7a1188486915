from odoo import api, fields, models
from odoo.tools import SQL


class ArCustomer(models.Model):
    """EXTENDS core: what stands at the end of the line for a customer."""
    _inherit = 'ar.customer'

    legal_case_ids = fields.One2many('ar.legal.case', 'customer_id')
    open_case_count = fields.Integer(compute='_compute_open_case_count')
    write_off_ids = fields.One2many('ar.write.off', 'customer_id')
    write_off_count = fields.Integer(compute='_compute_open_case_count')

    @api.depends('legal_case_ids.stage', 'write_off_ids.state')
    def _compute_open_case_count(self):
        counts = {
            'open_case_count': self.env['ar.legal.case']._read_group(
                [('customer_id', 'in', self.ids), ('stage', '!=', 'closed')],
                ['customer_id'], ['__count']),
            'write_off_count': self.env['ar.write.off']._read_group(
                [('customer_id', 'in', self.ids), ('state', 'not in', ('refused', 'cancelled'))],
                ['customer_id'], ['__count']),
        }
        for name, rows in counts.items():
            numbers = {customer.id: count for customer, count in rows}
            for customer in self:
                customer[name] = numbers.get(customer._origin.id, 0)

    def _absorb(self, other):
        """EXTENDS core: cases, losses and transfers follow the merged customer."""
        self.env.flush_all()
        for model in ('ar_legal_case', 'ar_legal_case_line', 'ar_legal_step', 'ar_legal_cost',
                      'ar_write_off', 'ar_write_off_line', 'ar_doubtful_transfer',
                      'ar_doubtful_line', 'ar_agency_payment', 'ar_agency_payment_line',
                      'ar_case_file', 'ar_case_file_document'):
            self.env.cr.execute(SQL(
                "UPDATE %s SET customer_id = %s WHERE customer_id = %s",
                SQL.identifier(model), self.id, other.id))
        self.env.invalidate_all()
        return super()._absorb(other)

    # === ACTIONS === #

    def action_view_legal_cases(self):
        """Open the legal cases of this customer."""
        return self._get_agreements_action('ar_collections.ar_legal_case_action')

    def action_view_write_offs(self):
        """Open the write-offs of this customer."""
        return self._get_agreements_action('ar_collections.ar_write_off_action')

    def action_new_legal_case(self):
        """Open the form of a case about the overdue items that stand in none."""
        self.ensure_one()
        self.env['ar.legal.case'].check_access('create')
        # sudo: an item in a colleague's case is taken too.
        taken = self.env['ar.legal.case.line'].sudo().search([
            ('customer_id', '=', self.id), ('is_open', '=', True)]).move_line_id
        items = self.env['account.move.line'].search(self._get_open_items_domain() & fields.Domain(
            'amount_residual', '>', 0)) - taken
        today = fields.Date.context_today(self)
        items = items.filtered(lambda item: (item.date_maturity or item.date) < today)
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.legal.case', 'view_mode': 'form',
            'name': self.env._("Legal case"), 'target': 'current',
            'context': {'default_customer_id': self.id, 'default_line_ids': [
                fields.Command.create({'move_line_id': item.id}) for item in items]},
        }

    def action_new_write_off(self):
        """Open the form of a write-off about the open items; those to keep are taken out there."""
        self.ensure_one()
        return self._get_write_off_action(self.env['account.move.line'].search(
            self._get_write_off_domain()))

    def _get_write_off_domain(self):
        """Return the domain of the items that can be written off: open, doubtful ones too."""
        self.ensure_one()
        return fields.Domain([
            ('account_id', 'in', self.company_id._get_ar_exposure_account_ids()),
            ('reconciled', '=', False), ('parent_state', '=', 'posted'),
            ('company_id', '=', self.company_id.id), ('amount_residual', '>', 0),
            ('partner_id.commercial_partner_id', '=', self.partner_id.id)])

    def _get_write_off_action(self, items, case=None):
        self.env['ar.write.off'].check_access('create')
        # sudo: an item in a colleague's write-off is taken too.
        taken = self.env['ar.write.off.line'].sudo().search([
            ('customer_id', '=', self.id),
            ('state', 'in', ('draft', 'submitted', 'approved'))]).move_line_id
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.write.off', 'view_mode': 'form',
            'name': self.env._("Write-off"), 'target': 'current',
            'context': {
                'default_customer_id': self.id, 'default_case_id': case.id if case else False,
                'default_line_ids': [fields.Command.create({
                    'move_line_id': item.id, 'amount': item.amount_residual_currency})
                    for item in items - taken]},
        }
