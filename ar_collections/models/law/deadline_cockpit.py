from odoo import api, fields, models
from odoo.tools import formatLang


class ArCockpit(models.AbstractModel):
    """EXTENDS figures: what is lost soon, and what was."""
    _inherit = 'ar.cockpit'

    @api.model
    def _get_tiles(self, scope, figures):
        """EXTENDS figures: the money at risk on the deadlines of the next weeks."""
        return [*super()._get_tiles(scope, figures), *self._get_deadline_tiles(scope)]

    def _get_deadline_tiles(self, scope):
        Deadline = self.env['ar.deadline']
        if not Deadline.has_access('read'):
            return []
        limit = fields.Date.to_string(fields.Date.add(scope['date'], days=30))
        domain = [*self._get_through_customer(scope), ('state', '=', 'open'),
                  ('last_day', '<=', limit)]
        count, amount = 0, 0.0
        # An item that several deadlines are about is at risk once.
        for company, item, number, highest, total in Deadline._read_group(
                domain, ['company_id', 'move_line_id'],
                ['__count', 'amount:max', 'amount:sum']):
            count += number
            amount += (highest if item else total) * scope['rates'][company.id]
        return [{
            'code': 'deadlines', 'sequence': 45, 'label': self.env._("Deadlines"), 'value': count,
            'kind': 'count', 'tone': 'bad' if count else False, 'trend': False,
            'note': count and self.env._(
                "within 30 days, %s at risk", formatLang(
                    self.env, amount, rounding_unit='units', currency_obj=scope['currency'])),
            'help': self.env._(
                "Prescriptions, time limits of courts and of credit insurers that end within 30 "
                "days. What is at risk is what is open today on their items, each item once."),
            'action': self._get_list_action(
                self.env._("Deadlines within 30 days"), 'ar.deadline', domain,
                search='ar_deadline_view_search'),
        }]

    @api.model
    def _get_todos(self, scope):
        """EXTENDS figures: deadlines that were missed, and papers to look at."""
        today = fields.Date.to_string(scope['date'])
        labels = {
            'missed': self.env._("Deadlines missed: decide what becomes of them"),
            'acts': self.env._("Acknowledgements to confirm"),
        }
        rows = [
            ('missed', 'fa-gavel', 'bad', 'ar.deadline',
             [('state', 'in', ('open', 'missed')), ('last_day', '<', today)], None),
            ('acts', 'fa-pencil-square-o', False, 'ar.limitation.act',
             [('state', '=', 'proposed')], None),
        ]
        return [*super()._get_todos(scope), *(
            self._get_todo(scope, f'deadline_{code}', labels[code], *row) for code, *row in rows
            if self.env[row[2]].has_access('read'))]
