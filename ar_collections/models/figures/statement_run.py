from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.searching import search_told

STATES = [
    ('waiting', "Waiting"),
    ('queued', "In the mail queue"),
    ('sending', "Sending"),
    ('sent', "Sent"),
    ('failed', "Failed"),
    ('unknown', "Outcome unknown"),
    ('cancelled', "Left out"),
]
OPEN = ('waiting', 'queued', 'sending')


class ArStatementRun(models.Model):
    """Statements sent together: one row per customer is recorded before anything leaves."""
    _name = 'ar.statement.run'
    _description = "Sending of statements"
    _order = 'id desc'

    name = fields.Char(compute='_compute_name', search='_search_name')
    company_id = fields.Many2one(
        'res.company', required=True, index=True, ondelete='cascade', readonly=True)
    user_id = fields.Many2one(
        'res.users', string="Asked by", required=True, readonly=True,
        default=lambda self: self.env.user)
    kind = fields.Selection(
        [('open', "Open items"), ('movements', "Movements between two dates")],
        required=True, default='open', readonly=True)
    date_from = fields.Date(string="From", readonly=True)
    date_to = fields.Date(string="To", required=True, readonly=True)
    branches = fields.Boolean(string="With the branches", readonly=True)
    skip_empty = fields.Boolean(
        string="Leave out customers with nothing open", readonly=True)
    sending_ids = fields.One2many('ar.statement.sending', 'run_id', string="Statements")
    sending_count = fields.Integer(string="Customers", compute='_compute_counts')
    open_count = fields.Integer(string="On their way", compute='_compute_counts')
    sent_count = fields.Integer(string="Sent", compute='_compute_counts')
    problem_count = fields.Integer(string="Problems", compute='_compute_counts')

    # === COMPUTES === #

    @api.depends('kind', 'date_from', 'date_to')
    def _compute_name(self):
        for run in self:
            if run.kind == 'movements':
                run.name = self.env._(
                    "Statements from %(start)s to %(end)s", start=run.date_from, end=run.date_to)
            else:
                run.name = self.env._("Statements as of %s", run.date_to)

    def _search_name(self, operator, value):
        return search_told(self, 'name', operator, value)

    @api.depends('sending_ids.state')
    def _compute_counts(self):
        counts = {}
        for run, state, count in self.env['ar.statement.sending']._read_group(
                [('run_id', 'in', self.ids)], ['run_id', 'state'], ['__count']):
            counts.setdefault(run.id, {})[state] = count
        for run in self:
            mine = counts.get(run.id, {})
            run.sending_count = sum(mine.values())
            run.open_count = sum(mine.get(state, 0) for state in OPEN)
            run.sent_count = mine.get('sent', 0)
            run.problem_count = mine.get('failed', 0) + mine.get('unknown', 0)

    # === CRUD === #

    def write(self, vals):
        if not self.env.su:
            # Its dates and branches decide what leaves the house.
            raise AccessError(self.env._("A sending is not changed once it is recorded."))
        return super().write(vals)

    # === ACTIONS === #

    @api.model
    def _start(self, customers, **vals):
        """Record one statement per customer and wake the sender.

        :param customers: `ar.customer` of one company, which the user may read
        :param vals: values of the run
        :return: the run
        """
        run = self.sudo().create({
            'company_id': customers.company_id.id, 'user_id': self.env.uid, **vals})
        self.env['ar.statement.sending'].sudo().with_context(
            tracking_disable=True, mail_create_nosubscribe=True, mail_create_nolog=True,
        ).create([
            {'run_id': run.id, 'customer_id': customer.id} for customer in customers])
        # sudo: whoever may send may let the scheduler do its work.
        self.env.ref('ar_collections.ir_cron_ar_statement_send').sudo()._trigger()
        return run.with_env(self.env)

    def action_open_sendings(self):
        """Open the statements of this run."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_statement_sending_action')
        return {**action, 'domain': [('run_id', '=', self.id)], 'context': {}}

    def action_stop(self):
        """Leave out what has not been prepared yet."""
        self.check_access('write')
        # sudo: the state of a statement has one writer, see `ar.statement.sending.write`.
        waiting = self.sudo().sending_ids.filtered(lambda one: one.state == 'waiting')
        waiting.try_lock_for_update()._set_cancelled(
            self.env._("Stopped by %s.", self.env.user.name))
        return True

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        if any(one.state not in ('waiting', 'cancelled') for one in self.sudo().sending_ids):
            raise UserError(self.env._(
                "Statements of this sending have left. Their history is kept."))
