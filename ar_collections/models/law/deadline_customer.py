from odoo import api, fields, models
from odoo.tools import SQL


class ArCustomer(models.Model):
    """EXTENDS core: the deadlines of a customer, and whose law says when its debts are barred."""
    _inherit = 'ar.customer'

    deadline_ids = fields.One2many(
        'ar.deadline', 'customer_id', readonly=True, domain=[('state', '!=', 'obsolete')])
    limitation_act_ids = fields.One2many('ar.limitation.act', 'customer_id', readonly=True)
    court_step_ids = fields.One2many('ar.court.step', 'customer_id', readonly=True)
    limitation_rule_id = fields.Many2one(
        'ar.limitation.rule', string="Own rule of prescription", ondelete='restrict', tracking=True,
        domain=[('state', '=', 'confirmed')],
        help="Set it when the contract names another law, or these claims have a period of their "
             "own.")
    limitation_note = fields.Char(
        string="Prescription", compute='_compute_limitation_note',
        help="Which rule counts the prescription of this customer's items.")
    deadline_count = fields.Integer(compute='_compute_deadlines')
    next_deadline = fields.Date(
        string="Next deadline", compute='_compute_deadlines', search='_search_next_deadline')

    # === COMPUTES === #

    @api.depends('deadline_ids.state')
    def _compute_deadlines(self):
        rows = {customer.id: row for customer, *row in self.env['ar.deadline']._read_group(
            [('customer_id', 'in', self.ids), ('state', '=', 'open')], ['customer_id'],
            ['__count', 'last_day:min'])}
        for customer in self:
            customer.deadline_count, customer.next_deadline = rows.get(
                customer._origin.id, (0, False))

    def _search_next_deadline(self, operator, value):
        return fields.Domain('deadline_ids', 'any', [
            ('state', '=', 'open'), ('last_day', operator, value)])

    @api.depends('limitation_rule_id', 'debtor_kind', 'partner_id', 'company_id')
    def _compute_limitation_note(self):
        for company, customers in self.grouped('company_id').items():
            rules = customers._get_limitation_rules(company)
            for customer in customers:
                found, why = rules[customer._origin.id]
                customer.limitation_note = self.env._(
                    "%(rule)s: %(period)s (%(law)s). %(why)s", rule=found[0].name,
                    period=found[0]._describe_period(), law=found[0].source, why=why,
                ) if found else why

    # === WHICH RULE === #

    def _get_limitation_rules(self, company):
        """Return {customer id: (rules that may bind its items, why)}: one query.

        Several rules when one followed another by date, or when nothing shows what the debtor is:
        then the shortest period counts. Prescription follows the law of the claim (regulation
        593/2008 "Rome I", article 12): between businesses that of the seller; consumers keep
        theirs, public bodies pay by theirs.
        """
        Rule = self.env['ar.limitation.rule'].sudo()
        confirmed = Rule.search([('state', '=', 'confirmed')], order='years, months, id')
        result, picked = {}, {}
        for customer in self.sudo():
            key = customer._origin.id
            if customer.limitation_rule_id:
                own = customer.limitation_rule_id
                result[key] = (
                    (own, self.env._("Chosen on this customer.")) if own in confirmed
                    else (Rule, self.env._("The rule chosen here is not confirmed.")))
                continue
            debtor, why = customer._get_debtor()
            country = company.country_id if debtor in ('business', None) else (
                customer.partner_id.country_id or company.country_id)
            if (country, debtor) not in picked:
                picked[country, debtor] = confirmed._pick_for(
                    country, debtor, company.ar_limitation_trade or 'general')
            found, doubt = picked[country, debtor]
            result[key] = (found, doubt or why)
        return result

    def _get_insolvency_event(self):
        """Hook: return the day from which the claims must be declared, or False.

        The publication of the judgment starts the clock; where nobody knows it, its own day does:
        the earlier one.
        """
        self.ensure_one()
        return self.insolvency_date

    # === ACTIONS === #

    def action_view_deadlines(self):
        """Open the deadlines of this customer."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('ar_collections.ar_deadline_action')
        action['domain'] = [('customer_id', '=', self.id)]
        action['context'] = {'search_default_watched': 1}
        return action

    def action_build_deadlines(self):
        """Read the deadlines of this customer again."""
        self.check_access('write')
        for company, customers in self.grouped('company_id').items():
            # sudo: the rows are not for typing.
            self.env['ar.deadline'].sudo()._build(company, customers.sudo())
        return True

    def action_new_limitation_act(self):
        """Note what may interrupt the prescription of the open items."""
        self.ensure_one()
        self.env['ar.limitation.act'].check_access('create')
        return self._get_new_law_action('ar.limitation.act', self.env._("Act that interrupts"))

    def action_new_court_step(self):
        """Note a payment order about the overdue items."""
        self.ensure_one()
        self.env['ar.court.step'].check_access('create')
        return self._get_new_law_action('ar.court.step', self.env._("Payment order"))

    def _get_new_law_action(self, model, name):
        items = self._get_agreeable_law_items()
        return {
            'type': 'ir.actions.act_window', 'res_model': model, 'view_mode': 'form',
            'name': name, 'target': 'current', 'views': [(False, 'form')],
            'context': {
                'default_customer_id': self.id,
                'default_item_ids': [fields.Command.set(items.ids)],
                **({'default_amount': self.currency_id.round(
                    sum(items.mapped('amount_residual')))} if model == 'ar.court.step' else {}),
            },
        }

    def _get_agreeable_law_items(self):
        """Return the overdue items, or all open ones when none is."""
        items = self.env['account.move.line'].search(
            self._get_open_items_domain() & fields.Domain('amount_residual', '>', 0))
        today = self.company_id._get_ar_today()
        return items.filtered(lambda item: (item.date_maturity or item.date) < today) or items

    def _absorb(self, other):
        """EXTENDS core: acts and orders follow, deadlines are counted again."""
        self.env.flush_all()
        # By SQL: the items are still those of the merged partner, and acts are evidence.
        for table in ('ar_limitation_act', 'ar_court_step'):
            self.env.cr.execute(SQL(
                "UPDATE %s SET customer_id = %s, partner_id = %s WHERE customer_id = %s",
                SQL.identifier(table), self.id, self.partner_id.id, other.id))
        self.env.invalidate_all(flush=False)
        return super()._absorb(other)
