from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ...tools.provision import BUCKETS


class ArProvisionGroup(models.Model):
    """Customers of a common risk: they share the loss rates of the provision matrix."""
    _name = 'ar.provision.group'
    _description = "Group of the provision matrix"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(
        default=10, help="A customer belongs to the first group that it matches.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', help="Empty: every company.")
    domain = fields.Char(
        string="Customers", default='[]', required=True,
        help="Which customers of the module belong to the group. Empty: all that are left.")
    method = fields.Selection(
        [('unpaid', "Never paid a year after the due date"),
         ('roll', "Roll rates of the last twelve months"), ('typed', "Typed in")],
        required=True, default='unpaid',
        help="Where the loss rates come from: what your own ledger shows, or what you type.")
    adjustment = fields.Float(
        string="Outlook (%)", digits=(16, 2), aggregator=None,
        help="How much worse than history the months ahead look: 10 turns a rate of 2 % into "
             "2.2 %; negative when they look better.")
    adjustment_note = fields.Char(
        string="Why this outlook", help="An auditor asks: which fact, from where.")
    rate_0 = fields.Float(string="Not due (%)", digits=(16, 4), aggregator=None)
    rate_1 = fields.Float(string="1–30 days (%)", digits=(16, 4), aggregator=None)
    rate_2 = fields.Float(string="31–60 days (%)", digits=(16, 4), aggregator=None)
    rate_3 = fields.Float(string="61–90 days (%)", digits=(16, 4), aggregator=None)
    rate_4 = fields.Float(string="91–120 days (%)", digits=(16, 4), aggregator=None)
    rate_5 = fields.Float(string="Over 120 days (%)", digits=(16, 4), aggregator=None)

    @api.constrains('rate_0', 'rate_1', 'rate_2', 'rate_3', 'rate_4', 'rate_5')
    def _check_rates(self):
        for group in self:
            if any(not 0 <= group[f'rate_{number}'] <= 100 for number in range(BUCKETS)):
                raise ValidationError(self.env._("A loss rate lies between 0 and 100 %."))

    @api.constrains('domain')
    def _check_domain(self):
        for group in self:
            try:
                self.env['ar.customer'].search(group._get_domain(), limit=1)
            except (ValueError, TypeError, SyntaxError, KeyError) as error:
                raise ValidationError(self.env._(
                    "The customers of “%(group)s” cannot be read: %(error)s",
                    group=group.name, error=error)) from error

    def _get_domain(self):
        self.ensure_one()
        return Domain(literal_eval(self.domain or '[]'))

    def _get_fallback(self):
        """Return the last group without conditions: it takes whoever is in no other."""
        return self.filtered(lambda group: group._get_domain().is_true())[-1:]

    @api.model
    def _get_groups(self, company):
        """Return the active groups of a company in their order."""
        return self.search(['|', ('company_id', '=', False), ('company_id', '=', company.id)])

    def _get_partners(self, companies):
        """Return {partner id: group id}: each customer in the first group that it matches.

        :param companies: `res.company`, one legal entity with its branches
        """
        found = {}
        # sudo: a provision is about every customer of the company, whatever the perimeter.
        customers = self.env['ar.customer'].sudo().with_context(active_test=False)
        for group in self:
            for partner_id in customers.search(
                    group._get_domain() & Domain('company_id', 'in', companies.ids)).mapped(
                        'partner_id').ids:
                found.setdefault(partner_id, group.id)
        return found
