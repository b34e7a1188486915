from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.provision import BUCKETS


def bucket_labels(env):
    """Return the labels of the buckets of the matrix in the reader's language."""
    return [env._("Not due"), env._("1–30 days"), env._("31–60 days"), env._("61–90 days"),
            env._("91–120 days"), env._("Over 120 days")][:BUCKETS]


BUCKET_SELECTION = [
    ('0', "Not due"), ('1', "1–30 days"), ('2', "31–60 days"), ('3', "61–90 days"),
    ('4', "91–120 days"), ('5', "Over 120 days")]


class ArProvisionRate(models.Model):
    """A cell of the provision matrix: the loss rate of one group and bucket, and its origin."""
    _name = 'ar.provision.rate'
    _description = "Loss rate of the provision matrix"
    _order = 'provision_id, sequence, group_id, bucket'

    provision_id = fields.Many2one(
        'ar.provision', required=True, readonly=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='provision_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='provision_id.currency_id')
    group_id = fields.Many2one(
        'ar.provision.group', required=True, readonly=True, ondelete='restrict')
    sequence = fields.Integer(related='group_id.sequence', store=True)
    bucket = fields.Integer(
        string="Bucket number", readonly=True, required=True, aggregator=None)
    label = fields.Char(string="Bucket", compute='_compute_label')
    method = fields.Selection(
        [('unpaid', "Never paid"), ('roll', "Roll rates"), ('typed', "Typed in")],
        string="From", readonly=True)
    reached = fields.Monetary(
        readonly=True, help="Never paid: what was still open when it reached this bucket. Roll "
                            "rates: what stood in it at the ends of twelve months.")
    lost = fields.Monetary(
        readonly=True, help="Never paid: of that, what was not paid a year after its due date. "
                            "Roll rates: what stood one bucket further a month later.")
    item_count = fields.Integer(string="Items", readonly=True)
    has_rate = fields.Boolean(readonly=True)
    history_rate = fields.Float(
        string="History (%)", digits=(16, 4), readonly=True, aggregator=None)
    adjustment = fields.Float(
        string="Outlook (%)", digits=(16, 2), readonly=True, aggregator=None)
    rate = fields.Float(string="Loss rate (%)", digits=(16, 4), aggregator=None)
    reason = fields.Char(help="Why the rate differs from history.")
    gross = fields.Monetary(string="Receivables", compute='_compute_amounts')
    insured = fields.Monetary(string="Insured part", compute='_compute_amounts')
    base = fields.Monetary(string="At risk", compute='_compute_amounts')
    loss = fields.Monetary(string="Expected losses", compute='_compute_amounts')

    _rate_range = models.Constraint(
        'CHECK(rate >= 0 AND rate <= 100)', "A loss rate lies between 0 and 100 %.")
    _cell_uniq = models.Constraint(
        'UNIQUE(provision_id, group_id, bucket)', "This cell of the matrix exists already.")

    @api.depends('bucket')
    @api.depends_context('lang')
    def _compute_label(self):
        labels = bucket_labels(self.env)
        for rate in self:
            rate.label = labels[rate.bucket]

    @api.depends('group_id', 'bucket')
    @api.depends_context('lang')
    def _compute_display_name(self):
        labels = bucket_labels(self.env)
        for rate in self:
            rate.display_name = f"{rate.group_id.name}, {labels[rate.bucket]}"

    @api.depends('provision_id.line_ids.loss', 'rate')
    def _compute_amounts(self):
        self.env['ar.provision.line'].flush_model()
        rows = self.env['ar.provision.line']._read_group(
            [('provision_id', 'in', self.provision_id.ids), ('kind', '=', 'matrix')],
            ['provision_id', 'group_id', 'bucket'],
            ['gross:sum', 'insured:sum', 'base:sum', 'loss:sum'])
        sums = {(run.id, group.id, int(bucket)): amounts for run, group, bucket, *amounts in rows}
        for rate in self:
            rate.gross, rate.insured, rate.base, rate.loss = sums.get(
                (rate.provision_id._origin.id, rate.group_id.id, rate.bucket), (0.0,) * 4)

    def write(self, vals):
        """EXTENDS base: a rate that a person changes needs a reason, and losses follow it."""
        if not self.env.su and set(vals) - {'rate', 'reason'}:
            raise UserError(self.env._("Only the rate and its reason can be changed."))
        if any(rate.provision_id.state != 'draft' for rate in self):
            raise UserError(self.env._("Its entry is made: cancel it to change anything."))
        result = super().write(vals)
        if 'rate' in vals:
            if any(not (rate.reason or '').strip() for rate in self):
                raise UserError(self.env._("Say why the rate differs from history."))
            # sudo: a typed rate counts as known.
            self.sudo().has_rate = True
            self.provision_id._apply_rates()
        return result


class ArProvisionLine(models.Model):
    """What one customer owes in one bucket, and what of it is expected to be lost."""
    _name = 'ar.provision.line'
    _description = "Expected loss of a customer"
    _order = 'provision_id, loss desc, id'
    _log_access = False

    provision_id = fields.Many2one(
        'ar.provision', required=True, readonly=True, ondelete='cascade', index=True)
    company_id = fields.Many2one('res.company', readonly=True, index=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    group_id = fields.Many2one('ar.provision.group', readonly=True, ondelete='restrict')
    kind = fields.Selection(
        [('matrix', "By the matrix"), ('default', "In default, all of it"),
         ('credit', "Credits, nothing to lose"), ('none', "No group")], readonly=True)
    bucket = fields.Selection(BUCKET_SELECTION, readonly=True)
    gross = fields.Monetary(string="Receivables", readonly=True)
    insured = fields.Monetary(string="Insured part", readonly=True)
    base = fields.Monetary(string="At risk", readonly=True)
    rate = fields.Float(string="Loss rate (%)", digits=(16, 4), readonly=True, aggregator=None)
    loss = fields.Monetary(string="Expected loss", readonly=True)

    def action_view_items(self):
        """Open the items of the customer as of the day of the run."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_aged_balance_action')
        action['domain'] = [('partner_id', '=', self.partner_id.id)]
        action['context'] = {'ar_date': fields.Date.to_string(self.provision_id.date)}
        return action
