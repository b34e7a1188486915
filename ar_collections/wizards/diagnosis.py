import time

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_amount, formatLang

DEFAULT_RATE = 8.0
SECTIONS = [
    ('summary', "In short"),
    ('steps', "From order to cash"),
    ('lateness', "Lateness"),
    ('ages', "Ages"),
    ('months', "Months"),
    ('customers', "Customers that cost most"),
    ('concentration', "Concentration"),
    ('leaks', "What escapes"),
    ('credits', "Credit notes by reason"),
    ('data', "Data"),
    ('tie', "Customers and accounts"),
]


class ArDiagnosisWizard(models.TransientModel):
    """The diagnosis of one company: figures read once, each with a way to its documents."""
    _name = 'ar.diagnosis.wizard'
    _description = "Diagnosis of receivables"

    company_id = fields.Many2one(
        'res.company', required=True, readonly=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related='company_id.currency_id')
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="To", required=True)
    cost_rate = fields.Float(
        string="Cost of money (% a year)", digits=(16, 2),
        help="What a year of waiting costs, for example the rate of the overdraft.")
    is_empty = fields.Boolean(readonly=True)
    seconds = fields.Float(string="Read in (seconds)", digits=(16, 1), readonly=True)
    line_ids = fields.One2many('ar.diagnosis.line', 'wizard_id')
    summary_ids = fields.One2many(
        'ar.diagnosis.line', 'wizard_id', domain=[('section', '=', 'summary')])
    step_ids = fields.One2many(
        'ar.diagnosis.line', 'wizard_id', domain=[('section', '=', 'steps')])
    lateness_ids = fields.One2many(
        'ar.diagnosis.line', 'wizard_id', domain=[('section', 'in', ('lateness', 'ages'))])
    month_ids = fields.One2many(
        'ar.diagnosis.line', 'wizard_id', domain=[('section', '=', 'months')])
    customer_ids = fields.One2many(
        'ar.diagnosis.line', 'wizard_id', domain=[('section', '=', 'customers')])
    concentration_ids = fields.One2many(
        'ar.diagnosis.line', 'wizard_id', domain=[('section', '=', 'concentration')])
    leak_ids = fields.One2many(
        'ar.diagnosis.line', 'wizard_id', domain=[('section', '=', 'leaks')])
    credit_ids = fields.One2many(
        'ar.diagnosis.line', 'wizard_id', domain=[('section', '=', 'credits')])
    data_ids = fields.One2many(
        'ar.diagnosis.line', 'wizard_id', domain=[('section', '=', 'data')])
    tie_ids = fields.One2many(
        'ar.diagnosis.line', 'wizard_id', domain=[('section', '=', 'tie')])

    def _compute_display_name(self):
        self.display_name = self.env._("Diagnosis")

    # === OPENING === #

    @api.model
    def action_open(self):
        """Read the ledger of the current company over the last twelve months, and show it."""
        company = self.env.company
        today = company._get_ar_today()
        wizard = self.create({
            'company_id': company.id, 'date_to': today,
            'date_from': fields.Date.add(today, days=1, years=-1),
            'cost_rate': company.sudo().ar_late_cost_rate or DEFAULT_RATE,
        })
        wizard.action_read()
        return {
            'type': 'ir.actions.act_window', 'res_model': self._name, 'res_id': wizard.id,
            'view_mode': 'form', 'views': [(False, 'form')], 'target': 'current',
            'name': self.env._("Diagnosis"),
        }

    def action_read(self):
        """Read the ledger again for the dates that the dialog shows."""
        self.ensure_one()
        self.check_access('write')
        if self.company_id not in self.env.user.company_ids:
            raise UserError(self.env._("This company is not open to you."))
        if self.date_from >= self.date_to:
            raise UserError(self.env._("The first day must be before the last one."))
        started = time.monotonic()
        self.env.flush_all()
        Diagnosis = self.env['ar.diagnosis']
        scope = Diagnosis._get_scope(self.company_id, self.date_from, self.date_to)
        self.line_ids.unlink()
        self.is_empty = Diagnosis._is_empty(scope)
        if not self.is_empty:
            values = self._get_lines(Diagnosis._prepare(scope))
            self.env['ar.diagnosis.line'].create([
                {'wizard_id': self.id, 'sequence': number, **line}
                for number, line in enumerate(values)])
        self.seconds = time.monotonic() - started
        return True

    def action_print(self):
        """Print the six pages."""
        self.ensure_one()
        if self.is_empty:
            raise UserError(self.env._("There is nothing to print: the ledger is empty."))
        return self.env.ref('ar_collections.ar_diagnosis_report').report_action(
            self, config=False)

    def action_open_invoices(self):
        """Open the customer invoices, to create or import some."""
        return self.env['ir.actions.act_window']._for_xml_id('account.action_move_out_invoice')

    # === FORMATS === #

    def _money(self, amount):
        return format_amount(self.env, amount or 0.0, self.currency_id).replace('\ufeff', '')

    def _days(self, value):
        if value is None:
            return self.env._("not known")
        return self.env._("%s days", formatLang(self.env, float(value), digits=1))

    def _percent(self, value):
        if value is None:
            return self.env._("not known")
        return f"{formatLang(self.env, float(value), digits=1)}\u202f%"


class ArDiagnosisLine(models.TransientModel):
    """One figure: what it says, how it was computed, and the documents it was computed from."""
    _name = 'ar.diagnosis.line'
    _description = "Figure of the diagnosis"
    _order = 'sequence, id'

    wizard_id = fields.Many2one(
        'ar.diagnosis.wizard', required=True, index=True, ondelete='cascade')
    currency_id = fields.Many2one(related='wizard_id.currency_id')
    section = fields.Selection(SECTIONS, required=True)
    sequence = fields.Integer()
    code = fields.Char(required=True)
    params = fields.Json()
    res_model = fields.Char()
    name = fields.Char(string="Figure", required=True)
    value = fields.Char()
    count = fields.Integer(string="Documents")
    amount = fields.Monetary()
    days = fields.Float(digits=(16, 1))
    share = fields.Float(string="Share (%)", digits=(16, 1))
    cash = fields.Monetary(string="Cash tied up")
    explanation = fields.Char(string="How it is read")

    def action_open_documents(self):
        """Open the documents behind the figure."""
        self.ensure_one()
        if not self.res_model:
            raise UserError(self.env._(
                "This figure is computed from others; open one of those."))
        action = {
            'type': 'ir.actions.act_window', 'name': self.name, 'res_model': self.res_model,
            'view_mode': 'list,form', 'domain': [('ar_diagnosis_line_id', '=', self.id)],
            'context': {'create': False, 'active_test': False},
        }
        if self.res_model == 'account.move.line':
            action['views'] = [
                (self.env.ref('ar_collections.account_move_line_view_list').id, 'list'),
                (False, 'form')]
        return action

    def _get_documents_query(self):
        """Return the query of the ids behind the figure, for whoever may read it."""
        self.ensure_one()
        self.check_access('read')
        wizard = self.wizard_id
        Diagnosis = self.env['ar.diagnosis']
        scope = Diagnosis._get_scope(wizard.company_id, wizard.date_from, wizard.date_to)
        return Diagnosis._get_ids_query(self.code, scope, self.params)
