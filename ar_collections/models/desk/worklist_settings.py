from odoo import fields, models


class ResCompany(models.Model):
    """What weighs how much on the worklist, and what an outcome does by itself."""
    _inherit = 'res.company'

    ar_worklist_point_amount = fields.Float(
        string="One point per", default=100.0, required=True,
        help="Money at stake that makes one point of priority, in company currency.")
    ar_worklist_broken_points = fields.Integer(
        string="Points of a broken promise", default=50)
    ar_worklist_follow_up_points = fields.Integer(
        string="Points of an agreed day", default=100,
        help="When the day has come on which the customer is to be contacted again.")
    ar_worklist_waiting_points = fields.Integer(
        string="Points of what waits for us", default=30,
        help="A reminder to approve, a held order, a limit that was asked for, a dispute past its "
             "deadline, a question without answer.")
    ar_worklist_deadline_points = fields.Integer(
        string="Points of a deadline", default=50,
        help="A last day of the law or of an insurance contract in its time of warning.")
    ar_no_answer_days = fields.Integer(
        string="No answer: again in (days)", default=1)
    ar_no_answer_tries = fields.Integer(
        string="No answer: tries", default=3,
        help="After so many calls in a row without answer, another way is proposed.")
    ar_spoken_days = fields.Integer(
        string="Nothing agreed: again in (days)", default=7)
    ar_said_paid_days = fields.Integer(
        string="Says it is paid: wait (days)", default=5,
        help="Reminders about these items wait so long for the money.")
    ar_clean_up_days = fields.Integer(
        string="Wrong contact or address: again in (days)", default=7)

    _ar_worklist_point_positive = models.Constraint(
        'CHECK(ar_worklist_point_amount > 0)', "One point must stand for some money.")
    _ar_worklist_days_positive = models.Constraint(
        'CHECK(ar_no_answer_days > 0 AND ar_no_answer_tries > 0 AND ar_spoken_days > 0'
        ' AND ar_said_paid_days > 0 AND ar_clean_up_days > 0)',
        "Give at least one day, and one try.")

    def _get_ar_escalation_user(self):
        """Return who takes escalations.

        :return: `res.users`, one
        """
        self.ensure_one()
        company = self.sudo()
        return company.ar_escalation_user_id or company.ar_approver_id or (
            company._get_ar_responsible())


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_worklist_point_amount = fields.Float(
        related='company_id.ar_worklist_point_amount', readonly=False)
    ar_worklist_broken_points = fields.Integer(
        related='company_id.ar_worklist_broken_points', readonly=False)
    ar_worklist_follow_up_points = fields.Integer(
        related='company_id.ar_worklist_follow_up_points', readonly=False)
    ar_worklist_waiting_points = fields.Integer(
        related='company_id.ar_worklist_waiting_points', readonly=False)
    ar_worklist_deadline_points = fields.Integer(
        related='company_id.ar_worklist_deadline_points', readonly=False)
    ar_no_answer_days = fields.Integer(related='company_id.ar_no_answer_days', readonly=False)
    ar_no_answer_tries = fields.Integer(related='company_id.ar_no_answer_tries', readonly=False)
    ar_spoken_days = fields.Integer(related='company_id.ar_spoken_days', readonly=False)
    ar_said_paid_days = fields.Integer(related='company_id.ar_said_paid_days', readonly=False)
    ar_clean_up_days = fields.Integer(related='company_id.ar_clean_up_days', readonly=False)
