import hashlib

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from .thanks import STATES

TEMPLATE = 'ar_collections.mail_template_ar_answer'
# Why reminders leave an item out that silences an answer, too: these speak to a person.
SILENT = ('stopped', 'insolvency', 'legal')


class ResCompany(models.Model):
    _inherit = 'res.company'

    ar_answer_mail = fields.Boolean(
        string="Answers by e-mail too", default=True,
        help="What is answered to a request, a proposal or a dispute stands on the customer's "
             "pages; the dialogue of the answer proposes to send it by e-mail, too.")


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_answer_mail = fields.Boolean(related='company_id.ar_answer_mail', readonly=False)


class ArAnswer(models.Model):
    """The e-mail that brings a customer our answer: not what was asked for, and why.

    The row with its unique key and its mail are written together; *sending* is committed before
    the mail server is called (`ar.mail.guard`). The same words about the same matter leave once.
    """
    _name = 'ar.answer'
    _description = "Answer to a customer by e-mail"
    _inherit = ['ar.reply.source', 'mail.thread', 'ar.mail.sending']
    _order = 'id desc'
    _rec_name = 'customer_id'
    _check_company_auto = True

    key = fields.Char(required=True, readonly=True, help="The matter and the words: unique.")
    customer_id = fields.Many2one(
        'ar.customer', required=True, readonly=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Company or person")
    collector_id = fields.Many2one(related='customer_id.collector_id')
    act_id = fields.Many2one(
        'ar.portal.act', string="Asked on the pages", readonly=True, ondelete='cascade',
        index='btree_not_null')
    dispute_id = fields.Many2one(
        'ar.dispute', readonly=True, ondelete='cascade', index='btree_not_null')
    answer = fields.Text(string="Our answer to the customer", required=True, readonly=True)
    user_id = fields.Many2one('res.users', string="Answered by", readonly=True)
    recipient_id = fields.Many2one('res.partner', readonly=True, ondelete='set null')
    state = fields.Selection(STATES, required=True, default='queued', readonly=True)
    lang = fields.Char(compute='_compute_words')
    salutation = fields.Char(compute='_compute_words')
    subject = fields.Char(compute='_compute_words')
    asked = fields.Char(compute='_compute_words')
    answer_html = fields.Html(compute='_compute_words', sanitize=False)
    signature_html = fields.Html(
        string="Signature", compute='_compute_words', sanitize=False)

    _key_uniq = models.Constraint('UNIQUE(key)', "This answer has been sent already.")

    @api.depends('customer_id', 'recipient_id', 'act_id', 'dispute_id', 'answer')
    def _compute_words(self):
        """What the e-mail places, in the language of the recipient."""
        for answer in self:
            customer, recipient = answer.customer_id, answer.recipient_id
            lang = recipient.lang or customer._get_statement_lang()
            env = answer.with_context(lang=lang).env
            answer.lang = lang
            answer.salutation = (
                env._("Dear Sir or Madam,") if recipient.is_company or not recipient.name
                else env._("Dear %s,", recipient.name))
            answer.subject, answer.asked = answer._get_matter(env, lang)
            answer.answer_html = Markup('<br/>').join((answer.answer or '').splitlines())
            # sudo: the name of the sender is meant for the customer.
            names = [answer.user_id.sudo().name, answer.company_id.sudo().name]
            answer.signature_html = Markup('<p>%s</p>') % Markup('<br/>').join(
                name for name in names if name)

    def _get_matter(self, env, lang):
        """Return (subject, what it is about as a sentence)."""
        self.ensure_one()
        act, dispute = self.act_id, self.dispute_id
        documents = ", ".join(
            name for name in (dispute.line_ids or act.move_line_ids).move_id.mapped('name') if name)
        day = format_date(env, dispute.opened_on or act.done_on, lang_code=lang)
        if dispute:
            return env._("Our answer to your dispute %s", dispute.name), env._(
                "You disputed %(documents)s (%(reason)s). We have looked into it.",
                documents=documents, reason=dispute.reason_id.with_context(lang=lang).name)
        if act.kind == 'instalments':
            return env._("Our answer to your proposal of %s", day), env._(
                "You proposed to pay %(documents)s in %(count)s instalments. We cannot agree to "
                "it as it stands.", documents=documents, count=act.instalment_count)
        return env._("Our answer to your request of %s", day), env._(
            "You asked us for a copy: %s.", documents)

    def write(self, vals):
        if not self.env.su and not set(vals) <= {'message_follower_ids', 'message_ids'}:
            raise AccessError(self.env._("An answer moves on only through its buttons."))
        return super().write(vals)

    # === WRITING === #

    @api.model
    def _answer(self, records):
        """Write the e-mails of what was answered, with their mails; nothing twice.

        :param records: `ar.portal.act` or `ar.dispute`, answered; the right was checked
        :return: `ar.answer` that are new, or leave after all
        """
        # sudo: rows are written here only.
        Answer, records = self.sudo(), records.sudo()
        written = Answer.browse()
        keys = {record: self._make_key(record) for record in records
                if (record.answer or '').strip()}
        rows = {row.key: row for row in Answer.search([('key', 'in', list(keys.values()))])}
        obstacles = records._get_answer_obstacles()
        for record, key in keys.items():
            known = rows.get(key, Answer)
            # What was withdrawn has never left, and may now.
            if known and known.state != 'cancelled':
                continue
            recipient = record._get_answer_recipient()
            state, reason = 'queued', False
            if record.id in obstacles:
                state, reason = 'cancelled', obstacles[record.id]
            elif not recipient:
                state, reason = 'failed', self.env._("No e-mail address.")
            vals = {
                'user_id': self.env.uid, 'recipient_id': recipient.id, 'state': state,
                'reason': reason, 'mail_id': False}
            if known:
                known.write(vals)
            else:
                known = Answer.create({
                    **vals, 'key': key, 'customer_id': record.customer_id.id,
                    'answer': record.answer.strip(),
                    'act_id' if record._name == 'ar.portal.act' else 'dispute_id': record.id})
            written |= known
        written.filtered(lambda one: one.state == 'failed')._ask_to_tell()
        written.filtered(lambda one: one.state == 'queued')._queue_mails()
        return written

    @staticmethod
    def _make_key(record):
        """Return the unique key of an answer: its matter and its words."""
        digest = hashlib.sha256(record.answer.strip().encode()).hexdigest()[:16]
        return f'{record._name}:{record.id}:{digest}'

    @api.model
    def _get_hint(self, records):
        """Return to whom answers would go, or why not, for the dialogue that asks."""
        texts = []
        # sudo: as `_answer`, which would send them.
        records = records._origin.sudo()
        obstacles = records._get_answer_obstacles()
        for record in records:
            recipient = record._get_answer_recipient()
            obstacle = obstacles.get(record.id) or (
                not recipient and self.env._("No e-mail address."))
            texts.append(self.env._(
                "%(customer)s gets none: %(reason)s", reason=obstacle,
                customer=record.customer_id.display_name) if obstacle
                else recipient.email_formatted)
        return ", ".join(dict.fromkeys(texts))

    def _queue_mails(self):
        """Put the mails into Odoo's queue, in this transaction."""
        if not self:
            return
        self._put_in_queue(self.env.ref(TEMPLATE))
        self._set_reply_to()
        # sudo: nobody but administrators touches scheduled actions.
        self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()

    # === STATES === #

    def _set_sent(self):
        """EXTENDS core: the customer's history says so."""
        moved = super()._set_sent()
        for one in moved:
            one.customer_id._message_log(body=self.env._(
                "Our answer was sent to %(name)s: %(answer)s",
                name=one.recipient_id.display_name, answer=one.answer))
        return moved

    def _set_failed(self, reason):
        """EXTENDS core: whoever answered hears that the customer has not read it."""
        moved = super()._set_failed(reason)
        moved._ask_to_tell()
        return moved

    def _set_unknown(self, reason):
        """EXTENDS core."""
        moved = super()._set_unknown(reason)
        moved._ask_to_tell()
        return moved

    def _ask_to_tell(self):
        for one in self:
            user = one.user_id or one.company_id._get_ar_responsible()
            theirs = one.with_context(lang=user.lang).env
            (one.act_id or one.dispute_id).activity_schedule(
                'mail.mail_activity_data_call', user_id=user.id,
                date_deadline=one.company_id._get_ar_today(), summary=theirs._(
                    "Tell %(customer)s our answer: the e-mail may not have arrived",
                    customer=one.customer_id.display_name), note=one.reason)

    def _get_outdated_claims(self):
        """EXTENDS mail guard: a dispute that was opened again has no answer yet; a stop came."""
        queued = self.filtered(lambda one: one.state == 'queued')
        acts = queued.act_id._get_answer_obstacles()
        disputes = queued.dispute_id._get_answer_obstacles()
        return queued.filtered(lambda one: (
            one.dispute_id.state == 'open' or one.act_id.id in acts
            or one.dispute_id.id in disputes))

    def _withdraw_mails(self):
        """EXTENDS mail guard."""
        self.mail_id.write({'state': 'cancel'})
        self._update_state(('queued',), 'cancelled', reason=self.env._(
            "Things changed before the message left: the dispute was opened again, or nothing may "
            "be sent to the customer any more."))

    def action_retry(self):
        """Send again what failed; what is unknown only when a person says so, here."""
        self.check_access('read')
        self.customer_id.check_access('write')
        # sudo: the state has one writer, see `write`.
        again = self.sudo().filtered(lambda one: one.state in ('failed', 'unknown'))
        if not again:
            raise UserError(self.env._("None of these answers failed."))
        for one in again:
            one.recipient_id = (one.act_id or one.dispute_id)._get_answer_recipient()
            if not one.recipient_id:
                raise UserError(self.env._(
                    "%s has no e-mail address: give the customer one first.",
                    one.customer_id.display_name))
        # The old mail stays where it is, and leaves no more.
        again.mail_id.filtered(lambda mail: mail.state != 'sent').write({'state': 'cancel'})
        again._update_state(
            ('failed', 'unknown'), 'queued', reason=False, mail_id=False, retry_count=0)
        again._queue_mails()
        return True

    def action_open_matter(self):
        """Open the act or the dispute that was answered."""
        self.ensure_one()
        record = self.act_id or self.dispute_id
        return {
            'type': 'ir.actions.act_window', 'res_model': record._name, 'res_id': record.id,
            'view_mode': 'form', 'views': [(False, 'form')],
        }

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
        return [*super()._get_ar_guarded_models(), 'ar.answer']


class ArAnswered(models.AbstractModel):
    """A record of a customer whose answer may leave by e-mail."""
    _name = 'ar.answered'
    _description = "Matter that is answered by e-mail"

    answer_mail_state = fields.Selection(
        STATES, string="Answer by e-mail", compute='_compute_answer_mail_state')

    @api.depends('answer_mail_ids.state')
    def _compute_answer_mail_state(self):
        for record in self:
            record.answer_mail_state = record.answer_mail_ids[:1].state

    def action_view_answer_mails(self):
        """Open the e-mails that brought our answer."""
        action = self.env['ir.actions.act_window']._for_xml_id('ar_collections.ar_answer_action')
        action['domain'] = [('id', 'in', self.answer_mail_ids.ids)]
        return action

    def _get_answer_items(self):
        """Hook: return the `account.move.line` that the answer is about."""
        raise NotImplementedError(f"{self._name} does not say what its answer is about")

    def _get_answer_recipient(self):
        """Return who asked, when it is a contact of the customer; else who gets the reminders."""
        self.ensure_one()
        customer = self.customer_id
        contact = self.contact_id.filtered(
            lambda one: one.active and one.email_normalized
            and one.commercial_partner_id == customer.partner_id)
        return contact or customer._get_statement_recipient()

    def _get_answer_obstacles(self):
        """Return {id: why nothing may be sent to the customer, in words} of those that have one.

        The reasons of dunning that speak of the customer, not of the amount: one query for each
        company.
        """
        labels = dict(self.env['ar.dunning.skip']._fields['reason']._description_selection(
            self.env))
        self.env.flush_all()
        obstacles = {}
        for company, records in self.grouped('company_id').items():
            reasons = [(code, condition) for code, condition in self.env[
                'ar.dunning.engine'].sudo()._get_item_exclusions(
                    company, company._get_ar_today()) if code in SILENT]
            items = [(record.id, item_id) for record in records
                     for item_id in record._get_answer_items().ids]
            for record_id, *found in self.env.execute_query(SQL(
                    """
                    SELECT matter.id, %(found)s
                      FROM unnest(%(ids)s, %(customers)s) matter (id, customer_id)
                      JOIN ar_customer c ON c.id = matter.customer_id
                      JOIN res_partner p ON p.id = c.partner_id
                      LEFT JOIN unnest(%(matters)s::int[], %(items)s::int[])
                                matter_item (matter_id, item_id)
                             ON matter_item.matter_id = matter.id
                      LEFT JOIN account_move_line l ON l.id = matter_item.item_id
                      LEFT JOIN account_move m ON m.id = l.move_id
                     GROUP BY matter.id
                    """,
                    found=SQL(", ").join(
                        SQL("bool_or(%s)", condition) for _code, condition in reasons),
                    ids=records.ids, customers=[record.customer_id.id for record in records],
                    matters=[matter for matter, _item in items],
                    items=[item for _matter, item in items])):
                for (code, _condition), is_so in zip(reasons, found, strict=True):
                    if is_so:
                        obstacles.setdefault(record_id, labels[code])
        return obstacles


class ArPortalAct(models.Model):
    _name = 'ar.portal.act'
    _inherit = ['ar.portal.act', 'ar.answered']

    answer_mail_ids = fields.One2many('ar.answer', 'act_id')

    def _get_answer_items(self):
        """EXTENDS desk."""
        return self.move_line_ids


class ArDispute(models.Model):
    _name = 'ar.dispute'
    _inherit = ['ar.dispute', 'ar.answered']

    answer_mail_ids = fields.One2many('ar.answer', 'dispute_id')

    def _get_answer_items(self):
        """EXTENDS desk."""
        return self.line_ids.move_line_id
