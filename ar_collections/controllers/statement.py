from urllib.parse import urlencode

from odoo import fields, http
from odoo.exceptions import AccessError, MissingError, ValidationError
from odoo.http import content_disposition, request

from odoo.addons.payment.controllers.portal import PaymentPortal
from odoo.addons.payment.utils import generate_access_token

SHEET = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
REPORT = 'ar_collections.ar_statement_report'


class StatementPortal(PaymentPortal):
    """The customer's own page: what is open, the PDF, and one payment for what is due."""

    # === HOME === #

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'ar_statement_count' in counters:
            values['ar_statement_count'] = len(self._get_own_customers())
        return values

    def _get_own_customers(self):
        """Return the accounts of the user's own commercial entity, one per company."""
        entity = request.env.user.partner_id.commercial_partner_id
        # sudo: portal users have no right on the model; the entity is the condition.
        return request.env['ar.customer'].sudo().search([('partner_id', '=', entity.id)])

    @http.route('/my/statement', type='http', auth='user', website=True)
    def portal_my_statements(self, **kwargs):
        """List the accounts, or open the only one."""
        customers = self._get_own_customers()
        if len(customers) == 1:
            return request.redirect(customers.access_url)
        return request.render('ar_collections.portal_my_statements', {
            'customers': customers, 'page_name': 'ar_statement'})

    # === ONE STATEMENT === #

    @http.route('/my/statement/<int:customer_id>', type='http', auth='public', website=True)
    def portal_my_statement(self, customer_id, access_token=None, report_type=None,
                            download=False, **kwargs):
        """Show one account; with ``report_type`` its PDF.

        :param kwargs: 'show', 'date_from', 'date_to' of `ar.statement._read_choice`; by a printed
            token, which never expires, only what is open is shown
        """
        try:
            customer_sudo = self._get_statement_customer(customer_id, access_token)
        except (AccessError, MissingError):
            return request.redirect('/my')
        # Whoever holds an old paper reads what is open, as the paper says, and no further.
        known = request.env.user._is_internal() or self._is_own(customer_sudo)
        shown = {**self._read_shown(customer_sudo, kwargs if known else {}), 'may_choose': known}
        if report_type in ('pdf', 'html') and not shown['error']:
            return self._show_statement(
                customer_sudo, report_type, shown['options'], download=bool(download))
        Report = request.env['report.ar_collections.report_ar_statement'].sudo()
        [document] = Report._get_documents(customer_sudo, shown['options'])
        customer_sudo = customer_sudo.with_context(lang=request.env.lang)
        return request.render('ar_collections.portal_my_statement', {
            'customer': customer_sudo, 'doc': document, 'page_name': 'ar_statement',
            'shown': shown, 'shown_address': f'/my/statement/{customer_id}',
            'payments': self._get_payments(customer_sudo), 'access_token': access_token,
            'invoice_urls': self._get_invoice_urls(customer_sudo, document),
            'res_company': customer_sudo.company_id, 'object': customer_sudo,
        })

    def _read_shown(self, customer_sudo, values):
        """Return what the visitor chose to see: {'options', 'error', 'query', 'today'}.

        ``options`` are those of `ar.statement`, ``query`` the same choice for an address.
        """
        Statement = request.env['ar.statement'].sudo()
        options, error = Statement._read_choice(customer_sudo, values)
        first, last = Statement._get_default_dates(customer_sudo.company_id)
        query = {}
        if options['kind'] == 'movements':
            query = {'show': 'movements', 'date_from': options['date_from'],
                     'date_to': options['date_to']}
        return {
            'options': options, 'error': error, 'query': urlencode(query),
            'is_movements': bool(query) or bool(error), 'may_choose': True,
            'today': customer_sudo.company_id._get_ar_today(),
            'typed': query or {'date_from': values.get('date_from') or first,
                               'date_to': values.get('date_to') or last},
        }

    def _show_statement(self, customer_sudo, report_type, options, download):
        """Return the statement on paper, as `_show_report` does, with the choice of the visitor."""
        # sudo: the visitor may read no report; the account was found by its token or its contact.
        Report = request.env['ir.actions.report'].sudo().with_company(customer_sudo.company_id)
        data = {'report_type': report_type, **{
            key: fields.Date.to_string(value) if key.startswith('date') else value
            for key, value in options.items()}}
        content, _kind = getattr(Report, f'_render_qweb_{report_type}')(
            REPORT, customer_sudo.ids, data=data)
        headers = self._get_http_headers(customer_sudo, report_type, content, download)
        return request.make_response(content, headers=list(headers.items()))

    def _get_statement_customer(self, customer_id, access_token):
        """Return the account, sudoed, for its token or for a contact of its entity.

        :raise AccessError: anybody else
        """
        # sudo: only to compare the entity of the account with that of the user.
        customer_sudo = request.env['ar.customer'].sudo().browse(customer_id).exists()
        if customer_sudo and self._is_own(customer_sudo):
            return customer_sudo
        return self._document_check_access('ar.customer', customer_id, access_token)

    def _is_own(self, customer_sudo):
        """Return whether a contact of the account's entity has logged in."""
        user = request.env.user
        return not user._is_public() and (
            customer_sudo.partner_id == user.partner_id.commercial_partner_id)

    def _get_invoice_urls(self, customer_sudo, document):
        """Return {move id: its own page} for the documents that have one."""
        ids = {row['move_id'] for section in document['sections'] for row in section['items']}
        moves = request.env['account.move'].sudo().browse(ids).filtered(
            lambda move: move.is_sale_document(include_receipts=True))
        moves = moves.filtered(
            lambda move: move.commercial_partner_id == customer_sudo.partner_id)
        return {move.id: move.get_portal_url() for move in moves}

    # === PAYMENT === #

    def _get_payments(self, customer_sudo):
        """Return what can be paid online: list of (text, url), one per currency."""
        payments = []
        for section in self._get_due_sections(customer_sudo):
            currency, company = section['currency'], customer_sudo.company_id
            providers = request.env['payment.provider'].sudo()._get_compatible_providers(
                company.id, customer_sudo.partner_id.id, section['due'], currency_id=currency.id)
            if not providers:
                continue
            partner = customer_sudo.partner_id
            token = generate_access_token(partner.id, section['due'], currency.id)
            payments.append((currency.format(section['due']), (
                f"/payment/pay?amount={section['due']}&currency_id={currency.id}"
                f"&partner_id={partner.id}&company_id={company.id}&access_token={token}"
                f"&ar_customer_id={customer_sudo.id}"
                f"&ar_token={customer_sudo._portal_ensure_token()}")))
        return payments

    def _get_due_sections(self, customer_sudo):
        statements = request.env['ar.statement'].sudo()._read_statements(customer_sudo)
        return [section for section in statements[customer_sudo.id] if section['due']]

    def _get_extra_payment_form_values(self, ar_customer_id=None, ar_token=None, **kwargs):
        """EXTENDS payment: a payment of the account is matched with the items that are due."""
        values = super()._get_extra_payment_form_values(**kwargs)
        customer_id = self._cast_as_int(ar_customer_id)
        if customer_id:
            customer_sudo = self._get_statement_customer(customer_id, ar_token)
            values.update({
                'transaction_route':
                    f"/my/statement/{customer_id}/transaction/{kwargs['currency_id']}",
                'landing_route':
                    f'{customer_sudo.access_url}?access_token='
                    f'{customer_sudo._portal_ensure_token()}',
                'access_token': customer_sudo._portal_ensure_token(),
            })
        return values

    @http.route('/my/statement/<int:customer_id>/transaction/<int:currency_id>', type='jsonrpc',
                auth='public')
    def portal_statement_transaction(self, customer_id, currency_id, access_token=None, **kwargs):
        """Create the transaction for what is due now in one currency; the browser says no amount.

        :raise ValidationError: wrong token, or nothing is due any more
        """
        try:
            customer_sudo = self._get_statement_customer(customer_id, access_token)
        except (AccessError, MissingError) as error:
            raise ValidationError(request.env._("The access token is invalid.")) from error
        section = next((one for one in self._get_due_sections(customer_sudo)
                        if one['currency'].id == currency_id), None)
        if not section:
            raise ValidationError(request.env._("Nothing is due on this account any more."))
        contact = request.env.user.partner_id
        if request.env.user._is_public():
            contact = contact.browse()
        payer = contact or customer_sudo.partner_id
        self._check_offered(
            customer_sudo, contact, payer, section['due'], section['currency'], kwargs)
        today = customer_sudo.company_id._get_ar_today()
        moves = request.env['account.move'].sudo().browse({
            item['move_id'] for item in section['items']
            if item['due_date'] <= today and not item['unasked']})
        moves = moves.filtered(lambda move: move.is_sale_document(include_receipts=True))
        kwargs.update(
            amount=section['due'], currency_id=currency_id, partner_id=payer.id,
            reference_prefix=moves.name if len(moves) == 1 else
            f'{customer_sudo.partner_id.ref or customer_sudo.id}-{today:%Y%m%d}')
        transaction = self._create_transaction(
            custom_create_values={'invoice_ids': [fields.Command.set(moves.ids)]}, **kwargs)
        return transaction._get_processing_values()

    def _get_providers(self, customer_sudo, payer, amount, currency, report=None):
        """Return the published providers of the company for this sum."""
        # sudo: a visitor reads no providers; Odoo's own page does the same.
        return request.env['payment.provider'].sudo()._get_compatible_providers(
            customer_sudo.company_id.id, payer.id, amount, currency_id=currency.id, report=report)

    def _check_offered(self, customer_sudo, contact, payer, amount, currency, kwargs):
        """Refuse what the page has not offered; a browser may send anything.

        Another company's till, a validation instead of a payment, a stored card: whoever holds a
        link may pay, not with the card of the customer.

        :param contact: `res.partner` who is logged in, or none
        :param payer: `res.partner` in whose name it is paid
        :param dict kwargs: of the transaction route, as the browser sent them
        :raise ValidationError: when something else is asked for
        """
        self._validate_transaction_kwargs(kwargs)
        kwargs.pop('is_validation', None)
        providers = self._get_providers(customer_sudo, payer, amount, currency)
        # sudo: as for the providers.
        cards = request.env['payment.token'].sudo()
        if contact:
            cards = cards._get_available_tokens(providers.ids, contact.id)
        if kwargs.get('provider_id') not in providers.ids or (
                kwargs.get('flow') == 'token' and kwargs.get('token_id') not in cards.ids):
            raise ValidationError(request.env._("This page is not valid any more."))

    # === SHEET === #

    @http.route('/ar_collections/statement/<int:wizard_id>.xlsx', type='http', auth='user',
                methods=['GET'], readonly=False)
    def statement_sheet(self, wizard_id):
        """Download the statements of the user's own dialog as a sheet."""
        wizard = request.env['ar.statement.wizard'].browse(wizard_id).exists()
        wizard.check_access('read')
        content = wizard._get_sheet()
        name = request.env._("Statements %s", wizard.date_to)
        return request.make_response(content, [
            ('Content-Type', SHEET), ('Content-Length', len(content)),
            ('Content-Disposition', content_disposition(f'{name}.xlsx'))])
