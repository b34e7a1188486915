from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import NETTING
from ...tools.calendars import next_opening

WEEKDAYS = ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')


class ArDunningPolicy(models.Model):
    _name = 'ar.dunning.policy'
    _description = "Dunning policy"
    _order = 'sequence, id'
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    # === FIELDS === #
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        'res.company', index=True, help="Empty: every company may use this policy.")
    description = fields.Text(translate=True)
    level_ids = fields.One2many('ar.dunning.level', 'policy_id', copy=True)
    level_count = fields.Integer(compute='_compute_level_count')

    min_days_between = fields.Integer(
        string="Days between two messages", default=5,
        help="A customer who got a message less than this many days ago is left alone today.")
    max_auto_steps = fields.Integer(
        string="Automatic steps in a row", default=2,
        help="After this many automatic messages about an item, the next one waits for a person.")
    netting = fields.Selection(
        NETTING, string="Open credits", required=True, default='subtract',
        help="What to do with credit notes and payments that are not matched yet.")
    catch_up = fields.Selection(
        [('first', "Start at the first overdue level"), ('age', "Start at the level of its age")],
        string="Old items met for the first time", required=True, default='first')
    grouping = fields.Selection(
        [('customer', "One message per customer"), ('invoice', "One message per invoice")],
        required=True, default='customer')

    monday = fields.Boolean(default=True)
    tuesday = fields.Boolean(default=True)
    wednesday = fields.Boolean(default=True)
    thursday = fields.Boolean(default=True)
    friday = fields.Boolean(default=True)
    saturday = fields.Boolean()
    sunday = fields.Boolean()
    hour_from = fields.Float(string="From", default=8.0, help="In the company's time zone.")
    hour_to = fields.Float(string="To", default=18.0, help="In the company's time zone.")
    skip_holidays = fields.Boolean(
        string="Not on public holidays", default=True,
        help="Public holidays are the company-wide time off of the working hours calendar.")

    _min_days_positive = models.Constraint(
        'CHECK(min_days_between >= 0 AND max_auto_steps >= 0)',
        "The number of days and of automatic steps cannot be negative.")
    _hours_order = models.Constraint(
        'CHECK(hour_from >= 0 AND hour_to <= 24 AND hour_from < hour_to)',
        "The sending hours must run from an earlier to a later hour, between 0 and 24.")

    # === COMPUTES === #

    @api.depends('level_ids')
    def _compute_level_count(self):
        for policy in self:
            policy.level_count = len(policy.level_ids)

    # === CONSTRAINTS === #

    @api.constrains(*WEEKDAYS)
    def _check_weekdays(self):
        for policy in self:
            if not policy._get_weekdays():
                raise ValidationError(self.env._(
                    "Policy %s allows no weekday, so nothing would ever be sent. "
                    "Tick at least one.", policy.name))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.env['ar.reminder'].sudo().search([('policy_id', 'in', self.ids)], limit=1)
        if used:
            raise ValidationError(self.env._(
                "Policy %s has sent reminders and is part of the history. Archive it instead.",
                used.policy_id.name))

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        return [
            dict(vals, name=self.env._("%s (copy)", policy.name))
            for policy, vals in zip(self, vals_list, strict=True)
        ]

    # === BUSINESS === #

    def _get_weekdays(self):
        """Return the allowed weekdays as a set of numbers, Monday is 0."""
        self.ensure_one()
        return {number for number, name in enumerate(WEEKDAYS) if self[name]}

    def _get_next_opening(self, company, now=None):
        """Return the first instant from ``now`` at which this policy may send for ``company``.

        :param company: `res.company` whose time zone and public holidays count
        :param datetime now: naive UTC; the current time when omitted
        :return: naive UTC datetime, or None when nothing opens within two months
        """
        self.ensure_one()
        now = now or fields.Datetime.now()
        return next_opening(
            now, company._get_ar_tz(), self._get_weekdays(), self.hour_from, self.hour_to,
            holidays=self._get_holidays(company, now) if self.skip_holidays else [],
        )

    @api.model
    def _get_holidays(self, company, now):
        """Return the company-wide closings from ``now`` on, as naive UTC intervals."""
        # sudo: public holidays are no secret, but the collector may not read working hours.
        leaves = self.env['resource.calendar.leaves'].sudo().search([
            ('resource_id', '=', False), ('date_to', '>', now),
            ('company_id', 'in', (company.id, False)),
            ('calendar_id', 'in', (company.resource_calendar_id.id, False)),
        ])
        return [(leave.date_from, leave.date_to) for leave in leaves]
