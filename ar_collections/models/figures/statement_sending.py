import logging

import psycopg2
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import format_amount, format_date

from .statement_run import STATES

_logger = logging.getLogger(__name__)

BATCH_SIZE = 50
REPORT = 'ar_collections.ar_statement_report'
TEMPLATE = 'ar_collections.mail_template_ar_statement'


class ArStatementSending(models.Model):
    """One statement on its way to one customer.

    The row exists before the mail; its state and the mail change in one transaction; *sending* is
    committed before the mail server is called (`ar.mail.guard`). Killed anywhere and started
    again, each statement leaves exactly once or reads "Outcome unknown".
    """
    _name = 'ar.statement.sending'
    _description = "Statement sent to a customer"
    _inherit = ['mail.thread', 'ar.mail.sending']
    _order = 'id desc'
    _rec_name = 'customer_id'
    _check_company_auto = True

    # === FIELDS === #
    run_id = fields.Many2one(
        'ar.statement.run', string="Sending", required=True, index=True, ondelete='cascade',
        readonly=True)
    company_id = fields.Many2one(related='run_id.company_id', store=True, index=True)
    customer_id = fields.Many2one(
        'ar.customer', required=True, index=True, ondelete='cascade', readonly=True)
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Company or person")
    recipient_id = fields.Many2one('res.partner', readonly=True, ondelete='set null')
    state = fields.Selection(STATES, required=True, default='waiting', readonly=True)
    attachment_id = fields.Many2one(
        'ir.attachment', string="Statement", readonly=True, ondelete='set null')
    lang = fields.Char(compute='_compute_words')
    salutation = fields.Char(compute='_compute_words')
    subject = fields.Char(compute='_compute_words')
    summary_html = fields.Html(compute='_compute_words', sanitize=False)
    page_url = fields.Char(compute='_compute_words')
    is_due = fields.Boolean(string="Something is due", compute='_compute_words')

    _run_customer_uniq = models.Constraint(
        'UNIQUE(run_id, customer_id)', "This customer is in this sending already.")
    _state_idx = models.Index("(state, id) WHERE state IN ('waiting', 'queued', 'sending')")

    # === COMPUTES === #

    @api.depends('customer_id', 'run_id')
    def _compute_words(self):
        """Everything the e-mail places, formatted in the language of the recipient."""
        statements = {}
        self.customer_id._ensure_statement_tokens()
        for run, sendings in self.grouped('run_id').items():
            statements.update(sendings.customer_id._read_run_statements(run))
        for sending in self:
            lang = sending.customer_id._get_statement_lang()
            recipient = sending.recipient_id or sending.customer_id._get_statement_recipient()
            local = sending.with_context(lang=lang)
            sending.lang = lang
            sending.page_url = sending.customer_id._get_statement_url()
            sending.salutation = (
                local.env._("Dear Sir or Madam,") if recipient.is_company or not recipient.name
                else local.env._("Dear %s,", recipient.name))
            day = format_date(local.env, sending.run_id.date_to, lang_code=lang)
            sending.subject = local.env._(
                "Statement of account as of %(date)s - %(company)s", date=day,
                company=sending.company_id.name)
            sections = statements.get(sending.customer_id.id, [])
            sending.is_due = any(section['due'] for section in sections)
            sending.summary_html = local._render_summary(sections, lang)

    def _render_summary(self, sections, lang):
        """Return the balance and the amount due of each currency as a small table."""
        def money(amount, currency):
            return format_amount(self.env, amount, currency, lang_code=lang).replace('\ufeff', '')

        rows = [(self.env._("Balance"), self.env._("Due today"))]
        rows += [(money(one['balance'], one['currency']), money(one['due'], one['currency']))
                 for one in sections]
        cells = Markup('').join(
            Markup('<tr>') + Markup('').join(
                Markup('<td style="padding: 4px 24px 4px 0; border-bottom: 1px solid #dddddd;">'
                       '%s</td>') % cell for cell in row) + Markup('</tr>')
            for row in rows)
        notes = Markup('').join(
            Markup('<p>%s</p>') % self.env._(
                "Listed for information, not asked for: %(amount)s, %(why)s.",
                amount=money(amount, one['currency']),
                why=self.env['ar.statement']._get_unasked_text(code))
            for one in sections for code, amount in one['unasked'])
        return Markup('<table style="border-collapse: collapse; font-size: 14px;">%s</table>%s') % (
            cells, notes) if sections else Markup('')

    # === CRUD === #

    def write(self, vals):
        if not self.env.su and not set(vals) <= {'message_follower_ids', 'message_ids'}:
            raise AccessError(self.env._("A statement moves on only through its buttons."))
        return super().write(vals)

    # === STATES === #

    def _set_sent(self):
        """EXTENDS core: the customer's history says so."""
        moved = super()._set_sent()
        moved.customer_id._message_log_batch({
            one.customer_id.id: self.env._(
                "Statement of account as of %(date)s sent to %(name)s.",
                date=format_date(self.env, one.run_id.date_to),
                name=one.recipient_id.display_name)
            for one in moved})
        return moved

    def _set_cancelled(self, reason):
        return self._update_state(('waiting',), 'cancelled', reason=reason)

    # === ACTIONS === #

    def action_retry(self):
        """Prepare again what failed; what is unknown only when a person says so, here."""
        self.check_access('write')
        # sudo: the state has one writer, see `write`.
        again = self.sudo()._update_state(
            ('failed', 'unknown'), 'waiting', reason=False, mail_id=False, retry_count=0)
        if not again:
            raise UserError(self.env._("None of these statements failed."))
        self.env.ref('ar_collections.ir_cron_ar_statement_send').sudo()._trigger()
        return True

    def action_mark_sent(self):
        """The customer has it after all."""
        self.check_access('write')
        self.sudo().filtered(lambda one: one.state == 'unknown')._set_sent()
        return True

    def action_open_document(self):
        """Open the statement as it was sent."""
        self.ensure_one()
        return {'type': 'ir.actions.act_url', 'target': 'new',
                'url': f'/web/content/{self.attachment_id.id}'}

    # === CRON === #

    @api.model
    def _cron_send(self, batch_size=BATCH_SIZE):
        """Scheduled action: prepare what waits. Safe to run twice, in two workers, and to kill."""
        progress = self.env['ir.cron']._commit_progress
        self._recover_lost()
        domain = [('state', '=', 'waiting')]
        progress(remaining=self.search_count(domain))
        queued = False
        while True:
            batch = self.search(domain, limit=batch_size, order='id')
            batch = batch.try_lock_for_update().filtered_domain(domain)
            if not batch:
                break
            batch._queue_batch()
            queued = True
            if not progress(len(batch)):
                break
        if queued:
            self.env.ref('mail.ir_cron_mail_scheduler_action')._trigger()

    def _queue_batch(self):
        """Prepare a batch; when it raises, one by one, so that one customer stops nobody else."""
        ids = self.ids
        try:
            with self.env.cr.savepoint():
                self._queue()
        except psycopg2.OperationalError:
            raise
        except Exception:
            _logger.info("Batch of %s statements failed; preparing them one by one", len(ids))
            for sending in self.browse(ids):
                sending._queue_alone()

    def _queue_alone(self):
        try:
            with self.env.cr.savepoint():
                self._queue()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            _logger.info("Statement %s cannot be prepared: %r", self.id, error)
            self._set_failed(self.env._("It could not be prepared: %s", error))

    def _queue(self):
        """Render the statements and put their mails into Odoo's queue, all in this transaction."""
        for run, sendings in self.grouped('run_id').items():
            statements = sendings.customer_id._read_run_statements(run)
            ready = sendings
            if run.skip_empty:
                full = [key for key, sections in statements.items() if sections]
                empty = sendings.filtered_domain([('customer_id', 'not in', full)])
                empty._set_cancelled(self.env._("Nothing is open on this account."))
                ready -= empty
            for sending in ready:
                sending.recipient_id = sending.customer_id._get_statement_recipient()
            unreachable = ready.filtered(lambda one: not one.recipient_id)
            unreachable._set_failed(self.env._(
                "No e-mail address: print this statement, or give the customer an address."))
            ready -= unreachable
            if ready:
                ready._attach_documents()
                ready._queue_mails()

    def _attach_documents(self):
        """Render all of them as one document and cut it: a call per customer costs a second."""
        contents = self._render_documents()
        Report = self.env['report.ar_collections.report_ar_statement']
        values = []
        for sending, content in zip(self, contents, strict=True):
            is_pdf = content[:4] == b'%PDF'
            local = Report.with_context(lang=sending.lang)
            name = local._get_file_name(sending.customer_id, sending.run_id.date_to)
            values.append({
                'name': f"{name}.{'pdf' if is_pdf else 'html'}", 'raw': content,
                'mimetype': 'application/pdf' if is_pdf else 'text/html',
                'res_model': self._name, 'res_id': sending.id,
            })
        for sending, attachment in zip(
                self, self.env['ir.attachment'].create(values), strict=True):
            sending.attachment_id = attachment

    def _render_documents(self):
        """Return the document of each, in order: list of bytes."""
        Report = self.env['ir.actions.report']
        content = Report._render_qweb_pdf(REPORT, data=self._get_report_data())[0]
        singles = None
        if content[:4] == b'%PDF':
            singles = self.env['ar.letter']._cut_pdf(content, len(self))
        if singles is None:
            singles = [Report._render_qweb_pdf(REPORT, data=one._get_report_data())[0]
                       for one in self]
        # Under test Odoo returns the HTML instead.
        return [one.encode() if isinstance(one, str) else bytes(one) for one in singles]

    def _get_report_data(self):
        return {'customer_ids': self.customer_id.ids, **self.run_id._get_options()}

    def _queue_mails(self):
        self._put_in_queue(self.env.ref(TEMPLATE))
        for sending in self:
            # sudo: as the mail was made.
            sending.mail_id.sudo().attachment_ids = [
                fields.Command.link(sending.attachment_id.id)]
        self._set_queued()

    def _message_receive_bounce(self, email, partner):
        """EXTENDS mail: a statement that came back turns red."""
        result = super()._message_receive_bounce(email, partner)
        self.sudo()._set_failed(self.env._("The e-mail to %s came back.", email))
        return result


