from odoo import api, fields, models
from odoo.tools import is_html_empty


class ArReminder(models.Model):
    """EXTENDS dunning: what is with a factor is claimed, but not to be paid to us.

    Only with contracts that leave the reminders to us: else these items are in no reminder.
    """
    _inherit = 'ar.reminder'

    assigned_ids = fields.Many2many(
        'ar.factoring.line', string="With a factor", compute='_compute_assigned_ids')

    @api.depends('line_ids')
    def _compute_assigned_ids(self):
        Line = self.env['ar.factoring.line']
        moves = self.line_ids.move_id if self.env['ar.factoring.contract']._is_used() else None
        # sudo: whom to pay is meant for the customer, whoever sends the message.
        lines = Line.sudo().search([
            ('move_id', 'in', moves.ids), ('state', '=', 'assigned')]) if moves else Line
        of_move = lines.grouped('move_id')
        for reminder in self:
            reminder.assigned_ids = Line.concat(*(
                of_move.get(move, Line) for move in reminder.line_ids.move_id)) if lines else Line

    @api.depends('line_ids')
    def _compute_bank_ids(self):
        """EXTENDS dunning: never our account when everything claimed is with factors."""
        result = super()._compute_bank_ids()
        for reminder in self:
            contracts, own = reminder._get_claimed_by_contract()
            if contracts and not own:
                reminder.bank_ids = next(iter(contracts)).bank_id if len(contracts) == 1 else False
        return result

    def _get_claimed_by_contract(self):
        """Return ({`ar.factoring.contract`: claimed lines}, claimed lines to be paid to us)."""
        self.ensure_one()
        # sudo: see `_compute_assigned_ids`.
        contract_of = {line.move_id: line.contract_id for line in self.assigned_ids.sudo()}
        claimed = self.line_ids.filtered(lambda line: line._is_claimed())
        if not contract_of:
            return {}, claimed
        own = claimed.filtered(lambda line: line.move_id not in contract_of)
        return (claimed - own).grouped(lambda line: contract_of[line.move_id]), own

    def _get_items_kept_apart(self, items):
        """EXTENDS dunning: what is with a factor."""
        kept = super()._get_items_kept_apart(items)
        if not self.assigned_ids:
            return kept
        # sudo: see `_compute_assigned_ids`.
        moves = self.assigned_ids.sudo().move_id
        return kept | items.filtered(lambda line: line.move_id in moves)

    def _read_ahead(self):
        """EXTENDS dunning."""
        self.sudo().mapped('assigned_ids')
        return super()._read_ahead()

    def _get_items_values(self):
        """EXTENDS dunning: to whom which part goes, and what of it is ours.

        The parts add up to what the message claims. A credit lowers ours only, as in the statement:
        it is the customer's claim on us, and the factor has bought the whole of its invoices.

        :return: also 'elsewhere', a list of {'amount', 'payee', 'reference', 'notice'}, and
            'to_us', our part as text, when both are claimed
        """
        values = super()._get_items_values()
        contracts, own = self._get_claimed_by_contract()
        if not contracts:
            return values
        elsewhere, to_us = [], []
        for section in self._get_sections():
            currency = section['currency']
            ours = section['claimed']
            for contract, lines in contracts.items():
                part = lines & section['lines']
                amount = currency.round(sum(part.mapped('amount_residual_currency')))
                ours = currency.round(ours - amount)
                if currency.compare_amounts(amount, 0) > 0:
                    elsewhere.append(self._format_payee(contract, part, amount, currency))
            if currency.compare_amounts(ours, 0) > 0:
                to_us.append(self._format_amount(ours, currency))
        with_factor = self.env['account.move'].union(*(
            lines.move_id for lines in contracts.values()))
        if values['pay_url'] and self._get_links().keys() <= set(with_factor.ids):
            # Its page takes no money for the factor.
            values['pay_url'] = False
        values.update(elsewhere=elsewhere, to_us=" + ".join(to_us))
        if own:
            values['reference'] = self._get_payment_reference(own)
            values['bank'] = values['bank'] if to_us else False
        return values

    def _format_payee(self, contract, lines, amount, currency):
        text = contract.with_context(lang=self.lang).legal_text
        return {
            'amount': self._format_amount(amount, currency), 'payee': contract._get_payee(),
            'reference': ", ".join(
                line.move_id.payment_reference or line.name or '' for line in lines),
            'notice': False if is_html_empty(text) else text,
        }
