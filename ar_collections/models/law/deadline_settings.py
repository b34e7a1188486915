from odoo import fields, models

from .limitation_rule import TRADES


class ResCompany(models.Model):
    """How early somebody is told, and whose holidays the courts keep."""
    _inherit = 'res.company'

    ar_deadline_lead_days = fields.Integer(
        string="Warn before a time limit (days)", default=15,
        help="Days before the last lawful day of proceedings and insurance.")
    ar_prescription_lead_days = fields.Integer(
        string="Warn before a prescription (days)", default=180,
        help="Days before a claim is barred by prescription: time to get a signature or to sue.")
    ar_deadline_horizon_days = fields.Integer(
        string="Prescriptions shown ahead (days)", default=365,
        help="Items whose prescription is further away are not listed yet.")
    ar_limitation_trade = fields.Selection(
        TRADES, string="Claims of this company are for", default='general',
        help="Some trades have shorter prescriptions, as the carriage of goods in France.")
    ar_alsace_moselle = fields.Boolean(
        string="Courts of Alsace or Moselle",
        help="Good Friday and 26 December are holidays there.")

    _ar_deadline_days = models.Constraint(
        'CHECK(ar_deadline_lead_days >= 0 AND ar_prescription_lead_days >= 0 '
        'AND ar_deadline_horizon_days >= 0)', "Days of warning cannot be negative.")

    def _get_ar_court_calendar(self, country=None):
        """Return the key of the public holidays of the courts, for `tools.holidays`.

        :param country: of the court; the company's when omitted
        :return: '' where no holidays are known: a day then moves off weekends only
        """
        self.ensure_one()
        code = (country or self.country_id).code
        return ('FR-AM' if self.ar_alsace_moselle else 'FR') if code == 'FR' else ''


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_deadline_lead_days = fields.Integer(
        related='company_id.ar_deadline_lead_days', readonly=False)
    ar_prescription_lead_days = fields.Integer(
        related='company_id.ar_prescription_lead_days', readonly=False)
    ar_deadline_horizon_days = fields.Integer(
        related='company_id.ar_deadline_horizon_days', readonly=False)
    ar_limitation_trade = fields.Selection(
        related='company_id.ar_limitation_trade', readonly=False)
    ar_alsace_moselle = fields.Boolean(related='company_id.ar_alsace_moselle', readonly=False)
