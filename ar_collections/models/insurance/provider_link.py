from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ArProviderLink(models.Model):
    """A customer of ours and what a provider calls it: who said so, when, on what evidence."""
    _name = 'ar.provider.link'
    _description = "Customer at a provider"
    _order = 'provider_id, customer_id'
    _rec_name = 'external_id'
    _check_company_auto = True

    # === FIELDS === #
    provider_id = fields.Many2one(
        'ar.provider', required=True, index=True, ondelete='restrict', check_company=True)
    customer_id = fields.Many2one(
        'ar.customer', required=True, index=True, ondelete='cascade', check_company=True)
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Contact")
    external_id = fields.Char(
        string="Number at the provider", index='btree_not_null', copy=False,
        help="What the provider calls this company. Several customers may share one.")
    external_name = fields.Char(string="Name at the provider", copy=False)
    former_ids = fields.Char(
        string="Former numbers", readonly=True, copy=False,
        help="Numbers that the provider used before, with the day they were replaced.")
    state = fields.Selection(
        [('waiting', "To be searched"), ('choose', "To choose"), ('linked', "Linked"),
         ('missing', "Not found"), ('stopped', "Not asked")],
        required=True, default='waiting', index=True,
        help="Only a single hit on a national number or a VAT number links by itself.")
    evidence = fields.Selection(
        [('typed', "Number typed in"), ('national', "National number"), ('vat', "VAT number"),
         ('name', "Name, picked by a person"), ('picked', "Picked among several")],
        readonly=True, copy=False)
    evidence_value = fields.Char(
        string="Found by", readonly=True, copy=False, help="The number or name that was searched.")
    linked_by = fields.Many2one('res.users', string="Linked by", readonly=True, copy=False)
    linked_at = fields.Datetime(string="Linked on", readonly=True, copy=False)
    environment = fields.Char(
        readonly=True, copy=False, help="Where it was found: production, test or simulator.")
    candidate_ids = fields.One2many('ar.provider.candidate', 'link_id', readonly=True)
    candidate_count = fields.Integer(compute='_compute_candidate_count')
    message = fields.Char(readonly=True, copy=False)

    # What the poll has done. A time to ask again, so that one bad row is not first every night.
    rating_wanted = fields.Boolean(
        string="Ask again", readonly=True, copy=False,
        help="A change was told or somebody asked: the next poll reads the rating.")
    asked_at = fields.Datetime(
        string="Asked at", readonly=True, copy=False,
        help="Noted before the call: a billed call whose answer was lost is not repeated by "
             "itself.")
    answered_at = fields.Datetime(string="Answered at", readonly=True, copy=False)
    next_try_at = fields.Datetime(string="Next try", readonly=True, copy=False)
    failures = fields.Integer(string="Failures in a row", readonly=True, copy=False, default=0)
    rating_ids = fields.One2many('ar.rating', 'link_id', readonly=True)

    _customer_uniq = models.Constraint(
        'UNIQUE(provider_id, customer_id)', "This customer has a link to this provider already.")
    _todo_idx = models.Index("(provider_id, answered_at) WHERE state = 'linked'")

    @api.depends('candidate_ids')
    def _compute_candidate_count(self):
        for link in self:
            link.candidate_count = len(link.candidate_ids)

    def _compute_display_name(self):
        for link in self:
            link.display_name = f"{link.provider_id.name}: {link.external_id or '–'}"

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """A number typed in is evidence by itself: who typed it, and when."""
        for vals in vals_list:
            if not self.env.su:
                self._check_typed(vals)
            if vals.get('external_id') and not vals.get('evidence'):
                vals.update(self._get_linked_values(vals['external_id'], 'typed'))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self.check_access('write')
            self._check_typed(vals)
            if 'external_id' in vals:
                number = (vals['external_id'] or '').strip()
                if not number:
                    raise UserError(self.env._("To take a link away, press “Unlink”."))
                for link in self:
                    link.sudo()._set_linked(number, vals.get('external_name'), 'typed', number)
                vals = {key: value for key, value in vals.items()
                        if key not in ('external_id', 'external_name')}
        return super().write(vals) if vals else True

    @api.model
    def _check_typed(self, vals):
        """Raise for what nobody types in: evidence is what was found, not what is claimed."""
        refused = set(vals) - {'provider_id', 'customer_id', 'external_id', 'external_name'}
        if refused:
            raise AccessError(self.env._(
                "The link to a provider tells what was found; type in the number only."))

    # === LINKING === #

    def _get_linked_values(self, external_id, evidence, evidence_value=None):
        return {
            'external_id': external_id, 'state': 'linked', 'evidence': evidence,
            'evidence_value': evidence_value or external_id, 'linked_by': self.env.uid,
            'linked_at': fields.Datetime.now(), 'message': False, 'failures': 0,
            'next_try_at': False, 'rating_wanted': True,
        }

    def _set_linked(self, external_id, external_name, evidence, evidence_value=None, **more):
        """Note what a provider calls this customer, who said so and on what evidence.

        The number it had before is kept: providers renumber companies.
        """
        self.ensure_one()
        vals = self._get_linked_values(external_id, evidence, evidence_value)
        if self.external_id and self.external_id != external_id:
            former = f"{self.external_id} ({fields.Date.context_today(self)})"
            vals['former_ids'] = ", ".join(filter(None, (self.former_ids, former)))
        if external_name:
            vals['external_name'] = external_name
        # sudo: the right to write the link was checked; its evidence is typed by nobody.
        self.sudo().write({**vals, **more})
        self.sudo().candidate_ids.unlink()

    def action_unlink(self):
        """Forget the number; the customer is searched again when somebody asks."""
        self.check_access('write')
        for link in self.sudo():
            former = f"{link.external_id} ({fields.Date.context_today(link)})"
            link.write({
                'state': 'stopped', 'external_id': False, 'external_name': False,
                'evidence': False, 'evidence_value': False, 'linked_by': False,
                'linked_at': False, 'rating_wanted': False,
                'former_ids': ", ".join(filter(None, (link.former_ids, former)))
                if link.external_id else link.former_ids})
            link.candidate_ids.unlink()
        return True


