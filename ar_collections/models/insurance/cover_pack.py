from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

# When we look again whether an answer came, unless somebody types another day.
LOOK_AGAIN_DAYS = 7
# What is typed in about a request that was made by hand.
BY_HAND = frozenset({'asked_on', 'insurer_reference', 'provider_status', 'look_again_on'})


class ArCoverRequest(models.Model):
    """A request whose contract is closed: the pack of what insurers ask for, then what came of it.

    It goes by hand when the policy has no connection, or when its provider does not take this kind
    of request through one (capability flags of the client). Reference, day and status are typed in,
    and the day on which to ask again is watched as a task of whoever asked.
    """
    _name = 'ar.cover.request'
    _inherit = ['ar.cover.request', 'ar.insurer.pack']

    goes_by_hand = fields.Boolean(
        string="By hand", compute='_compute_goes_by_hand', compute_sudo=True,
        help="The insurer takes this kind of request in its portal or by letter only.")
    asked_on = fields.Date(
        string="Asked on", tracking=True, copy=False,
        help="Day on which it was entered in the portal or sent.")
    provider_status = fields.Char(
        string="Status at the insurer", tracking=True, copy=False,
        help="In the insurer's own words.")
    look_again_on = fields.Date(
        string="Look again on", tracking=True, copy=False,
        help="If no answer has come by then, ask the insurer. A task reminds whoever asked.")

    @api.depends('state', 'by_hand', 'policy_id.provider_id', 'action', 'customer_id')
    def _compute_goes_by_hand(self):
        for request in self:
            request.goes_by_hand = request.by_hand or bool(
                request.state == 'draft' and request.policy_id and request.customer_id
                and request.currency_id and request._is_by_hand())

    @api.model_create_multi
    def create(self, vals_list):
        """EXTENDS: nothing was asked before there is a request."""
        if not self.env.su and any(set(vals) & BY_HAND for vals in vals_list):
            raise AccessError(self.env._("A request moves on only through its buttons."))
        return super().create(vals_list)

    def write(self, vals):
        """EXTENDS: what the portal said is typed in, on requests made by hand only."""
        typed = set(vals) & BY_HAND
        if typed and not self.env.su:
            self.check_access('write')
            if any(not request.by_hand or request.state != 'open' for request in self):
                raise AccessError(self.env._(
                    "Only of an open request that was made by hand are the reference, the day and "
                    "the status typed in."))
            # sudo: the reference is otherwise written by the connection alone.
            self.sudo().write({name: vals[name] for name in typed})
            vals = {name: value for name, value in vals.items() if name not in BY_HAND}
            return super().write(vals) if vals else True
        result = super().write(vals)
        if 'look_again_on' in vals:
            self._watch_answer()
        return result

    def action_mark_asked(self):
        """Note that it was entered in the portal; from now on its answer is waited for."""
        self._check_collector()
        self.check_access('write')
        for request in self:
            if not request.by_hand or request.state != 'open':
                raise UserError(self.env._("%s does not wait to be asked by hand.", request.name))
            today = request.company_id._get_ar_today()
            asked = request.asked_on or today
            if asked > today:
                raise UserError(self.env._("The day on which it was asked lies in the future."))
            # sudo: as in `write`; the right was checked above.
            request.sudo().write({
                'asked_on': asked, 'status': 'pending',
                'look_again_on': request.look_again_on or asked + timedelta(days=LOOK_AGAIN_DAYS)})
        return True

    def _watch_answer(self):
        """Keep one task on each request by hand that was asked: to look again on its day."""
        for request in self.filtered(
                lambda request: request.by_hand and request.state == 'open' and request.asked_on):
            request.activity_unlink(['mail.mail_activity_data_todo'])
            if not request.look_again_on:
                continue
            user = request.user_id if request.user_id.active else (
                request.company_id._get_ar_responsible())
            request = request.with_context(lang=user.lang)
            request.activity_schedule(
                'mail.mail_activity_data_todo', user_id=user.id,
                date_deadline=request.look_again_on,
                summary=request.env._("Ask the insurer what became of the request"),
                note=request.env._(
                    "Our reference is %(ours)s, the insurer's %(theirs)s. Type the answer in when "
                    "it is there.", ours=request.name, theirs=request.insurer_reference or "–"))

    # === THE PACK === #

    def _get_pack(self):
        """Return what is asked for and what insurers want to know, for the PDF and the table.

        :return: {'policy', 'buyer', 'cover', 'asked', 'trade': lists of (label, value)}; dates as
            dates, amounts as (number, currency)
        """
        self.ensure_one()
        # sudo: the right to read the request was checked; what it tells comes with it.
        request = self.sudo()
        customer, company = request.customer_id, request.company_id
        money, today = company.currency_id, company._get_ar_today()
        labels = dict(request._fields['action']._description_selection(self.env))
        term = customer.partner_id.with_company(company).property_payment_term_id
        cover = request._get_cover()
        amount = [] if request.action == 'cancel' else [
            (self.env._("Amount asked for"), (request.amount, request.currency_id)),
            (self.env._("Currency"), request.currency_id.name)]
        return {
            'policy': [
                *request._get_policy_facts(request.user_id or self.env.user),
                (self.env._("Our number of this request"), request.name)],
            'buyer': request._get_buyer_facts(
                request._get_link().external_id or cover.buyer_reference),
            'asked': [
                (self.env._("What is asked for"), labels[request.action]), *amount,
                (self.env._("Insurer's reference of the cover"), cover.insurer_reference or ''),
                (self.env._("For deliveries from"), today),
            ],
            'cover': request._get_cover_facts(),
            'trade': [
                (self.env._("Payment term"), term.name or self.env._("Immediate payment")),
                (self.env._("Credit period of the policy (days)"),
                 request.policy_id.max_credit_days or ''),
                (self.env._("Invoiced in 12 months, tax included"),
                 (request._get_invoiced(today), money)),
                (self.env._("Highest balance of 12 months"), (request._get_peak(), money)),
                (self.env._("Owed in all, less credits"), (customer.balance, money)),
                (self.env._("Overdue in all"), (customer.overdue_amount, money)),
                (self.env._("Oldest overdue since"), customer.oldest_due_date or ''),
                (self.env._("Owed or ordered today"), (customer.exposure, money)),
                (self.env._("Average days late, 12 months"), f'{customer.avg_days_late:.1f}'),
                (self.env._("Last payment"), customer.last_payment_date or ''),
                (self.env._("First invoice"), request._get_first_invoice_date() or ''),
            ],
        }

    def _get_invoiced(self, today):
        """Return what was invoiced, less credit notes, in 12 months to `today`: company currency,
        tax included, by invoice date."""
        [(total,)] = self.env['account.move']._read_group(self._get_invoices_domain() + [
            ('invoice_date', '>', fields.Date.subtract(today, months=12)),
            ('invoice_date', '<=', today)], [], ['amount_total_signed:sum'])
        return total or 0.0

    def _get_first_invoice_date(self):
        [(first,)] = self.env['account.move']._read_group(
            self._get_invoices_domain(), [], ['invoice_date:min'])
        return first

    def _get_invoices_domain(self):
        return [
            ('move_type', 'in', ('out_invoice', 'out_refund')), ('state', '=', 'posted'),
            ('company_id', 'in', self.company_id._get_ar_tree_ids()),
            ('commercial_partner_id', '=', self.customer_id.partner_id.id)]

    def _get_peak(self):
        asking = self.env['ar.credit.request'].sudo().new({'customer_id': self.customer_id.id})
        return float(asking._get_peaks(self.company_id).get(self.customer_id.partner_id.id) or 0.0)

    def _get_pack_csv(self):
        """Return the table as bytes: one row with every fact."""
        self.ensure_one()
        pack = self._get_pack()
        facts = [fact for part in ('policy', 'buyer', 'asked', 'cover', 'trade')
                 for fact in pack[part]]
        return self._write_pack_csv([], [[]], facts)

    def action_pack_pdf(self):
        """Print what the insurer asks for."""
        self.check_access('read')
        return self.env.ref('ar_collections.ar_cover_request_report').report_action(self)

    def action_pack_csv(self):
        """Download the same data as a table, for the portal of the insurer."""
        self.ensure_one()
        self.check_access('read')
        return {
            'type': 'ir.actions.act_url', 'target': 'download',
            'url': f'/ar_collections/cover_request/{self.id}/csv',
        }
