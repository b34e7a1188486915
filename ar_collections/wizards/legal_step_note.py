from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.desk.legal_case import OUTCOMES


class ArLegalStepNote(models.TransientModel):
    """One dialogue for what a person tells about a case: hand-over, judgment, step, end."""
    _name = 'ar.legal.step.note'
    _description = "Note a step of a legal case"

    case_id = fields.Many2one('ar.legal.case', required=True, readonly=True)
    mode = fields.Selection(
        [('hand_over', "Hand over"), ('judgment', "Judgment"), ('note', "Step"),
         ('close', "Close")], required=True)
    target = fields.Selection(
        [('agency', "Collection agency"), ('lawyer', "Lawyer"), ('court', "Court")],
        string="Hand over to", default='agency')
    date = fields.Date(required=True, default=fields.Date.context_today)
    party_id = fields.Many2one(
        'res.partner', string="Agency or lawyer", compute='_compute_from_case', store=True,
        readonly=False)
    party_reference = fields.Char(
        string="Their file number", compute='_compute_from_case', store=True, readonly=False)
    court = fields.Char(compute='_compute_from_case', store=True, readonly=False)
    court_reference = fields.Char(
        string="Number at the court", compute='_compute_from_case', store=True, readonly=False)
    text = fields.Text(string="What happened")
    next_step = fields.Char()
    next_date = fields.Date(string="Next step on")
    outcome = fields.Selection(OUTCOMES)
    make_file = fields.Boolean(
        string="Make the case file", default=True,
        help="A ZIP with everything: invoices, orders, reminders, mails, promises, disputes, "
             "interest, and the hash of each document.")

    @api.depends('case_id')
    def _compute_from_case(self):
        for note in self:
            case = note.case_id
            note.party_id = case.party_id
            note.party_reference = case.party_reference
            note.court, note.court_reference = case.court, case.court_reference

    def action_note(self):
        """Write the step, move the case on, and make the file when it was asked for."""
        self.ensure_one()
        case = self.case_id
        case.check_access('write')
        if case.stage == 'closed':
            raise UserError(self.env._("Open %s again first.", case.name))
        if self.date > case.company_id._get_ar_today():
            raise UserError(self.env._("A step that lies ahead belongs into the next step."))
        case.write({
            'next_step': self.next_step, 'next_date': self.next_date,
            'party_id': self.party_id.id, 'party_reference': self.party_reference,
            'court': self.court, 'court_reference': self.court_reference})
        getattr(self, {
            'hand_over': '_hand_over', 'judgment': '_judge', 'note': '_note', 'close': '_close',
        }[self.mode])(case)
        if self.mode == 'hand_over' and self.make_file:
            return case.action_case_file()
        return {'type': 'ir.actions.act_window_close'}

    def _hand_over(self, case):
        if self.target != 'court' and not self.party_id:
            raise UserError(self.env._("Choose the agency or the lawyer."))
        if self.target == 'court' and not self.court:
            raise UserError(self.env._("Name the court."))
        case._check_pursuit(self.target)
        to = self.court if self.target == 'court' else self.party_id.display_name
        text = self.env._("Handed over to %s", to)
        case._set_stage(
            self.target, f"{text}. {self.text}" if self.text else text, date=self.date)

    def _judge(self, case):
        if not (self.text or '').strip():
            raise UserError(self.env._("Write what was decided."))
        case._set_stage('judgment', self.text, date=self.date)

    def _note(self, case):
        if not (self.text or '').strip():
            raise UserError(self.env._("Write what happened."))
        case._log_step(case.stage, self.text, date=self.date, kind='note')

    def _close(self, case):
        if not self.outcome:
            raise UserError(self.env._("Say how the case ended."))
        label = dict(self._fields['outcome']._description_selection(self.env))[self.outcome]
        case._set_stage(
            'closed', f"{label}. {self.text}" if self.text else label, outcome=self.outcome,
            date=self.date)