class ArStatementRun(models.Model):
    _inherit = 'ar.statement.run'

    def _get_options(self):
        """Return the options of `ar.statement` for this run."""
        self.ensure_one()
        return {'kind': self.kind, 'date_from': self.date_from, 'date_to': self.date_to,
                'branches': self.branches}


class ArCustomer(models.Model):
    _inherit = 'ar.customer'

    def _read_run_statements(self, run):
        """Return the statements of these customers as ``run`` asks for them."""
        # sudo: whether the branches may be read was asked when the run was started.
        return self.env['ar.statement'].sudo()._read_statements(
            self.sudo(), **run._get_options())

    def _absorb(self, other):
        """EXTENDS core: keep what was sent to the account that is merged into this one."""
        # sudo: as the merge itself.
        Sending = self.env['ar.statement.sending'].sudo()
        mine = Sending.search([('customer_id', '=', self.id)]).run_id
        Sending.search([('customer_id', '=', other.id), ('run_id', 'not in', mine.ids)]).write(
            {'customer_id': self.id})
        return super()._absorb(other)


class MailMail(models.Model):
    _inherit = 'mail.mail'

    @api.model
    def _get_ar_guarded_models(self):
        """EXTENDS core."""
        return [*super()._get_ar_guarded_models(), 'ar.statement.sending']
