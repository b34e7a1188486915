import secrets

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..tools.form_values import keep_texts, read_number, read_numbers
from .door import ACTS_PER_CUSTOMER, DoorPortal, paths

# Of a whole form with its photos; the rest is refused before it is looked at.
MAX_FORM_BYTES = 20 * 1024 * 1024


class DoorActs(DoorPortal):
    """The forms of the pages: each is shown by GET, and done once by POST."""

    @http.route(paths('/<any(promise,dispute,copy,instalments,contact):kind>'), type='http',
                auth='public', website=True, sitemap=False, multilang=False,
                methods=['GET', 'POST'])
    def door_act(self, kind, door_token=None, customer_id=None, **values):
        """Show a form, or do what it asks for and give thanks on the first page."""
        door, other = self._open_door(door_token, customer_id)
        if other:
            return other
        if kind not in door.customer._get_door_acts():
            return request.redirect(door.address)
        values = keep_texts(values)
        if request.httprequest.method == 'GET':
            return self._show_form(door, kind, values)
        return self._send_form(door, kind, values)

    def _send_form(self, door, kind, values):
        # sudo: counters belong to no user.
        Hit = request.env['ar.portal.hit'].sudo()
        if (request.httprequest.content_length or 0) > MAX_FORM_BYTES:
            error = request.env._("The files are too large. Please send fewer, or smaller ones.")
            return self._show_form(door, kind, values, error)
        if not Hit._take(f'act:{door.customer.id}', ACTS_PER_CUSTOMER):
            return self._refuse_too_many()
        files = request.httprequest.files.getlist('files')
        values = {
            **values, 'items': request.httprequest.form.getlist('items'),
            'files': [(file.filename, file.read()) for file in files],
        }
        try:
            # sudo: the visitor has no rights; link or login were checked, the model checks all.
            act = request.env['ar.portal.act'].sudo()._submit(
                door.customer, kind, values, key=values.get('key'), link=door.link,
                contact=door.contact)
        except UserError as error:
            request.env.invalidate_all()
            return self._show_form(door, kind, values, error.args[0])
        return self._keep_secret(request.redirect(f'{door.address}?thanks={act.key}'))

    def _show_form(self, door, kind, values, error=None):
        """Show a form with the items that may be chosen, and what was typed before."""
        env = request.env
        company = door.customer.company_id
        currency_id, chosen = self._read_choice(values)
        sections = env['ar.door'].sudo()._read(door.customer)['sections']
        section = next((one for one in sections if one['currency'].id == currency_id),
                       sections[0] if sections else None)
        today = company._get_ar_today()
        return self._show(f'door_{kind}', door, {
            'kind': kind, 'section': section, 'sections': sections, 'chosen': chosen,
            'values': values, 'error': error, 'key': secrets.token_urlsafe(18),
            'today': today, 'last_day': env['ar.door']._get_last_day(company, today),
            'company': company, 'reasons': door.customer._get_door_reasons().with_context(
                lang=env.lang),
            'plan_limit': env['ar.door']._get_plan_limit_text(door.customer, section),
        }, status=422 if error else 200)

    def _read_choice(self, values):
        """Return (currency id, set of item ids) that the address or the form chose."""
        query = request.httprequest
        ids = query.form.getlist('items') or query.args.getlist('items')
        return read_number(values.get('currency')) or 0, read_numbers(ids)
