from odoo import api, fields, models


class ArCustomer(models.Model):
    """EXTENDS core: what a customer may do on its pages, and what it did."""
    _inherit = 'ar.customer'

    portal_act_ids = fields.One2many('ar.portal.act', 'customer_id')
    portal_link_ids = fields.One2many('ar.portal.link', 'customer_id')
    portal_act_count = fields.Integer(
        string="Acts on the customer's pages", compute='_compute_portal_counts')
    portal_link_count = fields.Integer(
        string="Links in use", compute='_compute_portal_counts')

    # === WHAT IS ALLOWED === #

    def _get_door_acts(self):
        """Hook: return the codes of `ar.portal.act` kinds that this customer may use now.

        A room that takes a customer out of the usual way (insolvency, court) extends this and
        takes codes away.

        :rtype: set
        """
        self.ensure_one()
        # sudo: the settings of the company bind whoever comes in.
        company = self.company_id.sudo()
        acts = {kind for kind, allowed in (
            ('payment', company.ar_door_pay), ('promise', company.ar_door_promise),
            ('dispute', company.ar_door_dispute), ('copy', company.ar_door_copy),
            ('instalments', company.ar_door_plan), ('contact', company.ar_door_contact),
        ) if allowed}
        most = company.ar_door_promise_broken
        if 'promise' in acts and most and self.sudo().broken_promise_count >= most:
            acts.discard('promise')
        return acts

    def _may_act(self, kind):
        """Return whether this act is possible now.

        Who may sign a plan may also refuse it, whatever the settings; another proposal is asked
        for where instalments may be proposed.

        :param str kind: of `ar.portal.act`
        """
        self.ensure_one()
        needed = {'renewal': 'instalments'}.get(kind, kind)
        return kind == 'refusal' or needed in self._get_door_acts()

    def _get_door_reasons(self):
        """Return the reasons of disputes that the customer may choose from."""
        self.ensure_one()
        # sudo: the names of the reasons are shown to the customer.
        return self.env['ar.dispute.reason'].sudo().search([
            ('company_id', 'in', (False, *self.company_id.sudo().parent_ids.ids))])

    def _get_door_plan_limit(self, currency):
        """Return the largest sum for which instalments may be proposed; 0 for no limit.

        :param currency: `res.currency` of the answer
        """
        self.ensure_one()
        company = self.company_id.sudo()
        return company.currency_id._convert(
            company.ar_door_plan_amount, currency, company, company._get_ar_today())

    # === COUNTS === #

    def _compute_portal_counts(self):
        of_these = [('customer_id', 'in', self.ids)]
        acts = dict(self.env['ar.portal.act']._read_group(
            of_these, ['customer_id'], ['__count']))
        links = dict(self.env['ar.portal.link']._read_group(
            [*of_these, ('revoked_at', '=', False),
             ('expires_on', '>=', fields.Date.context_today(self))],
            ['customer_id'], ['__count']))
        for customer in self:
            customer.portal_act_count = acts.get(customer._origin, 0)
            customer.portal_link_count = links.get(customer._origin, 0)

    def action_portal_link(self):
        """Open the dialogue that makes the customer's link."""
        self.ensure_one()
        self.check_access('write')
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.portal.link.new',
            'name': self.env._("Customer's link"), 'view_mode': 'form', 'target': 'new',
            'context': {'default_customer_id': self.id},
        }

    def action_view_portal_acts(self):
        """Open what the customer did on its pages."""
        return self._get_agreements_action('ar_collections.ar_portal_act_action')

    def action_view_portal_links(self):
        """Open the links of this customer."""
        return self._get_agreements_action('ar_collections.ar_portal_link_action')

    def _absorb(self, other):
        """EXTENDS core: acts and links follow the merged customer."""
        # sudo: as the merge itself.
        self.env['ar.portal.act'].sudo().search([('customer_id', '=', other.id)]).write(
            {'customer_id': self.id})
        self.env['ar.portal.link'].sudo().search([('customer_id', '=', other.id)]).write(
            {'customer_id': self.id})
        return super()._absorb(other)


class ArCockpit(models.AbstractModel):
    """EXTENDS figures: what customers asked for on their pages."""
    _inherit = 'ar.cockpit'

    @api.model
    def _get_todos(self, scope):
        """EXTENDS figures."""
        todos = super()._get_todos(scope)
        if not self.env['ar.portal.act'].has_access('read'):
            return todos
        label = self.env._("Customers wait for an answer")
        waiting = [('state', '=', 'new')]
        return [*todos, self._get_todo(
            scope, 'portal_acts', label, 'fa-inbox', 'warning', 'ar.portal.act', waiting, None)]
