import hashlib
import json

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import format_date

from ...tools.searching import search_told

STATES = [
    ('waiting', "Waiting"),
    ('printing', "Being printed"),
    ('done', "Ready"),
    ('stopped', "Stopped"),
    ('failed', "Failed"),
]
OPEN = ('waiting', 'printing')
# How long a document is kept: it is a copy of figures that anybody with the rights prints again.
KEEP_DAYS = 30
# Chatter and activities are written by whoever reads the document.
OPEN_FIELDS = {'message_follower_ids', 'message_ids', 'activity_ids', 'activity_user_id'}


class ArAgedPrint(models.Model):
    """An aged balance too long to be printed while somebody waits for it.

    The figures are read once, in one transaction, as the person who asked, and cut into parts of a
    few pages; then each part is printed and kept, one transaction each; at last they are joined. So
    all parts show one state of the ledger, and whatever stops the server, only the part that was
    being printed is printed again.
    """
    _name = 'ar.aged.print'
    _description = "Aged balance printed in the background"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'id desc'

    # === FIELDS === #
    name = fields.Char(compute='_compute_name', search='_search_name')
    company_id = fields.Many2one(
        'res.company', required=True, index=True, readonly=True, ondelete='cascade')
    company_ids = fields.Many2many('res.company', string="Companies", readonly=True)
    user_id = fields.Many2one(
        'res.users', string="Asked by", required=True, index=True, readonly=True,
        ondelete='cascade')
    date = fields.Date(string="As of", required=True, readonly=True)
    lang = fields.Char(readonly=True)
    tz = fields.Char(readonly=True)
    # {'options', 'domain', 'group_by'} as `ar.aged.report` takes them.
    question = fields.Json(readonly=True)
    key = fields.Char(readonly=True)
    state = fields.Selection(STATES, required=True, default='waiting', readonly=True)
    reason = fields.Char(readonly=True)
    read_at = fields.Datetime(
        string="Figures read at", readonly=True,
        help="The document shows the ledger as it was at this moment, however long it takes to "
             "print.")
    done_at = fields.Datetime(string="Ready at", readonly=True)
    customer_count = fields.Integer(string="Customers", readonly=True)
    item_count = fields.Integer(string="Items", readonly=True)
    page_count = fields.Integer(string="Pages", readonly=True)
    description = fields.Char(string="Conventions", readonly=True)
    # What stands on every page beside its lines.
    page_values = fields.Json(readonly=True)
    part_ids = fields.One2many('ar.aged.print.part', 'print_id', readonly=True)
    progress = fields.Float(compute='_compute_progress', help="Pages that are printed, in percent.")
    attachment_id = fields.Many2one(
        'ir.attachment', string="PDF", readonly=True, ondelete='set null')

    # === SQL OBJECTS === #
    _open_uniq = models.UniqueIndex(
        "(user_id, key) WHERE state IN ('waiting', 'printing')",
        "This aged balance is being printed already.")

    # === COMPUTES === #

    @api.depends('date')
    def _compute_name(self):
        for job in self:
            job.name = self.env._("Aged balance at %s", format_date(self.env, job.date))

    def _search_name(self, operator, value):
        return search_told(self, 'name', operator, value)

    @api.depends('state', 'page_count', 'part_ids.printed_at')
    def _compute_progress(self):
        # sudo: the parts are the engine room; how many are ready is shown to whoever asked.
        pages = dict(self.env['ar.aged.print.part'].sudo()._read_group(
            [('print_id', 'in', self.ids), ('printed_at', '!=', False)],
            ['print_id'], ['page_count:sum']))
        for job in self:
            job.progress = 100.0 if job.state == 'done' else (
                100.0 * pages.get(job._origin, 0) / job.page_count if job.page_count else 0.0)

    # === CRUD === #

    def write(self, vals):
        if not self.env.su and not set(vals) <= OPEN_FIELDS:
            # Its parameters decide what is read with the rights of whoever asked.
            raise AccessError(self.env._("A document moves on only through its buttons."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_parts(self):
        # Not left to the database: their files are Odoo's to delete, as the document's is.
        self.sudo().part_ids.unlink()

    @api.autovacuum
    def _gc_documents(self):
        limit = fields.Datetime.now() - relativedelta(days=KEEP_DAYS)
        old = self.search([('write_date', '<', limit), ('state', 'not in', OPEN)], limit=100)
        old.unlink()
        return len(old), len(old) == 100

    # === ASKING === #

    @api.model
    def _start(self, options, domain, group_by):
        """Record the wish of the current user for a detailed aged balance, and wake the printer.

        :param dict options: see `ar.aged.report._get_dataset`; with a date
        :param domain: restriction on `ar.aged.balance`
        :return: the document; the one that is under way when the same was asked before
        :raise AccessError: for whoever may not read the aged balance
        """
        self.env['ar.aged.balance'].check_access('read')
        domain = fields.Domain(domain)
        # As JSON keeps it, so that the same question has the same key.
        question = json.loads(json.dumps({
            'options': {**options, 'date': fields.Date.to_string(options['date'])},
            'domain': [] if domain.is_true() else list(domain), 'group_by': group_by or None,
        }, default=list))
        key = hashlib.sha256(json.dumps(
            [question, sorted(self.env.companies.ids), self.env.lang]).encode()).hexdigest()
        # sudo: nobody creates or moves a document by hand, see `write`.
        Job_sudo = self.sudo().with_context(
            mail_create_nosubscribe=True, mail_create_nolog=True, tracking_disable=True)
        job = Job_sudo.search([
            ('user_id', '=', self.env.uid), ('key', '=', key), ('state', 'in', OPEN)], limit=1)
        if not job:
            job = Job_sudo.create({
                'company_id': self.env.company.id, 'user_id': self.env.uid, 'key': key,
                'company_ids': [fields.Command.set(self.env.companies.ids)],
                'date': options['date'], 'question': question,
                'lang': self.env.lang, 'tz': self.env.context.get('tz') or self.env.user.tz})
            job._wake()
        return job.with_env(self.env)

    def _wake(self):
        # sudo: whoever may print may let the scheduler do its work.
        self.env.ref('ar_collections.ir_cron_ar_aged_print').sudo()._trigger()

    # === ACTIONS === #

    def _get_own(self):
        """Return these documents with the rights to move them on."""
        self.check_access('read')
        if any(job.user_id != self.env.user for job in self):
            raise AccessError(self.env._("This document was asked for by somebody else."))
        # sudo: the state has one writer, see `write`.
        return self.sudo()

    def action_stop(self):
        """Print no further part; what is printed is kept."""
        running = self._get_own().filtered(lambda job: job.state in OPEN)
        running.write({'state': 'stopped', 'reason': False})
        return True

    def action_resume(self):
        """Go on where it was stopped, or where it failed."""
        jobs = self._get_own().filtered(lambda job: job.state in ('stopped', 'failed'))
        for job in jobs:
            job.part_ids.filtered(lambda part: not part.printed_at).tries = 0
            job.write({'state': 'printing' if job.read_at else 'waiting', 'reason': False})
        if jobs:
            jobs._close_activities()
            jobs._wake()
        return True

    def action_download(self):
        """Download the document; the activity that announced it has served."""
        self.ensure_one()
        job = self._get_own()
        if job.state != 'done' or not job.attachment_id:
            raise UserError(self.env._("This document is not ready yet."))
        job._close_activities()
        return {'type': 'ir.actions.act_url', 'target': 'download',
                'url': f'/web/content/{job.attachment_id.id}?download=true'}

    def action_open(self):
        """Open this document."""
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'res_model': self._name, 'res_id': self.id,
                'views': [(False, 'form')], 'name': self.env._("Aged balance in PDF")}

    def _get_page_url(self):
        """Return the address of the page of this document; nothing when there is none."""
        return (f'{self.get_base_url()}/odoo/receivables-aged-prints/{self.id}'
                if self else False)

    # === TELLING === #

    def _close_activities(self):
        self.activity_unlink(['mail.mail_activity_data_todo'])

    def _tell(self, kind, summary, note=False):
        """Tell whoever asked: an activity that stays, and a word on the screen if one is open.

        :param str kind: 'success' or 'danger'
        """
        self.ensure_one()
        # As the person: nobody gets an e-mail about what they asked for themselves.
        own = self.with_user(self.user_id).with_context(lang=self.lang)
        own.sudo().activity_schedule(
            'mail.mail_activity_data_todo', user_id=self.user_id.id, summary=summary,
            note=note or '')
        self.user_id._bus_send('simple_notification', {
            'type': kind, 'title': own.name, 'message': note or summary, 'sticky': True})

    def _set_failed(self, reason):
        """Say why it cannot be printed, and let nobody else wait behind it."""
        self.ensure_one()
        self.write({'state': 'failed', 'reason': reason})
        self._tell('danger', self.with_context(lang=self.lang).env._(
            "The aged balance could not be printed"), reason)
