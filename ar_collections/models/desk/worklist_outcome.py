from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from .interaction import KINDS

TOKEN_LENGTH = 64
# Another way is tried when nobody answers: looked at again after so many times the usual days.
UNREACHED_FACTOR = 5


class ArWorklist(models.Model):
    """What comes of a contact: one click, and the next thing happens by itself."""
    _inherit = 'ar.worklist'

    @api.model
    def log_outcome(self, customer_id, outcome, token, values=None):
        """Write down what came of a contact and do what follows from it.

        The same token does it once: a second click, or a request sent twice, finds what the first
        one made.

        :param int customer_id: id of an `ar.customer`
        :param str outcome: a code of `_get_outcome_methods`
        :param str token: from `load_customer`
        :param dict values: ``kind``, ``contact_id``, ``phone``, ``note``, ``item_ids``, ``date``
            (ISO, the day promised, agreed or to wait for), ``amount`` (promised, or the part that
            is disputed, in the currency of the items; 0: all), ``reason_id`` (dispute)
        :return: {'message', 'next_date', 'interaction_id', 'again', 'can_undo', 'can_ask_proof'};
            ``again`` when nothing new was done; ``can_undo`` when `ar.interaction.action_undo`
            takes it back; ``can_ask_proof`` when its `action_ask_proof` has somebody to write to
        :raise AccessError: without the right to write, or outside the perimeter
        """
        customer = self._get_customer(customer_id)
        self.env['ar.interaction'].check_access('create')
        customer.check_access('write')
        methods = self._get_outcome_methods()
        if outcome not in methods:
            raise UserError(self.env._("This outcome does not exist: %s", outcome))
        if not isinstance(token, str) or not 8 <= len(token) <= TOKEN_LENGTH:
            raise UserError(self.env._("Open the customer again before you write down a contact."))
        key = f'worklist-{self.env.uid}-{customer.id}-{token}'
        # sudo: looked up by a key of one's own; what was undone is not done again by its echo.
        found = self.env['ar.interaction'].sudo().with_context(active_test=False).search(
            [('company_id', '=', customer.company_id.id), ('key', '=', key)], limit=1)
        if found:
            return self._get_answer(found.with_env(self.env), again=True)
        values = self._clean_values(customer, values or {})
        interaction = getattr(self, methods[outcome])(customer, key, values)
        return self._get_answer(interaction)

    @api.model
    def _get_outcome_methods(self):
        """Hook: return {outcome: method (customer, key, values) that returns an interaction}."""
        return {
            'spoken': '_log_spoken', 'no_answer': '_log_no_answer',
            'call_back': '_log_call_back', 'promise': '_log_promise', 'dispute': '_log_dispute',
            'paid': '_log_paid', 'wrong_contact': '_log_wrong_contact',
            'wrong_address': '_log_wrong_address', 'escalate': '_log_escalate',
        }

    def _get_answer(self, interaction, again=False):
        customer = interaction.customer_id
        if interaction.next_date:
            message = self.env._(
                "%(customer)s: next contact on %(date)s.", customer=customer.display_name,
                date=format_date(self.env, interaction.next_date))
        else:
            message = self.env._("Written down for %s.", customer.display_name)
        return {
            'message': message, 'interaction_id': interaction.id, 'again': again,
            'can_undo': interaction.can_undo, 'can_ask_proof': interaction.can_ask_proof,
            'next_date': interaction.next_date and fields.Date.to_string(interaction.next_date),
        }

    # === VALUES === #

    def _clean_values(self, customer, values):
        """Return what the browser sent as records and dates, of this customer alone."""
        kind = values.get('kind') or 'call'
        if kind not in dict(KINDS):
            raise UserError(self.env._("This kind of contact does not exist: %s", kind))
        ids = [int(item_id) for item_id in values.get('item_ids') or []]
        items = self.env['account.move.line'].search([('id', 'in', ids)])
        contact = self.env['res.partner'].browse(int(values.get('contact_id') or 0)).exists()
        if contact.sudo().commercial_partner_id != customer.partner_id:
            contact = contact.browse()
        return {
            'kind': kind, 'items': items, 'contact': contact,
            'phone': str(values.get('phone') or '')[:64], 'note': str(values.get('note') or ''),
            'date': fields.Date.to_date(values.get('date') or False),
            'amount': float(values.get('amount') or 0),
            'reason_id': int(values.get('reason_id') or 0),
        }

    def _log(self, customer, key, outcome, values, **more):
        """Write down the contact; its key makes it exist once."""
        return self.env['ar.interaction']._log(
            customer, values['kind'], outcome, key=key, contact_id=values['contact'].id,
            phone=values['phone'], note=values['note'],
            before=customer._get_facts_before(outcome, values['contact']),
            **{'item_ids': values['items'], **more})

    def _check_date(self, customer, date):
        """Return the day that was asked for, which must not have passed."""
        if not date:
            raise UserError(self.env._("Choose a day."))
        if date < customer.company_id._get_ar_today():
            raise UserError(self.env._("Choose a day to come."))
        return date

    # === OUTCOMES === #

    def _log_spoken(self, customer, key, values):
        """Spoke, nothing agreed: again in some days."""
        company = customer.company_id.sudo()
        return self._log(customer, key, 'spoken', values, next_date=company._get_ar_work_day(
            company._get_ar_today(), company.ar_spoken_days))

    def _log_no_answer(self, customer, key, values):
        """Again in N days; after M tries in a row another way is proposed."""
        company, tries = customer.company_id.sudo(), customer._get_tries() + 1
        days = company.ar_no_answer_days
        is_enough = tries >= company.ar_no_answer_tries
        interaction = self._log(
            customer, key, 'no_answer', values, next_date=company._get_ar_work_day(
                company._get_ar_today(), days * (UNREACHED_FACTOR if is_enough else 1)))
        if is_enough:
            self._plan(
                interaction, 'ar_collections.mail_activity_type_collect',
                self.env._("Not reached after %(tries)s calls: %(way)s", tries=tries,
                           way=customer._get_other_way()))
        return interaction

    def _log_call_back(self, customer, key, values):
        """The day agreed."""
        return self._log(
            customer, key, 'call_back', values,
            next_date=self._check_date(customer, values['date']))

    def _log_promise(self, customer, key, values):
        """A promise about the items; back on the list the day after its deadline."""
        date, items = self._check_date(customer, values['date']), values['items']
        if len(items.currency_id) != 1:
            raise UserError(self.env._(
                "Choose the items that the promise is about, of one currency."))
        # What the screen shows below the items that were ticked.
        claims, _waiting = self._get_item_claims(customer, items)
        owed = items.currency_id.round(sum(claims.values()))
        # Before the promise, so that the key refuses the second of two clicks.
        interaction = self._log(customer, key, 'promise', values)
        promise = self.env['ar.promise'].create({
            'customer_id': customer.id, 'currency_id': items.currency_id.id,
            'promise_date': date, 'amount': values['amount'] or owed, 'note': values['note'],
            'contact_id': values['contact'].id,
            'taken_on': customer.company_id._get_ar_today(),
            'channel': values['kind'] if values['kind'] in dict(
                self.env['ar.promise']._fields['channel'].selection) else 'call',
            'line_ids': [Command.create({'move_line_id': item.id}) for item in items]})
        return self._attach(interaction, {
            'promise_id': promise.id, 'next_date': promise.deadline + timedelta(days=1)})

    def _log_dispute(self, customer, key, values):
        """A dispute about the items, or about a part of one; back on the list at its deadline, with
        what is left before.
        """
        reason = self.env['ar.dispute.reason'].browse(values['reason_id']).exists()
        items = values['items']
        if not reason:
            raise UserError(self.env._("Choose the reason of the dispute."))
        if len(items.currency_id) != 1:
            raise UserError(self.env._(
                "Choose the items that the dispute is about, of one currency."))
        part = {'amount': values['amount']} if values['amount'] else {}
        if part and len(items) > 1:
            raise UserError(self.env._(
                "A part can be disputed of one item at a time: tick that one alone, or leave the "
                "amount empty to dispute all that is ticked."))
        interaction = self._log(customer, key, 'dispute', values)
        dispute = self.env['ar.dispute'].create({
            'customer_id': customer.id, 'currency_id': items.currency_id.id,
            'reason_id': reason.id,
            'contact_id': values['contact'].id, 'opened_on': customer.company_id._get_ar_today(),
            'line_ids': [Command.create({'move_line_id': item.id, **part}) for item in items]})
        if values['note']:
            # Beside the dispute, not in it: its description is read by the customer.
            dispute.message_post(body=values['note'], subtype_xmlid='mail.mt_note')
        company = customer.company_id.sudo()
        again = company._get_ar_work_day(company._get_ar_today(), company.ar_spoken_days)
        return self._attach(interaction, {
            'dispute_id': dispute.id, 'next_date': min(dispute.deadline, again)})

    def _log_paid(self, customer, key, values):
        """Wait for the money: no reminder about these items until then."""
        company = customer.company_id.sudo()
        date = values['date'] or company._get_ar_work_day(
            company._get_ar_today(), company.ar_said_paid_days)
        if not values['items']:
            raise UserError(self.env._("Choose the items that are said to be paid."))
        interaction = self._log(
            customer, key, 'paid', values, next_date=self._check_date(customer, date))
        self._plan(
            interaction, 'mail.mail_activity_data_todo',
            self.env._("Proof of payment of %s: has it come?", interaction._get_documents_text()),
            date=date)
        return interaction

    def _log_wrong_contact(self, customer, key, values):
        """The person or the number is wrong: taken off, and a task to put it right."""
        contact = values['contact'] or customer.collections_contact_id
        interaction = self._log(
            customer, key, 'wrong_contact', values, next_date=self._get_clean_up_date(customer))
        # sudo: which contact reminders go to, of a customer whom the writer may change.
        customer_sudo = customer.sudo()
        if contact and contact != customer.partner_id:
            customer_sudo.wrong_contact_ids |= contact
        if contact and customer_sudo.collections_contact_id == contact:
            customer_sudo.collections_contact_id = False
        self._plan(
            interaction, 'ar_collections.mail_activity_type_clean_up',
            self.env._("Wrong contact: find out whom to call instead of %s",
                       contact.sudo().display_name or customer.display_name))
        return interaction

    def _log_wrong_address(self, customer, key, values):
        """Letters or e-mails come back: a task to put the address right."""
        contact = values['contact']
        interaction = self._log(
            customer, key, 'wrong_address', values, next_date=self._get_clean_up_date(customer))
        if contact and contact != customer.partner_id:
            # sudo: as for a wrong contact.
            customer.sudo().wrong_contact_ids |= contact
        self._plan(
            interaction, 'ar_collections.mail_activity_type_clean_up',
            self.env._("Wrong address: correct the card of %s",
                       contact.sudo().display_name or customer.display_name))
        return interaction

    def _log_escalate(self, customer, key, values):
        """To the manager, today; back on the list in some days."""
        company = customer.company_id.sudo()
        interaction = self._log(
            customer, key, 'escalate', values, next_date=company._get_ar_work_day(
                company._get_ar_today(), company.ar_spoken_days))
        manager = company._get_ar_escalation_user()
        self._plan(
            interaction, 'mail.mail_activity_data_todo',
            interaction._get_escalation_words(manager), user=manager)
        return interaction

    # === WHAT FOLLOWS === #

    def _attach(self, interaction, vals):
        """Complete the contact with what it led to."""
        # sudo: derived fields, see `ar.interaction._get_derived_fields`.
        interaction.sudo().write(vals)
        return interaction

    def _get_clean_up_date(self, customer):
        company = customer.company_id.sudo()
        return company._get_ar_work_day(company._get_ar_today(), company.ar_clean_up_days)

    def _plan(self, interaction, activity_type, summary, date=None, user=None):
        """Plan what follows from a contact for the customer's collector, or for somebody else."""
        # sudo: a task for a colleague, and the link to it that nobody types in.
        customer = interaction.customer_id.sudo()
        user = user or customer.collector_id or self.env.user
        interaction.sudo().activity_id = customer.with_context(
            mail_activity_quick_update=True).activity_schedule(
            activity_type, date_deadline=date or customer.company_id._get_ar_today(),
            summary=summary, user_id=user.id)


