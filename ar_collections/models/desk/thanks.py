from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_amount

STATES = [
    ('queued', "In the mail queue"), ('sending', "Sending"), ('sent', "Sent"),
    ('failed', "Failed"), ('unknown', "Outcome unknown"), ('cancelled', "Cancelled"),
]
# Older payments are no news: who switches the option on thanks nobody for last year.
THANK_DAYS = 7
TEMPLATE = 'ar_collections.mail_template_ar_thanks'


class ResCompany(models.Model):
    _inherit = 'res.company'

    ar_thanks = fields.Boolean(
        string="Thank after payment",
        help="When a payment settles everything overdue after a broken promise or the last level.")


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_thanks = fields.Boolean(related='company_id.ar_thanks', readonly=False)


class ArDunningPolicy(models.Model):
    """EXTENDS dunning."""
    _inherit = 'ar.dunning.policy'

    thanks = fields.Selection(
        [('company', "As the company"), ('yes', "Yes"), ('no', "No")],
        string="Thank after payment", required=True, default='company',
        help="When a payment settles everything overdue after a broken promise or the last level.")


class ArThanks(models.Model):
    """A thank-you for one payment that settled what had become serious. Once per payment.

    The row with its unique key and its mail are written together; *sending* is committed before
    the mail server is called (`ar.mail.guard`).
    """
    _name = 'ar.thanks'
    _description = "Thank-you after a payment"
    _inherit = ['ar.reply.source', 'mail.thread', 'ar.mail.sending']
    _order = 'id desc'
    _rec_name = 'customer_id'
    _check_company_auto = True

    key = fields.Char(
        required=True, readonly=True,
        help="The payment, its customer and its currency: unique.")
    customer_id = fields.Many2one(
        'ar.customer', required=True, readonly=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Company or person")
    payment_line_id = fields.Many2one(
        'account.move.line', string="Payment", readonly=True, ondelete='set null')
    currency_id = fields.Many2one('res.currency', readonly=True)
    amount = fields.Monetary(
        readonly=True, aggregator=None, help="Amount received, in the currency of the payment.")
    cause = fields.Selection(
        [('promise', "After a broken promise"), ('reminder', "After the last reminder")],
        required=True, readonly=True)
    recipient_id = fields.Many2one('res.partner', readonly=True, ondelete='set null')
    collector_id = fields.Many2one(related='customer_id.collector_id')
    state = fields.Selection(STATES, required=True, default='queued', readonly=True)
    lang = fields.Char(compute='_compute_words')
    salutation = fields.Char(compute='_compute_words')
    amount_text = fields.Char(
        string="Amount in words of the recipient", compute='_compute_words')
    signature_html = fields.Html(
        string="Signature", compute='_compute_words', sanitize=False)

    _key_uniq = models.Constraint('UNIQUE(key)', "This payment has been thanked for already.")

    @api.depends('customer_id', 'recipient_id', 'amount')
    def _compute_words(self):
        """What the e-mail places, in the language of the recipient."""
        for thanks in self:
            customer, recipient = thanks.customer_id, thanks.recipient_id
            lang = customer._get_statement_lang()
            env = thanks.with_context(lang=lang).env
            thanks.lang = lang
            thanks.salutation = (
                env._("Dear Sir or Madam,") if recipient.is_company or not recipient.name
                else env._("Dear %s,", recipient.name))
            thanks.amount_text = format_amount(
                env, thanks.amount, thanks.currency_id, lang_code=lang).replace('\ufeff', '')
            # sudo: the name of the sender is meant for the customer.
            names = [customer.collector_id.sudo().name, thanks.company_id.sudo().name]
            thanks.signature_html = Markup('<p>%s</p>') % Markup('<br/>').join(
                name for name in names if name)

    def write(self, vals):
        if not self.env.su and not set(vals) <= {'message_follower_ids', 'message_ids'}:
            raise AccessError(self.env._("A thank-you moves on by itself."))
        return super().write(vals)

    # === ACTIONS === #

    def action_view_payment(self):
        """Open the entry of the payment that was thanked for."""
        self.ensure_one()
        self.check_access('read')
        move = self.payment_line_id.move_id
        if not move:
            raise UserError(self.env._(
                "The entry of this payment was deleted. Look for it in the bank journal."))
        return {
            'type': 'ir.actions.act_window', 'res_model': 'account.move', 'res_id': move.id,
            'view_mode': 'form', 'views': [(False, 'form')],
        }

    # === STATES === #

    def _set_sent(self):
        """EXTENDS core: the customer's history says so."""
        moved = super()._set_sent()
        moved.customer_id._message_log_batch({
            one.customer_id.id: self.env._("Thank-you for the payment of %s sent.", format_amount(
                self.env, one.amount, one.currency_id)) for one in moved})
        return moved

    def _get_outdated_claims(self):
        """EXTENDS mail guard: a payment that was undone meanwhile is not thanked for."""
        return self.filtered(lambda one: one.state == 'queued' and (
            one.payment_line_id.parent_state != 'posted'
            or not one.payment_line_id.matched_debit_ids))

    def _withdraw_mails(self):
        """EXTENDS mail guard."""
        self.mail_id.write({'state': 'cancel'})
        self._update_state(('queued',), 'cancelled', reason=self.env._(
            "The payment was undone before the message left."))

    # === CRON === #

    @api.model
    def _cron_thank(self):
        """Scheduled action: thank for what came in. Safe to run twice, and to kill."""
        self._recover_lost()
        wanted = self.env['ar.dunning.policy'].search_count([('thanks', '=', 'yes')], limit=1)
        companies = self.env['res.company'].search(fields.Domain.TRUE).filtered(
            lambda company: company.ar_thanks or wanted)
        self.env['ir.cron']._ar_work_through(
            companies, lambda company: self.with_company(company)._thank(company))

    @api.model
    def _thank(self, company):
        """Create the rows of the payments of the last days that deserve one, with their mails.

        :return: `ar.thanks` records created
        """
        self.env.flush_all()
        rows = self.env.execute_query_dict(self._get_payments_query(company))
        created = self.browse()
        done = set()
        for row in rows:
            # Several payments on one day get one thank-you.
            again = row['customer_id'] in done
            done.add(row['customer_id'])
            customer = self.env['ar.customer'].browse(row['customer_id'])
            recipient = customer._get_statement_recipient()
            state, reason = 'queued', False
            if again:
                state, reason = 'cancelled', self.env._("Thanked for together with another one.")
            elif not recipient:
                state, reason = 'failed', self.env._("No e-mail address.")
            created |= self.create({
                'key': row['key'], 'customer_id': customer.id,
                'payment_line_id': row['line_id'], 'currency_id': row['currency_id'],
                'amount': row['amount'], 'cause': row['cause'], 'recipient_id': recipient.id,
                'state': state, 'reason': reason})
        created.filtered(lambda one: one.state == 'queued')._queue_mails()
        return created

    @api.model
    def _get_payments_query(self, company):
        """Return the query of payments to thank for, the latest first.

        One row per entry, customer and currency: a deposit may hold the cheques of several.

        A receipt in cash or bank of the last days that settles in full an item that stood in a
        broken promise, or had got the last level of its policy, when the customer has nothing
        overdue any more and the policy (else the company) wishes it.
        """
        today = company._get_ar_today()
        return SQL(
            """
            WITH policy AS MATERIALIZED (%(policy)s),
            last_level AS (
                SELECT DISTINCT ON (policy_id) id, policy_id FROM ar_dunning_level
                 ORDER BY policy_id, offset_days DESC
            ), part AS (
                SELECT cl.id, cl.move_id, p.commercial_partner_id AS partner_id,
                       cl.currency_id, cl.amount_currency, cl.date,
                       bool_or(EXISTS (
                           SELECT 1 FROM ar_promise_line line
                            WHERE line.move_line_id = l.id AND line.state = 'broken')) AS broken,
                       bool_or(EXISTS (
                           SELECT 1 FROM ar_reminder_line line
                             JOIN last_level ON last_level.id = line.level_id
                            WHERE line.move_id = l.move_id AND line.move_line_id = l.id
                              AND line.kind = 'step' AND line.state = 'sent')) AS reminded
                  FROM account_move_line cl
                  JOIN account_partial_reconcile pr ON pr.credit_move_id = cl.id
                  JOIN account_move_line l ON l.id = pr.debit_move_id AND l.reconciled
                  JOIN res_partner p ON p.id = cl.partner_id
                 WHERE cl.account_id = ANY(%(accounts)s) AND cl.parent_state = 'posted'
                   AND cl.company_id = %(company)s AND cl.date >= %(since)s
                   AND cl.journal_id = ANY(%(journals)s)
                 GROUP BY cl.id, p.commercial_partner_id
            ), receipt AS (
                SELECT move_id, partner_id, currency_id, MIN(id) AS line_id, MAX(date) AS date,
                       -SUM(amount_currency) AS amount, bool_or(broken) AS broken,
                       bool_or(reminded) AS reminded
                  FROM part GROUP BY move_id, partner_id, currency_id
            )
            SELECT c.id AS customer_id, receipt.line_id, receipt.currency_id, %(key)s AS key,
                   receipt.amount, CASE WHEN receipt.broken THEN 'promise' ELSE 'reminder' END
                       AS cause
              FROM receipt
              JOIN ar_customer c ON c.partner_id = receipt.partner_id
                   AND c.company_id = %(company)s
              LEFT JOIN policy ON policy.customer_id = c.id
              LEFT JOIN ar_dunning_policy chosen ON chosen.id = policy.policy_id
             WHERE (receipt.broken OR receipt.reminded)
               AND CASE COALESCE(chosen.thanks, 'company')
                        WHEN 'company' THEN %(wish)s ELSE chosen.thanks = 'yes' END
               AND NOT EXISTS (SELECT 1 FROM ar_thanks thanks
                                WHERE thanks.key = %(key)s)
               AND NOT EXISTS (
                   SELECT 1 FROM account_move_line due
                     JOIN res_partner owner ON owner.id = due.partner_id
                    WHERE due.account_id = ANY(%(accounts)s) AND due.reconciled IS NOT TRUE
                      AND due.parent_state = 'posted' AND due.company_id = %(company)s
                      AND owner.commercial_partner_id = receipt.partner_id
                      AND due.amount_residual > 0
                      AND COALESCE(due.date_maturity, due.date) < %(today)s)
             ORDER BY receipt.date DESC, receipt.line_id DESC
            """,
            key=SQL("concat_ws(':', 'payment', receipt.move_id, c.id, receipt.currency_id)"),
            policy=self.env['ar.dunning.rule']._get_policy_query(company),
            accounts=company._get_ar_account_ids(), company=company.id, today=today,
            since=fields.Date.subtract(today, days=THANK_DAYS), wish=bool(company.ar_thanks),
            journals=self.env['ar.customer']._get_cash_journal_ids(company))

    def _queue_mails(self):
        """Put the mails into Odoo's queue, in this transaction."""
        if not self:
            return
        self._put_in_queue(self.env.ref(TEMPLATE))
        self._set_reply_to()
        # sudo: nobody but administrators touches scheduled actions.
        self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()

    def _message_receive_bounce(self, email, partner):
        """EXTENDS mail: it came back."""
        result = super()._message_receive_bounce(email, partner)
        self.sudo()._set_failed(self.env._("The e-mail to %s came back.", email))
        return result


class MailMail(models.Model):
    _inherit = 'mail.mail'

    @api.model
    def _get_ar_guarded_models(self):
        """EXTENDS core."""
        return [*super()._get_ar_guarded_models(), 'ar.thanks']
