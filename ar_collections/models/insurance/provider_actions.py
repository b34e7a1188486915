from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class ArProvider(models.Model):
    """What the buttons of a provider do."""
    _inherit = 'ar.provider'

    def action_test_connection(self):
        """Try the credentials and say what came of it, in words. No billed call is made."""
        self.ensure_one()
        self._check_administrator()
        # A person asks: credentials that were refused may be tried once more.
        self._forget_problem()
        self._call_for_user('test_connection')
        return self._tell_success(self.env._(
            "%(name)s answers: the credentials are accepted (%(environment)s).",
            name=self.name, environment=dict(
                self._fields['environment']._description_selection(self.env))[self.environment]))

    def _tell_success(self, message):
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
                'type': 'success', 'message': message,
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}}}

    def action_link_customers(self):
        """Have every customer without a link searched at this provider, in the background."""
        self.ensure_one()
        if not self.env.user.has_group('ar_collections.group_ar_manager'):
            raise AccessError(self.env._("Only a credit manager links all customers."))
        if not self.is_on or not self.has_search:
            raise UserError(self.env._("This provider cannot be searched now."))
        count = self._link_customers()
        return self._tell_success(self.env._(
            "%s searches are waiting. They run in the background; see Insurance ▸ Links.", count))

    def _link_customers(self, customer_ids=None):
        """Create a link to be searched for customers who have none: one statement.

        :param customer_ids: those; all active ones of the company and its branches when None
        :return: number of links made
        """
        self.ensure_one()
        self.env.flush_all()
        companies = self.env['res.company'].sudo().search([('id', 'child_of', self.company_id.id)])
        scope = SQL("c.active") if customer_ids is None else SQL(
            "c.id = ANY(%s)", list(customer_ids))
        rows = self.env.execute_query(SQL(
            """
            INSERT INTO ar_provider_link (
                provider_id, customer_id, company_id, state, failures,
                create_uid, create_date, write_uid, write_date)
            SELECT %(provider)s, c.id, c.company_id, 'waiting', 0,
                   %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM ar_customer c
             WHERE c.company_id = ANY(%(companies)s) AND %(scope)s
            ON CONFLICT (provider_id, customer_id) DO NOTHING
            RETURNING id
            """,
            provider=self.id, companies=companies.ids, scope=scope, uid=self.env.uid,
            now=fields.Datetime.now()))
        self.env['ar.provider.link'].invalidate_model(flush=False)
        if rows:
            self._trigger_poll()
        return len(rows)

    def _get_list_action(self, xmlid):
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(xmlid)
        return dict(action, domain=[('provider_id', '=', self.id)],
                    context={'default_provider_id': self.id})

    def action_view_links(self):
        """Open the links of this provider."""
        return self._get_list_action('ar_collections.ar_provider_link_action')

    def action_view_events(self):
        """Open all messages of this provider."""
        return self._get_list_action('ar_collections.ar_provider_event_action')

    def action_view_ratings(self):
        """Open the ratings of this provider."""
        return self._get_list_action('ar_collections.ar_rating_action')
