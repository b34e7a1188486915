from odoo import api, fields, models
from odoo.exceptions import ValidationError

EVIDENCE = [
    ('primary', "Law, gazette or authority"),
    ('relayed', "Relayed by a page that quotes it"),
    ('computed', "Computed from a rule"),
    ('memory', "Nobody has read it yet"),
]
STATES = [('unconfirmed', "To be confirmed"), ('confirmed', "Confirmed")]


class ArLegalData(models.AbstractModel):
    """Law as dated data: where it was read, how sure that is, and who answers for it.

    The same law for every company: these rows belong to none. A row that nobody confirmed does
    not exist for claims and deadlines.
    """
    _name = 'ar.legal.data'
    _description = "Law with its source"
    # What a row is for: two confirmed rows for the same, at the same time, are refused, because
    # claims would depend on chance. Empty: the model has a check of its own.
    _case_fields = ()

    source = fields.Char(required=True, help="Article of law and where it was read.")
    evidence = fields.Selection(EVIDENCE, required=True, default='primary')
    read_on = fields.Date(help="Day on which somebody read the source.")
    read_again_after = fields.Date(help="Look at the source again from this day on.")
    note = fields.Text(translate=True)
    state = fields.Selection(STATES, required=True, default='unconfirmed')
    confirmed_by_id = fields.Many2one('res.users', string="Confirmed by", readonly=True)
    confirmed_on = fields.Date(readonly=True)

    @api.constrains(lambda self: self._case_fields and (
        *self._case_fields, 'state',
        *(name for name in ('active', 'date_from', 'date_to') if name in self._fields)))
    def _check_unique(self):
        """Refuse two confirmed rows for the same claims; rows of different dates may stand."""
        if not self._case_fields:
            return
        for row in self.filtered(lambda row: row.state == 'confirmed' and (
                'active' not in row._fields or row.active)):
            twin = self.search([
                ('id', '!=', row.id), ('state', '=', 'confirmed'),
                *((name, '=', row[name].id if row._fields[name].relational else row[name])
                  for name in self._case_fields),
            ]).filtered(row._meets)[:1]
            if twin:
                raise ValidationError(self.env._(
                    "“%(one)s” and “%(other)s” are both confirmed for the same claims. Archive "
                    "one of them, or change what it is for.",
                    one=row.display_name, other=twin.display_name))

    def _meets(self, other):
        """Tell whether two rows are in force on the same day; a row without dates always is."""
        if 'date_from' not in self._fields:
            return True
        return not (self.date_to and other.date_from and self.date_to < other.date_from) and not (
            other.date_to and self.date_from and other.date_to < self.date_from)

    def action_confirm(self):
        """Take the responsibility for these rows: from now on they count."""
        self.check_access('write')
        self.write({
            'state': 'confirmed', 'confirmed_by_id': self.env.uid,
            'confirmed_on': fields.Date.context_today(self)})
        return True

    def action_withdraw(self):
        """Let these rows count no more."""
        self.check_access('write')
        self.write({'state': 'unconfirmed', 'confirmed_by_id': False, 'confirmed_on': False})
        return True
