import math

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL, formatLang
from odoo.tools.misc import format_date

# Lines that fit on one page, and letters in one of them; what is older is summed up.
LINES = 28
LETTERS = 75
INVOICES = 8


class ArLegalCase(models.Model):
    """The story of a case: what was owed, asked, promised, disputed, paid, and done since."""
    _inherit = 'ar.legal.case'

    story_html = fields.Html(
        string="Story", compute='_compute_story_html', sanitize=False, compute_sudo=True)
    file_ids = fields.One2many('ar.case.file', 'case_id', string="Case files", readonly=True)
    payment_ids = fields.One2many(
        'ar.agency.payment', 'case_id', string="Payments at the agency")
    write_off_ids = fields.One2many('ar.write.off', 'case_id', string="Write-offs")
    collected_amount = fields.Monetary(
        string="Collected by others", compute='_compute_collected_amount',
        currency_field='company_currency_id',
        help="Gross, in company currency: what agencies have collected, as booked.")

    @api.depends('payment_ids.state', 'payment_ids.gross_amount')
    def _compute_collected_amount(self):
        for case in self:
            booked = case.payment_ids.filtered(lambda one: one.state == 'booked')
            case.collected_amount = -sum(booked.sudo().line_ids.credit_line_id.mapped('balance'))

    @api.depends('step_ids', 'line_ids.move_line_id.amount_residual')
    def _compute_story_html(self):
        for case in self:
            rows = Markup().join(
                Markup('<tr><td class="text-nowrap pe-3">%s</td><td>%s</td></tr>') % (
                    format_date(self.env, date), text)
                for date, _rank, text in case._get_story()) if case.id else ''
            case.story_html = Markup('<table class="table table-sm">%s</table>') % rows

    # === STORY === #

    def _get_story(self):
        """Return what happened, oldest first, in the language of the context.

        :return: list of (day, rank within the day, text)
        """
        self.ensure_one()
        self.env.flush_all()
        rows = [
            *self._tell_invoices(), *self._tell_payments(), *self._tell_reminders(),
            *self._tell_agreements(), *self._tell_steps()]
        return sorted((row for row in rows if row[0]), key=lambda row: row[:2])

    def _money(self, amount, currency):
        return formatLang(self.env, amount, currency_obj=currency)

    def _tell_invoices(self):
        lines = self.line_ids.sudo()
        if len(lines) > INVOICES:
            dates = [line.invoice_date or line.move_line_id.date for line in lines]
            yield min(dates), 0, self.env._(
                "%(count)s items from %(first)s to %(last)s, see the statement",
                count=len(lines), first=format_date(self.env, min(dates)),
                last=format_date(self.env, max(dates)))
            return
        for line in lines:
            yield line.invoice_date or line.move_line_id.date, 0, self.env._(
                "%(invoice)s of %(amount)s, due on %(due)s", invoice=line.move_id.name,
                amount=self._money(line.move_line_id.amount_currency, line.currency_id),
                due=format_date(self.env, line._get_due_date()))

    def _tell_payments(self):
        """What lowered the items: cash and bank, agencies, and the rest by its own name.

        Not our own transfer to the doubtful account: nothing was paid by it, and what is paid
        there later counts.
        """
        cash = set(self.env['ar.customer'].sudo()._get_cash_journal_ids(self.company_id))
        Journal = self.env['account.journal'].sudo()
        for date, amount, currency_id, journal_id, party_id, invoice, entry in (
                self._read_payments()):
            values = {
                'amount': self._money(float(amount), self.env['res.currency'].browse(currency_id)),
                'invoice': invoice, 'entry': entry}
            if journal_id in cash:
                yield date, 3, self.env._("Payment of %(amount)s on %(invoice)s", **values)
            elif party_id:
                yield date, 3, self.env._(
                    "%(amount)s on %(invoice)s collected by %(party)s", **values,
                    party=self.env['res.partner'].sudo().browse(party_id).name)
            else:
                yield date, 3, self.env._(
                    "%(amount)s of %(invoice)s settled by %(entry)s (%(journal)s)", **values,
                    journal=Journal.browse(journal_id).name)

    def _read_payments(self):
        """Return what was matched with the items of the case, wherever they stand; one query."""
        return self.env.execute_query(SQL(
            """
            SELECT pr.max_date, SUM(pr.debit_amount_currency), l.currency_id, cl.journal_id,
                   agency.party_id, invoice.move_name, cl.move_name
              FROM (%(claims)s) item (origin_id, item_id)
              JOIN account_move_line l ON l.id = item.item_id
              JOIN account_move_line invoice ON invoice.id = item.origin_id
              JOIN account_partial_reconcile pr ON pr.debit_move_id = l.id
              JOIN account_move_line cl ON cl.id = pr.credit_move_id
              JOIN account_move entry ON entry.id = cl.move_id
              LEFT JOIN ar_agency_payment agency ON agency.move_id = cl.move_id
             WHERE (item.origin_id, cl.id) NOT IN (SELECT key, item_id FROM (%(claims)s) own)
               AND COALESCE(entry.reversed_entry_id, 0) NOT IN (
                   SELECT move_id FROM ar_doubtful_transfer WHERE move_id IS NOT NULL)
             GROUP BY pr.max_date, l.currency_id, cl.journal_id, agency.party_id,
                      invoice.move_name, cl.move_name
             ORDER BY pr.max_date, cl.move_name, invoice.move_name
            """, claims=self.env['ar.doubtful.line']._get_claim_query(SQL(
                "SELECT id AS key, id AS item_id FROM account_move_line WHERE id = ANY(%s)",
                self.line_ids.move_line_id.ids))))

    def _tell_reminders(self):
        reminders = self.env['ar.reminder'].sudo().search([
            ('line_ids.move_line_id', 'in', self._get_items().ids),
            ('state', '=', 'sent')], order='sent_date, id')
        channels = dict(reminders._fields['channel']._description_selection(self.env))
        for reminder in reminders:
            yield reminder.sent_date, 1, self.env._(
                "%(level)s sent (%(channel)s), claiming %(amount)s",
                level=reminder.level_id.name, channel=channels.get(reminder.channel, ''),
                amount=self._money(reminder.amount_claimed, reminder.currency_id))

    def _tell_agreements(self):
        items = self._get_items().ids
        promises = self.env['ar.promise'].sudo().search([('line_ids.move_line_id', 'in', items)])
        states = dict(promises._fields['state']._description_selection(self.env))
        for promise in promises:
            yield promise.taken_on, 2, self.env._(
                "Promise of %(amount)s for %(date)s: %(state)s",
                amount=self._money(promise.amount, promise.currency_id),
                date=format_date(self.env, promise.promise_date), state=states[promise.state])
        disputes = self.env['ar.dispute'].sudo().search([('line_ids.move_line_id', 'in', items)])
        states = dict(disputes._fields['state']._description_selection(self.env))
        for dispute in disputes:
            yield dispute.opened_on, 2, self.env._(
                "Dispute of %(amount)s (%(reason)s): %(state)s",
                amount=self._money(dispute.amount, dispute.currency_id),
                reason=dispute.reason_id.name, state=states[dispute.state])
        plans = self.env['ar.payment.plan'].sudo().search([
            ('line_ids.move_line_id', 'in', items), ('state', 'not in', ('draft', 'to_approve'))])
        states = dict(plans._fields['state']._description_selection(self.env))
        for plan in plans:
            values = {
                'amount': self._money(plan.amount, plan.currency_id), 'state': states[plan.state],
                'number': len(plan.instalment_ids)}
            if plan.refused_on:
                yield plan.refused_on, 2, self.env._(
                    "Payment plan over %(amount)s in %(number)s instalments refused by the "
                    "customer", **values)
                continue
            yield plan.started_on or plan.proposed_on, 2, self.env._(
                "Payment plan over %(amount)s in %(number)s instalments, debt acknowledged on "
                "%(day)s: %(state)s", day=format_date(self.env, plan.acknowledged_on), **values,
            ) if plan.acknowledged_on else self.env._(
                "Payment plan over %(amount)s in %(number)s instalments: %(state)s", **values)

    def _tell_steps(self):
        stages = dict(self._fields['stage']._description_selection(self.env))
        for step in self.step_ids.filtered(lambda step: step.kind != 'file').sorted('id'):
            yield step.date, 4, self.env._(
                "%(stage)s: %(text)s", stage=stages[step.stage], text=step.name)

    # === ONE PAGE === #

    def _get_story_document(self):
        """Return the one-page story, in the language of the context."""
        self.ensure_one()
        env, company = self.env, self.company_id.sudo()
        lang = env.lang or 'en_US'
        rows = self._get_story()
        used, dropped = 0, len(rows)
        while dropped and (
                used := used + math.ceil(max(len(rows[dropped - 1][2]), 1) / LETTERS)) <= LINES:
            dropped -= 1
        stages = dict(self._fields['stage']._description_selection(env))
        partner = self.partner_id.sudo()
        lines = self.line_ids.sudo()
        return {
            'lang': lang, 'head': env['ar.letter']._get_head(company, lang),
            'name': self.name, 'date': format_date(env, company._get_ar_today()),
            'debtor': env['ar.letter']._get_address_lines(partner, company),
            'ids': [value for value in (partner.vat, partner.company_registry) if value],
            'contact': [value for value in (partner.phone, partner.email) if value],
            'opened': format_date(env, self.opened_on), 'stage': stages[self.stage],
            'owed': self.amounts_text or self._money(0, self.company_currency_id),
            'items': [
                (line.move_id.name, format_date(env, line._get_due_date()),
                 self._money(line.move_line_id.amount_currency, line.currency_id),
                 self._money(line.residual, line.currency_id)) for line in lines[:INVOICES]],
            'more_items': max(len(lines) - INVOICES, 0),
            'costs': [
                (cost.name, format_date(env, cost.date),
                 self._money(cost.amount, cost.currency_id))
                for cost in self.cost_ids if cost.recoverable],
            'disputed': bool(env['ar.dispute'].sudo().search_count([
                ('line_ids.move_line_id', 'in', self._get_items().ids),
                ('state', '=', 'open')], limit=1)),
            'dropped': dropped,
            'rows': [(format_date(env, date), text) for date, _rank, text in rows[dropped:]],
        }

    # === ACTIONS === #

    def action_case_file(self):
        """Make the case file; a small one is downloaded at once."""
        self.ensure_one()
        self.check_access('write')
        file = self.env['ar.case.file']._start(self)
        if file.state == 'done':
            return file.action_download()
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
                'type': 'info', 'message': self.env._(
                    "%s documents are being put together. The file is offered on the case when "
                    "it is ready.", file.document_count),
                'next': {'type': 'ir.actions.act_window_close'}}}

    def action_write_off(self):
        """Open a write-off of what the case still owes."""
        self.ensure_one()
        return self.customer_id._get_write_off_action(
            self._get_items().filtered(lambda item: not item.reconciled), case=self)

    def action_doubtful(self):
        """Propose the transfer of the items to the doubtful account."""
        self.ensure_one()
        Transfer = self.env['ar.doubtful.transfer']
        Transfer.check_access('create')
        Transfer._check_decider()
        transfer = Transfer._transfer_to_doubtful(
            self.line_ids.move_line_id, self.env._("Legal case %s", self.name))
        if not transfer:
            return {
                'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
                    'type': 'warning', 'message': self.env._(
                        "Nothing is left to move: the items are paid, or on the doubtful account "
                        "already.")}}
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.doubtful.transfer',
            'res_id': transfer.id, 'view_mode': 'form', 'views': [(False, 'form')],
        }

    def action_new_payment(self):
        """Open the form of a payment that the agency has received."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.agency.payment',
            'view_mode': 'form', 'views': [(False, 'form')], 'target': 'current',
            'name': self.env._("Payment at the agency"),
            'context': {'default_case_id': self.id},
        }


class ReportCaseStory(models.AbstractModel):
    _name = 'report.ar_collections.report_ar_case_story'
    _description = "Story of a legal case"

    @api.model
    def _get_report_values(self, docids, data=None):
        return self.env['ar.letter']._get_values('ar.legal.case', docids, '_get_story_document')