class ArProviderCandidate(models.Model):
    """A company that a provider offers for a customer. A person picks, nobody else."""
    _name = 'ar.provider.candidate'
    _description = "Company offered by a provider"
    _order = 'score desc, id'

    link_id = fields.Many2one(
        'ar.provider.link', required=True, index=True, ondelete='cascade', readonly=True)
    customer_id = fields.Many2one(related='link_id.customer_id', store=True)
    company_id = fields.Many2one(
        related='link_id.company_id', store=True, string="Our company")
    external_id = fields.Char(string="Number at the provider", required=True, readonly=True)
    name = fields.Char(string="Company", readonly=True)
    street = fields.Char(readonly=True)
    zip = fields.Char(string="ZIP", readonly=True)
    city = fields.Char(readonly=True)
    country_code = fields.Char(string="Country", readonly=True)
    numbers = fields.Char(readonly=True, help="Company numbers that the provider tells.")
    state = fields.Selection(
        [('active', "Active"), ('closed', "Closed"), ('unknown', "Unknown")], readonly=True)
    found_by = fields.Selection(
        [('id', "By its number there"), ('number', "By its number"), ('name', "By its name")],
        string="Hit by", readonly=True)
    score = fields.Float(
        string="Match (%)", digits=(16, 0), readonly=True, aggregator=None,
        help="The provider's own measure, when it gives one.")

    def action_pick(self):
        """Link the customer to this company: the user says so and is noted."""
        self.ensure_one()
        link = self.link_id
        link.check_access('write')
        if link.state == 'linked':
            raise UserError(self.env._("This customer is linked already. Unlink it first."))
        link._set_linked(
            self.external_id, self.name,
            'picked' if self.found_by == 'number' else 'name', link.evidence_value)
        return True
