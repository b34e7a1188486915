from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class ArCollectorAbsence(models.Model):
    """Who works for a collector during a leave: worklist, perimeter and tasks.

    The collector of the customers does not change. The substitute sees them for these days by a
    record rule, and tasks that would go to the absent one go to the substitute; those not done by
    the end go back.
    """
    _name = 'ar.collector.absence'
    _description = "Absence of a collector"
    _order = 'date_from desc, id desc'

    collector_id = fields.Many2one(
        'res.users', required=True, index=True, ondelete='cascade', domain=[('share', '=', False)])
    substitute_id = fields.Many2one(
        'res.users', required=True, index=True, ondelete='cascade', domain=[('share', '=', False)])
    date_from = fields.Date(
        string="From", required=True, default=fields.Date.context_today, help="Included.")
    date_to = fields.Date(string="To", required=True, help="Included.")
    company_id = fields.Many2one('res.company', help="Empty: in every company.")
    active = fields.Boolean(default=True)
    note = fields.Char()
    is_current = fields.Boolean(
        string="Now", compute='_compute_is_current', search='_search_is_current')

    _dates_order = models.Constraint(
        'CHECK(date_to >= date_from)', "An absence ends after it begins.")
    _other_person = models.Constraint(
        'CHECK(substitute_id <> collector_id)', "Nobody is their own substitute.")

    @api.depends('date_from', 'date_to', 'active')
    def _compute_is_current(self):
        today = fields.Date.context_today(self)
        for absence in self:
            absence.is_current = bool(
                absence.active and absence.date_from and absence.date_to
                and absence.date_from <= today <= absence.date_to)

    def _search_is_current(self, operator, value):
        if operator != 'in' or set(value) != {True}:
            return NotImplemented
        return self._get_current_domain(fields.Date.context_today(self))

    @api.model
    def _get_current_domain(self, date):
        return Domain([
            ('active', '=', True), ('date_from', '<=', date), ('date_to', '>=', date)])

    @api.depends('collector_id', 'substitute_id')
    def _compute_display_name(self):
        for absence in self:
            absence.display_name = self.env._(
                "%(substitute)s for %(collector)s", substitute=absence.substitute_id.name or "",
                collector=absence.collector_id.name or "")

    @api.constrains('collector_id', 'substitute_id', 'date_from', 'date_to', 'active')
    def _check_overlap(self):
        for absence in self.filtered('active'):
            same_days = Domain([
                ('id', '!=', absence.id), ('date_from', '<=', absence.date_to),
                ('date_to', '>=', absence.date_from)])
            if self.sudo().search_count(
                    same_days & Domain('collector_id', '=', absence.collector_id.id), limit=1):
                raise ValidationError(self.env._(
                    "%s has a substitute on some of these days already. Change that absence.",
                    absence.collector_id.name))
            if self.sudo().search_count(
                    same_days & Domain('collector_id', '=', absence.substitute_id.id), limit=1):
                raise ValidationError(self.env._(
                    "%s is absent on some of these days. Choose another substitute.",
                    absence.substitute_id.name))

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        absences = super().create(vals_list)
        absences._hand_over()
        return absences

    def write(self, vals):
        # Back first: the substitute may be another one from here on.
        self._take_back()
        result = super().write(vals)
        self._hand_over()
        return result

    def unlink(self):
        self._take_back()
        return super().unlink()

    def _take_back(self):
        """Give the tasks that were handed over back to the collectors."""
        # sudo: the tasks of colleagues.
        self.env['mail.activity'].sudo().search(
            [('ar_absence_id', 'in', self.ids)])._ar_give_back()

    # === TASKS === #

    def _hand_over(self):
        """Give tasks to the substitute, or back: as of today, with the same result each time."""
        today = fields.Date.context_today(self)
        # sudo: the tasks of colleagues, whoever notes the absence.
        Activity = self.env['mail.activity'].sudo()
        for absence in self:
            if absence.active and absence.date_from <= today <= absence.date_to:
                Activity.search([
                    ('res_model', '=like', 'ar.%'), ('user_id', '=', absence.collector_id.id),
                    ('date_deadline', '<=', absence.date_to)])._ar_redirect(absence)
            else:
                absence._take_back()

    @api.model
    def _cron_hand_over(self):
        """Scheduled action: each morning, tasks of absences that begin or have ended."""
        today = fields.Date.context_today(self)
        absences = self.with_context(active_test=False).search([
            ('date_from', '<=', today), ('date_to', '>=', fields.Date.subtract(today, days=30))])
        self.env['ir.cron']._ar_work_through(absences, type(self)._hand_over)


class ResUsers(models.Model):
    """EXTENDS base: the absences of a collector, for the record rules."""
    _inherit = 'res.users'

    ar_absence_ids = fields.One2many('ar.collector.absence', 'collector_id', string="Absences")


class MailActivity(models.Model):
    """EXTENDS mail: tasks of Receivables for somebody absent go to the substitute."""
    _inherit = 'mail.activity'

    ar_absence_id = fields.Many2one(
        'ar.collector.absence', string="Taken over during", index='btree_not_null',
        ondelete='set null', readonly=True, copy=False)

    @api.model_create_multi
    def create(self, vals_list):
        activities = super().create(vals_list)
        ours = activities.filtered(
            lambda activity: (activity.res_model or '').startswith('ar.') and activity.user_id)
        if ours:
            # sudo: whoever plans a task need not know who is on leave.
            Absence = self.env['ar.collector.absence'].sudo()
            for absence in Absence.search(Absence._get_current_domain(
                    fields.Date.context_today(self))):
                ours.sudo().filtered(
                    lambda activity, absence=absence: activity.user_id == absence.collector_id
                    and activity.date_deadline <= absence.date_to)._ar_redirect(absence)
        return activities

    def _ar_redirect(self, absence):
        mine = self.filtered(lambda activity: not absence.company_id or (
            'company_id' in self.env[activity.res_model]._fields
            and self.env[activity.res_model].browse(
                activity.res_id).company_id == absence.company_id))
        if mine:
            mine.write({'user_id': absence.substitute_id.id, 'ar_absence_id': absence.id})

    def _ar_give_back(self):
        for activity in self:
            absence = activity.ar_absence_id
            values = {'ar_absence_id': False}
            if activity.user_id == absence.substitute_id:
                values['user_id'] = absence.collector_id.id
            activity.write(values)
