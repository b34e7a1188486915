from odoo import models


class ArCockpit(models.AbstractModel):
    """What the elements of the cockpit open: lists that hold what was counted."""
    _inherit = 'ar.cockpit'

    def _get_customer_domain(self, scope):
        """Return the domain of the customers in scope; record rules do the rest."""
        return [('company_id', 'in', scope['company_ids']), *scope['customer_domain']]

    def _get_through_customer(self, scope):
        """Return the domain, on a model with a `customer_id`, of what is in scope."""
        domain = [('company_id', 'in', scope['company_ids'])]
        if scope['customer_domain']:
            domain.append(('customer_id', 'any', scope['customer_domain']))
        return domain

    def _get_list_action(self, name, model, domain, *, view=None, search=None, context=None):
        """Return an action that opens a list with exactly these records.

        :param list domain: plain, as it travels to the browser
        :param view: xml id of the list; the model's first one when omitted
        :param search: xml id of the search view
        """
        action = {
            'type': 'ir.actions.act_window', 'name': name, 'res_model': model,
            'view_mode': 'list,form', 'domain': domain,
            'views': [(self._get_view_id(view), 'list'), (False, 'form')],
            'context': {'create': False, **(context or {})},
        }
        if search:
            action['search_view_id'] = [self._get_view_id(search), 'search']
        return action

    def _get_view_id(self, name):
        return self.env.ref(f'ar_collections.{name}').id if name else False

    def _get_items_action(self, scope, name, domain=(), group_by=('partner_id',)):
        """Return the aged balance of the day, cut to the items in scope that satisfy a domain.

        What opens adds up to what was clicked: it is the same question to the same query.

        :param domain: on `ar.aged.balance`
        """
        return self.env['ar.aged.balance']._get_action(
            {'date': scope['date']}, [*self._get_items_domain(scope), *domain], name=name,
            group_by=group_by)

    def _get_items_domain(self, scope):
        """Return the domain on `ar.aged.balance` of what is in scope; record rules do the rest."""
        return self._get_through_customer(scope)
