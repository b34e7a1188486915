import re
import unicodedata

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ...connectors.gleif_reading import SOLE_PROPRIETOR
from ...connectors.numbers import compact, find_siren

KINDS = [
    ('name', "Name"),
    ('address', "Legal address"),
    ('number', "Company number"),
    ('group', "Credit group"),
]


class ArRegisterProposal(models.Model):
    """Something that a register says otherwise than we do. A person accepts or refuses it.

    Each difference is proposed once: refused, it does not come back until the register says
    something else again.
    """
    _name = 'ar.register.proposal'
    _description = "Proposal from a register"
    _order = 'state, id desc'
    _rec_name = 'proposed'

    link_id = fields.Many2one(
        'ar.provider.link', string="Entry", required=True, index=True, ondelete='cascade',
        readonly=True)
    provider_id = fields.Many2one(related='link_id.provider_id', store=True)
    customer_id = fields.Many2one(related='link_id.customer_id', store=True, index=True)
    company_id = fields.Many2one(related='link_id.company_id', store=True, index=True)
    kind = fields.Selection(KINDS, string="What", required=True, readonly=True)
    key = fields.Char(required=True, readonly=True)
    current = fields.Char(string="With us", readonly=True)
    proposed = fields.Char(string="In the register", required=True, readonly=True)
    changes = fields.Json(readonly=True)
    lei = fields.Char(string="LEI", readonly=True)
    updated_on = fields.Date(
        string="Entry changed on", readonly=True, help="Day of the last change in the register.")
    family = fields.Char(
        string="Together with", compute='_compute_family', compute_sudo=False,
        help="Other customers that the same parent consolidates, as far as you follow them.")
    environment = fields.Char(
        readonly=True, help="Where it comes from: production, test or simulator.")
    state = fields.Selection(
        [('open', "To decide"), ('taken', "Accepted"), ('refused', "Refused"),
         ('outdated', "No longer said")],
        required=True, default='open', readonly=True, index=True)
    decided_by = fields.Many2one('res.users', string="Decided by", readonly=True)
    decided_at = fields.Datetime(string="Decided on", readonly=True)

    _key_uniq = models.Constraint(
        'UNIQUE(link_id, kind, key)', "This was proposed already.")

    @api.depends('kind', 'link_id.family_lei')
    @api.depends_context('uid')
    def _compute_family(self):
        """Name the others to whoever may see them, and count those who are hidden."""
        for proposal in self:
            if proposal.kind != 'group':
                proposal.family = False
                continue
            # sudo: how many there are is no secret; the names are read by the rules below.
            others = proposal.sudo().link_id._get_family().customer_id - proposal.sudo().customer_id
            seen = others.with_env(self.env)._filtered_access('read')
            names = seen.mapped('display_name')
            if len(others) > len(seen):
                names.append(self.env._("%s other customers", len(others) - len(seen)))
            proposal.family = ", ".join(names)

    # === PROPOSING === #

    @api.model
    def _propose(self, link, entry):
        """Compare a customer with its entry; open proposals for what differs.

        :param link: `ar.provider.link`, one
        :param entry: `connectors.gleif_reading.RegisterEntry`
        """
        record, partner = entry.record, link.customer_id.partner_id
        found = []
        if record.category != SOLE_PROPRIETOR:
            # Of a natural person neither name nor address is taken from anywhere.
            found += self._compare_name(partner, record) + self._compare_address(partner, record)
        found += self._compare_number(partner, record)
        self._keep(link, ('name', 'address', 'number'), found, entry.meta.environment)

    @api.model
    def _get_current(self, partner, kind):
        """Return as text what the contact says."""
        if kind == 'name':
            return partner.name
        if kind == 'number':
            return partner.company_registry or ''
        return _join(partner.street, partner.street2, _join(partner.zip, partner.city, by=" "),
                     partner.country_id.code)

    @api.model
    def _compare_name(self, partner, record):
        if _plain(partner.name) == _plain(record.name):
            return []
        return [{'kind': 'name', 'current': self._get_current(partner, 'name'),
                 'proposed': record.name, 'changes': {'name': record.name}}]

    @api.model
    def _compare_address(self, partner, record):
        there = record.address
        if not there.city or not there.country:
            return []
        country = self.env['res.country'].search([('code', '=', there.country)], limit=1)
        ours = (_plain(f"{partner.street or ''} {partner.street2 or ''}"), _plain(partner.zip),
                _plain(partner.city), partner.country_id.code or '')
        if ours == (_plain(there.street), _plain(there.postal_code), _plain(there.city),
                    there.country):
            return []
        return [{
            'kind': 'address',
            'current': self._get_current(partner, 'address'),
            'proposed': _join(there.street, _join(there.postal_code, there.city, by=" "),
                              there.country),
            'changes': {'street': there.street, 'street2': False, 'zip': there.postal_code,
                        'city': there.city, **({'country_id': country.id} if country else {})}}]

    @api.model
    def _compare_number(self, partner, record):
        siren = record.number('siren')
        number = siren or record.number('registration')
        if not number or (siren and find_siren(partner.company_registry, partner.vat) == siren) or (
                compact(partner.company_registry) == compact(number)):
            return []
        return [{'kind': 'number', 'current': self._get_current(partner, 'number'),
                 'proposed': number, 'changes': {'company_registry': number}}]

    @api.model
    def _propose_groups(self, links):
        """Propose one credit group for customers whom one parent consolidates.

        Nothing is proposed where the members stand in different groups: somebody decided so.

        :param links: whose families are compared, each as a whole
        """
        tops = {(link.provider_id.id, link.family_lei) for link in links if link.family_lei}
        families = self.env['ar.provider.link'].search([
            ('state', '=', 'linked'), ('customer_id.active', '=', True),
            ('provider_id', 'in', [provider_id for provider_id, _lei in tops]),
            ('family_lei', 'in', [lei for _provider_id, lei in tops])])
        for (provider, lei), family in families.grouped(
                lambda link: (link.provider_id, link.family_lei)).items():
            groups = family.customer_id.credit_group_id
            wanted = len(family.customer_id.partner_id) > 1 and len(groups) < 2
            counts = provider.test_counts or provider.environment == 'production'
            for link in family:
                customer, found = link.customer_id, []
                if wanted and counts and (not groups or customer.credit_group_id != groups):
                    # Who the others are is told by `family`, to whoever may see them.
                    found.append({
                        'kind': 'group', 'key': lei,
                        'current': customer.credit_group_id.name or '',
                        'proposed': groups.name or family._get_family_name(),
                        'changes': {'lei': lei}})
                self._keep(link, ('group',), found, link.environment)

    @api.model
    def _keep(self, link, kinds, found, environment):
        """Open what is new, keep what was decided, close what is no longer said."""
        known = {(proposal.kind, proposal.key): proposal
                 for proposal in link.proposal_ids if proposal.kind in kinds}
        for values in found:
            values.setdefault('key', _plain(values['proposed']))
            values.update(lei=link.external_id, updated_on=link.register_updated_on,
                          environment=environment)
            proposal = known.pop((values['kind'], values['key']), None)
            if proposal is None:
                self.create({**values, 'link_id': link.id})
            elif proposal.state in ('open', 'outdated'):
                proposal.write({**values, 'state': 'open'})
        for proposal in known.values():
            if proposal.state == 'open':
                proposal.state = 'outdated'

    # === DECIDING === #

    def _check_open(self):
        if not self.env.su and not self.env.user.has_group(
                'ar_collections.group_ar_collector_own'):
            raise AccessError(self.env._("Only a collector decides on a proposal."))
        self.check_access('read')
        if any(proposal.state != 'open' for proposal in self):
            raise UserError(self.env._("This proposal was decided already."))

    def action_take(self):
        """Write what the register says to the contact, or give the customer its group.

        :raise UserError: when the user may not change contacts
        :raise AccessError: for a credit group, unless the user is a credit manager
        """
        self._check_open()
        for proposal in self:
            if proposal.kind == 'group':
                proposal._take_group()
            else:
                proposal._take_fact()
        return self._set_decided('taken')

    def action_refuse(self):
        """Keep what we have; the same difference is not proposed again."""
        self._check_open()
        return self._set_decided('refused')

    def _set_decided(self, state):
        # sudo: proposals are written by the poll; deciding on one is all that a person does.
        self.sudo().write({
            'state': state, 'decided_by': self.env.uid, 'decided_at': fields.Datetime.now()})
        return True

    def _take_fact(self):
        partner = self.customer_id.partner_id
        if not partner.has_access('write'):
            raise UserError(self.env._(
                "You may not change contacts. Ask somebody who may, or refuse the proposal."))
        current = self._get_current(partner, self.kind)
        if (current or '') != (self.current or ''):
            raise UserError(self.env._(
                "Somebody has changed the contact since: it says “%(current)s” now. Type in what "
                "is right, or wait for the next reading.", current=current))
        partner.write(self.changes)
        labels = dict(self._fields['kind']._description_selection(self.env))
        partner.message_post(body=self.env._(
            "%(what)s taken from the register of %(provider)s (LEI %(lei)s): %(proposed)s instead "
            "of %(current)s.", what=labels[self.kind], provider=self.provider_id.name,
            lei=self.lei, proposed=self.proposed, current=self.current or "–"))

    def _take_group(self):
        if not self.env.user.has_group('ar_collections.group_ar_manager'):
            raise AccessError(self.env._(
                "Only a credit manager puts customers into one credit group."))
        family = self.link_id._get_family()
        groups = family.customer_id.credit_group_id
        if len(groups) > 1:
            raise UserError(self.env._(
                "Companies of this family stand in different credit groups: %s. Put them together "
                "on the customers first, or refuse the proposal.",
                ", ".join(groups.mapped('name'))))
        company = self.company_id
        group = groups or groups.create({
            'name': family._get_family_name(), 'company_ids': [Command.set(company.ids)],
            'currency_id': company.currency_id.id, 'limit': 0.0})
        self.customer_id.credit_group_id = group
        self.customer_id.message_post(body=self.env._(
            "Put into the credit group %(group)s: %(provider)s says that %(parent)s consolidates "
            "its accounts.", group=group.name, provider=self.provider_id.name,
            parent=family._get_family_name()))


