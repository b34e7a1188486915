from odoo import api, fields, models
from odoo.exceptions import ValidationError

YES_NO = [('yes', "Yes"), ('no', "No")]
# Terms of a contract that a person must type in; zero means that nobody has.
TERMS = (
    'max_credit_days', 'max_extension_days', 'overdue_notice_days', 'insolvency_notice_days',
    'collections_days', 'claim_window_days', 'waiting_period_days', 'withdrawal_notice_days')


class ArInsurancePolicy(models.Model):
    """A credit insurance contract. Its terms are typed in from the paper: none has a default,
    because a deadline that somebody guessed looks like one that somebody read.

    Days are calendar days. Zero days means "not known": ask `_get_days`, never the field, before
    a deadline is computed.
    """
    _name = 'ar.insurance.policy'
    _description = "Credit insurance policy"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'sequence, id'
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    # === CONTRACT === #
    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(
        default=10, help="The first policy that covers a customer is used up first.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        'res.company', required=True, index=True, default=lambda self: self.env.company,
        help="Its branches are covered as well.")
    insurer_id = fields.Many2one('res.partner', tracking=True)
    provider_id = fields.Many2one(
        'ar.provider', string="Connection", ondelete='restrict', tracking=True, check_company=True,
        help="Empty: cover is asked for in the insurer's portal and decisions are typed in.")
    policy_number = fields.Char(string="Policy number", tracking=True)
    currency_id = fields.Many2one(
        'res.currency', required=True, default=lambda self: self.env.company.currency_id,
        help="Limits and decisions are in this currency.")
    request_currency_ids = fields.Many2many(
        'res.currency', string="Currencies for requests",
        help="Empty: the currency of the policy only.")
    date_from = fields.Date(string="In force from", required=True, tracking=True)
    date_to = fields.Date(string="In force until", tracking=True, help="Included. Empty: no end.")
    state = fields.Selection(
        [('future', "Not started"), ('live', "In force"), ('ended', "Ended")],
        compute='_compute_state')

    # === WHAT IS INSURED === #
    insured_percentage = fields.Float(
        string="Insured percentage (named buyers)", digits=(5, 2), tracking=True)
    discretionary_percentage = fields.Float(
        string="Insured percentage (discretionary)", digits=(5, 2), tracking=True)
    non_named_percentage = fields.Float(
        string="Insured percentage (non-named)", digits=(5, 2), tracking=True)
    vat_covered = fields.Selection(YES_NO, string="Tax is insured", tracking=True)
    earlier_covered = fields.Selection(
        YES_NO, string="Earlier deliveries stay covered", tracking=True,
        help="After a reduction or a withdrawal, what was delivered before it keeps the cover it "
             "had. Not known counts as no.")
    annual_cap = fields.Monetary(string="Most paid per year", tracking=True)
    excluded_country_ids = fields.Many2many('res.country', string="Countries excluded")
    excluded_category_ids = fields.Many2many(
        'res.partner.category', string="Customers excluded",
        help="Customers with one of these tags: public bodies, affiliated companies…")

    # === DISCRETIONARY AND NON-NAMED COVER === #
    discretionary_ceiling = fields.Monetary(
        string="Discretionary ceiling", tracking=True, help="Per buyer. Zero: none.")
    discretionary_proof = fields.Selection(
        [('experience', "Payment experience"), ('report', "Credit report"),
         ('either', "Payment experience or credit report")],
        string="Proof wanted", tracking=True)
    proof_max_age = fields.Integer(
        string="Proof valid for (days)", tracking=True,
        help="Age of a report, or how far the payment experience goes back.")
    experience_min_invoices = fields.Integer(
        string="Invoices paid at least", help="For a payment experience. Zero: not known.")
    experience_max_days_late = fields.Integer(
        string="Paid late by at most (days)",
        help="Each invoice of the payment experience, in days after its due date.")
    non_named_ceiling = fields.Monetary(
        string="Non-named ceiling", tracking=True, help="Per buyer. Zero: none.")
    non_named_auto = fields.Boolean(
        string="Give non-named cover by itself", tracking=True,
        help="Every night, to customers with open items whom the policy does not exclude, who have "
             "no named cover and were not refused.")
    topup_ceiling = fields.Monetary(string="Top-up ceiling", tracking=True)

    # === DEADLINES, from the contract only === #
    max_credit_days = fields.Integer(
        string="Maximum credit period (days)", tracking=True,
        help="Longest payment term, from invoice to due date, that is insured.")
    max_extension_days = fields.Integer(
        string="Maximum extension period (days)", tracking=True,
        help="Days after the original due date from which new deliveries are no longer insured.")
    overdue_notice_days = fields.Integer(
        string="Overdue notice within (days)", tracking=True,
        help="Counted from the original due date of the invoice.")
    insolvency_notice_days = fields.Integer(
        string="Insolvency notice within (days)", tracking=True)
    collections_days = fields.Integer(
        string="Hand over to collections within (days)", tracking=True,
        help="Counted from the original due date of the oldest invoice.")
    claim_window_days = fields.Integer(
        string="Claim to be filed within (days)", tracking=True,
        help="Counted from the original due date of the invoice.")
    waiting_period_days = fields.Integer(
        string="Waiting period (days)", tracking=True,
        help="From the claim to the indemnity.")
    withdrawal_notice_days = fields.Integer(
        string="Notice of a withdrawal (days)", tracking=True,
        help="A reduction or withdrawal without a date of its own takes effect so many days after "
             "it was decided. Not known: at once.")
    min_overdue_amount = fields.Monetary(
        string="Smallest overdue amount to notify", tracking=True,
        help="Per customer: as long as all its overdue items under the policy are below it, no "
             "deadline of the notice is set. Zero: every amount is notified.")
    declaration_frequency = fields.Selection(
        [('monthly', "Monthly"), ('quarterly', "Quarterly"), ('yearly', "Yearly")],
        string="Turnover declared", tracking=True)
    declaration_day = fields.Integer(
        string="Declared by day", help="Day of the month after the period.")
    unknown_terms = fields.Char(
        string="Not known yet", compute='_compute_unknown_terms',
        help="Terms that nobody has typed in. Nothing is computed from them.")

    # === WHAT FOLLOWS === #
    limit_follows = fields.Boolean(
        string="Limit follows cover", tracking=True,
        help="When cover changes, the credit limit of the customer becomes what is covered.")
    limit_percent = fields.Float(
        string="Limit as a share of cover (%)", default=100.0, digits=(5, 2), tracking=True)
    limit_without_cover = fields.Selection(
        [('keep', "Leave the limit as it is"), ('none', "No credit: payment in advance")],
        string="Without cover", required=True, default='keep', tracking=True)
    mention_in_reminders = fields.Boolean(
        string="Reminders may name the insurer", tracking=True,
        help="Only at levels that want it, and only when a listed invoice is covered. Check that "
             "the contract allows it.")
    note = fields.Html(string="Notes")
    cover_ids = fields.One2many('ar.cover', 'policy_id')
    cover_count = fields.Integer(compute='_compute_cover_count')
    request_count = fields.Integer(string="Open requests", compute='_compute_cover_count')

    _percentages_range = models.Constraint(
        'CHECK(insured_percentage BETWEEN 0 AND 100 AND discretionary_percentage BETWEEN 0 AND 100'
        ' AND non_named_percentage BETWEEN 0 AND 100 AND limit_percent BETWEEN 0 AND 200)',
        "Insured percentages run from 0 to 100, the share of cover from 0 to 200.")
    _dates_order = models.Constraint(
        'CHECK(date_to IS NULL OR date_to >= date_from)',
        "A policy cannot end before it starts.")

    # === COMPUTES === #

    @api.depends('date_from', 'date_to')
    def _compute_state(self):
        for policy in self:
            today = (policy.company_id or self.env.company)._get_ar_today()
            if policy.date_to and policy.date_to < today:
                policy.state = 'ended'
            else:
                policy.state = 'live' if policy.date_from and policy.date_from <= today \
                    else 'future'

    @api.depends(*TERMS, 'vat_covered', 'earlier_covered', 'insured_percentage')
    def _compute_unknown_terms(self):
        names = ('insured_percentage', *TERMS, 'vat_covered', 'earlier_covered')
        labels = {name: self._fields[name].get_description(self.env, ['string'])['string']
                  for name in names}
        for policy in self:
            policy.unknown_terms = ", ".join(labels[name] for name in names if not policy[name])

    def _compute_cover_count(self):
        of_these = [('policy_id', 'in', self.ids)]
        covers = dict(self.env['ar.cover']._read_group(of_these, ['policy_id'], ['__count']))
        asked = dict(self.env['ar.cover.request']._read_group(
            [*of_these, ('state', 'in', ('queued', 'sending', 'unknown', 'open'))],
            ['policy_id'], ['__count']))
        for policy in self:
            policy.cover_count = covers.get(policy._origin, 0)
            policy.request_count = asked.get(policy._origin, 0)

    # === CONSTRAINTS === #

    @api.constrains(*TERMS, 'proof_max_age', 'experience_min_invoices', 'experience_max_days_late',
                    'declaration_day')
    def _check_days(self):
        for policy in self:
            if any(policy[name] < 0 for name in (
                    *TERMS, 'proof_max_age', 'experience_min_invoices',
                    'experience_max_days_late', 'declaration_day')):
                raise ValidationError(self.env._(
                    "Days and numbers of a policy cannot be negative. Leave what is not known "
                    "empty."))

    @api.constrains('currency_id', 'company_id')
    def _check_covers(self):
        for policy in self:
            if any(cover.currency_id != policy.currency_id for cover in policy.cover_ids):
                raise ValidationError(self.env._(
                    "%s has covers already: its currency cannot change.", policy.name))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for policy in self:
            if policy.cover_ids or self.env['ar.cover.request'].sudo().search_count(
                    [('policy_id', '=', policy.id)], limit=1):
                raise ValidationError(self.env._(
                    "%s has covers or requests, which are history. Archive it instead.",
                    policy.name))

    # === BUSINESS === #

    def _get_days(self, name):
        """Return a term of the contract in calendar days, None when nobody has typed it in.

        :param str name: one of `TERMS`
        """
        self.ensure_one()
        return self[name] or None

    def _is_live(self, date):
        """Return whether the contract is in force on ``date``."""
        self.ensure_one()
        return self.active and self.date_from <= date and not (
            self.date_to and self.date_to < date)

    @api.model
    def _get_live(self, company, date=None):
        """Return the policies in force for a company; a branch has its root's too.

        :param date: day that counts; the company's today when omitted
        """
        date = date or company._get_ar_today()
        return self.search([
            ('company_id', 'parent_of', company.ids), ('date_from', '<=', date),
            '|', ('date_to', '=', False), ('date_to', '>=', date)])

    def _get_exclusion(self, customer):
        """Return why the contract does not insure a customer, in words, or ''."""
        self.ensure_one()
        partner = customer.partner_id
        if partner.country_id and partner.country_id in self.excluded_country_ids:
            return self.env._("%s is excluded by the policy.", partner.country_id.name)
        tags = partner.category_id & self.excluded_category_ids
        if tags:
            return self.env._("Customers tagged %s are excluded by the policy.", tags[0].name)
        return ''

    # === ACTIONS === #

    def action_view_covers(self):
        """Open the covers under this policy."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('ar_collections.ar_cover_action')
        return dict(action, domain=[('policy_id', '=', self.id)], context={})

    def action_view_requests(self):
        """Open the requests under this policy."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_cover_request_action')
        return dict(action, domain=[('policy_id', '=', self.id)], context={})
