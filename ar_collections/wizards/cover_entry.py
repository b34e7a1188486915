from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..connectors.results import (
    Condition,
    Cover,
    CoverStatus,
    Layer,
    LayerKind,
    Money,
)
from ..models.insurance.cover_status import DECISIONS, ENDED, LAYER_KINDS, STATUSES

WITHOUT_AMOUNT = ENDED | {'increase_refused', 'suspended', 'withdrawal_announced'}


class ArCoverDocuments(models.AbstractModel):
    """What the two dialogues share: whose cover it is, and documents uploaded in them."""
    _name = 'ar.cover.documents'
    _description = "Documents of a cover"

    customer_id = fields.Many2one('ar.customer', required=True)
    company_id = fields.Many2one(related='customer_id.company_id')
    policy_id = fields.Many2one(
        'ar.insurance.policy', string="Insurance policy", required=True)
    currency_id = fields.Many2one(related='policy_id.currency_id')
    document_ids = fields.Many2many('ir.attachment', string="Documents")

    def _take_documents(self):
        """Return the documents uploaded here; those of any other record are refused."""
        documents = self.document_ids
        documents.check_access('read')
        # sudo: an upload belongs to its author alone until it is kept with the cover.
        documents = documents.sudo()
        if any(document.create_uid != self.env.user or document.res_id
               or document.res_model not in (False, self._name) for document in documents):
            raise AccessError(self.env._("Upload the documents in this dialogue."))
        return documents


class ArCoverEntry(models.TransientModel):
    """A decision that arrived by letter or in the insurer's portal."""
    _name = 'ar.cover.entry'
    _inherit = ['ar.cover.documents']
    _description = "Decision of the insurer, typed in"

    request_id = fields.Many2one('ar.cover.request', string="Answer to")
    status = fields.Selection(
        [item for item in STATUSES if item[0] in DECISIONS], string="Decision", required=True,
        default='granted')
    layer_kind = fields.Selection(
        [item for item in LAYER_KINDS if item[0] in ('permanent', 'temporary', 'top_up')],
        string="Amount is", required=True, default='permanent')
    amount = fields.Monetary(help="In the currency of the policy.")
    insured_percentage = fields.Float(
        digits=(5, 2), help="Only when it differs from the policy's.")
    decided_on = fields.Date(
        required=True, default=fields.Date.context_today, help="Day of the insurer's decision.")
    date_from = fields.Date(
        string="Takes effect on", required=True, default=fields.Date.context_today,
        help="First day of delivery that the decision is about.")
    date_to = fields.Date(string="Last day of delivery covered")
    insurer_reference = fields.Char(string="Insurer's reference")
    provider_code = fields.Char(string="Insurer's code")
    conditions = fields.Text()
    with_amount = fields.Boolean(compute='_compute_with_amount')
    amount_before = fields.Monetary(string="Covered today", compute='_compute_amount_before')

    @api.depends('status')
    def _compute_with_amount(self):
        for entry in self:
            entry.with_amount = entry.status not in WITHOUT_AMOUNT

    @api.depends('customer_id', 'policy_id')
    def _compute_amount_before(self):
        for entry in self:
            cover = self.env['ar.cover'].search([
                ('policy_id', '=', entry.policy_id.id), ('customer_id', '=', entry.customer_id.id),
                ('kind', '=', 'named')])
            entry.amount_before = cover.amount_today

    @api.onchange('request_id', 'policy_id')
    def _onchange_request_id(self):
        request = self.request_id
        if request and request.currency_id == self.currency_id and not self.amount:
            self.amount = request.amount
            self.layer_kind = 'top_up' if request.action == 'topup' else 'permanent'

    def action_apply(self):
        """Apply the decision; it answers the request it was opened from."""
        self.ensure_one()
        self.env['ar.cover.request']._check_collector()
        self.customer_id.check_access('read')
        if self.policy_id.company_id != self.customer_id.company_id:
            raise UserError(self.env._(
                "Policy %(policy)s belongs to another company than %(customer)s.",
                policy=self.policy_id.name, customer=self.customer_id.display_name))
        if self.with_amount and self.currency_id.compare_amounts(self.amount, 0) <= 0:
            raise UserError(self.env._(
                "Type in the amount that is covered, or choose the decision that says there is "
                "none."))
        if self.date_to and self.date_to < self.date_from:
            raise UserError(self.env._("The last day covered lies before the first."))
        decision, only = self._get_decision(), None
        if self.with_amount:
            only = [self.layer_kind]
        # The documents belong to the decision, not to this dialogue.
        documents = self._take_documents()
        if self.request_id:
            request = self.request_id
            request.check_access('write')
            if request.state not in ('open', 'unknown', 'answered'):
                raise UserError(self.env._("%s has not left yet.", request.name))
            # sudo: the answer is applied by the dialogue; the right was checked above.
            cover = request.sudo()._answer(
                decision, source='manual', only=only, documents=documents)
        else:
            cover = self.env['ar.cover']._apply(
                self.policy_id, self.customer_id, decision, source='manual', only=only,
                documents=documents)
        documents.write({'res_model': 'ar.cover', 'res_id': cover.id})
        cover.sudo().write({'needs_person': False, 'attention': False})
        cover.sudo()._message_log(body=self.env._("Typed in by %s.", self.env.user.name))
        return {'type': 'ir.actions.act_window_close'}

    def _get_decision(self):
        """Return the decision in the words that a connection would use."""
        status = CoverStatus(self.status)
        money = Money(Decimal(str(self.amount)), self.currency_id.name)
        percentage = Decimal(str(self.insured_percentage)) if self.insured_percentage else None
        ends = self.status in ENDED | {'withdrawal_announced', 'suspended'}
        layers = (Layer(
            LayerKind(self.layer_kind), money, valid_from=self.date_from,
            valid_until=self.date_to or None, insured_percentage=percentage),
        ) if self.with_amount else ()
        return Cover(
            cover_id=self.insurer_reference or '', status=status,
            provider_code=self.provider_code or '', layers=layers, decided_on=self.decided_on,
            effective_from=None if ends else self.date_from,
            withdrawal_on=self.date_from if ends else None,
            conditions=(Condition('', self.conditions),) if self.conditions else ())


