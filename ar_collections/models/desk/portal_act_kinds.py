import math

from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command, Date
from odoo.tools import email_normalize, format_date, formatLang

from ...tools.form_values import read_number
from ...tools.uploads import UploadError, check_upload
from .portal_act_answer import EXPLAINED

MAX_TEXT = 4000
MAX_FILES = 3
MAX_BYTES = 5 * 1024 * 1024
# A request for a copy, or a promise, stops the ladder for an item once; again, it goes on.
WAIT_AGAIN_DAYS = 90


class ArPortalAct(models.Model):
    """What each form of the pages does. The visitor is a stranger: every value is checked."""
    _inherit = 'ar.portal.act'

    # === PROMISE === #

    def _do_promise(self, values):
        """Note a promise to pay.

        :param dict values: 'items', 'date' (ISO), 'amount' (text, in the items' currency), 'note'
        """
        items = self._take_items(values)
        company = self.company_id
        today = company._get_ar_today()
        last = today + relativedelta(days=company.ar_door_promise_days)
        date = self._take_date(values.get('date'), today, last)
        owed = self.currency_id.round(sum(items.mapped('amount_residual_currency')))
        amount = self._take_amount(values.get('amount'), owed)
        self._refuse_taken(items, 'ar.promise.line', self.env._(
            "One of these items is promised already. Choose the others, or tell us by e-mail "
            "that the date has changed."))
        self._refuse_promised_before(items)
        house = self._with_house_lang()
        promise = house.env['ar.promise'].create({
            'customer_id': self.customer_id.id, 'currency_id': self.currency_id.id,
            'taken_on': today, 'promise_date': date, 'amount': amount, 'channel': 'portal',
            'contact_id': self.contact_id.id, 'note': self._take_text(values),
            'user_id': house._get_house_user().id,
            'line_ids': [Command.create({'move_line_id': item.id}) for item in items],
        })
        self.write({'promise_id': promise.id, 'amount': amount, 'note': promise.note})

    def _refuse_promised_before(self, items):
        """Refuse items that were promised here not long ago, kept or not.

        Whoever promises a cent and pays it would else keep the ladder away for ever.
        """
        if self.env['ar.promise.line'].search_count([
                ('move_line_id', 'in', items.ids), ('state', 'in', ('kept', 'broken')),
                ('promise_id.channel', '=', 'portal'), ('promise_id.taken_on', '>', Date.subtract(
                    self.done_on, days=WAIT_AGAIN_DAYS))], limit=1):
            raise UserError(self.env._(
                "One of these items was promised here before. Choose the others, or reply to our "
                "last message."))

    # === DISPUTE === #

    def _do_dispute(self, values):
        """Note a dispute with its photos.

        :param dict values: 'items', 'reason' (id), 'note', 'amount' (only for one item; empty:
            the whole of each), 'files' as list of (name, bytes)
        """
        items = self._take_items(values)
        reason = self._get_door_reasons().filtered(
            lambda one: str(one.id) == str(values.get('reason')))
        text = self._take_text(values)
        if not reason:
            raise UserError(self.env._("Please say what is wrong: choose a reason."))
        if not text:
            raise UserError(self.env._("Please describe in a few words what is wrong."))
        files = self._take_files(values.get('files') or [])
        self._refuse_taken(items, 'ar.dispute.line', self.env._(
            "We are already looking into one of these items. Reply to our last message to add "
            "something."))
        part = {}
        if len(items) == 1 and (values.get('amount') or '').strip():
            part['amount'] = self._take_amount(
                values['amount'], items.amount_residual_currency)
        house = self._with_house_lang()
        owner = reason.owner_id or self.collector_id or self.company_id._get_ar_responsible()
        dispute = house.env['ar.dispute'].create({
            'customer_id': self.customer_id.id, 'currency_id': self.currency_id.id,
            'reason_id': reason.id, 'owner_id': owner.id, 'description': text,
            'contact_id': self.contact_id.id, 'opened_on': self.done_on,
            'user_id': house._get_house_user().id,
            'line_ids': [Command.create({'move_line_id': item.id, **part}) for item in items],
        })
        self.write({'dispute_id': dispute.id, 'amount': dispute.amount, 'note': text})
        self._attach(dispute, files)

    def _get_door_reasons(self):
        """Return the reasons a customer may choose from."""
        return self.customer_id._get_door_reasons().with_context(lang=self.env.lang)

    def _take_files(self, files):
        """Return [(safe name, media type, bytes)].

        :raise UserError: too many, too large, or no photo or PDF
        """
        files = [(name, content) for name, content in files if name or content]
        if len(files) > MAX_FILES:
            raise UserError(self.env._("Please send %s files at most.", MAX_FILES))
        checked = []
        for name, content in files:
            try:
                safe, mimetype = check_upload(name, content, MAX_BYTES)
            except UploadError as error:
                raise UserError(self._get_upload_text(error)) from error
            checked.append((safe, mimetype, content))
        return checked

    def _get_upload_text(self, error):
        if error.code == 'size':
            return self.env._(
                "%(name)s is too large: %(size)s MB at most. A photo at normal resolution is "
                "enough.", name=error.name, size=MAX_BYTES // 1024 // 1024)
        if error.code == 'broken':
            return self.env._("%s cannot be opened. Please take the photo again.", error.name)
        return self.env._("%s is no photo and no PDF. Send JPEG, PNG, WebP or PDF.", error.name)

    def _attach(self, record, files):
        """Keep the files with a note on the record; the collector finds them there."""
        if not files:
            return
        attachments = self.env['ir.attachment'].create([{
            'name': name, 'mimetype': mimetype, 'raw': content,
            'res_model': record._name, 'res_id': record.id,
        } for name, mimetype, content in files])
        self.attachment_ids = attachments
        record.message_post(
            body=self._with_house_lang().env._("Sent by the customer with the dispute."),
            attachment_ids=attachments.ids, subtype_xmlid='mail.mt_note')

    # === COPY === #

    def _do_copy(self, values):
        """Ask for a copy: of the invoice, or of what proves it.

        :param dict values: 'items', 'note' (what is wanted)
        """
        items = self._take_items(values)
        self.write({'state': 'new', 'note': self._take_text(values)})
        self._wait_for_answer(items)
        house = self._with_house_lang()
        house._tell(house.env._(
            "Copy wanted: %s", ", ".join(item.move_id.name or '' for item in items)), self.note)
        self._log_on_customer(house.env._(
            "Copy wanted on the customer's page: %(items)s. %(note)s",
            items=", ".join(item.move_id.name or '' for item in items), note=self.note or ''))

    def _wait_for_answer(self, items):
        """Suspend the ladder for these items until we have answered, once in a while only."""
        earlier = self.search([
            ('customer_id', '=', self.customer_id.id),
            ('kind', 'in', EXPLAINED if self.kind in EXPLAINED else [self.kind]),
            ('wait_until', '!=', False), ('move_line_ids', 'in', items.ids),
            ('done_on', '>', Date.subtract(self.done_on, days=WAIT_AGAIN_DAYS))], limit=1)
        days = self.company_id.ar_door_wait_days
        if days and not earlier:
            self.wait_until = Date.add(self.done_on, days=days)

    # === INSTALMENTS === #

    def _do_instalments(self, values):
        """Propose to pay in instalments, within the limits of the settings.

        :param dict values: 'items', 'count', 'date' of the first one (ISO), 'note'
        """
        items = self._take_items(values)
        company, today = self.company_id, self.company_id._get_ar_today()
        total = self.currency_id.round(sum(items.mapped('amount_residual_currency')))
        count = read_number(values.get('count')) or 0
        if not 2 <= count <= company.ar_door_plan_count:
            raise UserError(self.env._(
                "Please propose 2 to %s instalments.", company.ar_door_plan_count))
        limit = self.customer_id._get_door_plan_limit(self.currency_id)
        if limit and self.currency_id.compare_amounts(total, limit) > 0:
            raise UserError(self.env._(
                "Instalments can be proposed here up to %s. Choose fewer items, or call us: we "
                "will find a way.", formatLang(self.env, limit, currency_obj=self.currency_id)))
        date = self._take_date(values.get('date'), today, today + relativedelta(
            days=company.ar_door_promise_days))
        self.write({
            'state': 'new', 'note': self._take_text(values), 'amount': total,
            'instalment_count': count, 'first_date': date})
        self._wait_for_answer(items)
        house = self._with_house_lang()
        text = house.env._(
            "Proposed on the customer's page: %(amount)s in %(count)s instalments from %(date)s.",
            amount=formatLang(house.env, total, currency_obj=self.currency_id), count=count,
            date=format_date(house.env, date))
        house._tell(text, self.note)
        self._log_on_customer(text)

    # === CONTACT === #

    def _do_contact(self, values):
        """Name who really pays. A person of ours accepts it; nothing is overwritten.

        :param dict values: 'name', 'email', 'phone', 'note'
        """
        name = (values.get('name') or '').strip()[:200]
        email = (values.get('email') or '').strip()[:200]
        phone = (values.get('phone') or '').strip()[:50]
        if not name:
            raise UserError(self.env._("Please give the name of the person or department."))
        if email and not email_normalize(email):
            raise UserError(self.env._("%s is no e-mail address.", email))
        if not email and not phone:
            raise UserError(self.env._("Please give an e-mail address or a phone number."))
        self.write({
            'state': 'new', 'new_name': name, 'new_email': email_normalize(email) or False,
            'new_phone': phone, 'note': self._take_text(values)})
        house = self._with_house_lang()
        text = house.env._(
            "The customer names a better contact: %s",
            ", ".join(part for part in (name, self.new_email, phone) if part))
        house._tell(text, self.note)
        self._log_on_customer(text)

    # === VALUES === #

    def _take_text(self, values):
        """Return what the visitor wrote, as plain text, or False."""
        text = (values.get('note') or '').replace('\x00', '').strip()
        if len(text) > MAX_TEXT:
            raise UserError(self.env._("Please be shorter: %s characters at most.", MAX_TEXT))
        return text or False

    def _take_date(self, text, first, last):
        try:
            date = Date.to_date((text or '').strip()[:10])
        except ValueError:
            date = None
        if not date:
            raise UserError(self.env._("Please choose a date."))
        if not first <= date <= last:
            raise UserError(self.env._(
                "Please choose a date from %(first)s to %(last)s.",
                first=format_date(self.env, first), last=format_date(self.env, last)))
        return date

    def _take_amount(self, text, most):
        """Return the amount of a number field, up to ``most``; empty: all of it."""
        text = (text or '').strip()
        if not text:
            return most
        try:
            amount = float(text)
        except ValueError:
            amount = math.nan
        amount = self.currency_id.round(amount) if math.isfinite(amount) else 0.0
        if self.currency_id.compare_amounts(amount, 0) <= 0 or self.currency_id.compare_amounts(
                amount, most) > 0:
            raise UserError(self.env._(
                "Please give an amount up to %s.",
                formatLang(self.env, most, currency_obj=self.currency_id)))
        return amount

    def _refuse_taken(self, items, model, text):
        """Refuse items that an open agreement of this kind is about."""
        if self.env[model].search_count(
                [('move_line_id', 'in', items.ids), ('state', '=', 'open')], limit=1):
            raise UserError(text)

    # === HOUSE === #

    def _get_house_user(self):
        """Return who follows this customer at ours."""
        return self.collector_id or self.company_id._get_ar_responsible()

    def _with_house_lang(self):
        """Return self in the language of whoever works on it: the visitor's is another."""
        return self.with_context(lang=self._get_house_user().lang or 'en_US')

    def _log_on_customer(self, text):
        """Hook: keep the contact in the customer's history."""
        self.customer_id._message_log(body=text, author_id=self.contact_id.id or None)
