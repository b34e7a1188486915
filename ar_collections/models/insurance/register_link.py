import hashlib

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...connectors.errors import ConnectorError, InvalidInputError, TemporaryError
from ...connectors.gleif_reading import EXCEPTIONS, SOLE_PROPRIETOR
from ...connectors.numbers import check_lei

# Companies read between two commits: each takes up to five calls, of sixty in a minute.
BATCH = 5


class ArProviderLink(models.Model):
    """What a public register says of a linked company: its state, and who consolidates it.

    Nothing here changes a customer: differences become proposals (`ar.register.proposal`).
    """
    _inherit = 'ar.provider.link'

    has_register = fields.Boolean(related='provider_id.has_register')
    register_status = fields.Char(
        string="State of the entry", readonly=True, copy=False,
        help="In the register's words: of the company, then of its identifier. LAPSED: not "
             "renewed, so that it may be out of date.")
    register_renewal = fields.Date(string="To be renewed by", readonly=True, copy=False)
    register_updated_on = fields.Date(string="Entry changed on", readonly=True, copy=False)
    direct_lei = fields.Char(string="LEI of the direct parent", readonly=True, copy=False)
    direct_name = fields.Char(string="Name of the direct parent", readonly=True, copy=False)
    direct_exception = fields.Char(readonly=True, copy=False)
    ultimate_lei = fields.Char(string="LEI of the ultimate parent", readonly=True, copy=False)
    ultimate_name = fields.Char(string="Name of the ultimate parent", readonly=True, copy=False)
    ultimate_exception = fields.Char(readonly=True, copy=False)
    direct_text = fields.Char(
        string="Direct parent", compute='_compute_parent_texts',
        help="Who consolidates its accounts directly. It does not answer for its debts.")
    ultimate_text = fields.Char(
        string="Ultimate parent", compute='_compute_parent_texts',
        help="Who consolidates it at the top. It does not answer for its debts.")
    family_lei = fields.Char(
        string="LEI of the family", readonly=True, copy=False, index='btree_not_null',
        help="Of the ultimate parent; of the company itself when it has none.")
    proposal_ids = fields.One2many('ar.register.proposal', 'link_id', readonly=True)

    @api.depends('direct_lei', 'direct_name', 'direct_exception', 'ultimate_lei', 'ultimate_name',
                 'ultimate_exception')
    def _compute_parent_texts(self):
        hidden = self.env._("Not public: the company does not tell.")
        words = dict.fromkeys(EXCEPTIONS, hidden) | {
            'NO_LEI': self.env._("There is one, which has no LEI."),
            'NATURAL_PERSONS': self.env._("None: it belongs to natural persons."),
            'NON_CONSOLIDATING': self.env._("None that consolidates its accounts."),
            'NO_KNOWN_PERSON': self.env._("None known: nobody controls it."),
        }
        for link in self:
            for level in ('direct', 'ultimate'):
                lei, code = link[f'{level}_lei'], link[f'{level}_exception']
                link[f'{level}_text'] = (
                    f"{link[f'{level}_name']} ({lei})" if lei
                    else words.get(code, code) if code else False)

    @api.constrains('external_id', 'provider_id')
    def _check_lei(self):
        for link in self.filtered(lambda link: link.has_register and link.external_id):
            try:
                check_lei(link.external_id)
            except InvalidInputError:
                raise ValidationError(self.env._(
                    "%s is no LEI: it has 20 letters and digits, the last two of which are a "
                    "check.", link.external_id)) from None

    # === READING === #

    def _read_register(self, client):
        """Read the entry and the parents of this company; propose what differs.

        :return: 1 when the company is done, 0 when it will be tried again
        :raise ConnectorError: nothing more can be asked
        """
        self.ensure_one()
        entry = self._ask('get_parents', self.external_id, client=client)
        if isinstance(entry, ConnectorError):
            return self._take_error(entry)
        self._keep_entry(entry)
        return 1

    def _keep_entry(self, entry):
        record = entry.record
        values = {
            'register_status': self._get_status_text(record),
            'register_renewal': record.renewal_on, 'register_updated_on': record.updated_on}
        if record.category != SOLE_PROPRIETOR:
            values['external_name'] = record.name
        for level in ('direct', 'ultimate'):
            parent = entry.get_parent(level)
            company = parent and parent.company
            values.update({
                f'{level}_lei': company.provider_id if company else False,
                f'{level}_name': company.name if company else False,
                f'{level}_exception': parent.exception if parent else False})
        values['family_lei'] = values['ultimate_lei'] or record.provider_id
        if entry.meta and not self.environment:
            values['environment'] = entry.meta.environment
        self.write(values)
        message = False
        if record.registration_status == 'LAPSED':
            message = self.env._(
                "This entry was not renewed: what the register says may be out of date.")
        self._set_answered(message)
        self._tell_entry(entry)
        if self._does_answer_count(entry.meta):
            self.env['ar.register.proposal']._propose(self, entry)

    @staticmethod
    def _get_status_text(record):
        state = {True: 'ACTIVE', False: 'INACTIVE'}.get(record.active, '?')
        return f"{state}, {record.registration_status}"

    def _does_answer_count(self, meta):
        """Return whether an answer may change anything: a test answer may not."""
        return bool(meta) and (
            meta.environment == 'production' or self.provider_id.test_counts)

    def _tell_entry(self, entry):
        """Put a company that is gone, and what could not be read, before a person, once."""
        record = entry.record
        if record.active is not False and not entry.attention:
            return
        said = "\n".join(f"{x.code} {x.field} {x.value}" for x in entry.attention)
        digest = hashlib.sha256(said.encode()).hexdigest()[:12]
        status = self._get_status_text(record)
        event = self.env['ar.provider.event']._record(
            self.provider_id, f'register:{self.id}:{record.provider_id}:{status}:{digest}', {
                'kind': 'company', 'link_id': self.id, 'customer_id': self.customer_id.id,
                'external_id': record.provider_id, 'code': record.registration_status,
                'summary': status, 'happened_on': record.closed_on, 'result': entry})
        if not event:
            return
        event._set_person(event.attention or self.env._(
            "The register says that this company no longer exists. Check it before the next "
            "delivery."))