class ArProviderLink(models.Model):
    """EXTENDS: the companies that one parent consolidates."""
    _inherit = 'ar.provider.link'

    def _get_family(self):
        """Return the links of one provider with the same ultimate parent, this one included."""
        self.ensure_one()
        return self.search([
            ('provider_id', '=', self.provider_id.id), ('state', '=', 'linked'),
            ('family_lei', '=', self.family_lei), ('customer_id.active', '=', True)])

    def _get_family_name(self):
        """Return the name of the parent at the top, as one of its companies or itself tells it."""
        named = self.filtered('ultimate_name')[:1]
        top = self.filtered(lambda link: link.external_id == link.family_lei)[:1]
        return named.ultimate_name or top.external_name or self[:1].family_lei


class ArProvider(models.Model):
    """EXTENDS: what a test has told is not proposed in production."""
    _inherit = 'ar.provider'

    def _forget_test_links(self):
        """EXTENDS: nobody accepts any more what a simulator or a test said."""
        result = super()._forget_test_links()
        # sudo: as for the links.
        self.env['ar.register.proposal'].sudo().search([
            ('provider_id', 'in', self.ids), ('state', '=', 'open'),
            ('environment', '!=', 'production')]).state = 'outdated'
        return result


class ArCustomer(models.Model):
    """EXTENDS core: what registers propose about a customer."""
    _inherit = 'ar.customer'

    register_proposal_ids = fields.One2many(
        'ar.register.proposal', 'customer_id', string="Proposals from registers",
        domain=[('state', '=', 'open')])


class ArCockpit(models.AbstractModel):
    """EXTENDS figures: proposals that wait for a person."""
    _inherit = 'ar.cockpit'

    @api.model
    def _get_todos(self, scope):
        """EXTENDS figures: one row, when there are any."""
        todos = super()._get_todos(scope)
        if not self.env['ar.register.proposal'].has_access('read'):
            return todos
        return [*todos, self._get_todo(
            scope, 'register_proposals', self.env._("Proposals from registers"), 'fa-id-card-o',
            False, 'ar.register.proposal', [('state', '=', 'open')], None)]


def _plain(text):
    """Return the words of a text without accents, case and punctuation, to compare them."""
    text = unicodedata.normalize('NFKD', text or '')
    text = ''.join(sign for sign in text if not unicodedata.combining(sign))
    return re.sub(r'[\W_]+', ' ', text.casefold()).strip()


def _join(*parts, by=", "):
    return by.join(part for part in parts if part)
