from dataclasses import dataclass

from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.http import request

from ..models.desk.portal_act import KEY
from .statement import StatementPortal

BY_LINK = '/my/statement/link/<string:door_token>'
BY_LOGIN = '/my/statement/<int:customer_id>'
# Of one hour. Whoever pays many accounts behind one address has room; whoever guesses has not.
MISSES_PER_ADDRESS = 20
VISITS_PER_ADDRESS = 1000
VISITS_PER_LINK = 300
ACTS_PER_CUSTOMER = 30
HEADERS = {
    'X-Robots-Tag': 'noindex, nofollow, noarchive', 'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store', 'X-Frame-Options': 'DENY',
}


@dataclass(frozen=True)
class Door:
    """Who came in: the customer, by which link or login, and where its pages are."""
    customer: object
    link: object
    contact: object
    address: str


def paths(tail=''):
    """Return the two addresses of a page: by link, and for who is logged in."""
    return [f'{BY_LINK}{tail}', f'{BY_LOGIN}{tail}']


class DoorPortal(StatementPortal):
    """The pages of a customer, by link without a login or inside /my for its contacts.

    Every page comes through `_open_door`; nothing is read before.
    """

    # === COMING IN === #

    def _open_door(self, door_token=None, customer_id=None):
        """Return the `Door`, or the page to show instead.

        :return: (door, None) or (None, response)
        """
        if door_token is not None:
            return self._open_by_link(door_token)
        return self._open_by_login(customer_id)

    def _open_by_link(self, token):
        # sudo: counters and links belong to no user.
        Hit, Link = (request.env[name].sudo() for name in ('ar.portal.hit', 'ar.portal.link'))
        address = Hit._get_address_key(request.httprequest.remote_addr)
        if Hit._is_full(f'miss:{address}', MISSES_PER_ADDRESS) or not Hit._take(
                f'visit:{address}', VISITS_PER_ADDRESS):
            return None, self._refuse_too_many()
        link = Link._find(token)
        if not link:
            Hit._take(f'miss:{address}', MISSES_PER_ADDRESS)
        if not link or not link._is_open():
            return None, self._refuse_gone()
        if not Hit._take(f'link:{link.id}', VISITS_PER_LINK):
            return None, self._refuse_too_many()
        link._touch()
        customer = link.customer_id
        lang = link.recipient_id.lang or customer._get_statement_lang()
        address = f'/my/statement/link/{token}'
        contact = self._get_own_contact(customer)
        return self._make_door(customer, link, contact, address, lang), None

    def _open_by_login(self, customer_id):
        # sudo: only to compare the entity of the account with that of the user.
        customer = request.env['ar.customer'].sudo().browse(customer_id).exists()
        contact = self._get_own_contact(customer) if customer else None
        if not contact:
            if request.env.user._is_public():
                return None, request.redirect_query('/web/login', {
                    'redirect': request.httprequest.path})
            return None, self._refuse_gone()
        link = request.env['ar.portal.link'].sudo()
        return self._make_door(
            customer, link, contact, f'/my/statement/{customer.id}', request.env.user.lang), None

    def _get_own_contact(self, customer):
        """Return the partner who is logged in, when it belongs to the customer's entity."""
        user = request.env.user
        if user._is_public() or user.partner_id.commercial_partner_id != customer.partner_id:
            return request.env['res.partner']
        return user.partner_id

    def _make_door(self, customer, link, contact, address, lang):
        """Speak the language that the visitor chose, else that of who got the link."""
        installed = {code for code, _name in request.env['res.lang'].get_installed()}
        wanted = request.session.get('ar_door_lang')
        asked = request.httprequest.args.get('lang')
        if asked in installed:
            wanted = request.session['ar_door_lang'] = asked
        lang = next((one for one in (wanted, lang) if one in installed), request.env.lang)
        request.update_context(lang=lang)
        company = customer.company_id
        customer = customer.with_env(request.env).sudo().with_company(company).with_context(
            allowed_company_ids=company.ids, lang=lang)
        return Door(customer, link.with_env(request.env).sudo(), contact, address)

    # === GOING OUT === #

    def _show(self, template, door, values=None, status=200):
        """Render a page with the headers that keep its address secret."""
        customer = door.customer
        acts = customer._get_door_acts()
        response = request.render(f'ar_collections.{template}', {
            'door': door, 'customer': customer, 'res_company': customer.company_id,
            'acts': acts, 'item_acts': acts - {'contact'}, 'page_name': 'ar_statement',
            'languages': request.env['res.lang'].get_installed(),
            'access_token': None, **(values or {}),
        }, status=status)
        return self._keep_secret(response)

    def _keep_secret(self, response):
        response.headers.update(HEADERS)
        return response

    def _refuse_gone(self):
        """One answer for a wrong, expired or withdrawn link: it tells a stranger nothing."""
        return self._keep_secret(request.render(
            'ar_collections.door_gone', {'page_name': 'ar_statement'}, status=404))

    def _refuse_too_many(self):
        """Refuse cheaply: whoever guesses must not keep the server busy."""
        text = request.env._("Too many visits. Please try again in an hour, or call us.")
        return self._keep_secret(request.make_response(
            text, headers=[('Content-Type', 'text/plain; charset=utf-8'),
                           ('Retry-After', '3600')], status=429))

    # === INSIDE /my === #

    @http.route()
    def portal_my_statement(self, customer_id, access_token=None, report_type=None,
                            download=False, thanks=None, **kwargs):
        """EXTENDS figures: contacts of the entity get the whole page; the token of a printed
        statement shows the account and pays, no more.
        """
        if not access_token and not report_type and not request.env.user._is_public():
            door, _other = self._open_by_login(customer_id)
            if door:
                return self._show_home(door, thanks, kwargs)
        if access_token and not self._may_try_token(customer_id, access_token):
            return self._refuse_too_many()
        return self._keep_secret(super().portal_my_statement(
            customer_id, access_token=access_token, report_type=report_type, download=download,
            **kwargs))

    def _may_try_token(self, customer_id, access_token):
        """Return whether a token may be looked at: visits and wrong ones count as for links."""
        # sudo: counters belong to no user.
        Hit = request.env['ar.portal.hit'].sudo()
        address = Hit._get_address_key(request.httprequest.remote_addr)
        key = f'miss:{address}'
        if Hit._is_full(key, MISSES_PER_ADDRESS) or not Hit._take(
                f'visit:{address}', VISITS_PER_ADDRESS):
            return False
        try:
            self._get_statement_customer(customer_id, access_token)
        except (AccessError, MissingError):
            Hit._take(key, MISSES_PER_ADDRESS)
            return True
        # Years of movements, also as PDF: whoever holds an old paper must not keep us busy.
        return Hit._take(f'token:{customer_id}', VISITS_PER_LINK)

    @http.route()
    def portal_my_statements(self, **kwargs):
        """EXTENDS figures: with several companies, what is open in each of them, apart."""
        customers = self._get_own_customers()
        if len(customers) == 1:
            return request.redirect(customers.access_url)
        return self._keep_secret(request.render('ar_collections.portal_my_statements', {
            'customers': customers, 'page_name': 'ar_statement',
            'summaries': request.env['ar.door'].sudo()._read_summaries(customers)}))

    def _get_due_sections(self, customer_sudo):
        """EXTENDS figures: as the settings and the other rooms allow."""
        if 'payment' not in customer_sudo._get_door_acts():
            return []
        Door, sections = request.env['ar.door'].sudo(), []
        for section in super()._get_due_sections(customer_sudo):
            items, due, _parts = Door._get_payment(
                customer_sudo, section['currency'].id, 'due')
            if due:
                sections.append({**section, 'items': items, 'due': due})
        return sections

    # === FIRST PAGE === #

    @http.route(f'{BY_LINK}', type='http', auth='public', website=True, sitemap=False,
                multilang=False, methods=['GET'])
    def door_home(self, door_token, thanks=None, **kwargs):
        """Show the account of the link's customer."""
        door, other = self._open_door(door_token)
        return other or self._show_home(door, thanks, kwargs)

    def _show_home(self, door, thanks=None, values=None):
        """Show what is open today, with all that may be done; or the movements chosen."""
        env = request.env
        shown = self._read_shown(door.customer, values or {})
        if shown['is_movements']:
            return self._show_movements(door, shown)
        act = env['ar.portal.act'].sudo()
        if isinstance(thanks, str) and KEY.fullmatch(thanks):
            act = act.search([('customer_id', '=', door.customer.id), ('key', '=', thanks)])
        return self._show('door_home', door, {
            'doc': env['ar.door'].sudo()._read(door.customer), 'thanks': act,
            'shown': shown, 'shown_address': door.address})

    def _show_movements(self, door, shown):
        Report = request.env['report.ar_collections.report_ar_statement'].sudo()
        Door = request.env['ar.door'].sudo()
        [document] = Report._get_documents(
            door.customer, shown['options'], lang=request.env.lang)
        return self._show('door_movements', door, {
            'doc': document, 'house': Door._get_house_contact(door.customer), 'shown': shown,
            'shown_address': door.address,
            'invoice_urls': {
                row['move_id']: f"{door.address}/invoice/{row['move_id']}"
                for section in document['sections']
                for row in section['items'] + section['movements'] if row['is_document']},
        }, status=422 if shown['error'] else 200)

    @http.route(paths('/pdf'), type='http', auth='public', website=True, sitemap=False,
                multilang=False, methods=['GET'])
    def door_statement(self, door_token=None, customer_id=None, **kwargs):
        """Download the statement as PDF: what the page shows."""
        door, other = self._open_door(door_token, customer_id)
        if other:
            return other
        shown = self._read_shown(door.customer, kwargs)
        if shown['error']:
            return self._show_movements(door, shown)
        return self._keep_secret(self._show_statement(
            door.customer, 'pdf', shown['options'], download=True))

    @http.route(paths('/invoice/<int:move_id>'), type='http', auth='public', website=True,
                sitemap=False, multilang=False, methods=['GET'])
    def door_invoice(self, move_id, door_token=None, customer_id=None, **kwargs):
        """Download the stored PDF of an invoice; printed when there is none."""
        door, other = self._open_door(door_token, customer_id)
        if other:
            return other
        move = request.env['ar.door'].sudo()._get_document(door.customer, move_id)
        if not move:
            return self._refuse_gone()
        legal = move._get_ar_invoice_pdf()
        if not legal:
            return self._refuse_gone()
        return self._keep_secret(request.make_response(legal['content'], headers=[
            ('Content-Type', 'application/pdf'),
            ('Content-Disposition', http.content_disposition(legal['filename'])),
            ('X-Content-Type-Options', 'nosniff')]))