class ArProvider(models.Model):
    """EXTENDS: public registers are read after the covers, as often as ratings would be."""
    _inherit = 'ar.provider'

    has_register = fields.Boolean(compute='_compute_capabilities')

    def _compute_capabilities(self):
        """EXTENDS: whether it tells who owns whom."""
        result = super()._compute_capabilities()
        for provider in self:
            provider.has_register = bool(provider.code) and provider._can('get_parents')
        return result

    @api.model
    def _get_poll_steps(self):
        """EXTENDS: entries of a register cost nothing and stand last."""
        return [*super()._get_poll_steps(), ('register', self._poll_entries)]

    def _count_due(self):
        """EXTENDS: entries that are due."""
        due = super()._count_due()
        if self._can('get_parents') and self._may_poll():
            due += self.env['ar.provider.link'].search_count(self._get_due_domain())
        return due

    def _poll_entries(self, client):
        """Read the entries that are due, then compare the families they belong to."""
        if not self._can('get_parents'):
            return
        Link = self.env['ar.provider.link']
        last = 0
        while links := Link.search(
                self._get_due_domain() & fields.Domain('id', '>', last), limit=BATCH, order='id'):
            last = links[-1].id
            done, error = 0, None
            for link in links:
                try:
                    answered = link._read_register(client)
                except ConnectorError as caught:
                    # The account must be mended: due again later.
                    error = caught
                    break
                done += answered
                if not answered and not self._may_poll():
                    error = TemporaryError('paused', "left alone after failures")
                    break
            self.env['ar.register.proposal']._propose_groups(links)
            yield done
            if error:
                raise error