class ArCoverOwn(models.TransientModel):
    """Cover that the policy lets us grant ourselves."""
    _name = 'ar.cover.own'
    _inherit = ['ar.cover.documents']
    _description = "Cover by the rules of the policy"

    kind = fields.Selection(
        [('discretionary', "Discretionary"), ('non_named', "Non-named")], required=True,
        default='discretionary')
    amount = fields.Monetary(
        compute='_compute_amount', store=True, readonly=False, required=True)
    ceiling = fields.Monetary(compute='_compute_ceiling')
    proof = fields.Selection(
        [('experience', "Payment experience"), ('report', "Credit report")])
    proof_date = fields.Date(string="Report of")

    @api.depends('policy_id', 'kind')
    def _compute_ceiling(self):
        for own in self:
            own.ceiling = own.policy_id.discretionary_ceiling if (
                own.kind == 'discretionary') else own.policy_id.non_named_ceiling

    @api.depends('ceiling')
    def _compute_amount(self):
        for own in self:
            own.amount = own.ceiling

    @api.onchange('policy_id', 'kind')
    def _onchange_policy_id(self):
        wanted = self.policy_id.discretionary_proof
        self.proof = (wanted if wanted in ('experience', 'report') else 'experience') if (
            self.kind == 'discretionary' and wanted) else False

    def action_grant(self):
        """Check the rules and grant; the proof is kept with the cover."""
        self.ensure_one()
        self.env['ar.cover.request']._check_collector()
        self.customer_id.check_access('read')
        documents = self._take_documents()
        cover = self.policy_id._grant_own(
            self.customer_id, self.kind, self.amount, proof=self.proof or None,
            proof_date=self.proof_date or None, documents=documents)
        documents.write({'res_model': 'ar.cover', 'res_id': cover.id})
        return {'type': 'ir.actions.act_window_close'}
