import unicodedata

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL


class ArCollectorRule(models.Model):
    """Which collector follows which customers; the first rule that matches decides.

    A collector chosen by a person stays: rules fill what is empty, and change what a rule chose.
    """
    _name = 'ar.collector.rule'
    _description = "Rule that chooses the collector"
    _inherit = ['ar.customer.condition']
    _order = 'sequence, id'

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        'res.company', index=True, help="Empty: every company.")
    collector_id = fields.Many2one(
        'res.users', required=True, ondelete='restrict', domain=[('share', '=', False)])
    letter_from = fields.Char(
        string="First letter from", size=1, help="First letter of the customer's name, included.")
    letter_to = fields.Char(string="First letter to", size=1, help="Included.")
    country_ids = fields.Many2many('res.country', string="Countries")
    category_ids = fields.Many2many('res.partner.category', string="Segments (tags)")
    risk_class_ids = fields.Many2many('ar.risk.class', string="Risk classes")
    salesperson_ids = fields.Many2many(
        'res.users', 'ar_collector_rule_salesperson_rel', 'rule_id', 'user_id',
        string="Salespersons")
    min_amount = fields.Float(
        string="Balance from", help="Included, in the currency of the company. 0: any.")
    max_amount = fields.Float(
        string="Balance below", help="Excluded, in the currency of the company. 0: any.")
    domain = fields.Char(string="Further condition")
    customer_count = fields.Integer(string="Followed by this rule", compute='_compute_count')

    _amounts_order = models.Constraint(
        'CHECK(max_amount = 0 OR max_amount > min_amount)',
        "The upper amount must be above the lower one.")

    def _compute_count(self):
        counts = dict(self.env['ar.customer']._read_group(
            [('collector_rule_id', 'in', self.ids)], ['collector_rule_id'], ['__count']))
        for rule in self:
            rule.customer_count = counts.get(rule, 0)

    @api.constrains('letter_from', 'letter_to')
    def _check_letters(self):
        for rule in self:
            first, last = _get_plain_letter(rule.letter_from), _get_plain_letter(rule.letter_to)
            if first and last and first > last:
                raise ValidationError(self.env._(
                    "The range of letters of rule %s is the wrong way round.", rule.name))

    def _get_match(self, company):
        """Return the SQL condition of this rule; aliases: `c` the customer, `p` its partner."""
        self.ensure_one()
        conditions = []
        # Accents do not count: É stands with E.
        letter = SQL("upper(left(normalize(trim(p.name), NFKD), 1)) COLLATE \"C\"")
        if self.letter_from:
            conditions.append(SQL("%s >= %s", letter, _get_plain_letter(self.letter_from)))
        if self.letter_to:
            conditions.append(SQL("%s <= %s", letter, _get_plain_letter(self.letter_to)))
        if self.country_ids:
            conditions.append(SQL("p.country_id = ANY(%s)", self.country_ids.ids))
        if self.salesperson_ids:
            conditions.append(SQL("p.user_id = ANY(%s)", self.salesperson_ids.ids))
        if self.risk_class_ids:
            conditions.append(SQL("c.risk_class_id = ANY(%s)", self.risk_class_ids.ids))
        if self.category_ids:
            conditions.append(SQL(
                "p.id IN (SELECT partner_id FROM res_partner_res_partner_category_rel"
                " WHERE category_id = ANY(%s))", self.category_ids.ids))
        if self.min_amount:
            conditions.append(SQL("c.balance >= %s", self.min_amount))
        if self.max_amount:
            conditions.append(SQL("c.balance < %s", self.max_amount))
        domain = self._get_domain()
        if not domain.is_true():
            # sudo: a rule speaks of every customer of the company.
            conditions.append(SQL("c.id IN %s", self.env['ar.customer'].sudo().with_company(
                company).with_context(active_test=False)._search(domain & Domain(
                    'company_id', '=', company.id)).subselect()))
        return SQL(" AND ").join(conditions) if conditions else SQL("TRUE")

    # === ASSIGNMENT === #

    @api.model
    def _get_changes_query(self, company):
        """Return the query of what the rules would change in one company.

        :return: SQL with the columns customer_id, old_id, new_id, rule_id
        """
        # sudo: a rule speaks of every customer, whoever asks; archived rules never choose.
        rules = self.sudo().with_context(active_test=True).search([
            ('company_id', 'in', (False, company.id)), ('collector_id.active', '=', True)])
        cases = SQL(" ").join(
            SQL("WHEN %s THEN %s", rule._get_match(company), rule.id) for rule in rules)
        return SQL(
            """
            SELECT chosen.customer_id, chosen.collector_id AS old_id,
                   rule.collector_id AS new_id, rule.id AS rule_id
              FROM (
                SELECT c.id AS customer_id, c.collector_id, c.collector_rule_id,
                       %(rule)s AS rule_id
                  FROM ar_customer c JOIN res_partner p ON p.id = c.partner_id
                 WHERE c.company_id = %(company)s AND c.active
                   AND (c.collector_id IS NULL OR c.collector_rule_id IS NOT NULL)
              ) chosen
              JOIN ar_collector_rule rule ON rule.id = chosen.rule_id
             WHERE (chosen.collector_id, chosen.collector_rule_id)
                   IS DISTINCT FROM (rule.collector_id, rule.id)
            """,
            rule=SQL("CASE %s END", cases) if rules else SQL("NULL::int"), company=company.id)

    @api.model
    def _assign(self, company):
        """Let the rules choose, in one statement; running it twice changes nothing more.

        :return: ids of the customers whose collector changed
        """
        self.env.flush_all()
        rows = self.env.execute_query(SQL(
            """
            WITH change AS MATERIALIZED (%s)
            UPDATE ar_customer c
               SET collector_id = change.new_id, collector_rule_id = change.rule_id
              FROM change WHERE change.customer_id = c.id
            RETURNING c.id, change.old_id, change.new_id
            """, self._get_changes_query(company)))
        self.env['ar.customer'].invalidate_model(['collector_id', 'collector_rule_id'])
        changed = [row for row in rows if row[1] != row[2]]
        self._log_changes(changed)
        return [row[0] for row in changed]

    def _log_changes(self, changed):
        """Say in the history of each customer who follows it now."""
        users = self.env['res.users'].sudo()
        for new_id in {row[2] for row in changed}:
            text = self.env._("Collector by rule: %s", users.browse(new_id).name)
            ids = [row[0] for row in changed if row[2] == new_id]
            self.env['ar.customer'].sudo().browse(ids)._message_log_batch(
                dict.fromkeys(ids, text))

    @api.model
    def _cron_assign(self):
        """Scheduled action: each night, customers get the collector that the rules say."""
        companies = self.env['res.company'].search(Domain.TRUE)
        self.env['ir.cron']._ar_work_through(companies, self._assign)

    # === ACTIONS === #

    def action_view_customers(self):
        """Open the customers whose collector this rule chose."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('ar_collections.ar_customer_action')
        action['domain'] = [('collector_rule_id', '=', self.id)]
        action['context'] = {}
        return action


def _get_plain_letter(letter):
    """Return a letter as names are compared: upper case, without its accent."""
    return unicodedata.normalize('NFKD', letter or '')[:1].upper()


class ArCustomer(models.Model):
    """EXTENDS core: the rule that chose the collector; none when a person did."""
    _inherit = 'ar.customer'

    collector_rule_id = fields.Many2one(
        'ar.collector.rule', string="Collector by rule", readonly=True, copy=False,
        index='btree_not_null', ondelete='set null',
        help="Empty: chosen by a person, and kept. Clear the collector to let the rules choose.")

    def write(self, vals):
        result = super().write(vals)
        if 'collector_id' in vals:
            # sudo: whoever may choose a collector has chosen; no rule has.
            self.filtered('collector_rule_id').sudo().write({'collector_rule_id': False})
        return result

    def _get_derived_fields(self):
        """EXTENDS core: only the rules write which of them chose."""
        return super()._get_derived_fields() | {'collector_rule_id'}
