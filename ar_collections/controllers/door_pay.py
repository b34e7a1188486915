from math import isfinite

from odoo import fields, http
from odoo.exceptions import ValidationError
from odoo.http import request

from ..tools.form_values import read_number
from .door import DoorPortal, paths

# Where the payer comes back to; who may open the page is known to the session.
BACK = '/my/statement/back'


class DoorPay(DoorPortal):
    """Paying what is due, all, or chosen items, by Odoo's own payment providers.

    One currency and one company at a time; the amount is read from the ledger, never from the
    browser.
    """

    @http.route(paths('/pay/<int:currency_id>'), type='http', auth='public', website=True,
                sitemap=False, multilang=False, methods=['GET'])
    def door_pay(self, currency_id, door_token=None, customer_id=None, choice=None, **kwargs):
        """Show what is paid and the ways to pay it."""
        door, other = self._open_door(door_token, customer_id)
        if other:
            return other
        if 'payment' not in door.customer._get_door_acts():
            return request.redirect(door.address)
        ids = [one for one in request.httprequest.args.getlist('items')
               if read_number(one) is not None]
        choice = choice or '-'.join(dict.fromkeys(ids))
        return self._show('door_pay', door, self._get_pay_values(door, currency_id, choice))

    def _get_pay_values(self, door, currency_id, choice):
        """Return what the page of payment and Odoo's payment form need."""
        env, customer = request.env, door.customer
        items, amount, parts = env['ar.door'].sudo()._get_payment(
            customer, currency_id, choice or '')
        currency = env['res.currency'].sudo().browse(currency_id).exists()
        values = {'items': [], 'amount': amount, 'choice': choice}
        if not amount:
            return values
        payer = door.contact or customer.partner_id
        company = customer.company_id
        report = {}
        providers = self._get_providers(customer, payer, amount, currency, report)
        methods = env['payment.method'].sudo()._get_compatible_payment_methods(
            providers.ids, payer.id, currency_id=currency.id, report=report)
        tokens = env['payment.token'].sudo()
        if door.contact:
            tokens = tokens._get_available_tokens(providers.ids, payer.id)
        section = env['ar.door']._format_paid(items, parts, currency)
        return {
            **values, **section, 'currency': currency, 'partner_id': payer.id,
            'providers_sudo': providers, 'payment_methods_sudo': methods, 'tokens_sudo': tokens,
            'availability_report': report, 'reference_prefix': None,
            'show_tokenize_input_mapping': {provider.id: False for provider in providers},
            'company_mismatch': not self._can_partner_pay_in_company(payer, company),
            'expected_company': company, 'landing_route': door.address,
            'transaction_route': f'{door.address}/pay/{currency_id}/{choice}/transaction',
            'bank': env['ar.door']._get_bank(customer),
        }

    @staticmethod
    def _is_amount(shown, due, currency):
        """Return whether what the page showed is what is due now; a visitor may send anything.

        The amount that is paid is always the one of the ledger: this only compares.
        """
        try:
            shown = float(shown)
        except (TypeError, ValueError):
            return False
        return isfinite(shown) and currency.compare_amounts(shown, due) == 0

    @http.route(paths('/pay/<int:currency_id>/<string:choice>/transaction'), type='jsonrpc',
                auth='public')
    def door_transaction(self, currency_id, choice, door_token=None, customer_id=None,
                         access_token=None, amount=None, landing_route=None, **kwargs):
        """Create the transaction of Odoo's payment form, for what the choice comes to now.

        :raise ValidationError: wrong link, or the account has changed since the page was shown
        """
        door, other = self._open_door(door_token, customer_id)
        env = request.env
        if other or 'payment' not in door.customer._get_door_acts():
            raise ValidationError(env._("This page is not valid any more."))
        items, due, parts = env['ar.door'].sudo()._get_payment(
            door.customer, currency_id, choice)
        currency = env['res.currency'].sudo().browse(currency_id)
        if not due or not self._is_amount(amount, due, currency):
            raise ValidationError(env._(
                "The account has changed since this page was opened. Please open it again."))
        payer = door.contact or door.customer.partner_id
        self._check_offered(door.customer, door.contact, payer, due, currency, kwargs)
        company = door.customer.company_id
        lines = env['ar.door'].sudo()._get_account_items(
            door.customer, [item['line_id'] for item in items])
        moves = self._get_whole_invoices(lines, parts)
        reference = moves.name if len(moves) == 1 else (
            f'{door.customer.partner_id.ref or door.customer.id}'
            f'-{company._get_ar_today():%Y%m%d}')
        transaction = self._create_transaction(
            amount=due, currency_id=currency_id, partner_id=payer.id,
            reference_prefix=reference, landing_route=door.address,
            custom_create_values={
                'invoice_ids': [fields.Command.set(moves.ids)],
                'ar_item_ids': [fields.Command.set(lines.ids)]}, **kwargs)
        act = env['ar.portal.act'].sudo()._note_payment(
            door.customer, transaction, door.link, door.contact)
        self._set_way_back(door, transaction, act)
        return transaction._get_processing_values()

    @staticmethod
    def _get_whole_invoices(lines, parts):
        """Return the invoices of which all that is open is paid.

        Odoo matches the money with the oldest instalment of an invoice that it knows of. So the
        others are not told to it: their chosen items are matched by themselves afterwards.

        :param lines: items that are paid
        :param parts: ids of those of which only a part is paid
        """
        whole = lines.filtered(lambda line: line.id not in parts)
        return whole.move_id.filtered(
            lambda move: move.is_sale_document(include_receipts=True) and not (
                move.line_ids.filtered(lambda line: not line.reconciled and (
                    line.account_id.account_type == 'asset_receivable')) - whole))

    def _set_way_back(self, door, transaction, act):
        """Let the payer come back to the page; the secret of a link stays in the session.

        Whoever reads payments in the database must not find there what opens the pages.
        """
        address = f'{door.address}?thanks={act.key}'
        transaction.landing_route = f'{BACK}/{act.id}' if door.link else address
        if door.link:
            request.session['ar_door_back'] = {
                **request.session.get('ar_door_back', {}), str(act.id): address}

    @http.route(f'{BACK}/<int:act_id>', type='http', auth='public', website=True, sitemap=False,
                multilang=False, methods=['GET'])
    def door_back(self, act_id, **kwargs):
        """Lead back to the page where the payment began; only its own browser knows which."""
        address = request.session.get('ar_door_back', {}).get(str(act_id))
        return self._keep_secret(request.redirect(address)) if address else self._refuse_gone()