class ArCustomer(models.Model):
    _inherit = 'ar.customer'

    def _get_tries(self):
        """Return how many calls in a row nobody answered."""
        self.ensure_one()
        contacts = self.env['ar.interaction'].search(
            [('customer_id', '=', self.id), ('kind', '=', 'call')], limit=20)
        tries = 0
        for contact in contacts:
            if contact.outcome != 'no_answer':
                break
            tries += 1
        return tries

    def _get_other_way(self):
        """Return in words the first other way to reach this customer."""
        self.ensure_one()
        if self.reach == 'email':
            return self.env._("write an e-mail")
        partner = self.sudo().partner_id
        if partner.street and partner.city:
            return self.env._("send a letter")
        return self.env._("visit, or find another contact")


class ResCompany(models.Model):
    _inherit = 'res.company'

    def _get_ar_work_day(self, date, days):
        """Return ``date`` plus some days, moved past weekends and public holidays.

        :rtype: date
        """
        self.ensure_one()
        day = date + timedelta(days=days)
        holidays = [
            (fields.Datetime.context_timestamp(
                self.with_context(tz=self._get_ar_tz()), start).date(),
             fields.Datetime.context_timestamp(
                self.with_context(tz=self._get_ar_tz()), end - timedelta(seconds=1)).date())
            for start, end in self.env['ar.dunning.policy']._get_holidays(
                self, fields.Datetime.now())]
        for _turn in range(60):
            if day.weekday() < 5 and not any(start <= day <= end for start, end in holidays):
                break
            day += timedelta(days=1)
        return day
